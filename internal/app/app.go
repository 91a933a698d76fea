package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"triward/internal/api"
	"triward/internal/assurance"
	"triward/internal/blob"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/press"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/incident/custody"
	"triward/internal/incident/disclosure"
	"triward/internal/incident/room"
	"triward/internal/ingest"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/people/mail"
	"triward/internal/people/passkey"
	"triward/internal/people/sso"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
	"triward/internal/vuln"
	"triward/internal/web"
)

// App is the running program.
type App struct {
	Config  Config
	Log     *slog.Logger
	Version string

	db       *store.DB
	blobs    *blob.Store
	events   eventlog.Log // nil where this process has none
	flow     *receiving   // of events, while the program serves
	key      *ledger.Key
	people   *people.Directory
	signer   *signature.Signer
	provider *sso.Door
	stamps   *ingest.Stamps // nil without an authority outside
	papers   document.Library
	press    press.Press
	mail     *mail.Server // nil: no mail is sent
	desk     training.Desk
	runs     procedure.Runs
	vault    custody.Vault
	feeds    ingest.Feeds
	demo     bool // it shows the demonstration
}

// Origin names the log that checkpoints are about: the public address of the installation, without scheme.
func Origin(c Config) string {
	if u, err := url.Parse(c.PublicURL); err == nil && u.Host != "" {
		return u.Host + "/triward"
	}
	return "triward.invalid/" + c.Listen
}

// OpenAuthority is the built-in time-stamp authority of an installation.
func OpenAuthority(c Config) (*signature.Authority, error) {
	return signature.OpenAuthority(c.stampKeyFile(), Origin(c))
}

// New opens everything that the roles need. The caller closes it.
func New(ctx context.Context, c Config, log *slog.Logger) (*App, error) {
	a := &App{Config: c, Log: log}
	var err error
	if a.db, err = store.Open(ctx, c.Database, store.Options{}); err != nil {
		return nil, err
	}
	if a.blobs, err = blob.Open(ctx, c.Blobs); err != nil {
		a.Close()
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	if a.events, err = a.openEvents(ctx); err != nil {
		a.Close()
		return nil, err
	}
	if a.key, err = ledger.OpenKey(c.KeyFile, Origin(c)); err != nil {
		a.Close()
		return nil, err
	}
	a.vault = custody.Vault{DB: a.db, Blobs: a.blobs}
	if a.vault.Keys, err = custody.OpenKeys(c.evidenceKeyFile()); err != nil {
		a.Close()
		return nil, err
	}
	a.people = &people.Directory{DB: a.db, Limits: people.Limits{Idle: time.Duration(c.SessionIdle) * time.Minute, Absolute: time.Duration(c.SessionLimit) * time.Hour}}
	if a.people.Passkeys, err = passkey.Open(a.db, c.pages(), "Triward"); err != nil {
		a.Close()
		return nil, err
	}
	if a.provider, err = c.provider(a.people); err != nil {
		a.Close()
		return nil, err
	}
	stamps, err := OpenAuthority(c)
	if err != nil {
		a.Close()
		return nil, err
	}
	a.signer = &signature.Signer{DB: a.db, People: a.people, Key: a.key, Stamp: stamps,
		Policy: signature.Policy{Idle: time.Duration(c.SignIdle) * time.Minute, Always: c.SignAlways}}
	if a.stamps, err = c.outside(a.signer); err != nil {
		a.Close()
		return nil, err
	}
	if a.mail, err = c.mail(); err != nil {
		a.Close()
		return nil, err
	}
	a.papers = document.Library{DB: a.db, Signer: a.signer, Blobs: a.blobs, URL: c.PublicURL}
	if _, err := curricula(); err != nil {
		a.Close()
		return nil, err
	}
	a.desk, a.runs = newDesk(a.db, a.signer), newRuns(a.db, a.signer)
	a.papers.TrainingReady, a.papers.MaySign, a.papers.MayHold = a.desk.Ready, a.desk.MaySign, a.desk.MayHold
	a.people.Trained = a.desk.MayHaveRole
	if a.press, err = a.newPress(); err != nil {
		a.Close()
		return nil, err
	}
	a.feeds = ingest.Feeds{DB: a.db, Log: log, Actor: store.System("feeds"), Fetcher: ingest.Fetcher{HTTP: ingest.NewClient(&tls.Config{MinVersion: tls.VersionTLS12}), Random: rand.Float64}}
	return a, nil
}

// Close releases what New opened.
func (a *App) Close() error {
	var err error
	if a.events != nil {
		err = a.events.Close(context.Background())
	}
	return errors.Join(err, a.db.Close())
}

// SetupLink is the one-time link for the first account, "" when there are accounts.
func (a *App) SetupLink(ctx context.Context, address string) (string, error) {
	needed, err := a.people.SetupNeeded(ctx)
	if err != nil || !needed {
		return "", err
	}
	secret, err := a.people.StartSetup(ctx)
	if err != nil {
		return "", err
	}
	return address + web.SetupPath(secret), nil
}

// DB is the database, for the demonstration to fill.
func (a *App) DB() *store.DB { return a.db }

// People is the accounts, for the demonstration to fill.
func (a *App) People() *people.Directory { return a.people }

// RunFeed loads a feed now.
func (a *App) RunFeed(ctx context.Context, feed string) error {
	_, err := a.feeds.Run(ctx, feed)
	return err
}

// doors are the web pages and the API.
func (a *App) doors() (*web.Server, *api.Server) {
	w := &web.Server{DB: a.db, Library: a.papers, Press: a.press, Upkeep: a.press.Desk, Distribution: distribution.Desk{DB: a.db}, People: a.people, Signer: a.signer, Provider: a.provider, Fleet: device.Fleet{DB: a.db}, Catalog: product.Catalog{DB: a.db}, Verdicts: vuln.Verdicts{DB: a.db},
		Feeds: vuln.Feeds{DB: a.db}, Decisions: risk.Decisions{DB: a.db}, Tables: risk.Tables{DB: a.db}, RunFeed: a.RunFeed, Version: a.Version,
		SecurityMail: a.Config.SecurityMail, PublicURL: a.Config.PublicURL, Secure: isHTTPS(a.Config.PublicURL), Log: a.Log}
	s := &api.Server{DB: a.db, Library: a.papers, Upkeep: a.press.Desk, Distribution: distribution.Desk{DB: a.db}, People: a.people, Signer: a.signer, Fleet: device.Fleet{DB: a.db}, Catalog: product.Catalog{DB: a.db}, Verdicts: vuln.Verdicts{DB: a.db},
		Feeds: vuln.Feeds{DB: a.db}, Decisions: risk.Decisions{DB: a.db}, Tables: risk.Tables{DB: a.db}, RunFeed: a.RunFeed, Version: a.Version,
		Ledger: ledger.Ledger{DB: a.db, Key: a.key}, Style: web.StylePath(), Log: a.Log}
	w.Inquiries, w.Validation = a.inquiries(), a.validation()
	s.Inquiries, s.Validation = w.Inquiries, w.Validation
	w.Report = a.notices()
	s.Report = w.Report
	a.seeEvents(w, s)
	s.Flow = a.eventFlow
	w.Desk, w.Runs, s.Desk, s.Runs = a.desk, a.runs, a.desk, a.runs
	w.Cases, s.Cases = a.cases(), a.cases()
	w.Vault, s.Vault = a.vault, a.vault
	w.Drills, s.Drills = a.drills(), a.drills()
	w.Offer = a.demo
	w.Claims, s.Claims = a.claims(), a.claims()
	w.Connectors, s.Connectors = a.connectors(), a.connectors()
	w.Flows = flow.Desk{DB: a.db, Log: w.Connectors.Log}
	s.Flows = w.Flows
	w.Drafts, s.Drafts = a.drafts(), a.drafts()
	w.Telling, s.Telling = tellings(a.db), tellings(a.db)
	w.Disclosures, s.Disclosures = disclosure.Desk{DB: a.db}, disclosure.Desk{DB: a.db}
	w.Loop, s.Loop = newLoop(a.db), newLoop(a.db)
	return w, s
}

// inquiries is what answers authorities, with what a bundle is made of.
func (a *App) inquiries() assurance.Inquiries {
	var stamps []string
	if own, ok := a.signer.Stamp.(*signature.Authority); ok {
		stamps = append(stamps, own.Certificate())
	}
	return assurance.Inquiries{DB: a.db, Library: a.papers, Builder: assurance.Builder{Stamps: stamps, Ledger: ledger.Ledger{DB: a.db, Key: a.key}, Blobs: a.blobs,
		PDF: func(ctx context.Context, rid document.RevisionID) ([]byte, error) {
			f, err := a.press.RecordFile(ctx, rid)
			return f.Content, err
		}}}
}

func route(mux *http.ServeMux, w *web.Server, s *api.Server) {
	apiHandler := s.Handler()
	mux.Handle("/api", apiHandler)
	mux.Handle("/api/", apiHandler)
	mux.Handle("/", w.Handler())
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https"
}

// Serve runs the roles until ctx ends. ready is called with the address once the pages answer.
func (a *App) Serve(ctx context.Context, ready func(address string)) error {
	if err := a.people.Seed(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if slices.Contains(a.Config.Roles, "work") {
		newer, err := vuln.Rules{DB: a.db}.Notice(store.WithActor(ctx, store.System("rules")))
		if err != nil {
			return err
		}
		if newer {
			a.Log.Info("the matching rules are newer: the fleet is matched and ranked again in the background", "version", vuln.RulesVersion)
		}
		if err := a.renewManuals(ctx); err != nil {
			return err
		}
		if err := a.loadPack(ctx); err != nil {
			return err
		}
		a.startWork(ctx, &wg)
	}
	events, err := a.startReceiving(ctx)
	if err != nil {
		return err
	}
	a.flow = events
	defer events.stop()
	defer cancel() // closes the doors
	if !a.Config.is("web") && !a.Config.is("ingest") {
		<-ctx.Done()
		return nil
	}
	mux := http.NewServeMux()
	if events.intake != nil {
		mux.Handle("/ingest/", events.post())
	}
	if a.Config.is("web") {
		pages, calls := a.doors()
		route(mux, pages, calls)
		// What a request began in the background ends before the database closes.
		defer calls.Wait()
		defer pages.Wait()
	}
	return a.serveHTTP(ctx, serving{mux, events.failed, ready})
}

// serving is what answers over HTTP.
type serving struct {
	handler http.Handler
	failed  <-chan error // another door that ended by itself ends this one
	ready   func(address string)
}

func (a *App) startWork(ctx context.Context, wg *sync.WaitGroup) {
	for _, f := range followers(a.db) {
		wg.Go(func() { a.db.Follow(ctx, a.Log, f) })
	}
	for _, t := range a.ticks() {
		wg.Go(func() { a.tick(ctx, t) })
	}
}

// work that comes back; one process at a time does it.
type work struct {
	name  string
	every time.Duration
	do    func(ctx context.Context) error
}

func (a *App) ticks() []work {
	count := func(f func(context.Context) (int, error)) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f(ctx); return err }
	}
	verdicts, decisions, ranker := vuln.Verdicts{DB: a.db}, risk.Decisions{DB: a.db}, risk.Ranker{DB: a.db}
	fleet := device.Fleet{DB: a.db}
	all := []work{
		{"documents", 2 * time.Second, a.papers.Tick},
		{"record copies", 15 * time.Second, a.press.Keep},
		{"training", time.Minute, a.desk.Tick},
		{"feeds", 30 * time.Second, count(a.feeds.RunDue)},
		{"imports", 2 * time.Second, fleet.Resume},
		{"verdicts", time.Minute, count(verdicts.Review)},
		{"clock", time.Minute, a.watchClock().look},
		{"signatures", 6 * time.Hour, a.signer.Watch},
		{"exercises", 2 * time.Second, a.drills().Tick},
		{"containment", 15 * time.Second, count(a.cases().ReturnDue)},
		{"embargoes", 15 * time.Second, count(disclosure.Desk{DB: a.db}.EndDue)},
		{"connectors", 2 * time.Second, a.connectors().Tick},
		{"war-rooms", 30 * time.Second, count(room.Desk{DB: a.db}.Tick)},
		{"custody", time.Hour, count(a.vault.Tick)},
		{"left behind", 6 * time.Hour, count((&custody.Sweeper{Vault: a.vault}).Tick)},
		{"indicators", time.Minute, count(a.claims().Tick)},
		{"acceptances", time.Minute, count(decisions.Review)},
		{"trend", 10 * time.Minute, ranker.Snapshot},
		{"evidence", 10 * time.Minute, count(assurance.Evidence{DB: a.db}.Tick)},
		{"trail-reviews", time.Hour, count(assurance.Trails{DB: a.db, Signer: a.signer}.Tick)},
	}
	if a.mail != nil && a.Config.DigestHour >= 0 {
		all = append(all, work{"digests", 10 * time.Minute, a.digests})
	}
	if a.stamps != nil {
		all = append(all, work{"stamps", 5 * time.Minute, a.stamps.Run})
	}
	return append(all, a.detectionTicks()...)
}

// cases keeps incidents.
func (a *App) cases() incident.Cases {
	c := incident.Cases{DB: a.db, Runs: a.runs, Signer: a.signer, Preserves: custody.Vault{}.Preserves, Embargo: disclosure.InForce}
	d := a.carrying(c)
	c.Ready, c.Vouch = d.Ready, d.Vouch
	return c
}

// connectors is what carries containment out.
func (a *App) connectors() connector.Desk { return a.carrying(a.cases()) }

func (a *App) carrying(c incident.Cases) connector.Desk {
	d := connector.Desk{DB: a.db, Book: connector.Book{File: a.Config.Connectors}, Cases: c}
	if a.events != nil {
		d.Log = a.events
	}
	return d
}

// owner names this process in leases. A process that listens on an address of a machine has the same name after a restart,
// so that it goes on with its periodic work at once; one that listens on none is a new owner each time.
func (a *App) owner() string {
	host, err := os.Hostname()
	if err != nil || !slices.Contains(a.Config.Roles, "web") {
		return fmt.Sprintf("%d-%d", os.Getpid(), rand.Uint64())
	}
	return host + " " + a.Config.Listen
}

func (a *App) tick(ctx context.Context, w work) {
	ctx = store.WithActor(ctx, store.System(w.name))
	owner := a.owner()
	t := time.NewTicker(w.every)
	defer t.Stop()
	for {
		got, err := a.db.Lease(ctx, "work:"+w.name, owner, 3*w.every+time.Minute)
		if err == nil && got {
			err = w.do(ctx)
		}
		if err != nil && ctx.Err() == nil {
			a.Log.Error("periodic work failed", "work", w.name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (a *App) serveHTTP(ctx context.Context, s serving) error {
	l, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return problem.New(problem.Unavailable, "cannot listen on %s: %v", a.Config.Listen, err)
	}
	srv := newServer(ctx, s.handler)
	scheme := "http"
	if a.Config.TLSCertificate != "" {
		scheme = "https"
	}
	errs := make(chan error, 2)
	go func() {
		if scheme == "https" {
			errs <- srv.ServeTLS(l, a.Config.TLSCertificate, a.Config.TLSKey)
			return
		}
		errs <- srv.Serve(l)
	}()
	local, err := a.serveSocket(ctx, s.handler, errs)
	if err != nil {
		return errors.Join(err, srv.Close())
	}
	if s.ready != nil {
		s.ready(scheme + "://" + l.Addr().String())
	}
	select {
	case <-ctx.Done():
		err = nil
	case err = <-errs:
	case err = <-s.failed:
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if local != nil {
		err = errors.Join(err, local.Shutdown(stop))
	}
	return errors.Join(err, srv.Shutdown(stop))
}

func newServer(ctx context.Context, h http.Handler) *http.Server {
	h = paced{h, time.Now, patience}
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Minute, WriteTimeout: 10 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}
}

// serveSocket opens the socket of the command line. Who may open the file (mode 0600: the same user of the machine, who
// can read the database anyway) acts as the administrator of this machine.
func (a *App) serveSocket(ctx context.Context, h http.Handler, errs chan<- error) (*http.Server, error) {
	if a.Config.Socket == "" || !a.Config.is("web") { // it belongs to the process with the API
		return nil, nil
	}
	if err := os.Remove(a.Config.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	l, err := net.Listen("unix", a.Config.Socket)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	if err := os.Chmod(a.Config.Socket, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	local := store.Actor{ID: "local:administrator", Name: "Administrator of this machine", Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}}
	srv := newServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(store.WithActor(r.Context(), local)))
	}))
	go func() { errs <- srv.Serve(l) }()
	return srv, nil
}

// BackupBlobs gives every blob to a backup.
func BackupBlobs(ctx context.Context, s *blob.Store) iter.Seq2[store.Blob, error] {
	return func(yield func(store.Blob, error) bool) {
		for d, err := range s.Walk(ctx) {
			if !yield(store.Blob{Name: string(d), Open: func() (io.ReadCloser, error) { return s.Get(ctx, d) }}, err) {
				return
			}
		}
	}
}

// RestoreBlob stores a blob of a backup and refuses content that is not what its name says.
func RestoreBlob(s *blob.Store) func(ctx context.Context, name string, content io.Reader) error {
	return func(ctx context.Context, name string, content io.Reader) error {
		d, _, err := s.Put(ctx, content, 1<<40)
		if err != nil {
			return err
		}
		if string(d) != name {
			return problem.New(problem.Invalid, "blob %s has the content of %s", name, d)
		}
		return nil
	}
}
