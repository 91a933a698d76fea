package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"triward/internal/detection"
	"triward/internal/training"
)

//go:embed templates
var templateFiles embed.FS

// page is the data of one page. template names its file without the ending.
type page interface{ template() string }

// Frame is what every page has around its content.
type Frame struct {
	Title    string
	Area     string // address of the rail's entry that the page belongs to
	Crumbs   []Link
	Nav      []NavGroup
	Person   string // "" when nobody is signed in
	Initials string
	Theme    string // "light", "dark" or "" for the system's
	Here     string // address of this page, to come back to
	Notice   string
	Search   string
	Version  string
	Views    *ViewsMenu // on lists
	Top      Top
	Came     []Link // incidents that this page's record came from, or was changed by
	Refresh  string // address that the browser goes on to by itself
	Unreal   bool   // the page is about a record of an exercise: nothing on it is real
}

// Link is an address and its words.
type Link struct{ URL, Text string }

// NavGroup is a layer of the rail.
type NavGroup struct {
	Name  string
	Items []NavItem
}

// NavItem is an entry of the rail.
type NavItem struct {
	URL, Text, Icon, Key string
	Current              bool
}

// navigation is the rail with the permission that each entry needs.
func navigation() []struct {
	group, url, text, icon, key, kinds string
	everywhere                         bool
} {
	return []struct {
		group, url, text, icon, key, kinds string
		everywhere                         bool // the page is of the whole, so a role in some places is not enough
	}{
		{"", urlOverview(), "Overview", "overview", "o", "risk.read", false},
		{"Documents", urlTasks(), "My tasks", "tasks", "m", training.KindSelfLearned, false},
		{"Documents", urlDocuments(), "Library", "document", "l", "document.read", false},
		{"Documents", urlTraining(), "Training", "training", "k", "training.read", false},
		{"Documents", urlRuns(), "Runs", "run", "x", "run.read", false},
		{"Documents", urlChanges(), "Change requests", "change", "q", "document.read", false},
		{"Documents", urlFunctions(), "Functions", "function", "b", "document.read", false},
		{"Documents", urlCoverage(), "Coverage", "coverage", "y", "assurance.read", false},
		{"Documents", urlEvidence(), "Evidence", "evidence", "e", "assurance.read", false},
		{"Documents", urlInquiries(), "Inquiries", "inquiry", "w", "inquiry.read", false},
		{"Risk", urlRisk(), "Risks", "risk", "r", "risk.read", false},
		{"Risk", urlDevices(), "Devices", "device", "d", "device.read", false},
		{"Risk", urlProducts(), "Products", "product", "p", "product.read", false},
		{"Risk", urlVulns(), "Vulnerabilities", "weakness", "v", "risk.read", false},
		{"Risk", urlAdvisories(), "Advisories", "advisory", "a", "vuln.read", false},
		{"Risk", urlDecisions(), "Decisions", "decision", "c", "risk.read", false},
		{"Events", urlAlerts(), "Alerts", "alert", "1", detection.KindRead, false},
		{"Events", urlIncidents(), "Incidents", "incident", "h", "incident.read", false},
		{"Events", urlEvents(), "Search", "search", "2", detection.KindEventRead, false},
		{"Events", urlRules(), "Rules", "rule", "3", detection.KindRead, false},
		{"Events", urlSources(), "Sources", "source", "4", detection.KindRead, false},
		{"Inventory", urlImports(), "Imports", "import", "i", "device.read", false},
		{"Inventory", urlFeeds(), "Feeds", "feed", "f", "vuln.read", true},
		{"Administration", urlPeople(), "People", "people", "u", "people.read", true},
		{"Administration", urlStakeholders(), "Stakeholders", "people", "", "incident.read", false},
		{"Administration", urlTable(), "Decision table", "table", "t", "risk.read", false},
		{"Administration", urlNames(), "Names", "names", "n", "vuln.read", false},
		{"Administration", urlConnectors(), "Connectors", "system", "9", "connector.read", true},
		{"Administration", urlTrails(), "Trail reviews", "trail", "z", "assurance.read", true},
		{"Administration", urlValidations(), "Validation", "validation", "1", "assurance.read", true},
		{"Administration", urlJournal(), "Journal", "journal", "j", "journal.read", true},
		{"Administration", urlSystem(), "System", "system", "s", "system.read", true},
	}
}

// frame is the frame of a page for this visitor. area is the rail's entry that it belongs to.
func (v *visit) frame(title, area string, crumbs ...Link) Frame {
	f := Frame{Title: title, Area: area, Crumbs: crumbs, Person: v.actor.Name, Initials: initials(v.actor.Name), Here: v.r.URL.RequestURI(),
		Version: v.s.Version, Theme: v.cookie(themeCookie)}
	if f.Theme != "light" && f.Theme != "dark" {
		f.Theme = ""
	}
	if v.r.Method != http.MethodGet {
		f.Here = "/"
	}
	if v.actor.ID == "" {
		return f
	}
	f.Notice = v.takeNotice()
	f.Views = v.views()
	f.Top = v.top()
	f.Unreal = v.exercise()
	for _, n := range navigation() {
		if !v.may(n.kinds) || n.everywhere && !v.actor.Scope(n.kinds).All {
			f.Crumbs = slices.DeleteFunc(f.Crumbs, func(l Link) bool { return l.URL == n.url }) // it would lead to a refusal
			continue
		}
		if len(f.Nav) == 0 || f.Nav[len(f.Nav)-1].Name != n.group {
			f.Nav = append(f.Nav, NavGroup{Name: n.group})
		}
		g := &f.Nav[len(f.Nav)-1]
		g.Items = append(g.Items, NavItem{URL: n.url, Text: n.text, Icon: n.icon, Key: n.key, Current: n.url == area})
	}
	return f
}

func initials(name string) string {
	var out []rune
	for _, w := range strings.Fields(name) {
		out = append(out, []rune(w)[0])
		if len(out) == 2 {
			break
		}
	}
	return strings.ToUpper(string(out))
}

// templates are all pages, parsed once.
var templates = sync.OnceValues(parseTemplates)

func parseTemplates() (map[string]*template.Template, error) {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name == "frame" || name == "parts" || name == "views" {
			continue
		}
		t, err := template.New("frame.html").Funcs(functions()).ParseFS(templateFiles, "templates/frame.html", "templates/parts.html", "templates/views.html", "templates/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
		out[name] = t
	}
	return out, nil
}

// show answers with a page.
func (v *visit) show(p page) error { return v.write(http.StatusOK, p) }

// again answers a form that was not accepted with the same page and the faults in it.
func (v *visit) again(p page, err error) error { return v.write(statusOf(kindOf(err)), p) }

// correct answers a form that was not accepted with its page, in which it is filled in again with the faults beside its
// fields. Where the page has no such form (nil), or the error is not about it, the error is the answer. form is a part of p,
// so that p is given by its address.
func (v *visit) correct(p page, form *Form, sent url.Values, err error) error {
	if form == nil {
		return err
	}
	form.fill(sent)
	if !form.blame(err) {
		return err
	}
	return v.again(p, err)
}

func (v *visit) write(status int, p page) error {
	all, err := templates()
	if err != nil {
		return err
	}
	t, ok := all[p.template()]
	if !ok {
		return fmt.Errorf("there is no template %q", p.template())
	}
	var b bytes.Buffer // a failing template must not leave half a page
	if err := t.ExecuteTemplate(&b, v.part(t), p); err != nil {
		return fmt.Errorf("show page %q: %w", p.template(), err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, err = b.WriteTo(v.w)
	return ignoreGone(err)
}

// part is the template that the browser asked for: the whole page, or what of it goes into the panel beside a list.
func (v *visit) part(t *template.Template) string {
	switch {
	case v.r.Header.Get("HX-Target") != "panel":
		return "frame.html"
	case t.Lookup("panel") != nil:
		return "panel"
	}
	return "content"
}

// ignoreGone drops the error of a browser that went away while it was answered.
func ignoreGone(error) error { return nil }

// render is write for the error page itself: nothing is left to do when that fails.
func (v *visit) render(status int, p page) {
	if err := v.write(status, p); err != nil {
		v.s.Log.Error("error page failed", "error", err)
		http.Error(v.w, "Triward failed", http.StatusInternalServerError)
	}
}
