package decode

import (
	"strconv"
	"strings"

	"triward/internal/eventlog"
	"triward/internal/syslog"
)

var facilities = [...]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

var severities = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// severityOf gives the OCSF severity of a syslog severity.
var severityOf = [...]int{6, 5, 5, 4, 3, 2, 1, 1}

// syslog reads a message with its header, and what stands in its text by the form that the text has.
func (d *Decoder) syslog(s string) string {
	m := &d.sys
	if err := syslog.Decode(s, syslog.Source{Zone: d.in.Zone, Received: d.in.Received}, m); err != nil {
		return err.Error()
	}
	inner := ""
	body := m.Text[skip(m.Text, 0):]
	switch {
	case strings.HasPrefix(body, "<") && (strings.Contains(body, "AuditMessage") || strings.Contains(body, "IHEYr4")):
		inner = "atna"
	case strings.HasPrefix(body, "CEF:"):
		inner = "cef"
	case m.App == "CEF" && strings.HasPrefix(body, "0|"): // the tag of RFC 3164 took the name off
		inner, body = "cef", "CEF:"+body
	case strings.HasPrefix(body, "@cee:"):
		inner, body = "json", strings.TrimLeft(body[len("@cee:"):], " \t")
	case strings.HasPrefix(body, "{"):
		inner = "json"
	}
	fault := ""
	if inner != "" {
		if inner == "json" {
			inner = d.detectJSON(body)
		}
		if fault = d.as(inner, body); fault != "" { // the header still counts
			*d.e, d.set = bare(d.e), d.set[:0]
			inner = ""
		}
	}
	d.header(m)
	if inner != "" {
		d.e.Format = inner
		return ""
	}
	d.e.Format = "syslog"
	if fault != "" {
		d.e.Fault = "the text: " + fault
	}
	d.e.Message = m.Text
	d.source("", "", "device")
	d.program(m)
	return ""
}

// header takes the parts of the header that the text has not said better.
func (d *Decoder) header(m *syslog.Message) {
	e := d.e
	if m.Fault != "" {
		e.Fault = "the header: " + m.Fault
	}
	if e.Time == 0 && m.Time != 0 {
		e.Time = m.Time
		switch m.Guessed {
		case syslog.GuessedYear:
			d.put("time.assumed", "year")
		case syslog.AssumedZone:
			d.put("time.assumed", "zone")
		case syslog.GuessedYear | syslog.AssumedZone:
			d.put("time.assumed", "year zone")
		}
	}
	if e.Host == "" {
		e.Host = m.Host
	}
	for i, p := range m.Data {
		if i == 40 {
			break
		}
		d.put("sd."+p.Element+"."+p.Name, p.Value)
	}
	d.put("syslog.app", m.App)
	if m.Facility >= 0 {
		d.put("syslog.facility", facilities[m.Facility])
	}
	d.put("syslog.msgid", m.ID)
	d.put("syslog.procid", m.Proc)
	if m.Severity >= 0 {
		d.put("syslog.severity", severities[m.Severity])
		if e.Severity == 0 {
			e.Severity = severityOf[m.Severity]
		}
	}
}

// program knows the programs of Linux whose lines the rules of others ask for, and reads the logins of sshd.
func (d *Decoder) program(m *syslog.Message) {
	var service string
	switch m.App {
	case "sshd", "sshd-session":
		service = "sshd"
		d.sshd(m.Text)
	case "sudo", "cron", "clamd", "vsftpd":
		service = m.App
	case "CRON", "crond", "anacron":
		service = "cron"
	case "freshclam", "clamav":
		service = "clamav"
	case "login", "su", "useradd", "usermod", "userdel", "groupadd", "passwd", "systemd-logind", "gdm-password]", "polkitd", "pkexec":
		service = "auth"
	case "systemd", "kernel", "dbus-daemon", "NetworkManager", "rsyslogd", "syslog-ng", "dhclient", "modprobe", "auditd", "guacd":
		service = "syslog"
		if m.App == "guacd" || m.App == "auditd" {
			service = m.App
		}
	default:
		return
	}
	d.e.Product, d.e.Service = "linux", service
}

// sshd reads "Accepted METHOD for USER from IP port N" and "Failed METHOD for [invalid user] USER from IP port N".
func (d *Decoder) sshd(s string) {
	outcome := failure
	rest, ok := strings.CutPrefix(s, "Failed ")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "Accepted "); !ok {
			return
		}
		outcome = success
	}
	_, rest, ok = strings.Cut(rest, " for ")
	if !ok {
		return
	}
	rest = strings.TrimPrefix(rest, "invalid user ")
	i := strings.LastIndex(rest, " from ") // the name is the stranger's to choose
	if i < 0 {
		return
	}
	ip, port, _ := strings.Cut(rest[i+len(" from "):], " port ")
	if address(ip) == "" {
		return
	}
	port, _, _ = strings.Cut(port, " ")
	d.e.User, d.e.Outcome = rest[:i], outcome
	d.from(ip, port)
	d.class(classLogin, 1)
	d.put("net.service", "ssh")
}

// cef reads the Common Event Format: CEF:version|vendor|product|version|event|name|severity|extension.
func (d *Decoder) cef(s string) string {
	rest, ok := strings.CutPrefix(s, "CEF:")
	if !ok {
		return "it does not begin with CEF:"
	}
	rest = strings.TrimRight(rest, " \r\n\x00")
	var part [7]string
	for i := range part {
		end, escaped := pipe(rest)
		if end < 0 && i < 6 {
			return "CEF with less than seven parts"
		}
		if end < 0 {
			end = len(rest)
		}
		part[i] = rest[:end]
		if escaped {
			part[i] = strings.NewReplacer(`\|`, "|", `\\`, `\`).Replace(part[i])
		}
		rest = strings.TrimPrefix(rest[end:], "|")
	}
	d.put("cef.event", part[4])
	d.put("cef.name", part[5])
	d.put("cef.product", part[2])
	d.put("cef.vendor", part[1])
	d.e.Message, d.e.Severity = part[5], cefSeverity(part[6])
	d.source("", "", "device")
	d.extension(rest)
	if d.e.SrcIP != "" && d.e.DstIP != "" {
		d.e.Category = "network"
		d.class(classNetwork, activityTraffic)
	}
	return ""
}

// pipe finds the bar that ends a part of the header.
func pipe(s string) (end int, escaped bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '|':
			return i, escaped
		case '\\':
			escaped = true
			i++
		}
	}
	return -1, escaped
}

// cefSeverity reads 0 to 10 or a word.
func cefSeverity(s string) int {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "low":
		return 2
	case "medium":
		return 3
	case "high":
		return 4
	case "very-high":
		return 5
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	switch {
	case err != nil || n < 0 || n > 10:
		return 0
	case n <= 3:
		return 2
	case n <= 6:
		return 3
	case n <= 8:
		return 4
	}
	return 5
}

// extension reads "key=value key=value", where a value goes on until the next key.
func (d *Decoder) extension(s string) {
	s = strings.TrimLeft(s, " ")
	for n := 0; s != "" && n < 300; n++ {
		key, rest, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return
		}
		end, escaped := endOfValue(rest)
		v := strings.TrimRight(rest[:end], " ")
		if escaped {
			v = strings.NewReplacer(`\=`, "=", `\\`, `\`, `\n`, "\n", `\r`, "\r", `\|`, "|").Replace(v)
		}
		s = strings.TrimLeft(rest[end:], " ")
		d.cefKey(key, v)
	}
}

// endOfValue is the place of the space before the next "key=".
func endOfValue(s string) (end int, escaped bool) {
	space := -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			escaped = true
			i++
			space = -1
		case c == ' ':
			space = i
		case c == '=' && space >= 0 && i > space+1:
			return space, escaped
		case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '.' || c == '-' || c == '[' || c == ']':
		default:
			space = -1
		}
	}
	return len(s), escaped
}

func (d *Decoder) cefKey(key, v string) {
	e := d.e
	switch key {
	case "src":
		e.SrcIP = address(v)
	case "dst":
		e.DstIP = address(v)
	case "spt":
		e.SrcPort = portOf(v)
	case "dpt":
		e.DstPort = portOf(v)
	case "proto":
		e.Proto = strings.ToLower(v)
	case "suser":
		e.User = v
	case "duser":
		if e.User == "" {
			e.User = v
		}
	case "dvchost", "shost":
		if e.Host == "" || key == "dvchost" {
			e.Host = v
		}
	case "fileHash":
		e.Hash = v
	case "app":
		d.put("app", v)
	case "in":
		d.put("bytes.in", v)
	case "out":
		d.put("bytes.out", v)
	case "request":
		d.where("http.uri", v)
		return
	case "requestMethod":
		d.put("http.method", v)
	case "requestClientApplication":
		d.put("http.user_agent", v)
	case "msg":
		e.Message = v
	case "outcome":
		switch strings.ToLower(v) {
		case "success", "succeeded", "allowed":
			e.Outcome = success
		case "failure", "failed", "denied", "blocked":
			e.Outcome = failure
		}
	case "rt", "start", "end":
		if e.Time == 0 || key == "rt" {
			d.cefTime(v)
		}
	}
	d.put(key, v)
}

// cefTime reads the number or "MMM dd yyyy HH:mm:ss".
func (d *Decoder) cefTime(v string) {
	if d.time(v) {
		return
	}
	if c, rest, ok := syslog.ParseLegacyTime(v); ok && strings.TrimSpace(rest) == "" && c.HasYear() {
		d.e.Time = c.In(d.in.Zone)
		if !c.HasZone && d.in.Zone == nil {
			d.put("time.assumed", "zone")
		}
	}
}

// bare is the event without what was decoded.
func bare(e *eventlog.Event) eventlog.Event {
	return eventlog.Event{ID: e.ID, Source: e.Source, Received: e.Received, Raw: e.Raw}
}
