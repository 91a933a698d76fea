package document

import (
	"context"

	"triward/internal/document/source"
	"triward/internal/store"
)

// Targets reads the times that documents refer to: those of the revision in force of [source.TargetsCode], or of its newest
// one while none was ever in force; none when the library has no such document. They are the same for every reader,
// whatever their role covers: what is signed must not depend on who looks.
func Targets(ctx context.Context, r store.Reader) ([]source.Target, error) {
	all, err := documents(ctx, r, ` WHERE d.code = $1`, source.TargetsCode)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	id := all[0].Effective
	if id == "" {
		id = all[0].Newest
	}
	v, err := revision(ctx, r, id)
	if err != nil {
		return nil, err
	}
	d, err := v.Parsed()
	return d.Targets, err
}
