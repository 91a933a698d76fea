package udi

import (
	"archive/zip"
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"triward/internal/problem"
	"triward/internal/testdata"
)

func date(y, m, d int) Date { return Date{y, m, d, -1} }

// hibc appends the check character.
func hibc(s string) string {
	c, _ := hibcCheck(s)
	return s + string(c)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want UDI
	}{
		{"00844588018923", UDI{Agency: GS1, DI: "00844588018923", Verified: true}},
		{"4006381333931", UDI{Agency: GS1, DI: "04006381333931", Verified: true}},
		{"036000291452", UDI{Agency: GS1, DI: "00036000291452", Verified: true}},
		{" 00844588018923\n", UDI{Agency: GS1, DI: "00844588018923", Verified: true}},
		{"(01)00844588018923(11)141231(17)150707(10)A213B1(21)1234", UDI{Agency: GS1, DI: "00844588018923", Verified: true, Lot: "A213B1", Serial: "1234", Manufactured: date(2014, 12, 31), Expires: date(2015, 7, 7)}},
		{"(01)00844588018923(17)150700(8012)V3.2(1)b", UDI{Agency: GS1, DI: "00844588018923", Verified: true, Expires: date(2015, 7, 0), Software: "V3.2(1)b"}},
		{"]d2010084458801892311141231171507071" + "0A213B1\x1d211234", UDI{Agency: GS1, DI: "00844588018923", Verified: true, Lot: "A213B1", Serial: "1234", Manufactured: date(2014, 12, 31), Expires: date(2015, 7, 7)}},
		{"\x1d010084458801892321SN-1\x1d80121.2.3\x1d240REF9", UDI{Agency: GS1, DI: "00844588018923", Verified: true, Serial: "SN-1", Software: "1.2.3"}},
		{"01008445880189237003" + "2512311430", UDI{Agency: GS1, DI: "00844588018923", Verified: true, Expires: Date{2025, 12, 31, 14}}},
		{"0100844588018923" + "16240229" + "3103001250", UDI{Agency: GS1, DI: "00844588018923", Verified: true}},
		// The form of FDA's published example of a HIBCC carrier with all parts.
		{hibc("+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202"), UDI{Agency: HIBCC, DI: "H123PARTNO1234567890120", Model: "PARTNO123456789012", Verified: true,
			Lot: "LOT123456789012345", Serial: "XYZ456789012345678", Expires: Date{2020, 2, 2, 16}, Manufactured: date(2013, 2, 2)}},
		{"*+A99912345/9901510X3*", UDI{}},
		{"+A123BJC5D6E71G", UDI{Agency: HIBCC, DI: "A123BJC5D6E71", Model: "BJC5D6E7", Verified: true}}, // the example of ANSI/HIBC 2.6 appendix B
		{"A123BJC5D6E71G", UDI{Agency: HIBCC, DI: "A123BJC5D6E71", Model: "BJC5D6E7", Verified: true}},
		{hibc("+A99912345"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true}},
		{"M4400192Z1", UDI{Agency: HIBCC, DI: "M4400192Z1", Model: "0192Z"}},
		{hibc("+A99912345/$$3260531LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: date(2026, 5, 31)}},
		{hibc("+A99912345/$$0526LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: date(2026, 5, 0)}},
		{hibc("+A99912345/$$2053126LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: date(2026, 5, 31)}},
		{hibc("+A99912345/$$526366"), UDI{}},
		{hibc("+A99912345/$$524366LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: date(2024, 12, 31)}},
		{hibc("+A99912345/$$62436623LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: Date{2024, 12, 31, 23}}},
		{hibc("+A99912345/$$7LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7"}},
		{hibc("+A99912345/$$824" + "3260531LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: date(2026, 5, 31)}},
		{hibc("+A99912345/$$900024" + "7LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7"}},
		{hibc("+A99912345/$$+3260531SER9"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Serial: "SER9", Expires: date(2026, 5, 31)}},
		{hibc("+A99912345/$+SER9"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Serial: "SER9"}},
		{hibc("+A99912345/$LOT9"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT9"}},
		{hibc("+A99912345/26151LOT9"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT9", Expires: date(2026, 5, 31)}},
		{hibc("+A99912345/$LOT9/14D20260531/Q5"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT9", Expires: date(2026, 5, 31)}},
		{two("+A99912345", "+$$3260531LOT7"), UDI{Agency: HIBCC, DI: "A99912345", Model: "1234", Verified: true, Lot: "LOT7", Expires: date(2026, 5, 31)}},
		// FDA's published example of an ICCBBA carrier.
		{"=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", UDI{Agency: ICCBBA, DI: "A9999XYZ100T0944", Serial: "000025", Donation: "A999713123456",
			Expires: date(2014, 2, 1), Manufactured: date(2013, 2, 1), Lot: "000000000000XYZ123"}},
		{"=)1TE123456A&)RZ12345678", UDI{Agency: ICCBBA, DI: "1TE123456A", Lot: "RZ12345678"}},
		{"=/A9999XYZ100T0944&>0143661559", UDI{}},
		{"=/A9999XYZ100T0944&>0163661559", UDI{Agency: ICCBBA, DI: "A9999XYZ100T0944", Expires: Date{2016, 12, 31, 15}}},
	} {
		got, err := Parse(c.text)
		if c.want.Agency == "" {
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("%q: %v, want faults", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if d := cmp.Diff(c.want, got, cmpopts.IgnoreFields(UDI{}, "Elements")); d != "" {
			t.Errorf("%q:\n%s", c.text, d)
		}
		if len(got.Elements) == 0 {
			t.Errorf("%q: no elements", c.text)
		}
	}
}

// two joins primary data and secondary data that carries its link character.
func two(primary, secondary string) string {
	p := hibc(primary)
	return p + " " + hibc(secondary+p[len(p)-1:])
}

func TestFaultsNamePlaceAndExpectation(t *testing.T) {
	p := hibc("+A99912345")
	for _, c := range []struct{ text, place, say string }{
		{"", "character 1", "empty"},
		{"00844588018924", "character 14", "check digit is 4, expected 3"},
		{"(01)00844588018924(10)A", "character 18", "expected 3"},
		{"(01)00844588018923(17)151307", "character 23", "month 13"},
		{"(01)00844588018923(17)150230", "character 23", "day 30 does not exist in 2015-02"},
		{"(01)00844588018923(10)", "character 23", "0 characters"},
		{"(01)0084458801892", "character 5", "13 characters"},
		{"(01)00844588018923(21)A B", "character 24", "must not occur"},
		{"(17)150707", "character 1", "no valid device identifier"},
		{"010084458801892388", "character 17", "no application identifier"},
		{"]x2010084458801892", "character 1", "symbology"},
		{"0100844588018923103456789012345678901234567", "character 39", "longer than 20"},
		{"(01)00844588018923(10)A(10)B", "character 28", `gives "B"`},
		{"+A99912345Q", "character 11", "expected"},
		{"+a99912345" + "Q", "character 2", "must not occur"},
		{p + "\n" + hibc("+$LOT7Z"), "character 19", "another label"},
		{hibc("+$LOT7Z"), "character 1", "primary data is missing"},
		{hibc("+A99912345/$$3261331LOT7"), "character 15", "month 13"},
		{hibc("+A99912345/16D2026053"), "character 15", "8 digits"},
		{hibc("+A99912345/X1"), "character 12", "no known form"},
		{"=/A9999XYZ100T0944=>014367", "character 21", "day 367"},
		{"=/A9999XYZ100T094", "character 3", "16 characters"},
		{"=,000025", "character 1", "no device identifier"},
		{"=/A9999XYZ100T0944?", "character 19", "not known"},
		{"hello", "character 1", "neither"},
		{"A123BJC5D6E71H", "character 14", `expected 'G'`},
		{strings.Repeat("1", 2000), "character 1001", "at most 1000"},
	} {
		_, err := Parse(c.text)
		found := false
		for _, f := range problem.FaultsOf(err) {
			found = found || f.Path == c.place && strings.Contains(f.Reason, c.say)
		}
		if !found {
			t.Errorf("%q: %v, want %q at %s", c.text, err, c.say, c.place)
		}
	}
}

func TestLastDay(t *testing.T) {
	for d, want := range map[Date]string{{2024, 2, 0, -1}: "2024-02-29", {2023, 2, 0, -1}: "2023-02-28", {2000, 2, 0, -1}: "2000-02-29", {2026, 4, 0, -1}: "2026-04-30", {2026, 4, 3, -1}: "2026-04-03"} {
		if got := d.LastDay().String(); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	if (Date{}).LastDay().String() != "" || (Date{2026, 4, 0, -1}).String() != "2026-04" || (Date{2026, 4, 3, 5}).String() != "2026-04-03 05h" {
		t.Error("a date is written wrongly")
	}
}

func TestTruncated(t *testing.T) {
	for _, full := range []string{"(01)00844588018923(11)141231(17)150707(10)A213B1(21)1234", "]d20100844588018923111412311715070710A213B1\x1d211234",
		"+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C", "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", two("+A99912345", "+$$3260531LOT7")} {
		for i := range full {
			got, err := Parse(full[:i])
			if err == nil && got.DI == "" {
				t.Errorf("%q: neither a fault nor a device identifier", full[:i])
			}
		}
	}
}

// TestGUDID reads every device identifier of the FDA data set: each must have the agency that FDA lists, and the check
// digit of each GTIN must be right.
func TestGUDID(t *testing.T) {
	z, err := zip.OpenReader(testdata.Path(t, "identity/gudid-2016.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 1<<16), 1<<22)
	id := ""
	count, verified, failed := map[Agency]int{}, map[Agency]int{}, map[Agency]int{}
	for s.Scan() {
		line := s.Text()
		if v, ok := field(line, "deviceId"); ok {
			id = v
		}
		v, ok := field(line, "deviceIdIssuingAgency")
		if !ok || id == "" {
			continue
		}
		agency := Agency(v)
		count[agency]++
		got, err := Parse(id)
		switch {
		case err != nil || got.Agency != agency:
			if failed[agency]++; failed[agency] <= 5 {
				t.Logf("%s %s: %s, %v", agency, id, got.Agency, err)
			}
		case got.Verified:
			verified[agency]++
		}
		id = ""
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	for agency, n := range count {
		t.Logf("%s: %d device identifiers, %d with a right check digit, %d refused", agency, n, verified[agency], failed[agency])
		if failed[agency]*1000 > n {
			t.Errorf("%s: %d of %d refused, at most one in a thousand", agency, failed[agency], n)
		}
	}
	if count[GS1] < 50000 || verified[GS1]+failed[GS1] != count[GS1] {
		t.Errorf("GS1: %d identifiers, %d verified", count[GS1], verified[GS1])
	}
}

func field(line, name string) (string, bool) {
	_, rest, ok := strings.Cut(line, "<"+name+">")
	if !ok {
		return "", false
	}
	v, _, ok := strings.Cut(rest, "</"+name+">")
	return v, ok
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"00844588018923", "(01)00844588018923(11)141231(17)150707(10)A213B1(21)1234", "]d20100844588018923111412311715070710A213B1\x1d211234",
		"+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C", "*+A99912345X*+$$3260531LOT7QX*", "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", "M4400192Z1", "+", "=", "(", "]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		if err == nil && (got.DI == "" || got.Agency == "") {
			t.Fatalf("%q: neither a fault nor a device identifier", s)
		}
		for _, d := range []Date{got.Manufactured, got.Expires} {
			if !d.IsZero() && (d.Month < 1 || d.Month > 12 || d.Day > daysIn(d.Year, d.Month)) {
				t.Fatalf("%q: date %s", s, d)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("(01)00844588018923(11)141231(17)150707(10)A213B1(21)1234"); err != nil {
			b.Fatal(err)
		}
	}
}
