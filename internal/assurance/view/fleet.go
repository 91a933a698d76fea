package view

import (
	"context"
	"encoding/json"
	"time"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Device is a device as its record stood.
type Device struct {
	ID          string    `cel:"id" json:"id"`
	Site        string    `cel:"site" json:"site"`
	Ward        string    `cel:"ward" json:"ward"`
	Tag         string    `cel:"tag" json:"tag"`
	Model       string    `cel:"model" json:"model"`
	Release     string    `cel:"release" json:"release"`
	Versioned   bool      `cel:"versioned" json:"versioned"` // its software version is known
	Active      bool      `cel:"active" json:"active"`
	InUse       string    `cel:"in_use" json:"in_use"`
	Class       string    `cel:"safety_class" json:"safety_class"`
	Connected   string    `cel:"connectivity" json:"connectivity"`
	Owned       bool      `cel:"owned" json:"owned"` // a clinical and an IT owner are named
	Registered  time.Time `cel:"registered" json:"registered"`
	LastChanged time.Time `cel:"last_changed" json:"last_changed"`
}

// Key is the id; a device is a state.
func (v Device) Key() (string, time.Time) { return v.ID, time.Time{} }

// Release is a software version of a model.
type Release struct {
	ID           string    `cel:"id" json:"id"`
	Model        string    `cel:"model" json:"model"`
	Version      string    `cel:"version" json:"version"`
	Released     string    `cel:"released" json:"released"` // date, "" when not known
	EndOfSupport string    `cel:"end_of_support" json:"end_of_support"`
	Added        time.Time `cel:"added" json:"added"`
	SBOM         bool      `cel:"has_sbom" json:"has_sbom"`
	SBOMAt       time.Time `cel:"sbom_at" json:"sbom_at"`
	Components   int       `cel:"components" json:"components"`
	Devices      int       `cel:"devices" json:"devices"` // active ones that run it
}

// Key is the id; a release is a state.
func (v Release) Key() (string, time.Time) { return v.ID, time.Time{} }

// Model is a product.
type Model struct {
	ID          string    `cel:"id" json:"id"`
	Maker       string    `cel:"maker" json:"maker"`
	Name        string    `cel:"name" json:"name"`
	Class       string    `cel:"safety_class" json:"safety_class"`
	Functions   bool      `cel:"has_functions" json:"has_functions"` // clinical functions with their harm are known
	Support     string    `cel:"support" json:"support"`             // the stage asserted last, "" for none
	Added       time.Time `cel:"added" json:"added"`
	Devices     int       `cel:"devices" json:"devices"`
	Releases    int       `cel:"releases" json:"releases"`
	Unversioned int       `cel:"unversioned" json:"unversioned"` // active devices without a known version
}

// Key is the id; a model is a state.
func (v Model) Key() (string, time.Time) { return v.ID, time.Time{} }

// Feed is a source of advisories.
type Feed struct {
	ID      string    `cel:"id" json:"id"`
	Name    string    `cel:"name" json:"name"`
	Kind    string    `cel:"kind" json:"kind"`
	Enabled bool      `cel:"enabled" json:"enabled"`
	Every   int       `cel:"every_minutes" json:"every_minutes"`
	Loaded  time.Time `cel:"loaded" json:"loaded"` // last success
	Loads   int       `cel:"loads" json:"loads"`
	Faults  int       `cel:"faults" json:"faults"` // of the last load
}

// Key is the id; a feed is a state.
func (v Feed) Key() (string, time.Time) { return v.ID, time.Time{} }

// Verdict is what was said of a vulnerability in a product.
type Verdict struct {
	ID            string    `cel:"id" json:"id"`
	Vulnerability string    `cel:"vulnerability" json:"vulnerability"`
	Model         string    `cel:"model" json:"model"`
	Status        string    `cel:"status" json:"status"`
	Justified     bool      `cel:"justified" json:"justified"` // a reason or a justification is given
	Source        string    `cel:"source" json:"source"`
	Author        string    `cel:"author" json:"author" class:"person"`
	At            time.Time `cel:"at" json:"at"`
	State         string    `cel:"state" json:"state"`     // active, reopened, withdrawn
	Settled       time.Time `cel:"settled" json:"settled"` // when a state other than under_investigation followed for the same vulnerability and model
	Expires       bool      `cel:"expires" json:"expires"`
}

// Key is the id and when it was recorded.
func (v Verdict) Key() (string, time.Time) { return v.ID, v.At }

// Decision is what was decided about vulnerabilities on devices.
type Decision struct {
	ID              string    `cel:"id" json:"id"`
	Title           string    `cel:"title" json:"title"`
	Treatment       string    `cel:"treatment" json:"treatment"`
	Owner           string    `cel:"owner" json:"owner" class:"person"`
	Vulnerabilities []string  `cel:"vulnerabilities" json:"vulnerabilities"`
	At              time.Time `cel:"at" json:"at"`
	Due             time.Time `cel:"due" json:"due"`
	AcceptedUntil   time.Time `cel:"accepted_until" json:"accepted_until"`
	State           string    `cel:"state" json:"state"` // open, reopened, closed
	Closed          time.Time `cel:"closed" json:"closed"`
	Overdue         bool      `cel:"overdue" json:"overdue"`
	Devices         int       `cel:"devices" json:"devices"`
	Reopened        int       `cel:"times_reopened" json:"times_reopened"`
	Controls        bool      `cel:"has_controls" json:"has_controls"`
}

// Key is the id and when it was decided.
func (v Decision) Key() (string, time.Time) { return v.ID, v.At }

// Risk is a vulnerability that has or may have an effect on a device.
type Risk struct {
	ID             string    `cel:"id" json:"id"` // "device vulnerability"
	Device         string    `cel:"device" json:"device"`
	Vulnerability  string    `cel:"vulnerability" json:"vulnerability"`
	Model          string    `cel:"model" json:"model"`
	Site           string    `cel:"site" json:"site"`
	Truth          string    `cel:"truth" json:"truth"`
	Exploitability int       `cel:"exploitability" json:"exploitability"` // E0 to E4
	Severity       int       `cel:"severity" json:"severity"`             // S1 to S5
	Uncontrolled   bool      `cel:"uncontrolled" json:"uncontrolled"`
	Exploited      bool      `cel:"exploited" json:"exploited"`
	Decided        bool      `cel:"decided" json:"decided"`
	Progress       string    `cel:"progress" json:"progress"`
	Identified     time.Time `cel:"identified" json:"identified"`
}

// Key is the id; a risk is a state.
func (v Risk) Key() (string, time.Time) { return v.ID, time.Time{} }

func fleetViews() []View {
	return []View{
		{"devices", "a device", "", Journal, "device.registered, …_changed, …_moved, …_merged, …_retired, …_reinstated", Device{}, from(devices)},
		{"models", "a product", "", Journal, "product.model_added, …_changed, product.support_asserted; devices", Model{}, from(models)},
		{"releases", "a software version of a product", "", Journal, "product.release_added, …_changed, product.sbom_added; devices", Release{}, from(releases)},
		{"feeds", "a source of advisories", "", Journal, "vuln.feed_added, …_changed, …_removed, …_loaded", Feed{}, from(feeds)},
		{"verdicts", "what was said of a vulnerability in a product", "when it was recorded", Journal, "vuln.verdict_recorded, …_reopened, …_withdrawn", Verdict{}, from(verdicts)},
		{"decisions", "what was decided about vulnerabilities on devices", "when it was decided", Journal, "risk.decided, risk.accepted, risk.reopened, risk.closed", Decision{}, from(decisions)},
		{"risks", "a vulnerability that has or may have an effect on a device", "", Today, "line", Risk{}, from(risks)},
	}
}

// changed applies the fields after a change.
func changed(e store.Entry, set func(field, value string)) error {
	var b struct {
		Changes product.Changes `json:"changes"`
	}
	err := body(e, &b)
	for _, c := range b.Changes {
		set(c.Field, c.After)
	}
	return err
}

// deviceFold is a device with the fields that only its row is made of.
type deviceFold struct {
	Device
	state, version, clinical, it string
}

func devices(ctx context.Context, r store.Reader, a AsOf) ([]Device, error) {
	f := fold[deviceFold]{}
	kinds := []string{device.KindRegistered, device.KindChanged, device.KindMoved, device.KindMerged, device.KindRetired, device.KindReinstated}
	err := entries(ctx, r, a, kinds, func(e store.Entry) error {
		v := f.of(e.Subject)
		v.ID, v.LastChanged = e.Subject, e.At
		if e.Kind == device.KindRegistered {
			v.Registered = e.At
		}
		if e.Kind == device.KindMerged {
			var b device.MergeNoted
			if err := body(e, &b); err != nil {
				return err
			}
			if b.Dropped != "" {
				f.of(string(b.Dropped)).state = string(device.Merged)
			}
		}
		return changed(e, v.set)
	})
	var out []Device
	for _, v := range f.rows() {
		if v.Registered.IsZero() {
			continue
		}
		v.Active = v.state == string(device.Active)
		v.Versioned, v.Owned = v.Release != "" || v.version != "", v.clinical != "" && v.it != ""
		out = append(out, v.Device)
	}
	return out, err
}

func (v *deviceFold) set(field, value string) {
	fields := map[string]*string{"state": &v.state, "site": &v.Site, "ward": &v.Ward, "asset_tag": &v.Tag, "model_id": &v.Model, "release_id": &v.Release, "version": &v.version,
		"in_use": &v.InUse, "safety_class": &v.Class, "connectivity": &v.Connected, "clinical_owner": &v.clinical, "it_owner": &v.it}
	if p := fields[field]; p != nil {
		*p = value
	}
}

func models(ctx context.Context, r store.Reader, a AsOf) ([]Model, error) {
	f := fold[Model]{}
	err := entries(ctx, r, a, []string{product.KindModelAdded, product.KindModelChanged, product.KindSupportAsserted, product.KindReleaseAdded}, func(e store.Entry) error {
		v := f.of(e.Product)
		switch e.Kind {
		case product.KindModelAdded:
			var b product.ModelAdded
			err := body(e, &b)
			*v = Model{ID: e.Product, Maker: string(b.Manufacturer), Name: b.Name, Class: string(b.Class), Functions: len(b.Functions) > 0, Added: e.At}
			return err
		case product.KindSupportAsserted:
			var b product.SupportAsserted
			err := body(e, &b)
			v.Support = string(b.Stage)
			return err
		case product.KindReleaseAdded:
			v.Releases++
			return nil
		}
		return changed(e, func(field, value string) {
			switch field {
			case "name":
				v.Name = value
			case "safety_class":
				v.Class = value
			case "functions":
				v.Functions = value != ""
			}
		})
	})
	if err != nil {
		return nil, err
	}
	fleet, err := devices(ctx, r, a)
	for _, d := range fleet {
		if v := f[d.Model]; v != nil && d.Active {
			v.Devices++
			if !d.Versioned {
				v.Unversioned++
			}
		}
	}
	return f.rows(), err
}

func releases(ctx context.Context, r store.Reader, a AsOf) ([]Release, error) {
	f := fold[Release]{}
	err := entries(ctx, r, a, []string{product.KindReleaseAdded, product.KindReleaseChanged, product.KindSBOMAdded}, func(e store.Entry) error {
		v := f.of(e.Subject)
		switch e.Kind {
		case product.KindReleaseAdded:
			var b product.ReleaseAdded
			err := body(e, &b)
			*v = Release{ID: e.Subject, Model: e.Product, Version: b.Version, Released: b.Released, EndOfSupport: b.EndOfSupport, Added: e.At}
			return err
		case product.KindSBOMAdded:
			var b product.SBOMAdded
			err := body(e, &b)
			v.SBOM, v.SBOMAt, v.Components = true, e.At, b.Components
			return err
		}
		return changed(e, func(field, value string) {
			switch field {
			case "version":
				v.Version = value
			case "released":
				v.Released = value
			case "end_of_support":
				v.EndOfSupport = value
			}
		})
	})
	if err != nil {
		return nil, err
	}
	fleet, err := devices(ctx, r, a)
	for _, d := range fleet {
		if v := f[d.Release]; v != nil && d.Active {
			v.Devices++
		}
	}
	return f.rows(), err
}

// feedBody is what events about feeds say.
type feedBody struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Every   int    `json:"every_minutes"`
	Enabled bool   `json:"enabled"`
}

func feeds(ctx context.Context, r store.Reader, a AsOf) ([]Feed, error) {
	f := fold[Feed]{}
	err := entries(ctx, r, a, []string{vuln.KindFeedAdded, vuln.KindFeedChanged, vuln.KindFeedRemoved, vuln.KindFeedLoaded}, func(e store.Entry) error {
		v := f.of(e.Subject)
		v.ID = e.Subject
		if e.Kind == vuln.KindFeedRemoved {
			delete(f, e.Subject)
			return nil
		}
		var b struct {
			feedBody
			After  *feedBody `json:"after"`
			Faults int       `json:"faults"`
		}
		if err := body(e, &b); err != nil {
			return err
		}
		if e.Kind == vuln.KindFeedLoaded {
			v.Loaded, v.Faults = e.At, b.Faults
			v.Loads++
			return nil
		}
		now := b.feedBody
		if b.After != nil {
			now = *b.After
		}
		v.Name, v.Kind, v.Every, v.Enabled = now.Name, now.Kind, now.Every, now.Enabled
		return nil
	})
	return f.rows(), err
}

func verdicts(ctx context.Context, r store.Reader, a AsOf) ([]Verdict, error) {
	f := fold[Verdict]{}
	latest := map[[2]string][]*Verdict{} // of a vulnerability in a model
	err := entries(ctx, r, a, []string{vuln.KindVerdictRecorded, vuln.KindVerdictReopened, vuln.KindVerdictWithdrawn}, func(e store.Entry) error {
		if e.Kind != vuln.KindVerdictRecorded {
			var b struct {
				Verdict string `json:"verdict"`
			}
			err := body(e, &b)
			if v := f[b.Verdict]; v != nil {
				v.State = map[string]string{vuln.KindVerdictReopened: string(vuln.VerdictReopened), vuln.KindVerdictWithdrawn: string(vuln.VerdictWithdrawn)}[e.Kind]
			}
			return err
		}
		var b vuln.Verdict
		if err := body(e, &b); err != nil || b.ID == "" {
			return err
		}
		v := f.of(b.ID)
		*v = Verdict{ID: b.ID, Vulnerability: b.Vulnerability, Model: b.Model, Status: string(b.Status), Justified: b.Justification != "" || b.Reason != "",
			Source: b.Source, Author: b.Author, At: e.At, State: string(vuln.VerdictActive), Expires: !b.Expires.IsZero()}
		key := [2]string{b.Vulnerability, b.Model}
		for _, old := range latest[key] {
			if b.Status != vuln.StatusUnderInvestigation && old.Settled.IsZero() {
				old.Settled = e.At
			}
		}
		latest[key] = append(latest[key], v)
		if b.Status != vuln.StatusUnderInvestigation {
			v.Settled = e.At
		}
		return nil
	})
	return f.rows(), err
}

func decisions(ctx context.Context, r store.Reader, a AsOf) ([]Decision, error) {
	f := fold[Decision]{}
	last := map[string]time.Time{} // one change is recorded once for each site
	kinds := []string{risk.KindDecided, risk.KindAccepted, risk.KindReopened, risk.KindClosed}
	err := entries(ctx, r, a, kinds, func(e store.Entry) error {
		v := f.of(e.Subject)
		switch e.Kind {
		case risk.KindReopened:
			if v.State = string(risk.Reopened); !last[e.Subject].Equal(e.At) {
				v.Reopened++
			}
			last[e.Subject] = e.At
			return nil
		case risk.KindClosed:
			v.State, v.Closed = string(risk.Closed), e.At
			return nil
		}
		var b struct {
			Decision json.RawMessage `json:"decision"`
			Devices  int             `json:"devices"`
		}
		if err := body(e, &b); err != nil {
			return err
		}
		var d risk.Decision
		if len(b.Decision) == 0 || b.Decision[0] != '{' {
			return nil
		}
		if err := json.Unmarshal(b.Decision, &d); err != nil {
			return err
		}
		devices := v.Devices + b.Devices
		reopened := v.Reopened
		*v = Decision{ID: e.Subject, Title: d.Title, Treatment: string(d.Treatment), Owner: d.Owner, Vulnerabilities: d.Vulnerabilities, At: d.At, Due: d.Due,
			AcceptedUntil: d.AcceptedUntil, State: string(risk.Open), Devices: devices, Reopened: reopened, Controls: d.Controls != ""}
		return nil
	})
	for _, v := range f {
		v.Overdue = v.State != string(risk.Closed) && !v.Due.IsZero() && v.Due.Before(a.Now)
	}
	return f.rows(), err
}

func risks(ctx context.Context, r store.Reader, _ AsOf) ([]Risk, error) {
	return store.All(ctx, r, func(s store.Scanner) (Risk, error) {
		var v Risk
		var uncontrolled, kev, identified int64
		err := s.Scan(&v.Device, &v.Vulnerability, &v.Model, &v.Site, &v.Truth, &v.Exploitability, &v.Severity, &uncontrolled, &kev, &v.Decided, &v.Progress, &identified)
		v.ID, v.Uncontrolled, v.Exploited, v.Identified = v.Device+" "+v.Vulnerability, uncontrolled > 0, kev > 0, store.Time(identified)
		return v, err
	}, `SELECT device, vuln, model, site, truth, exploitability, severity, uncontrolled, kev, decision <> '', progress, identified FROM line ORDER BY device, vuln`)
}
