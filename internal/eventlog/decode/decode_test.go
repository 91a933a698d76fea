package decode

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/eventlog"
)

var update = flag.Bool("update", false, "write golden files")

const audit = `<AuditMessage><EventIdentification EventActionCode="E" EventDateTime="2026-03-01T08:00:00+01:00" EventOutcomeIndicator="8"><EventID csd-code="110114" codeSystemName="DCM" originalText="User Authentication"/><EventTypeCode csd-code="110122" codeSystemName="DCM" originalText="Login"/></EventIdentification><ActiveParticipant UserID="service" UserIsRequestor="true" NetworkAccessPointID="10.1.1.7" NetworkAccessPointTypeCode="2"/><AuditSourceIdentification AuditSourceID="CT7"/></AuditMessage>`

const fhirAudit = `{"resourceType":"AuditEvent","type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"},"subtype":[{"code":"read"}],"action":"R","recorded":"2026-03-01T08:00:00.5Z","outcome":"0","agent":[{"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110153"}]},"who":{"display":"viewer"},"requestor":false,"network":{"address":"10.2.0.9","type":"2"}},{"who":{"identifier":{"value":"dr.muster"}},"altId":"7","requestor":true},{"type":{"coding":[{"code":"110152"}]},"who":{"display":"archive"},"requestor":false,"network":{"address":"10.2.0.1","type":"2"}}],"source":{"site":"North","observer":{"display":"gateway"},"type":[{"code":"4"}]},"entity":[{"what":{"reference":"Patient/4711"},"role":{"code":"1"}},{"what":{"reference":"Observation/9"},"type":{"code":"2"},"role":{"code":"4"}}]}`

var seeds = []struct{ name, format, payload string }{
	{"syslog", "", "<38>Mar  1 08:00:00 gw sshd[71]: Failed password for invalid user a from b from 10.9.9.9 port 4711 ssh2"},
	{"syslog 5424", "", `<134>1 2026-03-01T08:00:00Z pump7 alarmd 9 AL1 [x@1 bed="4" ward="W 2"] alarm limits changed`},
	{"atna", "", audit},
	{"atna in syslog", "", "<84>1 2026-03-01T07:00:01Z ct7 dcm 1 IHE+RFC-3881 - \ufeff" + audit},
	{"cef in syslog", "", `<134>Mar  1 08:00:00 fw CEF:0|Maker|Wall|1.0|100|Blocked \| once|8|src=10.0.0.1 spt=999 dst=192.0.2.7 dpt=445 proto=TCP act=blocked msg=a \= b c suser=joe rt=1772352000000 request=http://x/fhir/Patient/77?name=x`},
	{"json in syslog", "", `<134>1 2026-03-01T08:00:00Z h app - - - {"time":"2026-03-01T08:00:01Z","msg":"hello","user":"u","src_ip":"10.0.0.1"}`},
	{"fhir", "", fhirAudit},
	{"bundle", "", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + fhirAudit + `},{"resource":` + fhirAudit + `}]}`},
	{"array", "", `[{"timestamp":1772352000,"message":"one"}, {"timestamp":1772352000123,"message":"two"}]`},
	{"sequence", "", "{\"time\":1772352000}\n{\"time\":1772352001}"},
	{"zeek conn", "", `{"_path":"conn","ts":1772352000.25,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":5,"id.resp_h":"2001:DB8::1","id.resp_p":104,"proto":"tcp","service":"dicom","duration":1.5,"orig_bytes":10,"resp_bytes":20,"conn_state":"SF"}`},
	{"zeek by name", "zeek", `{"ts":1772352000.25,"id":{"orig_h":"10.0.0.1","orig_p":5,"resp_h":"10.0.0.2","resp_p":104},"proto":"tcp","conn_state":"REJ"}`},
	{"zeek own", "", `{"_path":"dicom","ts":1772352000.25,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":5,"id.resp_h":"10.0.0.2","id.resp_p":104,"dimse":"C-FIND-RQ","ae.calling":"A","ae.called":"B","query.wide":true}`},
	{"zeek row", "", "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tqtype_name\trcode_name\tanswers\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tstring\tstring\tvector[string]\n1772352000.250000\tC1\t10.0.0.1\t53\t10.0.0.2\t53\tudp\ta\\x2cb.example\tA\tNXDOMAIN\t-"},
	{"eve flow", "", `{"timestamp":"2026-03-01T08:00:00.000001+0000","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1","src_port":5,"dest_ip":"10.0.0.2","dest_port":104,"proto":"TCP","app_proto":"failed","flow":{"bytes_toserver":10,"bytes_toclient":20,"age":3,"state":"closed"}}`},
	{"eve alert", "", `{"timestamp":"2026-03-01T08:00:00.000001+0000","flow_id":1,"event_type":"alert","src_ip":"fe80:0000:0000:0000:0000:0000:0000:0001","src_port":5,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","alert":{"action":"allowed","signature_id":7,"signature":"ET something","category":"Trojan","severity":1},"http":{"hostname":"h","url":"/a?patient=9","http_method":"GET","status":200}}`},
	{"winlogbeat", "", `{"@timestamp":"2026-03-01T08:00:00.000Z","winlog":{"channel":"Security","event_id":"4625","provider_name":"P","computer_name":"WS1","keywords":["Audit Failure"],"event_data":{"TargetUserName":"joe","IpAddress":"10.0.0.1","IpPort":"50"}},"message":"An account failed to log on.\n\nmore"}`},
	{"nxlog", "", `{"EventTime":"2026-03-01 09:00:00","Hostname":"WS1","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"SourceName":"Microsoft-Windows-Sysmon","UtcTime":"2026-03-01 08:00:00.125","User":"D\\joe","Hashes":"SHA1=AA,SHA256=BB","Message":"Process Create:\r\nmore"}`},
	{"evtx", "", `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#text":4624},"Channel":"Security","Computer":"WS1","Keywords":"0x8020000000000000","TimeCreated":{"#attributes":{"SystemTime":"2026-03-01T08:00:00.5Z"}}},"EventData":{"TargetUserName":"joe","SubjectUserName":"-"}}}`},
	{"generic", "", `{"@timestamp":"2026-03-01T08:00:00","log":{"level":"error"},"source":{"ip":"10.0.0.1"},"message":"it \"broke\"","user":{"name":"joe"}}`},
	{"journal", "", `{"__REALTIME_TIMESTAMP":"1772352000123456","_HOSTNAME":"pump7","PRIORITY":"3","MESSAGE":"two\nlines","SYSLOG_IDENTIFIER":"alarmd"}`},
	{"health", "", `{"time":"2026-03-01T08:00:00Z","health.kind":"silence","health.source":"src_1","health.seconds":900}`},
	{"plain", "", "hello world"},
	{"binary", "", "\x00\x01\xff\xfe"},
	{"empty", "", ""},
}

// line writes what matters of an event in one line.
func line(e eventlog.Event) string {
	var b strings.Builder
	w := func(name, v string) {
		if v != "" && v != "0" && v != ":0" {
			b.WriteString(" " + name + "=" + v)
		}
	}
	b.WriteString(e.Format)
	w("fault", e.Fault)
	w("at", strings.Trim(e.Product+"/"+e.Service+"/"+e.Category, "/"))
	if e.Time != 0 {
		w("time", time.UnixMicro(e.Time).UTC().Format(time.RFC3339Nano))
	}
	w("class", strconv.Itoa(e.Class)+"."+strconv.Itoa(e.Activity))
	w("severity", strconv.Itoa(e.Severity))
	w("outcome", strconv.Itoa(e.Outcome))
	w("user", e.User)
	w("host", e.Host)
	w("src", e.SrcIP+":"+strconv.Itoa(e.SrcPort))
	w("dst", e.DstIP+":"+strconv.Itoa(e.DstPort))
	w("proto", e.Proto)
	w("hash", e.Hash)
	w("message", e.Message)
	b.WriteString(" |")
	for _, f := range e.Fields {
		if f.Name != "time.hour" && f.Name != "time.weekday" && f.Name != "patient_hash" {
			w(f.Name, f.Value)
		}
	}
	return b.String()
}

// Each sample becomes the event of the golden file: one line of what matters.
func TestSamples(t *testing.T) {
	var got strings.Builder
	for _, s := range seeds {
		in := input(s.payload)
		in.Format, in.Name = s.format, "conn.2026-03-01.log.gz"
		got.WriteString(s.name + "\n")
		for _, e := range New([]byte("0123456789abcdef")).Append(nil, in) {
			check(t, &e, in.Payload)
			got.WriteString("\t" + line(e) + "\n")
		}
	}
	if *update {
		if err := os.WriteFile("testdata/events.golden", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/events.golden")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); d != "" {
		t.Error(d)
	}
}
