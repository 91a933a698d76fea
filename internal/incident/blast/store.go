package blast

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

// marks are placeholders for values, for an IN. There must be a value.
func marks(w *store.Where, values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = w.Bind(v)
	}
	return strings.Join(out, ", ")
}

func vulnsOf(ctx context.Context, r store.Reader, record string) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT DISTINCT vuln FROM record_vuln WHERE record = $1 ORDER BY vuln LIMIT 500`, record)
}

// of restricts to devices that a record speaks of; "" does not.
func of(w *store.Where, column, record string) string {
	if record == "" {
		return ""
	}
	return ` AND ` + column + ` IN (SELECT h.id FROM vuln_match m JOIN holder h ON h.configuration = m.configuration AND h.kind = 'device' WHERE m.record = ` + w.Bind(record) + `)`
}

// lines are the devices that ranking lists for the weaknesses: affected, or it is unknown. "affected" sorts before "unknown",
// so the least of several answers is the worst.
func (k *work) lines(record string) source {
	return func(w *store.Where) string {
		if len(k.vulns) == 1 { // a device has one answer to one weakness
			return `(SELECT device, truth FROM line WHERE vuln = ` + w.Bind(k.vulns[0]) + of(w, "device", record) + `)`
		}
		return `(SELECT device, min(truth) AS truth FROM line WHERE vuln IN (` + marks(w, k.vulns) + `)` + of(w, "device", record) + ` GROUP BY device)`
	}
}

// cleared are the devices that were compared with a source of the weaknesses and are not affected by any.
func (k *work) cleared(record string) source {
	return func(w *store.Where) string {
		only := ""
		if record != "" {
			only = ` AND m.record = ` + w.Bind(record)
		}
		in := marks(w, k.vulns)
		return `(SELECT h.id AS device, 'not_affected' AS truth FROM holder h WHERE h.kind = 'device' AND h.configuration IN (SELECT m.configuration FROM vuln_match m WHERE m.vuln IN (` + in + `)` + only + `)
			AND NOT EXISTS (SELECT 1 FROM line l WHERE l.device = h.id AND l.vuln IN (` + in + `)))`
	}
}

// group is how many devices are alike in everything that is counted.
type group struct {
	place
	devices int
}

// within restricts to devices that are in use somewhere and that the reader may see.
func (k *work) within(w *store.Where) {
	w.And("d.state = 'active'")
	w.Scope(k.scope, "d.site_id", "d.model_id")
}

// where restricts to the devices that are asked for.
func (k *work) where(w *store.Where) {
	k.within(w)
	for _, f := range []struct{ column, value string }{{"d.site_id", k.v.Query.Site}, {"d.ward", k.v.Query.Ward}, {"d.model_id", k.v.Query.Model}} {
		if f.value != "" {
			w.And(f.column+" = ?", f.value)
		}
	}
}

// place is everything about a device that is counted.
type place struct {
	truth match.Truth
	model product.ModelID
	site  device.SiteID
	ward  string
	inUse product.Answer
	class product.SafetyClass
	ways  string
}

// groups reads the devices of a source once: it counts those that are alike, and keeps in list those that matter most.
// Grouping and sorting 100,000 rows costs the database more than reading them does.
func (k *work) groups(ctx context.Context, from source) ([]group, error) {
	var w store.Where
	table := from(&w)
	k.within(&w)
	counts := map[place]int{}
	_, err := store.All(ctx, k.r, func(s store.Scanner) (x struct{}, err error) {
		var p place
		var l listed
		err = s.Scan(&l.id, &l.tag, &p.truth, &p.model, &p.site, &p.ward, &p.inUse, &p.class, &p.ways)
		counts[p]++
		if l.place = p; p.truth != match.NotAffected && k.v.Query.covers(p) {
			k.list.add(l)
		}
		return x, err
	}, `SELECT d.id, d.sort_tag, l.truth, d.model_id, d.site_id, d.ward, d.in_use, d.safety_class, d.connectivity FROM `+table+` l JOIN device d ON d.id = l.device`+w.SQL(), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read the blast radius: %w", err)
	}
	out := make([]group, 0, len(counts))
	for p, n := range counts {
		out = append(out, group{p, n})
	}
	return out, nil
}

// listed is a device that may be shown.
type listed struct {
	id, tag string
	place
}

// shortlist keeps the devices that matter most.
type shortlist []listed

// add takes a device in, and lets go of those that matter least when there are many more than are shown.
func (l *shortlist) add(d listed) {
	if *l = append(*l, d); len(*l) >= 8*MaxDevices {
		*l = l.most()
	}
}

// most are the devices that matter most, at most MaxDevices: affected before unknown, in use before not, then by what they do
// for a patient.
func (l *shortlist) most() []listed {
	slices.SortFunc(*l, func(a, b listed) int {
		return cmp.Or(rank(a.truth)-rank(b.truth), free(a.inUse)-free(b.inUse), class(a.class)-class(b.class), strings.Compare(a.tag, b.tag), strings.Compare(a.id, b.id))
	})
	return (*l)[:min(len(*l), MaxDevices)]
}

func free(a product.Answer) int {
	if a == product.No {
		return 1
	}
	return 0
}

func class(c product.SafetyClass) int {
	switch c {
	case product.LifeSustaining:
		return 0
	case product.LifeSupporting:
		return 1
	case product.ClassNotKnown, "":
		return 2
	}
	return 3
}

// modelFact is what counts of a model.
type modelFact struct {
	name     string
	class    product.SafetyClass
	patients int // at once; 0 unknown
}

// facts reads the models and sites of the groups.
func (k *work) facts(ctx context.Context, groups []group) error {
	k.models, k.sites = map[product.ModelID]modelFact{}, map[device.SiteID]string{}
	seen := map[string]bool{}
	for _, g := range groups {
		seen[string(g.model)] = true
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(seen)), 1000) {
		if err := k.readModels(ctx, part); err != nil {
			return err
		}
	}
	_, err := store.All(ctx, k.r, func(s store.Scanner) (x struct{}, err error) {
		var id device.SiteID
		var name string
		err = s.Scan(&id, &name)
		k.sites[id] = name
		return x, err
	}, `SELECT id, name FROM site ORDER BY id`)
	return err
}

func (k *work) readModels(ctx context.Context, ids []string) error {
	var w store.Where
	w.In("m.id", ids)
	_, err := store.All(ctx, k.r, func(s store.Scanner) (x struct{}, err error) {
		var id product.ModelID
		var m modelFact
		err = s.Scan(&id, &m.name, &m.class, &m.patients)
		k.models[id] = m
		return x, err
	}, `SELECT m.id, f.name || ' ' || m.name, m.safety_class, m.patients_at_once FROM model m JOIN manufacturer f ON f.id = m.manufacturer_id`+w.SQL(), w.Args()...)
	return err
}

// add counts a group.
func (s *Sum) add(g group, m modelFact) {
	switch g.truth {
	case match.Affected:
		s.Affected += g.devices
	case match.Unknown:
		s.Unknown += g.devices
	default:
		s.NotAffected += g.devices
		return
	}
	if reach(g.ways) {
		s.Exposed += g.devices
	}
	switch g.inUse {
	case product.No:
		return
	case product.Yes:
		s.InUse += g.devices
	default:
		s.UseUnknown += g.devices
	}
	switch g.class {
	case product.LifeSustaining, product.LifeSupporting, product.ClassNotKnown, "":
		s.Critical += g.devices
	}
	if m.patients > 0 {
		s.Patients += g.devices * m.patients
	} else {
		s.PatientsUnknown += g.devices
	}
}

// count adds the groups up by model and by place, the worst first.
func (k *work) count(groups []group) {
	models, places, sites := map[product.ModelID]*Model{}, map[[2]string]*Place{}, map[device.SiteID]bool{}
	for _, g := range groups {
		fact := k.models[g.model]
		k.v.Sum.add(g, fact)
		m := models[g.model]
		if m == nil {
			m = &Model{ID: g.model, Name: fact.name, Class: fact.class}
			models[g.model] = m
		}
		m.add(g, fact)
		at := [2]string{string(g.site), g.ward}
		p := places[at]
		if p == nil {
			p = &Place{Site: g.site, SiteName: k.sites[g.site], Ward: g.ward}
			places[at] = p
		}
		p.add(g, fact)
		if g.truth != match.NotAffected {
			sites[g.site] = true
		}
	}
	k.v.Sites = len(sites)
	for _, m := range models {
		k.v.Models = append(k.v.Models, *m)
	}
	slices.SortFunc(k.v.Models, func(a, b Model) int {
		return cmp.Or(b.Affected-a.Affected, b.Unknown-a.Unknown, cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range places {
		k.v.Places = append(k.v.Places, *p)
	}
	slices.SortFunc(k.v.Places, func(a, b Place) int {
		return cmp.Or(b.Affected-a.Affected, b.Unknown-a.Unknown, cmp.Compare(a.SiteName, b.SiteName), cmp.Compare(a.Ward, b.Ward))
	})
}

// devices reads the devices that matter most.
func (k *work) devices(ctx context.Context) error {
	all := k.list.most()
	ids := make([]string, len(all))
	for i, v := range all {
		ids[i] = v.id
	}
	briefs, err := device.Briefs(ctx, k.r, ids)
	if err != nil {
		return err
	}
	by := map[string]device.Brief{}
	for _, b := range briefs {
		by[string(b.ID)] = b
	}
	for _, v := range all {
		b := by[v.id]
		k.v.Devices = append(k.v.Devices, Device{ID: b.ID, Tag: b.AssetTag, Model: b.Model, ModelName: b.ModelName, Version: b.Version, Site: b.Site, SiteName: b.SiteName, Ward: b.Ward,
			Class: b.Class, InUse: b.InUse, Ways: joinWays(b), Truth: v.truth, Stage: product.StageNotKnown})
	}
	return k.explain(ctx, briefs)
}

// silence counts the devices of which nothing can be said.
func (k *work) silence(ctx context.Context) error {
	var w store.Where
	switch {
	case len(k.vulns) > 0:
		w.And("d.model_id = ''")
	case k.v.Query.Indicator != "":
	default:
		return nil
	}
	k.where(&w)
	n, err := store.Value[int](k.r.QueryRow(ctx, `SELECT count(*) FROM device d`+w.SQL(), w.Args()...))
	if err != nil {
		return err
	}
	if len(k.vulns) > 0 {
		// One that a person judged by hand is in the radius already.
		for _, m := range k.v.Models {
			if m.ID == "" {
				n -= m.Hit() + m.NotAffected
			}
		}
		k.v.Unnamed = max(n, 0)
		return nil
	}
	k.v.Silent = max(n-k.v.Sum.Hit(), 0)
	return nil
}
