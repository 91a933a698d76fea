package decode

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"triward/internal/atna"
	"triward/internal/eventlog"
	"triward/internal/sigma"
	"triward/internal/syslog"
)

// Input is one message as it was taken.
type Input struct {
	ID       eventlog.ID
	Source   string // id of the registered source
	Received int64  // µs UTC
	Payload  []byte // kept as Raw of the event: not to be changed afterwards
	Format   string // one of eventlog.Formats, tried first; "" finds out, "raw" does not decode
	Name     string // of the log or the file ("conn", "conn.log.gz"): tells the kind of a Zeek record without _path
	Zone     *time.Location
}

// Decoder turns messages into events. It keeps memory between messages and is for one goroutine.
type Decoder struct {
	salt  []byte
	tape  tape
	sys   syslog.Message
	audit atna.Message
	e     *eventlog.Event
	in    *Input
	set   []eventlog.Field // of the event under way, behind those of the room
	room  []eventlog.Field // the fields of finished events
	hash  []byte
	lists [3][]string // patients, studies and classes of an audit message

	clean    bool   // the message is UTF-8, and nothing that was decoded out of it may be something else
	scanned  string // the text that the tape holds, when finding the format put it there
	channels map[winKey]sigma.LogSource
}

// New returns a decoder. salt is mixed into the digests that stand for patients; it must be the same for all decoders of
// an installation, secret, and at least 16 bytes long to be of use.
func New(salt []byte) *Decoder { return &Decoder{salt: slices.Clone(salt)} }

// Append adds the events of one message to dst: one, or as many as a FHIR bundle, a JSON array or a sequence of JSON
// objects holds. What cannot be decoded is one event of format raw with the reason in Fault. The ids of further events
// follow from the first. An original longer than an event may hold is cut, which Fault says.
func (d *Decoder) Append(dst []eventlog.Event, in Input) []eventlog.Event {
	switch in.Format {
	case "", "json", "fhir", "eve", "windows", "zeek":
		if parts := d.parts(in.Payload); len(parts) > 0 {
			return d.each(dst, in, parts)
		}
	}
	before := len(dst)
	dst = d.one(dst, in)
	if e := &dst[before]; e.Format == "raw" && e.Fault == errAfter.Error() {
		if parts := d.sequence(in.Payload); len(parts) > 1 {
			return d.each(dst[:before], in, parts)
		}
	}
	return dst
}

// each decodes the parts of a message.
func (d *Decoder) each(dst []eventlog.Event, in Input, parts [][]byte) []eventlog.Event {
	whole := in.ID
	for i, p := range parts {
		in.Payload, in.ID = p, part(whole, i)
		dst = d.one(dst, in)
	}
	return dst
}

// one decodes a message that is one event.
func (d *Decoder) one(dst []eventlog.Event, in Input) []eventlog.Event {
	dst = append(dst, eventlog.Event{ID: in.ID, Source: in.Source, Received: in.Received, Raw: in.Payload})
	d.e, d.in, d.scanned = &dst[len(dst)-1], &in, ""
	d.begin()
	if len(in.Payload) > eventlog.MaxRaw {
		d.clean = false
		d.raw(string(in.Payload[:eventlog.MaxRaw]), "the original has "+strconv.Itoa(len(in.Payload))+" bytes; what is beyond "+strconv.Itoa(eventlog.MaxRaw)+" is cut off")
		d.e.Raw = in.Payload[:eventlog.MaxRaw:eventlog.MaxRaw]
		d.finish()
		return dst
	}
	s := strings.TrimPrefix(string(in.Payload), bom)
	d.clean = utf8.ValidString(s) && utf8.ValidString(in.Source)
	format := in.Format
	fault := "it has the form of none of the known formats"
	switch format {
	case "":
		format = d.detect(s)
	case "raw":
		fault = "it was given as raw"
	}
	d.e.Format = format
	switch {
	case skip(s, 0) == len(s):
		fault = "the message is empty"
	case format != "raw":
		if fault = d.as(format, s); fault != "" && in.Format != "" {
			if other := d.detect(s); other != "raw" && other != format { // a source may send what it was not said to
				*d.e = bare(d.e)
				d.begin()
				if d.as(other, s) == "" {
					fault = ""
					if d.e.Format == "" { // syslog has said by itself what it holds
						d.e.Format = other
					}
				}
			}
		}
	}
	if fault != "" {
		d.raw(s, fault)
	}
	d.finish()
	return dst
}

const bom = "\ufeff"

// as decodes s as a format. A fault means that nothing of it counts.
func (d *Decoder) as(format, s string) (fault string) {
	switch format {
	case "syslog":
		return d.syslog(s)
	case "atna":
		return d.atna(s)
	case "cef":
		return d.cef(s)
	case "zeek":
		if !strings.HasPrefix(s[skip(s, 0):], "{") {
			return d.zeekRow(s)
		}
	case "fhir", "eve", "windows", "json":
	default:
		return "the format is not known"
	}
	if d.scanned == "" || d.scanned != s { // finding the format has read it already
		if err := d.tape.scan(s); err != nil {
			return err.Error()
		}
	}
	if d.tape.nodes[0].kind != object {
		return "the JSON is no object"
	}
	switch format {
	case "zeek":
		return d.zeek()
	case "fhir":
		return d.fhir(s)
	case "eve":
		return d.eve()
	case "windows":
		return d.windows()
	}
	return d.generic()
}

// raw keeps what could not be decoded, with its first line to be read.
func (d *Decoder) raw(s, fault string) {
	*d.e = bare(d.e)
	d.e.Format, d.e.Fault = "raw", fault
	d.set = d.set[:0]
	if s, _, _ = strings.Cut(strings.TrimSpace(s), "\n"); printable(s) {
		d.e.Message = cutText(s, 1000)
	}
}

// printable tells text from binary data by its first bytes.
func printable(s string) bool {
	for i := range min(len(s), 200) {
		if s[i] < ' ' && s[i] != '\t' && s[i] != '\r' {
			return false
		}
	}
	return true
}

func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// detect finds the format by how a message begins and, of JSON, by the members that it has.
func (d *Decoder) detect(s string) string {
	trimmed := s[skip(s, 0):]
	if trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		return d.detectJSON(s)
	}
	s = trimmed
	switch {
	case s == "":
		return "raw"
	case s[0] == '<' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
		return "syslog"
	case s[0] == '<':
		return "atna"
	case strings.HasPrefix(s, "CEF:"):
		return "cef"
	case strings.HasPrefix(s, "#separator") || strings.HasPrefix(s, "#fields") || strings.HasPrefix(s, "#path"):
		return "zeek"
	}
	var m syslog.Message
	if syslog.Decode(s, syslog.Source{}, &m) == nil && m.Form != syslog.Bare {
		return "syslog"
	}
	return "raw"
}

// detectJSON looks at the members of the document, which it leaves on the tape.
func (d *Decoder) detectJSON(s string) string {
	t := &d.tape
	if t.scan(s) != nil || t.nodes[0].kind != object {
		return "json"
	}
	d.scanned = s
	var ts, uid, channel, id, kind, flow bool
	for c := int32(1); c < t.nodes[0].next; c = t.nodes[c].next {
		switch t.nodes[c].key {
		case "_path":
			return "zeek"
		case "resourceType":
			return "fhir"
		case "winlog":
			return "windows"
		case "ts":
			ts = true
		case "uid", "id.orig_h", "fuid":
			uid = true
		case "Channel", "channel", "log_name", "ProviderGuid":
			channel = true
		case "EventID", "event_id":
			id = true
		case "Event":
			if t.at("Event", "System") >= 0 {
				return "windows"
			}
		case "event_type":
			kind = true
		case "flow_id", "src_ip", "in_iface", "stats":
			flow = true
		}
	}
	switch {
	case channel && id:
		return "windows"
	case kind && flow && t.get(0, "timestamp") >= 0:
		return "eve"
	case ts && (uid || zeekName(d.in.Name) != ""):
		return "zeek"
	}
	return "json"
}

// parts are the pieces of a payload that holds several events: the resources of a FHIR bundle, the objects of a JSON
// array. nil: it is one event.
func (d *Decoder) parts(payload []byte) [][]byte {
	i := 0
	for i < len(payload) && (payload[i] <= ' ' || payload[i] >= 0x80) { // white space and a byte order mark
		i++
	}
	if i >= len(payload) || payload[i] != '[' && payload[i] != '{' {
		return nil
	}
	if payload[i] == '[' {
		return d.elements(payload, i)
	}
	return d.entries(payload, i)
}

// part is the id of the n-th event of a message: its own for the first, for the others one that follows from it.
func part(id eventlog.ID, n int) eventlog.ID {
	if n == 0 {
		return id
	}
	b := binary.BigEndian.AppendUint64(append([]byte("triward part of a message\n"), id[:]...), uint64(n))
	sum := sha256.Sum256(b)
	out := id
	copy(out[6:], sum[:]) // the time of receipt, or the begin of the batch, stays
	return out
}
