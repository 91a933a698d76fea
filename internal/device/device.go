package device

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
)

// ID names a device ("dev_…").
type ID string

// SiteID names a site ("site_…").
type SiteID string

// Site is a place with devices: a hospital, a campus.
type Site struct {
	ID   SiteID
	Name string
}

// State is where in its life the record of a device is.
type State string

// The closed list of states.
const (
	Active  State = "active"
	Retired State = "retired"
	Merged  State = "merged" // another record stands for it: MergedInto
)

// Device is one physical device.
type Device struct {
	ID            ID
	State         State
	Site          SiteID // empty when not known
	SiteName      string // filled by reads
	Ward          string // location within the site
	AssetTag      string
	Serial        string
	Lot           string
	Manufactured  time.Time // date, zero when not known
	UDI           string    // as scanned or imported
	DI            string    // UDI device identifier
	Model         product.ModelID
	Maker         string // filled by reads: the manufacturer of the model
	ModelName     string // filled by reads: "manufacturer model", or the raw texts
	Release       product.ReleaseID
	RawVendor     string // as imported
	RawModel      string
	RawVersion    string // software version as imported; holds also where the release is not resolved
	Zone          string // network zone, in the hospital's own words
	Connectivity  []network.Connectivity
	PatientData   product.Answer
	InUse         product.Answer
	OwnClass      product.SafetyClass // said of this device; unknown: the model's holds
	Class         product.SafetyClass // what holds; filled by reads
	ClinicalOwner string
	ITOwner       string
	Identities    []Identity // network identities, present and past
	Values        []Value    // other facts, by name
	At            time.Time  // when it was registered
	Changed       time.Time  // when the record changed last
	MergedInto    ID
}

// Value is a fact without a field of its own.
type Value struct {
	Name  string
	Value string
}

const maxIdentities = 1_000 // of one device, past ones too

// unset gives fields left empty their "not known" value and identities their canonical form; what cannot be read stays as
// it is for [Device.Validate] to refuse.
func (d *Device) unset() {
	if d.State == "" {
		d.State = Active
	}
	if d.PatientData == "" {
		d.PatientData = product.NotKnown
	}
	if d.InUse == "" {
		d.InUse = product.NotKnown
	}
	if d.OwnClass == "" {
		d.OwnClass = product.ClassNotKnown
	}
	d.readUDI()
	d.Connectivity = slices.Clone(d.Connectivity)
	slices.Sort(d.Connectivity)
	d.Connectivity = slices.Compact(d.Connectivity)
	d.Identities = slices.Clone(d.Identities)
	for i, n := range d.Identities {
		if v, err := network.Canonical(n.Kind, n.Value); err == nil {
			d.Identities[i].Value = v
		}
	}
	d.Identities = slices.CompactFunc(sorted(d.Identities, func(a, b Identity) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), a.Since.Compare(b.Since), strings.Compare(a.Value, b.Value))
	}), func(a, b Identity) bool { return a.Kind == b.Kind && a.Value == b.Value && a.Since.Equal(b.Since) })
	// Of several values under one name the last counts.
	values := sorted(d.Values, func(a, b Value) int { return strings.Compare(a.Name, b.Name) })
	d.Values = nil
	for i, v := range values {
		if i+1 == len(values) || values[i+1].Name != v.Name {
			d.Values = append(d.Values, v)
		}
	}
}

// sorted is a sorted copy; equal elements keep their order.
func sorted[T any](all []T, by func(a, b T) int) []T {
	all = slices.Clone(all)
	slices.SortStableFunc(all, by)
	return all
}

// Validate reports every fault of a device.
func (d Device) Validate() error {
	var l problem.List
	for _, f := range []struct{ path, text string }{{"ward", d.Ward}, {"asset_tag", d.AssetTag}, {"serial", d.Serial}, {"lot", d.Lot}, {"di", d.DI},
		{"vendor", d.RawVendor}, {"model", d.RawModel}, {"version", d.RawVersion}, {"zone", d.Zone}, {"clinical_owner", d.ClinicalOwner},
		{"it_owner", d.ITOwner}} {
		product.Text(&l, f.path, f.text, fleetfile.MaxText)
	}
	d.validateUDI(&l)
	product.Date(&l, "manufactured", d.Manufactured)
	product.OneOf(&l, "patient_data", d.PatientData, product.Answers())
	product.OneOf(&l, "in_use", d.InUse, product.Answers())
	product.OneOf(&l, "safety_class", d.OwnClass, product.SafetyClasses())
	for _, c := range d.Connectivity {
		product.OneOf(&l, "connectivity", c, network.Connectivities())
	}
	if len(d.Connectivity) > 1 && slices.Contains(d.Connectivity, network.NoConnection) {
		l.Add("connectivity", "none stands alone")
	}
	if d.AssetTag == "" && d.Serial == "" && d.UDI == "" && len(d.Identities) == 0 {
		l.Add("asset_tag", "a device needs at least one of asset tag, serial number, UDI, or a network identity")
	}
	if len(d.Values) > fleetfile.MaxFacts {
		l.Add("values", "at most %d are allowed", fleetfile.MaxFacts)
	}
	for _, v := range d.Values {
		if strings.TrimSpace(v.Name) == "" {
			l.Add("values", "a fact needs a name")
		}
		product.Text(&l, "values."+v.Name, v.Name, fleetfile.MaxText)
		product.Text(&l, "values."+v.Name, v.Value, fleetfile.MaxValue)
	}
	validateIdentities(&l, d.Identities)
	return l.Err("the device is not valid")
}

// Current returns the network identities of a kind that hold.
func (d Device) Current(kind network.IdentityKind) []string {
	var out []string
	for _, n := range d.Identities {
		if n.Kind == kind && n.Until.IsZero() {
			out = append(out, n.Value)
		}
	}
	slices.Sort(out)
	return out
}

func (d Device) changes(after Device) product.Changes {
	var c product.Changes
	c.Note("state", string(d.State), string(after.State))
	c.Note("asset_tag", d.AssetTag, after.AssetTag)
	c.Note("serial", d.Serial, after.Serial)
	c.Note("lot", d.Lot, after.Lot)
	c.Note("manufactured", product.Day(d.Manufactured), product.Day(after.Manufactured))
	c.Note("udi", d.UDI, after.UDI)
	c.Note("di", d.DI, after.DI)
	c.Note("model_id", string(d.Model), string(after.Model))
	c.Note("release_id", string(d.Release), string(after.Release))
	c.Note("vendor", d.RawVendor, after.RawVendor)
	c.Note("model", d.RawModel, after.RawModel)
	c.Note("version", d.RawVersion, after.RawVersion)
	c.Note("zone", d.Zone, after.Zone)
	c.Note("connectivity", network.JoinWays(d.Connectivity), network.JoinWays(after.Connectivity))
	c.Note("patient_data", string(d.PatientData), string(after.PatientData))
	c.Note("in_use", string(d.InUse), string(after.InUse))
	c.Note("safety_class", string(d.OwnClass), string(after.OwnClass))
	c.Note("clinical_owner", d.ClinicalOwner, after.ClinicalOwner)
	c.Note("it_owner", d.ITOwner, after.ITOwner)
	c.Note("merged_into", string(d.MergedInto), string(after.MergedInto))
	before := map[string]string{}
	for _, v := range d.Values {
		before[v.Name] = v.Value
	}
	for _, v := range after.Values {
		c.Note("values."+v.Name, before[v.Name], v.Value)
		delete(before, v.Name)
	}
	for _, v := range d.Values {
		if old, gone := before[v.Name]; gone {
			c.Note("values."+v.Name, old, "")
		}
	}
	return c
}

// moves are the changes of place.
func (d Device) moves(after Device) product.Changes {
	var c product.Changes
	c.Note("site", string(d.Site), string(after.Site))
	c.Note("ward", d.Ward, after.Ward)
	return c
}

// renames are the changes of network identities that hold.
func (d Device) renames(after Device) product.Changes {
	var c product.Changes
	for _, k := range network.IdentityKinds() {
		c.Note(string(k), strings.Join(d.Current(k), ", "), strings.Join(after.Current(k), ", "))
	}
	return c
}
