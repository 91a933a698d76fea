package timeline_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/incident/timeline"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

var update = flag.Bool("update", false, "write the golden files")

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	sign  *signaturetest.Signer
	log   *parquet.Log
	desk  timeline.Desk
	cases incident.Cases
	ctx   context.Context
	anna  string
	pump  string
	inc   string
	of    timeline.Of
	n     int
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		log, err := parquet.Open(t.Context(), db, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close(context.Background())
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, log: log, desk: timeline.Desk{DB: db, Events: reading.Desk{DB: db, Log: log}}, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}}
		s.anna = sign.Person(t, "anna", "Anna Security")
		s.ctx = sign.As(s.anna, "incident.*", "timeline.*", "containment.*", "custody.*", "event.*", "detection.*", "device.*")
		pump, err := device.Fleet{DB: db}.Register(s.ctx, device.Device{AssetTag: "P-1", RawVendor: "Nordmed", RawModel: "N-1", InUse: product.Yes, OwnClass: product.LifeSustaining, Ward: "ICU"})
		s.must(err)
		s.pump = string(pump)
		s.inc, err = s.cases.Declare(s.ctx, incident.Declaration{Devices: []string{s.pump}, Systems: []string{"Archive"}, Incident: incident.Incident{Title: "A pump calls outside", Cyber: 2, Clinical: 2,
			TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: c.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
		s.must(err)
		s.of = timeline.Of{Incident: s.inc}
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, problem.FaultsOf(err))
	}
}

func (s *scene) refused(err error, kind problem.Kind, says string) {
	s.Helper()
	if text := fmt.Sprint(err, problem.FaultsOf(err)); problem.KindOf(err) != kind || !strings.Contains(text, says) {
		s.Fatalf("got %s (%s), want %s with %q", problem.KindOf(err), text, kind, says)
	}
}

// event keeps an event of the pump so long before now, and gives its key.
func (s *scene) event(before time.Duration, change func(e *eventlog.Event)) string {
	s.Helper()
	at := s.clock.Now().Add(-before)
	e := eventlog.Event{ID: eventlog.Derive("src", "test").At(int64(s.n)), Source: "src_1", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "json", Category: "network", Device: s.pump, Message: fmt.Sprintf("connect %d", s.n), Raw: []byte("{}")}
	s.n++
	if change != nil {
		change(&e)
	}
	e.Fit()
	_, err := s.log.Append(s.ctx, []eventlog.Event{e})
	s.must(err)
	return "event:" + e.ID.String()
}

func (s *scene) page(q timeline.Query) timeline.Page {
	s.Helper()
	p, err := s.desk.Page(s.ctx, s.of, q)
	s.must(err)
	return p
}

// all reads a timeline page by page; between is called after each.
func (s *scene) all(q timeline.Query, between func()) (out []timeline.Entry) {
	s.Helper()
	for {
		p := s.page(q)
		out = append(out, p.Entries...)
		if q.After = p.Next; q.After == "" {
			return out
		}
		if between != nil {
			between()
		}
	}
}

func lines(all []timeline.Entry) (out []string) {
	for _, e := range all {
		out = append(out, string(e.Kind)+" "+e.What)
	}
	return out
}

// Everything that is known stands in one order, each with what its instant is worth.
func TestTimelineAssemblesItself(t *testing.T) {
	each(t, func(s *scene) {
		s.event(2*time.Hour, func(e *eventlog.Event) {
			e.Skew, e.SkewKnown = (7 * time.Minute).Microseconds(), true
			e.Message, e.User = "login of service", "service"
		})
		s.event(time.Hour, nil)
		s.event(50*time.Hour, nil) // before the window
		s.event(time.Hour, func(e *eventlog.Event) { e.Device = "dev_other" })
		s.must((detection.Sources{DB: s.db}).Count(testdb.System(), []detection.Seen{{Source: "src_1", At: s.clock.Now().Add(-2 * time.Hour), SkewKnown: true, Anchors: 17}}, nil))
		_, err := (detection.Sources{DB: s.db}).NoteBlind(testdb.System(), detection.Blind{Reason: detection.BlindStopped, Started: s.clock.Now().Add(-90 * time.Minute), Ended: s.clock.Now().Add(-80 * time.Minute), Lost: detection.LostUnknown})
		s.must(err)
		s.clock.Advance(time.Minute)
		s.must(s.cases.Note(s.ctx, s.inc, incident.Decision, "The pump stays at the bed."))
		s.clock.Advance(time.Minute)
		_, err = s.cases.PlanAction(s.ctx, s.inc, incident.Action{Device: s.pump, Target: "block 203.0.113.9", Plan: ladder.Plan{Level: ladder.FarSide, Impact: "none", Alternative: "works alone", Observe: "no packet", Return: s.clock.Now().Add(time.Hour)}})
		s.must(err)
		_, err = s.desk.Add(s.ctx, s.of, timeline.Addition{Told: s.clock.Now().Add(-100 * time.Minute), Certainty: timeline.About, What: "Somebody was at the socket", Who: "night nurse", Source: "said on the phone", Device: s.pump})
		s.must(err)
		p := s.page(timeline.Query{Order: store.NewestFirst})
		got := lines(p.Entries)
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], ";")
			got[i], _, _ = strings.Cut(got[i], ": ")
		}
		want := []string{"containment Containment planned", "decision The pump stays at the bed.", "journal Incident device involved", "journal Incident device involved", "journal Incident declared", "journal Device registered", "event connect 1", "blind Not seen", "manual Somebody was at the socket", "event login of service", "gap No event of this device is stored from the begin of the window to here."}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		back := s.all(timeline.Query{Limit: 3}, nil)
		slices.Reverse(back)
		if diff := cmp.Diff(lines(p.Entries), lines(back)); diff != "" {
			t.Errorf("the other order is not the reverse: %s", diff)
		}
		e := p.Entries[len(p.Entries)-2]
		at, ok := e.Corrected()
		if !ok || !at.Equal(e.Told.Add(-7*time.Minute)) || e.Correction() != "clock 7m0s ahead, n ≤ 17 anchors" || e.Name != "P-1 Nordmed N-1" {
			t.Errorf("corrected %v %v, %q, device %q", at, ok, e.Correction(), e.Name)
		}
		if e := p.Entries[6]; e.SkewKnown || e.Correction() != "not corrected: no anchors for the clock of this source" {
			t.Errorf("%q", e.Correction())
		}
		t.Run("a system is no device", func(t *testing.T) {
			for _, e := range p.Entries {
				if strings.Contains(e.What, "Archive") && (e.Device != "" || e.Name != "Archive") {
					t.Errorf("%s: device %q, name %q", e.What, e.Device, e.Name)
				}
			}
		})
		t.Run("filters", func(t *testing.T) {
			for name, c := range map[string]struct {
				q    timeline.Query
				want int
			}{"kind": {timeline.Query{Kinds: []timeline.Kind{timeline.Blind, timeline.Decision}}, 2}, "user": {timeline.Query{User: "Serv"}, 1}, "text": {timeline.Query{Text: "bed stays"}, 1}, "device": {timeline.Query{Device: s.pump}, 7},
				"window": {timeline.Query{From: s.clock.Now().Add(-85 * time.Minute), To: s.clock.Now().Add(-20 * time.Minute)}, 2}, "none": {timeline.Query{Text: "nowhere"}, 0}} {
				if got := s.page(c.q).Entries; len(got) != c.want {
					t.Errorf("%s: %v, want %d", name, lines(got), c.want)
				}
			}
		})
		t.Run("of a device", func(t *testing.T) {
			p, err := s.desk.Page(s.ctx, timeline.Of{Device: s.pump}, timeline.Query{})
			s.must(err)
			want := []string{"event connect 2", "gap No event of this device is stored from here to the next one.", "event login of service", "blind", "event connect 1", "journal", "journal", "containment"}
			got := lines(p.Entries)
			for i := range got {
				if k, _, _ := strings.Cut(got[i], " "); k == "blind" || k == "journal" || k == "containment" {
					got[i] = k
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || p.Title != "P-1" {
				t.Errorf("%s: %s", p.Title, diff)
			}
		})
	})
}

// An undated entry stands in a list of its own, by its receipt, and gets no instant from a neighbour.
func TestUndatedStaysUndated(t *testing.T) {
	each(t, func(s *scene) {
		for _, h := range []int{3, 1, 2} {
			s.event(time.Duration(h)*time.Hour, func(e *eventlog.Event) { e.Time = 0; e.Message = fmt.Sprintf("undated %d", h) })
		}
		s.event(90*time.Minute, nil)
		_, err := s.desk.Add(s.ctx, s.of, timeline.Addition{Certainty: timeline.Undated, What: "A stick was found", Source: "cleaning staff"})
		s.must(err)
		for _, e := range s.all(timeline.Query{Limit: 2}, nil) {
			if e.Told.IsZero() {
				t.Errorf("%s has no instant and stands among those that have one", e.What)
			}
		}
		got := s.all(timeline.Query{Undated: true, Limit: 2}, nil)
		if diff := cmp.Diff([]string{"event undated 3", "event undated 2", "event undated 1", "manual A stick was found"}, lines(got)); diff != "" {
			t.Error(diff)
		}
		for _, e := range got {
			if _, ok := e.Corrected(); ok || !e.Told.IsZero() || e.Certainty != timeline.Undated {
				t.Errorf("%s got an instant: %v %s", e.What, e.Told, e.Certainty)
			}
		}
		if l := s.page(timeline.Query{}).Left; l.Undated != 3 || l.UndatedBy != 1 {
			t.Errorf("left out %+v, want three and one undated", l)
		}
		now := s.clock.Now()
		for says, a := range map[string]timeline.Addition{
			"has no instant":  {Certainty: timeline.Undated, Told: now, What: "x", Source: "y"},
			"is required, or": {Certainty: timeline.Stated, What: "x", Source: "y"},
			"future":          {Certainty: timeline.Stated, Told: now.Add(time.Hour), What: "x", Source: "y"},
			"not one of":      {Certainty: timeline.Recorded, Told: now, What: "x", Source: "y"},
			"not in this":     {Certainty: timeline.Stated, Told: now, What: "x", Source: "y", Device: "dev_other"},
		} {
			_, err := s.desk.Add(s.ctx, s.of, a)
			s.refused(err, problem.Invalid, says)
		}
	})
}

// The merge is a total order; pages neither lose nor repeat an entry while others arrive, and nothing changes what was told.
func TestPagesNeitherLoseNorRepeat(t *testing.T) {
	each(t, func(s *scene) {
		rnd := rand.New(rand.NewPCG(7, 11))
		told := map[string]time.Time{}
		left := 60 // so that reading overtakes what arrives
		arrive := func() {
			if left--; left < 0 {
				return
			}
			for range 1 + rnd.IntN(4) {
				// Few instants, so that many are the same; some long apart, so that there are gaps.
				before := time.Duration(rnd.IntN(8)) * 150 * time.Minute
				key := s.event(before, func(e *eventlog.Event) {
					if rnd.IntN(3) > 0 { // up to a quarter of an hour before and behind
						e.Source, e.Skew, e.SkewKnown = fmt.Sprintf("src_%d", rnd.IntN(3)), rnd.Int64N(18e8)-9e8, true
					}
				})
				told[key] = s.clock.Now().Add(-before)
			}
			if rnd.IntN(3) == 0 {
				s.must(s.cases.Note(s.ctx, s.inc, incident.Remark, "looked again"))
			}
			if rnd.IntN(3) == 0 {
				at := s.clock.Now().Add(-time.Duration(rnd.IntN(8)) * 150 * time.Minute)
				key, err := s.desk.Add(s.ctx, s.of, timeline.Addition{Told: at, Certainty: timeline.Stated, What: "seen", Source: "ward"})
				s.must(err)
				told[key] = at
			}
		}
		for range 8 {
			arrive()
		}
		for _, byTold := range []bool{false, true} {
			for _, order := range []store.Order{store.OldestFirst, store.NewestFirst} {
				for _, limit := range []int{1, 7} {
					left = 8
					q := timeline.Query{Order: order, Told: byTold, Limit: 1000}
					before := s.all(q, nil)
					q.Limit = limit
					got := s.all(q, arrive)
					name := fmt.Sprintf("order %d, told %v, pages of %d", order, byTold, limit)
					seen := map[string]bool{}
					for i, e := range got {
						if seen[e.Key] {
							t.Fatalf("%s: %s is there twice", name, e.Key)
						}
						seen[e.Key] = true
						if at, ok := told[e.Key]; ok && !at.Equal(e.Told) {
							t.Fatalf("%s was told at %v, and is shown at %v", e.Key, at, e.Told)
						}
						if i > 0 && !inOrder(q, got[i-1], e) {
							t.Fatalf("%s: %s (%v) stands behind %s (%v)", name, e.Key, stands(q, e), got[i-1].Key, stands(q, got[i-1]))
						}
					}
					for _, e := range before {
						if e.Kind != timeline.Gap && !seen[e.Key] { // what came meanwhile may fill a gap
							t.Fatalf("%s: %s was lost", name, e.Key)
						}
					}
				}
			}
		}
	})
}

// stands is the instant that an entry stands at.
func stands(q timeline.Query, e timeline.Entry) time.Time {
	if at, ok := e.Corrected(); ok && !q.Told {
		return at
	}
	return e.Told
}

// inOrder reports whether an entry may stand behind another one: the order is total, so that no two may stand both ways.
func inOrder(q timeline.Query, a, b timeline.Entry) bool {
	if q.Order == store.NewestFirst {
		a, b = b, a
	}
	at, bt := stands(q, a), stands(q, b)
	return at.Before(bt) || at.Equal(bt) && a.Key < b.Key
}

func TestSimilarEventsBecomeOneLine(t *testing.T) {
	each(t, func(s *scene) {
		keys := []string{}
		for i := range 30 {
			keys = append(keys, s.event(time.Duration(100-i)*time.Minute, nil))
		}
		s.event(60*time.Minute, func(e *eventlog.Event) { e.Message = "alarm" })
		q := timeline.Query{Kinds: []timeline.Kind{timeline.Event}, Collapse: true, Limit: 1}
		p := s.page(q)
		if len(p.Entries) != 1 || p.Entries[0].Count != 30 || p.Entries[0].Key != keys[0] || !p.Entries[0].Until.Equal(s.clock.Now().Add(-71*time.Minute)) {
			t.Fatalf("%+v", p.Entries)
		}
		q.After = p.Next
		if p := s.page(q); len(p.Entries) != 1 || p.Entries[0].What != "alarm" || p.Next != "" {
			t.Errorf("%+v", p)
		}
		s.must(s.desk.Pin(s.ctx, s.of, keys[10], "the first that got an answer"))
		q.After, q.Limit = "", 10
		var counts []int
		for _, e := range s.page(q).Entries {
			counts = append(counts, e.Count)
		}
		if diff := cmp.Diff([]int{10, 1, 19, 1}, counts); diff != "" {
			t.Error("a highlighted event is in no other line: " + diff)
		}
	})
}

func TestHighlightsAndCommentsAreRecorded(t *testing.T) {
	each(t, func(s *scene) {
		key := s.event(time.Hour, nil)
		s.event(2*time.Hour, nil)
		s.must(s.desk.Pin(s.ctx, s.of, key, "first contact"))
		s.must(s.desk.Comment(s.ctx, s.of, key, "the address is in the advisory"))
		p := s.page(timeline.Query{Pinned: true})
		if len(p.Entries) != 1 || p.Entries[0].Pin.Text != "first contact" || p.Entries[0].Pin.By != "anna" || len(p.Entries[0].Comments) != 1 {
			t.Fatalf("%+v", p.Entries)
		}
		s.must(s.desk.Unpin(s.ctx, s.of, key, "it was another one"))
		s.refused(s.desk.Unpin(s.ctx, s.of, key, "again"), problem.NotFound, "not highlighted")
		s.refused(s.desk.Pin(s.ctx, s.of, key, " "), problem.Invalid, "required")
		for _, k := range []string{"", "event:zz", "event:" + strings.Repeat("0", 32), "journal:999999", "journal:x", "manual:tle_none", "blind:", "x"} {
			s.refused(s.desk.Comment(s.ctx, s.of, k, "text"), problem.NotFound, "no such")
		}
		var kinds []string
		s.must(s.db.View(s.ctx, func(r store.Reader) error {
			all, err := store.Journal(s.ctx, r, store.JournalQuery{Subject: s.inc, Limit: 100})
			for _, e := range all {
				if strings.HasPrefix(e.Kind, "timeline.") {
					kinds = append(kinds, e.Kind)
				}
			}
			return err
		}))
		if diff := cmp.Diff([]string{timeline.KindPinned, timeline.KindCommented, timeline.KindUnpinned}, kinds); diff != "" {
			t.Error(diff)
		}
		reader := s.sign.As(s.anna, "incident.read", "event.read")
		s.refused(s.desk.Pin(reader, s.of, key, "x"), problem.Forbidden, "timeline.pinned")
	})
}

// Who reads sees what they may read elsewhere, is told what is missing, and a look at events of patients is recorded.
func TestReadersSeeWhatTheyMay(t *testing.T) {
	each(t, func(s *scene) {
		key := s.event(time.Hour, func(e *eventlog.Event) { e.Category = "audit"; e.Message = "study read" })
		plain := s.event(2*time.Hour, nil)
		read := func(ctx context.Context) timeline.Page {
			p, err := s.desk.Page(ctx, s.of, timeline.Query{})
			s.must(err)
			return p
		}
		has := func(p timeline.Page, key string) bool {
			return slices.ContainsFunc(p.Entries, func(e timeline.Entry) bool { return e.Key == key })
		}
		recorded := func() (n int) {
			s.must(s.db.View(s.ctx, func(r store.Reader) error {
				all, err := store.Journal(s.ctx, r, store.JournalQuery{Kinds: []string{detection.KindPatientsRead}, Limit: 100})
				n = len(all)
				return err
			}))
			return n
		}
		if p := read(s.sign.As(s.anna, "incident.read")); has(p, plain) || p.Left.NoEvents == "" || !slices.Contains(p.Left.Areas, "device") {
			t.Errorf("without the right to read events: %+v", p.Left)
		}
		if p := read(s.sign.As(s.anna, "incident.read", "event.read")); has(p, key) || !has(p, plain) || !p.Left.Patients || recorded() != 0 {
			t.Errorf("without the right to read about patients: %v %+v", lines(p.Entries), p.Left)
		}
		_, err := s.desk.One(s.sign.As(s.anna, "incident.read", "event.read"), s.of, key)
		s.refused(err, problem.NotFound, "")
		if p := read(s.ctx); !has(p, key) || p.Left.Patients || recorded() != 1 {
			t.Errorf("%+v, %d readings recorded", p.Left, recorded())
		}
		_, err = s.desk.Page(s.sign.As(s.anna, "event.read"), s.of, timeline.Query{})
		s.refused(err, problem.Forbidden, "")
		bare := timeline.Desk{DB: s.db, Events: reading.Desk{DB: s.db}}
		p, err := bare.Page(s.ctx, s.of, timeline.Query{})
		if s.must(err); p.Left.NoEvents == "" || len(p.Entries) == 0 {
			t.Errorf("without a place for events: %+v", p.Left)
		}
	})
}

// What the alerts of an incident list belongs to it, also where no device of it is named.
func TestEventsOfAlerts(t *testing.T) {
	each(t, func(s *scene) {
		key := s.event(time.Hour, func(e *eventlog.Event) { e.Device, e.Message = "dev_far", "scan" })
		text := detection.RuleText{ID: "scan", Path: "scan.yml", Title: "Scan seen", Level: detection.High, Digest: strings.Repeat("0", 64), Body: "x"}
		_, err := (detection.Rules{DB: s.db}).Load(testdb.System(), detection.FromPack, []detection.RuleText{text}, 0)
		s.must(err)
		_, err = (detection.Alerts{DB: s.db}).Take(testdb.System(), []detection.Hit{{Rule: "scan", Digest: text.Digest, Event: strings.TrimPrefix(key, "event:"), At: s.clock.Now().Add(-time.Hour), Entity: detection.Entity("device", "dev_far"),
			Device: "dev_far", InUse: product.NotKnown, Summary: "scan", Field: func(string) (string, bool) { return "", false }}})
		s.must(err)
		var alert string
		s.must(s.db.View(s.ctx, func(r store.Reader) error {
			p, err := detection.ListAlerts(s.ctx, r, detection.AlertQuery{})
			if err == nil {
				alert = p.Items[0].ID
			}
			return err
		}))
		s.must(s.cases.Link(s.ctx, s.inc, incident.Link{Kind: incident.FromAlert, Target: alert}))
		got := lines(s.page(timeline.Query{}).Entries)
		if !slices.Contains(got, "event scan") || !slices.ContainsFunc(got, func(l string) bool { return strings.HasPrefix(l, "alert ") }) {
			t.Errorf("%v", got)
		}
	})
}

func TestExports(t *testing.T) {
	each(t, func(s *scene) {
		first := s.event(3*time.Hour, func(e *eventlog.Event) {
			e.Message, e.User, e.Skew, e.SkewKnown = "=HYPERLINK(\"http://x\")", "+svc", (90 * time.Second).Microseconds(), true
		})
		s.event(2*time.Hour, func(e *eventlog.Event) { e.Message = "naïve \"quoted\", \u2028 line" })
		s.event(time.Hour, func(e *eventlog.Event) { e.Time, e.Message = 0, "undated" })
		_, err := s.desk.Add(s.ctx, s.of, timeline.Addition{Told: s.clock.Now().Add(-150 * time.Minute), Certainty: timeline.About, What: "@socket opened", Source: "ward"})
		s.must(err)
		s.must(s.desk.Pin(s.ctx, s.of, first, "first contact"))
		s.must(s.desk.Comment(s.ctx, s.of, first, "seen"))
		_, err = (detection.Sources{DB: s.db}).NoteBlind(testdb.System(), detection.Blind{Reason: detection.BlindDisk, Started: s.clock.Now().Add(-100 * time.Minute), Ended: s.clock.Now().Add(-90 * time.Minute), Lost: 12})
		s.must(err)
		q := timeline.Query{Kinds: []timeline.Kind{timeline.Event, timeline.Manual, timeline.Blind}}
		for _, f := range timeline.Formats() {
			var a, b strings.Builder
			m, err := s.desk.Export(s.ctx, s.of, outgoing(q, f), &a)
			s.must(err)
			_, err = s.desk.Export(s.ctx, s.of, outgoing(q, f), &b)
			if s.must(err); a.String() != b.String() {
				t.Errorf("%s: a second export differs", f)
			}
			if m.Left.Undated != 1 || m.Left.Blind != 1 || len(m.Left.Filtered) != 3 || m.Entries != 4 {
				t.Errorf("%s: %+v", f, m)
			}
			golden(t, string(f), plain(s, a.String()))
		}
		var out strings.Builder
		m, err := s.desk.Export(s.sign.As(s.anna, "incident.read", "timeline.exported", "event.read"), s.of, outgoing(q, timeline.JSON), &out)
		if s.must(err); strings.Contains(out.String(), "HYPERLINK") || m.Left.NoEvents == "" {
			t.Errorf("events were exported without the right to: %+v", m)
		}
		_, err = s.desk.Export(s.sign.As(s.anna, "incident.read"), s.of, outgoing(q, timeline.JSON), &out)
		s.refused(err, problem.Forbidden, "export")
		_, err = s.desk.Export(s.ctx, s.of, outgoing(q, "xml"), &out)
		s.refused(err, problem.Invalid, "csv")
	})
}

// plain replaces what differs from run to run: ids that are drawn.
func plain(s *scene, text string) string {
	text = strings.NewReplacer(s.inc, "inc_1", s.pump, "dev_1").Replace(text)
	for _, prefix := range []string{"tle_", "bld_"} {
		for {
			i := strings.Index(text, prefix)
			if i < 0 {
				break
			}
			j := i + len(prefix)
			for j < len(text) && (text[j] >= 'a' && text[j] <= 'z' || text[j] >= '0' && text[j] <= '9') {
				j++
			}
			text = text[:i] + "<" + strings.TrimSuffix(prefix, "_") + ">" + text[j:]
		}
	}
	return text
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

func TestCursorsOfOtherLists(t *testing.T) {
	each(t, func(s *scene) {
		s.event(time.Hour, nil)
		next := s.page(timeline.Query{Limit: 1}).Next
		for i := range len(next) {
			_, err := s.desk.Page(s.ctx, s.of, timeline.Query{After: next[:i], Limit: 1})
			if i > 0 && problem.KindOf(err) != problem.Invalid && err != nil {
				t.Errorf("cut at %d: %v", i, err)
			}
		}
		for _, q := range []timeline.Query{{After: next, Order: store.NewestFirst}, {After: next, Undated: true}, {After: strings.Repeat("A", 700)}, {After: "!"}} {
			_, err := s.desk.Page(s.ctx, s.of, q)
			s.refused(err, problem.Invalid, "mark of the page")
		}
	})
}
