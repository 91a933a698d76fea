package web

import (
	"context"
	"slices"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident/capture"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

// devicePage is one device.
type devicePage struct {
	Frame
	Device     device.Device
	Name       string
	Where      string
	Config     device.Configuration
	Rows       []riskRow
	More       string // address of the rest of the weaknesses, "" when all are shown
	Risk       risk.DeviceRisk
	Components []product.Component
	Names      []device.Identity
	Contradict []device.FoundContradiction
	History    []historyRow
	Stage      product.Stage
	Fact       *Form
	MayDrop    bool
	MayEdit    bool
	MayMerge   bool
	State      *Form // retire or reinstate
	MayDecide  bool
	Decide     string
	SawRisk    bool
	Ranked     bool // compared with the advisories at least once
	Open       int  // answers that a fact would settle
	Settles    []string
	SawAlerts  bool
	Alerts     []alertRow
	Events     string // address of its events, "" for none
	Standing   []standingRow
	MayGuide   bool
	Capture    capture.Advice // what to capture of it before it loses power
}

func (devicePage) template() string { return "device" }

const weaknessesShown = 25

func (s *Server) deviceOf(v *visit) (devicePage, error) {
	id := device.ID(v.path("id"))
	p := devicePage{SawRisk: v.may(risk.KindRead), MayEdit: v.may(device.KindChanged), MayMerge: v.may(device.KindMerged), MayDecide: v.may("risk.decided|risk.accepted"), MayDrop: v.may(device.KindPartWithdrawn), MayGuide: v.may(capture.KindWritten)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		d, err := device.Get(ctx, r, id)
		if err != nil {
			return err
		}
		p.Device, p.Name, p.Where = d, deviceName(device.Brief{AssetTag: d.AssetTag, Serial: d.Serial}), place(d.SiteName, d.Ward)
		// The visitor may see the device, so what its model and release are too.
		if p.Config, err = device.Facts(store.WithActor(ctx, store.System("web")), r, id); err != nil {
			return err
		}
		p.Names = identities(d)
		if p.Capture, err = capture.For(ctx, r, capture.Subject{ID: id, Name: d.RawVendor + " " + d.RawModel}); err != nil {
			return err
		}
		if p.Standing, err = s.standingRows(ctx, r, v, string(id)); err != nil {
			return err
		}
		if err := s.deviceSoftware(ctx, r, v, &p); err != nil {
			return err
		}
		if p.SawRisk {
			if err := s.deviceRisks(ctx, r, v, &p); err != nil {
				return err
			}
		}
		contradictions, err := device.Contradictions(ctx, r, device.ContradictionQuery{Device: id})
		if err != nil {
			return err
		}
		p.Contradict = contradictions.Items
		if p.SawAlerts = v.may(detection.KindRead); p.SawAlerts {
			page, err := detection.ListAlerts(ctx, r, detection.AlertQuery{Device: string(id), Sort: "-opened", Limit: 10})
			if err != nil {
				return err
			}
			if p.Alerts, err = s.alertRows(ctx, r, page.Items); err != nil {
				return err
			}
		}
		p.History, err = history(ctx, r, string(id))
		return err
	})
	if err != nil {
		return p, err
	}
	if v.may(detection.KindEventRead) && s.Events.Log != nil {
		p.Events = urlEventsOf("any.device", id)
	}
	p.Frame = v.frame(p.Name, urlDevices(), Link{urlDevices(), "Devices"})
	if v.may(device.KindPartRecorded) && p.Device.State == device.Active {
		f := factForm(urlDevice(id) + "/facts")
		p.Fact = &f
	}
	p.State = v.stateForm(p.Device)
	return p, nil
}

// stateForm retires a device or brings it back; nil when the visitor may do neither.
func (v *visit) stateForm(d device.Device) *Form {
	reason := Field{Name: "reason", Label: "Reason", Kind: "text", Required: true}
	switch {
	case d.State == device.Active && v.may(device.KindRetired):
		f := Form{ID: "retire", Action: urlDevice(d.ID) + "/retire", Submit: "Retire the device", Danger: true}.with(reason)
		return &f
	case d.State == device.Retired && v.may(device.KindReinstated):
		f := Form{ID: "reinstate", Action: urlDevice(d.ID) + "/reinstate", Submit: "Bring the device back"}.with(reason)
		return &f
	}
	return nil
}

// identities are the names of a device, those that hold first, then by when they began.
func identities(d device.Device) []device.Identity {
	out := slices.Clone(d.Identities)
	slices.SortStableFunc(out, func(a, b device.Identity) int {
		if a.Until.IsZero() != b.Until.IsZero() {
			if a.Until.IsZero() {
				return -1
			}
			return 1
		}
		return b.Since.Compare(a.Since)
	})
	return out
}

func (s *Server) deviceSoftware(ctx context.Context, r store.Reader, v *visit, p *devicePage) error {
	if p.Device.Model == "" {
		return nil
	}
	ctx = store.WithActor(ctx, store.System("web"))
	all, err := product.Supports(ctx, r, p.Device.Model)
	if err != nil {
		return err
	}
	p.Stage, _ = product.StageAt(all, p.Device.Release, s.now())
	if p.Config.SBOM.ID == "" {
		return nil
	}
	p.Components, err = product.Components(ctx, r, p.Config.SBOM.ID)
	p.Components = p.Components[:min(len(p.Components), 200)]
	return err
}

func (s *Server) deviceRisks(ctx context.Context, r store.Reader, v *visit, p *devicePage) error {
	id := string(p.Device.ID)
	sums, err := risk.DeviceRisks(ctx, r, []string{id})
	if err != nil {
		return err
	}
	p.Risk, p.Ranked = sums[id]
	page, err := risk.Lines(ctx, r, risk.LineQuery{Device: id, Limit: weaknessesShown})
	if err != nil {
		return err
	}
	if page.Next != "" {
		p.More = urlRiskOf("device", id)
	}
	if p.Rows, err = riskRows(ctx, r, page.Lines); err != nil || !v.may(vuln.KindRead) {
		return err
	}
	if p.Risk.Unknown > 0 {
		matches, err := vuln.MatchesOf(ctx, r, id, "")
		if err != nil {
			return err
		}
		for _, m := range matches {
			if m.Truth == match.Unknown && m.Settles != "" {
				p.Open++
				if !slices.Contains(p.Settles, m.Settles) && len(p.Settles) < 5 {
					p.Settles = append(p.Settles, m.Settles)
				}
			}
		}
	}
	return nil
}

func (s *Server) device(v *visit) error {
	p, err := s.deviceOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// factForm asks for a configuration fact.
func factForm(action string) Form {
	return Form{ID: "fact", Action: action, Submit: "Record the fact"}.with(
		Field{Name: "kind", Label: "Part", Kind: "select", Required: true, Options: options("os", product.FactKinds())},
		Field{Name: "vendor", Label: "Vendor", Kind: "text"},
		Field{Name: "product", Label: "Product", Kind: "text", Help: "For a value of another kind: its name."},
		Field{Name: "version", Label: "Version", Kind: "text", Help: "For a value of another kind: the value."},
		Field{Name: "cpe", Label: "CPE 2.3 name", Kind: "text", Placeholder: "cpe:2.3:o:…"},
		Field{Name: "source", Label: "Source", Kind: "text", Required: true, Help: "Where this is known from: a document, a label, a person."},
		Field{Name: "confidence", Label: "How it is known", Kind: "select", Required: true, Options: options("declared", product.Confidences())})
}

func partOf(get func(string) string) product.Part {
	return product.Part{Kind: product.FactKind(get("kind")), Vendor: get("vendor"), Product: get("product"), Version: get("version"), CPE: get("cpe"), Source: get("source"), Confidence: product.Confidence(get("confidence"))}
}

func (s *Server) deviceFact(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id := v.path("id")
	if _, err := s.Fleet.RecordPart(v.r.Context(), device.Part{Device: device.ID(id), Part: partOf(f.Get)}); err != nil {
		return s.deviceAgain(v, err, func(p *devicePage) *Form { return p.Fact })
	}
	return v.done(urlDevice(id), "The fact is recorded. The device is matched again.")
}

// deviceAgain shows the device again with the faults in one of its forms.
func (s *Server) deviceAgain(v *visit, err error, which func(p *devicePage) *Form) error {
	if !validFault(err) {
		return err
	}
	p, perr := s.deviceOf(v)
	if perr != nil {
		return perr
	}
	f := which(&p)
	if f == nil {
		return err
	}
	f.fill(v.r.PostForm)
	f.blame(err)
	return v.again(p, err)
}

func (s *Server) deviceFactWithdraw(v *visit) error {
	if err := s.Fleet.WithdrawPart(v.r.Context(), v.path("fact")); err != nil {
		return err
	}
	return v.done(urlDevice(v.path("id")), "The fact is withdrawn.")
}

func (s *Server) retire(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Fleet.Retire(v.r.Context(), device.ID(v.path("id")), f.Get("reason")); err != nil {
		return s.deviceAgain(v, err, func(p *devicePage) *Form { return p.State })
	}
	return v.done(urlDevice(v.path("id")), "The device is retired. Its record and history stay.")
}

func (s *Server) reinstate(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Fleet.Reinstate(v.r.Context(), device.ID(v.path("id")), f.Get("reason")); err != nil {
		return s.deviceAgain(v, err, func(p *devicePage) *Form { return p.State })
	}
	return v.done(urlDevice(v.path("id")), "The device is back in the fleet.")
}

// mergePage asks which of two records stays.
type mergePage struct {
	Frame
	Keep, Drop device.Device
	Found      []device.Item
	Query      string
	Action     string
	Form       Form
}

func (mergePage) template() string { return "merge" }

func (s *Server) mergeOf(v *visit, other string) (mergePage, error) {
	p := mergePage{Action: urlDevice(v.path("id")) + "/merge", Query: v.query("q")}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Keep, err = device.Get(ctx, r, device.ID(v.path("id"))); err != nil {
			return err
		}
		if other != "" {
			p.Drop, err = device.Get(ctx, r, device.ID(other))
			return err
		}
		if p.Query != "" {
			page, err := device.List(ctx, r, device.Query{Prefix: p.Query, Limit: 10})
			p.Found = slices.DeleteFunc(page.Items, func(i device.Item) bool { return i.ID == p.Keep.ID })
			return err
		}
		return nil
	})
	name := deviceName(device.Brief{AssetTag: p.Keep.AssetTag, Serial: p.Keep.Serial})
	p.Frame = v.frame("Merge into "+name, urlDevices(), Link{urlDevices(), "Devices"}, Link{urlDevice(p.Keep.ID), name})
	p.Form = Form{ID: "merge", Action: p.Action, Submit: "Merge the two records", Danger: true, Cancel: urlDevice(p.Keep.ID)}.with(
		Field{Name: "other", Kind: "hidden", Value: other}, Field{Name: "reason", Label: "Why they are one device", Kind: "textarea", Required: true})
	return p, err
}

func (s *Server) merge(v *visit) error {
	p, err := s.mergeOf(v, v.query("other"))
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) mergeDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if f.Get("other") == "" {
		return problem.New(problem.Invalid, "choose the record to merge")
	}
	if err := s.Fleet.Merge(v.r.Context(), device.ID(v.path("id")), device.ID(f.Get("other")), f.Get("reason")); err != nil {
		p, perr := s.mergeOf(v, f.Get("other"))
		if perr != nil {
			return perr
		}
		refill(&p.Form, f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlDevice(v.path("id")), "The two records are one. The other one stays readable and leads here.")
}
