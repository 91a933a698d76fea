package indicator

import (
	"encoding/hex"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"triward/internal/device/network"
	"triward/internal/problem"
)

// Kind is what an indicator is.
type Kind string

// The kinds of indicators.
const (
	Address Kind = "address" // an IP address or a network (CIDR)
	MAC     Kind = "mac"
	Domain  Kind = "domain" // a name and everything below it
	Host    Kind = "host"   // name of a computer without its domain
	Hash    Kind = "hash"   // MD5, SHA-1, SHA-256 or SHA-512, in hexadecimal
	User    Kind = "user"
	AETitle Kind = "ae_title" // DICOM application entity (PS3.5 AE: at most 16 characters)
	File    Kind = "file"     // name of a file
	URL     Kind = "url"
	Device  Kind = "device" // id of a device of the fleet
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{Address, MAC, Domain, Host, Hash, User, AETitle, File, URL, Device}
}

const maxValue = 2000

var (
	bracketDots = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[DOT]", ".", "[:]", ":", "[://]", "://", "[at]", "@", "[@]", "@")
	label       = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	deviceID    = regexp.MustCompile(`^dev_[a-z0-9]{1,60}$`)
)

// Parse reads an indicator as people write it, also defanged ("203.0.113[.]9", "hxxp://"), and gives it in one form: small
// letters where case does not count, no dot at the end, networks masked. Without a kind it takes the one that the text shows;
// hosts, users, AE titles and files of which that is not seen need it. Invalid says what is wrong.
func Parse(k Kind, text string) (Kind, string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxValue || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return k, "", problem.New(problem.Invalid, "an indicator is one line of at most %d characters", maxValue)
	}
	if k != "" {
		read := readers[k]
		if read == nil {
			return k, "", problem.New(problem.Invalid, "%q is no kind of indicator", k)
		}
		value, wrong := read(text)
		if wrong != "" {
			return k, "", problem.New(problem.Invalid, "%q %s", text, wrong)
		}
		return k, value, nil
	}
	for _, try := range []Kind{Device, Address, MAC, Hash, URL, Domain} {
		if value, wrong := readers[try](text); wrong == "" {
			return try, value, nil
		}
	}
	return k, "", problem.New(problem.Invalid, "%q could be several things: choose what it is", text)
}

// Reading is one way to read a text.
type Reading struct {
	Kind  Kind
	Value string
}

// Readings are all ways to read an indicator: one where its kind is named or seen for certain, otherwise all names that it can
// be; "a.meier" and "run.exe" look like domains. Invalid: there is none.
func Readings(k Kind, text string) ([]Reading, error) {
	seen, value, err := Parse(k, text)
	if err == nil && (k != "" || seen != Domain) {
		return []Reading{{seen, value}}, nil
	}
	if k != "" {
		return nil, err
	}
	var out []Reading
	for _, k := range []Kind{Domain, Host, AETitle, User, File} {
		if _, value, wrong := Parse(k, text); wrong == nil {
			out = append(out, Reading{k, value})
		}
	}
	if len(out) == 0 {
		return nil, err
	}
	return out, nil
}

// readers give the one form of a value, or what is wrong with it.
var readers = map[Kind]func(string) (value, wrong string){
	Address: readAddress, Domain: readDomain, Hash: readHash, URL: readURL,
	MAC: func(s string) (string, string) {
		mac, err := network.Canonical(network.MAC, bracketDots.Replace(s))
		if err != nil {
			return "", "is no MAC address"
		}
		return mac, ""
	},
	Host:    readHost,
	User:    func(s string) (string, string) { return s, tooLong(s, 256) },
	AETitle: readTitle,
	File:    readFile,
	Device: func(s string) (string, string) {
		if s = strings.ToLower(s); !deviceID.MatchString(s) {
			return "", "is no id of a device (dev_…)"
		}
		return s, ""
	},
}

func tooLong(s string, most int) string {
	if len(s) > most {
		return "is too long"
	}
	return ""
}

func readAddress(s string) (string, string) {
	s = bracketDots.Replace(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Bits() == 0 {
			return "", "is every address"
		}
		return p.Masked().String(), ""
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || a.IsUnspecified() {
		return "", "is no address and no network"
	}
	return a.Unmap().String(), ""
}

func readDomain(s string) (string, string) {
	s = strings.TrimSuffix(strings.ToLower(bracketDots.Replace(s)), ".")
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return "", "is no name of a domain"
	}
	for _, l := range labels {
		if !label.MatchString(l) {
			return "", "is no name of a domain (write other alphabets as xn--…)"
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", "is no name of a domain"
	}
	return s, ""
}

func readHost(s string) (string, string) {
	if s = strings.ToLower(s); !label.MatchString(s) {
		return "", "is no name of a computer"
	}
	return s, ""
}

func readHash(s string) (string, string) {
	s = strings.ToLower(s)
	for _, p := range []string{"md5:", "sha1:", "sha256:", "sha512:"} {
		s = strings.TrimPrefix(s, p)
	}
	b, err := hex.DecodeString(s)
	if n := len(b); err != nil || n != 16 && n != 20 && n != 32 && n != 64 {
		return "", "is no MD5, SHA-1, SHA-256 or SHA-512 in hexadecimal"
	}
	return s, ""
}

func readTitle(s string) (string, string) {
	if len(s) > 16 || strings.Contains(s, `\`) {
		return "", "is no AE title: at most 16 characters without a backslash"
	}
	for _, r := range s {
		if r > unicode.MaxASCII {
			return "", "is no AE title: it has other characters than ASCII"
		}
	}
	return s, ""
}

func readFile(s string) (string, string) {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	if s == "" || s == "." || s == ".." {
		return "", "is no name of a file"
	}
	return s, tooLong(s, 255)
}

func readURL(s string) (string, string) {
	s = bracketDots.Replace(s)
	if low := strings.ToLower(s); strings.HasPrefix(low, "hxxp") {
		s = "http" + s[4:]
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ftp" {
		return "", "is no address of the web (http, https, ftp)"
	}
	if u.User != nil {
		return "", "holds a user or a password: leave them out"
	}
	host, wrong := readAddress(u.Hostname())
	if wrong != "" {
		if host, wrong = readDomain(u.Hostname()); wrong != "" {
			return "", wrong
		}
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := u.Port(); p != "" {
		host += ":" + p
	}
	u.Host, u.Fragment, u.RawFragment = host, "", ""
	if out := u.String(); len(out) <= maxValue {
		return out, ""
	}
	return "", "is too long"
}

// Defang writes a value so that no program makes a link of it. [Parse] reads it back.
func Defang(k Kind, value string) string {
	switch k {
	case Address, Domain:
		return strings.NewReplacer(".", "[.]", ":", "[:]").Replace(value)
	case URL:
		scheme, rest, _ := strings.Cut(value, "://")
		host, path, slash := strings.Cut(rest, "/")
		if slash {
			path = "/" + path
		}
		return strings.Replace(scheme, "http", "hxxp", 1) + "://" + strings.ReplaceAll(host, ".", "[.]") + path
	}
	return value
}
