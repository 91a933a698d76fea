package device

import (
	"context"
	"strings"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Sort is an order of a list, with a minus in front to turn it around. Devices that are equal follow by asset tag.
type Sort string

// The closed list of orders.
const (
	ByTag   Sort = "asset_tag"
	BySite  Sort = "site"
	ByWard  Sort = "ward"
	ByModel Sort = "model"
	ByClass Sort = "class"
	ByUse   Sort = "in_use"
	ByMatch Sort = "match" // by the text that a search found; only with Prefix
)

// Sorts are the orders of the list of devices.
func Sorts() store.Sorts {
	tag, id := store.ByText("d.sort_tag"), store.ByText("d.id")
	return store.Sorts{string(ByTag): {tag, id}, string(BySite): {store.ByText("d.sort_site"), tag, id}, string(ByWard): {store.ByText("d.ward"), tag, id},
		string(ByModel): {store.ByText("d.sort_model"), tag, id}, string(ByClass): {store.ByText("d.safety_class"), tag, id},
		string(ByUse): {store.ByText("d.in_use"), tag, id}, string(ByMatch): {store.ByText("t.term"), store.ByText("t.device_id")}}
}

// Query chooses devices. Zero fields do not restrict.
type Query struct {
	Site   SiteID
	Ward   string
	Model  product.ModelID
	InUse  product.Answer
	Class  product.SafetyClass
	State  State  // empty means Active
	Prefix string // beginning of an asset tag, serial number, IP or MAC address, host name or AE title, in any case
	Sort   Sort   // empty means ByTag; ByTag with Prefix means ByMatch
	After  string // Next of the page before
	Limit  int    // at most 1,000; 0 means 50

	broad bool // Prefix matches very many devices
}

// Item is a device in a list.
type Item struct {
	ID         ID
	State      State
	AssetTag   string
	Serial     string
	Site       SiteID
	SiteName   string
	Ward       string
	Model      product.ModelID
	ModelName  string
	Version    string
	Class      product.SafetyClass
	InUse      product.Answer
	Zone       string
	Identities []Identity // those that hold
	Matched    string     // the text that the search found
}

// Page is a page of a list.
type Page = store.Page[Item]

// List reads a page of devices.
func List(ctx context.Context, r store.Reader, q Query) (Page, error) {
	places, err := page(ctx, r, q)
	if err != nil || len(places.Items) == 0 {
		return Page{}, err
	}
	names := make([]ID, len(places.Items))
	for i, x := range places.Items {
		names[i] = x.id
	}
	found, err := load(ctx, r, names)
	if err != nil {
		return Page{}, err
	}
	at := make(map[ID]Device, len(found))
	for _, d := range found {
		at[d.ID] = d
	}
	p := Page{Next: places.Next}
	for _, x := range places.Items {
		p.Items = append(p.Items, item(at[x.id], x.match))
	}
	return p, nil
}

func item(d Device, match string) Item {
	v := Item{ID: d.ID, State: d.State, AssetTag: d.AssetTag, Serial: d.Serial, Site: d.Site, SiteName: d.SiteName, Ward: d.Ward, Model: d.Model,
		ModelName: d.ModelName, Version: d.RawVersion, Class: d.Class, InUse: d.InUse, Zone: d.Zone, Matched: match}
	for _, n := range d.Identities {
		if n.Until.IsZero() {
			v.Identities = append(v.Identities, n)
		}
	}
	return v
}

// place is a row's id and the text by which a search found it.
type place struct {
	id    ID
	match string
}

// page reads the ids of a page in order.
func page(ctx context.Context, r store.Reader, q Query) (store.Page[place], error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return store.Page[place]{}, err
	}
	if q.Sort == "" || q.sortedByFilter() {
		q.Sort = ByTag
	}
	if q.Prefix != "" {
		if q.Sort == ByTag {
			q.Sort = ByMatch
		}
		if q.broad, err = broad(ctx, r, q); err != nil {
			return store.Page[place]{}, err
		}
	}
	sort, err := Sorts().Named(string(q.Sort), "")
	if err != nil {
		return store.Page[place]{}, err
	}
	l := store.Listing{Columns: `d.id, ''`, From: `device d`, Sort: sort, After: q.After, Limit: q.Limit}
	q.filter(&l.Where, scope)
	if err := q.match(&l); err != nil {
		return store.Page[place]{}, err
	}
	return store.List(ctx, r, l, func(s store.Scanner) (p place, err error) { return p, s.Scan(&p.id, &p.match) })
}

// sortedByFilter tells whether all devices that the filters leave are equal in the order: it would only walk past others.
func (q Query) sortedByFilter() bool {
	pinned := map[Sort]string{BySite: string(q.Site), ByWard: q.Ward, ByModel: string(q.Model), ByClass: string(q.Class), ByUse: string(q.InUse)}
	return pinned[Sort(strings.TrimPrefix(string(q.Sort), "-"))] != ""
}

// sortsByMatch tells whether the list is in the order of what a search found.
func (q Query) sortsByMatch() bool { return strings.TrimPrefix(string(q.Sort), "-") == string(ByMatch) }

// fewMatches is how many matches are collected and then sorted; where there are more, the order is walked instead.
const fewMatches = 8_000

func broad(ctx context.Context, r store.Reader, q Query) (bool, error) {
	if q.sortsByMatch() {
		return false, nil
	}
	low, high := prefixOf(q.Prefix)
	var n int
	err := r.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 AS one FROM device_term WHERE term >= $1 AND term < $2 LIMIT $3) AS found`, low, high, fewMatches+1).Scan(&n)
	return n > fewMatches, err
}

// filter adds the conditions. A single filter under the order by tag has an index of its own that gives that order. In
// every other mix the wide indexes give the order and answer the filters by themselves; the joined empty text keeps the
// planner from taking a narrow index and sorting what it found.
func (q Query) filter(w *store.Where, scope store.Scope) {
	switch q.State {
	case "", Active: // written out, so that partial indexes apply
		w.And("d.state = 'active'")
	default:
		w.And("d.state <> 'active'")
		w.And("d.state = ?", string(q.State))
	}
	filters := []struct{ column, value string }{{"d.site_id", string(q.Site)}, {"d.ward", q.Ward}, {"d.model_id", string(q.Model)},
		{"d.in_use", string(q.InUse)}, {"d.safety_class", string(q.Class)}}
	n := 0
	for _, f := range filters {
		if f.value != "" {
			n++
		}
	}
	alone := n == 1 && scope.All && strings.TrimPrefix(string(q.Sort), "-") == string(ByTag) && q.Prefix == ""
	for _, f := range filters {
		switch {
		case f.value == "":
		case alone:
			w.And(f.column+" = ?", f.value)
		default:
			w.And("("+f.column+" || '') = ?", f.value)
		}
	}
	w.Scope(scope, "(d.site_id || '')", "(d.model_id || '')")
}

// match restricts to what a search finds.
func (q Query) match(l *store.Listing) error {
	w := &l.Where
	low, high := prefixOf(q.Prefix)
	switch {
	case q.sortsByMatch() && q.Prefix == "":
		return problem.New(problem.Invalid, "the order by match needs a text to search for")
	case q.sortsByMatch():
		l.Columns, l.From = `d.id, t.term`, `device_term t JOIN device d ON d.id = t.device_id`
		w.And("t.term >= ? AND t.term < ?", low, high)
		// Each device once, at its first text.
		w.And("NOT EXISTS (SELECT 1 FROM device_term o WHERE o.device_id = t.device_id AND o.term >= ? AND o.term < t.term)", low)
	case q.Prefix == "":
	case q.broad: // walking the order finds a page soon; a planner would turn EXISTS into a join of everything
		w.And("(SELECT min(t.term) FROM device_term t WHERE t.device_id = d.id AND t.term >= ? AND t.term < ?) IS NOT NULL", low, high)
	default:
		w.And("d.id IN (SELECT t.device_id FROM device_term t WHERE t.term >= ? AND t.term < ?)", low, high)
	}
	return nil
}

// prefixOf is the half-open range of texts that begin with what was typed. A MAC address may be typed with any separator.
func prefixOf(s string) (string, string) {
	s = strings.ToLower(strings.TrimSpace(s))
	if mac := strings.ReplaceAll(s, "-", ":"); len(mac) >= 5 && pairs(mac) {
		s = mac
	}
	return s, s + "\U0010ffff"
}

// pairs reports whether s is the beginning of a MAC address: pairs of hexadecimal digits with colons.
func pairs(s string) bool {
	for i, c := range s {
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		if (i%3 == 2) != (c == ':') || i%3 != 2 && !hex {
			return false
		}
	}
	return true
}
