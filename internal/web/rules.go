package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/detection"
	"triward/internal/detection/coverage"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// detectionsPage lists the rules of detection.
type detectionsPage struct {
	Frame
	Search  string
	Chips   []Chips
	Columns Columns
	Keep    []Field
	Rows    []detection.RuleItem
	Pager   Pager
	Empty   Empty
	Faults  []problem.Fault
}

func (detectionsPage) template() string { return "detections" }

func (s *Server) detectionQuery(v *visit) detection.RuleQuery {
	return detection.RuleQuery{State: detection.RuleState(v.query("state")), Origin: detection.Origin(v.query("origin")), Level: detection.Level(v.query("level")), Technique: v.query("technique"), Text: v.query("q"), Sort: v.query("sort"), After: v.query("after"), Now: s.now()}
}

func (s *Server) detections(v *visit) error {
	q := s.detectionQuery(v)
	var states, levels [][2]string
	for _, x := range detection.RuleStates() {
		states = append(states, [2]string{string(x), title(x)})
	}
	for _, x := range detection.Levels() {
		levels = append(levels, [2]string{string(x), title(x)})
	}
	p := detectionsPage{Frame: v.frame("Rules", urlRules()), Search: q.Text, Keep: kept(v.r.URL.Query(), "q"), Chips: []Chips{chips(v.r.URL, "State", "state", states...), chips(v.r.URL, "Level", "level", levels...),
		chips(v.r.URL, "From", "origin", [2]string{"pack", "The pack"}, [2]string{"folder", "Own folder"})}}
	p.Columns = v.columns("title", Column{Name: "rule", Text: "Rule", Fixed: true, Sort: "title"}, Column{Name: "level", Text: "Level", Sort: "level"}, Column{Name: "state", Text: "State", Sort: "state"},
		Column{Name: "hits", Text: "Hits in 30 days", Num: true}, Column{Name: "precision", Text: "Precision", Num: true}, Column{Name: "cost", Text: "Cost in 30 days", Num: true}, Column{Name: "waiting", Text: "Alerts waiting", Num: true},
		Column{Name: "attack", Text: "ATT&CK"}, Column{Name: "owner", Text: "Owner", Extra: true}, Column{Name: "changed", Text: "Changed", Extra: true, Sort: "-changed"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := detection.ListRules(ctx, r, q)
		if err != nil {
			return err
		}
		p.Rows = page.Items
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/rules.csv", v.r.URL.RawQuery)
		n, err := detection.CountRules(ctx, r)
		if err != nil {
			return err
		}
		counted(&p.Chips[0], func(state string) int { return n[detection.RuleState(state)] })
		p.Faults, err = detection.Faults(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	if q.Technique != "" {
		p.Chips = append(p.Chips, Chips{Label: "Technique", Items: []Chip{{Text: q.Technique + " ×", URL: filter(v.r.URL, "technique", ""), On: true}}})
	}
	p.Empty = Empty{Title: "No rule fits", Text: "Rules come with Triward, and from a folder or Git checkout that the configuration names (\"rules\").", Links: []Link{{urlRules(), "Show all rules"}}}
	return v.show(p)
}

func (s *Server) detectionsCSV(v *visit) error {
	q := s.detectionQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"id", "title", "origin", "path", "level", "state", "owner", "hits_30_days", "shadow_30_days", "excepted_30_days", "true_positives", "false_positives", "cost_ms_30_days", "alerts_waiting", "techniques", "catalogue", "digest"}
	return v.csv("rules.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := detection.ListRules(ctx, r, q)
		var out [][]string
		for _, x := range page.Items {
			row := []string{x.ID, x.Title, string(x.Origin), x.Path, string(x.Level), string(x.State), x.Owner}
			for _, n := range []int64{x.Hits, x.Shadow, x.Excepted, x.Precision.True, x.Precision.False, x.Cost.Milliseconds(), int64(x.Waiting)} {
				row = append(row, strconv.FormatInt(n, 10))
			}
			out = append(out, append(row, strings.Join(x.Techniques, " "), strings.Join(x.Catalogue, " "), x.Digest))
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// detectionPage is one rule.
type detectionPage struct {
	Frame
	Rule       detection.RuleItem
	About      ruleNotes
	Text       string
	Trial      detection.Trial
	Steps      []ruleStep
	Own        *Form
	Except     *Form
	Try        *Form
	MayJudge   bool
	MayEnd     bool
	Hits       []hitRow
	Backtests  []detection.Backtest
	Exceptions []exceptionRow
	Revisions  []detection.Revision
	Days       []detection.RuleDay
	Chart      string
	Alerts     []alertRow
	History    []historyRow
	Builtin    bool
}

func (detectionPage) template() string { return "detection" }

// ruleStep is a state that the rule may come into, with what is missing for it.
type ruleStep struct {
	To      detection.RuleState
	Missing []string
	Form    *Form
}

type hitRow struct {
	detection.HitItem
	About string
}

type exceptionRow struct {
	detection.Exception
	Holds bool
}

func (s *Server) detection(v *visit) error {
	p, err := s.detectionOf(v)
	if err != nil {
		return err
	}
	if p.Came, err = v.cameFrom(incident.Query{Link: v.path("id")}); err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) detectionOf(v *visit) (detectionPage, error) {
	id, now := v.path("id"), s.now()
	var p detectionPage
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Rule, err = detection.GetRule(ctx, r, id, now); err != nil {
			return err
		}
		p.Builtin = p.Rule.Origin == ""
		if p.Revisions, err = detection.Revisions(ctx, r, id); err != nil {
			return err
		}
		if len(p.Revisions) > 0 {
			p.Text = p.Revisions[0].Body
			p.About = notesOf(id, p.Rule.Path, p.Text)
			p.About.ProcedureTitle = v.procedureTitle(ctx, r, p.About.Procedure)
		}
		if p.Trial, err = detection.Tried(ctx, r, p.Rule.Rule, now); err != nil {
			return err
		}
		if p.Backtests, err = detection.Backtests(ctx, r, id); err != nil {
			return err
		}
		all, err := detection.Exceptions(ctx, r, id)
		if err != nil {
			return err
		}
		for _, e := range all {
			p.Exceptions = append(p.Exceptions, exceptionRow{e, e.Holds(now)})
		}
		if p.Days, err = detection.Days(ctx, r, id, now.Add(-30*24*time.Hour)); err != nil {
			return err
		}
		if err := s.ruleHits(ctx, r, &p); err != nil {
			return err
		}
		if !p.Builtin {
			if err := s.ruleSteps(ctx, r, v, &p); err != nil {
				return err
			}
		}
		p.History, err = history(ctx, r, id)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Rule.Title, urlRules(), Link{urlRules(), "Rules"})
	p.Chart, p.MayJudge, p.MayEnd = urlRule(id)+"/days.json", v.may(detection.KindRuleJudged) && !p.Builtin, v.may(detection.KindExceptionEnded)
	if v.may(detection.KindRuleOwned) && !p.Builtin {
		f := Form{ID: "own", Action: urlRule(id) + "/own", Submit: "Save the owner"}.with(Field{Name: "owner", Label: "Owner", Kind: "text", Value: p.Rule.Owner, Required: true, Help: "Who answers for it, and for its exceptions."})
		p.Own = &f
	}
	if v.may(detection.KindRuleBacktested) && !p.Builtin {
		p.Try = s.tryForm(id)
	}
	if v.may(detection.KindExceptionAdded) {
		f := exceptionForm(id)
		p.Except = &f
	}
	return p, nil
}

func exceptionForm(id string) Form {
	return Form{ID: "except", Action: urlRule(id) + "/exceptions", Submit: "Add the exception"}.with(
		Field{Name: "conditions", Label: "Conditions", Kind: "textarea", Required: true, Placeholder: "src.ip cidr 10.1.0.0/16\nae.calling equals RESEARCH1", Help: "One on each line: a field, a comparison (equals, starts_with, ends_with, contains, cidr) and a value. All must hold."},
		Field{Name: "reason", Label: "Reason", Kind: "text", Required: true}, Field{Name: "owner", Label: "Owner", Kind: "text", Required: true},
		Field{Name: "expires", Label: "Until", Kind: "date", Required: true, Help: "At most 90 days ahead. Hits are still counted."})
}

func (s *Server) ruleHits(ctx context.Context, r store.Reader, p *detectionPage) error {
	hits, err := detection.Hits(ctx, r, p.Rule.ID, 25)
	if err != nil {
		return err
	}
	var ids []string
	for _, h := range hits {
		if h.Device != "" {
			ids = append(ids, h.Device)
		}
	}
	n, err := readNames(ctx, r, ids)
	if err != nil {
		return err
	}
	for _, h := range hits {
		p.Hits = append(p.Hits, hitRow{h, n.about(detection.Alert{Entity: h.Entity})})
	}
	page, err := detection.ListAlerts(ctx, r, detection.AlertQuery{Rule: p.Rule.ID, Sort: "-opened", Limit: 10})
	if err != nil {
		return err
	}
	p.Alerts, err = s.alertRows(ctx, r, page.Items)
	return err
}

// IsEvent reports whether a hit is of an event that can be opened.
func (h hitRow) IsEvent() bool { return !strings.Contains(h.Event, ":") }

func (s *Server) ruleSteps(ctx context.Context, r store.Reader, v *visit, p *detectionPage) error {
	for _, to := range p.Rule.State.Steps() {
		missing, err := detection.Missing(ctx, r, p.Rule.Rule, to, s.now())
		if err != nil {
			return err
		}
		step := ruleStep{To: to, Missing: missing}
		if v.may(detection.KindRuleMoved) && len(missing) == 0 {
			f := Form{ID: "move-" + string(to), Action: urlRule(p.Rule.ID) + "/move", Submit: title(to), Danger: to == detection.Retired}.with(Field{Name: "to", Kind: "hidden", Value: string(to)}, Field{Name: "reason", Label: "Reason", Kind: "text", Required: needsReason(p.Rule.State, to)})
			step.Form = &f
		}
		p.Steps = append(p.Steps, step)
	}
	return nil
}

func needsReason(from, to detection.RuleState) bool {
	all := detection.RuleStates()
	return slices.Index(all, to) < slices.Index(all, from) || to == detection.Retired || to == detection.Tuned
}

// ruleDays is the chart of a rule.
func (s *Server) ruleDays(v *visit) error {
	c := chart{Labels: []string{}, Series: []series{{Name: "Hits", Color: "accent", Bar: true, Values: []int{}}, {Name: "In shadow", Color: "unknown", Bar: true, Values: []int{}}, {Name: "Excepted", Color: "muted", Bar: true, Values: []int{}}}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		from := s.now().Add(-29 * 24 * time.Hour).UTC().Truncate(24 * time.Hour)
		all, err := detection.Days(ctx, r, v.path("id"), from)
		at := map[int64]detection.RuleDay{}
		for _, d := range all {
			at[d.Day.Unix()] = d
		}
		for d := from; !d.After(s.now()); d = d.Add(24 * time.Hour) {
			c.Labels = append(c.Labels, d.Format("2 Jan"))
			for i, n := range []int64{at[d.Unix()].Hits, at[d.Unix()].Shadow, at[d.Unix()].Excepted} {
				c.Series[i].Values = append(c.Series[i].Values, int(n))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.json(c)
}

// ruleAct carries out a form of a rule's page; a fault is shown beside its form.
func (s *Server) ruleAct(v *visit, act func(f url.Values) (string, error)) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	said, err := act(f)
	if err == nil {
		return v.done(urlRule(v.path("id")), said)
	}
	p, perr := s.detectionOf(v)
	if perr != nil {
		return perr
	}
	forms := []*Form{p.Own, p.Except, p.Try}
	for _, st := range p.Steps {
		forms = append(forms, st.Form)
	}
	for _, form := range forms {
		if form != nil && form.Action == v.r.URL.EscapedPath() && (form.field("to") == nil || form.field("to").Value == f.Get("to")) && form.blame(err) {
			refill(form, f)
			return v.again(p, err)
		}
	}
	return err
}

func (s *Server) ruleMove(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		to := detection.RuleState(f.Get("to"))
		return "The rule is " + word(to) + ".", s.Rules.Move(v.r.Context(), v.path("id"), to, strings.TrimSpace(f.Get("reason")))
	})
}

func (s *Server) ruleOwn(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		return "The owner is saved.", s.Rules.Own(v.r.Context(), v.path("id"), strings.TrimSpace(f.Get("owner")))
	})
}

func (s *Server) ruleJudge(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		verdict := detection.Truth(f.Get("verdict"))
		return "The hit is judged: " + word(verdict) + ".", s.Rules.Judge(v.r.Context(), v.path("id"), f.Get("event"), verdict)
	})
}

func (s *Server) ruleExcept(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		e := detection.Exception{Rule: v.path("id"), Reason: strings.TrimSpace(f.Get("reason")), Owner: strings.TrimSpace(f.Get("owner"))}
		var err error
		if e.Expires, err = endOf(f, "expires"); err != nil {
			return "", err
		}
		for _, line := range lines(f.Get("conditions")) {
			field, rest, _ := strings.Cut(line, " ")
			is, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
			e.Conditions = append(e.Conditions, detection.Condition{Field: field, Is: detection.Comparison(is), Value: strings.TrimSpace(value)})
		}
		_, err = s.Rules.Except(v.r.Context(), e)
		return "The exception holds until " + e.Expires.Format("2 Jan 2006") + ".", err
	})
}

func (s *Server) ruleExceptEnd(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		return "The exception is ended.", s.Rules.EndException(v.r.Context(), v.path("exception"), strings.TrimSpace(f.Get("reason")))
	})
}

// urlTechnique is the list of rules for a technique.
func urlTechnique(id string) string {
	return queryURL(urlRules(), url.Values{"technique": {id}}.Encode())
}

// attackPage is the matrix of techniques that the rules can see.
type attackPage struct {
	Frame
	Tables []coverage.Table
	Chips  []Chips
	Live   []string // log sources that sent something in the last day
	Show   string
}

func (attackPage) template() string { return "attack" }

func (s *Server) attack(v *visit) error {
	p := attackPage{Frame: v.frame("Detection coverage", urlAttack(), Link{urlRules(), "Rules"}), Show: v.query("state")}
	matrices, err := content.Attack()
	if err != nil {
		return err
	}
	var rules []coverage.Rule
	live := map[string]bool{}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		if rules, err = coverage.Rules(ctx, r); err != nil {
			return err
		}
		live, err = coverage.Live(ctx, s.Events.Log, s.now().Add(-24*time.Hour))
		return err
	})
	if err != nil {
		return err
	}
	p.Tables = coverage.Of(matrices, rules, live)
	p.Live = slices.Sorted(mapKeys(live))
	var states [][2]string
	for _, x := range coverage.States() {
		words := title(x)
		if x == coverage.None {
			words = "No rule"
		}
		states = append(states, [2]string{string(x), words})
	}
	p.Chips = []Chips{chips(v.r.URL, "Show", "state", states...)}
	counted(&p.Chips[0], func(state string) int {
		n := 0
		for _, t := range p.Tables {
			n += t.Count[coverage.State(state)]
		}
		return n
	})
	return v.show(p)
}
