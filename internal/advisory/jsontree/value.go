package jsontree

import (
	"sort"
	"strconv"
	"strings"
)

// Kind is the type of a JSON value.
type Kind uint8

// The closed list of kinds.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// Value is one value of a parsed document. Values keep their offset, so that the JSON pointer of any of them can be told
// without carrying a path along; object members keep the document's order, which CSAF 2.0 test 6.2.13 asks about.
type Value struct {
	Kind Kind
	off  int
	Key  string // member name, "" in arrays and at the root
	Text string // string content, number as written, "true" or "false"
	Kids []Value
}

// Get is the member named key of an object, nil when v is nil, not an object or has no such member.
func (v *Value) Get(key string) *Value {
	if v == nil || v.Kind != Object {
		return nil
	}
	for i := range v.Kids {
		if v.Kids[i].Key == key {
			return &v.Kids[i]
		}
	}
	return nil
}

// At follows member names.
func (v *Value) At(keys ...string) *Value {
	for _, k := range keys {
		v = v.Get(k)
	}
	return v
}

// Str is the content of a string, "" for anything else.
func (v *Value) Str() string {
	if v == nil || v.Kind != String {
		return ""
	}
	return v.Text
}

// List is the elements of an array, nil for anything else.
func (v *Value) List() []Value {
	if v == nil || v.Kind != Array {
		return nil
	}
	return v.Kids
}

// Number is the value of a number and whether v is one.
func (v *Value) Number() (float64, bool) {
	if v == nil || v.Kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	return f, err == nil
}

// Pointer is the RFC 6901 pointer of target below root; "" is the root itself, and stands for what is not there (nil).
func (v *Value) Pointer(target *Value) string {
	if target == nil {
		return ""
	}
	var b strings.Builder
	for v != target && len(v.Kids) > 0 {
		i := sort.Search(len(v.Kids), func(i int) bool { return v.Kids[i].off > target.off }) - 1
		if i < 0 {
			break
		}
		kid := &v.Kids[i]
		b.WriteByte('/')
		if v.Kind == Array {
			b.WriteString(strconv.Itoa(i))
		} else {
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(kid.Key, "~", "~0"), "/", "~1"))
		}
		v = kid
	}
	return b.String()
}

// Shorten keeps messages about a document's text readable.
func Shorten(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:77], "") + "..."
}
