package draft

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Fact is one thing that is known, and where it is recorded.
type Fact struct {
	Value  string
	Source string // "the legal entity St. Brannoc Hospitals"
}

// Sheet is what is known of an incident for one report, by the names of content.SheetFacts, "fact.…" and "at.…". What is not
// known is not in it.
type Sheet map[string]Fact

// put keeps a fact that is known.
func (s Sheet) put(name, value, source string) {
	if value = strings.TrimSpace(value); value != "" {
		s[name] = Fact{value, source}
	}
}

// Known is what a sheet is made of.
type Known struct {
	File    incident.File
	Devices []device.Device  // of the fleet, those in the incident
	Entity  *incident.Entity // that reports; nil for none
	Clock   *clock.Clock     // of the report; nil where no duty asks for it
}

// maxDevices is how many devices a report lists one by one.
const maxDevices = 200

// known reads what a sheet is made of. A device that the actor may not see stays with its name alone.
func known(ctx context.Context, r store.Reader, d Draft, now time.Time) (Known, error) {
	var k Known
	var err error
	if k.File, err = incident.Get(ctx, r, d.Incident); err != nil {
		return k, err
	}
	for _, x := range k.File.Devices {
		if x.Device == "" || len(k.Devices) == maxDevices {
			continue
		}
		rec, err := device.Get(ctx, r, device.ID(x.Device))
		if kind := problem.KindOf(err); kind == problem.Forbidden || kind == problem.NotFound {
			continue
		}
		if err != nil {
			return k, err
		}
		k.Devices = append(k.Devices, rec)
	}
	if d.Entity == "" {
		return k, nil
	}
	all, err := incident.Clocks(ctx, r, d.Incident, now)
	if err != nil {
		return k, err
	}
	n := slices.IndexFunc(all, func(e incident.EntityClocks) bool { return e.ID == d.Entity })
	if n < 0 {
		return k, problem.New(problem.NotFound, "there is no such legal entity in %s", k.File.Number)
	}
	k.Entity = &all[n].Entity
	if c := slices.IndexFunc(all[n].Clocks, func(c clock.Clock) bool { return c.Duty.ID == d.Duty && c.Stage.ID == d.Stage }); c >= 0 {
		k.Clock = &all[n].Clocks[c]
	}
	return k, nil
}

// Sheet writes down what is known.
func (k Known) Sheet() Sheet {
	s := Sheet{}
	k.incident(s)
	k.devices(s)
	k.entity(s)
	return s
}

// instant writes an instant for people; "" for the zero one.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

func words[T ~string](v T) string { return strings.ReplaceAll(string(v), "_", " ") }

func level(n int, of []string) string {
	if n < 0 || n >= len(of) {
		return ""
	}
	return fmt.Sprintf("%d of 5: %s", n, of[n])
}

func (k Known) incident(s Sheet) {
	i, from := k.File.Incident, "the record of "+k.File.Number
	if i.Number == "" {
		return
	}
	for name, value := range map[string]string{"number": i.Number, "title": i.Title, "summary": i.Summary, "state": words(i.State), "aware": instant(i.Aware), "aware_who": i.AwareWho,
		"aware_how": i.AwareHow, "declared": instant(i.Declared), "cyber": level(i.Cyber, incident.CyberWords()), "clinical": level(i.Clinical, incident.ClinicalWords()), "care": "clinical work: " + words(i.Care),
		"extent": i.Extent, "cause": i.RootCause, "looked_at": i.LookedAt, "lessons": i.Lessons, "disclosure": words(i.Disclosure), "closed": instant(i.Closed), "tlp": "TLP:" + strings.ToUpper(string(i.TLP))} {
		s.put("incident."+name, value, from)
	}
	var measures, decisions, sources, exploited []string
	for _, a := range k.File.Actions {
		if !a.Held.IsZero() { // its effect was observed
			measures = append(measures, strings.Join(append([]string{fmt.Sprintf("%s: %s (%s)", a.DeviceName, a.Target, instant(a.Held))}, a.Care()...), ". "))
		}
	}
	for _, n := range slices.Backward(k.File.Notes) {
		if n.Kind == incident.Decision {
			decisions = append(decisions, n.Text)
		}
	}
	for _, l := range k.File.Links {
		text := strings.TrimSpace(l.Target + " " + l.Note)
		switch l.Kind {
		case incident.FromAlert, incident.FromFinding, incident.FromAdvisory, incident.FromCall, incident.FromReport:
			sources = append(sources, words(l.Kind)+": "+text)
		case incident.FedVulnerability:
			exploited = append(exploited, text)
		}
	}
	s.put("incident.measures", strings.Join(measures, "\n"), "containment of "+i.Number)
	s.put("incident.decisions", strings.Join(decisions, "\n"), "decisions noted in "+i.Number)
	s.put("incident.sources", strings.Join(sources, "\n"), "links of "+i.Number)
	s.put("incident.vulnerabilities", strings.Join(exploited, "\n"), "links of "+i.Number)
}

func (k Known) devices(s Sheet) {
	var list, hit, evidence []string
	for n, d := range k.File.Devices {
		if n < maxDevices {
			list = append(list, d.Name)
		}
		if d.State.Hit() {
			hit = append(hit, d.Name+" ("+words(d.State)+")")
		}
		if d.EvidenceNote != "" {
			evidence = append(evidence, d.Name+": "+words(d.Evidence)+", "+d.EvidenceNote)
		}
	}
	from := "devices of " + k.File.Number
	if n := len(k.File.Devices); n > 0 {
		s.put("devices.count", fmt.Sprintf("%d in the incident", n), from)
	}
	s.put("devices.list", strings.Join(list, "\n"), from)
	s.put("devices.hit", strings.Join(hit, "\n"), from)
	s.put("devices.evidence", strings.Join(evidence, "\n"), from)
	each := func(name string, of func(device.Device) string) {
		var values []string
		for _, d := range k.Devices {
			if v := strings.TrimSpace(of(d)); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		s.put("devices."+name, strings.Join(values, "\n"), "the register of devices")
	}
	each("makers", func(d device.Device) string { return first(d.Maker, d.RawVendor) })
	each("models", func(d device.Device) string { return d.ModelName })
	each("serials", func(d device.Device) string { return d.Serial })
	each("lots", func(d device.Device) string { return d.Lot })
	each("udis", func(d device.Device) string { return first(d.UDI, d.DI) })
	each("versions", func(d device.Device) string { return d.RawVersion })
	each("made", func(d device.Device) string { return product.Day(d.Manufactured) })
	each("wards", func(d device.Device) string { return d.Ward })
	each("sites", func(d device.Device) string { return d.SiteName })
	each("use", func(d device.Device) string {
		if d.InUse != product.Yes && d.InUse != product.No {
			return ""
		}
		return d.AssetTag + " in use: " + string(d.InUse)
	})
}

func first(all ...string) string {
	for _, x := range all {
		if x != "" {
			return x
		}
	}
	return ""
}

func (k Known) entity(s Sheet) {
	if k.Entity == nil {
		return
	}
	e, from := k.Entity, "the legal entity "+k.Entity.Name
	s.put("entity.name", e.Name, from)
	roles := make([]string, len(e.Roles))
	for n, r := range e.Roles {
		roles[n] = words(r)
	}
	s.put("entity.roles", strings.Join(roles, ", "), from)
	s.put("entity.places", strings.ToUpper(strings.Join(e.Jurisdictions, ", ")), from)
	for _, f := range content.DutyFacts() {
		if v := e.Facts[f.Name]; v == clock.Yes || v == clock.No {
			s.put("fact."+f.Name, f.Text+" "+string(v), "what "+e.Name+" knows")
		}
	}
	for name, at := range e.Instants {
		s.put("at."+name, instant(at), from)
	}
	var sent []string
	for key, at := range e.Discharged {
		sent = append(sent, key+": "+instant(at))
	}
	slices.Sort(sent)
	s.put("entity.reported", strings.Join(sent, "\n"), "reports sent by "+e.Name)
	if k.Clock == nil {
		return
	}
	c := k.Clock
	s.put("duty.title", c.Duty.Title+": "+c.Stage.Title, "the duty "+c.Duty.ID)
	s.put("duty.law", c.Duty.Instrument+" "+c.Duty.Article, "the duty "+c.Duty.ID)
	s.put("duty.recipients", strings.Join(c.Duty.Recipients, ", "), "the duty "+c.Duty.ID)
	s.put("duty.latest", instant(c.Latest), "the clock of "+c.Duty.ID)
	s.put("duty.runs_from", instant(c.Start), "the clock of "+c.Duty.ID)
}
