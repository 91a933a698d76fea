package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"triward/internal/problem"
)

// Event is something that happened to a subject. Kind is the vocabulary of permissions too.
type Event struct {
	Kind    string // "device.registered"
	Subject string // id of what it is about
	Site    string // scope: the site it belongs to, "" for none
	Product string // scope: the product (model) it belongs to, "" for none
	Body    any    // marshalled as JSON; what changed, in full enough to explain it later
}

// Entry is an event in the journal.
type Entry struct {
	Seq       int64 // 1, 2, 3, … without gaps
	At        time.Time
	Actor     string
	ActorName string
	Kind      string
	Subject   string
	Site      string
	Product   string
	Body      json.RawMessage // nil when erased
	BodyHash  []byte          // SHA-256 of salt and body
	Prev      []byte          // hash of the entry before; 32 zero bytes for the first
	Hash      []byte          // SHA-256 of Encode
}

// KindErased is the event that an entry's body was erased by law; its subject is the entry's number in decimal.
const KindErased = "journal.body_erased"

const entryDomain = "triward journal entry v1\n"

// Encode is the canonical form of an entry that its hash and its leaf in the Merkle tree commit to: a domain line, then
// each field with its length as 8 bytes big-endian.
func (e Entry) Encode() []byte {
	b := []byte(entryDomain)
	num := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	field := func(f []byte) { num(int64(len(f))); b = append(b, f...) }
	num(e.Seq)
	num(Micros(e.At))
	for _, s := range []string{e.Actor, e.ActorName, e.Kind, e.Subject, e.Site, e.Product} {
		field([]byte(s))
	}
	field(e.BodyHash)
	field(e.Prev)
	return b
}

// DecodeEntry reads what Encode writes. Body and Hash are not part of it: Hash is computed, Body stays nil.
func DecodeEntry(b []byte) (Entry, error) {
	rest, ok := bytes.CutPrefix(b, []byte(entryDomain))
	num := func() int64 {
		if len(rest) < 8 {
			ok = false
			return 0
		}
		n := int64(binary.BigEndian.Uint64(rest))
		rest = rest[8:]
		return n
	}
	field := func() []byte {
		n := num()
		if n < 0 || n > int64(len(rest)) {
			ok = false
			return nil
		}
		f := rest[:n:n]
		rest = rest[n:]
		return f
	}
	e := Entry{Seq: num(), At: Time(num()), Actor: string(field()), ActorName: string(field()), Kind: string(field()),
		Subject: string(field()), Site: string(field()), Product: string(field()), BodyHash: field(), Prev: field()}
	if !ok || len(rest) > 0 {
		return Entry{}, problem.New(problem.Invalid, "this is not an encoded journal entry")
	}
	e.Hash = hashOf(e)
	return e, nil
}

// EntryBody is the body of an entry and the salt of its digest: what somebody needs to check the body against the
// entry. NotFound when the body was erased or there is no such entry.
func EntryBody(ctx context.Context, r Reader, seq int64) (salt, body []byte, err error) {
	var text string
	err = r.QueryRow(ctx, `SELECT salt, body FROM journal_body WHERE seq = $1`, seq).Scan(&salt, &text)
	return salt, []byte(text), err
}

// HashBody is the digest of a body that an entry commits to.
func HashBody(salt, body []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return h.Sum(nil)
}

// Record appends an event to the journal within the transaction. Forbidden when the actor may not record this kind there.
func (tx *Tx) Record(ctx context.Context, ev Event) (int64, error) {
	// The subject of an event about an inquiry is the inquiry.
	if s := tx.actor.Scope(ev.Kind); !s.Covers(ev.Site, ev.Product) && !s.CoversInquiry(ev.Subject) {
		return 0, problem.New(problem.Forbidden, "your role does not allow %q here", ev.Kind)
	}
	body, err := json.Marshal(ev.Body)
	if err != nil {
		return 0, fmt.Errorf("record %s: %w", ev.Kind, err)
	}
	// PostgreSQL keeps no other text; SQLite would, and then could not move there.
	for _, s := range []string{tx.actor.ID, tx.actor.Name, ev.Kind, ev.Subject, ev.Site, ev.Product, string(body)} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return 0, problem.New(problem.Invalid, "an event may hold only UTF-8 text without NUL")
		}
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return 0, fmt.Errorf("record %s: %w", ev.Kind, err)
	}
	e := Entry{Seq: tx.seq + 1, At: tx.Now, Actor: tx.actor.ID, ActorName: tx.actor.Name, Kind: ev.Kind, Subject: ev.Subject,
		Site: ev.Site, Product: ev.Product, Body: body, BodyHash: HashBody(salt, body), Prev: tx.head}
	sum := sha256.Sum256(e.Encode())
	e.Hash = sum[:]
	if _, err := tx.exec(ctx, `INSERT INTO journal (seq, at, actor, actor_name, kind, subject, site, product, body_hash, prev, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, e.Seq, Micros(e.At), e.Actor, e.ActorName, e.Kind, e.Subject,
		e.Site, e.Product, e.BodyHash, e.Prev, e.Hash); err != nil {
		return 0, fmt.Errorf("record %s: %w", ev.Kind, err)
	}
	if _, err := tx.exec(ctx, `INSERT INTO journal_body (seq, salt, body) VALUES ($1, $2, $3)`, e.Seq, salt, string(body)); err != nil {
		return 0, fmt.Errorf("record %s: %w", ev.Kind, err)
	}
	tx.seq, tx.head = e.Seq, e.Hash
	tx.events++
	return e.Seq, nil
}

// EraseBody removes the body of an entry and records that. The chain still verifies.
func (tx *Tx) EraseBody(ctx context.Context, seq int64, reason string) error {
	n, err := tx.exec(ctx, `DELETE FROM journal_body WHERE seq = $1`, seq)
	if err != nil {
		return err
	}
	if n == 0 {
		return problem.New(problem.NotFound, "entry %d has no body", seq)
	}
	_, err = tx.Record(ctx, Event{Kind: KindErased, Subject: fmt.Sprint(seq), Body: map[string]string{"reason": reason}})
	return err
}

// Order is the order of a list of entries.
type Order int

// The closed list of orders.
const (
	OldestFirst Order = iota
	NewestFirst
)

// JournalQuery chooses entries. Zero fields do not restrict.
type JournalQuery struct {
	After   int64 // entries with a greater number
	Before  int64 // entries with a smaller number
	Order   Order // the zero value is oldest first
	Kinds   []string
	Subject string
	Limit   int // at most 1,000; 0 means 100
}

const entryColumns = `j.seq, j.at, j.actor, j.actor_name, j.kind, j.subject, j.site, j.product, j.body_hash, j.prev, j.hash, coalesce(b.body, '')`

func scanEntry(s Scanner) (Entry, error) {
	var e Entry
	var at int64
	var body string
	err := s.Scan(&e.Seq, &at, &e.Actor, &e.ActorName, &e.Kind, &e.Subject, &e.Site, &e.Product, &e.BodyHash, &e.Prev, &e.Hash, &body)
	e.At = Time(at)
	if body != "" {
		e.Body = json.RawMessage(body)
	}
	return e, err
}

// Journal reads entries. It does not check permissions: doors ask [ScopeOf] "journal.read", packages read about a subject
// that the caller may read.
func Journal(ctx context.Context, r Reader, q JournalQuery) ([]Entry, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	var w Where
	if q.Before > 0 {
		w.And("j.seq < ?", q.Before)
	}
	if q.After > 0 {
		w.And("j.seq > ?", q.After)
	}
	if q.Subject != "" {
		w.And("j.subject = ?", q.Subject)
	}
	w.In("j.kind", q.Kinds)
	order := " ORDER BY j.seq"
	if q.Order == NewestFirst {
		order += " DESC"
	}
	return All(ctx, r, scanEntry, `SELECT `+entryColumns+` FROM journal j LEFT JOIN journal_body b ON b.seq = j.seq`+
		w.SQL()+order+w.Limit(min(q.Limit, 1000)), w.Args()...)
}

// JournalHead is the number and hash of the newest entry; 0 and 32 zero bytes for an empty journal.
func JournalHead(ctx context.Context, r Reader) (int64, []byte, error) {
	var seq int64
	var hash []byte
	err := r.QueryRow(ctx, `SELECT seq, hash FROM journal_head WHERE id = 1`).Scan(&seq, &hash)
	return seq, hash, err
}
