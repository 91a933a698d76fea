package apiv1

import "time"

// AccountQuery chooses accounts.
type AccountQuery struct {
	State string `query:"state" enum:"active,disabled"`
	Text  string `query:"q" maxLength:"200" doc:"In login, name or e-mail"`
	Role  string `query:"role" maxLength:"64"`
	Sort  string `query:"sort" enum:"login,-login,name,-name,created,-created,signed_in,-signed_in" doc:"Absent: by login"`
	Cursor
}

// AccountInput is what can be said of an account.
type AccountInput struct {
	Login string `json:"login" maxLength:"64"`
	Name  string `json:"name" maxLength:"400"`
	Email string `json:"email,omitempty" maxLength:"254"`
}

// Account is a person or a machine that can be given roles.
type Account struct {
	ID string `json:"id"`
	AccountInput
	State        string    `json:"state" enum:"active,disabled"`
	HasPassword  bool      `json:"has_password"`
	SecondFactor bool      `json:"second_factor"`
	Created      time.Time `json:"created"`
	SignedIn     time.Time `json:"signed_in,omitzero"`
}

// VerificationInput says how somebody's identity was verified (21 CFR 11.100(b)).
type VerificationInput struct {
	How      string `json:"how" enum:"in_person,remote,employment"`
	Evidence string `json:"evidence" maxLength:"200" doc:"The kind of document that was seen; no numbers of documents"`
}

// NameQuery looks for people by name.
type NameQuery struct {
	Text  string `query:"q" maxLength:"200"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"20"`
}

// PersonName is an account as others see it.
type PersonName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Link is a one-time link with which the holder of an account chooses a password.
type Link struct {
	Secret string `json:"secret" doc:"Shown once; the web page for it is /password?link= and the secret"`
}

// RoleInput is what can be said of a role.
type RoleInput struct {
	Name        string   `json:"name" maxLength:"400"`
	Description string   `json:"description,omitempty" maxLength:"2000"`
	Kinds       []string `json:"kinds" maxItems:"500" nullable:"false" doc:"Event kinds of the vocabulary, area.* or *"`
	Scoped      bool     `json:"scoped,omitempty" doc:"May be granted for named sites and products only"`
}

// Role is a named set of event kinds.
type Role struct {
	ID string `json:"id"`
	RoleInput
	Seeded bool `json:"seeded" doc:"Comes with Triward; copy it to change it"`
}

// Kind is one word of the permission vocabulary.
type Kind struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// GrantInput gives a role within a scope.
type GrantInput struct {
	Role      string    `json:"role" maxLength:"64"`
	All       bool      `json:"all,omitempty" doc:"Everywhere; otherwise in the sites and for the products named"`
	Sites     []string  `json:"sites,omitempty" maxItems:"1000"`
	Products  []string  `json:"products,omitempty" maxItems:"1000" doc:"Model ids"`
	Inquiries []string  `json:"inquiries,omitempty" maxItems:"1000" doc:"Inquiries that somebody from outside may look at"`
	Expires   time.Time `json:"expires,omitzero"`
}

// Grant is a role that an account was given.
type Grant struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	GrantInput
	RoleName string    `json:"role_name"`
	Created  time.Time `json:"created"`
	By       string    `json:"by"`
}

// Me is who acts.
type Me struct {
	ID     string      `json:"id"`
	Name   string      `json:"name"`
	Grants []Permitted `json:"grants" nullable:"false"`
}

// Permitted is what an actor may do where.
type Permitted struct {
	Kinds     []string `json:"kinds" nullable:"false"`
	All       bool     `json:"all,omitempty"`
	Sites     []string `json:"sites,omitempty"`
	Products  []string `json:"products,omitempty"`
	Inquiries []string `json:"inquiries,omitempty"`
}

// TokenInput is an API token to make.
type TokenInput struct {
	Name    string      `json:"name" maxLength:"400"`
	Scope   []Permitted `json:"scope" minItems:"1" maxItems:"100" nullable:"false" doc:"What it may do at most; less when its owner may do less"`
	Expires time.Time   `json:"expires" doc:"At most a year ahead"`
	Account string      `json:"account,omitempty" maxLength:"64" doc:"Whose it is; absent: one's own"`
}

// Token is an API token without its secret.
type Token struct {
	ID string `json:"id"`
	TokenInput
	Created time.Time `json:"created"`
	Used    time.Time `json:"used,omitzero" doc:"To the minute"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// TokenQuery chooses tokens: one's own, or anybody's with people.read.
type TokenQuery struct {
	Account string `query:"account" maxLength:"64" doc:"Absent: all with people.read, else one's own"`
	Cursor
}

// Session is a person signed in on the web pages.
type Session struct {
	ID           string    `json:"id"`
	Account      string    `json:"account"`
	Login        string    `json:"login"`
	Created      time.Time `json:"created"`
	Seen         time.Time `json:"seen" doc:"To the minute"`
	Expires      time.Time `json:"expires"`
	Address      string    `json:"address,omitempty"`
	Agent        string    `json:"agent,omitempty"`
	SecondFactor bool      `json:"second_factor"`
}

// NewToken is a token that was just made.
type NewToken struct {
	Token
	Secret string `json:"secret" doc:"Shown once"`
}
