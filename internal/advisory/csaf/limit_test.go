package csaf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/advisory"
)

// TestHoldsOutAgainstHugeDocuments gives documents of many small parts, each of a kind that a careless reader would
// compare with every other one. They must be read or refused in a time that grows with their size.
func TestHoldsOutAgainstHugeDocuments(t *testing.T) {
	const n = 60_000
	head := `{"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "A-1"}`
	many := func(format string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	group := `"product_tree": {"product_groups": [{"group_id": "G", "product_ids": [` + many(`"P%d"`) + `]}]}`
	for name, body := range map[string]string{
		"notes":      head + `, "notes": [` + many(`{"category": "summary", "text": "%d"}`) + `]}}`,
		"members":    head + `}, ` + many(`"m%d": 0`) + `}`,
		"products":   head + `}, "product_tree": {"full_product_names": [` + many(`{"product_id": "P", "name": "%d"}`) + `]}}`,
		"ids":        head + `}, "vulnerabilities": [{"ids": [` + many(`{"text": "X-%d"}`) + `]}]}`,
		"groups":     head + `}, ` + group + `, "vulnerabilities": [{"flags": [` + many(`{"label": "component_not_present", "group_ids": ["G"], "n": %d}`) + `]}]}`,
		"revisions":  head + `, "x": 0}, "vulnerabilities": [` + many(`{"cve": "CVE-2026-%d"}`) + `]}`,
		"statements": head + `}, "vulnerabilities": [{"product_status": {"fixed": [` + many(`"P%d"`) + `], "known_affected": [` + many(`"P%d"`) + `]}}]}`,
		"circle": head + `}, "product_tree": {"relationships": [` +
			many(`{"product_reference": "P%[1]d", "relates_to_product_reference": "X", "full_product_name": {"name": "x", "product_id": "P1%[1]d"}}`) + `]}}`,
	} {
		start := time.Now()
		_, err := advisory.ParseCSAF(name, []byte(body))
		parsed := time.Since(start)
		r := Check(name, []byte(body))
		checked := time.Since(start) - parsed
		t.Logf("%-10s %5.1f MB: parsed in %v, checked in %v, error %v", name, float64(len(body))/1e6, parsed.Round(time.Millisecond), checked.Round(time.Millisecond), err)
		if parsed > 5*time.Second || checked > 5*time.Second {
			t.Errorf("%s takes too long", name)
		}
		if len(r.Faults) > 3000 {
			t.Errorf("%s: %d faults are reported", name, len(r.Faults))
		}
	}
}

func TestCirclesAreNotFollowed(t *testing.T) {
	// Each relationship doubles the one before: 2^40 products if they were spelled out.
	var b strings.Builder
	b.WriteString(`{"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "A-1"}}, "product_tree": {"full_product_names": [{"product_id": "R0", "name": "r"}], "relationships": [`)
	for i := range 40 {
		fmt.Fprintf(&b, `{"category": "installed_on", "product_reference": "R%d", "relates_to_product_reference": "R%d", "full_product_name": {"product_id": "R%d", "name": "r"}},`, i, i, i+1)
	}
	b.WriteString(`{"category": "installed_on", "product_reference": "C", "relates_to_product_reference": "C", "full_product_name": {"product_id": "C", "name": "circle"}}]},
	 "vulnerabilities": [{"product_status": {"known_affected": ["R40", "C"]}}]}`)
	rec, err := advisory.ParseCSAF("x", []byte(b.String()))
	if err != nil || len(rec.Vulns[0].Affected) != 2 {
		t.Errorf("record %+v, error %v", rec, err)
	}
	if r := Check("x", []byte(b.String())); !slices.Contains(r.Failed, "6.1.3") {
		t.Errorf("failed %v, want 6.1.3 among them", r.Failed)
	}
}
