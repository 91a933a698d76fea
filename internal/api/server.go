package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"triward/apiv1"
	"triward/internal/assurance"
	"triward/internal/assurance/validation"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/document"
	"triward/internal/document/distribution"
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
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/report"
	"triward/internal/risk"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
	"triward/internal/vuln"
)

// Server serves the API. Its fields are set once, before [Server.Handler].
type Server struct {
	DB           *store.DB
	People       *people.Directory
	Signer       *signature.Signer
	Library      document.Library
	Upkeep       upkeep.Desk
	Distribution distribution.Desk
	Desk         training.Desk
	Runs         procedure.Runs
	Cases        incident.Cases
	Drills       exercise.Drills
	Vault        custody.Vault
	Claims       claim.Desk
	Loop         loop.Desk
	Connectors   connector.Desk
	Flows        flow.Desk
	Drafts       draft.Desk
	Telling      telling.Desk
	Disclosures  disclosure.Desk
	Fleet        device.Fleet
	Catalog      product.Catalog
	Verdicts     vuln.Verdicts
	Feeds        vuln.Feeds
	Decisions    risk.Decisions
	Sources      detection.Sources
	Rules        detection.Rules
	Alerts       detection.Alerts
	Baselines    baseline.Desk
	Events       reading.Desk // its Log is nil where no place for events is configured
	Tables       risk.Tables
	Report       report.Desk
	Ledger       ledger.Ledger
	Inquiries    assurance.Inquiries
	Validation   validation.Desk
	RunFeed      func(ctx context.Context, feed string) error        // loads one feed now
	Flow         func(ctx context.Context) (*apiv1.EventFlow, error) // how events flow through this process; nil where none do
	Version      string
	Style        string       // address of the style sheet of the page at /api, "" for none
	Log          *slog.Logger // nil: slog.Default

	work    sync.WaitGroup
	api     huma.API
	reading chan struct{} // holds one for every large file that is being read
}

// Handler answers everything below /api.
func (s *Server) Handler() http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Inquiries.DB == nil {
		s.Inquiries = assurance.Inquiries{DB: s.DB}
	}
	if s.Report.DB == nil {
		s.Report.DB = s.DB
	}
	s.reading = make(chan struct{}, largeReads)
	mux := http.NewServeMux()
	s.api = humago.New(mux, s.config())
	for _, area := range []func(){s.system, s.sites, s.devices, s.deviceFacts, s.imports, s.manufacturers, s.models, s.releases, s.sboms, s.feeds,
		s.advisories, s.vulnerabilities, s.verdicts, s.vex, s.lines, s.decisions, s.decisionItems, s.tables, s.overview, s.accounts, s.views, s.notices, s.roles,
		s.tokens, s.journal, s.signatures, s.documents, s.documentControl, s.clauses, s.evidence, s.validations, s.inquiries, s.runs, s.incidents, s.custody, s.rooms, s.claims, s.capture, s.loops, s.drafts, s.tellings, s.disclosures, s.connectors, s.exercises, s.training, s.events, s.alerts, s.rules, s.trials} {
		area()
	}
	s.describe(mux)
	return s.protect(mux)
}

// Wait returns when the background work that requests started has ended.
func (s *Server) Wait() { s.work.Wait() }

// background runs fn after the answer was sent, as the actor who asked for it.
func (s *Server) background(ctx context.Context, what string, fn func(ctx context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	s.work.Go(func() {
		if err := fn(ctx); err != nil {
			s.Log.Warn("background work failed", "what", what, "error", err)
		}
	})
}

// protect adds what every answer carries, answers what no operation matches and keeps a panic from ending the program.
func (s *Server) protect(next *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'")
		// Answers hold weaknesses of devices: no proxy and no shared cache may keep them.
		h.Set("Cache-Control", "no-store")
		defer s.recover(w, r)
		if _, pattern := next.Handler(r); pattern == "" {
			s.unmatched(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}
