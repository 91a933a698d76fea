package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

func (s *Server) sites() {
	add(s, op{id: "sites", route: "GET /sites", kind: device.KindRead, summary: "Sites"}, func(ctx context.Context, _ *none) (apiv1.List[apiv1.Site], error) {
		all, err := read(ctx, s, func(r store.Reader) ([]device.Site, error) { return device.Sites(ctx, r) })
		return list(all, func(v device.Site) apiv1.Site { return apiv1.Site{ID: string(v.ID), Name: v.Name} }), err
	})
	add(s, op{id: "add-site", route: "POST /sites", kind: device.KindSiteAdded, summary: "Add a site", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.SiteInput]) (apiv1.Made, error) {
			id, err := s.Fleet.AddSite(ctx, in.Body.Name)
			return apiv1.Made{ID: string(id)}, err
		})
	act(s, op{id: "rename-site", route: "PUT /sites/{id}", kind: device.KindSiteChanged, summary: "Rename a site"}, func(ctx context.Context, in *oneWith[apiv1.SiteInput]) error {
		return s.Fleet.RenameSite(ctx, device.SiteID(in.ID), in.Body.Name)
	})
}

func (s *Server) devices() {
	add(s, op{id: "devices", route: "GET /devices", kind: device.KindRead, summary: "Devices, by filter or by the beginning of a name"}, s.listDevices)
	add(s, op{id: "register-device", route: "POST /devices", kind: device.KindRegistered, summary: "Register a device", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.DeviceInput]) (apiv1.Made, error) {
			id, err := s.Fleet.Register(ctx, deviceOf(in.Body))
			return apiv1.Made{ID: string(id)}, err
		})
	add(s, op{id: "device", route: "GET /devices/{id}", kind: device.KindRead, summary: "One device"}, func(ctx context.Context, in *one) (apiv1.Device, error) {
		d, err := s.device(ctx, in.ID)
		return wireDevice(d), err
	})
	act(s, op{id: "change-device", route: "PUT /devices/{id}", kind: device.KindChanged + "|" + device.KindMoved + "|" + device.KindIdentityAdded,
		summary: "Replace what is known of a device"}, func(ctx context.Context, in *oneWith[apiv1.DeviceChange]) error {
		d := deviceOf(in.Body.DeviceInput)
		d.ID, d.Changed = device.ID(in.ID), in.Body.IfChanged
		return s.Fleet.Change(ctx, d)
	})
	act(s, op{id: "retire-device", route: "POST /devices/{id}/retire", kind: device.KindRetired, summary: "Take a device out of the fleet; its record stays"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Fleet.Retire(ctx, device.ID(in.ID), in.Body.Reason)
		})
	act(s, op{id: "reinstate-device", route: "POST /devices/{id}/reinstate", kind: device.KindReinstated, summary: "Bring a retired device back"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Fleet.Reinstate(ctx, device.ID(in.ID), in.Body.Reason)
		})
	act(s, op{id: "merge-device", route: "POST /devices/{id}/merge", kind: device.KindMerged, summary: "Say that another record is the same device; this one stays"},
		func(ctx context.Context, in *oneWith[apiv1.DeviceMerge]) error {
			return s.Fleet.Merge(ctx, device.ID(in.ID), device.ID(in.Body.Drop), in.Body.Reason)
		})
	add(s, op{id: "device-history", route: "GET /devices/{id}/history", kind: device.KindRead, summary: "What happened to a device, the newest first"}, s.deviceHistory)
	stream(s, op{id: "export-devices-csv", route: "GET /devices.csv", kind: device.KindRead, summary: "The fleet as CSV, in the form that can be imported"}, "text/csv; charset=utf-8", s.exportCSV)
	stream(s, op{id: "export-devices-json", route: "GET /devices.json", kind: device.KindRead, summary: "The fleet as a JSON array of devices"}, "application/json", s.exportJSON)
}

// device reads one device within the scope of the actor.
func (s *Server) device(ctx context.Context, id string) (device.Device, error) {
	return read(ctx, s, func(r store.Reader) (device.Device, error) { return device.Get(ctx, r, device.ID(id)) })
}

func (s *Server) listDevices(ctx context.Context, in *struct{ apiv1.DeviceQuery }) (apiv1.Page[apiv1.DeviceItem], error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Page[apiv1.DeviceItem], error) {
		q := deviceQuery(in.DeviceFilter)
		q.After, q.Limit = in.After, in.Limit
		p, err := device.List(ctx, r, q)
		if err != nil {
			return apiv1.Page[apiv1.DeviceItem]{}, err
		}
		out := page(p.Items, p.Next, wireDeviceItem)
		if a, _ := store.ActorOf(ctx); !a.May(risk.KindRead) {
			return out, nil
		}
		ids := each(p.Items, func(d device.Item) string { return string(d.ID) })
		risks, err := risk.DeviceRisks(ctx, r, ids)
		for i := range out.Items {
			v := risks[out.Items[i].ID]
			out.Items[i].Risk = apiv1.DeviceRisk{Affected: v.Affected, Unknown: v.Unknown, Uncontrolled: v.Uncontrolled, KEV: v.KEV}
		}
		return out, err
	})
}

func deviceQuery(f apiv1.DeviceFilter) device.Query {
	return device.Query{Site: device.SiteID(f.Site), Ward: f.Ward, Model: product.ModelID(f.Model), InUse: product.Answer(f.InUse),
		Class: product.SafetyClass(f.Class), State: device.State(f.State), Prefix: f.Text, Sort: device.Sort(f.Sort)}
}

func wireDeviceItem(d device.Item) apiv1.DeviceItem {
	return apiv1.DeviceItem{ID: string(d.ID), State: string(d.State), AssetTag: d.AssetTag, Serial: d.Serial, Site: string(d.Site), SiteName: d.SiteName,
		Ward: d.Ward, Model: string(d.Model), ModelName: d.ModelName, Version: d.Version, Class: string(d.Class), InUse: string(d.InUse), Zone: d.Zone,
		Network: each(d.Identities, wireIdentity), Matched: d.Matched}
}

func wireIdentity(n device.Identity) apiv1.Identity {
	return apiv1.Identity{Kind: string(n.Kind), Value: n.Value, Since: n.Since, Until: n.Until, Source: n.Source}
}

func deviceOf(in apiv1.DeviceInput) device.Device {
	return device.Device{Site: device.SiteID(in.Site), Ward: in.Ward, AssetTag: in.AssetTag, Serial: in.Serial, Lot: in.Lot, Manufactured: day(in.Manufactured),
		UDI: in.UDI, DI: in.DI, Model: product.ModelID(in.Model), Release: product.ReleaseID(in.Release), RawVendor: in.RawVendor, RawModel: in.RawModel,
		RawVersion: in.RawVersion, Zone: in.Zone, Connectivity: words[network.Connectivity](in.Connectivity), PatientData: product.Answer(in.PatientData),
		InUse: product.Answer(in.InUse), OwnClass: product.SafetyClass(in.Class), ClinicalOwner: in.ClinicalOwner, ITOwner: in.ITOwner,
		Identities: each(in.Network, func(n apiv1.Identity) device.Identity {
			return device.Identity{Kind: network.IdentityKind(n.Kind), Value: n.Value, Since: n.Since, Until: n.Until, Source: n.Source}
		}), Values: each(in.Values, func(v apiv1.Value) device.Value { return device.Value(v) })}
}

func wireDevice(d device.Device) apiv1.Device {
	return apiv1.Device{ID: string(d.ID), DeviceInput: apiv1.DeviceInput{Site: string(d.Site), Ward: d.Ward, AssetTag: d.AssetTag, Serial: d.Serial, Lot: d.Lot,
		Manufactured: date(d.Manufactured), UDI: d.UDI, DI: d.DI, Model: string(d.Model), Release: string(d.Release), RawVendor: d.RawVendor, RawModel: d.RawModel,
		RawVersion: d.RawVersion, Zone: d.Zone, Connectivity: texts(d.Connectivity), PatientData: string(d.PatientData), InUse: string(d.InUse),
		Class: string(d.OwnClass), ClinicalOwner: d.ClinicalOwner, ITOwner: d.ITOwner, Network: each(d.Identities, wireIdentity),
		Values: each(d.Values, func(v device.Value) apiv1.Value { return apiv1.Value(v) })},
		State: string(d.State), SiteName: d.SiteName, ModelName: d.ModelName, EffectiveClass: string(d.Class), Registered: d.At, Changed: d.Changed, MergedInto: string(d.MergedInto)}
}

// aboutOne is the input of a page of things about one record.
type aboutOne struct {
	ID string `path:"id" maxLength:"200"`
	apiv1.Cursor
}

func (s *Server) deviceHistory(ctx context.Context, in *aboutOne) (apiv1.Page[apiv1.Entry], error) {
	if _, err := s.device(ctx, in.ID); err != nil {
		return apiv1.Page[apiv1.Entry]{}, err
	}
	return s.entries(ctx, store.JournalQuery{Subject: in.ID}, in.Cursor)
}
