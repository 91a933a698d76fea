package device

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// exportPage is how many devices are in memory at once.
const exportPage = 500

// walk calls fn with every device that a query chooses, whole, in the query's order and within the actor's scope. After
// and Limit of the query are not looked at.
func walk(ctx context.Context, r store.Reader, q Query, fn func(Device) error) error {
	q.After, q.Limit = "", exportPage
	for {
		p, err := page(ctx, r, q)
		if err != nil {
			return fmt.Errorf("export devices: %w", err)
		}
		ids := make([]ID, len(p.Items))
		for i, x := range p.Items {
			ids[i] = x.id
		}
		all, err := load(ctx, r, ids)
		if err != nil {
			return fmt.Errorf("export devices: %w", err)
		}
		at := make(map[ID]Device, len(all))
		for _, d := range all {
			at[d.ID] = d
		}
		for _, id := range ids {
			if err := fn(at[id]); err != nil {
				return err
			}
		}
		if q.After = p.Next; q.After == "" {
			return nil
		}
	}
}

// exportColumns are the headers of an exported fleet file, as an import reads them; those of the first two it leaves out.
func exportColumns() []string {
	out := []string{"triward id", "triward state"}
	kept := func(f fleetfile.Field) bool {
		return f != fleetfile.FieldSBOM && f != fleetfile.FieldName && f != fleetfile.FieldFact && f != fleetfile.FieldIgnore
	}
	for _, f := range fleetfile.Fields() {
		if kept(f) {
			out = append(out, string(f))
		}
	}
	return out
}

// maxFactColumns bounds the columns of an export beyond those that have a field of their own.
const maxFactColumns = fleetfile.MaxColumns - 50

// ExportCSV writes devices as a fleet file (RFC 4180) that can be imported again: the columns of an import, then one for
// each other fact that any device has. Vendor, model and version are the texts as imported where there are any, so that
// importing the file again changes nothing. Cells are neutralised, see [product.Neutral].
func ExportCSV(ctx context.Context, r store.Reader, q Query, w io.Writer) error {
	names, err := exportNames(ctx, r)
	if err != nil {
		return fmt.Errorf("export devices: %w", err)
	}
	if len(names.facts) > maxFactColumns {
		return problem.New(problem.Invalid, "the devices have more than %d kinds of facts; export them as JSON", maxFactColumns)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(product.Neutral(append(exportColumns(), names.facts...))); err != nil {
		return err
	}
	err = walk(ctx, r, q, func(d Device) error { return out.Write(product.Neutral(names.cells(d))) })
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Neutral is [product.Neutral].
func Neutral(cells []string) []string { return product.Neutral(cells) }

// exportedNames are the names behind the ids of a device: of models their manufacturer and their own, of releases the version,
// and all names of other facts.
type exportedNames struct {
	model   map[product.ModelID][2]string
	release map[product.ReleaseID]string
	facts   []string
}

func exportNames(ctx context.Context, r store.Reader) (exportedNames, error) {
	n := exportedNames{model: map[product.ModelID][2]string{}, release: map[product.ReleaseID]string{}}
	var err error
	if n.facts, err = store.All(ctx, r, store.Value[string], `SELECT DISTINCT name FROM device_value ORDER BY name LIMIT $1`, maxFactColumns+1); err != nil {
		return n, err
	}
	_, err = store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var id product.ModelID
		var v [2]string
		err := s.Scan(&id, &v[0], &v[1])
		n.model[id] = v
		return struct{}{}, err
	}, `SELECT m.id, f.name, m.name FROM model m JOIN manufacturer f ON f.id = m.manufacturer_id`)
	if err != nil {
		return n, err
	}
	_, err = store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var id product.ReleaseID
		var v string
		err := s.Scan(&id, &v)
		n.release[id] = v
		return struct{}{}, err
	}, `SELECT id, version FROM product_release`)
	return n, err
}

// named is what a device is called: vendor, model and version as imported, else the names of what it was resolved to.
func (n exportedNames) named(d Device) (vendor, model, version string) {
	vendor, model, version = d.RawVendor, d.RawModel, d.RawVersion
	if m, ok := n.model[d.Model]; ok && vendor == "" && model == "" {
		vendor, model = m[0], m[1]
	}
	if version == "" {
		version = n.release[d.Release]
	}
	return vendor, model, version
}

func (n exportedNames) cells(d Device) []string {
	vendor, model, version := n.named(d)
	facts := factsByName(d)
	udi := d.UDI
	if udi == "" {
		udi = d.DI
	}
	now := func(k network.IdentityKind) string { return strings.Join(d.Current(k), "; ") }
	cells := []string{string(d.ID), string(d.State), d.AssetTag, vendor, model, version, d.Serial, d.Lot, product.Day(d.Manufactured), udi, now(network.IP), now(network.MAC),
		now(network.Hostname), now(network.AETitle), d.SiteName, d.Ward, d.Zone, strings.ReplaceAll(network.JoinWays(d.Connectivity), ",", "; "), string(d.PatientData),
		string(d.InUse), string(d.Class), d.ClinicalOwner, d.ITOwner}
	for _, f := range n.facts {
		cells = append(cells, facts[f])
	}
	return cells
}

func factsByName(d Device) map[string]string {
	out := make(map[string]string, len(d.Values))
	for _, v := range d.Values {
		out[v.Name] = v.Value
	}
	return out
}

// Exported is a device in an export as JSON. Dates are "2006-01-02".
type Exported struct {
	ID            ID                     `json:"id"`
	State         State                  `json:"state"`
	AssetTag      string                 `json:"asset_tag,omitempty"`
	Vendor        string                 `json:"vendor,omitempty"`
	Model         string                 `json:"model,omitempty"`
	Version       string                 `json:"version,omitempty"`
	Serial        string                 `json:"serial,omitempty"`
	Lot           string                 `json:"lot,omitempty"`
	Manufactured  string                 `json:"manufactured,omitempty"`
	UDI           string                 `json:"udi,omitempty"`
	DI            string                 `json:"di,omitempty"`
	ModelID       product.ModelID        `json:"model_id,omitempty"`
	ReleaseID     product.ReleaseID      `json:"release_id,omitempty"`
	Site          string                 `json:"site,omitempty"`
	Location      string                 `json:"location,omitempty"`
	Zone          string                 `json:"zone,omitempty"`
	Connectivity  []network.Connectivity `json:"connectivity,omitempty"`
	PatientData   product.Answer         `json:"patient_data"`
	InUse         product.Answer         `json:"in_use"`
	Class         product.SafetyClass    `json:"safety_class"`
	ClinicalOwner string                 `json:"clinical_owner,omitempty"`
	ITOwner       string                 `json:"it_owner,omitempty"`
	IP            []string               `json:"ip,omitempty"`
	MAC           []string               `json:"mac,omitempty"`
	Hostname      []string               `json:"hostname,omitempty"`
	AETitle       []string               `json:"ae_title,omitempty"`
	Identities    []ExportedIdentity     `json:"identities,omitempty"` // present and past
	Facts         map[string]string      `json:"facts,omitempty"`
	Registered    time.Time              `json:"registered"`
	Changed       time.Time              `json:"changed"`
	MergedInto    ID                     `json:"merged_into,omitempty"`
}

// ExportedIdentity is a network identity in an export as JSON.
type ExportedIdentity struct {
	Kind   network.IdentityKind `json:"kind"`
	Value  string               `json:"value"`
	Since  time.Time            `json:"since,omitzero"`
	Until  time.Time            `json:"until,omitzero"`
	Source string               `json:"source,omitempty"`
}

func (n exportedNames) exported(d Device) Exported {
	vendor, model, version := n.named(d)
	e := Exported{ID: d.ID, State: d.State, AssetTag: d.AssetTag, Vendor: vendor, Model: model, Version: version, Serial: d.Serial, Lot: d.Lot,
		Manufactured: product.Day(d.Manufactured), UDI: d.UDI, DI: d.DI, ModelID: d.Model, ReleaseID: d.Release, Site: d.SiteName, Location: d.Ward,
		Zone: d.Zone, Connectivity: d.Connectivity, PatientData: d.PatientData, InUse: d.InUse, Class: d.Class, ClinicalOwner: d.ClinicalOwner,
		ITOwner: d.ITOwner, IP: d.Current(network.IP), MAC: d.Current(network.MAC), Hostname: d.Current(network.Hostname), AETitle: d.Current(network.AETitle), Facts: factsByName(d),
		Registered: d.At, Changed: d.Changed, MergedInto: d.MergedInto}
	for _, x := range d.Identities {
		e.Identities = append(e.Identities, ExportedIdentity(x))
	}
	return e
}

// ExportJSON writes devices as a JSON array of [Exported], one on a line.
func ExportJSON(ctx context.Context, r store.Reader, q Query, w io.Writer) error {
	names, err := exportNames(ctx, r)
	if err != nil {
		return fmt.Errorf("export devices: %w", err)
	}
	lead := "["
	err = walk(ctx, r, q, func(d Device) error {
		b, err := json.Marshal(names.exported(d))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, lead); err != nil {
			return err
		}
		lead = ",\n"
		_, err = w.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if lead == "[" {
		_, err = io.WriteString(w, "[]\n")
	} else {
		_, err = io.WriteString(w, "]\n")
	}
	return err
}
