package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"triward/internal/problem"
)

// Limits of one file. The largest rule of SigmaHQ has 40 kB.
const (
	MaxFile      = 64 << 20
	maxDocuments = 100_000
	maxNodes     = 400_000 // YAML nodes of a document, aliases counted as often as they are used
	maxNesting   = 32
	maxFaults    = 1000
)

// Options is what rules need from whoever uses them.
type Options struct {
	// Placeholders are the values of %name% in values with the modifier expand. A placeholder without values is an error.
	Placeholders map[string][]string
}

// Parse reads every document of a rule file: rules, correlations and filters. Whatever it does not fully understand is
// a fault with file and line, and then the document does not count; the set holds the others. The error is a problem of
// kind Invalid with all faults.
func Parse(file string, text []byte, o Options) (Set, error) {
	p := parser{file: file, options: o}
	if len(text) > MaxFile {
		p.fail(nil, "the file has %d bytes, at most %d", len(text), MaxFile)
		return Set{}, p.err()
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	for n := 0; ; n++ {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.yamlFault(err)
			p.set.Faulty++
			break
		}
		if n == maxDocuments {
			p.fail(&doc, "the file has more than %d documents", maxDocuments)
			break
		}
		if len(doc.Content) == 1 && doc.Content[0].Tag != "!!null" {
			p.whole(doc.Content[0])
		}
	}
	return p.set, p.err()
}

// whole reads one document, and takes back what it gave when there is a fault in it.
func (p *parser) whole(n *yaml.Node) {
	before := p.set
	p.nodes, p.faulty = 0, false
	p.document(n)
	if p.faulty {
		p.set = before
		p.set.Faulty++
	}
}

// parser is the state of reading one file.
type parser struct {
	file    string
	options Options
	set     Set
	nodes   int
	faults  []problem.Fault
	faulty  bool // the document that is being read
}

func (p *parser) err() error {
	if len(p.faults) == 0 {
		return nil
	}
	return &problem.Error{Kind: problem.Invalid, Message: "read Sigma rules", Faults: p.faults}
}

func (p *parser) fail(at *yaml.Node, format string, args ...any) {
	line := 1
	if at != nil {
		line = max(1, at.Line)
	}
	p.failLine(line, fmt.Sprintf(format, args...))
}

func (p *parser) failLine(line int, reason string) {
	p.faulty = true
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, problem.Fault{Path: p.file + ":" + strconv.Itoa(line), Reason: reason})
	}
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// yamlFault takes the line out of what the YAML reader says.
func (p *parser) yamlFault(err error) {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	p.failLine(line, "not YAML: "+text)
}

// entry is a key of a mapping and its value.
type entry struct {
	key   string
	at    *yaml.Node // of the key
	value *yaml.Node
}

// real is the node that an alias means; every use counts against the limit, so that aliases of aliases end.
func (p *parser) real(n *yaml.Node) *yaml.Node {
	if p.nodes++; p.nodes > maxNodes {
		if p.nodes == maxNodes+1 {
			p.fail(n, "the file has more than %d values", maxNodes)
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
	}
	for range maxNesting {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			return n
		}
		n = n.Alias
	}
	return n
}

// entries are the members of a mapping in their order; a key that stands there twice is a fault.
func (p *parser) entries(n *yaml.Node, what string) []entry {
	n = p.real(n)
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s has to be a mapping", what)
		return nil
	}
	var out []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := p.real(n.Content[i])
		if k.Kind != yaml.ScalarNode {
			p.fail(k, "a key of %s is not a text", what)
			continue
		}
		if seen[k.Value] {
			p.fail(k, "%s has the key %q twice", what, k.Value)
			continue
		}
		seen[k.Value] = true
		out = append(out, entry{k.Value, k, p.real(n.Content[i+1])})
	}
	return out
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// text is a scalar as text; null is "".
func (p *parser) text(e entry) string {
	if e.value.Kind != yaml.ScalarNode {
		p.fail(e.at, "%s has to be a text", e.key)
		return ""
	}
	if isNull(e.value) {
		return ""
	}
	return e.value.Value
}

// texts is a list of texts; one text alone is a list of one.
func (p *parser) texts(e entry) []string {
	switch {
	case isNull(e.value):
		return nil
	case e.value.Kind == yaml.ScalarNode:
		return []string{e.value.Value}
	case e.value.Kind != yaml.SequenceNode:
		p.fail(e.at, "%s has to be a list of texts", e.key)
		return nil
	}
	var out []string
	for _, v := range e.value.Content {
		if v = p.real(v); v.Kind != yaml.ScalarNode {
			p.fail(v, "%s has to be a list of texts", e.key)
			return nil
		}
		out = append(out, v.Value)
	}
	return out
}

func (p *parser) oneOf(e entry, list []string) string {
	s := p.text(e)
	if s != "" && !slices.Contains(list, s) {
		p.fail(e.value, "%s is %q, not one of %s", e.key, s, strings.Join(list, ", "))
	}
	return s
}

func (p *parser) boolean(e entry) bool {
	b, err := strconv.ParseBool(p.text(e))
	if err != nil {
		p.fail(e.value, "%s has to be true or false", e.key)
	}
	return b
}

// The closed lists of Sigma 2.1.
var (
	levels   = []string{"informational", "low", "medium", "high", "critical"}
	statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
)

// document reads one rule, correlation or filter.
func (p *parser) document(n *yaml.Node) {
	r := Rule{File: p.file, Line: n.Line}
	body := map[string]entry{}
	for _, e := range p.entries(n, "the document") {
		switch e.key {
		case "detection", "correlation", "filter", "logsource":
			body[e.key] = e
		case "action":
			p.fail(e.at, "action documents of Sigma 1 are not supported")
		case "sigma-version":
			if v := p.text(e); v != "2" && !strings.HasPrefix(v, "2.") {
				p.fail(e.value, "Sigma version %q is not supported", v)
			}
		default:
			p.metadata(&r, e)
		}
	}
	if r.Title == "" {
		p.fail(n, "the document has no title")
	}
	detection, isRule := body["detection"]
	correlation, isCorrelation := body["correlation"]
	filter, isFilter := body["filter"]
	switch {
	case isRule && !isCorrelation && !isFilter:
		p.rule(r, detection, body["logsource"])
	case isCorrelation && !isRule && !isFilter:
		if e, ok := body["logsource"]; ok {
			p.fail(e.at, "a correlation has no logsource")
		}
		p.correlation(r, correlation)
	case isFilter && !isRule && !isCorrelation:
		p.filter(r, filter, body["logsource"])
	default:
		p.fail(n, "the document needs exactly one of detection, correlation and filter")
	}
}

// metadata reads what all documents share. Keys that Sigma does not define are notes of the author's.
func (p *parser) metadata(r *Rule, e entry) {
	switch e.key {
	case "id":
		r.ID = p.text(e)
	case "name":
		r.Name = p.text(e)
	case "title":
		r.Title = p.text(e)
	case "status":
		r.Status = p.oneOf(e, statuses)
	case "level":
		r.Level = p.oneOf(e, levels)
	case "description":
		r.Description = p.text(e)
	case "author":
		r.Author = strings.Join(p.texts(e), ", ")
	case "date":
		r.Date = p.text(e)
	case "modified":
		r.Modified = p.text(e)
	case "references":
		r.References = p.texts(e)
	case "tags":
		r.Tags = p.texts(e)
	case "falsepositives":
		r.FalsePositives = p.texts(e)
	case "triward":
		r.Extension = p.extension(e)
	}
}

func (p *parser) rule(r Rule, detection, logsource entry) {
	if logsource.value == nil {
		p.failLine(r.Line, "the rule has no logsource")
		return
	}
	r.LogSource = p.logSource(logsource)
	r.Condition = p.detection(detection)
	p.set.Rules = append(p.set.Rules, r)
}

func (p *parser) filter(r Rule, filter, logsource entry) {
	if logsource.value == nil {
		p.failLine(r.Line, "the filter has no logsource")
		return
	}
	f := Filter{ID: r.ID, Title: r.Title, File: r.File, Line: r.Line, LogSource: p.logSource(logsource)}
	searches := *filter.value
	searches.Content = nil
	named := false
	for i := 0; i+1 < len(filter.value.Content); i += 2 {
		k, v := filter.value.Content[i], filter.value.Content[i+1]
		if k.Value != "rules" {
			searches.Content = append(searches.Content, k, v)
			continue
		}
		named = true
		if f.Rules = p.texts(entry{k.Value, k, p.real(v)}); len(f.Rules) == 1 && f.Rules[0] == "any" {
			f.Rules = nil
		} else if len(f.Rules) == 0 {
			p.fail(k, "rules is empty: name rules, or write any")
		}
	}
	if !named {
		p.fail(filter.at, "the filter has no rules")
	}
	f.Condition = p.detection(entry{filter.key, filter.at, &searches})
	p.set.Filters = append(p.set.Filters, f)
}

func (p *parser) logSource(e entry) LogSource {
	var l LogSource
	for _, e := range p.entries(e.value, "logsource") {
		switch e.key {
		case "product":
			l.Product = p.text(e)
		case "category":
			l.Category = p.text(e)
		case "service":
			l.Service = p.text(e)
		case "definition":
		default:
			p.fail(e.at, "logsource has no %q", e.key)
		}
	}
	return l
}
