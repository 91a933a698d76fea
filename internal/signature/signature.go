package signature

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"triward/internal/people/passkey"
	"triward/internal/problem"
)

// Meaning is what the signer says by signing (21 CFR 11.50(a)(3)).
type Meaning string

// The closed list of meanings.
const (
	Authorship         Meaning = "authorship"
	Review             Meaning = "review"
	Approval           Meaning = "approval"
	Responsibility     Meaning = "responsibility"
	Acknowledgement    Meaning = "acknowledgement" // read and understood
	Verification       Meaning = "verification"
	EffectivenessCheck Meaning = "effectiveness_check"
	Release            Meaning = "release"
	Withdrawal         Meaning = "withdrawal"
)

// Meanings is the closed list.
func Meanings() []Meaning {
	return []Meaning{Authorship, Review, Approval, Responsibility, Acknowledgement, Verification, EffectivenessCheck, Release, Withdrawal}
}

// Record is what is signed. Digests are SHA-256 in hexadecimal.
type Record struct {
	Kind      string // "revision", "change", "run"; [a-z_]
	ID        string
	Document  string // code, "" when it is of no document
	Revision  string // label, "" for none
	Title     string
	Content   string // digest of the record's canonical content; required
	Rendition string // digest of its rendition, "" for none
	Displayed string // digest of the bytes that the signer saw, "" when they are the content
	Site      string // scope of the event, "" for none
	Product   string
}

// Act is what the signer does with it.
type Act struct {
	Meaning    Meaning
	Reason     string // why; may be empty where the meaning says it all
	Function   string // the function signed for, "" for none
	DelegateOf string // the account that delegated it, "" for none
}

// Signature is a signed record.
type Signature struct {
	ID        string // sig_…
	Record    Record
	Act       Act
	Signer    string // account
	Name      string // as it was printed when they signed
	At        time.Time
	Zone      string             // the signer's, "Europe/Berlin" or "+01:00"
	Offset    string             // of the zone at that instant, "+01:00"
	Methods   []string           // "password", "totp", "passkey", "step_up"
	Assertion *passkey.Assertion // of the signer's own passkey over [Intent]; nil when none was asked
	Session   string             // sgn_…: the continuous period of signings
	Ordinal   int                // within it, from 1
	Address   string
	Agent     string
	Statement []byte // canonical JSON
	Envelope  []byte // DSSE, JSON
	Token     []byte // RFC 3161, DER, over the envelope's signature
	Digest    string // of the statement
	Previous  string // of the statement that was signed on this record before, "" for the first
	Seq       int64  // entry of the journal
}

// Policy is how strict signing is. Zero fields are the defaults.
type Policy struct {
	Idle    time.Duration // a continuous period ends after so long without a signature; 15 minutes, which is the longest allowed
	Longest time.Duration // and after so long in any case; 8 hours
	Always  bool          // both components each time
	Clock   time.Duration // how far the clock may stand before the newest signature; 2 seconds
}

const longestIdle = 15 * time.Minute

func (p Policy) orDefault() Policy {
	if p.Idle <= 0 || p.Idle > longestIdle {
		p.Idle = longestIdle
	}
	if p.Longest <= 0 {
		p.Longest = 8 * time.Hour
	}
	if p.Clock <= 0 {
		p.Clock = 2 * time.Second
	}
	return p
}

func (r Record) check(l *problem.List) {
	switch {
	case r.Kind == "" || len(r.Kind) > 40 || strings.Trim(r.Kind, "abcdefghijklmnopqrstuvwxyz_") != "":
		l.Add("kind", "must be letters a to z and _")
	case r.ID == "":
		l.Add("id", "is required")
	}
	for _, f := range []struct{ path, text string }{{"id", r.ID}, {"document", r.Document}, {"revision", r.Revision}, {"title", r.Title}, {"site", r.Site}, {"product", r.Product}} {
		checkText(l, f.path, f.text, 500)
	}
	if r.Content == "" {
		l.Add("content", "is required: nothing is signed that could be exchanged afterwards")
	}
	for _, f := range []struct{ path, text string }{{"content", r.Content}, {"rendition", r.Rendition}, {"displayed", r.Displayed}} {
		if f.text != "" && (len(f.text) != 64 || strings.Trim(f.text, "0123456789abcdef") != "") {
			l.Add(f.path, "must be a SHA-256 digest in hexadecimal")
		}
	}
}

func (a Act) check(l *problem.List) {
	if !slices.Contains(Meanings(), a.Meaning) {
		l.Add("meaning", "must be one of %v", Meanings())
	}
	checkText(l, "function", a.Function, 100)
	checkText(l, "delegate_of", a.DelegateOf, 100)
	if !utf8.ValidString(a.Reason) || strings.ContainsRune(a.Reason, 0) || utf8.RuneCountInString(a.Reason) > 2000 {
		l.Add("reason", "must be text of at most 2,000 characters")
	}
}

func checkText(l *problem.List, path, text string, most int) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > most {
		l.Add(path, "must be text on one line of at most %d characters", most)
	}
}
