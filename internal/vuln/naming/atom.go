package naming

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A name is taken apart into atoms: runs of letters and runs of digits in lower case without accents. "MX40", "MX 40" and
// "MX-40" have the same atoms; whether two atoms touched is kept, because "E9" is not a 9.
type Atom struct {
	Text  string
	Class Class
	glued bool // no separator before it
	led   bool // a number behind a hyphen that three or more capitals lead, as in "MMT-754"
	caps  bool // written in capitals only
}

// Class is what a part of a name is worth when two names are compared.
type Class uint8

const (
	Stop       Class = iota // says nothing: "the", "system", "series"
	Descriptor              // says what kind of thing it is: "patient", "infusion", "wireless"
	Role                    // names the thing itself: "monitor", "programmer"; two different roles are two products
	StrongRole              // a part of a system that is a product of its own: "server", "client", "software"
	Variant                 // a short or ordinary suffix that makes another model: "XL", "Plus", "II"
	Brand                   // any other word
	Number                  // a run of digits
)

func (c Class) Weighs() bool { return c >= Variant }

// words by class. They come from the product names of some five thousand published advisories and of inventories.
var wordClass = classes(map[Class]string{
	Stop: `a an and with w using all any are as at by for from in into of on or per the to via version versions ver vers rev revision
		release releases series family families product products line lines system systems device devices model models
		type number no part equipment platform platforms edition editions range based brand new other various variants variant
		incl including only`,
	Descriptor: `medical healthcare clinical hospital patient patients worn wearable bedside portable handheld mobile wireless
		wlan wifi syringe infusion volumetric iot android ios scan large ultrasound mri mr pet ct spect nm xr xray x ray imaging image cpap bipap
		hemodialysis dialysis delivery insulin fetal maternal cardiac resting ecg ekg telemetric digital diagnostic diagnostics
		radiography mammography angiography anesthesia anaesthesia implantable transmitters surgical electrosurgical
		electronic automated automatic neonatal intensive care icu ccu icd crt d tomography scanner nuclear medicine physiological
		respiratory therapy apparatus machine instrument assembly complete standard international general purpose industrial
		software application applications app apps firmware
		embedded ethernet network networked remote managed multi slice console holter analysis analyser stress testing
		acquisition processing review information diabetes glucose blood pressure energy electrosurgery hemodynamic specimen speciman
		laboratory lab research clinic physician nursing point data management automatisation automation
		maintenance assistance builds build ghz`,
	Role: `monitor monitors pump pumps programmer workstation workstations workplace workplaces station stations
		ventilator ventilators defibrillator defibrillators pacemaker pacemakers cardiograph cardiographs electrocardiograph
		electrocardiographs recorder recorders transmitter receiver reader readers bed beds controller controllers hub hubs
		scanners analyzer analyzers injector printer camera cameras switch switches router routers gateway gateways
		generator module modules unit units card cards cart phone tablet sensor sensors panel panels drive drives
		meter meters relay relays processor dispenser cabinet table`,
	StrongRole: `server servers client clients cloud sdk utility tool tools toolkit
		library api agent driver drivers database viewer designer editor configurator simulator licence license`,
	Variant: `plus pro max elite select lite mini ultra advanced classic compact premium basic essential extended gold silver
		edge expert professional quantum smart touch light dual twin twins color colour vision enterprise express portal
		manager suite center centre central core connect link home one next evolution upgrade series`,
})

func classes(lists map[Class]string) map[string]Class {
	out := map[string]Class{}
	for _, c := range [...]Class{Variant, StrongRole, Role, Descriptor, Stop} {
		for _, w := range strings.Fields(lists[c]) {
			out[w] = c
		}
	}
	// Words that are often a name's only meaning stay words of weight.
	for _, w := range [...]string{"vision", "central", "center", "centre", "portal", "manager", "express", "connect", "link", "anesthesia", "anaesthesia", "enterprise", "suite", "home", "core", "essential", "edge", "smart", "twins", "gateway", "gateways"} {
		out[w] = Brand
	}
	return out
}

func classOf(s string) Class {
	if s[0] >= '0' && s[0] <= '9' {
		return Number
	}
	if c, ok := wordClass[s]; ok {
		return c
	}
	if len(s) <= 2 {
		return Variant
	}
	return Brand
}

// The field strength of a magnet is one number: "1.5T", "3 T".
var (
	tesla  = regexp.MustCompile(`\b([1-9])\s?T\b`)
	teslas = regexp.MustCompile(`\b([0-9])\.([0-9])\s?T\b`)
)

// roleWords are other words for a role.
var roleWords = map[string]string{"monitors": "monitor", "pumps": "pump", "programmers": "programmer", "programming": "programmer", "workstations": "workstation",
	"workplace": "workstation", "workplaces": "workstation", "stations": "station", "ventilators": "ventilator", "defibrillators": "defibrillator",
	"pacemakers": "pacemaker", "cardiographs": "cardiograph", "electrocardiograph": "cardiograph", "electrocardiographs": "cardiograph",
	"recorders": "recorder", "readers": "reader", "beds": "bed", "controllers": "controller", "scanners": "scanner", "analyzers": "analyzer",
	"analyser": "analyzer", "printers": "printer", "cameras": "camera", "switches": "switch", "routers": "router", "gateways": "gateway",
	"modules": "module", "units": "unit", "cards": "card", "sensors": "sensor", "panels": "panel", "drives": "drive", "meters": "meter",
	"relays": "relay", "servers": "server", "clients": "client"}

// MaxLength is how much of a name is read; what is longer is no name.
const MaxLength = 512

// Atoms takes a name apart.
func Atoms(name string) []Atom {
	if len(name) > MaxLength {
		name = strings.ToValidUTF8(name[:MaxLength], "")
	}
	name = Plain(name)
	if strings.Contains(name, "T") {
		name = tesla.ReplaceAllString(teslas.ReplaceAllString(name, "${1}${2}tesla"), "${1}0tesla")
	}
	out := make([]Atom, 0, 12)
	touching := false
	for i := 0; i < len(name); {
		c := name[i]
		var in func(byte) bool
		switch {
		case isDigit(c):
			in = isDigit
		case isLetter(c):
			in = isLetter
		case c == '+' && touching: // "XR656+", "Link+"
			out = append(out, Atom{Text: "plus", Class: Variant})
			touching = false
			i++
			continue
		default:
			touching = touching && c == '\'' // "N'Vision"
			i++
			continue
		}
		j := i
		for j < len(name) && in(name[j]) {
			j++
		}
		raw := name[i:j]
		low := strings.ToLower(raw)
		if r, ok := roleWords[low]; ok {
			low = r
		}
		a := Atom{Text: low, Class: classOf(low), glued: touching, caps: raw != low && raw == strings.ToUpper(raw)}
		if n := len(out); n > 0 && a.Class == Number && len(low) >= 3 && i > 0 && name[i-1] == '-' && out[n-1].caps && len(out[n-1].Text) >= 3 && !out[n-1].glued {
			a.led = strings.HasSuffix(strings.ToLower(name[:i-1]), out[n-1].Text)
		}
		out = append(out, a)
		touching = true
		i = j
	}
	out = hyphened(name, out)
	for i := range out { // "CM120", "E9": letters at a number belong to it
		if out[i].Class != Number && len(out[i].Text) <= 3 && (i+1 < len(out) && out[i+1].Class == Number && out[i+1].glued || out[i].glued && i > 0 && out[i-1].Class == Number) {
			out[i].Class = Variant
		}
	}
	return out
}

// hyphened joins a single letter with the word after its hyphen: "H-Scribe", "e-Alert", "X-ray".
func hyphened(name string, list []Atom) []Atom {
	if !strings.Contains(name, "-") {
		return list
	}
	out := list[:0]
	low := strings.ToLower(name)
	at := 0
	for i := 0; i < len(list); i++ {
		a := list[i]
		at += max(0, strings.Index(low[at:], a.Text))
		if len(a.Text) == 1 && a.Class != Number && !a.glued && i+1 < len(list) && len(list[i+1].Text) >= 3 && list[i+1].Class != Number && strings.HasPrefix(low[at:], a.Text+"-"+list[i+1].Text) {
			next := list[i+1]
			a = Atom{Text: a.Text + next.Text, Class: classOf(a.Text + next.Text), caps: a.caps && next.caps}
			at++
			i++
		}
		out = append(out, a)
		at = min(at+len(a.Text), len(low)) // a word may stand for a shorter one
	}
	return out
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// accents folds the letters of European names to ASCII.
var accents = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "Ä", "A", "Ö", "O", "Ü", "U", "ß", "ss", "é", "e", "è", "e", "ê", "e",
	"É", "E", "á", "a", "à", "a", "â", "a", "ã", "a", "å", "a", "Å", "A", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ø", "o", "Ø", "O", "í", "i",
	"ì", "i", "î", "i", "ú", "u", "ù", "u", "û", "u", "ñ", "n", "ç", "c", "š", "s", "ž", "z", "č", "c", "ř", "r", "ý", "y", "ł", "l", "æ", "ae",
	"®", " ", "™", " ", "©", " ", "–", "-", "—", "-", "‑", "-", "’", "'", "‘", "'", "“", `"`, "”", `"`, "\u00a0", " ", "×", "x", "…", "...", "µ", "u")

// Plain gives a name in ASCII where there is a usual way to write it so. Text whose UTF-8 was once read as Latin-1
// ("GeutebrÃ¼ck") is repaired first.
func Plain(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	if strings.ContainsAny(s, "ÃÂ") {
		if fixed, ok := latin1(s); ok {
			s = fixed
		}
	}
	return accents.Replace(s)
}

func latin1(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return s, false
		}
		b = append(b, byte(r))
	}
	return string(b), utf8.Valid(b)
}

// Bare keeps the letters and digits of a name in lower case: the form in which identifiers are compared.
func Bare(s string) string {
	s = Plain(s)
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			b = append(b, c+32)
		case isLetter(c), isDigit(c):
			b = append(b, c)
		case c == '+':
			b = append(b, "plus"...)
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				b = append(b, strings.ToLower(string(r))...)
			}
			i += n - 1
		}
	}
	return string(b)
}

// typo says that two words of some length differ by one letter: added, lost, changed, or two neighbours swapped.
func typo(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 6 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case i < 2: // the first letters are rarely wrong
		return false
	case len(a) < len(b):
		return a[i:] == b[i+1:]
	case i == len(a):
		return true
	case a[i+1:] == b[i+1:]:
		return len(a) >= 7
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
