package draft

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/document/rendition"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Desk keeps drafts.
type Desk struct {
	DB      *store.DB
	Signer  *signature.Signer // signs approvals
	Printer rendition.Printer
	Sealer  rendition.Sealer // of what is approved
}

const (
	maxText  = 20_000
	maxShort = 300
)

// Start is what a draft is begun for.
type Start struct {
	Incident string
	Template string
	Entity   string // that reports
	Duty     string // with Stage: the clock that it answers; "" for none
	Stage    string
}

// Start begins a draft and fills it in from what is known.
func (d Desk) Start(ctx context.Context, in Start) (string, error) {
	all, err := content.DraftTemplates()
	if err != nil {
		return "", err
	}
	t, ok := all.Template(in.Template)
	if !ok {
		return "", problem.New(problem.NotFound, "there is no template %q", in.Template)
	}
	if err := in.check(t); err != nil {
		return "", err
	}
	out := Draft{Entity: in.Entity, Template: t.ID, Title: t.Title, To: t.To, Audience: incident.Audience(t.Audience), Plain: t.Plain, Duty: in.Duty, Stage: in.Stage, State: Open}
	if out.ID, err = id.New("drf"); err != nil {
		return "", err
	}
	return out.ID, d.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := incident.Brief(ctx, tx, in.Incident)
		if err != nil {
			return err
		}
		out.Incident, out.Number, out.Exercise = i.ID, i.Number, i.Exercise
		k, err := known(ctx, tx, out, tx.Now)
		if err != nil {
			return err
		}
		if k.Entity != nil {
			out.EntityName = k.Entity.Name
		}
		if in.Duty != "" && k.Clock == nil {
			return problem.New(problem.Conflict, "the duty %s does not concern %s", in.Duty, first(out.EntityName, "nobody"))
		}
		out.Values = Fill(t, k.Sheet())
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		return out.version(ctx, tx, me, KindStarted, nil)
	})
}

func (s Start) check(t content.Template) error {
	var l problem.List
	if (s.Duty == "") != (s.Stage == "") {
		l.Add("stage", "belongs to a duty")
	}
	if s.Duty != "" && !t.Serve(s.Duty, s.Stage) {
		l.Add("template", "%s does not answer %s/%s", t.ID, s.Duty, s.Stage)
	}
	if s.Duty != "" && s.Entity == "" {
		l.Add("entity", "is required: a duty is that of a legal entity")
	}
	return l.Err("the draft cannot be begun")
}

// version keeps a changed draft as its next version.
func (d *Draft) version(ctx context.Context, tx *store.Tx, me people.Name, kind string, fields []string) error {
	d.Version++
	d.Changed, d.Digest = tx.Now, digest(d.Canonical())
	if !slices.Contains(d.Writers, me.ID) {
		d.Writers = append(d.Writers, me.ID)
	}
	if err := put(ctx, tx, *d); err != nil {
		return err
	}
	if err := putVersion(ctx, tx, d.ID, Version{Version: d.Version, Actor: me.ID, Name: me.Name, At: tx.Now, Digest: d.Digest, Values: d.Values}); err != nil {
		return err
	}
	return d.record(ctx, tx, kind, Body{Fields: fields})
}

func (d Draft) record(ctx context.Context, tx *store.Tx, kind string, b Body) error {
	i, err := incident.Brief(ctx, tx, d.Incident)
	if err != nil {
		return err
	}
	b.Number, b.Exercise, b.Draft, b.Template, b.Duty, b.Stage, b.Version, b.Digest = d.Number, d.Exercise, d.ID, d.Template, d.Duty, d.Stage, d.Version, d.Digest
	_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: d.Incident, Site: i.Site, Product: i.Product, Body: b})
	return err
}

// change lets somebody change a draft that is in a state. Conflict when it is in another, or has another version by now (0 is
// any).
func (d Desk) change(ctx context.Context, draft string, at State, version int, fn func(tx *store.Tx, x *Draft, me people.Name) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		x, err := Get(ctx, tx, draft)
		if err != nil {
			return err
		}
		if x.State != at {
			return problem.New(problem.Conflict, "the draft is %s", x.State)
		}
		if version != 0 && version != x.Version {
			return problem.New(problem.Conflict, "the draft has version %d by now: look at it again", x.Version)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		return fn(tx, &x, me)
	})
}

// Edit types values over those that stand there. An empty text takes a typed value back, so that what is known stands again.
func (d Desk) Edit(ctx context.Context, draft string, version int, texts map[string]string) error {
	return d.change(ctx, draft, Open, version, func(tx *store.Tx, x *Draft, me people.Name) error {
		fresh, err := x.fresh(ctx, tx)
		if err != nil {
			return err
		}
		var l problem.List
		var changed []string
		used := 0
		for n, v := range x.Values {
			text, ok := texts[v.Field]
			if !ok {
				continue
			}
			used++
			if text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")); text == v.Text {
				continue
			}
			if len(text) > maxText {
				l.Add(v.Field, "is longer than %d characters", maxText)
			}
			if text == "" {
				x.Values[n] = fresh[n]
			} else {
				v.Text, v.Source, v.Missing, v.By, v.ByName, v.At = text, "typed by "+me.Name, nil, me.ID, me.Name, tx.Now
				x.Values[n] = v
			}
			changed = append(changed, v.Field)
		}
		if used < len(texts) {
			l.Add("fields", "there is no such field in this draft")
		}
		if err := l.Err("the draft cannot be kept"); err != nil {
			return err
		}
		if len(changed) == 0 {
			return nil
		}
		return x.version(ctx, tx, me, KindEdited, changed)
	})
}

// fresh fills the template in from what is known now.
func (d Draft) fresh(ctx context.Context, r *store.Tx) ([]Value, error) {
	all, err := content.DraftTemplates()
	if err != nil {
		return nil, err
	}
	t, ok := all.Template(d.Template)
	if !ok {
		return nil, problem.New(problem.Conflict, "the template %s is not there any more", d.Template)
	}
	k, err := known(ctx, r, d, r.Now)
	if err != nil {
		return nil, err
	}
	fresh := Fill(t, k.Sheet())
	if !slices.EqualFunc(fresh, d.Values, func(a, b Value) bool { return a.Field == b.Field }) {
		return nil, problem.New(problem.Conflict, "the template %s has other fields now: begin a new draft", d.Template)
	}
	return fresh, nil
}

// Refresh fills in again what nobody typed.
func (d Desk) Refresh(ctx context.Context, draft string) error {
	return d.change(ctx, draft, Open, 0, func(tx *store.Tx, x *Draft, me people.Name) error {
		fresh, err := x.fresh(ctx, tx)
		if err != nil {
			return err
		}
		var changed []string
		for n, v := range fresh {
			if x.Values[n].By == "" && (x.Values[n].Text != v.Text || x.Values[n].Source != v.Source || !slices.Equal(x.Values[n].Missing, v.Missing)) {
				x.Values[n] = v
				changed = append(changed, v.Field)
			}
		}
		if len(changed) == 0 {
			return nil
		}
		return x.version(ctx, tx, me, KindEdited, changed)
	})
}

// Approval is what an approver says.
type Approval struct {
	Version int    // that they read
	Reason  string // needed where something required is missing, or a letter is hard to read
	Factors signature.Factors
}

// Approve signs a version. It takes somebody who wrote nothing in it.
func (d Desk) Approve(ctx context.Context, draft string, a Approval) error {
	proof, err := d.Signer.Verify(ctx, a.Factors)
	if err != nil {
		return err
	}
	if a.Version == 0 {
		return problem.New(problem.Invalid, "say which version you read")
	}
	return d.change(ctx, draft, Open, a.Version, func(tx *store.Tx, x *Draft, me people.Name) error {
		if slices.Contains(x.Writers, me.ID) {
			return problem.New(problem.Forbidden, "you wrote in it: somebody else has to approve it")
		}
		if err := x.approvable(strings.TrimSpace(a.Reason)); err != nil {
			return err
		}
		i, err := incident.Brief(ctx, tx, x.Incident)
		if err != nil {
			return err
		}
		sig, err := d.Signer.SignTx(ctx, tx, proof, signature.Record{Kind: "draft", ID: x.ID, Title: x.Title + " " + x.Number, Content: x.Digest, Displayed: x.Digest, Site: i.Site, Product: i.Product},
			signature.Act{Meaning: signature.Approval, Reason: strings.TrimSpace(a.Reason)})
		if err != nil {
			return err
		}
		x.State, x.Signature, x.Approver, x.ApproverName, x.Approved, x.Why, x.Changed = Approved, sig.ID, me.ID, me.Name, tx.Now, strings.TrimSpace(a.Reason), tx.Now
		if err := put(ctx, tx, *x); err != nil {
			return err
		}
		return x.record(ctx, tx, KindApproved, Body{Missing: x.Missing(), Reason: x.Why, Signature: sig.ID})
	})
}

// approvable says what of a draft needs a reason.
func (d Draft) approvable(reason string) error {
	var l problem.List
	if len(reason) > maxText {
		l.Add("reason", "is longer than %d characters", maxText)
	}
	if missing := d.Missing(); len(missing) > 0 && reason == "" {
		l.Add("reason", "is required, because this is unknown: %s", strings.Join(missing, "; "))
	}
	if d.Plain {
		r, err := d.Reading()
		if err != nil {
			return err
		}
		if !r.Easy() && reason == "" {
			l.Add("reason", "is required, because it is hard to read (%d, at most %d; %d words that readers do not know)", r.LIX, MaxLIX, len(r.Jargon))
		}
	}
	return l.Err("the draft cannot be approved")
}

// Reopen takes an approved draft back, to change it before it is sent.
func (d Desk) Reopen(ctx context.Context, draft, reason string) error {
	return d.change(ctx, draft, Approved, 0, func(tx *store.Tx, x *Draft, _ people.Name) error {
		if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxText {
			var l problem.List
			l.Add("reason", "is required, at most %d characters", maxText)
			return l.Err("say why")
		}
		x.State, x.Signature, x.Approver, x.ApproverName, x.Approved, x.Why, x.Changed = Open, "", "", "", time.Time{}, "", tx.Now
		if err := put(ctx, tx, *x); err != nil {
			return err
		}
		return x.record(ctx, tx, KindReopened, Body{Reason: reason})
	})
}

// Send records that an approved draft was sent, and discharges the clock that it answers. Forbidden where the TLP marking of
// the incident does not allow the receiver and no duty asks for it.
func (d Desk) Send(ctx context.Context, draft string, s Sending) error {
	return d.change(ctx, draft, Approved, 0, func(tx *store.Tx, x *Draft, me people.Name) error {
		i, err := incident.Brief(ctx, tx, x.Incident)
		if err != nil {
			return err
		}
		if err := x.MayGo(i); err != nil {
			return err
		}
		s.Whom, s.Channel, s.Reference = strings.TrimSpace(s.Whom), strings.TrimSpace(s.Channel), strings.TrimSpace(s.Reference)
		if err := s.check(*x, tx.Now); err != nil {
			return err
		}
		x.State, x.Sending, x.SentByName, x.Changed = Sent, s, me.Name, tx.Now
		if err := put(ctx, tx, *x); err != nil {
			return err
		}
		if err := x.record(ctx, tx, KindSent, Body{Signature: x.Signature, To: s.Whom, Channel: s.Channel, Reference: s.Reference, Sent: s.At.UTC().Format(time.RFC3339)}); err != nil {
			return err
		}
		if x.Duty == "" {
			return nil
		}
		evidence := fmt.Sprintf("%s, version %d, SHA-256 %s, sent to %s by %s", x.ID, x.Version, x.Digest, s.Whom, s.Channel)
		if s.Reference != "" {
			evidence += ", reference " + s.Reference
		}
		return incident.DischargeTx(ctx, tx, x.Incident, x.Entity, incident.Sent{Duty: x.Duty, Stage: x.Stage, At: s.At, Evidence: evidence})
	})
}

// MayGo refuses to send a draft that the marking of its incident keeps inside.
func (d Draft) MayGo(i incident.Incident) error {
	with := d.Audience
	if d.Duty != "" {
		with = incident.ByLaw
	}
	return i.Share(d.Title, with)
}

func (s Sending) check(d Draft, now time.Time) error {
	var l problem.List
	if s.At.IsZero() || s.At.After(now) {
		l.Add("at", "must be an instant in the past")
	}
	if !s.At.IsZero() && s.At.Before(d.Approved.Truncate(time.Minute)) { // forms know minutes only
		l.Add("at", "lies before the approval")
	}
	for _, f := range []struct{ path, text string }{{"whom", s.Whom}, {"channel", s.Channel}} {
		if f.text == "" {
			l.Add(f.path, "is required")
		}
	}
	for _, f := range []struct{ path, text string }{{"whom", s.Whom}, {"channel", s.Channel}, {"reference", s.Reference}} {
		if len(f.text) > maxShort {
			l.Add(f.path, "is longer than %d characters", maxShort)
		}
	}
	return l.Err("it cannot be recorded as sent")
}
