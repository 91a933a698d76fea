package blast

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

func joinWays(b device.Brief) string { return network.JoinWays(b.Connectivity) }

// explain says of every listed device why it is there, and how far it is supported.
func (k *work) explain(ctx context.Context, briefs []device.Brief) error {
	if len(briefs) == 0 {
		return nil
	}
	stages, err := k.stages(ctx, briefs)
	if err != nil {
		return err
	}
	said := map[string][]answer{}
	if len(k.vulns) > 0 {
		if said, err = k.said(ctx); err != nil {
			return err
		}
	}
	release := map[device.ID]product.ReleaseID{}
	for _, b := range briefs {
		release[b.ID] = b.Release
	}
	for i := range k.v.Devices {
		d := &k.v.Devices[i]
		d.Stage = stages[d.ID]
		switch {
		case len(k.vulns) > 0:
			k.finding(d, said[string(d.ID)])
		case k.v.Query.Component != "":
			k.parts.explain(d, release[d.ID])
		default:
			k.seen.explain(d)
		}
	}
	return nil
}

// answer is what a record says of a weakness in a device.
type answer struct {
	vuln, record string
	truth        match.Truth
}

// said reads which records speak of the listed devices.
func (k *work) said(ctx context.Context) (map[string][]answer, error) {
	out := map[string][]answer{}
	ids := make([]string, len(k.v.Devices))
	for i, d := range k.v.Devices {
		ids[i] = string(d.ID)
	}
	var w store.Where
	w.In("h.id", ids)
	w.In("m.vuln", k.vulns)
	_, err := store.All(ctx, k.r, func(s store.Scanner) (x struct{}, err error) {
		var id string
		var a answer
		err = s.Scan(&id, &a.vuln, &a.record, &a.truth)
		out[id] = append(out[id], a)
		return x, err
	}, `SELECT h.id, m.vuln, m.record, m.truth FROM holder h JOIN vuln_match m ON m.configuration = h.configuration`+w.SQL()+` ORDER BY h.id, m.truth, m.vuln, m.record`, w.Args()...)
	return out, err
}

// finding explains a device by the finding that says most: the answer that the ranked list has, and who says so.
func (k *work) finding(d *Device, all []answer) {
	d.Finding = k.vulns[0]
	var by []string
	for _, a := range all {
		if a.truth != d.Truth {
			continue
		}
		if len(by) == 0 {
			d.Finding = a.vuln
		}
		by = append(by, a.record)
	}
	slices.Sort(by)
	by = slices.Compact(by)
	switch {
	case len(by) == 0:
		d.Why = "a person decided so, or what is recorded of it left it open"
	case d.Truth == match.Affected:
		d.Why = "affected by " + d.Finding + ", says " + some(by)
	default:
		d.Why = "it is unknown whether " + d.Finding + " affects it: " + some(by) + " cannot be decided"
	}
}

// some names the first of many.
func some(all []string) string {
	if len(all) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:3], ", "), len(all)-3)
	}
	return strings.Join(all, ", ")
}

// stages reads the support of the devices' models and releases at the instant of the radius.
func (k *work) stages(ctx context.Context, briefs []device.Brief) (map[device.ID]product.Stage, error) {
	models := map[string]bool{}
	for _, b := range briefs {
		models[string(b.Model)] = true
	}
	delete(models, "")
	by := map[product.ModelID][]product.Support{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(models)), 1000) {
		var w store.Where
		w.In("model_id", part)
		rows, err := store.All(ctx, k.r, func(s store.Scanner) (v product.Support, err error) {
			var since int64
			err = s.Scan(&v.ID, &v.Model, &v.Release, &v.Stage, &since)
			v.Since = store.Time(since)
			return v, err
		}, `SELECT id, model_id, release_id, stage, since FROM support_stage`+w.SQL()+` ORDER BY model_id, since, at, id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, s := range rows {
			by[s.Model] = append(by[s.Model], s)
		}
	}
	out := map[device.ID]product.Stage{}
	for _, b := range briefs {
		out[b.ID], _ = product.StageAt(by[b.Model], b.Release, k.v.At)
	}
	return out, nil
}

// span writes a time window; "" for all time.
func span(from, to time.Time) string {
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case to.IsZero():
		return " since " + from.UTC().Format(time.RFC3339)
	}
	return " from " + from.UTC().Format(time.RFC3339) + " to " + to.UTC().Format(time.RFC3339)
}
