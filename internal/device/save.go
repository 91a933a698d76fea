package device

import (
	"context"
	"slices"

	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
)

// save is one record to write: new without before.
type save struct {
	before *Device
	after  Device
}

// note says what a save is recorded as.
type note struct {
	importID ImportID
	reason   string
	kind     string // kind of the event for changes of fields; empty means KindChanged
}

var rowColumns = []string{"id", "state", "site_id", "ward", "asset_tag", "serial", "lot", "manufactured", "udi", "di", "model_id", "release_id",
	"raw_vendor", "raw_model", "raw_version", "zone", "connectivity", "patient_data", "in_use", "own_class", "clinical_owner", "it_owner", "at",
	"changed", "merged_into", "safety_class", "sort_tag", "sort_site", "sort_model"}

const replaceRow = ` ON CONFLICT (id) DO UPDATE SET state = excluded.state, site_id = excluded.site_id, ward = excluded.ward, asset_tag = excluded.asset_tag,
	serial = excluded.serial, lot = excluded.lot, manufactured = excluded.manufactured, udi = excluded.udi, di = excluded.di, model_id = excluded.model_id,
	release_id = excluded.release_id, raw_vendor = excluded.raw_vendor, raw_model = excluded.raw_model, raw_version = excluded.raw_version,
	zone = excluded.zone, connectivity = excluded.connectivity, patient_data = excluded.patient_data, in_use = excluded.in_use,
	own_class = excluded.own_class, clinical_owner = excluded.clinical_owner, it_owner = excluded.it_owner, changed = excluded.changed,
	merged_into = excluded.merged_into, safety_class = excluded.safety_class, sort_tag = excluded.sort_tag, sort_site = excluded.sort_site,
	sort_model = excluded.sort_model`

// batch collects the rows of records that are written together.
type batch struct {
	rows, identities, values, keys, terms [][]any
	changed                               []string // ids of records that were there before
	counts                                counter
}

// add collects the rows of one record. Its class and what it is sorted by are worked out from its model and site.
func (b *batch) add(s *save, site string, model derived) {
	d := &s.after
	if d.Model == "" {
		model = derived{model: product.SortName(d.RawVendor, d.RawModel), class: product.ClassNotKnown}
	}
	if d.Class = d.OwnClass; d.Class == product.ClassNotKnown {
		d.Class = model.class
	}
	if s.before != nil {
		b.changed = append(b.changed, string(d.ID))
		b.counts.add(*s.before, -1)
	}
	b.counts.add(*d, 1)
	b.rows = append(b.rows, []any{string(d.ID), string(d.State), string(d.Site), d.Ward, d.AssetTag, d.Serial, d.Lot, store.Micros(d.Manufactured), d.UDI, d.DI,
		string(d.Model), string(d.Release), d.RawVendor, d.RawModel, d.RawVersion, d.Zone, network.JoinWays(d.Connectivity), string(d.PatientData), string(d.InUse),
		string(d.OwnClass), d.ClinicalOwner, d.ITOwner, store.Micros(d.At), store.Micros(d.Changed), string(d.MergedInto), string(d.Class), d.sortTag(),
		site, model.model})
	for _, x := range d.Identities {
		b.identities = append(b.identities, []any{string(d.ID), string(x.Kind), x.Value, store.Micros(x.Since), store.Micros(x.Until), x.Source})
	}
	for _, v := range d.Values {
		b.values = append(b.values, []any{string(d.ID), v.Name, v.Value})
	}
	if d.State == Merged { // its names went to the device that stays
		return
	}
	for _, k := range d.keys() {
		b.keys = append(b.keys, []any{k, string(d.ID), false})
	}
	for _, t := range d.terms() {
		b.terms = append(b.terms, []any{t, string(d.ID), false})
	}
}

// write replaces the rows of the records. Inherited names stay.
func (b *batch) write(ctx context.Context, tx *store.Tx) error {
	for _, from := range []string{"device_identity", "device_value"} {
		if err := drop(ctx, tx, from, b.changed); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(b.changed, valuesPerStatement) {
		var w store.Where
		w.In("device_id", part)
		w.And("inherited = FALSE")
		for _, from := range []string{"device_key", "device_term"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+from+w.SQL(), w.Args()...); err != nil {
				return err
			}
		}
	}
	for _, t := range []struct {
		target
		rows [][]any
	}{
		{target{"device", rowColumns, replaceRow}, b.rows},
		{target{"device_identity", []string{"device_id", "kind", "value", "since", "until", "source"}, ""}, b.identities},
		{target{"device_value", []string{"device_id", "name", "value"}, ""}, b.values},
		{target{"device_key", []string{"match_key", "device_id", "inherited"}, " ON CONFLICT (match_key, device_id) DO NOTHING"}, b.keys},
		{target{"device_term", []string{"term", "device_id", "inherited"}, " ON CONFLICT (term, device_id) DO NOTHING"}, b.terms},
	} {
		if err := insert(ctx, tx, t.target, t.rows); err != nil {
			return err
		}
	}
	return b.counts.write(ctx, tx)
}

// saveAll writes records, what follows from them, and their events, with few statements however many there are.
func saveAll(ctx context.Context, tx *store.Tx, saves []save, n note) error {
	if len(saves) == 0 {
		return nil
	}
	all := make([]Device, len(saves))
	for i, s := range saves {
		all[i] = s.after
	}
	sites, models, err := derivedOf(ctx, tx, all)
	if err != nil {
		return err
	}
	b := batch{counts: counter{}}
	for i := range saves {
		saves[i].after.Changed = tx.Now
		b.add(&saves[i], sites[saves[i].after.Site], models[saves[i].after.Model])
	}
	if err := b.write(ctx, tx); err != nil {
		return err
	}
	for _, s := range saves {
		if err := record(ctx, tx, s, n); err != nil {
			return err
		}
	}
	return nil
}

// record writes the events of one save: registered, or changed, moved and identity_added as they apply.
func record(ctx context.Context, tx *store.Tx, s save, n note) error {
	d := s.after
	event := func(kind string, c product.Changes) error {
		if len(c) == 0 {
			return nil
		}
		_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: string(d.ID), Site: string(d.Site), Product: string(d.Model),
			Body: Noted{n.importID, n.reason, c}})
		return err
	}
	if s.before == nil {
		zero := Device{}
		return event(KindRegistered, slices.Concat(zero.changes(d), zero.moves(d), zero.renames(d)))
	}
	kind := n.kind
	if kind == "" {
		kind = KindChanged
	}
	if err := mayWrite(tx.Actor(), kind, *s.before); err != nil {
		return err
	}
	if err := event(kind, s.before.changes(d)); err != nil {
		return err
	}
	if err := event(KindMoved, s.before.moves(d)); err != nil {
		return err
	}
	return event(KindIdentityAdded, s.before.renames(d))
}

type countKey struct{ site, model, inUse, class string }

// counter is how the numbers of active devices change.
type counter map[countKey]int

func (c counter) add(d Device, n int) {
	if d.State == Active {
		c[countKey{string(d.Site), string(d.Model), string(d.InUse), string(d.OwnClass)}] += n
	}
}

func (c counter) write(ctx context.Context, tx *store.Tx) error {
	var rows [][]any
	for k, n := range c {
		if n != 0 {
			rows = append(rows, []any{k.site, k.model, k.inUse, k.class, n})
		}
	}
	return insert(ctx, tx, target{"device_count", []string{"site_id", "model_id", "in_use", "own_class", "devices"},
		" ON CONFLICT (site_id, model_id, in_use, own_class) DO UPDATE SET devices = device_count.devices + excluded.devices"}, rows)
}
