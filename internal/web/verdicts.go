package web

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln"
)

func notKnown(id string) error {
	return problem.New(problem.NotFound, "no source that was loaded describes %q", id)
}

// siteNames are the names of the sites that the visitor may see, by id.
func siteNames(ctx context.Context, r store.Reader) (map[string]string, error) {
	out := map[string]string{}
	if a, _ := store.ActorOf(ctx); !a.May(device.KindRead) {
		return out, nil
	}
	all, err := device.Sites(ctx, r)
	for _, x := range all {
		out[string(x.ID)] = x.Name
	}
	return out, err
}

// verdictRows are the verdicts about a vulnerability, those in force first.
func verdictRows(ctx context.Context, r store.Reader, id string) ([]verdictRow, error) {
	all, err := vuln.ListVerdicts(ctx, r, vuln.VerdictQuery{Vulnerabilities: []string{id}})
	if err != nil {
		return nil, err
	}
	var out []verdictRow
	for _, x := range all {
		row := verdictRow{Verdict: x, Covers: "all releases, now and future", Withdraw: Form{ID: "w-" + x.ID, Action: path("verdicts", x.ID, "withdraw"), Submit: "Withdraw", Danger: true}.with(
			Field{Name: "reason", Label: "Why it is withdrawn", Kind: "text", Required: true})}
		if row.ModelName, err = modelName(ctx, r, product.ModelID(x.Model)); err != nil {
			return nil, err
		}
		if x.Versions != "" {
			row.Covers = "versions " + x.Versions
		}
		if len(x.Releases) > 0 {
			names, err := releaseNames(ctx, r, x)
			if err != nil {
				return nil, err
			}
			row.Covers = "releases " + strings.Join(names, ", ")
		}
		out = append(out, row)
	}
	rank := map[vuln.VerdictState]int{vuln.VerdictReopened: 0, vuln.VerdictActive: 1, vuln.VerdictReplaced: 2, vuln.VerdictWithdrawn: 3}
	slices.SortStableFunc(out, func(a, b verdictRow) int { return rank[a.State] - rank[b.State] })
	return out, nil
}

func releaseNames(ctx context.Context, r store.Reader, x vuln.Verdict) ([]string, error) {
	all, err := product.Releases(store.WithActor(ctx, store.System("web")), r, product.ModelID(x.Model))
	var out []string
	for _, rel := range all {
		if slices.Contains(x.Releases, string(rel.ID)) {
			out = append(out, rel.Version)
		}
	}
	return out, err
}

// verdictForm asks what an analyst says. The model is chosen first: its releases are choices.
func (s *Server) verdictForm(v *visit, id, model string) (formPage, error) {
	p := formPage{Frame: v.frame("Record a verdict on "+id, urlVulns(), Link{urlVulns(), "Vulnerabilities"}, Link{urlVuln(id), id}),
		Lead: "What you say of this vulnerability in the releases of a product counts before the sources, until a newer source contradicts it."}
	var models, releases []Option
	err := v.view(func(ctx context.Context, r store.Reader) error {
		if !v.may(product.KindRead) {
			return problem.New(problem.Forbidden, "your role does not allow %q", product.KindRead)
		}
		q := product.ModelQuery{Limit: 500}
		for {
			page, err := product.Models(ctx, r, q)
			if err != nil {
				return err
			}
			for _, m := range page.Models {
				models = append(models, Option{string(m.ID), m.ManufacturerName + " " + m.Name, string(m.ID) == model})
			}
			if q.After = page.Next; q.After == "" || len(models) > 5000 {
				break
			}
		}
		if model == "" {
			return nil
		}
		all, err := product.Releases(ctx, r, product.ModelID(model))
		for _, x := range all {
			releases = append(releases, Option{Value: string(x.ID), Text: x.Version})
		}
		return err
	})
	statuses := []vuln.Status{vuln.StatusNotAffected, vuln.StatusAffected, vuln.StatusFixed, vuln.StatusUnderInvestigation}
	var why []Option
	for _, j := range vuln.Justifications {
		why = append(why, Option{Value: j, Text: title(j)})
	}
	fields := []Field{{Name: "model", Label: "Product", Kind: "select", Required: true, Options: orNone("Choose a product", models)}}
	if len(releases) > 0 {
		fields = append(fields, Field{Name: "releases", Label: "Releases", Kind: "checks", Options: releases, Help: "None chosen and no range: all releases, now and future."})
	}
	fields = append(fields, Field{Name: "versions", Label: "Or a range of versions", Kind: "text", Placeholder: "< 2.0", Help: "As people write it: “< 2.0”, “1.0 to 1.4”, “2.x”."},
		Field{Name: "status", Label: "What you say", Kind: "select", Required: true, Options: options("", statuses)},
		Field{Name: "justification", Label: "Justification", Kind: "select", Options: orNone("None", why), Help: "For not affected (OpenVEX)."},
		Field{Name: "reason", Label: "Reason", Kind: "textarea", Required: true},
		Field{Name: "action", Label: "What to do when affected", Kind: "textarea"},
		Field{Name: "expires", Label: "Holds until", Kind: "date", Help: "Empty: until a newer source contradicts it."})
	p.Form = Form{ID: "verdict", Action: urlVuln(id) + "/verdict", Submit: "Record the verdict", Cancel: urlVuln(id)}.with(fields...)
	return p, err
}

func (s *Server) verdict(v *visit) error {
	p, err := s.verdictForm(v, v.path("id"), v.query("model"))
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) verdictDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	id := v.path("id")
	x := vuln.Verdict{Vulnerability: id, Model: f.Get("model"), Releases: f["releases"], Versions: strings.TrimSpace(f.Get("versions")), Status: vuln.Status(f.Get("status")),
		Justification: f.Get("justification"), Reason: f.Get("reason"), Action: f.Get("action"), Source: "analyst", Expires: date(&l, f, "expires")}
	l.Merge("", x.Validate())
	if err = l.Err("the verdict is not valid"); err == nil {
		_, err = s.Verdicts.Record(v.r.Context(), x)
	}
	if err != nil {
		p, perr := s.verdictForm(v, id, f.Get("model"))
		if perr != nil {
			return perr
		}
		p.Form.fill(f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlVuln(id), "The verdict is recorded. The devices it covers are ranked again.")
}

func (s *Server) verdictWithdraw(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var x vuln.Verdict
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		x, err = vuln.GetVerdict(ctx, r, v.path("id"))
		return err
	}); err != nil {
		return err
	}
	if err := s.Verdicts.Withdraw(v.r.Context(), x.ID, f.Get("reason")); err != nil {
		return err
	}
	return v.done(urlVuln(x.Vulnerability), "The verdict is withdrawn.")
}

// self is the address of this installation, for documents that need one.
func (v *visit) self() string {
	if v.s.PublicURL != "" {
		return strings.TrimSuffix(v.s.PublicURL, "/")
	}
	scheme := "http"
	if v.s.secure(v.r) {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: v.r.Host}).String()
}

// openVEX is what people of this installation say of a product, as an OpenVEX document.
func (s *Server) openVEX(v *visit) error { return s.exportVEX(v, vuln.OpenVEX) }

// csafVEX is the same as a CSAF VEX document.
func (s *Server) csafVEX(v *visit) error { return s.exportVEX(v, vuln.CSAFVEX) }

func (s *Server) exportVEX(v *visit, format vuln.VEXFormat) error {
	var body []byte
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		body, err = vuln.ExportVEX(ctx, r, vuln.VEXExport{Model: v.path("id"), Format: format, Now: s.now()})
		return err
	})
	if err != nil {
		return err
	}
	v.attach("application/json", v.path("id")+"."+string(format)+".json")
	_, err = v.w.Write(body)
	return ignoreGone(err)
}

// vexPage is what importing a VEX document did.
type vexPage struct {
	Frame
	Result vuln.VEXResult
}

func (vexPage) template() string { return "vex" }

func (s *Server) vexNewPage(v *visit) formPage {
	return formPage{Frame: v.frame("Import a VEX document", urlVulns(), Link{urlVulns(), "Vulnerabilities"}),
		Lead: "What a manufacturer says of its products, as OpenVEX or CSAF. Each statement about a product that is known becomes a verdict; all are taken or none.",
		Form: Form{ID: "vex", Action: urlVEX(), Submit: "Import the document", Cancel: urlVulns(), Upload: true}.with(
			Field{Name: "file", Label: "File", Kind: "file", Required: true, Accept: ".json"})}
}

func (s *Server) vexNew(v *visit) error { return v.show(s.vexNewPage(v)) }

// maxVEX bounds a VEX document.
const maxVEX = 16 << 20

func (s *Server) vexDone(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	p := vexPage{}
	file, head, err := v.file("file")
	if err == nil {
		defer file.Close()
		var body []byte
		if body, err = io.ReadAll(io.LimitReader(file, maxVEX+1)); err == nil && len(body) > maxVEX {
			err = problem.New(problem.Invalid, "the document is larger than %d MiB", maxVEX>>20)
		}
		if err == nil {
			p.Result, err = s.Verdicts.ImportVEX(v.r.Context(), head.Filename, body)
		}
	}
	if err != nil {
		n := s.vexNewPage(v)
		if n.Form.blame(err) {
			return v.again(n, err)
		}
		return err
	}
	p.Frame = v.frame("VEX document imported", urlVulns(), Link{urlVulns(), "Vulnerabilities"})
	return v.show(p)
}
