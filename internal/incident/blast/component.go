package blast

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vers"
	"triward/internal/vuln/match"
)

// maxReleases is how many releases a component may be found in before the question must be narrower.
const maxReleases = 5_000

// parts are where a component was found.
type parts struct {
	releases map[product.ReleaseID]listing
	models   map[product.ModelID]listing // by facts of every release of a model
	devices  map[string]listing          // by facts of one device
}

// listing is the worst that is said of a component in one place.
type listing struct {
	truth match.Truth
	sbom  string
	why   string
}

// worse keeps the worse of two answers under a key.
func worse[K comparable](m map[K]listing, key K, l listing) {
	if old, ok := m[key]; !ok || rank(l.truth) < rank(old.truth) {
		m[key] = l
	}
}

func rank(t match.Truth) int {
	return slices.Index([]match.Truth{match.Affected, match.Unknown, match.NotAffected}, t)
}

// wanted is a component that is asked for.
type wanted struct {
	name     string // folded
	purl     string // without version and qualifiers; "" when only a name is asked for
	scheme   vers.Scheme
	versions vers.Range
	all      bool // every version
}

// want reads a component: its name, or a package URL (ECMA-427) whose version counts as the one asked for.
func want(component, versions string) (wanted, error) {
	component, versions = strings.TrimSpace(component), strings.TrimSpace(versions)
	w := wanted{name: strings.ToLower(component), scheme: vers.Generic}
	if strings.HasPrefix(w.name, "pkg:") {
		bare, version := barePURL(component)
		w.purl = bare
		w.name = bare[strings.LastIndex(bare, "/")+1:]
		if typ, _, ok := strings.Cut(strings.TrimPrefix(bare, "pkg:"), "/"); ok {
			if s, ok := vers.SchemeOfPurlType(typ); ok {
				w.scheme = s
			}
		}
		if versions == "" {
			versions = version
		}
	}
	if w.name == "" {
		var l problem.List
		l.Add("component", "has no name")
		return w, l.Err("the blast radius cannot be found")
	}
	if w.all = versions == ""; w.all {
		return w, nil
	}
	w.versions = vers.ParseRange(versions)
	if !w.versions.Read() || !onlyVersions(w.versions) {
		var l problem.List
		l.Add("versions", "%q is not understood; write them as < 3.0.7, or 1.2 to 1.9", versions)
		return w, l.Err("the blast radius cannot be found")
	}
	return w, nil
}

// onlyVersions says whether a range compares versions and nothing else.
func onlyVersions(r vers.Range) bool {
	for _, c := range r.Any {
		for _, t := range c.Tests {
			if t.Axis != vers.AxisVersion && (t.Axis != vers.AxisLabel || !strings.ContainsAny(t.Value, "0123456789")) {
				return false
			}
		}
	}
	return true
}

// barePURL is a package URL in small letters without version, qualifiers and subpath, and its version.
func barePURL(s string) (bare, version string) {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	if i := strings.LastIndex(s, "@"); i > strings.LastIndex(s, "/") {
		s, version = s[:i], s[i+1:]
	}
	if v, err := url.PathUnescape(version); err == nil {
		version = v
	}
	if v, err := url.PathUnescape(s); err == nil {
		s = v
	}
	return strings.ToLower(s), version
}

// answer says whether a version is among those asked for.
func (w wanted) answer(version string) (match.Truth, string) {
	if w.all {
		return match.Affected, ""
	}
	if strings.TrimSpace(version) == "" {
		return match.Unknown, "its version is not known"
	}
	t, why := w.versions.Contains(vers.Facts{Version: version})
	switch t {
	case vers.True:
		return match.Affected, ""
	case vers.False:
		return match.NotAffected, why.Text
	}
	return match.Unknown, why.Text
}

// row is a component as a bill of materials or a fact names it.
type row struct {
	holder, model, sbom, name, version, purls string
}

// findParts finds the releases, models and devices that have a component.
func findParts(ctx context.Context, r store.Reader, component, versions string) (parts, error) {
	p := parts{releases: map[product.ReleaseID]listing{}, models: map[product.ModelID]listing{}, devices: map[string]listing{}}
	w, err := want(component, versions)
	if err != nil {
		return p, err
	}
	scan := func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.holder, &v.model, &v.sbom, &v.name, &v.version, &v.purls)
	}
	listed, err := store.All(ctx, r, scan, `SELECT s.release_id, s.model_id, s.id, c.name, c.version, c.purls FROM component c JOIN sbom s ON s.id = c.sbom_id
		WHERE lower(c.name) = $1 AND s.superseded = 0 ORDER BY s.release_id, c.position`, w.name)
	if err != nil {
		return p, fmt.Errorf("find component: %w", err)
	}
	for _, v := range listed {
		if !w.is(v.purls) {
			continue
		}
		t, why := w.answer(v.version)
		worse(p.releases, product.ReleaseID(v.holder), listing{t, v.sbom, strings.TrimSuffix("its bill of materials lists "+strings.TrimSpace(v.name+" "+v.version)+": "+why, ": ")})
	}
	if w.purl == "" {
		if err := p.facts(ctx, r, w, scan); err != nil {
			return p, err
		}
	}
	if len(p.releases)+len(p.models)+len(p.devices) > maxReleases {
		return p, problem.New(problem.Invalid, "the component is in more than %d releases: name versions", maxReleases)
	}
	return p, nil
}

// facts adds the configuration facts of models, releases and devices that name the component.
func (p parts) facts(ctx context.Context, r store.Reader, w wanted, scan func(store.Scanner) (row, error)) error {
	told, err := store.All(ctx, r, scan, `SELECT release_id, model_id, '', product, version, '' FROM product_fact WHERE lower(product) = $1 AND withdrawn = 0 ORDER BY id`, w.name)
	if err != nil {
		return err
	}
	own, err := store.All(ctx, r, scan, `SELECT device_id, '', '', product, version, '' FROM device_part WHERE lower(product) = $1 AND withdrawn = 0 ORDER BY id`, w.name)
	if err != nil {
		return err
	}
	for _, v := range append(told, own...) {
		t, why := w.answer(v.version)
		l := listing{truth: t, why: strings.TrimSuffix("it is recorded to have "+strings.TrimSpace(v.name+" "+v.version)+": "+why, ": ")}
		switch {
		case v.model == "":
			worse(p.devices, v.holder, l)
		case v.holder == "":
			worse(p.models, product.ModelID(v.model), l)
		default:
			worse(p.releases, product.ReleaseID(v.holder), l)
		}
	}
	return nil
}

// is says whether the package URLs of a component, as JSON, name the package asked for. A component without any may be it.
func (w wanted) is(purls string) bool {
	var all []string
	if w.purl == "" || json.Unmarshal([]byte(purls), &all) != nil || len(all) == 0 {
		return true
	}
	return slices.ContainsFunc(all, func(s string) bool {
		bare, _ := barePURL(s)
		return bare == w.purl
	})
}

// source gives every device an answer: by its own facts, its release or its model; one whose release has a bill of materials
// without the component does not have it; all others are unknown.
func (p parts) source(w *store.Where) string {
	var b strings.Builder
	for _, t := range []match.Truth{match.Affected, match.Unknown, match.NotAffected} {
		for _, in := range []struct {
			column string
			ids    []string
		}{{"id", with(p.devices, t)}, {"release_id", with(p.releases, t)}, {"model_id", with(p.models, t)}} {
			if len(in.ids) > 0 {
				b.WriteString(` WHEN ` + in.column + ` IN (` + marks(w, in.ids) + `) THEN '` + string(t) + `'`)
			}
		}
	}
	b.WriteString(` WHEN release_id <> '' AND EXISTS (SELECT 1 FROM sbom s WHERE s.release_id = device.release_id AND s.superseded = 0) THEN 'not_affected'`)
	return `(SELECT id AS device, CASE` + b.String() + ` ELSE 'unknown' END AS truth FROM device WHERE state = 'active')`
}

// with are the keys that have an answer.
func with[K ~string](all map[K]listing, t match.Truth) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].truth == t {
			ids = append(ids, string(id))
		}
	}
	return ids
}

func (p parts) explain(d *Device, release product.ReleaseID) {
	for _, l := range []listing{p.devices[string(d.ID)], p.releases[release], p.models[d.Model]} {
		if l.truth == d.Truth {
			d.Why, d.SBOM = l.why, l.sbom
			return
		}
	}
	d.Why = "nobody knows what is in it: there is no bill of materials of its software"
}
