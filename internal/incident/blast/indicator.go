package blast

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

// maxSighted is how many devices an indicator may be seen with. One seen with more is no indicator of anything.
const maxSighted = 2_000

// sightings are the devices that events name with an indicator, and those that have it as a name.
type sightings struct {
	events map[string]int64 // by device
	owners map[string]bool
	window string
}

// fields are where an indicator can stand in an event.
func fields(indicator string) []string {
	if _, err := network.Canonical(network.IP, indicator); err == nil {
		return []string{"any.ip"}
	}
	if isHash(indicator) {
		return []string{"hash"}
	}
	return []string{"ae.calling", "ae.called", "host", "user"}
}

// isHash says whether it looks like an MD5, SHA-1, SHA-256 or SHA-512 in hexadecimal.
func isHash(s string) bool {
	return slices.Contains([]int{32, 40, 64, 128}, len(s)) && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
}

// sight searches the event log for the devices that are named with the indicator.
func (f Finder) sight(ctx context.Context, v *Radius) (sightings, error) {
	q := v.Query
	s := sightings{events: map[string]int64{}, owners: map[string]bool{}, window: span(q.From, q.To)}
	if f.Events.Log == nil {
		return s, problem.New(problem.Conflict, "this process has no event log to search")
	}
	name := strings.TrimSpace(q.Indicator)
	if ip, err := network.Canonical(network.IP, name); err == nil {
		name = ip
	}
	for _, field := range fields(name) {
		ask := eventlog.Query{Where: []eventlog.Condition{{Field: field, Op: eventlog.Is, Values: []string{name}}}, Limit: 1}
		if !q.From.IsZero() {
			ask.From = q.From.UnixMicro()
		}
		if !q.To.IsZero() {
			ask.To = q.To.UnixMicro()
		}
		page, err := f.Events.Search(ctx, ask)
		if err != nil {
			return s, err
		}
		v.Withheld, v.Blind = v.Withheld || page.Withheld, v.Blind || len(page.Blind) > 0
		for _, side := range []string{"dev.id", "peer.id"} {
			found, err := f.Events.Count(ctx, ask, eventlog.Bucket{By: side})
			if err != nil {
				return s, err
			}
			for _, c := range found {
				if c.Value != "" {
					s.events[c.Value] += c.N
				}
			}
		}
	}
	err := f.DB.View(ctx, func(r store.Reader) error {
		owners, err := ownersOf(ctx, r, name)
		for _, id := range owners {
			s.owners[id] = true
		}
		return err
	})
	if n := len(s.events) + len(s.owners); err == nil && n > maxSighted {
		err = problem.New(problem.Invalid, "%s is seen with more than %d devices: ask for a shorter time", q.Indicator, maxSighted)
	}
	return s, err
}

// ownersOf are the devices that have, or had, a name on the network.
func ownersOf(ctx context.Context, r store.Reader, name string) ([]string, error) {
	var w store.Where
	var any []string
	for _, kind := range network.IdentityKinds() {
		value, err := network.Canonical(kind, name)
		if err != nil {
			continue
		}
		any = append(any, `(kind = `+w.Bind(string(kind))+` AND value = `+w.Bind(value)+`)`)
	}
	if len(any) == 0 {
		return nil, nil
	}
	return store.All(ctx, r, store.Value[string], `SELECT DISTINCT device_id FROM device_identity WHERE `+strings.Join(any, " OR ")+` ORDER BY device_id`, w.Args()...)
}

func (s sightings) source(w *store.Where) string {
	ids := slices.Sorted(maps.Keys(s.events))
	for id := range s.owners {
		if s.events[id] == 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		ids = []string{""} // no device
	}
	slices.Sort(ids)
	return `(SELECT id AS device, 'affected' AS truth FROM device WHERE id IN (` + marks(w, ids) + `))`
}

func (s sightings) explain(d *Device) {
	d.Events = s.events[string(d.ID)]
	var why []string
	if s.owners[string(d.ID)] {
		why = append(why, "it has, or had, that name on the network")
	}
	switch d.Events {
	case 0:
	case 1:
		why = append(why, "one event names it with the indicator"+s.window)
	default:
		why = append(why, fmt.Sprintf("%d events name it with the indicator%s", d.Events, s.window))
	}
	d.Why = strings.Join(why, "; ")
}
