package vers

import (
	"fmt"
	"sort"
)

// Event is one point of an OSV range (OSV schema 1.6, "affected[].ranges[].events"); exactly one field is set.
type Event struct {
	Introduced   string // "0" is before every version
	Fixed        string
	LastAffected string
	Limit        string // "*" is after every version
}

// Line is a list of events in version order, ready for many questions.
type Line struct {
	scheme Scheme
	points []point
	limits []Key
}

type point struct {
	key    Key
	start  bool // Introduced "0"
	kind   pointKind
	source int
}

type pointKind uint8

const (
	introduced pointKind = iota
	lastAffected
	fixed
)

// NewLine reads the events of a range. The error names the event that is not a version of the scheme.
func NewLine(scheme Scheme, events []Event) (Line, error) {
	l := Line{scheme: scheme}
	if len(events) > maxConstraints {
		return l, fmt.Errorf("range with %d events: at most %d", len(events), maxConstraints)
	}
	for i, e := range events {
		text, kind := e.Introduced, introduced
		switch {
		case e.Fixed != "":
			text, kind = e.Fixed, fixed
		case e.LastAffected != "":
			text, kind = e.LastAffected, lastAffected
		case e.Limit == "*":
			continue
		case e.Limit != "":
			k, err := ParseKey(scheme, e.Limit)
			if err != nil {
				return l, fmt.Errorf("event %d: %w", i, err)
			}
			l.limits = append(l.limits, k)
			continue
		}
		p := point{kind: kind, source: i}
		if kind == introduced && text == "0" {
			p.start = true
		} else {
			k, err := ParseKey(scheme, text)
			if err != nil {
				return l, fmt.Errorf("event %d: %w", i, err)
			}
			p.key = k
		}
		l.points = append(l.points, p)
	}
	if scheme == Git {
		return l, nil
	}
	var bad error
	sort.SliceStable(l.points, func(i, j int) bool {
		a, b := &l.points[i], &l.points[j]
		if a.start || b.start {
			return a.start && !b.start
		}
		c, ok := a.key.compare(&b.key)
		if !ok && bad == nil {
			bad = fmt.Errorf("events %d and %d: versions %s and %s have no order", a.source, b.source, a.key.text, b.key.text)
		}
		return c < 0
	})
	return l, bad
}

// Contains decides for a version as text, with one sentence of explanation.
func (l *Line) Contains(version string) (Truth, string) {
	k, err := ParseKey(l.scheme, version)
	if err != nil {
		return Unknown, err.Error()
	}
	switch t := l.ContainsKey(&k); {
	case t != Unknown:
		return t, ""
	case l.scheme == Git:
		return t, "commits have no order without the repository"
	}
	return Unknown, fmt.Sprintf("version %s has no order against the range", version)
}

// ContainsKey walks the events as the OSV schema's evaluation algorithm does: the last event at or before the version
// decides, below at least one limit where there are limits.
func (l *Line) ContainsKey(k *Key) Truth {
	if k.scheme != l.scheme {
		return Unknown
	}
	if l.scheme == Git {
		return l.commit(k)
	}
	state := False
	for i := range l.points {
		p := &l.points[i]
		c := 1
		if !p.start {
			var ok bool
			if c, ok = k.compare(&p.key); !ok {
				return Unknown
			}
		}
		switch {
		case p.kind == introduced && c >= 0:
			state = True
		case p.kind == fixed && c >= 0, p.kind == lastAffected && c > 0:
			state = False
		}
	}
	if state != True || len(l.limits) == 0 {
		return state
	}
	below := False
	for i := range l.limits {
		c, ok := k.compare(&l.limits[i])
		if !ok {
			below = below.Or(Unknown)
			continue
		}
		below = below.Or(Of(c < 0))
	}
	return below
}

// commit knows only the commits that the events name.
func (l *Line) commit(k *Key) Truth {
	for i := range l.points {
		p := &l.points[i]
		if !p.start && p.key.text == k.text {
			return Of(p.kind != fixed)
		}
	}
	if len(l.points) == 1 && l.points[0].start {
		return True
	}
	return Unknown
}
