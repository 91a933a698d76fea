package capture

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// KindWritten is the event that a guide was written, and its permission. The subject is the model.
const KindWritten = "capture.guide_written"

// Guide is what this house says for a model. One without lines was taken back.
type Guide struct {
	Model     product.ModelID `json:"model"`
	Version   int             `json:"version"` // 1, 2, …
	First     []string        `json:"first"`   // what is lost without power, or soon
	Then      []string        `json:"then"`
	Never     []string        `json:"never"`
	Alone     bool            `json:"alone"`  // it stands in the place of the guides of its class
	Reason    string          `json:"reason"` // why it was changed; "" of the first version
	ActorName string          `json:"actor_name"`
	Made      time.Time       `json:"made"`
}

// Empty says whether it has no lines.
func (g Guide) Empty() bool { return len(g.First)+len(g.Then)+len(g.Never) == 0 }

const (
	maxLines = 50
	maxLine  = 500
)

func (g Guide) validate() error {
	var l problem.List
	for _, part := range []struct {
		path  string
		lines []string
	}{{"first", g.First}, {"then", g.Then}, {"never", g.Never}} {
		if len(part.lines) > maxLines {
			l.Add(part.path, "at most %d lines", maxLines)
		}
		for _, line := range part.lines {
			product.Text(&l, part.path, line, maxLine)
		}
	}
	if g.Version == 1 && g.Empty() {
		l.Add("first", "is required")
	}
	if g.Version > 1 && g.Reason == "" {
		l.Add("reason", "is required: why the guide changes")
	}
	product.Text(&l, "reason", g.Reason, maxLine)
	return l.Err("the guide cannot be kept")
}

// Desk keeps guides.
type Desk struct{ DB *store.DB }

// Write keeps the version after the one that it names, 0 being none. Conflict: somebody wrote another one since.
func (d Desk) Write(ctx context.Context, g Guide) error {
	g.First, g.Then, g.Never, g.Reason = lines(g.First), lines(g.Then), lines(g.Never), strings.TrimSpace(g.Reason)
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		m, err := product.Get(ctx, tx, g.Model)
		if err != nil {
			return err
		}
		old, err := Of(ctx, tx, m.ID)
		if err != nil {
			return err
		}
		if old.Version != g.Version {
			return problem.New(problem.Conflict, "%s changed the guide since", old.ActorName)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		g.Version, g.ActorName, g.Made = g.Version+1, me.Name, tx.Now
		if err := g.validate(); err != nil {
			return err
		}
		body, err := json.Marshal(g)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO capture_guide (model, version, body) VALUES ($1, $2, $3)`, string(m.ID), g.Version, string(body)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindWritten, Subject: string(m.ID), Product: string(m.ID), Body: g})
		return err
	})
}

// lines are the texts without outer blanks and without empty ones.
func lines(all []string) []string {
	out := []string{}
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Of reads the guide of a model as it stands; the zero Guide where there is none. It concerns the safety of patients, so that
// everybody who may see the device may read it.
func Of(ctx context.Context, r store.Reader, m product.ModelID) (Guide, error) {
	var body string
	g := Guide{Model: m}
	err := r.QueryRow(ctx, `SELECT body FROM capture_guide WHERE model = $1 ORDER BY version DESC LIMIT 1`, string(m)).Scan(&body)
	if problem.KindOf(err) == problem.NotFound {
		return g, nil
	}
	if err != nil {
		return g, err
	}
	return g, json.Unmarshal([]byte(body), &g)
}

// Subject is something that is captured: a device of the fleet, or a system that has a name only.
type Subject struct {
	ID   device.ID // "": it is not in the fleet
	Name string
}

// Advice is what to capture of something, in the order in which it is read.
type Advice struct {
	Subject
	Model     product.ModelID // "": not known
	ModelName string
	House     Guide // of this house; empty where there is none
	Guides    []content.Guide
	General   bool // no guide fits it but the one for every device
}

// For is what to capture of something. Who calls it checks that the actor may see it.
func For(ctx context.Context, r store.Reader, s Subject) (Advice, error) {
	a := Advice{Subject: s}
	about := s.Name
	if s.ID != "" {
		b, err := device.Briefs(ctx, r, []string{string(s.ID)})
		if err != nil {
			return a, err
		}
		if len(b) == 1 {
			a.Model, a.ModelName = b[0].Model, b[0].ModelName
			about += " " + b[0].ModelName
		}
	}
	if a.Model != "" {
		m, err := product.Get(ctx, r, a.Model)
		if err != nil && problem.KindOf(err) == "" {
			return a, err
		}
		for _, f := range m.Functions {
			about += " " + f.Name
		}
		if a.House, err = Of(ctx, r, a.Model); err != nil {
			return a, err
		}
	}
	all, err := content.GuidesFor(about)
	if err != nil {
		return a, err
	}
	a.Guides = all
	if !a.House.Empty() {
		if a.House.Alone {
			a.Guides = all[:1:1]
		}
		a.Guides = append(a.Guides, content.Guide{ID: "house", Title: "Of this house for " + a.ModelName, First: a.House.First, Then: a.House.Then, Never: a.House.Never})
	}
	a.General = len(a.Guides) == 1
	return a, nil
}
