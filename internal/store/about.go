package store

import "context"

// AboutQuery chooses entries of the journal about subjects, in the order of their instants.
type AboutQuery struct {
	Subjects []string // at least one, at most 500
	From, To int64    // microseconds, To exclusive; 0 does not restrict
	Order    Order
	// At and Seq are the place behind which it goes on; a zero At begins at the first.
	At, Seq int64
	Limit   int // at most 1,000
}

// About reads entries about subjects by their instants and, where these are the same, by their numbers. The system's clock
// may step back, so that this is not always the order of the journal. It checks no permission, as [Journal] does not.
func About(ctx context.Context, r Reader, q AboutQuery) ([]Entry, error) {
	var w Where
	w.In("j.subject", q.Subjects)
	if q.From != 0 {
		w.And("j.at >= ?", q.From)
	}
	if q.To != 0 {
		w.And("j.at < ?", q.To)
	}
	order, sign := " ORDER BY j.at, j.seq", ">"
	if q.Order == NewestFirst {
		order, sign = " ORDER BY j.at DESC, j.seq DESC", "<"
	}
	if q.At != 0 {
		w.And("(j.at, j.seq) "+sign+" (?, ?)", q.At, q.Seq)
	}
	return All(ctx, r, scanEntry, `SELECT `+entryColumns+` FROM journal j LEFT JOIN journal_body b ON b.seq = j.seq`+
		w.SQL()+order+w.Limit(min(q.Limit, 1000)), w.Args()...)
}
