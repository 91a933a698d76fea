package fleetfile

import (
	"strings"
	"testing"

	"triward/internal/problem"
)

func TestOpenTellsTheFormatByContent(t *testing.T) {
	const one = `{"resourceType":"Device","id":"a","serialNumber":"S1","manufacturer":"Northmere Medical","deviceName":[{"name":"Rill 300","type":"model-name"}]}`
	for _, c := range []struct {
		name, body string
		want       Format
		rows       int
	}{
		{"fleet.json", "asset_tag,vendor,model\nA,Northmere Medical,Rill 300\n", Delimited, 1},
		{"fleet.csv", one, FHIR, 1},
		{"device", "\xEF\xBB\xBF \r\n" + one, FHIR, 1},
		{"lines", one + "\n" + strings.Replace(one, "S1", "S2", 1) + "\n", FHIR, 2},
		{"bundle", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + one + `},{"resource":{"resourceType":"Patient","id":"p"}}]}`, FHIR, 1},
		{"netbox.csv", "Name,Asset tag,Manufacturer,Type,Serial,Site,Status\nicu-1,A,Northmere Medical,Rill 300,S1,Main,Active\n", Delimited, 1},
		{"bracket.csv", "[tag],model\nA,Rill\n", Delimited, 0},
	} {
		s, err := Open(c.name, strings.NewReader(c.body))
		if err != nil || s.Format != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, s.Format, err, c.want)
			continue
		}
		if rows, faults := s.Rows(Guess(s.Table.Header)); c.rows > 0 && (len(rows) != c.rows || len(faults) > 0) {
			t.Errorf("%s: %d rows, faults %v; want %d rows", c.name, len(rows), faults, c.rows)
		}
	}
	s, err := Open("b", strings.NewReader(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"p"}}]}`))
	if err != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "1 Patient") {
		t.Errorf("resources left out are not told: %q, %v", s.Notes, err)
	}
}

func TestOpenRefusesOtherDocuments(t *testing.T) {
	for _, body := range []string{`[{"id":"a"}]`, `<?xml version="1.0"?><Device xmlns="http://hl7.org/fhir"/>`, `{"resourceType":`, `{}`, "{", ""} {
		if _, err := Open("x", strings.NewReader(body)); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v, want an invalid file", body, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, s := range []string{"asset_tag,model\nA,B\n", `{"resourceType":"Device","serialNumber":"1"}`, "[{", "<?xml", "\xEF\xBB\xBF{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		s, err := Open("fuzz", strings.NewReader(string(body)))
		if err == nil {
			s.Rows(Guess(s.Table.Header))
		}
	})
}
