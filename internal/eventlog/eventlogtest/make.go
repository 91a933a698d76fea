package eventlogtest

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/eventlog"
)

// Maker makes events like those of a hospital's network: syslog of devices and servers, DICOM audit messages in syslog,
// and logs of a network sensor as JSON. Originals have some 430 bytes on average. The same seed makes the same events.
type Maker struct {
	random *rand.Rand
	count  int64
	now    int64 // microseconds, time of the next event
	step   int64
}

// Start is when the first event of a maker happens.
var Start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).UnixMicro()

// NewMaker makes rate events in a second, from Start on.
func NewMaker(seed uint64, rate int64) *Maker {
	return &Maker{random: rand.New(rand.NewPCG(seed, 1)), now: Start, step: 1_000_000 / rate}
}

// Device is the id of one of the devices that events come from.
func Device(n int) string { return deviceID(n % devices) }

const (
	devices = 2000
	people  = 400
	servers = 60
)

// liveID is an id as a Minter makes them, but the same for the same seed.
func (m *Maker) liveID() eventlog.ID {
	m.count++
	var i eventlog.ID
	ms := uint64(m.now / 1000)
	for b := range 6 {
		i[b] = byte(ms >> (40 - 8*b))
	}
	copy(i[6:], []byte{7, 1, 3, 9, 4})
	for b := range 5 {
		i[11+b] = byte(m.count >> (32 - 8*b))
	}
	return i
}

// Events makes the next n events.
func (m *Maker) Events(n int) []eventlog.Event {
	out := make([]eventlog.Event, n)
	for i := range out {
		out[i] = m.Event()
	}
	return out
}

// Event makes the next event.
func (m *Maker) Event() eventlog.Event {
	r := m.random
	m.now += 1 + r.Int64N(2*m.step)
	d := r.IntN(devices)
	e := eventlog.Event{ID: m.liveID(), Received: m.now, Time: m.now - 1000 - r.Int64N(400_000), Skew: int64(d%7) * 1000, SkewKnown: d%3 == 0,
		Device: deviceID(d), Site: "sit_main", Ward: "war_" + strconv.Itoa(d%40), Zone: []string{"imaging", "ward", "laboratory", "theatre"}[d%4], SrcIP: deviceIP(d)}
	switch k := r.IntN(100); {
	case k < 24:
		m.sshd(&e)
	case k < 44:
		m.device(&e, d)
	case k < 66:
		m.flow(&e)
	case k < 82:
		m.dns(&e)
	case k < 92:
		m.audit(&e)
	default:
		m.firewall(&e)
	}
	slices.SortFunc(e.Fields, func(a, b eventlog.Field) int { return strings.Compare(a.Name, b.Name) })
	return e
}

func deviceID(d int) string { return fmt.Sprintf("dev_01jx%022d", d*7919) }
func deviceIP(d int) string { return fmt.Sprintf("10.%d.%d.%d", 20+d%8, d/250, 1+d%250) }
func serverIP(s int) string { return fmt.Sprintf("10.1.%d.%d", s/20, 10+s%20) }
func person(p int) string {
	return []string{"a.meyer", "b.rossi", "c.novak", "d.larsen", "e.smith", "f.garcia", "g.kaya", "h.dubois"}[p%8] + strconv.Itoa(p/8)
}

// outside is an address of the internet: few of them often, many of them once.
func (m *Maker) outside() string {
	if m.random.IntN(20) > 0 {
		n := m.random.IntN(300)
		return fmt.Sprintf("185.%d.%d.%d", 10+n%9, n/9, 1+n)
	}
	return fmt.Sprintf("%d.%d.%d.%d", 80+m.random.IntN(120), m.random.IntN(256), m.random.IntN(256), 1+m.random.IntN(254))
}

func (m *Maker) stamp(e *eventlog.Event) string {
	return time.UnixMicro(e.Time).UTC().Format("2006-01-02T15:04:05.000000Z")
}

func (m *Maker) token(n int) string {
	b := make([]byte, (n+1)/2)
	for i := range b {
		b[i] = byte(m.random.Uint32())
	}
	return hex.EncodeToString(b)[:n]
}

// uid is a connection id as the sensor makes them: C and 17 letters and digits.
func (m *Maker) uid() string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := []byte("C0000000000000000")
	for i := 1; i < len(b); i++ {
		b[i] = letters[m.random.IntN(len(letters))]
	}
	return string(b)
}

func (m *Maker) sshd(e *eventlog.Event) {
	s, p, port, pid := m.random.IntN(servers), m.random.IntN(people), 30000+m.random.IntN(30000), 1000+m.random.IntN(60000)
	e.Source, e.Format, e.Category, e.Product, e.Service = "src_servers", "syslog", "auth", "medical", "sshd"
	e.Class, e.Activity, e.Severity, e.Outcome = 3002, 1, 1, 1
	e.User, e.Host, e.DstIP, e.SrcPort, e.DstPort = person(p), "srv-"+strconv.Itoa(s), serverIP(s), port, 22
	words := "Accepted publickey"
	if m.random.IntN(30) == 0 {
		e.Severity, e.Outcome, words = 3, 2, "Failed password"
	}
	e.Message = fmt.Sprintf("%s for %s from %s port %d ssh2: ED25519 SHA256:%s", words, e.User, e.SrcIP, port, key(p))
	e.Raw = fmt.Appendf(nil, "<86>1 %s %s.hospital.example sshd %d - [meta@0 sequenceId=\"%d\" sysUpTime=\"%d\" software=\"OpenSSH_9.6p1 Debian-3\"] %s",
		m.stamp(e), e.Host, pid, m.count, m.now/10000, e.Message)
	e.Fields = []eventlog.Field{{Name: "syslog.facility", Value: "10"}, {Name: "syslog.severity", Value: "6"}, {Name: "syslog.app", Value: "sshd"},
		{Name: "syslog.procid", Value: strconv.Itoa(pid)}}
}

func key(p int) string { return fmt.Sprintf("%043d", p*104729)[:43] }

func (m *Maker) device(e *eventlog.Event, d int) {
	room, beat, seq := d%97, 55+m.random.IntN(60), m.random.IntN(1_000_000)
	e.Source, e.Format, e.Product, e.Category = "src_devices", "syslog", "medical", "device"
	e.Host, e.Severity, e.Proto = "monitor-"+strconv.Itoa(d), 1, "udp"
	e.Message = []string{
		fmt.Sprintf("link quality good channel %d rssi -%d dBm room %d", 1+d%11, 40+m.random.IntN(30), room),
		fmt.Sprintf("battery %d percent, external power, estimated runtime %d minutes", m.random.IntN(100), m.random.IntN(600)),
		fmt.Sprintf("alarm limits confirmed heart rate high %d low %d by central station", beat+60, beat-20),
		fmt.Sprintf("time synchronised with 10.1.0.10 offset %d us stratum 3", m.random.IntN(900)),
	}[m.random.IntN(4)]
	e.Raw = fmt.Appendf(nil, "<134>1 %s monitor-%d pmd 412 STAT [dev@32473 model=\"CARESCAPE-like B%d\" serial=\"SN%08d\" fw=\"3.2.%d\" seq=\"%d\"] %s",
		m.stamp(e), d, 400+d%5*50, d*31337%100000000, d%4, seq, e.Message)
	e.Fields = []eventlog.Field{{Name: "syslog.facility", Value: "16"}, {Name: "syslog.severity", Value: "6"}, {Name: "syslog.app", Value: "pmd"},
		{Name: "syslog.procid", Value: "412"}, {Name: "syslog.msgid", Value: "STAT"}}
}

func (m *Maker) flow(e *eventlog.Event) {
	s, port := m.random.IntN(servers), 30000+m.random.IntN(30000)
	service := []string{"dicom", "hl7", "ssl", "smb", "http"}[m.random.IntN(5)]
	e.Source, e.Format, e.Product, e.Category, e.Service = "src_sensor", "zeek", "zeek", "network", "conn"
	e.Class, e.Activity, e.Severity, e.Proto, e.SrcPort = 4001, 6, 1, "tcp", port
	e.DstIP, e.DstPort, e.Peer, e.PeerZone = serverIP(s), map[string]int{"dicom": 104, "hl7": 2575, "ssl": 443, "smb": 445, "http": 80}[service], fmt.Sprintf("dev_01jy%022d", s), "servers"
	if m.random.IntN(12) == 0 {
		e.DstIP, e.Peer, e.PeerZone = m.outside(), "", "internet"
	}
	uid, out, in, packets := m.uid(), 200+m.random.IntN(200000), 100+m.random.IntN(3000000), 4+m.random.IntN(3000)
	duration := fmt.Sprintf("%.6f", m.random.Float64()*30)
	e.Message = fmt.Sprintf("%s to %s:%d %s", e.SrcIP, e.DstIP, e.DstPort, service)
	e.Raw = fmt.Appendf(nil, `{"_path":"conn","_system_name":"sensor-1","_write_ts":"%s","ts":"%s","uid":"%s","id.orig_h":"%s","id.orig_p":%d,"id.resp_h":"%s","id.resp_p":%d,"proto":"tcp","service":"%s","duration":%s,"orig_bytes":%d,"resp_bytes":%d,"conn_state":"SF","local_orig":true,"local_resp":%t,"missed_bytes":0,"history":"ShADadFf","orig_pkts":%d,"orig_ip_bytes":%d,"resp_pkts":%d,"resp_ip_bytes":%d}`,
		time.UnixMicro(e.Received).UTC().Format("2006-01-02T15:04:05.000000Z"), m.stamp(e), uid, e.SrcIP, port, e.DstIP, e.DstPort, service, duration, out, in, e.Peer != "", packets, out+40*packets, packets, in+40*packets)
	e.Fields = []eventlog.Field{{Name: "bytes.out", Value: strconv.Itoa(out)}, {Name: "bytes.in", Value: strconv.Itoa(in)}, {Name: "conn.state", Value: "SF"},
		{Name: "duration", Value: duration}, {Name: "net.service", Value: service}, {Name: "uid", Value: uid}}
}

func (m *Maker) dns(e *eventlog.Event) {
	n, port := m.random.IntN(500), 30000+m.random.IntN(30000)
	e.Source, e.Format, e.Product, e.Category, e.Service = "src_sensor", "zeek", "zeek", "dns", "dns"
	e.Class, e.Activity, e.Severity, e.Proto, e.SrcPort, e.DstPort, e.DstIP = 4003, 2, 1, "udp", port, 53, "10.1.0.10"
	name := fmt.Sprintf("%s%d.vendor%d.example", []string{"update", "telemetry", "pacs", "time", "licence"}[n%5], n%17, n%23)
	uid, rtt := m.uid(), fmt.Sprintf("%.6f", m.random.Float64()/50)
	e.Message = "query " + name
	e.Raw = fmt.Appendf(nil, `{"_path":"dns","_system_name":"sensor-1","ts":"%s","uid":"%s","id.orig_h":"%s","id.orig_p":%d,"id.resp_h":"10.1.0.10","id.resp_p":53,"proto":"udp","trans_id":%d,"rtt":%s,"query":"%s","qclass":1,"qclass_name":"C_INTERNET","qtype":1,"qtype_name":"A","rcode":0,"rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true,"Z":0,"answers":["185.%d.%d.%d"],"TTLs":[%d.0],"rejected":false}`,
		m.stamp(e), uid, e.SrcIP, port, m.random.IntN(65536), rtt, name, 10+n%9, n/9, 1+n%250, m.random.IntN(3600))
	e.Fields = []eventlog.Field{{Name: "dns.query", Value: name}, {Name: "dns.type", Value: "A"}, {Name: "dns.rcode", Value: "NOERROR"}, {Name: "uid", Value: uid}}
}

func (m *Maker) audit(e *eventlog.Event) {
	p, patient := m.random.IntN(people), m.random.IntN(20000)
	e.Source, e.Format, e.Product, e.Category = "src_audit", "atna", "medical", "audit"
	e.Class, e.Activity, e.Severity, e.Outcome, e.User = 6005, 1, 1, 1, person(p)
	study := fmt.Sprintf("1.2.826.0.1.3680043.8.%d.%d.%d", p%9, m.now/1_000_000, m.random.IntN(1_000_000))
	e.DstIP, e.Peer, e.PeerZone = serverIP(3), fmt.Sprintf("dev_01jy%022d", 3), "servers"
	e.Message = fmt.Sprintf("DICOM Instances Accessed by %s at %s", e.User, e.SrcIP)
	e.Raw = fmt.Appendf(nil, `<85>1 %s ws-%d.hospital.example atna %d IHE+RFC-3881 - <?xml version="1.0" encoding="UTF-8"?><AuditMessage><EventIdentification EventActionCode="R" EventDateTime="%s" EventOutcomeIndicator="0"><EventID csd-code="110103" codeSystemName="DCM" originalText="DICOM Instances Accessed"/></EventIdentification><ActiveParticipant UserID="%s" AlternativeUserID="AETITLES=WS%d" UserIsRequestor="true" NetworkAccessPointID="%s" NetworkAccessPointTypeCode="2"><RoleIDCode csd-code="110153" codeSystemName="DCM" originalText="Source Role ID"/></ActiveParticipant><AuditSourceIdentification AuditSourceID="PACS1" AuditEnterpriseSiteID="Hospital"><AuditSourceTypeCode csd-code="4"/></AuditSourceIdentification><ParticipantObjectIdentification ParticipantObjectID="%s" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3"><ParticipantObjectIDTypeCode csd-code="110180" codeSystemName="DCM" originalText="Study Instance UID"/></ParticipantObjectIdentification><ParticipantObjectIdentification ParticipantObjectID="P%07d" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"/></AuditMessage>`,
		m.stamp(e), p, 400+p, m.stamp(e), e.User, p, e.SrcIP, study, patient)
	e.Fields = []eventlog.Field{{Name: "audit.event", Value: "110103"}, {Name: "audit.action", Value: "R"}, {Name: "audit.outcome", Value: "0"}, {Name: "audit.source", Value: "PACS1"},
		{Name: "ae.calling", Value: "WS" + strconv.Itoa(p)}, {Name: "study.uid", Value: study}, {Name: "patient_hash", Value: fmt.Sprintf("%016x", uint64(patient)*0x9E3779B97F4A7C15)}, {Name: "object.type", Value: "2"}}
}

func (m *Maker) firewall(e *eventlog.Event) {
	port, to := 30000+m.random.IntN(30000), []int{80, 443, 445, 3389, 8080}[m.random.IntN(5)]
	e.Source, e.Format, e.Product, e.Category = "src_firewall", "cef", "medical", "network"
	e.Class, e.Activity, e.Severity, e.Outcome, e.Proto = 4001, 5, 2, 2, "tcp"
	e.DstIP, e.PeerZone, e.SrcPort, e.DstPort, e.Host = m.outside(), "internet", port, to, "fw-1"
	e.Message = fmt.Sprintf("deny tcp %s/%d to %s/%d", e.SrcIP, port, e.DstIP, to)
	e.Raw = fmt.Appendf(nil, `<132>1 %s fw-1 filter 77 - - CEF:0|Example|Firewall|11.1|deny|traffic denied|5|rt=%d deviceExternalId=0017%06d src=%s spt=%d dst=%s dpt=%d proto=TCP act=deny cs1Label=Rule cs1=medical-to-internet-default-deny cs2Label=Zone cs2=%s out=0 in=0 reason=policy cnt=1 externalId=%s`,
		m.stamp(e), e.Time/1000, m.count%1000000, e.SrcIP, port, e.DstIP, to, e.Zone, m.token(12))
	e.Fields = []eventlog.Field{{Name: "cef.vendor", Value: "Example"}, {Name: "cef.product", Value: "Firewall"}, {Name: "cef.event", Value: "deny"},
		{Name: "act", Value: "deny"}, {Name: "cs1", Value: "medical-to-internet-default-deny"}, {Name: "reason", Value: "policy"}}
}
