package view

import (
	"context"
	"fmt"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/store"
)

// Document is a document as it stood.
type Document struct {
	ID             string    `cel:"id" json:"id"`
	Code           string    `cel:"code" json:"code"`
	Title          string    `cel:"title" json:"title"`
	Level          string    `cel:"level" json:"level"`
	OwnerRole      string    `cel:"owner_role" json:"owner_role"`
	For            []string  `cel:"for_whom" json:"for_whom"`
	Effective      bool      `cel:"effective" json:"effective"`
	Retired        bool      `cel:"retired" json:"retired"`
	Revision       string    `cel:"revision" json:"revision"` // id of the one in force
	Label          string    `cel:"label" json:"label"`
	EffectiveSince time.Time `cel:"effective_since" json:"effective_since"`
	ReviewMonths   int       `cel:"review_months" json:"review_months"`
	Reviewed       time.Time `cel:"reviewed" json:"reviewed"` // the last periodic review, else when it came into force
	ReviewDue      time.Time `cel:"review_due" json:"review_due"`
	Overdue        bool      `cel:"overdue" json:"overdue"`
	BothSides      bool      `cel:"both_sides" json:"both_sides"` // interface flag: product and IT
	Steps          int       `cel:"steps" json:"steps"`
	Clauses        []string  `cel:"clauses" json:"clauses"` // "set ref"
	Training       string    `cel:"training" json:"training"`
	Holders        int       `cel:"holders" json:"holders"` // of its owner function
	Cautions       int       `cel:"cautions" json:"cautions"`
	Deviations     int       `cel:"deviations" json:"deviations"` // in force
}

// Key is the id; a document is a state.
func (d Document) Key() (string, time.Time) { return d.Code, time.Time{} }

// Revision is a revision that came into force, or was approved to.
type Revision struct {
	ID        string    `cel:"id" json:"id"`
	Code      string    `cel:"code" json:"code"`
	Label     string    `cel:"label" json:"label"`
	Author    string    `cel:"author" json:"author" class:"person"`
	Opened    time.Time `cel:"opened" json:"opened"`
	Approved  time.Time `cel:"approved" json:"approved"`
	Since     time.Time `cel:"since" json:"since"`
	Until     time.Time `cel:"until" json:"until"`
	InForce   bool      `cel:"in_force" json:"in_force"`
	Temporary bool      `cel:"temporary" json:"temporary"`
	Reason    bool      `cel:"has_reason" json:"has_reason"`
	Change    string    `cel:"change" json:"change"`
	Reviews   int       `cel:"reviews" json:"reviews"` // decisions that stood
	Approvals int       `cel:"approvals" json:"approvals"`
	Functions []string  `cel:"functions" json:"functions"` // that approved
	Others    int       `cel:"others" json:"others"`       // people other than the author who approved
	Signed    bool      `cel:"signed" json:"signed"`       // every approval has a signature
}

// Key is the id and when it came into force.
func (v Revision) Key() (string, time.Time) { return v.ID, v.Since }

// Review is a periodic review of a document.
type Review struct {
	ID      string    `cel:"id" json:"id"`
	Code    string    `cel:"code" json:"code"`
	Verdict string    `cel:"verdict" json:"verdict"`
	At      time.Time `cel:"at" json:"at"`
	Due     time.Time `cel:"due" json:"due"`
	Late    bool      `cel:"late" json:"late"`
	Signed  bool      `cel:"signed" json:"signed"`
}

// Key is the id and when it was done.
func (v Review) Key() (string, time.Time) { return v.ID, v.At }

// Change is a change request.
type Change struct {
	ID     string    `cel:"id" json:"id"`
	Title  string    `cel:"title" json:"title"`
	Class  string    `cel:"class" json:"class"`
	Source string    `cel:"source" json:"source"`
	Opened time.Time `cel:"opened" json:"opened"`
	Closed time.Time `cel:"closed" json:"closed"`
	Open   bool      `cel:"open" json:"open"`
	Codes  []string  `cel:"codes" json:"codes"`
	Impact bool      `cel:"impact" json:"impact"` // impact on documents, devices, training, submissions and validation is stated
}

// Key is the id and when it was opened.
func (v Change) Key() (string, time.Time) { return v.ID, v.Opened }

// Deviation is a deviation or waiver.
type Deviation struct {
	ID     string    `cel:"id" json:"id"`
	Code   string    `cel:"code" json:"code"`
	Step   string    `cel:"step" json:"step"`
	Kind   string    `cel:"kind" json:"kind"`
	Since  time.Time `cel:"since" json:"since"`
	Until  time.Time `cel:"until" json:"until"`
	Active bool      `cel:"active" json:"active"`
	Risk   bool      `cel:"has_risk" json:"has_risk"` // its risk is stated
	Signed bool      `cel:"signed" json:"signed"`
}

// Key is the id and when it began.
func (v Deviation) Key() (string, time.Time) { return v.ID, v.Since }

// Run is a procedure that ran.
type Run struct {
	ID         string                   `cel:"id" json:"id"`
	Code       string                   `cel:"code" json:"code"`
	Revision   string                   `cel:"revision" json:"revision"`
	Label      string                   `cel:"label" json:"label"`
	Exercise   bool                     `cel:"exercise" json:"exercise"`
	Began      time.Time                `cel:"began" json:"began"` // when its clock began
	Started    time.Time                `cel:"started" json:"started"`
	Ended      time.Time                `cel:"ended" json:"ended"`
	Open       bool                     `cel:"open" json:"open"`
	Took       map[string]time.Duration `cel:"took" json:"took"` // step id: from the beginning until it was settled
	Late       []string                 `cel:"late" json:"late"` // steps that missed their target
	Left       int                      `cel:"left" json:"left"` // steps not settled
	Deviations int                      `cel:"deviations" json:"deviations"`
	Wrong      int                      `cel:"wrong" json:"wrong"` // steps that proved wrong
	Signed     bool                     `cel:"signed" json:"signed"`
}

// Key is the id and when it was started.
func (v Run) Key() (string, time.Time) { return v.ID, v.Started }

// Step is a settled step of a run.
type Step struct {
	ID       string    `cel:"id" json:"id"` // "run/step"
	Run      string    `cel:"run" json:"run"`
	Code     string    `cel:"code" json:"code"`
	Step     string    `cel:"step" json:"step"`
	Role     string    `cel:"role" json:"role"`
	State    string    `cel:"state" json:"state"`
	At       time.Time `cel:"at" json:"at"`
	Due      time.Time `cel:"due" json:"due"`
	Late     bool      `cel:"late" json:"late"`
	Required bool      `cel:"evidence_required" json:"evidence_required"`
	Evidence bool      `cel:"has_evidence" json:"has_evidence"` // a value, note, file or signature
	Reason   bool      `cel:"has_reason" json:"has_reason"`
	Actor    string    `cel:"actor" json:"actor" class:"person"`
	Exercise bool      `cel:"exercise" json:"exercise"`
}

// Key is the id and when it was settled.
func (v Step) Key() (string, time.Time) { return v.ID, v.At }

// Defeat is a step that proved wrong.
type Defeat struct {
	ID     string    `cel:"id" json:"id"`
	Run    string    `cel:"run" json:"run"`
	Code   string    `cel:"code" json:"code"`
	Step   string    `cel:"step" json:"step"`
	At     time.Time `cel:"at" json:"at"`
	Change bool      `cel:"has_change" json:"has_change"` // a change request was opened for the document since
}

// Key is the id and when it was found.
func (v Defeat) Key() (string, time.Time) { return v.ID, v.At }

func documentViews() []View {
	return []View{
		{"documents", "a controlled document", "", Stamped, "effective_range, revision_edit, periodic_review, caution, deviation, function_holder", Document{}, from(documents)},
		{"revisions", "a revision that was approved or came into force", "when it came into force", Stamped, "effective_range, revision, revision_decision", Revision{}, from(revisions)},
		{"reviews", "a periodic review of a document", "when it was done", Stamped, "periodic_review", Review{}, from(reviews)},
		{"changes", "a change request", "when it was opened", Journal, "document.change_opened, …_edited, …_closed", Change{}, from(changes)},
		{"deviations", "a deviation from a document, or a waiver", "when it begins", Stamped, "deviation", Deviation{}, from(deviations)},
		{"runs", "a procedure that ran", "when it was started", Stamped, "run, run_step", Run{}, from(runs)},
		{"steps", "a step of a run that was settled", "when it was settled", Stamped, "run_step", Step{}, from(steps)},
		{"defeats", "a step that proved wrong", "when it was found", Stamped, "defeat", Defeat{}, from(defeats)},
	}
}

// documentRow is a document with the range in force and the text of its revision.
type documentRow struct {
	Document
	text string
}

func documents(ctx context.Context, r store.Reader, a AsOf) ([]Document, error) {
	now := store.Micros(a.Now)
	rows, err := store.All(ctx, r, func(s store.Scanner) (documentRow, error) {
		var v documentRow
		var since, retired, reviewed, due int64
		err := s.Scan(&v.ID, &v.Code, &v.Title, &v.Level, &v.Revision, &v.Label, &since, &v.text, &retired, &reviewed, &due)
		v.EffectiveSince, v.Retired = store.Time(since), retired > 0 && retired <= now
		v.Effective = v.Revision != ""
		if v.Reviewed = v.EffectiveSince; reviewed > 0 {
			v.Reviewed, v.ReviewDue = store.Time(reviewed), store.Time(due)
		}
		return v, err
	}, `SELECT d.id, d.code, coalesce(v.title, d.title), d.level, coalesce(f.revision, ''), coalesce(v.label, ''), coalesce(f.since, 0),
			coalesce(e.source, ''), d.retired, coalesce(p.at, 0), coalesce(p.next_due, 0)
		FROM document d
		LEFT JOIN effective_range f ON f.document = d.id AND f.since <= $1 AND (f.until = 0 OR f.until > $1)
		LEFT JOIN revision v ON v.id = f.revision
		LEFT JOIN revision_edit e ON e.revision = f.revision AND e.version = v.version
		LEFT JOIN periodic_review p ON p.document = d.id AND p.at = (SELECT max(q.at) FROM periodic_review q WHERE q.document = d.id AND q.at <= $1)
		WHERE d.at <= $1 ORDER BY d.sort`, now)
	if err != nil {
		return nil, err
	}
	cautions, err := countBy(ctx, r, `SELECT document, count(*) FROM caution WHERE at <= $1 AND (lifted = 0 OR lifted > $1) GROUP BY document`, now)
	if err != nil {
		return nil, err
	}
	deviating, err := countBy(ctx, r, `SELECT document, count(*) FROM deviation WHERE since <= $1 AND until > $1 AND (ended = 0 OR ended > $1) GROUP BY document`, now)
	if err != nil {
		return nil, err
	}
	holders, err := countBy(ctx, r, `SELECT function, count(*) FROM function_holder WHERE since <= $1 AND (until = 0 OR until > $1) AND (ended = 0 OR ended > $1) GROUP BY function`, now)
	if err != nil {
		return nil, err
	}
	out := make([]Document, len(rows))
	for i, v := range rows {
		v.Cautions, v.Deviations = cautions[v.ID], deviating[v.ID]
		v.read(a)
		v.Holders = holders[v.OwnerRole]
		out[i] = v.Document
	}
	return out, nil
}

// read fills in what the text in force says. A text that was signed is one that could be read.
func (v *documentRow) read(a AsOf) {
	if v.text == "" {
		return
	}
	d, err := source.Parse(v.Code+".md", []byte(v.text))
	if err != nil {
		return
	}
	v.Level, v.OwnerRole, v.ReviewMonths, v.Steps = string(d.Level), string(d.OwnerRole), d.ReviewMonths, len(d.Steps)
	for _, w := range d.For {
		v.For = append(v.For, string(w))
	}
	v.BothSides = d.Interface != ""
	for _, c := range d.Satisfies {
		v.Clauses = append(v.Clauses, c.String())
	}
	if d.Training != nil {
		v.Training = string(d.Training.Kind)
	}
	if v.ReviewDue.IsZero() && d.ReviewMonths > 0 {
		v.ReviewDue = v.Reviewed.AddDate(0, d.ReviewMonths, 0)
	}
	v.Overdue = !v.ReviewDue.IsZero() && v.ReviewDue.Before(a.Now) && !v.Retired
}

// countBy reads pairs of a name and a number.
func countBy(ctx context.Context, r store.Reader, statement string, args ...any) (map[string]int, error) {
	out := map[string]int{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var name string
		var n int
		err := s.Scan(&name, &n)
		out[name] = n
		return struct{}{}, err
	}, statement, args...)
	return out, err
}

func revisions(ctx context.Context, r store.Reader, a AsOf) ([]Revision, error) {
	now := store.Micros(a.Now)
	rows, err := store.All(ctx, r, func(s store.Scanner) (Revision, error) {
		var v Revision
		var opened, approved, since, until int64
		err := s.Scan(&v.ID, &v.Code, &v.Label, &v.Author, &opened, &approved, &v.Temporary, &v.Reason, &v.Change, &since, &until)
		v.Opened, v.Approved, v.Since, v.Until = store.Time(opened), a.past(approved), store.Time(since), a.past(until)
		v.InForce = since > 0 && v.Until.IsZero()
		return v, err
	}, `SELECT v.id, d.code, v.label, v.author, v.at, v.approved, v.temporary, v.reason <> '', v.change, coalesce(f.since, 0), coalesce(f.until, 0)
		FROM revision v JOIN document d ON d.id = v.document
		LEFT JOIN effective_range f ON f.revision = v.id AND f.since <= $1 AND NOT EXISTS (SELECT 1 FROM effective_range g WHERE g.revision = v.id AND g.since > f.since AND g.since <= $1)
		WHERE v.at <= $1 AND (f.since IS NOT NULL OR v.approved > 0 AND v.approved <= $1) ORDER BY v.id`, now)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, v := range rows {
		rows[i].Signed, at[v.ID] = true, i
	}
	type decision struct{ revision, stage, function, verdict, account, signature string }
	decided, err := store.All(ctx, r, func(s store.Scanner) (decision, error) {
		var d decision
		err := s.Scan(&d.revision, &d.stage, &d.function, &d.verdict, &d.account, &d.signature)
		return d, err
	}, `SELECT revision, stage, function, verdict, account, signature FROM revision_decision WHERE at <= $1 AND (voided = 0 OR voided > $1) ORDER BY at, id`, now)
	if err != nil {
		return nil, err
	}
	others := map[string]bool{}
	for _, d := range decided {
		i, ok := at[d.revision]
		if !ok || d.verdict != "agree" {
			continue
		}
		v := &rows[i]
		if d.stage == "review" {
			v.Reviews++
			continue
		}
		v.Approvals++
		v.Functions = append(v.Functions, d.function)
		v.Signed = v.Signed && d.signature != ""
		if key := v.ID + " " + d.account; d.account != v.Author && !others[key] {
			others[key] = true
			v.Others++
		}
	}
	for i := range rows {
		rows[i].Signed = rows[i].Signed && rows[i].Approvals > 0
	}
	return rows, nil
}

func reviews(ctx context.Context, r store.Reader, a AsOf) ([]Review, error) {
	return store.All(ctx, r, func(s store.Scanner) (Review, error) {
		var v Review
		var at, due int64
		err := s.Scan(&v.ID, &v.Code, &v.Verdict, &at, &due, &v.Signed)
		v.At, v.Due = store.Time(at), store.Time(due)
		v.Late = due > 0 && at > due
		return v, err
	}, `SELECT p.id, d.code, p.verdict, p.at, p.due, p.signature <> '' FROM periodic_review p JOIN document d ON d.id = p.document WHERE p.at <= $1 ORDER BY p.id`,
		store.Micros(a.Now))
}

// changeBody is what events about change requests say (document.ChangeNoted).
type changeBody struct {
	Title  string            `json:"title"`
	Class  string            `json:"class"`
	Codes  []string          `json:"codes"`
	Impact map[string]string `json:"impact"`
	Source string            `json:"source"`
}

func changes(ctx context.Context, r store.Reader, a AsOf) ([]Change, error) {
	f := fold[Change]{}
	err := entries(ctx, r, a, []string{document.KindChangeOpened, document.KindChangeEdited, document.KindChangeClosed}, func(e store.Entry) error {
		v := f.of(e.Subject)
		v.ID = e.Subject
		if e.Kind == document.KindChangeClosed {
			v.Closed, v.Open = e.At, false
			return nil
		}
		var b struct {
			changeBody
			After *changeBody `json:"after"`
		}
		if err := body(e, &b); err != nil {
			return err
		}
		if e.Kind == document.KindChangeOpened {
			v.Opened, v.Open = e.At, true
		}
		now := b.changeBody
		if b.After != nil {
			now = *b.After
		}
		v.Title, v.Class, v.Codes = now.Title, now.Class, now.Codes
		if now.Source != "" {
			v.Source = now.Source
		}
		v.Impact = len(now.Impact) > 0
		for _, text := range now.Impact {
			v.Impact = v.Impact && text != ""
		}
		return nil
	})
	return f.rows(), err
}

func deviations(ctx context.Context, r store.Reader, a AsOf) ([]Deviation, error) {
	return store.All(ctx, r, func(s store.Scanner) (Deviation, error) {
		var v Deviation
		var since, until, ended int64
		err := s.Scan(&v.ID, &v.Code, &v.Step, &v.Kind, &since, &until, &ended, &v.Risk, &v.Signed)
		v.Since, v.Until = store.Time(since), store.Time(until)
		v.Active = v.Until.After(a.Now) && !a.ended(store.Time(ended)) && !v.Since.After(a.Now)
		return v, err
	}, `SELECT v.id, d.code, v.step, v.kind, v.since, v.until, v.ended, v.risk <> '', v.signature <> '' FROM deviation v JOIN document d ON d.id = v.document
		WHERE v.at <= $1 ORDER BY v.id`, store.Micros(a.Now))
}

// stepRow is a step with what its run needs of it.
type stepRow struct {
	Step
	wrong, gone bool
}

func stepRows(ctx context.Context, r store.Reader, a AsOf) ([]stepRow, error) {
	return store.All(ctx, r, func(s store.Scanner) (stepRow, error) {
		var v stepRow
		var at, due int64
		var need string
		err := s.Scan(&v.Run, &v.Code, &v.Step.Step, &v.Role, &v.State, &at, &due, &need, &v.Evidence, &v.Reason, &v.Actor, &v.Exercise, &v.wrong, &v.gone)
		v.ID = fmt.Sprintf("%s/%s", v.Run, v.Step.Step)
		if v.At, v.Due, v.Required = a.past(at), store.Time(due), need == string(source.Required); v.At.IsZero() {
			v.State, v.Actor, v.Evidence, v.Reason = "open", "", false, false
		}
		when := v.At
		if when.IsZero() {
			when = a.Now
		}
		v.Late = !v.Due.IsZero() && when.After(v.Due)
		return v, err
	}, `SELECT s.run, r.code, s.id, s.role, s.state, s.at, s.due, s.evidence, s.value <> '' OR s.note <> '' OR s.signature <> '' OR EXISTS (SELECT 1 FROM run_item i
			WHERE i.run = s.run AND i.step = s.id AND i.digest <> '' AND i.at <= $1), s.reason <> '', s.actor, r.exercise, s.wrong, s.gone
		FROM run_step s JOIN run r ON r.id = s.run WHERE r.started <= $1 ORDER BY s.run, s.position`, store.Micros(a.Now))
}

func steps(ctx context.Context, r store.Reader, a AsOf) ([]Step, error) {
	rows, err := stepRows(ctx, r, a)
	var out []Step
	for _, v := range rows {
		if !v.At.IsZero() {
			out = append(out, v.Step)
		}
	}
	return out, err
}

func runs(ctx context.Context, r store.Reader, a AsOf) ([]Run, error) {
	rows, err := store.All(ctx, r, func(s store.Scanner) (Run, error) {
		var v Run
		var began, started, ended int64
		err := s.Scan(&v.ID, &v.Code, &v.Revision, &v.Label, &v.Exercise, &began, &started, &ended, &v.Signed)
		v.Began, v.Started, v.Ended, v.Took = store.Time(began), store.Time(started), a.past(ended), map[string]time.Duration{}
		v.Open = v.Ended.IsZero()
		v.Signed = v.Signed && !v.Open
		return v, err
	}, `SELECT id, code, revision, label, exercise, since, started, ended, signature <> '' FROM run WHERE started <= $1 ORDER BY id`, store.Micros(a.Now))
	if err != nil {
		return nil, err
	}
	all, err := stepRows(ctx, r, a)
	at := map[string]int{}
	for i, v := range rows {
		at[v.ID] = i
	}
	for _, s := range all {
		i, ok := at[s.Run]
		if !ok || s.gone && s.At.IsZero() {
			continue
		}
		v := &rows[i]
		switch s.State {
		case "open":
			v.Left++
		case "changed", "skipped", "defeated":
			v.Deviations++
			fallthrough
		default:
			v.Took[s.Step.Step] = s.At.Sub(v.Began)
		}
		if s.Late {
			v.Late = append(v.Late, s.Step.Step)
		}
	}
	wrong, err2 := countBy(ctx, r, `SELECT run, count(*) FROM defeat WHERE at <= $1 GROUP BY run`, store.Micros(a.Now))
	for i := range rows {
		rows[i].Wrong = wrong[rows[i].ID]
	}
	if err == nil {
		err = err2
	}
	return rows, err
}

func defeats(ctx context.Context, r store.Reader, a AsOf) ([]Defeat, error) {
	return store.All(ctx, r, func(s store.Scanner) (Defeat, error) {
		var v Defeat
		var at int64
		err := s.Scan(&v.ID, &v.Run, &v.Code, &v.Step, &at, &v.Change)
		v.At = store.Time(at)
		return v, err
	}, `SELECT f.id, f.run, f.code, f.step, f.at, EXISTS (SELECT 1 FROM change_item i JOIN change_request c ON c.id = i.change WHERE i.code = f.code AND c.at >= f.at AND c.at <= $1)
		FROM defeat f WHERE f.at <= $1 ORDER BY f.id`, store.Micros(a.Now))
}
