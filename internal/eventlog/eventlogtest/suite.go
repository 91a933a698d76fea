package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"triward/internal/eventlog"
	"triward/internal/problem"
)

// Place is where a log is, empty at first.
type Place struct {
	Open func(t *testing.T) eventlog.Log    // opens it, or opens it again
	Kill func(t *testing.T, l eventlog.Log) // ends a log as a crash does: nothing more is written
	Late bool                               // events are found only after Flush
}

// settle makes what was appended findable.
func (p Place) settle(t *testing.T, l eventlog.Log) {
	t.Helper()
	if p.Late {
		mustFlush(t, l)
	}
}

// Run runs the suite. Each test has a place of its own from fresh.
func Run(t *testing.T, fresh func(t *testing.T) Place) {
	for name, test := range map[string]func(t *testing.T, p Place){
		"events come back as they were":          comeBack,
		"what is not valid is refused whole":     refuses,
		"an event that comes again is kept once": once,
		"what was flushed survives a crash":      crash,
		"answers are those of the reference":     agree,
		"pages follow each other":                pages,
		"events come while others search":        together,
		"retention, holds and the record":        expires,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// same compares without regard to whether nothing is nil.
var same = cmpopts.EquateEmpty()

// diff says where two lists of events part; "" when they are the same.
func diff(want, got []eventlog.Event) string {
	for i := range min(len(want), len(got)) {
		if a, b := plain(want[i]), plain(got[i]); !reflect.DeepEqual(a, b) {
			return fmt.Sprintf("event %d of %d: %.4000s", i, len(want), cmp.Diff(a, b))
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d events instead of %d", len(got), len(want))
	}
	return ""
}

func plain(e eventlog.Event) eventlog.Event {
	if len(e.Raw) == 0 {
		e.Raw = nil
	}
	if len(e.Fields) == 0 {
		e.Fields = nil
	}
	return e
}

// odd are events at the edges of what is allowed.
func odd() []eventlog.Event {
	d := eventlog.Derive("src_files", "batch")
	n := int64(0)
	event := func(raw string) eventlog.Event {
		n++
		return eventlog.Event{ID: d.At(n), Source: "src_files", Received: Start + n, Format: "raw", Raw: []byte(raw)}
	}
	empty, binary, large := event(""), event("\x00\xff\xfe\n\r\t\x80"), event(strings.Repeat("All work and no play. ", 47_000))
	full := event("everything is set")
	full.Time, full.Skew, full.SkewKnown, full.Fault = Start-86_400_000_000, -5, true, "cut: ü"
	full.Product, full.Category, full.Service = "p", "c", "s"
	full.Class, full.Activity, full.Severity, full.Outcome = 201001, 99, 6, 2
	full.Device, full.Peer, full.Site, full.Ward, full.Zone, full.PeerZone = "dev_Ä", "dev_2", "sit_1", "war_1", "z", "internet"
	full.User, full.Host, full.SrcIP, full.DstIP, full.SrcPort, full.DstPort = "O'Brien \\ \"x\"", "h.example", "fe80::1", "10.200.30.4", 65535, 1
	full.Proto, full.Hash, full.Message = "udp", strings.Repeat("ab", 32), "näxt line\nhas \t too"
	full.Fields = []eventlog.Field{{Name: "a", Value: ""}, {Name: "a.b", Value: "ü\x00'\\\n"}, {Name: "bytes.out", Value: "900"}}
	many := event("many fields")
	for i := range eventlog.MaxFields {
		many.Fields = append(many.Fields, eventlog.Field{Name: fmt.Sprintf("f%04d", i), Value: strconv.Itoa(i)})
	}
	early, late := event("the year 1970"), event("the year 2261")
	early.Time, late.Time = 1, 9_200_000_000_000_000
	early.Received = 3_600_000_000
	return []eventlog.Event{empty, binary, large, full, many, early, late}
}

func mustAppend(t *testing.T, l eventlog.Log, events []eventlog.Event) int {
	t.Helper()
	n, err := l.Append(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustFlush(t *testing.T, l eventlog.Log) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t *testing.T, l eventlog.Log) {
	t.Helper()
	if err := l.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// all are the events of a query by Scan.
func all(t *testing.T, l eventlog.Log, q eventlog.Query) []eventlog.Event {
	t.Helper()
	var out []eventlog.Event
	err := l.Scan(t.Context(), q, func(events []eventlog.Event) error {
		for _, e := range events {
			e.Raw, e.Fields = slices.Clone(e.Raw), slices.Clone(e.Fields)
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func total(t *testing.T, l eventlog.Log) int64 {
	t.Helper()
	counts, err := l.Count(t.Context(), eventlog.Query{}, eventlog.Bucket{})
	if err != nil {
		t.Fatal(err)
	}
	if len(counts) == 0 {
		return 0
	}
	return counts[0].N
}

func rising(a, b eventlog.Event) int {
	if a.At() != b.At() {
		return int(min(1, max(-1, a.At()-b.At())))
	}
	return slices.Compare(a.ID[:], b.ID[:])
}

func comeBack(t *testing.T, p Place) {
	l := p.Open(t)
	want := append(odd(), NewMaker(1, 50).Events(300)...)
	if n := mustAppend(t, l, slices.Clone(want)); n != len(want) {
		t.Errorf("%d of %d were added", n, len(want))
	}
	p.settle(t, l)
	slices.SortFunc(want, rising)
	for _, state := range []string{"in memory", "flushed", "opened again"} {
		switch state {
		case "flushed":
			mustFlush(t, l)
		case "opened again":
			mustClose(t, l)
			l = p.Open(t)
		}
		if diff := diff(want, all(t, l, eventlog.Query{})); diff != "" {
			t.Fatalf("%s: %s", state, diff)
		}
		for i := range want {
			got, err := l.Get(t.Context(), want[i].ID)
			if err != nil {
				t.Fatalf("%s: %v", state, err)
			}
			if diff := cmp.Diff(want[i], got, same); diff != "" {
				t.Fatalf("%s: %s", state, diff)
			}
		}
	}
	var e *problem.Error
	if _, err := l.Get(t.Context(), eventlog.ID{1, 2, 3}); !errors.As(err, &e) || e.Kind != problem.NotFound {
		t.Errorf("an event that is not there gives %v", err)
	}
	s, err := l.Stats(t.Context())
	if err != nil || s.Events != int64(len(want)) || s.Bytes <= 0 || s.Oldest != want[0].At() || s.Newest != want[len(want)-1].At() || len(s.Damaged) > 0 {
		t.Errorf("stats %+v, %v", s, err)
	}
	mustClose(t, l)
}

func refuses(t *testing.T, p Place) {
	l := p.Open(t)
	defer mustClose(t, l)
	events := NewMaker(1, 50).Events(3)
	events[1].User = "\xff"
	if _, err := l.Append(t.Context(), events); err == nil {
		t.Error("an event that is no UTF-8 is accepted")
	}
	p.settle(t, l)
	if n := total(t, l); n != 0 {
		t.Errorf("%d events of a refused call are there", n)
	}
	bad := eventlog.Query{Where: []eventlog.Condition{{Field: "user", Op: "like", Values: []string{"a"}}}}
	if _, err := l.Search(t.Context(), bad); err == nil {
		t.Error("a search that is not valid is answered")
	}
	if _, err := l.Count(t.Context(), bad, eventlog.Bucket{}); err == nil {
		t.Error("a count that is not valid is answered")
	}
	if err := l.Scan(t.Context(), bad, func([]eventlog.Event) error { return nil }); err == nil {
		t.Error("a scan that is not valid is answered")
	}
	mustAppend(t, l, NewMaker(1, 50).Events(3))
	p.settle(t, l)
	stop := errors.New("stop")
	if err := l.Scan(t.Context(), eventlog.Query{}, func([]eventlog.Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("a scan that was stopped gives %v", err)
	}
}

func once(t *testing.T, p Place) {
	l := p.Open(t)
	events := append(odd(), NewMaker(2, 50).Events(200)...)
	half := len(events) / 2
	if n := mustAppend(t, l, slices.Concat(events[:half], events[:half])); n != half {
		t.Errorf("%d were added of %d given twice", n, half)
	}
	mustFlush(t, l)
	if n := mustAppend(t, l, slices.Clone(events)); n != len(events)-half {
		t.Errorf("%d were added of %d new ones", n, len(events)-half)
	}
	if n := mustAppend(t, l, slices.Clone(events)); n != 0 {
		t.Errorf("%d were added of what is in memory and on disk", n)
	}
	mustClose(t, l)
	l = p.Open(t)
	defer mustClose(t, l)
	if n := mustAppend(t, l, slices.Clone(events)); n != 0 {
		t.Errorf("%d were added after the log was opened again", n)
	}
	p.settle(t, l)
	if n := total(t, l); n != int64(len(events)) {
		t.Errorf("there are %d events of %d", n, len(events))
	}
}

func crash(t *testing.T, p Place) {
	m := NewMaker(3, 50)
	safe, lost, more := m.Events(150), m.Events(150), m.Events(50)
	l := p.Open(t)
	mustAppend(t, l, slices.Clone(safe))
	mustFlush(t, l)
	mustAppend(t, l, slices.Clone(lost))
	p.Kill(t, l)
	l = p.Open(t)
	have := map[eventlog.ID]bool{}
	for _, e := range all(t, l, eventlog.Query{}) {
		have[e.ID] = true
	}
	for _, e := range safe {
		if !have[e.ID] {
			t.Fatalf("event %s was flushed and is lost", e.ID)
		}
	}
	// What nobody acknowledged comes again, with what comes next.
	want := slices.Concat(safe, lost, more)
	mustAppend(t, l, slices.Clone(want))
	mustFlush(t, l)
	p.Kill(t, l)
	l = p.Open(t)
	defer mustClose(t, l)
	slices.SortFunc(want, rising)
	if diff := diff(want, all(t, l, eventlog.Query{})); diff != "" {
		t.Error(diff)
	}
}

// scene is a log with events on disk, in several portions and in memory, and the same events for the reference.
func scene(t *testing.T, p Place) (eventlog.Log, []eventlog.Event) {
	l := p.Open(t)
	m := NewMaker(4, 1)
	var want []eventlog.Event
	for i := range 4 {
		events := m.Events(700)
		if i == 1 {
			events = append(events, odd()...)
		}
		for j := range events {
			if j%11 == 0 {
				events[j].Time = 0
			}
		}
		mustAppend(t, l, slices.Clone(events))
		want = append(want, events...)
		if i < 3 {
			mustFlush(t, l)
		}
	}
	p.settle(t, l)
	slices.SortFunc(want, rising)
	return l, want
}

// questions are queries of every kind over a scene.
func questions(events []eventlog.Event) map[string]eventlog.Query {
	where := func(field string, op eventlog.Op, values ...string) eventlog.Query {
		return eventlog.Query{Where: []eventlog.Condition{{Field: field, Op: op, Values: values}}}
	}
	not := func(q eventlog.Query) eventlog.Query {
		q.Where[0].Not = true
		return q
	}
	find := func(ok func(e *eventlog.Event) bool) *eventlog.Event {
		return &events[slices.IndexFunc(events, func(e eventlog.Event) bool { return ok(&e) })]
	}
	atna := find(func(e *eventlog.Event) bool { return e.Format == "atna" })
	flow := find(func(e *eventlog.Event) bool { return e.Service == "conn" })
	login := find(func(e *eventlog.Event) bool { return e.Service == "sshd" })
	from, to := events[len(events)/3].At(), events[len(events)/2].At()
	out := map[string]eventlog.Query{
		"everything": {}, "a window": {From: from, To: to}, "from": {From: from}, "to": {To: from + 1}, "one moment": {From: from, To: from + 1},
		"undated": {Dating: eventlog.Undated}, "dated": {Dating: eventlog.Dated, From: from}, "undated in a window": {Dating: eventlog.Undated, From: from, To: to},
		"device": where("any.device", eventlog.Is, flow.Device), "address": where("any.ip", eventlog.Is, flow.DstIP), "ports": where("dst.port", eventlog.Is, "22", "104"),
		"no port": where("src.port", eventlog.Is, ""), "port below": where("dst.port", eventlog.AtMost, "100"), "network": where("dst.ip", eventlog.Within, "10.1.0.0/24", "fe80::/10"),
		"not network": not(where("any.ip", eventlog.Within, "10.0.0.0/8")), "user in capitals": where("user", eventlog.Is, strings.ToUpper(login.User)),
		"user begins": where("user", eventlog.Begins, "A.M"), "host ends": where("host", eventlog.Ends, "-1"), "no user": not(where("user", eventlog.Present)),
		"field": where("ae.calling", eventlog.Is, strings.ToLower(atna.Field("ae.calling"))), "field contains": where("dns.query", eventlog.Contains, "PACS"),
		"field at least": where("bytes.out", eventlog.AtLeast, "100000"), "no field": where("uid", eventlog.Is, ""), "not field": not(where("dns.rcode", eventlog.Is, "noerror")),
		"field present": where("study.uid", eventlog.Present), "raw contains": where("raw", eventlog.Contains, "AuditSourceID=\"pacs1\""), "message begins": where("message", eventlog.Begins, "Deny TCP"),
		"id": where("id", eventlog.Is, atna.ID.String()), "fault": where("fault", eventlog.Present), "quote": where("user", eventlog.Is, `O'Brien \ "x"`), "underscore": where("dev.id", eventlog.Begins, "dev%"),
		"capital beyond ASCII": where("dev.id", eventlog.Is, "DEV_Ä"), "small beyond ASCII": where("dev.id", eventlog.Is, "dev_ä"), "nothing": where("user", eventlog.Is, "nobody-here"),
		"word": {Text: "Failed"}, "part of a word": {Text: "faile"}, "address in the text": {Text: flow.SrcIP}, "part of an address": {Text: flow.SrcIP[:len(flow.SrcIP)-1]}, "phrase": {Text: `"failed password for"`},
		"words in any order": {Text: "password failed"}, "rare word": {Text: flow.Field("uid")}, "letters beyond ASCII": {Text: "näxt"}, "signs": {Text: `code="4"/>`}, "sign alone": {Text: "\\"},
		"word in the message only": {Text: "line"}, "clock": where(eventlog.FieldSkew, eventlog.AtLeast, "0"), "clock behind": where(eventlog.FieldSkew, eventlog.AtMost, "-1"), "clock is": where(eventlog.FieldSkew, eventlog.Is, "0"), "no clock": where(eventlog.FieldSkew, eventlog.Is, ""),
		"expression": {Text: "a.*"}, "percent": {Text: "a%b"},
	}
	for _, f := range []string{"source", "format", "product", "category", "service", "class", "activity", "severity", "outcome", "dev.id", "peer.id", "dev.site", "dev.ward", "dev.zone",
		"peer.zone", "host", "src.ip", "dst.ip", "src.port", "proto", "hash", "syslog.app"} {
		value := ""
		for i := range events {
			if value = events[i].Value(f); value != "" && value != "0" {
				break
			}
		}
		out["is "+f] = where(f, eventlog.Is, value)
		out["is not "+f] = not(where(f, eventlog.Is, value))
	}
	out["several"] = eventlog.Query{From: from, Text: "dcm", Where: []eventlog.Condition{{Field: "category", Op: eventlog.Is, Values: []string{"audit"}}, {Field: "user", Op: eventlog.Begins, Values: []string{"a", "b"}}}}
	return out
}

func agree(t *testing.T, p Place) {
	l, events := scene(t, p)
	defer mustClose(t, l)
	for name, q := range questions(events) {
		t.Run(name, func(t *testing.T) {
			m, err := eventlog.NewMatcher(q)
			if err != nil {
				t.Fatal(err)
			}
			var want []eventlog.Event
			for i := range events {
				if m.Match(&events[i]) {
					want = append(want, events[i])
				}
			}
			if diff := diff(want, all(t, l, q)); diff != "" {
				t.Errorf("scan of %d events: %.4000s", len(want), diff)
			}
			q.Limit = 20
			got, err := l.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			newest := slices.Clone(want)
			slices.Reverse(newest)
			if diff := diff(newest[:min(20, len(newest))], got.Events); diff != "" {
				t.Errorf("search: %.4000s", diff)
			}
			for _, b := range []eventlog.Bucket{{}, {By: "class"}, {Width: 600_000_000}, {Width: 600_000_000, By: "class"}, {Width: 3_600_000_000, By: "user"}, {By: "dns.query"}, {By: "dst.port"}, {By: eventlog.FieldSkew}} {
				counts, err := l.Count(t.Context(), q, b)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(counted(want, b), counts, same); diff != "" {
					t.Errorf("count by %+v: %.2000s", b, diff)
				}
			}
		})
	}
}

// counted counts events the plain way.
func counted(events []eventlog.Event, b eventlog.Bucket) []eventlog.Count {
	n := map[eventlog.Count]int64{}
	for i := range events {
		var c eventlog.Count
		if b.Width > 0 {
			c.At = events[i].At() - events[i].At()%b.Width
		}
		if b.By != "" {
			c.Value = eventlog.Fold(events[i].Value(b.By))
		}
		n[c]++
	}
	var out []eventlog.Count
	for c, k := range n {
		c.N = k
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b eventlog.Count) int {
		if a.At != b.At {
			return int(min(1, max(-1, a.At-b.At)))
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}

func pages(t *testing.T, p Place) {
	l := p.Open(t)
	defer mustClose(t, l)
	// Many events at the same time: pages begin in the middle of them.
	m := NewMaker(6, 50)
	events := m.Events(400)
	for i := range events {
		events[i].Time = Start + int64(i/90)*1000
	}
	mustAppend(t, l, slices.Clone(events[:150]))
	mustFlush(t, l)
	mustAppend(t, l, slices.Clone(events[150:300]))
	mustFlush(t, l)
	mustAppend(t, l, slices.Clone(events[300:]))
	p.settle(t, l)
	slices.SortFunc(events, rising)
	slices.Reverse(events)
	for _, limit := range []int{1, 7, 90, 400, 1000} {
		var got []eventlog.Event
		q := eventlog.Query{Limit: limit}
		for {
			page, err := l.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Events...)
			if page.Next == (eventlog.Mark{}) {
				break
			}
			if q.After, err = eventlog.ParseMark(page.Next.String()); err != nil || len(page.Events) != limit {
				t.Fatalf("a page of %d has %d events, %v", limit, len(page.Events), err)
			}
		}
		if diff := diff(events, got); diff != "" {
			t.Fatalf("pages of %d: %.2000s", limit, diff)
		}
	}
}

func together(t *testing.T, p Place) {
	l := p.Open(t)
	defer mustClose(t, l)
	const writers, rounds, portion = 3, 6, 80
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			m := NewMaker(uint64(10+w), 20)
			for range rounds {
				events := m.Events(portion)
				for i := range events {
					events[i].ID[6] = byte(w)
				}
				if _, err := l.Append(t.Context(), events); err != nil {
					t.Error(err)
				}
				if err := l.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		group.Go(func() {
			least := int64(0)
			for range 15 {
				page, err := l.Search(t.Context(), eventlog.Query{Limit: 100})
				if err != nil {
					t.Error(err)
					return
				}
				if !slices.IsSortedFunc(page.Events, func(a, b eventlog.Event) int { return rising(b, a) }) {
					t.Error("a page is not in order")
				}
				counts, err := l.Count(t.Context(), eventlog.Query{}, eventlog.Bucket{})
				if err != nil {
					t.Error(err)
					return
				}
				if len(counts) == 1 {
					if counts[0].N < least {
						t.Errorf("%d events, and %d before", counts[0].N, least)
					}
					least = counts[0].N
				}
			}
		})
	}
	group.Wait()
	if n := total(t, l); n != writers*rounds*portion {
		t.Errorf("there are %d events of %d", n, writers*rounds*portion)
	}
}

func expires(t *testing.T, p Place) {
	l, events := scene(t, p)
	now := time.UnixMicro(events[len(events)-1].Received)
	for i := range events {
		now = time.UnixMicro(max(now.UnixMicro(), events[i].Received))
	}
	age := 20 * time.Minute
	hold := eventlog.Query{Where: []eventlog.Condition{{Field: "dev.zone", Op: eventlog.Is, Values: []string{"imaging"}}}}
	x := eventlog.Expiry{Now: now, Retention: eventlog.Retention{Default: age, ByClass: map[int]time.Duration{4003: 0, 3002: 10 * time.Minute}}, Holds: []eventlog.Query{hold}}
	var want []eventlog.Event
	gone := eventlog.Expired{ByClass: map[int]int64{}}
	for _, e := range events {
		before := x.Retention.Before(e.Class, now)
		if before == 0 || e.Received >= before || e.Zone == "imaging" {
			want = append(want, e)
			continue
		}
		if gone.Events == 0 || e.Received < gone.Oldest {
			gone.Oldest = e.Received
		}
		gone.Events++
		gone.ByClass[e.Class]++
		gone.Newest = max(gone.Newest, e.Received)
	}
	refused := errors.New("refused")
	x.Record = func(eventlog.Expired) error { return refused }
	if _, err := l.Expire(t.Context(), x); !errors.Is(err, refused) {
		t.Errorf("a removal that cannot be recorded gives %v", err)
	}
	if n := total(t, l); n != int64(len(events)) {
		t.Fatalf("%d events are left of %d, though the removal was refused", n, len(events))
	}
	var recorded []eventlog.Expired
	x.Record = func(e eventlog.Expired) error {
		if n := total(t, l); n != int64(len(events)) {
			t.Errorf("the record comes after the removal: %d events", n)
		}
		recorded = append(recorded, e)
		return nil
	}
	got, err := l.Expire(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]eventlog.Expired{gone}, append(recorded, got)[:1]); diff != "" || len(recorded) != 1 {
		t.Errorf("%d records: %s", len(recorded), diff)
	}
	for range 2 {
		if diff := diff(want, all(t, l, eventlog.Query{})); diff != "" {
			t.Fatalf("what stays: %.2000s", diff)
		}
		mustClose(t, l)
		l = p.Open(t)
	}
	defer mustClose(t, l)
	x.Record = func(eventlog.Expired) error {
		t.Error("a second run removes something")
		return nil
	}
	if again, err := l.Expire(t.Context(), x); err != nil || again.Events != 0 {
		t.Errorf("a second run removes %+v, %v", again, err)
	}
}
