package detection

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Comparison is how a field is compared with a value. Letters of either case are equal.
type Comparison string

// The closed list of comparisons.
const (
	Equals     Comparison = "equals"
	StartsWith Comparison = "starts_with"
	EndsWith   Comparison = "ends_with"
	Contains   Comparison = "contains"
	InNetwork  Comparison = "cidr"
)

// Comparisons lists the comparisons.
func Comparisons() []Comparison {
	return []Comparison{Equals, StartsWith, EndsWith, Contains, InNetwork}
}

// Condition is one field of a hit that must be as said. The field "entity" is what the hit is about.
type Condition struct {
	Field string     `json:"field"`
	Is    Comparison `json:"is"`
	Value string     `json:"value"`
}

// Exception keeps hits of a rule from raising alerts, until it ends. They are still counted.
type Exception struct {
	ID         string // "exc_…"
	Rule       string
	Conditions []Condition // all must hold
	Reason     string
	Owner      string
	Expires    time.Time
	Author     string
	At         time.Time
	Ended      time.Time // by a person, before it expired
	EndReason  string
}

// Holds reports whether the exception is in force.
func (e Exception) Holds(now time.Time) bool { return e.Ended.IsZero() && e.Expires.After(now) }

const maxConditions = 20

func (e Exception) validate(now time.Time) error {
	var l problem.List
	if len(e.Conditions) == 0 {
		l.Add("conditions", "name at least one: a rule that is wanted nowhere is retired")
	}
	if len(e.Conditions) > maxConditions {
		l.Add("conditions", "at most %d", maxConditions)
	}
	for _, c := range e.Conditions {
		need(&l, "conditions", c.Field, maxName)
		need(&l, "conditions", c.Value, 1_000)
		switch {
		case !slices.Contains(Comparisons(), c.Is):
			l.Add("conditions", "%q is no comparison", c.Is)
		case c.Is == InNetwork:
			if _, err := netip.ParsePrefix(c.Value); err != nil {
				l.Add("conditions", "%q is no network such as 10.1.0.0/16", c.Value)
			}
		}
	}
	need(&l, "reason", e.Reason, maxText)
	need(&l, "owner", e.Owner, maxName)
	expiry(&l, "expires", now, e.Expires)
	return l.Err("the exception is not valid")
}

// fits reports whether all conditions hold for a hit.
func (e Exception) fits(h Hit) bool {
	for _, c := range e.Conditions {
		v, ok := h.Entity, true
		if c.Field != "entity" {
			ok = h.Field != nil
			if ok {
				v, ok = h.Field(c.Field)
			}
		}
		if !ok || !c.holds(v) {
			return false
		}
	}
	return len(e.Conditions) > 0
}

func (c Condition) holds(v string) bool {
	a, b := strings.ToLower(v), strings.ToLower(c.Value)
	switch c.Is {
	case Equals:
		return a == b
	case StartsWith:
		return strings.HasPrefix(a, b)
	case EndsWith:
		return strings.HasSuffix(a, b)
	case Contains:
		return strings.Contains(a, b)
	case InNetwork:
		ip, err := netip.ParseAddr(v)
		network, nerr := netip.ParsePrefix(c.Value)
		return err == nil && nerr == nil && network.Contains(ip.Unmap())
	}
	return false
}

// Except adds an exception.
func (s Rules) Except(ctx context.Context, e Exception) (string, error) {
	var err error
	if e.ID, err = id.New("exc"); err != nil {
		return "", err
	}
	return e.ID, s.DB.Update(ctx, func(tx *store.Tx) error { return except(ctx, tx, e) })
}

func except(ctx context.Context, tx *store.Tx, e Exception) error {
	if err := e.validate(tx.Now); err != nil {
		return err
	}
	if !builtIn(e.Rule) {
		if _, err := rule(ctx, tx, e.Rule); err != nil {
			return err
		}
	}
	e.At, e.Author = tx.Now, tx.Actor().Name
	conditions, err := json.Marshal(e.Conditions)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO rule_exception (id, rule, conditions, reason, owner, expires, author, at, ended, end_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')`,
		e.ID, e.Rule, string(conditions), e.Reason, e.Owner, store.Micros(e.Expires), e.Author, store.Micros(e.At)); err != nil {
		return err
	}
	return recordException(ctx, tx, KindExceptionAdded, e, e.Reason)
}

// EndException ends an exception before its time.
func (s Rules) EndException(ctx context.Context, exception, reason string) error {
	var l problem.List
	need(&l, "reason", reason, maxText)
	if err := l.Err("the exception cannot be ended"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		e, err := scanException(tx.QueryRow(ctx, `SELECT `+exceptionColumns+` FROM rule_exception WHERE id = $1`, exception))
		if err != nil {
			return err
		}
		if !e.Holds(tx.Now) {
			return problem.New(problem.Conflict, "the exception has ended already")
		}
		if _, err := tx.Exec(ctx, `UPDATE rule_exception SET ended = $2, end_reason = $3 WHERE id = $1`, e.ID, store.Micros(tx.Now), reason); err != nil {
			return err
		}
		return recordException(ctx, tx, KindExceptionEnded, e, reason)
	})
}

func recordException(ctx context.Context, tx *store.Tx, kind string, e Exception, reason string) error {
	note := ExceptionNoted{ID: e.ID, Reason: reason, Owner: e.Owner, Expires: Instant(e.Expires)}
	for _, c := range e.Conditions {
		note.Fields = append(note.Fields, c.Field)
	}
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: e.Rule, Body: note})
	return err
}

const exceptionColumns = `id, rule, conditions, reason, owner, expires, author, at, ended, end_reason`

func scanException(s store.Scanner) (Exception, error) {
	var e Exception
	var conditions string
	var expires, at, ended int64
	err := s.Scan(&e.ID, &e.Rule, &conditions, &e.Reason, &e.Owner, &expires, &e.Author, &at, &ended, &e.EndReason)
	e.Expires, e.At, e.Ended = store.Time(expires), store.Time(at), store.Time(ended)
	if err == nil {
		err = json.Unmarshal([]byte(conditions), &e.Conditions)
	}
	return e, err
}

// Exceptions reads the exceptions of a rule, the latest first.
func Exceptions(ctx context.Context, r store.Reader, rid string) ([]Exception, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanException, `SELECT `+exceptionColumns+` FROM rule_exception WHERE rule = $1 ORDER BY at DESC, id DESC LIMIT 200`, rid)
}

// inForce reads the exceptions of rules that hold now.
func inForce(ctx context.Context, r store.Reader, rules []string, now time.Time) (map[string][]Exception, error) {
	var w store.Where
	w.In("rule", rules)
	w.And("ended = 0")
	w.And("expires > ?", store.Micros(now))
	all, err := store.All(ctx, r, scanException, `SELECT `+exceptionColumns+` FROM rule_exception`+w.SQL(), w.Args()...)
	out := map[string][]Exception{}
	for _, e := range all {
		out[e.Rule] = append(out[e.Rule], e)
	}
	return out, err
}
