package blast

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

// Query asks for a blast radius: exactly one of weakness, component, advisory and indicator.
type Query struct {
	Weakness  string `json:"weakness,omitempty"`  // CVE or another id that sources know it by
	Component string `json:"component,omitempty"` // name, or package URL without or with a version
	Versions  string `json:"versions,omitempty"`  // of the component, as an advisory writes them: "< 3.0.7"; "" is all
	Advisory  string `json:"advisory,omitempty"`  // key of a record: "csaf/ICSMA-21-294-01"
	Indicator string `json:"indicator,omitempty"` // as [indicator.Readings] reads it

	Kind     indicator.Kind `json:"kind,omitempty"` // of the indicator; "": all that it can be
	From     time.Time      `json:"from,omitzero"`  // of events with the indicator
	To       time.Time      `json:"to,omitzero"`
	Incident string         `json:"incident,omitempty"` // that the question is asked in: the events of an exercise count in exercises only

	Site  string `json:"site,omitempty"` // only devices there
	Ward  string `json:"ward,omitempty"`
	Model string `json:"model,omitempty"`
}

const maxText = 500

// Validate returns all faults.
func (q Query) Validate() error {
	var l problem.List
	asked := 0
	for _, f := range []struct{ path, text string }{{"weakness", q.Weakness}, {"component", q.Component}, {"advisory", q.Advisory}, {"indicator", q.Indicator}} {
		if f.text != "" {
			asked++
		}
		product.Text(&l, f.path, f.text, maxText)
	}
	product.Text(&l, "versions", q.Versions, maxText)
	if asked != 1 {
		l.Add("", "name one of weakness, component, advisory and indicator")
	}
	if q.Versions != "" && q.Component == "" {
		l.Add("versions", "go with a component")
	}
	if q.Indicator != "" {
		if _, err := indicator.Readings(q.Kind, q.Indicator); err != nil {
			l.Add("indicator", "%s", problem.Text(err))
		}
	} else if q.Kind != "" {
		l.Add("kind", "goes with an indicator")
	}
	if !q.To.IsZero() && !q.To.After(q.From) {
		l.Add("to", "lies before the begin")
	}
	return l.Err("the blast radius cannot be found")
}

// Words is what was asked for, for people.
func (q Query) Words() string {
	switch {
	case q.Weakness != "":
		return q.Weakness
	case q.Component != "":
		return strings.TrimSpace(q.Component + " " + q.Versions)
	case q.Advisory != "":
		return "advisory " + q.Advisory
	}
	return "indicator " + q.Indicator
}

// Sum counts devices. InUse are those in use, UseUnknown those of which nobody knows it; both count as in use.
type Sum struct {
	Affected    int `json:"affected"`
	Unknown     int `json:"unknown"`
	NotAffected int `json:"not_affected"`

	// Of the affected and unknown ones:
	InUse           int `json:"in_use"`
	UseUnknown      int `json:"use_unknown"`
	Critical        int `json:"critical"`         // sustain or support life, or nobody knows what they do, and may be in use
	Exposed         int `json:"exposed"`          // can be reached from the internet or by a remote service, or nobody knows how
	Patients        int `json:"patients"`         // at once, on devices that may be in use
	PatientsUnknown int `json:"patients_unknown"` // devices that may be in use, of which nobody knows how many patients they serve
}

// Hit is how many devices are affected or may be.
func (s Sum) Hit() int { return s.Affected + s.Unknown }

// MayBeInUse is how many of them are in use or may be.
func (s Sum) MayBeInUse() int { return s.InUse + s.UseUnknown }

// Model is a model with devices in the radius.
type Model struct {
	ID    product.ModelID     `json:"id"` // "": the model of the device is not known
	Name  string              `json:"name"`
	Class product.SafetyClass `json:"class"`
	Sum
}

// Place is a ward of a site with devices in the radius.
type Place struct {
	Site     device.SiteID `json:"site"` // "": not known where
	SiteName string        `json:"site_name"`
	Ward     string        `json:"ward"`
	Sum
}

// Alternative is what could take over the work of a model at a site: devices of models that share a clinical function (of
// the same model where no function is recorded) and are neither affected nor unknown.
type Alternative struct {
	Site     device.SiteID `json:"site"`
	SiteName string        `json:"site_name"`
	Function string        `json:"function"` // "" when no function is recorded for the model
	Model    string        `json:"model"`    // name
	Needed   int           `json:"needed"`   // devices in the radius there that may be in use
	Spares   int           `json:"spares"`   // not in use
	Busy     int           `json:"busy"`     // in use, or nobody knows
}

// Device is a device in the radius.
type Device struct {
	ID        device.ID           `json:"id"`
	Tag       string              `json:"tag"`
	Model     product.ModelID     `json:"model"`
	ModelName string              `json:"model_name"`
	Version   string              `json:"version"`
	Site      device.SiteID       `json:"site"`
	SiteName  string              `json:"site_name"`
	Ward      string              `json:"ward"`
	Class     product.SafetyClass `json:"class"`
	InUse     product.Answer      `json:"in_use"`
	Ways      string              `json:"connectivity"` // joined by commas; "" unknown
	Stage     product.Stage       `json:"stage"`        // of support
	Truth     match.Truth         `json:"truth"`
	Why       string              `json:"why"`
	Finding   string              `json:"finding,omitempty"` // vulnerability: the finding of this device explains itself
	SBOM      string              `json:"sbom,omitempty"`    // the bill of materials that lists the component
	Events    int64               `json:"events,omitempty"`  // that name the device with the indicator
}

// Radius is a blast radius as it was found at an instant.
type Radius struct {
	Query        Query         `json:"query"`
	Title        string        `json:"title"` // of the weakness or advisory
	At           time.Time     `json:"at"`
	Sum          Sum           `json:"sum"`
	Sites        int           `json:"sites"`
	Models       []Model       `json:"models"`
	Places       []Place       `json:"places"`
	Alternatives []Alternative `json:"alternatives"`
	Devices      []Device      `json:"devices"` // at most MaxDevices: affected before unknown, those that matter most for patients first
	More         int           `json:"more"`    // devices in the radius that are not in Devices
	Silent       int           `json:"silent"`  // of an indicator: devices that no event names with it, which does not show that they are free of it
	Unnamed      int           `json:"unnamed"` // of a weakness or advisory: devices whose model is not known, so that no source can be matched
	Withheld     bool          `json:"withheld"`
	Blind        bool          `json:"blind"` // of an indicator: not everything was seen in that time
}

// MaxDevices is how many devices a radius lists.
const MaxDevices = 500

// Finder finds blast radii. Events are read within what the actor may see.
type Finder struct {
	DB     *store.DB
	Events reading.Desk
}

// Find finds a blast radius within the sites and products that the actor may see. It asks for "risk.read" and "device.read",
// and for "event.read" where an indicator is searched.
func (f Finder) Find(ctx context.Context, q Query) (Radius, error) {
	if err := q.Validate(); err != nil {
		return Radius{}, err
	}
	if _, err := store.ScopeOf(ctx, risk.KindRead); err != nil {
		return Radius{}, err
	}
	v := Radius{Query: q, At: f.DB.Now()}
	var seen sightings
	if q.Indicator != "" {
		var err error
		if seen, err = f.sight(ctx, &v); err != nil {
			return v, err
		}
	}
	err := f.DB.View(ctx, func(r store.Reader) error {
		w := work{r: r, v: &v, seen: seen}
		return w.find(ctx)
	})
	return v, err
}

// work is one search in one snapshot of the database.
type work struct {
	r     store.Reader
	v     *Radius
	scope store.Scope
	seen  sightings
	parts parts
	list  shortlist

	vulns  []string
	models map[product.ModelID]modelFact
	sites  map[device.SiteID]string
}

func (k *work) find(ctx context.Context) error {
	var err error
	if k.scope, err = store.ScopeOf(ctx, device.KindRead); err != nil {
		return err
	}
	hits, clear, err := k.sources(ctx)
	if err != nil {
		return err
	}
	groups, err := k.groups(ctx, hits)
	if err != nil {
		return err
	}
	if clear != nil {
		more, err := k.groups(ctx, clear)
		if err != nil {
			return err
		}
		groups = append(groups, more...)
	}
	if err := k.facts(ctx, groups); err != nil {
		return err
	}
	k.count(slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return !k.v.Query.covers(g.place) }))
	if err := k.alternatives(ctx, groups); err != nil {
		return err
	}
	if err := k.devices(ctx); err != nil {
		return err
	}
	k.v.More = k.v.Sum.Hit() - len(k.v.Devices)
	return k.silence(ctx)
}

// covers says whether the question is about a place. What could take over is looked for beyond it.
func (q Query) covers(g place) bool {
	return (q.Site == "" || q.Site == string(g.site)) && (q.Ward == "" || q.Ward == g.ward) && (q.Model == "" || q.Model == string(g.model))
}

// source writes a table of devices and truths into a statement: columns device and truth.
type source func(w *store.Where) string

// sources are where the devices come from: those that are affected or may be, and, where another statement finds them, those
// that are not.
func (k *work) sources(ctx context.Context) (hits, clear source, err error) {
	q := k.v.Query
	switch {
	case q.Weakness != "":
		id, err := vuln.Canonical(ctx, k.r, strings.TrimSpace(q.Weakness))
		if err != nil {
			return nil, nil, err
		}
		k.vulns = []string{id}
		told, err := vuln.Threats(ctx, k.r, k.vulns)
		if err != nil {
			return nil, nil, err
		}
		if t := told[id]; t != nil {
			k.v.Title = t.Title
		}
		return k.lines(""), k.cleared(""), nil
	case q.Advisory != "":
		rec, err := vuln.GetRecord(ctx, k.r, q.Advisory)
		if err != nil {
			return nil, nil, err
		}
		k.v.Title = rec.Title
		if k.vulns, err = vulnsOf(ctx, k.r, rec.Key); err != nil {
			return nil, nil, err
		}
		if len(k.vulns) == 0 {
			return nil, nil, problem.New(problem.NotFound, "%s names no weakness", rec.Key)
		}
		return k.lines(rec.Key), k.cleared(rec.Key), nil
	case q.Component != "":
		if k.parts, err = findParts(ctx, k.r, q.Component, q.Versions); err != nil {
			return nil, nil, err
		}
		return k.parts.source, nil, nil
	}
	return k.seen.source, nil, nil
}

// reach says whether the ways of connection leave a device open to others than its own network.
func reach(ways string) bool {
	for _, c := range network.SplitWays(ways) {
		if c == network.Internet || c == network.RemoteService {
			return true
		}
	}
	return ways == ""
}
