package incident

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// involve adds devices of the fleet and other systems.
func (i Incident) involve(ctx context.Context, tx *store.Tx, devices, systems []string) error {
	found, err := device.Briefs(ctx, tx, devices)
	if err != nil {
		return err
	}
	for _, want := range devices {
		n := slices.IndexFunc(found, func(b device.Brief) bool { return string(b.ID) == want })
		if n < 0 {
			return problem.New(problem.NotFound, "there is no device %s in use in the fleet's records", want)
		}
		b := found[n]
		name := strings.TrimSpace(b.AssetTag + " " + b.ModelName)
		if err := i.add(ctx, tx, Involved{ID: want, Device: want, Name: name}); err != nil {
			return err
		}
	}
	for _, name := range systems {
		if name = strings.TrimSpace(name); name == "" || len(name) > maxTitle {
			return problem.New(problem.Invalid, "a system needs a name of at most %d characters", maxTitle)
		}
		sys, err := id.New("sys")
		if err != nil {
			return err
		}
		if err := i.add(ctx, tx, Involved{ID: sys, Name: name}); err != nil {
			return err
		}
	}
	return nil
}

func (i Incident) add(ctx context.Context, tx *store.Tx, d Involved) error {
	d.State, d.Evidence, d.Changed = DeviceUnknown, NoEvidence, tx.Now
	if err := putInvolved(ctx, tx, i.ID, d); err != nil {
		return err
	}
	return i.record(ctx, tx, KindDeviceInvolved, Body{Of: d.ID, Note: d.Name})
}

// Involve adds devices and systems to an incident. Those that are in it already are left as they are.
func (c Cases) Involve(ctx context.Context, incident string, devices, systems []string) error {
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error {
		have, err := involved(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		in := func(name string) bool {
			return slices.ContainsFunc(have, func(d Involved) bool {
				return d.ID == name || d.Device == "" && strings.EqualFold(d.Name, strings.TrimSpace(name))
			})
		}
		devices, systems = slices.DeleteFunc(slices.Clone(devices), in), slices.DeleteFunc(slices.Clone(systems), in)
		if len(devices)+len(systems) == 0 {
			return problem.New(problem.Conflict, "it is in this incident already")
		}
		return i.involve(ctx, tx, devices, systems)
	})
}

// DeviceChange is what becomes of a device in an incident.
type DeviceChange struct {
	State        DeviceState // "" leaves it
	Evidence     Evidence    // "" leaves it
	EvidenceNote string
	Checks       []string // of the revalidation
	Reason       string
}

// SetDevice moves a device in an incident. Revalidated needs every check of [RevalidationChecks]; evidence that is preserved
// has to lie under seal; evidence that is waived needs a note, and counts when somebody else signed it ([Cases.Waive]).
func (c Cases) SetDevice(ctx context.Context, incident, what string, to DeviceChange) error {
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		before, err := i.device(ctx, tx, what)
		if err != nil {
			return err
		}
		d, err := before.apply(to)
		if err != nil {
			return err
		}
		if to.Evidence == Preserved {
			if ok, err := c.preserved(ctx, tx, *i, d); err != nil {
				return err
			} else if !ok {
				return faultOf("evidence", "nothing of it lies under seal with its integrity whole: register and seal an exhibit of it first")
			}
		}
		if d.Evidence == Waived && d.Asker == "" {
			d.Asker = me.ID
		}
		d.ActorName, d.Changed = me.Name, tx.Now
		if err := putInvolved(ctx, tx, i.ID, d); err != nil {
			return err
		}
		return i.record(ctx, tx, KindDeviceMoved, Body{Of: d.ID, Note: d.Name, Reason: strings.TrimSpace(to.Reason),
			Changes: differing(Change{"state", string(before.State), string(d.State)}, Change{"evidence", string(before.Evidence), string(d.Evidence)})})
	})
}

// Consent is the signature of a second person that no evidence of a device is kept.
type Consent struct {
	Displayed string // digest of what the signer saw, see [Involved.Statement]
	Reason    string
	Factors   signature.Factors
}

// Statement is what a second person signs before no evidence of a device is kept: its words and their SHA-256.
func (d Involved) Statement(i Incident) (words, digest string) {
	words = fmt.Sprintf("%s: no evidence of %s (%s) is kept, because: %s", i.Number, d.Name, d.ID, d.EvidenceNote)
	sum := sha256.Sum256([]byte(words))
	return words, hex.EncodeToString(sum[:])
}

// Waive signs that no evidence of a device is kept. It takes somebody else than who asked for it.
func (c Cases) Waive(ctx context.Context, incident, what string, s Consent) error {
	if c.Signer == nil {
		return problem.New(problem.Unavailable, "nothing can be signed here")
	}
	proof, err := c.Signer.Verify(ctx, s.Factors)
	if err != nil {
		return err
	}
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		d, err := i.device(ctx, tx, what)
		if err != nil {
			return err
		}
		words, digest := d.Statement(*i)
		reason := strings.TrimSpace(s.Reason)
		switch {
		case d.Evidence != Waived || d.Waiver != "":
			return problem.New(problem.Conflict, "nobody asks for a signature that no evidence of %s is kept", d.Name)
		case d.Asker == me.ID:
			return problem.New(problem.Conflict, "you asked for it; somebody else has to sign")
		case s.Displayed != digest:
			return problem.New(problem.Conflict, "it was changed meanwhile; read it again")
		case reason == "":
			return faultOf("reason", "is required")
		}
		sig, err := c.Signer.SignTx(ctx, tx, proof, signature.Record{Kind: "waiver", ID: i.ID, Title: short(words), Content: digest, Displayed: digest, Site: i.Site, Product: i.Product},
			signature.Act{Meaning: signature.Approval, Reason: reason})
		if err != nil {
			return err
		}
		d.Waiver, d.WaiverName, d.WaivedAt, d.Changed = sig.ID, me.Name, tx.Now, tx.Now
		if err := putInvolved(ctx, tx, i.ID, d); err != nil {
			return err
		}
		return i.record(ctx, tx, KindWaived, Body{Of: d.ID, Note: d.Name, Reason: reason, Changes: []Change{{"waiver", "", sig.ID}}})
	})
}

// short cuts words to a title.
func short(words string) string {
	if len(words) <= maxTitle {
		return words
	}
	return strings.ToValidUTF8(words[:maxTitle-len("…")], "") + "…"
}

// device finds a device or system of the incident.
func (i Incident) device(ctx context.Context, r store.Reader, what string) (Involved, error) {
	have, err := involved(ctx, r, i.ID)
	if err != nil {
		return Involved{}, err
	}
	n := slices.IndexFunc(have, func(d Involved) bool { return d.ID == what })
	if n < 0 {
		return Involved{}, problem.New(problem.NotFound, "%s is not in this incident", what)
	}
	return have[n], nil
}

func (d Involved) apply(to DeviceChange) (Involved, error) {
	var l problem.List
	if to.State != "" && to.State != d.State {
		if !slices.Contains(d.State.Moves(), to.State) {
			l.Add("state", "a device that is %s cannot become %s", word(d.State), word(to.State))
		}
		if to.State == DeviceRetired || to.State == Cleared {
			if strings.TrimSpace(to.Reason) == "" {
				l.Add("reason", "is required")
			}
		}
		d.State = to.State
	}
	for _, x := range to.Checks {
		if !slices.Contains(RevalidationChecks(), x) {
			l.Add("checks", "%q is not one of the checks", x)
		}
		if !slices.Contains(d.Checks, x) {
			d.Checks = append(slices.Clone(d.Checks), x)
		}
	}
	if to.State == Revalidated {
		for _, x := range RevalidationChecks() {
			if !slices.Contains(d.Checks, x) {
				l.Add("checks", "not done: %s", x)
			}
		}
	}
	if to.State == Compromised {
		d.Checks = nil // what was checked before says nothing about the device now
	}
	if to.Evidence != "" {
		oneOf(&l, "evidence", to.Evidence, []Evidence{NoEvidence, Preserved, Waived})
		if to.Evidence != NoEvidence && strings.TrimSpace(to.EvidenceNote) == "" {
			l.Add("evidence_note", "is required: what was kept and where, or why it is waived")
		}
		within(&l, "evidence_note", to.EvidenceNote, maxText)
		if d.Evidence != to.Evidence || d.EvidenceNote != strings.TrimSpace(to.EvidenceNote) {
			d.Asker, d.Waiver, d.WaiverName, d.WaivedAt = "", "", "", time.Time{} // what was signed was something else
		}
		d.Evidence, d.EvidenceNote = to.Evidence, strings.TrimSpace(to.EvidenceNote)
	}
	return d, l.Err("the device cannot be changed")
}
