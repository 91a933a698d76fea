package fleetfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"triward/internal/fhir"
	"triward/internal/problem"
)

// Format is how a file tells of a fleet.
type Format string

// The closed list of formats.
const (
	Delimited Format = "table" // CSV of an inventory, a NetBox export
	FHIR      Format = "fhir"  // R4 Device, Bundle or NDJSON
)

// Source is a fleet as read from a file.
type Source struct {
	Name   string
	Format Format
	Table  Table    // of a delimited file; its columns are to be mapped
	Notes  []string // how the file was read, where that was not plain

	rows   []Row
	faults []problem.Fault
}

// Open reads a fleet file of any format, which its first characters tell, whatever it is called. An unreadable file is an
// Invalid error.
func Open(name string, r io.Reader) (Source, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return Source{}, fmt.Errorf("read %q: %w", name, err)
	}
	if !isFHIR(head) {
		t, err := Read(name, b)
		return Source{Name: name, Format: Delimited, Table: t, Notes: t.Notes}, err
	}
	body, err := io.ReadAll(io.LimitReader(b, MaxFileBytes+1))
	if err != nil {
		return Source{}, fmt.Errorf("read %q: %w", name, err)
	}
	res, err := fhir.ReadWithin(fhir.Limits{Bytes: MaxFileBytes}, name, body)
	if err != nil {
		return Source{}, err
	}
	s := Source{Name: name, Format: FHIR, Notes: leftOut(res)}
	s.rows, s.faults = FromFHIR(res)
	return s, nil
}

// Rows are the rows that can be imported, and the faults of the others. The mapping is for the columns of a table.
func (s Source) Rows(m Mapping) ([]Row, []problem.Fault) {
	if s.Format == Delimited {
		return s.Table.Rows(m)
	}
	return s.rows, s.faults
}

// sniffed is how much of a file tells its format, in bytes.
const sniffed = 4 << 10

// isFHIR reports whether a file begins like JSON or XML. A header of a table may begin with a bracket, but no JSON
// object follows it there. XML goes to the FHIR reader, which says what to send instead.
func isFHIR(head []byte) bool {
	const blank = " \t\r\n"
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte{0xEF, 0xBB, 0xBF}), blank)
	if len(head) == 0 {
		return false
	}
	next := bytes.TrimLeft(head[1:], blank)
	if len(next) == 0 {
		return head[0] == '{'
	}
	switch head[0] {
	case '{':
		return next[0] == '"' || next[0] == '}'
	case '[':
		return next[0] == '{' || next[0] == ']'
	case '<':
		return bytes.HasPrefix(head, []byte("<?xml")) || bytes.Contains(head, []byte("http://hl7.org/fhir"))
	}
	return false
}

// leftOut says which resources were not read.
func leftOut(res fhir.Result) []string {
	var out []string
	for kind, n := range res.Skipped {
		out = append(out, fmt.Sprintf("read without %d %s, which is no device", n, kind))
	}
	slices.Sort(out)
	return out
}
