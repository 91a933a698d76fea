package decode

import (
	"strconv"
	"strings"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
)

// winForm is how a collector writes Windows events: where the members of the header and those of the event stand.
type winForm struct {
	system, data int32 // objects of the tape; the same in the flat forms
	channel, id  string
	provider     string
	computer     string
}

// windows reads an event as winlogbeat (now and before version 7), NXLog, the flat form, or a converter of EVTX files
// writes it.
func (d *Decoder) windows() string {
	f := d.winForm()
	if f.channel == "" && f.id == "" {
		return "a Windows event without Channel and EventID"
	}
	e := d.e
	id, _ := strconv.Atoi(f.id)
	at := d.logSource(f.channel, id)
	d.source("windows", at.Service, at.Category)
	e.Host = f.computer
	d.put("win.channel", f.channel)
	d.put("win.id", f.id)
	d.put("win.provider", f.provider)
	d.winTime(f)
	msg := d.tape.value("Message")
	if msg == "" {
		msg = d.tape.value("message")
	}
	if msg, _, _ = strings.Cut(msg, "\n"); msg != "" {
		e.Message = strings.TrimRight(msg, "\r: ")
	}
	d.winData(f)
	e.Severity = 1
	d.winClass(f, id, at)
	return ""
}

func (d *Decoder) winForm() winForm {
	t := &d.tape
	if w := t.at("winlog"); w >= 0 {
		return winForm{w, t.get(w, "event_data"), t.str(t.get(w, "channel")), t.str(t.get(w, "event_id")), t.str(t.get(w, "provider_name")), t.str(t.get(w, "computer_name"))}
	}
	if s := t.at("Event", "System"); s >= 0 {
		id := t.get(s, "EventID")
		f := winForm{s, t.at("Event", "EventData"), t.str(t.get(s, "Channel")), t.str(id), "", t.str(t.get(s, "Computer"))}
		if f.id == "" { // with qualifiers: {"#text": 4624, …}
			f.id = t.str(t.get(id, "#text"))
		}
		if p := t.get(s, "Provider"); p >= 0 {
			f.provider = orElse(t.str(t.get(p, "Name")), t.str(t.get(t.get(p, "#attributes"), "Name")))
		}
		return f
	}
	if t.get(0, "event_data") >= 0 || t.get(0, "log_name") >= 0 {
		return winForm{0, t.get(0, "event_data"), t.value("log_name"), t.value("event_id"), t.value("source_name"), t.value("computer_name")}
	}
	f := winForm{system: 0, data: 0}
	for c := int32(1); c < t.nodes[0].next; c = t.nodes[c].next {
		switch t.nodes[c].key {
		case "Channel", "channel":
			f.channel = t.str(c)
		case "EventID", "event_id":
			f.id = t.str(c)
		case "SourceName", "ProviderName", "Provider_Name":
			f.provider = t.str(c)
		case "Hostname", "Computer", "ComputerName", "host_name":
			f.computer = t.str(c)
		}
	}
	return f
}

// logSource asks the rule engine, so that both speak of the same log sources.
func (d *Decoder) logSource(channel string, id int) sigma.LogSource {
	key := winKey{channel, id}
	if l, ok := d.channels[key]; ok {
		return l
	}
	number := strconv.Itoa(id)
	list := engine.SourceOf(func(name string) (string, bool) {
		switch name {
		case "Channel":
			return channel, true
		case "EventID":
			return number, true
		}
		return "", false
	})
	l := sigma.LogSource{Product: "windows"}
	if len(list) > 0 {
		l = list[0]
	}
	if d.channels == nil || len(d.channels) > 10_000 { // names come from outside
		d.channels = map[winKey]sigma.LogSource{}
	}
	d.channels[winKey{strings.Clone(channel), id}] = l
	return l
}

type winKey struct {
	channel string
	id      int
}

// winTime takes the time of the event before that of the collector, and one with a zone before one without.
func (d *Decoder) winTime(f winForm) {
	t := &d.tape
	var local string
	for c := f.system + 1; c < t.nodes[f.system].next; c = t.nodes[c].next {
		switch t.nodes[c].key {
		case "TimeCreated":
			v := t.str(c)
			if t.nodes[c].kind == object {
				v = orElse(t.str(t.get(c, "SystemTime")), t.str(t.get(t.get(c, "#attributes"), "SystemTime")))
			}
			if d.time(v) {
				return
			}
		case "EventTime":
			local = t.str(c)
		}
	}
	// Sysmon writes UtcTime in UTC without saying so in the value.
	if utc := t.str(t.get(f.data, "UtcTime")); len(utc) >= 19 && d.time(utc+"Z") {
		return
	}
	if local != "" && (d.in.Zone != nil || strings.ContainsAny(local[min(10, len(local)):], "Z+-")) && d.time(local) {
		return
	}
	if d.time(t.value("@timestamp")) {
		return
	}
	d.time(local)
}

// winData takes addresses, users and digests out of the data of the event.
func (d *Decoder) winData(f winForm) {
	t, e := &d.tape, d.e
	if f.data < 0 {
		return
	}
	var subject, target, account string
	for c := f.data + 1; c < t.nodes[f.data].next; c = t.nodes[c].next {
		switch t.nodes[c].key {
		case "IpAddress", "SourceIp", "ClientAddress", "SourceAddress":
			e.SrcIP = address(t.str(c))
		case "IpPort", "SourcePort", "ClientPort":
			e.SrcPort = portOf(t.str(c))
		case "DestinationIp", "DestAddress":
			e.DstIP = address(t.str(c))
		case "DestinationPort", "DestPort":
			e.DstPort = portOf(t.str(c))
		case "Protocol":
			if v := t.str(c); len(v) > 0 && (v[0] < '0' || v[0] > '9') {
				e.Proto = strings.ToLower(v)
			}
		case "SubjectUserName":
			subject = t.str(c)
		case "TargetUserName":
			target = t.str(c)
		case "User":
			e.User = t.str(c)
		case "AccountName":
			account = t.str(c)
		case "Hashes":
			e.Hash = bestHash(t.str(c))
		case "QueryName":
			d.put("dns.query", t.str(c))
		}
	}
	if e.User == "" {
		switch id := f.id; {
		case target != "" && target != "-" && (strings.HasPrefix(id, "46") || strings.HasPrefix(id, "47")):
			e.User = target
		case subject != "" && subject != "-":
			e.User = subject
		default:
			e.User = orElse(target, account)
		}
	}
}

// bestHash is the strongest of "SHA1=…,MD5=…,SHA256=…".
func bestHash(s string) string {
	for _, name := range []string{"SHA256=", "SHA1=", "MD5="} {
		if _, v, ok := strings.Cut(s, name); ok {
			v, _, _ = strings.Cut(v, ",")
			return strings.ToLower(v)
		}
	}
	return ""
}

// winClass gives the OCSF class by the category of the rules, or by the event id of the security log.
func (d *Decoder) winClass(f winForm, id int, at sigma.LogSource) {
	switch at.Category {
	case "process_creation":
		d.class(classProcess, 1)
	case "process_termination":
		d.class(classProcess, 2)
	case "process_access":
		d.class(classProcess, 3)
	case "create_remote_thread", "process_tampering":
		d.class(classProcess, 4)
	case "file_event":
		d.class(classFile, 1)
	case "file_delete":
		d.class(classFile, 4)
	case "file_change", "create_stream_hash", "file_access", "file_rename":
		d.class(classFile, activityOther)
	case "registry_event":
		d.class(classRegistry, 3)
	case "network_connection":
		d.class(classNetwork, 1)
	case "dns_query":
		d.class(classDNS, 1)
	}
	if at.Service == "security" {
		d.security(f, id)
	}
	switch {
	case id == 1102 && at.Service == "security", id == 104 && at.Service == "system":
		d.class(classLifecycle, activityOther)
		d.e.Severity = 4
	case id == 7045 && at.Service == "system":
		d.class(classLifecycle, 1)
	}
}

// security knows the logins and accounts of the security log.
func (d *Decoder) security(f winForm, id int) {
	e := d.e
	switch id {
	case 4624, 4648, 4778:
		d.class(classLogin, 1)
		e.Outcome = success
	case 4625:
		d.class(classLogin, 1)
		e.Outcome = failure
		e.Severity = 3
	case 4634, 4647, 4779:
		d.class(classLogin, 2)
		e.Outcome = success
	case 4768, 4771:
		d.class(classLogin, 3)
	case 4769, 4770:
		d.class(classLogin, 4)
	case 4776:
		d.class(classLogin, activityOther)
	case 4657:
		d.class(classRegistry, 3)
	case 4689:
		d.class(classProcess, 2)
	case 4697:
		d.class(classLifecycle, 1)
	case 4720:
		d.class(classAccount, 1)
	case 4722:
		d.class(classAccount, 2)
	case 4723:
		d.class(classAccount, 3)
	case 4724:
		d.class(classAccount, 4)
	case 4725:
		d.class(classAccount, 5)
	case 4726:
		d.class(classAccount, 6)
	case 4738, 4740, 4767:
		d.class(classAccount, activityOther)
	case 4728, 4732, 4756:
		d.class(classAccess, 1)
	case 4729, 4733, 4757:
		d.class(classAccess, 2)
	case 5156, 5157:
		d.class(classNetwork, 1)
	}
	if e.Outcome != 0 {
		return
	}
	const failed, done = 1 << 52, 1 << 53 // WINEVENT_KEYWORD_AUDIT_FAILURE and _SUCCESS
	t := &d.tape
	v := t.first(t.get(f.system, "Keywords"))
	n, err := strconv.ParseUint(v, 0, 64)
	if signed, bad := strconv.ParseInt(v, 10, 64); err != nil && bad == nil {
		n, err = uint64(signed), nil
	}
	word := orElse(t.first(t.get(f.system, "keywords")), t.value("EventType"))
	switch {
	case err == nil && n&failed != 0, word == "Audit Failure", word == "AUDIT_FAILURE":
		e.Outcome = failure
	case err == nil && n&done != 0, word == "Audit Success", word == "AUDIT_SUCCESS":
		e.Outcome = success
	}
}
