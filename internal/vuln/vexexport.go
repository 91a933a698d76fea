package vuln

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"

	"triward/internal/advisory"
	"triward/internal/advisory/csaf"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// VEXFormat is how a VEX document is written.
type VEXFormat string

// The closed list of formats.
const (
	OpenVEX VEXFormat = "openvex" // OpenVEX 0.2.0
	CSAFVEX VEXFormat = "csaf"    // CSAF 2.0, VEX profile (section 4.5)
)

// VEXExport says which document is wanted.
type VEXExport struct {
	Model     string
	Format    VEXFormat
	Publisher string // who issues it; "" is the model's manufacturer
	Namespace string // a URI under the publisher's control; "" is made from its name
	Now       time.Time
}

// ExportVEX writes the active verdicts on a model as a VEX document. NotFound when there is none.
func ExportVEX(ctx context.Context, r store.Reader, e VEXExport) ([]byte, error) {
	all, err := ListVerdicts(ctx, r, VerdictQuery{Models: []string{e.Model}, States: []string{string(VerdictActive)}})
	if err != nil {
		return nil, err
	}
	m, err := product.Get(ctx, r, product.ModelID(e.Model))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, problem.New(problem.NotFound, "no verdict on %s %s counts now", m.ManufacturerName, m.Name)
	}
	releases, err := product.Releases(ctx, r, m.ID)
	if err != nil {
		return nil, err
	}
	if e.Publisher == "" {
		e.Publisher = m.ManufacturerName
	}
	if e.Namespace == "" {
		e.Namespace = "urn:triward:publisher:" + strings.ReplaceAll(product.FoldMaker(e.Publisher), " ", "-")
	}
	x := vexWriter{VEXExport: e, model: m, releases: map[string]string{}, seen: map[string]bool{}}
	for _, rel := range releases {
		x.releases[string(rel.ID)] = rel.Version
	}
	for _, v := range all { // newest first: where two speak of one product, the newer counts
		x.add(v)
	}
	switch e.Format {
	case OpenVEX:
		return x.openVEX()
	case CSAFVEX:
		return x.csaf()
	}
	return nil, problem.New(problem.Invalid, "a VEX document is written as openvex or csaf")
}

type vexWriter struct {
	VEXExport
	model    product.Model
	releases map[string]string // version by release id
	seen     map[string]bool   // vulnerability and version
	said     []vexStatement
}

// vexStatement is a verdict about one version, or one range, or every version ("").
type vexStatement struct {
	Verdict
	version string
	isRange bool
}

func (x *vexWriter) add(v Verdict) {
	targets := []vexStatement{{Verdict: v}}
	switch {
	case len(v.Releases) > 0:
		targets = nil
		for _, id := range v.Releases {
			if version, ok := x.releases[id]; ok {
				targets = append(targets, vexStatement{Verdict: v, version: version})
			}
		}
	case v.Versions != "":
		targets[0].version, targets[0].isRange = v.Versions, true
	}
	for _, t := range targets {
		key := v.Vulnerability + "\x00" + t.version
		if !x.seen[key] {
			x.seen[key] = true
			x.said = append(x.said, t)
		}
	}
}

// noAction is what a document says of an affected product when nobody has said what to do: both formats demand a text.
const noAction = "No measure has been published yet."

func (s vexStatement) action() string {
	if s.Action != "" {
		return s.Action
	}
	return noAction
}

func (x *vexWriter) purl(s vexStatement) string {
	p := packageurl.PackageURL{Type: "generic", Namespace: x.model.ManufacturerName, Name: x.model.Name}
	switch {
	case s.isRange:
		// The range as written; the qualifier "vers" is that of ECMA-427.
		p.Qualifiers = packageurl.QualifiersFromMap(map[string]string{"vers": s.version})
	default:
		p.Version = s.version
	}
	return p.ToString()
}

func (x *vexWriter) openVEX() ([]byte, error) {
	separator := "/"
	if strings.HasPrefix(x.Namespace, "urn:") {
		separator = ":"
	}
	doc := advisory.OpenVEXDocument{ID: fmt.Sprintf("%s%svex-%s-%s", strings.TrimSuffix(x.Namespace, "/"), separator, x.Model, x.Now.UTC().Format("20060102T150405Z")), Author: x.Publisher,
		Timestamp: x.Now, Version: 1, Tooling: "Triward"}
	for _, s := range x.said {
		id := x.purl(s)
		st := advisory.OpenVEXStatement{Vulnerability: advisory.OpenVEXVulnerability{Name: s.Vulnerability}, Timestamp: s.At, Status: advisory.Status(s.Status),
			Supplier: x.model.ManufacturerName, Justification: s.Justification,
			Products: []advisory.OpenVEXProduct{{OpenVEXComponent: advisory.OpenVEXComponent{ID: id, Identifiers: map[string]string{"purl": id}}}}}
		switch s.Status {
		case StatusNotAffected:
			st.ImpactStatement = s.Reason
		case StatusAffected:
			st.ActionStatement, st.Notes = s.action(), s.Reason
		default:
			st.Notes = s.Reason
		}
		doc.Statements = append(doc.Statements, st)
	}
	return advisory.WriteOpenVEX(doc)
}

func (x *vexWriter) csaf() ([]byte, error) {
	day := x.Now.UTC()
	doc := csaf.VEXDocument{ID: fmt.Sprintf("VEX-%s-%s", x.Model, day.Format("20060102T150405Z")), Title: "VEX of " + x.model.ManufacturerName + " " + x.model.Name,
		Publisher: csaf.VEXPublisher{Name: x.Publisher, Namespace: x.Namespace}, Revisions: []csaf.VEXRevision{{Number: 1, Date: day, Summary: "Verdicts that count on this day."}}}
	ids := map[string]string{}
	for _, s := range x.said {
		id, ok := ids[s.version]
		if !ok {
			id = fmt.Sprintf("CSAFPID-%04d", len(ids)+1)
			ids[s.version] = id
			p := csaf.VEXProduct{ID: id, Vendor: x.model.ManufacturerName, Name: x.model.Name, Version: s.version, Models: slices.Clone(x.model.Numbers)}
			if !s.isRange {
				p.PURL = x.purl(s)
			}
			doc.Products = append(doc.Products, p)
		}
		st := csaf.VEXStatement{Vulnerability: s.Vulnerability, Product: id, Status: advisory.Status(s.Status), Justification: s.Justification, At: s.At}
		switch s.Status {
		case StatusNotAffected:
			st.Impact = s.Reason
		case StatusAffected:
			st.Action = s.action()
		}
		doc.Statements = append(doc.Statements, st)
	}
	return csaf.WriteVEX(doc)
}
