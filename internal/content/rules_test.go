package content_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"triward/internal/content"
	"triward/internal/testdata"
)

var update = flag.Bool("update", false, "write the list of techniques anew")

type packRule struct {
	Title, ID, Name, Status, Description, License, Author, Date, Level string
	Tags, FalsePositives                                               []string
	LogSource                                                          map[string]string `yaml:"logsource"`
	Detection                                                          map[string]any
	Correlation                                                        *struct {
		Type      string
		Rules     []string
		GroupBy   []string `yaml:"group-by"`
		Timespan  string
		Condition map[string]any
		Aliases   map[string]map[string]string
		Generate  bool
	}
	Triward struct {
		IDs, Needs, EMB3D                                 []string
		Rate, Safety, Procedure, Step, Treatment, Control string
		Baseline                                          *struct {
			Kind, Value, Learn string
			By                 []string
			Factor             float64
		}
	}
	file string
}

func pack(t *testing.T) []packRule {
	t.Helper()
	files, err := content.Rules()
	if err != nil {
		t.Fatal(err)
	}
	var out []packRule
	for _, f := range files {
		d := yaml.NewDecoder(strings.NewReader(string(f.Text)))
		d.KnownFields(true)
		r := packRule{file: f.Name}
		if err := d.Decode(&r); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		out = append(out, r)
	}
	if len(out) < 50 {
		t.Fatalf("the pack has %d rules", len(out))
	}
	return out
}

var (
	uuid      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	technique = regexp.MustCompile(`^attack\.(t[0-9]{4}(\.[0-9]{3})?)$`)
)

func TestRulesOfThePackAreWhole(t *testing.T) {
	seen := map[string]string{}
	treatments := []string{"fix", "mitigate", "isolate", "replace", "retire", "transfer", "accept"}
	categories := []string{"audit", "dicom", "hl7", "fhir", "network", "dns", "http", "tls", "smb", "auth", "device", "health"}
	for _, r := range pack(t) {
		for _, key := range []string{r.ID, "title " + r.Title, "name " + r.Name} {
			if seen[key] != "" {
				t.Errorf("%s and %s share %q", r.file, seen[key], key)
			}
			seen[key] = r.file
		}
		x := r.Triward
		for what, ok := range map[string]bool{
			"the id is a random UUID":      uuid.MatchString(r.ID),
			"the name is that of the file": r.Name == strings.TrimSuffix(path.Base(r.file), ".yml"),
			"author, licence and date":     r.Author == "Triward" && r.License == "Apache-2.0" && len(r.Date) == len("2026-11-28"),
			"a description in words":       len(r.Description) > 60,
			"notes on false positives":     len(r.FalsePositives) > 0 && r.FalsePositives[0] != "",
			"a level":                      slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, r.Level),
			"tags of ATT&CK":               slices.ContainsFunc(r.Tags, technique.MatchString),
			"either a log source or more":  (r.Correlation == nil) == (r.LogSource["product"] == "medical" && slices.Contains(categories, r.LogSource["category"])),
			"rate, safety and control":     x.Rate != "" && x.Safety != "" && x.Control != "",
			"a treatment of layer 2":       slices.Contains(treatments, x.Treatment),
			"ids, needs and threats":       len(x.IDs) > 0 && len(x.Needs) > 0 && len(x.EMB3D) > 0,
			"needs are categories":         !slices.ContainsFunc(x.Needs, func(n string) bool { return !slices.Contains(categories, n) }),
			"it needs what it looks at":    r.Correlation != nil || slices.Contains(x.Needs, r.LogSource["category"]),
		} {
			if !ok {
				t.Errorf("%s lacks: %s", r.file, what)
			}
		}
	}
}

func TestBuildingBlocksAreUsed(t *testing.T) {
	used, names := map[string]bool{}, map[string]bool{}
	all := pack(t)
	for _, r := range all {
		names[r.Name] = true
		if r.Correlation != nil {
			for _, name := range r.Correlation.Rules {
				used[name] = true
			}
		}
	}
	for name := range used {
		if !names[name] {
			t.Errorf("a correlation names %s, which is not there", name)
		}
	}
	for _, r := range all {
		if r.Level == "informational" && !used[r.Name] {
			t.Errorf("%s raises no alert of its own and no correlation uses it", r.file)
		}
	}
}

func TestCatalogueIsCovered(t *testing.T) {
	catalogue, err := content.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string][]string{}
	for _, r := range pack(t) {
		for _, id := range r.Triward.IDs {
			by[id] = append(by[id], r.file)
		}
	}
	if len(catalogue) != 13+14+9+11+7+6 {
		t.Errorf("the catalogue has %d entries", len(catalogue))
	}
	for _, d := range catalogue {
		t.Run(d.ID+" "+d.Title, func(t *testing.T) {
			if (len(by[d.ID]) > 0) == (d.Open != "") {
				t.Errorf("rules %v, reason for none %q: want either", by[d.ID], d.Open)
			}
		})
		delete(by, d.ID)
	}
	for id, files := range by {
		t.Errorf("%v name %s, which is not in the catalogue", files, id)
	}
}

func TestRulesNameTechniquesThatExist(t *testing.T) {
	all, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range all {
		for _, tactic := range m.Tactics {
			known["attack."+tactic.Slug] = true
			for _, q := range tactic.Techniques {
				known["attack."+strings.ToLower(q.ID)] = true
			}
		}
	}
	for _, r := range pack(t) {
		for _, tag := range r.Tags {
			if !known[tag] {
				t.Errorf("%s: %s is not in attack.yaml", r.file, tag)
			}
		}
	}
}

// Names and places of techniques are those that MITRE publishes.
func TestAttackIsThePublishedOne(t *testing.T) {
	all, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		file := map[string]string{"ics": "attack/ics-attack-18.1.json.zst", "enterprise": "attack/enterprise-attack-18.json.zst"}[m.ID]
		published := stix(t, testdata.Zst(t, file))
		for _, tactic := range m.Tactics {
			if published[tactic.ID] != tactic.Name || published["slug "+tactic.Slug] != tactic.ID {
				t.Errorf("%s %s is published as %q", tactic.ID, tactic.Name, published[tactic.ID])
			}
			for _, q := range tactic.Techniques {
				key := tactic.Slug + " " + q.ID
				if published[key] != q.Name {
					t.Errorf("%s %s is published as %q", key, q.Name, published[key])
				}
				delete(published, key)
			}
			for key, name := range published {
				if m.ID == "ics" && strings.HasPrefix(key, tactic.Slug+" ") {
					t.Errorf("%s %s is missing", key, name)
				}
			}
		}
	}
}

// The list of techniques is the published one; -update writes it anew from there.
func TestTechniquesAreThePublishedOnes(t *testing.T) {
	want := map[string]content.Listed{}
	for _, file := range []string{"attack/ics-attack-18.1.json.zst", "attack/enterprise-attack-18.json.zst"} {
		for _, o := range objects(t, testdata.Zst(t, file)) {
			if o.Type != "attack-pattern" || len(o.References) == 0 {
				continue
			}
			ended := map[bool]string{true: "deprecated"}[o.Deprecated]
			if o.Revoked {
				ended = "revoked"
			}
			id := o.References[0].External_ID
			want[id] = content.Listed{Technique: content.Technique{ID: id, Name: o.Name}, Ended: ended}
		}
	}
	if *update {
		var b strings.Builder
		for _, id := range slices.Sorted(maps.Keys(want)) {
			b.WriteString(id + "\t" + want[id].Name + "\t" + want[id].Ended + "\n")
		}
		if err := os.WriteFile("techniques.tsv", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := content.Techniques()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("techniques (-published +kept):\n%s", d)
	}
}

// stix maps tactic ids to names, "slug …" to tactic ids, and "slug technique" to names.
func stix(t *testing.T, text []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range objects(t, text) {
		switch {
		case o.Revoked || o.Deprecated || len(o.References) == 0:
		case o.Type == "x-mitre-tactic":
			out[o.References[0].External_ID], out["slug "+o.Short] = o.Name, o.References[0].External_ID
		case o.Type == "attack-pattern":
			for _, p := range o.Phases {
				out[p.Phase_Name+" "+o.References[0].External_ID] = o.Name
			}
		}
	}
	return out
}

// object is a part of a STIX bundle.
type object struct {
	Type       string
	Name       string
	Revoked    bool
	Deprecated bool                           `json:"x_mitre_deprecated"`
	Short      string                         `json:"x_mitre_shortname"`
	References []struct{ External_ID string } `json:"external_references"`
	Phases     []struct{ Phase_Name string }  `json:"kill_chain_phases"`
}

func objects(t *testing.T, text []byte) []object {
	t.Helper()
	var bundle struct{ Objects []object }
	if err := json.Unmarshal(text, &bundle); err != nil {
		t.Fatal(err)
	}
	return bundle.Objects
}

func TestRulesNameThreatsOfEMB3D(t *testing.T) {
	text, err := os.ReadFile(testdata.Path(t, "attack/emb3d-stix-2.0.1.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range pack(t) {
		for _, id := range r.Triward.EMB3D {
			if !strings.Contains(string(text), `"`+id+`"`) {
				t.Errorf("%s: EMB3D has no %s", r.file, id)
			}
		}
	}
}

func TestRulesNameStepsOfDocuments(t *testing.T) {
	docs, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string][]string{}
	for _, d := range docs {
		_, rest, _ := strings.Cut(string(d.Text), "---\n")
		head, _, _ := strings.Cut(rest, "\n---\n")
		var doc struct {
			ID    string
			Steps []struct{ ID string }
		}
		if err := yaml.Unmarshal([]byte(head), &doc); err != nil {
			t.Fatalf("%s: %v", d.Name, err)
		}
		steps[doc.ID] = []string{""}
		for _, s := range doc.Steps {
			steps[doc.ID] = append(steps[doc.ID], s.ID)
		}
	}
	for _, r := range pack(t) {
		if !slices.Contains(steps[r.Triward.Procedure], r.Triward.Step) {
			t.Errorf("%s: %s has no step %q", r.file, r.Triward.Procedure, r.Triward.Step)
		}
	}
}

func TestRulesVersionFollowsTheRules(t *testing.T) {
	v, err := content.RulesVersion()
	if err != nil || len(v) != 12 {
		t.Errorf("version %q, %v", v, err)
	}
}
