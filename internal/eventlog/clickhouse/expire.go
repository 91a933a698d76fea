package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"triward/internal/eventlog"
)

// expired is the condition of what an expiry removes; nothing to remove gives false.
func expired(e eventlog.Expiry) (expression, bool, error) {
	var either []expression
	classes := slices.Sorted(maps.Keys(e.Retention.ByClass))
	others := make([]any, 0, len(classes))
	for _, class := range classes {
		others = append(others, class)
		if before := e.Retention.Before(class, e.Now); before != 0 {
			either = append(either, express("class = ? AND received < ?", class, before))
		}
	}
	if d := e.Retention.Default; d > 0 {
		old := express("received < ?", e.Now.Add(-d).UnixMicro())
		if len(others) > 0 {
			old = express(old.text+" AND class NOT IN ?", append(old.args, ch.GroupSet{Value: others})...)
		}
		either = append(either, old)
	}
	if len(either) == 0 {
		return expression{}, false, nil
	}
	all := join(either, ") OR (")
	all.text = "((" + all.text + "))"
	for _, h := range e.Holds {
		w, err := where(h)
		if err != nil {
			return expression{}, false, err
		}
		all = express(all.text+" AND NOT ("+w.text+")", append(all.args, w.args...)...)
	}
	return all, true, nil
}

// Expire removes what is too old and under no hold. See eventlog.Keeper.
func (l *Log) Expire(ctx context.Context, e eventlog.Expiry) (eventlog.Expired, error) {
	plan := eventlog.Expired{ByClass: map[int]int64{}}
	w, some, err := expired(e)
	if err != nil || !some {
		return plan, err
	}
	if err := l.Flush(ctx); err != nil {
		return plan, err
	}
	if err := l.plan(ctx, w, &plan); err != nil {
		return plan, fmt.Errorf("expire events: %w", err)
	}
	if plan.Events == 0 {
		return plan, nil
	}
	if e.Record != nil {
		if err := e.Record(plan); err != nil {
			return plan, fmt.Errorf("expire events: %w", err)
		}
	}
	if err := l.remove(ctx, "event", w); err != nil {
		return plan, fmt.Errorf("expire events: %w", err)
	}
	// Ids go when no event as old as theirs is left: a batch that is imported again is not new before.
	var oldest int64
	if err := l.all.QueryRow(ctx, "SELECT min(received) FROM "+l.options.table("event")).Scan(&oldest); err != nil {
		return plan, fmt.Errorf("expire events: %w", err)
	}
	if err := l.remove(ctx, "event_id", express("received < ?", oldest)); err != nil {
		return plan, fmt.Errorf("expire events: %w", err)
	}
	return plan, nil
}

func (l *Log) plan(ctx context.Context, w expression, plan *eventlog.Expired) error {
	rows, err := l.all.Query(ctx, "SELECT class, count(), min(received), max(received) FROM "+l.options.table("event")+" FINAL WHERE "+w.text+" GROUP BY class", w.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var class int32
		var n uint64
		var oldest, newest int64
		if err := rows.Scan(&class, &n, &oldest, &newest); err != nil {
			return err
		}
		if plan.Events == 0 || oldest < plan.Oldest {
			plan.Oldest = oldest
		}
		plan.Newest = max(plan.Newest, newest)
		plan.Events += int64(n)
		plan.ByClass[int(class)] += int64(n)
	}
	return rows.Err()
}

// remove deletes rows on every server, and waits until they are gone.
func (l *Log) remove(ctx context.Context, table string, w expression) error {
	table += l.options.local()
	for _, c := range l.each {
		if err := c.Exec(ctx, "ALTER TABLE "+l.options.table(table)+" DELETE WHERE "+w.text, w.args...); err != nil {
			return err
		}
	}
	for _, c := range l.each {
		if err := l.settle(ctx, c, table); err != nil {
			return err
		}
	}
	return nil
}

// settle waits for the changes of a table to be done.
func (l *Log) settle(ctx context.Context, c driver.Conn, table string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var open uint64
		err := c.QueryRow(ctx, "SELECT count() FROM system.mutations WHERE database = ? AND table = ? AND is_done = 0", l.options.database, table).Scan(&open)
		if err != nil || open == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
