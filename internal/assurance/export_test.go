package assurance

import (
	"context"

	"triward/internal/assurance/bundle"
)

// Again makes a bundle again from the records of then.
func (s Inquiries) Again(ctx context.Context, b Bundle) (bundle.Built, error) {
	return s.assemble(ctx, b.Inquiry, b.At, b.Head)
}
