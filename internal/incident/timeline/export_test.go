package timeline_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/incident/timeline"
	"triward/internal/problem"
	"triward/internal/store"
)

// outgoing is a timeline for the organisation itself.
func outgoing(q timeline.Query, f timeline.Format) timeline.Outgoing {
	return timeline.Outgoing{Query: q, Format: f, Give: custody.Order{As: incident.Organisation, To: "head of IT", Reason: "analysis", Authority: "head of security"}}
}

// A timeline goes to whom its marking lets have it, for a reason; what concerns patients stays in the organisation.
func TestExportsKeepToTheMarking(t *testing.T) {
	each(t, func(s *scene) {
		s.event(2*time.Hour, nil)
		s.event(time.Hour, func(e *eventlog.Event) { e.Category, e.Message = "audit", "study read" })
		give := func(of timeline.Of, as incident.Audience) (timeline.Manifest, string, error) {
			o := outgoing(timeline.Query{}, timeline.JSON)
			o.Give.As = as
			var b strings.Builder
			m, err := s.desk.Export(s.ctx, of, o, &b)
			return m, b.String(), err
		}
		for _, of := range []timeline.Of{s.of, {Device: s.pump}} { // the incident is TLP:AMBER
			for as, want := range map[incident.Audience]int{incident.Organisation: 0, incident.Clients: 1, incident.ByLaw: 0} {
				m, text, err := give(of, as)
				if s.must(err); m.Left.Kept != want || strings.Contains(text, "study read") != (want == 0) || m.As != string(as) {
					t.Errorf("to %s: %d kept back, %+v", as, m.Left.Kept, m)
				}
			}
			for _, as := range []incident.Audience{incident.Community, incident.Everyone} {
				_, text, err := give(of, as)
				if s.refused(err, problem.Forbidden, "TLP:AMBER"); text != "" {
					t.Errorf("to %s: %d bytes were given", as, len(text))
				}
			}
		}
		_, _, err := give(s.of, "")
		s.refused(err, problem.Invalid, "whom the receiver belongs to")
		s.must(s.db.View(s.ctx, func(r store.Reader) error {
			all, err := store.Journal(s.ctx, r, store.JournalQuery{Kinds: []string{timeline.KindExported}, Limit: 100})
			if len(all) != 6 {
				t.Errorf("%d exports are recorded of 6", len(all))
			}
			return err
		}))
	})
}

// An export is written portion by portion, over many pages, up to its bound; then it says so.
func TestExportsAreBoundedAndSaySo(t *testing.T) {
	each(t, func(s *scene) {
		var events []eventlog.Event
		ids := eventlog.Derive("src", "many")
		for i := range 2_500 {
			at := s.clock.Now().Add(-time.Duration(i) * time.Second).UnixMicro()
			events = append(events, eventlog.Event{ID: ids.At(int64(i)), Source: "src_1", Received: at, Time: at, Format: "json", Category: "network", Device: s.pump, Message: "connect", Raw: []byte("{}")})
		}
		_, err := s.log.Append(s.ctx, events)
		s.must(err)
		q := timeline.Query{Kinds: []timeline.Kind{timeline.Event}}
		for most, want := range map[int]int{0: 2_500, 2_100: 2_100} {
			s.desk.Most = most
			var b strings.Builder
			m, err := s.desk.Export(s.ctx, s.of, outgoing(q, timeline.JSON), &b)
			if s.must(err); m.Entries != want || (m.Left.Cut != "") != (most > 0) {
				t.Errorf("at most %d: %d entries, %q", most, m.Entries, m.Left.Cut)
			}
			var file struct {
				Entries []struct{ Told time.Time }
			}
			s.must(json.Unmarshal([]byte(b.String()), &file))
			for i, e := range file.Entries {
				if i > 0 && !e.Told.After(file.Entries[i-1].Told) {
					t.Fatalf("entry %d is not behind the one before it", i)
				}
			}
			if len(file.Entries) != want {
				t.Errorf("the file has %d entries of %d", len(file.Entries), want)
			}
		}
		_, err = s.desk.Export(s.ctx, timeline.Of{Incident: "inc_none"}, outgoing(q, timeline.JSON), io.Discard)
		s.refused(err, problem.NotFound, "")
	})
}
