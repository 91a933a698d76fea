package pipeline

import (
	"context"
	"fmt"

	"triward/internal/store"
	"triward/internal/stream"
)

// AtOnce works on records that are kept elsewhere until then, without the stream: it returns nil when what came of them is
// durable. The worker does not run meanwhile.
func (w *Worker) AtOnce(ctx context.Context, records []stream.Message) error {
	ctx = store.WithActor(ctx, store.System("detection"))
	if err := w.follow(ctx); err != nil {
		return err
	}
	w.forget()
	defer w.forget()
	if err := w.work(ctx, []stream.Delivery{{Messages: records}}); err != nil {
		return err
	}
	if err := w.Events.Flush(ctx); err != nil {
		return fmt.Errorf("flush the event log: %w", err)
	}
	if w.Rules != nil {
		if err := w.Rules.settle(ctx, w.Now()); err != nil {
			return err
		}
	}
	w.tell(ctx)
	return nil
}
