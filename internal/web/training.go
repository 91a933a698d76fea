package web

import (
	"context"
	"encoding/json"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
)

// matrixPage is who is trained in what.
type matrixPage struct {
	Frame
	Tabs      []Tab
	Chips     []Chips
	Function  []Option
	Keep      []Field
	Matrix    training.Matrix
	CSV       string
	Empty     Empty
	MayRules  bool
	Policy    training.Policy
	Done, All int
}

func (matrixPage) template() string { return "training" }

func matrixQuery(v *visit) training.MatrixQuery {
	q := training.MatrixQuery{By: training.ByPeople, Function: source.Function(v.query("function")), Code: v.query("code"), Product: v.query("product"), Now: v.s.now()}
	if v.query("by") == string(training.ByFunctions) {
		q.By = training.ByFunctions
	}
	return q
}

func (s *Server) training(v *visit) error {
	q := matrixQuery(v)
	p := matrixPage{Frame: v.frame("Training", urlTraining(), Link{urlDocuments(), "Documents"}), CSV: queryURL("/training.csv", v.r.URL.RawQuery), MayRules: v.may(training.KindRuleAdded + "|" + training.KindAssigned),
		Tabs:     []Tab{{Text: "People", URL: filter(v.r.URL, "by", ""), On: q.By == training.ByPeople}, {Text: "Functions", URL: filter(v.r.URL, "by", "functions"), On: q.By == training.ByFunctions}},
		Function: orNone("Every function", functionOptions([]source.Function{q.Function})), Keep: kept(v.r.URL.Query(), "function"),
		Empty: Empty{Title: "Nobody must know anything yet", Text: "A document names the functions that must know it, in the part training of its front matter; curricula and rules add to that. As soon as one is approved, people who hold these functions are asked.",
			Links: []Link{{urlDocuments(), "Documents"}, {urlFunctions(), "Functions"}}}}
	if q.Code != "" {
		p.Chips = append(p.Chips, narrowed(v, "Document", "code", q.Code))
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Matrix, err = training.MatrixOf(ctx, r, q); err != nil {
			return err
		}
		p.Policy, err = training.PolicyOf(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range p.Matrix.Columns {
		p.Done, p.All = p.Done+c.Trained, p.All+c.Required
	}
	return v.show(p)
}

func (s *Server) trainingCSV(v *visit) error {
	q := matrixQuery(v)
	header := []string{"row", "name", "code", "revision", "state", "kind", "due", "required", "trained", "training"}
	return v.csv("training.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		m, err := training.MatrixOf(ctx, r, q)
		var out [][]string
		for _, row := range m.Rows {
			for i, c := range row.Cells {
				if c.Required == 0 && c.Badge == training.BadgeNotRequired {
					continue
				}
				out = append(out, []string{row.ID, row.Name, m.Columns[i].Code, m.Columns[i].Label, string(c.Badge), string(c.Kind), stamp(c.Due), strconv.Itoa(c.Required), strconv.Itoa(c.Trained), c.Training})
			}
		}
		return out, false, err
	})
}

// recordsPage lists trainings as records, also those that are over.
type recordsPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []recordRow
	Now     time.Time
	Pager   Pager
	XAPI    string
	Empty   Empty
}

func (recordsPage) template() string { return "records" }

type recordRow struct {
	training.Training
	Name  string
	Badge training.Badge
}

func trainingQuery(v *visit) training.Query {
	q := training.Query{Account: v.query("account"), Code: v.query("code"), Revision: v.query("revision"), State: training.State(v.query("state")), Kind: training.Kind(v.query("kind")), Sort: v.query("sort"), After: v.query("after")}
	return inState(q, q.State, v.s.now())
}

// inState restricts trainings to a state or to the overdue ones.
func inState(q training.Query, state training.State, now time.Time) training.Query {
	q.State, q.Overdue = state, time.Time{}
	if state == "overdue" {
		q.State, q.Overdue = "", now
	}
	return q
}

func (s *Server) recordRows(ctx context.Context, r store.Reader, all []training.Training) ([]recordRow, error) {
	ids := make([]string, len(all))
	for i, t := range all {
		ids[i] = t.Account
	}
	names, err := people.Names(ctx, r, slices.Compact(slices.Sorted(slices.Values(ids))))
	out := make([]recordRow, len(all))
	for i, t := range all {
		out[i] = recordRow{t, names[t.Account], t.BadgeAt(s.now())}
	}
	return out, err
}

func (s *Server) records(v *visit) error {
	p := recordsPage{Frame: v.frame("Training records", urlTraining(), Link{urlDocuments(), "Documents"}, Link{urlTraining(), "Training"}), Now: s.now(),
		Chips: []Chips{
			chips(v.r.URL, "State", "state", [2]string{"open", "To do"}, [2]string{"overdue", "Overdue"}, [2]string{"locked", "Locked"}, [2]string{"done", "Done"}, [2]string{"superseded", "Superseded"}, [2]string{"excused", "Excused"}),
			chips(v.r.URL, "Kind", "kind", [2]string{"read", "Read"}, [2]string{"quiz", "Quiz"}, [2]string{"practical", "Practical"}, [2]string{"notify", "Told"}, [2]string{"certificate", "Certificate"})},
		Columns: v.columns("-assigned", Column{Name: "person", Text: "Person", Fixed: true}, Column{Name: "document", Text: "Document", Sort: "code"}, Column{Name: "kind", Text: "Kind", Sort: "kind"},
			Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "assigned", Text: "Assigned", Extra: true, Sort: "-assigned"}, Column{Name: "due", Text: "Due", Sort: "due"},
			Column{Name: "settled", Text: "Done", Sort: "-settled"}, Column{Name: "why", Text: "Why"}),
		Empty: Empty{Title: "No training", Text: "Nothing was assigned that fits these filters."}, XAPI: queryURL("/training/records.json", v.r.URL.RawQuery)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		q := trainingQuery(v)
		page, err := training.List(ctx, r, q)
		if err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/training/records.csv", v.r.URL.RawQuery)
		if p.Rows, err = s.recordRows(ctx, r, page.Items); err != nil {
			return err
		}
		if q.Code != "" {
			p.Chips = append(p.Chips, narrowed(v, "Document", "code", q.Code))
		}
		if q.Account != "" {
			names, err := people.Names(ctx, r, []string{q.Account})
			if err != nil {
				return err
			}
			p.Chips = append(p.Chips, narrowed(v, "Person", "account", orText(names[q.Account], q.Account)))
		}
		return countEach(p.Chips[:2], func(name, value string) (int, error) {
			one := q
			if name == "state" {
				one = inState(q, training.State(value), p.Now)
			} else {
				one.Kind = training.Kind(value)
			}
			return training.Count(ctx, r, one)
		})
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) recordsCSV(v *visit) error {
	q := trainingQuery(v)
	q.After, q.Limit = "", 1000
	header := []string{"id", "account", "name", "code", "revision", "title", "product", "kind", "basis", "because", "assigned", "due", "state", "settled", "settled_by", "attempts", "valid_until", "signature", "observer", "run", "issuer", "reason"}
	return v.csv("training-records.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := training.List(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := s.recordRows(ctx, r, page.Items)
		var out [][]string
		for _, t := range rows {
			out = append(out, []string{t.ID, t.Account, t.Name, t.Code, t.Label, t.Title, t.Product, string(t.Kind), string(t.Basis), t.Because, stamp(t.Assigned), stamp(t.Due), string(t.State),
				stamp(t.Settled), t.SettledBy, strconv.Itoa(t.Attempts), stamp(t.Valid), t.Signature, t.ObserverName, t.Run, t.Issuer, t.Reason})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// recordsXAPI gives out what was completed as statements of the Experience API.
func (s *Server) recordsXAPI(v *visit) error {
	var out []training.Statement
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		out, err = training.Statements(ctx, r, training.Export{Query: trainingQuery(v), Home: s.PublicURL})
		return err
	})
	if err != nil {
		return err
	}
	v.attach("application/json", "training-xapi.json")
	return ignoreGone(json.NewEncoder(v.w).Encode(out))
}

// learningPage is one training: what to read, the quiz, and the signature.
type learningPage struct {
	Frame
	Training training.Training
	Who      string
	Badge    training.Badge
	Mine     bool
	Now      time.Time
	Reading  training.Reading
	HTML     template.HTML
	Lines    []source.DiffLine
	Counts   string
	Notes    []Note
	Quiz     *quizForm
	Form     *Form
	Acts     []act
	Attempts []training.Attempt
	Signed   []signature.Signature
	History  []historyRow
	RunURL   string
}

func (learningPage) template() string { return "learning" }

// quizForm asks the questions of a quiz.
type quizForm struct {
	Action    string
	Message   string
	Pass      int
	Left      int // tries; −1 without limit
	Questions []quizQuestion
}

type quizQuestion struct {
	source.Question
	Several bool
	Chosen  []int
	Fault   string
	Wrong   bool // in the last attempt
}

// On tells whether a choice was made, counted from 1.
func (q quizQuestion) On(choice int) bool { return slices.Contains(q.Chosen, choice) }

func (s *Server) learningOf(v *visit) (learningPage, error) {
	p := learningPage{Now: s.now()}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Training, err = training.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.Reading, err = training.ReadingOf(ctx, r, p.Training); err != nil {
			return err
		}
		names, err := people.Names(ctx, r, []string{p.Training.Account})
		if err != nil {
			return err
		}
		p.Who, p.Badge, p.Mine = names[p.Training.Account], p.Training.BadgeAt(p.Now), p.Training.Account == v.actor.ID
		if p.HTML, err = s.documentHTML(ctx, r, p.Reading.Text); err != nil {
			return err
		}
		if p.Reading.Known.ID != "" && p.Reading.Known.ID != p.Reading.Revision.ID {
			p.Lines, p.Counts = diffOf(p.Reading.Known.Source, p.Reading.Revision.Source)
		}
		for _, c := range p.Reading.Cautions {
			p.Notes = append(p.Notes, Note{Class: "bad", Strong: "Caution.", Text: c.Text})
		}
		if p.Attempts, err = training.Attempts(ctx, r, p.Training.ID); err != nil {
			return err
		}
		if p.Signed, err = signature.Of(ctx, r, p.Training.ID); err != nil {
			return err
		}
		if err := p.addForms(ctx, r, v); err != nil {
			return err
		}
		p.History, err = history(ctx, r, p.Training.ID)
		return err
	})
	crumbs := []Link{{urlTasks(), "My tasks"}}
	area := urlTasks()
	if !p.Mine {
		area, crumbs = urlTraining(), []Link{{urlDocuments(), "Documents"}, {urlTraining(), "Training"}}
	}
	p.Frame = v.frame(p.Training.Code+" "+p.Training.Title, area, crumbs...)
	return p, err
}

func (p *learningPage) addForms(ctx context.Context, r store.Reader, v *visit) error {
	t, at := p.Training, urlLearning(p.Training.ID)
	if !p.Mine {
		return p.addActs(ctx, r, v)
	}
	if t.State != training.Open {
		return nil
	}
	switch {
	case t.Kind == training.Notify:
		p.Form = &Form{ID: "seen", Action: at + "/seen", Submit: "I have seen it"}
	case t.Kind == training.Quiz && !t.Passed:
		p.Quiz = p.quiz(at)
	case t.Kind == training.Read || t.Kind == training.Quiz:
		sign, err := v.signForm(ctx, r, signature.Acknowledgement)
		if err != nil {
			return err
		}
		p.Form = &Form{ID: "sign", Action: at + "/sign", Submit: "I have read and understood it", Sign: sign}
	case t.Kind == training.Practical && v.may(procedure.KindStarted):
		p.RunURL = urlRunNew("code", t.Code, "exercise", "yes", "revision", p.exercised(), "subject", "Practical of "+p.Who)
	}
	return nil
}

// exercised is the revision to be named for an exercise: none when it is in force.
func (p *learningPage) exercised() string {
	if p.Reading.Revision.State == document.InForce {
		return ""
	}
	return p.Training.Revision
}

func (p *learningPage) quiz(at string) *quizForm {
	q := &quizForm{Action: at + "/answers", Pass: p.Reading.Pass, Left: -1}
	if p.Training.Tries > 0 {
		q.Left = p.Training.Tries - p.Training.Attempts
	}
	var last training.Attempt
	if n := len(p.Attempts); n > 0 {
		last = p.Attempts[n-1]
		q.Message = "You answered " + strconv.Itoa(last.Score) + " % right. Read again what the marked questions are about."
	}
	for _, x := range p.Reading.Quiz {
		i := slices.IndexFunc(last.Answers, func(a training.Answer) bool { return a.Question == x.ID && !a.Right })
		q.Questions = append(q.Questions, quizQuestion{Question: x, Several: len(x.Right) > 1, Wrong: i >= 0})
	}
	return q
}

// addActs are what others can do about somebody's training.
func (p *learningPage) addActs(ctx context.Context, r store.Reader, v *visit) error {
	t, at := p.Training, urlLearning(p.Training.ID)
	add := func(kind string, a act) {
		if v.may(kind) {
			p.Acts = append(p.Acts, a)
		}
	}
	if t.State == training.Locked {
		add(training.KindUnlocked, act{Title: "Allow another round of tries", First: true, Form: Form{ID: "unlock", Action: at + "/unlock", Submit: "Unlock the quiz"}.with(reasonField("How they were trained again"))})
	}
	if t.State == training.Open && t.Kind == training.Practical && v.may(training.KindObserved) {
		sign, err := v.signForm(ctx, r, signature.Verification)
		if err != nil {
			return err
		}
		runs, err := observable(ctx, r, t)
		if err != nil {
			return err
		}
		f := Form{ID: "observe", Action: at + "/observe", Submit: "Sign that they can do it", Sign: sign}.with(
			Field{Name: "run", Label: "The run that you observed", Kind: "select", Required: true, Options: orNone("Choose a finished run", runs)},
			Field{Name: "note", Label: "What you saw", Kind: "textarea", Required: true})
		add(training.KindObserved, act{Title: "Confirm the practical", First: true, Form: f})
	}
	if t.State == training.Open && t.Kind == training.Certificate {
		add(training.KindCertified, act{Title: "Record the certificate", First: true, Form: Form{ID: "certify", Action: at + "/certify", Submit: "Record it", Upload: true}.with(
			Field{Name: "issuer", Label: "Issued by", Kind: "text", Required: true}, Field{Name: "files", Label: "Certificate", Kind: "file", Required: true},
			Field{Name: "valid", Label: "Valid until", Kind: "date"}, Field{Name: "note", Label: "For what it counts", Kind: "text", Required: true})})
	}
	if t.State == training.Open || t.State == training.Locked {
		add(training.KindExcused, act{Title: "Excuse", Form: Form{ID: "excuse", Action: at + "/excuse", Submit: "Excuse from this training"}.with(reasonField("Reason"))})
	}
	return nil
}

// observable are the finished runs of a training's revision, newest first.
func observable(ctx context.Context, r store.Reader, t training.Training) ([]Option, error) {
	page, err := procedure.List(ctx, r, procedure.Query{Code: t.Code, Revision: t.Revision, State: procedure.Finished, Limit: 100})
	var out []Option
	for _, x := range page.Items {
		out = append(out, Option{Value: x.ID, Text: short(60, x.Subject) + ", " + x.Started.UTC().Format(time.DateOnly)})
	}
	return out, err
}

func (s *Server) learning(v *visit) error {
	p, err := s.learningOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// learningAct does something about a training and comes back to it.
func (s *Server) learningAct(v *visit, notice string, do func(ctx context.Context, id string, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), v.path("id"), f); err == nil {
		return v.done(urlLearning(v.path("id")), notice)
	}
	p, perr := s.learningOf(v)
	if perr != nil {
		return perr
	}
	forms := []*Form{p.Form}
	for i := range p.Acts {
		forms = append(forms, &p.Acts[i].Form)
	}
	for _, to := range forms {
		if to == nil || !strings.HasSuffix(v.r.URL.Path, to.Action[strings.LastIndex(to.Action, "/"):]) {
			continue
		}
		to.fill(f)
		if to.blame(err) {
			return v.again(p, err)
		}
	}
	return err
}

func (s *Server) learningSeen(v *visit) error {
	return s.learningAct(v, "Noted: you have seen it.", func(ctx context.Context, id string, _ url.Values) error { return s.Desk.Seen(ctx, id) })
}

func (s *Server) learningSign(v *visit) error {
	return s.learningAct(v, "Signed: you have read and understood it.", func(ctx context.Context, id string, f url.Values) error { return s.Desk.Sign(ctx, id, v.factors(f)) })
}

func (s *Server) learningUnlock(v *visit) error {
	return s.learningAct(v, "The quiz can be tried again.", func(ctx context.Context, id string, f url.Values) error {
		return s.Desk.Unlock(ctx, id, f.Get("reason"))
	})
}

func (s *Server) learningExcuse(v *visit) error {
	return s.learningAct(v, "The person is excused.", func(ctx context.Context, id string, f url.Values) error {
		return s.Desk.Excuse(ctx, id, f.Get("reason"))
	})
}

func (s *Server) learningObserve(v *visit) error {
	return s.learningAct(v, "The practical is confirmed.", func(ctx context.Context, id string, f url.Values) error {
		return s.Desk.Observe(ctx, id, training.Observation{Run: f.Get("run"), Note: f.Get("note"), Factors: v.factors(f)})
	})
}

func (s *Server) learningCertify(v *visit) error {
	return s.learningAct(v, "The certificate is recorded.", func(ctx context.Context, id string, f url.Values) error {
		var l problem.List
		x := training.External{Issuer: f.Get("issuer"), Note: f.Get("note"), Valid: date(&l, f, "valid")}
		if err := l.Err("the certificate cannot be recorded"); err != nil {
			return err
		}
		files, err := s.runFiles(v)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			x.File = training.File(files[0])
		}
		return s.Desk.Certify(ctx, id, x)
	})
}

// learningFile gives out the certificate of a training.
func (s *Server) learningFile(v *visit) error {
	var t training.Training
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		t, err = training.Get(ctx, r, v.path("id"))
		return err
	})
	if err != nil {
		return err
	}
	if t.File.Digest == "" {
		return problem.New(problem.NotFound, "the training has no certificate")
	}
	return s.giveBlob(v, t.File.Digest, t.File.Name)
}

// learningAnswer scores an attempt at the quiz.
func (s *Server) learningAnswer(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	chosen := map[string][]int{}
	for name, values := range f {
		for _, x := range values {
			if n, err := strconv.Atoi(x); err == nil {
				chosen[name] = append(chosen[name], n)
			}
		}
	}
	a, err := s.Desk.Answer(v.r.Context(), v.path("id"), chosen)
	switch {
	case err == nil && a.Passed:
		return v.done(urlLearning(v.path("id")), "Passed with "+strconv.Itoa(a.Score)+" %. Sign now.")
	case err == nil:
		return v.done(urlLearning(v.path("id"))+"#quiz", "Not passed: "+strconv.Itoa(a.Score)+" % were right.")
	case problem.KindOf(err) != problem.Invalid:
		return err
	}
	p, perr := s.learningOf(v)
	if perr != nil {
		return perr
	}
	if p.Quiz == nil {
		return err
	}
	p.Quiz.Message = "Answer every question."
	for i := range p.Quiz.Questions {
		q := &p.Quiz.Questions[i]
		q.Chosen, q.Wrong = chosen[q.ID], false
		for _, fault := range problem.FaultsOf(err) {
			if fault.Path == q.ID {
				q.Fault = fault.Reason
			}
		}
	}
	return v.again(p, err)
}
