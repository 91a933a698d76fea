package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// identifiers are what tells two pages of one kind apart in an address.
var identifiers = regexp.MustCompile(`^([0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}|[a-z]{2,4}_[0-9a-z_-]+|(CVE|GHSA|NMSA|AISA|HBR|LFI|TRN|PWC|SOR|DSD|CRG)-.*|(POL|STD|SOP|WI|FRM|EXT)-[0-9]+|[0-9]+\.[0-9]+|` +
	// Events, and rules by their UUID.
	`[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// kindOf is the address of a page without what tells it from others of its kind: "/devices/…".
func kindOf(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, p := range parts {
		// What the pages of clauses and evidence are about has names of many forms.
		named := i > 0 && slices.Contains([]string{"coverage", "clauses", "since", "evidence", "steps", "exercise-scenarios"}, parts[i-1])
		if named || identifiers.MatchString(p) {
			parts[i] = "…"
		}
	}
	return "/" + strings.Join(parts, "/")
}

// skipped are addresses that are files, not pages.
func skipped(u *url.URL) bool {
	return strings.HasPrefix(u.Path, "/api") || strings.HasPrefix(u.Path, "/static") || strings.HasPrefix(u.Path, "/.well-known") ||
		regexp.MustCompile(`\.(csv|json|png|svg)$|/(file|document)$`).MatchString(u.Path)
}

// walk finds one page of every kind that links lead to.
type walk struct {
	b     *browser
	base  *url.URL
	seen  map[string]bool
	queue []string
}

func (w *walk) note(links []string) {
	for _, l := range links {
		u, err := url.Parse(l)
		if err != nil || u.Host != w.base.Host || skipped(u) {
			continue
		}
		if kind := kindOf(u); !w.seen[kind] {
			w.seen[kind] = true
			w.queue = append(w.queue, l)
		}
	}
}

func TestEveryPageOfTheDemonstration(t *testing.T) {
	b := open(t)
	s := start(t, "--demo")
	b.look(window{1280, 900, "light"})
	b.visit(s.address + "/sign-in")
	inspect(b, "sign-in")
	b.signIn(s, "admin", s.password)
	base, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	w := walk{b: b, base: base, seen: map[string]bool{}}
	w.note([]string{s.address + "/"})
	var kinds []string
	for len(w.queue) > 0 {
		at := w.queue[0]
		w.queue = w.queue[1:]
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		kind := kindOf(u)
		kinds = append(kinds, kind)
		t.Run(strings.Trim(strings.NewReplacer("/", "-", "…", "one").Replace(kind), "-"), func(t *testing.T) {
			on := *b
			on.t = t
			on.look(window{1280, 900, "light"})
			on.visit(at)
			w.note(evaluate[[]string](&on, `Array.from(document.querySelectorAll("a[href]:not([download])"), a => a.href)`))
			inspect(&on, strings.Trim(strings.NewReplacer("/", "-", "…", "one").Replace(kind), "-"))
		})
	}
	slices.Sort(kinds)
	t.Logf("%d kinds of pages: %s", len(kinds), strings.Join(kinds, " "))
	for _, must := range []string{"/overview", "/risk", "/risk/…/…", "/devices", "/devices/…", "/products", "/products/…", "/products/…/releases/…", "/sboms/…",
		"/vulnerabilities", "/vulnerabilities/…", "/advisories", "/decisions", "/decisions/…", "/imports", "/imports/…", "/feeds", "/feeds/…",
		"/people", "/people/…", "/roles", "/decision-table", "/names", "/journal", "/account",
		"/alerts", "/alerts/…", "/alerts/new", "/alerts/move/close", "/events", "/events/…", "/rules", "/rules/…", "/sources", "/sources/…", "/sources/new",
		"/detection-coverage", "/baselines", "/baselines/…", "/blind-intervals", "/notifications"} {
		if !slices.Contains(kinds, must) {
			t.Errorf("no link leads to %s", must)
		}
	}
}

// inspect looks at the page in every window and reports what is wrong with it.
func inspect(b *browser, name string) {
	b.t.Helper()
	inspectIn(b, name, []window{{1280, 900, "light"}, {1280, 900, "dark"}, {390, 844, "dark"}, {390, 844, "light"}})
}

// inspectIn looks at the page in some windows.
func inspectIn(b *browser, name string, windows []window) {
	b.t.Helper()
	for _, w := range windows {
		b.look(w)
		b.shot(name + "-" + w.name())
		if over := evaluate[int](b, `document.scrollingElement.scrollWidth - window.innerWidth`); over > 0 {
			b.t.Errorf("%s: %d pixels wider than the window: %s", w.name(), over, evaluate[string](b, widest))
		}
		if len(windows) == 2 && w != windows[0] { // what content does to roles and contrasts, one window shows
			continue
		}
		if w.width < 600 && w.scheme == "light" { // differs from the dark one in colours only, which are the wide page's
			continue
		}
		for _, f := range b.audit() {
			b.t.Errorf("%s: %v", w.name(), f)
		}
	}
	for _, fault := range b.heard.since() {
		b.t.Errorf("console: %s", fault)
	}
	if status := evaluate[int](b, `performance.getEntriesByType("navigation")[0].responseStatus`); status != 200 {
		b.t.Errorf("status %d", status)
	}
}

// widest names the elements that reach beyond the window.
const widest = `Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
	.slice(0, 5).map(e => e.tagName.toLowerCase() + (e.className && e.className.baseVal === undefined ? "." + e.className : "")).join(", ")`
