package claim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Thread is an activity thread: events in the order in which each made the next one possible (Caltagirone, Pendergast, Betz
// 2013, section 6). A version is never changed, another one follows.
type Thread struct {
	ID        string // "thr_…"
	Incident  string
	Name      string
	Version   int // 1, 2, …
	Steps     []Step
	Reason    string // why it was changed; "" of the first version
	ActorName string
	Made      time.Time
}

// Step is an event of a thread: the claims that stand at its corners and meta features.
type Step struct {
	Phase    string    `json:"phase"` // one of [Phases]
	Says     string    `json:"says"`  // what happened, in words
	Happened time.Time `json:"happened,omitzero"`
	Claims   []string  `json:"claims,omitempty"` // ids
}

const (
	maxSteps  = 100
	maxChains = 20 // claims of a step
)

func (t Thread) validate(now time.Time, known func(string) bool) error {
	var l problem.List
	if t.Name == "" || len(t.Name) > maxShort {
		l.Add("name", "is required, at most %d characters", maxShort)
	}
	if len(t.Steps) == 0 || len(t.Steps) > maxSteps {
		l.Add("steps", "a thread has 1 to %d", maxSteps)
	}
	for _, s := range t.Steps {
		if !slices.Contains(Phases(), s.Phase) {
			l.Add("phase", "%q is not one of the choices", s.Phase)
		}
		if s.Says == "" || len(s.Says) > maxText {
			l.Add("says", "is required, at most %d characters", maxText)
		}
		if s.Happened.After(now) {
			l.Add("happened", "lies in the future")
		}
		if len(s.Claims) > maxChains {
			l.Add("claims", "at most %d in a step", maxChains)
		}
		for n, c := range s.Claims {
			switch {
			case !known(c):
				l.Add("claims", "there is no claim %q in this incident", c)
			case slices.Contains(s.Claims[:n], c):
				l.Add("claims", "%s stands in the step twice", c)
			}
		}
	}
	if t.Version > 1 && t.Reason == "" || len(t.Reason) > maxText {
		l.Add("reason", "is required: why the thread changes")
	}
	return l.Err("the thread cannot be kept")
}

// Chain keeps a thread: a new one where the id is empty, otherwise the version after the one that it names. Conflict: somebody
// changed it since.
func (d Desk) Chain(ctx context.Context, of string, t Thread) (string, error) {
	t.Name, t.Reason = strings.TrimSpace(t.Name), strings.TrimSpace(t.Reason)
	before, begins := t.Version, t.ID == "" // what the transaction sets, it sets anew when it is tried again
	if begins {
		var err error
		if t.ID, err = id.New("thr"); err != nil {
			return "", err
		}
		before, t.Reason = 0, ""
	}
	return t.ID, d.open(ctx, of, func(tx *store.Tx, f incident.Incident, me people.Name) error {
		if !begins {
			old, err := OneThread(ctx, tx, f.ID, t.ID)
			if err != nil {
				return err
			}
			if old.Version != before {
				return problem.New(problem.Conflict, "%s changed the thread since", old.ActorName)
			}
		}
		t.Incident, t.Version, t.ActorName, t.Made = f.ID, before+1, me.Name, tx.Now
		all, err := Claims(ctx, tx, f.ID)
		if err != nil {
			return err
		}
		if err := t.validate(tx.Now, func(id string) bool { return slices.ContainsFunc(all, func(c Claim) bool { return c.ID == id }) }); err != nil {
			return err
		}
		body, err := json.Marshal(t)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO claim_thread (id, version, incident, body) VALUES ($1, $2, $3, $4)`, t.ID, t.Version, f.ID, string(body)); err != nil {
			return err
		}
		return record(ctx, tx, f, KindChained, Body{Thread: t.ID, Version: t.Version, Says: t.Name, Steps: t.Steps, Reason: t.Reason})
	})
}

func scanThread(s store.Scanner) (Thread, error) {
	var body string
	var t Thread
	if err := s.Scan(&body); err != nil {
		return t, err
	}
	return t, json.Unmarshal([]byte(body), &t)
}

// Threads reads the activity threads of an incident as they stand.
func Threads(ctx context.Context, r store.Reader, of string) ([]Thread, error) {
	f, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, scanThread, `SELECT body FROM claim_thread t WHERE incident = $1
		AND version = (SELECT max(o.version) FROM claim_thread o WHERE o.id = t.id) ORDER BY id`, f.ID)
	slices.SortStableFunc(all, func(a, b Thread) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// OneThread reads a thread of an incident as it stands.
func OneThread(ctx context.Context, r store.Reader, of, thread string) (Thread, error) {
	t, err := scanThread(r.QueryRow(ctx, `SELECT body FROM claim_thread WHERE incident = $1 AND id = $2 ORDER BY version DESC LIMIT 1`, of, thread))
	if problem.KindOf(err) == problem.NotFound {
		return t, problem.New(problem.NotFound, "there is no such thread in this incident")
	}
	return t, err
}

// Chained is a step of a thread with the claims as they stand now: one that was replaced is followed to what took its place.
type Chained struct {
	Step
	At      time.Time // when it happened, or the first instant that its claims name; zero: not known
	Corners []Section // the four of them, also the empty ones
	More    []Claim   // of everything else
	Gone    []Claim   // that were taken back
}

// Activity is a thread with its events.
type Activity struct {
	Thread
	Events []Chained
}

// activity joins a thread with the claims of the incident.
func activity(t Thread, all []Claim) Activity {
	out := Activity{Thread: t}
	by := map[string]Claim{}
	for _, c := range all {
		by[c.ID] = c
	}
	for _, s := range t.Steps {
		e := Chained{Step: s, At: s.Happened}
		for _, a := range Corners() {
			e.Corners = append(e.Corners, Section{About: a})
		}
		for _, id := range s.Claims {
			c := by[id]
			for c.EndedBy != "" {
				c = by[c.EndedBy]
			}
			if !c.Stands() {
				e.Gone = append(e.Gone, c)
				continue
			}
			if s.Happened.IsZero() && !c.Happened.IsZero() && (e.At.IsZero() || c.Happened.Before(e.At)) {
				e.At = c.Happened
			}
			if n := slices.Index(Corners(), c.About); n >= 0 {
				e.Corners[n].Claims = append(e.Corners[n].Claims, c)
			} else {
				e.More = append(e.More, c)
			}
		}
		out.Events = append(out.Events, e)
	}
	return out
}
