package device

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// rowsPerStep keeps one transaction of an import well below the store's deadline and lets other writers in between.
const rowsPerStep = 400

// RunImport applies an acknowledged import to its end and returns how it stands. Steps commit with their position, so
// that running it again, also from two processes, applies each row once.
func (f Fleet) RunImport(ctx context.Context, imp ImportID) (Import, error) {
	known := newPlaces()
	for {
		now, err := f.step(ctx, imp, known)
		if err != nil {
			return now, fmt.Errorf("apply import %s: %w", imp, err)
		}
		if now.State == Done {
			return now, f.DB.Bulk(ctx, func(b *store.Bulk) error {
				_, err := b.Exec(ctx, `DELETE FROM import_row WHERE import_id = $1`, string(imp))
				return err
			})
		}
	}
}

// stepActor acts for the person who started the import: their rights over every row were checked when the import was
// acknowledged, and the promise to finish it holds whatever happens to their role since.
func stepActor(ctx context.Context, i Import) context.Context {
	return store.WithActor(ctx, store.Actor{ID: i.Actor, Name: i.ActorName, Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}})
}

func (f Fleet) step(ctx context.Context, id ImportID, known *places) (Import, error) {
	var imp Import
	err := f.DB.View(ctx, func(r store.Reader) (err error) {
		imp, err = scanImport(r.QueryRow(ctx, `SELECT `+importColumns+` FROM device_import WHERE id = $1`, string(id)))
		return err
	})
	if err != nil || imp.State == Done {
		return imp, err
	}
	if imp.State != Applying {
		return imp, problem.New(problem.Conflict, "the import was not acknowledged")
	}
	ctx = stepActor(ctx, imp)
	fresh := known.clone()
	err = f.DB.Update(ctx, func(tx *store.Tx) error {
		var err error // the position counts as it is under the lock
		if imp, err = scanImport(tx.QueryRow(ctx, `SELECT `+importColumns+` FROM device_import WHERE id = $1`, string(id))); err != nil || imp.State == Done {
			return err
		}
		from := imp.Applied
		rows, err := stagedRows(ctx, tx, id, from)
		if err != nil {
			return err
		}
		p := planner{r: tx, tx: tx, imp: imp, places: fresh, source: "import " + imp.Name, now: tx.Now}
		if err := p.plan(ctx, rows); err != nil {
			return err
		}
		if err := p.write(ctx); err != nil {
			return err
		}
		imp.Applied += len(rows)
		imp.Added += p.added
		imp.Changed += p.changed
		imp.Same += p.same
		imp.Held += len(p.issues)
		return imp.advance(ctx, tx, p, from)
	})
	if err == nil {
		*known = *fresh // what was added exists only once it is committed
	}
	return imp, err
}

// advance moves the position of an import and records it; the last step records the whole.
func (i *Import) advance(ctx context.Context, tx *store.Tx, p planner, from int) error {
	kind, body := KindImportStep, ImportNoted{Rows: i.Applied - from, From: from, Added: p.added, Changed: p.changed, Same: p.same, Held: len(p.issues)}
	if i.Applied >= i.Total {
		i.State, i.Finished, kind = Done, tx.Now, KindImported
		body = ImportNoted{Name: i.Name, Digest: i.Digest, Rows: i.Total, Added: i.Added, Changed: i.Changed, Same: i.Same, Held: i.Held, Skipped: i.Skipped}
	}
	if _, err := tx.Exec(ctx, `UPDATE device_import SET state = $1, applied = $2, added = $3, changed = $4, same = $5, held = $6, finished = $7 WHERE id = $8`,
		string(i.State), i.Applied, i.Added, i.Changed, i.Same, i.Held, store.Micros(i.Finished), string(i.ID)); err != nil {
		return err
	}
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: string(i.ID), Site: string(i.site), Body: body})
	return err
}

// staged is a row with its position in the import.
type staged struct {
	position int
	row      fleetfile.Row
}

func stagedRows(ctx context.Context, r store.Reader, id ImportID, from int) ([]staged, error) {
	rows, err := store.All(ctx, r, func(s store.Scanner) (staged, error) {
		var v staged
		var body string
		if err := s.Scan(&v.position, &body); err != nil {
			return v, err
		}
		return v, json.Unmarshal([]byte(body), &v.row)
	}, `SELECT position, body FROM import_row WHERE import_id = $1 AND position >= $2 ORDER BY position LIMIT $3`, string(id), from, rowsPerStep)
	if err == nil && len(rows) == 0 {
		return nil, fmt.Errorf("rows from %d on are missing", from)
	}
	return rows, err
}

// planner works out what rows change. Without a transaction it only looks: a dry run.
type planner struct {
	r      store.Reader
	tx     *store.Tx
	imp    Import
	places *places
	source string
	now    time.Time
	// planned are, in a dry run, the records that earlier rows would make or change.
	planned *index

	saves  []save
	at     map[ID]int // of saves
	clash  map[ID][]Contradiction
	issues []Issue

	added, changed, same int
}

func (p *planner) plan(ctx context.Context, rows []staged) error {
	p.at, p.clash = map[ID]int{}, map[ID][]Contradiction{}
	described := make([]Device, len(rows))
	for i, s := range rows {
		var err error
		if described[i], err = p.describe(ctx, s.row); err != nil {
			return fmt.Errorf("row %d: %w", s.row.Line, err)
		}
	}
	ix, err := findAll(ctx, p.r, described)
	if err != nil {
		return err
	}
	for _, d := range described {
		p.recall(ix, d)
	}
	for i, s := range rows {
		if err := p.one(ix, s, described[i]); err != nil {
			return err
		}
	}
	for i := range p.saves {
		if p.planned != nil {
			p.planned.put(&p.saves[i].after)
		}
	}
	return nil
}

// recall adds to an index what earlier rows of a dry run planned for the names of a described device.
func (p *planner) recall(ix *index, d Device) {
	if p.planned == nil {
		return
	}
	for _, keys := range d.wanted() {
		for _, k := range keys {
			for _, id := range p.planned.ids[k] {
				ix.put(p.planned.devices[id])
			}
		}
	}
}

// one decides about one row.
func (p *planner) one(ix *index, s staged, d Device) error {
	hold := func(reason string, other ID) {
		p.issues = append(p.issues, Issue{Position: s.position, Line: s.row.Line, Outcome: HeldRow, Place: fmt.Sprintf("row %d", s.row.Line), Reason: reason, Device: other})
	}
	res := ix.resolve(d)
	if res.Held {
		c := res.Contradictions[len(res.Contradictions)-1]
		hold("another device "+c.Reason, c.Other)
		return nil
	}
	var before *Device
	after := d
	if res.Device == "" {
		var err error
		if after.ID, err = newID(); err != nil {
			return err
		}
		after.State, after.At, after.Identities = Active, p.now, nil
	} else {
		before = ix.devices[res.Device]
		if before.State == Retired {
			hold("the device was retired; reinstate it before importing it", before.ID)
			return nil
		}
		if p.imp.site != "" && before.Site != "" && before.Site != p.imp.site {
			hold("the device belongs to another site, which the import may not change", before.ID)
			return nil
		}
		after = *before
		after.update(ix.otherNames(*before, d))
	}
	for kind, values := range map[network.IdentityKind][]string{network.IP: s.row.IP, network.MAC: s.row.MAC, network.Hostname: s.row.Hostname, network.AETitle: s.row.AETitle} {
		if len(values) > 0 {
			after.setCurrent(kind, values, p.now, p.source)
		}
	}
	after.unset()
	if err := after.Validate(); err != nil {
		hold(err.Error(), after.ID)
		return nil
	}
	p.clash[after.ID] = append(p.clash[after.ID], res.Contradictions...)
	if before != nil && same(*before, after) {
		p.same++
		return nil
	}
	p.put(before, after)
	ix.put(&after)
	return nil
}

// otherNames drops from a described device the tag or serial number under which the record is known besides its own, from a
// merge: two inventories with two names must not rename the device in turns.
func (ix *index) otherNames(c, d Device) Device {
	known := func(kinds ...keyKind) bool {
		for _, kind := range kinds {
			for _, k := range d.wanted()[kind] {
				if slices.Contains(ix.ids[k], c.ID) {
					return true
				}
			}
		}
		return false
	}
	tag := fleetfile.Mark(c.AssetTag) != "" && fleetfile.Mark(c.AssetTag) != fleetfile.Mark(d.AssetTag) && known(keyTag)
	serial := fleetfile.Mark(c.Serial) != "" && fleetfile.Mark(c.Serial) != fleetfile.Mark(d.Serial) && known(keyUDI, keySerial)
	if tag {
		d.AssetTag = ""
	}
	if serial {
		d.Serial, d.UDI, d.DI = "", "", ""
	}
	return d
}

func (p *planner) put(before *Device, after Device) {
	if i, again := p.at[after.ID]; again { // an earlier row of this step named the same device
		p.saves[i].after = after
		p.same++
		return
	}
	if before == nil {
		p.added++
	} else {
		p.changed++
	}
	p.at[after.ID] = len(p.saves)
	p.saves = append(p.saves, save{before, after})
}

// write carries out what was planned.
func (p *planner) write(ctx context.Context) error {
	if err := saveAll(ctx, p.tx, p.saves, note{importID: p.imp.ID}); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(p.clash)) {
		d, err := one(ctx, p.tx, id)
		if err != nil {
			return err
		}
		if err := contradict(ctx, p.tx, d, p.clash[id]); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, i := range p.issues {
		rows = append(rows, []any{string(p.imp.ID), i.Position, i.Line, string(i.Outcome), i.Place, i.Reason, string(i.Device)})
	}
	return insert(ctx, p.tx, target{"import_issue", []string{"import_id", "position", "line", "outcome", "place", "reason", "device_id"}, ""}, rows)
}

// update takes over what a row says; what it leaves open stays.
func (d *Device) update(o Device) {
	for _, f := range []struct{ to, from *string }{{&d.Ward, &o.Ward}, {&d.AssetTag, &o.AssetTag}, {&d.Serial, &o.Serial}, {&d.Lot, &o.Lot}, {&d.UDI, &o.UDI},
		{&d.DI, &o.DI}, {&d.RawVendor, &o.RawVendor}, {&d.RawModel, &o.RawModel}, {&d.Zone, &o.Zone}, {&d.ClinicalOwner, &o.ClinicalOwner},
		{&d.ITOwner, &o.ITOwner}} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if o.Site != "" {
		d.Site, d.SiteName = o.Site, o.SiteName
	}
	if o.Model != "" && o.Model != d.Model {
		d.Model, d.Release = o.Model, ""
	}
	if o.RawVersion != "" {
		d.RawVersion, d.Release = o.RawVersion, o.Release
	}
	if !o.Manufactured.IsZero() {
		d.Manufactured = o.Manufactured
	}
	if len(o.Connectivity) > 0 {
		d.Connectivity = o.Connectivity
	}
	if o.PatientData != product.NotKnown {
		d.PatientData = o.PatientData
	}
	if o.InUse != product.NotKnown {
		d.InUse = o.InUse
	}
	if o.OwnClass != product.ClassNotKnown {
		d.OwnClass = o.OwnClass
	}
	d.Values = slices.Clone(d.Values)
	for _, v := range o.Values {
		if i := slices.IndexFunc(d.Values, func(x Value) bool { return x.Name == v.Name }); i >= 0 {
			d.Values[i] = v
		} else {
			d.Values = append(d.Values, v)
		}
	}
}
