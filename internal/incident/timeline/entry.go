package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is where an entry comes from.
type Kind string

// The kinds of entries.
const (
	Event       Kind = "event" // of a source of security events
	Alert       Kind = "alert"
	Decision    Kind = "decision"
	Note        Kind = "note"
	Containment Kind = "containment"
	Custody     Kind = "custody"
	Clock       Kind = "clock"   // a report was sent, or ruled out
	Plan        Kind = "plan"    // steps of the procedure that runs
	Journal     Kind = "journal" // anything else that was done in Triward
	Manual      Kind = "manual"  // added by a person
	Blind       Kind = "blind"   // a source was not seen
	Gap         Kind = "gap"     // nothing came from a device for long
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{Event, Alert, Decision, Note, Containment, Custody, Clock, Plan, Journal, Manual, Blind, Gap}
}

// Certainty is how well the instant of an entry is known.
type Certainty string

// How an instant is known.
const (
	Recorded Certainty = "recorded" // by Triward's own clock
	Told     Certainty = "told"     // by the clock of a source
	Stated   Certainty = "stated"   // by a person, who knows it
	About    Certainty = "about"    // by a person, roughly
	Undated  Certainty = "undated"  // nobody knows it
)

// Certainties lists those that a person may give.
func Certainties() []Certainty { return []Certainty{Stated, About, Undated} }

// Entry is one line.
type Entry struct {
	Key       string    // names it for ever within its timeline: "event:…", "journal:…", "manual:…", "blind:…", "gap:…"
	Kind      Kind      //
	Told      time.Time // as the source tells it; zero: undated
	Until     time.Time // of a blind interval or gap: its end, zero while it lasts; of a collapsed line: its other end
	Received  time.Time
	Skew      time.Duration // estimate of the source's clock minus ours when it was received
	SkewKnown bool
	Anchors   int // batches that the estimate rests on, at most; 0 beside SkewKnown: the number was not kept
	Certainty Certainty
	Source    string // id of the source of events, or words
	Says      string // name of the source for people
	What      string
	Who       string
	Device    string // id within the fleet, "" for none
	Name      string // of the device
	Link      Ref
	Patient   bool // an event that may concern a patient
	Count     int  // similar entries that this line stands for, with itself; 1: it stands alone
	Pin       *Mark
	Comments  []Mark

	at int64 // where it stands
}

// Ref is the thing that an entry is about. Kind is event, journal, incident, containment, evidence, alert, device, run,
// source or "".
type Ref struct{ Kind, ID string }

// Mark is a highlight with its reason, or a comment.
type Mark struct {
	Text, By string
	At       time.Time
}

// Corrected is the told instant less the estimate of the clock's error, and whether there is an estimate.
func (e Entry) Corrected() (time.Time, bool) {
	if e.Told.IsZero() || !e.SkewKnown {
		return time.Time{}, false
	}
	return e.Told.Add(-e.Skew), true
}

// Correction says in words what the corrected instant rests on, or why there is none.
func (e Entry) Correction() string {
	switch {
	case e.Kind != Event:
		return ""
	case e.Told.IsZero():
		return "undated: nothing to correct"
	case !e.SkewKnown:
		return "not corrected: no anchors for the clock of this source"
	case e.Anchors == 0:
		return fmt.Sprintf("clock %s, number of anchors not kept", ahead(e.Skew))
	}
	return fmt.Sprintf("clock %s, n ≤ %d anchors", ahead(e.Skew), e.Anchors)
}

// ahead says a skew in words.
func ahead(d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d == 0:
		return "right"
	case d < 0:
		return (-d).String() + " behind"
	}
	return d.String() + " ahead"
}

// place is where an entry stands.
type place struct {
	At  int64 // microseconds
	Key string
}

func (e *Entry) place() place { return place{e.at, e.Key} }

// compare orders places by instant, then by key.
func (p place) compare(o place) int {
	if p.At != o.At {
		if p.At < o.At {
			return -1
		}
		return 1
	}
	return strings.Compare(p.Key, o.Key)
}

// alike reports whether two entries that follow each other may become one line: events of one source about one device by
// one user whose texts differ in their numbers only.
func alike(a, b *Entry) bool {
	return a.Kind == Event && b.Kind == Event && a.Source == b.Source && a.Device == b.Device && a.Who == b.Who &&
		a.Pin == nil && b.Pin == nil && len(a.Comments)+len(b.Comments) == 0 && shape(a.What) == shape(b.What)
}

// shape is a text with every run of digits as one mark.
func shape(s string) string {
	var b strings.Builder
	digits := false
	for _, r := range s {
		d := r >= '0' && r <= '9'
		if !d {
			b.WriteRune(r)
		} else if !digits {
			b.WriteByte('#')
		}
		digits = d
	}
	return b.String()
}

// fits reports whether an entry that was not chosen by its source is asked for.
func (q Query) fits(e *Entry) bool {
	if !q.wants(e.Kind) || q.Device != "" && e.Device != q.Device || q.User != "" && !has(e.Who, q.User) {
		return false
	}
	if e.at != 0 && (!q.From.IsZero() && e.end() < q.From.UnixMicro() || !q.To.IsZero() && e.at >= q.To.UnixMicro()) {
		return false
	}
	text := e.What + " " + e.Who + " " + e.Says + " " + e.Name
	return !slices.ContainsFunc(strings.Fields(q.Text), func(w string) bool { return !has(text, strings.Trim(w, `"`)) })
}

// end is the last instant of an entry, microseconds: what lasts has no end yet.
func (e *Entry) end() int64 {
	switch {
	case e.Kind != Blind && e.Kind != Gap:
		return e.at
	case e.Until.IsZero():
		return 1<<63 - 1
	}
	return e.Until.UnixMicro()
}

func has(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
