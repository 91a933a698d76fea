package connector

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Desk uses connectors for incidents.
type Desk struct {
	DB    *store.DB
	Book  Book
	Cases incident.Cases
	Log   eventlog.Reader // nil: there are no events here, and nothing is verified in them
}

// Approval is a person's consent to a connector as it was defined then.
type Approval struct {
	Name, Hash   string
	Approver     string // account
	ApproverName string
	Reason       string
	At           time.Time
}

// Item is a connector with whether it may be used.
type Item struct {
	Connector
	Hash     string
	Approval Approval // of this or an earlier definition; the zero Approval: never approved
}

// Approved says whether the connector as it is now may be used.
func (i Item) Approved() bool { return i.Approval.Hash != "" && i.Approval.Hash == i.Hash }

// Items reads the connectors with their approvals, in the order of the file.
func (d Desk) Items(ctx context.Context, r store.Reader) ([]Item, error) {
	all, err := d.Book.All()
	if err != nil {
		return nil, err
	}
	given, err := store.All(ctx, r, scanApproval, `SELECT name, hash, approver, approver_name, reason, at FROM connector_approval ORDER BY name`)
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(all))
	for i, c := range all {
		out[i] = Item{Connector: c, Hash: c.Hash()}
		if n := slices.IndexFunc(given, func(a Approval) bool { return a.Name == c.Name }); n >= 0 {
			out[i].Approval = given[n]
		}
	}
	return out, nil
}

// Item reads one connector.
func (d Desk) Item(ctx context.Context, r store.Reader, name string) (Item, error) {
	all, err := d.Items(ctx, r)
	if err != nil {
		return Item{}, err
	}
	n := slices.IndexFunc(all, func(i Item) bool { return i.Name == name })
	if n < 0 {
		return Item{}, problem.New(problem.NotFound, "there is no connector %q in the operator's file", name)
	}
	return all[n], nil
}

// Approve lets a connector be used as it is defined now. hash is that of the definition that the person looked at: Conflict
// when it is another one by now.
func (d Desk) Approve(ctx context.Context, name, hash, reason string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := d.Item(ctx, tx, name)
		if err != nil {
			return err
		}
		if c.Hash != hash {
			return problem.New(problem.Conflict, "the definition of %s changed: look at it again", name)
		}
		reason = strings.TrimSpace(reason)
		if reason == "" || len(reason) > maxTemplate {
			return blame("reason", "is required: what was looked at, and tried in a dry run")
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO connector_approval (name, hash, approver, approver_name, reason, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, approver = excluded.approver, approver_name = excluded.approver_name, reason = excluded.reason, at = excluded.at`,
			name, hash, me.ID, me.Name, reason, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindApproved, Subject: name, Body: Body{Title: c.Title, Hash: hash, Reason: reason}})
		return err
	})
}

// Revoke ends the approval of a connector. Actions that ran through it return through it all the same.
func (d Desk) Revoke(ctx context.Context, name, reason string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := scanApproval(tx.QueryRow(ctx, `SELECT name, hash, approver, approver_name, reason, at FROM connector_approval WHERE name = $1`, name))
		if err != nil {
			return err
		}
		if strings.TrimSpace(reason) == "" || len(reason) > maxTemplate {
			return blame("reason", "is required")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM connector_approval WHERE name = $1`, name); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRevoked, Subject: name, Body: Body{Title: name, Hash: a.Hash, Reason: strings.TrimSpace(reason)}})
		return err
	})
}

func blame(path, reason string) error {
	var l problem.List
	l.Add(path, "%s", reason)
	return l.Err("it cannot be done")
}

func scanApproval(s store.Scanner) (Approval, error) {
	var a Approval
	var at int64
	err := s.Scan(&a.Name, &a.Hash, &a.Approver, &a.ApproverName, &a.Reason, &at)
	a.At = store.Time(at)
	return a, err
}
