package advisory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"triward/internal/problem"
)

// Catalogue is one edition of a catalogue of exploited vulnerabilities.
type Catalogue struct {
	Title    string
	Version  string    // "2025.08.25"; "" in the CSV form, which does not say
	Released time.Time // zero in the CSV form
	Entries  []Exploited
}

const (
	maxKEV        = 64 << 20
	maxKEVEntries = 200_000
)

// ParseKEV reads the CISA catalogue of known exploited vulnerabilities in its JSON or CSV form, told apart by the first
// character. The name is used in errors only. An entry without a CVE id or with a broken date is a fault of the whole
// catalogue: half a catalogue would make exploited weaknesses look unexploited.
func ParseKEV(name string, body []byte) (Catalogue, error) {
	if len(body) > maxKEV {
		return Catalogue{}, named("KEV catalogue", name, fault("", "is longer than %d bytes", maxKEV))
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	read := parseKEVCSV
	if len(text) == 0 || text[0] == '{' || text[0] == '[' || !bytes.Contains(text[:min(len(text), 4096)], []byte("cveID")) {
		read = parseKEVJSON
	}
	cat, err := read(body)
	if err != nil {
		return Catalogue{}, named("KEV catalogue", name, err)
	}
	if cat.Title != "" && !strings.Contains(cat.Title, "CISA") { // others publish in the same form: it is they who assert
		for i := range cat.Entries {
			cat.Entries[i].By = cat.Title
		}
	}
	return cat, nil
}

func parseKEVJSON(body []byte) (Catalogue, error) {
	var p fastjson.Parser
	root, err := openJSON(&p, body, bounds{bytes: maxKEV, values: pageBounds.values})
	if err != nil {
		return Catalogue{}, err
	}
	var c cursor
	cat := Catalogue{Title: c.text(root, "title"), Version: c.text(root, "catalogVersion"), Released: c.when(root, "dateReleased")}
	if root.Get("vulnerabilities") == nil {
		c.fault("vulnerabilities", "is required")
	}
	c.each(root, "vulnerabilities", func(i int, v *fastjson.Value) {
		if i >= maxKEVEntries {
			if i == maxKEVEntries {
				c.fault("", "is beyond the limit of %d entries", maxKEVEntries)
			}
			return
		}
		x := Exploited{
			CVE:        c.need(v, "cveID"),
			By:         "CISA",
			Vendor:     c.text(v, "vendorProject"),
			Product:    c.text(v, "product"),
			Name:       c.text(v, "vulnerabilityName"),
			Summary:    c.text(v, "shortDescription"),
			Added:      c.when(v, "dateAdded"),
			Due:        c.when(v, "dueDate"),
			Action:     c.text(v, "requiredAction"),
			Ransomware: c.text(v, "knownRansomwareCampaignUse"),
			Notes:      c.text(v, "notes"),
			CWEs:       c.texts(v, "cwes"),
		}
		if x.CVE != "" && !IsCVE(x.CVE) {
			c.fault("cveID", "is %s, want a CVE id", clip(x.CVE))
		}
		cat.Entries = append(cat.Entries, x)
	})
	if n := int(c.number(root, "count")); n != 0 && n != len(cat.Entries) {
		c.fault("count", "says %d entries, the catalogue holds %d", n, len(cat.Entries))
	}
	return cat, c.err()
}

// kevColumns are the columns of the CSV form, in CISA's words.
var kevColumns = []string{"cveID", "vendorProject", "product", "vulnerabilityName", "dateAdded", "shortDescription",
	"requiredAction", "dueDate", "knownRansomwareCampaignUse", "notes", "cwes"}

func parseKEVCSV(body []byte) (Catalogue, error) {
	if !utf8.Valid(body) {
		return Catalogue{}, fault(position(body, invalidUTF8(body)), "is not UTF-8 text")
	}
	if at := bytes.IndexByte(body, 0); at >= 0 {
		return Catalogue{}, fault(position(body, at), "holds a NUL byte, which text does not")
	}
	if n := bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'\n'}); n > pageBounds.values {
		return Catalogue{}, fault("", "holds more than %d cells", pageBounds.values)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return Catalogue{}, fault("line 1", "%v", err)
	}
	head = slices.Clone(head)
	var faults problem.List
	var at [11]int
	for i, want := range kevColumns {
		at[i] = slices.Index(head, want)
		if at[i] < 0 && i < 5 { // the later columns were added over the years
			faults.Add("line 1", "has no column %s", want)
		}
	}
	if err := faults.Err("cannot be read"); err != nil {
		return Catalogue{}, err
	}
	var cat Catalogue
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Catalogue{}, fault("", "%v", err) // encoding/csv names line and column
		}
		if len(cat.Entries) == maxKEVEntries {
			return Catalogue{}, fault("", "holds more than %d entries", maxKEVEntries)
		}
		line, _ := r.FieldPos(0)
		cell := func(i int) string {
			if at[i] < 0 {
				return ""
			}
			return strings.Clone(row[at[i]])
		}
		date := func(i int) time.Time {
			s := cell(i)
			t, ok := parseTime(s)
			if !ok && s != "" && faults.Len() < maxFaults {
				faults.Add(fmt.Sprintf("line %d, column %s", line, kevColumns[i]), "is %s, want a date", clip(s))
			}
			return t
		}
		x := Exploited{CVE: cell(0), By: "CISA", Vendor: cell(1), Product: cell(2), Name: cell(3), Added: date(4), Summary: cell(5),
			Action: cell(6), Due: date(7), Ransomware: cell(8), Notes: cell(9),
			CWEs: strings.FieldsFunc(cell(10), func(r rune) bool { return strings.ContainsRune(",;| \n\t", r) })}
		if len(x.CWEs) == 0 {
			x.CWEs = nil
		}
		if !IsCVE(x.CVE) && faults.Len() < maxFaults {
			faults.Add(fmt.Sprintf("line %d, column cveID", line), "is %s, want a CVE id", clip(x.CVE))
		}
		cat.Entries = append(cat.Entries, x)
	}
	return cat, faults.Err("cannot be read")
}

// IsCVE says whether s is a CVE id: "CVE-", four digits of the year, "-", four or more digits.
func IsCVE(s string) bool {
	if len(s) < 13 || len(s) > 28 || s[:4] != "CVE-" || s[8] != '-' {
		return false
	}
	for i := 4; i < len(s); i++ {
		if i != 8 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
