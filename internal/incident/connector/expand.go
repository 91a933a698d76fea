package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"triward/internal/problem"
)

// known are the values that records have, besides those that a person is asked for. key is the same each time that the same
// thing is sent; allow is the approved flows of the device; until is when the action returns by itself (RFC 3339, UTC), and
// seconds how long that is from when it is sent, for what ends it without being told.
var known = []string{"key", "until", "seconds", "incident", "action", "device", "asset_tag", "serial", "ip", "mac", "hostname", "allow"}

// maxValue bounds one value, also the list of approved flows.
const maxValue = 20_000

// variables are the names in a template: {name}. A brace that belongs to none is Invalid.
func variables(template string) ([]string, error) {
	var out []string
	for {
		i := strings.IndexAny(template, "{}")
		if i < 0 {
			return out, nil
		}
		end := strings.IndexByte(template[i:], '}')
		if template[i] == '}' || end < 0 || !askForm.MatchString(template[i+1:i+end]) {
			return nil, problem.New(problem.Invalid, "braces stand only around the name of a value")
		}
		out = append(out, template[i+1:i+end])
		template = template[i+end+1:]
	}
}

// fill puts values into a template. A value is never looked at again, so that braces in it stay what they are.
func fill(template string, values map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", problem.New(problem.Invalid, "braces stand only around the name of a value")
		}
		v := values[name]
		if err := sound(v); err != nil {
			return "", problem.About(err, "the value %q", name)
		}
		out.WriteString(v)
		template = after
	}
}

// sound refuses a value that could be taken for something else than a value.
func sound(v string) error {
	switch {
	case v == "":
		return problem.New(problem.Invalid, "is not known")
	case len(v) > maxValue:
		return problem.New(problem.Invalid, "is longer than %d characters", maxValue)
	case v[0] == '-':
		return problem.New(problem.Invalid, "begins with a hyphen: it would be taken for an option")
	case !utf8.ValidString(v) || strings.ContainsFunc(v, control):
		return problem.New(problem.Invalid, "holds control characters")
	}
	return nil
}

// control are characters that no value has: line ends, NUL, escapes, and what changes the direction of writing.
func control(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
}

// fillAll fills the templates of arguments.
func fillAll(templates []string, values map[string]string) ([]string, error) {
	out := make([]string, len(templates))
	for i, t := range templates {
		var err error
		if out[i], err = fill(t, values); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// quoted joins arguments to a line for a POSIX shell (IEEE 1003.1 2.2.2): each stands whole in single quotes, in which no
// character means anything but the quote itself.
func quoted(argv []string) string {
	out := make([]string, len(argv))
	for i, a := range argv {
		out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(out, " ")
}
