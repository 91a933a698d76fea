package advisory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
)

// EPSSInfo says which edition of the scores was read.
type EPSSInfo struct {
	Model string    // "v2025.03.14", "" when the file does not say
	Date  time.Time // the day of the scores, zero when the file does not say
	Rows  int
}

const (
	maxEPSSRows = 5_000_000
	maxEPSSLine = 1 << 12
)

// ReadEPSS reads the daily scores of FIRST and calls fn for each row, in the file's order: the form that FIRST publishes
// (a comment with model_version and score_date, a header, commas) and the one with semicolons and no header; plain, gzip
// or Zstandard. It stops at the first fault, which names the line, and at the first error of fn, which it returns as it is.
func ReadEPSS(r io.Reader, fn func(Likelihood) error) (EPSSInfo, error) {
	plain, done, err := unpack(r)
	if err != nil {
		return EPSSInfo{}, problem.About(err, "read EPSS scores")
	}
	defer done()
	lines := bufio.NewReaderSize(plain, 1<<17)
	var info EPSSInfo
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if len(line) > maxEPSSLine || errors.Is(err, bufio.ErrBufferFull) {
			return info, epssFault(n, "is longer than %d bytes", maxEPSSLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return info, epssFault(n, "cannot be read: %v", err)
		}
		end := err != nil
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		line = bytes.TrimRight(line, "\r\n \t")
		switch {
		case len(line) == 0:
		case line[0] == '#':
			info.note(string(line[1:]))
		case info.Rows == 0 && isEPSSHeader(line):
		default:
			row, reason := parseEPSSRow(line)
			if reason != "" {
				return info, epssFault(n, "%s", reason)
			}
			if info.Rows == maxEPSSRows {
				return info, epssFault(n, "is beyond the limit of %d rows", maxEPSSRows)
			}
			info.Rows++
			if err := fn(row); err != nil {
				return info, err
			}
		}
		if end {
			if info.Rows == 0 {
				return info, epssFault(n, "ends the file without any score")
			}
			return info, nil
		}
	}
}

func epssFault(line int, format string, args ...any) error {
	var l problem.List
	l.Add("line "+strconv.Itoa(line), format, args...)
	return l.Err("read EPSS scores: cannot be read")
}

// note reads the comment line: "model_version:v2025.03.14,score_date:2026-08-16T12:55:00Z".
func (info *EPSSInfo) note(s string) {
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), ":")
		switch key {
		case "model_version":
			info.Model = value
		case "score_date":
			info.Date, _ = parseTime(value)
		}
	}
}

func isEPSSHeader(line []byte) bool {
	return len(line) >= 4 && bytes.EqualFold(line[:3], []byte("cve")) && (line[3] == ',' || line[3] == ';')
}

// parseEPSSRow reads one row. Only the CVE id is allocated.
func parseEPSSRow(line []byte) (row Likelihood, reason string) {
	sep := byte(',')
	i := bytes.IndexByte(line, sep)
	if i < 0 {
		sep = ';'
		i = bytes.IndexByte(line, sep)
	}
	if i < 0 {
		return row, "has no separator: " + clip(string(line))
	}
	id, rest := line[:i], line[i+1:]
	j := bytes.IndexByte(rest, sep)
	if j < 0 {
		return row, "has no percentile: " + clip(string(line))
	}
	var ok bool
	if row.Score, ok = parseUnit(rest[:j]); !ok {
		return row, "has the score " + clip(string(rest[:j])) + ", want a number from 0 to 1"
	}
	if row.Percentile, ok = parseUnit(rest[j+1:]); !ok {
		return row, "has the percentile " + clip(string(rest[j+1:])) + ", want a number from 0 to 1"
	}
	row.CVE = string(id)
	if !IsCVE(row.CVE) {
		return row, "begins with " + clip(row.CVE) + ", want a CVE id"
	}
	return row, ""
}

// pow10 are the powers that a float64 holds exactly, so that one division rounds correctly.
var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseUnit reads a number from 0 to 1. Plain decimals of up to 15 digits take the short way.
func parseUnit(b []byte) (float64, bool) {
	var m uint64
	digits, frac := 0, -1
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9' && digits < 15:
			m = m*10 + uint64(c-'0')
			digits++
			if frac >= 0 {
				frac++
			}
		case c == '.' && frac < 0:
			frac = 0
		default:
			f, err := strconv.ParseFloat(string(b), 64)
			return f, err == nil && f >= 0 && f <= 1
		}
	}
	f := float64(m) / pow10[max(frac, 0)]
	return f, digits > 0 && f <= 1
}
