package device

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/device/fleetfile"
	"triward/internal/store"
)

// Resolution is which record a described device is.
type Resolution struct {
	Device ID     // empty when it is none of them
	By     string // the name that decided
	// Contradictions name records that share a name with the described device but cannot be it, or can be it as well.
	Contradictions []Contradiction
	// Held says that nothing may be decided without a person: the asset tag belongs to another device, or several fit.
	Held bool
}

// Contradiction is what speaks against two names being one device.
type Contradiction struct {
	Other  ID
	Key    string // the shared name
	Reason string // for people
}

// index finds records by their keys and holds those found.
type index struct {
	ids     map[string][]ID // by key
	devices map[ID]*Device
}

// Resolve says which record a described device is: its site, tag, serial, UDI, model and current MAC addresses are
// compared in the order that the package names.
func Resolve(ctx context.Context, r store.Reader, d Device) (Resolution, error) {
	d.unset()
	ix, err := findAll(ctx, r, []Device{d})
	if err != nil {
		return Resolution{}, err
	}
	return ix.resolve(d), nil
}

func findAll(ctx context.Context, r store.Reader, described []Device) (*index, error) {
	ix := &index{ids: map[string][]ID{}, devices: map[ID]*Device{}}
	var keys []string
	for _, d := range described {
		for _, ks := range d.wanted() {
			keys = append(keys, ks...)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var ids []ID
	for part := range slices.Chunk(keys, valuesPerStatement) {
		var w store.Where
		w.In("match_key", part)
		type hit struct {
			key string
			id  ID
		}
		hits, err := store.All(ctx, r, func(s store.Scanner) (hit, error) {
			var h hit
			err := s.Scan(&h.key, &h.id)
			return h, err
		}, `SELECT match_key, device_id FROM device_key`+w.SQL()+` ORDER BY match_key, device_id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			ix.ids[h.key] = append(ix.ids[h.key], h.id)
			ids = append(ids, h.id)
		}
	}
	slices.Sort(ids)
	found, err := load(ctx, r, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	for i := range found {
		ix.devices[found[i].ID] = &found[i]
	}
	return ix, nil
}

// put makes a record known to the index, as it is now.
func (ix *index) put(d *Device) {
	if old := ix.devices[d.ID]; old != nil {
		for _, k := range old.keys() {
			ix.ids[k] = slices.DeleteFunc(ix.ids[k], func(id ID) bool { return id == d.ID })
		}
	}
	ix.devices[d.ID] = d
	for _, k := range d.keys() {
		ix.ids[k] = append(ix.ids[k], d.ID)
	}
}

func (ix *index) resolve(d Device) Resolution {
	var res Resolution
	said := map[ID]bool{}
	contradict := func(o ID, key, reason string) {
		if !said[o] && o != res.Device {
			said[o] = true
			res.Contradictions = append(res.Contradictions, Contradiction{o, key, reason})
		}
	}
	wanted := d.wanted()
	for _, kind := range keyKinds() {
		var fit []ID
		for _, key := range wanted[kind] {
			if kind == keyTag && len(fit) > 0 {
				break // the tag at its own site decides before a record without a site
			}
			for _, o := range ix.ids[key] {
				c := ix.devices[o]
				if c == nil || c.State == Merged || c.State == Retired && (kind == keyTag || kind == keyMAC) {
					continue
				}
				reason := against(kind, *c, d)
				switch {
				case reason != "" && o != res.Device:
					contradict(o, key, reason)
					// A tag names one device at a site; a network card can have moved.
					res.Held = res.Held || kind == keyTag && res.Device == ""
				case reason == "" && !slices.Contains(fit, o):
					fit = append(fit, o)
				}
			}
			if res.Device != "" {
				for _, o := range fit {
					contradict(o, key, fmt.Sprintf("has the same %s, but %s decided for another device", kind, res.By))
				}
			}
		}
		switch {
		case res.Device != "":
		case len(fit) == 1:
			res.Device, res.By = fit[0], kind.String()
		case len(fit) > 1:
			for _, o := range fit {
				contradict(o, wanted[kind][0], fmt.Sprintf("one of %d devices with the same %s", len(fit), kind))
			}
			res.Held = true
		}
		if res.Held {
			return res
		}
	}
	return res
}

// against says why a record that shares a name of a kind cannot be the described device, or "".
func against(kind keyKind, c, d Device) string {
	if kind == keyUDI || kind == keySerial {
		return ""
	}
	if a, b := fleetfile.Mark(c.Serial), fleetfile.Mark(d.Serial); a != "" && b != "" && a != b {
		return fmt.Sprintf("has the same %s but the serial number %q, not %q", kind, c.Serial, d.Serial)
	}
	if a, b := fleetfile.Mark(c.AssetTag), fleetfile.Mark(d.AssetTag); kind == keyMAC && a != "" && b != "" && (a != b || c.Site != "" && d.Site != "" && c.Site != d.Site) {
		return fmt.Sprintf("has the same %s but the asset tag %q, not %q", kind, c.AssetTag, d.AssetTag)
	}
	return ""
}

// terms are the texts that a search finds a device by.
func (d Device) terms() []string {
	var out []string
	add := func(s string) {
		if s = strings.ToLower(strings.TrimSpace(s)); s != "" {
			out = append(out, s)
		}
	}
	add(d.AssetTag)
	add(d.Serial)
	for _, n := range d.Identities {
		if n.Until.IsZero() {
			add(n.Value)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
