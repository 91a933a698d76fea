package qualification

import (
	"context"

	"triward/internal/assurance/validation"
)

// Only runs one check.
func (i Installation) Only(ctx context.Context, id string) validation.Check {
	for _, c := range append(append(i.installation(), i.operation()...), i.performance()...) {
		if c.id == id {
			return c.outcome(acting(ctx), "")
		}
	}
	return validation.Check{}
}
