package app

import (
	"context"
	"strconv"
	"strings"
	"time"

	"triward/internal/api"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/hindsight"
	"triward/internal/detection/notify"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/eventlog/clickhouse"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident/claim"
	"triward/internal/ingest"
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

// retention reads how long events are kept: "DAYS" for all, "CLASS=DAYS" for a class, 0 days for ever.
func retention(keep []string) (eventlog.Retention, error) {
	out := eventlog.Retention{ByClass: map[int]time.Duration{}}
	for _, k := range keep {
		class, days, one := strings.Cut(k, "=")
		if !one {
			class, days = "0", k
		}
		c, err1 := strconv.Atoi(strings.TrimSpace(class))
		d, err2 := strconv.Atoi(strings.TrimSpace(days))
		if err1 != nil || err2 != nil || c < 0 || d < 0 || d > 36500 {
			return out, problem.New(problem.Invalid, "%q is neither a number of days nor a class and days (4003=90)", k)
		}
		if one {
			out.ByClass[c] = time.Duration(d) * 24 * time.Hour
		} else {
			out.Default = time.Duration(d) * 24 * time.Hour
		}
	}
	return out, nil
}

// removeOld removes events that are older than their retention and under no hold.
func (a *App) removeOld(ctx context.Context) error {
	keep, err := retention(a.Config.EventsKeep)
	if err != nil {
		return err
	}
	gone, err := eventlog.Holds{DB: a.db}.Remove(store.WithActor(ctx, store.System("events")), a.events, keep)
	if err == nil && gone.Events > 0 {
		a.Log.Info("events are over their retention and were removed", "events", gone.Events)
	}
	return err
}

// seeEvents gives both doors what they need of events.
func (a *App) seeEvents(w *web.Server, s *api.Server) {
	w.Sources, w.Rules, w.Alerts, w.Baselines = detection.Sources{DB: a.db}, detection.Rules{DB: a.db}, detection.Alerts{DB: a.db}, baseline.Desk{DB: a.db}
	w.Events, w.Notify = reading.Desk{DB: a.db}, a.notify()
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
	all := []work{{"silence", 15 * time.Second, watch.Tick}, {"notifications", 10 * time.Second, a.notify().Deliver}}
	if a.events != nil {
		all = append(all, work{"hindsight", time.Minute, hindsight.Desk{DB: a.db, Log: a.events, Alerts: watch.Alerts}.Tick})
		if len(a.Config.EventsKeep) > 0 {
			all = append(all, work{"retention", 6 * time.Hour, a.removeOld})
		}
	}
	if a.Config.Rules != "" {
		all = append(all, work{"rules", time.Minute, func(ctx context.Context) error {
			_, err := rules.LoadFolder(ctx, a.Config.Rules)
			return err
		}})
	}
	return all
}

// claims is what is said about who did what and how.
func (a *App) claims() claim.Desk {
	d := claim.Desk{DB: a.db}
	if a.events != nil {
		d.Log = a.events
	}
	return d
}

// notify is who is told about alerts.
func (a *App) notify() notify.Desk {
	return notify.Desk{DB: a.db, Carry: ingest.Forward{Mail: a.mail, URL: a.Config.PublicURL, Version: a.Version, Now: a.db.Now}.Carry}
}

// loadPack keeps the rules that come with this version.
func (a *App) loadPack(ctx context.Context) error {
	got, err := detection.Rules{DB: a.db}.LoadPack(store.WithActor(ctx, store.System("rules")))
	if err == nil && got.Added+got.Changed+got.Gone > 0 {
		a.Log.Info("the rules of the pack are loaded", "new", got.Added, "changed", got.Changed, "gone", got.Gone)
	}
	return err
}
