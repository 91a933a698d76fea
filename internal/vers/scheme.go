package vers

import "strings"

// Scheme names a version order.
type Scheme string

// The closed list of schemes. The names are those of the VERS specification where it has one.
const (
	Semver   Scheme = "semver"
	NPM      Scheme = "npm"
	Maven    Scheme = "maven"
	PyPI     Scheme = "pypi"
	RubyGems Scheme = "gem"
	NuGet    Scheme = "nuget"
	Go       Scheme = "golang"
	Cargo    Scheme = "cargo"
	Composer Scheme = "composer"
	Deb      Scheme = "deb"
	RPM      Scheme = "rpm"
	APK      Scheme = "apk"
	Bitnami  Scheme = "bitnami"
	Git      Scheme = "git" // commits have no order: only equality can be told
	Generic  Scheme = "generic"
)

// SchemeOfEcosystem is the order of an OSV ecosystem ("PyPI", "Debian:12", "Red Hat:rhel_8"); false when it is not known,
// with Generic as the scheme.
func SchemeOfEcosystem(ecosystem string) (Scheme, bool) {
	name, _, _ := strings.Cut(ecosystem, ":")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "npm":
		return NPM, true
	case "maven":
		return Maven, true
	case "pypi":
		return PyPI, true
	case "rubygems":
		return RubyGems, true
	case "nuget":
		return NuGet, true
	case "go":
		return Go, true
	case "crates.io":
		return Cargo, true
	case "packagist":
		return Composer, true
	case "debian", "ubuntu", "echo":
		return Deb, true
	case "red hat", "almalinux", "rocky linux", "suse", "opensuse", "mageia", "photon os", "azure linux", "openeuler":
		return RPM, true
	case "alpine", "wolfi", "chainguard", "minimos", "alpaquita", "bellsoft hardened containers":
		return APK, true
	case "bitnami":
		return Bitnami, true
	case "hex", "pub", "swifturl", "github actions", "julia", "vscode":
		return Semver, true
	}
	return Generic, false
}

// SchemeOfPurlType is the order of a package URL type ("npm", "deb", "golang"); false when it is not known, with Generic
// as the scheme.
func SchemeOfPurlType(typ string) (Scheme, bool) {
	switch strings.ToLower(typ) {
	case "npm":
		return NPM, true
	case "maven":
		return Maven, true
	case "pypi":
		return PyPI, true
	case "gem":
		return RubyGems, true
	case "nuget":
		return NuGet, true
	case "golang", "go":
		return Go, true
	case "cargo":
		return Cargo, true
	case "composer":
		return Composer, true
	case "deb":
		return Deb, true
	case "rpm":
		return RPM, true
	case "apk", "alpine", "alpm":
		if strings.EqualFold(typ, "alpm") { // Arch Linux packages use rpm's order with other separators
			return RPM, true
		}
		return APK, true
	case "bitnami":
		return Bitnami, true
	case "hex", "pub", "swift", "semver", "julia":
		return Semver, true
	case "generic":
		return Generic, true
	}
	return Generic, false
}

// SchemeOfVersionType is the order of a CVE record's versionType ("semver", "custom", "rpm", "git"); false when the word
// names no order, with Generic as the scheme.
func SchemeOfVersionType(typ string) (Scheme, bool) {
	switch strings.ToLower(strings.TrimSpace(typ)) {
	case "semver":
		return Semver, true
	case "git":
		return Git, true
	case "python", "pep440", "pep-440":
		return PyPI, true
	case "dpkg":
		return Deb, true
	case "custom", "", "other", "date", "patch", "release":
		return Generic, false
	}
	return SchemeOfPurlType(typ)
}
