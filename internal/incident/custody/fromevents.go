package custody

import (
	"context"
	"io"

	"triward/internal/detection/reading"
	"triward/internal/eventlog"
)

// TakeEvents takes the events of a search, with their manifest, as a sealed item of evidence: what the item does not say of itself
// is filled in. They go from the event log into the vault without lying anywhere in the clear.
func (v Vault) TakeEvents(ctx context.Context, desk reading.Desk, q eventlog.Query, i Item) (string, reading.Manifest, error) {
	q.After, q.Limit = eventlog.Mark{}, 0
	now := v.DB.Now()
	i.Kind, i.Source, i.Began, i.Ended, i.Patients = LogExtract, "event log of Triward", now, now, HasPatients
	i.Description = "Events: " + reading.Words(q)
	if r := []rune(i.Description); len(r) > 200 {
		i.Description = string(r[:199]) + "…"
	}
	out, in := io.Pipe()
	done := make(chan reading.Manifest, 1)
	go func() {
		m, err := desk.Export(ctx, q, in)
		in.CloseWithError(err)
		done <- m
	}()
	id, err := v.Take(ctx, i, out)
	out.CloseWithError(err) // ends an export that nobody takes any more
	return id, <-done, err
}
