package decode

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"triward/internal/atna"
)

// events are the EventIDs of DICOM PS3.15 and IHE with their names, and the OCSF class of each.
var events = map[string]struct {
	name            string
	class, activity int
}{
	"110100":  {"Application Activity", classLifecycle, activityOther},
	"110101":  {"Audit Log Used", classDatastore, 1},
	"110102":  {"Begin Transferring DICOM Instances", classDatastore, activityOther},
	"110103":  {"DICOM Instances Accessed", classDatastore, 0},
	"110104":  {"DICOM Instances Transferred", classDatastore, 0},
	"110105":  {"DICOM Study Deleted", classDatastore, 7},
	"110106":  {"Export", classDatastore, 1},
	"110107":  {"Import", classDatastore, 5},
	"110108":  {"Network Entry", classNetwork, activityOther},
	"110109":  {"Order Record", classDatastore, 0},
	"110110":  {"Patient Record", classDatastore, 0},
	"110111":  {"Procedure Record", classDatastore, 0},
	"110112":  {"Query", classDatastore, 4},
	"110113":  {"Security Alert", classFinding, 1},
	"110114":  {"User Authentication", classLogin, activityOther},
	"IHE0001": {"Health Services Provision Event", classDatastore, 0},
	"IHE0002": {"Medication Event", classDatastore, 0},
	"IHE0003": {"Patient Care Resource Assignment", classDatastore, 0},
	"IHE0004": {"Patient Care Episode", classDatastore, 0},
	"IHE0005": {"Patient Care Protocol", classDatastore, 0},
}

// types are the EventTypeCodes of DICOM. A class of 0 leaves the one of the event.
var types = map[string]struct {
	name            string
	class, activity int
}{
	"110120": {"Application Start", classLifecycle, 3},
	"110121": {"Application Stop", classLifecycle, 4},
	"110122": {"Login", classLogin, 1},
	"110123": {"Logout", classLogin, 2},
	"110124": {"Attach", 0, 1},
	"110125": {"Detach", 0, 2},
	"110126": {"Node Authentication", classLogin, 1},
	"110127": {"Emergency Override Started", classAccess, 1},
	"110128": {"Network Configuration", classConfig, activityOther},
	"110129": {"Security Configuration", classConfig, activityOther},
	"110130": {"Hardware Configuration", classConfig, activityOther},
	"110131": {"Software Configuration", classConfig, activityOther},
	"110132": {"Use of Restricted Function", classFinding, 1},
	"110133": {"Audit Recording Stopped", classLifecycle, 4},
	"110134": {"Audit Recording Started", classLifecycle, 3},
	"110135": {"Object Security Attributes Changed", classAccess, activityOther},
	"110136": {"Security Roles Changed", classAccess, activityOther},
	"110137": {"User Security Attributes Changed", classAccount, activityOther},
	"110138": {"Emergency Override Stopped", classAccess, 2},
	"110139": {"Remote Service Operation Started", classLifecycle, 3},
	"110140": {"Remote Service Operation Stopped", classLifecycle, 4},
	"110141": {"Local Service Operation Started", classLifecycle, 3},
	"110142": {"Local Service Operation Stopped", classLifecycle, 4},
}

// atna reads an audit message of DICOM PS3.15 A.5 or RFC 3881.
func (d *Decoder) atna(s string) string {
	m := &d.audit
	if err := atna.Decode(s, m); err != nil {
		return err.Error()
	}
	if m.Event.ID.Value == "" {
		return "an audit message without EventID"
	}
	d.source("medical", "atna", "audit")
	d.time(m.Event.Time)
	typ := atna.Code{}
	if len(m.Event.Types) > 0 {
		typ = m.Event.Types[0]
	}
	who := d.sides(m)
	d.put("audit.action", m.Event.Action)
	d.event(m.Event.ID, typ, m.Event.Action)
	d.outcome(m.Event.Outcome)
	if len(m.Sources) > 0 {
		s := &m.Sources[0]
		d.put("audit.site", s.Site)
		d.put("audit.source", s.ID)
		if len(s.Types) > 0 {
			d.put("audit.source_type", s.Types[0].Value)
		}
	}
	if len(m.Event.Types) > 0 {
		d.put("audit.type", typ.Value)
		for i, t := range m.Event.Types[1:min(len(m.Event.Types), most)] {
			d.put("audit.type."+strconv.Itoa(i+2), t.Value)
		}
	}
	d.objects(m)
	if who != nil {
		d.user(who)
	}
	return ""
}

// event says by event, type and action what happened, and in words.
func (d *Decoder) event(id, typ atna.Code, action string) {
	d.put("audit.event", id.Value)
	known, named := events[id.Value], types[typ.Value]
	class, activity := known.class, known.activity
	if named.name != "" {
		activity = named.activity
		if named.class != 0 {
			class = named.class
		}
	}
	if activity == 0 {
		switch activity = activityOther; action {
		case "C":
			activity = 6
		case "R", "E":
			activity = 1
		case "U":
			activity = 2
		case "D":
			activity = 7
		}
	}
	if class != 0 {
		d.class(class, activity)
	}
	words := known.name
	if words == "" {
		words = orElse(id.Text, id.Value)
	}
	if t := orElse(named.name, orElse(typ.Text, typ.Value)); t != "" {
		words += ": " + t
	}
	d.e.Message = words
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// outcome reads EventOutcomeIndicator; the severities are those that loggers give the outcomes in syslog.
func (d *Decoder) outcome(s string) {
	switch s {
	case "0":
		d.e.Outcome, d.e.Severity = success, 1
	case "4":
		d.e.Outcome, d.e.Severity = failure, 3
	case "8":
		d.e.Outcome, d.e.Severity = failure, 4
	case "12":
		d.e.Outcome, d.e.Severity = failure, 5
	}
	d.put("audit.outcome", s)
}

// sides finds who did it and which two systems took part. The role decides (source 110153, destination 110152), because
// some emitters call both sides requestor. Without roles the requestor is the source.
func (d *Decoder) sides(m *atna.Message) (who *atna.Participant) {
	var from, to *atna.Participant
	for i := range m.Participants {
		p := &m.Participants[i]
		switch {
		case to == nil && (p.HasRole("110152") || p.HasRole("110154")):
			to = p
		case from == nil && (p.HasRole("110153") || p.HasRole("110155")):
			from = p
		}
		if p.Media.Value != "" {
			d.put("media", p.Media.Value)
		}
		if p.IsRequestor() && (who == nil || rank(p) > rank(who)) {
			who = p
		}
	}
	for i := range m.Participants {
		if who == nil && !m.Participants[i].HasRole("110152") {
			who = &m.Participants[i]
		}
	}
	if from == nil {
		from = who
	}
	if from == to {
		to = nil
	}
	if to != nil {
		d.put("ae.called", title(to.AlternativeUserID))
		d.e.DstIP = address(to.NetworkAccessPoint)
	}
	if from != nil {
		d.put("ae.calling", title(from.AlternativeUserID))
		d.e.SrcIP = address(from.NetworkAccessPoint)
	}
	return who
}

// rank prefers a person to a program.
func rank(p *atna.Participant) int {
	switch {
	case p.UserType == "1":
		return 3
	case p.UserType == "2" || p.HasRole("110150") || title(p.AlternativeUserID) != "":
		return 1
	}
	return 2
}

func (d *Decoder) user(p *atna.Participant) {
	clean, id := veil(p.UserID)
	d.e.User = clean
	if id != "" {
		d.put("patient_hash", d.patient(id))
	}
	alt, _ := veil(p.AlternativeUserID)
	d.put("user.alt", alt)
	d.put("user.name", p.UserName)
	d.put("user.requestor", p.Requestor)
	if len(p.Roles) > 0 {
		d.put("user.role", p.Roles[0].Value)
	}
}

// title is the first AE title of an AlternativeUserID: "AETITLE=A" or "AETITLES=A;B" (PS3.15 A.5.2.1).
func title(s string) string {
	name, list, ok := strings.Cut(s, "=")
	if !ok || !strings.EqualFold(name, "AETITLE") && !strings.EqualFold(name, "AETITLES") {
		return ""
	}
	first, _, _ := strings.Cut(list, ";")
	return strings.TrimSpace(first)
}

// objects notes patients by digest, studies and classes by their UIDs, other objects as they are.
func (d *Decoder) objects(m *atna.Message) {
	patients, studies, classes := d.lists[0][:0], d.lists[1][:0], d.lists[2][:0]
	instances, counted, objects := 0, false, 0
	for i := range m.Objects {
		o := &m.Objects[i]
		if o.IsPatient() {
			if len(patients) < most {
				patients = append(patients, d.patient(o.ID))
			}
			continue
		}
		if o.IDType.Value == "110180" {
			studies = append(studies, o.ID)
		}
		studies = append(studies, o.Description.Studies...)
		for j := range o.Description.Classes {
			c := &o.Description.Classes[j]
			classes = append(classes, c.UID)
			if n, err := strconv.Atoi(strings.TrimSpace(c.Number)); err == nil && n >= 0 {
				instances, counted = min(instances+n, 1<<40), true
			}
		}
		if o.Query != "" || o.Role == "24" {
			d.query(o)
		}
		if o.Role == "24" && o.Query == "" {
			continue
		}
		if objects++; objects == 1 {
			d.object(o)
		}
		d.details(o)
	}
	if counted {
		d.put("n_instances", strconv.Itoa(instances))
	}
	d.put("n_objects", strconv.Itoa(len(m.Objects)))
	d.putAll(&patientNames, patients)
	d.putAll(&classNames, classes)
	d.putAll(&studyNames, studies)
	d.lists = [3][]string{patients, studies, classes}
}

func (d *Decoder) object(o *atna.Object) {
	d.where("object.id", o.ID)
	d.put("object.id_type", o.IDType.Value)
	d.put("object.lifecycle", o.LifeCycle)
	d.put("object.role", o.Role)
	d.put("object.type", o.Type)
}

// details takes the control number of the HL7 message that caused the event.
func (d *Decoder) details(o *atna.Object) {
	for i := range o.Details {
		if t := &o.Details[i]; t.Type == "MSH-10" {
			v := t.Value
			if b, err := base64.StdEncoding.DecodeString(v); err == nil && printable(string(b)) {
				v, d.clean = string(b), false
			}
			d.put("hl7.msh10", v)
		}
	}
}

// query says that the event has a question, and of a question of DICOM whether it restricts anything.
func (d *Decoder) query(o *atna.Object) {
	d.put("object.query", "true")
	d.wide(o.Query)
}

// wide looks into the question, which is base64. Most are no identifier of DICOM: HL7, XML, an address.
func (d *Decoder) wide(query string) {
	if strings.ContainsAny(query, " \t\r\n") {
		query = strings.Join(strings.Fields(query), "")
	}
	if len(query) < 12 {
		return
	}
	var head [9]byte
	if n, err := base64.StdEncoding.Decode(head[:], []byte(query[:12])); err != nil || n < 8 || !identifier(head[:]) {
		return
	}
	b, err := base64.StdEncoding.DecodeString(query)
	if err != nil {
		return
	}
	if wide, known := wideQuery(b); known {
		d.put("query.wide", strconv.FormatBool(wide))
	}
}

// identifier is whether the bytes may begin a data set: its first element is one of the groups 0002, 0008, 0010, 0018 or
// 0020, and its length is small.
func identifier(b []byte) bool {
	group := binary.LittleEndian.Uint16(b)
	return (group == 0x0002 || group == 0x0008 || group == 0x0010 || group == 0x0018 || group == 0x0020) &&
		(upper(b[4]) && upper(b[5]) || binary.LittleEndian.Uint32(b[4:]) < 1<<16)
}

// wideQuery reads the identifier of a C-FIND (PS3.4 C.4.1.1, encoded little endian, with or without value representations).
// It is wide when no key but the level and the character set has a value that restricts ("" and "*" do not). known is
// false for what is no such identifier, and where only a sequence could restrict, into which it does not look.
func wideQuery(b []byte) (wide, known bool) {
	wide, known = true, true
	for n := 0; len(b) > 0; n++ {
		if len(b) < 8 || n > 500 {
			return false, false
		}
		group, element := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		size, head := uint64(binary.LittleEndian.Uint32(b[4:])), uint64(8)
		if upper(b[4]) && upper(b[5]) {
			size = uint64(binary.LittleEndian.Uint16(b[6:]))
			switch string(b[4:6]) {
			case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
				if len(b) < 12 {
					return false, false
				}
				size, head = uint64(binary.LittleEndian.Uint32(b[8:])), 12
			}
		}
		if size == 0xffffffff { // a sequence without length
			return false, !wide
		}
		if head+size > uint64(len(b)) {
			return false, false
		}
		if size > 0 && (string(b[4:6]) == "SQ" || strings.HasPrefix(string(b[head:head+size]), "\xfe\xff\x00\xe0")) {
			known = false
			b = b[head+size:]
			continue
		}
		value := strings.Trim(string(b[head:head+size]), " \x00*")
		level := group == 0x0008 && (element == 0x0052 || element == 0x0005)
		if value != "" && !level && element != 0 {
			wide = false
		}
		b = b[head+size:]
	}
	return wide, known || !wide
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
