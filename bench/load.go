package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"triward/internal/advisory"
	"triward/internal/app"
	"triward/internal/ingest"
	"triward/internal/store"
	"triward/internal/testdata"
	"triward/internal/vuln"
)

func dataDir() string {
	dir, ok := testdata.Dir()
	if !ok {
		fmt.Fprintln(os.Stderr, "no real data: figures that need it are left out")
		return ""
	}
	return dir
}

// feeds loads every real feed into the database.
func (b *bench) feeds() error {
	if b.data == "" {
		return nil
	}
	for _, f := range []struct {
		figure string
		kind   vuln.FeedKind
		path   string
	}{
		{"import of all 1,655 CISA advisories", vuln.FeedCSAF, "csaf/cisa-ot-2017-2022.tar.zst"},
		{"import of 44,130 CVE records", vuln.FeedCVE, "cve5/vulnrichment-1999-2024.tar.zst"},
		{"import of 16,586 NVD configuration records", vuln.FeedNVD, "nvd/nvd-configurations-2024-2025.tar.zst"},
		{"import of 4,291 OSV records (Go, zip)", vuln.FeedOSV, "osv/osv-Go.zip"},
		{"import of 2,661 OSV records (PyPI, zip)", vuln.FeedOSV, "osv/osv-PyPI.zip"},
	} {
		err := b.timed(f.figure, "", 0, func() error {
			r, err := vuln.LoadRecords(b.ctx, b.db, f.path, ingest.Documents(f.kind, filepath.Join(b.data, f.path)))
			if err == nil && r.Read != r.Fresh+r.Same+r.Older {
				return fmt.Errorf("%d of %d documents were not kept: %v", r.Read-r.Fresh, r.Read, r.Faults)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := b.timed("import of the KEV catalogue, 1,404 entries", "", 0, func() error {
		c, err := ingest.ReadKEV(filepath.Join(b.data, "kev/known_exploited_vulnerabilities.json"))
		if err != nil {
			return err
		}
		_, err = vuln.LoadExploited(b.ctx, b.db, "kev", c.Entries)
		return err
	}); err != nil {
		return err
	}
	if err := b.timed("import of EPSS, 360,142 rows", "", 0, func() error {
		path := filepath.Join(b.data, "epss/epss-2026-08-16.csv.zst")
		_, err := vuln.LoadEPSS(b.ctx, b.db, time.Date(2026, 8, 16, 0, 0, 0, 0, time.UTC), func(row func(advisory.Likelihood) error) error {
			_, err := ingest.ReadEPSS(path, row)
			return err
		})
		return err
	}); err != nil {
		return err
	}
	// Every load of the program ends so: the journal says that there is something to match.
	if err := (vuln.Feeds{DB: b.db}).Loaded(b.ctx, "bench", vuln.LoadResult{}); err != nil {
		return err
	}
	return app.CatchUp(b.ctx, b.db)
}

// synthetic is a CSAF advisory about a model of the synthetic fleet.
func synthetic(id, model, version string) (vuln.Loaded, error) {
	body := fmt.Appendf(nil, `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"Weakness in %[2]s",
"publisher":{"category":"vendor","name":"Synthetic Devices","namespace":"https://synthetic.invalid"},
"tracking":{"id":%[1]q,"status":"final","version":"1","initial_release_date":"2026-11-01T00:00:00Z","current_release_date":"2026-11-01T00:00:00Z",
"revision_history":[{"number":"1","date":"2026-11-01T00:00:00Z","summary":"First"}]}},
"product_tree":{"branches":[{"category":"vendor","name":"Synthetic Devices","branches":[{"category":"product_name","name":%[2]q,
"branches":[{"category":"product_version_range","name":"< %[3]s","product":{"name":"x","product_id":"P1"}}]}]}]},
"vulnerabilities":[{"cve":"CVE-2026-99999","product_status":{"known_affected":["P1"]},
"scores":[{"products":["P1"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL"}}]}]}`, id, model, version)
	rec, err := advisory.ParseCSAF(id, body)
	return vuln.Loaded{Record: rec, Body: body}, err
}

func (b *bench) bulk(fn func(w *store.Bulk) error) error { return b.db.Bulk(b.ctx, fn) }
