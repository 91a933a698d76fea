package view

import (
	"context"
	"slices"
	"strconv"
	"time"

	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
)

// Training is that somebody must know a revision.
type Training struct {
	ID       string    `cel:"id" json:"id"`
	Account  string    `cel:"account" json:"account" class:"person"`
	Code     string    `cel:"code" json:"code"`
	Label    string    `cel:"label" json:"label"`
	Kind     string    `cel:"kind" json:"kind"`
	Product  string    `cel:"product" json:"product"`
	Assigned time.Time `cel:"assigned" json:"assigned"`
	Due      time.Time `cel:"due" json:"due"`
	Done     time.Time `cel:"done" json:"done"`
	State    string    `cel:"state" json:"state"` // open, done, or how it ended otherwise
	Overdue  bool      `cel:"overdue" json:"overdue"`
	Late     bool      `cel:"late" json:"late"` // done after it was due
	Valid    bool      `cel:"valid" json:"valid"`
	Signed   bool      `cel:"signed" json:"signed"`
	Attempts int       `cel:"attempts" json:"attempts"`
}

// Key is the id and when it was assigned.
func (v Training) Key() (string, time.Time) { return v.ID, v.Assigned }

// Signature is an electronic signature.
type Signature struct {
	ID        string    `cel:"id" json:"id"`
	Record    string    `cel:"record" json:"record"`
	Kind      string    `cel:"kind" json:"kind"`
	Code      string    `cel:"code" json:"code"`
	Label     string    `cel:"label" json:"label"`
	Meaning   string    `cel:"meaning" json:"meaning"`
	Signer    string    `cel:"signer" json:"signer" class:"person"`
	Function  string    `cel:"function" json:"function"`
	Delegated bool      `cel:"delegated" json:"delegated"`
	At        time.Time `cel:"at" json:"at"`
	Methods   []string  `cel:"methods" json:"methods"`
	First     bool      `cel:"first" json:"first"` // of a continuous period of signings
	Stamped   bool      `cel:"stamped" json:"stamped"`
	Displayed bool      `cel:"displayed" json:"displayed"` // the statement holds the digest of what was shown
	Verified  bool      `cel:"verified" json:"verified"`   // the signer's identity had been verified
}

// Key is the id and when it was made.
func (v Signature) Key() (string, time.Time) { return v.ID, v.At }

// Holder is a person who holds a function.
type Holder struct {
	ID        string    `cel:"id" json:"id"`
	Function  string    `cel:"function" json:"function"`
	Account   string    `cel:"account" json:"account" class:"person"`
	Delegated bool      `cel:"delegated" json:"delegated"`
	Since     time.Time `cel:"since" json:"since"`
	Until     time.Time `cel:"until" json:"until"`
}

// Key is the id; holding is a state.
func (v Holder) Key() (string, time.Time) { return v.ID, time.Time{} }

// Account is a person's account.
type Account struct {
	ID           string    `cel:"id" json:"id"`
	Name         string    `cel:"name" json:"name" class:"person"`
	Created      time.Time `cel:"created" json:"created"`
	Active       bool      `cel:"active" json:"active"`
	SecondFactor bool      `cel:"second_factor" json:"second_factor"`
	Roles        []string  `cel:"roles" json:"roles"` // names of roles held now
	Privileged   bool      `cel:"privileged" json:"privileged"`
	SignedIn     time.Time `cel:"signed_in" json:"signed_in"`
	Password     time.Time `cel:"password_changed" json:"password_changed"`
}

// Key is the id; an account is a state.
func (v Account) Key() (string, time.Time) { return v.ID, time.Time{} }

// SignIn is an attempt to sign in.
type SignIn struct {
	ID      string    `cel:"id" json:"id"` // number of the entry
	Account string    `cel:"account" json:"account" class:"person"`
	At      time.Time `cel:"at" json:"at"`
	Outcome string    `cel:"outcome" json:"outcome"` // signed_in, failed, locked
	Factor  string    `cel:"factor" json:"factor"`
}

// Key is the entry and when it happened.
func (v SignIn) Key() (string, time.Time) { return v.ID, v.At }

// Right is a change of what somebody may do.
type Right struct {
	ID      string    `cel:"id" json:"id"` // number of the entry
	Account string    `cel:"account" json:"account" class:"person"`
	By      string    `cel:"by" json:"by" class:"person"`
	At      time.Time `cel:"at" json:"at"`
	Role    string    `cel:"role" json:"role"`
	Given   bool      `cel:"given" json:"given"`
	Ends    bool      `cel:"ends" json:"ends"`
}

// Key is the entry and when it happened.
func (v Right) Key() (string, time.Time) { return v.ID, v.At }

// TrailReview is a review of the audit trail.
type TrailReview struct {
	ID      string    `cel:"id" json:"id"`
	Planned time.Time `cel:"planned" json:"planned"`
	Due     time.Time `cel:"due" json:"due"`
	At      time.Time `cel:"at" json:"at"`
	Done    bool      `cel:"done" json:"done"`
	Overdue bool      `cel:"overdue" json:"overdue"`
	Signed  bool      `cel:"signed" json:"signed"`
	Entries int       `cel:"entries" json:"entries"`
}

// Key is the id and when it was planned.
func (v TrailReview) Key() (string, time.Time) { return v.ID, v.Planned }

// Inquiry is a request of an authority, customer or auditor.
type Inquiry struct {
	ID      string    `cel:"id" json:"id"`
	Title   string    `cel:"title" json:"title"`
	Opened  time.Time `cel:"opened" json:"opened"`
	Due     time.Time `cel:"due" json:"due"`
	Closed  time.Time `cel:"closed" json:"closed"`
	Open    bool      `cel:"open" json:"open"`
	Late    bool      `cel:"late" json:"late"`
	Lines   int       `cel:"lines" json:"lines"`
	Unbound int       `cel:"unbound" json:"unbound"` // lines that nothing answers
	Bundles int       `cel:"bundles" json:"bundles"`
}

// Key is the id and when it was opened.
func (v Inquiry) Key() (string, time.Time) { return v.ID, v.Opened }

func peopleViews() []View {
	return []View{
		{"training", "that somebody must know a revision", "when it was assigned", Stamped, "training, training_attempt", Training{}, from(trainings)},
		{"signatures", "an electronic signature", "when it was made", Stamped, "signature, signature_identity", Signature{}, from(signatures)},
		{"holders", "a person who holds a function", "", Stamped, "function_holder", Holder{}, from(holders)},
		{"accounts", "an account", "", Journal, "people.account_…, people.granted, people.grant_revoked, people.signed_in, self.totp_changed", Account{}, from(accounts)},
		{"sign_ins", "an attempt to sign in", "when it happened", Journal, "people.signed_in, people.sign_in_failed, people.sign_in_locked", SignIn{}, from(signIns)},
		{"rights", "a role given or taken", "when it happened", Journal, "people.granted, people.grant_revoked", Right{}, from(rights)},
		{"trail_reviews", "a review of the audit trail", "when it was planned", Stamped, "trail_review", TrailReview{}, from(trailReviews)},
		{"inquiries", "a request of an authority, customer or auditor", "when it was opened", Stamped, "inquiry, inquiry_binding, inquiry_bundle", Inquiry{}, from(inquiries)},
	}
}

func trainings(ctx context.Context, r store.Reader, a AsOf) ([]Training, error) {
	return store.All(ctx, r, func(s store.Scanner) (Training, error) {
		var v Training
		var assigned, due, settled, valid int64
		err := s.Scan(&v.ID, &v.Account, &v.Code, &v.Label, &v.Kind, &v.Product, &assigned, &due, &settled, &v.State, &valid, &v.Signed, &v.Attempts)
		v.Assigned, v.Due = store.Time(assigned), store.Time(due)
		end := a.past(settled)
		if end.IsZero() {
			v.State, v.Signed = "open", false
		}
		if v.State == "done" {
			v.Done, v.Late = end, end.After(v.Due)
			v.Valid = valid == 0 || store.Time(valid).After(a.Now)
		}
		v.Overdue = v.State == "open" && v.Due.Before(a.Now)
		return v, err
	}, `SELECT t.id, t.account, t.code, t.label, t.kind, t.product, t.assigned, t.due, t.settled, t.state, t.valid_until, t.signature <> '',
			(SELECT count(*) FROM training_attempt x WHERE x.training = t.id AND x.at <= $1)
		FROM training t WHERE t.assigned <= $1 ORDER BY t.id`, store.Micros(a.Now))
}

func signatures(ctx context.Context, r store.Reader, a AsOf) ([]Signature, error) {
	verified := map[string]int64{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var account string
		var seq int64
		err := s.Scan(&account, &seq)
		verified[account] = seq
		return struct{}{}, err
	}, `SELECT account, min(seq) FROM signature_identity WHERE seq <= $1 GROUP BY account`, a.Head)
	if err != nil {
		return nil, err
	}
	kept, err := signature.Until(ctx, r, a.Head)
	out := make([]Signature, len(kept))
	for i, s := range kept {
		first, ok := verified[s.Signer]
		out[i] = Signature{ID: s.ID, Record: s.Record.ID, Kind: s.Record.Kind, Code: s.Record.Document, Label: s.Record.Revision, Meaning: string(s.Act.Meaning),
			Signer: s.Signer, Function: s.Act.Function, Delegated: s.Act.DelegateOf != "", At: s.At, Methods: s.Methods, First: s.Ordinal == 1,
			Stamped: len(s.Token) > 0, Displayed: s.Record.Displayed != "" || s.Record.Rendition != "", Verified: ok && first < s.Seq}
	}
	return out, err
}

func holders(ctx context.Context, r store.Reader, a AsOf) ([]Holder, error) {
	return store.All(ctx, r, func(s store.Scanner) (Holder, error) {
		var v Holder
		var since, until int64
		err := s.Scan(&v.ID, &v.Function, &v.Account, &v.Delegated, &since, &until)
		v.Since, v.Until = store.Time(since), store.Time(until)
		return v, err
	}, `SELECT id, function, account, delegate_of <> '', since, until FROM function_holder
		WHERE since <= $1 AND (until = 0 OR until > $1) AND (ended = 0 OR ended > $1) ORDER BY id`, store.Micros(a.Now))
}

// grantBody is what events about grants say.
type grantBody struct {
	Grant    string     `json:"grant"`
	Role     string     `json:"role"`
	RoleName string     `json:"role_name"`
	Expires  *time.Time `json:"expires"`
}

// accountFold is an account with its grants.
type accountFold struct {
	Account
	grants map[string]grantBody
}

func accounts(ctx context.Context, r store.Reader, a AsOf) ([]Account, error) {
	f := fold[accountFold]{}
	kinds := []string{people.KindAccountCreated, people.KindAccountChanged, people.KindAccountDisabled, people.KindAccountEnabled, people.KindGranted, people.KindGrantRevoked,
		people.KindSignedIn, people.KindTOTPChanged, people.KindSelfTOTPChanged, people.KindPasswordChanged, people.KindSelfPasswordChanged}
	err := entries(ctx, r, a, kinds, func(e store.Entry) error { return f.of(e.Subject).take(e) })
	out := make([]Account, 0, len(f))
	for _, v := range f.rows() {
		if v.ID == "" {
			continue // an account of before the journal knew it
		}
		for _, g := range v.grants {
			if g.Expires == nil || g.Expires.After(a.Now) {
				v.Roles = append(v.Roles, g.RoleName)
				v.Privileged = v.Privileged || g.Role == people.RoleAdministrator
			}
		}
		slices.Sort(v.Roles)
		out = append(out, v.Account)
	}
	return out, err
}

func (v *accountFold) take(e store.Entry) error {
	switch e.Kind {
	case people.KindAccountCreated:
		v.ID, v.Created, v.Active, v.grants = e.Subject, e.At, true, map[string]grantBody{}
		return body(e, &struct {
			Name *string `json:"name"`
		}{&v.Name})
	case people.KindAccountChanged:
		var b struct {
			To struct {
				Name string `json:"name"`
			} `json:"to"`
		}
		err := body(e, &b)
		v.Name = b.To.Name
		return err
	case people.KindAccountDisabled:
		v.Active = false
	case people.KindAccountEnabled:
		v.Active = true
	case people.KindSignedIn:
		v.SignedIn = e.At
	case people.KindPasswordChanged, people.KindSelfPasswordChanged:
		v.Password = e.At
	case people.KindTOTPChanged, people.KindSelfTOTPChanged:
		var b struct {
			Change string `json:"change"`
		}
		err := body(e, &b)
		v.SecondFactor = b.Change == "confirmed" || v.SecondFactor && b.Change == "enrolling"
		return err
	case people.KindGranted, people.KindGrantRevoked:
		var b grantBody
		if err := body(e, &b); err != nil || v.grants == nil {
			return err
		}
		delete(v.grants, b.Grant)
		if e.Kind == people.KindGranted {
			v.grants[b.Grant] = b
		}
	}
	return nil
}

func signIns(ctx context.Context, r store.Reader, a AsOf) ([]SignIn, error) {
	outcomes := map[string]string{people.KindSignedIn: "signed_in", people.KindSignInFailed: "failed", people.KindSignInLocked: "locked"}
	var out []SignIn
	err := entries(ctx, r, a, []string{people.KindSignedIn, people.KindSignInFailed, people.KindSignInLocked}, func(e store.Entry) error {
		v := SignIn{ID: strconv.FormatInt(e.Seq, 10), Account: e.Subject, At: e.At, Outcome: outcomes[e.Kind]}
		err := body(e, &struct {
			Factor *string `json:"factor"`
		}{&v.Factor})
		out = append(out, v)
		return err
	})
	return out, err
}

func rights(ctx context.Context, r store.Reader, a AsOf) ([]Right, error) {
	var out []Right
	err := entries(ctx, r, a, []string{people.KindGranted, people.KindGrantRevoked}, func(e store.Entry) error {
		var b grantBody
		err := body(e, &b)
		out = append(out, Right{ID: strconv.FormatInt(e.Seq, 10), Account: e.Subject, By: e.Actor, At: e.At, Role: b.RoleName,
			Given: e.Kind == people.KindGranted, Ends: b.Expires != nil})
		return err
	})
	return out, err
}

func trailReviews(ctx context.Context, r store.Reader, a AsOf) ([]TrailReview, error) {
	return store.All(ctx, r, func(s store.Scanner) (TrailReview, error) {
		var v TrailReview
		var planned, due, at int64
		err := s.Scan(&v.ID, &planned, &due, &at, &v.Signed, &v.Entries)
		v.Planned, v.Due, v.At = store.Time(planned), store.Time(due), a.past(at)
		v.Done = !v.At.IsZero()
		v.Signed = v.Signed && v.Done
		v.Overdue = !v.Done && v.Due.Before(a.Now)
		return v, err
	}, `SELECT id, planned, due, at, signature <> '', last - first + 1 FROM trail_review WHERE planned <= $1 ORDER BY id`, store.Micros(a.Now))
}

func inquiries(ctx context.Context, r store.Reader, a AsOf) ([]Inquiry, error) {
	return store.All(ctx, r, func(s store.Scanner) (Inquiry, error) {
		var v Inquiry
		var opened, due, closed int64
		err := s.Scan(&v.ID, &v.Title, &opened, &due, &closed, &v.Lines, &v.Unbound, &v.Bundles)
		v.Opened, v.Due, v.Closed = store.Time(opened), store.Time(due), a.past(closed)
		v.Open = v.Closed.IsZero()
		end := v.Closed
		if v.Open {
			end = a.Now
		}
		v.Late = due > 0 && end.After(v.Due)
		return v, err
	}, `SELECT i.id, i.title, i.at, i.due, i.closed, (SELECT count(*) FROM inquiry_line l WHERE l.inquiry = i.id),
			(SELECT count(*) FROM inquiry_line l WHERE l.inquiry = i.id AND NOT EXISTS (SELECT 1 FROM inquiry_binding b WHERE b.inquiry = l.inquiry AND b.line = l.number AND b.at <= $1)),
			(SELECT count(*) FROM inquiry_bundle b WHERE b.inquiry = i.id AND b.at <= $1)
		FROM inquiry i WHERE i.at <= $1 ORDER BY i.id`, store.Micros(a.Now))
}
