package api

import (
	"reflect"
	"time"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// date is a day as text, "" for the zero time.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// day is the day of a text that was checked to be one; zero for "".
func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// endOfDay is the last instant of a day, zero for "".
func endOfDay(s string) time.Time {
	t := day(s)
	if t.IsZero() {
		return t
	}
	return t.Add(24*time.Hour - time.Microsecond)
}
