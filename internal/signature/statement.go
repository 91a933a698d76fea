package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"

	"triward/internal/people/passkey"
	"triward/internal/problem"
)

// MediaType is the payload type of an envelope that holds a statement.
const MediaType = "application/vnd.triward.signature+json"

const (
	statementType    = "triward-signature"
	statementVersion = 1
	maxStatement     = 64 << 10
)

// The statement is what is sealed: every member that 21 CFR 11.50 and 11.70 ask to be linked. Absent members are empty.
type statement struct {
	Type     string          `json:"type"`
	Version  int             `json:"version"`
	ID       string          `json:"id"`
	Previous string          `json:"previous,omitempty"`
	Record   statedRecord    `json:"record"`
	Act      statedAct       `json:"act"`
	Signer   statedSigner    `json:"signer"`
	Time     statedTime      `json:"time"`
	Proof    statedAuthority `json:"authentication"`
}

type statedRecord struct {
	Kind      string `json:"kind"`
	ID        string `json:"id"`
	Document  string `json:"document,omitempty"`
	Revision  string `json:"revision,omitempty"`
	Title     string `json:"title,omitempty"`
	Content   string `json:"content_sha256"`
	Rendition string `json:"rendition_sha256,omitempty"`
	Displayed string `json:"displayed_sha256,omitempty"`
	Site      string `json:"site,omitempty"`
	Product   string `json:"product,omitempty"`
}

type statedAct struct {
	Meaning Meaning `json:"meaning"`
	Reason  string  `json:"reason,omitempty"`
}

type statedSigner struct {
	ID         string `json:"id"`
	Name       string `json:"printed_name"`
	Function   string `json:"function,omitempty"`
	DelegateOf string `json:"delegate_of,omitempty"`
}

// Annex 11 (draft of 2025) asks for the zone beside UTC.
type statedTime struct {
	UTC    string `json:"utc"` // RFC 3339 with microseconds
	Zone   string `json:"zone"`
	Offset string `json:"offset"`
}

type statedAuthority struct {
	Methods []string `json:"methods"`
	Session string   `json:"signing_session"`
	Ordinal int      `json:"ordinal"`
	Address string   `json:"client_address,omitempty"`
	Agent   string   `json:"client_agent,omitempty"`

	Passkey *passkey.Assertion `json:"passkey,omitempty"` // the signer's own key over the digest of [Intent]
}

// Intent is the digest of what a signer's own passkey signs: who signs what that was displayed, and what it means. A server
// that holds every other key cannot make that signature (21 CFR 11.200(a)(3)).
func Intent(signer string, m Meaning, displayed string) []byte {
	sum := sha256.Sum256([]byte("triward intent v1\n" + signer + "\n" + string(m) + "\n" + displayed + "\n"))
	return sum[:]
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

// encode is the canonical form of what a signature states, and its digest.
func encode(s Signature) ([]byte, string, error) {
	plain, err := json.Marshal(statement{Type: statementType, Version: statementVersion, ID: s.ID, Previous: s.Previous,
		Record: statedRecord(s.Record), Act: statedAct{s.Act.Meaning, s.Act.Reason},
		Signer: statedSigner{s.Signer, s.Name, s.Act.Function, s.Act.DelegateOf},
		Time:   statedTime{s.At.UTC().Format(timeLayout), s.Zone, s.Offset},
		Proof:  statedAuthority{s.Methods, s.Session, s.Ordinal, s.Address, s.Agent, s.Assertion}})
	if err != nil {
		return nil, "", fmt.Errorf("encode statement: %w", err)
	}
	canonical, err := jcs.Transform(plain)
	if err != nil {
		return nil, "", fmt.Errorf("encode statement: %w", err)
	}
	return canonical, digest(canonical), nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// decode reads a statement: what the signature holds but envelope, token and entry. A text that is not the canonical form
// of what it says is Invalid.
func decode(text []byte) (Signature, error) {
	if len(text) > maxStatement {
		return Signature{}, problem.New(problem.Invalid, "the statement is larger than %d KiB", maxStatement>>10)
	}
	var st statement
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&st); err != nil || st.Type != statementType {
		return Signature{}, problem.New(problem.Invalid, "this is not the statement of a signature")
	}
	if st.Version != statementVersion {
		return Signature{}, problem.New(problem.Invalid, "the statement is of version %d; this program reads %d", st.Version, statementVersion)
	}
	at, err := time.Parse(timeLayout, st.Time.UTC)
	if err != nil {
		return Signature{}, problem.New(problem.Invalid, "the statement has no readable time")
	}
	s := Signature{ID: st.ID, Record: Record(st.Record), Act: Act{st.Act.Meaning, st.Act.Reason, st.Signer.Function, st.Signer.DelegateOf},
		Signer: st.Signer.ID, Name: st.Signer.Name, At: at, Zone: st.Time.Zone, Offset: st.Time.Offset,
		Methods: st.Proof.Methods, Assertion: st.Proof.Passkey, Session: st.Proof.Session, Ordinal: st.Proof.Ordinal, Address: st.Proof.Address, Agent: st.Proof.Agent,
		Previous: st.Previous}
	if s.Assertion != nil {
		if err := passkey.CheckAssertion(*s.Assertion, Intent(s.Signer, s.Act.Meaning, s.Record.Displayed)); err != nil {
			return Signature{}, err
		}
	}
	again, sum, err := encode(s)
	if err != nil {
		return Signature{}, err
	}
	if !bytes.Equal(again, text) {
		return Signature{}, problem.New(problem.Invalid, "the statement is not in its canonical form")
	}
	s.Statement, s.Digest = text, sum
	return s, nil
}

// zoneOf reads a time zone by name or as an offset ("+01:00") and gives its offset at an instant; "" is UTC.
func zoneOf(zone string, at time.Time) (name, offset string, err error) {
	if zone == "" {
		zone = "UTC"
	}
	if t, err := time.Parse("-07:00", zone); err == nil {
		return zone, t.Format("-07:00"), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return "", "", problem.New(problem.Invalid, "%q is no time zone", zone)
	}
	return zone, at.In(loc).Format("-07:00"), nil
}
