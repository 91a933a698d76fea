package telling

import (
	"context"
	"encoding/json"

	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// decoded reads a row that is a body alone.
func decoded[T any](s store.Scanner) (T, error) {
	var v T
	var body string
	if err := s.Scan(&body); err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(body), &v)
}

func scanStakeholder(s store.Scanner) (Stakeholder, error) { return decoded[Stakeholder](s) }
func scanTelling(s store.Scanner) (Telling, error)         { return decoded[Telling](s) }
func scanAnswer(s store.Scanner) (Answer, error)           { return decoded[Answer](s) }

func putStakeholder(ctx context.Context, tx *store.Tx, s Stakeholder) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO stakeholder (id, role, name, rank, retired, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, rank = excluded.rank, retired = excluded.retired, body = excluded.body`,
		s.ID, s.Role, s.Name, s.Order, store.Micros(s.Retired), string(body))
	return err
}

func one(ctx context.Context, r store.Reader, stakeholder string) (Stakeholder, error) {
	s, err := scanStakeholder(r.QueryRow(ctx, `SELECT body FROM stakeholder WHERE id = $1`, stakeholder))
	if problem.KindOf(err) == problem.NotFound {
		return s, problem.New(problem.NotFound, "there is no such stakeholder")
	}
	return s, err
}

func insertTelling(ctx context.Context, tx *store.Tx, t Telling) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO telling (id, incident, at, body) VALUES ($1, $2, $3, $4)`, t.ID, t.Incident, store.Micros(t.At), string(body))
	return err
}

func insertAnswer(ctx context.Context, tx *store.Tx, a Answer) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO telling_answer (id, telling, at, body) VALUES ($1, $2, $3, $4)`, a.ID, a.Telling, store.Micros(a.At), string(body))
	return err
}

func oneTelling(ctx context.Context, r store.Reader, telling string) (Telling, error) {
	t, err := scanTelling(r.QueryRow(ctx, `SELECT body FROM telling WHERE id = $1`, telling))
	if problem.KindOf(err) == problem.NotFound {
		return t, problem.New(problem.NotFound, "nobody was told under that id")
	}
	return t, err
}

// List reads what was told in an incident with the answers, the oldest first.
func List(ctx context.Context, r store.Reader, of string) ([]Telling, error) {
	i, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, scanTelling, `SELECT body FROM telling WHERE incident = $1 ORDER BY at, id`, i.ID)
	if err != nil {
		return nil, err
	}
	answers, err := store.All(ctx, r, scanAnswer, `SELECT a.body FROM telling_answer a JOIN telling t ON t.id = a.telling WHERE t.incident = $1 ORDER BY a.at, a.id`, i.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		for n := range all {
			if all[n].ID == a.Telling {
				all[n].Answers = append(all[n].Answers, a)
			}
		}
	}
	return all, nil
}
