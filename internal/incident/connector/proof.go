package connector

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// Means is how the effect of an action is seen in events.
type Means string

// The closed list of means.
const (
	ByPerson Means = ""       // a person looks, and says so
	Quiet    Means = "quiet"  // no event of the device for a time, where there were some before
	Blocked  Means = "report" // an event that says it: the firewall's "denied", the switch's "port down"
)

// Proof is what shows that an action took effect: data, decided by events that one source saw.
type Proof struct {
	Means   Means  `json:"means"`
	Source  string `json:"source,omitempty"`  // the source that sees it ("src_…")
	Class   int    `json:"class,omitempty"`   // OCSF class of the events; 0: any
	Text    string `json:"text,omitempty"`    // words that the event holds
	Gone    string `json:"gone,omitempty"`    // report: words of the event that says that the effect ended; "": a person says so
	Address string `json:"address,omitempty"` // of what the events are about, where it is no device of the fleet
	Outside bool   `json:"outside,omitempty"` // quiet: only flows count that the approved profile does not list
	Minutes int    `json:"minutes,omitempty"` // quiet: for how long; 1 to 1440
	Within  int    `json:"within,omitempty"`  // minutes after the answer in which it must be seen; 0 is 15
}

// Validate reports every fault.
func (p Proof) Validate() error {
	var l problem.List
	if !slices.Contains([]Means{ByPerson, Quiet, Blocked}, p.Means) {
		l.Add("means", "is not one of the choices")
	}
	if p.Means != ByPerson && p.Source == "" {
		l.Add("source", "is required: which source sees it")
	}
	if p.Means == Quiet && (p.Minutes < 1 || p.Minutes > 24*60) {
		l.Add("minutes", "must be 1 to 1440")
	}
	if p.Means == Blocked && len(eventlog.Words(p.Text)) == 0 {
		l.Add("text", "is required: the words of the event that says it")
	}
	if p.Outside && p.Means != Quiet {
		l.Add("outside", "goes with quiet")
	}
	if p.Within < 0 || p.Within > 24*60 || p.Within != 0 && p.Within <= p.Minutes {
		l.Add("within", "must be longer than the quiet time, and at most 1440 minutes")
	}
	if p.Class < 0 || p.Class > 999_999 {
		l.Add("class", "is not a class")
	}
	if p.Address != "" {
		if _, err := netip.ParseAddr(p.Address); err != nil {
			l.Add("address", "is not an address")
		}
	}
	for name, v := range map[string]string{"text": p.Text, "gone": p.Gone} {
		if err := (eventlog.Query{Text: v}).Validate(); err != nil || len(v) > 200 {
			l.Add(name, "is too long")
		}
	}
	return l.Err("how the effect is seen is not complete")
}

// Patience is how long after the answer the effect may need to be seen.
func (p Proof) Patience() time.Duration {
	if p.Within > 0 {
		return time.Duration(p.Within) * time.Minute
	}
	return time.Duration(max(15, 2*p.Minutes)) * time.Minute
}

// Words says what is looked for.
func (p Proof) Words() string {
	switch p.Means {
	case Quiet:
		what := "no event of the device"
		if p.Outside {
			what = "no flow of the device outside its approved profile"
		}
		return what + " for " + strconv.Itoa(p.Minutes) + " minutes"
	case Blocked:
		return "an event with the words “" + p.Text + "”"
	}
	return "a person looks"
}

// found is what a look into the events says.
type found struct {
	effect bool // the effect is seen
	broken bool // something is seen that the effect rules out
	words  string
}

// witness looks into the events of one action.
type witness struct {
	log     eventlog.Reader
	proof   Proof
	device  string // "" for what is no device of the fleet
	own     []string
	profile flow.Profile
	source  detection.SourceItem
	now     time.Time
}

// lookBack is how long before an action its source must have seen the device, for its silence to say anything.
const lookBack = 7 * 24 * time.Hour

// lateBy is how much earlier an event may be dated than it is looked for, by the clock of its source.
const lateBy = 24 * time.Hour

func (d Desk) witness(ctx context.Context, r store.Reader, j Job, dev string) (witness, error) {
	w := witness{log: d.Log, proof: j.Proof, now: d.DB.Now()}
	found, err := device.Records(ctx, r, []device.ID{device.ID(dev)})
	if err != nil {
		return w, err
	}
	if len(found) > 0 {
		w.device, w.own = dev, found[0].Current(network.IP)
	}
	if w.profile, err = flow.Of(ctx, r, dev); err != nil {
		return w, err
	}
	w.source, err = detection.GetSource(ctx, r, j.Proof.Source)
	return w, err
}

// hidden says why a time cannot be judged: its source did not see it whole. "" when it did.
func (w *witness) hidden(ctx context.Context, r store.Reader, from, to time.Time) (string, error) {
	p, err := detection.Blinds(ctx, r, detection.BlindQuery{Source: w.proof.Source, From: from, To: to, Limit: 1})
	if err != nil {
		return "", err
	}
	switch {
	case len(p.Items) > 0:
		return "cannot say: the source was blind (" + string(p.Items[0].Reason) + ") at " + p.Items[0].Started.UTC().Format(time.RFC3339), nil
	case w.source.Seen.Before(to):
		return "cannot say yet: nothing came from the source since " + w.source.Seen.UTC().Format(time.RFC3339), nil
	}
	return "", nil
}

// events calls fn with what the source saw of the device in a time, by our clock.
func (w *witness) events(ctx context.Context, from, to time.Time, text string, fn func(e *eventlog.Event, at time.Time) bool) error {
	q := eventlog.Query{From: max(1, from.Add(-lateBy).UnixMicro()), To: to.Add(lateBy).UnixMicro(), Text: text, Where: []eventlog.Condition{{Field: "source", Op: eventlog.Is, Values: []string{w.proof.Source}}}}
	switch {
	case w.proof.Address != "":
		q.Where = append(q.Where, eventlog.Condition{Field: "any.ip", Op: eventlog.Within, Values: []string{w.proof.Address}})
	case w.device != "":
		q.Where = append(q.Where, eventlog.Condition{Field: "any.device", Op: eventlog.Is, Values: []string{w.device}})
	default:
		return problem.New(problem.Invalid, "cannot say: it is no device of the fleet, and no address was named")
	}
	if w.proof.Class > 0 {
		q.Where = append(q.Where, eventlog.Condition{Field: "class", Op: eventlog.Is, Values: []string{strconv.Itoa(w.proof.Class)}})
	}
	err := w.log.Scan(ctx, q, func(part []eventlog.Event) error {
		for i := range part {
			e := &part[i]
			at := e.At()
			if e.Time != 0 && e.SkewKnown {
				at -= e.Skew
			}
			if t := time.UnixMicro(at); !t.Before(from) && t.Before(to) && !fn(e, t) {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Watcher is the source that saw most of the device of an action in the time before it in which its silence says something;
// "" when none did, or when it is no device of the fleet.
func (d Desk) Watcher(ctx context.Context, a incident.Action) (string, error) {
	if d.Log == nil {
		return "", nil
	}
	now := d.DB.Now()
	seen, err := d.Log.Count(ctx, eventlog.Query{From: now.Add(-lookBack).UnixMicro(), To: now.Add(lateBy).UnixMicro(),
		Where: []eventlog.Condition{{Field: "any.device", Op: eventlog.Is, Values: []string{a.Device}}, eventlog.Real()}}, eventlog.Bucket{By: "source"})
	if err != nil {
		return "", fmt.Errorf("count what sources saw of %s: %w", a.DeviceName, err)
	}
	best := eventlog.Count{}
	for _, c := range seen {
		if c.N > best.N {
			best = c
		}
	}
	return best.Value, nil
}

// errEnough ends a scan.
var errEnough = problem.New(problem.Conflict, "enough")

// counts says whether an event stands against quiet.
func (w *witness) counts(e *eventlog.Event) bool {
	return !w.proof.Outside || !w.profile.Allows(e, w.own)
}

// quiet judges whether the device was silent since an instant for as long as the proof asks.
func (w *witness) quiet(ctx context.Context, r store.Reader, since time.Time) (found, error) {
	if w.proof.Outside && !w.profile.Holds() {
		return found{words: "cannot say: no approved profile says which flows are clinical"}, nil
	}
	before := false
	err := w.events(ctx, since.Add(-lookBack), since, w.proof.Text, func(e *eventlog.Event, _ time.Time) bool {
		before = w.counts(e)
		return !before
	})
	if err != nil {
		return found{}, err
	}
	if !before {
		return found{words: "cannot say: the source saw nothing of this before either, so that its silence proves nothing"}, nil
	}
	last, n := since, 0
	if err := w.events(ctx, since, w.now.Add(time.Microsecond), w.proof.Text, func(e *eventlog.Event, at time.Time) bool {
		if w.counts(e) {
			n++
			if at.After(last) {
				last = at
			}
		}
		return true
	}); err != nil {
		return found{}, err
	}
	end := last.Add(time.Duration(w.proof.Minutes) * time.Minute)
	if end.After(w.now) {
		return found{broken: n > 0, words: fmt.Sprintf("%d events since, the last at %s", n, last.UTC().Format(time.RFC3339))}, nil
	}
	why, err := w.hidden(ctx, r, last, end)
	if err != nil || why != "" {
		return found{words: why, broken: n > 0}, err
	}
	return found{effect: true, broken: n > 0, words: fmt.Sprintf("%s: nothing from %s to %s, seen by %s", w.proof.Words(), last.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339), w.source.Name)}, nil
}

// said judges whether an event since an instant holds the words.
func (w *witness) said(ctx context.Context, since time.Time, text string) (found, error) {
	out := found{words: "no event with the words “" + text + "” yet"}
	err := w.events(ctx, since, w.now.Add(time.Microsecond), text, func(e *eventlog.Event, at time.Time) bool {
		out = found{effect: true, words: "event " + e.ID.String() + " of " + at.UTC().Format(time.RFC3339) + ", seen by " + w.source.Name}
		return false
	})
	return out, err
}

// stirs judges whether the device is seen again since an instant.
func (w *witness) stirs(ctx context.Context, since time.Time) (found, error) {
	out := found{words: "nothing of the device is seen again yet"}
	err := w.events(ctx, since, w.now.Add(time.Microsecond), w.proof.Text, func(e *eventlog.Event, at time.Time) bool {
		if w.counts(e) {
			out = found{effect: true, words: "seen again: event " + e.ID.String() + " of " + at.UTC().Format(time.RFC3339)}
		}
		return !out.effect
	})
	return out, err
}

// cannotSay begins the words of a look that tells nothing.
const cannotSay = "cannot say"

func unable(err error) string {
	if text := problem.Text(err); strings.HasPrefix(text, cannotSay) {
		return text
	}
	return cannotSay + ": " + problem.Text(err)
}
