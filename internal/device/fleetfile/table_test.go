package fleetfile_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device/fleetfile"
	"triward/internal/problem"
)

const fleetCSV = `asset_tag,vendor,model,version,serial,udi,ip,mac,site,location,safety_class,in_use,sbom,battery
BM-1,"Nordlicht, Inc.",Pulsar 3,2.1,S1,,10.0.0.1,00:1b:c5:00:00:01,North,ICU 1,life_supporting,yes,pulsar.json,good
BM-2,Nordlicht,pulsar-3,2.1,S2,,10.0.0.2,00:1b:c5:00:00:02,North,ICU 1,life supporting,no,,
BM-3,Vela,V 1,,S3,,,,South,,unknown,,,
`

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestReadTolerantly(t *testing.T) {
	want := [][]string{{"A;1", "Füß \"x\"", "a\nb"}, {"B", "", "5\" screen"}}
	for name, text := range map[string]string{
		"comma":     "tag,name,note\n\"A;1\",\"Füß \"\"x\"\"\",\"a\nb\"\nB,,5\" screen\n",
		"bom, crlf": "\xef\xbb\xbftag,name,note\r\nA;1,\"Füß \"\"x\"\"\",\"a\r\nb\"\r\n\r\nB,,5\" screen",
		"semicolon": "tag;name;note\n\"A;1\";\"Füß \"\"x\"\"\";\"a\nb\"\n;;\nB;;5\" screen;;\n",
		"tab":       "tag\tname\tnote\nA;1\t\"Füß \"\"x\"\"\"\t\"a\rb\"\rB\t\t5\" screen",
		"sep":       "sep=|\r\ntag|name|note\r\nA;1|\"Füß \"\"x\"\"\"|\"a\nb\"\r\nB||5\" screen\r\n",
		"utf-16":    utf16le("tag,name,note\n\"A;1\",\"Füß \"\"x\"\"\",\"a\nb\"\nB,,5\" screen\n"),
		"windows":   strings.ReplaceAll(strings.ReplaceAll("tag,name,note\n\"A;1\",\"Füß \"\"x\"\"\",\"a\nb\"\nB,,5\" screen\n", "ü", "\xfc"), "ß", "\xdf"),
	} {
		tab, err := fleetfile.Read("f.csv", strings.NewReader(text))
		if err != nil || len(tab.Faults) > 0 {
			t.Errorf("%s: %v %v", name, err, tab.Faults)
			continue
		}
		var got [][]string
		for _, r := range tab.Records {
			got = append(got, r.Cells)
		}
		if d := cmp.Diff(want, got); d != "" || !cmp.Equal(tab.Header, []string{"tag", "name", "note"}) {
			t.Errorf("%s: %v\n%s", name, tab.Header, d)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "blank": "\n , \n", "workbook": "PK\x03\x04....", "binary": "a,b\x00c\nd,e\n",
		"columns": strings.Repeat("a,", fleetfile.MaxColumns+1)} {
		if _, err := fleetfile.Read(name, strings.NewReader(text)); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, text := range map[string]string{
		"the quote that opens on line 3 is not closed": "asset tag,b\nx,y\nz,\"never\n",
		"cell 2 is longer than 8192 bytes":             "asset tag,b\nx," + strings.Repeat("y", 9000) + "\n",
		"has 1 cells where the header has 2":           "asset tag,b\nx\n",
	} {
		tab, err := fleetfile.Read("f.csv", strings.NewReader(text))
		if err != nil || len(tab.Faults) != 1 || tab.Faults[0].Reason != want {
			t.Errorf("faults = %v, %v; want %q", tab.Faults, err, want)
		}
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	for _, text := range []string{fleetCSV, utf16le(fleetCSV)} {
		for n := range len(text) {
			rows, faults := fleetfile.Parse("f.csv", strings.NewReader(text[:n]))
			if len(rows) > 3 || len(rows) == 3 && len(faults) > 0 {
				t.Fatalf("cut at %d: %d rows, %v", n, len(rows), faults)
			}
		}
	}
}

func TestMappingGuessAndChoice(t *testing.T) {
	header := []string{"Equipment ID", "Asset Tag", "Manufacturer", "Model", "Type", "MAC Address", "WiFi MAC", "Colour"}
	m := fleetfile.Guess(header)
	want := fleetfile.Mapping{fleetfile.FieldFact, fleetfile.FieldTag, fleetfile.FieldVendor, fleetfile.FieldModel, fleetfile.FieldFact, fleetfile.FieldMAC, fleetfile.FieldMAC, fleetfile.FieldFact}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	got, err := m.With(header, map[string]fleetfile.Field{"equipment id": fleetfile.FieldTag, "Colour": fleetfile.FieldIgnore})
	want[0], want[1], want[7] = fleetfile.FieldTag, fleetfile.FieldFact, fleetfile.FieldIgnore
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	_, err = m.With(header, map[string]fleetfile.Field{"Nothing": fleetfile.FieldTag, "Type": "price"})
	if len(problem.FaultsOf(err)) != 2 {
		t.Errorf("faults = %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fleetCSV))
	f.Add([]byte(utf16le(fleetCSV)))
	f.Add([]byte("sep=;\nudi;mac;connectivity;manufactured\n(01)00844588018923;00:1b:c5:00:00:01;lan;2020\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, faults := fleetfile.Parse("f.csv", bytes.NewReader(body))
		for _, r := range rows {
			if r.AssetTag == "" && r.Serial == "" && r.UDI == "" && len(r.MAC)+len(r.IP)+len(r.Hostname)+len(r.AETitle) == 0 {
				t.Errorf("a row without a name: %+v", r)
			}
		}
		for _, x := range faults {
			if x.Reason == "" {
				t.Error("a fault without a reason")
			}
		}
	})
}

func FuzzGuess(f *testing.F) {
	f.Add("asset tag\x1fmodel\x1fdevice type", "model", "vendor")
	f.Fuzz(func(t *testing.T, headers, column, field string) {
		header := strings.Split(headers, "\x1f")
		m := fleetfile.Guess(header)
		if len(m) != len(header) {
			t.Fatal("a column has no field")
		}
		if got, err := m.With(header, map[string]fleetfile.Field{column: fleetfile.Field(field)}); err == nil && len(got) != len(header) {
			t.Error("a choice lost a column")
		}
	})
}
