package disclosure

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Disclosure is how one weakness that an incident revealed is told.
type Disclosure struct {
	ID       string // "dis_…"
	Incident string
	Title    string // of the weakness, in words
	Weakness string // canonical id of the vulnerability; "" while it has none
	Model    string // of the product; "" where Weakness says it

	Report       Report
	Embargo      Embargo
	Ends         time.Time // when the embargo in force ends, or ended
	Asked        time.Time // the end that is proposed
	Case         Case
	Participants []Participant

	OpenedBy        string // name
	Opened, Changed time.Time
}

// Role is what a participant is in a disclosure.
type Role string

// The roles (Vultron).
const (
	Finder      Role = "finder"
	Vendor      Role = "vendor"
	Coordinator Role = "coordinator"
	Deployer    Role = "deployer"
)

// Roles lists them.
func Roles() []Role { return []Role{Finder, Vendor, Coordinator, Deployer} }

// Participant is who takes part. Under an embargo nobody else is told.
type Participant struct {
	Role  Role
	Name  string
	Aware time.Time // of a vendor: when it became aware; zero: it is not
	Added time.Time
}

// Desk keeps disclosures.
type Desk struct{ DB *store.DB }

const (
	maxShort        = 300
	maxReason       = 4000
	maxParticipants = 200
)

// Open begins the disclosure of a weakness: its number, or the product while it has none, and what it is. Conflict when the
// incident has one of it already.
func (k Desk) Open(ctx context.Context, number string, d Disclosure) (string, error) {
	var err error
	if d.ID, err = id.New("dis"); err != nil {
		return "", err
	}
	return d.ID, k.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := incident.Brief(ctx, tx, number)
		if err != nil {
			return err
		}
		if err := d.names(ctx, tx); err != nil {
			return err
		}
		have, err := of(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(x Disclosure) bool { return x.Weakness == d.Weakness && x.Model == d.Model }) {
			return problem.New(problem.Conflict, "%s has a disclosure of it already", i.Number)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		d.Incident, d.Report, d.Embargo, d.Case, d.Participants = i.ID, Start, None, Case{}, nil
		d.OpenedBy, d.Opened, d.Ends, d.Asked = me.Name, tx.Now, time.Time{}, time.Time{}
		if !i.Exercise && d.Weakness != "" {
			known, err := vuln.Threats(ctx, tx, []string{d.Weakness})
			if err != nil {
				return err
			}
			if t := known[d.Weakness]; t != nil && len(t.Observed) > 0 {
				d.Case[Attacked] = tx.Now
			}
		}
		return d.keep(ctx, tx, i, note{kind: KindOpened, from: Disclosure{Report: Start, Embargo: None}})
	})
}

// names checks what a disclosure is about.
func (d *Disclosure) names(ctx context.Context, tx *store.Tx) error {
	var l problem.List
	d.Title, d.Weakness, d.Model = strings.TrimSpace(d.Title), strings.TrimSpace(d.Weakness), strings.TrimSpace(d.Model)
	required(&l, "title", d.Title, maxShort)
	if len(d.Weakness) > maxShort {
		l.Add("weakness", "is longer than %d characters", maxShort)
	}
	if d.Weakness == "" && d.Model == "" {
		l.Add("weakness", "or the product is required")
	}
	if d.Model != "" {
		if _, err := product.Get(ctx, tx, product.ModelID(d.Model)); problem.KindOf(err) == problem.NotFound {
			l.Add("model", "there is no such product")
		} else if err != nil {
			return err
		}
	}
	if err := l.Err("the disclosure is not complete"); err != nil || d.Weakness == "" {
		return err
	}
	var err error
	d.Weakness, err = vuln.Canonical(ctx, tx, d.Weakness)
	return err
}

func required(l *problem.List, path, text string, most int) {
	if text == "" || len(text) > most {
		l.Add(path, "is required, at most %d characters", most)
	}
}

// Step is one move: exactly one of Report, Act and Bit.
type Step struct {
	Report Report
	Act    Act
	Until  time.Time // of what is proposed: when the embargo ends
	Bit    Bit
	Reason string
}

// Move makes one move. Conflict when the machine does not allow it.
func (k Desk) Move(ctx context.Context, disclosure string, s Step) error {
	return k.DB.Update(ctx, func(tx *store.Tx) error { return move(ctx, tx, disclosure, s) })
}

func move(ctx context.Context, tx *store.Tx, disclosure string, s Step) error {
	d, i, err := one(ctx, tx, disclosure)
	if err != nil {
		return err
	}
	s.Reason = strings.TrimSpace(s.Reason)
	if err := s.check(tx.Now); err != nil {
		return err
	}
	before := d
	switch {
	case s.Report != "":
		err = d.report(s.Report)
	case s.Act != "":
		err = d.embargo(s, i, tx.Now)
	default:
		err = d.learn(s.Bit, tx.Now)
	}
	if err != nil {
		return err
	}
	return d.keep(ctx, tx, i, note{kind: KindMoved, from: before, reason: s.Reason})
}

func (s Step) check(now time.Time) error {
	var l problem.List
	required(&l, "reason", s.Reason, maxReason)
	asked := 0
	for _, x := range []string{string(s.Report), string(s.Act), string(s.Bit)} {
		if x != "" {
			asked++
		}
	}
	if asked != 1 {
		l.Add("step", "name exactly one: a state of the report, an act on the embargo, or what became true")
	}
	if s.Report != "" && !slices.Contains(Reports(), s.Report) {
		l.Add("report", "%q is not one of the choices", s.Report)
	}
	if s.Act != "" && !slices.Contains(Acts(), s.Act) {
		l.Add("embargo", "%q is not one of the choices", s.Act)
	}
	if s.Bit != "" && !slices.Contains(Bits(), s.Bit) {
		l.Add("bit", "%q is not one of the choices", s.Bit)
	}
	if s.Act == Propose && !s.Until.After(now) {
		l.Add("until", "is required and must lie in the future: when the embargo ends")
	}
	if s.Act != Propose && !s.Until.IsZero() {
		l.Add("until", "belongs to a proposal")
	}
	return l.Err("the move is not complete")
}

func (d *Disclosure) report(to Report) error {
	if !slices.Contains(d.Report.Moves(), to) {
		return problem.New(problem.Conflict, "a report that is %s cannot become %s", word(d.Report), word(to))
	}
	d.Report = to
	return nil
}

func (d *Disclosure) embargo(s Step, i incident.Incident, now time.Time) error {
	to := nextEmbargo[d.Embargo][s.Act]
	switch {
	case to == "":
		return problem.New(problem.Conflict, "an embargo that is %s: there is nothing to %s", word(d.Embargo), word(s.Act))
	case s.Act == Propose && d.Case.Loud():
		return problem.New(problem.Conflict, "the weakness is public or attacked: no embargo can hold")
	case s.Act == Accept && !d.Asked.After(now):
		return problem.New(problem.Conflict, "the end that is proposed is past; propose another")
	case (s.Act == Propose || s.Act == Accept) && i.Disclosure == incident.Public:
		return problem.New(problem.Conflict, "%s is public: no embargo can hold", i.Number)
	}
	switch s.Act {
	case Propose:
		d.Asked = s.Until
	case Accept:
		d.Ends, d.Asked = d.Asked, time.Time{}
	case Reject, Exit:
		d.Asked = time.Time{}
	}
	d.Embargo = to
	return nil
}

// learn sets a bit. An embargo ends by itself when others know or use the weakness.
func (d *Disclosure) learn(b Bit, at time.Time) error {
	to, err := d.Case.with(b, at)
	if err != nil {
		return err
	}
	d.Case = to
	if !to.Loud() {
		return nil
	}
	switch {
	case d.Embargo.InForce():
		d.Embargo = Exited
	case d.Embargo == Proposed:
		d.Embargo = None
	}
	d.Asked = time.Time{}
	return nil
}

// Join adds who takes part. That a vendor became aware sets its bit.
func (k Desk) Join(ctx context.Context, disclosure string, p Participant) error {
	return k.DB.Update(ctx, func(tx *store.Tx) error {
		d, i, err := one(ctx, tx, disclosure)
		if err != nil {
			return err
		}
		p.Name, p.Added = strings.TrimSpace(p.Name), tx.Now
		if err := p.check(tx.Now); err != nil {
			return err
		}
		before := d
		d.Participants = slices.Clone(d.Participants)
		n := slices.IndexFunc(d.Participants, func(x Participant) bool { return x.Role == p.Role && x.Name == p.Name })
		switch {
		case n >= 0 && (p.Aware.IsZero() || !d.Participants[n].Aware.IsZero()):
			return problem.New(problem.Conflict, "%s takes part already as %s", p.Name, word(p.Role))
		case n >= 0:
			d.Participants[n].Aware = p.Aware
		case len(d.Participants) >= maxParticipants:
			return problem.New(problem.Conflict, "at most %d take part", maxParticipants)
		default:
			d.Participants = append(d.Participants, p)
		}
		if !p.Aware.IsZero() && !d.Case.Has(VendorAware) {
			if err := d.learn(VendorAware, p.Aware); err != nil {
				return err
			}
		}
		what := []incident.Change{{Field: string(p.Role), After: p.Name}}
		if !p.Aware.IsZero() {
			what = append(what, incident.Change{Field: "aware", After: instant(p.Aware)})
		}
		return d.keep(ctx, tx, i, note{kind: KindParticipantAdded, from: before, more: what})
	})
}

func (p Participant) check(now time.Time) error {
	var l problem.List
	if !slices.Contains(Roles(), p.Role) {
		l.Add("role", "%q is not one of the choices", p.Role)
	}
	required(&l, "name", p.Name, maxShort)
	if !p.Aware.IsZero() && p.Role != Vendor {
		l.Add("aware", "is a vendor's")
	}
	if p.Aware.After(now) {
		l.Add("aware", "lies in the future")
	}
	return l.Err("the participant is not complete")
}

// note is what the journal says of a change.
type note struct {
	kind   string
	from   Disclosure
	reason string
	more   []incident.Change
}

// keep stores a disclosure, records what changed, and pushes the disclosure of its incident forward.
func (d Disclosure) keep(ctx context.Context, tx *store.Tx, i incident.Incident, n note) error {
	d.Changed = tx.Now
	if err := put(ctx, tx, d); err != nil {
		return err
	}
	b := Body{Number: i.Number, Exercise: i.Exercise, Disclosure: d.ID, Title: d.Title, Weakness: d.Weakness, Model: d.Model, Reason: n.reason,
		Changes: append(n.more, differences(n.from, d)...)}
	if _, err := tx.Record(ctx, store.Event{Kind: n.kind, Subject: i.ID, Site: i.Site, Product: i.Product, Body: b}); err != nil {
		return err
	}
	return push(ctx, tx, i, d)
}

func differences(from, to Disclosure) []incident.Change {
	all := []incident.Change{{Field: "report", Before: string(from.Report), After: string(to.Report)}, {Field: "embargo", Before: string(from.Embargo), After: string(to.Embargo)},
		{Field: "embargo ends", Before: instant(from.Ends), After: instant(to.Ends)}, {Field: "end proposed", Before: instant(from.Asked), After: instant(to.Asked)},
		{Field: "case", Before: from.Case.String(), After: to.Case.String()}}
	return slices.DeleteFunc(all, func(c incident.Change) bool { return c.Before == c.After })
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// push moves the disclosure of the incident as far as its disclosures ask for.
func push(ctx context.Context, tx *store.Tx, i incident.Incident, because Disclosure) error {
	all, err := of(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	switch {
	case slices.ContainsFunc(all, func(d Disclosure) bool { return d.Embargo.InForce() }):
		if i.Disclosure != incident.Undisclosed {
			return nil
		}
		return incident.DiscloseTx(ctx, tx, i.ID, incident.Embargoed, "the embargo of "+because.Title+" is in force")
	case i.Disclosure != incident.Public && slices.ContainsFunc(all, func(d Disclosure) bool { return d.Case.Has(PublicAware) }):
		return incident.DiscloseTx(ctx, tx, i.ID, incident.Public, "a weakness is public and no embargo is in force: "+because.Title)
	}
	return nil
}

// InForce names what keeps an incident from being made public by hand: the disclosure whose embargo is in force; "" for none.
func InForce(ctx context.Context, r store.Reader, incident string) (string, error) {
	all, err := of(ctx, r, incident)
	if err != nil {
		return "", err
	}
	for _, d := range all {
		if d.Embargo.InForce() {
			return d.Title, nil
		}
	}
	return "", nil
}

// EndDue exits every embargo whose end is here and returns how many.
func (k Desk) EndDue(ctx context.Context) (int, error) {
	n := 0
	err := k.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := due(ctx, tx, tx.Now)
		if err != nil {
			return err
		}
		for _, d := range all {
			if err := move(ctx, tx, d.ID, Step{Act: Exit, Reason: "its end is here"}); err != nil {
				return err
			}
		}
		n = len(all)
		return nil
	})
	return n, err
}

// Attacks is the follower that notes attacks (bit A) when a weakness is seen exploited in an incident.
func Attacks() store.Follower {
	return store.Follower{Name: "disclosure", Kinds: []string{vuln.KindExploitationObserved}, React: func(ctx context.Context, tx *store.Tx, e store.Entry) error {
		all, err := numbered(ctx, tx)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.Case.Has(Attacked) {
				continue
			}
			same, err := vuln.Canonical(ctx, tx, d.Weakness)
			if err != nil {
				return err
			}
			i, err := incident.Brief(ctx, tx, d.Incident)
			if err != nil {
				return err
			}
			if same != e.Subject || i.Exercise {
				continue
			}
			if err := move(ctx, tx, d.ID, Step{Bit: Attacked, Reason: e.Subject + " was seen exploited"}); err != nil {
				return err
			}
		}
		return nil
	}}
}
