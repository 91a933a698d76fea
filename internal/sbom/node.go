package sbom

// kind is the shape of a node.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
	kindElement
)

func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object", "element"}[k]
}

// node is one value of a JSON text or one element of an XML text, kept for judging: where it stands, how it was written.
type node struct {
	kind  kind
	line  int32
	space string  // XML namespace
	name  string  // key within a JSON object, local name of an XML element
	text  string  // string value; number, true, false as written; character data of an element
	items []node  // array items, object members in order, child elements
	attrs []xattr // XML attributes
	raw   string  // JSON source text of objects and arrays
}

// xattr is an XML attribute, namespace declarations left out.
type xattr struct{ space, name, value string }

// get is the first member or child of that name, or nil. A nil node has none.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for i := range n.items {
		if n.items[i].name == name && n.kind != kindArray {
			return &n.items[i]
		}
	}
	return nil
}

// str is the text of a string node, "" for any other and for nil.
func (n *node) str() string {
	if n == nil || n.kind != kindString {
		return ""
	}
	return n.text
}

// list is the items of an array, the node itself for a single value (JSON-LD writes either), none for nil and null.
func (n *node) list() []node {
	switch {
	case n == nil || n.kind == kindNull:
		return nil
	case n.kind == kindArray:
		return n.items
	}
	one := *n
	one.name = ""
	return []node{one}
}

// strs is the strings among list.
func (n *node) strs() []string {
	var out []string
	for _, i := range n.list() {
		if i.kind == kindString {
			out = append(out, i.text)
		}
	}
	return out
}
