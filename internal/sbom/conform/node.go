package conform

// Kind is the shape of a Node.
type Kind uint8

// The closed list of kinds: those of JSON, and the XML element.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
	Element
)

func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object", "element"}[k]
}

// Node is one value of a JSON text or one element of an XML text.
type Node struct {
	kind  Kind
	name  string // key within a JSON object, local name of an XML element
	text  string // string value; number, true, false as written; source of an object or array; character data of an element
	items []Node // array items, object members in order, child elements
	xml   *markup
}

// markup is what only XML elements have.
type markup struct {
	space string
	attrs []xattr // namespace declarations left out
}

type xattr struct{ space, name, value string }

// Bounds limits what a parser builds: nesting, and the number of values or elements (72 bytes each).
type Bounds struct {
	Depth  int
	Values int
}

// space is the XML namespace, "" in JSON.
func (n *Node) space() string {
	if n.xml == nil {
		return ""
	}
	return n.xml.space
}

// Get is the first member or child of that name, or nil. A nil node has none.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.items {
		if n.items[i].name == name && n.kind != Array {
			return &n.items[i]
		}
	}
	return nil
}

// Str is the text of a string Node, "" for any other and for nil.
func (n *Node) Str() string {
	if n == nil || n.kind != String {
		return ""
	}
	return n.text
}

// List is the items of an array, the Node itself for a single value (JSON-LD writes either), none for nil and null.
func (n *Node) List() []Node {
	switch {
	case n == nil || n.kind == Null:
		return nil
	case n.kind == Array:
		return n.items
	}
	one := *n
	one.name = ""
	return []Node{one}
}

// Strs is the strings among List.
func (n *Node) Strs() []string {
	var out []string
	for _, i := range n.List() {
		if i.kind == String {
			out = append(out, i.text)
		}
	}
	return out
}

// Kind is the shape of the node.
func (n *Node) Kind() Kind { return n.kind }

// Space is the XML namespace.
func (n *Node) Space() string { return n.space() }

// Name is the local name of an XML element, or the key of a JSON value within its object.
func (n *Node) Name() string { return n.name }

// Text is the value of a string, a number as written, the source of an object, the character data of an element.
func (n *Node) Text() string { return n.text }

// Len is how many items, members or child elements the node has.
func (n *Node) Len() int { return len(n.items) }

// Counts is how many items stand in lists of each of these names, in the whole tree: of JSON arrays by their key, of XML
// elements by the name of their wrapper. It lets a caller refuse a document before decoding it into larger values.
func (n *Node) Counts(names map[string]int) {
	if _, ok := names[n.name]; ok && (n.kind == Array || n.kind == Element) {
		names[n.name] += len(n.items)
	}
	for i := range n.items {
		if len(n.items[i].items) > 0 {
			n.items[i].Counts(names)
		}
	}
}
