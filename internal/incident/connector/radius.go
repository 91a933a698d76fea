package connector

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"triward/internal/problem"
)

// Codes of RFC 5176 3.
const (
	disconnectRequest, disconnectACK, disconnectNAK = 40, 41, 42
	coaRequest, coaACK, coaNAK                      = 43, 44, 45
)

// Attributes that every request has, and the answer's reason.
const (
	eventTimestamp       = 55  // RFC 2869 5.3: a request that is replayed later is known as old
	messageAuthenticator = 80  // RFC 3579 3.2
	errorCause           = 101 // RFC 5176 3.5
	vendorSpecific       = 26
)

// form is how the value of an attribute is written.
type form int

const (
	textForm form = iota
	numberForm
	addressForm // IPv4, or IPv6 where the attribute is for that
	taggedForm  // a number of three bytes behind a tag (RFC 2868)
)

type attributeType struct {
	code   byte
	form   form
	vendor uint32
}

// attributeTypes are the attributes by their names in RFC 2865, 2866, 2868, 2869, 3162.
var attributeTypes = map[string]attributeType{
	"User-Name": {code: 1}, "NAS-IP-Address": {code: 4, form: addressForm}, "NAS-Port": {code: 5, form: numberForm}, "Framed-IP-Address": {code: 8, form: addressForm},
	"Filter-Id": {code: 11}, "Session-Timeout": {code: 27, form: numberForm}, "Termination-Action": {code: 29, form: numberForm}, "Called-Station-Id": {code: 30},
	"Calling-Station-Id": {code: 31}, "NAS-Identifier": {code: 32}, "Acct-Session-Id": {code: 44}, "Acct-Multi-Session-Id": {code: 50},
	"Tunnel-Type": {code: 64, form: taggedForm}, "Tunnel-Medium-Type": {code: 65, form: taggedForm}, "Tunnel-Private-Group-ID": {code: 81}, "NAS-Port-Id": {code: 87},
	"NAS-Filter-Rule": {code: 92}, "NAS-IPv6-Address": {code: 95, form: addressForm},
}

// attributeOf finds an attribute by name; "vendor:9:1" is a text of a vendor (RFC 2865 5.26).
func attributeOf(name string) (attributeType, error) {
	if t, ok := attributeTypes[name]; ok {
		return t, nil
	}
	part := strings.Split(name, ":")
	if len(part) == 3 && part[0] == "vendor" {
		vendor, err := strconv.ParseUint(part[1], 10, 24)
		kind, err2 := strconv.ParseUint(part[2], 10, 8)
		if err == nil && err2 == nil && vendor > 0 && kind > 0 {
			return attributeType{code: byte(kind), vendor: uint32(vendor)}, nil
		}
	}
	return attributeType{}, problem.New(problem.Invalid, "%q is not an attribute that a request may have", name)
}

// encode is an attribute as it is sent.
func (t attributeType) encode(value string) ([]byte, error) {
	var v []byte
	switch t.form {
	case textForm:
		v = []byte(value)
	case numberForm, taggedForm:
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || t.form == taggedForm && n > 1<<24-1 {
			return nil, problem.New(problem.Invalid, "%q is not a number", value)
		}
		v = binary.BigEndian.AppendUint32(nil, uint32(n))
	case addressForm:
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" || a.Is4() == (t.code == 95) {
			return nil, problem.New(problem.Invalid, "%q is not an address that the attribute takes", value)
		}
		v = a.AsSlice()
	}
	if t.vendor > 0 {
		head := append(binary.BigEndian.AppendUint32(nil, t.vendor), t.code, byte(len(v)+2))
		t.code, v = vendorSpecific, append(head, v...)
	}
	if len(v) == 0 || len(v) > 253 {
		return nil, problem.New(problem.Invalid, "an attribute has 1 to 253 bytes")
	}
	return append([]byte{t.code, byte(len(v) + 2)}, v...), nil
}

// packet makes a request of RFC 5176: the Message-Authenticator over the packet with a Request Authenticator of zeros, then
// the Request Authenticator over everything (2.3, 3.4, and RFC 2866 3).
func packet(code, number byte, attributes, secret []byte) ([]byte, error) {
	n := 20 + len(attributes) + 18
	if n > 4096 {
		return nil, problem.New(problem.Invalid, "the request is longer than 4,096 bytes")
	}
	p := make([]byte, 20, n)
	p[0], p[1] = code, number
	binary.BigEndian.PutUint16(p[2:], uint16(n))
	p = append(append(p, attributes...), messageAuthenticator, 18)
	p = append(p, make([]byte, 16)...)
	copy(p[n-16:], keyed(p, secret))
	h := md5.New()
	h.Write(p)
	h.Write(secret)
	copy(p[4:], h.Sum(nil))
	return p, nil
}

func keyed(p, secret []byte) []byte {
	m := hmac.New(md5.New, secret)
	m.Write(p)
	return m.Sum(nil)
}

// answered checks an answer against its request and gives its code and Error-Cause. Whatever is not right is Invalid: the
// answer is not the other side's.
func answered(got, request, secret []byte) (code byte, cause uint32, err error) {
	bad := problem.New(problem.Invalid, "the answer is not a signed answer to this request")
	if len(got) < 20 {
		return 0, 0, bad
	}
	n := int(binary.BigEndian.Uint16(got[2:]))
	if n < 20 || n > len(got) || got[1] != request[1] {
		return 0, 0, bad
	}
	got = got[:n]
	h := md5.New()
	h.Write(got[:4])
	h.Write(request[4:20])
	h.Write(got[20:])
	h.Write(secret)
	if !hmac.Equal(h.Sum(nil), got[4:20]) {
		return 0, 0, bad
	}
	for rest, at := got[20:], 20; len(rest) > 0; {
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return 0, 0, bad
		}
		size := int(rest[1])
		switch {
		case rest[0] == errorCause && size == 6:
			cause = binary.BigEndian.Uint32(rest[2:])
		case rest[0] == messageAuthenticator:
			if size != 18 || !authentic(got, request, at+2, secret) {
				return 0, 0, bad
			}
		}
		rest, at = rest[size:], at+size
	}
	return got[0], cause, nil
}

// authentic checks the Message-Authenticator of an answer, which stands at a place in it.
func authentic(got, request []byte, at int, secret []byte) bool {
	p := bytes.Clone(got)
	copy(p[4:20], request[4:20])
	clear(p[at : at+16])
	return hmac.Equal(keyed(p, secret), got[at:at+16])
}

// causes are the reasons of RFC 5176 3.5 and 3.6 in words.
var causes = map[uint32]string{201: "residual session context removed", 401: "unsupported attribute", 402: "missing attribute", 403: "NAS identification mismatch", 404: "invalid request",
	405: "unsupported service", 406: "unsupported extension", 407: "invalid attribute value", 501: "administratively prohibited", 502: "request not routable", 503: "session context not found",
	504: "session context not removable", 505: "other proxy processing error", 506: "resources unavailable", 507: "request initiated", 508: "multiple session selection unsupported"}

// radiusCall is a request that is ready but for its secret and its time.
type radiusCall struct {
	to         string
	request    string
	names      []Attribute // filled
	attributes []byte
}

func newRadius(c Connector, s Step, values map[string]string) (radiusCall, error) {
	out := radiusCall{to: c.Address, request: s.Request}
	for _, a := range s.Attributes {
		t, err := attributeOf(a.Name)
		if err != nil {
			return out, err
		}
		if a.Value, err = fill(a.Value, values); err != nil {
			return out, err
		}
		b, err := t.encode(strings.ReplaceAll(a.Value, secondsLeft, "1")) // shown only: any number has the form
		if err != nil {
			return out, problem.About(err, "the attribute %s", a.Name)
		}
		out.names, out.attributes = append(out.names, a), append(out.attributes, b...)
	}
	return out, nil
}

func (r radiusCall) show() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s over UDP (RFC 5176)\n", map[string]string{"coa": "CoA-Request", "disconnect": "Disconnect-Request"}[r.request], r.to)
	for _, a := range r.names {
		fmt.Fprintf(&b, "%s = %s\n", a.Name, a.Value)
	}
	b.WriteString("Event-Timestamp = when it is sent\nMessage-Authenticator = by the shared secret\n")
	return b.String()
}

// send sends the request, and the same again each second while nothing answers: UDP loses packets.
func (r radiusCall) send(ctx context.Context, secret []byte, now time.Time) (string, error) {
	code, yes, no := byte(coaRequest), byte(coaACK), byte(coaNAK)
	if r.request == "disconnect" {
		code, yes, no = disconnectRequest, disconnectACK, disconnectNAK
	}
	var number [1]byte
	if _, err := rand.Read(number[:]); err != nil {
		return "", err
	}
	stamp := append([]byte{eventTimestamp, 6}, binary.BigEndian.AppendUint32(nil, uint32(now.Unix()))...)
	p, err := packet(code, number[0], append(bytes.Clone(r.attributes), stamp...), secret)
	if err != nil {
		return "", err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "udp", r.to)
	if err != nil {
		return "", problem.New(problem.Unavailable, "the RADIUS server was not reached: %v", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })() // ends a read that waits
	again := time.NewTicker(time.Second)
	defer again.Stop()
	got := make(chan []byte)
	go func() {
		defer close(got)
		for {
			buf := make([]byte, 4096)
			n, err := conn.Read(buf)
			if err != nil && (ctx.Err() != nil || !refusedPort(err)) {
				return
			}
			select {
			case got <- buf[:n]:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		if _, err := conn.Write(p); err != nil && !refusedPort(err) {
			return "", problem.New(problem.Unavailable, "the RADIUS server was not reached: %v", err)
		}
	wait:
		for {
			select {
			case <-again.C:
				break wait
			case <-ctx.Done():
				return "", problem.New(problem.Unavailable, "the RADIUS server did not answer")
			case b, ok := <-got:
				if !ok {
					return "", problem.New(problem.Unavailable, "the RADIUS server did not answer")
				}
				is, cause, err := answered(b, p, secret)
				switch {
				case err != nil: // not signed: from somebody else, or with another secret
				case is == yes:
					return "acknowledged", nil
				case is == no:
					return "", problem.New(problem.Conflict, "the RADIUS server refused: %s", causeWords(cause))
				}
			}
		}
	}
}

// refusedPort is what a port without a server answers to UDP: it may listen a moment later.
func refusedPort(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func causeWords(cause uint32) string {
	if w, ok := causes[cause]; ok {
		return w
	}
	return fmt.Sprintf("error cause %d", cause)
}
