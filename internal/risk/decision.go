package risk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/device/network"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Treatment is what is done about a risk.
type Treatment string

// The closed list of treatments.
const (
	Fix      Treatment = "fix"
	Mitigate Treatment = "mitigate"
	Isolate  Treatment = "isolate"
	Replace  Treatment = "replace"
	Retire   Treatment = "retire"
	Accept   Treatment = "accept"
	Transfer Treatment = "transfer"
)

// Treatments lists the treatments in the order in which they are to be preferred.
var Treatments = []Treatment{Fix, Mitigate, Isolate, Replace, Retire, Transfer, Accept}

// State is the state of a decision.
type State string

// The closed list of states.
const (
	Open     State = "open"
	Reopened State = "reopened" // a fact under an acceptance changed or its time ended: it must be decided again
	Closed   State = "closed"
)

// Progress is how far a device is.
type Progress string

// The closed list of steps.
const (
	NotStarted Progress = "not_started"
	Scheduled  Progress = "scheduled"
	Done       Progress = "done"
	Verified   Progress = "verified"
	Failed     Progress = "failed"
	Excused    Progress = "excused"
)

// Progresses lists the steps in their usual order.
var Progresses = []Progress{NotStarted, Scheduled, Done, Verified, Failed, Excused}

// Decision is what is decided about vulnerabilities on a set of devices.
type Decision struct {
	ID              string
	Title           string
	Vulnerabilities []string // canonical ids
	Treatment       Treatment
	Owner           string // who sees to it
	Due             time.Time
	Reason          string
	Controls        string // compensating controls in place
	AcceptedBy      string
	AcceptedUntil   time.Time
	State           State
	StateReason     string
	Author          string
	At              time.Time
	ClosedAt        time.Time
	Known           Known
}

// Known is the facts under an acceptance when it was given.
type Known struct {
	Exploited map[string][]string `json:"exploited,omitempty"` // vulnerability: asserters
	Records   map[string][]string `json:"records,omitempty"`   // vulnerability: record keys
}

// Validate returns all faults.
func (d Decision) Validate() error {
	var l problem.List
	if len(d.Vulnerabilities) == 0 {
		l.Add("vulnerabilities", "name at least one")
	}
	if !slices.Contains(Treatments, d.Treatment) {
		l.Add("treatment", "must be fix, mitigate, isolate, replace, retire, transfer or accept")
	}
	if strings.TrimSpace(d.Reason) == "" {
		l.Add("reason", "is required")
	}
	if strings.TrimSpace(d.Owner) == "" {
		l.Add("owner", "is required: somebody must see to it")
	}
	switch d.Treatment {
	case Accept:
		if strings.TrimSpace(d.AcceptedBy) == "" {
			l.Add("accepted_by", "is required: say who accepts the risk")
		}
		if d.AcceptedUntil.IsZero() {
			l.Add("accepted_until", "is required: an acceptance ends")
		}
	case Mitigate, Isolate:
		if strings.TrimSpace(d.Controls) == "" {
			l.Add("controls", "is required: describe the compensating control")
		}
		fallthrough
	default:
		if d.Due.IsZero() {
			l.Add("due", "is required")
		}
	}
	for _, f := range []struct{ path, text string }{{"title", d.Title}, {"reason", d.Reason}, {"controls", d.Controls}, {"owner", d.Owner}} {
		if len(f.text) > 4000 {
			l.Add(f.path, "is longer than 4,000 characters")
		}
	}
	return l.Err("the decision is not valid")
}

// Decisions keeps what is decided.
type Decisions struct{ DB *store.DB }

// maxDevices bounds one decision: what one transaction can write within its deadline on both databases.
const maxDevices = 50_000

// Decide records a decision over devices and returns its id. Devices that an earlier open decision covers for the same
// vulnerability follow the newer one.
func (s Decisions) Decide(ctx context.Context, d Decision, devices []string) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	switch {
	case len(devices) == 0:
		return "", problem.New(problem.Invalid, "the decision covers no device")
	case len(devices) > maxDevices:
		return "", problem.New(problem.Invalid, "the decision covers %d devices, at most %d can be decided at once", len(devices), maxDevices)
	}
	var err error
	if d.ID, err = id.New("dec"); err != nil {
		return "", err
	}
	slices.Sort(devices)
	devices = slices.Compact(devices)
	slices.Sort(d.Vulnerabilities)
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if !d.AcceptedUntil.IsZero() && !d.AcceptedUntil.After(tx.Now) {
			return problem.New(problem.Invalid, "the acceptance would have ended already")
		}
		items, err := readDeviceFacts(ctx, tx, devices)
		if err != nil {
			return err
		}
		if len(items) != len(devices) {
			return problem.New(problem.NotFound, "%d of the %d devices are not known", len(devices)-len(items), len(devices))
		}
		if d.Known, err = factsUnder(ctx, tx, d.Vulnerabilities); err != nil {
			return err
		}
		d.Author, d.At, d.State = tx.Actor().Name, tx.Now, Open
		if err := insertDecision(ctx, tx, d); err != nil {
			return fmt.Errorf("decide: %w", err)
		}
		if err := insertDecisionDevices(ctx, tx, d.ID, items); err != nil {
			return fmt.Errorf("decide: %w", err)
		}
		return recordForSites(ctx, tx, decidedKind(d.Treatment), d, items)
	})
	return d.ID, err
}

func decidedKind(t Treatment) string {
	if t == Accept {
		return KindAccepted
	}
	return KindDecided
}

// recordForSites records the decision once for each site that it touches, so that a person whose role ends at a site may
// decide for that site and for no other.
func recordForSites(ctx context.Context, tx *store.Tx, kind string, d Decision, items map[string]deviceFact) error {
	perSite := map[string]int{}
	for _, it := range items {
		perSite[it.site]++
	}
	sites := make([]string, 0, len(perSite))
	for site := range perSite {
		sites = append(sites, site)
	}
	slices.Sort(sites)
	for _, site := range sites {
		if _, err := tx.Record(ctx, store.Event{Kind: kind, Subject: d.ID, Site: site, Body: map[string]any{
			"decision": d, "site": site, "devices": perSite[site]}}); err != nil {
			return err
		}
	}
	return nil
}

// Step is the progress of devices under a decision.
type Step struct {
	Decision string
	Devices  []string
	Progress Progress
	Note     string
	At       time.Time // when it is planned (scheduled) or happened; zero: now
}

// Validate returns all faults.
func (p Step) Validate() error {
	var l problem.List
	if !slices.Contains(Progresses, p.Progress) {
		l.Add("progress", "must be not_started, scheduled, done, verified, failed or excused")
	}
	if len(p.Devices) == 0 {
		l.Add("devices", "name at least one")
	}
	if len(p.Devices) > maxDevices {
		l.Add("devices", "at most %d at once", maxDevices)
	}
	if p.Progress == Excused && strings.TrimSpace(p.Note) == "" {
		l.Add("note", "is required: say why the device is excused")
	}
	if p.Progress == Scheduled && p.At.IsZero() {
		l.Add("at", "is required: say when")
	}
	if len(p.Note) > 2000 {
		l.Add("note", "is longer than 2,000 characters")
	}
	return l.Err("the progress is not valid")
}

// RecordProgress moves devices of a decision to a step.
func (s Decisions) RecordProgress(ctx context.Context, p Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	slices.Sort(p.Devices)
	p.Devices = slices.Compact(p.Devices)
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		d, err := getDecision(ctx, tx, p.Decision)
		if err != nil {
			return err
		}
		if d.State == Closed {
			return problem.New(problem.Conflict, "the decision is closed")
		}
		if p.At.IsZero() {
			p.At = tx.Now
		}
		if p.Progress != Scheduled && p.At.After(tx.Now) {
			return problem.New(problem.Invalid, "%s cannot lie in the future", strings.ReplaceAll(string(p.Progress), "_", " "))
		}
		moved, err := setProgress(ctx, tx, p)
		if err != nil {
			return fmt.Errorf("record progress: %w", err)
		}
		if missing := len(p.Devices) - moved.n; missing > 0 {
			return problem.New(problem.NotFound, "%d of the devices do not belong to the decision", missing)
		}
		for _, site := range moved.sites() {
			if _, err := tx.Record(ctx, store.Event{Kind: KindProgressRecorded, Subject: p.Decision, Site: site, Body: map[string]any{
				"progress": p.Progress, "devices": moved.bySite[site], "note": p.Note, "at": p.At}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close ends a decision whose devices are all verified or excused; with a reason it ends any.
func (s Decisions) Close(ctx context.Context, decision, reason string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		d, err := getDecision(ctx, tx, decision)
		if err != nil {
			return err
		}
		if d.State == Closed {
			return problem.New(problem.Conflict, "the decision is closed already")
		}
		counts, err := progressCounts(ctx, tx, decision)
		if err != nil {
			return err
		}
		left := 0
		for p, n := range counts {
			if p != Verified && p != Excused {
				left += n
			}
		}
		if left > 0 && strings.TrimSpace(reason) == "" {
			return problem.New(problem.Invalid, "%d devices are not verified: say why the decision is closed", left)
		}
		return setState(ctx, tx, d, Closed, reason)
	})
}

// ReopenTx opens a decision again because of what happened, such as a control that failed in an incident: it must be decided
// again, and its controls do not count until then.
func ReopenTx(ctx context.Context, tx *store.Tx, decision, reason string) (Decision, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 4000 {
		return Decision{}, problem.New(problem.Invalid, "a reason of 1 to 4,000 characters is required")
	}
	d, err := getDecision(ctx, tx, decision)
	if err != nil {
		return d, err
	}
	if d.State == Closed {
		return d, problem.New(problem.Conflict, "the decision is closed; decide anew")
	}
	return d, setState(ctx, tx, d, Reopened, reason)
}

func setState(ctx context.Context, tx *store.Tx, d Decision, state State, reason string) error {
	var closed int64
	kind := KindReopened
	if state == Closed {
		closed, kind = store.Micros(tx.Now), KindClosed
	}
	if _, err := tx.Exec(ctx, `UPDATE decision SET state = $1, state_reason = $2, closed = $3 WHERE id = $4`, string(state), reason, closed, d.ID); err != nil {
		return err
	}
	sites, err := store.All(ctx, tx, store.Value[string], `SELECT DISTINCT site FROM decision_device WHERE decision = $1 ORDER BY site`, d.ID)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if _, err := tx.Record(ctx, store.Event{Kind: kind, Subject: d.ID, Site: site, Body: map[string]string{"reason": reason, "title": d.Title}}); err != nil {
			return err
		}
	}
	return nil
}

// Review re-opens acceptances whose time ended or under which a fact changed: a catalogue now calls a vulnerability
// exploited, a new advisory about it appeared, or a device can now be reached in a way in which it could not.
// It returns how many were re-opened.
func (s Decisions) Review(ctx context.Context) (int, error) {
	due := map[string]string{}
	err := s.DB.View(ctx, func(r store.Reader) error {
		open, err := listDecisions(ctx, r, `WHERE state = 'open' AND treatment = 'accept' ORDER BY id`)
		if err != nil {
			return err
		}
		for _, d := range open {
			reason, err := changedUnder(ctx, r, d, s.DB.Now())
			if err != nil {
				return err
			}
			if reason != "" {
				due[d.ID] = reason
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("review acceptances: %w", err)
	}
	n := 0
	for decision, reason := range due {
		err := s.DB.Update(ctx, func(tx *store.Tx) error {
			d, err := getDecision(ctx, tx, decision)
			if err != nil || d.State != Open {
				return err
			}
			n++
			return setState(ctx, tx, d, Reopened, reason)
		})
		if err != nil {
			return n, fmt.Errorf("review acceptances: %w", err)
		}
	}
	return n, nil
}

func changedUnder(ctx context.Context, r store.Reader, d Decision, now time.Time) (string, error) {
	if !d.AcceptedUntil.IsZero() && !d.AcceptedUntil.After(now) {
		return "the acceptance ended on " + d.AcceptedUntil.Format(time.DateOnly), nil
	}
	known, err := factsUnder(ctx, r, d.Vulnerabilities)
	if err != nil {
		return "", err
	}
	for _, v := range d.Vulnerabilities {
		for _, by := range known.Exploited[v] {
			if strings.HasPrefix(by, vuln.OwnObservation) && !slices.Contains(d.Known.Exploited[v], by) {
				return v + " was seen exploited here (" + by + ")", nil
			}
			if !slices.Contains(d.Known.Exploited[v], by) {
				return v + " is now in the catalogue of exploited vulnerabilities of " + by, nil
			}
		}
		for _, key := range known.Records[v] {
			if !slices.Contains(d.Known.Records[v], key) {
				return "a new advisory about " + v + " appeared: " + key, nil
			}
		}
	}
	return movedDevice(ctx, r, d.ID)
}

// movedDevice is the reason when a device of the decision gained a way of being reached.
func movedDevice(ctx context.Context, r store.Reader, decision string) (string, error) {
	type row struct{ device, ways string }
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.device, &v.ways)
	}, `SELECT device, ways FROM decision_device WHERE decision = $1 ORDER BY device`, decision)
	if err != nil {
		return "", err
	}
	ids := make([]string, len(rows))
	for i, v := range rows {
		ids[i] = v.device
	}
	facts, err := readDeviceFacts(ctx, r, ids)
	if err != nil {
		return "", err
	}
	for _, v := range rows {
		f, ok := facts[v.device]
		if !ok {
			continue // retired meanwhile
		}
		var was []network.Connectivity
		if err := json.Unmarshal([]byte(v.ways), &was); err != nil {
			return "", err
		}
		for _, way := range f.ways {
			if way != network.NoConnection && !slices.Contains(was, way) && len(was) > 0 {
				return fmt.Sprintf("device %s can now be reached over %s", f.tag, strings.ReplaceAll(string(way), "_", " ")), nil
			}
		}
	}
	return "", nil
}
