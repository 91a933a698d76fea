package claim_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/blob"
	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/custody"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	sign  *signaturetest.Signer
	log   *parquet.Log
	desk  claim.Desk
	cases incident.Cases
	inc   string
	ctx   context.Context
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		log, err := parquet.Open(t.Context(), db, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close(t.Context())
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, log: log, desk: claim.Desk{DB: db, Log: log}, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}}
		s.ctx = sign.As(sign.Person(t, "anna", "Anna Security"), "incident.*", "claim.*", "custody.*", "event.*", "detection.*")
		s.inc = s.declare(incident.Amber, incident.Red)
		fn(s)
	})
}

func (s *scene) declare(tlp, pap incident.Marking) string {
	s.Helper()
	i, err := s.cases.Declare(s.ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave *fast*", Cyber: 2, Clinical: 1, TLP: tlp, PAP: pap,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
	s.must(err)
	return i
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

// event keeps an event of the past and gives its id.
func (s *scene) event(n int, device string, change func(e *eventlog.Event)) string {
	s.Helper()
	at := s.clock.Now().Add(-time.Duration(n) * time.Hour)
	e := eventlog.Event{ID: eventlog.Derive("src", "test").At(int64(n)), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "json", Category: "network", Device: device, Raw: []byte("{}")}
	change(&e)
	e.Fit()
	_, err := s.log.Append(s.ctx, []eventlog.Event{e})
	s.must(err)
	return e.ID.String()
}

func (s *scene) indicator(id string) claim.Indicator {
	s.Helper()
	var all []claim.Indicator
	s.must(s.db.View(s.ctx, func(r store.Reader) (err error) { all, err = claim.Indicators(s.ctx, r, s.inc); return err }))
	n := slices.IndexFunc(all, func(i claim.Indicator) bool { return i.ID == id })
	if n < 0 {
		s.Fatalf("no indicator %s", id)
	}
	return all[n]
}

func (s *scene) report() claim.Report {
	s.Helper()
	var r claim.Report
	s.must(s.db.View(s.ctx, func(in store.Reader) (err error) { r, err = claim.Of(s.ctx, in, s.inc, s.clock.Now()); return err }))
	return r
}

func (s *scene) journal(kind string) int {
	s.Helper()
	var all []store.Entry
	s.must(s.db.View(s.ctx, func(r store.Reader) (err error) {
		all, err = store.Journal(s.ctx, r, store.JournalQuery{Subject: s.inc, Kinds: []string{kind}, Limit: 100})
		return err
	}))
	return len(all)
}

// A new indicator is searched over everything that is kept, and again while work goes on.
func TestLookBack(t *testing.T) {
	each(t, func(s *scene) {
		s.event(50, "dev_1", func(e *eventlog.Event) { e.DstIP = "203.0.113.9" })
		s.event(3, "dev_2", func(e *eventlog.Event) { e.SrcIP = "203.0.113.9" })
		s.event(2, "dev_2", func(e *eventlog.Event) { e.Fields = []eventlog.Field{{Name: "dns.query", Value: "x.evil.example"}} })
		s.event(1, "dev_3", func(e *eventlog.Event) {
			e.Category, e.Fields = "dicom", []eventlog.Field{{Name: "ae.calling", Value: "GRABBER"}}
		})
		_, err := (detection.Sources{DB: s.db}).NoteBlind(testdb.System(), detection.Blind{Reason: detection.BlindStopped, Started: s.clock.Now().Add(-10 * time.Hour), Ended: s.clock.Now().Add(-9 * time.Hour), Lost: detection.LostUnknown})
		s.must(err)
		add := func(k indicator.Kind, v string) claim.Indicator {
			s.Helper()
			id, err := s.desk.Add(s.ctx, s.inc, claim.Indicator{Kind: k, Value: v, Note: "firewall"})
			s.must(err)
			return s.indicator(id)
		}
		a := add("", "203.0.113[.]9")
		if x := a.Search; !x.Done || x.Events != 2 || len(x.Devices) != 2 || len(x.IDs) != 2 || !x.First.Before(x.Last) || len(x.Blind) != 1 || x.Devices[0].New {
			t.Fatalf("found %+v", x)
		}
		for _, c := range []struct {
			kind   indicator.Kind
			value  string
			events int64
		}{{"", "203.0.113.0/24", 2}, {"", "evil[.]example", 1}, {indicator.AETitle, "grabber", 1}, {indicator.User, "nobody", 0}, {indicator.Device, "dev_2", 2}} {
			if got := add(c.kind, c.value).Search; !got.Done || got.Events != c.events {
				t.Errorf("%s: %+v", c.value, got)
			}
		}
		_, err = s.desk.Add(s.ctx, s.inc, claim.Indicator{Kind: indicator.AETitle, Value: "Grabber"})
		s.refused(err, problem.Conflict, "already")
		_, err = s.desk.Add(s.ctx, s.inc, claim.Indicator{Value: "some words"})
		s.refused(err, problem.Invalid, "choose")

		if n, err := s.desk.Tick(testdb.System()); err != nil || n != 0 {
			t.Fatalf("searched again at once: %d, %v", n, err)
		}
		s.event(0, "dev_9", func(e *eventlog.Event) { e.DstIP = "203.0.113.9" })
		s.clock.Advance(claim.Again)
		before := s.journal(claim.KindSearched)
		if n, err := s.desk.Tick(testdb.System()); err != nil || n != 6 {
			t.Fatalf("searched %d, %v", n, err)
		}
		x := s.indicator(a.ID).Search
		n := slices.IndexFunc(x.Devices, func(d claim.Seen) bool { return d.Device == "dev_9" })
		if x.Events != 3 || n < 0 || !x.Devices[n].New {
			t.Errorf("found again %+v", x)
		}
		if got := s.journal(claim.KindSearched) - before; got != 6 {
			t.Errorf("%d entries of 6 searches", got)
		}
		if r := s.report(); !slices.Equal(r.Beyond, []string{"dev_1", "dev_2", "dev_3", "dev_9"}) {
			t.Errorf("beyond the incident: %v", r.Beyond)
		}
	})
}

// away is a log on another server that does not answer.
type away struct{ eventlog.Reader }

func (away) Count(context.Context, eventlog.Query, eventlog.Bucket) ([]eventlog.Count, error) {
	return nil, problem.New(problem.Unavailable, "the events are away")
}

func (away) Get(context.Context, eventlog.ID) (eventlog.Event, error) {
	return eventlog.Event{}, problem.New(problem.Unavailable, "the events are away")
}

func TestLogIsAway(t *testing.T) {
	each(t, func(s *scene) {
		event := s.event(3, "dev_2", func(e *eventlog.Event) { e.SrcIP = "203.0.113.9" })
		desk := claim.Desk{DB: s.db, Log: away{s.log}}
		id, err := desk.Add(s.ctx, s.inc, claim.Indicator{Value: "203.0.113.9"})
		s.must(err)
		if x := s.indicator(id).Search; x.Done || x.Why != "the events are away" {
			t.Errorf("found %+v", x)
		}
		if r := s.report(); r.Unsearched != 1 {
			t.Errorf("%d not searched", r.Unsearched)
		}
		_, err = desk.Make(s.ctx, s.inc, supported(claim.Ref{Kind: claim.Event, ID: event}))
		s.refused(err, problem.Unavailable, "away")
		s.clock.Advance(15 * time.Minute)
		_, err = s.desk.Tick(testdb.System())
		s.must(err)
		if x := s.indicator(id).Search; !x.Done || x.Events != 1 || x.Why != "" {
			t.Errorf("found %+v", x)
		}
		s.clock.Advance(claim.Again)
		_, err = desk.Tick(testdb.System())
		s.must(err)
		if x := s.indicator(id).Search; !x.Done || x.Events != 1 || x.Why == "" {
			t.Errorf("what was found is forgotten: %+v", x)
		}
		none, err := claim.Desk{DB: s.db}.Add(s.ctx, s.inc, claim.Indicator{Value: "203.0.113.10"})
		s.must(err)
		if x := s.indicator(none).Search; x.Done || !strings.Contains(x.Why, "no events") {
			t.Errorf("found %+v", x)
		}
	})
}

func TestLookUpOutside(t *testing.T) {
	each(t, func(s *scene) {
		id, err := s.desk.Add(s.ctx, s.inc, claim.Indicator{Value: "203.0.113.9"})
		s.must(err)
		s.refused(s.desk.LookUp(s.ctx, id, "a reputation service", "known"), problem.Forbidden, "PAP:RED")
		s.inc = s.declare(incident.Amber, incident.Amber)
		id, err = s.desk.Add(s.ctx, s.inc, claim.Indicator{Value: "203.0.113.9"})
		s.must(err)
		s.refused(s.desk.LookUp(s.ctx, id, "", "known"), problem.Invalid, "where")
		s.must(s.desk.LookUp(s.ctx, id, "a reputation service", "known for scans"))
		if l := s.indicator(id).LookUps; len(l) != 1 || l[0].Found != "known for scans" {
			t.Errorf("looked up: %+v", l)
		}
	})
}

func supported(refs ...claim.Ref) claim.Claim {
	return claim.Claim{About: claim.Infrastructure, Says: "They come from a rented server", Source: "network team", Grade: claim.Grade{Source: "B", Information: "2"}, Likelihood: "likely", Evidence: refs}
}

func TestClaims(t *testing.T) {
	each(t, func(s *scene) {
		event := s.event(3, "dev_2", func(e *eventlog.Event) { e.SrcIP = "203.0.113.9" })
		s.must(s.cases.Note(s.ctx, s.inc, incident.NoteKinds()[0], "the ward called"))
		var f incident.File
		s.must(s.db.View(s.ctx, func(r store.Reader) (err error) { f, err = incident.Get(s.ctx, r, s.inc); return err }))
		exhibit := s.exhibit()
		make := func(c claim.Claim) string {
			s.Helper()
			id, err := s.desk.Make(s.ctx, s.inc, c)
			s.must(err)
			return id
		}
		no := func(c claim.Claim, kind problem.Kind, says string) {
			s.Helper()
			_, err := s.desk.Make(s.ctx, s.inc, c)
			s.refused(err, kind, says)
		}
		no(supported(), problem.Invalid, "hypothesis")
		no(supported(claim.Ref{Kind: claim.Event, ID: strings.Repeat("0", 32)}), problem.Invalid, "there is no event")
		no(supported(claim.Ref{Kind: claim.Note, ID: "not_other"}), problem.Invalid, "there is no note")
		no(supported(claim.Ref{Kind: claim.Exhibit, ID: "INC-2026-0001/9"}), problem.Invalid, "there is no exhibit")
		no(supported(claim.Ref{Kind: claim.Alert, ID: "alr_x"}), problem.Invalid, "there is no alert")
		bad := supported(claim.Ref{Kind: claim.Event, ID: event})
		bad.Grade, bad.Likelihood = claim.Grade{Source: "H", Information: "7"}, "perhaps"
		bad.Source = " "
		no(bad, problem.Invalid, "A to G")
		no(bad, problem.Invalid, "1 to 6")
		no(bad, problem.Invalid, "source")
		no(bad, problem.Invalid, `"perhaps" is not one of the choices`)

		first := make(supported(claim.Ref{Kind: claim.Event, ID: event}, claim.Ref{Kind: claim.Exhibit, ID: f.Number + "/1"}, claim.Ref{Kind: claim.Note, ID: f.Notes[0].ID}, claim.Ref{Kind: claim.Exhibit, ID: exhibit}))
		guess := make(claim.Claim{About: claim.Adversary, Says: "a group after money", Source: "an analyst", Grade: claim.Grade{Source: "C", Information: "3"}, Hypothesis: true})
		for value, wrong := range map[string]string{"T0811": "", "t0883": "", "T1190": "", "T1110.003": "", "T1999": "no technique T1999", "T0999": "no technique", "T2000": "newer than the list", "TA0001": "no id", "T1110.3": "no id"} {
			c := claim.Claim{About: claim.Technique, Value: value, Says: "seen", Source: "us", Grade: claim.Grade{Source: "A", Information: "1"}, Hypothesis: true}
			if wrong != "" {
				no(c, problem.Invalid, wrong)
				continue
			}
			make(c)
		}
		no(claim.Claim{About: claim.Phase, Value: "later", Says: "x", Source: "y", Grade: claim.Grade{Source: "A", Information: "1"}, Hypothesis: true}, problem.Invalid, "choices")
		make(claim.Claim{About: claim.Phase, Value: "delivery", Says: "x", Source: "y", Grade: claim.Grade{Source: "A", Information: "1"}, Hypothesis: true})

		t.Run("another one takes its place", func(t *testing.T) {
			c := supported(claim.Ref{Kind: claim.Event, ID: event})
			c.Says, c.Replaces = "It is a home router", first
			no(c, problem.Invalid, "reason")
			c.Reason = "the provider told us"
			second := make(c)
			no(c, problem.Conflict, "does not stand")
			c.Replaces = guess
			no(c, problem.Conflict, "about the adversary")
			s.must(s.desk.Withdraw(s.ctx, s.inc, guess, "nothing supports it"))
			s.refused(s.desk.Withdraw(s.ctx, s.inc, guess, "again"), problem.Conflict, "does not stand")
			r := s.report()
			if len(r.Ended) != 2 || r.Ended[0].ID != first || r.Ended[0].EndedBy != second || r.Ended[1].EndedBy != "" || len(r.Ended[0].Evidence) != 3 {
				t.Errorf("ended: %+v", r.Ended)
			}
			if got := fmt.Sprint(r.Empty()); got != "[adversary capability victim result direction methodology resources]" {
				t.Errorf("empty: %s", got)
			}
		})
		t.Run("the report", func(t *testing.T) {
			for as, want := range map[incident.Audience]problem.Kind{incident.Community: problem.Forbidden, incident.Clients: "", incident.ByLaw: ""} {
				if _, err := s.report().Markdown(as); problem.KindOf(err) != want {
					t.Errorf("for %s: %v", as, err)
				}
			}
			text, err := s.report().Markdown(incident.Organisation)
			s.must(err)
			for _, want := range []string{"For: the organisation", "TLP:AMBER", "PAP:RED", `Studies leave \*fast\*`, "Who did it (adversary)\n\nNothing is known. This is empty.", "grade B2 (75/75): usually reliable source, probably true", "likely, 55 to 80 %", "hypothesis, without evidence",
				"T0811 Data from Information Repositories", "No blind interval is known", "Another claim took its place", "Withdrawn", "nothing is said about: adversary, capability, victim"} {
				if !strings.Contains(string(text), want) {
					t.Errorf("it lacks %q:\n%s", want, text)
				}
			}
		})
		other := s.sign.As(s.sign.Newcomer(t, "ben", "Ben Biomed"), "incident.read")
		_, err := s.desk.Make(other, s.inc, supported(claim.Ref{Kind: claim.Note, ID: f.Notes[0].ID}))
		s.refused(err, problem.Forbidden, "")
	})
}

// Every step of both halves of a grade has its number (MISP taxonomy admiralty-scale).
func TestGrades(t *testing.T) {
	source, information := map[string]int{}, map[string]int{}
	for _, x := range claim.Sources() {
		source[x.Key], _ = claim.Grade{Source: x.Key, Information: "6"}.Values()
	}
	for _, x := range claim.Informations() {
		_, information[x.Key] = claim.Grade{Source: "G", Information: x.Key}.Values()
	}
	if d := cmp.Diff(map[string]int{"A": 100, "B": 75, "C": 50, "D": 25, "E": 0, "F": 50, "G": 0}, source); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]int{"1": 100, "2": 75, "3": 50, "4": 25, "5": 0, "6": 50}, information); d != "" {
		t.Error(d)
	}
}

func TestTechniques(t *testing.T) {
	for id, want := range map[string]string{"T0811": "Data from Information Repositories", "T1190": "Exploit Public-Facing Application", "T1110.003": "Password Spraying", "T1086": "PowerShell (revoked)", "T1999": ""} {
		if got, err := claim.TechniqueName(id); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
	each(t, func(s *scene) {
		c := claim.Claim{About: claim.Technique, Value: "T1999", Newer: true, Says: "seen", Source: "us", Grade: claim.Grade{Source: "G", Information: "1"}, Hypothesis: true}
		_, err := s.desk.Make(s.ctx, s.inc, c)
		s.must(err)
		c.Value = "T1190" // that is in the list
		_, err = s.desk.Make(s.ctx, s.inc, c)
		s.must(err)
		for _, x := range s.report().Sections[4].Claims {
			if x.Newer != (x.Value == "T1999") {
				t.Errorf("%s is newer: %t", x.Value, x.Newer)
			}
		}
	})
}

// Claims are chained to the events of an activity thread, which shows the corners of each, also the empty ones.
func TestThreads(t *testing.T) {
	each(t, func(s *scene) {
		say := func(about claim.About, says, replaces string) string {
			s.Helper()
			id, err := s.desk.Make(s.ctx, s.inc, claim.Claim{About: about, Says: says, Source: "us", Grade: claim.Grade{Source: "A", Information: "1"}, Hypothesis: true, Replaces: replaces, Reason: "better", Happened: s.clock.Now().Add(-time.Hour)})
			s.must(err)
			return id
		}
		mail, archive, wrong := say(claim.Infrastructure, "a mail server", ""), say(claim.Victim, "the archive", ""), say(claim.Adversary, "a group", "")
		id, err := s.desk.Chain(s.ctx, s.inc, claim.Thread{Name: "Mail to archive", Steps: []claim.Step{{Phase: "delivery", Says: "A mail came", Claims: []string{mail, wrong}}}})
		s.must(err)
		later := claim.Thread{ID: id, Version: 1, Name: "Mail to archive", Reason: "the log shows more", Steps: []claim.Step{{Phase: "delivery", Says: "A mail came", Claims: []string{mail, wrong}},
			{Phase: "actions on objectives", Says: "Studies were pulled", Happened: s.clock.Now().Add(-time.Minute), Claims: []string{archive}}}}
		_, err = s.desk.Chain(s.ctx, s.inc, later)
		s.must(err)
		_, err = s.desk.Chain(s.ctx, s.inc, later)
		s.refused(err, problem.Conflict, "changed the thread since")
		later.Version, later.Reason = 2, ""
		_, err = s.desk.Chain(s.ctx, s.inc, later)
		s.refused(err, problem.Invalid, "why the thread changes")
		_, err = s.desk.Chain(s.ctx, s.inc, claim.Thread{Name: " ", Steps: []claim.Step{{Phase: "later", Claims: []string{"clm_x", mail, mail}}}})
		for _, says := range []string{"name", "not one of the choices", "says", "no claim", "twice"} {
			s.refused(err, problem.Invalid, says)
		}
		better := say(claim.Infrastructure, "a rented mail server", mail)
		s.must(s.desk.Withdraw(s.ctx, s.inc, wrong, "nothing supports it"))
		r := s.report()
		if len(r.Threads) != 1 || r.Threads[0].Version != 2 || len(r.Threads[0].Events) != 2 {
			t.Fatalf("threads %+v", r.Threads)
		}
		first, second := r.Threads[0].Events[0], r.Threads[0].Events[1]
		if len(first.Corners) != 4 || len(first.Corners[0].Claims) != 0 || first.Corners[2].Claims[0].ID != better || first.Gone[0].ID != wrong || !first.At.Equal(s.clock.Now().Add(-time.Hour)) || !second.At.Equal(later.Steps[1].Happened) {
			t.Errorf("first %+v\nsecond %+v", first, second)
		}
		if n := s.journal(claim.KindChained); n != 2 {
			t.Errorf("%d entries", n)
		}
		text, err := r.Markdown(incident.Organisation)
		s.must(err)
		if want := "## Activity thread: Mail to archive\n\n1. "; !strings.Contains(string(text), want) || !strings.Contains(string(text), "   - infrastructure: a rented mail server (A1)") || !strings.Contains(string(text), "   - adversary: empty") {
			t.Errorf("report:\n%s", text)
		}
		if err := s.db.Update(s.ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(s.ctx, `UPDATE claim_thread SET body = '{}'`)
			return err
		}); err == nil {
			t.Error("a version was changed")
		}
	})
}

func (s *scene) exhibit() string {
	s.Helper()
	blobs, err := blob.Open(s.ctx, "dir:"+s.TempDir())
	s.must(err)
	keys, err := custody.OpenKeys(filepath.Join(s.TempDir(), "keys"))
	s.must(err)
	v := custody.Vault{DB: s.db, Blobs: blobs, Keys: keys}
	i, err := v.Register(s.ctx, custody.Item{Incident: s.inc, Kind: custody.LogExtract, Description: "log", Source: "archive", Authority: "head", Method: "export", Began: s.clock.Now(), Patients: custody.NoPatients})
	s.must(err)
	_, err = v.Append(s.ctx, i, 0, bytes.NewReader([]byte("line")))
	s.must(err)
	return i
}
