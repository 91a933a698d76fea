package main

import (
	"fmt"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"

	"triward/internal/app"
	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

const models = 400

// fleet imports a synthetic fleet as a person would, from rows of a CSV file.
func (b *bench) fleet() error {
	var csv strings.Builder
	csv.WriteString("asset_tag,vendor,model,version,serial,ip,mac,site,location,safety_class,in_use,connectivity\n")
	classes := []string{"life_sustaining", "life_supporting", "therapeutic", "diagnostic", "monitoring", "other"}
	for i := range b.devices {
		fmt.Fprintf(&csv, "BM-%06d,Synthetic Devices,Model %d,%d.%d,S%07d,10.%d.%d.%d,02:00:00:%02x:%02x:%02x,Site %d,Ward %d,%s,%s,private_network\n",
			i, i%models, 1+i%models%4, i/models%3, i, i>>16&255, i>>8&255, i&255, i>>16&255, i>>8&255, i&255, i%20, i%200, classes[i%models%len(classes)], []string{"yes", "no", "unknown"}[i%3])
	}
	rows, faults := fleetfile.Parse("fleet.csv", strings.NewReader(csv.String()))
	if len(faults) > 0 {
		return fmt.Errorf("synthetic fleet: %v", faults[0])
	}
	name := fmt.Sprintf("import of a fleet of %d devices", b.devices)
	if err := b.timed(name, "", 0, func() error {
		_, err := device.Fleet{DB: b.db}.Import(b.ctx, device.Upload{Name: "fleet.csv", Rows: rows})
		return err
	}); err != nil {
		return err
	}
	return b.timed("match and rank that fleet against everything loaded", "", 0, func() error { return app.CatchUp(b.ctx, b.db) })
}

// sbomMatch attaches a bill of 10,000 components to a release and matches it against everything loaded.
func (b *bench) sbomMatch() error {
	a := match.Asset{Vendor: "Synthetic Devices", Model: "Component carrier", Version: "1.0"}
	for i := range 10_000 {
		c := match.Component{Ref: strconv.Itoa(i), Name: fmt.Sprintf("part-%d", i), Version: fmt.Sprintf("1.%d.0", i%90)}
		switch i % 4 {
		case 0:
			c.PURL = fmt.Sprintf("pkg:pypi/part-%d@%s", i, c.Version)
		case 1:
			c.PURL = fmt.Sprintf("pkg:golang/example.invalid/part-%d@v%s", i, c.Version)
		case 2:
			c.CPEs = []string{fmt.Sprintf("cpe:2.3:a:vendor%d:part-%d:%s:*:*:*:*:*:*:*", i%100, i, c.Version)}
		}
		if i < len(wellKnown) {
			c.Name, c.PURL, c.CPEs = wellKnown[i].name, wellKnown[i].purl, wellKnown[i].cpes
		}
		a.Components = append(a.Components, c)
	}
	m := &vuln.Matcher{}
	err := b.timed("match of an SBOM of 10,000 components against everything loaded", "target < 1 s", 1, func() error {
		return b.bulk(func(w *store.Bulk) error {
			_, err := m.SetHolders(b.ctx, w, []vuln.Holder{{ID: "rel_bench", Kind: "release", Asset: a}}, nil)
			return err
		})
	})
	if err != nil {
		return err
	}
	var n int
	if err := b.db.View(b.ctx, func(r store.Reader) error {
		return r.QueryRow(b.ctx, `SELECT count(*) FROM vuln_match m JOIN holder h ON h.configuration = m.configuration WHERE h.id = 'rel_bench'`).Scan(&n)
	}); err != nil {
		return err
	}
	b.add("  matches found in it", float64(n), "matches")
	return nil
}

var wellKnown = []struct {
	name, purl string
	cpes       []string
}{
	{"django", "pkg:pypi/django@3.2.0", nil},
	{"requests", "pkg:pypi/requests@2.19.0", nil},
	{"pillow", "pkg:pypi/pillow@8.0.0", nil},
	{"urllib3", "pkg:pypi/urllib3@1.24.0", nil},
	{"golang.org/x/crypto", "pkg:golang/golang.org/x/crypto@v0.1.0", nil},
	{"golang.org/x/net", "pkg:golang/golang.org/x/net@v0.1.0", nil},
	{"openssl", "", []string{"cpe:2.3:a:openssl:openssl:1.1.1:*:*:*:*:*:*:*"}},
	{"windows_7", "", []string{"cpe:2.3:o:microsoft:windows_7:-:sp1:*:*:*:*:x64:*"}},
	{"log4j", "", []string{"cpe:2.3:a:apache:log4j:2.14.1:*:*:*:*:*:*:*"}},
}

// newAdvisory publishes an advisory about one model and measures until its devices stand in the ranked list.
func (b *bench) newAdvisory() error {
	doc, err := synthetic("BENCH-1", "Model 7", "9.0")
	if err != nil {
		return err
	}
	err = b.timed(fmt.Sprintf("new advisory to affected devices, %d devices", b.devices), "target < 1 s", 1, func() error {
		docs := func(yield func(vuln.Loaded, error) bool) { yield(doc, nil) }
		r, err := vuln.LoadRecords(b.ctx, b.db, "bench", iter.Seq2[vuln.Loaded, error](docs))
		if err != nil {
			return err
		}
		if err := (vuln.Feeds{DB: b.db}).Loaded(b.ctx, "bench", r); err != nil {
			return err
		}
		return app.CatchUp(b.ctx, b.db)
	})
	if err != nil {
		return err
	}
	var p risk.Page
	if err := b.db.View(b.ctx, func(r store.Reader) (err error) {
		p, err = risk.Lines(b.ctx, r, risk.LineQuery{Vulnerability: "CVE-2026-99999", Limit: 1000})
		return err
	}); err != nil {
		return err
	}
	if want := b.devices / models; len(p.Lines) < min(want, 1000) {
		return fmt.Errorf("the new advisory reached %d devices, want %d", len(p.Lines), want)
	}
	b.add("  devices that it reached", float64(len(p.Lines)), "devices")
	return nil
}

// findings fills the ranked list with synthetic lines up to the size asked for.
func (b *bench) findings() error {
	var ids []device.ID
	w := device.Walk{Limit: 10_000}
	for {
		var part []device.ID
		if err := b.db.View(b.ctx, func(r store.Reader) (err error) {
			part, err = device.IDs(b.ctx, r, w)
			return err
		}); err != nil {
			return err
		}
		if len(part) == 0 {
			break
		}
		ids = append(ids, part...)
		w.After = part[len(part)-1]
	}
	each := b.lines / len(ids)
	name := fmt.Sprintf("load of %d findings (bulk, indexes in place)", each*len(ids))
	return b.timed(name, "", 0, func() error {
		return b.bulk(func(w *store.Bulk) error {
			_, err := w.Load(b.ctx, "line", risk.LineColumns(), func(yield func([]any) bool) {
				for i, id := range ids {
					for j := range each {
						h := uint32(i*each+j) * 2654435761
						s, e, kev := int64(h>>3%5), int64(h>>7%5), int64(0)
						if h%97 == 0 {
							kev = 1
						}
						uncontrolled := int64(0)
						if s+e > 5 {
							uncontrolled = 1
						}
						vulnerability := fmt.Sprintf("CVE-20%02d-%05d", j%26, 10000+(i*7+j*13)%20000)
						if j == 0 {
							vulnerability = widespread
						}
						rank := uncontrolled<<15 | s<<12 | e<<9 | int64(h>>11&1)<<8 | kev<<7 | int64(h>>13%100)
						if !yield([]any{string(id), vulnerability, rank, []string{"unknown", "affected"}[h>>11&1],
							e, s + 1, uncontrolled, kev, "mod_" + strconv.Itoa(i%models), "site_" + strconv.Itoa(i%20), "Ward " + strconv.Itoa(i%200), "", "", int64(1)}) {
							return
						}
					}
				}
			})
			return err
		})
	})
}

// pages measures the lists as people page through them.
func (b *bench) pages() error {
	const n = 400
	devices := fmt.Sprintf("device list page, %d devices", b.devices)
	after := map[int]string{}
	sorts := []device.Sort{device.ByTag, device.BySite, device.ByModel}
	err := b.percentiles(devices, n, 50, func(i int) error {
		return b.db.View(b.ctx, func(r store.Reader) error {
			q := device.Query{Sort: sorts[i%3], After: after[i%3], Limit: 50}
			switch i % 10 {
			case 7:
				q = device.Query{Prefix: fmt.Sprintf("bm-%04d", i), Limit: 50}
			case 8:
				q = device.Query{InUse: product.Yes, Limit: 50}
			case 9:
				q = device.Query{Ward: fmt.Sprintf("Ward %d", i%200), Limit: 50}
			}
			p, err := device.List(b.ctx, r, q)
			if i%10 < 7 {
				after[i%3] = p.Next
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	next := ""
	return b.percentiles(fmt.Sprintf("finding list page, %d devices, %d findings", b.devices, b.lines), n, 50, func(i int) error {
		q := risk.LineQuery{Limit: 50}
		switch i % 8 {
		case 0, 1, 2:
			q.After = next
		case 3:
			q.Class = risk.Uncontrolled
		case 4:
			q.KEV = risk.Yes
		case 5:
			q.Site = "site_" + strconv.Itoa(i%20)
		case 6:
			q.Model = "mod_" + strconv.Itoa(i%models)
		case 7:
			q.Vulnerability = fmt.Sprintf("CVE-2024-%05d", 10000+i*37%20000)
		}
		return b.db.View(b.ctx, func(r store.Reader) error {
			p, err := risk.Lines(b.ctx, r, q)
			if i%8 < 3 {
				next = p.Next
			}
			return err
		})
	})
}

// memory notes what the process holds now and what it held at most.
func (b *bench) memory() error {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.add("heap in use at the end", float64(m.HeapInuse)/(1<<20), "MB")
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil // not a Linux machine: the figure is left out
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err != nil {
				return err
			}
			b.add("most memory held at any time", kb/1024, "MB")
		}
	}
	return nil
}
