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

// RedactionInput removes a part from every bundle that is built from now on.
type RedactionInput struct {
	Path   string `json:"path" maxLength:"300" doc:"File of the bundle"`
	At     string `json:"at,omitempty" maxLength:"300" doc:"lines 3-5, or a field such as /record/title; absent: the whole file"`
	Reason string `json:"reason" maxLength:"2000" doc:"Shown to the reader"`
}

// Redaction is a part that bundles of an inquiry do not show. Its salt stays secret until it is revealed.
type Redaction struct {
	ID string `json:"id"`
	RedactionInput
	Author string    `json:"author"`
	Made   time.Time `json:"made"`
}

// RevealInput names a removed part of a bundle, and why it is revealed.
type RevealInput struct {
	Bundle string `json:"bundle,omitempty" maxLength:"64" doc:"Absent: the newest one"`
	Path   string `json:"path" maxLength:"300"`
	At     string `json:"at,omitempty" maxLength:"300"`
	Reason string `json:"reason" maxLength:"2000"`
}

// Revealed is a removed part with the salt that proves it against the commitment in the bundle's manifest.
type Revealed struct {
	Format  string `json:"format"`
	Path    string `json:"path"`
	At      string `json:"at,omitempty"`
	Salt    []byte `json:"salt"`
	Content []byte `json:"content"`
}

// AdmissionInput lets somebody from outside look at one inquiry.
type AdmissionInput struct {
	Account      string    `json:"account" maxLength:"64" doc:"Without any other right"`
	Organisation string    `json:"organisation" maxLength:"300" doc:"Whom the person works for"`
	Until        time.Time `json:"until" doc:"At most 90 days from now"`
}

// Visitor is somebody from outside who may look at an inquiry, or might until they were dismissed.
type Visitor struct {
	Account      string    `json:"account"`
	Name         string    `json:"name"`
	Organisation string    `json:"organisation"`
	Until        time.Time `json:"until"`
	Live         bool      `json:"live" doc:"May look now"`
	Author       string    `json:"admitted_by"`
	At           time.Time `json:"admitted"`
	Ended        time.Time `json:"dismissed,omitzero"`
}

// Look is that somebody looked at an inquiry or took its bundle.
type Look struct {
	Entry int64     `json:"journal_entry"`
	At    time.Time `json:"at"`
	Name  string    `json:"name"`
	Kind  string    `json:"kind"`
	What  string    `json:"what"`
}

// EditionClause is a clause of an edition.
type EditionClause struct {
	Ref   string `json:"ref"`
	Title string `json:"title"`
}

// EditionRenamed is a clause that has another number, title or content in the new edition.
type EditionRenamed struct {
	Old    EditionClause `json:"old"`
	New    EditionClause `json:"new"`
	Change string        `json:"change,omitempty" doc:"What is different in substance"`
}

// EditionTouched is a document that names clauses which changed.
type EditionTouched struct {
	Code    string   `json:"code"`
	Title   string   `json:"title"`
	Owner   string   `json:"owner"`
	Draft   bool     `json:"draft,omitempty"`
	Clauses []string `json:"clauses" nullable:"false" doc:"Of the old edition, each with what became of it"`
	Change  string   `json:"change,omitempty" doc:"Open change request for it"`
}

// EditionDifference is what changed from one edition of a clause set to the next, and which documents that touches.
type EditionDifference struct {
	Old     string           `json:"old"`
	New     string           `json:"new"`
	Added   []EditionClause  `json:"added" nullable:"false"`
	Removed []EditionClause  `json:"removed" nullable:"false"`
	Renamed []EditionRenamed `json:"renamed" nullable:"false"`
	Touched []EditionTouched `json:"touched" nullable:"false"`
}

// TrailReview is the review of a part of the audit trail. It is signed on the web pages.
type TrailReview struct {
	ID        string    `json:"id"`
	First     int64     `json:"first" doc:"Journal entry"`
	Last      int64     `json:"last"`
	Planned   time.Time `json:"planned"`
	Due       time.Time `json:"due"`
	Verdict   string    `json:"verdict,omitempty" enum:"sound,findings" doc:"Absent: to be done"`
	Findings  string    `json:"findings,omitempty"`
	Name      string    `json:"signed_by,omitempty"`
	Signature string    `json:"signature,omitempty"`
	At        time.Time `json:"signed,omitzero"`
}

// TrailShown is a review with what its part of the trail holds.
type TrailShown struct {
	TrailReview
	Entries    int          `json:"entries"`
	Head       string       `json:"hash_of_last"`
	Erased     int          `json:"erased_bodies"`
	Failed     int          `json:"failed_sign_ins"`
	Locked     int          `json:"locked_sign_ins"`
	Rights     int          `json:"rights_changed"`
	Unreasoned int          `json:"withdrawals_and_erasures"`
	Kinds      []EntryCount `json:"kinds" nullable:"false"`
	Actors     []EntryCount `json:"actors" nullable:"false"`
}

// EntryCount is a number of journal entries.
type EntryCount struct {
	Name    string `json:"name"`
	Entries int    `json:"entries"`
}
