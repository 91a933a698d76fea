package parquet

import (
	"context"
	"strings"

	"triward/internal/store"
)

// States of a segment in the database.
const (
	stateLive = "live"
	stateGone = "gone" // another has its events, or nobody: the files are to be removed
)

// record is the row of a segment.
type record struct {
	id    string
	state string
}

func scanRecord(s store.Scanner) (record, error) {
	var r record
	err := s.Scan(&r.id, &r.state)
	return r, err
}

func listSegments(ctx context.Context, r store.Reader) ([]record, error) {
	return store.All(ctx, r, scanRecord, `SELECT id, state FROM event_segment ORDER BY id`)
}

func insertSegment(ctx context.Context, b *store.Bulk, s *segment) error {
	first, last := s.bounds()
	_, err := b.Exec(ctx, `INSERT INTO event_segment (id, state, hour, events, bytes, first_at, last_at, replaces)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
		s.id, stateLive, s.header.Hour, s.header.Events, s.bytes, first, last, strings.Join(s.header.Replaces, " "))
	return err
}

func markGone(ctx context.Context, b *store.Bulk, id string) error {
	_, err := b.Exec(ctx, `UPDATE event_segment SET state = $1 WHERE id = $2`, stateGone, id)
	return err
}

func deleteSegment(ctx context.Context, b *store.Bulk, id string) error {
	_, err := b.Exec(ctx, `DELETE FROM event_segment WHERE id = $1`, id)
	return err
}
