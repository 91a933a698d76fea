package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
	"triward/internal/detection/pack"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/eventlog/parquet"
	"triward/internal/eventlog/source"
	"triward/internal/problem"
	"triward/internal/store"
)

const backtestAbout = `Try rules on the past: what would have fired when, how noisy. Nothing is changed.

Without --events, the server tries its own rules, or the file named by --rules, on the events that it keeps.

With --events, rules are tried on files, without a server. The records are put in the order of time first, so they may
come from several sources. Without --rules the medical rule pack is tried. What the inventory knows of devices is not
known here; rules that ask for it see no device.`

// backtestFlags are what rules backtest is told.
type backtestFlags struct {
	events      []string
	rules, from string
	to          string
	all         bool
	files       eventFlags
	values      *[]string
}

func (p *program) rulesBacktest() *cobra.Command {
	var f backtestFlags
	c := p.remote().Backtest()
	c.Long = backtestAbout
	online := c.RunE
	c.Flags().StringArrayVar(&f.events, "events", nil, "file or folder of events, without a server; may be repeated")
	c.Flags().StringVar(&f.rules, "rules", "", "file or, with --events, folder of rules that are tried instead")
	c.Flags().StringVar(&f.from, "from", "", "try only events from this instant on, RFC 3339")
	c.Flags().StringVar(&f.to, "to", "", "try only events before this instant, RFC 3339")
	c.Flags().BoolVar(&f.all, "all", false, "list the rules that found nothing too, with why that may be")
	c.Flags().StringVar(&f.files.format, "format", "", "what the files hold: "+strings.Join(eventlog.Formats, ", ")+"; without it, each record shows it")
	c.Flags().StringVar(&f.files.zone, "zone", "", "time zone of the source, for times that name none (Europe/Berlin)")
	f.values = placeholders(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(f.events) == 0 {
			return online(c, args)
		}
		r, err := p.backtest(c.Context(), f)
		if err != nil {
			return err
		}
		return p.Show(r, func() error { return f.show(p, r) })
	}
	return c
}

// backtest keeps the events in an event log of its own for as long as it takes, so that their order and their number do
// not matter, and tries the rules on it.
func (p *program) backtest(ctx context.Context, f backtestFlags) (r replay.Report, err error) {
	o, err := f.order(p)
	if err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "triward-backtest-*")
	if err != nil {
		return r, fmt.Errorf("make a place for the events: %w", err)
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "backtest.db"), store.Options{})
	if err != nil {
		return r, err
	}
	defer db.Close()
	ctx = store.WithActor(ctx, store.System("backtest"))
	log, err := parquet.Open(ctx, db, filepath.Join(dir, "events"))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, log.Close(ctx)) }()
	if err := p.fill(ctx, log, f); err != nil {
		return r, err
	}
	s, err := log.Stats(ctx)
	if err != nil {
		return r, err
	}
	if s.Events == 0 {
		return r, problem.New(problem.Invalid, "the files hold no events")
	}
	if o.From.IsZero() {
		o.From = time.UnixMicro(s.Oldest).UTC()
	}
	if o.To.IsZero() {
		o.To = time.UnixMicro(s.Newest + 1).UTC()
	}
	return replay.Run(ctx, log, o)
}

// order reads the rules and the window.
func (f backtestFlags) order(p *program) (o replay.Order, err error) {
	for _, t := range []struct {
		flag, text string
		at         *time.Time
	}{{"--from", f.from, &o.From}, {"--to", f.to, &o.To}} {
		if t.text == "" {
			continue
		}
		if *t.at, err = time.Parse(time.RFC3339, t.text); err != nil {
			return o, terminal.Misused("%s: %w", t.flag, err)
		}
	}
	if f.rules == "" {
		o.Set, err = pack.Set()
		return o, err
	}
	l, err := loadRules(f.rules, *f.values)
	for _, fault := range l.faults {
		fmt.Fprintf(p.Err, "skipped: %s\n", terminal.Text(fault.String()))
	}
	o.Set = l.set
	return o, err
}

// backtestBatch is how many events are appended at once.
const backtestBatch = 5_000

// fill decodes files into an event log. A file that cannot be read is named; the others count all the same.
func (p *program) fill(ctx context.Context, log eventlog.Writer, f backtestFlags) error {
	r, err := p.eventReader(f.files)
	if err != nil {
		return err
	}
	var batch []eventlog.Event
	keep := func(least int) error {
		if len(batch) < least {
			return nil
		}
		_, err := log.Append(ctx, batch)
		batch = nil // the log keeps the events
		return err
	}
	for _, path := range f.events {
		files, err := source.Files(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			digest, err := source.Digest(file)
			if err != nil {
				return err
			}
			ids := eventlog.Derive("file", digest)
			if _, err := source.ReadFile(ctx, file, source.Limits{}, func(rec source.Record) error {
				batch = r.decoder.Append(batch, decode.Input{ID: ids.At(rec.Ordinal), Source: "file", Received: r.received, Payload: append([]byte(nil), rec.Data...),
					Format: f.files.format, Name: rec.Name, Zone: r.zone})
				return keep(backtestBatch)
			}); err != nil {
				if problem.KindOf(err) != problem.Invalid || ctx.Err() != nil {
					return err
				}
				p.complain(err)
			}
		}
	}
	if err := keep(1); err != nil {
		return err
	}
	return log.Flush(ctx)
}

// show prints a report for people.
func (f backtestFlags) show(p *program, r replay.Report) error {
	for _, fault := range r.Faults {
		fmt.Fprintf(p.Err, "skipped: %s\n", terminal.Text(fault.String()))
	}
	w := p.Table("FIRED", "A DAY", "ABOUT", "FIRST", "LAST", "LEVEL", "RULE")
	fired, blind := 0, 0
	for _, o := range r.Rules {
		if len(o.Missing) > 0 {
			blind++
		}
		if o.Firings == 0 && !f.all {
			continue
		}
		first, last := "", ""
		if o.Firings > 0 {
			fired++
			first, last = o.First.Format("2006-01-02 15:04:05"), o.Last.Format("2006-01-02 15:04:05")
		}
		title := o.Title
		if d := r.Doubt(o); d != "" && o.Firings == 0 {
			title += " (" + d + ")"
		}
		terminal.Row(w, o.Firings, fmt.Sprintf("%.1f", o.PerDay), o.Subjects, first, last, o.Level, title)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.Out, "%d events from %s to %s: %d of %d rules would have fired; %d rules need kinds of events that are not there\n",
		r.Events, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), fired, len(r.Rules), blind)
	return err
}
