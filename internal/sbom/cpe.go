package sbom

import (
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"

	"triward/internal/sbom/conform"
)

// Facts is what the matcher needs of a component, in the forms that advisories use.
type Facts struct {
	Ref      string    `json:"ref"`
	Group    string    `json:"group,omitempty"`
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	Supplier string    `json:"supplier,omitempty"`
	Packages []Package `json:"packages,omitempty"`
	CPEs     []string  `json:"cpes,omitempty"`     // CPE 2.3 formatted strings
	Unusable []string  `json:"unusable,omitempty"` // identifiers that cannot be read, with the reason
}

// Package is a parsed package URL (ECMA-427), lower-cased and decoded as its type demands.
type Package struct {
	Type       string            `json:"type"` // "npm", "deb", "maven", "generic"
	Namespace  string            `json:"namespace,omitempty"`
	Name       string            `json:"name"`
	Version    string            `json:"version,omitempty"`
	Qualifiers map[string]string `json:"qualifiers,omitempty"`
	Subpath    string            `json:"subpath,omitempty"`
	Bare       string            `json:"bare"` // the URL with type, namespace and name only
}

// MatchFacts are the facts of one component.
func MatchFacts(c Component) Facts {
	f := Facts{Ref: c.Ref, Group: c.Group, Name: c.Name, Version: strings.TrimSpace(c.Version), Supplier: c.Supplier}
	purls := c.PURLs
	if c.PURL != "" {
		purls = append([]string{c.PURL}, c.PURLs...)
	}
	for _, p := range purls {
		pkg, err := ParsePURL(p)
		if err != nil {
			f.Unusable = append(f.Unusable, err.Error())
			continue
		}
		f.Packages = append(f.Packages, pkg)
		if f.Version == "" {
			f.Version = pkg.Version
		}
	}
	for _, cpe := range c.CPEs {
		full, err := CPE23(cpe)
		if err != nil {
			f.Unusable = append(f.Unusable, err.Error())
			continue
		}
		if !has(f.CPEs, full) {
			f.CPEs = append(f.CPEs, full)
		}
	}
	return f
}

// ParsePURL parses a package URL.
func ParsePURL(s string) (Package, error) {
	u, err := packageurl.FromString(strings.TrimSpace(s))
	if err != nil {
		return Package{}, fmt.Errorf("%q is not a package URL: %w", conform.Cut(s), err)
	}
	p := Package{Type: u.Type, Namespace: u.Namespace, Name: u.Name, Version: u.Version, Subpath: u.Subpath}
	if len(u.Qualifiers) > 0 {
		p.Qualifiers = u.Qualifiers.Map()
	}
	p.Bare = packageurl.NewPackageURL(u.Type, u.Namespace, u.Name, "", nil, "").ToString()
	return p, nil
}

// CPE23 gives a CPE name as a 2.3 formatted string. It takes 2.3 formatted strings, whose attributes it checks, and
// 2.2 URIs, which it unbinds and binds anew (NISTIR 7695 6.1.2, 6.1.3, 6.2.2).
func CPE23(s string) (string, error) {
	s = strings.TrimSpace(s)
	lower := strings.ToLower(s)
	var attrs []string
	var err error
	switch {
	case strings.HasPrefix(lower, "cpe:2.3:"):
		attrs = splitCPE(s[len("cpe:2.3:"):])
		if len(attrs) != 11 {
			return "", fmt.Errorf("%q is not a CPE 2.3 name: %d attributes, must be 11", conform.Cut(s), len(attrs))
		}
		for _, a := range attrs {
			if a == "" {
				return "", fmt.Errorf("%q is not a CPE 2.3 name: an attribute is empty; ANY is written *", conform.Cut(s))
			}
		}
	case strings.HasPrefix(lower, "cpe:/"):
		attrs, err = unbindURI(s[len("cpe:/"):])
		if err != nil {
			return "", fmt.Errorf("%q is not a CPE 2.2 URI: %w", conform.Cut(s), err)
		}
	default:
		return "", fmt.Errorf("%q is not a CPE name: it starts with neither cpe:2.3: nor cpe:/", conform.Cut(s))
	}
	for i := range attrs {
		attrs[i] = strings.ToLower(attrs[i])
	}
	switch attrs[0] {
	case "a", "o", "h", "*", "-":
	default:
		return "", fmt.Errorf("%q is not a CPE name: the part %q is not a, o or h", conform.Cut(s), conform.Cut(attrs[0]))
	}
	return "cpe:2.3:" + strings.Join(attrs, ":"), nil
}

// splitCPE splits at colons that are not escaped.
func splitCPE(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// unbindURI turns the parts of a 2.2 URI into the eleven attributes of a formatted string.
func unbindURI(s string) ([]string, error) {
	parts := strings.Split(s, ":")
	if len(parts) > 7 {
		return nil, fmt.Errorf("%d parts, may have 7", len(parts))
	}
	attrs := make([]string, 11)
	for i := range attrs {
		attrs[i] = "*"
	}
	for i, p := range parts {
		// A packed edition starts with ~ and holds edition, sw_edition, target_sw, target_hw, other (7695 6.1.2.1).
		if i == 5 && strings.HasPrefix(p, "~") {
			packed := strings.Split(p[1:], "~")
			if len(packed) != 5 {
				return nil, fmt.Errorf("the packed edition has %d parts, must have 5", len(packed))
			}
			for j, at := range [...]int{5, 7, 8, 9, 10} {
				v, err := unbindPart(packed[j])
				if err != nil {
					return nil, err
				}
				attrs[at] = v
			}
			continue
		}
		v, err := unbindPart(p)
		if err != nil {
			return nil, err
		}
		attrs[i] = v
	}
	return attrs, nil
}

// unbindPart decodes one part: "" is ANY, "-" is not applicable, %01 and %02 are the wildcards ? and *, any other
// character beside letters, digits, _ - . is escaped in the formatted string.
func unbindPart(p string) (string, error) {
	switch p {
	case "":
		return "*", nil
	case "-":
		return "-", nil
	}
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		ch := p[i]
		if ch == '%' {
			if i+2 >= len(p) || !hexDigit(p[i+1]) || !hexDigit(p[i+2]) {
				return "", fmt.Errorf("a %% without two hexadecimal digits in %q", conform.Cut(p))
			}
			ch = unhex(p[i+1])<<4 | unhex(p[i+2])
			i += 2
			if ch == 1 || ch == 2 {
				b.WriteByte("?*"[ch-1])
				continue
			}
		}
		if ch >= 0x80 || ch < ' ' || ch == ' ' {
			return "", fmt.Errorf("the character 0x%02x in %q", ch, conform.Cut(p))
		}
		if l := ch | 0x20; !(l >= 'a' && l <= 'z' || ch >= '0' && ch <= '9' || strings.IndexByte("_-.", ch) >= 0) {
			b.WriteByte('\\')
		}
		b.WriteByte(ch)
	}
	return b.String(), nil
}

func unhex(b byte) byte {
	switch {
	case b <= '9':
		return b - '0'
	case b >= 'a':
		return b - 'a' + 10
	}
	return b - 'A' + 10
}

func hexDigit(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}
