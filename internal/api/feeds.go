package api

import (
	"context"
	"io"
	"net/http"

	"triward/apiv1"
	"triward/internal/advisory"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

func (s *Server) feeds() {
	add(s, op{id: "feeds", route: "GET /feeds", kind: vuln.KindRead, summary: "Feeds and how their last runs went"}, func(ctx context.Context, _ *none) (apiv1.List[apiv1.Feed], error) {
		all, err := read(ctx, s, func(r store.Reader) ([]vuln.Feed, error) { return vuln.ListFeeds(ctx, r) })
		return list(all, wireFeed), err
	})
	add(s, op{id: "add-feed", route: "POST /feeds", kind: vuln.KindFeedAdded, summary: "Add a feed; it is due at once", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.NewFeed]) (apiv1.Made, error) {
			f := feedOf(in.Body.FeedInput)
			f.Kind = vuln.FeedKind(in.Body.Kind)
			id, err := s.Feeds.Add(ctx, f)
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "feed", route: "GET /feeds/{id}", kind: vuln.KindRead, summary: "One feed and how its last runs went"}, func(ctx context.Context, in *one) (apiv1.Feed, error) {
		f, err := s.feed(ctx, in.ID)
		return wireFeed(f), err
	})
	act(s, op{id: "change-feed", route: "PUT /feeds/{id}", kind: vuln.KindFeedChanged, summary: "Replace name, address and schedule of a feed"},
		func(ctx context.Context, in *oneWith[apiv1.FeedInput]) error {
			f := feedOf(in.Body)
			f.ID = in.ID
			return s.Feeds.Change(ctx, f)
		})
	act(s, op{id: "remove-feed", route: "DELETE /feeds/{id}", kind: vuln.KindFeedRemoved, summary: "End a feed; what it brought stays"},
		func(ctx context.Context, in *one) error { return s.Feeds.Remove(ctx, in.ID) })
	act(s, op{id: "run-feed", route: "POST /feeds/{id}/run", kind: vuln.KindFeedLoaded, status: http.StatusAccepted,
		summary: "Load a feed now, in the background; its state says how it goes"}, s.runFeed)
}

func (s *Server) feed(ctx context.Context, id string) (vuln.Feed, error) {
	return read(ctx, s, func(r store.Reader) (vuln.Feed, error) { return vuln.GetFeed(ctx, r, id) })
}

func (s *Server) runFeed(ctx context.Context, in *one) error {
	f, err := s.feed(ctx, in.ID)
	if err != nil {
		return err
	}
	if f.State.Running() {
		return problem.New(problem.Conflict, "feed %q is being loaded already", f.Name)
	}
	s.background(ctx, "feed", func(ctx context.Context) error { return s.RunFeed(ctx, in.ID) })
	return nil
}

func feedOf(in apiv1.FeedInput) vuln.Feed {
	return vuln.Feed{Name: in.Name, URL: in.URL, EveryMinutes: in.EveryMinutes, Enabled: in.Enabled}
}

func wireFeed(f vuln.Feed) apiv1.Feed {
	st := f.State
	return apiv1.Feed{ID: f.ID, Kind: string(f.Kind), FeedInput: apiv1.FeedInput{Name: f.Name, URL: f.URL, EveryMinutes: f.EveryMinutes, Enabled: f.Enabled},
		State: apiv1.FeedState{Running: st.Running(), Started: st.Started, Ended: st.Ended, Succeeded: st.Succeeded, NextRun: st.NextRun, Failures: st.Failures,
			Error: st.Error, Records: st.Records, Fresh: st.Fresh, Faults: st.Faults}}
}

// recordID names a record by its source and its id there.
type recordID struct {
	Source string `path:"source" enum:"csaf,cve,nvd,osv"`
	ID     string `path:"id" maxLength:"300"`
}

func (i recordID) key() string { return vuln.RecordKey(advisory.Source(i.Source), i.ID) }

func (s *Server) advisories() {
	add(s, op{id: "advisories", route: "GET /advisories", kind: vuln.KindRead, summary: "Advisories and other records, the one that changed last first"},
		func(ctx context.Context, in *struct{ apiv1.AdvisoryQuery }) (apiv1.Page[apiv1.AdvisoryItem], error) {
			p, err := read(ctx, s, func(r store.Reader) (vuln.RecordPage, error) {
				return vuln.ListRecords(ctx, r, vuln.RecordQuery{Source: advisory.Source(in.Source), Text: in.Text, Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireRecord), err
		})
	add(s, op{id: "advisory", route: "GET /advisories/{source}/{id}", kind: vuln.KindRead, summary: "One advisory and what it says of its vulnerabilities"},
		func(ctx context.Context, in *recordID) (apiv1.Advisory, error) {
			return read(ctx, s, func(r store.Reader) (apiv1.Advisory, error) {
				i, err := vuln.GetRecord(ctx, r, in.key())
				if err != nil {
					return apiv1.Advisory{}, err
				}
				all, err := vuln.ToldBy(ctx, r, i.Key)
				return apiv1.Advisory{AdvisoryItem: wireRecord(i), Feed: i.Feed, Status: i.Status, Vulnerabilities: each(all, wireTold)}, err
			})
		})
	stream(s, op{id: "advisory-raw", route: "GET /advisories/{source}/{id}/raw", kind: vuln.KindRead, summary: "An advisory as it was received"}, "application/json",
		func(ctx context.Context, in *recordID, w io.Writer) error {
			b, err := read(ctx, s, func(r store.Reader) ([]byte, error) { return vuln.Document(ctx, r, in.key()) })
			if err != nil {
				return err
			}
			_, err = w.Write(b)
			return err
		})
	add(s, op{id: "advisory-matches", route: "GET /advisories/{source}/{id}/matches", kind: vuln.KindRead, summary: "Answers that rest on an advisory, with their proofs"},
		func(ctx context.Context, in *struct {
			Source string `path:"source" enum:"csaf,cve,nvd,osv"`
			ID     string `path:"id" maxLength:"300"`
			apiv1.Cursor
		}) (apiv1.Page[apiv1.FoundMatch], error) {
			p, err := read(ctx, s, func(r store.Reader) (vuln.FoundPage, error) {
				return vuln.ListFound(ctx, r, vuln.FoundQuery{Record: recordID{in.Source, in.ID}.key(), After: in.After, Limit: in.Limit})
			})
			return page(p.Found, p.Next, wireFound), err
		})
}

func wireRecord(i vuln.RecordInfo) apiv1.AdvisoryItem {
	return apiv1.AdvisoryItem{Key: i.Key, Source: string(i.Source), ID: i.ID, Publisher: i.Publisher, Title: i.Title, URL: i.URL, Revision: i.Revision,
		Withdrawn: i.Withdrawn, Published: i.Published, Modified: i.Modified, Fetched: i.Fetched, Hash: i.Hash}
}

func wireTold(t vuln.Told) apiv1.Told {
	return apiv1.Told{Vulnerability: t.Own, Title: t.Summary.Title, Description: t.Summary.Description, CWEs: t.Summary.CWEs,
		Scores: each(t.Summary.Scores, wireScore), Remedies: each(t.Summary.Remedies, wireRemedy)}
}

func wireMatch(f vuln.Found) apiv1.Match {
	return apiv1.Match{Vulnerability: f.Vulnerability, Record: f.Record.Key, Truth: string(f.Truth), Settles: f.Settles, Proof: wireProof(f.Proof)}
}

func wireFound(f vuln.Found) apiv1.FoundMatch {
	return apiv1.FoundMatch{Match: wireMatch(f), Configuration: f.Configuration, Devices: f.Devices, Releases: f.Releases}
}

func wireProof(p match.Proof) apiv1.Proof {
	out := apiv1.Proof{Rule: p.Rule, Truth: string(p.Truth), Says: p.Says, Record: p.Record, Hash: p.Hash, Place: p.Place, Facts: p.Facts, Missing: p.Missing}
	for _, c := range p.Children {
		out.Children = append(out.Children, wireProof(c))
	}
	return out
}

func wireScore(v advisory.Score) apiv1.Score {
	return apiv1.Score{Version: v.Version, Vector: v.Vector, Base: v.Base, Severity: v.Severity, By: v.By}
}

func wireRemedy(m advisory.Remedy) apiv1.Remedy {
	return apiv1.Remedy{Category: m.Category, Details: m.Details, URL: m.URL, Date: date(m.Date)}
}
