package telling

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// Stakeholder is somebody whom the organisation tells of incidents.
type Stakeholder struct {
	ID      string // "stk_…"
	Role    string // of content.Tolds
	Name    string
	Contact string   // telephone, address; not of patients
	Channel Channel  // that is used first
	Order   int      // 1 to 99; 0 on input: that of the role
	Places  []string // jurisdictions (authorities, manufacturers) or wards that it is for; none: all
	Note    string
	Retired time.Time // zero: on the list
	Changed time.Time
}

// Channel is how somebody is told.
type Channel string

// The channels.
const (
	Phone   Channel = "telephone"
	Mail    Channel = "e-mail"
	Letter  Channel = "letter"
	Meeting Channel = "meeting"
	Portal  Channel = "portal"
	Website Channel = "web site"
)

// Channels lists them.
func Channels() []Channel { return []Channel{Phone, Mail, Letter, Meeting, Portal, Website} }

// Desk keeps stakeholders and tellings.
type Desk struct {
	DB    *store.DB
	Draft func(ctx context.Context, r store.Reader, draft string) (Paper, error) // finds what was told in writing
}

// Paper is a draft as a telling needs it.
type Paper struct {
	Incident string
	Title    string
	Digest   string
	Ready    bool // approved or sent
}

const (
	maxText  = 20_000
	maxShort = 300
)

func roleOf(role string) (content.Told, bool, error) {
	all, err := content.Tolds()
	if err != nil {
		return content.Told{}, false, err
	}
	n := slices.IndexFunc(all, func(t content.Told) bool { return t.Role == role })
	if n < 0 {
		return content.Told{}, false, nil
	}
	return all[n], true, nil
}

func (s *Stakeholder) complete() error {
	var l problem.List
	role, ok, err := roleOf(s.Role)
	if err != nil {
		return err
	}
	if !ok {
		l.Add("role", "%q is not one of the choices", s.Role)
	}
	if s.Order == 0 {
		s.Order = role.Order
	}
	if ok && (s.Order < 1 || s.Order > 99) {
		l.Add("order", "must be 1 to 99")
	}
	if !slices.Contains(Channels(), s.Channel) {
		l.Add("channel", "%q is not one of the choices", s.Channel)
	}
	s.Name, s.Contact, s.Note = strings.TrimSpace(s.Name), strings.TrimSpace(s.Contact), strings.TrimSpace(s.Note)
	for _, f := range []struct {
		path, text string
		need       bool
	}{{"name", s.Name, true}, {"contact", s.Contact, true}, {"note", s.Note, false}, {"places", strings.Join(s.Places, ","), false}} {
		if f.need && f.text == "" {
			l.Add(f.path, "is required")
		}
		if len(f.text) > maxShort {
			l.Add(f.path, "is longer than %d characters", maxShort)
		}
	}
	s.Places = slices.DeleteFunc(slices.Clone(s.Places), func(p string) bool { return strings.TrimSpace(p) == "" })
	if s.Role == "manufacturer" || s.Role == "authority" {
		known(&l, s.Places)
	}
	return l.Err("the stakeholder is not complete")
}

// known refuses places in which no duty to report is known: they would start no clock, and nobody would notice.
func known(l *problem.List, places []string) {
	for _, p := range places {
		if _, ok := content.JurisdictionOf(p); !ok {
			l.Add("places", "%q is none of %s, nor a country of the eu", p, strings.Join(content.JurisdictionIDs(), ", "))
		}
	}
}

// Add puts a stakeholder on the list.
func (d Desk) Add(ctx context.Context, s Stakeholder) (string, error) {
	var err error
	if s.ID, err = id.New("stk"); err != nil {
		return "", err
	}
	return s.ID, d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.complete(); err != nil {
			return err
		}
		s.Changed, s.Retired = tx.Now, time.Time{}
		return s.keep(ctx, tx, KindAdded, "")
	})
}

// Change changes a stakeholder; its role stays.
func (d Desk) Change(ctx context.Context, s Stakeholder) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		have, err := one(ctx, tx, s.ID)
		if err != nil {
			return err
		}
		if !have.Retired.IsZero() {
			return problem.New(problem.Conflict, "%s is not on the list any more", have.Name)
		}
		s.Role = have.Role
		if err := s.complete(); err != nil {
			return err
		}
		s.Changed, s.Retired = tx.Now, time.Time{}
		return s.keep(ctx, tx, KindChanged, "")
	})
}

// Retire takes a stakeholder off the list. What was told stays.
func (d Desk) Retire(ctx context.Context, stakeholder, reason string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := one(ctx, tx, stakeholder)
		if err != nil {
			return err
		}
		if !s.Retired.IsZero() {
			return problem.New(problem.Conflict, "%s is not on the list any more", s.Name)
		}
		if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxText {
			var l problem.List
			l.Add("reason", "is required, at most %d characters", maxText)
			return l.Err("say why")
		}
		s.Changed, s.Retired = tx.Now, tx.Now
		return s.keep(ctx, tx, KindRetired, reason)
	})
}

func (s Stakeholder) keep(ctx context.Context, tx *store.Tx, kind, reason string) error {
	if err := putStakeholder(ctx, tx, s); err != nil {
		return err
	}
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: s.ID, Body: ListBody{Role: s.Role, Name: s.Name, Order: s.Order, Reason: reason}})
	return err
}

// Stakeholders reads the list, whoever is told first first. It needs incident.read.
func Stakeholders(ctx context.Context, r store.Reader) ([]Stakeholder, error) {
	if _, err := store.ScopeOf(ctx, incident.KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanStakeholder, `SELECT body FROM stakeholder WHERE retired = 0 ORDER BY rank, name, id`)
}

// Get reads a stakeholder, also one that is not on the list any more.
func Get(ctx context.Context, r store.Reader, stakeholder string) (Stakeholder, error) {
	if _, err := store.ScopeOf(ctx, incident.KindRead); err != nil {
		return Stakeholder{}, err
	}
	return one(ctx, r, stakeholder)
}
