package syslog

import (
	"strings"
	"time"
)

// Clock is a time as it was written: on the calendar, with the zone if there is one.
type Clock struct {
	year             int // 0: not written
	month, day       int
	hour, minute     int
	second, fraction int // fraction in µs; digits below are cut
	offset           int // seconds east of UTC
	HasZone          bool
}

// In is the instant in µs UTC. A time without a zone is read in the source's; nil: in UTC, which the caller must mark.
func (c Clock) In(zone *time.Location) int64 {
	µs, _ := c.instant(zone)
	return µs
}

// HasYear is whether the year was written.
func (c Clock) HasYear() bool { return c.year != 0 }

func (c Clock) instant(zone *time.Location) (µs int64, g Guess) {
	if !c.HasZone && zone != nil {
		return time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, c.fraction*1000, zone).UnixMicro(), 0
	}
	if !c.HasZone {
		g = AssumedZone
	}
	s := days(c.year, c.month, c.day)*86400 + int64(c.hour*3600+c.minute*60+c.second-c.offset)
	return s*1e6 + int64(c.fraction), g
}

// nearest takes the last year in which the time is not later than a day after receipt; a clock may run ahead a little,
// a year it may not.
func (c Clock) nearest(from Source) (int64, Guess) {
	if from.Received == 0 {
		return 0, 0
	}
	const day = 86400 * 1e6
	c.year = time.UnixMicro(from.Received).UTC().Year() + 1
	for range 10 { // 29 February: up to 8 years back
		if c.day <= daysIn(c.year, c.month) {
			if µs, g := c.instant(from.Zone); µs <= from.Received+day {
				return µs, g | GuessedYear
			}
		}
		c.year--
	}
	return 0, 0
}

// days since 1970-01-01 in the Gregorian calendar.
func days(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return int64(365*y+y/4-y/100+y/400+(153*(m-3)+2)/5+d-1) - 719468
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// ParseTime reads a time of RFC 3339, ISO 8601 or xs:dateTime at the begin of s: date, "T" or one space, time, any number
// of digits of a second behind a point or a comma, and a zone as Z, +hh:mm, +hhmm or +hh, or none. rest is what follows.
func ParseTime(s string) (c Clock, rest string, ok bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' && s[10] != 't' {
		return c, s, false
	}
	var good bool
	if c.year, good = number(s[:4]); !good || c.year == 0 {
		return c, s, false
	}
	month, ok1 := number(s[5:7])
	day, ok2 := number(s[8:10])
	if !ok1 || !ok2 || month < 1 || month > 12 || day < 1 || day > daysIn(c.year, month) {
		return c, s, false
	}
	c.month, c.day = month, day
	if rest, ok = c.clock(s[11:]); !ok {
		return c, s, false
	}
	rest = c.zone(rest)
	return c, rest, true
}

// clock reads hh:mm:ss with a fraction.
func (c *Clock) clock(s string) (rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return s, false
	}
	h, ok1 := number(s[:2])
	m, ok2 := number(s[3:5])
	sec, ok3 := number(s[6:8])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || sec > 60 {
		return s, false
	}
	c.hour, c.minute, c.second = h, m, sec
	s = s[8:]
	if len(s) < 2 || s[0] != '.' && s[0] != ',' || s[1] < '0' || s[1] > '9' {
		return s, true
	}
	i, unit := 1, 100_000
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		c.fraction += int(s[i]-'0') * unit
		unit /= 10
	}
	return s[i:], true
}

func (c *Clock) zone(s string) (rest string) {
	if s == "" {
		return s
	}
	if s[0] == 'Z' || s[0] == 'z' {
		c.HasZone = true
		return s[1:]
	}
	if s[0] != '+' && s[0] != '-' || len(s) < 3 {
		return s
	}
	h, ok := number(s[1:3])
	if !ok || h > 23 {
		return s
	}
	rest = s[3:]
	m := 0
	if len(rest) >= 3 && rest[0] == ':' {
		if v, ok := number(rest[1:3]); ok && v < 60 {
			m, rest = v, rest[3:]
		}
	} else if len(rest) >= 2 {
		if v, ok := number(rest[:2]); ok && v < 60 {
			m, rest = v, rest[2:]
		}
	}
	c.offset = h*3600 + m*60
	if s[0] == '-' {
		c.offset = -c.offset
	}
	c.HasZone = true
	return rest
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// ParseLegacyTime reads the time of RFC 3164 at the begin of s: "Mmm dd [yyyy] hh:mm:ss[.fraction] [UTC|GMT|Z]".
func ParseLegacyTime(s string) (c Clock, rest string, ok bool) {
	if len(s) < 14 || s[3] != ' ' {
		return c, s, false
	}
	at := strings.Index(months, s[:3])
	if at < 0 || at%3 != 0 {
		return c, s, false
	}
	c.month = at/3 + 1
	rest = strings.TrimLeft(s[4:], " ")
	if c.day, rest, ok = leading(rest, 2); !ok || c.day < 1 || c.day > 31 {
		return c, s, false
	}
	rest = strings.TrimLeft(rest, " ")
	if y, after, isYear := leading(rest, 4); isYear && y >= 1000 && strings.HasPrefix(after, " ") {
		c.year, rest = y, after[1:]
	}
	if c.year != 0 && c.day > daysIn(c.year, c.month) || c.year == 0 && c.day > daysIn(4, c.month) {
		return c, s, false
	}
	if rest, ok = c.clock(rest); !ok {
		return c, s, false
	}
	for _, name := range []string{" UTC", " GMT", " Z"} {
		if after, cut := strings.CutPrefix(rest, name); cut && (after == "" || after[0] == ' ' || after[0] == ':') {
			c.HasZone = true
			return c, after, true
		}
	}
	return c, rest, true
}

// leading reads up to n digits.
func leading(s string, n int) (v int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < n && s[i] >= '0' && s[i] <= '9' {
		v = v*10 + int(s[i]-'0')
		i++
	}
	return v, s[i:], i > 0
}

func number(s string) (v int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	return v, true
}
