package parquet

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"triward/internal/eventlog"
)

// cell is a column of short texts or numbers that repeat: kept as a dictionary and an index for each row.
type cell struct {
	name   string // in the file
	field  string // as Event.Value names it
	text   func(e *eventlog.Event) *string
	number func(e *eventlog.Event) *int // instead of text
	pivot  bool                         // has a Bloom filter in the file, and its whole values in ours
	leaf   int                          // index of the column in the file
}

// The columns that are not cells.
const (
	columnID        = "id"
	columnAt        = "at"    // Event.At
	columnDated     = "dated" // at is the record's own time
	columnReceived  = "received"
	columnSkew      = "skew"
	columnSkewKnown = "skew_known"
	columnMessage   = "message"
	columnRaw       = "raw"
	columnFields    = "fields" // MAP of names to values
)

// Row groups and pages: a group is what a filter decides about, a page what is unpacked to show one row.
const (
	groupRows = 32 << 10
	pageBytes = 256 << 10
	chunkRows = 256 // rows handed to a column at a time
)

// layout is the form of the files.
type layout struct {
	schema *parquet.Schema
	cells  []cell
	leaf   map[string]int // of the other columns; the map's are fields.key and fields.value
}

func newLayout() *layout {
	l := &layout{leaf: map[string]int{}}
	text := func(name, field string, at func(e *eventlog.Event) *string) {
		l.cells = append(l.cells, cell{name: name, field: field, text: at})
	}
	pivot := func(name, field string, at func(e *eventlog.Event) *string) {
		l.cells = append(l.cells, cell{name: name, field: field, text: at, pivot: true})
	}
	number := func(name, field string, at func(e *eventlog.Event) *int) {
		l.cells = append(l.cells, cell{name: name, field: field, number: at})
	}
	text("source", "source", func(e *eventlog.Event) *string { return &e.Source })
	text("format", "format", func(e *eventlog.Event) *string { return &e.Format })
	text("fault", "fault", func(e *eventlog.Event) *string { return &e.Fault })
	text("product", "product", func(e *eventlog.Event) *string { return &e.Product })
	text("category", "category", func(e *eventlog.Event) *string { return &e.Category })
	text("service", "service", func(e *eventlog.Event) *string { return &e.Service })
	number("class", "class", func(e *eventlog.Event) *int { return &e.Class })
	number("activity", "activity", func(e *eventlog.Event) *int { return &e.Activity })
	number("severity", "severity", func(e *eventlog.Event) *int { return &e.Severity })
	number("outcome", "outcome", func(e *eventlog.Event) *int { return &e.Outcome })
	pivot("device", "dev.id", func(e *eventlog.Event) *string { return &e.Device })
	pivot("peer", "peer.id", func(e *eventlog.Event) *string { return &e.Peer })
	text("site", "dev.site", func(e *eventlog.Event) *string { return &e.Site })
	text("ward", "dev.ward", func(e *eventlog.Event) *string { return &e.Ward })
	text("zone", "dev.zone", func(e *eventlog.Event) *string { return &e.Zone })
	text("peer_zone", "peer.zone", func(e *eventlog.Event) *string { return &e.PeerZone })
	pivot("user", "user", func(e *eventlog.Event) *string { return &e.User })
	pivot("host", "host", func(e *eventlog.Event) *string { return &e.Host })
	pivot("src_ip", "src.ip", func(e *eventlog.Event) *string { return &e.SrcIP })
	pivot("dst_ip", "dst.ip", func(e *eventlog.Event) *string { return &e.DstIP })
	number("src_port", "src.port", func(e *eventlog.Event) *int { return &e.SrcPort })
	number("dst_port", "dst.port", func(e *eventlog.Event) *int { return &e.DstPort })
	text("proto", "proto", func(e *eventlog.Event) *string { return &e.Proto })
	pivot("hash", "hash", func(e *eventlog.Event) *string { return &e.Hash })
	l.build()
	return l
}

func (l *layout) build() {
	codec := &zstd.Codec{Level: zstd.SpeedFastest}
	pack := func(n parquet.Node) parquet.Node { return parquet.Compressed(n, codec) }
	moment := func() parquet.Node {
		return pack(parquet.Encoded(parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked))
	}
	group := parquet.Group{
		columnID:        pack(parquet.Leaf(parquet.FixedLenByteArrayType(16))),
		columnAt:        moment(),
		columnReceived:  moment(),
		columnSkew:      pack(parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)),
		columnDated:     pack(parquet.Leaf(parquet.BooleanType)),
		columnSkewKnown: pack(parquet.Leaf(parquet.BooleanType)),
		columnMessage:   pack(parquet.Encoded(parquet.String(), &parquet.DeltaLengthByteArray)),
		columnRaw:       pack(parquet.Encoded(parquet.Leaf(parquet.ByteArrayType), &parquet.DeltaLengthByteArray)),
		columnFields: parquet.Map(
			pack(parquet.Encoded(parquet.String(), &parquet.RLEDictionary)),
			pack(parquet.Encoded(parquet.String(), &parquet.DeltaLengthByteArray))),
	}
	for _, c := range l.cells {
		if c.number != nil {
			group[c.name] = pack(parquet.Encoded(parquet.Int(32), &parquet.RLEDictionary))
		} else {
			group[c.name] = pack(parquet.Encoded(parquet.String(), &parquet.RLEDictionary))
		}
	}
	l.schema = parquet.NewSchema("event", group)
	for i, path := range l.schema.Columns() {
		name := path[0]
		if len(path) > 1 {
			name += "." + path[len(path)-1]
		}
		l.leaf[name] = i
	}
	for i := range l.cells {
		l.cells[i].leaf = l.leaf[l.cells[i].name]
	}
}

// writerOptions are the settings of a file: what it is sorted by, and its filters.
func (l *layout) writerOptions() []parquet.WriterOption {
	var blooms []parquet.BloomFilterColumn
	for _, c := range l.cells {
		if c.pivot {
			blooms = append(blooms, parquet.SplitBlockFilter(10, c.name))
		}
	}
	return []parquet.WriterOption{
		l.schema,
		parquet.PageBufferSize(pageBytes),
		parquet.DataPageStatistics(false),
		parquet.SkipPageBounds(columnRaw), parquet.SkipPageBounds(columnMessage),
		parquet.BloomFilters(blooms...),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending(columnAt))),
		parquet.CreatedBy("triward", "1", ""),
	}
}

// cellOf is the cell of a field; nil when the field is not kept in one.
func (l *layout) cellOf(field string) *cell {
	for i := range l.cells {
		if l.cells[i].field == field {
			return &l.cells[i]
		}
	}
	return nil
}
