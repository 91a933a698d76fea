package app

import (
	"context"
	"slices"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// A batch of entries may ask for everything to be matched or ranked again, and a transaction holds the only writer on
// SQLite. So the work of a batch is a row of stages, each done in portions of some devices; what was reached commits with
// each portion. Entries that come meanwhile wait for the end of the batch: a change under a portion that is done brings an
// entry of its own.

// stage is a part of the work on a batch.
type stage struct {
	name string // the same for the same batch
	// do works on a portion of at most limit devices and returns where to go on, "" at the end, and how many it was.
	do func(ctx context.Context, b *store.Bulk, at mark) (next string, done int, err error)
}

// mark is where a portion begins and how large it may be.
type mark struct {
	after string
	limit int
}

// derive works on a portion of what entries ask for.
func (a assessor) derive(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
	ctx = store.WithActor(ctx, store.System(assessmentName))
	p, err := b.Portion(ctx, assessmentName)
	if err != nil {
		return err
	}
	begun := p != store.Portion{}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e store.Entry) bool { return e.Seq <= p.Done })
	if len(entries) == 0 {
		return nil
	}
	if p.Upto <= p.Done {
		p = store.Portion{Done: p.Done, Upto: entries[len(entries)-1].Seq}
	}
	rest := slices.IndexFunc(entries, func(e store.Entry) bool { return e.Seq > p.Upto })
	batch := entries
	if rest >= 0 {
		batch = entries[:rest]
	}
	if err := a.advanceBatch(ctx, b, batch, &p); err != nil {
		return err
	}
	more := p.Done < p.Upto || rest >= 0
	if begun || more {
		if err := b.KeepPortion(ctx, assessmentName, p); err != nil {
			return err
		}
	}
	if more {
		return store.ErrMore
	}
	return nil
}

// advanceBatch does as many stages of a batch as fit into a transaction.
func (a assessor) advanceBatch(ctx context.Context, b *store.Bulk, batch []store.Entry, p *store.Portion) error {
	stages := a.stages(touchedBy(batch), p.Upto)
	i := slices.IndexFunc(stages, func(s stage) bool { return s.name == p.Stage })
	if i < 0 {
		i, p.After = 0, "" // the beginning, or another version of the program had other stages
	}
	for left := a.portion; i < len(stages); {
		p.Stage = stages[i].name
		next, done, err := stages[i].do(ctx, b, mark{p.After, left})
		if err != nil {
			return err
		}
		p.After = next
		left -= done
		if next == "" {
			i++
		}
		if i < len(stages) && (next != "" || left <= 0) {
			p.Stage = stages[i].name
			return nil
		}
	}
	*p = store.Portion{Done: p.Upto}
	return nil
}

// stages is what has to be done for a batch, in order.
func (a assessor) stages(t touched, upto int64) []stage {
	var out []stage
	add := func(name string, do func(ctx context.Context, b *store.Bulk, at mark) (string, int, error)) {
		out = append(out, stage{name, do})
	}
	if t.aliases {
		add("names", func(ctx context.Context, b *store.Bulk, _ mark) (string, int, error) {
			return "", 0, a.matcher.Rename(ctx, b, upto)
		})
		add("names: releases", a.allReleases)
		add("names: devices", walk(device.Walk{}, a.setDevices))
	}
	if len(t.observed) > 0 {
		add("observed", func(ctx context.Context, b *store.Bulk, _ mark) (string, int, error) {
			return "", 0, vuln.ThreatChanged(ctx, b, t.observed)
		})
	}
	if t.loaded || len(t.observed) > 0 {
		add("records", func(ctx context.Context, b *store.Bulk, _ mark) (string, int, error) {
			more, err := a.advance(ctx, b)
			if more {
				return "more", 0, err
			}
			return "", 0, err
		})
	}
	add("releases", listed(t.made, a.setReleases))
	for _, m := range t.models {
		add("model "+m, walk(device.Walk{Model: product.ModelID(m)}, a.setDevices))
	}
	add("devices", listed(t.devices, a.setDevices))
	if t.aliases {
		add("names: sweep", func(ctx context.Context, b *store.Bulk, at mark) (string, int, error) {
			next, err := a.matcher.Sweep(ctx, b, at.after, at.limit)
			return next, 0, err
		})
	}
	if t.all {
		add("ranks", walk(device.Walk{}, func(ctx context.Context, b *store.Bulk, ids []string) error { return a.ranker.Again(ctx, b, ids, nil) }))
		return out // verdicts and decisions change ranks only
	}
	for _, v := range t.verdicts {
		add("verdict "+v[0]+" "+v[1], walk(device.Walk{Model: product.ModelID(v[0])}, func(ctx context.Context, b *store.Bulk, ids []string) error {
			return a.ranker.Again(ctx, b, ids, []string{v[1]})
		}))
	}
	for _, d := range t.decisions {
		add("decision "+d, func(ctx context.Context, b *store.Bulk, at mark) (string, int, error) {
			return a.ranker.AgainForDecision(ctx, b, d, risk.Portion{After: at.after, Limit: at.limit})
		})
	}
	return out
}

// walk calls fn for a portion of the active devices.
func walk(w device.Walk, fn func(ctx context.Context, b *store.Bulk, ids []string) error) func(context.Context, *store.Bulk, mark) (string, int, error) {
	return func(ctx context.Context, b *store.Bulk, at mark) (string, int, error) {
		w := w
		w.After, w.Limit = device.ID(at.after), at.limit
		ids, err := device.IDs(ctx, b, w)
		if err != nil || len(ids) == 0 {
			return "", 0, err
		}
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = string(id)
		}
		next := ""
		if len(ids) == at.limit {
			next = names[len(names)-1]
		}
		return next, len(ids), fn(ctx, b, names)
	}
}

// listed calls fn for a portion of a sorted list.
func listed(ids []string, fn func(ctx context.Context, b *store.Bulk, ids []string) error) func(context.Context, *store.Bulk, mark) (string, int, error) {
	return func(ctx context.Context, b *store.Bulk, at mark) (string, int, error) {
		from, _ := slices.BinarySearch(ids, at.after+"\x00")
		part := ids[from:min(from+at.limit, len(ids))]
		if len(part) == 0 {
			return "", 0, nil
		}
		next := ""
		if from+len(part) < len(ids) {
			next = part[len(part)-1]
		}
		return next, len(part), fn(ctx, b, part)
	}
}

// allReleases matches the releases of a portion of all models.
func (a assessor) allReleases(ctx context.Context, b *store.Bulk, at mark) (string, int, error) {
	page, err := product.Models(ctx, b, product.ModelQuery{After: at.after, Limit: min(at.limit, 100)})
	if err != nil {
		return "", 0, err
	}
	models := make([]string, len(page.Models))
	for i, m := range page.Models {
		models[i] = string(m.ID)
	}
	return page.Next, len(models), a.setReleases(ctx, b, models)
}
