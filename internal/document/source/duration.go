package source

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of time as ISO 8601 writes it (ISO 8601-1 5.5.2): PT1H, P30D, P12M, P1DT12H. Months and years follow
// the calendar.
type Duration string

var durationForm = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,4})S)?)?$`)

// units are the parts of a duration in their order.
var units = []string{"year", "month", "week", "day", "hour", "minute", "second"}

const dayPart = 3

// wholeDays tells durations that are a number of days and nothing else.
func (d Duration) wholeDays() bool {
	p, ok := d.parts()
	return ok && p == [7]int{dayPart: p[dayPart]}
}

// parts are the numbers of a duration in the order of units; false when it is not one, or is zero.
func (d Duration) parts() ([7]int, bool) {
	var out [7]int
	m := durationForm.FindStringSubmatch(string(d))
	if m == nil || strings.HasSuffix(string(d), "T") {
		return out, false
	}
	long := false
	for i := range out {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(m[i+1])
		if err != nil {
			return out, false
		}
		out[i] = n
		long = long || n > 0
	}
	return out, long
}

// Valid tells whether the duration is well formed and longer than nothing.
func (d Duration) Valid() bool {
	_, ok := d.parts()
	return ok
}

// After is the instant that lies the duration after t; t itself when the duration is not valid.
func (d Duration) After(t time.Time) time.Time { return d.move(t, 1) }

// Before is the instant that lies the duration before t; t itself when the duration is not valid.
func (d Duration) Before(t time.Time) time.Time { return d.move(t, -1) }

func (d Duration) move(t time.Time, sign int) time.Time {
	p, ok := d.parts()
	if !ok {
		return t
	}
	t = t.AddDate(sign*p[0], sign*p[1], sign*(7*p[2]+p[3]))
	return t.Add(time.Duration(sign) * (time.Duration(p[4])*time.Hour + time.Duration(p[5])*time.Minute + time.Duration(p[6])*time.Second))
}

// Words is how people read a duration: "1 hour", "30 days", "1 day 12 hours".
func (d Duration) Words() string {
	p, ok := d.parts()
	if !ok {
		return string(d)
	}
	var out []string
	for i, n := range p {
		switch {
		case n == 1:
			out = append(out, "1 "+units[i])
		case n > 1:
			out = append(out, strconv.Itoa(n)+" "+units[i]+"s")
		}
	}
	return strings.Join(out, " ")
}

// retentionForm is how long a record is kept: one term, or the longest of several.
var retentionForm = regexp.MustCompile(`^(?:[\w]+|max\([\w]+(?:, ?[\w]+)+\))$`)

// validRetention tells whether a retention rule is made of known terms.
func validRetention(s string) bool {
	if !retentionForm.MatchString(s) {
		return false
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(s, "max("), ")")
	for term := range strings.SplitSeq(inner, ",") {
		if term = strings.TrimSpace(term); term != "device_lifetime" && !Duration(term).Valid() {
			return false
		}
	}
	return true
}
