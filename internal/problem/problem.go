package problem

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Kind is the class of a failure that a caller can act on.
type Kind string

// The closed list of kinds. Anything else is an internal error whose text stays in the log.
const (
	NotFound    Kind = "not_found"
	Invalid     Kind = "invalid"
	Conflict    Kind = "conflict"
	Forbidden   Kind = "forbidden"
	Unavailable Kind = "unavailable"
)

// Fault is one thing wrong with an input. Path names the place ("identities[2].mac", "row 14, column udi", "/document/tracking/id");
// it is empty when the whole input is meant.
type Fault struct {
	Path   string `json:"path,omitempty"`
	Reason string `json:"reason"`
}

func (f Fault) String() string {
	if f.Path == "" {
		return f.Reason
	}
	return f.Path + ": " + f.Reason
}

// Error is a failure whose Message may be shown to the user.
type Error struct {
	Kind    Kind
	Message string
	Faults  []Fault
}

func (e *Error) Error() string {
	if len(e.Faults) == 0 {
		return e.Message
	}
	parts := make([]string, 0, len(e.Faults))
	for i, f := range e.Faults {
		if i == 10 {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Faults)-i))
			break
		}
		parts = append(parts, f.String())
	}
	if e.Message == "" {
		return strings.Join(parts, "; ")
	}
	return e.Message + ": " + strings.Join(parts, "; ")
}

// New makes an error of a kind with a message for the user.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// About says what an error is about where users see it: its message then begins with the words ("read KEV catalogue
// "kev.json""). An error that is not of this package is wrapped. nil stays nil.
func About(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	words := fmt.Sprintf(format, args...)
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", words, err)
	}
	message := words
	if e.Message != "" {
		message += ": " + e.Message
	}
	return &Error{Kind: e.Kind, Message: message, Faults: e.Faults}
}

// KindOf is the kind of the first *Error in err's chain, or "" for an internal error or nil.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// FaultsOf returns the faults of the first *Error in err's chain.
func FaultsOf(err error) []Fault {
	var e *Error
	if errors.As(err, &e) {
		return e.Faults
	}
	return nil
}

// List collects every fault of an input before anything is refused. The zero value is ready.
type List struct {
	faults []Fault
}

// Add notes a fault at path.
func (l *List) Add(path, format string, args ...any) {
	l.faults = append(l.faults, Fault{Path: path, Reason: fmt.Sprintf(format, args...)})
}

// Merge notes the faults of err below prefix: the path "mac" under "identities[2]" becomes "identities[2].mac".
func (l *List) Merge(prefix string, err error) {
	if err == nil {
		return
	}
	faults := FaultsOf(err)
	if len(faults) == 0 {
		l.faults = append(l.faults, Fault{Path: prefix, Reason: err.Error()})
		return
	}
	for _, f := range faults {
		switch {
		case f.Path == "":
			f.Path = prefix
		case prefix != "":
			f.Path = prefix + "." + f.Path
		}
		l.faults = append(l.faults, f)
	}
}

// Len is the number of faults noted.
func (l *List) Len() int { return len(l.faults) }

// Err is nil without faults, else an Invalid error that holds them sorted by path, in the order noted within one path.
func (l *List) Err(format string, args ...any) error {
	if len(l.faults) == 0 {
		return nil
	}
	faults := append([]Fault(nil), l.faults...)
	sort.SliceStable(faults, func(i, j int) bool { return faults[i].Path < faults[j].Path })
	return &Error{Kind: Invalid, Message: fmt.Sprintf(format, args...), Faults: faults}
}

// Text is what of an error may be shown to people: the message of a problem with its faults, else that the program failed.
func Text(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Error()
	}
	return "the program failed; its log says why"
}
