package source

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is the JSON Schema (2020-12) of the front matter.
//
//go:embed front-matter.schema.json
var Schema []byte

// compiled is made once, from bytes that are built in: its error is a fault of the program.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	const url = "https://triward.invalid/schema/front-matter.json"
	if err := c.AddResource(url, doc); err != nil {
		return nil, err
	}
	return c.Compile(url)
})

// checkSchema notes each way in which a front matter differs from the schema.
func checkSchema(value any, lines map[string]int, f *faults) {
	s, err := compiled()
	if err != nil {
		f.add(1, "the schema cannot be read: %v", err)
		return
	}
	err = s.Validate(value)
	var v *jsonschema.ValidationError
	switch {
	case err == nil:
	case errors.As(err, &v):
		noteSchema(v, lines, f)
	default:
		f.add(1, "%v", err)
	}
}

func noteSchema(v *jsonschema.ValidationError, lines map[string]int, f *faults) {
	for _, c := range v.Causes {
		noteSchema(c, lines, f)
	}
	if len(v.Causes) > 0 {
		return
	}
	path := strings.Join(v.InstanceLocation, "/")
	where := dotted(v.InstanceLocation)
	if extra, ok := v.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, p := range extra.Properties {
			at := append(append([]string(nil), v.InstanceLocation...), p)
			f.add(lines[strings.Join(at, "/")], "%s: there is no such member", dotted(at))
		}
		return
	}
	reason := plainly(v.ErrorKind)
	if where != "" {
		reason = where + ": " + reason
	}
	f.add(max(1, lines[path]), "%s", reason)
}

// plainly says what a schema asks for in words for people; rarer faults keep the words of the library.
func plainly(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinItems:
		return fmt.Sprintf("must name at least %d", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must name at most %d", k.Want)
	case *kind.MinLength:
		return "must not be empty"
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.Required:
		return strings.Join(k.Missing, ", ") + " is missing"
	case *kind.Enum:
		words := make([]string, len(k.Want))
		for i, w := range k.Want {
			words[i] = fmt.Sprint(w)
		}
		return "must be one of " + strings.Join(words, ", ")
	case *kind.Pattern:
		return fmt.Sprintf("%q does not have the form that it must have", k.Got)
	}
	return k.LocalizedString(message.NewPrinter(language.English))
}

// dotted writes a path as people read it: steps[2].role.
func dotted(path []string) string {
	var b strings.Builder
	for _, p := range path {
		if _, err := strconv.Atoi(p); err == nil {
			b.WriteString("[" + p + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}

// Limits of a front matter.
const (
	maxDepth = 12
	maxNodes = 20_000
)

// walker turns YAML into the values that JSON knows, and notes where each stands.
type walker struct {
	lines  map[string]int
	faults *faults
	nodes  int
}

// value converts one node. Only plain YAML is allowed: what is an alias, an anchor or a tag in another program's eyes
// would be read differently there.
func (w *walker) value(n *yaml.Node, path []string) any {
	line := n.Line + 1 // the first line of the text is ---
	if w.nodes++; w.nodes > maxNodes {
		if w.nodes == maxNodes+1 {
			w.faults.add(line, "more than %d values", maxNodes)
		}
		return nil
	}
	if len(path) > 0 {
		if _, ok := w.lines[strings.Join(path, "/")]; !ok {
			w.lines[strings.Join(path, "/")] = line
		}
	}
	switch {
	case len(path) > maxDepth:
		w.faults.add(line, "nested more than %d deep", maxDepth)
		return nil
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		w.faults.add(line, "anchors and aliases are not used here")
		return nil
	case n.Style&yaml.TaggedStyle != 0:
		w.faults.add(line, "tags are not used here")
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		return w.mapping(n, path)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			out = append(out, w.value(c, append(path[:len(path):len(path)], strconv.Itoa(i))))
		}
		return out
	}
	return scalar(n, path)
}

func (w *walker) mapping(n *yaml.Node, path []string) any {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Tag == "!!merge" {
			w.faults.add(k.Line+1, "the name of a member is a plain word")
			continue
		}
		at := append(path[:len(path):len(path)], k.Value)
		if _, twice := out[k.Value]; twice {
			w.faults.add(k.Line+1, "%s: it is there twice", dotted(at))
			continue
		}
		w.lines[strings.Join(at, "/")] = k.Line + 1
		out[k.Value] = w.value(n.Content[i+1], at)
	}
	return out
}

// scalar is the value of a node as JSON has it. The reference of a clause is always text: 4.10 is not 4.1.
func scalar(n *yaml.Node, path []string) any {
	if len(path) > 0 && path[len(path)-1] == "ref" {
		n.Tag = "!!str"
	}
	switch n.Tag {
	case "!!int":
		if i, err := strconv.Atoi(n.Value); err == nil {
			return i
		}
		return n.Value
	case "!!float":
		if x, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return x
		}
		return n.Value
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	case "!!timestamp":
		n.Tag = "!!str"
	}
	return n.Value
}

var (
	yamlAt = regexp.MustCompile(`line (\d+): ?`)
	// The reader counts lines from 0 in what its parser finds, and from 1 in what its scanner finds.
	fromZero = regexp.MustCompile(`did not find expected (node content|',' or|'-' indicator|key|<)`)
)

// yamlLine is the line that an error of the YAML reader names, 0 when it names none.
func yamlLine(err error) int {
	m := yamlAt.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	n, problem := strconv.Atoi(m[1])
	if problem != nil {
		return 0
	}
	if fromZero.MatchString(err.Error()) {
		n++
	}
	return n
}

func yamlReason(err error) string {
	return fmt.Sprintf("not YAML: %s", yamlAt.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), ""))
}
