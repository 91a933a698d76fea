package syslog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(t *testing.T, s string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixMicro()
}

func TestDecode(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	received := at(t, "2026-03-02T10:00:00Z")
	for name, c := range map[string]struct {
		in   string
		zone *time.Location
		want Message
	}{
		"RFC 5424 example 1": {"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8", nil,
			Message{Form: RFC5424, Facility: 4, Severity: 2, Time: at(t, "2003-10-11T22:14:15.003Z"), Host: "mymachine.example.com", App: "su", ID: "ID47", Text: "'su root' failed for lonvick on /dev/pts/8"}},
		"RFC 5424 example 2": {"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time", nil,
			Message{Form: RFC5424, Facility: 20, Severity: 5, Time: at(t, "2003-08-24T12:14:15.000003Z"), Host: "192.0.2.1", App: "myproc", Proc: "8710", Text: "%% It's time"}},
		"structured data": {`<165>1 2003-10-11T22:14:15.003Z h app - ID47 [a@1 x="1" y="a\"b\\c\]d"][empty][b@1 z=""] text`, nil,
			Message{Form: RFC5424, Facility: 20, Severity: 5, Time: at(t, "2003-10-11T22:14:15.003Z"), Host: "h", App: "app", ID: "ID47",
				Data: []Param{{"a@1", "x", "1"}, {"a@1", "y", `a"b\c]d`}, {"empty", "", ""}, {"b@1", "z", ""}}, Text: "text"}},
		"structured data alone":  {`<165>1 - - - - - [a@1 x="1"]`, nil, Message{Form: RFC5424, Facility: 20, Severity: 5, Data: []Param{{"a@1", "x", "1"}}}},
		"nothing but nil values": {"<14>1 - - - - - -", nil, Message{Form: RFC5424, Facility: 1, Severity: 6}},
		"cut after the host":     {"<14>1 2026-03-01T00:00:00Z h", nil, Message{Form: RFC5424, Facility: 1, Severity: 6, Time: at(t, "2026-03-01T00:00:00Z"), Host: "h"}},
		"structured data left out": {"<14>1 - h app 1 - it starts", nil,
			Message{Form: RFC5424, Facility: 1, Severity: 6, Host: "h", App: "app", Proc: "1", Text: "it starts", Fault: "there is no structured data"}},
		"structured data without end": {`<14>1 - h app 1 - [a b="c text`, nil,
			Message{Form: RFC5424, Facility: 1, Severity: 6, Host: "h", App: "app", Proc: "1", Text: `[a b="c text`, Fault: "a parameter of the structured data has no end"}},
		"wrong time": {"<14>1 yesterday h app - - - x", nil,
			Message{Form: RFC5424, Facility: 1, Severity: 6, Host: "h", App: "app", Text: "x", Fault: "the time is not one of RFC 5424"}},
		"RFC 5424 without a zone": {"<14>1 2026-01-15T12:00:00 h a - - - x", berlin,
			Message{Form: RFC5424, Facility: 1, Severity: 6, Time: at(t, "2026-01-15T11:00:00Z"), Host: "h", App: "a", Text: "x"}},
		"RFC 3164 example": {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", time.UTC,
			Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2025-10-11T22:14:15Z"), Guessed: GuessedYear, Host: "mymachine", App: "su", Text: "'su root' failed"}},
		"RFC 3164 with zone of the source": {"<34>Mar  1 22:14:15 m sshd[71]: x", berlin,
			Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2026-03-01T21:14:15Z"), Guessed: GuessedYear, Host: "m", App: "sshd", Proc: "71", Text: "x"}},
		"RFC 3164 without a zone": {"<34>Mar 1 22:14:15 m sshd[71]: x", nil,
			Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2026-03-01T22:14:15Z"), Guessed: GuessedYear | AssumedZone, Host: "m", App: "sshd", Proc: "71", Text: "x"}},
		"clock ahead by hours": {"<34>Mar  3 09:00:00 m a: x", time.UTC,
			Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2026-03-03T09:00:00Z"), Guessed: GuessedYear, Host: "m", App: "a", Text: "x"}},
		"29 February": {"<34>Feb 29 09:00:00 m a: x", time.UTC,
			Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2024-02-29T09:00:00Z"), Guessed: GuessedYear, Host: "m", App: "a", Text: "x"}},
		"year written": {"<34>Oct 11 2024 22:14:15 m a: x", time.UTC,
			Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2024-10-11T22:14:15Z"), Host: "m", App: "a", Text: "x"}},
		"time of RFC 3339 in RFC 3164": {"<38>2026-02-01T08:00:00.25+01:00 box sshd[1]: x", nil,
			Message{Form: RFC3164, Facility: 4, Severity: 6, Time: at(t, "2026-02-01T07:00:00.25Z"), Host: "box", App: "sshd", Proc: "1", Text: "x"}},
		"switch with counter": {"<189>000123: *Mar  1 00:00:07.123 UTC: %SYS-5-CONFIG_I: Configured", nil,
			Message{Form: RFC3164, Facility: 23, Severity: 5, Time: at(t, "2026-03-01T00:00:07.123Z"), Guessed: GuessedYear, App: "%SYS-5-CONFIG_I", Text: "Configured"}},
		"no host":                 {"<34>Mar  1 00:00:00 kernel: x y", time.UTC, Message{Form: RFC3164, Facility: 4, Severity: 2, Time: at(t, "2026-03-01T00:00:00Z"), Guessed: GuessedYear, App: "kernel", Text: "x y"}},
		"no time":                 {"<13>app[7]: hello", nil, Message{Form: RFC3164, Facility: 1, Severity: 5, App: "app", Proc: "7", Text: "hello"}},
		"no tag":                  {"<13>hello world", nil, Message{Form: RFC3164, Facility: 1, Severity: 5, Text: "hello world"}},
		"no tag behind the host":  {"<13>Mar  1 00:00:00 h hello world", time.UTC, Message{Form: RFC3164, Facility: 1, Severity: 5, Time: at(t, "2026-03-01T00:00:00Z"), Guessed: GuessedYear, Host: "h", Text: "hello world"}},
		"no priority":             {"Mar  1 00:00:00 h cron[3]: x", time.UTC, Message{Form: RFC3164, Facility: -1, Severity: -1, Time: at(t, "2026-03-01T00:00:00Z"), Guessed: GuessedYear, Host: "h", App: "cron", Proc: "3", Text: "x"}},
		"bare text":               {"something happened: yes", nil, Message{Facility: -1, Severity: -1, Text: "something happened: yes"}},
		"byte order mark first":   {"\ufeff<13>x: y\r\n\x00", nil, Message{Form: RFC3164, Facility: 1, Severity: 5, App: "x", Text: "y"}},
		"priority above 191":      {"<999>x: y", nil, Message{Form: RFC3164, Facility: -1, Severity: -1, App: "x", Text: "y", Fault: "the priority is above 191"}},
		"not a priority":          {"<x>y", nil, Message{Facility: -1, Severity: -1, Text: "<x>y"}},
		"another version":         {"<13>2 2026-01-01T00:00:00Z h a - - - x", nil, Message{Form: RFC3164, Facility: 1, Severity: 5, Text: "2 2026-01-01T00:00:00Z h a - - - x"}},
		"IPv6 host":               {"<13>Mar  1 00:00:00 fe80::1 a: x", time.UTC, Message{Form: RFC3164, Facility: 1, Severity: 5, Time: at(t, "2026-03-01T00:00:00Z"), Guessed: GuessedYear, Host: "fe80::1", App: "a", Text: "x"}},
		"digits like a time":      {"<13>2026-01-01T00:00:00Zulu x", nil, Message{Form: RFC3164, Facility: 1, Severity: 5, Text: "2026-01-01T00:00:00Zulu x"}},
		"31 April":                {"<13>Apr 31 2025 00:00:00 h a: x", nil, Message{Form: RFC3164, Facility: 1, Severity: 5, Text: "Apr 31 2025 00:00:00 h a: x"}},
		"without time of receipt": {"<13>Mar  1 00:00:00 h a: x", time.UTC, Message{Form: RFC3164, Facility: 1, Severity: 5, Host: "h", App: "a", Text: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			from := Source{Zone: c.zone, Received: received}
			if name == "without time of receipt" {
				from.Received = 0
			}
			var got Message
			if err := Decode(c.in, from, &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Data) == 0 {
				got.Data = nil
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	for _, s := range []string{"", "\n", "\ufeff \r\n\x00", "   "} {
		if err := Decode(s, Source{}, &Message{}); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]string{
		"2018-03-24T17:15:20.613421+0000":     "2018-03-24T17:15:20.613421Z",
		"2018-03-24 17:15:20,5":               "2018-03-24T17:15:20.5Z",
		"2018-03-24T17:15:20.123456789-05":    "2018-03-24T22:15:20.123456Z",
		"2018-03-24T17:15:20+05:30":           "2018-03-24T11:45:20Z",
		"2016-12-31T23:59:60Z":                "2017-01-01T00:00:00Z",
		"0001-01-01T00:00:00Z":                "0001-01-01T00:00:00Z",
		"1969-12-31T23:59:59Z":                "1969-12-31T23:59:59Z",
		"2000-02-29T00:00:00Z":                "2000-02-29T00:00:00Z",
		"9999-12-31T23:59:59.999999999+00:00": "9999-12-31T23:59:59.999999Z",
	} {
		c, rest, ok := ParseTime(s)
		if got := time.UnixMicro(c.In(nil)).UTC().Format(time.RFC3339Nano); !ok || rest != "" || got != want {
			t.Errorf("%s: got %s, rest %q, %v, want %s", s, got, rest, ok, want)
		}
	}
	for _, s := range []string{"", "2018-03-24", "2018-13-24T17:15:20Z", "2018-02-29T17:15:20Z", "2018-03-24T24:15:20Z", "0000-01-01T00:00:00Z", "2018-03-24T17:15", "x018-03-24T17:15:20Z"} {
		if _, _, ok := ParseTime(s); ok {
			t.Errorf("%q was read", s)
		}
	}
}

// The days of the calendar agree with the standard library over 400 years and more.
func TestDays(t *testing.T) {
	for d := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2500; d = d.AddDate(0, 0, 13) {
		if got, want := days(d.Year(), int(d.Month()), d.Day()), d.Unix()/86400; got != want && d.Unix() >= 0 || got*86400 != d.Unix() {
			t.Fatalf("%v: %d, want %d", d, got, want)
		}
	}
}

func TestTruncated(t *testing.T) {
	for _, whole := range []string{
		`<165>1 2003-10-11T22:14:15.003Z h app - ID47 [a@1 x="1" y="a\"b"][b@1 z=""] text`,
		"<189>000123: *Mar  1 00:00:07.123 UTC: %SYS-5-CONFIG_I: Configured",
		"<34>Oct 11 22:14:15 mymachine su[1]: 'su root' failed",
	} {
		for n := range len(whole) {
			var m Message
			if err := Decode(whole[:n], Source{Received: 1e15}, &m); err != nil && n > 0 {
				t.Errorf("%q: %v", whole[:n], err)
			}
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	s := `<165>1 2003-10-11T22:14:15.003Z h app - ID47 [a@1 x="1" y="2"] ` + strings.Repeat("text ", 100)
	var m Message
	if n := testing.AllocsPerRun(100, func() { _ = Decode(s, Source{}, &m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, s := range map[string]string{
		"5424": `<165>1 2003-10-11T22:14:15.003Z host.example app 812 ID47 [a@1 x="1" y="2"] A short message of a device that says little`,
		"3164": "<34>Oct 11 22:14:15 mymachine sshd[8123]: Failed password for root from 10.0.0.1 port 22 ssh2",
	} {
		b.Run(name, func(b *testing.B) {
			var m Message
			from := Source{Zone: time.UTC, Received: 1e15}
			b.ReportAllocs()
			for b.Loop() {
				_ = Decode(s, from, &m)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`<165>1 2003-10-11T22:14:15.003Z h app - ID47 [a@1 x="1" y="a\"b"][b@1 z=""] text`, "<34>Oct 11 22:14:15 m su[1]: x",
		"<189>000123: *Mar  1 00:00:07.123 UTC: %SYS-5: C", "<14>1 - - - - - -", "Mar  1 00:00:00 h cron[3]: x", "<", "<0>", "<14>1 [", "<14>1 - - - - - [a =\"\"]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var m Message
		if err := Decode(s, Source{Received: 1_700_000_000_000_000}, &m); err != nil {
			return
		}
		if m.Facility > 23 || m.Severity > 7 || m.Facility < -1 || (m.Facility < 0) != (m.Severity < 0) {
			t.Errorf("priority %d %d", m.Facility, m.Severity)
		}
		if !strings.Contains(s, m.Host) || !strings.Contains(s, m.App) || !strings.HasSuffix(strings.TrimRight(s, "\r\n\x00"), m.Text) {
			t.Errorf("%q is not the end of %q", m.Text, s)
		}
	})
}
