package sso

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Kinds of the events of this package.
const (
	KindLinked   = "self.provider_linked"
	KindProved   = "self.proved_again"
	factor       = "provider"
	visitLife    = 10 * time.Minute
	stepUpLife   = 5 * time.Minute
	clockDrift   = 30 * time.Second // between the provider and here
	whyUnknown   = people.Failure("unknown_subject")
	whyTwo       = people.Failure("address_of_two_accounts")
	whyElsewhere = people.Failure("wrong_domain")
)

// Door is the way in through one identity provider.
type Door struct {
	DB       *store.DB
	People   *people.Directory
	provider *provider
}

// Open is the door of a provider. It does not ask the provider for anything yet.
func Open(d *people.Directory, c Config, transport http.RoundTripper) (*Door, error) {
	var l problem.List
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		l.Add("oidc_issuer", "must begin with https://")
	}
	if c.ClientID == "" {
		l.Add("oidc_client_id", "is required")
	}
	if c.Redirect == "" {
		l.Add("public_url", "is required, so that the provider can send people back")
	}
	if c.Match != ByEmail && c.Match != ByLogin {
		l.Add("oidc_match", "must be email or login")
	}
	if err := l.Err("the identity provider is not configured well"); err != nil {
		return nil, err
	}
	return &Door{DB: d.DB, People: d, provider: newProvider(c, transport)}, nil
}

// Name is the provider as people know it.
func (d *Door) Name() string { return d.provider.config.Name }

// Way is a way to the provider: where the browser goes, and the secret that it keeps in a cookie until it comes back.
type Way struct{ Address, Secret string }

// Begin makes a way for somebody who wants to sign in, and then to see the page next.
func (d *Door) Begin(ctx context.Context, next string) (Way, error) {
	return d.begin(ctx, newVisit(), row{next: next})
}

// BeginAgain makes a way for the holder of a session who has to prove again who they are, to sign something on the page next.
func (d *Door) BeginAgain(ctx context.Context, s people.Session, next string) (Way, error) {
	v := newVisit()
	v.again = true
	return d.begin(ctx, v, row{account: s.Account, session: s.ID, next: next})
}

func (d *Door) begin(ctx context.Context, v visit, x row) (Way, error) {
	address, err := d.provider.address(ctx, v)
	if err != nil {
		return Way{}, err
	}
	x.visit = v
	if len(x.next) > 2000 {
		x.next = ""
	}
	if err := x.keep(ctx, d.DB); err != nil {
		return Way{}, fmt.Errorf("begin to sign in: %w", err)
	}
	return Way{Address: address, Secret: v.state}, nil
}

// Arrival is somebody who came back from the provider.
type Arrival struct {
	SignedIn people.SignedIn // Token is "" for somebody who proved again who they are
	Next     string          // the page that they want to see
}

// Back is what a browser brings from the provider.
type Back struct {
	Secret         string // of the cookie
	Answer         url.Values
	Address, Agent string
}

// Finish takes what the browser brings back: it signs in, or notes that somebody proved again who they are. Forbidden when
// it does not fit, or there is no account.
func (d *Door) Finish(ctx context.Context, b Back) (Arrival, error) {
	if b.Secret == "" || subtle.ConstantTimeCompare([]byte(b.Secret), []byte(b.Answer.Get("state"))) != 1 {
		return Arrival{}, errAnswer
	}
	x, err := take(ctx, d.DB, b.Secret)
	if err != nil {
		return Arrival{}, fmt.Errorf("come back from provider: %w", err)
	}
	c, err := d.provider.claims(ctx, x.visit, b.Answer, d.DB.Now())
	if err != nil {
		return Arrival{}, fmt.Errorf("come back from provider: %w", err)
	}
	if x.account != "" {
		return Arrival{Next: x.next}, d.proved(ctx, x, c)
	}
	account, err := d.account(ctx, c, b)
	if err != nil {
		return Arrival{}, err
	}
	in, err := d.People.Enter(ctx, account, people.Credentials{Address: b.Address, Agent: b.Agent}, factor)
	if err != nil {
		return Arrival{}, fmt.Errorf("come back from provider: %w", err)
	}
	return Arrival{SignedIn: in, Next: x.next}, nil
}

// account finds the account of somebody, and remembers whom the provider knows it as.
func (d *Door) account(ctx context.Context, c Claims, b Back) (string, error) {
	var known string
	var found []string
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		if known, err = linked(ctx, r, c); err != nil || known != "" {
			return err
		}
		switch {
		case d.provider.config.Match == ByLogin && c.Login != "":
			found, err = byLogin(ctx, r, c.Login)
		case d.provider.config.Match == ByEmail && c.Verified && c.Email != "":
			found, err = byEmail(ctx, r, c.Email)
		}
		return err
	})
	if err != nil || known != "" {
		return known, err
	}
	_, domain, _ := strings.Cut(c.Email, "@")
	switch domains := d.provider.config.Domains; {
	case len(domains) > 0 && (!c.Verified || !slices.Contains(domains, domain)):
		return "", d.refuse(ctx, whyElsewhere, b)
	case len(found) > 1:
		return "", d.refuse(ctx, whyTwo, b)
	case len(found) == 0 && !d.provider.config.Create:
		return "", d.refuse(ctx, whyUnknown, b)
	case len(found) == 0:
		n := people.NewAccount{Login: c.Login, Name: c.Name}
		if c.Verified {
			n.Email = c.Email
		}
		if n.Login == "" {
			n.Login = c.Email
		}
		if n.Name == "" {
			n.Name = n.Login
		}
		made, err := d.People.CreateAccount(store.WithActor(ctx, store.System("people")), n)
		if err != nil {
			return "", fmt.Errorf("make account from provider: %w", err)
		}
		found = []string{made}
	}
	return found[0], d.link(ctx, found[0], c)
}

func (d *Door) refuse(ctx context.Context, why people.Failure, b Back) error {
	if err := d.People.Refuse(ctx, why, people.Credentials{Address: b.Address, Agent: b.Agent}); err != nil {
		return err
	}
	return problem.New(problem.Forbidden, "%s knows you, but no account here is yours; ask an administrator", d.Name())
}

func (d *Door) link(ctx context.Context, account string, c Claims) error {
	ctx = store.WithActor(ctx, store.System("people"))
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO people_subject (issuer, subject, account, created) VALUES ($1, $2, $3, $4)`, c.Issuer, c.Subject, account, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindLinked, Subject: account, Body: linkedBody{c.Issuer, string(d.provider.config.Match)}})
		return err
	})
}

type linkedBody struct {
	Issuer string `json:"issuer"`
	By     string `json:"by"`
}

type provedBody struct {
	StepUp  string    `json:"step_up"`
	Session string    `json:"session"`
	At      time.Time `json:"at"`
}

// proved notes that the holder of a session proved again who they are.
func (d *Door) proved(ctx context.Context, x row, c Claims) error {
	step, err := id.New("stp")
	if err != nil {
		return err
	}
	return d.DB.Update(store.WithActor(ctx, store.System("people")), func(tx *store.Tx) error {
		account, err := linked(ctx, tx, c)
		if err != nil {
			return err
		}
		alive, err := d.People.Alive(ctx, tx, x.session)
		if err != nil {
			return err
		}
		switch {
		case account != x.account || !alive:
			return problem.New(problem.Forbidden, "you proved to be somebody else than the one who is signed in here")
		case c.At.Before(x.created.Add(-clockDrift)): // also when the provider does not say it
			return problem.New(problem.Forbidden, "%s did not ask you again who you are; that is needed to sign", d.Name())
		}
		if _, err := tx.Exec(ctx, `INSERT INTO people_stepup (id, account, session, at, expires, used) VALUES ($1, $2, $3, $4, $5, 0)`,
			step, account, x.session, store.Micros(tx.Now), store.Micros(tx.Now.Add(stepUpLife))); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindProved, Subject: account, Body: provedBody{step, x.session, c.At}})
		return err
	})
}

// Linked reports whether a provider knows an account, so that its holder can prove there who they are.
func Linked(ctx context.Context, r store.Reader, account string) (bool, error) {
	var yes bool
	err := r.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM people_subject WHERE account = $1)`, account).Scan(&yes)
	return yes, err
}

// Ready is the proof of a session that was not used yet and still counts; "" for none.
func Ready(ctx context.Context, r store.Reader, session string, now time.Time) (string, error) {
	var step string
	err := r.QueryRow(ctx, `SELECT id FROM people_stepup WHERE session = $1 AND used = 0 AND expires > $2 ORDER BY at DESC LIMIT 1`, session, store.Micros(now)).Scan(&step)
	if problem.KindOf(err) == problem.NotFound {
		return "", nil
	}
	return step, err
}

// Use takes a proof of a session in the transaction that it serves; false when it does not count (any more).
func Use(ctx context.Context, tx *store.Tx, step, session string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE people_stepup SET used = $1 WHERE id = $2 AND session = $3 AND used = 0 AND expires > $1`, store.Micros(tx.Now), step, session)
	return n == 1, err
}

func stateHash(state string) []byte {
	sum := sha256.Sum256([]byte(state))
	return sum[:]
}
