package web

import (
	"context"
	"net/url"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// formPage is a page that is one form.
type formPage struct {
	Frame
	Lead string
	Form Form
}

func (formPage) template() string { return "form" }

func (s *Server) deviceForm(v *visit, d device.Device) (Form, error) {
	var sites []Option
	var model, release string
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := device.Sites(ctx, r)
		if err != nil {
			return err
		}
		for _, x := range all {
			sites = append(sites, Option{string(x.ID), x.Name, x.ID == d.Site})
		}
		ctx = store.WithActor(ctx, store.System("web"))
		if d.Model != "" {
			m, err := product.Get(ctx, r, d.Model)
			if err != nil {
				return err
			}
			d.RawVendor, model = m.ManufacturerName, m.Name
		}
		if d.Release != "" {
			x, err := product.GetRelease(ctx, r, d.Release)
			if err != nil {
				return err
			}
			release = x.Version
		}
		return nil
	})
	if model == "" {
		model = d.RawModel
	}
	if release == "" {
		release = d.RawVersion
	}
	current := func(k network.IdentityKind) string { return strings.Join(d.Current(k), "\n") }
	var ways []Option
	for _, w := range network.Connectivities() {
		on := false
		for _, x := range d.Connectivity {
			on = on || x == w
		}
		ways = append(ways, Option{string(w), title(w), on})
	}
	line := func(name, label, value string) Field {
		return Field{Name: name, Label: label, Kind: "text", Value: value}
	}
	list := func(k network.IdentityKind, label string) Field {
		return Field{Name: string(k), Label: label, Kind: "textarea", Value: current(k), Help: "One on each line. One that is missing ends now and stays in the history."}
	}
	f := Form{ID: "device", Submit: "Save"}.with(
		line("asset_tag", "Asset tag", d.AssetTag), line("serial", "Serial number", d.Serial), line("udi", "UDI", d.UDI),
		line("vendor", "Manufacturer", d.RawVendor), line("model", "Model", model), line("version", "Software version", release),
		line("lot", "Lot", d.Lot), Field{Name: "manufactured", Label: "Manufactured on", Kind: "date", Value: dateValue(d.Manufactured)},
		Field{Name: "site", Label: "Site", Kind: "select", Options: orNone("Not known", sites)}, line("ward", "Ward or location", d.Ward),
		Field{Name: "in_use", Label: "In use", Kind: "select", Required: true, Options: options(orUnknown(string(d.InUse)), product.Answers())},
		Field{Name: "safety_class", Label: "Safety class of this device", Kind: "select", Required: true, Options: options(orUnknown(string(d.OwnClass)), product.SafetyClasses()), Help: "Unknown: that of the model holds."},
		Field{Name: "connectivity", Label: "How it can be reached", Kind: "checks", Options: ways, Help: "None chosen means not known, which counts as reachable."},
		line("zone", "Network zone", d.Zone),
		Field{Name: "patient_data", Label: "Stores patient data", Kind: "select", Required: true, Options: options(orUnknown(string(d.PatientData)), product.Answers())},
		list(network.IP, "IP addresses"), list(network.MAC, "MAC addresses"), list(network.Hostname, "Host names"), list(network.AETitle, "AE titles"),
		line("clinical_owner", "Clinical owner", d.ClinicalOwner), line("it_owner", "IT owner", d.ITOwner),
		Field{Name: "changed", Kind: "hidden", Value: mark(d.Changed)})
	return f, err
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// mark is an instant as a hidden field holds it, to find out whether a record changed meanwhile.
func mark(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// unmark reads the mark of a form; zero when it has none.
func unmark(l *problem.List, f url.Values) time.Time {
	c := f.Get("changed")
	if c == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, c)
	if err != nil {
		l.Add("", "the form is not one of this program")
	}
	return t
}

// deviceFrom puts a form's values into a device. Model and release are found by their names; where there is none, the
// names stay as texts.
func (s *Server) deviceFrom(v *visit, d device.Device, f url.Values) (device.Device, error) {
	var l problem.List
	for _, x := range []struct {
		to   *string
		name string
	}{{&d.AssetTag, "asset_tag"}, {&d.Serial, "serial"}, {&d.UDI, "udi"}, {&d.RawVendor, "vendor"}, {&d.RawModel, "model"}, {&d.RawVersion, "version"}, {&d.Lot, "lot"},
		{&d.Ward, "ward"}, {&d.Zone, "zone"}, {&d.ClinicalOwner, "clinical_owner"}, {&d.ITOwner, "it_owner"}} {
		*x.to = strings.TrimSpace(f.Get(x.name))
	}
	d.Manufactured = date(&l, f, "manufactured")
	d.Site, d.InUse, d.OwnClass, d.PatientData = device.SiteID(f.Get("site")), product.Answer(f.Get("in_use")), product.SafetyClass(f.Get("safety_class")), product.Answer(f.Get("patient_data"))
	d.Connectivity = nil
	for _, w := range f["connectivity"] {
		d.Connectivity = append(d.Connectivity, network.Connectivity(w))
	}
	kept := d.Identities
	d.Identities = nil
	for _, n := range kept {
		if !n.Until.IsZero() {
			d.Identities = append(d.Identities, n)
		}
	}
	for _, k := range network.IdentityKinds() {
		for _, text := range lines(f.Get(string(k))) {
			value, err := network.Canonical(k, text)
			if err != nil {
				l.Add(string(k), "%v", err)
				continue
			}
			d.Identities = append(d.Identities, device.Identity{Kind: k, Value: value})
		}
	}
	d.Changed = unmark(&l, f)
	if err := l.Err("the device is not valid"); err != nil {
		return d, err
	}
	d.Model, d.Release = "", ""
	err := v.view(func(ctx context.Context, r store.Reader) error {
		m, err := product.FindModel(ctx, r, d.RawVendor, d.RawModel)
		if problem.KindOf(err) == problem.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		d.Model = m
		all, err := product.Releases(store.WithActor(ctx, store.System("web")), r, m)
		for _, x := range all {
			if strings.EqualFold(x.Version, d.RawVersion) {
				d.Release = x.ID
			}
		}
		return err
	})
	return d, err
}

func (s *Server) deviceNew(v *visit) error {
	f, err := s.deviceForm(v, device.Device{})
	if err != nil {
		return err
	}
	f.Action, f.Cancel, f.Submit = "/devices/new", urlDevices(), "Register the device"
	return v.show(formPage{Frame: v.frame("Register a device", urlDevices(), Link{urlDevices(), "Devices"}), Lead: "For many at once, import a file.", Form: f})
}

func (s *Server) deviceNewDone(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	d, err := s.deviceFrom(v, device.Device{}, values)
	var id device.ID
	if err == nil {
		id, err = s.Fleet.Register(v.r.Context(), d)
	}
	if err != nil {
		f, ferr := s.deviceForm(v, device.Device{})
		if ferr != nil {
			return ferr
		}
		f.Action, f.Cancel, f.Submit = "/devices/new", urlDevices(), "Register the device"
		f.fill(values)
		if f.blame(err) {
			return v.again(formPage{Frame: v.frame("Register a device", urlDevices(), Link{urlDevices(), "Devices"}), Form: f}, err)
		}
		return err
	}
	return v.done(urlDevice(id), "The device is registered.")
}

func (s *Server) readDevice(v *visit) (device.Device, error) {
	var d device.Device
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		d, err = device.Get(ctx, r, device.ID(v.path("id")))
		return err
	})
	return d, err
}

func (s *Server) editPage(v *visit, d device.Device) (formPage, error) {
	f, err := s.deviceForm(v, d)
	f.Action, f.Cancel = urlDevice(d.ID)+"/edit", urlDevice(d.ID)
	name := deviceName(device.Brief{AssetTag: d.AssetTag, Serial: d.Serial})
	return formPage{Frame: v.frame("Change "+name, urlDevices(), Link{urlDevices(), "Devices"}, Link{urlDevice(d.ID), name}), Form: f}, err
}

func (s *Server) deviceEdit(v *visit) error {
	d, err := s.readDevice(v)
	if err != nil {
		return err
	}
	p, err := s.editPage(v, d)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) deviceEditDone(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	d, err := s.readDevice(v)
	if err != nil {
		return err
	}
	changed, err := s.deviceFrom(v, d, values)
	if err == nil {
		err = s.Fleet.Change(v.r.Context(), changed)
	}
	if err != nil {
		p, perr := s.editPage(v, d)
		if perr != nil {
			return perr
		}
		p.Form.fill(values)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlDevice(d.ID), "The device is changed. It is matched again.")
}
