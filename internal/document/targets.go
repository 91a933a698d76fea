package document

import (
	"context"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Targets reads the times that documents refer to: those of the revision in force of [source.TargetsCode], or of its newest
// one while none was ever in force; none when the library has no such document. They are the same for every reader,
// whatever their role covers: what is signed must not depend on who looks.
func Targets(ctx context.Context, r store.Reader) ([]source.Target, error) {
	list, err := documentBy(ctx, r, "code", source.TargetsCode)
	if problem.KindOf(err) == problem.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	id := list.Effective
	if id == "" {
		id = list.Newest
	}
	v, err := revision(ctx, r, id)
	if err != nil {
		return nil, err
	}
	d, err := v.Parsed()
	return d.Targets, err
}
