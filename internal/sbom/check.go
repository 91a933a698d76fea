package sbom

import (
	"errors"

	"triward/internal/problem"
	"triward/internal/sbom/conform"
)

// Report is the verdict on one file.
type Report struct {
	File        string          `json:"file"`
	Format      Format          `json:"format,omitempty"`
	SpecVersion string          `json:"specVersion,omitempty"`
	Valid       bool            `json:"valid"`
	Faults      []problem.Fault `json:"faults,omitempty"`   // why it is not valid, at most 1000
	Warnings    []problem.Fault `json:"warnings,omitempty"` // valid, but probably not meant
	Quality     *Quality        `json:"quality,omitempty"`  // nil when the file could not be read
	Components  int             `json:"components"`
	Notes       []Note          `json:"notes,omitempty"`
}

// Check judges a file: whether it is valid against the model of its format, and how complete it is. A file that cannot
// be read at all is invalid, with the reason as its fault.
func Check(name string, body []byte) Report { return CheckWithin(Limits{}, name, body) }

// CheckWithin is Check under limits of the caller's.
func CheckWithin(l Limits, name string, body []byte) Report {
	r := Report{File: name}
	src, err := open(l.filled(), name, body)
	if err != nil {
		r.Faults = reasons(err)
		return r
	}
	r.Format, r.SpecVersion = src.format, src.version
	r.Faults, r.Warnings = conform.Judge(src.parsed())
	src.faults = r.Faults
	doc, err := src.facts()
	if err != nil {
		if len(r.Faults) == 0 {
			r.Faults = reasons(err)
		}
		return r
	}
	r.Valid = len(r.Faults) == 0
	for _, c := range doc.Components {
		for _, why := range MatchFacts(c).Unusable {
			r.Warnings = append(r.Warnings, problem.Fault{Path: c.Ref, Reason: why})
		}
	}
	doc.Format = src.format
	q := Rate(doc)
	r.Quality, r.Components, r.Notes = &q, len(doc.Components), doc.Notes
	return r
}

// reasons is an error as faults.
func reasons(err error) []problem.Fault {
	var e *problem.Error
	if errors.As(err, &e) {
		return append([]problem.Fault{{Reason: e.Message}}, e.Faults...)
	}
	return []problem.Fault{{Reason: err.Error()}}
}
