package app

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

func TestAnswersComeInPages(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		var csv = "asset_tag,vendor,model,version,serial,site\n"
		for i := range 7 { // as many configurations
			csv += fmt.Sprintf("A%d,Northmere Medical,Rill 300,1.%d,S%d,Main\n", i, i, i)
		}
		w.fleet(csv)
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"), csaf(t, "NM-2", "1", "CVE-2026-90001", "Rill 300", "< 3.0"))
		read := func(q vuln.FoundQuery) (out []string, pages int) {
			t.Helper()
			for {
				var p vuln.FoundPage
				if err := db.View(w.ctx, func(r store.Reader) (err error) {
					p, err = vuln.ListFound(w.ctx, r, q)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				for _, f := range p.Found {
					out = append(out, f.Configuration+" "+f.Record.Key)
				}
				pages++
				if p.Next == "" {
					return out, pages
				}
				q.After = p.Next
			}
		}
		for _, q := range []vuln.FoundQuery{{Vulnerability: "CVE-2026-90001"}, {Record: "csaf/NM-1"}} {
			q.Limit = 1000
			whole, _ := read(q)
			q.Limit = 3
			parts, pages := read(q)
			if d := cmp.Diff(whole, parts); d != "" || len(whole) == 0 || pages < 3 {
				t.Errorf("%+v: %d answers in %d pages (-whole +pages):\n%s", q, len(whole), pages, d)
			}
		}
	})
}
