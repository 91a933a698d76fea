package decode

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"triward/internal/eventlog"
)

// FuzzAppend gives any bytes under any hint: there is always an event, it is valid, and the original is kept.
func FuzzAppend(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s.payload), s.format)
	}
	d := New([]byte("0123456789abcdef"))
	f.Fuzz(func(t *testing.T, payload []byte, format string) {
		in := input("")
		in.Payload, in.Format, in.Name = payload, format, "conn.log"
		events := d.Append(nil, in)
		if len(events) == 0 {
			t.Fatal("no event")
		}
		ids := map[eventlog.ID]bool{}
		for i := range events {
			check(t, &events[i], payload)
			ids[events[i].ID] = true
		}
		if len(ids) != len(events) {
			t.Error("an id twice")
		}
	})
}

// FuzzScan compares with encoding/json: what that accepts, the scanner accepts, with the same values.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `{"a":1,"b":[true,null,"x\n\u00e9\ud83d\ude00"],"c":{"d":-1.5e+3}}`, `[[[]],{}]`, `{"a":"\ud800"}`, ` { "a" : 0 } `, `{"a":01}`, `{"a":1,}`} {
		f.Add(s)
	}
	var t1 tape
	f.Fuzz(func(t *testing.T, s string) {
		err := t1.scan(s)
		trimmed := strings.Trim(s, " \t\r\n")
		if !json.Valid([]byte(s)) || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
			return
		}
		if err != nil {
			if errors.Is(err, errDepth) || errors.Is(err, errNodes) {
				return
			}
			t.Fatalf("%q: %v", s, err)
		}
		var want map[string]any
		if json.Unmarshal([]byte(s), &want) != nil {
			return
		}
		for c := int32(1); c < t1.nodes[0].next; c = t1.nodes[c].next {
			v, there := want[strings.ToValidUTF8(t1.key(c), "\ufffd")]
			if w, ok := v.(string); ok && t1.get(0, t1.nodes[c].key) == c && len(want) == count(&t1) && strings.ToValidUTF8(t1.str(c), "\ufffd") != w && !strings.Contains(w, "\ufffd") {
				t.Errorf("%q: %q is %q, want %q", s, t1.key(c), t1.str(c), w)
			}
			if !there && !strings.Contains(t1.key(c), "\ufffd") && strings.ToValidUTF8(s, "") == s {
				t.Errorf("%q: %q is not a member", s, t1.key(c))
			}
		}
	})
}

func count(t *tape) (n int) {
	for c := int32(1); c < t.nodes[0].next; c = t.nodes[c].next {
		n++
	}
	return n
}

func TestTruncated(t *testing.T) {
	d := New([]byte("0123456789abcdef"))
	for _, s := range seeds {
		for n := range len(s.payload) {
			in := input(s.payload[:n])
			in.Format = s.format
			for _, e := range d.Append(nil, in) {
				check(t, &e, in.Payload)
			}
		}
	}
}
