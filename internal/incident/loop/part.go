package loop

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
)

// Part is one thing that an incident fed, and how it stands at the other end.
type Part struct {
	incident.Link
	Title string   // of what was fed, as its own page calls it
	Codes []string // documents of a change request
	Done  bool
	Waits string    // what is missing, in words
	Ended time.Time // when it was done; zero when it is not
	Tried string    // of a rule: what it would have found in the past, in words
}

// State is how a loop stands.
type State struct {
	Incident incident.Incident
	Parts    []Part
	Checks   []Check
	Missing  []string // what keeps it open beside parts and checks
	Open     int      // parts, checks and missing things that keep it open
	Ended    time.Time
}

// Closed says whether the incident is closed and nothing of its loop is open.
func (s State) Closed() bool { return s.Incident.State == incident.Closed && s.Open == 0 }

// Of reads how the loop of an incident stands now.
func Of(ctx context.Context, r store.Reader, of string) (State, error) {
	f, err := incident.Get(ctx, r, of)
	if err != nil {
		return State{}, err
	}
	s := State{Incident: f.Incident, Ended: f.Closed}
	for _, l := range f.Links {
		if !l.Kind.Feeds() {
			continue
		}
		p, err := partOf(ctx, r, l)
		if err != nil {
			return s, err
		}
		s.Parts = append(s.Parts, p)
	}
	if s.Checks, err = Checks(ctx, r, f.ID); err != nil {
		return s, err
	}
	s.weigh()
	return s, nil
}

// weigh counts what is open, and says what is missing.
func (s *State) weigh() {
	has := func(kinds ...incident.LinkKind) bool {
		return slices.ContainsFunc(s.Parts, func(p Part) bool { return slices.Contains(kinds, p.Kind) })
	}
	later := func(at time.Time) {
		if at.After(s.Ended) {
			s.Ended = at
		}
	}
	for n, p := range s.Parts {
		if p.Kind == incident.FedStep && !s.asked(p.Target) {
			s.Parts[n].Done, s.Parts[n].Waits = false, "its document has no change request yet"
		}
		if !s.Parts[n].Done {
			s.Open++
		}
		later(p.Ended)
	}
	for _, c := range s.Checks {
		if c.Result == "" {
			s.Open++
		}
		later(c.Answered)
	}
	if !has(incident.FedVulnerability, incident.FedDecision, incident.FedControl, incident.FeedbackNoRisk) {
		s.Missing = append(s.Missing, "feedback to risk, or why there is none")
	}
	if !has(incident.FedStep, incident.FedChange, incident.FeedbackNoProcess) {
		s.Missing = append(s.Missing, "feedback to a procedure, or why there is none")
	}
	if len(s.Checks) == 0 && has(incident.FedChange, incident.FedStep, incident.FedDecision, incident.FedControl, incident.FedVulnerability, incident.FedRule) {
		s.Missing = append(s.Missing, "a check whether what was changed works")
	}
	s.Open += len(s.Missing)
	if s.Open > 0 {
		s.Ended = time.Time{}
	}
}

// asked says whether a change request of the loop is about the document of a step ("SOP-14#s3").
func (s *State) asked(step string) bool {
	code, _, _ := strings.Cut(step, "#")
	return slices.ContainsFunc(s.Parts, func(p Part) bool { return slices.Contains(p.Codes, code) })
}

// partOf reads how the other end of a link stands. What is not there any more, or names no record, is said so and is open:
// a link that leads nowhere changed nothing.
func partOf(ctx context.Context, r store.Reader, l incident.Link) (Part, error) {
	p := Part{Link: l, Title: l.Target}
	var err error
	switch l.Kind {
	case incident.FedVulnerability:
		err = p.vulnerability(ctx, r)
	case incident.FedDecision, incident.FedControl:
		err = p.decision(ctx, r)
	case incident.FedChange:
		err = p.change(ctx, r)
	case incident.FedRule:
		err = p.rule(ctx, r)
	default: // a step is done with its change request, see weigh; a reason is done when it is given
		p.Done, p.Ended = true, l.At
	}
	if problem.KindOf(err) == problem.NotFound {
		p.Done, p.Waits, p.Ended, err = false, "there is no such record", time.Time{}, nil
	}
	return p, err
}

func (p *Part) vulnerability(ctx context.Context, r store.Reader) error {
	all, err := risk.DecisionsOf(ctx, r, p.Target)
	if err != nil {
		return err
	}
	p.Done, p.Ended = true, p.At
	for _, d := range all {
		if d.State == risk.Reopened && !decidedAnew(all, d, p.At) {
			p.Done, p.Waits = false, "the decision "+d.Title+" is open again and has to be made anew"
		}
		if d.At.After(p.Ended) {
			p.Ended = d.At
		}
	}
	return nil
}

// decidedAnew says whether a decision that was opened again was followed by a newer one about the same vulnerability.
func decidedAnew(all []risk.Decision, was risk.Decision, since time.Time) bool {
	return slices.ContainsFunc(all, func(d risk.Decision) bool {
		return d.ID != was.ID && d.State != risk.Reopened && d.At.After(since) && slices.ContainsFunc(was.Vulnerabilities, func(v string) bool { return slices.Contains(d.Vulnerabilities, v) })
	})
}

func (p *Part) decision(ctx context.Context, r store.Reader) error {
	d, err := risk.GetDecision(ctx, r, p.Target)
	if err != nil {
		return err
	}
	p.Title, p.Done, p.Ended = d.Title, true, d.ClosedAt
	if d.State != risk.Reopened {
		return nil
	}
	for _, v := range d.Vulnerabilities {
		all, err := risk.DecisionsOf(ctx, r, v)
		if err != nil {
			return err
		}
		if !decidedAnew(all, d, p.At) {
			p.Done, p.Waits, p.Ended = false, "it is open again and has to be made anew", time.Time{}
			return nil
		}
		for _, x := range all {
			if x.At.After(p.Ended) {
				p.Ended = x.At
			}
		}
	}
	return nil
}

func (p *Part) change(ctx context.Context, r store.Reader) error {
	c, err := document.ChangeOf(ctx, r, p.Target)
	if err != nil {
		return err
	}
	for _, it := range c.Items {
		p.Codes = append(p.Codes, it.Code)
	}
	p.Title, p.Done, p.Ended = c.Title, c.State != document.ChangeOpen, c.Closed
	if !p.Done {
		p.Waits = "its revision is not in force yet"
	}
	return nil
}

func (p *Part) rule(ctx context.Context, r store.Reader) error {
	it, err := detection.GetRule(ctx, r, p.Target, p.At)
	if err != nil {
		return err
	}
	tried, err := detection.Backtests(ctx, r, p.Target)
	if err != nil {
		return err
	}
	if len(tried) > 0 {
		b := tried[0]
		p.Tried = fmt.Sprintf("tried on %d events from %s to %s: %d hits", b.Events, b.From.UTC().Format(time.DateOnly), b.To.UTC().Format(time.DateOnly), b.Hits)
	}
	p.Title, p.Done = it.Title, it.State.Pages() || it.State == detection.Retired
	if p.Done {
		p.Ended = it.Since
	} else {
		p.Waits = "the rule is " + string(it.State) + " and calls nobody yet"
	}
	return nil
}
