package signature

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// How somebody's identity was verified.
type How string

// The closed list of ways.
const (
	InPerson   How = "in_person"  // an identity document was seen, with the person
	Remote     How = "remote"     // an identity document was seen in a video call
	Employment How = "employment" // the personnel office knows the person and the account
)

// Ways is the closed list.
func Ways() []How { return []How{InPerson, Remote, Employment} }

// Verify says who a person is (21 CFR 11.100(b)).
type Verify struct {
	Account  string
	How      How
	Evidence string // what was seen: "passport", "staff record 2026"; no numbers of documents
}

// Identity is what is known of who a person is. The zero value is not verified.
type Identity struct {
	Account      string
	Name         string // the name that was verified
	How          How
	Evidence     string
	VerifiedBy   string
	VerifierName string
	At           time.Time
	Seq          int64  // entry of the journal
	Why          string // why it does not hold; "" when it does
}

// Valid reports whether the person may sign.
func (i Identity) Valid() bool { return i.Account != "" && i.Why == "" }

// IdentityOf reads who a person is known to be: oneself, or anybody with people.read.
func IdentityOf(ctx context.Context, r store.Reader, account string) (Identity, error) {
	if _, err := people.Get(ctx, r, account); err != nil {
		return Identity{}, err
	}
	return identityOf(ctx, r, account)
}

// identityOf reads the newest verification and whether it holds: for the name of today, and with nobody else having
// changed how the person signs in since.
func identityOf(ctx context.Context, r store.Reader, account string) (Identity, error) {
	i, err := newestIdentity(ctx, r, account)
	if problem.KindOf(err) == problem.NotFound {
		return Identity{Account: account, Why: "nobody has verified yet who you are; ask an administrator"}, nil
	}
	if err != nil {
		return Identity{}, err
	}
	names, err := people.Names(ctx, r, []string{account})
	if err != nil {
		return Identity{}, err
	}
	means, err := people.MeansOf(ctx, r, account)
	if err != nil {
		return Identity{}, err
	}
	switch {
	case names[account] != i.Name:
		i.Why = "your name was changed since somebody verified who you are; it must be done again"
	case len(resetSince(means, i)) > 0:
		i.Why = "another person changed how you sign in; a third one must verify again who you are"
	}
	return i, nil
}

// resetSince are the changes by others after a verification.
func resetSince(m people.Means, i Identity) []people.Reset {
	return slices.DeleteFunc(slices.Clone(m.Reset), func(x people.Reset) bool { return x.Seq < i.Seq })
}

// VerifyIdentity records that the actor verified who a person is. Not oneself, not whom one's own identity is unknown for,
// and not somebody whose means of signing in the actor has changed since the verification before: misuse must take two
// (21 CFR 11.200(a)(3)). Invalid by field.
func (s *Signer) VerifyIdentity(ctx context.Context, v Verify) error {
	v.Evidence = strings.TrimSpace(v.Evidence)
	var l problem.List
	if !slices.Contains(Ways(), v.How) {
		l.Add("how", "must be one of %v", Ways())
	}
	checkText(&l, "evidence", v.Evidence, 200)
	if v.Evidence == "" {
		l.Add("evidence", "is required")
	}
	if err := l.Err("the verification is not complete"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := mayVerify(ctx, tx, v.Account); err != nil {
			return fmt.Errorf("verify identity of %q: %w", v.Account, err)
		}
		a, err := people.Get(ctx, tx, v.Account)
		if err != nil {
			return err
		}
		if a.State != people.Active {
			return problem.New(problem.Conflict, "the account is disabled; enable it first")
		}
		seq, err := tx.Record(ctx, store.Event{Kind: people.KindVerified, Subject: a.ID, Body: verifiedBody{a.Name, v.How, v.Evidence}})
		if err != nil {
			return err
		}
		return insertIdentity(ctx, tx, Identity{Account: a.ID, Name: a.Name, How: v.How, Evidence: v.Evidence,
			VerifiedBy: tx.Actor().ID, VerifierName: tx.Actor().Name, At: tx.Now, Seq: seq})
	})
}

func mayVerify(ctx context.Context, tx *store.Tx, account string) error {
	by := tx.Actor().ID
	if by == account {
		return problem.New(problem.Forbidden, "somebody else must verify who you are")
	}
	if strings.HasPrefix(by, "tok_") {
		return problem.New(problem.Forbidden, "an API token cannot see who somebody is")
	}
	if strings.HasPrefix(by, "usr_") {
		own, err := identityOf(ctx, tx, by)
		if err != nil {
			return err
		}
		if !own.Valid() {
			return problem.New(problem.Forbidden, "before you verify others, somebody must verify who you are; for the first one: triward people verify, on the machine of the server")
		}
	}
	was, err := newestIdentity(ctx, tx, account)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	means, err := people.MeansOf(ctx, tx, account)
	if err != nil {
		return err
	}
	for _, x := range resetSince(means, was) {
		if x.Actor == by {
			return problem.New(problem.Forbidden, "you changed how this person signs in; a second person must verify who they are")
		}
	}
	return nil
}
