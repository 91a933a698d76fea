package blast

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/incident/indicator"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

// need is a model at a site whose work may have to be taken over.
type need struct {
	site  device.SiteID
	model product.ModelID
}

// alternatives finds, for every model in the radius at every site, what could take over there.
func (k *work) alternatives(ctx context.Context, groups []group) error {
	asked, hit, hitFree := map[need]int{}, map[need]int{}, map[need]int{}
	models := map[string]bool{}
	for _, g := range groups {
		if g.truth == match.NotAffected || g.model == "" {
			continue
		}
		at := need{g.site, g.model}
		if g.inUse == product.No {
			hitFree[at] += g.devices
			continue
		}
		hit[at] += g.devices
		if k.v.Query.covers(g.place) {
			asked[at] += g.devices
			models[string(g.model)] = true
		}
	}
	if len(asked) == 0 {
		return nil
	}
	functions, peers, err := k.functions(ctx, slices.Sorted(maps.Keys(models)))
	if err != nil {
		return err
	}
	free, busy, err := k.stock(ctx)
	if err != nil {
		return err
	}
	for at, n := range asked {
		a := Alternative{Site: at.site, SiteName: k.sites[at.site], Function: strings.Join(functions[at.model], ", "), Model: k.models[at.model].name, Needed: n}
		for _, m := range peers[at.model] {
			other := need{at.site, m}
			a.Spares += max(free[other]-hitFree[other], 0)
			a.Busy += max(busy[other]-hit[other], 0)
		}
		k.v.Alternatives = append(k.v.Alternatives, a)
	}
	slices.SortFunc(k.v.Alternatives, func(a, b Alternative) int {
		return cmp.Or((a.Spares-a.Needed)-(b.Spares-b.Needed), cmp.Compare(a.SiteName, b.SiteName), cmp.Compare(a.Model, b.Model))
	})
	return nil
}

// functions reads the clinical functions of models, and which models share one with each; every model is its own peer.
func (k *work) functions(ctx context.Context, models []string) (map[product.ModelID][]string, map[product.ModelID][]product.ModelID, error) {
	functions, peers := map[product.ModelID][]string{}, map[product.ModelID][]product.ModelID{}
	for _, m := range models {
		peers[product.ModelID(m)] = []product.ModelID{product.ModelID(m)}
	}
	for part := range slices.Chunk(models, 1000) {
		var w store.Where
		w.In("f.model_id", part)
		_, err := store.All(ctx, k.r, func(s store.Scanner) (x struct{}, err error) {
			var m, peer product.ModelID
			var name string
			err = s.Scan(&m, &name, &peer)
			if !slices.Contains(functions[m], name) {
				functions[m] = append(functions[m], name)
			}
			if !slices.Contains(peers[m], peer) {
				peers[m] = append(peers[m], peer)
			}
			return x, err
		}, `SELECT f.model_id, f.name, o.model_id FROM model_function f JOIN model_function o ON lower(o.name) = lower(f.name)`+w.SQL()+` ORDER BY f.model_id, f.position, o.model_id`, w.Args()...)
		if err != nil {
			return nil, nil, err
		}
	}
	return functions, peers, nil
}

// stock counts the active devices of every model at every site: not in use, and in use or unknown. It looks at the whole
// fleet within the reader's scope.
func (k *work) stock(ctx context.Context) (free, busy map[need]int, err error) {
	free, busy = map[need]int{}, map[need]int{}
	var w store.Where
	w.Scope(k.scope, "site_id", "model_id")
	_, err = store.All(ctx, k.r, func(s store.Scanner) (x struct{}, err error) {
		var at need
		var use product.Answer
		var n int
		err = s.Scan(&at.site, &at.model, &use, &n)
		if use == product.No {
			free[at] += n
		} else {
			busy[at] += n
		}
		return x, err
	}, `SELECT site_id, model_id, in_use, sum(devices) FROM device_count`+w.SQL()+` GROUP BY site_id, model_id, in_use`, w.Args()...)
	return free, busy, err
}

// TakeOver finds what could take over the work of devices, at most [indicator.Most] of them, within what the actor may see.
func TakeOver(ctx context.Context, r store.Reader, devices []string) ([]Alternative, error) {
	scope, err := store.ScopeOf(ctx, device.KindRead)
	if err != nil {
		return nil, err
	}
	k := work{r: r, v: &Radius{}, scope: scope, seen: sightings{owners: map[string]bool{}}}
	for _, id := range devices[:min(len(devices), indicator.Most)] {
		k.seen.owners[id] = true
	}
	groups, err := k.groups(ctx, k.seen.source)
	if err != nil {
		return nil, err
	}
	if err := k.facts(ctx, groups); err != nil {
		return nil, err
	}
	err = k.alternatives(ctx, groups)
	return k.v.Alternatives, err
}
