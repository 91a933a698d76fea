package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"triward/apiv1"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/training"
)

// training are the operations about who must know what, and who does. What is signed, and what people do about their own
// training, is done on the web pages: an API token can do neither.
func (s *Server) training() {
	add(s, op{id: "trainings", route: "GET /training", kind: training.KindRead, summary: "Trainings, the newest first"},
		func(ctx context.Context, in *struct{ apiv1.TrainingQuery }) (apiv1.Page[apiv1.Training], error) {
			return read(ctx, s, func(r store.Reader) (apiv1.Page[apiv1.Training], error) {
				p, err := training.List(ctx, r, s.trainingQuery(in.TrainingQuery))
				if err != nil {
					return apiv1.Page[apiv1.Training]{}, err
				}
				rows, err := s.wireTrainings(ctx, r, p.Items)
				return apiv1.Page[apiv1.Training]{Items: rows, Next: p.Next}, err
			})
		})
	add(s, op{id: "training", route: "GET /training/{id}", kind: training.KindRead, summary: "One training"}, func(ctx context.Context, in *one) (apiv1.Training, error) {
		return read(ctx, s, func(r store.Reader) (apiv1.Training, error) {
			t, err := training.Get(ctx, r, in.ID)
			if err != nil {
				return apiv1.Training{}, err
			}
			rows, err := s.wireTrainings(ctx, r, []training.Training{t})
			if err != nil {
				return apiv1.Training{}, err
			}
			return rows[0], nil
		})
	})
	add(s, op{id: "my-training", route: "GET /me/training", kind: signedIn, summary: "What one has to learn, the most urgent first"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.Training], error) {
			return read(ctx, s, func(r store.Reader) (apiv1.List[apiv1.Training], error) {
				all, err := training.Mine(ctx, r)
				if err != nil {
					return apiv1.List[apiv1.Training]{}, err
				}
				rows, err := s.wireTrainings(ctx, r, all)
				return apiv1.List[apiv1.Training]{Items: rows}, err
			})
		})
	add(s, op{id: "assign-training", route: "POST /training", kind: training.KindAssigned, status: http.StatusCreated, summary: "Ask one person to know a document"},
		func(ctx context.Context, in *with[apiv1.TrainingInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Desk.Assign(ctx, training.ByHand{Account: b.Account, Code: b.Code, Kind: training.Kind(b.Kind), Due: endOfDay(b.Due), Reason: b.Reason})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "excuse-training", route: "POST /training/{id}/excuse", kind: training.KindExcused, summary: "Excuse somebody from a training"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Desk.Excuse(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "unlock-training", route: "POST /training/{id}/unlock", kind: training.KindUnlocked, summary: "Allow another round of tries after somebody was trained again"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Desk.Unlock(ctx, in.ID, in.Body.Reason)
		})
	stream(s, op{id: "training-statements", route: "GET /training-statements", kind: training.KindRead, summary: "Attempts and completed trainings as xAPI statements"}, "application/json",
		func(ctx context.Context, in *struct{ apiv1.TrainingQuery }, w io.Writer) error {
			all, err := read(ctx, s, func(r store.Reader) ([]training.Statement, error) {
				return training.Statements(ctx, r, training.Export{Query: s.trainingQuery(in.TrainingQuery), Home: s.Library.URL})
			})
			if err != nil {
				return err
			}
			return json.NewEncoder(w).Encode(all)
		})
	s.matrix()
	s.trainingRules()
	s.trainingEffect()
}

func (s *Server) trainingQuery(in apiv1.TrainingQuery) training.Query {
	q := training.Query{Account: in.Account, Code: in.Code, State: training.State(in.State), Kind: training.Kind(in.Kind), Product: in.Product, Sort: in.Sort, After: in.After, Limit: in.Limit}
	if in.State == "overdue" {
		q.State, q.Overdue = "", s.DB.Now()
	}
	return q
}

func (s *Server) matrix() {
	add(s, op{id: "training-matrix", route: "GET /training-matrix", kind: training.KindRead, summary: "People or functions by documents: who is trained in what"},
		func(ctx context.Context, in *struct{ apiv1.MatrixQuery }) (apiv1.List[apiv1.MatrixCell], error) {
			m, err := read(ctx, s, func(r store.Reader) (training.Matrix, error) {
				return training.MatrixOf(ctx, r, training.MatrixQuery{By: training.By(in.By), Function: source.Function(in.Function), Code: in.Code, Product: in.Product, Now: s.DB.Now()})
			})
			out := apiv1.List[apiv1.MatrixCell]{Items: []apiv1.MatrixCell{}}
			for _, row := range m.Rows {
				for i, c := range row.Cells {
					if c.Badge != training.BadgeNotRequired {
						out.Items = append(out.Items, apiv1.MatrixCell{Row: row.ID, Name: row.Name, Code: m.Columns[i].Code, Label: m.Columns[i].Label, Badge: string(c.Badge), Kind: string(c.Kind),
							Training: c.Training, Due: c.Due, Required: c.Required, Trained: c.Trained})
					}
				}
			}
			return out, err
		})
	add(s, op{id: "training-needs", route: "GET /training-needs", kind: training.KindRead, summary: "Which functions must know which revisions, and why"},
		func(ctx context.Context, in *struct{ apiv1.NeedQuery }) (apiv1.List[apiv1.TrainingNeed], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]training.Need, error) {
				return training.Needs(ctx, r, in.Code, source.Function(in.Function))
			})
			return list(all, func(n training.Need) apiv1.TrainingNeed {
				return apiv1.TrainingNeed{Function: string(n.Function), Code: n.Code, Revision: n.Revision, Label: n.Label, State: string(n.State), Product: n.Product, Kind: string(n.Kind),
					Basis: string(n.Basis), Because: n.Because, DueDays: n.DueDays, RecertMonths: n.RecertMonths, NotifyOnly: n.Told}
			}), err
		})
	add(s, op{id: "curricula", route: "GET /curricula", kind: training.KindRead, summary: "What the holders of functions must know together"},
		func(context.Context, *none) (apiv1.List[apiv1.Curriculum], error) {
			return list(s.Desk.Curricula, func(c training.Curriculum) apiv1.Curriculum {
				return apiv1.Curriculum{ID: c.ID, Title: c.Title, Functions: orEmpty(texts(c.Functions)), Minutes: c.Minutes, Kind: string(c.Kind), RecertMonths: c.RecertMonths, Documents: orEmpty(c.Documents)}
			}), nil
		})
}

func (s *Server) trainingRules() {
	add(s, op{id: "training-rules", route: "GET /training-rules", kind: training.KindRead, summary: "Rules of who must know what beyond what documents say"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.TrainingRule], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]training.Rule, error) { return training.Rules(ctx, r) })
			return list(all, func(x training.Rule) apiv1.TrainingRule {
				return apiv1.TrainingRule{ID: x.ID, Author: x.Author, At: x.At, TrainingRuleInput: apiv1.TrainingRuleInput{Function: x.Function, Code: x.Code, Kind: string(x.Kind), Product: x.Product,
					DueDays: x.DueDays, RecertMonths: x.RecertMonths, Reason: x.Reason}}
			}), err
		})
	add(s, op{id: "add-training-rule", route: "POST /training-rules", kind: training.KindRuleAdded, status: http.StatusCreated, summary: "Say that the holders of a function must know a document"},
		func(ctx context.Context, in *with[apiv1.TrainingRuleInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Desk.AddRule(ctx, training.Rule{Function: b.Function, Code: b.Code, Kind: training.Kind(b.Kind), Product: b.Product, DueDays: b.DueDays, RecertMonths: b.RecertMonths, Reason: b.Reason})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "end-training-rule", route: "POST /training-rules/{id}/end", kind: training.KindRuleEnded, summary: "End a rule; trainings that nothing else asks for are closed"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Desk.EndRule(ctx, in.ID, in.Body.Reason)
		})
	add(s, op{id: "training-policy", route: "GET /training-policy", kind: training.KindRead, summary: "What missing training does"},
		func(ctx context.Context, _ *none) (apiv1.TrainingPolicy, error) {
			p, err := read(ctx, s, func(r store.Reader) (training.Policy, error) { return training.PolicyOf(ctx, r) })
			return apiv1.TrainingPolicy{Signing: string(p.Signing), Functions: string(p.Functions)}, err
		})
	act(s, op{id: "change-training-policy", route: "PUT /training-policy", kind: training.KindPolicyChanged, summary: "Choose what missing training does"},
		func(ctx context.Context, in *with[apiv1.TrainingPolicyInput]) error {
			return s.Desk.SetPolicy(ctx, training.Policy{Signing: training.Strictness(in.Body.Signing), Functions: training.Strictness(in.Body.Functions)}, in.Body.Reason)
		})
}

func (s *Server) trainingEffect() {
	add(s, op{id: "training-effect", route: "GET /revisions/{id}/training-effect", kind: training.KindRead, summary: "What is known about the effect of training on a revision"},
		func(ctx context.Context, in *one) (apiv1.TrainingEffect, error) {
			f, err := read(ctx, s, func(r store.Reader) (training.Figures, error) {
				return s.Desk.FiguresOf(ctx, r, document.RevisionID(in.ID))
			})
			return apiv1.TrainingEffect{Trained: f.Trained, Open: f.Open, Attempts: f.Attempts, Failed: f.Failed, Before: apiv1.Practice(f.Before), After: apiv1.Practice(f.After),
				Items: each(f.Items, func(i training.Item) apiv1.QuizItem {
					return apiv1.QuizItem{Question: i.Question, Ask: i.Ask, Asked: i.Asked, Right: i.Right}
				})}, err
		})
	add(s, op{id: "training-checks", route: "GET /documents/{id}/training-checks", kind: training.KindRead, summary: "Checks of whether training on a document works"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.TrainingCheck], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]training.Check, error) { return training.Checks(ctx, r, in.ID) })
			return list(all, func(c training.Check) apiv1.TrainingCheck {
				return apiv1.TrainingCheck{ID: c.ID, Code: c.Code, Label: c.Label, Cause: c.Cause, Due: c.Due, Verdict: string(c.Verdict), Reason: c.Reason, Name: c.Name, At: c.At, Signature: c.Signature}
			}), err
		})
}

func (s *Server) wireTrainings(ctx context.Context, r store.Reader, all []training.Training) ([]apiv1.Training, error) {
	ids := each(all, func(t training.Training) string { return t.Account })
	slices.Sort(ids)
	names, err := people.Names(ctx, r, slices.Compact(ids))
	now := s.DB.Now()
	return each(all, func(t training.Training) apiv1.Training {
		return apiv1.Training{ID: t.ID, Account: t.Account, Name: names[t.Account], Code: t.Code, Title: t.Title, Revision: t.Revision, Label: t.Label, Product: t.Product, Kind: string(t.Kind),
			Basis: string(t.Basis), Because: t.Because, Known: t.Known, State: string(t.State), Badge: string(t.BadgeAt(now)), Assigned: t.Assigned, Due: t.Due, Settled: t.Settled, Valid: t.Valid,
			Attempts: t.Attempts, Reminders: t.Reminders, Observer: t.ObserverName, Run: t.Run, Issuer: t.Issuer, Signature: t.Signature, Reason: t.Reason}
	}), err
}
