package apiv1

import "time"

// SignatureQuery chooses signatures.
type SignatureQuery struct {
	Record string `query:"record" maxLength:"200" required:"true" doc:"Id of the record, such as a revision"`
}

// Signature is who signed a record, what they meant by it, and the digests that bind it. The API only reads signatures:
// nobody signs with an API token.
type Signature struct {
	ID         string    `json:"id"`
	Record     string    `json:"record"`
	RecordKind string    `json:"record_kind"`
	Document   string    `json:"document,omitempty"`
	Revision   string    `json:"revision,omitempty"`
	Title      string    `json:"title,omitempty"`
	Content    string    `json:"content_sha256"`
	Rendition  string    `json:"rendition_sha256,omitempty"`
	Displayed  string    `json:"displayed_sha256,omitempty"`
	Meaning    string    `json:"meaning" enum:"authorship,review,approval,responsibility,acknowledgement,verification,effectiveness_check,release,withdrawal"`
	Reason     string    `json:"reason,omitempty"`
	Function   string    `json:"function,omitempty"`
	DelegateOf string    `json:"delegate_of,omitempty"`
	Signer     string    `json:"signer"`
	Name       string    `json:"printed_name"`
	At         time.Time `json:"at"`
	Zone       string    `json:"zone" doc:"Of the signer's clock"`
	Offset     string    `json:"offset"`
	Methods    []string  `json:"methods" nullable:"false" doc:"How the signer proved who they are"`
	Statement  string    `json:"statement_sha256"`
	Entry      int64     `json:"entry" doc:"Of the journal"`
}

// SignatureCheck is what the check of a signature found.
type SignatureCheck struct {
	Valid     bool       `json:"valid"`
	Fault     string     `json:"fault,omitempty" doc:"What is wrong with it"`
	Signature *Signature `json:"signature,omitempty" doc:"Absent when it is not valid"`
}

// PersonIdentity is what is known of who a person is.
type PersonIdentity struct {
	Valid        bool      `json:"valid" doc:"The person may sign"`
	Why          string    `json:"why,omitempty" doc:"Why not"`
	Name         string    `json:"name,omitempty" doc:"The name that was verified"`
	How          string    `json:"how,omitempty"`
	Evidence     string    `json:"evidence,omitempty"`
	VerifiedBy   string    `json:"verified_by,omitempty"`
	VerifierName string    `json:"verifier_name,omitempty"`
	At           time.Time `json:"at,omitzero"`
}

// Passkey is a security key of an account.
type Passkey struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used,omitzero" doc:"Absent until it was tested: it counts for nothing before"`
	Revoked time.Time `json:"revoked,omitzero"`
	Synced  bool      `json:"synced" doc:"The maker of the device may keep a copy"`
}
