package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"triward/internal/problem"
)

// cutter cuts one unwrapped stream into records.
type cutter struct {
	r    *reader
	name string
	from *bufio.Reader
	line int64 // lines read
	buf  []byte
	cut  bool // the line or document in buf was longer than the limit
	head int  // bytes of a header that goes with each line, within the limit
}

// records looks at the begin of the stream, and reads it as what it is.
func (c *cutter) records() error {
	head, _ := c.from.Peek(32 << 10)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(head) == 0:
		return c.lines()
	case head[0] == '[' && bytes.HasPrefix(bytes.TrimLeft(head[1:], " \t\r\n"), []byte{'{'}), head[0] == '{' && !closes(head):
		return c.objects()
	case head[0] == '<' && (len(head) < 2 || head[1] < '0' || head[1] > '9'):
		return c.messages()
	case bytes.HasPrefix(head, []byte("#separator ")) || bytes.HasPrefix(head, []byte("#fields")):
		return c.rows()
	}
	return c.lines()
}

// closes is whether the object that the text begins with ends on its first line.
func closes(head []byte) bool {
	first, _, whole := bytes.Cut(head, []byte{'\n'})
	if !whole { // one line, or longer than what was peeked at: most likely lines
		return true
	}
	first = bytes.TrimRight(first, " \t\r")
	return len(first) > 1 && first[len(first)-1] == '}'
}

// next reads a line into c.buf, without its end. io.EOF: there was none.
func (c *cutter) next() error {
	c.buf, c.cut = c.buf[:0], false
	any := false
	for {
		part, err := c.from.ReadSlice('\n')
		if len(part) > 0 {
			any = true
			c.r.stats.Bytes += int64(len(part))
			if c.r.limits.Bytes > 0 && c.r.stats.Bytes > c.r.limits.Bytes {
				return problem.New(problem.Invalid, "read %s: more than the %d bytes allowed", c.name, c.r.limits.Bytes)
			}
			c.keep(bytes.TrimSuffix(part, []byte{'\n'}), max(c.r.limits.Line-c.head, 0))
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil, errors.Is(err, io.EOF) && any:
			c.line++
			c.buf = bytes.TrimSuffix(c.buf, []byte{'\r'})
			return nil
		default:
			return err
		}
	}
}

// keep adds to the buffer what the limit leaves, and counts what it does not.
func (c *cutter) keep(part []byte, limit int) {
	if n := limit - len(c.buf); len(part) > n {
		if !c.cut {
			c.cut = true
			c.r.stats.Cut++
		}
		c.r.stats.Lost += int64(len(part) - max(n, 0))
		part = part[:max(n, 0)]
	}
	c.buf = append(c.buf, part...)
}

func (c *cutter) lines() error {
	for {
		switch err := c.next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if len(bytes.TrimSpace(c.buf)) == 0 {
			continue
		}
		if err := c.r.give(c.name, c.line, c.buf); err != nil {
			return err
		}
	}
}

// rows reads a log of Zeek: each row goes with the lines of the header before it.
func (c *cutter) rows() error {
	var header, record []byte
	open := false // the header is still going on
	for {
		switch err := c.next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch {
		case len(c.buf) == 0:
			continue
		case c.buf[0] == '#':
			if bytes.HasPrefix(c.buf, []byte("#close")) || bytes.HasPrefix(c.buf, []byte("#open")) {
				continue
			}
			if !open {
				header, open, c.head = header[:0], true, 0
			}
			if len(header)+len(c.buf) < min(64<<10, c.r.limits.Line) {
				header = append(append(header, c.buf...), '\n')
			}
			continue
		}
		if open { // the first row was read under the whole limit
			open, c.head = false, len(header)
			if n := len(c.buf) + c.head - c.r.limits.Line; n > 0 {
				n = min(n, len(c.buf))
				if c.r.stats.Lost += int64(n); !c.cut {
					c.r.stats.Cut++
				}
				c.buf = c.buf[:len(c.buf)-n]
			}
		}
		record = append(append(record[:0], header...), c.buf...)
		if err := c.r.give(c.name, c.line, record); err != nil {
			return err
		}
	}
}

// objects reads JSON objects that go over lines, one after the other or in an array. What stands between them and is no
// JSON is a record of its own, up to the end of its line.
func (c *cutter) objects() error {
	for {
		b, err := c.one()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case b <= ' ', b == ',', b == '[', b == ']', b >= 0x80 && c.line == 0: // a byte order mark
			continue
		}
		line := c.line + 1
		c.buf, c.cut = append(c.buf[:0], b), false
		if b == '{' {
			err = c.object()
		} else {
			err = c.rest()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := c.r.give(c.name, line, c.buf); err != nil {
			return err
		}
	}
}

// one reads a byte and counts it.
func (c *cutter) one() (byte, error) {
	b, err := c.from.ReadByte()
	if err != nil {
		return 0, err
	}
	if c.r.stats.Bytes++; c.r.limits.Bytes > 0 && c.r.stats.Bytes > c.r.limits.Bytes {
		return 0, problem.New(problem.Invalid, "read %s: more than the %d bytes allowed", c.name, c.r.limits.Bytes)
	}
	if b == '\n' {
		c.line++
	}
	return b, nil
}

// object reads up to the brace that closes the one in the buffer.
func (c *cutter) object() error {
	depth, quoted, escaped := 1, false, false
	var single [1]byte
	for depth > 0 {
		b, err := c.one()
		if err != nil {
			return err
		}
		single[0] = b
		c.keep(single[:], c.r.limits.Document)
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
		}
	}
	return nil
}

func (c *cutter) rest() error {
	var single [1]byte
	for {
		b, err := c.one()
		if err != nil {
			return err
		}
		if b == '\n' {
			c.buf = bytes.TrimSuffix(c.buf, []byte{'\r'})
			return nil
		}
		single[0] = b
		c.keep(single[:], c.r.limits.Line)
	}
}

// messages reads XML documents: each ends behind </AuditMessage>, or with the stream.
func (c *cutter) messages() error {
	var doc []byte
	begin, lost := int64(0), false
	flush := func() error {
		data := bytes.TrimSpace(doc)
		doc, lost = doc[:0], false
		if len(data) == 0 {
			return nil
		}
		return c.r.give(c.name, begin, data)
	}
	for {
		switch err := c.next(); {
		case errors.Is(err, io.EOF):
			return flush()
		case err != nil:
			return err
		}
		line := c.buf
		for len(line) > 0 || len(doc) > 0 {
			if len(bytes.TrimSpace(doc)) == 0 {
				begin = c.line
			}
			part := line
			n := closing(line)
			if n > 0 {
				part = line[:n]
			}
			if room := c.r.limits.Document - len(doc) - 1; len(part) > room {
				if !lost {
					lost = true
					c.r.stats.Cut++
				}
				c.r.stats.Lost += int64(len(part) - max(room, 0))
				part = part[:max(room, 0)]
			}
			doc = append(doc, part...)
			if n == 0 {
				if !lost {
					doc = append(doc, '\n')
				}
				break
			}
			if err := flush(); err != nil {
				return err
			}
			line = line[n:]
		}
	}
}

// closing is the place behind the first end tag of an audit message, with or without a prefix; 0 without one.
func closing(line []byte) int {
	name := []byte("AuditMessage>")
	for at := 0; ; {
		n := bytes.Index(line[at:], name)
		if n < 0 {
			return 0
		}
		n += at
		at = n + len(name)
		if tag := bytes.LastIndexByte(line[:n], '<'); tag >= 0 && line[tag+1] == '/' {
			return at
		}
	}
}
