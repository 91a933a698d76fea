package procedure

import (
	"context"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// Defeat says that a step of a document proved wrong.
type Defeat struct {
	ID        string // dft_…
	Run       string
	Step      string
	Code      string
	Revision  string
	Wrong     string // what is wrong with it
	Instead   string // what to do instead; "" when nobody knows yet
	Danger    string // what happens to who follows it; "" when nothing is known
	Reliance  []Reliance
	Actor     string
	ActorName string
	At        time.Time
	Change    string // chg_… that was opened for it
}

// Reliance is one thing that relies on a step or on its document.
type Reliance struct {
	Kind  RelianceKind `json:"kind"`
	ID    string       `json:"id"`             // of the record
	Code  string       `json:"code,omitempty"` // as people call it
	Title string       `json:"title"`
	Why   string       `json:"why"` // how it relies
}

// RelianceKind is what relies.
type RelianceKind string

// The closed list of what relies on a step.
const (
	OnDocument RelianceKind = "document"
	OnTraining RelianceKind = "training"
	OnClause   RelianceKind = "clause"
	OnEvidence RelianceKind = "evidence"
	OnRun      RelianceKind = "run"
	OnRisk     RelianceKind = "risk"
	OnIncident RelianceKind = "incident"
)

// Relier finds what relies on a step (of a document by its code). It may be called inside of an Update: it only reads.
type Relier func(ctx context.Context, r store.Reader, code, step string) ([]Reliance, error)

// Validate returns all faults.
func (d Defeat) Validate() error {
	var l problem.List
	if strings.TrimSpace(d.Wrong) == "" {
		l.Add("wrong", "is required: say what is wrong with the step")
	}
	for _, f := range []struct{ path, text string }{{"wrong", d.Wrong}, {"instead", d.Instead}, {"danger", d.Danger}} {
		checkText(&l, f.path, f.text)
	}
	return l.Err("the step cannot be marked as wrong")
}
