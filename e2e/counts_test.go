package e2e

import (
	"encoding/csv"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// visitor is somebody signed in who reads pages without a browser.
type visitor struct {
	t    *testing.T
	s    server
	http http.Client
}

func (s server) visitor(t *testing.T) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := visitor{t, s, http.Client{Jar: jar}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.address+"/sign-in", strings.NewReader(url.Values{"login": {"admin"}, "password": {s.password}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	v.read(r)
	return v
}

func (v visitor) read(r *http.Request) string {
	v.t.Helper()
	w, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK {
		v.t.Fatalf("%s answers %s: %v", r.URL, w.Status, err)
	}
	return string(body)
}

func (v visitor) page(address string) string {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.s.address+address, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.read(r)
}

// exported is how many rows the export of a list has, and of how many things in its first column.
func (v visitor) exported(address string) (rows, things int) {
	v.t.Helper()
	all, err := csv.NewReader(strings.NewReader(v.page(address))).ReadAll()
	if err != nil || len(all) == 0 {
		v.t.Fatalf("%s: %v", address, err)
	}
	seen := map[string]bool{}
	for _, row := range all[1:] {
		seen[row[0]] = true
	}
	return len(all) - 1, len(seen)
}

var (
	countedChip = regexp.MustCompile(`<a class="chip" href="([^"]*)" title="([^"]*)">[^<]*<span class="muted">([0-9,]+)</span></a>`)
	trendCell   = regexp.MustCompile(`<td class="num"><a href="(/overview/days/[^"]*)">([0-9,]+)</a></td>`)
	exportLink  = regexp.MustCompile(`href="([^"]*\.csv[^"]*)" download`)
)

func number(s string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
	return n
}

// The count beside a filter is the number of rows that it leaves, on every list that counts; and each figure of a day of
// the trend is the number of rows that it opens.
func TestCountsAreTheRowsBehindThem(t *testing.T) {
	v := start(t, "--demo").visitor(t)
	counted := map[string]int{}
	decision := regexp.MustCompile(`href="(/decisions/dec_[^"]+)"`).FindStringSubmatch(v.page("/decisions"))
	for _, list := range []string{decision[1], "/risk", "/devices", "/decisions", "/vulnerabilities", "/products", "/advisories", "/imports", "/feeds", "/names", "/people", "/devices/contradictions",
		"/documents", "/changes", "/training", "/training/records", "/runs", "/inquiries", "/trail-reviews", "/evidence"} {
		for _, m := range countedChip.FindAllStringSubmatch(v.page(list), -1) {
			to := html.UnescapeString(m[1])
			counted[list]++
			export := exportLink.FindStringSubmatch(v.page(to))
			if export == nil {
				if number(m[3]) > 0 {
					t.Errorf("%s, %s says %s, but the list has no rows to export", list, m[2], m[3])
				}
				continue
			}
			if rows, _ := v.exported(html.UnescapeString(export[1])); rows != number(m[3]) {
				t.Errorf("%s, %s says %s, the list has %d rows", list, m[2], m[3], rows)
			}
		}
	}
	for list, least := range map[string]int{"/risk": 10, "/decisions": 4, "/devices/contradictions": 6, decision[1]: 6} {
		if counted[list] < least {
			t.Errorf("%s counts %d filters, at least %d are expected", list, counted[list], least)
		}
	}
	cells := trendCell.FindAllStringSubmatch(v.page("/overview"), -1)
	if len(cells) < 6*5 {
		t.Errorf("%d figures of the trend open rows", len(cells))
	}
	for i, m := range cells {
		if i/6%7 != 0 { // one day of a week
			continue
		}
		u, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		rows, things := v.exported(u.Path + "/rows.csv?" + u.RawQuery)
		if q := u.Query(); q.Get("figure") == "kev" || q.Get("sort") == "device" { // these count devices
			rows = things
		}
		if rows != number(m[2]) {
			t.Errorf("%s says %s, %d rows are behind it", u, m[2], rows)
		}
	}
}
