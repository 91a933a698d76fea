package hindsight

import (
	"encoding/hex"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Indicators is what an advisory names that events may hold. Every list is sorted and in small letters.
type Indicators struct {
	CVEs      []string `json:"cves,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	Names     []string `json:"names,omitempty"`
	Digests   []string `json:"digests,omitempty"`
}

// mostIndicators bounds each list.
const mostIndicators = 200

// Any reports whether there is something to look for.
func (i Indicators) Any() bool {
	return len(i.CVEs)+len(i.Addresses)+len(i.Names)+len(i.Digests) > 0
}

var (
	cve       = regexp.MustCompile(`(?i)\bcve-[0-9]{4}-[0-9]{4,19}\b`)
	bracketed = regexp.MustCompile(`(?i)[a-z0-9_-]+(?:(?:\[\.\]|\(\.\)|\[dot\]|\.)[a-z0-9_-]+)*(?:\[\.\]|\(\.\)|\[dot\])[a-z0-9_-]+(?:(?:\[\.\]|\(\.\)|\[dot\]|\.)[a-z0-9_-]+)*`)
	spoken    = regexp.MustCompile(`(?i)\b(?:ip|ips|address|addresses|hosts?)\b[^0-9a-z]{1,12}([0-9]{1,3}(?:\.[0-9]{1,3}){3})\b`)
	digest    = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b`)
	dots      = strings.NewReplacer("[.]", ".", "(.)", ".", "[dot]", ".")
)

// Extract finds the indicators of a text.
func Extract(text string) Indicators {
	var out Indicators
	for _, m := range cve.FindAllString(text, -1) {
		out.CVEs = append(out.CVEs, strings.ToLower(m))
	}
	for _, m := range bracketed.FindAllString(text, -1) {
		out.put(dots.Replace(strings.ToLower(m)))
	}
	for _, m := range spoken.FindAllStringSubmatch(text, -1) {
		out.put(m[1])
	}
	for _, m := range digest.FindAllString(text, -1) {
		if m = strings.ToLower(m); !plain(m) {
			out.Digests = append(out.Digests, m)
		}
	}
	for _, list := range []*[]string{&out.CVEs, &out.Addresses, &out.Names, &out.Digests} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
		*list = (*list)[:min(len(*list), mostIndicators)]
	}
	return out
}

// put takes an address or a name, as far as it is one that says something.
func (i *Indicators) put(s string) {
	a, err := netip.ParseAddr(s)
	switch {
	case err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()):
	case err == nil:
		i.Addresses = append(i.Addresses, a.String())
	case strings.Trim(s, "0123456789.") != "":
		i.Names = append(i.Names, s)
	}
}

// plain is whether a digest has no letters, or one digit only: a number or filling.
func plain(s string) bool {
	b, err := hex.DecodeString(s)
	if err != nil || strings.Trim(s, "0123456789") == "" {
		return true
	}
	slices.Sort(b)
	return len(slices.Compact(b)) < 4
}
