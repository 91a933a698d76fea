package source

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Format writes the canonical text of a document: members in a fixed order, one line for each step, target, question and
// query, then the body. The same document always gives the same bytes.
func (d Document) Format() []byte {
	// What is a default is left out.
	if d.Print == PrintFree {
		d.Print = ""
	}
	d.Steps = slices.Clone(d.Steps)
	for i := range d.Steps {
		if d.Steps[i].Evidence == None {
			d.Steps[i].Evidence = ""
		}
	}
	var root yaml.Node
	if err := root.Encode(d); err != nil {
		return nil // not possible: the type has only text, numbers and lists
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		v := root.Content[i+1]
		switch root.Content[i].Value {
		case "steps", "targets", "quiz", "evidence":
			for _, item := range v.Content {
				item.Style = yaml.FlowStyle
			}
		default:
			if v.Kind != yaml.ScalarNode {
				v.Style = yaml.FlowStyle
			}
		}
	}
	quote(&root)
	var b bytes.Buffer
	b.WriteString(fence)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if e.Encode(&root) != nil || e.Close() != nil {
		return nil // not possible: a buffer takes everything
	}
	b.WriteString(fence)
	if d.Body != "" {
		b.WriteString("\n" + d.Body)
	}
	return b.Bytes()
}

// quote puts text that is not one simple word in double quotes, which hold everything. Names of members stay bare.
func quote(n *yaml.Node) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		if c.Kind == yaml.ScalarNode && c.Tag == "!!str" && !simple(c.Value) {
			c.Style = yaml.DoubleQuotedStyle
		}
		quote(c)
	}
}

// simple tells words that no YAML reader takes for anything but text.
func simple(s string) bool {
	if s == "" || !(s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.') {
			return false
		}
	}
	switch s {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "True", "False", "Null", "Yes", "No", "On", "Off", "Y", "N", "TRUE", "FALSE",
		"NULL", "YES", "NO", "ON", "OFF":
		return false
	}
	return true
}
