package pipeline

import (
	"context"
	"net"
	"sync"
	"time"

	"triward/internal/detection"
	"triward/internal/store"
	"triward/internal/stream"
)

// sources is what the worker knows of sources.
type sources struct {
	db *store.DB

	mu     sync.RWMutex
	loaded bool
	seq    int64
	all    map[string]source
}

type source struct {
	site string
	zone *time.Location // nil: not said
	skew *skew
}

func newSources(db *store.DB) *sources { return &sources{db: db, all: map[string]source{}} }

// follow reads the sources again when one may be another. Estimates of clocks stay.
func (s *sources) follow(ctx context.Context) error {
	return s.db.View(ctx, func(r store.Reader) error {
		head, _, err := store.JournalHead(ctx, r)
		if err != nil || s.loaded && head == s.seq {
			return err
		}
		if s.loaded {
			entries, err := store.Journal(ctx, r, store.JournalQuery{After: s.seq, Kinds: detection.SourceKinds(), Limit: 1})
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				s.seq = head
				return nil
			}
		}
		known, err := detection.Known(ctx, r)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, k := range known {
			v := s.all[k.ID]
			v.site, v.zone = k.Site, nil
			if k.Zone != "" {
				if zone, err := time.LoadLocation(k.Zone); err == nil { // the registry checks it
					v.zone = zone
				}
			}
			s.all[k.ID] = v
		}
		s.loaded, s.seq = true, head
		return nil
	})
}

func (s *sources) get(id string) source {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.all[id]
}

// measured takes a difference into the estimate of a source's clock.
func (s *sources) measured(id string, difference int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.all[id]
	if !ok {
		return
	}
	if v.skew == nil {
		v.skew = &skew{}
		s.all[id] = v
	}
	v.skew.add(difference)
}

// anchors is how many batches the estimate of a source's clock rests on.
func (s *sources) anchors(id string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if v := s.all[id].skew; v != nil {
		return len(v.samples)
	}
	return 0
}

// hostOf is the address of the sender of a syslog record, which is the device itself where no relay names another host.
func hostOf(m stream.Message) string {
	switch m.Transport {
	case stream.UDP, stream.TCP, stream.TLS:
		if h, _, err := net.SplitHostPort(m.Peer); err == nil {
			return h
		}
	}
	return ""
}
