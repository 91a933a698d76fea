package store

import (
	"fmt"
	"regexp"
	"strings"
)

// own are the tables that only this package's own statements may change: who could write them could forge the journal.
var own = regexp.MustCompile(`(?is)\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+"?(journal|journal_body|journal_head|migration)\b`)

// shape are the statements that would take a table of the journal or its triggers away.
var shape = regexp.MustCompile(`(?is)\b(DROP|ALTER|TRUNCATE)\s.*\b(journal|migration)`)

// guard refuses a caller's statement that writes a table of the journal. The triggers below it refuse changes of entries
// already written; this also refuses forged ones.
func guard(query string) error {
	// The search costs microseconds, and bulk loads come here for every row.
	if !strings.Contains(query, "ournal") && !strings.Contains(query, "OURNAL") && !strings.Contains(query, "igration") {
		return nil
	}
	for _, e := range []*regexp.Regexp{own, shape} {
		if m := e.FindStringSubmatch(query); m != nil {
			return fmt.Errorf("%s is append-only or kept by the store: use Record and EraseBody", strings.ToLower(m[2]))
		}
	}
	return nil
}

// writes reports whether a statement changes rows. Writing CTEs are not in the common subset, so the first word tells.
func writes(query string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(query, " \t\r\n"), " ")
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		return true
	}
	return false
}
