package vers

import (
	"fmt"
	"strings"

	"deps.dev/util/semver"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
)

// maxVersion is the longest version text that is read; longer ones are refused rather than worked on.
const maxVersion = 512

// Key is a version parsed once for many comparisons. The zero Key is not comparable.
type Key struct {
	scheme Scheme
	text   string
	order  string          // deb, rpm, apk: bytes whose plain order is the version order
	nums   [4]uint32       // semver family: major, minor, patch, 1 for a release or 0 for a pre-release; valid when fast
	fast   bool            // nums decide alone, unless both are pre-releases
	tree   *semver.Version // the families of deps.dev/util/semver
	form   form            // generic, bitnami
}

// Scheme is the order that the key belongs to.
func (k Key) Scheme() Scheme { return k.scheme }

// String is the version as written.
func (k Key) String() string { return k.text }

// ParseKey reads a version of a scheme. The error says that the text is not a version there.
func ParseKey(scheme Scheme, text string) (Key, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxVersion {
		return Key{}, fmt.Errorf("%s version of %d bytes: must have 1 to %d", scheme, len(text), maxVersion)
	}
	k := Key{scheme: scheme, text: text}
	switch scheme {
	case Deb:
		if _, err := deb.NewVersion(text); err != nil {
			return Key{}, fmt.Errorf("deb version %q: %w", text, err)
		}
		k.order = debOrder(text)
	case RPM:
		k.order = rpmOrder(text)
	case APK:
		if !apk.Valid(text) {
			return Key{}, fmt.Errorf("apk version %q is not well formed", text)
		}
		k.order = apkOrder(text)
	case Git:
	case Generic, Bitnami:
		f, ok := parseForm(text)
		if !ok {
			return Key{}, fmt.Errorf("version %q has no form that can be ordered", text)
		}
		k.form = f
	default:
		sys, ok := system(scheme)
		if !ok {
			return Key{}, fmt.Errorf("version scheme %q is not known", scheme)
		}
		in := text
		if scheme == Go && !strings.HasPrefix(in, "v") { // OSV writes Go versions without the v
			in = "v" + strings.TrimPrefix(in, "go")
		}
		if scheme == Semver {
			in = strings.TrimPrefix(in, "v")
		}
		v, err := sys.Parse(in)
		if err != nil {
			return Key{}, fmt.Errorf("%s version %q: %w", scheme, text, err)
		}
		if v.IsWildcard() {
			return Key{}, fmt.Errorf("%s version %q is a wildcard, not a version", scheme, text)
		}
		k.tree = v
		k.nums, k.fast = triple(scheme, in)
	}
	return k, nil
}

func system(s Scheme) (semver.System, bool) {
	switch s {
	case Semver:
		return semver.DefaultSystem, true
	case NPM:
		return semver.NPM, true
	case Maven:
		return semver.Maven, true
	case PyPI:
		return semver.PyPI, true
	case RubyGems:
		return semver.RubyGems, true
	case NuGet:
		return semver.NuGet, true
	case Go:
		return semver.Go, true
	case Cargo:
		return semver.Cargo, true
	case Composer:
		return semver.Composer, true
	}
	return 0, false
}

// triple reads the plain "1.2.3" and "1.2.3-pre" of the schemes that follow semver.org 2.0.0 clause 11, where the three
// numbers and the presence of a pre-release settle nearly every comparison.
func triple(s Scheme, text string) (out [4]uint32, ok bool) {
	switch s {
	case Semver, NPM, Go, Cargo:
	default:
		return out, false
	}
	text = strings.TrimPrefix(text, "v")
	text, _, _ = strings.Cut(text, "+")
	text, _, pre := strings.Cut(text, "-")
	n, digits := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if digits++; digits > 9 {
				return out, false
			}
			out[n] = out[n]*10 + uint32(c-'0')
		case c == '.' && digits > 0 && n < 2:
			n, digits = n+1, 0
		default:
			return out, false
		}
	}
	if !pre {
		out[3] = 1
	}
	return out, digits > 0 && n == 2
}

// Compare is -1, 0 or +1 as k is before, equal to or after o. It is false when the two are of different schemes or have
// forms that the scheme does not order against each other.
func (k Key) Compare(o Key) (int, bool) { return k.compare(&o) }

func (k *Key) compare(o *Key) (int, bool) {
	if k.scheme != o.scheme {
		return 0, false
	}
	switch k.scheme {
	case Deb, RPM, APK:
		return strings.Compare(k.order, o.order), true
	case Git:
		return 0, k.text == o.text
	case Generic, Bitnami:
		c, why := compareForms(&k.form, &o.form)
		return c, why == ""
	}
	if k.tree == nil || o.tree == nil {
		return 0, false
	}
	if k.fast && o.fast {
		for i := range k.nums {
			if k.nums[i] != o.nums[i] {
				if k.nums[i] < o.nums[i] {
					return -1, true
				}
				return 1, true
			}
		}
		if k.nums[3] == 1 {
			return 0, true
		}
	}
	return k.tree.Compare(o.tree), true
}

// Compare orders two versions of a scheme: -1, 0 or +1. The error says which one is not a version of the scheme, or that
// the two forms have no order.
func Compare(scheme Scheme, a, b string) (int, error) {
	ka, err := ParseKey(scheme, a)
	if err != nil {
		return 0, err
	}
	kb, err := ParseKey(scheme, b)
	if err != nil {
		return 0, err
	}
	c, ok := ka.compare(&kb)
	if !ok {
		return 0, fmt.Errorf("%s versions %q and %q have no order", scheme, a, b)
	}
	return c, nil
}

// Order is Compare as a function value for callers that compare many texts of one scheme; false means no order.
func Order(scheme Scheme) func(a, b string) (int, bool) {
	return func(a, b string) (int, bool) {
		c, err := Compare(scheme, a, b)
		return c, err == nil
	}
}
