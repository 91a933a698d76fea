package e2e

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"triward/internal/app"
	"triward/internal/store"
	"triward/internal/vuln"
)

// two are the windows that show what content does to a page: wide and light, narrow and dark.
var two = []window{{1280, 900, "light"}, {390, 844, "dark"}}

// explore opens one page of every kind that can be reached, at most so many (0: all), and inspects each.
func explore(t *testing.T, b *browser, at server, name string, most int) []string {
	t.Helper()
	base, err := url.Parse(at.address)
	if err != nil {
		t.Fatal(err)
	}
	w := walk{b: b, base: base, seen: map[string]bool{}}
	w.note([]string{at.address + "/"})
	var kinds []string
	for len(w.queue) > 0 && (most == 0 || len(kinds) < most) {
		to := w.queue[0]
		w.queue = w.queue[1:]
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		kind := kindOf(u)
		kinds = append(kinds, kind)
		t.Run(pageName(kind), func(t *testing.T) {
			on := *b
			on.t = t
			on.look(two[0])
			on.visit(to)
			w.note(evaluate[[]string](&on, `Array.from(document.querySelectorAll("a[href]:not([download])"), a => a.href)`))
			inspectIn(&on, name+"-"+pageName(kind), two)
		})
	}
	// What links lead to, also where the walk ended before.
	return slices.Sorted(maps.Keys(w.seen))
}

func pageName(kind string) string {
	if kind == "/" {
		return "start"
	}
	return strings.Trim(strings.NewReplacer("/", "-", "…", "one").Replace(kind), "-")
}

// A program that nobody has filled yet says on each page what it is for.
func TestEveryPageEmpty(t *testing.T) {
	b := open(t)
	s := start(t)
	b.look(two[0])
	b.setUp(s)
	b.signIn(s, "nora", ownPassword)
	kinds := explore(t, b, s, "empty", 45)
	if len(kinds) < 25 {
		t.Errorf("only %d kinds of pages: %v", len(kinds), kinds)
	}
}

// long is a name of 80 characters without a place to break, and rtl one that is read from the right.
const (
	long = "Perioperative-Haemodynamic-Monitoring-and-Infusion-Management-Workstation-XL9000"
	rtl  = "جهاز مراقبة المريض في وحدة العناية المركزة"
)

// made runs a command that makes something and returns its id.
func (s server) made(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(s.command(t, args...))
}

// One row in each list, with names that do not fit and text that runs the other way.
func TestEveryPageWithOneRow(t *testing.T) {
	if len(long) != 80 {
		t.Fatalf("the long name has %d characters", len(long))
	}
	b := open(t)
	s := start(t)
	b.look(two[0])
	b.setUp(s)
	site := s.made(t, "site", "add", rtl)
	maker := s.made(t, "product", "manufacturer", "add", long, "--alias", rtl)
	model := s.made(t, "product", "add", maker, rtl+" "+long, "--safety-class", "life_sustaining", "--function", rtl+"=catastrophic", "--number", long)
	s.command(t, "product", "release", "add", model, "1.0-"+long)
	s.command(t, "device", "add", "--tag", long, "--serial", rtl, "--site", site, "--ward", rtl+" "+long, "--model-id", model, "--version", long, "--zone", rtl, "--in-use", "yes",
		"--connectivity", "wireless", "--ip", "2001:db8::1", "--hostname", strings.ToLower(long[:60])+".example", "--clinical-owner", rtl)
	s.command(t, "verdict", "add", "CVE-2026-1234", model, "affected", "--action", rtl, "--reason", long)
	s.command(t, "feed", "add", long, "csaf", "file:/"+strings.Repeat(long, 3), "--every", "0")
	s.command(t, "people", "add", "l"+strings.ToLower(long[:60]), "--name", rtl, "--email", "a@"+strings.ToLower(long[:50])+".example")
	s.command(t, "people", "role", "add", long, "--description", rtl, "--kind", "device.read")
	b.signIn(s, "nora", ownPassword)
	kinds := explore(t, b, s, "one", 0)
	for _, must := range []string{"/devices/…", "/products/…", "/products/…/releases/…", "/feeds/…", "/people/…", "/roles/…"} {
		if !slices.Contains(kinds, must) {
			t.Errorf("no link leads to %s", must)
		}
	}
}

// The same pages as other roles see them.
func TestEveryPageOfOtherRoles(t *testing.T) {
	s := start(t, "--demo")
	for _, who := range []struct {
		login string
		sees  []string
		not   []string
	}{
		{"htm", []string{"/devices", "/risk", "/decisions", "/imports/new"}, []string{"/people", "/roles/new"}},
		{"auditor", []string{"/devices", "/risk", "/journal", "/people"}, []string{"/imports/new", "/devices/new", "/feeds/new", "/people/new"}},
		{"clinician", []string{"/devices", "/risk"}, []string{"/people", "/feeds", "/journal"}},
		{"northmere", []string{"/products"}, []string{"/people", "/feeds", "/journal", "/imports"}},
	} {
		t.Run(who.login, func(t *testing.T) {
			b := open(t)
			b.look(two[0])
			b.signIn(s, who.login, s.password)
			kinds := explore(t, b, s, who.login, 26)
			for _, must := range who.sees {
				if !slices.Contains(kinds, must) {
					t.Errorf("no link leads to %s", must)
				}
			}
			for _, never := range who.not {
				if slices.Contains(kinds, never) {
					t.Errorf("a link leads to %s", never)
				}
			}
		})
	}
}

// A menu opens within the window, whatever button it hangs on.
func TestMenus(t *testing.T) {
	b := open(t)
	s := start(t, "--demo")
	b.look(two[0])
	b.signIn(s, "admin", s.password)
	for _, w := range two {
		b.look(w)
		b.visit(s.address + "/devices")
		for i := range evaluate[int](b, `document.querySelectorAll("details.menu").length`) {
			said := evaluate[string](b, fmt.Sprintf(`(() => {
				const all = document.querySelectorAll("details.menu");
				all.forEach(d => d.open = false);
				all[%d].open = true;
				const r = all[%[1]d].querySelector(".drop").getBoundingClientRect();
				return r.left < 0 || r.right > innerWidth || r.height < 20 ? all[%[1]d].textContent.trim().slice(0, 40) + " opens from " + r.left + " to " + r.right : "";
			})()`, i))
			if said != "" {
				t.Errorf("%s: the menu %s", w.name(), said)
			}
			b.shot(fmt.Sprintf("menu-%d-%s", i, w.name()))
		}
	}
}

const manyDevices = 100_000

// Lists of 100,000 rows look and feel as those of 100.
func TestListsOfManyRows(t *testing.T) {
	b := open(t)
	s := server{data: filepath.Join(t.TempDir(), "many")}
	lay(t, s.data)
	s = startIn(t, s.data)
	b.look(two[0])
	b.setUp(s)
	b.signIn(s, "nora", ownPassword)
	for _, page := range []struct{ address, sees string }{
		{"/overview", "100,000"},
		{"/devices", "Yes"},
		{"/devices?sort=-model", "Model"},
		{"/devices?sort=-ward&columns=ward&columns=zone", "Ward"},
		{"/devices?q=10.0.1", "found as"},
		{"/risk", "Uncontrolled"},
		{"/risk?sort=-identified", "Known since"},
		{"/risk?sort=vulnerability&class=controlled", "CVE-2026-"},
		{"/vulnerabilities?sort=-affected", "CVE-2026-"},
		{"/products", "Model"},
	} {
		name := "many" + strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(page.address)
		t.Run(name, func(t *testing.T) {
			on := *b
			on.t = t
			on.look(two[0])
			on.visit(s.address + page.address)
			on.sees(page.sees)
			inspectIn(&on, name, two)
			on.look(two[0])
			// The next pages, and back: what a person at a long list does.
			if evaluate[bool](&on, `!!document.querySelector("a[rel=next]")`) {
				first := on.text()
				for range 3 {
					on.leave(chromedp.Click(chromedp.CSS("a[rel=next]"), chromedp.NodeVisible))
				}
				for range 3 {
					on.leave(chromedp.Click(chromedp.CSS("a[rel=prev]"), chromedp.NodeVisible))
				}
				if on.text() != first {
					t.Error("three pages on and three back lead to another page")
				}
			}
		})
	}
}

// lay puts a fleet of 100,000 devices with a ranked list into an empty folder. By an import it would take a minute.
func lay(t *testing.T, dir string) {
	t.Helper()
	ctx := store.WithActor(context.Background(), store.System("test"))
	conf, err := app.LoadConfig("", dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, conf.Database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := (vuln.Rules{DB: db}).Notice(ctx); err != nil {
		t.Fatal(err)
	}
	if err := app.CatchUp(ctx, db); err != nil { // so that the server has nothing to make again
		t.Fatal(err)
	}
	f := many{now: time.Now().Truncate(time.Second)}
	for _, table := range []struct {
		name, columns string
		n             int
		row           func(i int) []any
	}{
		{"site", "id name name_key at", 20, f.site},
		{"manufacturer", "id name sort at", 1, f.maker},
		{"manufacturer_name", "name_key manufacturer_id position name", 1, f.makerName},
		{"model", "id manufacturer_id name name_key sort safety_class multi_patient patients_at_once at changed", 400, f.model},
		{"device", "id state site_id ward asset_tag serial lot manufactured udi di model_id release_id raw_vendor raw_model raw_version zone connectivity patient_data in_use own_class " +
			"clinical_owner it_owner at changed merged_into safety_class sort_tag sort_site sort_model", manyDevices, f.device},
		{"device_identity", "device_id kind value since until source", manyDevices, f.identity},
		{"device_term", "term device_id inherited", 2 * manyDevices, f.term},
		{"device_count", "site_id model_id in_use own_class devices", 1200, f.count},
		{"line", "device vuln rank truth exploitability severity uncontrolled kev model site ward decision progress identified", manyDevices, f.line},
		{"device_risk", "device model site ward in_use patients affected unknown uncontrolled kev worst", manyDevices, f.deviceRisk},
		{"vuln_risk", "vuln affected unknown uncontrolled kev worst", 500, f.vulnRisk},
	} {
		for from := 0; from < table.n; from += 20_000 {
			err := db.Bulk(ctx, func(b *store.Bulk) error {
				_, err := b.Load(ctx, table.name, strings.Fields(table.columns), rows(from, min(from+20_000, table.n), table.row))
				return err
			})
			if err != nil {
				t.Fatalf("lay %s: %v", table.name, err)
			}
		}
	}
}

func rows(from, to int, row func(int) []any) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i := from; i < to; i++ {
			if !yield(row(i)) {
				return
			}
		}
	}
}

// many gives the rows of the large fleet.
type many struct{ now time.Time }

func (many) id(prefix string, i int) string { return fmt.Sprintf("%s_%07d", prefix, i) }

func (f many) site(i int) []any {
	name := fmt.Sprintf("Site %02d", i)
	if i == 0 {
		name = rtl
	}
	return []any{f.id("sit", i), name, strings.ToLower(name), f.now.UnixMicro()}
}

func (f many) maker(int) []any {
	return []any{f.id("mfr", 0), "Northmere", "northmere", f.now.UnixMicro()}
}

func (f many) makerName(int) []any { return []any{"northmere", f.id("mfr", 0), 0, "Northmere"} }

func (many) class(model int) string {
	return []string{"life_sustaining", "life_supporting", "therapeutic", "diagnostic", "monitoring", "other"}[model%6]
}

func (f many) model(i int) []any {
	name := fmt.Sprintf("Model %03d", i)
	if i == 399 {
		name = long
	}
	return []any{f.id("mod", i), f.id("mfr", 0), name, strings.ToLower(name), "northmere " + strings.ToLower(name), f.class(i), "unknown", 1, f.now.UnixMicro(), f.now.UnixMicro()}
}

func (many) use(i int) string { return []string{"yes", "no", "unknown"}[i%3] }

func (f many) device(i int) []any {
	tag, ward := fmt.Sprintf("D-%06d", i), fmt.Sprintf("Ward %03d", i%200)
	switch i {
	case 0:
		tag = "A" + long[1:]
	case 1:
		tag, ward = "B-"+rtl, rtl+" "+long
	}
	at := f.now.UnixMicro()
	return []any{f.id("dev", i), "active", f.id("sit", i%20), ward, tag, fmt.Sprintf("S%07d", i), "", 0, "", "", f.id("mod", i%400), "", "Northmere", fmt.Sprintf("Model %03d", i%400), "1.0",
		fmt.Sprintf("Zone %d", i%9), "[]", "unknown", f.use(i), "unknown", "", "", at, at, "", f.class(i % 400), strings.ToLower(tag), fmt.Sprintf("site %02d", i%20), fmt.Sprintf("northmere model %03d", i%400)}
}

func (f many) identity(i int) []any {
	return []any{f.id("dev", i), "ip", fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), f.now.UnixMicro(), 0, "test"}
}

func (f many) term(i int) []any {
	if n := i / 2; i%2 == 0 {
		return []any{fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255), f.id("dev", n), false}
	} else {
		return []any{fmt.Sprintf("d-%06d", n), f.id("dev", n), false}
	}
}

func (f many) count(i int) []any {
	model, use := i/3, i%3
	n := 0
	for d := model; d < manyDevices; d += 400 {
		if d%3 == use {
			n++
		}
	}
	return []any{f.id("sit", model%20), f.id("mod", model), f.use(use), "unknown", n}
}

// rank is that of a line, as risk.Order packs it: every third is uncontrolled.
func (many) rank(i int) (rank int64, uncontrolled, severity, exploit int) {
	severity, exploit = 1+i%5, i%5
	if i%3 == 0 {
		uncontrolled = 1
	}
	return int64(uncontrolled)<<15 | int64(severity-1)<<12 | int64(exploit)<<9 | 1<<8, uncontrolled, severity, exploit
}

func (f many) line(i int) []any {
	rank, uncontrolled, severity, exploit := f.rank(i)
	return []any{f.id("dev", i), fmt.Sprintf("CVE-2026-%05d", 10000+i%500), rank, []string{"affected", "unknown"}[i%2], exploit, severity, uncontrolled, 0, f.id("mod", i%400), f.id("sit", i%20),
		fmt.Sprintf("Ward %03d", i%200), "", "", f.now.Add(-time.Duration(i) * time.Minute).UnixMicro()}
}

func (f many) deviceRisk(i int) []any {
	rank, uncontrolled, _, _ := f.rank(i)
	return []any{f.id("dev", i), f.id("mod", i%400), f.id("sit", i%20), fmt.Sprintf("Ward %03d", i%200), f.use(i), 1, 1 - i%2, i % 2, uncontrolled, 0, rank}
}

func (f many) vulnRisk(i int) []any {
	var worst int64
	n := [3]int{}
	for d := i; d < manyDevices; d += 500 {
		rank, uncontrolled, _, _ := f.rank(d)
		worst = max(worst, rank)
		n[d%2]++
		n[2] += uncontrolled
	}
	return []any{fmt.Sprintf("CVE-2026-%05d", 10000+i), n[0], n[1], n[2], 0, worst}
}
