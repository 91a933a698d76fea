package web

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// exhibitPage is one piece of evidence with its chain of custody.
type exhibitPage struct {
	Frame
	Incident incident.Incident
	Item     custody.Item
	Entries  []custody.Entry
	Fault    string // what is wrong with the chain
	Acts     []act
}

func (exhibitPage) template() string { return "exhibit" }

func (s *Server) exhibitPageOf(v *visit) (exhibitPage, error) {
	var p exhibitPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Item, err = custody.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.Incident, err = incident.Brief(ctx, r, p.Item.Incident); err != nil {
			return err
		}
		if p.Entries, err = custody.Chain(ctx, r, p.Item.ID); err != nil {
			return err
		}
		if err := custody.CheckChain(p.Entries); err != nil {
			p.Fault = err.Error()
		}
		p.Acts, err = exhibitActs(ctx, r, v, p.Item)
		return err
	})
	p.Frame = v.frame("Exhibit "+p.Item.Exhibit, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number})
	return p, err
}

// exhibitActs are the forms that fit the state of an item and the visitor.
func exhibitActs(ctx context.Context, r store.Reader, v *visit, i custody.Item) ([]act, error) {
	at := urlExhibit(i.ID)
	var out []act
	add := func(kind string, a act, fields ...Field) {
		if v.may(kind) {
			a.Form = a.Form.with(fields...)
			out = append(out, a)
		}
	}
	form := func(id, submit string) Form { return Form{ID: id, Action: at + "/" + id, Submit: submit} }
	reason := reasonField("Reason")
	authority := Field{Name: "authority", Label: "Authorised by", Kind: "text", Required: true}
	place := Field{Name: "place", Label: "Where it lies", Kind: "text", Value: i.Place}
	seal := Field{Name: "seal", Label: "Number of the seal", Kind: "text", Value: i.Seal}
	switch i.State {
	case custody.Registered:
		if i.Kind != custody.Thing {
			f := form("content", "Send the file")
			f.Upload = true
			file := Field{Name: "file", Label: "File", Kind: "file", Required: true}
			if i.Kind == custody.Photo {
				file.Label, file.Accept, file.Capture = "Photo", "image/*", "environment"
			}
			add(custody.KindContent, act{Title: "Bring the content in", First: i.Size == 0, Help: "A photo or a log, up to 50 MB. Larger files: triward evidence upload, which goes on where it stopped.", Form: f}, file)
		}
		add(custody.KindSealed, act{Title: "Seal it", First: i.Size > 0 || i.Kind == custody.Thing, Help: "Its content and hash do not change any more.", Form: form("seal", "Seal it")}, seal, place)
	case custody.Broken:
		add(custody.KindAccepted, act{Title: "Accept that its integrity is broken", First: true, Help: "The entry stays, and so does what it says.", Form: form("accept", "Accept")}, reason)
	case custody.Sealed, custody.CheckedOut:
		if i.State == custody.CheckedOut && i.Holder == v.actor.ID {
			add(custody.KindTransferred, act{Title: "I have received it", First: true, Help: "It is hashed now.", Form: form("receive", "I have it")}, place)
		}
		to, err := colleagues(ctx, r, v, i.Holder)
		if err != nil {
			return nil, err
		}
		add(custody.KindTransferred, act{Title: "Hand it over", Help: "It is hashed before and after.", Form: form("transfer", "Hand it over")}, Field{Name: "to", Label: "To", Kind: "select", Required: true, Options: orNone("Choose a person", to)}, reason, authority, place, seal,
			Field{Name: "witness", Label: "Witness", Kind: "text"})
		if i.State == custody.CheckedOut {
			add(custody.KindTransferred, act{Title: "Take it back under seal", Form: form("take-back", "Take it back")}, reason, place, seal)
		} else {
			add(custody.KindTransferred, act{Title: "Release it", Help: "Back to its owner, or to the manufacturer with a receipt.", Form: form("release", "Release it")}, Field{Name: "outside", Label: "Who receives it", Kind: "text", Required: true}, audienceField(), reason, authority)
		}
	}
	if i.State != custody.Destroyed && i.State != custody.Registered {
		exhibitCare(add, form, i)
	}
	return out, nil
}

// audienceField asks whom a receiver belongs to: the marking decides whether they may have it.
func audienceField() Field {
	f := Field{Name: "as", Label: "They belong to", Kind: "select", Required: true, Help: "The marking (TLP) decides whether they may have it. What a law or a court orders is given whatever the marking says."}
	for _, a := range incident.Audiences() {
		f.Options = append(f.Options, Option{Value: string(a), Text: a.Words(), On: a == incident.Clients})
	}
	return f
}

// exhibitCare adds what can be done with an item under seal in whatever state.
func exhibitCare(add func(string, act, ...Field), form func(id, submit string) Form, i custody.Item) {
	reason := reasonField("Reason")
	if i.SHA256 != "" {
		add(custody.KindVerified, act{Title: "Hash it again", Form: form("verify", "Hash it now")})
		add(custody.KindAccessed, act{Title: "Read the content", Help: "That you read it, and why, becomes an entry first.", Form: form("read", "Read it")}, reason)
	}
	add(custody.KindWorked, act{Title: "Record work on it", Form: form("work", "Record it")}, Field{Name: "action", Label: "It was", Kind: "select", Options: options("analysed", []custody.Action{custody.Copied, custody.Analysed, custody.Exported})}, reason)
	if i.Hold {
		add(custody.KindHeld, act{Title: "End the legal hold", Form: form("end-hold", "End it")}, reason)
		return
	}
	add(custody.KindHeld, act{Title: "Legal hold", Form: form("hold", "Hold it")}, reason)
	help := "Two people destroy evidence: one asks, another agrees."
	if i.DestroyerBy != "" {
		help = i.DestroyerBy + " asked to destroy it. Somebody else has to agree."
	}
	f := form("destroy", "Destroy it")
	f.Danger = true
	add(custody.KindDestroyed, act{Title: "Destroy it", Help: help, Form: f}, reason)
}

func (s *Server) exhibit(v *visit) error {
	p, err := s.exhibitPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// exhibitAct does something with an item and comes back to it.
func (s *Server) exhibitAct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = s.handle(v, f); err == nil {
		return v.done(urlExhibit(v.path("id")), "Recorded.")
	}
	p, perr := s.exhibitPageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, formOf(p.Acts, v.path("act")), f, err)
}

// handle does what the last part of the address names. Each act checks its own permission below.
func (s *Server) handle(v *visit, f url.Values) error {
	ctx, id := v.r.Context(), v.path("id")
	hand := custody.Hand{To: f.Get("to"), Outside: f.Get("outside"), As: incident.Audience(f.Get("as")), Reason: f.Get("reason"), Authority: f.Get("authority"), Place: f.Get("place"), Witness: f.Get("witness"), Seal: f.Get("seal")}
	switch v.path("act") {
	case "content":
		return s.sendContent(v, id)
	case "seal":
		return s.Vault.Seal(ctx, id, custody.Sealing{Number: hand.Seal, Place: hand.Place})
	case "transfer":
		return s.Vault.Transfer(ctx, id, hand)
	case "receive":
		return s.Vault.Receive(ctx, id, hand.Place)
	case "take-back":
		return s.Vault.TakeBack(ctx, id, hand)
	case "release":
		return s.Vault.Release(ctx, id, hand)
	case "verify":
		return s.Vault.Verify(ctx, id)
	case "work":
		return s.Vault.Work(ctx, id, custody.Action(f.Get("action")), hand.Reason)
	case "accept":
		return s.Vault.Accept(ctx, id, hand.Reason)
	case "hold":
		return s.Vault.Hold(ctx, id, hand.Reason)
	case "end-hold":
		return s.Vault.EndHold(ctx, id, hand.Reason)
	case "destroy":
		return s.Vault.Destroy(ctx, id, hand.Reason)
	}
	return problem.New(problem.NotFound, "there is no such page")
}

// sendContent takes the file of a form as the whole content.
func (s *Server) sendContent(v *visit, id string) error {
	file, h, err := v.file("file")
	if err != nil {
		return err
	}
	defer file.Close()
	if h.Size > maxEvidence {
		var l problem.List
		l.Add("file", "is larger than %d MB: send it with triward evidence upload", maxEvidence>>20)
		return l.Err("the file was not taken")
	}
	_, err = s.Vault.Append(v.r.Context(), id, 0, file)
	return err
}

// exhibitRead gives the content of an item out, to be saved.
func (s *Server) exhibitRead(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	item, content, err := s.Vault.Open(v.r.Context(), v.path("id"), f.Get("reason"))
	if err != nil {
		return err
	}
	name := item.File
	if name == "" {
		name = "exhibit"
	}
	v.attach("application/octet-stream", name)
	v.w.Header().Set("Content-Length", strconv.FormatInt(item.Size, 10)) // what is damaged ends early, and the browser says so
	if _, err := io.Copy(v.w, content); err != nil {
		s.Log.Warn("evidence was not read to its end", "exhibit", item.Exhibit, "error", err)
	}
	return ignoreGone(content.Close())
}

// exhibitNewPage registers evidence.
type exhibitNewPage struct {
	Frame
	Lead   string
	Guides []guideOf
	Form   Form
}

func (exhibitNewPage) template() string { return "exhibitnew" }

// guideOf is what to capture of a device.
type guideOf struct {
	Device string
	Guides []content.Guide
}

// guidesOf are the guides for the devices of an incident; without one, that for every device.
func guidesOf(ctx context.Context, r store.Reader, in []incident.Involved) ([]guideOf, error) {
	var out []guideOf
	for _, d := range in[:min(len(in), 20)] {
		about := d.Name
		if d.Device != "" {
			b, err := device.Briefs(ctx, r, []string{d.Device})
			if err != nil {
				return nil, err
			}
			if len(b) == 1 && b[0].Model != "" {
				m, err := product.Get(ctx, r, b[0].Model)
				if err != nil && problem.KindOf(err) == "" {
					return nil, err
				}
				for _, f := range m.Functions {
					about += " " + f.Name
				}
			}
		}
		g, err := content.GuidesFor(about)
		if err != nil {
			return nil, err
		}
		out = append(out, guideOf{d.Name, g})
	}
	return out, nil
}

// exhibitNewPageOf is the form.
func (s *Server) exhibitNewPageOf(v *visit) (exhibitNewPage, error) {
	var f incident.File
	var guides []guideOf
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if f, err = incident.Get(ctx, r, v.path("id")); err == nil {
			guides, err = guidesOf(ctx, r, f.Devices)
		}
		return err
	})
	p := exhibitNewPage{Frame: v.frame("Register evidence", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}), Guides: guides,
		Lead: "What the device alone remembers first: screen, alarm and event log, traffic at its port. A battery device forgets when it is off. Nothing that can write is plugged into a device in use."}
	from := []Option{{Value: "", Text: "Something else"}}
	for _, d := range f.Devices {
		if d.Device != "" {
			from = append(from, Option{Value: d.Device, Text: d.Name})
		}
	}
	p.Form = Form{ID: "exhibit", Action: urlIncident(f.ID) + "/evidence/new", Submit: "Register it", Cancel: urlIncident(f.ID)}.with(
		Field{Name: "kind", Label: "It is", Kind: "select", Options: options(string(custody.LogExtract), custody.Kinds())},
		Field{Name: "description", Label: "What it is", Kind: "text", Required: true, Placeholder: "Event log of the pump"},
		Field{Name: "device", Label: "From the device", Kind: "select", Options: from},
		Field{Name: "source", Label: "Where exactly it came from", Kind: "text", Required: true, Placeholder: "Service port of the pump"},
		Field{Name: "authority", Label: "Authorised by, on which ground", Kind: "text", Required: true},
		Field{Name: "method", Label: "How it was collected", Kind: "text", Required: true, Placeholder: "Service tool 4.1, read only"},
		Field{Name: "began", Label: "When the collection began", Kind: "datetime-local", Required: true, Value: inputTime(s.now()), Help: "UTC."},
		Field{Name: "patients", Label: "Data of patients", Kind: "select", Options: options(string(custody.HasPatients), []custody.Patients{custody.HasPatients, custody.NoPatients, custody.Minimised})},
		Field{Name: "seal", Label: "Number of the seal", Kind: "text", Help: "Of a device or a medium."},
		Field{Name: "place", Label: "Where it lies", Kind: "text", Help: "Of a device or a medium."})
	return p, err
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
	var l problem.List
	i := custody.Item{Incident: v.path("id"), Kind: custody.Kind(f.Get("kind")), Description: f.Get("description"), Device: f.Get("device"), Source: f.Get("source"), Authority: f.Get("authority"),
		Method: f.Get("method"), Began: timeOf(&l, "began", f.Get("began")), Patients: custody.Patients(f.Get("patients")), Seal: f.Get("seal"), Place: f.Get("place")}
	if i.Began.After(s.now().Add(time.Minute)) {
		l.Add("began", "lies in the future")
	}
	id := ""
	if err = l.Err("the evidence is not complete"); err == nil {
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
