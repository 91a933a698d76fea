// Command bench measures Triward on this machine and prints one table: figure, unit, target or peer, ratio. The real data
// is read from ../shared/data (or TRIWARD_DATA); without it only the synthetic figures are measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"triward/internal/app"
	"triward/internal/store"
)

// row is one line of the table.
type row struct {
	figure string
	value  float64
	unit   string
	peer   string  // what it is compared with
	than   float64 // the peer's value in the same unit; 0: nothing to compare with
	more   bool    // more is better, as of a rate
}

// bench is one run.
type bench struct {
	ctx  context.Context
	db   *store.DB
	dir  string
	data string
	rows []row

	devices int
	lines   int
	papers  int
}

func main() {
	devices := flag.Int("devices", 100_000, "devices of the synthetic fleet")
	lines := flag.Int("findings", 5_000_000, "findings of the synthetic ranked list")
	papers := flag.Int("documents", 10_000, "documents of the synthetic library, in hundreds")
	keep := flag.String("dir", "", "folder for the database; empty: a temporary one")
	only := flag.String("only", "", "measure only this part: evidence, timeline, blast, documents, events, decode, sigma, ingest")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the whole run to this file")
	flag.Parse()
	app.TuneCollector()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	if err := run(sizes{*devices, *lines, *papers}, *keep, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// steps are the parts of a run.
func steps(b *bench, only string) []func() error {
	if only == "documents" {
		return []func() error{b.library, b.memory}
	}
	if only == "timeline" {
		return []func() error{b.fleet, b.timelines, b.memory}
	}
	if only == "blast" {
		return []func() error{b.fleet, b.findings, b.blastRadius, b.memory}
	}
	if only == "evidence" {
		return []func() error{b.evidence, b.memory}
	}
	if only == "decode" {
		return []func() error{b.decoders, b.memory}
	}
	if only == "sigma" {
		return []func() error{b.sigma, b.memory}
	}
	if only == "events" {
		return []func() error{b.eventLog, b.memory}
	}
	if only == "ingest" {
		return []func() error{b.ingest, b.memory}
	}
	return []func() error{b.decoders, b.sigma, b.ingest, b.eventLog, b.feeds, b.fleet, b.sbomMatch, b.newAdvisory, b.findings, b.pages, b.blastRadius, b.timelines, b.evidence, b.library, b.bundle, b.memory}
}

// sizes are how large the synthetic records are.
type sizes struct{ devices, lines, papers int }

func run(n sizes, dir, only string) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "triward-bench-*"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	b := &bench{ctx: store.WithActor(context.Background(), store.System("bench")), dir: dir, devices: n.devices, lines: n.lines, papers: n.papers}
	var err error
	if b.db, err = store.Open(b.ctx, "sqlite:"+dir+"/bench.db", store.Options{}); err != nil {
		return err
	}
	defer b.db.Close()
	b.data = dataDir()
	for _, step := range steps(b, only) {
		if err := step(); err != nil {
			b.print()
			return err
		}
	}
	b.print()
	return nil
}

func (b *bench) add(figure string, value float64, unit string) {
	b.note(row{figure: figure, value: value, unit: unit})
}

func (b *bench) note(r row) {
	b.rows = append(b.rows, r)
	fmt.Fprintf(os.Stderr, "%s: %.3g %s\n", r.figure, r.value, r.unit)
}

// timed runs fn and notes the seconds.
func (b *bench) timed(figure, peer string, than float64, fn func() error) error {
	start := time.Now()
	if err := fn(); err != nil {
		return fmt.Errorf("%s: %w", figure, err)
	}
	b.note(row{figure: figure, value: time.Since(start).Seconds(), unit: "s", peer: peer, than: than})
	return nil
}

func (b *bench) print() {
	fmt.Printf("Triward on %d cores, %s/%s, %s\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FIGURE\tVALUE\tUNIT\tTARGET OR PEER\tRATIO\tRESULT")
	for _, r := range b.rows {
		ratio, result := "", ""
		if r.than > 0 {
			ratio = fmt.Sprintf("%.2f", r.value/r.than)
			result = "met"
			if r.value > r.than && !r.more || r.value < r.than && r.more {
				result = "MISSED"
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.figure, number(r.value), r.unit, r.peer, ratio, result)
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", v), "0"), ".")
}

// percentiles measures fn n times and notes the median and the 99th percentile in milliseconds.
func (b *bench) percentiles(figure string, n int, limit float64, fn func(i int) error) error {
	took := make([]float64, n)
	for i := range n {
		start := time.Now()
		if err := fn(i); err != nil {
			return fmt.Errorf("%s: %w", figure, err)
		}
		took[i] = float64(time.Since(start).Microseconds()) / 1000
	}
	slices.Sort(took)
	b.add(figure+", p50", took[n/2], "ms")
	b.note(row{figure: figure + ", p99", value: took[n*99/100], unit: "ms", peer: fmt.Sprintf("target < %.0f ms", limit), than: limit})
	return nil
}
