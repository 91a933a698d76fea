package interchange

import (
	"net/netip"
	"regexp"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/indicator"
)

// tlp are the marking definitions of TLP 2.0 that OASIS published for STIX 2.1.
var tlp = map[incident.Marking]string{incident.Clear: "94868c89-83c2-464b-929b-a1a8aa3c8487", incident.Green: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", incident.Amber: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	incident.AmberStrict: "939a9414-2ddd-4d32-a0cd-375ea402b003", incident.Red: "e828b379-4e03-4974-9ac4-e53a884c97c1"}

const (
	tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
	tlpCreated   = "2022-10-01T00:00:00.000Z"
	// No record says when an organisation began: the day of the standard, so that every bundle names the same object.
	identityCreated = "2021-06-10T00:00:00.000Z"
	mostSeen        = 999_999_999 // sightings have no greater count (STIX 2.1, 5.2)
)

// bundle gathers objects of STIX.
type bundle struct {
	of             Case
	marking, owner string // ids
	objects        []object
	refs           []string
	latest         time.Time // of what it holds
}

// add adds an object of a record of ours, which the report then names, and gives its id. One that is there already stays.
func (b *bundle) add(kind, record string, created time.Time, members object) string {
	id := kind + "--" + idOf(record)
	for _, o := range b.objects {
		if o["id"] == id {
			return id
		}
	}
	b.reach(created)
	for name, v := range (object{"type": kind, "spec_version": "2.1", "id": id, "created": instant(created), "modified": instant(created), "created_by_ref": b.owner, "object_marking_refs": []string{b.marking}, "labels": b.of.labels()}) {
		members[name] = v
	}
	b.objects, b.refs = append(b.objects, members), append(b.refs, id)
	return id
}

// reach moves the instant of the report on to that of a record that changes what it says.
func (b *bundle) reach(t time.Time) {
	if t.After(b.latest) {
		b.latest = t
	}
}

func (c Case) labels() []string {
	out := []string{"pap:" + string(c.File.PAP)}
	if c.File.Exercise {
		out = append(out, "exercise")
	}
	return out
}

// STIX writes the bundle. Forbidden: the audience may not have it.
func (c Case) STIX() ([]byte, error) {
	if err := c.File.Share("what is known of "+c.File.Number, c.As); err != nil {
		return nil, err
	}
	reach := c.File.Reach()
	b := &bundle{of: c, marking: "marking-definition--" + tlp[reach], owner: "identity--" + idOf("organisation/"+c.organisation()), latest: c.File.Declared}
	b.objects = []object{
		{"type": "marking-definition", "spec_version": "2.1", "id": b.marking, "created": tlpCreated, "name": "TLP:" + strings.ToUpper(string(reach)), "extensions": object{tlpExtension: object{"extension_type": "property-extension", "tlp_2_0": string(reach)}}},
		{"type": "identity", "spec_version": "2.1", "id": b.owner, "created": identityCreated, "modified": identityCreated, "name": c.organisation(), "identity_class": "organization"}}
	b.refs = []string{b.owner}
	without := b.indicators()
	without = append(without, b.claims()...)
	b.weaknesses()
	refs, at := b.refs, b.latest
	report := b.add("report", c.File.ID, c.File.Declared, object{"name": c.title(), "report_types": []string{"threat-report"}, "published": instant(at), "object_refs": refs})
	b.objects[len(b.objects)-1]["modified"] = instant(at)
	if len(without) > 0 {
		b.add("note", c.File.ID+"/without", at, object{"abstract": "What is no object of this bundle", "content": strings.Join(without, "\n"), "object_refs": []string{report}})
	}
	return write(object{"type": "bundle", "id": "bundle--" + idOf(c.File.ID+"/bundle/"+instant(at)), "objects": b.objects})
}

// indicators adds by what the other side is recognised and where it was seen, and tells what STIX has no pattern for.
func (b *bundle) indicators() (without []string) {
	for _, i := range b.of.Who.Indicators {
		pattern := patternOf(i.Reading())
		if pattern == "" {
			b.reach(i.At)
			without = append(without, "Indicator without a pattern in STIX: "+string(i.Kind)+" "+i.Value)
			continue
		}
		o := object{"name": string(i.Kind) + " " + i.Shown(), "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1", "valid_from": instant(i.At)}
		if i.Note != "" {
			o["description"] = i.Note
		}
		of := b.add("indicator", i.ID, i.At, o)
		if i.Search.Events == 0 || i.Search.First.IsZero() {
			continue
		}
		b.add("sighting", i.ID+"/seen/"+instant(i.Search.At), i.Search.At, object{"sighting_of_ref": of, "where_sighted_refs": []string{b.owner}, "first_seen": instant(i.Search.First), "last_seen": instant(i.Search.Last), "count": min(i.Search.Events, mostSeen)})
	}
	return without
}

// claims adds the techniques that have evidence, and tells the hypotheses.
func (b *bundle) claims() (without []string) {
	for _, c := range b.of.Who.Ended {
		b.reach(c.Ended)
	}
	names := b.of.Who.Techniques()
	for _, s := range b.of.Who.Sections {
		for _, c := range s.Claims {
			if c.Hypothesis {
				b.reach(c.Made)
				without = append(without, "Hypothesis without evidence ("+strings.TrimSpace(string(c.About)+" "+c.Value)+", grade "+c.Grade.String()+"): "+c.Says)
				continue
			}
			if s.About != claim.Technique {
				continue
			}
			name := names[c.Value]
			if name == "" {
				name = c.Value
			}
			b.add("attack-pattern", b.of.File.ID+"/technique/"+c.Value, c.Made, object{"name": name, "description": c.Says, "external_references": []object{{"source_name": "mitre-attack", "external_id": c.Value}}})
		}
	}
	return without
}

// weaknesses adds the vulnerabilities that the incident is linked with.
func (b *bundle) weaknesses() {
	for _, l := range b.of.Links {
		name := l.Target
		switch l.Kind {
		case incident.FedVulnerability:
		case incident.FromFinding:
			if _, after, both := strings.Cut(name, "/"); both {
				name = after
			}
		default:
			continue
		}
		o := object{"name": name}
		if strings.HasPrefix(name, "CVE-") {
			o["external_references"] = []object{{"source_name": "cve", "external_id": name}}
		}
		b.add("vulnerability", b.of.File.ID+"/weakness/"+name, l.At, o)
	}
}

var quote = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// hashNames are the algorithms by the length of what they give in hexadecimal (STIX 2.1, 10.7).
var hashNames = map[int]string{32: "MD5", 40: "'SHA-1'", 64: "'SHA-256'", 128: "'SHA-512'"}

// patternOf is the pattern of STIX (2.1, 9) for an indicator; "" where it has no observable for it.
func patternOf(r indicator.Reading) string {
	is := func(path, value string) string { return path + " = '" + quote.Replace(value) + "'" }
	var expression string
	switch r.Kind {
	case indicator.Address:
		expression = addressPattern(r.Value)
	case indicator.MAC:
		expression = is("mac-addr:value", strings.ToLower(r.Value))
	case indicator.Domain: // with everything below it
		expression = is("domain-name:value", r.Value) + ` OR domain-name:value MATCHES '` + quote.Replace(`\.`+regexp.QuoteMeta(r.Value)+`$`) + `'`
	case indicator.Hash:
		if name := hashNames[len(r.Value)]; name != "" {
			expression = is("file:hashes."+name, r.Value)
		}
	case indicator.User:
		expression = is("user-account:account_login", r.Value)
	case indicator.File:
		expression = is("file:name", r.Value)
	case indicator.URL:
		expression = is("url:value", r.Value)
	case indicator.Host, indicator.AETitle, indicator.Device:
	}
	if expression == "" {
		return ""
	}
	return "[" + expression + "]"
}

// addressPattern is the comparison with an address or a network; "" for neither.
func addressPattern(value string) string {
	operator := " = '"
	a, err := netip.ParseAddr(value)
	if err != nil {
		p, err := netip.ParsePrefix(value)
		if err != nil {
			return ""
		}
		a, operator = p.Addr(), " ISSUBSET '"
	}
	if a.Is4() {
		return "ipv4-addr:value" + operator + value + "'"
	}
	return "ipv6-addr:value" + operator + value + "'"
}
