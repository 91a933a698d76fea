package web

import (
	"context"
	"slices"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
)

// decisionsPage lists what is decided.
type decisionsPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []decisionRow
	Pager   Pager
	Empty   Empty
}

func (decisionsPage) template() string { return "decisions" }

type decisionRow struct {
	risk.DecisionSummary
	Late time.Duration // past due, 0 when not
}

func (s *Server) decisionRow(d risk.DecisionSummary) decisionRow {
	row := decisionRow{DecisionSummary: d}
	if now := s.now(); d.State != risk.Closed && !d.Due.IsZero() && d.Due.Before(now) && d.Finished() < d.Total() {
		row.Late = now.Sub(d.Due)
	}
	return row
}

func (s *Server) decisionQuery(v *visit) risk.DecisionQuery {
	return risk.DecisionQuery{State: risk.State(v.query("state")), Overdue: risk.Filter(v.query("overdue")), Now: s.now(), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) decisions(v *visit) error {
	p := decisionsPage{Frame: v.frame("Decisions", urlDecisions()), Chips: []Chips{
		chips(v.r.URL, "State", "state", [2]string{"open", "Open"}, [2]string{"reopened", "Re-opened"}, [2]string{"closed", "Closed"}),
		chips(v.r.URL, "Due", "overdue", [2]string{"yes", "Overdue"})},
		Empty: Empty{Title: "Nothing is decided yet", Text: "Choose rows in the list of risks and say what is done about them: who, until when, and why.", Links: []Link{{urlRisk(), "Go to the risks"}}}}
	if v.query("state")+v.query("overdue") != "" {
		p.Empty = Empty{Title: "No decision fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlDecisions(), "Show all decisions"}}}
	}
	p.Columns = v.columns("-at", Column{Name: "decision", Text: "Decision", Fixed: true, Sort: "title"}, Column{Name: "treatment", Text: "Treatment", Sort: "treatment"},
		Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "owner", Text: "Owner", Sort: "owner"}, Column{Name: "due", Text: "Due", Sort: "due"},
		Column{Name: "finished", Text: "Finished"}, Column{Name: "at", Text: "Decided", Sort: "-at"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		q := s.decisionQuery(v)
		page, err := risk.ListDecisions(ctx, r, q)
		if err != nil {
			return err
		}
		n, err := risk.CountDecisions(ctx, r, q)
		if err != nil {
			return err
		}
		counted(&p.Chips[0], func(state string) int { return n.States[risk.State(state)] })
		counted(&p.Chips[1], func(string) int { return n.Overdue })
		for _, d := range page.Items {
			p.Rows = append(p.Rows, s.decisionRow(d))
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/decisions.csv", v.r.URL.RawQuery)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) decisionsCSV(v *visit) error {
	q := s.decisionQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"id", "title", "treatment", "state", "owner", "due", "devices", "finished", "author", "decided", "accepted_by", "accepted_until", "reason"}
	return v.csv("decisions.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := risk.ListDecisions(ctx, r, q)
		var out [][]string
		for _, d := range page.Items {
			out = append(out, []string{d.ID, d.Title, string(d.Treatment), string(d.State), d.Owner, dateValue(d.Due), count(d.Total()), count(d.Finished()), d.Author, stamp(d.At), d.AcceptedBy, dateValue(d.AcceptedUntil), d.Reason})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// decisionPage is one decision and how far its devices are.
type decisionPage struct {
	Frame
	Decision decisionRow
	Steps    []stepCount
	Points   []risk.BurnPoint
	Finding  string
	Rows     []itemRow
	Pager    Pager
	Chips    []Chips
	Progress Form
	Close    *Form
	MayMove  bool
	History  []historyRow
}

func (decisionPage) template() string { return "decision" }

type stepCount struct {
	Step  risk.Progress
	Count int
}

// itemRow is a device under a decision.
type itemRow struct {
	risk.Item
	Brief device.Brief
	Tag   string
	Where string
}

const itemsPerPage = 100

func (s *Server) decisionOf(v *visit) (decisionPage, error) {
	var p decisionPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		d, err := risk.GetDecision(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		sum := risk.DecisionSummary{Decision: d}
		if sum.Counts, err = risk.Counts(ctx, r, d.ID); err != nil {
			return err
		}
		p.Decision = s.decisionRow(sum)
		var steps [][2]string
		for _, step := range risk.Progresses {
			p.Steps = append(p.Steps, stepCount{step, sum.Counts[step]})
			steps = append(steps, [2]string{string(step), title(step)})
		}
		p.Chips = []Chips{chips(v.r.URL, "Step", "step", steps...)}
		counted(&p.Chips[0], func(step string) int { return sum.Counts[risk.Progress(step)] })
		if p.Points, err = risk.BurnDown(ctx, r, d, s.now()); err != nil {
			return err
		}
		items, err := risk.Items(ctx, r, risk.ItemQuery{Decision: d.ID, Progress: risk.Progress(v.query("step")), After: v.query("after"), Limit: itemsPerPage + 1})
		if err != nil {
			return err
		}
		next := ""
		if len(items) > itemsPerPage {
			items = items[:itemsPerPage]
			next = items[itemsPerPage-1].Device
		}
		if p.Rows, err = itemRows(ctx, r, items); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, next, len(p.Rows))
		p.Pager.CSV = queryURL(urlDecision(d.ID)+"/work-order.csv", v.r.URL.RawQuery)
		p.History, err = history(ctx, r, d.ID)
		return err
	})
	if err != nil {
		return p, err
	}
	d := p.Decision
	p.Frame = v.frame(d.Title, urlDecisions(), Link{urlDecisions(), "Decisions"})
	p.Finding = plural(d.Finished(), "device is", "devices are") + " finished of " + count(d.Total())
	p.MayMove = d.State != risk.Closed && v.may(risk.KindProgressRecorded)
	p.Progress = Form{ID: "progress", Action: urlDecision(d.ID) + "/progress", Submit: "Record"}.with(
		Field{Name: "progress", Label: "Step", Kind: "select", Required: true, Options: options("", risk.Progresses)},
		Field{Name: "at", Label: "When", Kind: "date", Help: "Required to schedule; otherwise now."},
		Field{Name: "note", Label: "Note", Kind: "text", Help: "Required to excuse."})
	if d.State != risk.Closed && v.may(risk.KindClosed) {
		f := Form{ID: "close", Action: urlDecision(d.ID) + "/close", Submit: "Close the decision", Danger: true}.with(
			Field{Name: "reason", Label: "Reason", Kind: "textarea", Help: "Required while devices are neither verified nor excused: " + count(d.Total()-d.Finished()) + " are left."})
		p.Close = &f
	}
	return p, nil
}

// eachItem walks the devices of a decision.
func eachItem(ctx context.Context, r store.Reader, decision string, fn func(all []risk.Item) error) error {
	after := ""
	for {
		items, err := risk.Items(ctx, r, risk.ItemQuery{Decision: decision, After: after, Limit: 1000})
		if err != nil || len(items) == 0 {
			return err
		}
		if err := fn(items); err != nil {
			return err
		}
		after = items[len(items)-1].Device
	}
}

func itemRows(ctx context.Context, r store.Reader, items []risk.Item) ([]itemRow, error) {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.Device
	}
	briefs, err := device.Briefs(ctx, r, ids)
	at := map[string]device.Brief{}
	for _, b := range briefs {
		at[string(b.ID)] = b
	}
	out := make([]itemRow, len(items))
	for i, it := range items {
		b, ok := at[it.Device]
		out[i] = itemRow{it, b, deviceName(b), place(b.SiteName, b.Ward)}
		if !ok {
			out[i].Tag, out[i].Where = "Device that left the fleet", ""
		}
	}
	return out, err
}

func (s *Server) decision(v *visit) error {
	p, err := s.decisionOf(v)
	if err != nil {
		return err
	}
	if p.Came, err = v.cameFrom(incident.Query{Link: v.path("id")}); err != nil {
		return err
	}
	return v.show(p)
}

// progress moves the chosen devices, or all that are at a step.
func (s *Server) progress(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := s.decisionOf(v)
	if err != nil {
		return err
	}
	var l problem.List
	step := risk.Step{Decision: v.path("id"), Devices: f["pick"], Progress: risk.Progress(f.Get("progress")), Note: f.Get("note"), At: date(&l, f, "at")}
	if from := risk.Progress(f.Get("from")); slices.Contains(risk.Progresses, from) {
		err := v.view(func(ctx context.Context, r store.Reader) error {
			return eachItem(ctx, r, step.Decision, func(all []risk.Item) error {
				for _, it := range all {
					if it.Progress == from {
						step.Devices = append(step.Devices, it.Device)
					}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	l.Merge("", step.Validate())
	if err = l.Err("the progress is not valid"); err == nil {
		err = s.Decisions.RecordProgress(v.r.Context(), step)
	}
	if err != nil {
		p.Progress.fill(f)
		if p.Progress.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlDecision(step.Decision), plural(len(step.Devices), "device is", "devices are")+" now "+word(step.Progress)+".")
}

func (s *Server) closeDecision(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Decisions.Close(v.r.Context(), v.path("id"), f.Get("reason")); err != nil {
		p, perr := s.decisionOf(v)
		if perr != nil {
			return perr
		}
		if p.Close != nil && p.Close.blame(err) {
			p.Close.fill(f)
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlDecision(v.path("id")), "The decision is closed.")
}

// burnDown is the chart of one decision.
func (s *Server) burnDown(v *visit) error {
	c := chart{Series: []series{{Name: "Open devices", Color: "accent"}}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		d, err := risk.GetDecision(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		points, err := risk.BurnDown(ctx, r, d, s.now())
		for _, x := range points {
			c.Labels = append(c.Labels, x.Day.Format("2 Jan"))
			c.Series[0].Values = append(c.Series[0].Values, x.Open)
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.json(c)
}

// workOrder is the list of devices to work on, for a maintenance system.
func (s *Server) workOrder(v *visit) error {
	id, after := v.path("id"), ""
	var d risk.Decision
	header := []string{"device", "serial", "model", "version", "place", "in_use", "treatment", "vulnerabilities", "due", "owner", "progress", "scheduled", "done", "verified", "note"}
	return v.csv("work-order.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		if d.ID == "" {
			var err error
			if d, err = risk.GetDecision(ctx, r, id); err != nil {
				return nil, false, err
			}
		}
		items, err := risk.Items(ctx, r, risk.ItemQuery{Decision: id, Progress: risk.Progress(v.query("step")), After: after, Limit: 1000})
		if err != nil || len(items) == 0 {
			return nil, false, err
		}
		after = items[len(items)-1].Device
		rows, err := itemRows(ctx, r, items)
		out := make([][]string, 0, len(rows))
		for _, x := range rows {
			out = append(out, []string{x.Tag, x.Brief.Serial, x.Brief.ModelName, x.Brief.Version, x.Where, string(x.Brief.InUse), string(d.Treatment), joinComma(d.Vulnerabilities), dateValue(d.Due), d.Owner,
				string(x.Progress), dateValue(x.Scheduled), dateValue(x.Done), dateValue(x.Verified), x.Note})
		}
		return out, len(items) == 1000, err
	})
}
