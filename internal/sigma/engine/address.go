package engine

import (
	"bytes"
	"net/netip"
	"time"

	"triward/internal/sigma"
)

// address reads an IP address without allocating. An IPv4 address inside of IPv6 is taken as IPv4; a zone is left out.
func address(b []byte) (netip.Addr, bool) {
	if i := bytes.IndexByte(b, '%'); i >= 0 {
		b = b[:i]
	}
	if bytes.IndexByte(b, ':') < 0 {
		four, ok := ipv4(b)
		return netip.AddrFrom4(four), ok
	}
	return ipv6(b)
}

func ipv4(b []byte) (a [4]byte, ok bool) {
	n, digits, x := 0, 0, 0
	for i := 0; ; i++ {
		if i == len(b) || b[i] == '.' {
			if digits == 0 || n == 4 {
				return a, false
			}
			a[n] = byte(x)
			n, digits, x = n+1, 0, 0
			if i == len(b) {
				return a, n == 4
			}
			continue
		}
		c := b[i]
		if c < '0' || c > '9' || digits > 0 && x == 0 {
			return a, false
		}
		if x = x*10 + int(c-'0'); x > 255 {
			return a, false
		}
		digits++
	}
}

func ipv6(b []byte) (netip.Addr, bool) {
	var a [16]byte
	n, gap := 0, -1 // bytes written; where :: stood
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, ':')
		group := b
		if end >= 0 {
			group = b[:end]
		}
		if bytes.IndexByte(group, '.') >= 0 {
			four, ok := ipv4(group)
			if !ok || end >= 0 || n > 12 {
				return netip.Addr{}, false
			}
			n += copy(a[n:], four[:])
			break
		}
		x, ok := hexGroup(group)
		if !ok || n > 14 {
			return netip.Addr{}, false
		}
		a[n], a[n+1] = byte(x>>8), byte(x)
		n += 2
		if end < 0 {
			break
		}
		if b = b[end+1:]; len(b) == 0 {
			return netip.Addr{}, false
		}
		if b[0] == ':' {
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap, b = n, b[1:]
		}
	}
	if gap < 0 && n != 16 || gap >= 0 && n == 16 {
		return netip.Addr{}, false
	}
	if gap >= 0 {
		moved := n - gap
		copy(a[16-moved:], a[gap:n])
		clear(a[gap : 16-moved])
	}
	return netip.AddrFrom16(a).Unmap(), true
}

func hexGroup(b []byte) (x int, ok bool) {
	if len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	for _, c := range b {
		switch c = lower[c]; {
		case '0' <= c && c <= '9':
			x = x<<4 | int(c-'0')
		case 'a' <= c && c <= 'f':
			x = x<<4 | int(c-'a'+10)
		default:
			return 0, false
		}
	}
	return x, true
}

// instant reads a time: RFC 3339 and its forms with a space or without a zone (then UTC), or seconds, milli-, micro- or
// nanoseconds since 1970 by their size.
func instant(b []byte) (time.Time, bool) {
	if x, ok := number(b); ok {
		switch {
		case x < 1e11:
			return time.UnixMicro(int64(x * 1e6)).UTC(), true
		case x < 1e14:
			return time.UnixMilli(int64(x)).UTC(), true
		case x < 1e17:
			return time.UnixMicro(int64(x)).UTC(), true
		}
		return time.Unix(0, int64(x)).UTC(), true
	}
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != ' ' && b[10] != 't' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	y, o1 := digits(b[0:4])
	mo, o2 := digits(b[5:7])
	d, o3 := digits(b[8:10])
	h, o4 := digits(b[11:13])
	mi, o5 := digits(b[14:16])
	s, o6 := digits(b[17:19])
	if !(o1 && o2 && o3 && o4 && o5 && o6) || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 60 {
		return time.Time{}, false
	}
	b = b[19:]
	nanos := 0
	if len(b) > 0 && (b[0] == '.' || b[0] == ',') {
		scale := 100_000_000
		for b = b[1:]; len(b) > 0 && b[0] >= '0' && b[0] <= '9'; b = b[1:] {
			nanos += int(b[0]-'0') * scale
			scale /= 10
		}
	}
	offset, ok := zone(b)
	return time.Date(y, time.Month(mo), d, h, mi, s, nanos, time.UTC).Add(-offset), ok
}

func zone(b []byte) (time.Duration, bool) {
	if len(b) == 0 || len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, true
	}
	if len(b) != 6 && len(b) != 5 || b[0] != '+' && b[0] != '-' || len(b) == 6 && b[3] != ':' {
		return 0, false
	}
	h, o1 := digits(b[1:3])
	m, o2 := digits(b[len(b)-2:])
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if b[0] == '-' {
		d = -d
	}
	return d, o1 && o2
}

func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func unitOf(t time.Time, u sigma.Unit) float64 {
	switch u {
	case sigma.Minute:
		return float64(t.Minute())
	case sigma.Hour:
		return float64(t.Hour())
	case sigma.Day:
		return float64(t.Day())
	case sigma.Week:
		_, week := t.ISOWeek()
		return float64(week)
	case sigma.Month:
		return float64(t.Month())
	}
	return float64(t.Year())
}
