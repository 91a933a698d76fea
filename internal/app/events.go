package app

import (
	"context"
	"strings"
	"time"

	"triward/internal/api"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/hindsight"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/eventlog/clickhouse"
	"triward/internal/eventlog/parquet"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/web"
)

// openEvents opens the place for events. A process with the pages alone, and one that finds another process of this machine
// there, go on without: their pages say so.
func (a *App) openEvents(ctx context.Context) (eventlog.Log, error) {
	if strings.HasPrefix(a.Config.Events, "clickhouse://") {
		l, err := clickhouse.Open(ctx, a.Config.Events)
		if err != nil {
			return nil, err // and no log inside the interface
		}
		return l, nil
	}
	dir, ok := strings.CutPrefix(a.Config.Events, "parquet:")
	if !ok || !a.Config.is("work") { // who works on events has the folder
		return nil, nil
	}
	l, err := parquet.Open(ctx, a.db, dir)
	if problem.KindOf(err) == problem.Conflict {
		a.Log.Warn("this process has no events", "reason", problem.Text(err))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// seeEvents gives both doors what they need of events.
func (a *App) seeEvents(w *web.Server, s *api.Server) {
	w.Sources, w.Rules, w.Alerts, w.Baselines = detection.Sources{DB: a.db}, detection.Rules{DB: a.db}, detection.Alerts{DB: a.db}, baseline.Desk{DB: a.db}
	w.Events = reading.Desk{DB: a.db}
	if a.events != nil {
		w.Events.Log = a.events
	}
	s.Sources, s.Rules, s.Alerts, s.Baselines, s.Events = w.Sources, w.Rules, w.Alerts, w.Baselines, w.Events
}

// detectionTicks is what detection does again and again: to look for silence, to look back for new rules and advisories,
// and for changed files of rules.
func (a *App) detectionTicks() []work {
	rules := detection.Rules{DB: a.db}
	watch := detection.Watch{DB: a.db, Sources: detection.Sources{DB: a.db}, Alerts: detection.Alerts{DB: a.db}}
	all := []work{{"silence", 15 * time.Second, watch.Tick}}
	if a.events != nil {
		all = append(all, work{"hindsight", time.Minute, hindsight.Desk{DB: a.db, Log: a.events, Alerts: watch.Alerts}.Tick})
	}
	if a.Config.Rules != "" {
		all = append(all, work{"rules", time.Minute, func(ctx context.Context) error {
			_, err := rules.LoadFolder(ctx, a.Config.Rules)
			return err
		}})
	}
	return all
}

// loadPack keeps the rules that come with this version.
func (a *App) loadPack(ctx context.Context) error {
	got, err := detection.Rules{DB: a.db}.LoadPack(store.WithActor(ctx, store.System("rules")))
	if err == nil && got.Added+got.Changed+got.Gone > 0 {
		a.Log.Info("the rules of the pack are loaded", "new", got.Added, "changed", got.Changed, "gone", got.Gone)
	}
	return err
}
