package vuln

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"triward/internal/advisory"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vers"
)

// VEXResult is what importing a VEX document did.
type VEXResult struct {
	Document string    // its id; the source of the verdicts
	Recorded []string  // ids of verdicts
	Same     int       // statements that say what an active verdict says already
	Untaken  []Untaken // statements that were not taken, in the order of the document
}

// Untaken is a statement of a VEX document that was not taken, and why.
type Untaken struct {
	Vulnerability string
	Product       string // as the document names it
	Reason        string
}

// maxStatements bounds a VEX document: what one transaction takes well within its deadline.
const maxStatements = 5000

// ReadVEX reads a VEX document: OpenVEX, or CSAF 2.0 (the VEX profile, section 4.5, or an advisory). Invalid when it is
// neither.
func ReadVEX(name string, body []byte) (advisory.Record, error) {
	var head struct {
		Context  any             `json:"@context"`
		Document json.RawMessage `json:"document"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&head); err != nil {
		return advisory.Record{}, problem.New(problem.Invalid, "%s is not a JSON document", name)
	}
	switch {
	case head.Document != nil:
		return advisory.ParseCSAF(name, body)
	case head.Context != nil:
		doc, err := advisory.ParseOpenVEX(name, body)
		return doc.Record(), err
	}
	return advisory.Record{}, problem.New(problem.Invalid, "%s is neither OpenVEX nor CSAF", name)
}

// ImportVEX records the statements of a VEX document as verdicts, all or none. Statements about products that are not
// known, or in words that cannot be read, are reported and not taken.
func (s Verdicts) ImportVEX(ctx context.Context, name string, body []byte) (VEXResult, error) {
	rec, err := ReadVEX(name, body)
	if err != nil {
		return VEXResult{}, fmt.Errorf("import VEX %q: %w", name, err)
	}
	n := 0
	for _, v := range rec.Vulns {
		n += len(v.Affected)
	}
	if n > maxStatements {
		return VEXResult{}, problem.New(problem.Invalid, "the document has %d statements, at most %d can be imported at once", n, maxStatements)
	}
	im := vexImport{source: rec.ID, result: VEXResult{Document: rec.ID}, models: map[string]product.ModelID{}}
	if im.source == "" {
		im.source = name
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		for _, v := range rec.Vulns {
			for _, a := range v.Affected {
				if err := im.statement(ctx, tx, v, a); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return VEXResult{}, fmt.Errorf("import VEX %q: %w", name, err)
	}
	return im.result, nil
}

type vexImport struct {
	source string
	result VEXResult
	models map[string]product.ModelID
	known  map[string]string // names of every model, read when a name has to be searched: folded "maker model" to model id
}

func (im *vexImport) untaken(v advisory.Vulnerability, a advisory.Affected, format string, args ...any) {
	im.result.Untaken = append(im.result.Untaken, Untaken{v.ID, described(a), fmt.Sprintf(format, args...)})
}

// statement turns one statement into verdicts.
func (im *vexImport) statement(ctx context.Context, tx *store.Tx, v advisory.Vulnerability, a advisory.Affected) error {
	status := Status(a.Status)
	if !slices.Contains([]Status{StatusNotAffected, StatusAffected, StatusFixed, StatusUnderInvestigation}, status) {
		im.untaken(v, a, "its status %q is not one of a verdict", a.Status)
		return nil
	}
	model, at, err := im.find(ctx, tx, a)
	if err != nil {
		return err
	}
	if model == "" {
		im.untaken(v, a, "no model of the catalogue has this name or identifier")
		return nil
	}
	base := Verdict{Vulnerability: v.ID, Model: string(model), Status: status, Reason: a.Note, Source: im.source}
	switch status {
	case StatusNotAffected:
		base.Justification = a.Justification
		if base.Justification == "" && base.Reason == "" {
			im.untaken(v, a, "it says not affected without a justification or a reason")
			return nil
		}
	case StatusAffected:
		base.Action = actionFor(v, a.ProductID)
	}
	scopes, unread, err := im.scopes(ctx, tx, model, at)
	if err != nil {
		return err
	}
	for _, text := range unread {
		im.untaken(v, a, "its versions %q cannot be read as a range", text)
	}
	for _, scope := range scopes {
		next := base
		next.Releases, next.Versions = scope.Releases, scope.Versions
		if err := im.record(ctx, tx, next); err != nil {
			return err
		}
	}
	return nil
}

// record records a verdict unless one that says the same is active.
func (im *vexImport) record(ctx context.Context, tx *store.Tx, v Verdict) error {
	canonical, err := Canonical(ctx, tx, v.Vulnerability)
	if err != nil {
		return err
	}
	active, err := store.All(ctx, tx, scanVerdict, `SELECT `+verdictColumns+` FROM verdict WHERE vuln = $1 AND model = $2 AND state = 'active'`, canonical, v.Model)
	if err != nil {
		return err
	}
	for _, w := range active {
		if slices.Equal(w.Releases, v.Releases) && w.Versions == v.Versions && w.Status == v.Status && w.Justification == v.Justification &&
			w.Reason == v.Reason && w.Action == v.Action {
			im.result.Same++
			return nil
		}
	}
	id, err := RecordVerdictTx(ctx, tx, v)
	if err != nil {
		return err
	}
	im.result.Recorded = append(im.result.Recorded, id)
	return nil
}

// scopes are the releases and ranges that a statement is about: one scope for all releases that are known, one for each
// text about others. unread are version texts that nobody can decide by.
func (im *vexImport) scopes(ctx context.Context, tx *store.Tx, model product.ModelID, at place) (scopes []Verdict, unread []string, err error) {
	var releases []string
	ranges := slices.Clone(at.ranges)
	for _, version := range at.versions {
		rel, err := product.FindRelease(ctx, tx, model, version)
		switch {
		case err == nil:
			releases = append(releases, string(rel))
		case problem.KindOf(err) == problem.NotFound:
			ranges = append(ranges, version)
		default:
			return nil, nil, err
		}
	}
	if len(releases) > 0 {
		slices.Sort(releases)
		scopes = append(scopes, Verdict{Releases: slices.Compact(releases)})
	}
	for _, text := range ranges {
		if !vers.ParseRange(text).Read() {
			unread = append(unread, text)
			continue
		}
		scopes = append(scopes, Verdict{Versions: text})
	}
	if len(at.versions)+len(at.ranges) == 0 {
		scopes = append(scopes, Verdict{})
	}
	return scopes, unread, nil
}

// actionFor is what the document says can be done about a product.
func actionFor(v advisory.Vulnerability, productID string) string {
	var parts []string
	for _, m := range v.Remedies {
		if m.Details != "" && (len(m.Products) == 0 || slices.Contains(m.Products, productID)) && !slices.Contains(parts, m.Details) {
			parts = append(parts, m.Details)
		}
	}
	return strings.Join(parts, "\n\n")
}
