package web

import (
	"context"
	"io"
	"net/url"
	filename "path"
	"strconv"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
)

// exhibitPage is one piece of evidence with its chain of custody.
type exhibitPage struct {
	Frame
	Incident incident.Incident
	Item     custody.Item
	Device   string // address of the device that it came from; "" for no device of the fleet
	Facts    []Figure
	Entries  []custodyRow
	Fault    string // what is wrong with the chain
	Signed   string // the checkpoint of the journal, signed
	Acts     []act
}

// custodyRow is an entry of a chain with its number in the journal, which is signed; 0 when it is not there.
type custodyRow struct {
	custody.Entry
	Journal int64
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
		if p.Entries, p.Fault, err = custodyRows(ctx, r, p.Item.ID); err != nil {
			return err
		}
		var parent custody.Item
		if p.Item.Parent != "" {
			if parent, err = custody.Glance(ctx, r, p.Item.Parent); err != nil {
				return err
			}
		}
		p.Facts = exhibitFacts(p.Item, parent, p.Incident, s.now())
		p.Acts, err = exhibitActs(ctx, r, v, p.Item, s.now())
		return err
	})
	if err != nil {
		return p, err
	}
	if d := p.Item.Device; d != "" && !strings.HasPrefix(d, "sys_") {
		p.Device = urlDevice(device.ID(d))
	}
	p.Frame = v.frame("Exhibit "+p.Item.Exhibit, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number})
	p.Signed, err = s.Inquiries.Builder.Ledger.Checkpoint(v.r.Context())
	return p, err
}

// custodyRows reads a chain and what is wrong with it.
func custodyRows(ctx context.Context, r store.Reader, item string) (rows []custodyRow, fault string, err error) {
	chain, err := custody.Chain(ctx, r, item)
	if err != nil {
		return nil, "", err
	}
	if err := custody.CheckChain(chain); err != nil {
		fault = err.Error()
	}
	signed, err := custody.Signed(ctx, r, item)
	if err != nil {
		return nil, "", err
	}
	for n, e := range chain {
		row := custodyRow{Entry: e}
		if n < len(signed) {
			row.Journal = signed[n]
		}
		rows = append(rows, row)
	}
	return rows, fault, nil
}

// exhibitFacts are what is known of an item, without what is not.
func exhibitFacts(i, parent custody.Item, f incident.Incident, now time.Time) []Figure {
	var out []Figure
	add := func(label, value string) {
		if value != "" {
			out = append(out, Figure{Label: label, Value: value})
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2 Jan 2006 15:04:05 UTC")
	}
	add("Model", i.Model)
	add("Serial number", i.Serial)
	add("UDI", i.UDI)
	add("Stood at", i.Location)
	add("Host", i.Host)
	add("Interface", i.Interface)
	if parent.ID != "" {
		add("Made from", parent.Exhibit+" "+parent.Description)
	}
	add("Authorised by", i.Authority)
	add("Legal basis", i.LegalBasis)
	add("How it was collected", i.Method)
	add("Tool", strings.TrimSpace(i.Tool+" "+i.ToolVersion))
	add("Command", i.Command)
	add("Write blocker", i.WriteBlocker)
	add("Medium", i.Medium)
	add("Collection began", at(i.Began))
	add("Collection ended", at(i.Ended))
	if i.SkewKnown {
		add("Clock of the source minus ours", i.Skew.String())
	}
	add("Data of patients", word(i.Patients))
	add("Marking", "TLP:"+strings.ToUpper(string(f.TLP.Stricter(i.TLP)))+", PAP:"+strings.ToUpper(string(f.PAP.Stricter(i.PAP))))
	add("Seal", i.Seal)
	add("Lies at", i.Place)
	add("Receipt", i.Receipt)
	add("File", i.File)
	if i.Size > 0 {
		add("Size", count(i.Size)+" bytes")
	}
	add("SHA-256 at collection", i.Expected)
	if i.State == custody.Registered && i.Size > 0 {
		add("SHA-256 of what came in", i.Received())
	}
	add("SHA-256", i.SHA256)
	add("SHA-512", i.SHA512)
	add("Encrypted for the key", strings.Join(i.Keys, ", "))
	add("Hashed last", at(i.Verified))
	if i.State != custody.Destroyed {
		kept := "no longer: two people may destroy it"
		if err := i.Kept(now); err != nil {
			kept = sentence(err.Error())
		}
		add("Kept", kept)
	}
	return out
}

// exhibitActs are the forms that fit the state of an item and the visitor.
func exhibitActs(ctx context.Context, r store.Reader, v *visit, i custody.Item, now time.Time) ([]act, error) {
	b := exhibitBuilder{v: v, item: i}
	if i.Kind != custody.Thing {
		file := Field{Name: "file", Label: "File", Kind: "file", Required: true}
		if i.Kind == custody.Photo {
			file.Label, file.Accept, file.Capture = "Photo", "image/*", "environment"
		}
		b.add(custody.OpContent, custody.KindContent, act{Title: "Bring the content in", First: i.Size == 0, Help: "A photo or a log, up to 50 MB. Larger files: triward evidence upload, which goes on where it stopped.", Form: Form{Submit: "Send the file", Upload: true}}, file)
	}
	b.seal()
	b.add(custody.OpAccept, custody.KindAccepted, act{Title: "Accept that its integrity is broken", First: true, Help: "The entry stays, and so does what it says.", Form: Form{Submit: "Accept"}}, reasonField("Reason"))
	if i.Holder == v.actor.ID {
		b.add(custody.OpReceive, custody.KindTransferred, act{Title: "I have received it", First: true, Help: "It is hashed now.", Form: Form{Submit: "I have it"}}, b.place())
	}
	if err := b.hands(ctx, r, now); err != nil {
		return nil, err
	}
	b.care(now)
	return b.acts, nil
}

// exhibitBuilder gathers what may be done with an item.
type exhibitBuilder struct {
	v    *visit
	item custody.Item
	acts []act
}

// add adds a form where the state of the item and the role of the visitor allow it.
func (b *exhibitBuilder) add(op custody.Operation, kind string, a act, fields ...Field) {
	if !b.item.Allows(op) || !b.v.may(kind) {
		return
	}
	a.Form.ID, a.Form.Action = string(op), urlExhibit(b.item.ID)+"/"+string(op)
	a.Form = a.Form.with(fields...)
	b.acts = append(b.acts, a)
}

func (b *exhibitBuilder) place() Field {
	return Field{Name: "place", Label: "Where it lies", Kind: "text", Value: b.item.Place}
}

func (b *exhibitBuilder) number() Field {
	return Field{Name: "seal", Label: "Number of the seal", Kind: "text", Value: b.item.Seal}
}

// seal asks why the content differs where it is known to.
func (b *exhibitBuilder) seal() {
	i := b.item
	fields := []Field{b.number(), b.place()}
	if i.Kind != custody.Thing {
		differs := i.Expected != "" && i.Size > 0 && i.Expected != i.Received()
		fields = append(fields, Field{Name: "expected", Label: "SHA-256 taken at collection", Kind: "text", Value: i.Expected, More: true},
			Field{Name: "difference", Label: "Why the content is another one than was hashed at collection", Kind: "textarea", More: !differs, Help: "Without it, another content is not sealed."})
	}
	b.add(custody.OpSeal, custody.KindSealed, act{Title: "Seal it", First: i.Size > 0 || i.Kind == custody.Thing, Help: "Its content and hash do not change any more.", Form: Form{Submit: "Seal it"}}, fields...)
}

// hands are the ways from one holder to the next.
func (b *exhibitBuilder) hands(ctx context.Context, r store.Reader, now time.Time) error {
	i, reason := b.item, reasonField("Reason")
	authority := Field{Name: "authority", Label: "Authorised by", Kind: "text", Required: true}
	to, err := colleagues(ctx, r, b.v, i.Holder)
	if err != nil {
		return err
	}
	b.add(custody.OpTransfer, custody.KindTransferred, act{Title: "Hand it over", Help: "It is hashed before and after.", Form: Form{Submit: "Hand it over"}}, Field{Name: "to", Label: "To", Kind: "select", Required: true, Options: orNone("Choose a person", to)}, reason, authority, b.place(), b.number(),
		Field{Name: "witness", Label: "Witness", Kind: "text"})
	b.add(custody.OpRelease, custody.KindTransferred, act{Title: "Release it", Help: "Back to its owner, or to the manufacturer, who confirm it with a receipt.", Form: Form{Submit: "Release it"}}, Field{Name: "outside", Label: "Who receives it", Kind: "text", Required: true}, audienceField(), reason, authority)
	hash := Field{Name: "sha256", Label: "SHA-256 that they found", Kind: "text"}
	number := Field{Name: "receipt", Label: "Number of the receipt", Kind: "text", Required: true}
	got := []Field{{Name: "outside", Label: "Who signed the receipt", Kind: "text", Required: true, Value: i.HolderName}, number, {Name: "on", Label: "When they received it", Kind: "datetime-local", Required: true, Value: inputTime(now), Help: "UTC."}}
	if i.SHA256 != "" {
		got = append(got, hash)
	}
	b.add(custody.OpReceipt, custody.KindTransferred, act{Title: "Record their receipt", First: i.Receipt == "", Help: "A hash that differs breaks its integrity.", Form: Form{Submit: "Record it"}}, got...)
	reason.Required = false
	back := []Field{reason, b.place(), b.number()}
	if i.State == custody.Released {
		number.Required, hash.Required, hash.Label = false, true, "SHA-256 of what came back"
		back = append(back, number)
		if i.SHA256 != "" {
			back = append(back, hash)
		}
	}
	b.add(custody.OpTakeBack, custody.KindTransferred, act{Title: "Take it back under seal", Form: Form{Submit: "Take it back"}}, back...)
	return nil
}

// care is what can be done with an item whoever has it.
func (b *exhibitBuilder) care(now time.Time) {
	i, reason := b.item, reasonField("Reason")
	b.add(custody.OpVerify, custody.KindVerified, act{Title: "Hash it again", Form: Form{Submit: "Hash it now"}})
	b.add(custody.OpRead, custody.KindAccessed, act{Title: "Read the content", Help: "That you read it, and why, becomes an entry first.", Form: Form{Submit: "Read it"}}, reason)
	b.add(custody.OpWork, custody.KindWorked, act{Title: "Record work on it", Form: Form{Submit: "Record it"}}, Field{Name: "action", Label: "It was", Kind: "select", Options: options("analysed", []custody.Action{custody.Copied, custody.Analysed, custody.Exported})}, reason)
	if i.Hold {
		b.add(custody.OpEndHold, custody.KindHeld, act{Title: "End the legal hold", Help: "Of this item; what its incident asks for goes on.", Form: Form{Submit: "End it"}}, reason)
	} else {
		b.add(custody.OpHold, custody.KindHeld, act{Title: "Legal hold", Form: Form{Submit: "Hold it"}}, reason)
	}
	if i.Kept(now) != nil || i.Destroyer == b.v.actor.ID { // nobody agrees with themselves
		return
	}
	help := "Two people destroy evidence: one asks, another agrees."
	if i.DestroyerBy != "" {
		help = i.DestroyerBy + " asked to destroy it. Somebody else has to agree."
	}
	b.add(custody.OpDestroy, custody.KindDestroyed, act{Title: "Destroy it", First: i.DestroyerBy != "", Help: help, Form: Form{Submit: "Destroy it", Danger: true}}, reason)
}

// audienceField asks whom a receiver belongs to: the marking decides whether they may have it.
func audienceField() Field {
	f := Field{Name: "as", Label: "They belong to", Kind: "select", Required: true, Help: "The marking (TLP) decides whether they may have it. What a law or a court orders is given whatever the marking says."}
	for _, a := range incident.Audiences() {
		f.Options = append(f.Options, Option{Value: string(a), Text: a.Words(), On: a == incident.Clients})
	}
	return f
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
	var l problem.List
	hand := custody.Hand{Receipt: f.Get("receipt"), On: timeOf(&l, "on", f.Get("on")), SHA256: f.Get("sha256"), To: f.Get("to"), Outside: f.Get("outside"), As: incident.Audience(f.Get("as")), Reason: f.Get("reason"), Authority: f.Get("authority"), Place: f.Get("place"), Witness: f.Get("witness"), Seal: f.Get("seal")}
	if err := l.Err("the form is not complete"); err != nil {
		return err
	}
	switch custody.Operation(v.path("act")) {
	case custody.OpContent:
		return s.sendContent(v, id)
	case custody.OpSeal:
		return s.Vault.Seal(ctx, id, custody.Sealing{Number: hand.Seal, Place: hand.Place, Expected: f.Get("expected"), Difference: f.Get("difference")})
	case custody.OpTransfer:
		return s.Vault.Transfer(ctx, id, hand)
	case custody.OpReceive:
		return s.Vault.Receive(ctx, id, hand.Place)
	case custody.OpTakeBack:
		return s.Vault.TakeBack(ctx, id, hand)
	case custody.OpRelease:
		return s.Vault.Release(ctx, id, hand)
	case custody.OpReceipt:
		return s.Vault.Confirm(ctx, id, hand)
	case custody.OpVerify:
		return s.Vault.Verify(ctx, id)
	case custody.OpWork:
		return s.Vault.Work(ctx, id, custody.Action(f.Get("action")), hand.Reason)
	case custody.OpAccept:
		return s.Vault.Accept(ctx, id, hand.Reason)
	case custody.OpHold:
		return s.Vault.Hold(ctx, id, hand.Reason)
	case custody.OpEndHold:
		return s.Vault.EndHold(ctx, id, hand.Reason)
	case custody.OpDestroy:
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
	if err := s.Vault.Announce(v.r.Context(), id, custody.Coming{File: filename.Base(strings.ReplaceAll(h.Filename, `\`, "/"))}); err != nil {
		return err
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
