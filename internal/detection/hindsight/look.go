package hindsight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/sigma"
)

// Look is what a look back found.
type Look struct {
	From       time.Time         `json:"from"`
	To         time.Time         `json:"to"`
	Indicators Indicators        `json:"indicators"`
	Finds      []Find            `json:"finds,omitempty"`
	Tried      int               `json:"tried"` // rules that are tagged with its CVE ids
	Blind      []detection.Blind `json:"blind,omitempty"`
}

// Find is one thing that was found.
type Find struct {
	Kind    string       `json:"kind"` // cve, address, name, digest or rule
	What    string       `json:"what"`
	Events  int64        `json:"events"`
	First   time.Time    `json:"first,omitzero"`
	Last    time.Time    `json:"last,omitzero"`
	Devices []replay.Top `json:"devices,omitempty"` // the most
	IDs     []string     `json:"ids,omitempty"`     // of the latest events
}

// mostIDs is how many events a find names.
const mostIDs = 20

// Events is how many events were found. One that holds several things counts for each.
func (l Look) Events() (n int64) {
	for _, f := range l.Finds {
		n += f.Events
	}
	return n
}

// BlindTime is how much of the time some source was not seen.
func (l Look) BlindTime() time.Duration {
	return replay.Report{From: l.From, To: l.To, Blind: l.Blind}.BlindTime()
}

// Past is where kept events are found: eventlog.Log fulfils it.
type Past interface {
	replay.Past
	Search(ctx context.Context, q eventlog.Query) (eventlog.Page, error)
	Count(ctx context.Context, q eventlog.Query, b eventlog.Bucket) ([]eventlog.Count, error)
}

// wanted is one search.
type wanted struct {
	kind, what string
	queries    []eventlog.Query // whose results add up
}

func searches(i Indicators) []wanted {
	var out []wanted
	for _, c := range i.CVEs {
		out = append(out, wanted{"cve", c, []eventlog.Query{{Text: `"` + c + `"`}}})
	}
	is := func(field string, op eventlog.Op, values ...string) eventlog.Query {
		return eventlog.Query{Where: []eventlog.Condition{{Field: field, Op: op, Values: values}}}
	}
	for _, a := range i.Addresses {
		out = append(out, wanted{"address", a, []eventlog.Query{is("any.ip", eventlog.Is, a)}})
	}
	for _, n := range i.Names {
		w := wanted{"name", n, nil}
		for _, field := range []string{"dns.query", "http.host", "tls.sni"} {
			w.queries = append(w.queries, is(field, eventlog.Is, n), is(field, eventlog.Ends, "."+n))
		}
		out = append(out, w)
	}
	for _, d := range i.Digests {
		out = append(out, wanted{"digest", d, []eventlog.Query{is("hash", eventlog.Is, d)}})
	}
	return out
}

// back looks for indicators and tries rules, from one instant to another.
func (l *Look) back(ctx context.Context, past Past, tagged sigma.Set) error {
	for _, w := range searches(l.Indicators) {
		for n := range w.queries {
			w.queries[n].Where = append(w.queries[n].Where, eventlog.Real())
			w.queries[n].From, w.queries[n].To = l.From.UnixMicro(), l.To.UnixMicro()
		}
		f, err := Seek(ctx, past, Find{Kind: w.kind, What: w.what}, w.queries)
		if err != nil {
			return err
		}
		if f.Events > 0 {
			l.Finds = append(l.Finds, f)
		}
	}
	l.Tried = len(tagged.Rules) + len(tagged.Correlations)
	if l.Tried == 0 {
		return nil
	}
	r, err := replay.Run(ctx, past, replay.Order{Set: tagged, From: l.From, To: l.To})
	if err != nil {
		return err
	}
	for _, o := range r.Rules {
		if o.Firings == 0 {
			continue
		}
		f := Find{Kind: "rule", What: o.Title, Events: o.Firings, First: o.First, Last: o.Last, Devices: o.TopDevices}
		for _, x := range o.Examples {
			f.IDs = append(f.IDs, x.Event)
		}
		l.Finds = append(l.Finds, f)
	}
	return nil
}

// Seek adds to a find the events of queries, whose results add up: how many, of which devices, from when to when, and the
// latest of them. Events that several queries find count for each.
func Seek(ctx context.Context, past Past, f Find, queries []eventlog.Query) (Find, error) {
	for _, q := range queries {
		if err := f.add(ctx, past, q); err != nil {
			return f, err
		}
	}
	return f, nil
}

// add counts the events of a query by device, at either end, and names the latest.
func (f *Find) add(ctx context.Context, past Past, q eventlog.Query) error {
	counts, err := past.Count(ctx, q, eventlog.Bucket{By: "dev.id"})
	if err != nil {
		return fmt.Errorf("count events with %s: %w", f.What, err)
	}
	if len(counts) == 0 {
		return nil
	}
	for _, c := range counts {
		f.Events += c.N
	}
	peers, err := past.Count(ctx, q, eventlog.Bucket{By: "peer.id"})
	if err != nil {
		return fmt.Errorf("count events with %s: %w", f.What, err)
	}
	seen := map[string]int64{}
	for _, t := range f.Devices {
		seen[t.Name] = t.N
	}
	for _, c := range append(counts, peers...) {
		if c.Value != "" {
			seen[c.Value] += c.N
		}
	}
	f.Devices = f.Devices[:0]
	for name, n := range seen {
		f.Devices = append(f.Devices, replay.Top{Name: name, N: n})
	}
	slices.SortFunc(f.Devices, func(a, b replay.Top) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Name, b.Name)
	})
	hours, err := past.Count(ctx, q, eventlog.Bucket{Width: int64(time.Hour / time.Microsecond)})
	if err != nil {
		return fmt.Errorf("count events with %s: %w", f.What, err)
	}
	first, err := firstOf(ctx, past, q, hours[0].At)
	if err != nil {
		return fmt.Errorf("find events with %s: %w", f.What, err)
	}
	if at := time.UnixMicro(first).UTC(); f.First.IsZero() || at.Before(f.First) {
		f.First = at
	}
	q.Limit = mostIDs
	page, err := past.Search(ctx, q)
	if err != nil {
		return fmt.Errorf("find events with %s: %w", f.What, err)
	}
	for _, e := range page.Events {
		if at := time.UnixMicro(e.At()).UTC(); at.After(f.Last) {
			f.Last = at
		}
		if len(f.IDs) < mostIDs {
			f.IDs = append(f.IDs, e.ID.String())
		}
	}
	return nil
}

// errSeen ends a scan.
var errSeen = errors.New("seen")

// firstOf is when the first event of a query was, in microseconds, which lies in the hour that begins at an instant.
func firstOf(ctx context.Context, past Past, q eventlog.Query, hour int64) (int64, error) {
	first := hour
	q.From, q.To = max(q.From, hour), hour+int64(time.Hour/time.Microsecond)
	err := past.Scan(ctx, q, func(part []eventlog.Event) error {
		if len(part) == 0 {
			return nil
		}
		first = part[0].At()
		return errSeen
	})
	if errors.Is(err, errSeen) {
		err = nil
	}
	return first, err
}
