package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/store"
)

// Kinds that no package owns: they are about the journal and the program as wholes.
const (
	kindJournalRead = "journal.read"
	kindSystemRead  = "system.read"
)

func (s *Server) journal() {
	add(s, op{id: "journal", route: "GET /journal", kind: kindJournalRead, summary: "The journal, the newest entry first"},
		func(ctx context.Context, in *struct{ apiv1.JournalQuery }) (apiv1.Page[apiv1.Entry], error) {
			if err := everywhere(ctx, kindJournalRead); err != nil {
				return apiv1.Page[apiv1.Entry]{}, err
			}
			return s.entries(ctx, store.JournalQuery{Kinds: in.Kind, Subject: in.Subject}, in.Cursor)
		})
	add(s, op{id: "journal-entry", route: "GET /journal/{id}", kind: kindJournalRead, summary: "One entry, with the proof that it is in the journal"}, s.provedEntry)
	add(s, op{id: "checkpoint", route: "GET /journal-checkpoint", kind: kindJournalRead, summary: "A signed note over the whole journal; keep it elsewhere"},
		func(ctx context.Context, _ *none) (apiv1.Checkpoint, error) {
			note, err := s.Ledger.Checkpoint(ctx)
			if err != nil {
				return apiv1.Checkpoint{}, err
			}
			return apiv1.Checkpoint{Note: note, Verifier: s.Ledger.Key.Verifier()}, nil
		})
	add(s, op{id: "consistency", route: "GET /journal-consistency", kind: kindJournalRead, summary: "Proof that the journal begins with that of an earlier checkpoint"},
		func(ctx context.Context, in *struct{ apiv1.ConsistencyQuery }) (json.RawMessage, error) {
			c, err := s.Ledger.ProveConsistency(ctx, in.From)
			if err != nil {
				return nil, err
			}
			return json.Marshal(c)
		})
}

// everywhere refuses an actor whose right ends at sites or products: the journal tells of all of them.
func everywhere(ctx context.Context, kind string) error {
	scope, err := store.ScopeOf(ctx, kind)
	if err == nil && !scope.All {
		err = problem.New(problem.Forbidden, "your role does not allow %q everywhere", kind)
	}
	return err
}

// entries is a page of the journal, the newest first. The caller has asked for the permission.
func (s *Server) entries(ctx context.Context, q store.JournalQuery, c apiv1.Cursor) (apiv1.Page[apiv1.Entry], error) {
	q.Order, q.Limit = store.NewestFirst, c.Limit
	if c.After != "" {
		n, err := strconv.ParseInt(c.After, 10, 64)
		if err != nil || n < 1 {
			return apiv1.Page[apiv1.Entry]{}, badCursor()
		}
		q.Before = n
	}
	all, err := s.journalOf(ctx, q)
	return page(all, lastOf(all, q.Limit, func(e store.Entry) string { return strconv.FormatInt(e.Seq, 10) }), wireEntry), err
}

// journalOf reads entries, without the bodies that are for named people only.
func (s *Server) journalOf(ctx context.Context, q store.JournalQuery) ([]store.Entry, error) {
	return read(ctx, s, func(r store.Reader) ([]store.Entry, error) {
		all, err := store.Journal(ctx, r, q)
		if err != nil {
			return nil, err
		}
		return incident.Withhold(ctx, r, all)
	})
}

func wireEntry(e store.Entry) apiv1.Entry {
	return apiv1.Entry{Seq: e.Seq, At: e.At, Actor: e.Actor, ActorName: e.ActorName, Kind: e.Kind, Subject: e.Subject, Site: e.Site, Product: e.Product, Body: e.Body,
		Hash: hex.EncodeToString(e.Hash)}
}

type entryNumber struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) provedEntry(ctx context.Context, in *entryNumber) (apiv1.ProvedEntry, error) {
	if err := everywhere(ctx, kindJournalRead); err != nil {
		return apiv1.ProvedEntry{}, err
	}
	all, err := s.journalOf(ctx, store.JournalQuery{After: in.ID - 1, Limit: 1})
	if err != nil {
		return apiv1.ProvedEntry{}, err
	}
	if len(all) == 0 {
		return apiv1.ProvedEntry{}, problem.New(problem.NotFound, "the journal has no entry %d", in.ID)
	}
	p, err := s.Ledger.Prove(ctx, in.ID)
	if err != nil {
		return apiv1.ProvedEntry{}, err
	}
	if incident.IsWithheld(all[0]) { // the proof holds without the body, as of an entry whose body was erased
		p.Salt, p.Body = nil, nil
	}
	proof, err := json.Marshal(p)
	return apiv1.ProvedEntry{Entry: wireEntry(all[0]), Proof: proof}, err
}

func (s *Server) system() {
	add(s, op{id: "health", route: "GET /health", kind: public, summary: "Whether the program answers and reaches its database"},
		func(ctx context.Context, _ *none) (apiv1.Health, error) {
			_, err := read(ctx, s, func(r store.Reader) (int64, error) {
				n, _, err := store.JournalHead(ctx, r)
				return n, err
			})
			if err != nil {
				s.Log.Error("database does not answer", "error", err)
				return apiv1.Health{}, problem.New(problem.Unavailable, "the database does not answer")
			}
			return apiv1.Health{Status: "ok", Version: s.Version}, nil
		})
	add(s, op{id: "system", route: "GET /system", kind: kindSystemRead, summary: "How the program is doing: database, journal, followers"},
		func(ctx context.Context, in *struct{ apiv1.SystemQuery }) (apiv1.System, error) {
			followers := []string{device.ClassFollower().Name, "assessment", ledger.Follower().Name}
			if in.Wait {
				soon, cancel := context.WithTimeout(ctx, 20*time.Second)
				defer cancel()
				if _, err := s.DB.Settled(soon, followers...); err != nil {
					return apiv1.System{}, err
				}
			}
			out := apiv1.System{Version: s.Version, Database: string(s.DB.Dialect()), Followers: []apiv1.FollowerState{}}
			err := s.DB.View(ctx, func(r store.Reader) (err error) {
				if out.Entries, _, err = store.JournalHead(ctx, r); err != nil {
					return err
				}
				for _, name := range followers {
					at, err := store.Position(ctx, r, name)
					if err != nil {
						return err
					}
					out.Followers = append(out.Followers, apiv1.FollowerState{Name: name, Behind: out.Entries - at})
				}
				return nil
			})
			if err == nil && s.Flow != nil {
				out.Flow, err = s.Flow(ctx)
			}
			return out, err
		})
}
