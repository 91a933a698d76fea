package interchange

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/custody"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
)

var update = flag.Bool("update", false, "write the golden files")

func at(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 5_000_000, time.UTC) }

// sample is an incident with every kind of indicator, two exhibits of which one was derived, and claims with and without evidence.
func sample() Case {
	chain := func(item string) []custody.Entry {
		return []custody.Entry{{Item: item, Seq: 1, Action: custody.Collected, At: at(9), Actor: "acc_anna", ActorName: "Anna", Authority: "head of security", Hash: "aa"},
			{Item: item, Seq: 2, Action: custody.Verified, At: at(10), Actor: "system:custody", ActorName: "custody", Match: "yes", Hash: "cc"},
			{Item: item, Seq: 3, Action: custody.Exported, At: at(11), Actor: "acc_ben", ActorName: "Ben", To: "CERT", Reason: "they asked", Hash: "bb"}}
	}
	hash := strings.Repeat("ab", 32)
	c := Case{As: incident.Community, Organisation: "Riverside Clinic",
		File: incident.Incident{ID: "inc_1", Number: "INC-2026-0001", Title: "Studies leave", TLP: incident.Green, PAP: incident.Amber, Declared: at(8)},
		Given: []custody.Given{{Item: custody.Item{ID: "evd_1", Exhibit: "INC-2026-0001/1", Description: "disk", Authority: "head of security", Kind: custody.Image, SHA256: hash, SHA512: strings.Repeat("cd", 64), Size: 7, Details: custody.Details{Tool: "imager", ToolVersion: "2", LegalBasis: "plan 4.2"}}, Chain: chain("evd_1")},
			{Item: custody.Item{ID: "evd_2", Exhibit: "INC-2026-0001/2", Description: "copy", Parent: "evd_1", Authority: "head of security", Kind: custody.WorkingCopy, SHA256: hash, Size: 7}, Chain: chain("evd_2")},
			{Item: custody.Item{ID: "evd_3", Exhibit: "INC-2026-0001/3", Description: "extract", Parent: "evd_2", Authority: "court", Kind: custody.Derived}, Chain: chain("evd_3")}},
		Links: []incident.Link{{Kind: incident.FedVulnerability, Target: "CVE-2020-11896", At: at(9)}, {Kind: incident.FromFinding, Target: "dev_1/CVE-2020-11896", At: at(9)}, {Kind: incident.FromFinding, Target: "dev_1/ICSMA-1", At: at(9)}, {Kind: incident.FromCall, Target: "the ward", At: at(9)}}}
	for n, v := range map[indicator.Kind]string{indicator.Address: "203.0.113.9", indicator.MAC: "00:00:5e:00:53:01", indicator.Domain: "evil.example", indicator.Host: "ws1", indicator.Hash: hash, indicator.User: `o'neil\x`, indicator.AETitle: "ROGUE", indicator.File: "run.exe", indicator.URL: "http://evil.example/a", indicator.Device: "dev_9"} {
		c.Who.Indicators = append(c.Who.Indicators, claim.Indicator{ID: "ind_" + string(n), Kind: n, Value: v, At: at(9)})
	}
	slices.SortFunc(c.Who.Indicators, func(a, b claim.Indicator) int { return strings.Compare(a.ID, b.ID) })
	for n, v := range []string{"203.0.113.0/24", "2001:db8::1"} {
		c.Who.Indicators = append(c.Who.Indicators, claim.Indicator{ID: "ind_net" + string(rune('0'+n)), Kind: indicator.Address, Value: v, At: at(9), Note: "in the log of the firewall", Search: claim.Search{Done: true, At: at(10), Events: 3, First: at(1), Last: at(2)}})
	}
	c.Who.Sections = []claim.Section{{About: claim.Technique, Claims: []claim.Claim{{About: claim.Technique, Value: "T0883", Says: "through the open port", Made: at(9), Evidence: []claim.Ref{{Kind: claim.Exhibit, ID: "evd_1"}}},
		{About: claim.Technique, Value: "T0886", Says: "perhaps by remote service", Hypothesis: true, Grade: claim.Grade{Source: "C", Information: "3"}, Made: at(9)}}}}
	return c
}

func must(t *testing.T, text []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGolden(t *testing.T) {
	for name, file := range map[string]func(Case) ([]byte, error){"case.jsonld": Case.CASE, "stix.json": Case.STIX} {
		text, err := file(sample())
		got := must(t, text, err)
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if diff := cmp.Diff(string(must(t, want, err)), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// needed are the properties that STIX 2.1 requires of each type beside those of every object.
var needed = map[string][]string{"marking-definition": {"extensions"}, "identity": {"name", "modified"}, "report": {"name", "published", "object_refs", "modified"}, "indicator": {"pattern", "pattern_type", "valid_from", "modified"},
	"sighting": {"sighting_of_ref", "modified"}, "vulnerability": {"name", "modified"}, "attack-pattern": {"name", "modified"}, "note": {"content", "object_refs", "modified"}}

var (
	stixTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	pattern  = regexp.MustCompile(`^\[[a-z0-9-]+:[a-z_]+(\.(MD5|'SHA-\d+'))? (=|ISSUBSET) '([^'\\]|\\['\\])+'( OR domain-name:value MATCHES '([^'\\]|\\['\\])+')?\]$`)
)

func TestSTIXHolds(t *testing.T) {
	text, err := sample().STIX()
	var b struct {
		Type, ID string
		Objects  []map[string]any
	}
	if err := json.Unmarshal(must(t, text, err), &b); err != nil {
		t.Fatal(err)
	}
	types, known := map[string]int{}, map[string]bool{}
	for _, o := range b.Objects {
		id, _ := o["id"].(string)
		kind, tail, _ := strings.Cut(id, "--")
		if _, err := uuid.Parse(tail); err != nil || kind != o["type"] || known[id] {
			t.Errorf("id %q of %v", id, o["type"])
		}
		known[id] = true
		types[kind]++
		if needed[kind] == nil {
			t.Errorf("type %s", kind)
		}
		for _, name := range append([]string{"type", "spec_version", "created"}, needed[kind]...) {
			if o[name] == nil || o[name] == "" {
				t.Errorf("%s lacks %s", id, name)
			}
		}
		for _, name := range []string{"created", "modified", "published", "valid_from", "first_seen", "last_seen"} {
			if v, ok := o[name].(string); ok && !stixTime.MatchString(v) {
				t.Errorf("%s: %s is %q", id, name, v)
			}
		}
		if p, ok := o["pattern"].(string); ok && !pattern.MatchString(p) {
			t.Errorf("pattern %s", p)
		}
	}
	for _, o := range b.Objects {
		for name, v := range o {
			refs, _ := v.([]any)
			if strings.HasSuffix(name, "_ref") {
				refs = []any{v}
			} else if !strings.HasSuffix(name, "_refs") {
				continue
			}
			for _, r := range refs {
				if id, _ := r.(string); !known[id] {
					t.Errorf("%s: %s leads to %v, which is not there", o["id"], name, r)
				}
			}
		}
	}
	want := map[string]int{"marking-definition": 1, "identity": 1, "report": 1, "indicator": 9, "sighting": 2, "vulnerability": 2, "attack-pattern": 1, "note": 1}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func TestCASEHolds(t *testing.T) {
	text, err := sample().CASE()
	var doc struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}
	if err := json.Unmarshal(must(t, text, err), &doc); err != nil {
		t.Fatal(err)
	}
	known, refs := map[string]bool{}, map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			id, _ := v["@id"].(string)
			if _, isValue := v["@value"]; id != "" && !isValue {
				if _, err := uuid.Parse(strings.TrimPrefix(id, "urn:uuid:")); err != nil {
					t.Errorf("id %q", id)
				}
				if len(v) == 1 {
					refs[id] = true
				} else if known[id] {
					t.Errorf("%s is told twice", id)
				} else {
					known[id] = true
				}
			}
			for name, x := range v {
				if prefix, _, ok := strings.Cut(name, ":"); ok && doc.Context[prefix] == "" {
					t.Errorf("%s is of no vocabulary", name)
				}
				walk(x)
			}
		}
	}
	types, roots := map[any]int{}, map[any]any{}
	for _, n := range doc.Graph {
		walk(n)
		types[n["@type"]]++
		if number := n["case-investigation:exhibitNumber"]; number != nil {
			roots[number] = n["case-investigation:rootExhibitNumber"]
		}
	}
	for id := range refs {
		if !known[id] {
			t.Errorf("%s leads nowhere", id)
		}
	}
	root := []any{"INC-2026-0001/1"}
	if diff := cmp.Diff(map[any]any{"INC-2026-0001/1": nil, "INC-2026-0001/2": root, "INC-2026-0001/3": root}, roots); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
	want := map[any]int{"case-investigation:Investigation": 1, "case-investigation:InvestigativeAction": 9, "case-investigation:ProvenanceRecord": 3, "case-investigation:Authorization": 3,
		"uco-identity:Organization": 1, "uco-identity:Person": 2, "uco-identity:Identity": 1, "uco-observable:ObservableObject": 3, "uco-tool:Tool": 1}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

// A claim that was withdrawn is a newer version of the report.
func TestReportMovesOn(t *testing.T) {
	c := sample()
	c.Who.Ended = []claim.Claim{{ID: "clm_1", Ended: at(12)}}
	text, err := c.STIX()
	if got := string(must(t, text, err)); !strings.Contains(got, `"published": "2026-03-01T12:00:00.005Z"`) {
		t.Errorf("it does not:\n%s", got)
	}
}

func TestMarkingsHold(t *testing.T) {
	for _, file := range []func(Case) ([]byte, error){Case.CASE, Case.STIX} {
		c := sample()
		c.File.Legal = incident.Privileged
		if _, err := file(c); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("privileged: %v", err)
		}
		c.As = incident.ByLaw
		text, err := file(c)
		if got := string(must(t, text, err)); !strings.Contains(got, "TLP:RED") || strings.Contains(got, "TLP:GREEN") {
			t.Errorf("by law: the label in effect is not told:\n%s", got)
		}
		c.File.Exercise = true
		if text, err = file(c); !strings.Contains(string(must(t, text, err)), incident.ExerciseMark) {
			t.Error("an exercise does not say so")
		}
	}
}
