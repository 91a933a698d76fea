package people

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"triward/internal/id"
	"triward/internal/people/password"
	"triward/internal/problem"
	"triward/internal/store"
)

// State is whether an account can be used.
type State string

// The closed list of states. An account is never deleted: the journal names it for ever.
const (
	Active   State = "active"
	Disabled State = "disabled"
)

// Account is a person (or a machine) that can be given roles.
type Account struct {
	ID           string // usr_…
	Login        string // lower case, unique
	Name         string // as others read it
	Email        string // "" when unknown
	State        State
	HasPassword  bool // false until the one-time link was used
	TOTP         bool // an authenticator is confirmed
	Passkey      bool // a passkey was tested
	SecondFactor bool // one of them
	Created      time.Time
	SignedIn     time.Time // the last time; zero for never
}

// NewAccount is what an account begins with.
type NewAccount struct {
	Login    string
	Name     string
	Email    string // may be empty
	Password string // may be empty: MakeLink lets the person choose one
}

// owner is the account as the one whose password it is.
func (a Account) owner() password.Owner {
	return password.Owner{Login: a.Login, Name: a.Name, Email: a.Email}
}

// normalLogin is a login as it is stored and compared.
func normalLogin(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Validate says what is wrong with an account's login, name and e-mail address.
func (a Account) Validate() error {
	var l problem.List
	a.check(&l)
	return l.Err("account is not valid")
}

func (a Account) check(l *problem.List) {
	if n := len(a.Login); n < 2 || n > 64 {
		l.Add("login", "must have 2 to 64 characters")
	} else if strings.ContainsFunc(a.Login, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._@+-", r)
	}) {
		l.Add("login", "may hold letters a to z, digits and . _ @ + -")
	}
	checkText(l, "name", a.Name)
	if a.Email != "" {
		if m, err := mail.ParseAddress(a.Email); err != nil || m.Address != a.Email || len(a.Email) > 254 {
			l.Add("email", "is not an e-mail address")
		}
	}
}

// checkText notes what is wrong with a name that people read.
func checkText(l *problem.List, path, s string) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		l.Add(path, "must be text on one line")
	case strings.TrimSpace(s) == "":
		l.Add(path, "is required")
	case utf8.RuneCountInString(s) > 100:
		l.Add(path, "must have at most 100 characters")
	}
}

// prepare checks a new account and makes its row: id, stored password. It hashes, so it runs outside of Update.
func (d *Directory) prepare(n NewAccount) (Account, string, error) {
	a := Account{Login: normalLogin(n.Login), Name: strings.TrimSpace(n.Name), Email: strings.TrimSpace(n.Email), State: Active}
	var l problem.List
	a.check(&l)
	if n.Password != "" {
		password.Check(&l, "password", n.Password, a.owner())
	}
	if err := l.Err("account is not valid"); err != nil {
		return a, "", err
	}
	var err error
	if a.ID, err = id.New("usr"); err != nil {
		return a, "", err
	}
	if n.Password == "" {
		return a, "", nil
	}
	stored, err := d.hash(n.Password)
	a.HasPassword = true
	return a, stored, err
}

// CreateAccount makes an active account without any role and returns its id. Invalid by field; Conflict when the login is
// taken.
func (d *Directory) CreateAccount(ctx context.Context, n NewAccount) (string, error) {
	if _, err := store.ScopeOf(ctx, KindAccountCreated); err != nil {
		return "", err
	}
	a, stored, err := d.prepare(n)
	if err != nil {
		return "", err
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error { return createTx(ctx, tx, a, stored) })
	if err != nil {
		return "", fmt.Errorf("create account %q: %w", a.Login, err)
	}
	return a.ID, nil
}

func createTx(ctx context.Context, tx *store.Tx, a Account, stored string) error {
	a.Created = tx.Now
	if err := insertAccount(ctx, tx, a, stored); err != nil {
		if problem.KindOf(err) == problem.Conflict {
			return problem.New(problem.Conflict, "there is an account with the login %q already", a.Login)
		}
		return err
	}
	seq, err := tx.Record(ctx, store.Event{Kind: KindAccountCreated, Subject: a.ID, Body: accountBody(a)})
	if err != nil || stored == "" {
		return err
	}
	return noteReset(ctx, tx, a.ID, reset{"password", seq})
}

// ChangeAccount sets the login, name and e-mail address of the account a.ID. The actor must hold all that the account
// holds: an e-mail address or login is a way into it.
func (d *Directory) ChangeAccount(ctx context.Context, a Account) error {
	a.Login, a.Name, a.Email = normalLogin(a.Login), strings.TrimSpace(a.Name), strings.TrimSpace(a.Email)
	if err := a.Validate(); err != nil {
		return err
	}
	return d.changeOther(ctx, a.ID, func(tx *store.Tx, was Account) error {
		n, err := tx.Exec(ctx, `UPDATE people_account SET login = $1, name = $2, email = $3 WHERE id = $4`, a.Login, a.Name, a.Email, a.ID)
		if problem.KindOf(err) == problem.Conflict {
			return problem.New(problem.Conflict, "there is an account with the login %q already", a.Login)
		}
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindAccountChanged, Subject: a.ID, Body: accountChanged{From: accountBody(was), To: accountBody(a)}})
		return err
	})
}

// changeOther runs fn on an account whose grants the actor holds too; Forbidden otherwise.
func (d *Directory) changeOther(ctx context.Context, account string, fn func(tx *store.Tx, a Account) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := accountByID(ctx, tx, account)
		if err != nil {
			return fmt.Errorf("change account %q: %w", account, err)
		}
		if err := outranks(ctx, tx, account); err != nil {
			return err
		}
		return fn(tx, a)
	})
}

// outranks is Forbidden unless the actor holds everything that an account holds, for as long as it does.
func outranks(ctx context.Context, tx *store.Tx, account string) error {
	held, err := holdings(ctx, tx, account, tx.Now)
	if err != nil {
		return err
	}
	for _, h := range held {
		kind, err := lacks(ctx, tx, h)
		if err != nil {
			return err
		}
		if kind != "" {
			return problem.New(problem.Forbidden, "this account may do %q, which you may not do in the same places for as long", kind)
		}
	}
	return nil
}

// Disable shuts an account and ends its sessions and tokens. Conflict for the last administrator.
func (d *Directory) Disable(ctx context.Context, account, reason string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := accountByID(ctx, tx, account)
		if err != nil {
			return fmt.Errorf("disable account %q: %w", account, err)
		}
		if a.State == Disabled {
			return nil
		}
		if _, err := tx.Record(ctx, store.Event{Kind: KindAccountDisabled, Subject: account, Body: reasonBody{Login: a.Login, Reason: reason}}); err != nil {
			return err
		}
		if err := keepAdministrator(ctx, tx, func() error {
			_, err := tx.Exec(ctx, `UPDATE people_account SET state = $1 WHERE id = $2`, string(Disabled), account)
			return err
		}); err != nil {
			return err
		}
		if _, err := endSessions(ctx, tx, account, ""); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE people_token SET revoked = $1 WHERE account = $2 AND revoked = 0`, store.Micros(tx.Now), account); err != nil {
			return err
		}
		return dropLinks(ctx, tx, account)
	})
}

// Enable opens a disabled account again, with the roles it had. The actor must hold all of them.
func (d *Directory) Enable(ctx context.Context, account, reason string) error {
	return d.changeOther(ctx, account, func(tx *store.Tx, a Account) error {
		if a.State == Active {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE people_account SET state = $1 WHERE id = $2`, string(Active), account); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindAccountEnabled, Subject: account, Body: reasonBody{Login: a.Login, Reason: reason}})
		return err
	})
}

// keepAdministrator runs a change and refuses it when it takes the last administrator who can sign in.
func keepAdministrator(ctx context.Context, tx *store.Tx, change func() error) error {
	before, err := administrators(ctx, tx)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := administrators(ctx, tx)
	if err != nil {
		return err
	}
	if before > 0 && after == 0 {
		return problem.New(problem.Conflict, "this is the last administrator; make another one first")
	}
	return nil
}

// Get reads an account: one's own, or any with people.read.
func Get(ctx context.Context, r store.Reader, account string) (Account, error) {
	if err := mayRead(ctx, account); err != nil {
		return Account{}, err
	}
	return accountByID(ctx, r, account)
}

// AccountQuery chooses accounts. Zero fields do not restrict.
type AccountQuery struct {
	State State
	Text  string // in login, name or e-mail
	Role  string // accounts with a grant of this role
	Sort  string // of [AccountSorts]; "" is by login
	After string // next of the page before
	Limit int    // at most 1,000; 0 means 50
}

// AccountSorts are the orders of the list of accounts.
func AccountSorts() store.Sorts {
	id := store.ByText("a.id")
	return store.Sorts{"login": {store.ByText("a.login")}, "name": {store.ByText("a.name"), id}, "created": {store.ByNumber("a.created"), id}, "signed_in": {store.ByNumber("a.signed_in"), id}}
}

// Accounts is a page of accounts. It needs people.read.
func Accounts(ctx context.Context, r store.Reader, q AccountQuery) (store.Page[Account], error) {
	if err := mayRead(ctx, ""); err != nil {
		return store.Page[Account]{}, err
	}
	return accountPage(ctx, r, q)
}

// CountAccounts counts accounts by state. It needs people.read.
func CountAccounts(ctx context.Context, r store.Reader) (map[State]int, error) {
	if err := mayRead(ctx, ""); err != nil {
		return nil, err
	}
	return countAccounts(ctx, r)
}

// Name is an account as others see it.
type Name struct {
	ID   string
	Name string
}

// Choices are active accounts whose name or login contains a text, by name: to choose an owner from. It needs
// people.names.read.
func Choices(ctx context.Context, r store.Reader, text string, limit int) ([]Name, error) {
	if _, err := store.ScopeOf(ctx, KindReadNames); err != nil {
		return nil, err
	}
	return choices(ctx, r, text, limit)
}

// Names gives the names of accounts by id, for pages that show who did something. Unknown ids are absent. Whoever may see
// the id may see the name.
func Names(ctx context.Context, r store.Reader, ids []string) (map[string]string, error) {
	if _, ok := store.ActorOf(ctx); !ok {
		return nil, problem.New(problem.Forbidden, "sign in first")
	}
	return namesOf(ctx, r, ids)
}

// ActiveName is the name of an account to which something is to be given. NotFound without such an account, Conflict when it
// is disabled.
func ActiveName(ctx context.Context, r store.Reader, account string) (Name, error) {
	if _, ok := store.ActorOf(ctx); !ok {
		return Name{}, problem.New(problem.Forbidden, "sign in first")
	}
	a, err := accountByID(ctx, r, account)
	if err == nil && a.State != Active {
		err = problem.New(problem.Conflict, "the account of %s is disabled", a.Name)
	}
	return Name{ID: a.ID, Name: a.Name}, err
}

// Person is who answers for what an actor does: the actor itself, or the owner of an API token.
func Person(ctx context.Context, r store.Reader, a store.Actor) (Name, error) {
	if !strings.HasPrefix(a.ID, "tok_") {
		return Name{ID: a.ID, Name: a.Name}, nil
	}
	var n Name
	err := r.QueryRow(ctx, `SELECT a.id, a.name FROM people_token t JOIN people_account a ON a.id = t.account WHERE t.id = $1`, a.ID).Scan(&n.ID, &n.Name)
	return n, err
}
