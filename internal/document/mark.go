package document

import (
	"context"
	"time"

	"triward/internal/store"
)

// Mark is what a list says of a revision, without its text.
type Mark struct {
	ID           RevisionID
	Label        string
	State        State
	Temporary    bool
	Planned      time.Time
	Since, Until time.Time // the last time it was in force; Until zero while it is
}

// Marks reads the marks of revisions that an actor may read, by id.
func Marks(ctx context.Context, r store.Reader, ids []RevisionID) (map[RevisionID]Mark, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil || len(ids) == 0 {
		return nil, err
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	var w store.Where
	w.In("r.id", names)
	all, err := store.All(ctx, r, func(s store.Scanner) (Mark, error) {
		var m Mark
		var planned, since, until int64
		err := s.Scan(&m.ID, &m.Label, &m.State, &m.Temporary, &planned, &since, &until)
		m.Planned, m.Since, m.Until = store.Time(planned), store.Time(since), store.Time(until)
		return m, err
	}, `SELECT r.id, r.label, r.state, r.temporary, r.planned, coalesce(f.since, 0), coalesce(f.until, 0) FROM revision r
		LEFT JOIN effective_range f ON f.revision = r.id AND f.since = (SELECT max(x.since) FROM effective_range x WHERE x.revision = r.id)`+w.SQL(), w.Args()...)
	out := make(map[RevisionID]Mark, len(all))
	for _, m := range all {
		out[m.ID] = m
	}
	return out, err
}
