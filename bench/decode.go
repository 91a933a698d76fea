package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"

	"triward/internal/detection/fire"
	"triward/internal/detection/pack"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/sigma/engine"
	"triward/internal/syslog"
	"triward/internal/testdata"
)

// userTime is the time that all threads of the process have computed, without the kernel's part. On a machine that others
// use too it says more than the clock on the wall.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano())
}

// rate runs fn on one goroutine and notes how many of the things that it did go into a second of one core, and into a
// second on the wall. target is for the core; 0: there is none.
func (b *bench) rate(figure string, target float64, fn func() (n int, err error)) error {
	wall, user := time.Now(), userTime()
	n, err := fn()
	if err != nil {
		return fmt.Errorf("%s: %w", figure, err)
	}
	seconds, computed := time.Since(wall).Seconds(), (userTime() - user).Seconds()
	r := row{figure: figure + ", user CPU", value: float64(n) / computed, unit: "/s/core", than: target, more: true}
	if target > 0 {
		r.peer = fmt.Sprintf("target >= %.0f", target)
	}
	b.note(r)
	b.add(figure+", wall", float64(n)/seconds, "/s")
	return nil
}

// decoders measures how fast messages become events, and audit messages become events that have met the rules.
func (b *bench) decoders() error {
	const short = `<134>1 2026-03-01T08:00:00.125Z pump7 alarmd 9 AL1 [origin ip="10.2.0.7"] alarm limits of channel 2 changed by user service`
	const old = "<38>Mar  1 08:00:00 gw sshd[71]: Failed password for root from 10.9.9.9 port 22 ssh2"
	if err := b.rate("syslog header, RFC 5424 and 3164", 0, func() (int, error) {
		var m syslog.Message
		from := syslog.Source{Zone: time.UTC, Received: 1_772_445_600_000_000}
		const n = 2_000_000
		for range n / 2 {
			if err := syslog.Decode(short, from, &m); err != nil {
				return 0, err
			}
			if err := syslog.Decode(old, from, &m); err != nil {
				return 0, err
			}
		}
		return n, nil
	}); err != nil {
		return err
	}
	if err := b.decodes("syslog to event", 150_000, repeated([][]byte{[]byte(short), []byte(old)}, 500_000)); err != nil {
		return err
	}
	if b.data == "" {
		return nil
	}
	audit, err := auditMessages(b.data)
	if err != nil {
		return err
	}
	if err := b.decodes("audit message in RFC 5424 to event", 0, repeated(audit, 300_000)); err != nil {
		return err
	}
	if err := b.auditRules(repeated(audit, 300_000)); err != nil {
		return err
	}
	zeek, err := zeekLines(b.data)
	if err != nil {
		return err
	}
	if err := b.decodes("Zeek record (all 32 logs) to event", 150_000, zeek); err != nil {
		return err
	}
	text, err := unzstd(filepath.Join(b.data, "events/windows-otrf.jsonl.zst"))
	if err != nil {
		return err
	}
	return b.decodes("Windows record (2 kB) to event", 0, bytes.Split(bytes.TrimSpace(text), []byte{'\n'}))
}

// batch is how many events are held at once, as the worker does between two flushes of the store.
const batch = 20_000

// repeated makes a list of n messages out of a few.
func repeated(few [][]byte, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = few[i%len(few)]
	}
	return out
}

func (b *bench) decodes(figure string, target float64, messages [][]byte) error {
	return b.rate(figure, target, func() (int, error) {
		d := decode.New([]byte("a salt for the benchmark"))
		ids := eventlog.Derive("bench", figure)
		events := make([]eventlog.Event, 0, batch)
		for i, m := range messages {
			if len(events) == cap(events) {
				events = events[:0]
			}
			events = d.Append(events, decode.Input{ID: ids.At(int64(i)), Source: "src_bench", Received: 1_772_445_600_000_000, Payload: m, Zone: time.UTC})
			if e := &events[len(events)-1]; e.Format == "raw" {
				return 0, fmt.Errorf("%.200s: %s", m, e.Fault)
			}
		}
		return len(messages), nil
	})
}

// auditRules decodes audit messages and tries every rule of the medical pack on each.
func (b *bench) auditRules(messages [][]byte) error {
	set, err := pack.Set()
	if err != nil {
		return err
	}
	rules, faults := engine.Compile(set, engine.Options{})
	if len(faults) > 0 {
		return fmt.Errorf("rules of the pack: %v", faults)
	}
	fired := 0
	err = b.rate(fmt.Sprintf("ATNA decode and match (%d rules of the pack)", len(set.Rules)), 200_000, func() (int, error) {
		d, w := decode.New([]byte("a salt for the benchmark")), rules.Worker()
		ids := eventlog.Derive("bench", "match")
		events := make([]eventlog.Event, 0, batch)
		for i, m := range messages {
			if len(events) == cap(events) {
				events = events[:0]
			}
			events = d.Append(events, decode.Input{ID: ids.At(int64(i)), Source: "src_bench", Received: 1_772_445_600_000_000, Payload: m, Zone: time.UTC})
			e := &events[len(events)-1]
			fired += len(w.Match(fire.Feed(w, e)...))
		}
		return len(messages), nil
	})
	if err == nil && fired == 0 {
		return fmt.Errorf("no rule fired on the audit messages")
	}
	return err
}

// auditMessages are the samples as DICOM PS3.15 A.7 sends them.
func auditMessages(dir string) ([][]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "atna", "*.xml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no audit messages: %w", err)
	}
	var out [][]byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		out = append(out, append([]byte("<85>1 2026-03-01T09:00:00.000Z pacs.example.org emitter 77 IHE+RFC-3881 - \ufeff"), text...))
	}
	return out, nil
}

func zeekLines(dir string) ([][]byte, error) {
	var out [][]byte
	err := testdata.ReadTar(filepath.Join(dir, "events/zeek-json.tar.zst"), func(name string, body []byte) error {
		if !strings.HasSuffix(name, ".gz") {
			return nil
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(z)
		out = append(out, bytes.Split(bytes.TrimSpace(text), []byte{'\n'})...)
		return err
	})
	return out, err
}

func unzstd(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}
