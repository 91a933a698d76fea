package apiv1

import "time"

// ClauseSet is one edition of a law, standard or guidance, and how it is met.
type ClauseSet struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Edition  string         `json:"edition"`
	Status   string         `json:"status" enum:"in_force,proposed,superseded"`
	On       bool           `json:"on" doc:"The organisation works with it"`
	Clauses  int            `json:"clauses"`
	Covers   map[string]int `json:"covers" doc:"Clauses by in_force, by_parts, in_parts, draft, nothing"`
	Evidence map[string]int `json:"evidence" doc:"Clauses by passing, stale, unknown, failing; not_asked for those without a query"`
}

// CoverageQuery chooses of what coverage is shown.
type CoverageQuery struct {
	For     string `query:"for" enum:"manufacturer,hospital"`
	Product string `query:"product" maxLength:"64" doc:"Model id"`
}

// ClauseCover is how a clause is met.
type ClauseCover struct {
	Ref        string    `json:"ref"`
	Title      string    `json:"title"`
	Parent     string    `json:"parent,omitempty"`
	Confidence string    `json:"confidence" enum:"V,S,K" doc:"How well the number is known: verified, secondary source, general knowledge"`
	Cover      string    `json:"cover" enum:"in_force,by_parts,in_parts,draft,nothing"`
	Evidence   string    `json:"evidence" enum:"passing,stale,unknown,failing,not_asked"`
	Mappings   []Mapping `json:"mappings" nullable:"false"`
	Queries    []string  `json:"queries" nullable:"false" doc:"Ids of evidence queries"`
}

// Mapping is that a document or step says that it satisfies a clause. It is no legal advice.
type Mapping struct {
	Code      string    `json:"code"`
	Title     string    `json:"title"`
	Step      string    `json:"step,omitempty"`
	Label     string    `json:"label" doc:"Of the revision"`
	Draft     bool      `json:"draft,omitempty"`
	Status    string    `json:"status" enum:"proposed,confirmed,suspect"`
	Confirmed string    `json:"confirmed_by,omitempty"`
	At        time.Time `json:"confirmed_at,omitzero"`
}

// ClauseSetChoice turns a clause set on or off.
type ClauseSetChoice struct {
	On     bool   `json:"on"`
	Reason string `json:"reason" maxLength:"2000"`
}

// ConfirmationInput confirms a mapping.
type ConfirmationInput struct {
	Ref  string `json:"ref" maxLength:"40"`
	Code string `json:"code" maxLength:"40"`
	Step string `json:"step,omitempty" maxLength:"40"`
	Note string `json:"note" maxLength:"2000" doc:"Which text of the clause was looked at"`
}

// Evidence is a query to the records with what it says now.
type Evidence struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	CEL       string    `json:"cel"`
	Clauses   []string  `json:"clauses" nullable:"false" doc:"set and ref"`
	Threshold int       `json:"threshold" doc:"Percent of rows that must hold"`
	State     string    `json:"state" enum:"passing,stale,unknown,failing"`
	Holding   int       `json:"holding"`
	Failing   int       `json:"failing"`
	Unclear   int       `json:"unclear"`
	At        time.Time `json:"evidence_of,omitzero" doc:"Absent: never evaluated, which is unknown"`
	Result    string    `json:"result,omitempty"`
	Entry     int64     `json:"journal_entry,omitempty" doc:"That seals the result"`
}

// EvidenceQuery asks a query as of a past instant.
type EvidenceQuery struct {
	At time.Time `query:"at" doc:"Absent: now"`
}

// EvidenceAnswer is what a query finds as of an instant.
type EvidenceAnswer struct {
	Query      string        `json:"query"`
	AsOf       time.Time     `json:"as_of"`
	Head       int64         `json:"journal_head"`
	State      string        `json:"state" enum:"passing,unknown,failing"`
	Digest     string        `json:"rows_sha256"`
	Sealed     string        `json:"sealed,omitempty" doc:"Result that was sealed last before then"`
	SealedSame bool          `json:"sealed_same,omitempty" doc:"Its rows are these"`
	Rows       []EvidenceRow `json:"rows" nullable:"false"`
}

// EvidenceRow is a row that a query looked at.
type EvidenceRow struct {
	ID     string         `json:"id"`
	State  string         `json:"state" enum:"holds,fails,unclear"`
	Why    string         `json:"why,omitempty"`
	Record map[string]any `json:"record"`
}

// InquiryInput opens an inquiry.
type InquiryInput struct {
	Title     string    `json:"title" maxLength:"300"`
	Authority string    `json:"authority" maxLength:"300" doc:"Who asks"`
	Reference string    `json:"reference,omitempty" maxLength:"300"`
	AsOf      time.Time `json:"as_of,omitzero" doc:"Absent: as records are when a bundle is built"`
	Due       time.Time `json:"due,omitzero"`
	Requests  string    `json:"requests" maxLength:"1000000" doc:"One request on a line"`
}

// Inquiry is what somebody asks, and what answers it.
type Inquiry struct {
	ID        string        `json:"id"`
	Title     string        `json:"title"`
	Authority string        `json:"authority"`
	Reference string        `json:"reference,omitempty"`
	State     string        `json:"state" enum:"open,closed"`
	AsOf      time.Time     `json:"as_of,omitzero"`
	Due       time.Time     `json:"due,omitzero"`
	Opened    time.Time     `json:"opened"`
	Author    string        `json:"author"`
	Lines     []InquiryLine `json:"lines,omitempty"`
}

// InquiryLine is one request.
type InquiryLine struct {
	Number int       `json:"number"`
	Text   string    `json:"text"`
	Answer string    `json:"answer,omitempty"`
	Bound  []Binding `json:"bound,omitempty"`
}

// BindingInput binds something to a request.
type BindingInput struct {
	Line       int    `json:"line" minimum:"1"`
	Kind       string `json:"kind" enum:"document,record,list,evidence,review"`
	Target     string `json:"target,omitempty" maxLength:"200" doc:"A code, view/id, a view, a query; nothing for the management review"`
	Revision   string `json:"revision,omitempty" maxLength:"64" doc:"Of a document; absent: the one in force then"`
	Mark       string `json:"mark,omitempty" enum:"confidential,inspectable"`
	MarkReason string `json:"mark_reason,omitempty" maxLength:"2000"`
}

// Binding is something that answers a request.
type Binding struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	BindingInput
}

// AnswerInput is an answer in words.
type AnswerInput struct {
	Line   int    `json:"line" minimum:"1"`
	Answer string `json:"answer" maxLength:"20000"`
}

// Bundle is a built bundle.
type Bundle struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	SHA256  string    `json:"sha256"`
	Size    int64     `json:"size"`
	Files   int       `json:"files"`
	Records int       `json:"records"`
	Head    int64     `json:"journal_size"`
	Author  string    `json:"author"`
}
