package sso

import (
	"context"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// row is a visit that has not come back.
type row struct {
	visit
	account, session string // of somebody who proves again who they are, else ""
	next             string
	created          time.Time
}

func (x row) keep(ctx context.Context, db *store.DB) error {
	now := db.Now()
	return db.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM people_flow WHERE expires < $1`, store.Micros(now)); err != nil {
			return err
		}
		_, err := b.Exec(ctx, `INSERT INTO people_flow (hash, nonce, verifier, account, session, next, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			stateHash(x.state), x.nonce, x.verifier, x.account, x.session, x.next, store.Micros(now), store.Micros(now.Add(visitLife)))
		return err
	})
}

// take reads a visit and ends it: it counts once.
func take(ctx context.Context, db *store.DB, state string) (row, error) {
	x := row{visit: visit{state: state}}
	err := db.Bulk(ctx, func(b *store.Bulk) error {
		var created int64
		err := b.QueryRow(ctx, `DELETE FROM people_flow WHERE hash = $1 AND expires > $2 RETURNING nonce, verifier, account, session, next, created`,
			stateHash(state), store.Micros(db.Now())).Scan(&x.nonce, &x.verifier, &x.account, &x.session, &x.next, &created)
		x.created = store.Time(created)
		return err
	})
	if problem.KindOf(err) == problem.NotFound {
		return x, errAnswer
	}
	return x, err
}

// linked is the account that a provider knows somebody as; "" for none.
func linked(ctx context.Context, r store.Reader, c Claims) (string, error) {
	var account string
	err := r.QueryRow(ctx, `SELECT account FROM people_subject WHERE issuer = $1 AND subject = $2`, c.Issuer, c.Subject).Scan(&account)
	if problem.KindOf(err) == problem.NotFound {
		return "", nil
	}
	return account, err
}

func byLogin(ctx context.Context, r store.Reader, login string) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT id FROM people_account WHERE login = $1`, login)
}

func byEmail(ctx context.Context, r store.Reader, email string) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT id FROM people_account WHERE lower(email) = $1 ORDER BY id LIMIT 2`, email)
}
