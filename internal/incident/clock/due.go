package clock

import (
	"time"

	"triward/internal/content"
)

// latest is the last lawful instant of a stage that runs from start, in the authority's zone; zero for a stage that is due
// without delay and has no last instant.
func latest(s content.Stage, start time.Time, c Calendar) time.Time {
	switch s.Unit {
	case "hour":
		return start.Add(time.Duration(s.Length) * time.Hour)
	case "calendar_day":
		return endOfDay(c.roll(start, plusDays(start, s.Length), s.Length))
	case "month":
		return endOfDay(c.roll(start, plusMonths(start, s.Length), 28*s.Length))
	case "work_day":
		day := start
		for left := s.Length; left > 0; {
			day = plusDays(day, 1)
			if c.Works(day) {
				left--
			}
		}
		return endOfDay(day)
	}
	return time.Time{}
}

// roll applies Regulation 1182/71 to a period of days in the EU: one that ends on a day without work ends with the next day
// of work (Article 3(4)), and one of two days or more has at least two days of work in it (Article 3(5)). Elsewhere the
// period ends where it ends.
func (c Calendar) roll(start, day time.Time, length int) time.Time {
	if c.Name != "eu" {
		return day
	}
	work := 0
	for d := plusDays(start, 1); !d.After(day); d = plusDays(d, 1) {
		if c.Works(d) {
			work++
		}
	}
	for !c.Works(day) || length >= 2 && work < 2 {
		day = plusDays(day, 1)
		if c.Works(day) {
			work++
		}
	}
	return day
}

// plusDays is the same time of day some days later on the calendar.
func plusDays(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) }

// plusMonths is the same day of a later month, or the last day of a month that is too short for it.
func plusMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 12, 0, 0, 0, t.Location())
	end := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), end)-1)
}

// endOfDay is the last second of t's day in t's zone, also of a day that has 23 or 25 hours.
func endOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location()).Add(-time.Second)
}
