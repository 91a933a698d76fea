package engine

import (
	"slices"

	"triward/internal/sigma"
)

// maxEpoch is after how many events marks are cleared: they would look new again.
const maxEpoch = 1<<31 - 1

// maxSources bounds how many combinations of log sources a worker remembers.
const maxSources = 4096

// Worker matches one event after the other; each goroutine has its own. The life of an event is Reset, Set for what the
// caller knows, Read for the record, Match; then Value, Time and Explain until the next Reset.
type Worker struct {
	engine *Engine
	record record
	memo   []uint32
	marks  []uint32 // of rules that were looked at
	hits   []int
	list   []*value
	own    bool // the event is of the rules' own log source
	stats  Stats

	// A state is a set of log sources with its rules; state 0 is the empty set.
	windows map[windowsKey]int32
	derived map[string]int32
	sources map[sourceKey]int32
	states  []*route
	sets    [][]sigma.LogSource

	channel, eventID, zeek, eve, flow int32
}

// Stats counts what a worker did.
type Stats struct {
	Events     int64
	Candidates int64 // rules whose condition was evaluated
	Hits       int64
}

type windowsKey struct {
	service string
	id      int
}

// sourceKey leads from the sources seen so far to those with one more.
type sourceKey struct {
	state  int32
	source sigma.LogSource
}

// Worker gives a new worker.
func (e *Engine) Worker() *Worker {
	w := &Worker{engine: e, record: newRecord(&e.fields), memo: make([]uint32, len(e.atoms)), marks: make([]uint32, len(e.rules))}
	w.forget()
	slot := func(n string) int32 { return e.fields.slots[n] }
	w.channel, w.eventID, w.zeek, w.eve, w.flow = slot("Channel"), slot("EventID"), slot("_path"), slot("event_type"), slot("flow_id")
	return w
}

func (w *Worker) forget() {
	w.windows, w.derived, w.sources = map[windowsKey]int32{}, map[string]int32{}, map[sourceKey]int32{}
	w.states, w.sets = nil, nil
	w.newState(nil)
}

// Reset begins an event.
func (w *Worker) Reset() {
	if w.record.epoch == maxEpoch {
		w.record.epoch = 0
		clear(w.record.slots)
		clear(w.memo)
		clear(w.marks)
	}
	w.record.reset()
}

// Set gives a normalised field; a name given twice has both values. It comes before those of the record.
func (w *Worker) Set(name, value string) { w.record.set(name, value) }

// Read takes the record as it came: the members of a JSON object become fields, anything else is a text that keywords
// see. The bytes must not change until the next Reset.
func (w *Worker) Read(raw []byte) { w.record.read(raw) }

// Match gives the rules that fire, as ascending indexes into the set's rules; the list is good until the next Reset. The
// event belongs to the log sources given and to those that the record says of itself (SourceOf).
func (w *Worker) Match(sources ...sigma.LogSource) []int {
	if len(w.states) >= maxSources {
		w.forget()
	}
	state := int32(0)
	if !w.engine.options.Everywhere {
		state = w.given(w.derive(), sources)
	}
	w.own = !w.engine.options.Everywhere && (len(w.sets[state]) > 0 || !w.engine.options.Unsourced)
	w.stats.Events++
	w.hits = w.hits[:0]
	w.states[state].candidates(w)
	slices.Sort(w.hits)
	w.stats.Hits += int64(len(w.hits))
	return w.hits
}

// MatchLine is Reset, Read and Match of a JSON record that says itself where it is from.
func (w *Worker) MatchLine(line []byte) []int {
	w.Reset()
	w.Read(line)
	return w.Match()
}

// try evaluates a rule once for an event.
func (w *Worker) try(rule int32) {
	if w.marks[rule] == w.record.epoch {
		return
	}
	w.marks[rule] = w.record.epoch
	w.stats.Candidates++
	if w.eval(&w.engine.rules[rule].root) {
		w.hits = append(w.hits, int(rule))
	}
}

// given adds log sources to those of a state.
func (w *Worker) given(state int32, sources []sigma.LogSource) int32 {
	for _, s := range sources {
		key := sourceKey{state, s}
		next, ok := w.sources[key]
		if !ok {
			next = w.newState(append(slices.Clone(w.sets[state]), s))
			w.sources[key] = next
		}
		state = next
	}
	return state
}

func (w *Worker) newState(sources []sigma.LogSource) int32 {
	w.states = append(w.states, w.engine.route(sources))
	w.sets = append(w.sets, sources)
	return int32(len(w.states) - 1)
}

// derive finds the log sources of a record that says itself where it is from; it is SourceOf without allocating.
func (w *Worker) derive() int32 {
	r := &w.record
	if i := r.head(w.channel); i >= 0 {
		key := windowsKey{channels[string(r.folded(&r.values[i]))], r.number(w.eventID)}
		if len(categories[key.service][key.id]) == 0 {
			key.id = -1 // all others of the service are alike
		}
		x, ok := w.windows[key]
		if !ok {
			x = w.newState(windowsSources(key.service, key.id))
			w.windows[key] = x
		}
		return x
	}
	prefix, slot := "zeek", w.zeek
	if r.head(slot) < 0 {
		if prefix, slot = "eve", w.eve; r.head(slot) < 0 || r.head(w.flow) < 0 {
			return 0
		}
	}
	text, _ := r.first(slot)
	at := len(r.buf)
	r.buf = append(append(r.buf, prefix...), text...)
	x, ok := w.derived[string(r.buf[at:])]
	if !ok {
		x = w.newState(SourceOf(w.Value))
		w.derived[string(r.buf[at:])] = x
	}
	return x
}

// Value gives the first value of a field that some rule, correlation or baseline names, or that Options.Fields names.
func (w *Worker) Value(name string) (string, bool) {
	s, ok := w.engine.fields.slots[name]
	if !ok {
		return "", false
	}
	text, ok := w.record.first(s)
	return string(text), ok
}

// Stats gives what the worker did so far.
func (w *Worker) Stats() Stats { return w.stats }
