package incident

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Holiday is a day on which an authority does not work, as the organisation entered it. The holidays of US federal
// authorities and of England and Wales are known already; those of member states of the EU and of others are not.
type Holiday struct {
	Entity    string // name of the legal entity whose authority it is; "" for all
	Calendar  string // see [Calendars]
	Day       string // YYYY-MM-DD
	Name      string
	ActorName string
	At        time.Time
}

// Calendars are the names of the calendars that duties are counted by.
func Calendars() ([]string, error) {
	duties, err := content.Duties()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, d := range duties {
		if d.Calendar != "" {
			seen[d.Calendar] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

const maxHolidays = 400

// HolidayYear are the days of one year on which an authority does not work.
type HolidayYear struct {
	Entity, Calendar string // as of [Holiday]
	Year             string // "2027"
	Days             []Day
	Reason           string // where they were read
}

// Day is a day of a year with its name.
type Day struct{ Day, Name string }

// SetHolidays replaces the days of one year of a calendar. Clocks follow from it at once. It needs a reason, because latest
// instants move.
func (c Cases) SetHolidays(ctx context.Context, y HolidayYear) error {
	y.Entity, y.Reason = strings.TrimSpace(y.Entity), strings.TrimSpace(y.Reason)
	if err := y.validate(); err != nil {
		return err
	}
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM incident_holiday WHERE calendar = $1 AND entity = $2 AND day >= $3 AND day <= $4`, y.Calendar, y.Entity, y.Year+"-01-01", y.Year+"-12-31"); err != nil {
			return err
		}
		var said []string
		for _, d := range y.Days {
			if _, err := tx.Exec(ctx, `INSERT INTO incident_holiday (entity, calendar, day, name, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6)`,
				y.Entity, y.Calendar, d.Day, strings.TrimSpace(d.Name), me.Name, store.Micros(tx.Now)); err != nil {
				return err
			}
			said = append(said, strings.TrimSpace(d.Day+" "+d.Name))
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindCalendarSet, Subject: y.Calendar, Body: Body{Of: y.Entity, Reason: y.Reason, Changes: []Change{{y.Year, "", strings.Join(said, "; ")}}}})
		return err
	})
}

func (y HolidayYear) validate() error {
	var l problem.List
	if _, err := time.Parse("2006", y.Year); err != nil {
		l.Add("year", "must be a year, as 2027")
	}
	known, err := Calendars()
	if err != nil {
		return err
	}
	if !slices.Contains(known, y.Calendar) {
		l.Add("calendar", "must be one of %s", strings.Join(known, ", "))
	}
	within(&l, "entity", y.Entity, maxTitle)
	if y.Reason == "" {
		l.Add("reason", "is required: latest lawful instants move; say where the days were read")
	}
	within(&l, "reason", y.Reason, maxText)
	days := y.Days
	if len(days) > maxHolidays {
		l.Add("days", "are %d, at most %d", len(days), maxHolidays)
		days = nil
	}
	seen := map[string]bool{}
	for _, d := range days {
		t, err := time.Parse(time.DateOnly, d.Day)
		switch {
		case err != nil:
			l.Add("days", "%q is no day, as 2027-05-01", d.Day)
		case t.Format("2006") != y.Year:
			l.Add("days", "%s is not in %s", d.Day, y.Year)
		case seen[d.Day]:
			l.Add("days", "%s is there twice", d.Day)
		}
		seen[d.Day] = true
		within(&l, "days", d.Name, maxTitle)
	}
	return l.Err("the holidays cannot be kept")
}

// Holidays reads the days that were entered, by calendar, legal entity and day.
func Holidays(ctx context.Context, r store.Reader) ([]Holiday, error) {
	return store.All(ctx, r, func(s store.Scanner) (Holiday, error) {
		var h Holiday
		var at int64
		err := s.Scan(&h.Entity, &h.Calendar, &h.Day, &h.Name, &h.ActorName, &at)
		h.At = store.Time(at)
		return h, err
	}, `SELECT entity, calendar, day, name, actor_name, at FROM incident_holiday ORDER BY calendar, entity, day LIMIT 20000`)
}

// withHolidays gives each legal entity the days that were entered for it and for all.
func withHolidays(ctx context.Context, r store.Reader, who []Entity) ([]Entity, error) {
	days, err := Holidays(ctx, r)
	if err != nil || len(days) == 0 {
		return who, err
	}
	for i := range who {
		all := maps.Clone(who[i].Holidays)
		if all == nil {
			all = map[string][]string{}
		}
		for _, h := range days {
			if h.Entity == "" || strings.EqualFold(h.Entity, who[i].Name) {
				all[h.Calendar] = append(slices.Clone(all[h.Calendar]), h.Day)
			}
		}
		who[i].Holidays = all
	}
	return who, nil
}
