package main

import (
	"fmt"
	"strconv"

	"triward/internal/incident/blast"
	"triward/internal/sbom"
	"triward/internal/store"
)

// widespread is a weakness that [bench.findings] gives to every device.
const widespread = "CVE-2021-99998"

// blastRadius finds what a weakness that every device has, one that matching found in a model, and a component reach.
func (b *bench) blastRadius() error {
	if err := b.componentOfReleases(); err != nil {
		return err
	}
	f := blast.Finder{DB: b.db}
	for _, c := range []struct {
		name string
		q    blast.Query
		want int
	}{
		{"a weakness of every device", blast.Query{Weakness: widespread}, b.devices},
		{"a component", blast.Query{Component: "openssl", Versions: "< 3.0.7"}, b.devices},
	} {
		name := fmt.Sprintf("blast radius of %s, %d devices, %d findings", c.name, b.devices, b.lines)
		// Twice: the first reads the pages of the database, as it is after a start.
		for _, kind := range []string{" (first)", ""} {
			if err := b.timed(name+kind, "target < 1 s", 1, func() error {
				v, err := f.Find(b.ctx, c.q)
				if err == nil && v.Sum.Hit() != c.want {
					return fmt.Errorf("it reached %d devices, want %d", v.Sum.Hit(), c.want)
				}
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// componentOfReleases gives one release of every fourth model a bill of materials with the component, so that devices are
// affected, and unknown where there is none.
func (b *bench) componentOfReleases() error {
	type release struct{ id, model string }
	var some []release
	if err := b.db.View(b.ctx, func(r store.Reader) (err error) {
		some, err = store.All(b.ctx, r, func(s store.Scanner) (v release, err error) { return v, s.Scan(&v.id, &v.model) },
			`SELECT id, model_id FROM product_release WHERE id <> 'rel_bench' ORDER BY id LIMIT 100`)
		return err
	}); err != nil {
		return err
	}
	return b.db.Update(b.ctx, func(tx *store.Tx) error {
		for i, r := range some {
			digest := "sha256:bench" + strconv.Itoa(i)
			for _, q := range []struct {
				text string
				args []any
			}{
				{`INSERT INTO sbom_file (digest, body) VALUES ($1, $2)`, []any{digest, []byte{}}},
				{`INSERT INTO sbom (id, model_id, release_id, digest, format, spec_version, name, made, at, components, superseded) VALUES ($1, $2, $3, $4, $5, '1.6', '', 0, 1, 1, 0)`,
					[]any{"sbm_bench" + strconv.Itoa(i), r.model, r.id, digest, string(sbom.CycloneDXJSON)}},
				{`INSERT INTO component (sbom_id, position, ref, parent, kind, grp, name, version, purls, cpes, hashes, supplier, licences, support, end_of_support, end_of_life)
					VALUES ($1, 0, '1', '', 'library', '', 'OpenSSL', '1.1.1', '[]', '[]', '[]', '', '[]', '', '', '')`, []any{"sbm_bench" + strconv.Itoa(i)}},
			} {
				if _, err := tx.Exec(b.ctx, q.text, q.args...); err != nil {
					return err
				}
			}
			if _, err := tx.Record(b.ctx, store.Event{Kind: "product.sbom_added", Subject: r.id, Body: struct{}{}}); err != nil {
				return err
			}
		}
		return nil
	})
}
