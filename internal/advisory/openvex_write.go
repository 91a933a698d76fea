package advisory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

const openvexContext = "https://openvex.dev/ns/v0.2.0"

// The wire form of OpenVEX 0.2.0, in the order in which the specification lists the fields.
type (
	wireVEX struct {
		Context    string          `json:"@context"`
		ID         string          `json:"@id"`
		Author     string          `json:"author"`
		Role       string          `json:"role,omitempty"`
		Timestamp  string          `json:"timestamp"`
		Updated    string          `json:"last_updated,omitempty"`
		Version    int             `json:"version"`
		Tooling    string          `json:"tooling,omitempty"`
		Supplier   string          `json:"supplier,omitempty"`
		Statements []wireStatement `json:"statements"`
	}
	wireStatement struct {
		ID              string            `json:"@id,omitempty"`
		Version         int               `json:"version,omitempty"`
		Vulnerability   wireVulnerability `json:"vulnerability"`
		Timestamp       string            `json:"timestamp,omitempty"`
		Updated         string            `json:"last_updated,omitempty"`
		Products        []wireProduct     `json:"products"`
		Status          Status            `json:"status"`
		Supplier        string            `json:"supplier,omitempty"`
		Notes           string            `json:"status_notes,omitempty"`
		Justification   string            `json:"justification,omitempty"`
		ImpactStatement string            `json:"impact_statement,omitempty"`
		ActionStatement string            `json:"action_statement,omitempty"`
		ActionTimestamp string            `json:"action_statement_timestamp,omitempty"`
	}
	wireVulnerability struct {
		ID          string   `json:"@id,omitempty"`
		Name        string   `json:"name,omitempty"`
		Description string   `json:"description,omitempty"`
		Aliases     []string `json:"aliases,omitempty"`
	}
	wireProduct struct {
		wireComponent
		Subcomponents []wireComponent `json:"subcomponents,omitempty"`
	}
	wireComponent struct {
		ID          string            `json:"@id,omitempty"`
		Identifiers map[string]string `json:"identifiers,omitempty"`
		Hashes      map[string]string `json:"hashes,omitempty"`
		Supplier    string            `json:"supplier,omitempty"`
	}
)

// WriteOpenVEX writes doc in the form of OpenVEX 0.2.0, indented, the same bytes for the same document. A document that the
// specification forbids is refused with every fault.
func WriteOpenVEX(doc OpenVEXDocument) ([]byte, error) {
	if err := doc.Validate(); err != nil {
		return nil, fmt.Errorf("write OpenVEX document %q: %w", doc.ID, err)
	}
	out := wireVEX{Context: openvexContext, ID: doc.ID, Author: doc.Author, Role: doc.Role, Timestamp: rfc3339(doc.Timestamp),
		Updated: rfc3339(doc.Updated), Version: doc.Version, Tooling: doc.Tooling, Supplier: doc.Supplier}
	for _, s := range doc.Statements {
		w := wireStatement{
			ID: s.ID, Version: s.Version, Vulnerability: wireVulnerability(s.Vulnerability),
			Timestamp: rfc3339(s.Timestamp), Updated: rfc3339(s.Updated),
			Status: s.Status, Supplier: s.Supplier, Notes: s.Notes, Justification: s.Justification,
			ImpactStatement: s.ImpactStatement, ActionStatement: s.ActionStatement, ActionTimestamp: rfc3339(s.ActionTimestamp),
		}
		for _, p := range s.Products {
			wp := wireProduct{wireComponent: wireComponent(p.OpenVEXComponent)}
			for _, sub := range p.Subcomponents {
				wp.Subcomponents = append(wp.Subcomponents, wireComponent(sub))
			}
			w.Products = append(w.Products, wp)
		}
		out.Statements = append(out.Statements, w)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // package URLs hold "&"
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("write OpenVEX document %q: %w", doc.ID, err)
	}
	return b.Bytes(), nil
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
