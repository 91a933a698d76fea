package clock

import "time"

// Calendar knows the days on which an authority works.
type Calendar struct {
	Name     string          // us-federal, uk, eu, weekends
	Holidays map[string]bool // further days without work, YYYY-MM-DD, entered for the authority's place
}

// Works says whether the authority works on the day of t in t's zone.
func (c Calendar) Works(t time.Time) bool {
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return false
	}
	if c.Holidays[t.Format(time.DateOnly)] {
		return false
	}
	switch c.Name {
	case "us-federal":
		return !usFederal(t)
	case "uk":
		return !ukBank(t)
	}
	return true
}

// usFederal says whether t is a federal holiday (5 USC 6103), on the day it is kept: a Saturday's on the Friday before, a
// Sunday's on the Monday after.
func usFederal(t time.Time) bool {
	fixed := func(m time.Month, day, since int) bool {
		for _, year := range []int{t.Year(), t.Year() + 1} { // New Year's Day may be kept on 31 December
			h := time.Date(year, m, day, 0, 0, 0, 0, t.Location())
			switch h.Weekday() {
			case time.Saturday:
				h = h.AddDate(0, 0, -1)
			case time.Sunday:
				h = h.AddDate(0, 0, 1)
			}
			if year >= since && sameDay(h, t) {
				return true
			}
		}
		return false
	}
	return fixed(time.January, 1, 0) || fixed(time.June, 19, 2021) || fixed(time.July, 4, 0) || fixed(time.November, 11, 0) || fixed(time.December, 25, 0) ||
		nth(t, time.January, time.Monday, 3) || nth(t, time.February, time.Monday, 3) || last(t, time.May, time.Monday) ||
		nth(t, time.September, time.Monday, 1) || nth(t, time.October, time.Monday, 2) || nth(t, time.November, time.Thursday, 4)
}

// ukBank says whether t is a bank holiday of England and Wales by rule; days proclaimed once are entered as further holidays.
func ukBank(t time.Time) bool {
	at := func(m time.Month, day int) time.Time { return time.Date(t.Year(), m, day, 0, 0, 0, 0, t.Location()) }
	monday := func(h time.Time) time.Time { // the first Monday after a week-end
		for h.Weekday() == time.Saturday || h.Weekday() == time.Sunday {
			h = h.AddDate(0, 0, 1)
		}
		return h
	}
	christmas, boxing := at(time.December, 25), at(time.December, 26)
	switch christmas.Weekday() { // two days off follow the week-end that one of them falls on
	case time.Friday:
		boxing = at(time.December, 28)
	case time.Saturday:
		christmas, boxing = at(time.December, 27), at(time.December, 28)
	case time.Sunday:
		christmas = at(time.December, 27)
	}
	easter := easterSunday(t.Year(), t.Location())
	return sameDay(t, monday(at(time.January, 1))) || sameDay(t, easter.AddDate(0, 0, -2)) || sameDay(t, easter.AddDate(0, 0, 1)) ||
		nth(t, time.May, time.Monday, 1) || last(t, time.May, time.Monday) || last(t, time.August, time.Monday) ||
		sameDay(t, christmas) || sameDay(t, boxing)
}

// easterSunday is the day of Easter in the Gregorian calendar, by the epact of the year's place in the cycle of the moon.
func easterSunday(year int, zone *time.Location) time.Time {
	golden := year % 19
	century, rest := year/100, year%100
	correction := (century - (century+8)/25 + 1) / 3
	moon := (19*golden + century - century/4 - correction + 15) % 30
	weekday := (32 + 2*(century%4) + 2*(rest/4) - moon - rest%4) % 7
	late := (golden + 11*moon + 22*weekday) / 451
	n := moon + weekday - 7*late + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, zone)
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

func nth(t time.Time, m time.Month, day time.Weekday, n int) bool {
	return t.Month() == m && t.Weekday() == day && (t.Day()-1)/7 == n-1
}

func last(t time.Time, m time.Month, day time.Weekday) bool {
	return t.Month() == m && t.Weekday() == day && t.AddDate(0, 0, 7).Month() != m
}
