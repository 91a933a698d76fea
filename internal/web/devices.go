package web

import (
	"cmp"
	"context"

	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

// devicesPage is the fleet.
type devicesPage struct {
	Frame
	Search  string // hides the frame's, which is the global one
	Chips   []Chips
	Places  Places
	Columns Columns
	Keep    []Field // what a search must not lose
	Rows    []deviceRow
	Pager   Pager
	Empty   Empty
	MayNew  bool
	Open    int // contradictions
}

func (devicesPage) template() string { return "devices" }

type deviceRow struct {
	device.Item
	Name  string
	Where string
	Risk  risk.DeviceRisk
	Known bool // ranked
	Net   []device.Identity
}

func deviceQuery(v *visit) device.Query {
	return device.Query{Site: device.SiteID(v.query("site")), Ward: v.query("ward"), Model: product.ModelID(v.query("model")), InUse: product.Answer(v.query("in_use")),
		Class: product.SafetyClass(v.query("class")), State: device.State(v.query("state")), Prefix: v.query("q"), Sort: device.Sort(v.query("sort")), After: v.query("after")}
}

func (s *Server) devices(v *visit) error {
	q := deviceQuery(v)
	p := devicesPage{Frame: v.frame("Devices", urlDevices()), Search: q.Prefix, MayNew: v.may(device.KindRegistered)}
	var classes [][2]string
	for _, c := range product.SafetyClasses() {
		classes = append(classes, [2]string{string(c), title(c)})
	}
	p.Chips = []Chips{
		chips(v.r.URL, "In use", "in_use", [2]string{"yes", "Yes"}, [2]string{"no", "No"}, [2]string{"unknown", "Unknown"}),
		chips(v.r.URL, "Safety class", "class", classes...),
		chips(v.r.URL, "Record", "state", [2]string{"retired", "Retired"}, [2]string{"merged", "Merged"})}
	p.Columns, p.Keep = deviceColumns(v), kept(v.r.URL.Query(), "q")
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := device.List(ctx, r, q)
		if err != nil {
			return err
		}
		if p.Rows, err = v.deviceRows(ctx, r, page.Items); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV, p.Pager.JSON = queryURL("/devices.csv", v.r.URL.RawQuery), queryURL("/devices.json", v.r.URL.RawQuery)
		if p.Places, err = v.places(ctx, r); err != nil {
			return err
		}
		if err := countDevices(ctx, r, p.Chips, q); err != nil {
			return err
		}
		p.Open, err = device.CountContradictions(ctx, r, device.ContradictionQuery{})
		return err
	})
	if err != nil {
		return err
	}
	p.Empty = *v.emptyFleet()
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No device fits", Text: "A search looks for the beginning of an asset tag, serial number, IP or MAC address, host name or AE title.", Links: []Link{{urlDevices(), "Show all devices"}}}
	}
	return v.show(p)
}

func deviceColumns(v *visit) Columns {
	standard, device := string(device.ByTag), Column{Name: "device", Text: "Device", Fixed: true, Sort: string(device.ByTag)}
	if v.query("q") != "" {
		standard = "match"
	}
	all := []Column{device, {Name: "model", Text: "Model", Sort: "model"}, {Name: "place", Text: "Place", Sort: "site"}, {Name: "ward", Text: "Ward", Extra: true, Sort: "ward"},
		{Name: "class", Text: "Class", Sort: "class"}, {Name: "in_use", Text: "In use", Sort: "in_use"}, {Name: "zone", Text: "Zone", Extra: true},
		{Name: "network", Text: "Network"}, {Name: "uncontrolled", Text: "Uncontrolled", Num: true}, {Name: "affected", Text: "Affected", Num: true}, {Name: "unknown", Text: "Unknown", Num: true}}
	return v.columns(standard, all...)
}

// countDevices writes beside the filters how many active devices each leaves. The counters know site, model, use and class.
func countDevices(ctx context.Context, r store.Reader, groups []Chips, q device.Query) error {
	if q.Ward+q.Prefix+string(q.State) != "" {
		return nil
	}
	all, err := device.Counts(ctx, r)
	if err != nil {
		return err
	}
	n := map[string]int{}
	for _, c := range all {
		if q.Site != "" && c.Site != q.Site || q.Model != "" && c.Model != q.Model {
			continue
		}
		if q.Class == "" || c.Class == q.Class {
			n["in_use="+string(c.InUse)] += c.Devices
		}
		if q.InUse == "" || c.InUse == q.InUse {
			n["class="+string(c.Class)] += c.Devices
		}
	}
	for _, g := range groups {
		if g.Name != "in_use" && g.Name != "class" {
			continue
		}
		for i, c := range g.Items {
			g.Items[i].Count = count(n[g.Name+"="+c.Value])
		}
	}
	return nil
}

func (v *visit) deviceRows(ctx context.Context, r store.Reader, items []device.Item) ([]deviceRow, error) {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = string(it.ID)
	}
	var risks map[string]risk.DeviceRisk
	if v.may(risk.KindRead) {
		var err error
		if risks, err = risk.DeviceRisks(ctx, r, ids); err != nil {
			return nil, err
		}
	}
	out := make([]deviceRow, len(items))
	for i, it := range items {
		x, known := risks[string(it.ID)]
		out[i] = deviceRow{Item: it, Name: deviceName(device.Brief{AssetTag: it.AssetTag, Serial: it.Serial}), Where: place(it.SiteName, it.Ward), Risk: x, Known: known, Net: it.Identities[:min(len(it.Identities), 2)]}
	}
	return out, nil
}

func (s *Server) devicesCSV(v *visit) error {
	q := deviceQuery(v)
	q.After = ""
	return v.view(func(ctx context.Context, r store.Reader) error {
		if _, err := device.List(ctx, r, device.Query{Limit: 1, Prefix: q.Prefix, Sort: q.Sort}); err != nil {
			return err
		}
		v.attach("text/csv; charset=utf-8", "devices.csv")
		out := &exporting{visit: v, name: "devices.csv"}
		err := device.ExportCSV(ctx, r, q, out)
		out.end(err)
		return s.broke(v, err)
	})
}

func (s *Server) devicesJSON(v *visit) error {
	q := deviceQuery(v)
	q.After = ""
	return v.view(func(ctx context.Context, r store.Reader) error {
		if _, err := device.List(ctx, r, device.Query{Limit: 1, Prefix: q.Prefix, Sort: q.Sort}); err != nil {
			return err
		}
		v.attach("application/json", "devices.json")
		out := &exporting{visit: v, name: "devices.json"}
		err := device.ExportJSON(ctx, r, q, out)
		out.end(err)
		return s.broke(v, err)
	})
}

// broke logs an export that ended early: its header was sent already.
func (s *Server) broke(v *visit, err error) error {
	if err != nil {
		s.Log.Error("export broke off", "path", v.r.URL.Path, "error", err)
	}
	return nil
}

// sitesPage lists the sites with how many devices each has.
type sitesPage struct {
	Frame
	Columns   Columns
	Rows      []siteRow
	Pager     Pager
	Add       *Form
	MayRename bool
}

func (sitesPage) template() string { return "sites" }

type siteRow struct {
	device.Site
	Devices, InUse int
	URL            string
	Rename         Form
}

func (s *Server) sitesOf(v *visit) (sitesPage, error) {
	p := sitesPage{Frame: v.frame("Sites", urlDevices(), Link{urlDevices(), "Devices"}), MayRename: v.may(device.KindSiteChanged)}
	if v.may(device.KindSiteAdded) {
		f := Form{ID: "site", Action: urlSites(), Submit: "Add the site"}.with(Field{Name: "name", Label: "Name", Kind: "text", Required: true, Placeholder: "North campus"})
		p.Add = &f
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		sites, err := device.Sites(ctx, r)
		if err != nil {
			return err
		}
		counts, err := device.Counts(ctx, r)
		if err != nil {
			return err
		}
		p.Rows = siteRows(v, sites, counts)
		p.Columns = v.columns("site", Column{Name: "site", Text: "Site", Fixed: true, Sort: "site"}, Column{Name: "devices", Text: "Devices", Num: true, Sort: "-devices"},
			Column{Name: "in_use", Text: "In use", Num: true, Sort: "-in_use"}, Column{Name: "risks", Text: "Risks"})
		p.Pager = Pager{Shown: len(p.Rows), CSV: queryURL("/sites.csv", v.r.URL.RawQuery)}
		return nil
	})
	return p, err
}

func siteRows(v *visit, sites []device.Site, counts []device.Count) []siteRow {
	var out []siteRow
	for _, x := range sites {
		row := siteRow{Site: x, URL: urlDevicesOf("site", x.ID), Rename: Form{ID: "rename-" + string(x.ID), Action: path("sites", string(x.ID)), Submit: "Rename"}.with(
			Field{Name: "name", Label: "New name", Kind: "text", Value: x.Name, Required: true})}
		for _, c := range counts {
			if c.Site != x.ID {
				continue
			}
			row.Devices += c.Devices
			if c.InUse == product.Yes {
				row.InUse += c.Devices
			}
		}
		out = append(out, row)
	}
	sorted(v, "site", out, map[string]func(a, b siteRow) int{
		"site":    func(a, b siteRow) int { return compareFold(a.Name, b.Name) },
		"devices": func(a, b siteRow) int { return cmp.Compare(a.Devices, b.Devices) },
		"in_use":  func(a, b siteRow) int { return cmp.Compare(a.InUse, b.InUse) }})
	return out
}

func (s *Server) sites(v *visit) error {
	p, err := s.sitesOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) siteAdd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if _, err := s.Fleet.AddSite(v.r.Context(), f.Get("name")); err != nil {
		p, perr := s.sitesOf(v)
		if perr != nil {
			return perr
		}
		p.Add.fill(f)
		if p.Add.blame(conflictAt(err, "name", "there is a site of this name already")) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlSites(), "The site is added.")
}

func (s *Server) siteRename(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Fleet.RenameSite(v.r.Context(), device.SiteID(v.path("id")), f.Get("name")); err != nil {
		return conflictAt(err, "name", "there is a site of this name already")
	}
	return v.done(urlSites(), "The site is renamed.")
}

// conflictAt puts a conflict of the database beside the field that caused it.
func conflictAt(err error, field, reason string) error {
	if problem.KindOf(err) != problem.Conflict || len(problem.FaultsOf(err)) > 0 {
		return err
	}
	return &problem.Error{Kind: problem.Conflict, Message: "this was not accepted", Faults: []problem.Fault{{Path: field, Reason: reason}}}
}
