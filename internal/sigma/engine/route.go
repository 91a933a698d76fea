package engine

import (
	"encoding/binary"

	"triward/internal/sigma"
)

// route holds the rules for events of some log sources.
type route struct {
	always []int32
}

// route gives the rules that are about one of the sources; without routing all rules. Routes with the same rules are one.
func (e *Engine) route(sources []sigma.LogSource) *route {
	var rules []int32
	var key []byte
	for i, r := range e.set.Rules {
		if e.routed && !about(r.LogSource, sources) {
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

func (e *Engine) build(rules []int32) *route { return &route{always: rules} }

func (r *route) candidates(w *Worker) {
	for _, x := range r.always {
		w.try(x)
	}
}
