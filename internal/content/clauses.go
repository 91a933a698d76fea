package content

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed clauses/*.yaml
var clauses embed.FS

// Limits of a clause set; the largest that is shipped has 150 clauses.
const (
	maxClauseSetBytes = 512 << 10
	maxClauses        = 2000
	maxClauseText     = 200
)

// ClauseStatus says whether a clause set binds today.
type ClauseStatus string

// The closed list of statuses. A proposed set is off until somebody turns it on.
const (
	InForce    ClauseStatus = "in_force"
	Proposed   ClauseStatus = "proposed"
	Superseded ClauseStatus = "superseded"
)

// Confidence says how well the number of a clause is known.
type Confidence string

// The closed list of confidences. All but Verified ask for a look at the licensed or official text.
const (
	Verified  Confidence = "V" // seen in a primary source
	Secondary Confidence = "S" // seen in what others write about it
	General   Confidence = "K" // from general knowledge
)

// audiences are those whom a clause can bind.
var audiences = []string{"manufacturer", "hospital"}

// Day is midnight UTC of a date; zero when it is not known.
type Day struct{ time.Time }

// UnmarshalYAML reads YYYY-MM-DD.
func (d *Day) UnmarshalYAML(n *yaml.Node) error {
	at, err := time.Parse(time.DateOnly, n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is not a date like 2026-01-31", n.Line, n.Value)
	}
	d.Time = at
	return nil
}

// ClauseSet is one edition of a law, standard or guidance: the numbers of its clauses and short titles in our own words,
// never its text. A set without ValidFrom has no date that is known; one without ValidUntil has no end.
type ClauseSet struct {
	ID         string       `yaml:"id"`
	Title      string       `yaml:"title"`
	Edition    string       `yaml:"edition"`
	Status     ClauseStatus `yaml:"status"`
	ValidFrom  Day          `yaml:"valid_from"`
	ValidUntil Day          `yaml:"valid_until"`
	Supersedes []string     `yaml:"supersedes"`
	Source     string       `yaml:"source"`
	Confidence Confidence   `yaml:"confidence"`
	For        []string     `yaml:"for"`
	Clauses    []Clause     `yaml:"clauses"`
}

// Clause is one numbered place of a set. For and Confidence are those of the set unless the clause has its own. Change
// says what is different from the set that this one supersedes, Was names the clause there when its number was another.
type Clause struct {
	Ref        string     `yaml:"ref"`
	Title      string     `yaml:"title"`
	Parent     string     `yaml:"parent"`
	For        []string   `yaml:"for"`
	Confidence Confidence `yaml:"confidence"`
	Was        string     `yaml:"was"`
	Change     string     `yaml:"change"`
}

// ClauseSets reads every clause set that is shipped, sorted by id. The error names each fault with its file and line.
func ClauseSets() ([]ClauseSet, error) {
	files, err := clauses.ReadDir("clauses")
	if err != nil {
		return nil, fmt.Errorf("read clause sets: %w", err)
	}
	var out []ClauseSet
	var faults []error
	for _, f := range files {
		text, err := clauses.ReadFile(path.Join("clauses", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read clause sets: %w", err)
		}
		set, err := ParseClauseSet(f.Name(), text)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if set.ID+".yaml" != f.Name() {
			faults = append(faults, fmt.Errorf("%s: the file is not named after its id %q", f.Name(), set.ID))
		}
		out = append(out, set)
	}
	faults = append(faults, successions(out)...)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b ClauseSet) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// successions checks what sets say about each other.
func successions(sets []ClauseSet) []error {
	byID := map[string]ClauseSet{}
	for _, s := range sets {
		byID[s.ID] = s
	}
	var out []error
	followed := map[string]bool{}
	for _, s := range sets {
		old := map[string]bool{}
		for _, id := range s.Supersedes {
			before, ok := byID[id]
			switch {
			case !ok:
				out = append(out, fmt.Errorf("%s: supersedes %q, which is not there", s.ID, id))
			case before.Status != Superseded:
				out = append(out, fmt.Errorf("%s: supersedes %s, whose status is %s", s.ID, id, before.Status))
			case followed[id]:
				out = append(out, fmt.Errorf("%s: %s is superseded twice", s.ID, id))
			}
			followed[id] = true
			for _, c := range before.Clauses {
				old[c.Ref] = true
			}
		}
		for _, c := range s.Clauses {
			if c.Was != "" && !old[c.Was] {
				out = append(out, fmt.Errorf("%s: %s was %q, which the sets before it do not have", s.ID, c.Ref, c.Was))
			}
			if c.Change != "" && len(s.Supersedes) == 0 {
				out = append(out, fmt.Errorf("%s: %s changes something, but the set supersedes none", s.ID, c.Ref))
			}
		}
	}
	for _, s := range sets {
		if s.Status == Superseded && !followed[s.ID] {
			out = append(out, fmt.Errorf("%s: is superseded, but no set supersedes it", s.ID))
		}
	}
	return out
}

// ParseClauseSet reads one clause set (YAML). The error names every fault as "name:line: reason".
func ParseClauseSet(name string, text []byte) (ClauseSet, error) {
	if len(text) > maxClauseSetBytes {
		return ClauseSet{}, fmt.Errorf("%s: larger than %d bytes", name, maxClauseSetBytes)
	}
	var set ClauseSet
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&set); err != nil {
		return ClauseSet{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return ClauseSet{}, fmt.Errorf("%s: more than one document", name)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return ClauseSet{}, fmt.Errorf("%s: %w", name, err)
	}
	f := &clauseFaults{name: name, root: &node}
	set.check(f)
	set.fill()
	if err := errors.Join(f.list...); err != nil {
		return ClauseSet{}, err
	}
	return set, nil
}

// fill gives each clause what it takes over from its set.
func (s *ClauseSet) fill() {
	for i := range s.Clauses {
		if len(s.Clauses[i].For) == 0 {
			s.Clauses[i].For = s.For
		}
		if s.Clauses[i].Confidence == "" {
			s.Clauses[i].Confidence = s.Confidence
		}
	}
}

func (s *ClauseSet) check(f *clauseFaults) {
	f.word("id", s.ID, maxClauseText)
	if strings.Trim(s.ID, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		f.add("id", "only small letters, digits, dots and hyphens")
	}
	f.word("title", s.Title, maxClauseText)
	f.word("edition", s.Edition, maxClauseText)
	if !slices.Contains([]ClauseStatus{InForce, Proposed, Superseded}, s.Status) {
		f.add("status", fmt.Sprintf("%q is none of in_force, proposed, superseded", s.Status))
	}
	if !s.ValidUntil.IsZero() && !s.ValidUntil.After(s.ValidFrom.Time) {
		f.add("valid_until", "not after valid_from")
	}
	if s.Status == Superseded && s.ValidUntil.IsZero() {
		f.add("status", "superseded without valid_until")
	}
	if u, err := url.Parse(s.Source); err != nil || u.Scheme != "https" || u.Host == "" {
		f.add("source", "not an https address")
	}
	if !s.Confidence.known() {
		f.add("confidence", fmt.Sprintf("%q is none of V, S, K", s.Confidence))
	}
	f.audience("for", s.For)
	if len(s.For) == 0 {
		f.add("for", "names nobody")
	}
	if len(s.Clauses) == 0 || len(s.Clauses) > maxClauses {
		f.add("clauses", fmt.Sprintf("%d clauses; must be 1 to %d", len(s.Clauses), maxClauses))
		return
	}
	seen := map[string]bool{}
	for i, c := range s.Clauses {
		at := f.clause(i)
		at.word("ref", c.Ref, 40)
		at.word("title", c.Title, maxClauseText)
		if seen[c.Ref] {
			at.add("ref", fmt.Sprintf("%q is there twice", c.Ref))
		}
		// Parents come first, so that no circle is possible and the order is that of reading.
		if c.Parent != "" && !seen[c.Parent] {
			at.add("parent", fmt.Sprintf("%q does not come before %q", c.Parent, c.Ref))
		}
		if c.Confidence != "" && !c.Confidence.known() {
			at.add("confidence", fmt.Sprintf("%q is none of V, S, K", c.Confidence))
		}
		if len(c.Change) > maxClauseText {
			at.add("change", "too long")
		}
		at.audience("for", c.For)
		seen[c.Ref] = true
	}
}

func (c Confidence) known() bool {
	return slices.Contains([]Confidence{Verified, Secondary, General}, c)
}

// clauseFaults collects what is wrong with a file, with the line of each key.
type clauseFaults struct {
	name string
	root *yaml.Node
	list []error
	up   *clauseFaults
}

// clause is the place of clause i; its faults go to the file's.
func (f *clauseFaults) clause(i int) *clauseFaults {
	list := valueOf(f.root, "clauses")
	node := list
	if list != nil && i < len(list.Content) {
		node = list.Content[i]
	}
	return &clauseFaults{name: f.name, root: node, up: f}
}

func (f *clauseFaults) add(key, reason string) {
	line := 1
	if f.root != nil {
		line = max(line, f.root.Line)
	}
	if v := valueOf(f.root, key); v != nil {
		line = v.Line
	}
	to := f
	if f.up != nil {
		to = f.up
	}
	to.list = append(to.list, fmt.Errorf("%s:%d: %s: %s", f.name, line, key, reason))
}

func (f *clauseFaults) word(key, text string, limit int) {
	switch {
	case strings.TrimSpace(text) != text || text == "":
		f.add(key, "is missing or has spaces around it")
	case len(text) > limit:
		f.add(key, fmt.Sprintf("longer than %d bytes", limit))
	}
}

func (f *clauseFaults) audience(key string, list []string) {
	for i, a := range list {
		if !slices.Contains(audiences, a) || slices.Contains(list[:i], a) {
			f.add(key, fmt.Sprintf("%q is none of %s, or there twice", a, strings.Join(audiences, ", ")))
		}
	}
}

// valueOf is the value of a key in a mapping (or in the mapping of a whole document); nil when it has none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n != nil && n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
