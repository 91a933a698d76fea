package document

import (
	"context"
	"slices"
	"strconv"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Authorship is how strictly authors are kept from approving what they wrote.
type Authorship string

// The closed list. Nobody is ever the sole approver of what they wrote.
const (
	// Strict: who wrote any version of a revision neither reviews nor approves it, nor does who acts for them, and nobody
	// decides for two functions in one stage. The default.
	Strict Authorship = "strict"
	// Lenient: authors may decide too, and one person for several functions, as small organisations need it; somebody who did
	// not write it must approve as well.
	Lenient Authorship = "lenient"
)

// Names of the settings beside those of the variables of [source.Variables].
const (
	SettingAuthorship    = "authorship"     // [Strict] or [Lenient]
	SettingTemporaryDays = "temporary_days" // how long a temporary instruction lasts at most
)

const defaultTemporaryDays = 14

// Settings are the choices of document control.
type Settings struct {
	Authorship    Authorship
	TemporaryDays int
	Variables     map[string]string // answers of the set-up interview, by the name of the variable
}

// SettingsOf reads the settings.
func SettingsOf(ctx context.Context, r store.Reader) (Settings, error) {
	s := Settings{Authorship: Strict, TemporaryDays: defaultTemporaryDays, Variables: map[string]string{}}
	type pair struct{ name, value string }
	all, err := store.All(ctx, r, func(sc store.Scanner) (p pair, err error) { return p, sc.Scan(&p.name, &p.value) },
		`SELECT name, value FROM document_setting`)
	for _, p := range all {
		switch p.name {
		case SettingAuthorship:
			s.Authorship = Authorship(p.value)
		case SettingTemporaryDays:
			if n, err := strconv.Atoi(p.value); err == nil {
				s.TemporaryDays = n
			}
		default:
			s.Variables[p.name] = p.value
		}
	}
	return s, err
}

// Setting is one choice and why.
type Setting struct{ Name, Value, Reason string }

// Set changes a setting or an answer of the set-up interview.
func (l Library) Set(ctx context.Context, s Setting) error {
	return l.DB.Update(ctx, func(tx *store.Tx) error { return SetTx(ctx, tx, s) })
}

func (s Setting) validate() error {
	var l problem.List
	Need(&l, "reason", s.Reason, MaxReason)
	Need(&l, "value", s.Value, MaxName)
	days, err := strconv.Atoi(s.Value)
	switch {
	case s.Name == SettingAuthorship && s.Value != string(Strict) && s.Value != string(Lenient):
		l.Add("value", "must be strict or lenient")
	case s.Name == SettingTemporaryDays && (err != nil || days < 1 || days > 90):
		l.Add("value", "must be a number of days from 1 to 90")
	case s.Name != SettingAuthorship && s.Name != SettingTemporaryDays &&
		!slices.ContainsFunc(source.Variables, func(v source.Variable) bool { return v.Name == s.Name }):
		l.Add("name", "is no setting")
	}
	return l.Err("the setting is not valid")
}

// SetTx is [Library.Set] within a transaction.
func SetTx(ctx context.Context, tx *store.Tx, s Setting) error {
	if err := s.validate(); err != nil {
		return err
	}
	var before string
	if err := tx.QueryRow(ctx, `SELECT value FROM document_setting WHERE name = $1`, s.Name).Scan(&before); err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	if before == s.Value {
		return nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO document_setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, s.Name, s.Value); err != nil {
		return err
	}
	_, err := tx.Record(ctx, store.Event{Kind: KindSettingChanged, Subject: s.Name, Body: map[string]string{"before": before, "after": s.Value, "reason": s.Reason}})
	return err
}
