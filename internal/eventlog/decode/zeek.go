package decode

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"
)

// zeekNames are the logs that a file name is believed to hold.
const zeekNames = " analyzer broker capture_loss cluster config conn dce_rpc dhcp dicom dnp3 dns dpd files ftp hl7 http intel irc kerberos known_certs " +
	"known_hosts known_services ldap ldap_search loaded_scripts modbus mqtt_connect mqtt_publish mqtt_subscribe mysql notice ntlm ntp ocsp " +
	"packet_filter pe postgresql quic radius rdp reporter rfb signatures sip smb_cmd smb_files smb_mapping smtp snmp socks software ssh ssl " +
	"stats syslog telemetry traceroute tunnel weird weird_stats websocket x509 "

// zeekName is the log that a file is named after ("conn.log", "conn.12:00:00-13:00:00.log.gz", "dns.json"), "" for no
// log of Zeek.
func zeekName(file string) string {
	name := path.Base(strings.ReplaceAll(file, `\`, "/"))
	name, _, _ = strings.Cut(name, ".")
	if name == "" || !strings.Contains(zeekNames, " "+name+" ") {
		return ""
	}
	return name
}

// zeek reads a record of a Zeek log written as JSON. Its names may stand flat ("id.orig_h") or nested.
func (d *Decoder) zeek() string {
	log := d.tape.value("_path")
	if log == "" {
		log = zeekName(d.in.Name)
	}
	if log == "" {
		return "a Zeek record that does not say of which log it is"
	}
	z := zeekRecord{d: d, log: log}
	d.source("zeek", log, zeekCategory(log))
	d.zeekClass(log)
	own := log == "dicom" || log == "hl7"
	t := &d.tape
	for c := int32(1); c < t.nodes[0].next; c = t.nodes[c].next {
		switch n := &t.nodes[c]; {
		case n.kind == object:
			for m := c + 1; m < n.next; m = t.nodes[m].next {
				z.take(n.key+"."+t.nodes[m].key, t.first(m))
			}
		case n.key == "_path", n.key == "_write_ts", n.key == "uid":
		case n.key == "ts":
			d.time(t.str(c))
		case own && n.key != "id.orig_h" && n.key != "id.orig_p" && n.key != "id.resp_h" && n.key != "id.resp_p":
			d.own(t.key(c), t.first(c))
		default:
			z.take(n.key, t.first(c))
		}
	}
	z.end()
	return ""
}

// own takes a normalised value that a sensor wrote itself. What names a patient does not become a field.
func (d *Decoder) own(name, v string) {
	switch {
	case v == "":
	case name == "patient_hash":
		d.put(name, v)
	case strings.Contains(strings.ToLower(name), "patient"), strings.HasPrefix(name, "hl7.pid"):
		if strings.HasSuffix(name, "id") || strings.HasPrefix(name, "hl7.pid3") {
			d.put("patient_hash", d.patient(v))
		}
	case name == "http.uri", name == "object.id":
		d.where(name, v)
	default:
		d.put(name, v)
	}
}

// zeekTable is a row of a Zeek log in its own form, with what the header before it says.
type zeekTable struct {
	log                    string
	columns, types, values []string
	empty, unset, set      string
}

// readTable reads a header and one row.
func readTable(s string) (z zeekTable, fault string) {
	z = zeekTable{empty: "(empty)", unset: "-", set: ","}
	separator, row := "\t", ""
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if line[0] != '#' {
			if row != "" {
				return z, "more than one row behind a header"
			}
			row = line
			continue
		}
		name, value, _ := strings.Cut(line[1:], separator)
		switch {
		case strings.HasPrefix(line, "#separator "):
			separator = separatorOf(line[len("#separator "):])
		case name == "fields":
			z.columns = strings.Split(value, separator)
		case name == "types":
			z.types = strings.Split(value, separator)
		case name == "path":
			z.log = value
		case name == "set_separator":
			z.set = value
		case name == "empty_field":
			z.empty = value
		case name == "unset_field":
			z.unset = value
		}
	}
	switch {
	case row == "":
		return z, "a header without a row"
	case z.columns == nil || len(z.columns) > 1000:
		return z, "a row without a header that names its columns"
	}
	z.values = strings.Split(row, separator)
	if len(z.values) != len(z.columns) {
		return z, "a row with " + strconv.Itoa(len(z.values)) + " values under " + strconv.Itoa(len(z.columns)) + " columns"
	}
	return z, ""
}

// value is the i-th value as the JSON form has it, of a list the first; "" for none.
func (z *zeekTable) value(i int) string {
	v, typ := z.values[i], ""
	if v == z.unset || v == z.empty {
		return ""
	}
	if i < len(z.types) {
		typ = z.types[i]
	}
	switch {
	case typ == "bool" && v == "T":
		return "true"
	case typ == "bool" && v == "F":
		return "false"
	case strings.HasPrefix(typ, "set[") || strings.HasPrefix(typ, "vector["):
		v, _, _ = strings.Cut(v, z.set) // a separator inside is written \x2c
	}
	return unhex(v)
}

// zeekRow reads one row of a Zeek log in its own form. The header that names the columns stands before the row: a reader
// of files puts it there.
func (d *Decoder) zeekRow(s string) string {
	table, fault := readTable(s)
	if fault != "" {
		return fault
	}
	log := table.log
	if log == "" {
		log = zeekName(d.in.Name)
	}
	if log == "" {
		return "a Zeek record that does not say of which log it is"
	}
	d.clean = false // \xNN may be any byte
	z := zeekRecord{d: d, log: log}
	d.source("zeek", log, zeekCategory(log))
	d.zeekClass(log)
	for i, name := range table.columns {
		switch name {
		case "ts":
			d.epoch(table.value(i))
		case "uid":
		default:
			z.take(name, table.value(i))
		}
	}
	z.end()
	return ""
}

// tableRecord is a row as the JSON object that Zeek would have written, all values as text.
func tableRecord(raw []byte, log string) []byte {
	table, fault := readTable(string(raw))
	if fault != "" {
		return nil
	}
	out := map[string]string{"_path": log}
	for i, name := range table.columns {
		if v := table.value(i); v != "" {
			out[name] = v
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return text
}

func separatorOf(s string) string {
	if v := unhex(strings.TrimSpace(s)); v != "" {
		return v
	}
	return "\t"
}

// unhex resolves \xNN.
func unhex(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func zeekCategory(log string) string {
	switch log {
	case "dns", "http", "dicom", "hl7":
		return log
	case "ssl", "x509", "ocsp", "known_certs", "quic":
		return "tls"
	case "smb_files", "smb_mapping", "smb_cmd":
		return "smb"
	case "ssh", "ftp", "ntlm", "kerberos", "radius", "ldap":
		return "auth"
	case "capture_loss", "stats", "loaded_scripts", "packet_filter", "reporter", "cluster", "broker", "config", "weird_stats", "telemetry":
		return ""
	}
	return "network"
}

func (d *Decoder) zeekClass(log string) {
	d.e.Severity = 1
	switch log {
	case "conn":
		d.class(classNetwork, activityTraffic)
	case "dns":
		d.class(classDNS, 1)
	case "http":
		d.class(classHTTP, activityOther)
	case "dhcp":
		d.class(classDHCP, activityOther)
	case "rdp":
		d.class(classRDP, 1)
	case "smb_files", "smb_mapping", "smb_cmd":
		d.class(classSMB, activityOther)
	case "ssh":
		d.class(classSSH, 1)
	case "smtp":
		d.class(classEmail, 1)
	case "ntlm", "radius", "ldap":
		d.class(classLogin, 1)
	case "kerberos":
		d.class(classLogin, activityOther)
	case "files", "pe":
		d.class(classFile, activityOther)
	case "notice", "signatures", "intel":
		d.class(classFinding, 1)
		d.e.Severity = 3
	case "software", "known_hosts", "known_services", "known_certs":
		d.class(classInventory, 2)
	case "weird":
		d.class(classNetwork, activityOther)
		d.e.Severity = 2
	case "capture_loss", "stats", "loaded_scripts", "packet_filter", "reporter", "cluster", "broker", "config", "weird_stats", "telemetry":
	default:
		d.class(classNetwork, activityTraffic)
	}
}
