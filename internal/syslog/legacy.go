package syslog

import "strings"

// legacy reads what RFC 3164 describes and what is sent under its name: with or without priority, time, host and tag,
// with a year, with a time of RFC 3339, with the counter and the marks that some switches put before the time.
func (m *Message) legacy(s string, from Source) {
	m.Form = RFC3164
	if m.Facility < 0 && m.Fault == "" {
		m.Form = Bare
	}
	m.Text = s
	head := counter(s)
	t, rest, ok := ParseTime(head)
	if !ok {
		if t, rest, ok = ParseLegacyTime(head); !ok {
			if m.Form == RFC3164 {
				m.tag(s)
			}
			return
		}
	}
	if rest != "" && rest[0] != ' ' && rest[0] != ':' {
		return // digits that only looked like a time
	}
	m.Form = RFC3164
	if t.year == 0 {
		m.Time, m.Guessed = t.nearest(from)
	} else {
		m.Time, m.Guessed = t.instant(from.Zone)
	}
	if after, ok := strings.CutPrefix(rest, ":"); ok { // no host: "… 12:00:00: %SYS-5-CONFIG_I: …"
		m.Text = strings.TrimLeft(after, " ")
		m.tag(m.Text)
		return
	}
	rest = strings.TrimLeft(rest, " ")
	m.Text = rest
	host, after := word(rest)
	if after != "" && host != "" && !strings.HasSuffix(host, ":") && !strings.ContainsAny(host, "[]") && len(host) <= 255 {
		m.Host, m.Text = host, strings.TrimLeft(after, " ")
	}
	m.tag(m.Text)
}

// counter takes the sequence number off ("000123: ") and the mark of an unsynchronised clock ("*", ".").
func counter(s string) string {
	i := 0
	for i < len(s) && i < 12 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i > 0 && strings.HasPrefix(s[i:], ": ") {
		s = s[i+2:]
	}
	if s != "" && (s[0] == '*' || s[0] == '.') {
		s = s[1:]
	}
	return s
}

// maxTag is longer than the 32 of RFC 3164 4.1.3: units of systemd have longer names.
const maxTag = 64

// tag reads "name[pid]: " or "name: " at the begin of the text. What has neither is all text.
func (m *Message) tag(s string) {
	i := 0
	for i < len(s) && i <= maxTag && inTag(s[i]) {
		i++
	}
	if i == 0 || i >= len(s) || i > maxTag {
		return
	}
	name, rest, proc := s[:i], s[i:], ""
	if rest[0] == '[' {
		end := strings.IndexByte(rest, ']')
		if end < 0 || end > maxTag {
			return
		}
		proc, rest = rest[1:end], rest[end+1:]
	}
	after, colon := strings.CutPrefix(rest, ":")
	if !colon && (proc == "" || rest != "" && rest[0] != ' ') {
		return
	}
	m.App, m.Proc, m.Text = name, proc, strings.TrimPrefix(after, " ")
	m.Text = strings.TrimPrefix(m.Text, bom)
}

func inTag(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-_./%()@#+", c) >= 0
}
