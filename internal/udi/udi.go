package udi

import (
	"fmt"
	"strings"

	"triward/internal/problem"
)

// Agency is an issuing agency.
type Agency string

// The closed list of agencies, in the words of GUDID and FHIR.
const (
	GS1    Agency = "GS1"
	HIBCC  Agency = "HIBCC"
	ICCBBA Agency = "ICCBBA"
)

// Date is a date on a label. Day 0 means that only the month is given, which stands for its last day (GS1 General
// Specifications 3.4). Hour is -1 where none is given. The zero Date is no date.
type Date struct{ Year, Month, Day, Hour int }

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String is "2026-11-23", "2026-11" or "2026-11-23 14h".
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	case d.Hour >= 0:
		return fmt.Sprintf("%04d-%02d-%02d %02dh", d.Year, d.Month, d.Day, d.Hour)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// LastDay is the date with the last day of its month in place of a day that is not given.
func (d Date) LastDay() Date {
	if !d.IsZero() && d.Day == 0 {
		d.Day = daysIn(d.Year, d.Month)
	}
	return d
}

// UDI is what a carrier says.
type UDI struct {
	Agency       Agency
	DI           string // device identifier: GTIN-14, HIBC LIC+PCN+unit, ISBT 128 processor product identification code
	Model        string // HIBC product or catalogue number, which manufacturers use for version or model
	Lot          string
	Serial       string
	Manufactured Date
	Expires      Date
	Donation     string // donation identification number (ISBT 128)
	Software     string // GS1 AI 8012
	Verified     bool   // a check character was present and right
	Elements     []Element
}

// Element is one piece of the carrier in its order: GS1 application identifier, HIBC or ISBT 128 flag, and its value.
type Element struct {
	ID    string
	Value string
	At    int // place of the value, counted from 1
}

const maxCarrier = 1000

// Parse reads a carrier or a bare device identifier. The error is of kind problem.Invalid and lists every fault by place;
// the result then holds what could be read.
func Parse(text string) (UDI, error) {
	r := reader{}
	s := strings.TrimRight(text, " \r\n\t")
	skip := len(s) - len(strings.TrimLeft(s, " \r\n\t"))
	r.at = skip
	s = s[skip:]
	if strings.HasPrefix(s, "+") && strings.HasPrefix(text[skip+len(s):], " ") { // the check character of HIBC may be a space
		if c, _ := hibcCheck(s); c == ' ' {
			s += " "
		}
	}
	switch {
	case s == "":
		r.fault(0, "is empty")
	case len(s) > maxCarrier:
		r.fault(maxCarrier, "the carrier has %d characters: at most %d", len(s), maxCarrier)
	default:
		r.read(s)
	}
	return r.out, r.list.Err("UDI %q", clip(text))
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// A reader collects the result and the faults of one carrier. at is added to places.
type reader struct {
	out  UDI
	list problem.List
	at   int
}

func (r *reader) fault(i int, format string, args ...any) {
	r.list.Add(fmt.Sprintf("character %d", r.at+i+1), format, args...)
}

func (r *reader) element(id, value string, i int) {
	r.out.Elements = append(r.out.Elements, Element{ID: id, Value: value, At: r.at + i + 1})
}

// set fills a field once; a second, different value is a fault.
func (r *reader) set(field *string, value string, i int) {
	if *field != "" && *field != value {
		r.fault(i, "gives %q where %q was given before", value, *field)
		return
	}
	*field = value
}

// read decides by the first characters which agency's rules apply.
func (r *reader) read(s string) {
	switch {
	case s[0] == '+' || strings.HasPrefix(s, "*+"):
		r.hibc(s)
	case len(s) > 1 && (s[0] == '=' || s[0] == '&'):
		r.isbt(s)
	case s[0] == '(' || s[0] == ']' || s[0] == separator:
		r.gs1(s)
	case digits(s) && (len(s) == 14 || len(s) == 13 || len(s) == 12 || len(s) == 8):
		r.out.Agency = GS1
		r.gtin(strings.Repeat("0", 14-len(s))+s, 0)
		r.element("01", s, 0)
	case len(s) >= 16 && digits(s[:2]):
		r.gs1(s)
	case r.bare(s):
	default:
		r.fault(0, "is neither a GS1, HIBCC or ICCBBA carrier nor a device identifier")
	}
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func alnum(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func number(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func century(yy int) int {
	if yy >= 80 {
		return 1900 + yy
	}
	return 2000 + yy
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// day makes a date and faults one that the calendar does not have.
func (r *reader) day(d Date, i int) Date {
	switch {
	case d.Month < 1 || d.Month > 12:
		r.fault(i, "month %02d does not exist", d.Month)
	case d.Day > daysIn(d.Year, d.Month):
		r.fault(i, "day %02d does not exist in %04d-%02d", d.Day, d.Year, d.Month)
	case d.Hour > 23:
		r.fault(i, "hour %02d does not exist", d.Hour)
	default:
		return d
	}
	return Date{}
}

// ordinal makes a date of a year and the day within it.
func (r *reader) ordinal(year, n, i int) Date {
	length := 365 + daysIn(year, 2) - 28
	if n < 1 || n > length {
		r.fault(i, "day %03d does not exist in %04d", n, year)
		return Date{}
	}
	month := 1
	for n > daysIn(year, month) {
		n -= daysIn(year, month)
		month++
	}
	return Date{year, month, n, -1}
}
