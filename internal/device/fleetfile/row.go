package fleetfile

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/udi"
)

// Limits of what a record holds.
const (
	MaxText  = 300
	MaxUDI   = 500
	MaxValue = 2_000
	MaxFacts = 200
)

// Fact is what a column without a field of its own says.
type Fact struct {
	Name  string
	Value string
}

// Row is one device as a fleet file describes it. Empty fields are not known.
type Row struct {
	Line          int `json:"line"` // of the file
	AssetTag      string
	Vendor        string
	Model         string
	Version       string
	Serial        string
	Lot           string
	Manufactured  time.Time // date
	UDI           string    // as written
	DI            string    // UDI device identifier, from UDI
	IP            []string
	MAC           []string
	Hostname      []string
	AETitle       []string
	Site          string
	Location      string
	Zone          string
	Connectivity  []network.Connectivity
	PatientData   product.Answer
	InUse         product.Answer
	Class         product.SafetyClass
	ClinicalOwner string
	ITOwner       string
	SBOM          string // name of a file
	Facts         []Fact // columns without a field of their own, in the order of the file
}

// Parse reads a fleet file with the columns guessed from its headers. Rows with faults are left out; the faults name
// row and column. It needs no database.
func Parse(name string, r io.Reader) ([]Row, []problem.Fault) {
	t, err := Read(name, r)
	if err != nil {
		if faults := problem.FaultsOf(err); len(faults) > 0 {
			return nil, faults
		}
		return nil, []problem.Fault{{Path: name, Reason: err.Error()}}
	}
	rows, faults := t.Rows(Guess(t.Header))
	return rows, faults
}

// Rows reads every record of the table with a mapping. Records with a fault are left out; the faults, those of the table
// first, name row and column.
func (t Table) Rows(m Mapping) ([]Row, []problem.Fault) {
	out := Table{Faults: slices.Clone(t.Faults)}
	rows := make([]Row, 0, len(t.Records))
	if len(m) != len(t.Header) {
		out.fault("mapping", fmt.Sprintf("names %d columns where the file has %d", len(m), len(t.Header)))
		return nil, out.Faults
	}
	for _, rec := range t.Records {
		p := rowParser{header: t.Header, mapping: m}
		row := p.row(rec)
		if len(p.faults) == 0 {
			rows = append(rows, row)
		}
		for _, f := range p.faults {
			out.fault(f.Path, f.Reason)
		}
	}
	return rows, out.Faults
}

// rowParser reads one record.
type rowParser struct {
	header  []string
	mapping Mapping
	line    int
	column  int
	faults  []problem.Fault
	label   udi.UDI
}

func (p *rowParser) fault(format string, args ...any) {
	at := fmt.Sprintf("row %d", p.line)
	if p.column >= 0 {
		at += ", column " + p.header[p.column]
	}
	p.faults = append(p.faults, problem.Fault{Path: at, Reason: fmt.Sprintf(format, args...)})
}

func (p *rowParser) row(rec Record) Row {
	p.line = rec.Line
	row := Row{Line: rec.Line, PatientData: product.NotKnown, InUse: product.NotKnown, Class: product.ClassNotKnown}
	for i, cell := range rec.Cells {
		p.column = i
		cell = plain(strings.TrimSpace(cell))
		if cell == "" {
			continue
		}
		limit := MaxText
		switch p.mapping[i] {
		case FieldIgnore:
			continue
		case FieldFact, FieldName, FieldIP, FieldMAC, FieldHostname, FieldAETitle:
			limit = MaxValue
		case FieldUDI:
			limit = MaxUDI
		}
		var l problem.List
		if product.Text(&l, "", strings.ReplaceAll(cell, Separator, ""), limit); l.Len() > 0 {
			p.fault("%s", problem.FaultsOf(l.Err(""))[0].Reason)
			continue
		}
		p.cell(&row, p.mapping[i], cell)
	}
	p.column = -1
	p.whole(&row)
	return row
}

// plain takes away the apostrophe that an export puts before what a spreadsheet would run as a formula.
func plain(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte("=+-@\t\r\n", s[1]) >= 0 {
		return s[1:]
	}
	return s
}

// whole checks what no single column can tell.
func (p *rowParser) whole(row *Row) {
	p.fromLabel(row)
	if row.AssetTag == "" && row.Serial == "" && row.UDI == "" && len(row.MAC)+len(row.IP)+len(row.Hostname)+len(row.AETitle) == 0 && len(p.faults) == 0 {
		p.fault("names no device: it has no asset tag, serial number, UDI or network identity")
	}
	if len(row.Facts) > MaxFacts {
		p.fault("has more than %d facts", MaxFacts)
	}
}

func (p *rowParser) cell(row *Row, f Field, s string) {
	if text := row.text(f); text != nil {
		if !Blank(s) || f == FieldVersion && strings.Trim(s, "0") == "" {
			*text = s
		}
		return
	}
	switch f {
	case FieldUDI:
		p.udi(row, s)
	case FieldIP:
		p.identities(&row.IP, network.IP, s)
	case FieldMAC:
		p.identities(&row.MAC, network.MAC, s)
	case FieldHostname:
		p.identities(&row.Hostname, network.Hostname, s)
	case FieldAETitle:
		p.identities(&row.AETitle, network.AETitle, s)
	case FieldName:
		if v, err := network.Canonical(network.Hostname, s); err == nil {
			row.Hostname = appendNew(row.Hostname, v)
		} else {
			p.fact(row, s)
		}
	case FieldManufactured:
		p.date(row, s)
	case FieldConnectivity:
		p.ways(row, s)
	case FieldPatientData:
		p.answer(&row.PatientData, s)
	case FieldInUse:
		p.answer(&row.InUse, s)
	case FieldClass:
		p.class(row, s)
	default:
		p.fact(row, s)
	}
}

// text is where a field that is kept as it is written goes, nil for other fields.
func (row *Row) text(f Field) *string {
	switch f {
	case FieldTag:
		return &row.AssetTag
	case FieldVendor:
		return &row.Vendor
	case FieldModel:
		return &row.Model
	case FieldVersion:
		return &row.Version
	case FieldSerial:
		return &row.Serial
	case FieldLot:
		return &row.Lot
	case FieldSite:
		return &row.Site
	case FieldLocation:
		return &row.Location
	case FieldZone:
		return &row.Zone
	case FieldClinicalOwner:
		return &row.ClinicalOwner
	case FieldITOwner:
		return &row.ITOwner
	case FieldSBOM:
		return &row.SBOM
	}
	return nil
}

func (p *rowParser) fact(row *Row, s string) {
	name := p.header[p.column]
	if len(name) > MaxText {
		name = strings.ToValidUTF8(name[:MaxText], "")
	}
	row.Facts = append(row.Facts, Fact{name, s})
}

func appendNew(list []string, v string) []string {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// identities reads one or several names, separated by semicolon, comma, bar or line; addresses also by blanks.
func (p *rowParser) identities(to *[]string, kind network.IdentityKind, s string) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool {
		return r == ';' || r == ',' || r == '|' || r == '\n' || r == ' ' && (kind == network.IP || kind == network.Hostname)
	}) {
		if Blank(part) {
			continue
		}
		v, err := network.Canonical(kind, part)
		if err != nil {
			p.fault("%v", err)
			continue
		}
		*to = appendNew(*to, v)
		if len(*to) > 100 {
			p.fault("more than 100 names of one device")
			return
		}
	}
}

// dateForms are the ways of writing a date that have one reading.
var dateForms = [...]string{time.DateOnly, "2006/01/02", "20060102", "2006-01", "2006", "02.01.2006", "2.1.2006", "2 Jan 2006", "02-Jan-2006",
	"Jan 2, 2006", time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

func (p *rowParser) date(row *Row, s string) {
	if Blank(s) {
		return
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			t = t.UTC().Truncate(24 * time.Hour)
			var l problem.List
			if product.Date(&l, "", t); l.Len() > 0 {
				p.fault("%s", problem.FaultsOf(l.Err(""))[0].Reason)
				return
			}
			row.Manufactured = t
			return
		}
	}
	p.fault("%q is not a date that has one reading: write YYYY-MM-DD", short(s))
}

func (p *rowParser) answer(to *product.Answer, s string) {
	switch product.Fold(s) {
	case "yes", "y", "true", "t", "1", "x", "in use", "active", "in service", "ja", "oui", "si", "online", "operational", "deployed", "available", "on":
		*to = product.Yes
	case "no", "n", "false", "f", "0", "not in use", "inactive", "out of service", "retired", "spare", "stored", "storage", "in storage", "offline", "nein",
		"non", "decommissioned", "decommissioning", "inventory", "planned", "staged", "failed", "disposed", "removed", "off":
		*to = product.No
	case "unknown", "":
	default:
		if !Blank(s) {
			p.fault("%q is not one of yes, no, unknown", short(s))
		}
	}
}

func (p *rowParser) class(row *Row, s string) {
	if Blank(s) {
		return
	}
	key := strings.ReplaceAll(product.Fold(s), " ", "_")
	switch key {
	case "life_support":
		key = string(product.LifeSupporting)
	case "life_sustain", "life_critical":
		key = string(product.LifeSustaining)
	case "therapy", "treatment":
		key = string(product.Therapeutic)
	case "diagnosis", "imaging":
		key = string(product.Diagnostic)
	case "monitor":
		key = string(product.Monitoring)
	}
	var l problem.List
	if product.OneOf(&l, "", product.SafetyClass(key), product.SafetyClasses()); l.Len() > 0 {
		p.fault("%q: %s", short(s), problem.FaultsOf(l.Err(""))[0].Reason)
		return
	}
	row.Class = product.SafetyClass(key)
}

func (p *rowParser) ways(row *Row, s string) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == ',' || r == '|' || r == '+' || r == '\n' }) {
		if w := strings.TrimSpace(part); w == "" || Blank(w) && product.Fold(w) != "none" {
			continue
		}
		key := network.Connectivity(strings.ReplaceAll(product.Fold(part), " ", "_"))
		switch key {
		case "lan", "network", "wired", "ethernet", "private", "intranet":
			key = network.PrivateNetwork
		case "wifi", "wi_fi", "wlan", "bluetooth":
			key = network.Wireless
		case "serial", "usb", "direct":
			key = network.PointToPoint
		case "remote", "vpn", "vendor_remote", "remote_access":
			key = network.RemoteService
		case "web", "cloud", "public":
			key = network.Internet
		case "standalone", "stand_alone", "not_connected", "no", "offline":
			key = network.NoConnection
		}
		if !slices.Contains(network.Connectivities(), key) {
			p.fault("%q is not a way of being connected (%s)", short(part), network.JoinWays(network.Connectivities()))
			continue
		}
		if !slices.Contains(row.Connectivity, key) {
			row.Connectivity = append(row.Connectivity, key)
		}
	}
	slices.Sort(row.Connectivity)
	if len(row.Connectivity) > 1 && slices.Contains(row.Connectivity, network.NoConnection) {
		p.fault("none stands alone")
	}
}

// short is a text for a message.
func short(s string) string {
	if len(s) <= 60 {
		return s
	}
	n := 57
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// Mark is an asset tag or serial number as it is compared: upper case without blanks. Other signs count: 1-12 is not 11-2.
func Mark(s string) string {
	s = strings.ToUpper(strings.Join(strings.Fields(s), ""))
	if Blank(s) {
		return ""
	}
	return s
}

// Blank reports whether a text only says that nothing is known ("n/a", "unknown", "-").
func Blank(s string) bool {
	switch strings.ToLower(strings.Trim(s, " \t.-_?*")) {
	case "", "n/a", "na", "n.a", "none", "null", "nil", "unknown", "unbekannt", "tbd", "not available", "not known", "notavailable", "notknown", "xxx", "0", "00", "000", "0000":
		return true
	}
	return false
}
