package eventlog

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"triward/internal/problem"
)

// Event is one thing that a source said, normalised, with the original. Texts are UTF-8; "" is unknown.
type Event struct {
	ID        ID
	Source    string // id of the registered source ("src_…")
	Received  int64  // microseconds UTC, when it was taken; always there
	Time      int64  // microseconds UTC, as the record says; 0: the record has none
	Skew      int64  // microseconds, estimate of the source's clock minus ours at that time
	SkewKnown bool   // false: Skew says nothing

	Format string // one of Formats
	Fault  string // why it could not be decoded, or what was cut

	Product, Category, Service string // log source as Sigma names it

	Class    int // OCSF class_uid, of the documented subset; 0: base event
	Activity int // OCSF activity_id
	Severity int // OCSF severity_id, 0 to 6
	Outcome  int // OCSF status_id: 0 unknown, 1 success, 2 failure

	Device, Peer               string // devices of the inventory, resolved at the event's time
	Site, Ward, Zone, PeerZone string // where they stood then
	User, Host                 string
	SrcIP, DstIP               string
	SrcPort, DstPort           int
	Proto                      string
	Hash                       string  // of a file or an instance, where the record names one
	Message                    string  // one line
	Fields                     []Field // what else is normalised, sorted by name, each name once
	Raw                        []byte  // the original
}

// Field is a normalised value under a name of the documented vocabulary, or a key of the original.
type Field struct{ Name, Value string }

// Formats is the closed list of forms that an event comes in. What cannot be decoded is raw: kept and searchable.
var Formats = []string{"syslog", "atna", "fhir", "zeek", "eve", "windows", "cef", "json", "raw"}

// Limits of one event. What decodes an event calls Fit, which cuts what is over them and says so in Fault. Only a Raw
// that is too long cannot be cut.
const (
	MaxRaw     = 1<<20 + 4096 // a message of 1 MiB and its header
	MaxMessage = 8 << 10
	MaxValue   = 16 << 10
	MaxText    = 512 // any other text
	MaxName    = 128
	MaxFields  = 400
)

// At is where the event stands in time: as the record says, else when it was received. Skew is never applied.
func (e *Event) At() int64 {
	if e.Time != 0 {
		return e.Time
	}
	return e.Received
}

// Ours is when the event was by our own clock, as far as the error of its source's is known.
func (e *Event) Ours() int64 {
	if e.Time != 0 && e.SkewKnown {
		return e.Time - e.Skew
	}
	return e.At()
}

// texts are the fields of short text with their names.
func (e *Event) texts() []struct {
	name string
	at   *string
} {
	return []struct {
		name string
		at   *string
	}{
		{"source", &e.Source}, {"format", &e.Format}, {"fault", &e.Fault}, {"product", &e.Product}, {"category", &e.Category},
		{"service", &e.Service}, {"dev.id", &e.Device}, {"peer.id", &e.Peer}, {"dev.site", &e.Site}, {"dev.ward", &e.Ward},
		{"dev.zone", &e.Zone}, {"peer.zone", &e.PeerZone}, {"user", &e.User}, {"host", &e.Host}, {"src.ip", &e.SrcIP},
		{"dst.ip", &e.DstIP}, {"proto", &e.Proto}, {"hash", &e.Hash},
	}
}

// Validate checks what every stored event fulfils: the limits, UTF-8, times, and fields in order.
func (e *Event) Validate() error {
	var faults []problem.Fault
	wrong := func(path, format string, args ...any) {
		faults = append(faults, problem.Fault{Path: path, Reason: fmt.Sprintf(format, args...)})
	}
	if e.ID == (ID{}) {
		wrong("id", "is missing")
	}
	if e.Received <= 0 {
		wrong("received", "is missing")
	}
	if e.Time < 0 {
		wrong("time", "is before 1970")
	}
	if !slices.Contains(Formats, e.Format) {
		wrong("format", "%q is not a format", e.Format)
	}
	if len(e.Raw) > MaxRaw {
		wrong("raw", "has %d bytes, at most %d", len(e.Raw), MaxRaw)
	}
	for _, n := range []int{e.Class, e.Activity, e.Severity, e.Outcome, e.SrcPort, e.DstPort} {
		if n < 0 || n > 1<<30 {
			wrong("", "%d is not a code or a port", n)
		}
	}
	checkTexts(e, wrong)
	checkFields(e.Fields, wrong)
	if len(faults) > 0 {
		return &problem.Error{Kind: problem.Invalid, Message: "event " + e.ID.String(), Faults: faults}
	}
	return nil
}

func checkTexts(e *Event, wrong func(path, format string, args ...any)) {
	for _, t := range e.texts() {
		if !fits(*t.at, MaxText) {
			wrong(t.name, "is not UTF-8 of at most %d bytes", MaxText)
		}
	}
	if !fits(e.Message, MaxMessage) {
		wrong("message", "is not UTF-8 of at most %d bytes", MaxMessage)
	}
}

func checkFields(fields []Field, wrong func(path, format string, args ...any)) {
	if len(fields) > MaxFields {
		wrong("fields", "are %d, at most %d", len(fields), MaxFields)
	}
	for i, f := range fields {
		switch {
		case f.Name == "" || !fits(f.Name, MaxName):
			wrong("fields", "a name is not UTF-8 of 1 to %d bytes", MaxName)
		case !fits(f.Value, MaxValue):
			wrong(f.Name, "is not UTF-8 of at most %d bytes", MaxValue)
		case i > 0 && fields[i-1].Name >= f.Name:
			wrong(f.Name, "does not stand in order, or twice")
		}
	}
}

func fits(s string, most int) bool { return len(s) <= most && utf8.ValidString(s) }

// Fit makes an event keep the limits: texts become UTF-8 and are cut, fields are sorted, each name stays once (the first)
// and those over the limit go. When anything was cut, Fault says so, unless it already says something. Raw stays as it is.
func (e *Event) Fit() {
	cut := false
	fit := func(s *string, most int) {
		if fits(*s, most) {
			return
		}
		cut = true
		t := strings.ToValidUTF8(*s, "\uFFFD")
		for n := min(most, len(t)); ; n-- {
			if n == len(t) || utf8.RuneStart(t[n]) {
				t = t[:n]
				break
			}
		}
		*s = strings.Clone(t)
	}
	for _, t := range e.texts() {
		fit(t.at, MaxText)
	}
	fit(&e.Message, MaxMessage)
	for i := range e.Fields {
		fit(&e.Fields[i].Name, MaxName)
		fit(&e.Fields[i].Value, MaxValue)
	}
	if !ordered(e.Fields) {
		slices.SortStableFunc(e.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
		n := len(e.Fields)
		e.Fields = slices.CompactFunc(e.Fields, func(a, b Field) bool { return a.Name == b.Name })
		e.Fields = slices.DeleteFunc(e.Fields, func(f Field) bool { return f.Name == "" })
		cut = cut || len(e.Fields) < n
	}
	if len(e.Fields) > MaxFields {
		e.Fields, cut = e.Fields[:MaxFields], true
	}
	if e.Time < 0 {
		e.Time, cut = 0, true
	}
	if cut && e.Fault == "" {
		e.Fault = "cut: a text, a time or a list of fields was over the limit, or no UTF-8"
	}
}

func ordered(fields []Field) bool {
	for i, f := range fields {
		if f.Name == "" || i > 0 && fields[i-1].Name >= f.Name {
			return false
		}
	}
	return true
}

// Field is the value under a name of Fields; "" when it is not there.
func (e *Event) Field(name string) string {
	i := sort.Search(len(e.Fields), func(i int) bool { return e.Fields[i].Name >= name })
	if i < len(e.Fields) && e.Fields[i].Name == name {
		return e.Fields[i].Value
	}
	return ""
}
