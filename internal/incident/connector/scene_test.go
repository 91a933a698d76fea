package connector_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func faults(err error) []problem.Fault { return problem.FaultsOf(err) }

// firewall is what a connector drives: it does what it is told, or what its temper is.
type firewall struct {
	*httptest.Server
	mu      sync.Mutex
	temper  string // "": honest; lies, hangs, fails, half (does it, and answers nothing)
	blocked bool
	got     []string
	stop    chan struct{}
}

func newFirewall(t *testing.T) *firewall {
	f := &firewall{stop: make(chan struct{})}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		temper := f.temper
		f.got = append(f.got, r.Header.Get("Triward-Message"))
		if temper == "" || temper == "half" {
			f.blocked = strings.Contains(string(body), `"do": "run"`)
		}
		f.mu.Unlock()
		switch temper {
		case "hangs":
			<-f.stop
		case "fails":
			w.WriteHeader(http.StatusInternalServerError)
		case "half":
			panic(http.ErrAbortHandler)
		}
	}))
	f.Config.ErrorLog = nil
	t.Cleanup(func() { close(f.stop); f.Close() })
	return f
}

func (f *firewall) is(temper string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.temper = temper
}

func (f *firewall) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.got...)
}

// scene is a hospital with a pump in use, a firewall that a connector drives, and a source that sees flows.
type scene struct {
	*testing.T
	db     *store.DB
	clock  *testdb.Clock
	sign   *signaturetest.Signer
	desk   connector.Desk
	flows  flow.Desk
	log    *parquet.Log
	fw     *firewall
	book   string
	secret string
	pump   string
	source string
	anna   string // IT security
	ben    string // clinical engineer
	cleo   string // clinical owner
	n      uint64
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, fw: newFirewall(t), book: filepath.Join(t.TempDir(), "connectors.toml"), secret: secretFile(t, key)}
		log, err := parquet.Open(context.Background(), db, t.TempDir())
		s.must(err)
		t.Cleanup(func() { log.Close(context.Background()) })
		s.log = log
		s.desk = connector.Desk{DB: db, Book: connector.Book{File: s.book}, Cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db, Signer: sign.Signer}}, Log: log}
		s.desk.Cases.Ready, s.desk.Cases.Vouch = s.desk.Ready, s.desk.Vouch
		s.flows = flow.Desk{DB: db, Log: log}
		s.anna, s.ben, s.cleo = sign.Person(t, "anna", "Anna Security"), sign.Newcomer(t, "ben", "Ben Biomed"), sign.Newcomer(t, "cleo", "Cleo Clinician")
		id, err := device.Fleet{DB: db}.Register(s.as(s.ben), device.Device{AssetTag: "P-1", RawVendor: "Nordmed", RawModel: "N-1", InUse: product.Yes, OwnClass: product.LifeSustaining, Ward: "ICU",
			Connectivity: []network.Connectivity{network.PrivateNetwork}, Identities: []device.Identity{{Kind: network.IP, Value: "10.0.0.7"}, {Kind: network.MAC, Value: "00:00:5e:00:53:07"}}})
		s.must(err)
		s.pump = string(id)
		s.source, err = detection.Sources{DB: db}.Add(s.as(s.anna), detection.Source{Name: "Switch of the ICU", Transport: detection.SyslogUDP, Identity: "10.0.0.1"})
		s.must(err)
		s.write("")
		fn(s)
	})
}

// write writes the operator's file.
func (s *scene) write(more string) {
	s.Helper()
	s.must(os.WriteFile(s.book, fmt.Appendf(nil, "[[connector]]\nname = \"fw\"\ntitle = \"Firewall of the ICU\"\nkind = \"webhook\"\nlevels = [1, 3, 4]\nseconds = 1\naddress = %q\nsecret_file = %q\nask = {zone = \"[a-z]{1,20}\"}\n%s",
		s.fw.URL, s.secret, more), 0o600))
}

func (s *scene) as(account string) context.Context {
	return s.sign.As(account, "incident.*", "containment.*", "device.*", "connector.*", "detection.*", "run.*", "document.*")
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%v %v", err, faults(err))
	}
}

func (s *scene) refused(err error, kind problem.Kind, says ...string) {
	s.Helper()
	if problem.KindOf(err) != kind {
		s.Fatalf("got %v, want %s", err, kind)
	}
	text := fmt.Sprint(err, faults(err))
	for _, x := range says {
		if !strings.Contains(text, x) {
			s.Errorf("%s does not say %q", text, x)
		}
	}
}

func (s *scene) item() (i connector.Item) {
	s.Helper()
	s.must(s.db.View(s.as(s.anna), func(r store.Reader) (err error) {
		i, err = s.desk.Item(s.as(s.anna), r, "fw")
		return err
	}))
	return i
}

func (s *scene) approve() {
	s.Helper()
	s.must(s.desk.Approve(s.as(s.anna), "fw", s.item().Hash, "dry run read"))
}

func (s *scene) declare(exercise bool, pap incident.Marking) string {
	s.Helper()
	i, err := s.desk.Cases.Declare(s.as(s.anna), incident.Declaration{Incident: incident.Incident{Title: "The pump calls out", Exercise: exercise, Cyber: 3, Clinical: 2, TLP: incident.Amber, PAP: pap, Care: incident.Normal,
		Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now().Add(-time.Hour), AwareWho: "Anna Security", AwareHow: "an alert"}, Devices: []string{s.pump}})
	s.must(err)
	return i
}

var quiet = connector.Proof{Means: connector.Quiet, Minutes: 5, Within: 20}

// planned is an action that is checked and signed off, through the connector.
func (s *scene) planned(i string, l ladder.Level, p connector.Proof) string {
	s.Helper()
	a, err := s.desk.Cases.PlanAction(s.as(s.ben), i, incident.Action{Device: s.pump, Target: "the pump at the firewall", Plan: ladder.Plan{Level: l, Impact: "no central alarm", Alternative: "alarm at the bedside",
		Compensating: "one nurse for two beds", Observe: "no packet of the device", Undo: "plug the cable into the free socket", Return: s.clock.Now().Add(2 * time.Hour)}})
	s.must(err)
	if p.Means != connector.ByPerson {
		p.Source = s.source
	}
	s.must(s.desk.Choose(s.as(s.ben), a, connector.Choice{Connector: "fw", Values: map[string]string{"zone": "icu"}, Proof: p}))
	s.must(s.desk.Cases.Check(s.as(s.ben), a, "it infuses"))
	s.must(s.desk.Cases.SignOff(s.as(s.ben), a, ladder.Biomed, 0, ""))
	s.must(s.desk.Cases.SignOff(s.as(s.cleo), a, ladder.ClinicalOwner, 0, ""))
	return a
}

func (s *scene) run(a string) { s.Helper(); s.must(s.desk.Cases.Run(s.as(s.anna), a)) }

// pass lets time go by, with everything that runs again and again.
func (s *scene) pass(d time.Duration) {
	s.Helper()
	ctx := store.WithActor(context.Background(), store.System("containment"))
	for end := s.clock.Now().Add(d); s.clock.Now().Before(end); {
		s.clock.Advance(min(time.Minute, end.Sub(s.clock.Now())))
		s.tick(ctx)
	}
}

func (s *scene) tick(ctx context.Context) {
	s.Helper()
	_, err := s.desk.Cases.ReturnDue(ctx)
	s.must(err)
	s.must(s.desk.Tick(ctx))
}

func (s *scene) sheet(a string) (out incident.Sheet) {
	s.Helper()
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		out, _, err = s.desk.Cases.SheetOf(s.as(s.anna), r, a, s.clock.Now())
		return err
	}))
	return out
}

func (s *scene) order(a string) (out connector.Shown) {
	s.Helper()
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		out, err = connector.Of(s.as(s.anna), r, a)
		return err
	}))
	return out
}

// in demands the state of an action.
func (s *scene) in(a string, want ladder.State) {
	s.Helper()
	if got := s.sheet(a); got.State != want {
		s.Fatalf("the action is %s, want %s; said last: %q", got.State, want, got.Said)
	}
}

// flow is a flow of the pump that the source sees now.
func (s *scene) flow(dst string, port int) {
	s.Helper()
	s.n++
	now := s.clock.Now().UnixMicro()
	e := eventlog.Event{ID: eventlog.Derive(s.source, "test").At(int64(s.n)), Source: s.source, Received: now, Time: now, Format: "zeek", Class: 4001, Device: s.pump, SrcIP: "10.0.0.7", DstIP: dst, DstPort: port, Proto: "tcp", Raw: []byte("flow")}
	_, err := s.log.Append(context.Background(), []eventlog.Event{e})
	s.must(err)
	s.heard()
}

// heard is any sign of life of the source.
func (s *scene) heard() {
	s.Helper()
	s.must(detection.Sources{DB: s.db}.Count(context.Background(), []detection.Seen{{Source: s.source, At: s.clock.Now(), Accepted: 1, Stored: 1}}, nil))
}
