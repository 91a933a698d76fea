package fleetfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"triward/internal/problem"
)

// Limits of a fleet file.
const (
	MaxFileBytes = 128 << 20
	MaxRows      = 500_000
	MaxColumns   = 300
	MaxCellBytes = 8 << 10
	MaxCells     = 20_000_000 // in all: each costs memory, also an empty one
	MaxFaults    = 1_000      // of one file; more help nobody
)

// Table is a delimited text file as read: a header and rows of as many cells.
type Table struct {
	Name    string
	Header  []string // trimmed; empty ones are "column 7", repeated ones get a number
	Records []Record
	Notes   []string        // how the file was read, where that was not plain
	Faults  []problem.Fault // rows that could not be read; they are not in Records
}

// Record is one row of a table.
type Record struct {
	Line  int // line of the file at which it begins, from 1
	Cells []string
}

// Read reads a delimited text file as spreadsheets and inventories write them: UTF-8 with or without byte order
// mark, UTF-16, or Windows-1252; comma, semicolon, tab or bar between cells; quotes as in RFC 4180, also doubled; any line
// end. Rows that do not fit the header are faults that name their line. An unreadable file is an Invalid error.
func Read(name string, r io.Reader) (Table, error) {
	t := Table{Name: name}
	raw, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return t, fmt.Errorf("read %q: %w", name, err)
	}
	if len(raw) > MaxFileBytes {
		return t, problem.New(problem.Invalid, "%s is larger than %d MiB", name, MaxFileBytes>>20)
	}
	text, note, err := decode(raw)
	if err != nil {
		return t, problem.New(problem.Invalid, "%s %v", name, err)
	}
	if note != "" {
		t.Notes = append(t.Notes, note)
	}
	s := splitter{text: text, line: 1}
	if first, rest, _ := strings.Cut(text, "\n"); len(strings.TrimSpace(first)) == 5 && strings.HasPrefix(first, "sep=") {
		s = splitter{text: rest, line: 2, comma: first[4]} // written by Excel
	} else {
		s.comma = delimiter(text)
	}
	if err := t.fill(&s); err != nil {
		return t, problem.New(problem.Invalid, "%s: %v", name, err)
	}
	return t, nil
}

func (t *Table) fill(s *splitter) error {
	rows, cells := 0, 0
	for {
		rec, ok := s.next()
		if !ok {
			break
		}
		if rec.blank() {
			continue
		}
		if t.Header == nil {
			if s.fault != "" {
				return fmt.Errorf("row %d: %s", rec.Line, s.fault)
			}
			if len(rec.Cells) > MaxColumns {
				return fmt.Errorf("has more than %d columns", MaxColumns)
			}
			t.Header = names(rec.Cells)
			continue
		}
		if rows++; rows > MaxRows { // with those that have a fault
			return fmt.Errorf("has more than %d rows", MaxRows)
		}
		if why := t.fit(&rec, s.fault); why != "" {
			t.fault(fmt.Sprintf("row %d", rec.Line), why)
			continue
		}
		if cells += len(rec.Cells); cells > MaxCells {
			return fmt.Errorf("row %d: more than %d cells in all", rec.Line, MaxCells)
		}
		t.Records = append(t.Records, rec)
	}
	if t.Header == nil {
		return fmt.Errorf("has no header row")
	}
	return nil
}

func (t *Table) fault(path, reason string) {
	if len(t.Faults) < MaxFaults {
		t.Faults = append(t.Faults, problem.Fault{Path: path, Reason: reason})
	}
}

// fit checks a row against the header. Empty cells too many at its end are dropped.
func (t *Table) fit(rec *Record, fault string) string {
	if fault != "" {
		return fault
	}
	for len(rec.Cells) > len(t.Header) && strings.TrimSpace(rec.Cells[len(rec.Cells)-1]) == "" {
		rec.Cells = rec.Cells[:len(rec.Cells)-1]
	}
	if len(rec.Cells) != len(t.Header) {
		return fmt.Sprintf("has %d cells where the header has %d", len(rec.Cells), len(t.Header))
	}
	return ""
}

func (r Record) blank() bool {
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func names(cells []string) []string {
	out := make([]string, len(cells))
	seen := map[string]bool{}
	for i, c := range cells {
		c = strings.Join(strings.Fields(c), " ")
		if c == "" {
			c = fmt.Sprintf("column %d", i+1)
		}
		n := c
		for k := 2; seen[n]; k++ {
			n = fmt.Sprintf("%s (%d)", c, k)
		}
		seen[n] = true
		out[i] = n
	}
	return out
}

// decode turns bytes into text and says how, where that was not plain UTF-8.
func decode(raw []byte) (text, note string, err error) {
	switch {
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return "", "", fmt.Errorf("is a workbook or an archive, not text: save it as CSV first")
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		text, note = fromUTF16(raw[2:], binary.LittleEndian), "read as UTF-16"
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		text, note = fromUTF16(raw[2:], binary.BigEndian), "read as UTF-16"
	case len(raw) > 3 && raw[1] == 0 && raw[3] == 0 && raw[0] != 0:
		text, note = fromUTF16(raw, binary.LittleEndian), "read as UTF-16 without byte order mark"
	case len(raw) > 3 && raw[0] == 0 && raw[2] == 0 && raw[1] != 0:
		text, note = fromUTF16(raw, binary.BigEndian), "read as UTF-16 without byte order mark"
	case utf8.Valid(raw):
		text = string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	default:
		text, note = fromWindows(raw), "read as Windows-1252, because it is not UTF-8"
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", "", fmt.Errorf("is not a text file: line %d holds a NUL character", 1+strings.Count(text[:at], "\n"))
	}
	return text, note, nil
}

func fromUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// windows are the characters of Windows-1252 from 0x80 to 0x9f; the rest is Latin-1.
var windows = [32]rune{'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ'}

func fromWindows(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/8)
	for _, c := range raw {
		if c >= 0x80 && c <= 0x9f {
			b.WriteRune(windows[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// delimiter is the sign that separates most cells of the first line with text.
func delimiter(text string) byte {
	best, most := byte(','), 0
	count := map[byte]int{}
	quoted := false
	for i := 0; i < len(text) && i < 1<<20; i++ {
		c := text[i]
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if (c == '\n' || c == '\r') && strings.TrimSpace(text[:i]) != "" {
			break
		}
		count[c]++
	}
	for _, c := range []byte{',', ';', '\t', '|'} {
		if count[c] > most {
			best, most = c, count[c]
		}
	}
	return best
}

// splitter cuts text into records.
type splitter struct {
	text  string
	at    int
	line  int
	comma byte
	fault string // of the last record
}

// next reads one record; false at the end of the text.
func (s *splitter) next() (Record, bool) {
	s.fault = ""
	if s.at >= len(s.text) {
		return Record{}, false
	}
	rec := Record{Line: s.line}
	for {
		cell, more := s.cell()
		if len(cell) > MaxCellBytes {
			s.fault = fmt.Sprintf("cell %d is longer than %d bytes", len(rec.Cells)+1, MaxCellBytes)
			cell = ""
		}
		if len(rec.Cells) <= MaxColumns {
			rec.Cells = append(rec.Cells, cell)
		}
		if !more {
			return rec, true
		}
	}
}

// cell reads one cell and reports whether another follows in the record.
func (s *splitter) cell() (string, bool) {
	start := s.at
	if s.at < len(s.text) && s.text[s.at] == '"' {
		return s.quoted()
	}
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case s.comma:
			s.at++
			return s.text[start : s.at-1], true
		case '\n', '\r':
			v := s.text[start:s.at]
			s.endLine()
			return v, false
		default:
			s.at++
		}
	}
	return s.text[start:], false
}

func (s *splitter) endLine() {
	if strings.HasPrefix(s.text[s.at:], "\r\n") {
		s.at++
	}
	s.at++
	s.line++
}

// quoted reads a cell that begins with a quote. What follows the closing quote up to the next comma belongs to the cell.
func (s *splitter) quoted() (string, bool) {
	var b strings.Builder
	begin := s.line
	s.at++
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case c == '"' && strings.HasPrefix(s.text[s.at:], `""`):
			b.WriteByte('"')
			s.at += 2
		case c == '"':
			s.at++
			rest, more := s.tail()
			b.WriteString(rest)
			return b.String(), more
		case c == '\n' || c == '\r':
			s.endLine()
			b.WriteByte('\n')
		default:
			b.WriteByte(c)
			s.at++
		}
	}
	s.fault = fmt.Sprintf("the quote that opens on line %d is not closed", begin)
	return b.String(), false
}

// tail reads what stands between a closing quote and the next comma or line end.
func (s *splitter) tail() (string, bool) {
	start := s.at
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case s.comma:
			s.at++
			return s.text[start : s.at-1], true
		case '\n', '\r':
			v := s.text[start:s.at]
			s.endLine()
			return v, false
		}
		s.at++
	}
	return s.text[start:], false
}
