package upkeep

import (
	"context"
	"time"

	"triward/internal/document"
	"triward/internal/store"
)

// Desk looks after documents that are in force.
type Desk struct {
	document.Library
	// LifetimeEnd is when the last device of a model leaves service, zero when that is not known; nil: never known.
	LifetimeEnd func(ctx context.Context, r store.Reader, product string) (time.Time, error)
}
