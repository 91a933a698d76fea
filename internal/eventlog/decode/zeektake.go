package decode

import "strings"

// zeekRecord is a record under way.
type zeekRecord struct {
	d          *Decoder
	log        string
	note, text string // of a notice
	share      string
}

// take puts a value where it belongs: first what means the same in every log.
func (z *zeekRecord) take(key, v string) {
	if v == "" {
		return
	}
	e := z.d.e
	switch key {
	case "id.orig_h":
		e.SrcIP = address(v)
	case "id.orig_p":
		e.SrcPort = portOf(v)
	case "id.resp_h":
		e.DstIP = address(v)
	case "id.resp_p":
		e.DstPort = portOf(v)
	case "proto":
		e.Proto = v
	default:
		switch z.log {
		case "conn":
			z.conn(key, v)
		case "dns":
			z.dns(key, v)
		case "http":
			z.http(key, v)
		case "ssl", "x509", "quic", "known_certs":
			z.tls(key, v)
		case "smb_files", "smb_mapping", "smb_cmd":
			z.smb(key, v)
		case "ssh", "ftp", "ntlm", "kerberos", "rdp", "rfb", "radius", "ldap":
			z.auth(key, v)
		case "notice", "weird", "signatures", "intel", "dpd", "analyzer":
			z.finding(key, v)
		default:
			z.others(key, v)
		}
		return
	}
}

func (z *zeekRecord) conn(key, v string) {
	d, e := z.d, z.d.e
	switch key {
	case "service":
		d.put("net.service", v)
	case "duration":
		d.put(key, v)
	case "orig_bytes":
		d.put("bytes.out", v)
	case "resp_bytes":
		d.put("bytes.in", v)
	case "conn_state":
		d.put("conn.state", v)
		switch v {
		case "SF":
			e.Outcome = success
		case "S1", "S2", "S3":
			e.Outcome = success
		case "S0":
			e.Outcome, e.Activity = failure, 4
		case "REJ":
			e.Outcome, e.Activity = failure, 5
		case "RSTO", "RSTR", "RSTOS0", "RSTRH":
			e.Activity = 3
		}
	}
}

func (z *zeekRecord) dns(key, v string) {
	switch key {
	case "query":
		z.d.put("dns.query", v)
	case "qtype_name":
		z.d.put("dns.type", v)
	case "rcode_name":
		z.d.put("dns.rcode", v)
		z.d.dnsOutcome(v)
	}
}

func (z *zeekRecord) http(key, v string) {
	d := z.d
	switch key {
	case "host":
		d.put("http.host", v)
	case "method":
		d.put("http.method", v)
		outcome := d.e.Outcome
		d.http(v, "")
		d.e.Outcome = outcome
	case "status_code":
		d.put("http.status", v)
		activity := d.e.Activity
		d.http("", v)
		d.e.Activity = activity
	case "uri":
		d.where("http.uri", v)
	case "user_agent":
		d.put("http.user_agent", v)
	case "username":
		d.e.User = v
	case "request_body_len":
		d.put("bytes.out", v)
	case "response_body_len":
		d.put("bytes.in", v)
	}
}

func (z *zeekRecord) tls(key, v string) {
	d, e := z.d, z.d.e
	switch key {
	case "version":
		d.put("tls.version", v)
	case "server_name":
		d.put("tls.sni", v)
	case "ja3":
		d.put("tls.ja3", v)
	case "subject", "certificate.subject":
		d.put("tls.subject", v)
	case "issuer", "issuer_subject", "certificate.issuer":
		d.put("tls.issuer", v)
	case "established":
		e.Outcome = result(v)
	case "fingerprint":
		e.Hash = v
	case "host":
		e.SrcIP = address(v)
	case "port_num":
		e.SrcPort = portOf(v)
	}
}

func (z *zeekRecord) smb(key, v string) {
	d := z.d
	switch key {
	case "path":
		z.share = v
		d.put("smb.share", v)
	case "name", "filename":
		d.put("smb.path", v)
	case "version":
		d.put("smb.version", v)
	case "username":
		d.e.User = v
	case "action":
		d.put("smb.action", v)
		switch strings.TrimPrefix(v, "SMB::") {
		case "FILE_OPEN", "PIPE_OPEN", "PRINT_OPEN":
			d.e.Activity = 2
		}
	case "status":
		if d.e.Outcome = failure; v == "SUCCESS" {
			d.e.Outcome = success
		}
	}
}

func (z *zeekRecord) auth(key, v string) {
	d, e := z.d, z.d.e
	switch key {
	case "user", "username", "cookie":
		e.User = v
	case "client":
		if z.log == "kerberos" {
			e.User, _, _ = strings.Cut(v, "/")
			return
		}
		d.put("ssh.client", v)
	case "server":
		d.put("ssh.server", v)
	case "success", "auth_success", "authentication_success":
		e.Outcome = result(v)
	case "result":
		if z.log != "rdp" { // says how the session went on
			e.Outcome = result(v)
		}
	case "hostname", "client_name":
		d.put("user.host", v)
	case "request_type":
		switch v {
		case "AS":
			e.Activity = 3
		case "TGS":
			e.Activity = 4
		}
	case "service":
		d.put("auth.service", v)
	case "command":
		d.put("ftp.command", v)
	case "authentication_method":
		d.put("auth.method", v)
	}
}

func (z *zeekRecord) finding(key, v string) {
	d, e := z.d, z.d.e
	switch key {
	case "note":
		z.note = v
		d.put("alert.id", v)
	case "msg", "name", "event_msg", "failure_reason":
		z.text = v
	case "src":
		if e.SrcIP == "" {
			e.SrcIP = address(v)
		}
	case "dst":
		if e.DstIP == "" {
			e.DstIP = address(v)
		}
	case "p":
		if e.DstPort == 0 {
			e.DstPort = portOf(v)
		}
	case "analyzer", "analyzer_name":
		d.put("net.service", strings.ToLower(v))
	case "seen.indicator":
		z.text = v
	}
}

func (z *zeekRecord) others(key, v string) {
	d, e := z.d, z.d.e
	switch key {
	case "host", "client_addr", "tx_hosts":
		if e.SrcIP == "" {
			e.SrcIP = address(v)
		}
	case "rx_hosts", "server_addr":
		if e.DstIP == "" {
			e.DstIP = address(v)
		}
	case "host_name":
		e.Host = v
	case "mac":
		d.put("dhcp.mac", v)
	case "assigned_addr":
		d.put("dhcp.address", v)
	case "port_num":
		e.SrcPort = portOf(v)
	case "port_proto":
		e.Proto = v
	case "service":
		d.put("net.service", strings.ToLower(v))
	case "source":
		if z.log == "files" {
			d.put("net.service", strings.ToLower(v))
		}
	case "filename":
		d.put("file.name", v)
	case "mime_type":
		d.put("file.type", v)
	case "sha256":
		e.Hash = v
	case "sha1":
		if len(e.Hash) != 64 {
			e.Hash = v
		}
	case "md5":
		if e.Hash == "" {
			e.Hash = v
		}
	case "mailfrom":
		d.put("email.from", v)
	case "rcptto":
		d.put("email.to", v)
	case "facility", "severity":
		if z.log == "syslog" {
			d.put("syslog."+key, strings.ToLower(v))
		}
	case "message":
		e.Message = v
	case "unparsed_version":
		e.Message = v
	}
}

// end puts together what stands under several names.
func (z *zeekRecord) end() {
	switch {
	case z.text == "":
	case z.note != "":
		z.d.e.Message = z.note + ": " + z.text
	default:
		z.d.e.Message = z.text
	}
}
