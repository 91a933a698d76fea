package signature

import (
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// reviewEvery is how often means of signing are tested by using them, and reviewed by somebody (21 CFR 11.300(b) and (e)).
const reviewEvery = 365 * 24 * time.Hour

// Mean is one thing that somebody signs with: an authenticator or a passkey.
type Mean struct {
	Name string // "authenticator", or the passkey's own name
	Used time.Time
	Due  bool // it was not used for a year: it is to be tested
}

// Credential is what a person who may sign has to sign with.
type Credential struct {
	Account people.Account
	Means   []Mean
	Signed  time.Time // the newest signature; zero for none
}

// Due reports whether something of it is to be looked at: a mean that was not used for a year, or none at all.
func (c Credential) Due() bool {
	for _, m := range c.Means {
		if m.Due {
			return true
		}
	}
	return len(c.Means) == 0 || !c.Account.HasPassword
}

// Untested are the means of an account that were not used for a year at an instant.
func Untested(ctx context.Context, r store.Reader, account string, now time.Time) ([]Mean, error) {
	all, err := meansOf(ctx, r, account, now)
	var out []Mean
	for _, m := range all {
		if m.Due {
			out = append(out, m)
		}
	}
	return out, err
}

func meansOf(ctx context.Context, r store.Reader, account string, now time.Time) ([]Mean, error) {
	means, err := people.MeansOf(ctx, r, account)
	if err != nil {
		return nil, err
	}
	var out []Mean
	add := func(name string, used time.Time) { out = append(out, Mean{name, used, now.Sub(used) > reviewEvery}) }
	if means.TOTP {
		add("authenticator", means.TOTPUsed)
	}
	keys, err := people.Passkeys(ctx, r, account)
	for _, k := range keys {
		if k.Ready() {
			add(k.Name, k.Used)
		}
	}
	return out, err
}

// Credentials are the active accounts whose identity was verified, by login, with what they sign with. It needs people.read.
func Credentials(ctx context.Context, r store.Reader, now time.Time) ([]Credential, error) {
	if _, err := store.ScopeOf(ctx, people.KindRead); err != nil {
		return nil, err
	}
	type signer struct {
		account string
		signed  int64
	}
	signers, err := store.All(ctx, r, func(s store.Scanner) (x signer, err error) { return x, s.Scan(&x.account, &x.signed) },
		`SELECT a.id, coalesce((SELECT max(s.at) FROM signature s WHERE s.account = a.id), 0) FROM people_account a
		WHERE a.state = 'active' AND EXISTS (SELECT 1 FROM signature_identity i WHERE i.account = a.id) ORDER BY a.login`)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	out := make([]Credential, len(signers))
	for i, x := range signers {
		out[i].Signed = store.Time(x.signed)
		if out[i].Account, err = people.Get(ctx, r, x.account); err != nil {
			return nil, err
		}
		if out[i].Means, err = meansOf(ctx, r, x.account, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Looked is the newest look of somebody at what all people sign with.
type Looked struct {
	At   time.Time // zero for never
	By   string
	Note string
	Due  bool // the last one, or the first person who may sign, is a year old
}

type reviewBody struct {
	Note    string `json:"note,omitempty"`
	Signers int    `json:"signers"`
	Due     int    `json:"due"`
}

// LastReview reads the newest review and whether the next one is due.
func LastReview(ctx context.Context, r store.Reader, now time.Time) (Looked, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{people.KindReviewed}, Order: store.NewestFirst, Limit: 1})
	if err != nil {
		return Looked{}, err
	}
	if len(all) > 0 {
		return Looked{At: all[0].At, By: all[0].ActorName, Due: now.Sub(all[0].At) > reviewEvery}, nil
	}
	var first int64
	err = r.QueryRow(ctx, `SELECT coalesce(min(at), 0) FROM signature_identity`).Scan(&first)
	return Looked{Due: first > 0 && now.Sub(store.Time(first)) > reviewEvery}, err
}

// ReviewCredentials records that the actor looked at what all people sign with. Invalid when the note is no text.
func (s *Signer) ReviewCredentials(ctx context.Context, note string) error {
	note = strings.TrimSpace(note)
	var l problem.List
	checkText(&l, "note", note, 500)
	if err := l.Err("the review is not complete"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := Credentials(ctx, tx, tx.Now)
		if err != nil {
			return err
		}
		b := reviewBody{Note: note, Signers: len(all)}
		for _, c := range all {
			if c.Due() {
				b.Due++
			}
		}
		_, err = tx.Record(ctx, store.Event{Kind: people.KindReviewed, Subject: "credentials", Body: b})
		return err
	})
}
