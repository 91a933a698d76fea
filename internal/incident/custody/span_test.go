package custody_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"triward/internal/incident/custody"
	"triward/internal/problem"
)

// A stretch of content that came in parts is read from wherever it begins, and each reading is an entry that says which.
func TestStretchesOfContent(t *testing.T) {
	each(t, func(s *scene) {
		i := s.register(custody.LogExtract)
		content := []byte(strings.Repeat("0123456789", 300))
		for at := 0; at < len(content); at += 1000 {
			_, err := s.vault.Append(s.as(s.anna), i, int64(at), bytes.NewReader(content[at:at+1000]))
			s.must(err)
		}
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
		for _, c := range []struct {
			span custody.Span
			want []byte
			says string
		}{{custody.Span{}, content, "copy"}, {custody.Span{Begins: 1}, content[1:], "copy (bytes 1 to 3000 of 3000)"}, {custody.Span{Begins: 1000}, content[1000:], "copy (bytes 1000 to 3000 of 3000)"},
			{custody.Span{Begins: 999, Ends: 2001}, content[999:2001], "copy (bytes 999 to 2001 of 3000)"}, {custody.Span{Begins: 2999, Ends: 9000}, content[2999:], "copy (bytes 2999 to 3000 of 3000)"}} {
			_, r, err := s.vault.OpenSpan(s.as(s.anna), i, "copy", c.span)
			s.must(err)
			got, err := io.ReadAll(r)
			if s.must(errors.Join(err, r.Close())); !bytes.Equal(got, c.want) {
				t.Errorf("%+v: %d bytes, want %d", c.span, len(got), len(c.want))
			}
			_, chain := s.get(i)
			if e := chain[len(chain)-1]; e.Action != custody.Accessed || e.Reason != c.says {
				t.Errorf("%+v: the entry says %s %q, want %q", c.span, e.Action, e.Reason, c.says)
			}
		}
		for _, span := range []custody.Span{{Begins: 3000}, {Begins: -1}, {Begins: 20, Ends: 10}} {
			_, _, err := s.vault.OpenSpan(s.as(s.anna), i, "copy", span)
			s.refused(err, problem.Invalid, "3000 bytes")
		}
	})
}
