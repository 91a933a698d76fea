package apiv1

import "time"

// ViewInput is a list page under filters, to be kept under a name.
type ViewInput struct {
	Path  string `json:"path" maxLength:"200" doc:"Of the web page, as /devices"`
	Name  string `json:"name" maxLength:"100"`
	Query string `json:"query,omitempty" maxLength:"2000" doc:"Filters and order, encoded as in an address"`
}

// View is a saved view.
type View struct {
	ID string `json:"id"`
	ViewInput
	Saved time.Time `json:"saved"`
}

// ViewQuery chooses saved views.
type ViewQuery struct {
	Path string `query:"path" maxLength:"200" doc:"Of one page; absent: of all"`
}
