package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"triward/internal/eventlog"
	"triward/internal/problem"
)

// batchRows is how many events go to the servers at a time.
const batchRows = 100_000

// batchBytes bounds the originals of a batch.
const batchBytes = 128 << 20

var fourInSix = netip.MustParsePrefix("::ffff:0:0/96")

// Log is an event log in ClickHouse. It implements eventlog.Log. Events that wait for Flush are not found.
type Log struct {
	options options
	all     driver.Conn   // to any server that answers
	each    []driver.Conn // to every server

	mu      sync.Mutex // one Append or Flush at a time
	waiting []eventlog.Event
	ids     map[eventlog.ID]struct{} // of those that wait
	bytes   int
	unsure  bool // a Flush failed: some of those that wait may be there
}

// options are what the address says beyond the connection.
type options struct {
	database   string
	cluster    string // name of the operator's cluster; "": one server
	replicated bool   // the tables replicate with the macros shard and replica
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// Open connects to the servers of an address and makes the tables that are missing.
func Open(ctx context.Context, address string) (*Log, error) {
	// The library's own error may show the password.
	unreadable := problem.New(problem.Invalid, "the address of the ClickHouse servers cannot be read")
	connection, o, err := parse(address)
	if err != nil {
		return nil, unreadable
	}
	for _, name := range []string{o.database, cmp.Or(o.cluster, "none")} {
		if !plainName.MatchString(name) {
			return nil, problem.New(problem.Invalid, "the names of the ClickHouse database and cluster have letters, digits and _ alone")
		}
	}
	l := &Log{options: o, ids: map[eventlog.ID]struct{}{}}
	for _, host := range connection.Addr {
		own := *connection
		own.Addr = []string{host}
		c, err := ch.Open(&own)
		if err != nil {
			return nil, errors.Join(unreadable, l.disconnect())
		}
		l.each = append(l.each, c)
		for _, s := range o.statements() {
			if err := c.Exec(ctx, s); err != nil {
				return nil, errors.Join(fmt.Errorf("make tables of events: %w", err), l.disconnect())
			}
		}
	}
	if l.all, err = ch.Open(connection); err != nil {
		return nil, errors.Join(unreadable, l.disconnect())
	}
	return l, nil
}

// parse takes an address apart.
func parse(address string) (*ch.Options, options, error) {
	base, query, _ := strings.Cut(address, "?")
	var o options
	var rest []string
	for _, p := range strings.Split(query, "&") {
		switch name, value, _ := strings.Cut(p, "="); name {
		case "cluster":
			o.cluster = value
		case "replicated":
			o.replicated = value == "true"
		case "":
		default:
			rest = append(rest, p)
		}
	}
	if len(rest) > 0 {
		base += "?" + strings.Join(rest, "&")
	}
	c, err := ch.ParseDSN(base)
	if err != nil {
		return nil, o, err
	}
	o.database = cmp.Or(c.Auth.Database, "triward")
	c.Auth.Database = "" // it may not be there yet
	if c.Settings == nil {
		c.Settings = ch.Settings{}
	}
	if o.cluster != "" {
		c.Settings["insert_distributed_sync"] = 1 // an insert returns when the shards have it
	}
	c.Compression = cmp.Or(c.Compression, &ch.Compression{Method: ch.CompressionLZ4})
	c.DialTimeout = cmp.Or(c.DialTimeout, 10*time.Second)
	return c, o, nil
}

func (l *Log) disconnect() error {
	var err error
	for _, c := range append(slices.Clone(l.each), l.all) {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

// Close flushes and ends.
func (l *Log) Close(ctx context.Context) error {
	return errors.Join(l.Flush(ctx), l.disconnect())
}

// Append takes events. See eventlog.Writer.
func (l *Log) Append(ctx context.Context, events []eventlog.Event) (int, error) {
	for i := range events {
		if err := events[i].Validate(); err != nil {
			return 0, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= batchRows || l.bytes >= batchBytes {
		if err := l.flush(ctx); err != nil {
			return 0, err
		}
	}
	there, err := l.there(ctx, events)
	if err != nil {
		return 0, fmt.Errorf("append events: %w", err)
	}
	added := 0
	for i := range events {
		id := events[i].ID
		if _, twice := l.ids[id]; twice || there[id] {
			continue
		}
		l.ids[id] = struct{}{}
		l.waiting = append(l.waiting, events[i])
		l.bytes += len(events[i].Raw)
		added++
	}
	return added, nil
}

// there are those of the events that the servers have.
func (l *Log) there(ctx context.Context, events []eventlog.Event) (map[eventlog.ID]bool, error) {
	out := map[eventlog.ID]bool{}
	if len(events) == 0 {
		return out, nil
	}
	asked, err := ext.NewTable("asked", ext.Column("id", "FixedString(16)"))
	if err != nil {
		return nil, err
	}
	for i := range events {
		if err := asked.Append(string(events[i].ID[:])); err != nil {
			return nil, err
		}
	}
	rows, err := l.all.Query(ch.Context(ctx, ch.WithExternalTable(asked)), "SELECT id FROM "+l.options.table("event_id")+" WHERE id IN asked")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[eventlog.ID([]byte(id))] = true
	}
	return out, rows.Err()
}

// Flush writes what waits. See eventlog.Writer.
func (l *Log) Flush(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush(ctx)
}

func (l *Log) flush(ctx context.Context) error {
	if len(l.waiting) == 0 {
		return nil
	}
	events := l.waiting
	if l.unsure {
		there, err := l.there(ctx, events)
		if err != nil {
			return fmt.Errorf("flush events: %w", err)
		}
		events = slices.DeleteFunc(slices.Clone(events), func(e eventlog.Event) bool { return there[e.ID] })
	}
	l.unsure = true
	for part := range slices.Chunk(events, batchRows) {
		if err := l.insert(ctx, part); err != nil {
			return fmt.Errorf("flush events: %w", err)
		}
	}
	l.waiting, l.ids, l.bytes, l.unsure = nil, map[eventlog.ID]struct{}{}, 0, false
	return nil
}

func (l *Log) insert(ctx context.Context, events []eventlog.Event) error {
	batch, err := l.all.PrepareBatch(ctx, "INSERT INTO "+l.options.table("event")+" ("+columnList+")")
	if err != nil {
		return err
	}
	defer batch.Close()
	for i, c := range columns {
		if err := batch.Column(i).Append(c.values(events)); err != nil {
			return err
		}
	}
	return batch.Send()
}

// Stats says how much there is.
func (l *Log) Stats(ctx context.Context) (eventlog.Stats, error) {
	l.mu.Lock()
	s := eventlog.Stats{Pending: int64(len(l.waiting))}
	l.mu.Unlock()
	var n uint64
	err := l.all.QueryRow(ctx, "SELECT count(), min(at), max(at) FROM "+l.options.table("event")).Scan(&n, &s.Oldest, &s.Newest)
	if err != nil {
		return s, fmt.Errorf("read size of events: %w", err)
	}
	s.Events = int64(n) + s.Pending
	for _, c := range l.each {
		var bytes, parts uint64
		err := c.QueryRow(ctx, "SELECT sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = ? AND table IN ?", l.options.database,
			ch.GroupSet{Value: []any{"event" + l.options.local(), "event_id" + l.options.local()}}).Scan(&bytes, &parts)
		if err != nil {
			return s, fmt.Errorf("read size of events: %w", err)
		}
		s.Bytes += int64(bytes)
		s.Segments += int64(parts)
	}
	return s, nil
}
