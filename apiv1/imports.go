package apiv1

import "time"

// ImportQuery says how a fleet file is to be read. The file itself is the body of the request.
type ImportQuery struct {
	Name    string   `query:"name" maxLength:"300" doc:"Name of the file" default:"fleet.csv"`
	Mapping []string `query:"map,explode" maxItems:"300" doc:"What a column is, as header=field; the rest is guessed from the headers"`
}

// ImportStart is ImportQuery and what to do with rows that have faults.
type ImportStart struct {
	ImportQuery
	OnFault string `query:"on_fault" enum:"refuse,skip" default:"refuse" doc:"refuse the whole file, or skip the rows"`
}

// PreviewQuery is ImportQuery and how many rows to show.
type PreviewQuery struct {
	ImportQuery
	First int `query:"first" minimum:"0" maximum:"200" default:"20" doc:"How many rows to show as understood"`
}

// Column is a column of a fleet file and what it is taken for.
type Column struct {
	Header string `json:"header"`
	Field  string `json:"field"`
}

// ImportPreview is what an import would do.
type ImportPreview struct {
	Format  string        `json:"format" enum:"table,fhir" doc:"How the file was understood, by its content"`
	Columns []Column      `json:"columns" nullable:"false"`
	Fields  []string      `json:"fields" nullable:"false" doc:"Every field that a column can be mapped to"`
	Notes   []string      `json:"notes,omitempty" doc:"How the file was read, where that was not plain"`
	Total   int           `json:"total" doc:"Rows that can be read"`
	Added   int           `json:"added"`
	Changed int           `json:"changed"`
	Same    int           `json:"same"`
	Held    int           `json:"held" doc:"Rows that contradict what is known; a person decides"`
	First   []ImportRow   `json:"first,omitempty"`
	Faults  []Fault       `json:"faults,omitempty"`
	Issues  []ImportIssue `json:"issues,omitempty" doc:"At most 100 rows that would be held"`
}

// ImportRow is a row of a fleet file as understood.
type ImportRow struct {
	Line   int               `json:"line" doc:"Line of the file"`
	Fields map[string]string `json:"fields"`
}

// ImportListQuery chooses imports.
type ImportListQuery struct {
	State string `query:"state" enum:"staging,applying,done"`
	Sort  string `query:"sort" enum:"at,-at,name,-name,state,-state" doc:"Absent: the newest first"`
	Cursor
}

// Import is how an import stands.
type Import struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Digest   string    `json:"digest,omitempty"`
	State    string    `json:"state" enum:"staging,applying,done"`
	By       string    `json:"by"`
	Total    int       `json:"total" doc:"Rows to apply"`
	Applied  int       `json:"applied"`
	Added    int       `json:"added"`
	Changed  int       `json:"changed"`
	Same     int       `json:"same"`
	Held     int       `json:"held"`
	Skipped  int       `json:"skipped"`
	At       time.Time `json:"at"`
	Finished time.Time `json:"finished,omitzero"`
}

// ImportIssue is a row that was not applied.
type ImportIssue struct {
	Position int    `json:"position"`
	Line     int    `json:"line"`
	Outcome  string `json:"outcome" enum:"held,skipped"`
	Place    string `json:"place,omitempty" doc:"Row and column"`
	Reason   string `json:"reason"`
	Device   string `json:"device,omitempty" doc:"The device that the row contradicts"`
}
