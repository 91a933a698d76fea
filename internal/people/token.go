package people

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// TokenPrefix begins every API token, so that scanners for leaked secrets find it.
const TokenPrefix = "trw_"

// tokenLife is the longest life of an API token.
const tokenLife = 366 * 24 * time.Hour

// Token lets a machine act with some of what its owner holds.
type Token struct {
	ID      string // tok_…
	Account string
	Name    string
	Scope   []store.Grant // at most what the owner holds; less when the owner has less by now
	Created time.Time
	Expires time.Time
	Used    time.Time // to the minute; zero for never
	Revoked time.Time // zero for not
}

// NewToken is what an API token begins with.
type NewToken struct {
	Name    string
	Scope   []store.Grant
	Expires time.Time // required, at most a year ahead
	Account string    // whose it is; "" is the actor's own account
}

func (n NewToken) check(now time.Time) error {
	var l problem.List
	checkText(&l, "name", n.Name)
	switch {
	case n.Expires.IsZero():
		l.Add("expires", "is required")
	case !n.Expires.After(now):
		l.Add("expires", "must lie in the future")
	case n.Expires.After(now.Add(tokenLife)):
		l.Add("expires", "must be within a year")
	}
	if len(n.Scope) == 0 {
		l.Add("scope", "must name at least one kind")
	}
	if len(n.Scope) > 100 {
		l.Add("scope", "must have at most 100 parts")
	}
	for i, g := range n.Scope {
		var part problem.List
		checkScope(&part, g)
		if len(g.Kinds) == 0 {
			part.Add("kinds", "must name at least one kind")
		}
		for j, k := range g.Kinds {
			if !known(k) && !viewKind(k) {
				part.Add(fmt.Sprintf("kinds[%d]", j), "%q is not a kind of the vocabulary", k)
			}
		}
		l.Merge(fmt.Sprintf("scope[%d]", i), part.Err("scope"))
	}
	return l.Err("API token is not valid")
}

// CreateToken makes an API token and returns its secret, which is not shown again: of the actor's own account, or of
// another one with people.token_created when the actor holds all that the account holds. Invalid by field; Forbidden when
// the scope is more than the actor holds.
func (d *Directory) CreateToken(ctx context.Context, n NewToken) (string, Token, error) {
	account, err := n.Account, error(nil)
	if account == "" {
		account, err = ownID(ctx)
	}
	if err != nil {
		return "", Token{}, err
	}
	n.Name = strings.TrimSpace(n.Name)
	if err := n.check(d.DB.Now()); err != nil {
		return "", Token{}, err
	}
	secret, hash, err := newToken(TokenPrefix)
	if err != nil {
		return "", Token{}, err
	}
	t := Token{Account: account, Name: n.Name, Expires: n.Expires.UTC().Truncate(time.Microsecond)}
	if t.ID, err = id.New("tok"); err != nil {
		return "", Token{}, err
	}
	for _, g := range n.Scope {
		t.Scope = append(t.Scope, store.Grant{Kinds: sorted(g.Kinds), All: g.All, Sites: sorted(g.Sites), Products: sorted(g.Products), Inquiries: sorted(g.Inquiries)})
	}
	scope := scopeBodies(t.Scope)
	stored, err := json.Marshal(scope)
	if err != nil {
		return "", Token{}, err
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := mayGiveToken(ctx, tx, account); err != nil {
			return err
		}
		for _, g := range t.Scope {
			if kind := missing(tx.Actor(), g); kind != "" {
				return problem.New(problem.Forbidden, "you may not do %q there yourself, so your token cannot either", kind)
			}
		}
		t.Created = tx.Now
		if _, err := tx.Exec(ctx, `INSERT INTO people_token (id, hash, account, name, scope, created, expires, used, revoked)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`, t.ID, hash, account, t.Name, string(stored), store.Micros(tx.Now), store.Micros(t.Expires)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: selfOr(tx, account, KindSelfTokenCreated, KindTokenCreated), Subject: t.ID, Body: tokenBody{Account: account, Name: t.Name, Scope: scope, Expires: t.Expires}})
		return err
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("create API token: %w", err)
	}
	return secret, t, nil
}

// mayGiveToken refuses a token of another account that may do more than the actor, or cannot be used.
func mayGiveToken(ctx context.Context, tx *store.Tx, account string) error {
	if tx.Actor().ID == account {
		return nil
	}
	a, err := accountByID(ctx, tx, account)
	if err != nil {
		return err
	}
	if a.State == Disabled {
		return problem.New(problem.Conflict, "the account is disabled; enable it first")
	}
	return outranks(ctx, tx, account)
}

func scopeBodies(scope []store.Grant) []scopeBody {
	var out []scopeBody
	for _, g := range scope {
		out = append(out, scopeBody(g))
	}
	return out
}

// errNoToken is the answer to a secret that is no live API token, whatever the reason.
var errNoToken = problem.New(problem.Forbidden, "this API token is unknown, has expired or was revoked")

// AuthenticateToken gives the actor of an API token: what the token names of what its owner holds now, and of the kinds
// "self.*" at most those of saved views. Forbidden when the token is unknown, expired or revoked, or its owner is disabled.
func (d *Directory) AuthenticateToken(ctx context.Context, secret string) (store.Actor, error) {
	if !strings.HasPrefix(secret, TokenPrefix) {
		return store.Actor{}, errNoToken
	}
	now := d.DB.Now()
	var t Token
	var owner string
	var held []holding
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		t, err = scanToken(r.QueryRow(ctx, `SELECT `+tokenColumns+` FROM people_token k WHERE k.hash = $1 AND k.revoked = 0 AND k.expires > $2`,
			digest(secret), store.Micros(now)))
		if err != nil {
			return err
		}
		a, err := accountByID(ctx, r, t.Account)
		if err != nil {
			return err
		}
		if a.State != Active {
			return errNoToken
		}
		owner = a.Name
		held, err = holdings(ctx, r, t.Account, now)
		return err
	})
	if problem.KindOf(err) == problem.NotFound {
		return store.Actor{}, errNoToken
	}
	if err != nil {
		return store.Actor{}, fmt.Errorf("authenticate API token: %w", err)
	}
	a := store.Actor{ID: t.ID, Name: owner + " (API token " + t.Name + ")"}
	for _, g := range t.Scope {
		if own, ok := ownGrant(g); ok {
			a.Grants = append(a.Grants, own)
		}
		for _, h := range held {
			if both, ok := meet(g, h.Grant); ok {
				a.Grants = append(a.Grants, both)
			}
		}
	}
	if now.Sub(t.Used) >= time.Minute {
		d.used(ctx, t.ID, `UPDATE people_token SET used = $1 WHERE id = $2 AND used < $1`)
	}
	return a, nil
}

// RevokeToken makes an API token useless: one's own, or anybody's with people.token_revoked. NotFound when it is none or
// was revoked before.
func (d *Directory) RevokeToken(ctx context.Context, token string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := scanToken(tx.QueryRow(ctx, `SELECT `+tokenColumns+` FROM people_token k WHERE k.id = $1 AND k.revoked = 0`, token))
		if err != nil {
			return fmt.Errorf("revoke API token %q: %w", token, err)
		}
		if _, err := tx.Exec(ctx, `UPDATE people_token SET revoked = $1 WHERE id = $2`, store.Micros(tx.Now), token); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: selfOr(tx, t.Account, KindSelfTokenRevoked, KindTokenRevoked), Subject: token,
			Body: tokenBody{Account: t.Account, Name: t.Name, Expires: t.Expires}})
		return err
	})
}

// TokenQuery chooses API tokens. Zero fields do not restrict.
type TokenQuery struct {
	Account string
	After   string // id of the last row of the page before
	Limit   int    // at most 1,000; 0 means 100
}

// Tokens is a page of API tokens, also expired and revoked ones, newest first: one's own account's, or all with
// people.read.
func Tokens(ctx context.Context, r store.Reader, q TokenQuery) ([]Token, error) {
	if err := mayRead(ctx, q.Account); err != nil {
		return nil, err
	}
	var w store.Where
	if q.Account != "" {
		w.And("k.account = ?", q.Account)
	}
	if q.After != "" {
		w.And("k.id < ?", q.After)
	}
	return store.All(ctx, r, scanToken, `SELECT `+tokenColumns+` FROM people_token k`+w.SQL()+` ORDER BY k.id DESC`+w.Limit(page(q.Limit)), w.Args()...)
}

const tokenColumns = `k.id, k.account, k.name, k.scope, k.created, k.expires, k.used, k.revoked`

func scanToken(s store.Scanner) (Token, error) {
	var t Token
	var scope string
	var created, expires, used, revoked int64
	if err := s.Scan(&t.ID, &t.Account, &t.Name, &scope, &created, &expires, &used, &revoked); err != nil {
		return t, err
	}
	t.Created, t.Expires, t.Used, t.Revoked = store.Time(created), store.Time(expires), store.Time(used), store.Time(revoked)
	var parts []scopeBody
	if err := json.Unmarshal([]byte(scope), &parts); err != nil {
		return t, fmt.Errorf("read scope of API token %q: %w", t.ID, err)
	}
	for _, p := range parts {
		t.Scope = append(t.Scope, store.Grant(p))
	}
	return t, nil
}
