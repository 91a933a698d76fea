package bundle

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"triward/internal/problem"
)

// Redaction removes a part of a file.
type Redaction struct {
	Path   string // of the file in the bundle
	At     string // "" for the whole file, a JSON pointer (RFC 6901) such as "/body/patient", or "lines 3-5"
	Reason string // shown in the bundle
	Salt   []byte // 32 random bytes, kept secret until the part is revealed
}

// Commitment is what stands in the manifest for a removed part: SHA-256 over salt, place and content.
type Commitment struct {
	Path   string `json:"path"`
	At     string `json:"at,omitempty"`
	Reason string `json:"reason"`
	SHA256 string `json:"sha256"` // hex
}

// RevealFormat names the form of a revealed part.
const RevealFormat = "triward-bundle-reveal/1"

// Reveal shows what stood at the place of a redaction.
type Reveal struct {
	Format  string `json:"format"`
	Path    string `json:"path"`
	At      string `json:"at,omitempty"`
	Salt    []byte `json:"salt"`
	Content []byte `json:"content"`
}

// SaltSize is the length of a salt: nobody tries all of them.
const SaltSize = 32

const commitDomain = "triward redaction v1\n"

// commit is the digest of a removed part. Each field stands after its length in 8 bytes, so that none can reach into
// another.
func commit(salt []byte, path, at string, content []byte) string {
	h := sha256.New()
	h.Write([]byte(commitDomain))
	for _, f := range [][]byte{salt, []byte(path), []byte(at), content} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		h.Write(f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

var linesAt = regexp.MustCompile(`^lines ([1-9][0-9]{0,6})-([1-9][0-9]{0,6})$`)

// Redact removes a part of a file's content and returns the content without it, nil when the whole file goes, with what
// proves the part later.
func Redact(body []byte, r Redaction) ([]byte, Commitment, Reveal, error) {
	var l problem.List
	if len(r.Salt) != SaltSize {
		l.Add("salt", "must have %d bytes", SaltSize)
	}
	if strings.TrimSpace(r.Reason) == "" {
		l.Add("reason", "is required: the reader is told why")
	}
	if err := l.Err("the redaction of %s is not valid", r.Path); err != nil {
		return nil, Commitment{}, Reveal{}, err
	}
	take := removeField
	switch {
	case r.At == "":
		take = func(body []byte, _, _ string) ([]byte, []byte, error) { return body, nil, nil }
	case linesAt.MatchString(r.At):
		take = removeLines
	}
	removed, _, err := take(body, r.At, "")
	if err != nil {
		return nil, Commitment{}, Reveal{}, problem.About(err, "redact %s", r.Path)
	}
	c := Commitment{Path: r.Path, At: r.At, Reason: r.Reason, SHA256: commit(r.Salt, r.Path, r.At, removed)}
	_, rest, err := take(body, r.At, c.SHA256)
	if err != nil {
		return nil, Commitment{}, Reveal{}, problem.About(err, "redact %s", r.Path)
	}
	return rest, c, Reveal{Format: RevealFormat, Path: r.Path, At: r.At, Salt: r.Salt, Content: removed}, nil
}

// blank is what stands in a text where lines were.
func blank(digest string) string { return "[removed; sha256:" + digest + "]" }

func removeLines(body []byte, at, digest string) (removed, rest []byte, err error) {
	m := linesAt.FindStringSubmatch(at)
	from, _ := strconv.Atoi(m[1]) // digits only
	to, _ := strconv.Atoi(m[2])
	lines := bytes.SplitAfter(body, []byte("\n"))
	if from > to || to > len(lines) {
		return nil, nil, problem.New(problem.Invalid, "it has %d lines", len(lines))
	}
	removed = bytes.Join(lines[from-1:to], nil)
	rest = append(rest, bytes.Join(lines[:from-1], nil)...)
	rest = append(rest, blank(digest)+"\n"...)
	return removed, append(rest, bytes.Join(lines[to:], nil)...), nil
}

func removeField(body []byte, at, digest string) (removed, rest []byte, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return nil, nil, problem.New(problem.Invalid, "it is not JSON, so it has no field %q", at)
	}
	steps, err := pointer(at)
	if err != nil {
		return nil, nil, err
	}
	value, err := swap(root, steps, map[string]any{"redacted": "sha256:" + digest})
	if err != nil {
		return nil, nil, problem.New(problem.NotFound, "it has no field %q", at)
	}
	if removed, err = json.Marshal(value); err != nil {
		return nil, nil, err
	}
	rest, err = format(root)
	return removed, rest, err
}

// pointer reads a JSON pointer (RFC 6901 section 3).
func pointer(at string) ([]string, error) {
	if !strings.HasPrefix(at, "/") {
		return nil, problem.New(problem.Invalid, "%q is neither a JSON pointer nor \"lines n-m\"", at)
	}
	steps := strings.Split(at[1:], "/")
	for i, s := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return steps, nil
}

// swap puts another value at a place and returns the one that was there.
func swap(in any, steps []string, with any) (any, error) {
	var old any
	switch v := in.(type) {
	case map[string]any:
		was, ok := v[steps[0]]
		if !ok {
			return nil, fmt.Errorf("no member %q", steps[0])
		}
		if len(steps) > 1 {
			return swap(was, steps[1:], with)
		}
		old, v[steps[0]] = was, with
	case []any:
		i, err := strconv.Atoi(steps[0])
		if err != nil || i < 0 || i >= len(v) {
			return nil, fmt.Errorf("no element %q", steps[0])
		}
		if len(steps) > 1 {
			return swap(v[i], steps[1:], with)
		}
		old, v[i] = v[i], with
	default:
		return nil, fmt.Errorf("nothing below it")
	}
	return old, nil
}

// ParseReveal reads a revealed part from its JSON.
func ParseReveal(text []byte) (Reveal, error) {
	var r Reveal
	if err := parse(text, &r); err != nil {
		return Reveal{}, problem.About(err, "this is not a revealed part")
	}
	if r.Format != RevealFormat {
		return Reveal{}, problem.New(problem.Invalid, "the revealed part has the format %q; this program reads %q", r.Format, RevealFormat)
	}
	return r, nil
}

// CheckReveal says whether a revealed part is what was removed from a bundle; Invalid when it is another text, NotFound
// when nothing was removed at its place.
func CheckReveal(m Manifest, r Reveal) error {
	for _, c := range m.Redactions {
		if c.Path != r.Path || c.At != r.At {
			continue
		}
		got := commit(r.Salt, r.Path, r.At, r.Content)
		if len(r.Salt) != SaltSize || subtle.ConstantTimeCompare([]byte(got), []byte(c.SHA256)) != 1 {
			return problem.New(problem.Invalid, "this is not what was removed from %s %s", r.Path, r.At)
		}
		return nil
	}
	return problem.New(problem.NotFound, "nothing was removed from %s %s", r.Path, r.At)
}
