package people

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// View is a list page under filters and in an order, which a person keeps under a name.
type View struct {
	ID    string // viw_…
	Path  string // of the page, "/devices"
	Name  string
	Query string // encoded, without the place in the list; "" for the plain list
	Saved time.Time
}

// Limits of saved views.
const (
	maxViews     = 200 // of one account
	maxViewQuery = 2000
)

var viewPath = regexp.MustCompile(`^(/[a-z][a-z0-9-]{0,40}){1,4}$`)

// normal checks a view and drops the parameters that say where in the list a page begins.
func (v View) normal() (View, error) {
	var l problem.List
	v.Name = strings.TrimSpace(v.Name)
	checkText(&l, "name", v.Name)
	if !viewPath.MatchString(v.Path) {
		l.Add("path", "must be the path of a list, such as /devices")
	}
	q, err := url.ParseQuery(v.Query)
	if err != nil || len(v.Query) > maxViewQuery {
		l.Add("query", "must be an encoded query of at most %d characters", maxViewQuery)
	}
	q.Del("after")
	q.Del("back")
	v.Query = q.Encode()
	return v, l.Err("the view is not valid")
}

type viewBody struct {
	Path  string `json:"path"`
	Name  string `json:"name"`
	Query string `json:"query,omitempty"`
}

// ownAccount is the account that the actor is, or whose API token it uses.
func ownAccount(ctx context.Context, r store.Reader) (string, error) {
	a, _ := store.ActorOf(ctx)
	if !strings.HasPrefix(a.ID, "tok_") {
		return ownID(ctx)
	}
	var account string
	return account, r.QueryRow(ctx, `SELECT account FROM people_token WHERE id = $1`, a.ID).Scan(&account)
}

// Me reads the account that the actor is, or whose API token it uses; false for the program itself and for nobody.
func Me(ctx context.Context, r store.Reader) (Account, bool, error) {
	a, _ := store.ActorOf(ctx)
	if !strings.HasPrefix(a.ID, "usr_") && !strings.HasPrefix(a.ID, "tok_") {
		return Account{}, false, nil
	}
	own, err := ownAccount(ctx, r)
	if err != nil {
		return Account{}, false, err
	}
	account, err := accountByID(ctx, r, own)
	return account, err == nil, err
}

// SaveView keeps a view of the actor's own; one of the same page and name is replaced. Invalid by field.
func (d *Directory) SaveView(ctx context.Context, v View) (string, error) {
	v, err := v.normal()
	if err != nil {
		return "", err
	}
	fresh, err := id.New("viw")
	if err != nil {
		return "", err
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		account, err := ownAccount(ctx, tx)
		if err != nil {
			return err
		}
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM saved_view WHERE account = $1`, account).Scan(&n); err != nil {
			return err
		}
		if n >= maxViews {
			return problem.New(problem.Conflict, "you have %d saved views; remove one first", n)
		}
		if err := tx.QueryRow(ctx, `INSERT INTO saved_view (id, account, path, name, query, saved) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (account, path, name) DO UPDATE SET query = excluded.query, saved = excluded.saved RETURNING id`,
			fresh, account, v.Path, v.Name, v.Query, store.Micros(tx.Now)).Scan(&v.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSelfViewSaved, Subject: v.ID, Body: viewBody{Path: v.Path, Name: v.Name, Query: v.Query}})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("save view %q: %w", v.Name, err)
	}
	return v.ID, nil
}

// RemoveView forgets a view of the actor's own. NotFound when it is none.
func (d *Directory) RemoveView(ctx context.Context, view string) error {
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		account, err := ownAccount(ctx, tx)
		if err != nil {
			return err
		}
		v, err := scanView(tx.QueryRow(ctx, `DELETE FROM saved_view WHERE id = $1 AND account = $2 RETURNING id, path, name, query, saved`, view, account))
		if err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSelfViewRemoved, Subject: v.ID, Body: viewBody{Path: v.Path, Name: v.Name, Query: v.Query}})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove view %q: %w", view, err)
	}
	return nil
}

// Views are the views that the actor keeps of a page ("" for all), by page and name. An actor without an account has none.
func Views(ctx context.Context, r store.Reader, path string) ([]View, error) {
	account, err := ownAccount(ctx, r)
	if problem.KindOf(err) == problem.Forbidden {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("account = ?", account)
	if path != "" {
		w.And("path = ?", path)
	}
	return store.All(ctx, r, scanView, `SELECT id, path, name, query, saved FROM saved_view`+w.SQL()+` ORDER BY path, name`, w.Args()...)
}

func scanView(s store.Scanner) (View, error) {
	var v View
	var saved int64
	err := s.Scan(&v.ID, &v.Path, &v.Name, &v.Query, &saved)
	v.Saved = store.Time(saved)
	return v, err
}

// viewKinds are the only kinds about oneself that an API token may hold, when it names them: they give no power over the
// account.
var viewKinds = [...]string{KindSelfViewSaved, KindSelfViewRemoved}

func viewKind(kind string) bool { return slices.Contains(viewKinds[:], kind) }

// ownGrant is what a part of a token's scope names of the views of its owner.
func ownGrant(g store.Grant) (store.Grant, bool) {
	var kinds []string
	for _, k := range g.Kinds {
		if viewKind(k) {
			kinds = append(kinds, k)
		}
	}
	return store.Grant{Kinds: kinds, All: true}, g.All && len(kinds) > 0
}
