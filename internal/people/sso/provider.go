package sso

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"triward/internal/problem"
)

// Config is an identity provider and how its people are matched with accounts.
type Config struct {
	Issuer   string // https://…
	ClientID string
	Secret   string // of the client; "" for a public one
	Redirect string // address of this program that the provider sends browsers back to
	Name     string // of the provider, on the button; "" is the host of the issuer
	Match    Match
	Domains  []string // of e-mail addresses that may sign in; none: all
	Create   bool     // make an account without a role for somebody who has none
}

// Match is how an account is found for somebody who comes the first time.
type Match string

// The closed list of ways.
const (
	ByEmail Match = "email" // the provider says that it verified the address
	ByLogin Match = "login" // preferred_username is the login
)

// Claims are what a provider says of somebody.
type Claims struct {
	Issuer, Subject string
	Email           string
	Verified        bool // the provider verified the address
	Login, Name     string
	At              time.Time // when they proved who they are; zero when the provider does not say
}

// provider speaks the protocol. It asks the provider about itself when it is first needed, so that Triward starts without it.
type provider struct {
	config Config
	client *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

// maxAnswer bounds each answer of a provider, in bytes.
const maxAnswer = 1 << 20

// bounded limits what an answer may hold.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

func newProvider(c Config, transport http.RoundTripper) *provider {
	if c.Name == "" {
		if u, err := url.Parse(c.Issuer); err == nil {
			c.Name = u.Host
		}
	}
	return &provider{config: c, client: &http.Client{Transport: bounded{transport}, Timeout: 10 * time.Second}}
}

// context is one in which the libraries use the client of p. It outlives the request, because the keys of the provider are
// fetched again through it.
func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(p.context(context.WithoutCancel(ctx)), p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "%s cannot be reached now; sign in with your password, or try again", p.config.Name), err)
	}
	p.found = found
	return found, nil
}

func (p *provider) oauth(found *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: p.config.ClientID, ClientSecret: p.config.Secret, Endpoint: found.Endpoint(), RedirectURL: p.config.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// visit is one way to the provider and back.
type visit struct {
	state, nonce, verifier string
	again                  bool // to prove again who they are
}

func newVisit() visit {
	return visit{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
}

// address is where the browser goes.
func (p *provider) address(ctx context.Context, v visit) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	o := []oauth2.AuthCodeOption{oidc.Nonce(v.nonce), oauth2.S256ChallengeOption(v.verifier)}
	if v.again {
		o = append(o, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	c := p.oauth(found)
	return c.AuthCodeURL(v.state, o...), nil
}

// errAnswer is what is said of an answer that does not fit, whatever the reason.
var errAnswer = problem.New(problem.Forbidden, "the answer of the identity provider does not fit; sign in again")

// claims takes what the browser brought back. now is the instant for the times in the token.
func (p *provider) claims(ctx context.Context, v visit, answer url.Values, now time.Time) (Claims, error) {
	if e := answer.Get("error"); e != "" {
		return Claims{}, problem.New(problem.Forbidden, "%s did not let you in", p.config.Name)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return Claims{}, err
	}
	ctx = p.context(ctx)
	c := p.oauth(found)
	token, err := c.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(v.verifier))
	if err != nil {
		return Claims{}, fmt.Errorf("%w (exchange code: %w)", errAnswer, scrubbed(err))
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.config.ClientID, Now: func() time.Time { return now }}).Verify(ctx, raw)
	if err != nil {
		return Claims{}, fmt.Errorf("%w (verify token: %w)", errAnswer, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(v.nonce)) != 1 {
		return Claims{}, errAnswer
	}
	var said said
	if err := id.Claims(&said); err != nil {
		return Claims{}, fmt.Errorf("%w (read token: %w)", errAnswer, err)
	}
	if said.AuthorizedParty != "" && said.AuthorizedParty != p.config.ClientID { // OpenID Connect Core 3.1.3.7
		return Claims{}, errAnswer
	}
	out := Claims{Issuer: id.Issuer, Subject: id.Subject}
	if said.At > 0 {
		out.At = time.Unix(said.At, 0).UTC()
	}
	if said.Email == "" && said.Login == "" { // some providers tell these apart only
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err == nil && info.Subject == id.Subject {
			if err := info.Claims(&said); err != nil {
				return Claims{}, fmt.Errorf("%w (read user: %w)", errAnswer, err)
			}
		}
	}
	out.Email, out.Verified = strings.ToLower(strings.TrimSpace(said.Email)), bool(said.Verified)
	out.Login, out.Name = strings.ToLower(strings.TrimSpace(said.Login)), strings.TrimSpace(said.Name)
	return out, nil
}

// said are the claims that are used (OpenID Connect Core 5.1).
type said struct {
	Email           string `json:"email"`
	Verified        truth  `json:"email_verified"`
	Login           string `json:"preferred_username"`
	Name            string `json:"name"`
	At              int64  `json:"auth_time"`
	AuthorizedParty string `json:"azp"`
}

// truth reads true, and "true" as some providers send it; all else is false.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == "true" || string(b) == `"true"`
	return nil
}

// scrubbed keeps of a failed exchange what names the fault: the body of the answer may hold a token.
func scrubbed(err error) error {
	if r, ok := err.(*oauth2.RetrieveError); ok { //nolint:errorlint // the library returns it as it is
		return fmt.Errorf("status %d, %q", r.Response.StatusCode, r.ErrorCode)
	}
	return err
}
