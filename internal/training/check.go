package training

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Verdict is the outcome of a check of whether training works.
type Verdict string

// The closed list of verdicts.
const (
	Planned      Verdict = "planned"
	Effective    Verdict = "effective"
	NotEffective Verdict = "not_effective"
)

// Check is a judgement of whether training on a revision works (ISO 13485 6.2 d), planned when the revision becomes
// effective or a step proves wrong, and signed when it is made.
type Check struct {
	ID       string // trc_…
	Document string
	Code     string
	Revision string
	Label    string
	Cause    string // why it was planned
	Due      time.Time
	Verdict  Verdict
	Reason   string
	Figures  Figures // as they stood when it was judged
	Account  string
	Name     string
	At       time.Time
	// Signature is sig_….
	Signature string
}

// Performance is what one person did with one step of a run.
type Performance struct {
	Step     string
	Account  string
	At       time.Time
	Deviated bool
	Late     bool
}

// Figures are what is known about the effect of training on a revision.
type Figures struct {
	Trained  int      `json:"trained"`  // people who completed it
	Open     int      `json:"open"`     // who have not
	Attempts int      `json:"attempts"` // at the quiz
	Failed   int      `json:"failed"`   // of these
	Items    []Item   `json:"items"`
	Before   Practice `json:"before"` // how its steps were done by people before they were trained, or who never were
	After    Practice `json:"after"`  // and after
}

// Practice counts how steps were done.
type Practice struct {
	Steps    int `json:"steps"`
	Deviated int `json:"deviated"`
	Late     int `json:"late"`
}

// Rate is the share of steps that were done otherwise than written, in percent; false without any step.
func (p Practice) Rate() (int, bool) {
	if p.Steps == 0 {
		return 0, false
	}
	return p.Deviated * 100 / p.Steps, true
}

// Item is how one question of a quiz was answered.
type Item struct {
	Question string `json:"question"`
	Ask      string `json:"ask"`
	Asked    int    `json:"asked"` // in first attempts
	Right    int    `json:"right"` // of these
	// Wrong answers that were chosen most, by choice: what people believe instead.
	Wrong map[int]int `json:"wrong,omitempty"`
}

// checkMonths is how long after a revision became effective its training is judged.
const checkMonths = 3

// planChecks plans the check of the revision that became effective, when somebody must do more than see it.
func (d Desk) planChecks(ctx context.Context, tx *store.Tx, code string) error {
	all, err := needs(ctx, tx, ` WHERE code = $1`, code)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(n Need) bool { return n.State == document.InForce && n.Kind != Notify })
	if i < 0 {
		return nil
	}
	n := all[i]
	return planCheck(ctx, tx, Check{Document: n.Document, Code: n.Code, Revision: n.Revision, Label: n.Label, Cause: "the revision became effective"})
}

// planCheck plans a check once for each cause.
func planCheck(ctx context.Context, tx *store.Tx, c Check) error {
	var err error
	if c.ID, err = id.New("trc"); err != nil {
		return err
	}
	c.Due = tx.Now.AddDate(0, checkMonths, 0)
	n, err := tx.Exec(ctx, `INSERT INTO training_check (id, document, code, revision, label, cause, due, verdict, reason, figures, account, name, signature, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'planned', '', '', '', '', '', 0) ON CONFLICT (revision, cause) DO NOTHING`,
		c.ID, c.Document, c.Code, c.Revision, c.Label, c.Cause, store.Micros(c.Due))
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindCheckPlanned, Subject: c.ID, Body: CheckBody{Code: c.Code, Revision: c.Revision, Label: c.Label, Cause: c.Cause, Due: c.Due}})
	return err
}

const checkColumns = `id, document, code, revision, label, cause, due, verdict, reason, figures, account, name, signature, at`

func scanCheck(s store.Scanner) (Check, error) {
	var c Check
	var due, at int64
	var figures string
	if err := s.Scan(&c.ID, &c.Document, &c.Code, &c.Revision, &c.Label, &c.Cause, &due, &c.Verdict, &c.Reason, &figures, &c.Account, &c.Name, &c.Signature, &at); err != nil {
		return c, err
	}
	c.Due, c.At = store.Time(due), store.Time(at)
	if figures == "" {
		return c, nil
	}
	return c, json.Unmarshal([]byte(figures), &c.Figures)
}

// Checks reads the checks, those planned first by their date; code "" reads those of all documents.
func Checks(ctx context.Context, r store.Reader, code string) ([]Check, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanCheck, `SELECT `+checkColumns+` FROM training_check WHERE $1 = '' OR code = $1 ORDER BY at, due, id`, code)
}

// Judgement is the verdict of a check.
type Judgement struct {
	Verdict Verdict // Effective or NotEffective
	Reason  string
	Factors signature.Factors
}

// Judge signs the verdict of a planned check, with the figures as they stand.
func (d Desk) Judge(ctx context.Context, cid string, j Judgement) error {
	var l problem.List
	if j.Verdict != Effective && j.Verdict != NotEffective {
		l.Add("verdict", "must be effective or not_effective")
	}
	needText(&l, "reason", j.Reason)
	if err := l.Err("the check cannot be judged"); err != nil {
		return err
	}
	proof, err := d.Signer.Verify(ctx, j.Factors)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := scanCheck(tx.QueryRow(ctx, `SELECT `+checkColumns+` FROM training_check WHERE id = $1`, cid))
		if err != nil {
			return err
		}
		if c.Verdict != Planned {
			return problem.New(problem.Conflict, "%s judged it on %s", c.Name, c.At.UTC().Format(time.DateOnly))
		}
		if c.Figures, err = d.figures(reading(ctx), tx, c.Code, c.Revision); err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		figures, err := json.Marshal(c.Figures)
		if err != nil {
			return err
		}
		c.Verdict, c.Reason, c.Account, c.Name, c.At = j.Verdict, strings.TrimSpace(j.Reason), me.ID, me.Name, tx.Now
		b := CheckBody{Code: c.Code, Revision: c.Revision, Label: c.Label, Cause: c.Cause, Due: c.Due, Verdict: c.Verdict, Reason: c.Reason, Figures: &c.Figures}
		content, err := json.Marshal(b)
		if err != nil {
			return err
		}
		sig, err := d.Signer.SignTx(ctx, tx, proof, signature.Record{Kind: "training_check", ID: c.ID, Document: c.Code, Revision: c.Label, Title: "Effect of training on " + c.Code,
			Content: sha256Hex(content)}, signature.Act{Meaning: signature.EffectivenessCheck, Reason: c.Reason})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE training_check SET verdict = $1, reason = $2, figures = $3, account = $4, name = $5, signature = $6, at = $7 WHERE id = $8`,
			string(c.Verdict), c.Reason, string(figures), c.Account, c.Name, sig.ID, store.Micros(c.At), c.ID); err != nil {
			return err
		}
		b.Signature = sig.ID
		_, err = tx.Record(ctx, store.Event{Kind: KindChecked, Subject: c.ID, Body: b})
		return err
	})
}

// FiguresOf reads what is known about the effect of training on a revision.
func (d Desk) FiguresOf(ctx context.Context, r store.Reader, rev document.RevisionID) (Figures, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Figures{}, err
	}
	v, err := document.RevisionOf(ctx, r, rev)
	if err != nil {
		return Figures{}, err
	}
	return d.figures(ctx, r, v.Code, string(rev))
}

func (d Desk) figures(ctx context.Context, r store.Reader, code, rev string) (Figures, error) {
	f := Figures{Items: []Item{}}
	all, err := trainings(ctx, r, ` WHERE revision = $1 AND `+teaching+` AND state IN ('open', 'locked', 'done') ORDER BY settled, id`, rev)
	if err != nil {
		return f, err
	}
	trained := map[string]time.Time{} // account: first completion
	for _, t := range all {
		switch t.State {
		case Done:
			if _, ok := trained[t.Account]; !ok {
				trained[t.Account] = t.Settled
			}
		default:
			f.Open++
		}
	}
	f.Trained = len(trained)
	if f.Items, err = f.analyse(ctx, r, rev); err != nil || d.Performances == nil {
		return f, err
	}
	done, err := d.Performances(ctx, r, code)
	for _, p := range done {
		to := &f.Before
		if since, ok := trained[p.Account]; ok && !p.At.Before(since) {
			to = &f.After
		}
		to.Steps++
		if p.Deviated {
			to.Deviated++
		}
		if p.Late {
			to.Late++
		}
	}
	return f, err
}

// analyse counts attempts and how each question was answered at first.
func (f *Figures) analyse(ctx context.Context, r store.Reader, rev string) ([]Item, error) {
	out := []Item{}
	v, err := document.RevisionOf(ctx, r, document.RevisionID(rev))
	if err != nil {
		return out, err
	}
	text, err := v.Parsed()
	if err != nil {
		return out, err
	}
	for _, q := range text.Quiz {
		out = append(out, Item{Question: q.ID, Ask: q.Ask})
	}
	tried, err := attempts(ctx, r, ` WHERE revision = $1`, rev)
	for _, a := range tried {
		f.Attempts++
		if !a.Passed {
			f.Failed++
		}
		if a.Number != 1 {
			continue
		}
		for _, x := range a.Answers {
			i := slices.IndexFunc(out, func(it Item) bool { return it.Question == x.Question })
			if i < 0 {
				continue
			}
			out[i].count(x, text.Quiz[i])
		}
	}
	return out, err
}

func (it *Item) count(a Answer, q source.Question) {
	it.Asked++
	if a.Right {
		it.Right++
		return
	}
	for _, c := range a.Chosen {
		if !slices.Contains(q.Right, c) {
			if it.Wrong == nil {
				it.Wrong = map[int]int{}
			}
			it.Wrong[c]++
		}
	}
}
