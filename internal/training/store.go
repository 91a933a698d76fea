package training

import (
	"context"
	"encoding/json"
	"strings"

	"triward/internal/id"
	"triward/internal/store"
)

const trainingColumns = `id, account, document, code, revision, label, title, product, kind, basis, because, known, assigned, due, state, attempts, tries,
	passed, settled, settled_by, reason, valid_until, signature, observer, observer_name, run, issuer, digest, file_name, file_size, reminders, reminded`

func scanTraining(s store.Scanner) (Training, error) {
	var t Training
	var assigned, due, settled, valid, reminded int64
	err := s.Scan(&t.ID, &t.Account, &t.Document, &t.Code, &t.Revision, &t.Label, &t.Title, &t.Product, &t.Kind, &t.Basis, &t.Because, &t.Known, &assigned, &due,
		&t.State, &t.Attempts, &t.Tries, &t.Passed, &settled, &t.SettledBy, &t.Reason, &valid, &t.Signature, &t.Observer, &t.ObserverName, &t.Run, &t.Issuer,
		&t.File.Digest, &t.File.Name, &t.File.Size, &t.Reminders, &reminded)
	t.Assigned, t.Due, t.Settled, t.Valid, t.Reminded = store.Time(assigned), store.Time(due), store.Time(settled), store.Time(valid), store.Time(reminded)
	return t, err
}

func trainings(ctx context.Context, r store.Reader, rest string, args ...any) ([]Training, error) {
	return store.All(ctx, r, scanTraining, `SELECT `+trainingColumns+` FROM training`+rest, args...)
}

func training(ctx context.Context, r store.Reader, tid string) (Training, error) {
	return scanTraining(r.QueryRow(ctx, `SELECT `+trainingColumns+` FROM training WHERE id = $1`, tid))
}

func insertTraining(ctx context.Context, tx *store.Tx, t Training) error {
	_, err := tx.Exec(ctx, `INSERT INTO training (`+trainingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
		$18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)`,
		t.ID, t.Account, t.Document, t.Code, t.Revision, t.Label, t.Title, t.Product, string(t.Kind), string(t.Basis), t.Because, t.Known,
		store.Micros(t.Assigned), store.Micros(t.Due), string(t.State), t.Attempts, t.Tries, t.Passed, store.Micros(t.Settled), t.SettledBy, t.Reason,
		store.Micros(t.Valid), t.Signature, t.Observer, t.ObserverName, t.Run, t.Issuer, t.File.Digest, t.File.Name, t.File.Size, t.Reminders, store.Micros(t.Reminded))
	return err
}

// putTraining keeps what can change of a training.
func putTraining(ctx context.Context, tx *store.Tx, t Training) error {
	_, err := tx.Exec(ctx, `UPDATE training SET kind = $1, because = $2, due = $3, state = $4, attempts = $5, tries = $6, passed = $7, settled = $8,
		settled_by = $9, reason = $10, valid_until = $11, signature = $12, observer = $13, observer_name = $14, run = $15, issuer = $16, digest = $17,
		file_name = $18, file_size = $19, reminders = $20, reminded = $21 WHERE id = $22`,
		string(t.Kind), t.Because, store.Micros(t.Due), string(t.State), t.Attempts, t.Tries, t.Passed, store.Micros(t.Settled), t.SettledBy, t.Reason,
		store.Micros(t.Valid), t.Signature, t.Observer, t.ObserverName, t.Run, t.Issuer, t.File.Digest, t.File.Name, t.File.Size, t.Reminders,
		store.Micros(t.Reminded), t.ID)
	return err
}

const needColumns = `revision, function, product, document, code, label, title, content, state, kind, basis, because, due_days, recert_months, tries, told`

// needs reads needs in the order of their keys within a document.
func needs(ctx context.Context, r store.Reader, where string, args ...any) ([]Need, error) {
	return store.All(ctx, r, func(s store.Scanner) (Need, error) {
		var n Need
		err := s.Scan(&n.Revision, &n.Function, &n.Product, &n.Document, &n.Code, &n.Label, &n.Title, &n.Content, &n.State, &n.Kind, &n.Basis, &n.Because,
			&n.DueDays, &n.RecertMonths, &n.Tries, &n.Told)
		return n, err
	}, `SELECT `+needColumns+` FROM training_need`+where+` ORDER BY code, revision, function, product`, args...)
}

func insertNeed(ctx context.Context, tx *store.Tx, n Need) error {
	_, err := tx.Exec(ctx, `INSERT INTO training_need (`+needColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		n.Revision, string(n.Function), n.Product, n.Document, n.Code, n.Label, n.Title, n.Content, string(n.State), string(n.Kind), string(n.Basis), n.Because,
		n.DueDays, n.RecertMonths, n.Tries, n.Told)
	return err
}

const ruleColumns = `id, function, code, product, kind, due_days, recert_months, reason, author, at, ended, end_reason`

func scanRule(s store.Scanner) (Rule, error) {
	var x Rule
	var at, ended int64
	err := s.Scan(&x.ID, &x.Function, &x.Code, &x.Product, &x.Kind, &x.DueDays, &x.RecertMonths, &x.Reason, &x.Author, &at, &ended, &x.EndReason)
	x.At, x.Ended = store.Time(at), store.Time(ended)
	return x, err
}

// rulesOf reads the rules about a document that have not ended.
func rulesOf(ctx context.Context, r store.Reader, code string) ([]Rule, error) {
	return store.All(ctx, r, scanRule, `SELECT `+ruleColumns+` FROM training_rule WHERE code = $1 AND ended = 0 ORDER BY at, id`, code)
}

// Rules reads the rules that have not ended, by document.
func Rules(ctx context.Context, r store.Reader) ([]Rule, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanRule, `SELECT `+ruleColumns+` FROM training_rule WHERE ended = 0 ORDER BY code, function, product`)
}

func ruleByID(ctx context.Context, r store.Reader, rid string) (Rule, error) {
	return scanRule(r.QueryRow(ctx, `SELECT `+ruleColumns+` FROM training_rule WHERE id = $1`, rid))
}

func insertRule(ctx context.Context, tx *store.Tx, x Rule) (Rule, error) {
	var err error
	if x.ID, err = id.New("trr"); err != nil {
		return x, err
	}
	x.Reason, x.Author, x.At = strings.TrimSpace(x.Reason), tx.Actor().Name, tx.Now
	_, err = tx.Exec(ctx, `INSERT INTO training_rule (`+ruleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '')`,
		x.ID, x.Function, x.Code, x.Product, string(x.Kind), x.DueDays, x.RecertMonths, x.Reason, x.Author, store.Micros(x.At))
	return x, err
}

func insertAttempt(ctx context.Context, tx *store.Tx, t Training, a Attempt) error {
	answers, err := json.Marshal(a.Answers)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO training_attempt (training, number, account, revision, code, at, score, passed, answers)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.ID, a.Number, t.Account, t.Revision, t.Code, store.Micros(a.At), a.Score, a.Passed, string(answers))
	return err
}

func attempts(ctx context.Context, r store.Reader, where string, args ...any) ([]Attempt, error) {
	return store.All(ctx, r, func(s store.Scanner) (Attempt, error) {
		var a Attempt
		var at int64
		var answers string
		if err := s.Scan(&a.Training, &a.Number, &at, &a.Score, &a.Passed, &answers); err != nil {
			return a, err
		}
		a.At = store.Time(at)
		return a, json.Unmarshal([]byte(answers), &a.Answers)
	}, `SELECT training, number, at, score, passed, answers FROM training_attempt`+where+` ORDER BY at, training, number`, args...)
}

func setting(ctx context.Context, r store.Reader, name string) (string, error) {
	all, err := store.All(ctx, r, store.Value[string], `SELECT value FROM training_policy WHERE name = $1`, name)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

func putSetting(ctx context.Context, tx *store.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO training_policy (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
