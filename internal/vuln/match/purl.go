package match

import (
	"net/url"
	"strings"

	"triward/internal/vers"
)

// purlName is what matching needs of a package URL: the key "type/namespace/name" in the type's own normal form, and the
// version order.
type purlName struct {
	key     string
	name    string
	version string
	distro  string // qualifier distro, of Linux packages
	scheme  vers.Scheme
}

// parsePURL reads a package URL (ECMA-427). A text that is none gives false.
func parsePURL(text string) (purlName, bool) {
	s, ok := strings.CutPrefix(strings.TrimSpace(text), "pkg:")
	if !ok || len(s) > 4096 {
		return purlName{}, false
	}
	s = strings.TrimLeft(s, "/")
	s, _, _ = strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	var p purlName
	if at := strings.LastIndexByte(s, '@'); at > strings.LastIndexByte(s, '/') && at > 0 {
		p.version = unescape(s[at+1:])
		s = s[:at]
	}
	typ, path, ok := strings.Cut(strings.Trim(s, "/"), "/")
	if !ok || typ == "" || path == "" {
		return purlName{}, false
	}
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == "distro" {
			p.distro = unescape(v)
		}
	}
	p.key, p.name, p.scheme = packageKey(strings.ToLower(typ), unescape(path))
	return p, true
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// packageKey is the normal form of a package name by the rules of its type (purl-spec, types).
func packageKey(typ, path string) (key, name string, scheme vers.Scheme) {
	scheme, _ = vers.SchemeOfPurlType(typ)
	switch typ {
	case "pypi":
		path = strings.ToLower(path)
		path = strings.Map(func(r rune) rune {
			if r == '_' || r == '.' {
				return '-'
			}
			return r
		}, path)
	case "npm", "github", "bitbucket", "composer", "deb", "rpm", "apk", "bitnami", "golang", "hex", "nuget", "cargo", "pub", "generic", "conan":
		path = strings.ToLower(path)
	case "gem", "maven":
	}
	name = path[strings.LastIndexByte(path, '/')+1:]
	return typ + "/" + path, name, scheme
}

// purlTypes are the package URL types of OSV ecosystems; the namespace, where the ecosystem fixes one, follows the type.
var purlTypes = map[string]string{"npm": "npm", "pypi": "pypi", "go": "golang", "crates.io": "cargo", "maven": "maven", "nuget": "nuget",
	"packagist": "composer", "rubygems": "gem", "hex": "hex", "pub": "pub", "swifturl": "swift", "debian": "deb/debian", "ubuntu": "deb/ubuntu",
	"alpine": "apk/alpine", "wolfi": "apk/wolfi", "chainguard": "apk/chainguard", "rocky linux": "rpm/rocky-linux", "almalinux": "rpm/almalinux",
	"red hat": "rpm/redhat", "suse": "rpm/suse", "opensuse": "rpm/opensuse", "mageia": "rpm/mageia", "bitnami": "bitnami", "conancenter": "conan",
	"github actions": "githubactions", "hackage": "hackage", "cran": "cran"}

// collections are the package URL types of the collections that CVE records name.
var collections = map[string]string{"registry.npmjs.org": "npm", "npmjs.com": "npm", "pypi.org": "pypi", "pypi.python.org": "pypi", "repo.maven.apache.org/maven2": "maven",
	"repo1.maven.org/maven2": "maven", "repo.maven.apache.org": "maven", "rubygems.org": "gem", "crates.io": "cargo", "packagist.org": "composer", "repo.packagist.org": "composer",
	"nuget.org": "nuget", "nuget.org/packages": "nuget", "pkg.go.dev": "golang", "hex.pm": "hex", "pub.dev": "pub"}

// ecosystemKey is the key of a package as OSV and CVE records name it.
func ecosystemKey(ecosystem, name string) (key string, scheme vers.Scheme) {
	eco, _, _ := strings.Cut(strings.TrimSpace(ecosystem), ":")
	low := strings.ToLower(eco)
	typ, ok := purlTypes[low]
	if !ok && (low == "https" || low == "http") {
		host := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(ecosystem[len(low):]), "://"), "/")
		typ, ok = collections[strings.TrimPrefix(host, "www.")]
	}
	if !ok || name == "" {
		return "", vers.Generic
	}
	typ, space, fixed := strings.Cut(typ, "/")
	if fixed {
		name = space + "/" + name
	}
	if typ == "maven" {
		name = strings.Replace(name, ":", "/", 1)
	}
	key, _, scheme = packageKey(typ, name)
	if s, known := vers.SchemeOfEcosystem(ecosystem); known {
		scheme = s
	}
	return key, scheme
}
