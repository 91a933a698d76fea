package product

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"triward/internal/store"
)

// Neutral puts an apostrophe before cells that a spreadsheet would run as a formula: those that begin with = + - @, tab,
// carriage return or line feed. It changes the slice that it is given and returns it.
func Neutral(cells []string) []string {
	for i, c := range cells {
		if c != "" && strings.IndexByte("=+-@\t\r\n", c[0]) >= 0 {
			cells[i] = "'" + c
		}
	}
	return cells
}

// Exported is a model with everything below it as JSON.
type Exported struct {
	ID             ModelID            `json:"id"`
	Manufacturer   string             `json:"manufacturer"`
	Aliases        []string           `json:"manufacturer_aliases,omitempty"`
	Name           string             `json:"name"`
	DIs            []string           `json:"udi_dis,omitempty"`
	Numbers        []string           `json:"model_numbers,omitempty"`
	Class          SafetyClass        `json:"safety_class"`
	Functions      []ExportedFunction `json:"functions,omitempty"`
	MultiPatient   Answer             `json:"multi_patient"`
	PatientsAtOnce int                `json:"patients_at_once,omitempty"`
	Support        []ExportedSupport  `json:"support,omitempty"`
	Facts          []FactRecorded     `json:"facts,omitempty"` // of every release
	Releases       []ExportedRelease  `json:"releases,omitempty"`
}

// ExportedFunction is a clinical function as JSON.
type ExportedFunction struct {
	Name string   `json:"name"`
	Harm Severity `json:"harm"`
}

// ExportedSupport is an assertion about support as JSON.
type ExportedSupport struct {
	SupportAsserted
	At time.Time `json:"at"`
}

// ExportedRelease is a release as JSON.
type ExportedRelease struct {
	ID           ReleaseID      `json:"id"`
	Version      string         `json:"version"`
	Released     string         `json:"released,omitempty"`
	EndOfSupport string         `json:"end_of_support,omitempty"`
	Facts        []FactRecorded `json:"facts,omitempty"` // of this release alone
	SBOM         *SBOMAdded     `json:"sbom,omitempty"`  // the current one
}

// Export reads a model with everything below it.
func Export(ctx context.Context, r store.Reader, m ModelID) (Exported, error) {
	mo, err := Get(ctx, r, m)
	if err != nil {
		return Exported{}, err
	}
	maker, err := manufacturer(ctx, r, mo.Manufacturer)
	if err != nil {
		return Exported{}, err
	}
	e := Exported{ID: mo.ID, Manufacturer: maker.Name, Aliases: maker.Aliases, Name: mo.Name, DIs: mo.DIs, Numbers: mo.Numbers, Class: mo.Class,
		MultiPatient: mo.MultiPatient, PatientsAtOnce: mo.PatientsAtOnce}
	for _, f := range mo.Functions {
		e.Functions = append(e.Functions, ExportedFunction(f))
	}
	support, err := Supports(ctx, r, m)
	if err != nil {
		return e, err
	}
	for _, s := range support {
		e.Support = append(e.Support, ExportedSupport{SupportAsserted{s.Release, s.Stage, s.AssertedBy, Day(s.Since), s.Source}, s.At})
	}
	if e.Facts, err = exportFacts(ctx, r, m, ""); err != nil {
		return e, err
	}
	releases, err := Releases(ctx, r, m)
	if err != nil {
		return e, err
	}
	for _, rel := range releases {
		x := ExportedRelease{ID: rel.ID, Version: rel.Version, Released: Day(rel.Released), EndOfSupport: Day(rel.EndOfSupport)}
		if x.Facts, err = exportFacts(ctx, r, m, rel.ID); err != nil {
			return e, err
		}
		now, err := sboms(ctx, r, ` WHERE release_id = $1 AND superseded = 0`, string(rel.ID))
		if err != nil {
			return e, err
		}
		for _, s := range now {
			x.SBOM = &SBOMAdded{ID: s.ID, Digest: s.Digest, Format: string(s.Format), Components: s.Components}
		}
		e.Releases = append(e.Releases, x)
	}
	return e, nil
}

func exportFacts(ctx context.Context, r store.Reader, m ModelID, rel ReleaseID) ([]FactRecorded, error) {
	facts, err := Facts(ctx, r, m, rel)
	var out []FactRecorded
	for _, f := range facts {
		if f.Release == rel {
			out = append(out, f.recorded())
		}
	}
	return out, err
}

// each calls fn with every model that the actor may read, in the order of [Models].
func each(ctx context.Context, r store.Reader, fn func(e Exported) error) error {
	q := ModelQuery{Limit: 500}
	for {
		p, err := Models(ctx, r, q)
		if err != nil {
			return err
		}
		for _, m := range p.Models {
			e, err := Export(ctx, r, m.ID)
			if err != nil {
				return err
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		if q.After = p.Next; p.Next == "" {
			return nil
		}
	}
}

// ExportJSON writes every model that the actor may read as a JSON array of [Exported], one a line.
func ExportJSON(ctx context.Context, r store.Reader, to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<16)
	before, after := "[\n", "[]\n"
	err := each(ctx, r, func(e Exported) error {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := w.WriteString(before); err != nil {
			return err
		}
		before, after = ",\n", "\n]\n"
		_, err = w.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := w.WriteString(after); err != nil {
		return err
	}
	return w.Flush()
}

// ExportCSV writes every model that the actor may read as CSV (UTF-8, RFC 4180), a row for each release, or one without a
// release. Cells that a spreadsheet would run as a formula begin with an apostrophe.
func ExportCSV(ctx context.Context, r store.Reader, to io.Writer) error {
	w := csv.NewWriter(to)
	if err := w.Write([]string{"manufacturer", "manufacturer_aliases", "model", "model_id", "udi_dis", "model_numbers", "safety_class", "functions",
		"multi_patient", "patients_at_once", "version", "release_id", "released", "end_of_support", "sbom", "sbom_components"}); err != nil {
		return err
	}
	err := each(ctx, r, func(e Exported) error {
		functions := make([]string, len(e.Functions))
		for i, f := range e.Functions {
			functions[i] = f.Name + " (" + string(f.Harm) + ")"
		}
		patients := ""
		if e.PatientsAtOnce > 0 {
			patients = strconv.Itoa(e.PatientsAtOnce)
		}
		model := []string{e.Manufacturer, strings.Join(e.Aliases, ";"), e.Name, string(e.ID), strings.Join(e.DIs, ";"), strings.Join(e.Numbers, ";"),
			string(e.Class), strings.Join(functions, ";"), string(e.MultiPatient), patients}
		if len(e.Releases) == 0 {
			return w.Write(Neutral(append(model, "", "", "", "", "", "")))
		}
		for _, rel := range e.Releases {
			digest, components := "", ""
			if rel.SBOM != nil {
				digest, components = rel.SBOM.Digest, strconv.Itoa(rel.SBOM.Components)
			}
			row := append(append([]string(nil), model...), rel.Version, string(rel.ID), rel.Released, rel.EndOfSupport, digest, components)
			if err := w.Write(Neutral(row)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// ExportComponentsCSV writes the parts that an SBOM lists as CSV.
func ExportComponentsCSV(ctx context.Context, r store.Reader, sbomID string, to io.Writer) error {
	all, err := Components(ctx, r, sbomID)
	if err != nil {
		return err
	}
	w := csv.NewWriter(to)
	if err := w.Write([]string{"ref", "parent", "type", "group", "name", "version", "purl", "cpe", "hashes", "supplier", "licence", "support",
		"end_of_support", "end_of_life"}); err != nil {
		return err
	}
	for _, c := range all {
		if err := w.Write(Neutral([]string{c.Ref, c.Parent, c.Type, c.Group, c.Name, c.Version, strings.Join(c.PURLs, ";"), strings.Join(c.CPEs, ";"),
			strings.Join(c.Hashes, ";"), c.Supplier, strings.Join(c.Licences, ";"), c.Support, c.EndOfSupport, c.EndOfLife})); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
