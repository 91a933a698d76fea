package decode

import (
	"bytes"
	"strconv"
	"strings"

	"triward/internal/eventlog"
	"triward/internal/syslog"
)

// Record is the JSON object that an event was decoded from: all of Raw, or the part behind a syslog header. A row of a Zeek
// log in its own form becomes an object with the names of its columns. nil: the original is no such thing.
func Record(e *eventlog.Event) []byte {
	switch e.Format {
	case "fhir", "zeek", "eve", "windows", "json":
	default:
		return nil
	}
	raw := bytes.TrimSpace(bytes.TrimPrefix(e.Raw, []byte(bom)))
	if len(raw) > 0 && raw[0] == '{' {
		return raw
	}
	if e.Format == "zeek" {
		return tableRecord(raw, e.Service)
	}
	var m syslog.Message
	if syslog.Decode(string(raw), syslog.Source{}, &m) != nil {
		return nil
	}
	raw = bytes.TrimRight(raw, "\r\n\x00")
	raw = raw[len(raw)-len(m.Text):] // the text is what the message ends with
	if i := bytes.IndexByte(raw, '{'); i >= 0 && m.Form != syslog.Bare {
		return raw[i:]
	}
	return nil
}

// elements are the objects of a JSON array. nil when it is broken or holds none.
func (d *Decoder) elements(payload []byte, at int) [][]byte {
	t := &d.tape
	s := string(payload)
	if t.scan(s[at:]) != nil {
		return nil
	}
	var out [][]byte
	for c := int32(1); c < t.nodes[0].next; c = t.nodes[c].next {
		if t.nodes[c].kind != object {
			return nil
		}
		from, to := at+t.nodes[c].at, at+t.nodes[c].end
		out = append(out, payload[from:to:to])
	}
	return out
}

// sequence are JSON objects one behind the other, with white space between them. nil when something else is among them.
func (d *Decoder) sequence(payload []byte) [][]byte {
	s := string(payload)
	at := len(s) - len(strings.TrimPrefix(s, bom))
	var out [][]byte
	for at = skip(s, at); at < len(s); at = skip(s, at) {
		n, err := d.tape.read(s[at:])
		if err != nil || d.tape.nodes[0].kind != object {
			return nil
		}
		from := skip(s, at)
		at += n
		out = append(out, payload[from:at:at])
	}
	return out
}

// entries are the resources of a FHIR bundle.
func (d *Decoder) entries(payload []byte, at int) [][]byte {
	if !bytes.Contains(payload, []byte(`"Bundle"`)) {
		return nil
	}
	t := &d.tape
	if t.scan(string(payload[at:])) != nil || t.value("resourceType") != "Bundle" {
		return nil
	}
	var out [][]byte
	list := t.at("entry")
	if list < 0 || t.nodes[list].kind != array {
		return nil
	}
	for c := list + 1; c < t.nodes[list].next; c = t.nodes[c].next {
		if r := t.get(c, "resource"); r >= 0 && t.nodes[r].kind == object {
			from, to := at+t.nodes[r].at, at+t.nodes[r].end
			out = append(out, payload[from:to:to])
		}
	}
	return out
}

// walk calls fn with the flattened name ("a.b.c") and the text of each scalar of the document, and with the first of
// each list. Names longer than a field may have are left out.
func (d *Decoder) walk(fn func(name string, i int32)) {
	var inside func(prefix string, in int32)
	t := &d.tape
	inside = func(prefix string, in int32) {
		for c := in + 1; c < t.nodes[in].next; c = t.nodes[c].next {
			name := t.key(c)
			if prefix != "" {
				name = prefix + "." + name
			}
			switch {
			case len(name) > eventlog.MaxName:
			case t.nodes[c].kind == object:
				inside(name, c)
			default:
				fn(name, c)
			}
		}
	}
	inside("", 0)
}

// families are the begins of the normalised names that a generic record may use itself, with the category that follows.
var families = []struct{ begin, category string }{
	{"health.", "health"}, {"hl7.", "hl7"}, {"fhir.", "fhir"}, {"dimse", "dicom"}, {"ae.", "dicom"}, {"dicom.", "dicom"}, {"audit.", "audit"},
	{"dns.", "dns"}, {"http.", "http"}, {"tls.", "tls"}, {"smb.", "smb"},
	{"sop_class", ""}, {"n_instances", ""}, {"study.uid", ""}, {"impl.uid", ""}, {"transfer_syntax", ""}, {"query.wide", ""}, {"conn.state", ""},
	{"bytes.", ""}, {"duration", ""}, {"net.service", ""}, {"app", ""}, {"media", ""}, {"object.", ""}, {"user.", ""}, {"patient", ""},
}

// generic reads a JSON object of any maker: times, addresses, users and texts by the names that are in use, and the
// normalised names where the record uses them.
func (d *Decoder) generic() string {
	d.source("", "", "device")
	category := ""
	d.walk(func(name string, i int32) {
		v := d.tape.first(i)
		if v == "" {
			return
		}
		if d.usual(name, v) {
			return
		}
		for _, f := range families {
			if !strings.HasPrefix(name, f.begin) {
				continue
			}
			d.own(name, v)
			if category == "" {
				category = f.category
			}
			return
		}
	})
	e := d.e
	switch {
	case category != "":
		e.Category = category
	case e.SrcIP != "" && e.DstIP != "":
		e.Category = "network"
	}
	if e.Category == "network" {
		d.class(classNetwork, activityTraffic)
	}
	return ""
}

// usual takes what has the same meaning under many names.
func (d *Decoder) usual(name, v string) bool {
	e := d.e
	switch name {
	case "@timestamp", "timestamp", "time", "ts", "eventTime", "event_time", "EventTime", "datetime", "date_time", "TimeGenerated",
		"TimeCreated", "CreationTime", "_time", "created_at", "event.created", "log_time", "logtime", "__REALTIME_TIMESTAMP":
		return e.Time == 0 && d.time(v)
	case "src.ip", "src_ip", "srcip", "source.ip", "source_ip", "sourceIPAddress", "client_ip", "clientip", "remote_addr", "id.orig_h":
		if e.SrcIP == "" {
			e.SrcIP = address(v)
		}
	case "dst.ip", "dst_ip", "dest_ip", "dstip", "destination.ip", "destination_ip", "server_ip", "id.resp_h":
		if e.DstIP == "" {
			e.DstIP = address(v)
		}
	case "src.port", "src_port", "srcport", "source.port", "source_port", "id.orig_p":
		e.SrcPort = portOf(v)
	case "dst.port", "dst_port", "dest_port", "dstport", "destination.port", "destination_port", "id.resp_p":
		e.DstPort = portOf(v)
	case "proto", "protocol", "network.transport":
		e.Proto = strings.ToLower(v)
	case "host", "hostname", "host.name", "host_name", "computer", "device", "observer.name", "agent.hostname", "_HOSTNAME":
		if e.Host == "" {
			e.Host = v
		}
	case "user", "username", "user.name", "user_name", "userName", "login", "account":
		if e.User == "" {
			e.User = v
		}
	case "message", "msg", "log", "text", "event.original", "MESSAGE", "short_message":
		if e.Message == "" {
			e.Message = v
		}
	case "level", "severity", "log.level", "loglevel", "priority", "PRIORITY":
		e.Severity = level(v)
	case "hash", "sha256", "file.hash.sha256", "md5", "sha1":
		if e.Hash == "" {
			e.Hash = v
		}
	case "outcome", "event.outcome", "result", "status":
		e.Outcome = result(v)
		return false
	default:
		return false
	}
	return true
}

// level reads the usual words, and the numbers of syslog.
func level(v string) int {
	switch strings.ToLower(v) {
	case "trace", "debug", "info", "informational", "notice", "ok":
		return 1
	case "low":
		return 2
	case "warn", "warning", "medium":
		return 3
	case "err", "error", "high", "severe":
		return 4
	case "crit", "critical", "alert", "panic":
		return 5
	case "fatal", "emerg", "emergency":
		return 6
	}
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < len(severityOf) {
		return severityOf[n]
	}
	return 0
}

func result(v string) int {
	switch strings.ToLower(v) {
	case "success", "succeeded", "successful", "ok", "allowed", "allow", "accepted", "true":
		return success
	case "failure", "failed", "fail", "error", "denied", "deny", "blocked", "refused", "rejected", "false":
		return failure
	}
	return 0
}
