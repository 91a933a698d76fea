package people

import (
	"slices"

	"triward/internal/people/kind"
	"triward/internal/people/passkey"
)

// Kinds of the events of this package about other people's accounts and the set of roles.
const (
	KindRead            = "people.read"       // accounts, grants, sessions and tokens of everybody
	KindReadNames       = "people.names.read" // names of active accounts, to choose an owner
	KindSetupStarted    = "people.setup_started"
	KindSetupCompleted  = "people.setup_completed"
	KindAccountCreated  = "people.account_created"
	KindAccountChanged  = "people.account_changed"
	KindAccountDisabled = "people.account_disabled"
	KindAccountEnabled  = "people.account_enabled"
	KindLinkMade        = "people.link_made"
	KindPasswordChanged = "people.password_changed"
	KindTOTPChanged     = "people.totp_changed"
	KindRoleChanged     = "people.role_changed"
	KindGranted         = "people.granted"
	KindGrantRevoked    = "people.grant_revoked"
	KindSessionRevoked  = "people.session_revoked"
	KindTokenCreated    = "people.token_created"
	KindTokenRevoked    = "people.token_revoked"
	KindVerified        = "people.identity_verified"
	KindReviewed        = "people.credentials_reviewed"
	KindCertified       = "people.certification_filed"
	KindSignedIn        = "people.signed_in"
	KindSignInFailed    = "people.sign_in_failed"
	KindSignInLocked    = "people.sign_in_locked" // an alert
)

// Kinds of the events about the actor's own account. Every account may record them.
const (
	KindSelf                = "self.*"
	KindSelfSignedOut       = "self.signed_out"
	KindSelfPasswordChanged = "self.password_changed"
	KindSelfTOTPChanged     = "self.totp_changed"
	KindSelfRecoveryMade    = "self.recovery_codes_made"
	KindSelfSessionRevoked  = "self.session_revoked"
	KindSelfTokenCreated    = "self.token_created"
	KindSelfTokenRevoked    = "self.token_revoked"
	KindSelfSigned          = "self.signed" // an electronic signature; its subject is the record
	KindSelfViewSaved       = "self.view_saved"
	KindSelfViewRemoved     = "self.view_removed"
	KindSelfNoticesRead     = "self.notices_read" // a permission only: what was read is no record
)

// Kind is one word of the permission vocabulary.
type Kind = kind.Kind

// Vocabulary is every kind that a role may hold, by area. The kinds "self.*" are not in it: nobody can be without them.
func Vocabulary() []Kind {
	return slices.Concat([]Kind{
		{Name: "journal.read", Text: "read the journal of everything that happened"},
		{Name: "journal.body_erased", Text: "erase the body of a journal entry where the law demands it"},
	}, peopleKinds(), kind.Areas())
}

// peopleKinds are those about other people's accounts, and what they sign with.
func peopleKinds() []Kind {
	return []Kind{
		{Name: KindRead, Text: "see accounts, grants, sessions and tokens"},
		{Name: KindReadNames, Text: "see the names of people, to choose an owner"},
		{Name: KindAccountCreated, Text: "create accounts"},
		{Name: KindAccountChanged, Text: "change the name, login and e-mail of accounts"},
		{Name: KindAccountDisabled, Text: "disable accounts"},
		{Name: KindAccountEnabled, Text: "enable accounts again"},
		{Name: KindLinkMade, Text: "make one-time links for setting a password"},
		{Name: KindPasswordChanged, Text: "set the password of another account"},
		{Name: KindTOTPChanged, Text: "remove the authenticator of another account"},
		{Name: passkey.KindRevokedOthers, Text: "revoke passkeys of another account"},
		{Name: KindCertified, Text: "record that the certification of electronic signatures was sent to the FDA"},
		{Name: KindReviewed, Text: "review what people sign with"},
		{Name: KindVerified, Text: "verify who people are, before they may sign"},
		{Name: KindRoleChanged, Text: "create, change and delete roles"},
		{Name: KindGranted, Text: "give roles they hold to others"},
		{Name: KindGrantRevoked, Text: "take roles from others"},
		{Name: KindSessionRevoked, Text: "end sessions of others"},
		{Name: KindTokenCreated, Text: "make API tokens for others"},
		{Name: KindTokenRevoked, Text: "revoke API tokens of others"},
	}
}

// known reports whether a role may hold a kind: one of the vocabulary, "area.*" of one of its areas, or "*".
func known(name string) bool {
	if name == "*" {
		return true
	}
	return slices.ContainsFunc(Vocabulary(), func(k Kind) bool { return k.Name == name || k.Area()+".*" == name })
}

func reads() []string {
	var out []string
	for _, k := range Vocabulary() {
		if k.Reads() {
			out = append(out, k.Name)
		}
	}
	return out
}
