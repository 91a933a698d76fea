package decode

import "strings"

// eve reads a record of Suricata's EVE log.
func (d *Decoder) eve() string {
	t, e := &d.tape, d.e
	kind := ""
	var src, sport, dst, dport string
	for c := int32(1); c < t.nodes[0].next; c = t.nodes[c].next {
		switch t.nodes[c].key {
		case "event_type":
			kind = t.str(c)
		case "timestamp":
			d.time(t.str(c))
		case "src_ip":
			src = t.str(c)
		case "src_port":
			sport = t.str(c)
		case "dest_ip":
			dst = t.str(c)
		case "dest_port":
			dport = t.str(c)
		case "proto":
			e.Proto = strings.ToLower(t.str(c))
		case "app_proto":
			d.put("app", t.str(c))
			if v := t.str(c); v != "failed" {
				d.put("net.service", v)
			}
		case "host":
			e.Host = t.str(c)
		}
	}
	if kind == "" {
		return "a record without event_type"
	}
	d.from(src, sport)
	d.to(dst, dport)
	d.source("suricata", kind, eveCategory(kind))
	d.class(classNetwork, activityTraffic)
	e.Severity = 1
	part := t.get(0, kind)
	if part < 0 {
		return ""
	}
	switch kind {
	case "flow", "netflow":
		d.eveFlow(part)
	case "alert":
		d.eveAlert(part)
	case "dns":
		d.eveDNS(part)
	case "http":
		d.eveHTTP(part)
	case "fileinfo":
		d.eveFile(part)
	case "anomaly":
		d.put("anomaly.event", t.str(t.get(part, "event")))
		e.Message = orElse(t.str(t.get(part, "event")), t.str(t.get(part, "type")))
		e.Activity, e.Severity = activityOther, 2
	default:
		d.eveOther(kind, part)
	}
	return ""
}

func eveCategory(kind string) string {
	switch kind {
	case "dns", "http", "tls", "smb":
		return kind
	case "http2":
		return "http"
	case "quic":
		return "tls"
	case "ssh", "ftp", "krb5", "rfb":
		return "auth"
	case "stats":
		return ""
	}
	return "network"
}

func (d *Decoder) eveFlow(part int32) {
	t := &d.tape
	d.put("bytes.in", t.str(t.get(part, "bytes_toclient")))
	d.put("bytes.out", t.str(t.get(part, "bytes_toserver")))
	d.put("conn.state", t.str(t.get(part, "state")))
	d.put("duration", t.str(t.get(part, "age")))
}

func (d *Decoder) eveAlert(part int32) {
	t, e := &d.tape, d.e
	e.Message = t.str(t.get(part, "signature"))
	d.put("alert.action", t.str(t.get(part, "action")))
	d.put("alert.category", t.str(t.get(part, "category")))
	d.put("alert.id", t.str(t.get(part, "signature_id")))
	d.class(classFinding, 1)
	switch t.str(t.get(part, "severity")) {
	case "1":
		e.Severity = 4
	case "2":
		e.Severity = 3
	case "3":
		e.Severity = 2
	}
	if h := t.get(0, "http"); h >= 0 {
		class, activity := e.Class, e.Activity
		d.eveHTTP(h)
		e.Class, e.Activity = class, activity
	}
}

// eveDNS reads both forms: one question or answer, and since version 3 lists of them.
func (d *Decoder) eveDNS(part int32) {
	t := &d.tape
	q := part
	if list := t.get(part, "queries"); list >= 0 && list+1 < t.nodes[list].next {
		q = list + 1
	} else if list := t.get(part, "query"); list >= 0 && t.nodes[list].kind == array && list+1 < t.nodes[list].next {
		q = list + 1
	}
	d.put("dns.query", t.str(t.get(q, "rrname")))
	rcode := t.str(t.get(part, "rcode"))
	d.put("dns.rcode", rcode)
	d.put("dns.type", t.str(t.get(q, "rrtype")))
	d.class(classDNS, 1)
	d.dnsOutcome(rcode)
}

func (d *Decoder) dnsOutcome(rcode string) {
	switch rcode {
	case "":
	case "NOERROR":
		d.e.Outcome, d.e.Activity = success, 2
	default:
		d.e.Outcome, d.e.Activity = failure, 2
	}
}

func (d *Decoder) eveHTTP(part int32) {
	t := &d.tape
	d.put("http.host", t.str(t.get(part, "hostname")))
	method, status := t.str(t.get(part, "http_method")), t.str(t.get(part, "status"))
	d.put("http.method", method)
	d.put("http.status", status)
	d.where("http.uri", t.str(t.get(part, "url")))
	d.put("http.user_agent", t.str(t.get(part, "http_user_agent")))
	d.http(method, status)
}

// http gives the class by the method and the outcome by the status.
func (d *Decoder) http(method, status string) {
	activity := activityOther
	switch method {
	case "CONNECT":
		activity = 1
	case "DELETE":
		activity = 2
	case "GET":
		activity = 3
	case "HEAD":
		activity = 4
	case "OPTIONS":
		activity = 5
	case "POST":
		activity = 6
	case "PUT":
		activity = 7
	case "TRACE":
		activity = 8
	}
	d.class(classHTTP, activity)
	switch n := integer(status); {
	case n >= 100 && n < 400:
		d.e.Outcome = success
	case n >= 400:
		d.e.Outcome = failure
	}
}

func (d *Decoder) eveFile(part int32) {
	t := &d.tape
	d.e.Hash = orElse(t.str(t.get(part, "sha256")), orElse(t.str(t.get(part, "sha1")), t.str(t.get(part, "md5"))))
	d.put("file.name", t.str(t.get(part, "filename")))
	d.put("file.type", t.str(t.get(part, "magic")))
	d.class(classFile, activityOther)
}

func (d *Decoder) eveOther(kind string, part int32) {
	t, e := &d.tape, d.e
	get := func(name string) string { return t.first(t.get(part, name)) }
	switch kind {
	case "tls":
		d.put("tls.issuer", get("issuerdn"))
		d.put("tls.ja3", t.str(t.get(t.get(part, "ja3"), "hash")))
		d.put("tls.sni", get("sni"))
		d.put("tls.subject", get("subject"))
		d.put("tls.version", get("version"))
	case "smb":
		d.class(classSMB, activityOther)
		d.put("smb.path", get("filename"))
		d.put("smb.share", get("share"))
		d.put("smb.version", get("dialect"))
		if n := t.get(part, "ntlmssp"); n >= 0 {
			e.User = t.str(t.get(n, "user"))
		}
		if s := get("status"); s != "" {
			if e.Outcome = failure; s == "STATUS_SUCCESS" {
				e.Outcome = success
			}
		}
	case "ssh":
		d.class(classSSH, 1)
		d.put("ssh.client", t.str(t.get(t.get(part, "client"), "software_version")))
		d.put("ssh.server", t.str(t.get(t.get(part, "server"), "software_version")))
	case "rdp":
		d.class(classRDP, 1)
		e.User = get("cookie")
	case "ftp":
		d.put("net.service", "ftp")
		d.put("ftp.command", get("command"))
		if get("command") == "USER" {
			e.User = get("command_data")
		}
	case "krb5":
		d.class(classLogin, 3)
		e.User = get("cname")
		if v := get("error_code"); v != "" {
			e.Outcome = failure
		}
	case "dhcp":
		d.class(classDHCP, activityOther)
		d.put("dhcp.address", get("assigned_ip"))
		d.put("dhcp.mac", get("client_mac"))
		e.Host = orElse(get("hostname"), e.Host)
	case "smtp":
		d.class(classEmail, 1)
		d.put("email.from", get("mail_from"))
		d.put("email.to", get("rcpt_to"))
	}
}
