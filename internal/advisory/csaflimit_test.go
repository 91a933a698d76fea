package advisory

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCSAFHoldsOutAgainstHugeDocuments gives documents of many small parts, each of a kind that a careless reader would
// compare with every other one. They must be read or refused in a time that grows with their size.
func TestCSAFHoldsOutAgainstHugeDocuments(t *testing.T) {
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
		_, err := ParseCSAF(name, []byte(body))
		parsed := time.Since(start)
		r := CheckCSAF(name, []byte(body))
		checked := time.Since(start) - parsed
		t.Logf("%-10s %5.1f MB: parsed in %v, checked in %v, error %v", name, float64(len(body))/1e6, parsed.Round(time.Millisecond), checked.Round(time.Millisecond), err)
		if parsed > 5*time.Second || checked > 5*time.Second {
			t.Errorf("%s takes too long", name)
		}
		if len(r.Faults) > 3000 {
			t.Errorf("%s: %d faults are reported", name, len(r.Faults))
		}
	}
	if _, err := ParseCSAF("x", make([]byte, csafMaxBytes+1)); err == nil {
		t.Error("a document beyond the size limit is read")
	}
	if _, err := ParseCSAF("x", []byte("["+strings.Repeat("0,", csafMaxNodes)+"0]")); err == nil || !strings.Contains(err.Error(), "values") {
		t.Errorf("a document with too many values: %v", err)
	}
}
