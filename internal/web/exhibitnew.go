package web

import (
	"context"
	"net/url"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/capture"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
)

// exhibitNewPage registers evidence.
type exhibitNewPage struct {
	Frame
	Lead   string
	Guides []capture.Advice
	More   int // devices whose guides are not shown here
	Form   Form
}

func (exhibitNewPage) template() string { return "exhibitnew" }

// guidesShown bounds the devices whose guides stand on one page.
const guidesShown = 100

// guidesOf are the guides for the devices of an incident, and how many devices are left out.
func guidesOf(ctx context.Context, r store.Reader, in []incident.Involved) ([]capture.Advice, int, error) {
	some, more := first(in, guidesShown)
	out := make([]capture.Advice, len(some))
	for n, d := range some {
		var err error
		if out[n], err = capture.For(ctx, r, capture.Subject{ID: device.ID(d.Device), Name: d.Name}); err != nil {
			return nil, 0, err
		}
	}
	return out, more, nil
}

// exhibitNewPageOf is the form.
func (s *Server) exhibitNewPageOf(v *visit) (exhibitNewPage, error) {
	var f incident.File
	var guides []capture.Advice
	more := 0
	var exhibits []custody.Item
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if f, err = incident.Get(ctx, r, v.path("id")); err == nil {
			guides, more, err = guidesOf(ctx, r, f.Devices)
		}
		if err == nil && v.may(custody.KindRead) {
			exhibits, err = custody.List(ctx, r, f.ID)
		}
		return err
	})
	p := exhibitNewPage{Frame: v.frame("Register evidence", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}), Guides: guides, More: more,
		Lead: "What the device alone remembers first: screen, alarm and event log, traffic at its port. A battery device forgets when it is off. Nothing that can write is plugged into a device in use."}
	p.Form = Form{ID: "exhibit", Action: urlIncident(f.ID) + "/evidence/new", Submit: "Register it", Cancel: urlIncident(f.ID)}.with(exhibitFields(f, exhibits, s.now())...)
	return p, err
}

// exhibitFields are what is asked of evidence: what is needed first, the rest folded away.
func exhibitFields(f incident.File, exhibits []custody.Item, now time.Time) []Field {
	from := []Option{{Value: "", Text: "Something else"}}
	for _, d := range f.Devices {
		from = append(from, Option{Value: d.ID, Text: d.Name})
	}
	parents := []Option{{Value: "", Text: "Nothing"}}
	for _, i := range exhibits {
		if !i.Withheld {
			parents = append(parents, Option{Value: i.ID, Text: i.Exhibit + " " + i.Description})
		}
	}
	marks := func(of incident.Marking, all ...incident.Marking) []Option {
		return orNone("As the incident: "+string(of), options("", all))
	}
	out := []Field{
		{Name: "kind", Label: "It is", Kind: "select", Options: options(string(custody.LogExtract), custody.Kinds())},
		{Name: "description", Label: "What it is", Kind: "text", Required: true, Placeholder: "Event log of the pump"},
		{Name: "device", Label: "From", Kind: "select", Options: from, Help: "Model, serial number, UDI and place of a device are frozen as its record says now."},
		{Name: "source", Label: "Where exactly it came from", Kind: "text", Required: true, Placeholder: "Service port of the pump"},
		{Name: "authority", Label: "Authorised by", Kind: "text", Required: true},
		{Name: "method", Label: "How it was collected", Kind: "text", Required: true, Placeholder: "Read out with the service tool, nothing written"},
		{Name: "began", Label: "When the collection began", Kind: "datetime-local", Required: true, Value: inputTime(now), Help: "UTC."},
		{Name: "patients", Label: "Data of patients", Kind: "select", Options: options(string(custody.HasPatients), []custody.Patients{custody.HasPatients, custody.NoPatients, custody.Minimised})},
		{Name: "seal", Label: "Number of the seal", Kind: "text", Help: "Of a device or a medium."},
		{Name: "place", Label: "Where it lies", Kind: "text", Help: "Of a device or a medium."},
	}
	more := []Field{
		{Name: "ended", Label: "When the collection ended", Kind: "datetime-local", Help: "UTC."},
		{Name: "skew", Label: "Clock of the source minus ours", Kind: "text", Placeholder: "-90s", Help: "Like -90s or 1h2m; 0s where both agree. Empty: not known."},
		{Name: "expected", Label: "SHA-256 taken at collection", Kind: "text", Help: "Another content is not sealed without a reason."},
		{Name: "with_sha512", Label: "Compute SHA-512 too", Kind: "checkbox"},
		{Name: "legal_basis", Label: "Legal basis", Kind: "text", Placeholder: "Incident plan 4.2; order of a court"},
		{Name: "tlp", Label: "TLP", Kind: "select", Options: marks(f.TLP, incident.Red, incident.AmberStrict, incident.Amber, incident.Green, incident.Clear), Help: "The stricter of both counts."},
		{Name: "pap", Label: "PAP", Kind: "select", Options: marks(f.PAP, incident.Red, incident.Amber, incident.Green, incident.Clear)},
		{Name: "parent", Label: "Made from", Kind: "select", Options: parents},
		{Name: "file", Label: "Name of the file", Kind: "text"},
		{Name: "retain_until", Label: "Kept at least until", Kind: "date", Help: "Longer than its incident asks for."},
	}
	for _, t := range [][2]string{{"tool", "Tool"}, {"tool_version", "Version of the tool"}, {"command", "Command"}, {"write_blocker", "Write blocker"}, {"medium", "Medium"}, {"host", "Host"}, {"interface", "Interface"},
		{"model", "Model"}, {"serial", "Serial number"}, {"udi", "UDI"}, {"location", "Where the source stood"}} {
		more = append(more, Field{Name: t[0], Label: t[1], Kind: "text"})
	}
	for n := range more {
		more[n].More = true
	}
	return append(out, more...)
}

func (s *Server) exhibitNew(v *visit) error {
	p, err := s.exhibitNewPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) exhibitNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	i, err := exhibitOf(f)
	i.Incident = v.path("id")
	id := ""
	if err == nil {
		id, err = s.Vault.Register(v.r.Context(), i)
	}
	if err == nil {
		return v.done(urlExhibit(id), "Registered. Bring its content in, then seal it.")
	}
	p, perr := s.exhibitNewPageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}

// exhibitOf reads the fields of exhibitFields.
func exhibitOf(f url.Values) (custody.Item, error) {
	var l problem.List
	i := custody.Item{Kind: custody.Kind(f.Get("kind")), Description: f.Get("description"), Device: f.Get("device"), Source: f.Get("source"), Authority: f.Get("authority"), Method: f.Get("method"),
		Began: timeOf(&l, "began", f.Get("began")), Ended: timeOf(&l, "ended", f.Get("ended")), RetainUntil: date(&l, f, "retain_until"), Patients: custody.Patients(f.Get("patients")),
		Seal: f.Get("seal"), Place: f.Get("place"), Expected: f.Get("expected"), WithSHA512: f.Get("with_sha512") != "", TLP: incident.Marking(f.Get("tlp")), PAP: incident.Marking(f.Get("pap")),
		Parent: f.Get("parent"), File: f.Get("file"), Details: custody.Details{LegalBasis: f.Get("legal_basis"), Tool: f.Get("tool"), ToolVersion: f.Get("tool_version"), Command: f.Get("command"),
			WriteBlocker: f.Get("write_blocker"), Medium: f.Get("medium"), Host: f.Get("host"), Interface: f.Get("interface"), Model: f.Get("model"), Serial: f.Get("serial"), UDI: f.Get("udi"), Location: f.Get("location")}}
	if err := l.Err("the evidence is not complete"); err != nil {
		return i, err
	}
	return i, i.ReadSkew(f.Get("skew"))
}
