package device

import (
	"context"
	"encoding/base64"
	"strings"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Sort is an order of a list. Devices that are equal follow by asset tag.
type Sort string

// The closed list of orders.
const (
	ByTag   Sort = "asset_tag"
	BySite  Sort = "site"
	ByModel Sort = "model"
	ByMatch Sort = "match" // by the text that a search found; only with Prefix
)

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
type Page struct {
	Items []Item
	Next  string // "" on the last page
}

// List reads a page of devices.
func List(ctx context.Context, r store.Reader, q Query) (Page, error) {
	ids, p, err := page(ctx, r, q)
	if err != nil || len(ids) == 0 {
		return Page{}, err
	}
	names := make([]ID, len(ids))
	for i, x := range ids {
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
	for _, x := range ids {
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

// place is a row's id and where it stands in the order.
type place struct {
	id    ID
	mark  string
	match string
}

// page reads the ids of a page in order, and the page's Next.
func page(ctx context.Context, r store.Reader, q Query) ([]place, Page, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, Page{}, err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 1000)
	if q.Sort == "" {
		q.Sort = ByTag
	}
	if q.Prefix != "" {
		if q.Sort == ByTag {
			q.Sort = ByMatch
		}
		if q.broad, err = broad(ctx, r, q); err != nil {
			return nil, Page{}, err
		}
	}
	var w store.Where
	q.filter(&w, scope)
	from, order, marks, err := q.order(&w)
	if err != nil {
		return nil, Page{}, err
	}
	found, err := store.All(ctx, r, func(s store.Scanner) (place, error) {
		var p place
		a, b := "", ""
		if err := s.Scan(&p.id, &a, &b); err != nil {
			return p, err
		}
		p.mark = strings.Join([]string{a, b, string(p.id)}, "\x1e")
		if q.Sort == ByMatch {
			p.match = a
		}
		return p, nil
	}, `SELECT d.id, `+marks+from+w.SQL()+` ORDER BY `+order+w.Limit(q.Limit+1), w.Args()...)
	if err != nil {
		return nil, Page{}, err
	}
	var p Page
	if len(found) > q.Limit {
		found = found[:q.Limit]
		p.Next = base64.RawURLEncoding.EncodeToString([]byte(found[len(found)-1].mark))
	}
	return found, p, nil
}

// fewMatches is how many matches are collected and then sorted; where there are more, the order is walked instead.
const fewMatches = 8_000

func broad(ctx context.Context, r store.Reader, q Query) (bool, error) {
	if q.Sort == ByMatch {
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
	alone := n == 1 && scope.All && q.Sort == ByTag && q.Prefix == ""
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

// order adds the condition of the page mark and returns the tables, the order and the two columns of a mark.
func (q Query) order(w *store.Where) (from, order, marks string, err error) {
	var after []string
	if q.After != "" {
		b, err := base64.RawURLEncoding.DecodeString(q.After)
		after = strings.Split(string(b), "\x1e")
		if err != nil || len(after) != 3 {
			return "", "", "", problem.New(problem.Invalid, "the page mark is not valid")
		}
	}
	from = ` FROM device d`
	switch q.Sort {
	case ByTag:
		marks, order = `d.sort_tag, ''`, `d.sort_tag, d.id`
		if after != nil {
			w.And("(d.sort_tag, d.id) > (?, ?)", after[0], after[2])
		}
	case BySite, ByModel:
		column := map[Sort]string{BySite: "d.sort_site", ByModel: "d.sort_model"}[q.Sort]
		marks, order = column+`, d.sort_tag`, column+`, d.sort_tag, d.id`
		if after != nil {
			w.And("("+column+", d.sort_tag, d.id) > (?, ?, ?)", after[0], after[1], after[2])
		}
	case ByMatch:
		if q.Prefix == "" {
			return "", "", "", problem.New(problem.Invalid, "the order by match needs a text to search for")
		}
		from = ` FROM device_term t JOIN device d ON d.id = t.device_id`
		low, high := prefixOf(q.Prefix)
		w.And("t.term >= ? AND t.term < ?", low, high)
		// Each device once, at its first text.
		w.And("NOT EXISTS (SELECT 1 FROM device_term o WHERE o.device_id = t.device_id AND o.term >= ? AND o.term < t.term)", low)
		marks, order = `t.term, ''`, `t.term, t.device_id`
		if after != nil {
			w.And("(t.term, t.device_id) > (?, ?)", after[0], after[2])
		}
		return from, order, marks, nil
	default:
		return "", "", "", problem.New(problem.Invalid, "%q is not an order of devices", q.Sort)
	}
	if q.Prefix != "" {
		low, high := prefixOf(q.Prefix)
		if q.broad { // walking the order finds a page soon; a planner would turn EXISTS into a join of everything
			w.And("(SELECT min(t.term) FROM device_term t WHERE t.device_id = d.id AND t.term >= ? AND t.term < ?) IS NOT NULL", low, high)
		} else {
			w.And("d.id IN (SELECT t.device_id FROM device_term t WHERE t.term >= ? AND t.term < ?)", low, high)
		}
	}
	return from, order, marks, nil
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
