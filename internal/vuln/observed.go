package vuln

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Observation is that people here saw a vulnerability exploited. It counts as a catalogue's word does, for every device that
// the vulnerability affects, until it is withdrawn.
type Observation struct {
	ID            string // "obs_…"
	Vulnerability string // canonical id
	Source        string // id of the incident in which it was seen
	Number        string // as people call that incident
	Seen          string // what was seen, in words
	Site, Product string // scope of the incident
	Author        string
	At            time.Time
	Withdrawn     time.Time
	Withdrawal    string // why it was withdrawn
}

// OwnObservation is how [Observation.By] begins.
const OwnObservation = "own observation in "

// By is who asserts the exploitation: the organisation itself.
func (o Observation) By() string { return OwnObservation + o.Number }

// ObservedNoted is the body of [KindExploitationObserved] and [KindObservationWithdrawn]; the event's subject is the
// vulnerability.
type ObservedNoted struct {
	Observation string `json:"observation"`
	Incident    string `json:"incident"`
	Number      string `json:"number"`
	Note        string `json:"note"`
}

// ObserveTx records that a vulnerability was seen exploited. NotFound when no source knows the vulnerability: a weakness that
// nobody described cannot be ranked. Conflict when the same incident says so already.
func ObserveTx(ctx context.Context, tx *store.Tx, o Observation) (Observation, error) {
	var l problem.List
	if o.Seen = strings.TrimSpace(o.Seen); o.Seen == "" || len(o.Seen) > 4000 {
		l.Add("seen", "must have 1 to 4,000 characters: what was seen")
	}
	if o.Source == "" || o.Number == "" {
		l.Add("source", "is required: the incident in which it was seen")
	}
	if err := l.Err("the observation is not valid"); err != nil {
		return o, err
	}
	var err error
	if o.Vulnerability, err = Canonical(ctx, tx, strings.TrimSpace(o.Vulnerability)); err != nil {
		return o, err
	}
	known, err := Threats(ctx, tx, []string{o.Vulnerability})
	if err != nil {
		return o, err
	}
	t := known[o.Vulnerability]
	if t == nil {
		return o, problem.New(problem.NotFound, "no source describes the vulnerability %q", o.Vulnerability)
	}
	if slices.ContainsFunc(t.Observed, func(x Observation) bool { return x.Source == o.Source }) {
		return o, problem.New(problem.Conflict, "%s says already that %s was seen exploited", o.Number, o.Vulnerability)
	}
	if o.ID, err = id.New("obs"); err != nil {
		return o, err
	}
	o.Author, o.At, o.Withdrawn, o.Withdrawal = tx.Actor().Name, tx.Now, time.Time{}, ""
	if _, err := tx.Exec(ctx, `INSERT INTO exploitation_observed (`+observedColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')`,
		o.ID, o.Vulnerability, o.Source, o.Number, o.Seen, o.Site, o.Product, o.Author, store.Micros(o.At)); err != nil {
		return o, fmt.Errorf("observe %s: %w", o.Vulnerability, err)
	}
	return o, o.record(ctx, tx, KindExploitationObserved, o.Seen)
}

// WithdrawObservationTx takes an observation back, such as one that proved to be another weakness.
func WithdrawObservationTx(ctx context.Context, tx *store.Tx, oid, reason string) (Observation, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 4000 {
		var l problem.List
		l.Add("reason", "is required, at most 4,000 characters")
		return Observation{}, l.Err("the observation cannot be withdrawn")
	}
	o, err := scanObservation(tx.QueryRow(ctx, `SELECT `+observedColumns+` FROM exploitation_observed WHERE id = $1`, oid))
	if err != nil {
		return o, fmt.Errorf("read observation %q: %w", oid, err)
	}
	if !o.Withdrawn.IsZero() {
		return o, problem.New(problem.Conflict, "the observation is withdrawn already")
	}
	o.Withdrawn, o.Withdrawal = tx.Now, reason
	if _, err := tx.Exec(ctx, `UPDATE exploitation_observed SET withdrawn = $1, withdrawal = $2 WHERE id = $3`, store.Micros(tx.Now), reason, o.ID); err != nil {
		return o, err
	}
	return o, o.record(ctx, tx, KindObservationWithdrawn, reason)
}

func (o Observation) record(ctx context.Context, tx *store.Tx, kind, note string) error {
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: o.Vulnerability, Site: o.Site, Product: o.Product,
		Body: ObservedNoted{Observation: o.ID, Incident: o.Source, Number: o.Number, Note: note}})
	return err
}

const observedColumns = `id, vuln, source, number, seen, site, product, author, at, withdrawn, withdrawal`

func scanObservation(s store.Scanner) (Observation, error) {
	var o Observation
	var at, withdrawn int64
	err := s.Scan(&o.ID, &o.Vulnerability, &o.Source, &o.Number, &o.Seen, &o.Site, &o.Product, &o.Author, &at, &withdrawn, &o.Withdrawal)
	o.At, o.Withdrawn = store.Time(at), store.Time(withdrawn)
	return o, err
}

// readObserved adds what was seen exploited here.
func readObserved(ctx context.Context, r store.Reader, ids []string, out map[string]*Threat) error {
	var w store.Where
	w.In("vuln", ids)
	w.And("withdrawn = 0")
	all, err := store.All(ctx, r, scanObservation, `SELECT `+observedColumns+` FROM exploitation_observed`+w.SQL()+` ORDER BY vuln, at, id`, w.Args()...)
	for _, o := range all {
		t := threatAt(out, o.Vulnerability)
		t.Observed = append(t.Observed, o)
	}
	return err
}

// ObservedIn reads what was seen exploited in an incident, also what was withdrawn, the oldest first.
func ObservedIn(ctx context.Context, r store.Reader, source string) ([]Observation, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanObservation, `SELECT `+observedColumns+` FROM exploitation_observed WHERE source = $1 ORDER BY at, id`, source)
}

// ThreatChanged notes that what is known of attacks on vulnerabilities is another now, so that [Matcher.Advance] ranks them
// again.
func ThreatChanged(ctx context.Context, b *store.Bulk, vulns []string) error {
	return threatChanged(ctx, b, slices.Clone(vulns))
}
