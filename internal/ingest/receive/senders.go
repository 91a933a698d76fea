package receive

import (
	"sync"
	"time"
)

const (
	maxSenders = 200_000         // that are held in memory
	knownFor   = time.Minute     // after which a sender is looked up again
	refusedFor = 5 * time.Second // the same for one without a source
)

// known is what was found of a sender.
type known struct {
	Source
	err   error
	until time.Time
}

// senders remembers who senders are, so that a record costs no question to the database.
type senders struct {
	mu  sync.Mutex
	all map[Sender]known
}

func (s *senders) get(v Sender, now time.Time) (known, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.all[v]
	return k, ok && now.Before(k.until)
}

func (s *senders) put(v Sender, k known, now time.Time) {
	k.until = now.Add(knownFor)
	if k.ID == "" {
		k.until = now.Add(refusedFor)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[Sender]known{}
	}
	if len(s.all) >= maxSenders {
		// Room for an eighth, so that this is rare; the map gives them in no order.
		left := maxSenders / 8
		for old := range s.all {
			delete(s.all, old)
			if left--; left == 0 {
				break
			}
		}
	}
	s.all[v] = k
}

func (s *senders) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}
