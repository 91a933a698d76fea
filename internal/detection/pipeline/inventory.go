package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
)

// Inventory says which device had an address or a name at a time. It is in memory, and follows the journal.
type Inventory struct {
	db *store.DB

	mu      sync.RWMutex
	loaded  bool
	seq     int64 // of the journal, up to which it is known
	names   map[name][]tenure
	devices map[device.ID]*standing
}

type name struct {
	kind  network.IdentityKind
	value string
}

// tenure is the time in which a device has a name: half-open, in microseconds; since 0: not known since when; until 0: still.
type tenure struct {
	since, until int64
	of           *standing
}

func (t tenure) holds(at int64) bool { return t.since <= at && (t.until == 0 || at < t.until) }

// standing is what events say of a device.
type standing struct {
	id                        device.ID
	tag, model, vendor, class string
	place
	changed int64 // when the record changed last, microseconds
	names   []name

	once sync.Once
	past []past // the newest first, read when an event is older than changed
}

// place is where a device stands and whether it is in use.
type place struct {
	site, ward, zone string
	inUse            product.Answer
}

// past is how a place was before an instant.
type past struct {
	until int64
	place place
}

// NewInventory begins empty; Follow fills it.
func NewInventory(db *store.DB) *Inventory { return &Inventory{db: db} }

// Follow takes in what changed since the last call.
func (v *Inventory) Follow(ctx context.Context) error {
	return v.db.View(ctx, func(r store.Reader) error {
		head, _, err := store.JournalHead(ctx, r)
		if err != nil {
			return err
		}
		if !v.loaded {
			return v.load(ctx, r, head)
		}
		for v.seq < head {
			entries, err := store.Journal(ctx, r, store.JournalQuery{After: v.seq, Kinds: inventoryKinds(), Limit: 500})
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				v.seq = head
				break
			}
			if err := v.renew(ctx, r, entries); err != nil {
				return err
			}
		}
		return nil
	})
}

func inventoryKinds() []string {
	return append(device.FactKinds(), product.KindModelChanged, product.KindManufacturerChanged)
}

func (v *Inventory) load(ctx context.Context, r store.Reader, head int64) error {
	v.mu.Lock()
	v.names, v.devices = map[name][]tenure{}, map[device.ID]*standing{}
	v.mu.Unlock()
	for after := device.ID(""); ; {
		page, err := device.Census(ctx, r, after)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			v.put(d)
		}
		after = page[len(page)-1].ID
	}
	v.loaded, v.seq = true, head
	return nil
}

// renew reads again what the entries are about. A model or a manufacturer is about all its devices, so everything is read.
func (v *Inventory) renew(ctx context.Context, r store.Reader, entries []store.Entry) error {
	var ids []device.ID
	for _, e := range entries {
		if e.Kind == product.KindModelChanged || e.Kind == product.KindManufacturerChanged {
			head, _, err := store.JournalHead(ctx, r)
			if err != nil {
				return err
			}
			return v.load(ctx, r, head)
		}
		ids = append(ids, device.ID(e.Subject))
		if e.Kind == device.KindMerged {
			var m device.MergeNoted
			if json.Unmarshal(e.Body, &m) == nil {
				ids = append(ids, m.Dropped)
			}
		}
	}
	slices.Sort(ids)
	found, err := device.Records(ctx, r, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, d := range found {
		v.put(d)
	}
	v.seq = entries[len(entries)-1].Seq
	return nil
}

func (v *Inventory) put(d device.Device) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if old := v.devices[d.ID]; old != nil {
		for _, n := range old.names {
			v.names[n] = slices.DeleteFunc(v.names[n], func(t tenure) bool { return t.of.id == d.ID })
			if len(v.names[n]) == 0 {
				delete(v.names, n)
			}
		}
		delete(v.devices, d.ID)
	}
	if d.State == device.Merged {
		return // the record that stands for it has its names
	}
	s := &standing{id: d.ID, tag: d.AssetTag, model: d.ModelName, vendor: cmp.Or(d.Maker, d.RawVendor), class: string(d.Class), changed: store.Micros(d.Changed),
		place: place{site: string(d.Site), ward: d.Ward, zone: d.Zone, inUse: d.InUse}}
	v.devices[d.ID] = s
	for _, i := range d.Identities {
		n := name{i.Kind, i.Value}
		t := tenure{since: store.Micros(i.Since), until: store.Micros(i.Until), of: s}
		if t.until == 0 && d.State == device.Retired {
			t.until = s.changed
		}
		s.names = append(s.names, n)
		v.names[n] = append(v.names[n], t)
	}
}

// find is the device that had a name at a time: at the site where the source stands if several had it, else the one that
// has had it for the shortest time; nil when none had it or it cannot be told.
func (v *Inventory) find(n name, at int64, site string) *standing {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var best tenure
	found, tie := false, false
	better := func(t tenure) int {
		if site != "" && (t.of.site == site) != (best.of.site == site) {
			if t.of.site == site {
				return 1
			}
			return -1
		}
		return cmp.Compare(t.since, best.since)
	}
	for _, t := range v.names[n] {
		if !t.holds(at) {
			continue
		}
		if !found {
			best, found = t, true
			continue
		}
		switch c := better(t); {
		case c > 0:
			best, tie = t, false
		case c == 0 && t.of != best.of:
			tie = true
		}
	}
	if !found || tie {
		return nil
	}
	return best.of
}

func (v *Inventory) byAddress(text string, at int64, site string) *standing {
	if text == "" {
		return nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return nil
	}
	return v.find(name{network.IP, a.Unmap().WithZone("").String()}, at, site)
}

// byHost finds a device by its whole name, else by the first label of it.
func (v *Inventory) byHost(text string, at int64, site string) *standing {
	if text == "" {
		return nil
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return v.byAddress(text, at, site)
	}
	h, err := network.Canonical(network.Hostname, text)
	if err != nil {
		return nil
	}
	if s := v.find(name{network.Hostname, h}, at, site); s != nil {
		return s
	}
	if short, _, ok := strings.Cut(h, "."); ok {
		return v.find(name{network.Hostname, short}, at, site)
	}
	return nil
}

func (v *Inventory) byTitle(text string, at int64, site string) *standing {
	if text == "" {
		return nil
	}
	return v.find(name{network.AETitle, strings.TrimSpace(text)}, at, site)
}

// placeAt is where a device stood at a time. What changed since then is taken back with the journal.
func (v *Inventory) placeAt(ctx context.Context, s *standing, at int64) place {
	if at >= s.changed {
		return s.place
	}
	s.once.Do(func() { s.past = v.pastOf(ctx, s) })
	out := s.place
	for _, p := range s.past {
		if p.until <= at {
			break
		}
		out = p.place
	}
	return out
}

// pastOf reads how the place of a device was before each of its changes. Where the journal cannot be read, the place of
// now holds; the next change of the device has it read again.
func (v *Inventory) pastOf(ctx context.Context, s *standing) []past {
	var out []past
	err := v.db.View(ctx, func(r store.Reader) error {
		entries, err := store.Journal(ctx, r, store.JournalQuery{Subject: string(s.id), Kinds: []string{device.KindMoved, device.KindChanged}, Order: store.NewestFirst, Limit: 1000})
		if err != nil {
			return err
		}
		p := s.place
		for _, e := range entries {
			var n device.Noted
			if json.Unmarshal(e.Body, &n) != nil {
				continue
			}
			for _, c := range n.Changes {
				switch c.Field {
				case "site":
					p.site = c.Before
				case "ward":
					p.ward = c.Before
				case "zone":
					p.zone = c.Before
				case "in_use":
					p.inUse = product.Answer(c.Before)
				}
			}
			out = append(out, past{until: store.Micros(e.At), place: p})
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return out
}
