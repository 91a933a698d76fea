package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func frames(t *testing.T, r io.Reader, limit int) (out []string, f *Frames, err error) {
	t.Helper()
	f = NewFrames(r, limit)
	for {
		msg, err := f.Next()
		if len(msg) > 0 {
			out = append(out, string(msg))
		}
		if err != nil {
			return out, f, err
		}
	}
}

func TestFrames(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
		cut  int64
		lost int64
		err  error
	}{
		"lines":                            {"<1>a\n<1>b\r\n\n<1>c", []string{"<1>a", "<1>b", "<1>c"}, 0, 0, io.EOF},
		"NUL":                              {"<1>a\x00<1>b\x00", []string{"<1>a", "<1>b"}, 0, 0, io.EOF},
		"counted":                          {"4 <1>a5 <1>\nb4 <1>c", []string{"<1>a", "<1>\nb", "<1>c"}, 0, 0, io.EOF},
		"counted with line feed":           {"5 <1>a\n5 <1>b\n", []string{"<1>a", "<1>b"}, 0, 0, io.EOF},
		"both":                             {"4 <1>a<1>b\n4 <1>c", []string{"<1>a", "<1>b", "<1>c"}, 0, 0, io.EOF},
		"a line that begins with a number": {"12 apples\n<1>b\n", []string{"12 apples", "<1>b"}, 0, 0, io.EOF},
		"ended inside":                     {"4 <1>a10 <1>b", []string{"<1>a", "<1>b"}, 0, 0, io.ErrUnexpectedEOF},
		"counted and too long":             {"30 <1>aaaaaaaaaaaaaaaaaaaaaaaaaaa4 <1>c", []string{"<1>" + strings.Repeat("a", 17), "<1>c"}, 1, 10, io.EOF},
		"line too long":                    {"<1>" + strings.Repeat("a", 27) + "\n<1>c\n", []string{"<1>" + strings.Repeat("a", 17), "<1>c"}, 1, 10, io.EOF},
		"long and without end":             {"<1>" + strings.Repeat("a", 27), []string{"<1>" + strings.Repeat("a", 17)}, 1, 10, io.EOF},
		"absurd length":                    {"99999999999 <1>a\n<1>b", []string{"99999999999 <1>a", "<1>b"}, 0, 0, io.EOF},
		"nothing":                          {"", nil, 0, 0, io.EOF},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "half": iotest.HalfReader} {
			t.Run(name+"/"+how, func(t *testing.T) {
				got, f, err := frames(t, wrap(strings.NewReader(c.in)), 20)
				if d := cmp.Diff(c.want, got); d != "" || !errors.Is(err, c.err) {
					t.Errorf("%v %s", err, d)
				}
				if cut, lost := f.Cut(); cut != c.cut || lost != c.lost {
					t.Errorf("cut %d, lost %d, want %d, %d", cut, lost, c.cut, c.lost)
				}
			})
		}
	}
}

// endless gives n times "a", and never a line feed.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.n)
	for i := range n {
		p[i] = 'a'
	}
	e.n -= n
	return n, nil
}

func TestFramesMemoryIsBounded(t *testing.T) {
	for name, head := range map[string]string{"line": "", "counted": "500000000 <1>"} {
		t.Run(name, func(t *testing.T) {
			f := NewFrames(io.MultiReader(strings.NewReader(head), &endless{n: 64 << 20}), 0)
			msg, _ := f.Next()
			if len(msg) != MaxMessage || cap(f.buf) > MaxMessage+64<<10 {
				t.Errorf("%d bytes in a buffer of %d", len(msg), cap(f.buf))
			}
			if cut, lost := f.Cut(); cut != 1 || lost < 63<<20-20 {
				t.Errorf("cut %d, lost %d", cut, lost)
			}
		})
	}
}

func TestFramesOfAnyLength(t *testing.T) {
	var in bytes.Buffer
	var want []int
	for n := 4; n <= MaxMessage; n = n*3 + 1 {
		fmt.Fprintf(&in, "%d <1>%s", n, strings.Repeat("x", n-3))
		fmt.Fprintf(&in, "<1>%s\n", strings.Repeat("y", n-3))
		want = append(want, n, n)
	}
	got, f, err := frames(t, &in, 0)
	lengths := make([]int, len(got))
	for i, s := range got {
		lengths[i] = len(s)
	}
	if cut, _ := f.Cut(); !errors.Is(err, io.EOF) || cut != 0 || !slices.Equal(lengths, want) {
		t.Errorf("%v, cut %d, got %v", err, cut, lengths)
	}
}

func FuzzFrames(f *testing.F) {
	for _, s := range []string{"4 <1>a<1>b\n", "30 <1>aaa", "<1>a\x00<1>b", "9999999999 <", "1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, f1, err1 := frames(t, bytes.NewReader(b), 20)
		single, f2, err2 := frames(t, iotest.OneByteReader(bytes.NewReader(b)), 20)
		c1, l1 := f1.Cut()
		c2, l2 := f2.Cut()
		if d := cmp.Diff(whole, single); d != "" || !errors.Is(err1, err2) || c1 != c2 || l1 != l2 {
			t.Errorf("%v %v %d %d %d %d %s", err1, err2, c1, c2, l1, l2, d)
		}
		for _, s := range whole {
			if len(s) > 20 {
				t.Errorf("%d bytes", len(s))
			}
		}
	})
}
