package passkey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Kinds of the events about passkeys.
const (
	KindAdded         = "self.passkey_added"
	KindTested        = "self.passkey_tested"
	KindRevoked       = "self.passkey_revoked"
	KindRevokedOthers = "people.passkey_revoked"
)

// Passkey is a key in a device of its owner.
type Passkey struct {
	ID      string // pky_…
	Account string
	Name    string // as the owner calls it
	Created time.Time
	Used    time.Time // the last time; zero until it was tested, and before that it counts for nothing
	Revoked time.Time // zero for not
	Synced  bool      // the maker of the device may keep a copy of the key
}

// Ready reports whether the passkey counts.
func (p Passkey) Ready() bool { return !p.Used.IsZero() && p.Revoked.IsZero() }

// Owner is whose passkey it is.
type Owner struct{ Account, Login, Name string }

// Purpose is what a challenge is for.
type Purpose string

// The closed list of purposes.
const (
	Enrol  Purpose = "enrol"
	Test   Purpose = "test"
	SignIn Purpose = "sign_in"
	Sign   Purpose = "sign"
)

const (
	challengeLife = 5 * time.Minute
	maxResponse   = 32 << 10
	maxPasskeys   = 10 // of one account
)

// Ring keeps the passkeys of an installation.
type Ring struct {
	DB   *store.DB
	site *webauthn.WebAuthn
}

// Open is a ring for the pages at an address ("https://triward.example"); nil when browsers allow no passkeys there: they
// want a name rather than an IP address, and TLS for any name but localhost.
func Open(db *store.DB, address, name string) (*Ring, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || net.ParseIP(u.Hostname()) != nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil, nil //nolint:nilerr // an address that cannot be read is one without passkeys
	}
	site, err := webauthn.New(&webauthn.Config{RPID: strings.ToLower(u.Hostname()), RPDisplayName: name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred,
			UserVerification: protocol.VerificationRequired},
		// Browsers and password managers add outputs that nobody asked for; none of them is used here.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore})
	if err != nil {
		return nil, fmt.Errorf("open passkeys for %s: %w", address, err)
	}
	return &Ring{DB: db, site: site}, nil
}

// user is an owner as the library asks for it.
type user struct {
	Owner
	keys []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return []byte(u.Account) }
func (u user) WebAuthnName() string                       { return u.Login }
func (u user) WebAuthnDisplayName() string                { return u.Name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// Ask makes a challenge and returns the options for the browser (JSON of PublicKeyCredentialCreationOptions for [Enrol],
// else PublicKeyCredentialRequestOptions). NotFound when the owner has no passkey that could answer.
func (k *Ring) Ask(ctx context.Context, o Owner, p Purpose) ([]byte, error) {
	return k.ask(ctx, o, p, subject{})
}

func (k *Ring) ask(ctx context.Context, o Owner, p Purpose, about subject) ([]byte, error) {
	var rows []row
	err := k.DB.View(ctx, func(r store.Reader) (err error) {
		rows, err = usable(ctx, r, o.Account, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask for passkey: %w", err)
	}
	u := user{o, credentials(rows)}
	var options any
	var session *webauthn.SessionData
	switch {
	case p == Enrol && len(rows) >= maxPasskeys:
		return nil, problem.New(problem.Conflict, "you have %d passkeys; revoke one first", maxPasskeys)
	case p == Enrol:
		var c *protocol.CredentialCreation
		if c, session, err = k.site.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors())); err == nil {
			options = c.Response
		}
	case len(rows) == 0:
		return nil, problem.New(problem.NotFound, "there is no passkey")
	default:
		var c *protocol.CredentialAssertion
		if c, session, err = k.site.BeginLogin(u, append(about.options(), webauthn.WithUserVerification(protocol.VerificationRequired))...); err == nil {
			options = c.Response
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ask for passkey: %w", err)
	}
	if err := k.keep(ctx, asked{account: o.Account, purpose: p, about: about}, session); err != nil {
		return nil, fmt.Errorf("ask for passkey: %w", err)
	}
	return json.Marshal(options)
}

func challengeHash(challenge string) []byte {
	sum := sha256.Sum256([]byte(challenge))
	return sum[:]
}

func (k *Ring) keep(ctx context.Context, c asked, session *webauthn.SessionData) error {
	text, err := json.Marshal(session)
	if err != nil {
		return err
	}
	now := k.DB.Now()
	return k.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM people_challenge WHERE expires < $1`, store.Micros(now)); err != nil {
			return err
		}
		_, err := b.Exec(ctx, `INSERT INTO people_challenge (hash, account, purpose, session, expires, nonce, subject) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			challengeHash(session.Challenge), c.account, string(c.purpose), string(text), store.Micros(now.Add(challengeLife)), hex.EncodeToString(c.about.nonce), hex.EncodeToString(c.about.digest))
		return err
	})
}

// asked is the challenge that an answer names, and what it must have been made for.
type asked struct {
	challenge, account string
	purpose            Purpose
	about              subject
}

// session finds a challenge, and what it commits to; Invalid when there is none for this account and purpose.
func (k *Ring) session(ctx context.Context, r store.Reader, c *asked) (webauthn.SessionData, error) {
	var text, nonce, digest string
	var s webauthn.SessionData
	err := r.QueryRow(ctx, `SELECT session, nonce, subject FROM people_challenge WHERE hash = $1 AND account = $2 AND purpose = $3 AND expires > $4`,
		challengeHash(c.challenge), c.account, string(c.purpose), store.Micros(k.DB.Now())).Scan(&text, &nonce, &digest)
	if problem.KindOf(err) == problem.NotFound {
		return s, errAnswer
	}
	if err != nil {
		return s, err
	}
	var nerr, derr error
	c.about.nonce, nerr = hex.DecodeString(nonce)
	c.about.digest, derr = hex.DecodeString(digest)
	return s, errors.Join(nerr, derr, json.Unmarshal([]byte(text), &s))
}

// errAnswer is what is said of every answer that does not fit, whatever the reason.
var errAnswer = problem.New(problem.Invalid, "the passkey did not answer as it should; try again")

// Add checks the answer to an [Enrol] challenge and keeps the passkey. It counts for nothing until it is tested.
func (k *Ring) Add(ctx context.Context, o Owner, name string, response []byte) (Passkey, error) {
	name = strings.TrimSpace(name)
	var l problem.List
	if name == "" || utf8.RuneCountInString(name) > 60 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		l.Add("name", "must be text of 1 to 60 characters")
	}
	if err := l.Err("the passkey was not added"); err != nil {
		return Passkey{}, err
	}
	if len(response) == 0 || len(response) > maxResponse {
		return Passkey{}, errAnswer
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Passkey{}, errAnswer
	}
	var session webauthn.SessionData
	err = k.DB.View(ctx, func(r store.Reader) (err error) {
		session, err = k.session(ctx, r, &asked{challenge: parsed.Response.CollectedClientData.Challenge, account: o.Account, purpose: Enrol})
		return err
	})
	if err != nil {
		return Passkey{}, fmt.Errorf("add passkey: %w", err)
	}
	c, err := k.site.CreateCredential(user{Owner: o}, session, parsed)
	if err != nil {
		return Passkey{}, errAnswer
	}
	n := row{Passkey: Passkey{Account: o.Account, Name: name, Synced: c.Flags.BackupEligible}, key: *c}
	if n.ID, err = id.New("pky"); err != nil {
		return Passkey{}, err
	}
	err = k.DB.Update(ctx, func(tx *store.Tx) error {
		if err := useChallenge(ctx, tx, session.Challenge); err != nil {
			return err
		}
		n.Created = tx.Now
		if err := insert(ctx, tx, n); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindAdded, Subject: o.Account, Body: body{Passkey: n.ID, Name: name}})
		return err
	})
	if err != nil {
		return Passkey{}, fmt.Errorf("add passkey: %w", err)
	}
	return n.Passkey, nil
}

type body struct {
	Passkey string `json:"passkey"`
	Name    string `json:"name"`
}

// Answer is an answer of a passkey that was checked, to be used up.
type Answer struct {
	Passkey   Passkey
	Assertion *Assertion // over what the challenge commits to; nil where it commits to nothing
	challenge string
	key       webauthn.Credential
}

// Check checks the answer (JSON of the browser) to a challenge. Invalid when it does not fit.
func (k *Ring) Check(ctx context.Context, o Owner, p Purpose, response []byte) (Answer, error) {
	if len(response) == 0 || len(response) > maxResponse {
		return Answer{}, errAnswer
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Answer{}, errAnswer
	}
	var rows []row
	var session webauthn.SessionData
	question := asked{challenge: parsed.Response.CollectedClientData.Challenge, account: o.Account, purpose: p}
	err = k.DB.View(ctx, func(r store.Reader) error {
		if session, err = k.session(ctx, r, &question); err != nil {
			return err
		}
		rows, err = usable(ctx, r, o.Account, p)
		return err
	})
	if err != nil {
		return Answer{}, fmt.Errorf("check passkey: %w", err)
	}
	// The browser was told this list when it was asked; passkeys revoked since are not in it any more.
	session.AllowedCredentialIDs = nil
	c, err := k.site.ValidateLogin(user{o, credentials(rows)}, session, parsed)
	if err != nil || c.Authenticator.CloneWarning {
		return Answer{}, errAnswer
	}
	a := Answer{challenge: session.Challenge, key: *c}
	for _, x := range rows {
		if bytes.Equal(x.key.ID, c.ID) {
			a.Passkey = x.Passkey
		}
	}
	if len(question.about.digest) > 0 {
		text := base64.RawURLEncoding.EncodeToString
		a.Assertion = &Assertion{PublicKey: text(c.PublicKey), Nonce: hex.EncodeToString(question.about.nonce), Authenticator: text(parsed.Raw.AssertionResponse.AuthenticatorData),
			Client: text(parsed.Raw.AssertionResponse.ClientDataJSON), Signature: text(parsed.Raw.AssertionResponse.Signature)}
		if err := CheckAssertion(*a.Assertion, question.about.digest); err != nil {
			return Answer{}, err
		}
	}
	return a, nil
}

// Use takes the answer in the transaction that it serves; false when it, or a later one, was used already, or the passkey
// was revoked.
func (a Answer) Use(ctx context.Context, tx *store.Tx) (bool, error) {
	if a.challenge == "" {
		return false, nil
	}
	if err := useChallenge(ctx, tx, a.challenge); err != nil {
		if problem.KindOf(err) == problem.Invalid {
			err = nil
		}
		return false, err
	}
	text, err := json.Marshal(a.key)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `UPDATE people_passkey SET counter = $1, used = $2, record = $3 WHERE id = $4 AND revoked = 0 AND (counter < $1 OR counter = 0 AND $1 = 0)`,
		int64(a.key.Authenticator.SignCount), store.Micros(tx.Now), string(text), a.Passkey.ID)
	return n == 1, err
}

// Tested uses up an answer to a [Test] challenge: from now on the passkey counts.
func (k *Ring) Tested(ctx context.Context, a Answer) error {
	return k.DB.Update(ctx, func(tx *store.Tx) error {
		ok, err := a.Use(ctx, tx)
		if err != nil {
			return err
		}
		if !ok {
			return errAnswer
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindTested, Subject: a.Passkey.Account, Body: body{a.Passkey.ID, a.Passkey.Name}})
		return err
	})
}

// RevokeTx ends a passkey of an account for ever and returns the entry of the journal. NotFound when it is none, or has
// ended.
func RevokeTx(ctx context.Context, tx *store.Tx, account, id string) (int64, error) {
	var name string
	if err := tx.QueryRow(ctx, `SELECT name FROM people_passkey WHERE id = $1 AND account = $2 AND revoked = 0`, id, account).Scan(&name); err != nil {
		return 0, fmt.Errorf("revoke passkey %q: %w", id, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE people_passkey SET revoked = $1 WHERE id = $2`, store.Micros(tx.Now), id); err != nil {
		return 0, err
	}
	kind := KindRevokedOthers
	if tx.Actor().ID == account {
		kind = KindRevoked
	}
	return tx.Record(ctx, store.Event{Kind: kind, Subject: account, Body: body{id, name}})
}
