package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"triward/internal/eventlog"
	"triward/internal/problem"
)

// Search gives a page of events. See eventlog.Reader. It finds places first and reads only the events of the page.
func (l *Log) Search(ctx context.Context, q eventlog.Query) (eventlog.Page, error) {
	w, err := where(q)
	if err != nil {
		return eventlog.Page{}, err
	}
	limit := cmp.Or(q.Limit, 50)
	if q.After != (eventlog.Mark{}) {
		w = join([]expression{w, express("at <= ? AND (at < ? OR id < ?)", q.After.At, q.After.At, string(q.After.ID[:]))}, " AND ")
	}
	marks, err := l.marks(ctx, w, limit+1)
	if err != nil {
		return eventlog.Page{}, fmt.Errorf("search events: %w", err)
	}
	var page eventlog.Page
	if len(marks) > limit {
		marks = marks[:limit]
		page.Next = marks[limit-1]
	}
	if len(marks) == 0 {
		return page, nil
	}
	set := make([]any, len(marks))
	for i, m := range marks {
		set[i] = string(m.ID[:])
	}
	page.Events, err = l.read(ctx, express("at >= ? AND at <= ? AND id IN ? ORDER BY at DESC, id DESC", marks[len(marks)-1].At, marks[0].At, ch.GroupSet{Value: set}))
	if err != nil {
		return eventlog.Page{}, fmt.Errorf("search events: %w", err)
	}
	return page, nil
}

// marks are the places of the newest events that fulfil a condition, each once. An event may have a second row: then more
// rows are read.
func (l *Log) marks(ctx context.Context, w expression, most int) ([]eventlog.Mark, error) {
	for rows := most; ; rows *= 2 {
		marks, err := l.rows(ctx, w, rows)
		if err != nil {
			return nil, err
		}
		full := len(marks) == rows
		if marks = slices.Compact(marks); !full || len(marks) >= most {
			return marks[:min(len(marks), most)], nil
		}
	}
}

func (l *Log) rows(ctx context.Context, w expression, most int) ([]eventlog.Mark, error) {
	rows, err := l.all.Query(ctx, fmt.Sprintf("SELECT at, id FROM %s WHERE %s ORDER BY at DESC, id DESC LIMIT %d", l.options.table("event"), w.text, most), w.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []eventlog.Mark
	for rows.Next() {
		var at int64
		var id string
		if err := rows.Scan(&at, &id); err != nil {
			return nil, err
		}
		out = append(out, eventlog.Mark{At: at, ID: eventlog.ID([]byte(id))})
	}
	return out, rows.Err()
}

// read gives whole events; the second row of one that was written twice at the same moment is left out.
func (l *Log) read(ctx context.Context, tail expression) ([]eventlog.Event, error) {
	rows, err := l.all.Query(ctx, "SELECT "+columnList+" FROM "+l.options.table("event")+" WHERE "+tail.text, tail.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []eventlog.Event
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].ID != e.ID {
			out = append(out, e)
		}
	}
	return out, rows.Err()
}

// scan reads a row of all columns.
func scan(rows driver.Rows) (eventlog.Event, error) {
	var e eventlog.Event
	var id, raw, skip string
	var at int64
	var dated, known uint8
	var names, values []string
	numbers := map[*column]*int32{}
	own := map[string]any{"id": &id, "at": &at, "dated": &dated, "received": &e.Received, "skew": &e.Skew, "skew_known": &known,
		"src_num": &skip, "dst_num": &skip, "field_names": &names, "field_values": &values, "raw": &raw}
	into := make([]any, len(columns))
	for i := range columns {
		switch c := &columns[i]; {
		case c.text != nil:
			into[i] = c.text(&e)
		case c.number != nil:
			numbers[c] = new(int32)
			into[i] = numbers[c]
		default:
			into[i] = own[c.name]
		}
	}
	if err := rows.Scan(into...); err != nil {
		return e, err
	}
	e.ID, e.Raw, e.SkewKnown = eventlog.ID([]byte(id)), []byte(raw), known != 0
	if dated != 0 {
		e.Time = at
	}
	for c, n := range numbers {
		*c.number(&e) = int(*n)
	}
	for i, name := range names {
		e.Fields = append(e.Fields, eventlog.Field{Name: name, Value: values[i]})
	}
	return e, nil
}

// Count counts events. See eventlog.Reader.
func (l *Log) Count(ctx context.Context, q eventlog.Query, b eventlog.Bucket) ([]eventlog.Count, error) {
	w, err := where(q)
	if err != nil {
		return nil, err
	}
	begin, by := express("toInt64(0)"), express("''")
	if b.Width > 0 {
		// Old servers compute in 32 bits when a constant fits into them.
		begin = express("intDiv(at, toInt64(?)) * toInt64(?)", b.Width, b.Width)
	}
	if b.By != "" {
		v := value(b.By)
		by = express("lower("+v.text+")", v.args...)
	}
	text := fmt.Sprintf("SELECT %s AS bucket, %s AS word, count() FROM %s FINAL WHERE %s GROUP BY bucket, word HAVING count() > 0 ORDER BY bucket, word LIMIT %d",
		begin.text, by.text, l.options.table("event"), w.text, eventlog.MaxCounts+1)
	rows, err := l.all.Query(ctx, text, slices.Concat(begin.args, by.args, w.args)...)
	if err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	defer rows.Close()
	var out []eventlog.Count
	for rows.Next() {
		var c eventlog.Count
		var n uint64
		if err := rows.Scan(&c.At, &c.Value, &n); err != nil {
			return nil, fmt.Errorf("count events: %w", err)
		}
		c.N = int64(n)
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	if len(out) > eventlog.MaxCounts {
		return nil, problem.New(problem.Invalid, "more than %d buckets: choose a wider one, or a field with fewer values", eventlog.MaxCounts)
	}
	return out, nil
}

const scanPortion = 4096

// Scan goes through events, oldest first. See eventlog.Reader.
func (l *Log) Scan(ctx context.Context, q eventlog.Query, fn func([]eventlog.Event) error) error {
	w, err := where(q)
	if err != nil {
		return err
	}
	behind := express("1")
	for {
		part := join([]expression{w, behind}, " AND ")
		part.text += fmt.Sprintf(" ORDER BY at, id LIMIT %d", scanPortion)
		events, err := l.read(ctx, part)
		if err != nil {
			return fmt.Errorf("scan events: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		last := eventlog.MarkOf(&events[len(events)-1])
		if err := fn(events); err != nil {
			return err
		}
		behind = express("at >= ? AND (at > ? OR id > ?)", last.At, last.At, string(last.ID[:]))
	}
}

// Get gives one event. See eventlog.Reader.
func (l *Log) Get(ctx context.Context, id eventlog.ID) (eventlog.Event, error) {
	var events []eventlog.Event
	rows, err := l.all.Query(ctx, "SELECT at FROM "+l.options.table("event_id")+" WHERE id = ?", string(id[:]))
	if err != nil {
		return eventlog.Event{}, fmt.Errorf("read event: %w", err)
	}
	var times []any
	for rows.Next() {
		var at int64
		if err = rows.Scan(&at); err != nil {
			break
		}
		times = append(times, at)
	}
	rows.Close()
	if err = cmp.Or(err, rows.Err()); err != nil {
		return eventlog.Event{}, fmt.Errorf("read event: %w", err)
	}
	if len(times) > 0 {
		if events, err = l.read(ctx, express("at IN ? AND id = ?", ch.GroupSet{Value: times}, string(id[:]))); err != nil {
			return eventlog.Event{}, fmt.Errorf("read event: %w", err)
		}
	}
	if len(events) == 0 {
		return eventlog.Event{}, problem.New(problem.NotFound, "there is no event %s", id)
	}
	return events[0], nil
}
