package vuln

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"triward/internal/advisory"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

// RecordInfo is a kept record without its document.
type RecordInfo struct {
	Key       string // "csaf/ICSMA-18-123-01", see [RecordKey]
	Source    advisory.Source
	ID        string
	Feed      string // id of the feed that brought it
	Publisher string
	Title     string
	URL       string
	Status    string
	Revision  string
	Withdrawn bool
	Published time.Time
	Modified  time.Time
	Hash      string // SHA-256 of the document's bytes, hex
	Fetched   time.Time
	Seen      time.Time
}

const recordInfoColumns = `r.key, r.source, r.rid, r.feed, r.publisher, r.title, r.url, r.status, r.revision, r.withdrawn, r.published, r.modified, r.hash, r.fetched, r.seen`

func (i *RecordInfo) targets(times *[4]int64) []any {
	return []any{&i.Key, &i.Source, &i.ID, &i.Feed, &i.Publisher, &i.Title, &i.URL, &i.Status, &i.Revision, &i.Withdrawn, &times[0], &times[1], &i.Hash, &times[2], &times[3]}
}

func (i *RecordInfo) times(t [4]int64) {
	i.Published, i.Modified, i.Fetched, i.Seen = store.Time(t[0]), store.Time(t[1]), store.Time(t[2]), store.Time(t[3])
}

func scanRecordInfo(s store.Scanner) (i RecordInfo, err error) {
	var t [4]int64
	err = s.Scan(i.targets(&t)...)
	i.times(t)
	return i, err
}

// Found is a kept answer with the record that it comes from.
type Found struct {
	Configuration string
	Vulnerability string
	Record        RecordInfo
	Truth         match.Truth
	Settles       string
	Proof         match.Proof
	Devices       int // that have the configuration; counted by [ListFound] only
	Releases      int
}

const foundColumns = `m.configuration, m.vuln, m.truth, m.settles, m.proof, ` + recordInfoColumns

func (f *Found) scan(s store.Scanner, more ...any) error {
	var t [4]int64
	var proof string
	if err := s.Scan(append(append([]any{&f.Configuration, &f.Vulnerability, &f.Truth, &f.Settles, &proof}, f.Record.targets(&t)...), more...)...); err != nil {
		return err
	}
	f.Record.times(t)
	if err := json.Unmarshal([]byte(proof), &f.Proof); err != nil {
		return fmt.Errorf("read proof of %s in %s: %w", f.Vulnerability, f.Record.Key, err)
	}
	return nil
}

// MatchesOf reads the answers for one device or release, about one vulnerability ("" for all), by vulnerability and
// record. It asks for "vuln.read"; who calls it has read the holder within its own scope.
func MatchesOf(ctx context.Context, r store.Reader, holder, vulnerability string) ([]Found, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("h.id = ?", holder)
	if vulnerability != "" {
		w.And("m.vuln = ?", vulnerability)
	}
	return store.All(ctx, r, func(s store.Scanner) (f Found, err error) { return f, f.scan(s) }, `SELECT `+foundColumns+` FROM holder h
		JOIN vuln_match m ON m.configuration = h.configuration JOIN record r ON r.key = m.record`+w.SQL()+` ORDER BY m.vuln, m.record LIMIT 2000`, w.Args()...)
}

// FoundQuery chooses answers about a vulnerability, or those that rest on a record.
type FoundQuery struct {
	Vulnerability string
	Record        string // key
	After         string // next of the page before
	Limit         int    // at most 1,000
}

// FoundPage is a page of answers.
type FoundPage struct {
	Found []Found
	Next  string // "" on the last page
}

// foundMark separates the parts of a page mark; no id holds it.
const foundMark = "\x1e"

// ListFound reads a page of answers, one for each configuration and record, with how many devices and releases have the
// configuration: those of the products in the reader's scope.
func ListFound(ctx context.Context, r store.Reader, q FoundQuery) (FoundPage, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return FoundPage{}, err
	}
	// The condition of the scope is bound once, first, and written three times.
	var w store.Where
	w.Scope(scope, "", "h.model")
	holders := "h.configuration = m.configuration"
	if within := strings.TrimPrefix(w.SQL(), " WHERE "); within != "" {
		holders += " AND " + within
	}
	seen := " WHERE EXISTS (SELECT 1 FROM holder h WHERE " + holders + ")"
	for _, of := range [][2]string{{"m.vuln", q.Vulnerability}, {"m.record", q.Record}} {
		if of[1] != "" {
			seen += " AND " + of[0] + " = " + w.Bind(of[1])
		}
	}
	if q.After != "" {
		at := strings.Split(q.After, foundMark)
		if len(at) != 3 {
			return FoundPage{}, problem.New(problem.Invalid, "the page mark is not valid")
		}
		seen += " AND (m.vuln, m.configuration, m.record) > (" + w.Bind(at[0]) + ", " + w.Bind(at[1]) + ", " + w.Bind(at[2]) + ")"
	}
	limit := min(max(q.Limit, 1), 1000)
	all, err := store.All(ctx, r, func(s store.Scanner) (f Found, err error) { return f, f.scan(s, &f.Devices, &f.Releases) },
		`SELECT `+foundColumns+`, (SELECT count(*) FROM holder h WHERE `+holders+` AND h.kind = 'device'), (SELECT count(*) FROM holder h WHERE `+holders+` AND h.kind = 'release')
		FROM vuln_match m JOIN record r ON r.key = m.record`+seen+` ORDER BY m.vuln, m.configuration, m.record`+w.Limit(limit+1), w.Args()...)
	if err != nil || len(all) <= limit {
		return FoundPage{Found: all}, err
	}
	last := all[limit-1]
	return FoundPage{Found: all[:limit], Next: last.Vulnerability + foundMark + last.Configuration + foundMark + last.Record.Key}, nil
}

// Told is what one record says of one vulnerability.
type Told struct {
	Record  RecordInfo
	Own     string // the id under which the record describes it
	Summary Summary
}

// ToldOf reads what every record says of a vulnerability, the record that describes it best first.
func ToldOf(ctx context.Context, r store.Reader, vulnerability string) ([]Told, error) {
	return told(ctx, r, `v.vuln = $1 ORDER BY CASE r.source WHEN 'cve' THEN 0 WHEN 'csaf' THEN 1 WHEN 'osv' THEN 2 ELSE 3 END, r.key, v.own LIMIT 200`, vulnerability)
}

// ToldBy reads what a record says of each of its vulnerabilities.
func ToldBy(ctx context.Context, r store.Reader, key string) ([]Told, error) {
	return told(ctx, r, `v.record = $1 ORDER BY v.vuln, v.own LIMIT 500`, key)
}

func told(ctx context.Context, r store.Reader, where, value string) ([]Told, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (v Told, err error) {
		var t [4]int64
		var vulnerability, summary string
		if err := s.Scan(append([]any{&vulnerability, &v.Own, &summary}, v.Record.targets(&t)...)...); err != nil {
			return v, err
		}
		v.Record.times(t)
		v.Own = vulnerability
		return v, json.Unmarshal([]byte(summary), &v.Summary)
	}, `SELECT v.vuln, v.own, v.summary, `+recordInfoColumns+` FROM record_vuln v JOIN record r ON r.key = v.record WHERE `+where, value)
}

// RecordQuery chooses records. Zero fields do not restrict.
type RecordQuery struct {
	Source advisory.Source
	Text   string // in the id or title, in any case
	Sort   string // of [RecordSorts]; "" is the one that changed last at its source first
	After  string // Next of the page before
	Limit  int    // at most 1,000; 0 means 50
}

// RecordSorts are the orders of the list of records.
func RecordSorts() store.Sorts {
	key := store.ByText("r.key")
	return store.Sorts{"modified": {store.ByNumber("r.modified"), key}, "published": {store.ByNumber("r.published"), key}, "key": {key}}
}

// RecordPage is a page of records.
type RecordPage = store.Page[RecordInfo]

// ListRecords reads a page of records. Published records are no secret: every reader sees all.
func ListRecords(ctx context.Context, r store.Reader, q RecordQuery) (RecordPage, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return RecordPage{}, err
	}
	var w store.Where
	if q.Source != "" {
		w.And("r.source = ?", string(q.Source))
	}
	if t := strings.ToLower(strings.TrimSpace(q.Text)); t != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(t) + "%"
		w.And(`(lower(r.rid) LIKE ? ESCAPE '\' OR lower(r.title) LIKE ? ESCAPE '\')`, like, like)
	}
	sort, err := RecordSorts().Named(q.Sort, "-modified")
	if err != nil {
		return RecordPage{}, err
	}
	p, err := store.List(ctx, r, store.Listing{Columns: recordInfoColumns, From: "record r", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanRecordInfo)
	if err != nil {
		return RecordPage{}, fmt.Errorf("read records: %w", err)
	}
	return p, nil
}

// CountRecords counts the records of each source, up to 10,000.
func CountRecords(ctx context.Context, r store.Reader) (map[advisory.Source]int, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	out := map[advisory.Source]int{}
	for _, source := range []advisory.Source{advisory.CSAF, advisory.CVE, advisory.NVD, advisory.OSV} {
		var w store.Where
		w.And("source = ?", string(source))
		n, err := store.CountUpTo(ctx, r, "record", w, mostCounted)
		if err != nil {
			return nil, err
		}
		out[source] = n
	}
	return out, nil
}

// mostCounted bounds a count beside a filter.
const mostCounted = 10_000

// GetRecord reads a record by its key.
func GetRecord(ctx context.Context, r store.Reader, key string) (RecordInfo, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return RecordInfo{}, err
	}
	all, err := store.All(ctx, r, scanRecordInfo, `SELECT `+recordInfoColumns+` FROM record r WHERE r.key = $1`, key)
	if err == nil && len(all) == 0 {
		err = problem.New(problem.NotFound, "there is no record %q", key)
	}
	if err != nil {
		return RecordInfo{}, err
	}
	return all[0], nil
}

// Document reads the bytes of a record as they were received.
func Document(ctx context.Context, r store.Reader, key string) ([]byte, error) {
	if _, err := GetRecord(ctx, r, key); err != nil {
		return nil, err
	}
	var body []byte
	if err := r.QueryRow(ctx, `SELECT body FROM record WHERE key = $1`, key).Scan(&body); err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("read record %s: %w", key, err)
	}
	return raw, nil
}
