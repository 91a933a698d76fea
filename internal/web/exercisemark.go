package web

import (
	"context"
	"strings"

	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/procedure"
	"triward/internal/store"
)

// exerciseOf tells of each kind of record, by the first word of its address, whether it is of an exercise. A page about
// such a record is marked by its frame, whatever the page shows.
var exerciseOf = map[string]func(ctx context.Context, r store.Reader, v *visit, id string) (bool, error){
	"incidents": func(ctx context.Context, r store.Reader, _ *visit, id string) (bool, error) {
		i, err := incident.Brief(ctx, r, id)
		return i.Exercise, err
	},
	"containments": func(ctx context.Context, r store.Reader, v *visit, id string) (bool, error) {
		_, i, err := v.s.Cases.SheetOf(ctx, r, id, v.s.now())
		return i.Exercise, err
	},
	"exhibits": func(ctx context.Context, r store.Reader, _ *visit, id string) (bool, error) {
		item, err := custody.Get(ctx, r, id)
		if err != nil {
			return false, err
		}
		i, err := incident.Brief(ctx, r, item.Incident)
		return i.Exercise, err
	},
	"runs": func(ctx context.Context, r store.Reader, _ *visit, id string) (bool, error) {
		run, err := procedure.Get(ctx, r, id)
		return run.Exercise, err
	},
	"alerts": func(ctx context.Context, r store.Reader, _ *visit, id string) (bool, error) {
		a, err := detection.GetAlert(ctx, r, id)
		return a.Exercise, err
	},
	"exercises":          func(context.Context, store.Reader, *visit, string) (bool, error) { return true, nil },
	"exercise-scenarios": func(context.Context, store.Reader, *visit, string) (bool, error) { return true, nil },
}

// exercise says whether the page is about a record of an exercise. One that cannot be read has a page that says so.
func (v *visit) exercise() bool {
	word, _, _ := strings.Cut(strings.TrimPrefix(v.r.URL.Path, "/"), "/")
	of, id := exerciseOf[word], v.path("id")
	if id == "" {
		id = v.path("scenario")
	}
	if of == nil || id == "" {
		return false
	}
	marked := false
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		marked, err = of(ctx, r, v, id)
		return err
	})
	return err == nil && marked
}
