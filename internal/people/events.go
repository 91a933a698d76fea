package people

import "time"

// Bodies of events. None has a place for a secret.

type accountFields struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

func accountBody(a Account) accountFields {
	return accountFields{Login: a.Login, Name: a.Name, Email: a.Email}
}

type accountChanged struct {
	From accountFields `json:"from"`
	To   accountFields `json:"to"`
}

type reasonBody struct {
	Login  string `json:"login"`
	Reason string `json:"reason,omitempty"`
}

type loginBody struct {
	Login string `json:"login"`
}

type linkBody struct {
	Login   string    `json:"login,omitempty"`
	Expires time.Time `json:"expires"`
}

type passwordBody struct {
	Login         string `json:"login"`
	How           string `json:"how"` // "changed", "link" or "set"
	SessionsEnded int64  `json:"sessions_ended"`
}

type totpBody struct {
	Login  string `json:"login"`
	Change string `json:"change"` // "enrolling", "confirmed" or "removed"
}

type recoveryBody struct {
	Login string `json:"login"`
	Codes int    `json:"codes"`
}

type signedInBody struct {
	Session string `json:"session"`
	Address string `json:"address,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Factor  string `json:"factor"` // "password", "totp", "recovery_code" or "passkey"
}

// The login is absent on purpose: people type their password into the wrong field.
type signInFailedBody struct {
	Reason  Failure `json:"reason"`
	Address string  `json:"address,omitempty"`
	Agent   string  `json:"agent,omitempty"`
}

type lockedBody struct {
	What     string    `json:"what"` // "login" or "address"
	Address  string    `json:"address,omitempty"`
	Failures int64     `json:"failures"`
	Until    time.Time `json:"until"`
}

type sessionBody struct {
	Account string `json:"account"`
	Session string `json:"session,omitempty"` // one; absent when all
	Ended   int64  `json:"ended"`
}

type tokenBody struct {
	Account string      `json:"account"`
	Name    string      `json:"name"`
	Scope   []scopeBody `json:"scope,omitempty"`
	Expires time.Time   `json:"expires"`
}

type scopeBody struct {
	Kinds     []string `json:"kinds"`
	All       bool     `json:"all,omitempty"`
	Sites     []string `json:"sites,omitempty"`
	Products  []string `json:"products,omitempty"`
	Inquiries []string `json:"inquiries,omitempty"`
}

type roleFields struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds"`
	Scoped      bool     `json:"scoped,omitempty"`
}

type roleChanged struct {
	From *roleFields `json:"from,omitempty"` // absent for a new role
	To   *roleFields `json:"to,omitempty"`   // absent for a deleted role
}

type grantBody struct {
	Grant     string     `json:"grant"`
	Role      string     `json:"role"`
	RoleName  string     `json:"role_name"`
	All       bool       `json:"all,omitempty"`
	Sites     []string   `json:"sites,omitempty"`
	Products  []string   `json:"products,omitempty"`
	Inquiries []string   `json:"inquiries,omitempty"`
	Expires   *time.Time `json:"expires,omitempty"`
	Reason    string     `json:"reason,omitempty"`
}
