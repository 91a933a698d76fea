package vers

import "fmt"

// Truth is the value of a statement in Kleene's strong three-valued logic. The zero value is Unknown, so that what was
// never decided is not taken for a no. The order False < Unknown < True makes And the smaller and Or the larger value.
type Truth int8

// The closed list of values.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// Of is True or False.
func Of(b bool) Truth {
	if b {
		return True
	}
	return False
}

// And is False if any value is False, else Unknown if any is Unknown, else True (also of nothing).
func And(values ...Truth) Truth {
	out := True
	for _, v := range values {
		out = min(out, v)
	}
	return out
}

// Or is True if any value is True, else Unknown if any is Unknown, else False (also of nothing).
func Or(values ...Truth) Truth {
	out := False
	for _, v := range values {
		out = max(out, v)
	}
	return out
}

// And joins two values.
func (t Truth) And(u Truth) Truth { return min(t, u) }

// Or joins two values.
func (t Truth) Or(u Truth) Truth { return max(t, u) }

// Not turns True and False around; Unknown stays.
func (t Truth) Not() Truth { return -t }

// String is "true", "false" or "unknown".
func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	}
	return "unknown"
}

// MarshalText writes the word of String.
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads one of the three words.
func (t *Truth) UnmarshalText(b []byte) error {
	switch string(b) {
	case "true":
		*t = True
	case "false":
		*t = False
	case "unknown":
		*t = Unknown
	default:
		return fmt.Errorf("truth %q is none of true, false, unknown", b)
	}
	return nil
}
