package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/indicator"
	"triward/internal/incident/loop"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

func loopRoutes() []route {
	return []route{
		{"GET", "/incidents/loops", "incident.read", (*Server).loops},
		{"GET", "/incidents/loops.csv", "incident.read", (*Server).loopsCSV},
		{"GET", "/incidents/metrics", "incident.read", (*Server).metrics},
		{"GET", "/incidents/metrics.csv", "incident.read", (*Server).metricsCSV},
		{"GET", "/incidents/{id}/learned", "incident.read", (*Server).learned},
		{"POST", "/incidents/{id}/learned/{act}", "incident.linked|loop.check_answered|loop.estimated", (*Server).learnedAct},
	}
}

func urlLearned(incident any) string { return path("incidents", text(incident), "learned") }

func urlLoops(which string) string {
	if which == "" {
		return "/incidents/loops"
	}
	return queryURL("/incidents/loops", url.Values{"state": {which}}.Encode())
}

func urlMetrics() string { return "/incidents/metrics" }

// learnedPage is what an incident changes, and when everything happened.
type learnedPage struct {
	Frame
	loop.State
	Tabs    []Tab
	Now     time.Time
	Moments []loop.Moment
	Values  []loop.Value
	Answers map[string]act // by check
	Acts    []act
}

func (learnedPage) template() string { return "learned" }

func (s *Server) learnedPageOf(v *visit) (learnedPage, error) {
	p := learnedPage{Now: s.now(), Answers: map[string]act{}}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.State, err = loop.Of(ctx, r, v.path("id")); err != nil {
			return err
		}
		m, err := loop.Measure(ctx, r, p.Incident.ID, p.Now)
		if err != nil {
			return err
		}
		p.Moments, p.Values = m.Moments, m.Values
		return p.acts(ctx, r, v)
	})
	if err != nil {
		return p, err
	}
	f := p.Incident
	p.Frame = v.frame("Learned: "+f.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number})
	p.Tabs = tabsOf(v, f.ID, "learned")
	return p, nil
}

// acts are the forms that fit the incident and the visitor.
func (p *learnedPage) acts(ctx context.Context, r store.Reader, v *visit) error {
	at := urlLearned(p.Incident.ID) + "/"
	add := func(kinds string, a act, fields ...Field) {
		if v.may(kinds) {
			a.Form.Action = at + a.Form.ID
			for i, f := range fields {
				fields[i].ID = a.Form.ID + "-" + f.Name
			}
			a.Form = a.Form.with(fields...)
			p.Acts = append(p.Acts, a)
		}
	}
	weak, decisions, err := p.risks(ctx, r, v)
	if err != nil {
		return err
	}
	if !p.Incident.Exercise {
		add(vuln.KindExploitationObserved, act{Title: "A weakness was exploited", Help: "It counts as exploited on every device that it affects and that can be reached. Acceptances of it open again.", Form: Form{ID: "exploited", Submit: "Say so"}},
			Field{Name: "vulnerability", Label: "Weakness", Kind: "text", Required: true, Placeholder: "CVE-2026-1234", Help: weak},
			Field{Name: "seen", Label: "What was seen", Kind: "textarea", Required: true})
		withdraw, err := p.observed(ctx, r, v)
		if err != nil {
			return err
		}
		if len(withdraw) > 0 {
			add(vuln.KindObservationWithdrawn, act{Title: "It was not exploited after all", Help: "It counts as before the incident. What was said stays in the journal, with your reason.", Form: Form{ID: "not-exploited", Submit: "Withdraw it"}},
				Field{Name: "vulnerability", Label: "Weakness", Kind: "select", Required: true, Options: withdraw},
				Field{Name: "reason", Label: "Reason", Kind: "textarea", Required: true})
		}
		if len(decisions) > 0 {
			add(risk.KindReopened, act{Title: "A decision or its control failed", Help: "The decision opens again; its controls do not count until it is made anew.", Form: Form{ID: "decision", Submit: "Open it again"}},
				Field{Name: "decision", Label: "Decision", Kind: "select", Required: true, Options: orNone("Choose a decision", decisions)},
				Field{Name: "control", Label: "Control that failed", Kind: "text", Help: "Empty when the decision itself is in question."},
				Field{Name: "why", Label: "What the incident showed", Kind: "textarea", Required: true})
		}
	}
	steps, err := p.steps(ctx, r, v)
	if err != nil {
		return err
	}
	add("document.change_opened|run.step_defeated", act{Title: "A step proved wrong", Help: "Its document gets a caution where the step was in the plan of this incident, and a change request in any case.", Form: Form{ID: "step", Submit: "Mark it as wrong"}},
		Field{Name: "step", Label: "Step of the plan", Kind: "select", Options: orNone("Another document", steps)},
		Field{Name: "other", Label: "Or a document, with a step", Kind: "text", Placeholder: "SOP-14#receive"},
		Field{Name: "wrong", Label: "What is wrong", Kind: "textarea", Required: true}, Field{Name: "instead", Label: "What to do instead", Kind: "textarea"},
		Field{Name: "danger", Label: "What happens to who follows it", Kind: "text"})
	text, err := draftRule(ctx, r, p.Incident)
	if err != nil {
		return err
	}
	add(detection.KindRuleProposed, act{Title: "Propose a rule of detection", Help: "It becomes a draft and is tried on the last thirty days of kept events. The text begins with the newest address among the indicators.", Form: Form{ID: "rule", Submit: "Propose and try it"}},
		Field{Name: "rule", Label: "Rule (Sigma)", Kind: "textarea", Required: true, Value: text}, Field{Name: "why", Label: "What it would have seen", Kind: "text"})
	if err := p.checks(ctx, r, v, add); err != nil {
		return err
	}
	add(incident.KindLinked, act{Title: "Nothing is to be changed", Form: Form{ID: "nothing", Submit: "Record why"}},
		Field{Name: "part", Label: "In", Kind: "select", Options: []Option{{Value: string(incident.FeedbackNoRisk), Text: "Risk"}, {Value: string(incident.FeedbackNoProcess), Text: "Procedures"}}}, Field{Name: "why", Label: "Why", Kind: "textarea", Required: true})
	var instants []Option
	for _, t := range loop.Instants() {
		if t != loop.T4 && t != loop.T8 {
			instants = append(instants, Option{Value: string(t), Text: string(t) + " " + t.Words()})
		}
	}
	add(loop.KindEstimated, act{Title: "Estimate an instant", Help: "For t0 and t1 an estimate stands before records; elsewhere it fills what records do not say.", Form: Form{ID: "instant", Submit: "Keep the estimate"}},
		Field{Name: "instant", Label: "Instant", Kind: "select", Options: instants}, Field{Name: "at", Label: "Best guess (UTC)", Kind: "datetime-local", Required: true},
		Field{Name: "earliest", Label: "Not before (UTC)", Kind: "datetime-local", Required: true}, Field{Name: "latest", Label: "Not after (UTC)", Kind: "datetime-local", Required: true},
		Field{Name: "basis", Label: "What it rests on", Kind: "textarea", Required: true})
	return nil
}

// observed are the weaknesses that the incident says were exploited, and that was not withdrawn.
func (p *learnedPage) observed(ctx context.Context, r store.Reader, v *visit) ([]Option, error) {
	if !v.may(vuln.KindRead) {
		return nil, nil
	}
	all, err := vuln.ObservedIn(ctx, r, p.Incident.ID)
	var out []Option
	for _, o := range all {
		if o.Withdrawn.IsZero() {
			out = append(out, Option{Value: o.Vulnerability, Text: o.Vulnerability})
		}
	}
	return out, err
}

// risks names the worst weaknesses on the devices of the incident, and the decisions about them.
func (p *learnedPage) risks(ctx context.Context, r store.Reader, v *visit) (string, []Option, error) {
	if !v.may(risk.KindRead) {
		return "", nil, nil
	}
	f, err := incident.Get(ctx, r, p.Incident.ID)
	if err != nil {
		return "", nil, err
	}
	var weak, ids []string
	var decisions []Option
	for _, d := range f.Devices {
		if d.Device == "" {
			continue
		}
		lines, err := risk.Lines(ctx, r, risk.LineQuery{Device: d.Device, Limit: 50})
		if err != nil {
			return "", nil, err
		}
		for _, l := range lines.Lines {
			if len(weak) < 8 && !slices.Contains(weak, l.Vulnerability) {
				weak = append(weak, l.Vulnerability)
			}
			if l.Decision == "" || slices.Contains(ids, l.Decision) {
				continue
			}
			ids = append(ids, l.Decision)
			x, err := risk.GetDecision(ctx, r, l.Decision)
			if err != nil {
				return "", nil, err
			}
			decisions = append(decisions, Option{Value: x.ID, Text: x.Title + " (" + word(x.Treatment) + ")"})
		}
	}
	if len(weak) == 0 {
		return "No weakness of its devices is known.", decisions, nil
	}
	return "The worst on its devices: " + strings.Join(weak, ", "), decisions, nil
}

// steps are those of the run of the incident.
func (p *learnedPage) steps(ctx context.Context, r store.Reader, v *visit) ([]Option, error) {
	if p.Incident.Run == "" || !v.may(procedure.KindRead) {
		return nil, nil
	}
	run, err := procedure.Get(ctx, r, p.Incident.Run)
	var out []Option
	for _, s := range run.Steps {
		if !s.Extra && !s.Gone && !s.Wrong {
			out = append(out, Option{Value: run.Code + "#" + s.ID, Text: s.ID + ": " + short(80, s.Do)})
		}
	}
	return out, err
}

// checks adds the form that plans a check, and one that answers each check that waits.
func (p *learnedPage) checks(ctx context.Context, r store.Reader, v *visit, add func(string, act, ...Field)) error {
	var of []Option
	for _, x := range p.Parts {
		if slices.Contains([]incident.LinkKind{incident.FedChange, incident.FedDecision, incident.FedControl}, x.Kind) {
			of = append(of, Option{Value: x.Target, Text: x.Title})
		}
	}
	if len(of) > 0 {
		who, err := colleagues(ctx, r, v, "")
		if err != nil {
			return err
		}
		add(loop.KindCheckPlanned, act{Title: "Plan a check whether it works", First: len(p.Checks) == 0, Form: Form{ID: "check", Submit: "Plan the check"}},
			Field{Name: "of", Label: "Of", Kind: "select", Required: true, Options: of}, Field{Name: "question", Label: "Question", Kind: "text", Required: true, Placeholder: "Does the ward answer at the new number?"},
			Field{Name: "owner", Label: "Who looks", Kind: "select", Required: true, Options: orNone("Choose a person", who)}, Field{Name: "due", Label: "Until", Kind: "date", Required: true, Value: dateValue(p.Now.AddDate(0, 3, 0))})
	}
	for _, c := range p.Checks {
		if c.Result != "" || !v.may(loop.KindCheckAnswered) {
			continue
		}
		id := "answer-" + c.ID
		p.Answers[c.ID] = act{Title: "Answer it", Form: Form{ID: id, Action: urlLearned(p.Incident.ID) + "/" + id, Submit: "Record the answer"}.with(
			Field{ID: id + "-result", Name: "result", Label: "It is", Kind: "select", Options: options("", []loop.Result{loop.Effective, loop.NotEffective})},
			Field{ID: id + "-finding", Name: "finding", Label: "What was looked at and found", Kind: "textarea", Required: true},
			Field{ID: id + "-next", Name: "next", Label: "Where it is not effective: checked again until", Kind: "date"})}
	}
	return nil
}

// draftRule is the text with which a proposal begins.
func draftRule(ctx context.Context, r store.Reader, i incident.Incident) (string, error) {
	all, err := claim.Indicators(ctx, r, i.ID)
	if err != nil {
		return "", err
	}
	value := "203.0.113.1"
	for _, x := range all {
		if x.Kind == indicator.Address {
			value = x.Value
		}
	}
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
	return fmt.Sprintf("title: %s\nid: %x-%x-%x-%x-%x\nstatus: experimental\nlogsource:\n  product: medical\n  category: network\ndetection:\n  selection:\n    dst.ip: '%s'\n  condition: selection\nlevel: high\ntriward:\n  needs: [network]\n",
		"As in "+i.Number, b[:4], b[4:6], b[6:8], b[8:10], b[10:], value), nil
}

func (s *Server) learned(v *visit) error {
	p, err := s.learnedPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// learnedAct does what the last part of the address names and comes back to the page.
func (s *Server) learnedAct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	said, err := s.learn(v, f)
	if err == nil {
		return v.done(urlLearned(v.path("id")), said)
	}
	p, perr := s.learnedPageOf(v)
	if perr != nil {
		return perr
	}
	check := strings.TrimPrefix(v.path("act"), "answer-")
	if a, ok := p.Answers[check]; ok {
		a.Form.fill(f)
		if a.Form.blame(err) {
			p.Answers[check] = a
			return v.again(p, err)
		}
	}
	return v.correct(&p, formOf(p.Acts, v.path("act")), f, err)
}

// learn does one act; each checks its own permission below.
func (s *Server) learn(v *visit, f url.Values) (string, error) {
	ctx, id := v.r.Context(), v.path("id")
	var l problem.List
	switch v.path("act") {
	case "exploited":
		return "It counts as exploited now.", s.Loop.Exploited(ctx, id, f.Get("vulnerability"), f.Get("seen"))
	case "not-exploited":
		return "It is withdrawn.", s.Loop.NotExploited(ctx, id, f.Get("vulnerability"), f.Get("reason"))
	case "decision":
		return "The decision is open again.", s.Loop.Decision(ctx, id, f.Get("decision"), f.Get("control"), f.Get("why"))
	case "step":
		code, step, _ := strings.Cut(cmp.Or(f.Get("step"), strings.TrimSpace(f.Get("other"))), "#")
		return "The change request is on its way.", s.Loop.Step(ctx, id, loop.Wrong{Code: code, Step: step, Wrong: f.Get("wrong"), Instead: f.Get("instead"), Danger: f.Get("danger")})
	case "rule":
		rule, err := s.Loop.Propose(ctx, id, f.Get("rule"), f.Get("why"))
		if err != nil {
			return "", err
		}
		b, err := s.Events.Try(ctx, s.Rules, reading.Window{Rule: rule, From: s.now().AddDate(0, 0, -30), To: s.now()})
		if err != nil { // the proposal stands: it can be tried again from its own page
			return "The rule is a draft. It was not tried: " + problem.Text(err) + ".", nil
		}
		return "The rule is a draft. It would have hit " + plural(b.Hits, "time", "times") + " in " + plural(b.Events, "event", "events") + " of thirty days.", nil
	case "nothing":
		return "Recorded.", s.Loop.Nothing(ctx, id, incident.LinkKind(f.Get("part")), f.Get("why"))
	case "check":
		c := loop.Check{Of: f.Get("of"), Question: f.Get("question"), Owner: f.Get("owner"), Due: date(&l, f, "due")}
		if err := l.Err("the check cannot be planned"); err != nil {
			return "", err
		}
		_, err := s.Loop.Plan(ctx, id, c)
		return "The check is planned.", err
	case "instant":
		m := loop.Moment{Name: loop.Instant(f.Get("instant")), At: timeOf(&l, "at", f.Get("at")), Earliest: timeOf(&l, "earliest", f.Get("earliest")), Latest: timeOf(&l, "latest", f.Get("latest")), Basis: f.Get("basis")}
		if err := l.Err("the estimate is not valid"); err != nil {
			return "", err
		}
		return "The estimate is kept.", s.Loop.Estimate(ctx, id, m)
	}
	check, ok := strings.CutPrefix(v.path("act"), "answer-")
	if !ok {
		return "", problem.New(problem.NotFound, "there is nothing of this name to do")
	}
	a := loop.Answer{Result: loop.Result(f.Get("result")), Finding: f.Get("finding"), Next: date(&l, f, "next")}
	if err := l.Err("the check cannot be answered"); err != nil {
		return "", err
	}
	opened, err := s.Loop.Answer(ctx, check, a)
	if opened != "" {
		return "It is open again, and a next check is planned.", err
	}
	return "The answer is kept.", err
}

// cameFrom are the incidents that fed something: what chooses them is a query.
func (v *visit) cameFrom(q incident.Query) ([]Link, error) {
	if !v.may(incident.KindRead) {
		return nil, nil
	}
	var out []Link
	q.Limit = 20
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := incident.List(ctx, r, q)
		for _, i := range page.Items {
			out = append(out, Link{urlLearned(i.ID), i.Number + " " + i.Title})
		}
		return err
	})
	return out, err
}
