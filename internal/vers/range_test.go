package vers

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// readCases reads the labelled lines "text => facts => truth" of a file. Facts are key:value pairs separated by ";".
func readCases(t testing.TB, name string, fn func(line int, text string, f Facts, want Truth)) int {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	n := 0
	for line := 1; s.Scan(); line++ {
		row := s.Text()
		if strings.TrimSpace(row) == "" || strings.HasPrefix(row, "#") {
			continue
		}
		cols := strings.Split(row, " => ")
		if len(cols) != 3 {
			t.Fatalf("%s:%d: %q has %d columns", name, line, row, len(cols))
		}
		var want Truth
		if err := want.UnmarshalText([]byte(strings.TrimSpace(cols[2]))); err != nil {
			t.Fatalf("%s:%d: %v", name, line, err)
		}
		fn(line, strings.TrimSpace(cols[0]), caseFacts(t, cols[1]), want)
		n++
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return n
}

func caseFacts(t testing.TB, s string) (f Facts) {
	t.Helper()
	for _, kv := range strings.Split(s, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(kv), ":")
		switch k {
		case "v":
			f.Version = v
		case "r":
			f.Revision = v
		case "b":
			f.Build = v
		case "s":
			f.Serial = v
		case "m":
			f.Models = append(f.Models, v)
		case "made":
			f.Manufactured = caseDate(v)
		case "ship":
			f.Shipped = caseDate(v)
		case "":
		default:
			t.Fatalf("fact %q is not known", kv)
		}
	}
	return f
}

func caseDate(s string) (d Date) {
	for i, p := range strings.Split(s, "-") {
		n, _ := strconv.Atoi(p)
		switch i {
		case 0:
			d.Year = n
		case 1:
			d.Month = n
		case 2:
			d.Day = n
		}
	}
	return d
}

func TestRangeContains(t *testing.T) {
	n := readCases(t, "ranges.txt", func(line int, text string, f Facts, want Truth) {
		got, why := ParseRange(text).Contains(f)
		if got != want {
			t.Errorf("line %d: %q with %+v: %s (%s), want %s", line, text, f, got, why.Text, want)
		}
		if got == Unknown && why.Text == "" {
			t.Errorf("line %d: %q: unknown without a reason", line, text)
		}
	})
	if n < 150 {
		t.Errorf("%d labelled cases, want at least 150", n)
	}
}

func TestInYearPlacesDatesWithoutYear(t *testing.T) {
	r := ParseRange("< august 28")
	made := Facts{Manufactured: Date{2017, 8, 1}}
	if got, why := r.Contains(made); got != Unknown || !strings.Contains(why.Text, "year") {
		t.Errorf("without a year: %s (%s)", got, why.Text)
	}
	if got, _ := r.InYear(2017).Contains(made); got != True {
		t.Errorf("in 2017: %s", got)
	}
	if got, _ := r.InYear(2017).Contains(Facts{Manufactured: Date{2017, 8, 28}}); got != False {
		t.Errorf("on the day: %s", got)
	}
	if r.Any[0].Tests[0].Date.Year != 0 {
		t.Error("InYear changed its receiver")
	}
}

func TestReasonNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		text string
		want Axis
	}{
		{"distributed < April 1, 2018", AxisShipped},
		{"< July 1 2017", AxisMade},
		{"<= 2.3.5", AxisVersion},
		{"<= N", AxisRevision},
		{"serial numbers 1000 to 2000", AxisSerial},
		{"model 35700BAX", AxisModel},
		{"MMT-1710", AxisModel},
		{"build 12 and prior", AxisBuild},
	} {
		got, why := ParseRange(c.text).Contains(Facts{})
		if got != Unknown || len(why.Missing) == 0 || why.Missing[0] != c.want {
			t.Errorf("%q: %s, missing %v, want %s", c.text, got, why.Missing, c.want)
		}
	}
	got, why := ParseRange("<= 11.2 on Windows 8.1 with IIS 7.5").Contains(Facts{Version: "11.1"})
	if got != Unknown || len(why.Conditions) != 1 || why.Conditions[0] != "on Windows 8.1 with IIS 7.5" {
		t.Errorf("condition: %s %+v", got, why)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"< 1.2", ">= 4.01 | <= 4.34", "Rev J-M | (X3 for Rev M only)", "8.x (with (A v17 | >= 2", "with option (shipped between 26-June-2017 through 07-August 2018)",
		"vers:npm/>=1.0|<2", "vers:all/<V4.3.8", "2016-August 2018", "<=the_first_5_digits_of_serial_number_22081", "excluding 1 and", "between", "1.0 (including) and", "≤ 2.1 – 3", "A10 < A11", "((((", "a/b|c", "*|*"} {
		f.Add(s, "1.2")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		r := ParseRange(text)
		if len(r.Any) == 0 && len(r.Unreadable) == 0 {
			t.Fatalf("%q is neither read nor unreadable", text)
		}
		got, why := r.Contains(Facts{Version: version, Serial: version, Models: []string{version}})
		if got == Unknown && why.Text == "" {
			t.Fatalf("%q with %q: unknown without a reason", text, version)
		}
		if len(r.Unreadable) > 0 && got == False {
			t.Fatalf("%q with %q: false although not understood", text, version)
		}
	})
}
