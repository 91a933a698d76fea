package procedure

import (
	"strconv"
	"strings"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
)

// Who acts in a run, and when.
type who struct {
	account string
	name    string
	// foreign are the functions that others hold and this person does not: a step of one of these, done by this person, is
	// a deviation. A function that nobody holds yet binds nobody.
	foreign map[source.Function]bool
	at      time.Time
}

// Act settles a step.
type Act struct {
	Step    string
	Value   string // the decision, number or text that the step asks for
	Note    string
	Files   []File
	Instead string // what was done instead of what is written
	Reason  string // why it was done otherwise, out of order or by somebody else; required then
}

const (
	maxText  = 4000
	maxFiles = 20
)

func checkText(l *problem.List, path, text string) {
	if len(text) > maxText {
		l.Add(path, "is longer than %d characters", maxText)
	}
}

func checkFiles(l *problem.List, files []File) {
	if len(files) > maxFiles {
		l.Add("files", "at most %d at once", maxFiles)
	}
	for _, f := range files {
		if len(f.Digest) != 64 || strings.TrimSpace(f.Name) == "" || len(f.Name) > 200 {
			l.Add("files", "a file needs its digest and a name of at most 200 characters")
		}
	}
}

func (r *Run) mustRun() error {
	switch r.State {
	case Running:
		return nil
	case Paused:
		return problem.New(problem.Conflict, "the run is paused; resume it first")
	}
	return r.ended()
}

func (r *Run) mustGoOn() error {
	if r.State.Open() {
		return nil
	}
	return r.ended()
}

func (r *Run) ended() error { return problem.New(problem.Conflict, "the run has ended") }

// open is the index of a step that is not settled yet.
func (r *Run) open(id string) (int, error) {
	i, err := r.find(id)
	if err != nil {
		return 0, err
	}
	switch s := r.Steps[i]; {
	case s.Gone:
		return 0, problem.New(problem.Conflict, "the step is not in the revision that the run moved to")
	case s.State != Open:
		return 0, problem.New(problem.Conflict, "%s settled the step on %s UTC", s.ActorName, s.At.UTC().Format("2006-01-02 15:04:05"))
	}
	return i, nil
}

// why is what makes an act a deviation, "" when it is none.
func (r *Run) why(s Step, a Act, w who) string {
	var parts []string
	if strings.TrimSpace(a.Instead) != "" {
		parts = append(parts, "it was done otherwise than written")
	}
	if waits := r.Waits(s.ID); len(waits) > 0 {
		parts = append(parts, "it was done before "+strings.Join(waits, ", "))
	}
	if w.foreign[s.Role] {
		parts = append(parts, "you do not hold its function")
	}
	return strings.Join(parts, "; ")
}

// do settles a step as done, or as changed when something about it deviates.
func (r *Run) do(a Act, w who) (Step, error) {
	if err := r.mustRun(); err != nil {
		return Step{}, err
	}
	i, err := r.open(a.Step)
	if err != nil {
		return Step{}, err
	}
	s := r.Steps[i]
	var l problem.List
	for _, f := range []struct{ path, text string }{{"value", a.Value}, {"note", a.Note}, {"instead", a.Instead}, {"reason", a.Reason}} {
		checkText(&l, f.path, f.text)
	}
	checkFiles(&l, a.Files)
	s.checkRecord(&l, a)
	deviation := r.why(s, a, w)
	if deviation != "" && strings.TrimSpace(a.Reason) == "" {
		l.Add("reason", "is required: %s", deviation)
	}
	if err := l.Err("the step cannot be recorded"); err != nil {
		return Step{}, err
	}
	s.State = Done
	if deviation != "" {
		s.State, s.Instead, s.Reason = Changed, strings.TrimSpace(a.Instead), strings.TrimSpace(a.Reason)
	}
	s.Value, s.Note = strings.TrimSpace(a.Value), strings.TrimSpace(a.Note)
	return r.settle(i, s, w), nil
}

// checkRecord notes what of the evidence that a step asks for is missing.
func (s Step) checkRecord(l *problem.List, a Act) {
	value := strings.TrimSpace(a.Value)
	if s.Record == source.RecordNumber && value != "" {
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			l.Add("value", "must be a number")
		}
	}
	if s.Evidence != source.Required {
		return
	}
	switch s.Record {
	case source.RecordDecision, source.RecordText, source.RecordNumber, source.RecordChecklist:
		if value == "" {
			l.Add("value", "is required: the step asks for a %s", s.Record)
		}
	case source.RecordNote:
		if strings.TrimSpace(a.Note) == "" {
			l.Add("note", "is required: the step asks for a note")
		}
	case source.RecordFile:
		if len(a.Files) == 0 {
			l.Add("files", "is required: the step asks for a file")
		}
	}
}

func (r *Run) settle(i int, s Step, w who) Step {
	s.Actor, s.ActorName, s.At = w.account, w.name, w.at
	r.Steps[i] = s
	for j, next := range r.Steps {
		if next.State == Open && next.Target != "" && next.From == s.ID {
			r.Steps[j].Due = next.Within.Due(s.At)
		}
	}
	return s
}

// skip settles a step that is not done.
func (r *Run) skip(id, reason string, w who) (Step, error) {
	return r.leave(id, leaving{Skipped, reason}, w)
}

type leaving struct {
	state  StepState
	reason string
}

func (r *Run) leave(id string, how leaving, w who) (Step, error) {
	if err := r.mustRun(); err != nil {
		return Step{}, err
	}
	i, err := r.open(id)
	if err != nil {
		return Step{}, err
	}
	if err := needReason(how.reason); err != nil {
		return Step{}, err
	}
	s := r.Steps[i]
	if how.state == NotNeeded && s.When == "" {
		return Step{}, problem.New(problem.Conflict, "the step has no condition: it is always needed; skip it with a reason instead")
	}
	s.State, s.Reason = how.state, strings.TrimSpace(how.reason)
	return r.settle(i, s, w), nil
}

func needReason(reason string) error {
	var l problem.List
	if strings.TrimSpace(reason) == "" {
		l.Add("reason", "is required")
	}
	checkText(&l, "reason", reason)
	return l.Err("say why")
}

// Extra is a step that people took and that the document does not have.
type Extra struct {
	After  string // the step that it followed; "" at the beginning
	Do     string // one plain imperative sentence
	Note   string
	Reason string // why it was needed
}

func (r *Run) add(x Extra, w who) (Step, error) {
	if err := r.mustRun(); err != nil {
		return Step{}, err
	}
	var l problem.List
	if strings.TrimSpace(x.Do) == "" {
		l.Add("do", "is required: say what was done in one sentence")
	}
	if len(x.Do) > 400 {
		l.Add("do", "is longer than 400 characters")
	}
	checkText(&l, "note", x.Note)
	l.Merge("", needReason(x.Reason))
	if err := l.Err("the step cannot be added"); err != nil {
		return Step{}, err
	}
	at := 0
	if x.After != "" {
		i, err := r.find(x.After)
		if err != nil {
			return Step{}, err
		}
		at = i + 1
	}
	n := 1
	for _, s := range r.Steps {
		if s.Extra {
			n++
		}
	}
	s := Step{ID: "extra-" + strconv.Itoa(n), Revision: r.Revision, Do: strings.TrimSpace(x.Do), Record: source.RecordNone, Evidence: source.None, Extra: true, State: Changed,
		Note: strings.TrimSpace(x.Note), Reason: strings.TrimSpace(x.Reason)}
	r.Steps = append(r.Steps[:at:at], append([]Step{s}, r.Steps[at:]...)...)
	return r.settle(at, s, w), nil
}

func (r *Run) pause(at time.Time) error {
	if r.State == Paused {
		return problem.New(problem.Conflict, "the run is paused already")
	}
	if err := r.mustRun(); err != nil {
		return err
	}
	r.State, r.Paused = Paused, at
	return nil
}

func (r *Run) resume() error {
	if err := r.mustGoOn(); err != nil {
		return err
	}
	if r.State == Running {
		return problem.New(problem.Conflict, "the run is not paused")
	}
	r.State, r.Paused = Running, time.Time{}
	return nil
}

// end finishes or aborts a run. Finishing needs every step settled.
func (r *Run) end(s State, outcome string, at time.Time) error {
	var err error
	if s == Finished {
		err = r.mustRun()
	} else {
		err = r.mustGoOn()
	}
	if err != nil {
		return err
	}
	if missing := r.Missing(); s == Finished && len(missing) > 0 {
		var l problem.List
		for _, m := range missing {
			l.Add("steps", "%s is open: %s", m.ID, m.Do)
		}
		return l.Err("the run cannot be finished")
	}
	var l problem.List
	if strings.TrimSpace(outcome) == "" {
		l.Add("outcome", "is required: say in a sentence how it ended")
	}
	checkText(&l, "outcome", outcome)
	if err := l.Err("the run cannot end"); err != nil {
		return err
	}
	r.State, r.Outcome, r.Ended, r.Paused = s, strings.TrimSpace(outcome), at, time.Time{}
	return nil
}

// defeat marks a step as wrong: also one that is settled, also after the run.
func (r *Run) defeat(d Defeat, w who) (Step, error) {
	i, err := r.find(d.Step)
	if err != nil {
		return Step{}, err
	}
	s := r.Steps[i]
	switch {
	case s.Extra || s.Gone:
		return Step{}, problem.New(problem.Conflict, "the step is not in the revision that the run follows: nothing relies on it")
	case s.Wrong:
		return Step{}, problem.New(problem.Conflict, "the step is marked as wrong already")
	}
	s.Wrong = true
	if s.State != Open || !r.State.Open() {
		r.Steps[i] = s
		return s, nil
	}
	s.State, s.Instead, s.Reason = Defeated, strings.TrimSpace(d.Instead), strings.TrimSpace(d.Wrong)
	return r.settle(i, s, w), nil
}
