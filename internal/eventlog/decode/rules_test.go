package decode

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"triward/internal/eventlog"
)

func one(t *testing.T, in Input) eventlog.Event {
	t.Helper()
	got := New([]byte("0123456789abcdef")).Append(nil, in)
	if len(got) != 1 {
		t.Fatalf("%d events", len(got))
	}
	check(t, &got[0], in.Payload)
	return got[0]
}

func TestTimesAreNeverInvented(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload string
		zone    *time.Location
		want    string // RFC 3339; "" for none
		assumed string
	}{
		"none":                       {`{"msg":"x"}`, nil, "", ""},
		"null":                       {`{"time":null,"msg":"x"}`, nil, "", ""},
		"nonsense":                   {`{"time":"soon","msg":"x"}`, nil, "", ""},
		"1970 stands for none":       {`{"_path":"stats","ts":"1970-01-01T00:00:00.000000Z"}`, nil, "", ""},
		"small numbers are no time":  {`{"time":1234,"msg":"x"}`, nil, "", ""},
		"seconds":                    {`{"time":1772352000,"msg":"x"}`, nil, "2026-03-01T08:00:00Z", ""},
		"fraction":                   {`{"time":1772352000.123456789,"msg":"x"}`, nil, "2026-03-01T08:00:00.123456Z", ""},
		"milliseconds":               {`{"time":"1772352000123","msg":"x"}`, nil, "2026-03-01T08:00:00.123Z", ""},
		"microseconds":               {`{"time":1772352000123456,"msg":"x"}`, nil, "2026-03-01T08:00:00.123456Z", ""},
		"nanoseconds":                {`{"time":1772352000123456789,"msg":"x"}`, nil, "2026-03-01T08:00:00.123456Z", ""},
		"zone of the source":         {`{"time":"2026-03-01 09:00:00","msg":"x"}`, berlin, "2026-03-01T08:00:00Z", ""},
		"no zone at all":             {`{"time":"2026-03-01 09:00:00","msg":"x"}`, nil, "2026-03-01T09:00:00Z", "zone"},
		"zone in the record":         {`{"time":"2026-03-01T09:00:00-05:00","msg":"x"}`, berlin, "2026-03-01T14:00:00Z", ""},
		"syslog without year":        {"<13>Mar  1 09:00:00 h a: x", berlin, "2026-03-01T08:00:00Z", "year"},
		"syslog without anything":    {"<13>Mar  1 09:00:00 h a: x", nil, "2026-03-01T09:00:00Z", "year zone"},
		"syslog without time":        {"<13>a: x", nil, "", ""},
		"inner before outer":         {`<13>1 2026-03-01T10:00:00Z h a - - - {"time":"2026-03-01T08:00:00Z","msg":"x"}`, nil, "2026-03-01T08:00:00Z", ""},
		"outer where inner has none": {`<13>1 2026-03-01T10:00:00Z h a - - - {"msg":"x"}`, nil, "2026-03-01T10:00:00Z", ""},
		"NXLog, zone known":          {`{"EventTime":"2026-03-01 09:00:00","Channel":"Security","EventID":1,"@timestamp":"2026-03-01T08:05:00Z"}`, berlin, "2026-03-01T08:00:00Z", ""},
		"NXLog, zone not known":      {`{"EventTime":"2026-03-01 09:00:00","Channel":"Security","EventID":1,"@timestamp":"2026-03-01T08:05:00Z"}`, nil, "2026-03-01T08:05:00Z", ""},
		"NXLog alone":                {`{"EventTime":"2026-03-01 09:00:00","Channel":"Security","EventID":1}`, nil, "2026-03-01T09:00:00Z", "zone"},
		"CEF text":                   {"CEF:0|a|b|c|d|e|5|rt=Mar 01 2026 09:00:00.250", berlin, "2026-03-01T08:00:00.25Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(c.payload)
			in.Zone = c.zone
			e := one(t, in)
			got := ""
			if e.Time != 0 {
				got = time.UnixMicro(e.Time).UTC().Format(time.RFC3339Nano)
			}
			if got != c.want || e.Field("time.assumed") != c.assumed || (e.Field("time.hour") == "") != (c.want == "") {
				t.Errorf("time %q, assumed %q, hour %q, want %q, %q", got, e.Field("time.assumed"), e.Field("time.hour"), c.want, c.assumed)
			}
		})
	}
}

func TestHourOfTheSource(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	for at, want := range map[string]string{"2026-03-01T14:59:59Z": "23 7", "2026-03-01T15:00:00Z": "0 1", "1969-12-31T23:00:00-05:00": "13 4"} {
		in := input(`{"time":"` + at + `","msg":"x"}`)
		in.Zone = tokyo
		e := one(t, in)
		if got := e.Field("time.hour") + " " + e.Field("time.weekday"); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

// element is one of a data set: explicit little endian with a short value representation.
func element(group, number uint16, vr, value string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, group)
	b = binary.LittleEndian.AppendUint16(b, number)
	if vr == "" { // implicit
		b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	} else {
		b = binary.LittleEndian.AppendUint16(append(b, vr...), uint16(len(value)))
	}
	return append(b, value...)
}

func TestWideQueries(t *testing.T) {
	join := func(parts ...[]byte) []byte {
		var out []byte
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	level, all := element(8, 0x52, "CS", "STUDY "), element(0x10, 0x10, "PN", "* ")
	for name, c := range map[string]struct {
		query []byte
		want  string
	}{
		"nothing but the level":   {level, "true"},
		"star and empty":          {join(level, all, element(0x10, 0x20, "LO", "")), "true"},
		"a patient":               {join(level, element(0x10, 0x20, "LO", "4711")), "false"},
		"implicit":                {join(element(8, 0x52, "", "PATIENT "), element(0x10, 0x10, "", "*")), "true"},
		"implicit with a key":     {join(element(8, 0x20, "", "20260301"), element(8, 0x52, "", "STUDY ")), "false"},
		"a sequence beside a key": {join(element(8, 0x20, "DA", "20260301"), append(element(0x40, 0x100, "SQ", ""), 0xff, 0xff, 0xff, 0xff)), "false"},
		"a sequence with length":  {join(level, element(0x40, 0x100, "", "\xfe\xff\x00\xe0\x00\x00\x00\x00")), ""},
		"a sequence":              {join(level, append(element(0x40, 0x100, "SQ", ""), 0xff, 0xff, 0xff, 0xff)), ""},
		"a question of HL7":       {[]byte("MSH|^~\\&|A|B|C|D||QBP^Q22"), ""},
		"an address":              {[]byte("http://x/fhir/Patient?name=a"), ""},
		"cut off":                 {level[:len(level)-1], ""},
		"shorter than a element":  {[]byte{8, 0, 0x52}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := base64.StdEncoding.EncodeToString(c.query)
			if len(q) > 8 { // as pretty printers break it
				q = q[:8] + "\n   " + q[8:]
			}
			e := one(t, input(strings.Replace(audit, "</AuditMessage>", `<ParticipantObjectIdentification ParticipantObjectID="1.2" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="24"><ParticipantObjectQuery>`+q+`</ParticipantObjectQuery></ParticipantObjectIdentification></AuditMessage>`, 1)))
			if got := e.Field("query.wide"); got != c.want || e.Field("object.query") != "true" {
				t.Errorf("wide %q, query %q, want %q", got, e.Field("object.query"), c.want)
			}
		})
	}
}

// No normalised value holds the id or the name of a patient, wherever a record says it.
func TestPatientsAreNotNamed(t *testing.T) {
	const id = "4711-0815"
	person := `<ParticipantObjectIdentification ParticipantObjectID="` + id + `^^^H&amp;1.2&amp;ISO" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"><ParticipantObjectName>4711-0815 Muster</ParticipantObjectName></ParticipantObjectIdentification>`
	for name, c := range map[string]struct {
		payload string
		hash    bool
	}{
		"object of ATNA":      {strings.Replace(audit, "</AuditMessage>", person+"</AuditMessage>", 1), true},
		"user of ATNA":        {strings.Replace(audit, `UserID="service"`, `UserID="http://h/fhir/Patient/`+id+`"`, 1), true},
		"reference as object": {strings.Replace(audit, "</AuditMessage>", `<ParticipantObjectIdentification ParticipantObjectID="Patient/`+id+`" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="4"/></AuditMessage>`, 1), true},
		"entity of FHIR":      {strings.ReplaceAll(fhirAudit, "Patient/4711", "http://h/fhir/Patient/"+id+"/_history/3"), true},
		"patient as agent":    {strings.ReplaceAll(fhirAudit, `{"identifier":{"value":"dr.muster"}}`, `{"type":"Patient","identifier":{"value":"`+id+`"}}`), true},
		"address in Zeek":     {`{"_path":"http","ts":1772352000,"uid":"C","uri":"/fhir/Patient/` + id + `/$everything?x=y"}`, true},
		"search in Zeek":      {`{"_path":"http","ts":1772352000,"uid":"C","uri":"/fhir/Observation?patient=` + id + `"}`, false},
		"search by number":    {`{"_path":"http","ts":1772352000,"uid":"C","uri":"/fhir/Patient?identifier=` + id + `"}`, false},
		"QIDO":                {`{"_path":"http","ts":1772352000,"uid":"C","uri":"/dicom-web/studies?PatientID=` + id + `"}`, false},
		"QIDO by tag":         {`{"_path":"http","ts":1772352000,"uid":"C","uri":"/dicom-web/studies?00100020=` + id + `"}`, false},
		"address in EVE":      {`{"timestamp":"2026-03-01T08:00:00+0000","flow_id":1,"event_type":"http","src_ip":"10.0.0.1","http":{"url":"/r4/Patient/` + id + `"}}`, true},
		"address in CEF":      {"CEF:0|a|b|c|d|e|5|request=https://h/Patient/" + id + " act=x", true},
		"id of a sensor":      {`{"_path":"dicom","ts":1772352000,"dimse":"C-FIND-RQ","patient_id":"` + id + `","PatientName":"Muster"}`, true},
		"id in JSON":          {`{"time":"2026-03-01T08:00:00Z","dimse":"C-FIND-RQ","patient":{"id":"` + id + `","name":"Muster"}}`, true},
		"object in JSON":      {`{"time":"2026-03-01T08:00:00Z","object.id":"Patient/` + id + `"}`, true},
		"PID of HL7":          {`{"_path":"hl7","ts":1772352000,"hl7.type":"ADT^A01","hl7.pid3":"` + id + `","hl7.pid5":"Muster"}`, true},
		"address in JSON":     {`{"time":"2026-03-01T08:00:00Z","http.uri":"/Patient/` + id + `"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := one(t, input(c.payload))
			if e.Format == "raw" {
				t.Fatal(e.Fault)
			}
			for _, f := range append(e.Fields, eventlog.Field{Name: "user", Value: e.User}, eventlog.Field{Name: "message", Value: e.Message}) {
				if strings.Contains(f.Value, id) || strings.Contains(f.Value, "Muster") {
					t.Errorf("%s says %q", f.Name, f.Value)
				}
			}
			h := e.Field("patient_hash")
			if raw, err := hex.DecodeString(h); (len(raw) == 16) != c.hash || err != nil {
				t.Errorf("patient_hash %q", h)
			}
			other := New([]byte("another salt, as long")).Append(nil, input(c.payload))[0]
			if c.hash && other.Field("patient_hash") == h {
				t.Error("the salt does not count")
			}
		})
	}
}

func TestSamePatientHasOneHash(t *testing.T) {
	d := New([]byte("0123456789abcdef"))
	want := d.patient("77")
	for _, s := range []string{" 77 ", "Patient/77", "http://h/fhir/Patient/77", "Patient/77/_history/2", "Patient/77?x=1"} {
		if d.patient(s) != want {
			t.Errorf("%q is another patient", s)
		}
	}
	if d.patient("78") == want || d.patient("") != "" || d.patient("Patient/") != "" {
		t.Error("patients flow together")
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", "256.0.0.1": "", "10.0.0": "", "10.0.0.0.1": "", "010.0.0.1": "", "": "", "-": "", "host": "", "1.2.3.4x": "",
		"::1": "::1", "FE80::1": "fe80::1", "fe80::1%eth0": "fe80::1", "2001:0db8:0000:0000:0000:0000:0000:0001": "2001:db8::1", "::ffff:10.0.0.1": "10.0.0.1", "[::1]": "::1", "2001:db8:0:0::1": "2001:db8::1", "a:b": "",
	} {
		if got := address(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestZeekNames(t *testing.T) {
	for in, want := range map[string]string{"conn.log": "conn", "/a/b/dns.12:00:00-13:00:00.log.gz": "dns", "x.tar!zeek/http.json.gz": "http", `C:\logs\ssl.log`: "ssl", "connections.log": "", "": "", " .log": ""} {
		if got := zeekName(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestIdsOfParts(t *testing.T) {
	m, err := eventlog.NewMinter()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []eventlog.ID{m.Next(received), eventlog.Derive("a", "b").At(4)} {
		in := input(`[{"time":1772352000},{"time":1772352001},{"time":1772352002}]`)
		in.ID = id
		first, again := New(nil).Append(nil, in), New(nil).Append(nil, in)
		if len(first) != 3 || first[0].ID != id || first[1].ID == first[2].ID {
			t.Fatalf("%v", first)
		}
		for i := range first {
			if first[i].ID != again[i].ID || first[i].ID.Live() != id.Live() || id.Live() && first[i].ID.Millis() != id.Millis() {
				t.Errorf("id %s", first[i].ID)
			}
			if want := fmt.Sprintf(`{"time":177235200%d}`, i); string(first[i].Raw) != want {
				t.Errorf("raw %s", first[i].Raw)
			}
		}
	}
}

func TestTooLong(t *testing.T) {
	payload := "<13>a: " + strings.Repeat("x", eventlog.MaxRaw)
	got := New(nil).Append(nil, input(payload))[0]
	check(t, &got, []byte(payload))
	if got.Format != "raw" || !strings.Contains(got.Fault, "cut off") || len(got.Raw) != eventlog.MaxRaw {
		t.Errorf("%s %s %d", got.Format, got.Fault, len(got.Raw))
	}
	payload = "<13>a: " + strings.Repeat("x", 1<<20-7)
	if e := one(t, input(payload)); e.Format != "syslog" || e.Fault != "" || len(e.Raw) != 1<<20 || len(e.Message) != eventlog.MaxMessage || !strings.HasSuffix(e.Message, "x…") {
		t.Errorf("%s %s", e.Format, e.Fault)
	}
}

func TestRecord(t *testing.T) {
	for payload, want := range map[string]string{
		`{"time":"2026-03-01T08:00:00Z"}` + "\n":                 `{"time":"2026-03-01T08:00:00Z"}`,
		`<13>1 - h a - - - {"time":"2026-03-01T08:00:00Z"}`:      `{"time":"2026-03-01T08:00:00Z"}`,
		`<13>1 - h a - - [x y="{"] {"time":"2026-03-01T08:00Z"}`: `{"time":"2026-03-01T08:00Z"}`,
		`<13>a: @cee: {"msg":"x"}`:                               `{"msg":"x"}`,
		`<13>a: plain {"msg":"x"}`:                               "",
		audit:                                                    "",
		"#path\tconn\n#fields\tid.orig_h\tlocal_orig\tservice\n#types\taddr\tbool\tset[string]\n10.0.0.1\tT\ta,b": `{"_path":"conn","id.orig_h":"10.0.0.1","local_orig":"true","service":"a"}`,
	} {
		e := New(nil).Append(nil, input(payload))[0]
		if got := string(Record(&e)); got != want {
			t.Errorf("%s: %s, want %s", payload, got, want)
		}
	}
}

func TestBrokenInside(t *testing.T) {
	for payload, want := range map[string]string{
		"<13>1 - h a - - - <AuditMessage>": "the text: byte 14: the message ends inside of <AuditMessage>",
		`<13>1 - h a - - - {"a":`:          "the text: it is no JSON",
		"<13>1 - h a - - - CEF:0|x":        "the text: CEF with less than seven parts",
		`<13>1 - h a - - [x text`:          "the header: a parameter of the structured data has no name",
	} {
		e := one(t, input(payload))
		if e.Format != "syslog" || e.Host != "h" || e.Fault != want || e.Message == "" {
			t.Errorf("%s: %s %q %q", payload, e.Format, e.Fault, e.Message)
		}
	}
}

func TestGivenAsRaw(t *testing.T) {
	for _, payload := range []string{audit, `[{"time":1772352000}]`, "<13>a: x"} {
		in := input(payload)
		in.Format = "raw"
		if e := one(t, in); e.Format != "raw" || e.Fault != "it was given as raw" || string(e.Raw) != payload {
			t.Errorf("%s: %s %s", payload, e.Format, e.Fault)
		}
	}
	in := input("hello")
	in.Format = "nothing"
	if e := one(t, in); e.Format != "raw" || e.Fault != "the format is not known" {
		t.Errorf("%s %s", e.Format, e.Fault)
	}
}

// A source that sends something else than it was said to is understood all the same.
func TestWrongFormat(t *testing.T) {
	for _, s := range seeds {
		if s.format != "" || strings.HasPrefix(s.payload, "[") || s.name == "bundle" || s.name == "sequence" {
			continue
		}
		want := one(t, input(s.payload))
		for _, format := range []string{"atna", "cef", "eve", "windows", "zeek", "fhir"} {
			in := input(s.payload)
			in.Format = format
			got := one(t, in)
			if want.Format == "raw" && got.Format == "raw" {
				continue
			}
			if line(got) != line(want) {
				t.Errorf("%s as %s: %s, want %s", s.name, format, line(got), line(want))
			}
		}
	}
}
