package device_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

// fleetFile is a fleet of n devices at 12 sites, of 600 models of 60 makers, as CSV.
func fleetFile(n int) string {
	rnd := rand.New(rand.NewPCG(1, 2))
	classes := product.SafetyClasses()
	var b strings.Builder
	b.WriteString("asset_tag,vendor,model,version,serial,ip,mac,hostname,site,location,safety_class,in_use,battery\n")
	for i := range n {
		m := rnd.IntN(600)
		fmt.Fprintf(&b, "BM-%06d,Maker %d,Model %d,%d.%d,SN%08d,10.%d.%d.%d,02:00:00:%02x:%02x:%02x,dev-%06d,Site %d,Ward %d,%s,%s,good\n", i, m%60, m, m%5, rnd.IntN(4), i*7,
			i>>16, i>>8&255, i&255, i>>16, i>>8&255, i&255, i, rnd.IntN(12), rnd.IntN(40), classes[m%7], []string{"yes", "yes", "yes", "no", "unknown"}[rnd.IntN(5)])
	}
	return b.String()
}

// databases runs a benchmark on SQLite, and on PostgreSQL where there is one.
func databases(b *testing.B, fn func(b *testing.B, db *store.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, testdb.SQLite(b)) })
	if os.Getenv("TRIWARD_TEST_POSTGRES") == "" {
		return
	}
	b.Run("postgres", func(b *testing.B) {
		db, err := store.Open(context.Background(), testdb.Postgres(b), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		fn(b, db)
	})
}

func BenchmarkParse100k(b *testing.B) {
	text := fleetFile(100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := fleetfile.Parse("f.csv", strings.NewReader(text)); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}

// BenchmarkFleet100k imports 100,000 devices, imports them again, and reads pages of lists in every sort and filter.
func BenchmarkFleet100k(b *testing.B) {
	databases(b, func(b *testing.B, db *store.DB) {
		f, ctx := device.Fleet{DB: db}, testdb.System()
		rows, _ := fleetfile.Parse("f.csv", strings.NewReader(fleetFile(100_000)))
		for b.Loop() {
			for _, name := range []string{"import_s", "again_s"} {
				start := time.Now()
				imp, err := f.Import(ctx, device.Upload{Name: "f.csv", Rows: rows})
				if err != nil || imp.Added+imp.Same != 100_000 {
					b.Fatal(imp, err)
				}
				b.ReportMetric(time.Since(start).Seconds(), name)
			}
			pages(b, db)
		}
	})
}

func pages(b *testing.B, db *store.DB) {
	ctx := testdb.System()
	var sites []device.Site
	var models []product.Model
	view(b, db, func(r store.Reader) (err error) {
		if sites, err = device.Sites(ctx, r); err != nil {
			return err
		}
		p, err := product.Models(ctx, r, product.ModelQuery{Limit: 500})
		models = p.Models
		return err
	})
	base := map[string]device.Query{"all": {}, "site": {Site: sites[3].ID}, "model": {Model: models[9].ID}, "class": {Class: product.Diagnostic}, "in_use": {InUse: product.No},
		"ward": {Ward: "Ward 7"}, "site_model": {Site: sites[3].ID, Model: models[9].ID}, "site_class_use": {Site: sites[3].ID, Class: product.Monitoring, InUse: product.NotKnown}}
	var all []time.Duration
	worst := map[string]time.Duration{}
	run := func(name string, q device.Query) {
		for range 6 {
			var p device.Page
			for k := range 2 { // the first is warm-up: a person pages through pages that are near
				start := time.Now()
				view(b, db, func(r store.Reader) (err error) { p, err = device.List(ctx, r, q); return err })
				if d := time.Since(start); k == 1 {
					all = append(all, d)
					worst[name] = max(worst[name], d)
				}
			}
			if q.After = p.Next; p.Next == "" {
				return
			}
		}
	}
	for name, q := range base {
		for _, s := range []device.Sort{device.ByTag, device.BySite, device.ByModel} {
			q.Sort = s
			run(name+"/"+string(s), q)
		}
	}
	for _, prefix := range []string{"b", "bm-0999", "10.1", "sn", "dev-05", "02:00:00:01", "zzz"} {
		run("search "+prefix, device.Query{Prefix: prefix})
		run("search in site "+prefix, device.Query{Prefix: prefix, Site: sites[2].ID})
		run("search by model "+prefix, device.Query{Prefix: prefix, Sort: device.ByModel})
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "page_p50_ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "page_p99_ms")
	for name, d := range worst {
		if d > 20*time.Millisecond {
			b.Logf("%-28s %v", name, d)
		}
	}
	start := time.Now()
	view(b, db, func(r store.Reader) error { _, err := device.CountBy(ctx, r, device.PerSite); return err })
	b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "counts_ms")
}
