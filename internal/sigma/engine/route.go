package engine

import (
	"encoding/binary"
	"maps"
	"slices"

	"triward/internal/sigma"
)

// route holds the rules for events of some log sources.
type route struct {
	always   []int32 // rules without a witness
	indexes  []*index
	keywords *keywords
}

// route gives the rules that are about one of the sources; without routing all. Routes with the same rules are one.
func (e *Engine) route(sources []sigma.LogSource) *route {
	every := e.options.Everywhere || e.options.Unsourced && len(sources) == 0
	var rules []int32
	var key []byte
	for i, r := range e.set.Rules {
		if !every && !about(r.LogSource, sources) {
			continue
		}
		rules = append(rules, int32(i))
		key = binary.LittleEndian.AppendUint32(key, uint32(i))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	x, ok := e.routes[string(key)]
	if !ok {
		x = e.build(rules)
		e.routes[string(key)] = x
	}
	return x
}

// about says whether a rule's log source covers one of an event's. A rule without any is about all events.
func about(l sigma.LogSource, sources []sigma.LogSource) bool {
	if l == (sigma.LogSource{}) {
		return true
	}
	for _, s := range sources {
		if l.Covers(s) {
			return true
		}
	}
	return false
}

// build makes the indexes of a route.
func (e *Engine) build(rules []int32) *route {
	r := &route{}
	byField := map[int32]map[witness][]int32{}
	for _, i := range rules {
		list := e.rules[i].witness
		if list == nil {
			r.always = append(r.always, i)
		}
		for _, w := range list {
			if byField[w.field] == nil {
				byField[w.field] = map[witness][]int32{}
			}
			if same := byField[w.field][w]; len(same) == 0 || same[len(same)-1] != i {
				byField[w.field][w] = append(same, i)
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(byField)) {
		x := newIndex(f, byField[f], &e.grams)
		if f == everything {
			r.keywords = newKeywords(x, byField[f], &e.grams)
		} else {
			r.indexes = append(r.indexes, x)
		}
	}
	return r
}

// candidates tries the rules of the route that the event may fire.
func (r *route) candidates(w *Worker) {
	for _, x := range r.always {
		w.try(x)
	}
	for _, x := range r.indexes {
		s := w.record.there(x.field)
		if s == nil {
			continue
		}
		for _, i := range x.present {
			w.try(i)
		}
		for i := s.first; i >= 0; i = w.record.values[i].next {
			x.look(w, &w.record.values[i])
		}
	}
	if r.keywords != nil {
		r.keywords.look(w)
	}
}
