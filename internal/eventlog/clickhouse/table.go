package clickhouse

import (
	"fmt"
	"net/netip"
	"strings"

	"triward/internal/eventlog"
)

// column is one column of the table: values gives those of events for a batch, field is the name in a query.
type column struct {
	name   string
	kind   string
	field  string
	text   func(e *eventlog.Event) *string // where a text is read into
	number func(e *eventlog.Event) *int
	values func(events []eventlog.Event) any
}

func texts(name, field string, at func(e *eventlog.Event) *string) column {
	return column{name: name, kind: "String", field: field, text: at, values: each(func(e *eventlog.Event) string { return *at(e) })}
}

func numbers(name, field string, at func(e *eventlog.Event) *int) column {
	return column{name: name, kind: "Int32", field: field, number: at, values: each(func(e *eventlog.Event) int32 { return int32(*at(e)) })}
}

// each makes a column of values from events.
func each[T any](value func(e *eventlog.Event) T) func([]eventlog.Event) any {
	return func(events []eventlog.Event) any {
		out := make([]T, len(events))
		for i := range events {
			out[i] = value(&events[i])
		}
		return out
	}
}

func flag(set bool) uint8 {
	if set {
		return 1
	}
	return 0
}

// columns are the columns of event in the order in which rows are read.
var columns = []column{
	{name: "id", kind: "FixedString(16)", field: "id", values: each(func(e *eventlog.Event) string { return string(e.ID[:]) })},
	{name: "at", kind: "Int64", values: each(func(e *eventlog.Event) int64 { return e.At() })},
	{name: "dated", kind: "UInt8", values: each(func(e *eventlog.Event) uint8 { return flag(e.Time != 0) })},
	{name: "received", kind: "Int64", values: each(func(e *eventlog.Event) int64 { return e.Received })},
	{name: "skew", kind: "Int64", values: each(func(e *eventlog.Event) int64 { return e.Skew })},
	{name: "skew_known", kind: "UInt8", values: each(func(e *eventlog.Event) uint8 { return flag(e.SkewKnown) })},
	{name: "src_num", kind: "FixedString(16)", values: each(func(e *eventlog.Event) string { return addressKey(e.SrcIP) })},
	{name: "dst_num", kind: "FixedString(16)", values: each(func(e *eventlog.Event) string { return addressKey(e.DstIP) })},
	{name: "field_names", kind: "Array(String)", values: each(func(e *eventlog.Event) []string { return fieldSide(e, func(f eventlog.Field) string { return f.Name }) })},
	{name: "field_values", kind: "Array(String)", values: each(func(e *eventlog.Event) []string {
		return fieldSide(e, func(f eventlog.Field) string { return f.Value })
	})},
	{name: "raw", kind: "String", field: "raw", values: each(func(e *eventlog.Event) string { return string(e.Raw) })},
	texts("message", "message", func(e *eventlog.Event) *string { return &e.Message }),
	texts("source", "source", func(e *eventlog.Event) *string { return &e.Source }),
	texts("format", "format", func(e *eventlog.Event) *string { return &e.Format }),
	texts("fault", "fault", func(e *eventlog.Event) *string { return &e.Fault }),
	texts("product", "product", func(e *eventlog.Event) *string { return &e.Product }),
	texts("category", "category", func(e *eventlog.Event) *string { return &e.Category }),
	texts("service", "service", func(e *eventlog.Event) *string { return &e.Service }),
	texts("device", "dev.id", func(e *eventlog.Event) *string { return &e.Device }),
	texts("peer", "peer.id", func(e *eventlog.Event) *string { return &e.Peer }),
	texts("site", "dev.site", func(e *eventlog.Event) *string { return &e.Site }),
	texts("ward", "dev.ward", func(e *eventlog.Event) *string { return &e.Ward }),
	texts("zone", "dev.zone", func(e *eventlog.Event) *string { return &e.Zone }),
	texts("peer_zone", "peer.zone", func(e *eventlog.Event) *string { return &e.PeerZone }),
	texts("user", "user", func(e *eventlog.Event) *string { return &e.User }),
	texts("host", "host", func(e *eventlog.Event) *string { return &e.Host }),
	texts("src_ip", "src.ip", func(e *eventlog.Event) *string { return &e.SrcIP }),
	texts("dst_ip", "dst.ip", func(e *eventlog.Event) *string { return &e.DstIP }),
	texts("proto", "proto", func(e *eventlog.Event) *string { return &e.Proto }),
	texts("hash", "hash", func(e *eventlog.Event) *string { return &e.Hash }),
	numbers("class", "class", func(e *eventlog.Event) *int { return &e.Class }),
	numbers("activity", "activity", func(e *eventlog.Event) *int { return &e.Activity }),
	numbers("severity", "severity", func(e *eventlog.Event) *int { return &e.Severity }),
	numbers("outcome", "outcome", func(e *eventlog.Event) *int { return &e.Outcome }),
	numbers("src_port", "src.port", func(e *eventlog.Event) *int { return &e.SrcPort }),
	numbers("dst_port", "dst.port", func(e *eventlog.Event) *int { return &e.DstPort }),
}

func columnOf(field string) *column {
	for i := range columns {
		if field != "" && columns[i].field == field {
			return &columns[i]
		}
	}
	return nil
}

// columnList names all columns.
var columnList = func() string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}()

func fieldSide(e *eventlog.Event, side func(f eventlog.Field) string) []string {
	out := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		out[i] = side(f)
	}
	return out
}

// addressKey is an address as 16 bytes, so that those of a network lie between two bounds; zeros when it is none.
func addressKey(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return string(make([]byte, 16))
	}
	b := a.As16()
	return string(b[:])
}

// bounds are the first and the last address of a network.
func bounds(p netip.Prefix) (first, last string) {
	a := p.Addr().As16()
	b := a
	for bit := p.Bits() + 128 - p.Addr().BitLen(); bit < 128; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return string(a[:]), string(b[:])
}

// statements are what makes the tables where they are missing. An event and its id come into being together: the view
// writes the second when the first is written.
func (o options) statements() []string {
	definitions := make([]string, len(columns))
	for i, c := range columns {
		definitions[i] = c.name + " " + c.kind
	}
	engine := func(table string) string {
		if o.replicated {
			return fmt.Sprintf("ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/%s/%s', '{replica}')", o.database, table)
		}
		return "ReplacingMergeTree"
	}
	local := o.local()
	out := []string{
		"CREATE DATABASE IF NOT EXISTS " + o.database,
		// A partition is a day of receipt.
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s) ENGINE = %s PARTITION BY intDiv(received, 86400000000) ORDER BY (at, id)",
			o.table("event"+local), strings.Join(definitions, ", "), engine("event"+local)),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (id FixedString(16), at Int64, received Int64) ENGINE = %s ORDER BY id",
			o.table("event_id"+local), engine("event_id"+local)),
		fmt.Sprintf("CREATE MATERIALIZED VIEW IF NOT EXISTS %s TO %s AS SELECT id, at, received FROM %s",
			o.table("event_to_id"), o.table("event_id"+local), o.table("event"+local)),
	}
	if o.cluster == "" {
		return out
	}
	return append(out,
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s) ENGINE = Distributed(%s, %s, event_local, cityHash64(id))",
			o.table("event"), strings.Join(definitions, ", "), o.cluster, o.database),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (id FixedString(16), at Int64, received Int64) ENGINE = Distributed(%s, %s, event_id_local, cityHash64(id))",
			o.table("event_id"), o.cluster, o.database))
}

// local is the ending of the tables that have the rows.
func (o options) local() string {
	if o.cluster == "" {
		return ""
	}
	return "_local"
}

func (o options) table(name string) string { return o.database + "." + name }
