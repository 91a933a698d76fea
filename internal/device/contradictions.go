package device

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// FoundContradiction is two records that share what only one device can have.
type FoundContradiction struct {
	ID     string
	Device ID
	Contradiction
	At      time.Time
	Settled time.Time // zero: it is open
	Answer  string    // how it was settled: why they are two, or "merged"
}

// Shared is what two records share.
type Shared string

// The closed list of what records can share, the strongest first.
const (
	SharedUDI    Shared = "udi"
	SharedSerial Shared = "serial"
	SharedTag    Shared = "tag"
	SharedMAC    Shared = "mac"
)

// SharedKinds lists what records can share.
var SharedKinds = []Shared{SharedUDI, SharedSerial, SharedTag, SharedMAC}

// key is the kind of the matching keys.
func (s Shared) key() keyKind {
	return map[Shared]keyKind{SharedUDI: keyUDI, SharedSerial: keySerial, SharedTag: keyTag, SharedMAC: keyMAC}[s]
}

// ContradictionState chooses open or settled contradictions.
type ContradictionState string

// The closed list of states.
const (
	ContradictionOpen    ContradictionState = "open"
	ContradictionSettled ContradictionState = "settled"
)

// ContradictionQuery chooses contradictions. Zero fields do not restrict.
type ContradictionQuery struct {
	State  ContradictionState // "" is open
	Shared Shared
	Device ID // one of the two
	Site   SiteID
	Model  product.ModelID
	Sort   string // of [ContradictionSorts]; "" is the oldest first
	After  string // next of the page before
	Limit  int    // at most 1,000; 0 means 50
}

// ContradictionSorts are the orders of the list of contradictions.
func ContradictionSorts() store.Sorts {
	id := store.ByText("c.id")
	return store.Sorts{"at": {store.ByNumber("c.at"), id}, "shares": {store.ByText("c.match_key"), id}, "device": {store.ByText("d.sort_tag"), id}}
}

const (
	contradictionColumns = `c.id, c.device_id, c.other_id, c.match_key, c.reason, c.at, c.settled, c.decision`
	contradictionTable   = `device_contradiction c JOIN device d ON d.id = c.device_id`
)

func scanContradiction(s store.Scanner) (FoundContradiction, error) {
	var c FoundContradiction
	var at, settled int64
	err := s.Scan(&c.ID, &c.Device, &c.Other, &c.Key, &c.Reason, &at, &settled, &c.Answer)
	c.At, c.Settled = store.Time(at), store.Time(settled)
	return c, err
}

func (q ContradictionQuery) where(scope store.Scope) (store.Where, error) {
	var w store.Where
	switch q.State {
	case "", ContradictionOpen:
		w.And("c.settled = 0")
	case ContradictionSettled:
		w.And("c.settled > 0")
	default:
		return w, problem.New(problem.Invalid, "%q is not a state of contradictions", q.State)
	}
	switch {
	case q.Shared == "":
	case !slices.Contains(SharedKinds, q.Shared):
		return w, problem.New(problem.Invalid, "%q is nothing that records can share", q.Shared)
	default: // keys begin with their kind
		low := string(rune(q.Shared.key())) + "|"
		w.And("c.match_key >= ? AND c.match_key < ?", low, low+"\U0010ffff")
	}
	if q.Device != "" {
		w.And("(c.device_id = ? OR c.other_id = ?)", string(q.Device), string(q.Device))
	}
	if q.Site != "" {
		w.And("d.site_id = ?", string(q.Site))
	}
	if q.Model != "" {
		w.And("d.model_id = ?", string(q.Model))
	}
	w.Scope(scope, "d.site_id", "d.model_id")
	return w, nil
}

// Contradictions reads a page of contradictions within the scope of the reader.
func Contradictions(ctx context.Context, r store.Reader, q ContradictionQuery) (store.Page[FoundContradiction], error) {
	var none store.Page[FoundContradiction]
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return none, err
	}
	w, err := q.where(scope)
	if err != nil {
		return none, err
	}
	sort, err := ContradictionSorts().Named(q.Sort, "at")
	if err != nil {
		return none, err
	}
	p, err := store.List(ctx, r, store.Listing{Columns: contradictionColumns, From: contradictionTable, Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanContradiction)
	if err != nil {
		return none, fmt.Errorf("read contradictions: %w", err)
	}
	return p, nil
}

// CountContradictions counts what the query chooses, up to 10,000.
func CountContradictions(ctx context.Context, r store.Reader, q ContradictionQuery) (int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return 0, err
	}
	w, err := q.where(scope)
	if err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, contradictionTable, w, 10_000)
}
