package eventlog

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"triward/internal/problem"
)

// ID names an event for ever. There are two forms, and the first bit tells them apart:
//
//	0  milliseconds of receipt (6 bytes), process (5), counter (5)    what arrives live; sorts by time
//	1  digest of source and batch (11), ordinal in the batch (5)      what is imported; the same file gives the same ids
//
// Bytes that stay the same from event to event cost almost nothing once they are compressed, random ones their full size.
type ID [16]byte

const maxOrdinal = 1<<40 - 1

// Live reports whether the id was minted at receipt.
func (i ID) Live() bool { return i[0]&0x80 == 0 }

// Millis is the time of receipt in a live id, in milliseconds.
func (i ID) Millis() int64 { return int64(binary.BigEndian.Uint64(i[:8]) >> 16) }

func (i ID) String() string { return hex.EncodeToString(i[:]) }

// MarshalText gives 32 lower-case hexadecimal digits.
func (i ID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, i[:]), nil }

// UnmarshalText reads what MarshalText gives.
func (i *ID) UnmarshalText(text []byte) error {
	id, err := ParseID(string(text))
	*i = id
	return err
}

// ParseID reads the text form.
func ParseID(s string) (ID, error) {
	var i ID
	if len(s) != 2*len(i) {
		return ID{}, problem.New(problem.Invalid, "an event id has %d hexadecimal digits", 2*len(i))
	}
	if _, err := hex.Decode(i[:], []byte(s)); err != nil {
		return ID{}, problem.New(problem.Invalid, "an event id has %d hexadecimal digits", 2*len(i))
	}
	return i, nil
}

// Minter makes live ids. It is safe for use by many goroutines.
type Minter struct {
	process [5]byte
	last    atomic.Uint64
}

// NewMinter returns a minter whose ids no other one makes. It fails only when the system has no randomness.
func NewMinter() (*Minter, error) {
	m := &Minter{}
	if _, err := rand.Read(m.process[:]); err != nil {
		return nil, fmt.Errorf("make event ids: %w", err)
	}
	return m, nil
}

// Next is a fresh id for an event received at a time in microseconds.
func (m *Minter) Next(received int64) ID {
	var i ID
	binary.BigEndian.PutUint64(i[:8], uint64(max(received, 0)/1000)<<16)
	i[0] &= 0x7f
	copy(i[6:11], m.process[:])
	putOrdinal(&i, m.last.Add(1))
	return i
}

// Derived are the ids of a batch that may come again: a file by its digest, a batch by its own id.
type Derived struct{ prefix ID }

// Derive begins the ids of a batch of a source.
func Derive(source, batch string) Derived {
	h := sha256.New()
	fmt.Fprintf(h, "triward event batch\n%d %s\n%s", len(source), source, batch)
	var d Derived
	copy(d.prefix[:11], h.Sum(nil))
	d.prefix[0] |= 0x80
	return d
}

// At is the id of the event with an ordinal in the batch, below 2^40.
func (d Derived) At(ordinal int64) ID {
	i := d.prefix
	putOrdinal(&i, uint64(ordinal))
	return i
}

func putOrdinal(i *ID, n uint64) {
	n &= maxOrdinal
	i[11] = byte(n >> 32)
	binary.BigEndian.PutUint32(i[12:], uint32(n))
}
