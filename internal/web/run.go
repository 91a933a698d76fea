package web

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
)

// runPage is one run: what is to be done now, with the rest above and below it.
type runPage struct {
	Frame
	Run        procedure.Run
	Now        time.Time
	Newer      string // label of the revision in force when the run follows another one
	Notes      []Note
	Steps      []runStep
	Settled    int
	Total      int
	Acts       []act
	Loose      []procedure.Item // of the whole run
	Signatures []signature.Signature
	History    []historyRow
}

func (runPage) template() string { return "run" }

// runStep is a step of a run with what the visitor can do about it.
type runStep struct {
	procedure.Step
	Number   int
	Current  bool // the first that can be done now
	Ready    bool
	Waits    []string
	Late     string // by how much it missed or misses its target, "" when it does not
	Left     string // until its target
	Of       string // the document that the target is from
	Within   string // the target in words
	Role     string
	Items    []procedure.Item
	Do       *Form
	Other    []Field // of Do: what makes it a deviation
	OtherAt  bool    // something is wrong with these
	Skip     *Form
	NotFor   *Form // its condition does not hold
	WrongURL string
}

// span is a duration as a clock on a step shows it: "38 min", "5 h 10 min", "12 days".
func span(d time.Duration) string {
	m := int(d.Minutes())
	switch {
	case m < 60:
		return strconv.Itoa(m) + " min"
	case m < 48*60 && m%60 == 0:
		return strconv.Itoa(m/60) + " h"
	case m < 48*60:
		return strconv.Itoa(m/60) + " h " + strconv.Itoa(m%60) + " min"
	}
	return plural(m/(24*60), "day", "days")
}

// stepForms bounds for how many steps beside the current one the forms are on the page.
const stepForms = 12

func (s *Server) runPageOf(v *visit) (runPage, error) {
	p := runPage{Now: s.now()}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Run, err = procedure.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		newer, ok, err := procedure.Newer(ctx, r, p.Run)
		if err != nil {
			return err
		}
		if ok {
			p.Newer = newer.Label
			p.Notes = append(p.Notes, Note{"warn", "Revision " + newer.Label + " is in force now.", "This run stays with revision " + p.Run.Label + ". You can move it; what is done stays done.",
				Link{queryURL(urlDocument(p.Run.Code)+"/compare", pairsOf([]any{"from", p.Run.Label, "to", newer.Label}).Encode()), "See what changed"}})
		}
		p.Loose = itemsOf(p.Run, "")
		if p.Signatures, err = signature.Of(ctx, r, p.Run.ID); err != nil {
			return err
		}
		if err := p.addSteps(ctx, r, v); err != nil {
			return err
		}
		if p.Acts, err = runActs(ctx, r, v, p); err != nil {
			return err
		}
		p.History, err = history(ctx, r, p.Run.ID)
		return err
	})
	p.Frame = v.frame(p.Run.Code+": "+short(80, p.Run.Subject), urlRuns(), Link{urlDocuments(), "Documents"}, Link{urlRuns(), "Runs"})
	return p, err
}

func (p *runPage) addSteps(ctx context.Context, r store.Reader, v *visit) error {
	chosen, forms := v.query("step"), 0
	for i, x := range p.Run.Steps {
		st := runStep{Step: x, Number: i + 1, Role: x.Role.Word(), Items: itemsOf(p.Run, x.ID), Within: x.Within.Words()}
		st.Of, _, _ = source.TargetRef(x.Target)
		if late := p.Run.Late(x, p.Now); late > 0 {
			st.Late = span(late)
		}
		if !x.Gone {
			p.Total++
			if x.State != procedure.Open {
				p.Settled++
			}
		}
		if x.State == procedure.Open && !x.Gone {
			st.Waits = p.Run.Waits(x.ID)
			st.Ready = len(st.Waits) == 0 && p.Run.State == procedure.Running
			st.Current = st.Ready && (forms == 0 && chosen == "" || chosen == x.ID)
			if !x.Due.IsZero() && st.Late == "" {
				st.Left = span(x.Due.Sub(p.Now))
			}
		}
		if p.Run.State == procedure.Running && x.State == procedure.Open && !x.Gone && (st.Ready || chosen == x.ID) && forms < stepForms {
			forms++
			if err := st.addForms(ctx, r, v); err != nil {
				return err
			}
		}
		if !x.Extra && !x.Gone && !x.Wrong && v.may(procedure.KindStepDefeated) {
			st.WrongURL = urlRunStep(p.Run.ID, x.ID) + "/wrong"
		}
		p.Steps = append(p.Steps, st)
	}
	return nil
}

func itemsOf(run procedure.Run, step string) []procedure.Item {
	var out []procedure.Item
	for _, i := range run.Items {
		if i.Step == step {
			out = append(out, i)
		}
	}
	return out
}

func (st *runStep) addForms(ctx context.Context, r store.Reader, v *visit) error {
	at := urlRunStep(v.path("id"), st.ID)
	if v.may(procedure.KindStepRecorded) {
		f := Form{ID: "do-" + st.ID, Action: at + "/done", Submit: "Done", Upload: true}.with(recordFields(st.Step)...)
		if st.Record == source.RecordSignature {
			sign, err := v.signForm(ctx, r, signature.Verification)
			if err != nil {
				return err
			}
			sign.within(f.ID)
			f.Sign, f.Submit = sign, "Sign and finish the step"
		}
		other := Form{ID: f.ID}.with(
			Field{Name: "instead", Label: "What was done instead", Kind: "textarea", Help: "One plain sentence. It can become the words of the next revision."},
			Field{Name: "reason", Label: "Why it was done otherwise, earlier, or by you", Kind: "textarea"})
		st.Do, st.Other = &f, other.Fields
		if st.When != "" {
			n := Form{ID: "not-" + st.ID, Action: at + "/not-needed", Submit: "Not needed"}.with(Field{Name: "reason", Label: "Why the condition does not hold", Kind: "text", Required: true})
			st.NotFor = &n
		}
	}
	if v.may(procedure.KindStepDeviated) {
		f := Form{ID: "skip-" + st.ID, Action: at + "/skip", Submit: "Skip the step", Danger: true}.with(reasonField("Why it is skipped"))
		st.Skip = &f
	}
	return nil
}

// recordFields ask for what a step leaves behind.
func recordFields(s procedure.Step) []Field {
	must := s.Evidence == source.Required
	value := Field{Name: "value", Label: title(s.Record), Kind: "text", Required: must}
	note := Field{Name: "note", Label: "Note", Kind: "textarea", Required: must && s.Record == source.RecordNote}
	file := Field{Name: "files", Label: "File", Kind: "file", Required: must && s.Record == source.RecordFile, Help: "A photograph, a log, a screenshot."}
	switch s.Record {
	case source.RecordNumber:
		value.Mode = "decimal"
		return []Field{value, note, file}
	case source.RecordDecision, source.RecordText:
		value.Kind = "textarea"
		return []Field{value, note, file}
	case source.RecordChecklist:
		value.Kind, value.Label, value.Help = "textarea", "What was checked", "One point on each line."
		return []Field{value, note, file}
	case source.RecordNone:
		return []Field{note}
	}
	return []Field{note, file}
}

// runActs are what the visitor can do with the run as a whole.
func runActs(ctx context.Context, r store.Reader, v *visit, p runPage) ([]act, error) {
	if !p.Run.State.Open() {
		return nil, nil
	}
	at := urlRun(p.Run.ID)
	var out []act
	add := func(kind string, a act) {
		if v.may(kind) {
			out = append(out, a)
		}
	}
	ending, err := endForms(ctx, r, v, p.Run)
	if err != nil {
		return nil, err
	}
	if p.Run.State == procedure.Paused {
		add(procedure.KindResumed, act{Title: "Resume", First: true, Help: "The clocks went on while it was paused.", Form: Form{ID: "resume", Action: at + "/resume", Submit: "Resume the run"}})
	}
	if len(p.Run.Missing()) == 0 && p.Run.State == procedure.Running {
		add(procedure.KindFinished, act{Title: "Finish", First: true, Help: "Every step is settled.", Form: ending[0]})
	}
	add(procedure.KindNoted, act{Title: "Note or file", Form: Form{ID: "note", Action: at + "/notes", Submit: "Add", Upload: true}.with(
		Field{Name: "step", Label: "About", Kind: "select", Options: stepOptions(p.Run, "The whole run")},
		Field{Name: "text", Label: "Note", Kind: "textarea"}, Field{Name: "files", Label: "File", Kind: "file"})})
	if p.Run.State == procedure.Running {
		add(procedure.KindStepDeviated, act{Title: "Add a step", Help: "For something that was done and that the procedure does not have.", Form: Form{ID: "add", Action: at + "/steps", Submit: "Add the step"}.with(
			Field{Name: "after", Label: "After", Kind: "select", Options: stepOptions(p.Run, "The beginning")},
			Field{Name: "do", Label: "What was done, in one sentence", Kind: "text", Required: true, Placeholder: "Walk to the ward."},
			Field{Name: "note", Label: "Note", Kind: "textarea"}, reasonField("Why it was needed"))})
		add(procedure.KindPaused, act{Title: "Pause", Help: "Clocks do not stop.", Form: Form{ID: "pause", Action: at + "/pause", Submit: "Pause the run"}.with(reasonField("Reason"))})
	}
	to, err := colleagues(ctx, r, v, p.Run.Lead)
	if err != nil {
		return nil, err
	}
	if len(to) > 0 {
		add(procedure.KindHandedOver, act{Title: "Hand over", Form: Form{ID: "hand-over", Action: at + "/hand-over", Submit: "Hand over"}.with(
			Field{Name: "to", Label: "To", Kind: "select", Required: true, Options: orNone("Choose a person", to)}, reasonField("Reason"))})
	}
	if p.Newer != "" {
		add(procedure.KindMigrated, act{Title: "Move to revision " + p.Newer, Help: "What is done stays done. Open steps take the new words; new steps are added; steps that are gone are not asked for any more.",
			Form: Form{ID: "migrate", Action: at + "/migrate", Submit: "Move the run"}.with(reasonField("Reason"))})
	}
	add(procedure.KindAborted, act{Title: "Abort", Form: ending[1]})
	return out, nil
}

// endForms finish and abort a run; both are signed where the document asks for signatures.
func endForms(ctx context.Context, r store.Reader, v *visit, run procedure.Run) ([2]Form, error) {
	out := [2]Form{
		Form{ID: "finish", Action: urlRun(run.ID) + "/finish", Submit: "Finish the run"}.with(Field{Name: "outcome", Label: "How it ended", Kind: "textarea", Required: true}),
		Form{ID: "abort", Action: urlRun(run.ID) + "/abort", Submit: "Abort the run", Danger: true}.with(Field{Name: "outcome", Label: "Why it ends here", Kind: "textarea", Required: true}),
	}
	if !run.Signed {
		return out, nil
	}
	for i := range out {
		sign, err := v.signForm(ctx, r, signature.Responsibility)
		if err != nil {
			return out, err
		}
		sign.within(out[i].ID)
		out[i].Sign = sign
	}
	return out, nil
}

func stepOptions(run procedure.Run, none string) []Option {
	out := []Option{{Value: "", Text: none}}
	for _, s := range run.Steps {
		if !s.Gone {
			out = append(out, Option{Value: s.ID, Text: s.ID + ": " + short(70, s.Do)})
		}
	}
	return out
}

func (s *Server) run(v *visit) error {
	p, err := s.runPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// runAct does something to a run and comes back to it; form is the one that is filled again when it was refused.
func (s *Server) runAct(v *visit, form, notice string, do func(ctx context.Context, id string, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), v.path("id"), f); err == nil {
		return v.done(urlRun(v.path("id")), notice)
	}
	p, perr := s.runPageOf(v)
	if perr != nil {
		return perr
	}
	to := p.form(form)
	if to == nil {
		return err
	}
	refill(to, f)
	if !to.blame(err) {
		return err
	}
	p.share(form, f)
	return v.again(p, err)
}

// form finds a form of the page; nil for none.
func (p *runPage) form(id string) *Form {
	for i := range p.Acts {
		if p.Acts[i].Form.ID == id {
			return &p.Acts[i].Form
		}
	}
	for i := range p.Steps {
		for _, f := range []*Form{p.Steps[i].Do, p.Steps[i].Skip, p.Steps[i].NotFor} {
			if f != nil && f.ID == id {
				return f
			}
		}
	}
	return nil
}

// share puts what was sent, and what was wrong with it, into the fields of a step that stand apart.
func (p *runPage) share(id string, f url.Values) {
	for i := range p.Steps {
		st := &p.Steps[i]
		if st.Do == nil || st.Do.ID != id {
			continue
		}
		for j := range st.Other {
			x := &st.Other[j]
			x.Value = f.Get(x.Name)
			st.OtherAt = st.OtherAt || x.Value != ""
			for k, fault := range st.Do.Faults {
				if fault.Label == x.Name {
					x.Fault, st.OtherAt = fault.Text, true
					st.Do.Faults[k].Field, st.Do.Faults[k].Label = x.ID, x.Label
				}
			}
		}
	}
}

func (s *Server) stepDone(v *visit) error {
	step := v.path("step")
	return s.runAct(v, "do-"+step, "The step is done.", func(ctx context.Context, id string, f url.Values) error {
		files, err := s.runFiles(v)
		if err != nil {
			return err
		}
		return s.Runs.Do(ctx, id, procedure.Act{Step: step, Value: f.Get("value"), Note: f.Get("note"), Files: files, Instead: f.Get("instead"), Reason: f.Get("reason")}, v.factors(f))
	})
}

func (s *Server) stepSkip(v *visit) error {
	return s.runAct(v, "skip-"+v.path("step"), "The step is skipped.", func(ctx context.Context, id string, f url.Values) error {
		return s.Runs.Skip(ctx, id, v.path("step"), f.Get("reason"))
	})
}

func (s *Server) stepNotNeeded(v *visit) error {
	return s.runAct(v, "not-"+v.path("step"), "The step is not needed.", func(ctx context.Context, id string, f url.Values) error {
		return s.Runs.NotNeeded(ctx, id, v.path("step"), f.Get("reason"))
	})
}

func (s *Server) stepAdd(v *visit) error {
	return s.runAct(v, "add", "The step is added.", func(ctx context.Context, id string, f url.Values) error {
		return s.Runs.Add(ctx, id, procedure.Extra{After: f.Get("after"), Do: f.Get("do"), Note: f.Get("note"), Reason: f.Get("reason")})
	})
}

func (s *Server) runNote(v *visit) error {
	return s.runAct(v, "note", "Added.", func(ctx context.Context, id string, f url.Values) error {
		files, err := s.runFiles(v)
		if err != nil {
			return err
		}
		return s.Runs.Note(ctx, id, procedure.Note{Step: f.Get("step"), Text: f.Get("text"), Files: files})
	})
}

func (s *Server) runHandOver(v *visit) error {
	return s.runAct(v, "hand-over", "The run is handed over.", func(ctx context.Context, id string, f url.Values) error {
		if f.Get("to") == "" {
			var l problem.List
			l.Add("to", "is required")
			return l.Err("choose who goes on")
		}
		return s.Runs.HandOver(ctx, id, f.Get("to"), f.Get("reason"))
	})
}

func (s *Server) runPause(v *visit) error {
	return s.runAct(v, "pause", "The run is paused. Its clocks go on.", func(ctx context.Context, id string, f url.Values) error {
		return s.Runs.Pause(ctx, id, f.Get("reason"))
	})
}

func (s *Server) runResume(v *visit) error {
	return s.runAct(v, "resume", "The run goes on.", func(ctx context.Context, id string, _ url.Values) error { return s.Runs.Resume(ctx, id) })
}

func (s *Server) runFinish(v *visit) error { return s.runEnd(v, "finish", procedure.Finished) }
func (s *Server) runAbort(v *visit) error  { return s.runEnd(v, "abort", procedure.Aborted) }

func (s *Server) runEnd(v *visit, form string, to procedure.State) error {
	return s.runAct(v, form, "The run is "+string(to)+".", func(ctx context.Context, id string, f url.Values) error {
		return s.Runs.End(ctx, id, procedure.End{State: to, Outcome: f.Get("outcome"), Factors: v.factors(f)})
	})
}

func (s *Server) runMigrate(v *visit) error {
	return s.runAct(v, "migrate", "The run follows the revision in force.", func(ctx context.Context, id string, f url.Values) error {
		return s.Runs.Migrate(ctx, id, f.Get("reason"))
	})
}
