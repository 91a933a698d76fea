package clock

import (
	"math/rand/v2"
	"testing"
	"time"

	"triward/internal/content"
)

// starts are random instants, many of them near a change of the clocks, the end of February, or the end of a year, where counting
// goes wrong first.
func starts(rnd *rand.Rand) time.Time {
	year := 2024 + rnd.IntN(20)
	near := []time.Time{
		time.Date(year, time.March, 8+rnd.IntN(24), 0, 0, 0, 0, time.UTC),    // clocks go forward in America and Europe
		time.Date(year, time.October, 20+rnd.IntN(20), 0, 0, 0, 0, time.UTC), // and back
		time.Date(year, time.February, 27, 0, 0, 0, 0, time.UTC),
		time.Date(year-year%4, time.February, 28, 0, 0, 0, 0, time.UTC),
		time.Date(year, time.December, 22, 0, 0, 0, 0, time.UTC),
		time.Date(year, time.Month(1+rnd.IntN(12)), 1+rnd.IntN(31), 0, 0, 0, 0, time.UTC),
	}
	return near[rnd.IntN(len(near))].Add(time.Duration(rnd.IntN(4*86400)) * time.Second)
}

func holidays(rnd *rand.Rand, d content.Duty, start time.Time) map[string][]string {
	var out []string
	for range rnd.IntN(12) {
		out = append(out, start.AddDate(0, 0, rnd.IntN(80)).Format(time.DateOnly))
	}
	return map[string][]string{d.Calendar: out}
}

// slowly counts the latest instant day by day, from noon to noon on the civil calendar: another way than latest goes.
func slowly(d content.Duty, s content.Stage, start time.Time, days []string) time.Time {
	off := map[string]bool{}
	for _, day := range days {
		off[day] = true
	}
	civil := func(y int, m time.Month, day int) time.Time { return time.Date(y, m, day, 12, 0, 0, 0, time.UTC) }
	works := func(t time.Time) bool { return !off[t.Format(time.DateOnly)] && (Calendar{Name: d.Calendar}).Works(t) }
	last := func(t time.Time) time.Time { // the second before the next day begins in the authority's zone
		next := t.Add(24 * time.Hour)
		return time.Date(next.Year(), next.Month(), next.Day(), 0, 0, 0, 0, start.Location()).Add(-time.Second)
	}
	first := civil(start.Year(), start.Month(), start.Day())
	end, work := first, 0
	step := func() {
		if end = end.Add(24 * time.Hour); works(end) {
			work++
		}
	}
	switch s.Unit {
	case "hour":
		return start.Add(time.Duration(s.Length) * time.Hour)
	case "work_day":
		for work < s.Length {
			step()
		}
		return last(end)
	case "calendar_day":
		for range s.Length {
			step()
		}
	case "month":
		for end.Month() == first.Month() || end.Day() < first.Day() {
			if next := end.Add(24 * time.Hour); next.Day() == 1 && end.Month() != first.Month() {
				break // the month is too short for the day
			}
			step()
		}
	}
	for d.Calendar == "eu" && (!works(end) || s.Length*map[string]int{"calendar_day": 1, "month": 28}[s.Unit] >= 2 && work < 2) {
		step()
	}
	return last(end)
}

// Against a counter that goes day by day, with several holidays; the same instant told in another zone gives the same latest
// instant; a later awareness never gives an earlier one; days end on a day of work where the law moves them.
func TestLatestAgreesWithCountingDayByDay(t *testing.T) {
	all := duties(t)
	rnd := rand.New(rand.NewPCG(3, 29))
	zones := []string{"UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe"}
	for range 3_000 {
		d := all[rnd.IntN(len(all))]
		d.Delay = ""
		zone, err := time.LoadLocation(d.Zone)
		if err != nil {
			t.Fatal(err)
		}
		start := starts(rnd)
		days := holidays(rnd, d, start)
		evaluate := func(at time.Time) []Clock {
			e := everywhere(d, at)
			e.Holidays = days
			out, err := Evaluate([]content.Duty{d}, e, at)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		far, err := time.LoadLocation(zones[rnd.IntN(len(zones))])
		if err != nil {
			t.Fatal(err)
		}
		told, later := evaluate(start.In(far)), evaluate(start.Add(time.Duration(rnd.IntN(72*3600))*time.Second))
		for i, c := range evaluate(start) {
			if !told[i].Latest.Equal(c.Latest) {
				t.Fatalf("%s/%s from %v: told in %v it is %v, not %v", d.ID, c.Stage.ID, start, far, told[i].Latest, c.Latest)
			}
			if later[i].Latest.Before(c.Latest) {
				t.Fatalf("%s/%s: a later start than %v gives %v, before %v", d.ID, c.Stage.ID, start, later[i].Latest, c.Latest)
			}
			if c.Stage.Length == 0 {
				continue
			}
			if want := slowly(d, c.Stage, c.Start.In(zone), days[d.Calendar]); !c.Latest.Equal(want) {
				t.Fatalf("%s/%s from %v with %v: %v, counted %v", d.ID, c.Stage.ID, c.Start, days, c.Latest, want)
			}
			moved := d.Calendar == "eu" && c.Stage.Unit != "hour" || c.Stage.Unit == "work_day"
			if kept := (calendar(d, Entity{Holidays: days})); moved && !kept.Works(c.Latest) {
				t.Fatalf("%s/%s ends on %v, on which nobody works", d.ID, c.Stage.ID, c.Latest)
			}
		}
	}
}
