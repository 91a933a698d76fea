package decode

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"triward/internal/eventlog"
	"triward/internal/syslog"
)

// OCSF classes (class_uid) that events are given, and the activities (activity_id) that have a name below.
const (
	classFile       = 1001
	classProcess    = 1007
	classFinding    = 2004
	classAccount    = 3001
	classLogin      = 3002
	classAccess     = 3005
	classNetwork    = 4001
	classHTTP       = 4002
	classDNS        = 4003
	classDHCP       = 4004
	classRDP        = 4005
	classSMB        = 4006
	classSSH        = 4007
	classEmail      = 4009
	classInventory  = 5001
	classConfig     = 5019
	classLifecycle  = 6002
	classAPI        = 6003
	classDatastore  = 6005
	classRegistry   = 201001
	activityOther   = 99
	activityTraffic = 6 // of Network Activity

	success = 1
	failure = 2
)

// class says what happened.
func (d *Decoder) class(class, activity int) { d.e.Class, d.e.Activity = class, activity }

// as a log source of Sigma: category is the medical one.
func (d *Decoder) source(product, service, category string) {
	d.e.Product, d.e.Service, d.e.Category = product, service, category
}

// begin makes room for the fields of an event.
func (d *Decoder) begin() {
	if cap(d.room)-len(d.room) < 64 {
		d.room = make([]eventlog.Field, 0, 1024)
	}
	d.set = d.room[len(d.room):]
}

// put notes a normalised field; an empty value is none.
func (d *Decoder) put(name, value string) {
	if value != "" && len(d.set) < eventlog.MaxFields {
		d.set = append(d.set, eventlog.Field{Name: name, Value: value})
	}
}

// most is how many values of one kind an event lists.
const most = 16

// names are those under which several values of one kind stand: name, name.2 … name.16.
type names [most]string

func series(name string) names {
	out := names{name}
	for i := 1; i < most; i++ {
		out[i] = name + "." + strconv.Itoa(i+1)
	}
	return out
}

var patientNames, classNames, studyNames = series("patient_hash"), series("sop_class"), series("study.uid")

// putAll notes values, each once.
func (d *Decoder) putAll(under *names, values []string) {
	n := 0
	for i, v := range values {
		if v == "" || n >= most || within(values[:i], v) {
			continue
		}
		d.put(under[n], v)
		n++
	}
}

func within(list []string, v string) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// finish orders the fields, takes them into the event, and makes the event keep the limits.
func (d *Decoder) finish() {
	e := d.e
	if e.Time != 0 {
		d.hour()
	}
	if strings.IndexByte(e.Message, '\n') >= 0 || strings.IndexByte(e.Message, '\r') >= 0 {
		e.Message = strings.Join(strings.FieldsFunc(e.Message, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	}
	if len(e.Message) > eventlog.MaxMessage { // the original has all of it
		e.Message = cutText(e.Message, eventlog.MaxMessage-len("…"))
	}
	f := d.set
	for i := 1; i < len(f); i++ { // they come nearly in order
		if f[i].Name >= f[i-1].Name {
			continue
		}
		x, j := f[i], i
		for ; j > 0 && x.Name < f[j-1].Name; j-- {
			f[j] = f[j-1]
		}
		f[j] = x
	}
	n := 0
	for i := range f {
		if n == 0 || f[i].Name != f[n-1].Name {
			f[n] = f[i]
			n++
		}
	}
	if n > 0 {
		if cap(d.set) == cap(d.room)-len(d.room) { // they stand in the room, and were not moved to one of their own
			d.room = d.room[:len(d.room)+n]
		}
		e.Fields = f[:n:n]
	}
	if !d.clean || !short(e) {
		e.Fit()
	}
}

// short is whether every text of the event is within its limit. Parts of a message of UTF-8 are UTF-8, so that nothing
// else has to be looked at.
func short(e *eventlog.Event) bool {
	for _, s := range [...]string{e.Source, e.Format, e.Fault, e.Product, e.Category, e.Service, e.User, e.Host, e.SrcIP, e.DstIP, e.Proto, e.Hash} {
		if len(s) > eventlog.MaxText {
			return false
		}
	}
	for i := range e.Fields {
		if f := &e.Fields[i]; len(f.Name) > eventlog.MaxName || len(f.Value) > eventlog.MaxValue || f.Name == "" {
			return false
		}
	}
	return len(e.Message) <= eventlog.MaxMessage && len(e.Fields) <= eventlog.MaxFields
}

// hour notes the hour and the day of the week on the clock of the source.
func (d *Decoder) hour() {
	local := d.e.Time
	if z := d.in.Zone; z != nil && z != time.UTC {
		_, offset := time.UnixMicro(local).In(z).Zone()
		local += int64(offset) * 1e6
	}
	const hour = 3600 * 1e6
	h := floor(local, hour)
	day := floor(h, 24)
	d.put("time.hour", small[h-day*24])
	d.put("time.weekday", small[day+3-7*floor(day+3, 7)+1]) // 1970-01-01 was a Thursday
}

func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

var small = [...]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"}

// time takes a time as written, and says whether there was one: of RFC 3339 and its kin, or a number since 1970 in
// seconds, milliseconds, microseconds or nanoseconds, told apart by its size. A time without a zone is the source's; when
// that is not known either it is read as UTC, and time.assumed says so.
func (d *Decoder) time(s string) bool {
	if s == "" {
		return false
	}
	c, rest, ok := syslog.ParseTime(s)
	if !ok || rest != "" && rest != " UTC" {
		return d.epoch(s)
	}
	µs := c.In(d.in.Zone)
	if µs == 0 { // emitters write it for "none"
		return false
	}
	if !c.HasZone && d.in.Zone == nil && rest == "" {
		d.put("time.assumed", "zone")
	}
	d.e.Time = µs
	return true
}

// epoch reads a number; only those of 1973 to 2286 are times.
func (d *Decoder) epoch(s string) bool {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 1e8 {
		return false
	}
	switch {
	case n < 1e10:
		n *= 1e6
		unit := int64(1e5)
		for _, c := range []byte(fraction) {
			if c < '0' || c > '9' {
				return false
			}
			n += int64(c-'0') * unit
			unit /= 10
		}
	case n < 1e13:
		n *= 1e3
	case n < 1e16:
	default:
		n /= 1e3
	}
	d.e.Time = n
	return true
}

// address is an IP address in its usual form; "" when s is none.
func address(s string) string {
	if len(s) < 2 || len(s) > 60 {
		return ""
	}
	if strings.IndexByte(s, ':') < 0 {
		if plainV4(s) {
			return s
		}
		return ""
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if len(s) <= 39 && a.Is6() && a.StringExpanded() == s || !a.Is6() || !lowered(s) || strings.Contains(s, ":0") {
		return a.String()
	}
	return s
}

func lowered(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' || s[i] == '%' || s[i] == '[' {
			return false
		}
	}
	return true
}

// plainV4 is whether s is four numbers of 0 to 255 with points, without leading zeros.
func plainV4(s string) bool {
	n, digits, points := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if digits == 0 || n > 255 {
				return false
			}
			points++
			n, digits = 0, 0
			continue
		}
		if s[i] < '0' || s[i] > '9' || digits > 0 && n == 0 || digits == 3 {
			return false
		}
		n = n*10 + int(s[i]-'0')
		digits++
	}
	return points == 4
}

// from and to are the two sides; what is no address is left out.
func (d *Decoder) from(ip, port string) { d.e.SrcIP, d.e.SrcPort = address(ip), portOf(port) }
func (d *Decoder) to(ip, port string)   { d.e.DstIP, d.e.DstPort = address(ip), portOf(port) }

func portOf(s string) int {
	n := integer(s)
	if n > 65535 {
		return 0
	}
	return n
}

// integer is a number of digits alone below 10^9; 0 for anything else.
func integer(s string) int {
	if len(s) == 0 || len(s) > 9 {
		return 0
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// patient is the digest that stands for a patient: half of SHA-256 over the salt and the id.
func (d *Decoder) patient(id string) string {
	id = strings.TrimSpace(id)
	if i := strings.LastIndex(id, "Patient/"); i >= 0 { // a FHIR reference, perhaps with its version
		id, _, _ = strings.Cut(id[i+len("Patient/"):], "/")
		id, _, _ = strings.Cut(id, "?")
	}
	if id == "" {
		return ""
	}
	d.hash = append(append(d.hash[:0], d.salt...), id...)
	sum := sha256.Sum256(d.hash)
	return hex.EncodeToString(sum[:16])
}

// veil takes what may name a patient out of an address or a reference: the part behind "Patient/" and the question of an
// address that asks about patients. found is the id that was there.
func veil(s string) (clean, found string) {
	i := strings.Index(s, "Patient")
	if i < 0 {
		if q := strings.IndexByte(s, '?'); q >= 0 && namesPatient(s[q:]) {
			return s[:q+1] + "…", ""
		}
		return s, ""
	}
	head, rest := s[:i+len("Patient")], s[i+len("Patient"):]
	switch {
	case strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "/$"):
		id := rest[1:]
		if n := strings.IndexAny(id, "/?"); n >= 0 {
			id, rest = id[:n], id[n:]
		} else {
			rest = ""
		}
		if q := strings.IndexByte(rest, '?'); q >= 0 {
			rest = rest[:q+1] + "…"
		}
		if id == "" || strings.HasPrefix(id, "_") {
			return head + "/" + id + rest, ""
		}
		return head + "/…" + rest, id
	case strings.Contains(rest, "?"):
		q := strings.IndexByte(rest, '?')
		return head + rest[:q+1] + "…", ""
	}
	if q := strings.IndexByte(s, '?'); q >= 0 {
		return s[:q+1] + "…", ""
	}
	return s, ""
}

// namesPatient is whether a question asks by what identifies a person (FHIR search, QIDO-RS).
func namesPatient(q string) bool {
	for _, word := range []string{"patient", "identifier=", "birthdate=", "family=", "given=", "subject=", "00100010", "00100020"} {
		if strings.Contains(q, word) {
			return true
		}
	}
	return false
}

// where notes an address as it may be kept, and the patient that it names.
func (d *Decoder) where(name, s string) {
	clean, id := veil(s)
	d.put(name, clean)
	if id != "" {
		d.put("patient_hash", d.patient(id))
	}
}
