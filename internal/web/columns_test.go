package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

// Every order that a list offers is one that it can be read in, forwards and backwards, and its export too; every column
// that can be hidden is.
func TestListsSortAndChooseColumns(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		h := s.Handler()
		addPerson(t, s, "ada", people.RoleAdministrator, "")
		c := session(t, s, "ada")
		ctx := testdb.System()
		site, err := s.Fleet.AddSite(ctx, "North")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Fleet.Register(ctx, device.Device{AssetTag: "P-1", Site: site, RawVendor: "Vela", RawModel: "Pump", Ward: "ICU"}); err != nil {
			t.Fatal(err)
		}
		maker, err := s.Catalog.AddManufacturer(ctx, product.Manufacturer{Name: "Vela"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Catalog.AddModel(ctx, product.Model{Manufacturer: maker, Name: "Pump"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Feeds.Add(ctx, vuln.Feed{Name: "Folder", Kind: vuln.FeedCSAF, URL: "file:/nowhere"}); err != nil {
			t.Fatal(err)
		}
		if _, err := (vuln.NameAliases{DB: db}).Add(ctx, vuln.Alias{Kind: vuln.VendorAlias, Name: "Velo", Means: "Vela", Reason: "label"}); err != nil {
			t.Fatal(err)
		}
		options := regexp.MustCompile(`<option value="([^"]*)"`)
		boxes := regexp.MustCompile(`name="columns" value="([^"]*)"`)
		for _, list := range lists() {
			if list == urlEvents() {
				continue // an event log is read from the newest on, and exported with its manifest
			}
			page := ask(h, "GET", list, c, "").Body.String()
			_, menu, ok := strings.Cut(page, `id="columns-sort"`)
			if !ok {
				if list != urlEvents() { // a log is read from its end
					t.Errorf("%s cannot be sorted", list)
				}
				continue
			}
			menu, _, _ = strings.Cut(menu, "</select>")
			for _, m := range options.FindAllStringSubmatch(menu, -1) {
				for _, address := range []string{list, list + ".csv"} {
					if w := ask(h, "GET", address+"?sort="+url.QueryEscape(m[1]), c, ""); w.Code != http.StatusOK {
						t.Errorf("%s sorted by %s answers %d", address, m[1], w.Code)
					}
				}
				if sortedPage := ask(h, "GET", list+"?sort="+url.QueryEscape(m[1]), c, "").Body.String(); !strings.Contains(sortedPage, "aria-sort=") && strings.Contains(sortedPage, "<thead>") {
					t.Errorf("%s sorted by %s does not say so", list, m[1])
				}
			}
			if w := ask(h, "GET", list+"?sort=nothing", c, ""); w.Code != http.StatusUnprocessableEntity && strings.Contains(page, `rel="next"`) {
				t.Errorf("%s in an unknown order answers %d", list, w.Code)
			}
			for _, m := range boxes.FindAllStringSubmatch(page, -1) {
				one := ask(h, "GET", list+"?columns="+m[1], c, "").Body.String()
				if n, all := strings.Count(one, "<th scope=\"col\""), strings.Count(page, "<th scope=\"col\""); all > 3 && n >= all {
					t.Errorf("%s with the column %s alone has %d columns of %d", list, m[1], n, all)
				}
			}
		}
	})
}

func TestSortLinksTurnAround(t *testing.T) {
	u := &url.URL{Path: "/x", RawQuery: "sort=due&state=open&after=abc&columns=due&columns=owner"}
	c := columnsOf(u, "-at", []Column{{Name: "title", Text: "Title", Fixed: true, Sort: "title"}, {Name: "due", Text: "Due", Sort: "due"}, {Name: "at", Text: "Decided", Sort: "-at"}, {Name: "owner", Text: "Owner", Extra: true}})
	for i, want := range []string{"/x?columns=due&columns=owner&sort=title&state=open", "/x?columns=due&columns=owner&sort=-due&state=open", "/x?columns=due&columns=owner&state=open", ""} {
		if c.All[i].URL != want {
			t.Errorf("%s leads to %s, want %s", c.All[i].Name, c.All[i].URL, want)
		}
	}
	if !c.Has("title") || !c.Has("due") || c.Has("at") || !c.Has("owner") || c.Width() != 3 {
		t.Errorf("shown: %+v", c.All)
	}
	if c.All[1].Aria() != "ascending" || c.All[0].Aria() != "" {
		t.Errorf("sorted: %+v", c.All)
	}
	if len(c.Keep) != 1 || c.Keep[0].Name != "state" {
		t.Errorf("kept: %+v", c.Keep)
	}
}
