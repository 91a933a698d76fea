package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"triward/internal/assurance"
	"triward/internal/assurance/validation"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/notify"
	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/press"
	"triward/internal/document/upkeep"
	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/connector"
	"triward/internal/incident/custody"
	"triward/internal/incident/disclosure"
	"triward/internal/incident/draft"
	"triward/internal/incident/exercise"
	"triward/internal/incident/loop"
	"triward/internal/incident/telling"
	"triward/internal/people"
	"triward/internal/people/sso"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/report"
	"triward/internal/risk"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
	"triward/internal/vuln"
)

// Server serves the web pages. Its fields are set once, before [Server.Handler].
type Server struct {
	DB           *store.DB
	People       *people.Directory
	Signer       *signature.Signer
	Provider     *sso.Door // nil without an identity provider
	Library      document.Library
	Upkeep       upkeep.Desk
	Press        press.Press
	Distribution distribution.Desk
	Desk         training.Desk
	Runs         procedure.Runs
	Cases        incident.Cases
	Drills       exercise.Drills
	Offer        bool // the overview offers the main exercise
	Vault        custody.Vault
	Claims       claim.Desk
	Connectors   connector.Desk
	Flows        flow.Desk
	Drafts       draft.Desk
	Telling      telling.Desk
	Disclosures  disclosure.Desk
	Loop         loop.Desk
	Fleet        device.Fleet
	Catalog      product.Catalog
	Verdicts     vuln.Verdicts
	Feeds        vuln.Feeds
	Decisions    risk.Decisions
	Sources      detection.Sources
	Rules        detection.Rules
	Alerts       detection.Alerts
	Baselines    baseline.Desk
	Notify       notify.Desk
	Events       reading.Desk // its Log is nil where no place for events is configured
	Tables       risk.Tables
	Report       report.Desk
	Inquiries    assurance.Inquiries
	Validation   validation.Desk
	RunFeed      func(ctx context.Context, feed string) error // loads one feed now
	Log          *slog.Logger                                 // nil: slog.Default

	Version      string
	Secure       bool   // cookies are marked Secure also where TLS ends before this program
	PublicURL    string // how people reach it, "" when not configured
	SecurityMail string // contact in security.txt, "" for none

	work       sync.WaitGroup
	pending    pending
	reading    chan struct{} // holds one for every large file that is being read
	enrolments sync.Map      // session id -> people.Enrolment that waits for its first code
}

// Handler is the pages, with everything that protects them.
func (s *Server) Handler() http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Inquiries.DB == nil {
		s.Inquiries = assurance.Inquiries{DB: s.DB, Library: s.Library}
	}
	if s.Report.DB == nil {
		s.Report.DB = s.DB
	}
	s.reading = make(chan struct{}, largeReads)
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.Handle(rt.Method+" "+rt.Pattern, s.door(rt))
	}
	mux.Handle("/", s.door(route{Permission: public, handle: (*Server).missing}))
	return s.protect(mux)
}

// Wait returns when the background work that pages started has ended.
func (s *Server) Wait() { s.work.Wait() }

// background runs fn after the answer was sent, as the person who asked for it. What it does is kept by the packages
// below and found again on the page that shows it; an import that was cut short resumes at the next start.
func (s *Server) background(ctx context.Context, what string, fn func(ctx context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	s.work.Go(func() {
		if err := fn(ctx); err != nil {
			s.Log.Warn("background work failed", "what", what, "error", err)
		}
	})
}

// door checks a route's permission, then runs its handler.
func (s *Server) door(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{s: s, w: w, r: r, route: rt}
		defer v.recover()
		if err := v.enter(); err != nil {
			v.fail(err)
			return
		}
		if v.answered {
			return
		}
		if err := rt.handle(s, v); err != nil {
			v.fail(err)
		}
	})
}

// now is the clock of the database.
func (s *Server) now() time.Time { return s.DB.Now() }

// view runs fn on one snapshot with the rights of the visitor.
func (v *visit) view(fn func(ctx context.Context, r store.Reader) error) error {
	ctx := v.r.Context()
	return v.s.DB.View(ctx, func(r store.Reader) error { return fn(ctx, r) })
}
