package web

import (
	"context"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"time"

	"triward/internal/content"
	"triward/internal/incident/exercise"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

func exerciseRoutes() []route {
	return []route{
		{"GET", "/exercises", "incident.read", (*Server).exercises},
		{"GET", "/exercise-scenarios/{scenario}", exercise.KindStarted, (*Server).exerciseNew},
		{"POST", "/exercise-scenarios/{scenario}", exercise.KindStarted, (*Server).exerciseStart},
		{"GET", "/exercises/{id}", "incident.read", (*Server).exercise},
		{"POST", "/exercises/{id}/injects/{inject}", exercise.KindInjected, (*Server).exerciseInject},
		{"POST", "/exercises/{id}/answers/{inject}", exercise.KindAnswered, (*Server).exerciseAnswer},
		{"POST", "/exercises/{id}/stop", exercise.KindStopped, (*Server).exerciseStop},
		{"POST", "/exercises/{id}/confirm", exercise.KindConfirmed, (*Server).exerciseConfirm},
	}
}

func urlExercises() string                        { return "/exercises" }
func urlExercise(id any) string                   { return path("exercises", text(id)) }
func urlExerciseNew(id any) string                { return path("exercise-scenarios", text(id)) }
func urlExerciseOne(id, do, inject string) string { return path("exercises", id, do, inject) }

// exercisesPage lists the scenarios and what was exercised.
type exercisesPage struct {
	Frame
	Scenarios []content.Exercise
	Titles    map[string]string // of the procedures that are here, by code
	Rows      []exercise.Exercise
	Pager     Pager
	MayStart  bool
}

func (exercisesPage) template() string { return "exercises" }

func (s *Server) exercises(v *visit) error {
	p := exercisesPage{Frame: v.frame("Exercises", urlIncidents(), Link{urlIncidents(), "Incidents"}), Titles: map[string]string{}, MayStart: v.may(exercise.KindStarted)}
	var err error
	if p.Scenarios, err = content.Exercises(); err != nil {
		return err
	}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		for _, x := range p.Scenarios {
			if _, ok := p.Titles[x.Procedure]; !ok {
				p.Titles[x.Procedure] = v.procedureTitle(ctx, r, x.Procedure)
			}
		}
		page, err := exercise.List(ctx, r, exercise.Query{After: v.query("after")})
		p.Rows, p.Pager = page.Items, pager(v.r.URL, page.Next, len(page.Items))
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// scenarioPage tells what a scenario is about and starts it.
type scenarioPage struct {
	Frame
	About content.Exercise
	Form  Form
}

func (scenarioPage) template() string { return "scenario" }

func (s *Server) scenarioPageOf(v *visit) (scenarioPage, error) {
	all, err := content.Exercises()
	if err != nil {
		return scenarioPage{}, err
	}
	n := slices.IndexFunc(all, func(x content.Exercise) bool { return x.ID == v.path("scenario") })
	if n < 0 {
		return scenarioPage{}, problem.New(problem.NotFound, "there is no such scenario")
	}
	p := scenarioPage{Frame: v.frame("Start: "+all[n].Title, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlExercises(), "Exercises"}), About: all[n]}
	p.Form = Form{ID: "start", Action: urlExerciseNew(p.About.ID), Submit: "Start the exercise", Cancel: urlExercises()}.with(
		Field{Name: "pace", Label: "How fast things happen", Kind: "select", Options: paces(), Help: "The leader may call each of them before its time. Targets are of people and do not run faster."})
	return p, nil
}

func paces() []Option {
	return []Option{{Value: "1", Text: "As on the day", On: true}, {Value: "4", Text: "Four times as fast"}, {Value: "10", Text: "Ten times as fast"}, {Value: "0", Text: "Only when the leader calls"}}
}

func (s *Server) exerciseNew(v *visit) error {
	p, err := s.scenarioPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) exerciseStart(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	pace, err := strconv.Atoi(f.Get("pace"))
	if err != nil {
		var l problem.List
		l.Add("pace", "must be a number")
		err = l.Err("the exercise cannot be started")
	}
	id := ""
	if err == nil {
		id, err = s.Drills.Start(v.r.Context(), exercise.Start{Scenario: v.path("scenario"), Pace: pace})
	}
	if err == nil {
		return v.done(urlExercise(id), "The exercise runs. Everything of it carries the mark EXERCISE.")
	}
	p, perr := s.scenarioPageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}

// exercisePage is one exercise: what happens, what people do, and what came out.
type exercisePage struct {
	Frame
	exercise.Sheet
	Injects []injectRow
	Acts    []act
	Now     time.Time
	MayLead bool
}

func (exercisePage) template() string { return "exercise" }

// injectRow is an inject with what the visitor may do about it.
type injectRow struct {
	exercise.Given
	Call   string // address that lets it happen now; "" when not
	Answer *Form
}

// Seen is whether the inject is shown in full: to who leads, and to all once it happened.
func (p exercisePage) Seen(g exercise.Given) bool {
	return p.MayLead || !g.At.IsZero() || p.State != exercise.Running
}

func (s *Server) exercisePageOf(v *visit) (exercisePage, error) {
	p := exercisePage{Now: s.now(), MayLead: v.may(exercise.KindInjected)}
	var who []people.Name
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Sheet, err = exercise.Get(ctx, r, v.path("id"), p.Now); err != nil {
			return err
		}
		if v.may(people.KindReadNames) {
			who, err = people.Choices(ctx, r, "", 1000)
		}
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame("Exercise: "+p.Scenario.Title, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlExercises(), "Exercises"})
	runs := p.State == exercise.Running
	for _, g := range p.Given {
		row := injectRow{Given: g}
		switch {
		case runs && g.At.IsZero() && (g.Due.IsZero() || g.Due.After(p.Now)) && p.MayLead:
			row.Call = urlExerciseOne(p.ID, "injects", g.ID)
		case runs && g.Kind == exercise.Question && !g.At.IsZero() && g.Answered.IsZero() && v.may(exercise.KindAnswered):
			f := Form{ID: "answer-" + g.ID, Action: urlExerciseOne(p.ID, "answers", g.ID), Submit: "Answer"}.with(Field{ID: "answer-text-" + g.ID, Name: "answer", Label: "Answer", Kind: "textarea", Required: true})
			row.Answer = &f
		}
		p.Injects = append(p.Injects, row)
	}
	if runs && v.may(exercise.KindStopped) {
		p.Acts = append(p.Acts, act{Title: "Stop the exercise", First: true, Help: "Nothing more happens, and the score stands. All records stay.", Form: Form{ID: "stop", Action: urlExercise(p.ID) + "/stop", Submit: "Stop the exercise", Danger: true}})
	}
	if p.State == exercise.Stopped && v.may(exercise.KindConfirmed) {
		p.Acts = append(p.Acts, p.confirming(who))
	}
	return p, nil
}

// confirming asks who took part; those who did something are chosen, others come after them.
func (p exercisePage) confirming(others []people.Name) act {
	var all []Option
	for _, x := range p.Report.People {
		all = append(all, Option{Value: x.Account, Text: x.Name, On: true})
	}
	for _, n := range others {
		if !slices.ContainsFunc(all, func(o Option) bool { return o.Value == n.ID }) {
			all = append(all, Option{Value: n.ID, Text: n.Name})
		}
	}
	return act{Title: "Confirm who took part", First: true, Help: "Each gets a record of training on " + p.Scenario.Procedure + " with what they did. It shows attendance, not that they know the procedure.",
		Form: Form{ID: "confirm", Action: urlExercise(p.ID) + "/confirm", Submit: "They took part"}.with(Field{Name: "people", Label: "Who took part", Kind: "checks", Options: all})}
}

func (s *Server) exercise(v *visit) error {
	p, err := s.exercisePageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// exerciseAct does something with an exercise and comes back to it.
func (s *Server) exerciseAct(v *visit, notice string, do func(ctx context.Context, id string, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), v.path("id"), f); err == nil {
		return v.done(urlExercise(v.path("id")), notice)
	}
	p, perr := s.exercisePageOf(v)
	if perr != nil {
		return perr
	}
	for _, form := range p.forms() {
		if form.Action == v.r.URL.Path {
			form.fill(f)
			if form.blame(err) {
				return v.again(p, err)
			}
		}
	}
	return err
}

func (p *exercisePage) forms() []*Form {
	var out []*Form
	for i := range p.Acts {
		out = append(out, &p.Acts[i].Form)
	}
	for i := range p.Injects {
		if p.Injects[i].Answer != nil {
			out = append(out, p.Injects[i].Answer)
		}
	}
	return out
}

func (s *Server) exerciseInject(v *visit) error {
	return s.exerciseAct(v, "It happens now.", func(ctx context.Context, id string, _ url.Values) error {
		return s.Drills.Inject(ctx, id, v.path("inject"))
	})
}

func (s *Server) exerciseAnswer(v *visit) error {
	return s.exerciseAct(v, "Answered.", func(ctx context.Context, id string, f url.Values) error {
		return s.Drills.Answer(ctx, id, v.path("inject"), f.Get("answer"))
	})
}

func (s *Server) exerciseStop(v *visit) error {
	return s.exerciseAct(v, "The exercise is stopped.", func(ctx context.Context, id string, _ url.Values) error { return s.Drills.Stop(ctx, id) })
}

func (s *Server) exerciseConfirm(v *visit) error {
	return s.exerciseAct(v, "Confirmed. Records of training are made.", func(ctx context.Context, id string, f url.Values) error {
		return s.Drills.Confirm(ctx, id, f["people"])
	})
}

// offer is the exercise that the overview of the demonstration offers: the one that runs, else the main one.
type offer struct {
	Title, Text, URL, Action string // Action: starts it
}

func (s *Server) offered(ctx context.Context, r store.Reader, v *visit) (*offer, error) {
	if !v.may("incident.read") {
		return nil, nil
	}
	x, runs, err := exercise.Now(ctx, r)
	if err != nil {
		return nil, err
	}
	if runs {
		return &offer{Title: "EXERCISE runs: " + x.Scenario.Title, Text: x.LeaderName + " leads it since " + instantWords(x.Started) + ". Nothing of it is real.", URL: urlExercise(x.ID)}, nil
	}
	if !s.Offer || !v.may(exercise.KindStarted) {
		return nil, nil
	}
	all, err := content.Exercises()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &offer{Title: "Try it: " + all[0].Title, Text: all[0].Story, URL: urlExerciseNew(all[0].ID), Action: urlExerciseNew(all[0].ID)}, nil
}

// exerciseBadge is the state of an exercise.
func exerciseBadge(s exercise.State) template.HTML {
	class := map[exercise.State]string{exercise.Running: "warn", exercise.Confirmed: "good"}[s]
	if class == "" {
		class = "plain"
	}
	return tag(class, word(s))
}

// standingBadge is how something that is expected stands.
func standingBadge(s exercise.Standing) template.HTML {
	class := map[exercise.Standing]string{exercise.InTime: "good", exercise.Late: "warn", exercise.Missed: "bad", exercise.Overdue: "bad", exercise.Expected: "accent"}[s]
	if class == "" {
		class = "plain"
	}
	return tag(class, word(s))
}
