package reading

import (
	"strings"
	"time"

	"triward/internal/eventlog"
)

// Words says in words which events a query names: for lists of holds and of what was looked for.
func Words(q eventlog.Query) string {
	var parts []string
	if q.Text != "" {
		parts = append(parts, q.Text)
	}
	for _, c := range q.Where {
		parts = append(parts, c.Field+" "+string(c.Op)+" "+strings.Join(c.Values, " or "))
	}
	if len(parts) == 0 {
		parts = append(parts, "all events")
	}
	for _, t := range []struct {
		word string
		at   int64
	}{{"from", q.From}, {"until", q.To}} {
		if t.at != 0 {
			parts = append(parts, t.word+" "+time.UnixMicro(t.at).UTC().Format("2006-01-02 15:04")+" UTC")
		}
	}
	return strings.Join(parts, ", ")
}
