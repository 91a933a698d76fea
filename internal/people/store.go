package people

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"triward/internal/store"
)

const accountColumns = `a.id, a.login, a.name, a.email, a.state, a.password <> '', a.created, a.signed_in,
	EXISTS (SELECT 1 FROM people_totp t WHERE t.account = a.id AND t.confirmed > 0),
	EXISTS (SELECT 1 FROM people_passkey k WHERE k.account = a.id AND k.used > 0 AND k.revoked = 0)`

func scanAccount(s store.Scanner) (Account, error) {
	var a Account
	var created, signedIn int64
	err := s.Scan(&a.ID, &a.Login, &a.Name, &a.Email, &a.State, &a.HasPassword, &created, &signedIn, &a.TOTP, &a.Passkey)
	a.SecondFactor = a.TOTP || a.Passkey
	a.Created, a.SignedIn = store.Time(created), store.Time(signedIn)
	return a, err
}

func insertAccount(ctx context.Context, tx *store.Tx, a Account, stored string) error {
	_, err := tx.Exec(ctx, `INSERT INTO people_account (id, login, name, email, state, password, created, signed_in)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`, a.ID, a.Login, a.Name, a.Email, string(a.State), stored, store.Micros(tx.Now))
	return err
}

func accountByID(ctx context.Context, r store.Reader, account string) (Account, error) {
	return scanAccount(r.QueryRow(ctx, `SELECT `+accountColumns+` FROM people_account a WHERE a.id = $1`, account))
}

func storedPassword(ctx context.Context, r store.Reader, account string) (string, error) {
	var s string
	err := r.QueryRow(ctx, `SELECT password FROM people_account WHERE id = $1`, account).Scan(&s)
	return s, err
}

func setPassword(ctx context.Context, tx *store.Tx, account, stored string) error {
	_, err := tx.Exec(ctx, `UPDATE people_account SET password = $1 WHERE id = $2`, stored, account)
	return err
}

func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + "%"
}

func page(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 1000)
}

func accountPage(ctx context.Context, r store.Reader, q AccountQuery) (store.Page[Account], error) {
	sort, err := AccountSorts().Named(q.Sort, "login")
	if err != nil {
		return store.Page[Account]{}, err
	}
	var w store.Where
	if q.State != "" {
		w.And("a.state = ?", string(q.State))
	}
	if q.Text != "" {
		t := contains(q.Text)
		w.And(`(a.login LIKE ? ESCAPE '\' OR lower(a.name) LIKE ? ESCAPE '\' OR lower(a.email) LIKE ? ESCAPE '\')`, t, t, t)
	}
	if q.Role != "" {
		w.And("EXISTS (SELECT 1 FROM people_grant g WHERE g.account = a.id AND g.role = ?)", q.Role)
	}
	return store.List(ctx, r, store.Listing{Columns: accountColumns, From: "people_account a", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanAccount)
}

func countAccounts(ctx context.Context, r store.Reader) (map[State]int, error) {
	type row struct {
		state State
		n     int
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) { return v, s.Scan(&v.state, &v.n) },
		`SELECT state, count(*) FROM people_account GROUP BY state`)
	out := map[State]int{}
	for _, v := range all {
		out[v.state] = v.n
	}
	return out, err
}

func scanName(s store.Scanner) (Name, error) {
	var n Name
	err := s.Scan(&n.ID, &n.Name)
	return n, err
}

func choices(ctx context.Context, r store.Reader, text string, limit int) ([]Name, error) {
	return store.All(ctx, r, scanName, `SELECT id, name FROM people_account
		WHERE state = 'active' AND (login LIKE $1 ESCAPE '\' OR lower(name) LIKE $1 ESCAPE '\') ORDER BY name, id LIMIT $2`, contains(text), page(limit))
}

func namesOf(ctx context.Context, r store.Reader, ids []string) (map[string]string, error) {
	out := map[string]string{}
	for len(ids) > 0 {
		n := min(len(ids), 1000)
		var w store.Where
		w.In("id", ids[:n])
		names, err := store.All(ctx, r, scanName, `SELECT id, name FROM people_account`+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, a := range names {
			out[a.ID] = a.Name
		}
		ids = ids[n:]
	}
	return out, nil
}

// administrators counts the accounts that can sign in and hold the administrator's role everywhere, without an end.
func administrators(ctx context.Context, r store.Reader) (int, error) {
	var n int
	err := r.QueryRow(ctx, `SELECT count(DISTINCT a.id) FROM people_account a JOIN people_grant g ON g.account = a.id
		WHERE a.state = 'active' AND a.password <> '' AND g.role = $1 AND g.everywhere AND g.expires = 0`, RoleAdministrator).Scan(&n)
	return n, err
}

// list is how a list of words is stored: JSON that SQL never looks into.
func list(words []string) (string, error) {
	if words == nil {
		words = []string{}
	}
	b, err := json.Marshal(words)
	return string(b), err
}

func words(s string) ([]string, error) {
	if s == "" || s == "[]" {
		return nil, nil
	}
	var out []string
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		return nil, fmt.Errorf("read stored list: %w", err)
	}
	return out, nil
}

// grantRow is a grant as it is stored, with the kinds of its role.
type grantRow struct {
	everywhere                        bool
	sites, products, inquiries, kinds string // lists
}

// grant is the row as the store's permissions are made of it.
func (g grantRow) grant() (store.Grant, error) {
	out := store.Grant{All: g.everywhere}
	var err error
	if out.Kinds, err = words(g.kinds); err != nil || g.everywhere {
		return out, err
	}
	if out.Sites, err = words(g.sites); err != nil {
		return out, err
	}
	if out.Products, err = words(g.products); err != nil {
		return out, err
	}
	out.Inquiries, err = words(g.inquiries)
	return out, err
}

// holding is a grant as permissions are made of it, and its end (zero: none).
type holding struct {
	store.Grant
	expires time.Time
}

// holdings are what an account holds at an instant, without the kinds "self.*".
func holdings(ctx context.Context, r store.Reader, account string, at time.Time) ([]holding, error) {
	return store.All(ctx, r, func(s store.Scanner) (holding, error) {
		var row grantRow
		var expires int64
		if err := s.Scan(&row.everywhere, &row.sites, &row.products, &row.inquiries, &row.kinds, &expires); err != nil {
			return holding{}, err
		}
		g, err := row.grant()
		return holding{g, store.Time(expires)}, err
	}, `SELECT g.everywhere, g.sites, g.products, g.inquiries, o.kinds, g.expires FROM people_grant g JOIN people_role o ON o.id = g.role
		WHERE g.account = $1 AND (g.expires = 0 OR g.expires > $2) ORDER BY g.id`, account, store.Micros(at))
}

func endSessions(ctx context.Context, tx *store.Tx, account, except string) (int64, error) {
	return tx.Exec(ctx, `UPDATE people_session SET ended = $1 WHERE account = $2 AND ended = 0 AND expires > $1 AND id <> $3`,
		store.Micros(tx.Now), account, except)
}

// dropLinks makes the unused one-time links of an account useless.
func dropLinks(ctx context.Context, tx *store.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM people_link WHERE account = $1 AND used = 0`, account)
	return err
}
