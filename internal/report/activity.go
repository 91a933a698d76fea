package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// State is how work stands.
type State string

// The closed list of states.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Activity is work that goes on after the answer to who asked for it.
type Activity struct {
	ID      string
	Kind    string
	Title   string
	By      string
	Started time.Time
	Ended   time.Time // zero while it runs
	Done    int
	Total   int // 0: not known how much there is
	State   State
	Result  string
	Subject string // id of what came of it, "" for nothing to look at
}

// Work is one kind of work.
type Work struct {
	Kind  string
	Needs string // event kinds of which one is needed, joined by "|"; "" is for everybody
	Read  func(ctx context.Context, q Asked) ([]Activity, error)
}

// works is the table of work that can be found again. A layer adds its rows here.
func works() []Work {
	return []Work{
		{"import", device.KindRead, imports},
		{"feed", vuln.KindRead, feedRuns},
		{"decision", risk.KindRead, decisions},
		{"export", "", exports},
	}
}

// kept is how long finished work is listed.
const kept = 7 * day

// Activities reads the work that the actor may see: what runs, then what ended, the newest first.
func (d Desk) Activities(ctx context.Context, r store.Reader) ([]Activity, error) {
	account, _, err := people.Me(ctx, r)
	if err != nil {
		return nil, err
	}
	q := Asked{Reader: r, Me: account, Now: d.DB.Now()}
	var out []Activity
	for _, w := range append(works(), d.Works...) {
		if !permitted(ctx, w.Needs) {
			continue
		}
		all, err := w.Read(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			a.Kind = w.Kind
			if a.State == Running || q.Now.Sub(a.Started) <= kept {
				out = append(out, a)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Activity) int {
		return cmp.Or(cmp.Compare(ended(a), ended(b)), b.Started.Compare(a.Started), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

func ended(a Activity) int {
	if a.State == Running {
		return 0
	}
	return 1
}

func imports(ctx context.Context, q Asked) ([]Activity, error) {
	page, err := device.Imports(ctx, q, device.ImportQuery{Limit: mostOfAKind})
	var out []Activity
	for _, i := range page.Items {
		a := Activity{ID: string(i.ID), Title: "Import of " + i.Name, By: i.ActorName, Started: i.At, Ended: i.Finished, Done: i.Applied, Total: i.Total, State: Running, Subject: string(i.ID)}
		if i.State == device.Done {
			a.State, a.Result = Done, fmt.Sprintf("%d added, %d changed, %d the same, %d held, %d skipped", i.Added, i.Changed, i.Same, i.Held, i.Skipped)
		}
		out = append(out, a)
	}
	return out, err
}

func feedRuns(ctx context.Context, q Asked) ([]Activity, error) {
	if scope, err := store.ScopeOf(ctx, vuln.KindRead); err != nil || !scope.All {
		return nil, nil //nolint:nilerr // who may not read feeds has no activity of theirs
	}
	all, err := vuln.ListFeeds(ctx, q)
	var out []Activity
	for _, f := range all {
		if f.State.Started.IsZero() {
			continue
		}
		a := Activity{ID: f.ID, Title: "Load of " + f.Name, Started: f.State.Started, State: Running, Subject: f.ID, Done: f.State.Records}
		if !f.State.Running() {
			a.State, a.Ended, a.Result = Done, f.State.Ended, fmt.Sprintf("%d records, %d new, %d faults", f.State.Records, f.State.Fresh, f.State.Faults)
			if f.State.Failures > 0 {
				a.State, a.Result = Failed, f.State.Error
			}
		}
		out = append(out, a)
	}
	return out, err
}

// ranking is the follower that brings a decision into the ranked list.
const ranking = "assessment"

// decisions are those that were taken: one over many devices is applied to the ranked list behind the answer.
func decisions(ctx context.Context, q Asked) ([]Activity, error) {
	all, err := risk.Recent(ctx, q, q.Now.Add(-kept), 20)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	passed, err := store.Position(ctx, q, ranking)
	if err != nil {
		return nil, err
	}
	waiting, err := store.Journal(ctx, q, store.JournalQuery{After: passed, Kinds: []string{risk.KindDecided, risk.KindAccepted}, Limit: 1000})
	if err != nil {
		return nil, err
	}
	var out []Activity
	for _, d := range all {
		a := Activity{ID: d.ID, Title: "Decision: " + d.Title, By: d.Author, Started: d.At, Ended: d.At, State: Done, Result: "The ranked list follows it.", Subject: d.ID}
		if slices.ContainsFunc(waiting, func(e store.Entry) bool { return e.Subject == d.ID }) {
			a.State, a.Ended, a.Result = Running, time.Time{}, ""
		}
		out = append(out, a)
	}
	return out, nil
}

// Export is an export that is being written.
type Export struct {
	desk Desk
	id   string
	told time.Time
}

// BeginExport keeps that the actor began an export. Small ones are not worth it: call it when there is a second page.
func (d Desk) BeginExport(ctx context.Context, name string) (*Export, error) {
	fresh, err := id.New("exp")
	if err != nil {
		return nil, err
	}
	a, _ := store.ActorOf(ctx)
	now := d.DB.Now()
	return &Export{desk: d, id: fresh, told: now}, d.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM export_run WHERE account = $1 AND started < $2`, a.ID, store.Micros(now.Add(-kept))); err != nil {
			return err
		}
		_, err := b.Exec(ctx, `INSERT INTO export_run (id, account, name, started, ended, lines, error) VALUES ($1, $2, $3, $4, 0, 0, '')`, fresh, a.ID, name, store.Micros(now))
		return err
	})
}

// Wrote keeps how many lines are written, at most once in two seconds.
func (e *Export) Wrote(ctx context.Context, lines int) error {
	now := e.desk.DB.Now()
	if now.Sub(e.told) < 2*time.Second {
		return nil
	}
	e.told = now
	return e.desk.DB.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, `UPDATE export_run SET lines = $1 WHERE id = $2`, lines, e.id)
		return err
	})
}

// End keeps how an export ended; why is nil when it is whole.
func (e *Export) End(ctx context.Context, lines int, why error) error {
	text := ""
	if why != nil {
		text = "it broke off"
		if errors.Is(why, context.Canceled) {
			text = "it was cancelled"
		}
	}
	ctx = context.WithoutCancel(ctx)
	return e.desk.DB.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, `UPDATE export_run SET lines = $1, ended = $2, error = $3 WHERE id = $4`, lines, store.Micros(e.desk.DB.Now()), text, e.id)
		return err
	})
}

// stalled is how long an export may say nothing before it counts as cut short: the process that wrote it ended.
const stalled = time.Hour

func exports(ctx context.Context, q Asked) ([]Activity, error) {
	a, _ := store.ActorOf(ctx)
	return store.All(ctx, q, func(s store.Scanner) (Activity, error) {
		v := Activity{State: Running, By: a.Name}
		var started, done int64
		var fault string
		if err := s.Scan(&v.ID, &v.Title, &started, &done, &v.Done, &fault); err != nil {
			return v, err
		}
		v.Title, v.Started, v.Ended = "Export of "+v.Title, store.Time(started), store.Time(done)
		switch {
		case fault != "":
			v.State, v.Result = Failed, fault
		case done > 0:
			v.State, v.Result = Done, fmt.Sprintf("%d rows", v.Done)
		case q.Now.Sub(v.Started) > stalled:
			v.State, v.Result = Failed, "it broke off"
		}
		return v, nil
	}, `SELECT id, name, started, ended, lines, error FROM export_run WHERE account = $1 ORDER BY started DESC, id DESC LIMIT $2`, a.ID, mostOfAKind)
}
