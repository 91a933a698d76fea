package device

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/device/network"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Merge says that two records are one device. The kept record wins; what it does not know it takes from the dropped one,
// with all network identities and configuration facts. The dropped record stays readable and points to the kept one, and
// imports that use its names find the kept one.
func (f Fleet) Merge(ctx context.Context, keep, drop ID, reason string) error {
	if err := validReason(reason); err != nil {
		return err
	}
	if keep == drop {
		return problem.New(problem.Invalid, "a device cannot be merged with itself")
	}
	err := f.DB.Update(ctx, func(tx *store.Tx) error {
		kept, err := one(ctx, tx, keep)
		if err != nil {
			return err
		}
		dropped, err := one(ctx, tx, drop)
		if err != nil {
			return err
		}
		if kept.State == Merged || dropped.State == Merged {
			return problem.New(problem.Conflict, "one of the devices was merged already")
		}
		if err := mayWrite(tx.Actor(), KindMerged, dropped); err != nil {
			return err
		}
		after, gone := kept, dropped
		after.take(dropped)
		gone.State, gone.MergedInto = Merged, keep
		for _, k := range network.IdentityKinds() {
			gone.setCurrent(k, nil, tx.Now, "")
		}
		if err := inherit(ctx, tx, kept.ID, dropped); err != nil {
			return err
		}
		n := note{reason: reason, kind: KindMerged}
		if err := saveAll(ctx, tx, []save{{&kept, after}, {&dropped, gone}}, n); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindMerged, Subject: string(keep), Site: string(after.Site), Product: string(after.Model),
			Body: MergeNoted{drop, reason, kept.changes(after)}})
		return err
	})
	if err != nil {
		return fmt.Errorf("merge devices: %w", err)
	}
	return nil
}

// take fills what d does not know from another record of the same device.
func (d *Device) take(o Device) {
	for _, f := range []struct{ to, from *string }{{&d.Ward, &o.Ward}, {&d.AssetTag, &o.AssetTag}, {&d.Serial, &o.Serial}, {&d.Lot, &o.Lot},
		{&d.UDI, &o.UDI}, {&d.DI, &o.DI}, {&d.RawVersion, &o.RawVersion}, {&d.Zone, &o.Zone}, {&d.ClinicalOwner, &o.ClinicalOwner},
		{&d.ITOwner, &o.ITOwner}} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if d.Site == "" {
		d.Site = o.Site
	}
	if d.Model == "" && (d.RawModel == "" || o.Model != "") {
		d.Model, d.RawVendor, d.RawModel = o.Model, o.RawVendor, o.RawModel
	}
	if d.Release == "" && d.Model == o.Model {
		d.Release = o.Release
	}
	if d.Manufactured.IsZero() {
		d.Manufactured = o.Manufactured
	}
	if len(d.Connectivity) == 0 {
		d.Connectivity = o.Connectivity
	}
	if d.PatientData == product.NotKnown {
		d.PatientData = o.PatientData
	}
	if d.InUse == product.NotKnown {
		d.InUse = o.InUse
	}
	if d.OwnClass == product.ClassNotKnown {
		d.OwnClass = o.OwnClass
	}
	d.Identities = slices.Clone(d.Identities)
	for _, n := range o.Identities {
		at := slices.IndexFunc(d.Identities, func(x Identity) bool {
			return x.Kind == n.Kind && x.Value == n.Value && (x.Until.IsZero() && n.Until.IsZero() || x.Since.Equal(n.Since))
		})
		switch {
		case at < 0:
			d.Identities = append(d.Identities, n)
		case n.Since.Before(d.Identities[at].Since):
			d.Identities[at].Since = n.Since
		}
	}
	d.Values = slices.Clone(d.Values)
	for _, v := range o.Values {
		if !slices.ContainsFunc(d.Values, func(x Value) bool { return x.Name == v.Name }) {
			d.Values = append(d.Values, v)
		}
	}
	slices.SortFunc(d.Values, func(a, b Value) int { return strings.Compare(a.Name, b.Name) })
}

// inherit hands the names and facts of a dropped record to the kept one.
func inherit(ctx context.Context, tx *store.Tx, keep ID, dropped Device) error {
	drop := string(dropped.ID)
	for _, q := range []string{
		`INSERT INTO device_key (match_key, device_id, inherited) SELECT match_key, $1, TRUE FROM device_key WHERE device_id = $2
			ON CONFLICT (match_key, device_id) DO UPDATE SET inherited = TRUE`,
		`INSERT INTO device_term (term, device_id, inherited) SELECT term, $1, TRUE FROM device_term WHERE device_id = $2
			ON CONFLICT (term, device_id) DO UPDATE SET inherited = TRUE`,
		`UPDATE device_part SET device_id = $1 WHERE device_id = $2`,
		`UPDATE device SET merged_into = $1 WHERE merged_into = $2`,
	} {
		if _, err := tx.Exec(ctx, q, string(keep), drop); err != nil {
			return err
		}
	}
	for _, q := range []string{`DELETE FROM device_key WHERE device_id = $1`, `DELETE FROM device_term WHERE device_id = $1`} {
		if _, err := tx.Exec(ctx, q, drop); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE device_contradiction SET settled = $1, decision = 'merged' WHERE settled = 0
		AND (device_id = $2 AND other_id = $3 OR device_id = $3 AND other_id = $2)`, store.Micros(tx.Now), string(keep), drop)
	return err
}

// contradict reports contradictions of a device, each once.
func contradict(ctx context.Context, tx *store.Tx, d Device, cs []Contradiction) error {
	for _, c := range cs {
		n, err := store.All(ctx, tx, store.Value[string], `SELECT id FROM device_contradiction WHERE match_key = $1
			AND (device_id = $2 AND other_id = $3 OR device_id = $3 AND other_id = $2)`, c.Key, string(d.ID), string(c.Other))
		if err != nil {
			return err
		}
		if len(n) > 0 { // reported already, and perhaps settled: the same again is no news
			continue
		}
		cid, err := id.New("con")
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO device_contradiction (id, device_id, other_id, match_key, reason, at, settled, decision)
			VALUES ($1, $2, $3, $4, $5, $6, 0, '')`, cid, string(d.ID), string(c.Other), c.Key, c.Reason, store.Micros(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Record(ctx, store.Event{Kind: KindContradicted, Subject: string(d.ID), Site: string(d.Site), Product: string(d.Model),
			Body: ContradictionNoted{Other: c.Other, Key: c.Key, Reason: c.Reason}}); err != nil {
			return err
		}
	}
	return nil
}

// Settle says that two contradicting records are two devices. (That they are one is said by [Fleet.Merge].)
func (f Fleet) Settle(ctx context.Context, contradiction, reason string) error {
	if err := validReason(reason); err != nil {
		return err
	}
	return f.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := scanContradiction(tx.QueryRow(ctx, `SELECT `+contradictionColumns+` FROM `+contradictionTable+` WHERE c.id = $1 AND c.settled = 0`, contradiction))
		if err != nil {
			return err
		}
		d, err := one(ctx, tx, c.Device)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE device_contradiction SET settled = $1, decision = $2 WHERE id = $3`, store.Micros(tx.Now), reason, c.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSettled, Subject: string(d.ID), Site: string(d.Site), Product: string(d.Model),
			Body: ContradictionNoted{c.Other, c.Key, c.Reason, reason}})
		return err
	})
}
