package naming

import (
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// legal are legal forms and words that add nothing to the name of a manufacturer at its end.
var legal = setOf(`inc incorporated llc ltd limited ltda gmbh ag co corp corporation company kg kgaa se sa s a srl spa oy ab bv b v nv plc
	pte pty kk lp llp e de cv me as aps sas sarl ev foundation
	healthcare health medical medicals systems system technology technologies tech international intl group holding holdings
	global worldwide usa us america north europe uk international solutions diagnostics laboratories laboratory labs
	devices products industries the`)

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// vendorNorm is the name of a manufacturer without case, accents, punctuation, legal form and words that add nothing.
func vendorNorm(name string) string {
	name = Plain(name)
	if i := strings.IndexByte(name, '('); i > 0 {
		name = name[:i]
	}
	name = strings.ReplaceAll(strings.ReplaceAll(name, "_", " "), "&", " and ")
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80)
	})
	for len(words) > 1 && (legal[words[len(words)-1]] || words[len(words)-1] == "and") {
		words = words[:len(words)-1]
	}
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	return strings.Join(words, "")
}

// MakerID is the canonical id of one manufacturer. A name that is one letter away from a known one is that one.
func MakerID(name string) string {
	n := vendorNorm(name)
	ids := vendorIDs()
	if id, ok := ids[n]; ok {
		return id
	}
	if len(n) < 6 {
		return n
	}
	best := ""
	for known, id := range ids {
		if len(known) >= 7 && typo(n, known) && (best == "" || id < best) {
			best = id
		}
	}
	if best != "" {
		return best
	}
	return n
}

// divisions are words for a part of a manufacturer: a country or a line of business.
var divisions = setOf(`information informatics ultrasound imaging monitoring surgical vascular cardiology cardiovascular cardiac respiratory
	critical care patient infusion life sciences service services nederland netherlands deutschland france italia espana canada japan
	china india asia pacific benelux nordic schweiz switzerland austria`)

// within is the known manufacturer whose name an unknown one begins with: an inventory writes "GE Medical Systems
// Information Technologies", "Philips Medical Systems Nederland B.V.". One short word is not enough before any other word:
// Fuji Electric is not Fuji.
func within(vendor string) []string {
	ids := vendorIDs()
	if _, ok := ids[vendorNorm(vendor)]; ok {
		return nil
	}
	words := strings.Fields(strings.NewReplacer(",", " ", "_", " ", "-", " ").Replace(strings.ToLower(Plain(vendor))))
	for k := len(words) - 1; k > 0; k-- {
		id, ok := ids[vendorNorm(strings.Join(words[:k], " "))]
		if !ok {
			continue
		}
		if k > 1 || len(words[0]) >= 6 || !slices.ContainsFunc(words[k:], func(w string) bool { return !divisions[w] && !legal[w] }) {
			return []string{id}
		}
	}
	return nil
}

// Makers is the manufacturers that a text names: "Silex Technology and GE Healthcare" is two, "Becton, Dickinson and
// Company (BD)" is one.
func Makers(text string) []string {
	text = strings.TrimSpace(Plain(text))
	if text == "" || len(text) > MaxLength {
		return nil
	}
	ids := vendorIDs()
	if id, ok := ids[vendorNorm(text)]; ok {
		return []string{id}
	}
	var out []string
	add := func(name string) {
		if vendorNorm(name) != "" {
			out = append(out, MakerID(name))
		}
	}
	rest := text
	for {
		i := strings.IndexByte(rest, '(')
		if i < 0 {
			break
		}
		j := strings.IndexByte(rest[i:], ')')
		if j < 0 {
			break
		}
		inner := strings.TrimSpace(rest[i+1 : i+j])
		for _, lead := range [...]string{"formerly known as ", "formerly ", "now ", "a ", "part of ", "owned by ", "acquired by "} {
			inner = strings.TrimPrefix(inner, lead)
		}
		add(inner)
		rest = rest[:i] + " " + rest[i+j+1:]
	}
	if id, ok := ids[vendorNorm(rest)]; ok {
		out = append(out, id)
	} else {
		for _, part := range splitVendors(rest) {
			add(part)
		}
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var vendorBreaks = strings.NewReplacer(" a subsidiary of ", "\x00", " subsidiary of ", "\x00", ", a division of ", "\x00", " division of ", "\x00",
	" - ", "\x00", ", and ", "\x00", " and ", "\x00", " & ", "\x00", ", ", "\x00", ";", "\x00", " / ", "\x00", "/", "\x00", " + ", "\x00")

// splitVendors cuts a list of manufacturers. A part that is nothing but a legal form belongs to the one before it.
func splitVendors(text string) []string {
	var out []string
	for part := range strings.SplitSeq(vendorBreaks.Replace(text), "\x00") {
		part = strings.TrimSpace(part)
		words := strings.Fields(strings.ToLower(strings.ReplaceAll(part, ".", "")))
		if len(words) == 0 || !slices.ContainsFunc(words, func(w string) bool { return !legal[w] && w != "subsidiary" && w != "of" }) {
			continue
		}
		out = append(out, part)
	}
	return out
}

// Meet says that two sorted sets share a member.
func Meet(a, b []string) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}
