package apiv1

// Problem is a failure as RFC 9457 describes it, sent as application/problem+json.
type Problem struct {
	Type     string  `json:"type,omitempty" doc:"What kind of failure it is: about:blank, or a word of Triward: not_found, invalid, conflict, forbidden, unavailable"`
	Title    string  `json:"title" doc:"The status in words"`
	Status   int     `json:"status" doc:"The HTTP status"`
	Detail   string  `json:"detail,omitempty" doc:"What happened, for people"`
	Instance string  `json:"instance,omitempty" doc:"A reference to quote; the log of the program has it too"`
	Errors   []Fault `json:"errors,omitempty" doc:"Every fault of the input"`
}

// Error makes a Problem an error that says what happened.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

// Fault is one thing wrong with an input.
type Fault struct {
	Location string `json:"location,omitempty" doc:"Where: body.serial, query.limit, or row and column of a file"`
	Message  string `json:"message" doc:"What is wrong there"`
}

// Page is one page of a list. Next is the value of "after" for the page that follows, empty on the last one.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the page that follows; absent on the last page"`
}

// Cursor chooses a page.
type Cursor struct {
	After string `query:"after" maxLength:"2000" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"How many at most"`
}

// List is a list without pages.
type List[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

// Made names what was made.
type Made struct {
	ID string `json:"id"`
}

// Reason is why something is done.
type Reason struct {
	Reason string `json:"reason" maxLength:"4000" doc:"Why, in a sentence; it stays in the journal"`
}
