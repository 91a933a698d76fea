package parquet

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func count(t *testing.T, l *Log) int64 {
	t.Helper()
	s, err := l.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Damaged) > 0 {
		t.Fatalf("damaged: %v", s.Damaged)
	}
	return s.Events
}

func add(t *testing.T, l *Log, events []eventlog.Event) {
	t.Helper()
	if _, err := l.Append(t.Context(), slices.Clone(events)); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func leave(t *testing.T, l *Log) {
	t.Helper()
	if err := l.leave(); err != nil {
		t.Fatal(err)
	}
}

func filesIn(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestSmallSegmentsBecomeOne(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		dir, m := t.TempDir(), eventlogtest.NewMaker(1, 1000)
		l := openLog(t, db, dir)
		var want []eventlog.Event
		for range 2 * tierFactor {
			events := m.Events(40)
			add(t, l, events)
			want = append(want, events...)
			if err := l.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s, err := l.Stats(t.Context())
		if err != nil || s.Segments > 2 {
			t.Errorf("%d segments, %v", s.Segments, err)
		}
		// A later hour begins: what is left of the one before becomes one segment.
		late := m.Event()
		late.Received += 3_600_000_000
		add(t, l, []eventlog.Event{late})
		if err := l.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s, err = l.Stats(t.Context()); err != nil || s.Segments != 2 || s.Events != int64(len(want)+1) {
			t.Errorf("stats %+v, %v", s, err)
		}
		if n := len(filesIn(t, dir)); n != 5 {
			t.Errorf("%d files: %v", n, filesIn(t, dir))
		}
		leave(t, l)
		l = openLog(t, db, dir)
		defer leave(t, l)
		if n, err := l.Append(t.Context(), want); err != nil || n != 0 {
			t.Errorf("%d events were added again, %v", n, err)
		}
	})
}

// What a crash leaves at each moment of writing is cleared away, and nothing that counted is lost.
func TestStartAfterCrash(t *testing.T) {
	db, dir, m := testdb.SQLite(t), t.TempDir(), eventlogtest.NewMaker(1, 1000)
	l := openLog(t, db, dir)
	for range 3 {
		add(t, l, m.Events(40))
	}
	first := l.segments[0].id
	leave(t, l)
	keep := filesIn(t, dir)
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("seg_half.parquet.tmp", "PAR1")
	write("seg_half.idx.tmp", "TW")
	write("seg_half.idx", "an index whose file never took its name")
	write("notes.txt", "not ours")

	// A merge whose row never came: its sources are known.
	_, err := l.writeSegment(l.segments[0].header.Hour, names(l.segments), func(add func(*eventlog.Event) error) error {
		for _, s := range l.segments {
			if err := l.each(t.Context(), s, add); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l = openLog(t, db, dir)
	if n := count(t, l); n != 120 {
		t.Errorf("%d events", n)
	}
	leave(t, l)
	if want := slices.Sorted(slices.Values(append(slices.Clone(keep), "notes.txt"))); !slices.Equal(want, filesIn(t, dir)) {
		t.Errorf("files %v, want %v and notes.txt", filesIn(t, dir), keep)
	}

	// A lost or damaged index is made again from the events.
	if err := os.WriteFile(filepath.Join(dir, first+indexSuffix), []byte("TWIX0001garbage garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, l.segments[1].id+indexSuffix)); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, db, dir)
	if n := count(t, l); n != 120 {
		t.Errorf("%d events", n)
	}
	leave(t, l)
}

// The list of segments is a derived table: without it the files tell it.
func TestFilesTellTheList(t *testing.T) {
	dir, m := t.TempDir(), eventlogtest.NewMaker(1, 1000)
	l := openLog(t, testdb.SQLite(t), dir)
	for range tierFactor {
		add(t, l, m.Events(40))
	}
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, l, m.Events(40))
	leave(t, l)
	db := testdb.SQLite(t)
	for range 2 {
		l = openLog(t, db, dir)
		if n := count(t, l); n != (tierFactor+1)*40 {
			t.Errorf("%d events", n)
		}
		leave(t, l)
	}
}

func TestDamagedSegmentIsNamed(t *testing.T) {
	db, dir, m := testdb.SQLite(t), t.TempDir(), eventlogtest.NewMaker(1, 1000)
	l := openLog(t, db, dir)
	add(t, l, m.Events(40))
	add(t, l, m.Events(40))
	name := l.segments[0].id
	leave(t, l)
	for _, suffix := range []string{dataSuffix, indexSuffix} {
		if err := os.Remove(filepath.Join(dir, name+suffix)); err != nil {
			t.Fatal(err)
		}
	}
	l = openLog(t, db, dir)
	defer leave(t, l)
	s, err := l.Stats(t.Context())
	if err != nil || s.Events != 40 || len(s.Damaged) != 1 || !strings.HasPrefix(s.Damaged[0], name) {
		t.Errorf("stats %+v, %v", s, err)
	}
}

// Bytes that changed on disk give an error or other events, and never end the process.
func TestChangedBytesDoNotStopTheServer(t *testing.T) {
	db, dir, m := testdb.SQLite(t), t.TempDir(), eventlogtest.NewMaker(1, 1000)
	l := openLog(t, db, dir)
	add(t, l, m.Events(30))
	path := l.segments[0].path(dataSuffix)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for at := 4; at < len(whole); at += 97 {
		broken := bytes.Clone(whole)
		broken[at] ^= 0x5a
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		l.segments[0].close()
		if err := l.Scan(t.Context(), eventlog.Query{}, func([]eventlog.Event) error { return nil }); err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no change was noticed")
	}
	leave(t, l)
}

func TestOneWriterToAFolder(t *testing.T) {
	db, dir := testdb.SQLite(t), t.TempDir()
	l := openLog(t, db, dir)
	var e *problem.Error
	if _, err := Open(t.Context(), db, dir); !errors.As(err, &e) || e.Kind != problem.Conflict {
		t.Errorf("a second log on the folder gives %v", err)
	}
	leave(t, l)
}

// What the database refuses stays in memory, is found, and is written by the next Flush.
func TestFlushIsTriedAgain(t *testing.T) {
	db, dir, m := testdb.SQLite(t), t.TempDir(), eventlogtest.NewMaker(1, 1000)
	l := openLog(t, db, dir)
	defer leave(t, l)
	if _, err := l.Append(t.Context(), m.Events(40)); err != nil {
		t.Fatal(err)
	}
	dead, stop := context.WithCancel(t.Context())
	stop()
	if err := l.Flush(dead); err == nil {
		t.Fatal("a flush without a database succeeds")
	}
	if _, err := l.Append(t.Context(), m.Events(40)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, l); n != 80 {
		t.Errorf("%d events", n)
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := l.Stats(t.Context())
	if err != nil || s.Pending != 0 || s.Events != 80 {
		t.Errorf("stats %+v, %v", s, err)
	}
}

func TestHeaderCutAnywhereIsRefused(t *testing.T) {
	l := openLog(t, testdb.SQLite(t), t.TempDir())
	defer leave(t, l)
	add(t, l, eventlogtest.NewMaker(1, 1000).Events(20))
	b, err := os.ReadFile(l.segments[0].path(indexSuffix))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeHeader(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	for n := range len(b) {
		if _, err := decodeHeader(bytes.NewReader(b[:n]), int64(n)); err == nil {
			t.Fatalf("an index cut at %d is accepted", n)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte(indexMagic))
	h := header{Hour: 1, Events: 1, Groups: []groupInfo{{Rows: 1, Filter: 32}}}
	b, err := h.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(b, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := decodeHeader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for i := range h.Groups {
			if _, err := h.Groups[i].may(bytes.NewReader(b), demand{{{1, 2}}}); err != nil {
				t.Error(err)
			}
		}
	})
}

// A filter never says "not here" of what is there.
func TestFilterHasWhatIsThere(t *testing.T) {
	l := newLayout()
	m := eventlogtest.NewMaker(9, 1000)
	events := m.Events(3000)
	w := newTally(l, 0)
	w.group(pointers(events))
	g := w.header.Groups[0]
	for i := range events {
		e := &events[i]
		for _, q := range []eventlog.Query{
			{Text: e.SrcIP}, {Text: `"` + strings.ReplaceAll(e.Message, `"`, " ") + `"`}, {Text: string(e.Raw[len(e.Raw)/2:])},
			{Where: []eventlog.Condition{{Field: "any.device", Op: eventlog.Is, Values: []string{strings.ToUpper(e.Device)}}}},
			{Where: []eventlog.Condition{{Field: e.Fields[0].Name, Op: eventlog.Is, Values: []string{e.Fields[0].Value}}}},
		} {
			matcher, err := eventlog.NewMatcher(q)
			if err != nil || !matcher.Match(e) {
				continue // the cut text begins in the middle of a word
			}
			ok, err := g.may(bytes.NewReader(w.filters[0]), demandOf(matcher, l))
			if err != nil || !ok {
				t.Fatalf("%+v is not found: %v", q, err)
			}
		}
	}
	misses := 0
	for i := range 2000 {
		matcher, err := eventlog.NewMatcher(eventlog.Query{Text: strings.Repeat("z", 3+i%5) + eventlog.Derive("x", "y").At(int64(i)).String()})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := g.may(bytes.NewReader(w.filters[0]), demandOf(matcher, l)); err != nil || ok {
			misses++
		}
	}
	if misses > 60 {
		t.Errorf("%d of 2000 words that are nowhere pass the filter", misses)
	}
}
