package web

import (
	"crypto/rand"
	"sync"
	"time"

	"triward/internal/people"
)

// pendingSignIn is a right password that waits for its code. It stays in memory only, for some minutes.
type pendingSignIn struct {
	credentials people.Credentials
	next        string
	until       time.Time
}

const (
	pendingLife = 5 * time.Minute
	maxPending  = 1000
)

// pending are the sign-ins that wait, by a random text that only the browser knows.
type pending struct {
	mu  sync.Mutex
	all map[string]pendingSignIn
}

func (p *pending) keep(s pendingSignIn) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil || len(p.all) >= maxPending { // a flood makes people start again, not the memory end
		p.all = map[string]pendingSignIn{}
	}
	id := rand.Text()
	p.all[id] = s
	return id
}

func (p *pending) peek(id string, now time.Time) (pendingSignIn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, s := range p.all {
		if !s.until.After(now) {
			delete(p.all, k)
		}
	}
	s, ok := p.all[id]
	return s, ok && id != ""
}

func (p *pending) drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, id)
}
