// Package sigmatest is a plain interpreter of Sigma rules: what package sigma says of their meaning, written down as
// directly as possible and without regard to speed. The engine has to agree with it.
package sigmatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
)

// Pair is one name of a record with a value; Null when it has none.
type Pair struct {
	Name, Value string
	Null        bool
}

// Event is a record with all its names.
type Event struct {
	Given   []Pair // normalised by the caller
	Members []Pair // of the record
	Text    string // of a record that is not JSON

	found map[string]found // fields that were asked for
}

type found struct {
	values []string
	there  bool
}

// Parse reads a record.
func Parse(raw []byte) Event {
	e := Event{found: map[string]found{}}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	t, err := d.Token()
	if err == nil && t == json.Delim('{') && object(d, "", &e.Members) == nil {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return e
		}
	}
	return Event{Text: string(bytes.TrimSpace(raw)), found: map[string]found{}}
}

func object(d *json.Decoder, path string, out *[]Pair) error {
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if err := member(d, path, t.(string), out); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func member(d *json.Decoder, path, key string, out *[]Pair) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	name := path + key
	add := func(v string, null bool) { *out = append(*out, Pair{name, v, null}) }
	switch t := t.(type) {
	case string:
		add(t, false)
	case json.Number:
		add(t.String(), false)
	case bool:
		add(strconv.FormatBool(t), false)
	case nil:
		add("", true)
	case json.Delim:
		add("", true)
		if t == '[' {
			for d.More() {
				if err := member(d, path, key, out); err != nil {
					return err
				}
			}
			_, err := d.Token()
			return err
		}
		if path == "Event.UserData." || path == "UserData." { // the template's name is no part of the field's
			return object(d, path, out)
		}
		return object(d, name+".", out)
	}
	return nil
}

// others are the names that a field has with those who ship Windows events.
func others(name string) []string {
	var out []string
	for _, c := range []string{"Event.EventData.", "Event.System.", "Event.UserData.", "EventData.", "UserData.", "System.",
		"winlog.event_data.", "winlog.user_data.", "winlog."} {
		out = append(out, c+name)
	}
	return append(out, map[string][]string{
		"Provider_Name": {"Event.System.Provider.#attributes.Name", "System.Provider.#attributes.Name", "winlog.provider_name", "SourceName"},
		"EventID":       {"winlog.event_id", "Event.System.EventID.#text", "System.EventID.#text"},
		"Channel":       {"winlog.channel"},
		"Computer":      {"winlog.computer_name", "Hostname"},
		"Image":         {"NewProcessName"},
		"ParentImage":   {"ParentProcessName"},
	}[name]...)
}

// Field gives the values of a field and whether the record has the name.
func (e Event) Field(name string) ([]string, bool) {
	f, ok := e.found[name]
	if !ok {
		f = e.find(name)
		e.found[name] = f
	}
	return f.values, f.there
}

func (e Event) find(name string) (f found) {
	own := func(p Pair) bool { return p.Name == name }
	names := others(name)
	other := func(p Pair) bool { return slices.Contains(names, p.Name) }
	for _, try := range []struct {
		pairs []Pair
		is    func(Pair) bool
	}{{e.Given, own}, {e.Members, own}, {e.Members, other}} {
		for _, p := range try.pairs {
			if try.is(p) {
				f.there = true
				if !p.Null {
					f.values = append(f.values, p.Value)
				}
			}
		}
		if f.there {
			return f
		}
	}
	return f
}

// all gives every value, for keywords.
func (e Event) all() []string {
	var out []string
	for _, p := range append(slices.Clone(e.Given), e.Members...) {
		if !p.Null {
			out = append(out, p.Value)
		}
	}
	if e.Text != "" {
		out = append(out, e.Text)
	}
	return out
}

// Sources are the log sources that the record says of itself.
func (e Event) Sources() []sigma.LogSource {
	return engine.SourceOf(func(name string) (string, bool) {
		v, _ := e.Field(name)
		if len(v) == 0 {
			return "", false
		}
		return v[0], true
	})
}

// Fires says whether a rule fires on an event of these log sources; everywhere tries it on any.
func Fires(r sigma.Rule, e Event, sources []sigma.LogSource) bool {
	own := r.LogSource == sigma.LogSource{} || slices.ContainsFunc(sources, r.LogSource.Covers)
	return own && interpreter{e, true}.node(r.Condition)
}

// FiresAnywhere tries a rule whatever the event's log source.
func FiresAnywhere(r sigma.Rule, e Event) bool { return interpreter{e, false}.node(r.Condition) }

type interpreter struct {
	event Event
	own   bool // the event is of the rule's own log source
}

func (x interpreter) node(n *sigma.Node) bool {
	switch n.Op {
	case sigma.And:
		return !slices.ContainsFunc(n.Kids, func(k *sigma.Node) bool { return !x.node(k) })
	case sigma.Or:
		return slices.ContainsFunc(n.Kids, x.node)
	case sigma.Not:
		return !x.node(n.Kids[0])
	}
	return x.item(n.Item)
}

func (x interpreter) item(t *sigma.Item) bool {
	values, there := x.event.Field(t.Field)
	if t.Field == "" {
		values = x.event.all()
	}
	switch t.Kind {
	case sigma.Presence:
		return there == t.Want
	case sigma.Number:
		return slices.ContainsFunc(values, func(v string) bool {
			f, ok := quantity(v, t.Unit)
			return ok && slices.ContainsFunc(t.Numbers, func(n float64) bool { return t.Compare.Holds(f, n) })
		})
	case sigma.Network:
		return wanted(t, len(t.Networks), values, func(i int, v string) bool {
			v, _, _ = strings.Cut(v, "%")
			a, err := netip.ParseAddr(v)
			return err == nil && t.Networks[i].Contains(a.Unmap())
		})
	case sigma.Reference:
		return wanted(t, len(t.Others), values, func(i int, v string) bool {
			list, _ := x.event.Field(t.Others[i])
			return slices.ContainsFunc(list, func(o string) bool {
				return glob(t, shaped(sigma.Pattern{{Text: o}}, t.Shape), v)
			})
		})
	}
	absent := len(values) == 0
	if t.Null && (absent || x.own && slices.Contains(values, "")) {
		return true
	}
	if absent && t.Field != "" && x.own {
		values = []string{""}
	}
	if t.Kind == sigma.Regex {
		return wanted(t, len(t.Regexps), values, func(i int, v string) bool {
			return t.Regexps[i].MatchString(v[:min(len(v), 64<<10)])
		})
	}
	return wanted(t, len(t.Patterns), values, func(i int, v string) bool {
		p := t.Patterns[i]
		if absent && len(p) == 1 && p[0].Wild == sigma.Any {
			return false
		}
		return glob(t, p, v)
	})
}

// wanted says whether one of n wanted things is in a value, or each of them with all.
func wanted(t *sigma.Item, n int, values []string, is func(i int, v string) bool) bool {
	for i := range n {
		if slices.ContainsFunc(values, func(v string) bool { return is(i, v) }) != t.All {
			return !t.All
		}
	}
	return t.All && n > 0
}

func quantity(v string, u sigma.Unit) (float64, bool) {
	f, err := strconv.ParseFloat(v, 64)
	isNumber := err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) && len(v) <= 32 && !strings.ContainsAny(v, "xXpP_")
	if u == sigma.NoUnit {
		return f, isNumber
	}
	var at time.Time
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, v); err == nil {
			at = t.UTC()
		}
	}
	if isNumber {
		at = time.UnixMicro(int64(f * 1e6)).UTC()
	}
	if at.IsZero() {
		return 0, false
	}
	_, week := at.ISOWeek()
	return map[sigma.Unit]float64{sigma.Minute: float64(at.Minute()), sigma.Hour: float64(at.Hour()), sigma.Day: float64(at.Day()),
		sigma.Week: float64(week), sigma.Month: float64(at.Month()), sigma.Year: float64(at.Year())}[u], true
}

func fold(s string) []rune {
	out := []rune(s)
	for i, r := range out {
		if out[i] = unicode.ToLower(r); r == 'ſ' {
			out[i] = 's'
		}
	}
	return out
}

func shaped(p sigma.Pattern, s sigma.Shape) sigma.Pattern {
	if s == sigma.Suffix || s == sigma.Inside {
		p = append(sigma.Pattern{{Wild: sigma.Any}}, p...)
	}
	if s == sigma.Prefix || s == sigma.Inside {
		p = append(p, sigma.Part{Wild: sigma.Any})
	}
	return p
}

// glob matches a pattern of an item with the whole of a value, rune by rune.
func glob(t *sigma.Item, p sigma.Pattern, value string) bool {
	text := fold
	if t.Cased {
		text = func(s string) []rune { return []rune(s) }
	}
	const anything, one = -1, -2
	var want []rune
	for _, x := range p {
		switch x.Wild {
		case sigma.Any:
			want = append(want, anything)
		case sigma.One:
			want = append(want, one)
		default:
			want = append(want, text(x.Text)...)
		}
	}
	// reach[i] says whether the first i characters of the pattern match the value so far.
	reach := make([]bool, len(want)+1)
	reach[0] = true
	for i := 0; i < len(want) && want[i] == anything; i++ {
		reach[i+1] = true
	}
	for _, c := range text(value) {
		next := make([]bool, len(want)+1)
		for i, w := range want {
			switch {
			case w == anything:
				next[i+1] = next[i] || reach[i+1]
			case reach[i] && (w == one || w == c):
				next[i+1] = true
			}
		}
		reach = next
	}
	return reach[len(want)]
}
