package content

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed evidence/*.yaml
var evidence embed.FS

// Limits of a file of evidence queries.
const (
	maxEvidenceBytes = 256 << 10
	maxEvidence      = 200
)

// EvidenceQuery is a question to the program's own records whose answer is evidence of clauses. Package assurance
// evaluates it.
type EvidenceQuery struct {
	ID        string           `yaml:"id"` // "ev-…"
	Title     string           `yaml:"title"`
	Clauses   []EvidenceClause `yaml:"clauses"`
	CEL       string           `yaml:"cel"`
	Window    string           `yaml:"window"`    // ISO 8601 duration: how far back it looks
	Fresh     string           `yaml:"fresh"`     // ISO 8601 duration: how old its last result may be
	Threshold int              `yaml:"threshold"` // percent of rows that must hold; 0 means all
	Empty     string           `yaml:"empty"`     // what no row at all means: unknown (the default) or passing
	Review    []ReviewInput    `yaml:"review"`    // input of the management review that it feeds
}

// EvidenceClause is the clause of a set.
type EvidenceClause struct {
	Set string `yaml:"set"`
	Ref string `yaml:"ref"`
}

// ReviewInput is an input of the review by management (ISO 13485 5.6.2, ISO 27001 9.3.2), in our words.
type ReviewInput string

// The closed list of inputs.
const (
	InputFeedback   ReviewInput = "feedback"   // what users, researchers and suppliers told
	InputReports    ReviewInput = "reports"    // to authorities
	InputAudits     ReviewInput = "audits"     // by ourselves and others
	InputProcesses  ReviewInput = "processes"  // do they work
	InputProducts   ReviewInput = "products"   // do they stay safe and secure
	InputCorrective ReviewInput = "corrective" // causes removed, also those that had no effect yet
	InputChanges    ReviewInput = "changes"    // that touch the system
	InputPeople     ReviewInput = "people"     // enough of them, able
	InputSuppliers  ReviewInput = "suppliers"  // and what they deliver
)

// ReviewInputs lists the inputs in their order.
func ReviewInputs() []ReviewInput {
	return []ReviewInput{InputFeedback, InputReports, InputAudits, InputProcesses, InputProducts, InputCorrective, InputChanges, InputPeople, InputSuppliers}
}

// EvidenceQueries reads every evidence query that is shipped, sorted by id. The error names each fault.
func EvidenceQueries() ([]EvidenceQuery, error) {
	files, err := evidence.ReadDir("evidence")
	if err != nil {
		return nil, fmt.Errorf("read evidence queries: %w", err)
	}
	var out []EvidenceQuery
	var faults []error
	for _, f := range files {
		text, err := evidence.ReadFile(path.Join("evidence", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read evidence queries: %w", err)
		}
		some, err := ParseEvidence(f.Name(), text)
		faults = append(faults, err)
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b EvidenceQuery) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(out); i++ {
		if out[i].ID == out[i-1].ID {
			faults = append(faults, fmt.Errorf("%s is there twice", out[i].ID))
		}
	}
	return out, errors.Join(faults...)
}

// ParseEvidence reads a file of evidence queries (YAML, a list). The error names every fault as "name: id: reason".
func ParseEvidence(name string, text []byte) ([]EvidenceQuery, error) {
	if len(text) > maxEvidenceBytes {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxEvidenceBytes)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var out []EvidenceQuery
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document", name)
	}
	if len(out) > maxEvidence {
		return nil, fmt.Errorf("%s: more than %d queries", name, maxEvidence)
	}
	var faults []error
	for _, q := range out {
		for _, reason := range q.faults() {
			faults = append(faults, fmt.Errorf("%s: %s: %s", name, q.ID, reason))
		}
	}
	return out, errors.Join(faults...)
}

func (q EvidenceQuery) faults() []string {
	var out []string
	want := func(ok bool, reason string) {
		if !ok {
			out = append(out, reason)
		}
	}
	want(strings.HasPrefix(q.ID, "ev-") && strings.Trim(q.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") == "", "the id must be ev- and small letters, digits and hyphens")
	want(q.Title != "" && len(q.Title) <= 200, "the title must have 1 to 200 characters")
	want(q.CEL != "", "has no question")
	want(q.Fresh != "", "says not how fresh its result must be")
	want(len(q.Clauses) > 0, "is evidence of no clause")
	want(q.Threshold >= 0 && q.Threshold <= 100, "the threshold is a percentage")
	want(q.Empty == "" || q.Empty == "unknown" || q.Empty == "passing", "empty must be unknown or passing")
	for _, in := range q.Review {
		want(slices.Contains(ReviewInputs(), in), fmt.Sprintf("%q is no input of the management review", in))
	}
	return out
}
