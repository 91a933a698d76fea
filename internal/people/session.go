package people

import (
	"context"
	"fmt"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// Session is one place where somebody is signed in.
type Session struct {
	ID      string // ses_…
	Account string
	Login   string
	Name    string
	Created time.Time
	Seen    time.Time // to the minute
	Idle    time.Time // ends then without another request
	Expires time.Time // ends then in any case

	Address      string
	Agent        string
	SecondFactor bool
}

func insertSession(ctx context.Context, tx *store.Tx, s Session, hash []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO people_session (id, hash, account, created, seen, expires, ended, address, agent, second_factor)
		VALUES ($1, $2, $3, $4, $4, $5, 0, $6, $7, $8)`, s.ID, hash, s.Account, store.Micros(s.Created), store.Micros(s.Expires), s.Address, s.Agent, s.SecondFactor)
	return err
}

// errNoSession is the answer to a token that is no session, whatever the reason.
var errNoSession = problem.New(problem.Forbidden, "your session has ended; sign in again")

// sessionRow is a session with one of the grants of its account.
type sessionRow struct {
	session Session
	grant   store.Grant
}

// Authenticate gives the actor of a session token, with what the account holds now. Forbidden when the token is no live
// session. It reads one query and records no event; the time of use is written at most once a minute.
func (d *Directory) Authenticate(ctx context.Context, token string) (store.Actor, Session, error) {
	now, limits := d.DB.Now(), d.Limits.orDefault()
	var rows []sessionRow
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		rows, err = store.All(ctx, r, scanSessionRow, `SELECT s.id, s.account, a.login, a.name, s.created, s.seen, s.expires, s.address, s.agent, s.second_factor,
			coalesce(g.everywhere, FALSE), coalesce(g.sites, ''), coalesce(g.products, ''), coalesce(g.inquiries, ''), coalesce(o.kinds, '')
			FROM people_session s JOIN people_account a ON a.id = s.account
			LEFT JOIN people_grant g ON g.account = a.id AND (g.expires = 0 OR g.expires > $2)
			LEFT JOIN people_role o ON o.id = g.role
			WHERE s.hash = $1 AND s.ended = 0 AND s.expires > $2 AND s.seen > $3 AND a.state = 'active' ORDER BY g.id NULLS LAST`,
			digest(token), store.Micros(now), store.Micros(now.Add(-limits.Idle)))
		return err
	})
	if err != nil {
		return store.Actor{}, Session{}, fmt.Errorf("authenticate: %w", err)
	}
	if len(rows) == 0 {
		return store.Actor{}, Session{}, errNoSession
	}
	s := rows[0].session
	s.Idle = s.Seen.Add(limits.Idle)
	a := store.Actor{ID: s.Account, Name: s.Name, Grants: []store.Grant{{Kinds: []string{KindSelf}, All: true}}}
	for _, row := range rows {
		if len(row.grant.Kinds) > 0 {
			a.Grants = append(a.Grants, row.grant)
		}
	}
	if now.Sub(s.Seen) >= time.Minute {
		d.used(ctx, s.ID, `UPDATE people_session SET seen = $1 WHERE id = $2 AND ended = 0 AND seen < $1`)
	}
	return a, s, nil
}

func scanSessionRow(s store.Scanner) (sessionRow, error) {
	var row sessionRow
	var created, seen, expires int64
	var g grantRow
	v := &row.session
	if err := s.Scan(&v.ID, &v.Account, &v.Login, &v.Name, &created, &seen, &expires, &v.Address, &v.Agent, &v.SecondFactor,
		&g.everywhere, &g.sites, &g.products, &g.inquiries, &g.kinds); err != nil {
		return row, err
	}
	v.Created, v.Seen, v.Expires = store.Time(created), store.Time(seen), store.Time(expires)
	var err error
	row.grant, err = g.grant()
	return row, err
}

// SignOut ends the session of a token. A token that is no live session is no error: the wish is fulfilled.
func (d *Directory) SignOut(ctx context.Context, token string) error {
	a, s, err := d.Authenticate(ctx, token)
	if err != nil {
		if problem.KindOf(err) == problem.Forbidden {
			return nil
		}
		return err
	}
	ctx = store.WithActor(ctx, a)
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := endSession(ctx, tx, s.ID); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindSelfSignedOut, Subject: s.Account, Body: sessionBody{Account: s.Account, Session: s.ID, Ended: 1}})
		return err
	})
}

func endSession(ctx context.Context, tx *store.Tx, session string) error {
	_, err := tx.Exec(ctx, `UPDATE people_session SET ended = $1 WHERE id = $2 AND ended = 0`, store.Micros(tx.Now), session)
	return err
}

// EndSession ends a session: one's own, or anybody's with people.session_revoked. NotFound when it is none or has ended.
func (d *Directory) EndSession(ctx context.Context, session string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		var account string
		if err := tx.QueryRow(ctx, `SELECT account FROM people_session WHERE id = $1 AND ended = 0`, session).Scan(&account); err != nil {
			return fmt.Errorf("end session %q: %w", session, err)
		}
		if err := endSession(ctx, tx, session); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: selfOr(tx, account, KindSelfSessionRevoked, KindSessionRevoked), Subject: account,
			Body: sessionBody{Account: account, Session: session, Ended: 1}})
		return err
	})
}

// selfOr is the kind for one's own account or the kind for another's.
func selfOr(tx *store.Tx, account, own, other string) string {
	if tx.Actor().ID == account {
		return own
	}
	return other
}

// EndSessions ends all sessions of an account but one ("" for none) and returns how many: one's own, or anybody's with
// people.session_revoked.
func (d *Directory) EndSessions(ctx context.Context, account, except string) (int64, error) {
	var n int64
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		var err error
		if n, err = endSessions(ctx, tx, account, except); err != nil || n == 0 {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: selfOr(tx, account, KindSelfSessionRevoked, KindSessionRevoked), Subject: account,
			Body: sessionBody{Account: account, Ended: n}})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions of %q: %w", account, err)
	}
	return n, nil
}

// SessionQuery chooses live sessions. Zero fields do not restrict.
type SessionQuery struct {
	Account string
	After   string // id of the last row of the page before
	Limit   int    // at most 1,000; 0 means 100
}

// Sessions is a page of live sessions, newest first: one's own account's, or all with people.read.
func (d *Directory) Sessions(ctx context.Context, r store.Reader, q SessionQuery) ([]Session, error) {
	if err := mayRead(ctx, q.Account); err != nil {
		return nil, err
	}
	now, limits := d.DB.Now(), d.Limits.orDefault()
	var w store.Where
	w.And("s.ended = 0 AND s.expires > ? AND s.seen > ?", store.Micros(now), store.Micros(now.Add(-limits.Idle)))
	if q.Account != "" {
		w.And("s.account = ?", q.Account)
	}
	if q.After != "" {
		w.And("s.id < ?", q.After)
	}
	return store.All(ctx, r, func(row store.Scanner) (Session, error) {
		var s Session
		var created, seen, expires int64
		err := row.Scan(&s.ID, &s.Account, &s.Login, &s.Name, &created, &seen, &expires, &s.Address, &s.Agent, &s.SecondFactor)
		s.Created, s.Seen, s.Expires = store.Time(created), store.Time(seen), store.Time(expires)
		s.Idle = s.Seen.Add(limits.Idle)
		return s, err
	}, `SELECT s.id, s.account, a.login, a.name, s.created, s.seen, s.expires, s.address, s.agent, s.second_factor
		FROM people_session s JOIN people_account a ON a.id = s.account`+w.SQL()+` ORDER BY s.id DESC`+w.Limit(page(q.Limit)), w.Args()...)
}

// Prune deletes sessions, one-time links and counters that ended more than 30 days ago. The journal keeps what happened.
// The program calls it about once a day.
func (d *Directory) Prune(ctx context.Context) error {
	now := d.DB.Now()
	old := store.Micros(now.AddDate(0, 0, -30))
	err := d.DB.Bulk(ctx, func(b *store.Bulk) error {
		for _, statement := range []string{
			`DELETE FROM people_session WHERE expires < $1 OR ended > 0 AND ended < $1`,
			`DELETE FROM people_link WHERE expires < $1`,
			`DELETE FROM people_throttle WHERE at < $1`,
		} {
			if _, err := b.Exec(ctx, statement, old); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("prune sessions: %w", err)
	}
	return nil
}
