package device

import (
	"context"
	"fmt"
	"strings"

	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Fleet changes what is known of devices.
type Fleet struct{ DB *store.DB }

func mayWrite(a store.Actor, kind string, d Device) error {
	if !a.Scope(kind).Covers(string(d.Site), string(d.Model)) {
		return problem.New(problem.Forbidden, "your role does not allow %q for this device", kind)
	}
	return nil
}

// AddSite adds a site; a name that there is already is a Conflict.
func (f Fleet) AddSite(ctx context.Context, name string) (SiteID, error) {
	var sid SiteID
	err := f.DB.Update(ctx, func(tx *store.Tx) (err error) {
		sid, err = addSiteTx(ctx, tx, name)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("add site %q: %w", name, err)
	}
	return sid, nil
}

func validSite(name string) error {
	var l problem.List
	if product.Fold(name) == "" {
		l.Add("name", "is required")
	}
	product.Text(&l, "name", name, fleetfile.MaxText)
	return l.Err("the site is not valid")
}

func addSiteTx(ctx context.Context, tx *store.Tx, name string) (SiteID, error) {
	name = strings.TrimSpace(name)
	if err := validSite(name); err != nil {
		return "", err
	}
	sid, err := id.New("site")
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO site (id, name, name_key, at) VALUES ($1, $2, $3, $4)`, sid, name, product.Fold(name), store.Micros(tx.Now)); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindSiteAdded, Subject: sid, Site: sid, Body: SiteNamed{Name: name}})
	return SiteID(sid), err
}

// RenameSite gives a site another name.
func (f Fleet) RenameSite(ctx context.Context, site SiteID, name string) error {
	if err := validSite(name); err != nil {
		return err
	}
	err := f.DB.Update(ctx, func(tx *store.Tx) error {
		var before string
		if err := tx.QueryRow(ctx, `SELECT name FROM site WHERE id = $1`, string(site)).Scan(&before); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE site SET name = $1, name_key = $2 WHERE id = $3`, name, product.Fold(name), string(site)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindSiteChanged, Subject: string(site), Site: string(site), Body: SiteNamed{before, name}})
		return err
	})
	if err != nil {
		return fmt.Errorf("rename site %q: %w", name, err)
	}
	return nil
}

// Sites reads the sites that the actor may see, by name.
func Sites(ctx context.Context, r store.Reader) ([]Site, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if len(scope.Products) == 0 { // who sees a model anywhere may know the names of the places
		w.Scope(scope, "id", "")
	}
	return store.All(ctx, r, scanSite, `SELECT id, name FROM site`+w.SQL()+` ORDER BY name_key`, w.Args()...)
}

// Register adds a device. Conflict when it is known already, or when its asset tag belongs to another device. A MAC address
// that another device has is registered and reported as a contradiction.
func (f Fleet) Register(ctx context.Context, d Device) (ID, error) {
	d.unset()
	if err := d.Validate(); err != nil {
		return "", err
	}
	err := f.DB.Update(ctx, func(tx *store.Tx) error {
		if err := checkPlaces(ctx, tx, d); err != nil {
			return err
		}
		ix, err := findAll(ctx, tx, []Device{d})
		if err != nil {
			return err
		}
		res := ix.resolve(d)
		if res.Device != "" {
			return problem.New(problem.Conflict, "this device is registered already (same %s): %s", res.By, res.Device)
		}
		if res.Held {
			return problem.New(problem.Conflict, "the device %s %s", res.Contradictions[0].Other, res.Contradictions[0].Reason)
		}
		if d.ID, err = newID(); err != nil {
			return err
		}
		d.begin(tx, "registered")
		if err := saveAll(ctx, tx, []save{{after: d}}, note{}); err != nil {
			return err
		}
		return contradict(ctx, tx, d, res.Contradictions)
	})
	if err != nil {
		return "", fmt.Errorf("register device %q: %w", d.AssetTag, err)
	}
	return d.ID, nil
}

func newID() (ID, error) {
	s, err := id.New("dev")
	return ID(s), err
}

// begin sets the instants of a new record.
func (d *Device) begin(tx *store.Tx, source string) {
	d.State, d.At, d.Changed, d.MergedInto = Active, tx.Now, tx.Now, ""
	for i := range d.Identities {
		if d.Identities[i].Since.IsZero() {
			d.Identities[i].Since = tx.Now
		}
		if d.Identities[i].Source == "" {
			d.Identities[i].Source = source
		}
	}
}

// checkPlaces refuses a site, model or release that there is not.
func checkPlaces(ctx context.Context, r store.Reader, d Device) error {
	var l problem.List
	exists := func(path, query string, args ...any) error {
		n, err := store.All(ctx, r, store.Value[int64], query, args...)
		if err == nil && len(n) == 0 {
			l.Add(path, "does not exist")
		}
		return err
	}
	if d.Site != "" {
		if err := exists("site", `SELECT 1 FROM site WHERE id = $1`, string(d.Site)); err != nil {
			return err
		}
	}
	if d.Model != "" {
		if err := exists("model", `SELECT 1 FROM model WHERE id = $1`, string(d.Model)); err != nil {
			return err
		}
	}
	if d.Release != "" {
		if err := exists("release", `SELECT 1 FROM product_release WHERE id = $1 AND model_id = $2`, string(d.Release), string(d.Model)); err != nil {
			return err
		}
	}
	return l.Err("the device is not valid")
}

// Change replaces the fields of a device; its state and past identities stay. When Changed is set and the record has
// changed since, it is a Conflict. Current identities that are missing end now.
func (f Fleet) Change(ctx context.Context, d Device) error {
	d.unset()
	if err := d.Validate(); err != nil {
		return err
	}
	err := f.DB.Update(ctx, func(tx *store.Tx) error {
		before, err := one(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		if !d.Changed.IsZero() && !d.Changed.Equal(before.Changed) {
			return problem.New(problem.Conflict, "the device was changed meanwhile; look at it again")
		}
		if before.State == Merged {
			return problem.New(problem.Conflict, "the device was merged into %s", before.MergedInto)
		}
		if err := checkPlaces(ctx, tx, d); err != nil {
			return err
		}
		after := d
		after.State, after.At, after.MergedInto, after.Identities = before.State, before.At, before.MergedInto, before.Identities
		for _, k := range network.IdentityKinds() {
			after.setCurrent(k, d.Current(k), tx.Now, "changed")
		}
		ix, err := findAll(ctx, tx, []Device{after})
		if err != nil {
			return err
		}
		delete(ix.devices, d.ID)
		res := ix.resolve(after)
		if res.Held || res.Device != "" && res.By != keyMAC.String() {
			return problem.New(problem.Conflict, "another device has the same name: %s; merge them if they are one", res.other())
		}
		if same(before, after) {
			return nil
		}
		if err := saveAll(ctx, tx, []save{{&before, after}}, note{}); err != nil {
			return err
		}
		if res.Device != "" {
			res.Contradictions = append(res.Contradictions, Contradiction{res.Device, after.wanted()[keyMAC][0], "has the same MAC address"})
		}
		return contradict(ctx, tx, after, res.Contradictions)
	})
	if err != nil {
		return fmt.Errorf("change device %q: %w", d.AssetTag, err)
	}
	return nil
}

func (res Resolution) other() ID {
	if res.Device != "" || len(res.Contradictions) == 0 {
		return res.Device
	}
	return res.Contradictions[0].Other
}

func same(a, b Device) bool {
	return len(a.changes(b)) == 0 && len(a.moves(b)) == 0 && len(a.renames(b)) == 0
}

// Retire takes a device out of the fleet; its record and history stay.
func (f Fleet) Retire(ctx context.Context, device ID, reason string) error {
	return f.setState(ctx, device, Retired, note{reason: reason, kind: KindRetired})
}

// Reinstate brings a retired device back.
func (f Fleet) Reinstate(ctx context.Context, device ID, reason string) error {
	return f.setState(ctx, device, Active, note{reason: reason, kind: KindReinstated})
}

func (f Fleet) setState(ctx context.Context, device ID, to State, n note) error {
	if err := validReason(n.reason); err != nil {
		return err
	}
	return f.DB.Update(ctx, func(tx *store.Tx) error {
		before, err := one(ctx, tx, device)
		if err != nil {
			return err
		}
		if before.State == Merged || before.State == to {
			return problem.New(problem.Conflict, "the device is %s", before.State)
		}
		after := before
		after.State = to
		return saveAll(ctx, tx, []save{{&before, after}}, n)
	})
}

func validReason(reason string) error {
	var l problem.List
	if strings.TrimSpace(reason) == "" {
		l.Add("reason", "is required")
	}
	product.Text(&l, "reason", reason, fleetfile.MaxValue)
	return l.Err("a reason is needed")
}

func one(ctx context.Context, r store.Reader, device ID) (Device, error) {
	found, err := load(ctx, r, []ID{device})
	if err != nil {
		return Device{}, err
	}
	if len(found) == 0 {
		return Device{}, problem.New(problem.NotFound, "there is no such device")
	}
	return found[0], nil
}

// Get reads a device.
func Get(ctx context.Context, r store.Reader, device ID) (Device, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Device{}, err
	}
	d, err := one(ctx, r, device)
	if err != nil {
		return Device{}, err
	}
	if !scope.Covers(string(d.Site), string(d.Model)) {
		return Device{}, problem.New(problem.Forbidden, "your role does not cover this device")
	}
	return d, nil
}
