package syslog

import (
	"bytes"
	"errors"
	"io"
)

// MaxMessage is the longest message that is kept whole.
const MaxMessage = 1 << 20

// Frames cuts the messages out of a TCP stream. Each begins either with its length ("123 <34>1 …", RFC 6587 3.4.1 and
// RFC 5425) or ends at a line feed or a NUL (RFC 6587 3.4.2); which of them, each message shows by itself.
type Frames struct {
	from  io.Reader
	limit int
	buf   []byte
	start int // of what is not given out yet
	err   error

	cut  int64
	lost int64
}

// NewFrames reads from r. limit is the longest message in bytes; 0 stands for MaxMessage.
func NewFrames(r io.Reader, limit int) *Frames {
	if limit <= 0 {
		limit = MaxMessage
	}
	return &Frames{from: r, limit: limit}
}

// Cut is how many messages were longer than the limit and how many of their bytes are gone.
func (f *Frames) Cut() (messages, bytes int64) { return f.cut, f.lost }

// Next gives the next message, without its frame; it holds until the next call. Empty ones are left out. io.EOF is given
// at the end of the stream; io.ErrUnexpectedEOF when it ended inside of a message that said its length: the message comes
// with the error, so that nothing received is lost.
func (f *Frames) Next() ([]byte, error) {
	for {
		if f.start == len(f.buf) && !f.more() {
			return nil, f.err
		}
		var msg []byte
		var err error
		if n, skip, ok := f.counted(); ok {
			msg, err = f.take(n, skip)
		} else {
			msg = f.line()
		}
		if len(msg) > 0 || err != nil {
			return msg, err
		}
	}
}

// more reads once; false when there is nothing more to come.
func (f *Frames) more() bool {
	if f.err != nil {
		return false
	}
	if f.start > 0 {
		n := copy(f.buf, f.buf[f.start:])
		f.buf, f.start = f.buf[:n], 0
	}
	if len(f.buf) == cap(f.buf) {
		grown := make([]byte, len(f.buf), min(max(2*cap(f.buf), 16<<10), f.limit+64<<10))
		copy(grown, f.buf)
		f.buf = grown
	}
	for range 100 { // readers that give nothing
		n, err := f.from.Read(f.buf[len(f.buf):cap(f.buf)])
		f.buf = f.buf[:len(f.buf)+n]
		if err != nil {
			f.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	f.err = io.ErrNoProgress
	return false
}

// counted reads "LENGTH <" without taking it: a length is believed only before the "<" of a priority.
func (f *Frames) counted() (n, skip int, ok bool) {
	for i := 0; ; i++ {
		for f.start+i >= len(f.buf) {
			if !f.more() {
				return 0, 0, false
			}
		}
		switch c := f.buf[f.start+i]; {
		case c >= '1' && c <= '9' || c == '0' && i > 0:
			if n = n*10 + int(c-'0'); i >= 9 {
				return 0, 0, false
			}
		case c == ' ' && i > 0:
			for f.start+i+1 >= len(f.buf) {
				if !f.more() {
					return 0, 0, false
				}
			}
			return n, i + 1, f.buf[f.start+i+1] == '<'
		default:
			return 0, 0, false
		}
	}
}

// take gives a message of n bytes behind its length, and drops what is beyond the limit.
func (f *Frames) take(n, skip int) ([]byte, error) {
	f.start += skip
	keep := min(n, f.limit)
	for len(f.buf)-f.start < keep {
		if !f.more() {
			msg := f.buf[f.start:]
			f.start = len(f.buf)
			if errors.Is(f.err, io.EOF) {
				return msg, io.ErrUnexpectedEOF
			}
			return msg, f.err
		}
	}
	if n == keep {
		msg := f.buf[f.start : f.start+keep]
		f.start += keep
		return bytes.TrimRight(msg, "\r\n\x00"), nil
	}
	msg := bytes.Clone(f.buf[f.start : f.start+keep]) // what is dropped overwrites the buffer
	f.start += keep
	f.cut++
	for left := n - keep; left > 0; {
		if f.start == len(f.buf) && !f.more() {
			return msg, io.ErrUnexpectedEOF
		}
		gone := min(left, len(f.buf)-f.start)
		f.start += gone
		f.lost += int64(gone)
		left -= gone
	}
	return msg, nil
}

// line gives what stands before the next line feed or NUL, or the last piece of the stream.
func (f *Frames) line() []byte {
	seen := 0
	for {
		if i := lineEnd(f.buf[f.start+seen:]); i >= 0 {
			msg := f.buf[f.start : f.start+seen+i]
			f.start += seen + i + 1
			return f.within(msg)
		}
		seen = len(f.buf) - f.start
		if seen > f.limit+1 { // a carriage return does not count
			return f.dropLine()
		}
		if !f.more() {
			msg := f.buf[f.start:]
			f.start = len(f.buf)
			return f.within(msg)
		}
	}
}

// lineEnd is the place of the first line feed or NUL, -1 without one.
func lineEnd(b []byte) int {
	i := bytes.IndexByte(b, '\n')
	if i >= 0 {
		b = b[:i]
	}
	if n := bytes.IndexByte(b, 0); n >= 0 {
		return n
	}
	return i
}

func (f *Frames) within(msg []byte) []byte {
	if bare := bytes.TrimSuffix(msg, []byte{'\r'}); len(bare) <= f.limit {
		return bare
	}
	f.cut++
	f.lost += int64(len(msg) - f.limit)
	return msg[:f.limit]
}

// dropLine keeps the begin of a line that is too long.
func (f *Frames) dropLine() []byte {
	msg := bytes.Clone(f.buf[f.start : f.start+f.limit])
	f.lost += int64(len(f.buf) - f.start - f.limit)
	f.start = len(f.buf)
	f.cut++
	for f.more() {
		if i := lineEnd(f.buf); i >= 0 {
			f.start = i + 1
			f.lost += int64(i)
			return msg
		}
		f.lost += int64(len(f.buf))
		f.start = len(f.buf)
	}
	return msg
}
