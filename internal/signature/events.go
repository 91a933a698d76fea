package signature

// Bodies of events.

type signedBody struct {
	Signature string  `json:"signature"`
	Statement string  `json:"statement_sha256"`
	Envelope  string  `json:"envelope_sha256"`
	Token     string  `json:"time_stamp_sha256"`
	Record    string  `json:"record_kind"`
	Document  string  `json:"document,omitempty"`
	Revision  string  `json:"revision,omitempty"`
	Content   string  `json:"content_sha256"`
	Meaning   Meaning `json:"meaning"`
	Reason    string  `json:"reason,omitempty"`
	Name      string  `json:"printed_name"`
	Function  string  `json:"function,omitempty"`
	Session   string  `json:"signing_session"`
	Ordinal   int     `json:"ordinal"`
}

type verifiedBody struct {
	Name     string `json:"printed_name"`
	How      How    `json:"how"`
	Evidence string `json:"evidence"`
}
