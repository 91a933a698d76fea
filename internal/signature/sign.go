package signature

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/id"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/people/sso"
	"triward/internal/problem"
	"triward/internal/store"
)

// Signer signs records of one database. All fields but Policy are required.
type Signer struct {
	DB     *store.DB
	People *people.Directory
	Key    *ledger.Key
	Stamp  TimeStamper
	Policy Policy
}

// Keys are what checks the signatures of this signer, where its time stamps are its own.
func (s *Signer) Keys() Keys {
	k := Keys{Servers: []string{s.Key.Verifier()}}
	if a, ok := s.Stamp.(*Authority); ok {
		k.Authorities = []string{a.Certificate()}
	}
	return k
}

// Factors are what a signer shows. Empty parts were not shown.
type Factors struct {
	SessionToken string
	Password     string
	Code         string // of the authenticator
	Passkey      []byte // answer to a challenge for signing
	StepUp       string // stp_…: that the signer proved again who they are to the identity provider
	Address      string
	Agent        string
	Zone         string // of the signer's clock, "Europe/Berlin" or "+01:00"; "" is UTC
}

// Needs are what a form has to ask for before its user can sign.
type Needs struct {
	Both           bool // one of Password and Provider, and one of Code and Passkey; otherwise any one of them
	Password       bool // the account has it
	Provider       bool // an identity provider knows the account
	Code           bool
	Passkey        bool
	StepUp         string // what was proved to the provider a moment ago and was not used yet; "" for nothing
	Identity       bool   // nobody verified yet who the signer is, or not since it must be done anew
	Accountability bool   // the signer has not acknowledged yet what a signature means
}

// Ready reports whether the account can sign at all when it shows what is asked for.
func (n Needs) Ready() bool {
	return !n.Identity && !n.Accountability && (n.Password || n.Provider) && (n.Code || n.Passkey)
}

// Proof is what [Signer.Verify] found: good for one signature within a minute.
type Proof struct {
	reproof people.Reproof
	session string // of people
	period  period // as it stood
	both    bool
	at      time.Time
	factors Factors // without what was shown
}

// proofLife is how long a proof may wait for its transaction.
const proofLife = time.Minute

// needsBoth reports whether the next signing takes both components (21 CFR 11.200(a)(1)): it is the first one of a
// continuous period, or the policy asks for it each time.
func (s *Signer) needsBoth(p period, f Factors, now time.Time) bool {
	policy := s.Policy.orDefault()
	return policy.Always || p.id == "" || p.address != f.Address || p.agent != f.Agent ||
		p.at.Sub(now) > policy.Clock || now.Sub(p.at) > policy.Idle || now.Sub(p.started) > policy.Longest
}

// Needs says what a form must ask the holder of a session for. It reads SessionToken, Address and Agent of the factors.
func (s *Signer) Needs(ctx context.Context, r store.Reader, f Factors) (Needs, error) {
	actor, session, err := s.People.Authenticate(ctx, f.SessionToken)
	if err != nil {
		return Needs{}, err
	}
	p, err := periodOf(ctx, r, session.ID)
	if err != nil {
		return Needs{}, err
	}
	means, err := people.MeansOf(ctx, r, actor.ID)
	if err != nil {
		return Needs{}, err
	}
	n := Needs{Both: s.needsBoth(p, f, s.DB.Now()), Password: means.Password, Code: means.TOTP, Passkey: means.Passkey}
	if n.Provider, err = sso.Linked(ctx, r, actor.ID); err != nil {
		return Needs{}, err
	}
	if n.StepUp, err = sso.Ready(ctx, r, session.ID, s.DB.Now()); err != nil {
		return Needs{}, err
	}
	identity, err := identityOf(ctx, r, actor.ID)
	if err != nil {
		return Needs{}, err
	}
	n.Identity = !identity.Valid()
	acknowledged, err := acknowledged(ctx, r, actor.ID)
	n.Accountability = !acknowledged
	return n, err
}

// Verify checks what a signer shows. Invalid with the faults "password", "code" and "passkey" where a part is missing or wrong, which
// counts towards the lock of the account; Forbidden when the session has ended or somebody else's is shown.
func (s *Signer) Verify(ctx context.Context, f Factors) (Proof, error) {
	actor, session, err := s.People.Authenticate(ctx, f.SessionToken)
	if err != nil {
		return Proof{}, err
	}
	if a, ok := store.ActorOf(ctx); !ok || a.ID != actor.ID {
		return Proof{}, problem.New(problem.Forbidden, "a signature needs the signer's own session")
	}
	if _, _, err := zoneOf(f.Zone, s.DB.Now()); err != nil {
		return Proof{}, err
	}
	p := Proof{session: session.ID, at: s.DB.Now(), factors: Factors{Address: f.Address, Agent: f.Agent, Zone: f.Zone, StepUp: f.StepUp}}
	var n Needs
	err = s.DB.View(ctx, func(r store.Reader) error {
		if n, err = s.Needs(ctx, r, f); err != nil {
			return err
		}
		p.period, err = periodOf(ctx, r, session.ID)
		return err
	})
	if err != nil {
		return Proof{}, fmt.Errorf("verify signer: %w", err)
	}
	if err := n.missing(f); err != nil {
		return Proof{}, err
	}
	p.both = f.knows() && f.has()
	p.reproof, err = s.People.Reprove(ctx, people.Shown{Password: f.Password, Code: f.Code, Passkey: f.Passkey, Address: f.Address, Agent: f.Agent})
	if err != nil {
		return Proof{}, fmt.Errorf("verify signer: %w", err)
	}
	return p, nil
}

// knows reports whether the component that the signer knows is shown, has the one that they have.
func (f Factors) knows() bool { return f.Password != "" || f.StepUp != "" }
func (f Factors) has() bool   { return f.Code != "" || len(f.Passkey) > 0 }

// missing says which components are not shown.
func (n Needs) missing(f Factors) error {
	var l problem.List
	second := "code"
	if !n.Code {
		second = "passkey"
	}
	switch {
	case !n.Password && !n.Provider:
		l.Add("password", "set a password first")
	case !n.Code && !n.Passkey:
		l.Add("code", "set up an authenticator or a passkey on your account page first: a signature takes two components")
	case n.Both:
		if !f.knows() {
			l.Add("password", "is required")
		}
		if !f.has() {
			l.Add(second, "is required")
		}
	case !f.knows() && !f.has():
		l.Add("password", "is required, or your second component")
	}
	return l.Err("show who you are to sign")
}

// SignTx signs a record in the transaction that acts on it, and uses the proof up. It records "self.signed" about the
// record. Forbidden when the signer may not sign (yet), Conflict when the proof was used, Invalid by field.
func (s *Signer) SignTx(ctx context.Context, tx *store.Tx, p Proof, rec Record, act Act) (Signature, error) {
	var l problem.List
	rec.check(&l)
	act.check(&l)
	if err := l.Err("this cannot be signed"); err != nil {
		return Signature{}, err
	}
	a, err := s.admit(ctx, tx, p)
	if err != nil {
		return Signature{}, err
	}
	if act.Meaning != Acknowledgement || rec.Document != AccountabilityDocument {
		if err := accountable(ctx, tx, a.ID); err != nil {
			return Signature{}, err
		}
	}
	sig := Signature{Record: rec, Act: act, Signer: a.ID, Name: a.Name, At: tx.Now, Methods: p.methods(), Address: p.factors.Address, Agent: p.factors.Agent}
	if sig.Assertion = p.reproof.Assertion; sig.Assertion != nil {
		if err := passkey.CheckAssertion(*sig.Assertion, Intent(a.ID, act.Meaning, rec.Displayed)); err != nil {
			return Signature{}, err
		}
	}
	if sig.ID, err = id.New("sig"); err != nil {
		return Signature{}, err
	}
	if sig.Zone, sig.Offset, err = zoneOf(p.factors.Zone, tx.Now); err != nil {
		return Signature{}, err
	}
	if sig.Session, sig.Ordinal, err = s.advance(ctx, tx, p); err != nil {
		return Signature{}, err
	}
	if sig.Previous, err = newestOn(ctx, tx, rec.ID); err != nil {
		return Signature{}, err
	}
	if err := s.seal(ctx, &sig); err != nil {
		return Signature{}, err
	}
	sig.Seq, err = tx.Record(ctx, store.Event{Kind: people.KindSelfSigned, Subject: rec.ID, Site: rec.Site, Product: rec.Product,
		Body: signedBody{Signature: sig.ID, Statement: sig.Digest, Envelope: digest(sig.Envelope), Token: digest(sig.Token), Record: rec.Kind, Document: rec.Document, Revision: rec.Revision, Content: rec.Content,
			Meaning: act.Meaning, Reason: act.Reason, Name: sig.Name, Function: act.Function, Session: sig.Session, Ordinal: sig.Ordinal}})
	if err != nil {
		return Signature{}, err
	}
	return sig, insert(ctx, tx, sig)
}

// admit lets a signer sign now, and uses up what was shown.
func (s *Signer) admit(ctx context.Context, tx *store.Tx, p Proof) (people.Account, error) {
	account := p.reproof.Account.ID
	if account == "" || tx.Actor().ID != account || len(p.methods()) == 0 {
		return people.Account{}, problem.New(problem.Forbidden, "a signature needs the signer's own session")
	}
	newest, err := newestTime(ctx, tx)
	if err != nil {
		return people.Account{}, err
	}
	if newest.Sub(tx.Now) > s.Policy.orDefault().Clock {
		return people.Account{}, problem.New(problem.Unavailable, "the clock of the server stands before the newest signature; nobody signs until it is right")
	}
	alive, err := s.People.Alive(ctx, tx, p.session)
	if err != nil {
		return people.Account{}, err
	}
	if !alive || tx.Now.Before(p.at) || tx.Now.Sub(p.at) > proofLife {
		return people.Account{}, problem.New(problem.Forbidden, "show again who you are to sign")
	}
	identity, err := identityOf(ctx, tx, account)
	if err != nil {
		return people.Account{}, err
	}
	if !identity.Valid() {
		return people.Account{}, problem.New(problem.Forbidden, "%s", identity.Why)
	}
	if err := p.use(ctx, tx); err != nil {
		return people.Account{}, err
	}
	return people.Get(ctx, tx, account)
}

// use takes all that was shown.
func (p Proof) use(ctx context.Context, tx *store.Tx) error {
	if p.factors.StepUp != "" {
		fresh, err := sso.Use(ctx, tx, p.factors.StepUp, p.session)
		if err != nil {
			return err
		}
		if !fresh {
			var l problem.List
			l.Add("step_up", "does not count any more; sign in again with the identity provider")
			return l.Err("you did not prove who you are")
		}
	}
	return p.reproof.Use(ctx, tx)
}

// methods are how the signer proved who they are, sorted.
func (p Proof) methods() []string {
	out := slices.Clone(p.reproof.Methods)
	if p.factors.StepUp != "" {
		out = append(out, "step_up")
	}
	slices.Sort(out)
	return out
}

// advance counts the signing in its continuous period, or begins one. Two signings with one proof, or at one moment in one
// session, are told apart by the period that they began from.
func (s *Signer) advance(ctx context.Context, tx *store.Tx, p Proof) (session string, ordinal int, err error) {
	now, err := periodOf(ctx, tx, p.session)
	if err != nil {
		return "", 0, err
	}
	if now != p.period {
		return "", 0, problem.New(problem.Conflict, "something else was signed at the same moment; show again who you are")
	}
	if s.needsBoth(now, p.factors, tx.Now) {
		if !p.both {
			return "", 0, problem.New(problem.Forbidden, "the time for signing with one component has ended; show both")
		}
		now = period{started: tx.Now}
		if now.id, err = id.New("sgn"); err != nil {
			return "", 0, err
		}
	}
	now.at, now.address, now.agent = tx.Now, p.factors.Address, p.factors.Agent
	now.ordinal++
	return now.id, int(now.ordinal), now.save(ctx, tx, p)
}

// seal fills in statement, envelope and token.
func (s *Signer) seal(ctx context.Context, sig *Signature) error {
	var err error
	if sig.Statement, sig.Digest, err = encode(*sig); err != nil {
		return err
	}
	if sig.Envelope, err = s.Key.Seal(ctx, MediaType, sig.Statement); err != nil {
		return err
	}
	sealed, err := ledger.OpenEnvelope(ctx, sig.Envelope, MediaType, s.Key.Verifier())
	if err != nil {
		return err
	}
	sig.Token, err = s.Stamp.Stamp(sealed.Signature, sig.At)
	return err
}
