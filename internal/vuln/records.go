package vuln

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"triward/internal/advisory"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

// Loaded is one document of a feed: the record and the bytes it was read from.
type Loaded struct {
	Record advisory.Record
	Body   []byte
}

// LoadResult counts what a load did.
type LoadResult struct {
	Read   int // documents seen
	Fresh  int // new or newer than what was kept
	Same   int // already kept, byte for byte
	Older  int // older than what is kept: not taken
	Faults []problem.Fault
}

// maxFaults bounds the list of faults of one load; the count goes on.
const maxFaults = 1000

// chunk is how many records one transaction takes: short enough to let others write in between.
const chunk = 500

// RecordKey names a record over all its revisions.
func RecordKey(source advisory.Source, id string) string { return string(source) + "/" + id }

// LoadRecords keeps the documents of a feed. A newer revision replaces the one kept, an older one does not. A document
// that cannot be read is a fault of the result and does not stop the others. What is kept after a crash is whole
// documents; loading again completes the rest.
func LoadRecords(ctx context.Context, db *store.DB, feed string, docs iter.Seq2[Loaded, error]) (LoadResult, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return LoadResult{}, err
	}
	defer enc.Close()
	l := loader{db: db, feed: feed, enc: enc}
	batch := make([]Loaded, 0, chunk)
	for doc, err := range docs {
		l.result.Read++
		if err != nil {
			if ctx.Err() != nil {
				return l.result, ctx.Err()
			}
			if len(l.result.Faults) < maxFaults {
				l.result.Faults = append(l.result.Faults, faultsOf(err)...)
			}
			continue
		}
		if batch = append(batch, doc); len(batch) == chunk {
			if err := l.keep(ctx, batch); err != nil {
				return l.result, err
			}
			batch = batch[:0]
		}
	}
	return l.result, l.keep(ctx, batch)
}

func faultsOf(err error) []problem.Fault {
	var e *problem.Error
	if errors.As(err, &e) && len(e.Faults) > 0 {
		place, _, _ := strings.Cut(err.Error(), ": ")
		out := make([]problem.Fault, 0, len(e.Faults))
		for _, f := range e.Faults {
			out = append(out, problem.Fault{Path: strings.TrimSpace(place + " " + f.Path), Reason: f.Reason})
		}
		return out
	}
	return []problem.Fault{{Reason: err.Error()}}
}

type loader struct {
	db     *store.DB
	feed   string
	enc    *zstd.Encoder
	result LoadResult
}

type keptRecord struct {
	hash     string
	modified time.Time
	revision string
}

func (l *loader) keep(ctx context.Context, docs []Loaded) error {
	if len(docs) == 0 {
		return nil
	}
	return l.db.Bulk(ctx, func(b *store.Bulk) error {
		keys := make([]string, len(docs))
		for i, d := range docs {
			keys[i] = RecordKey(d.Record.Source, d.Record.ID)
		}
		kept, err := keptRecords(ctx, b, keys)
		if err != nil {
			return fmt.Errorf("load %s: %w", l.feed, err)
		}
		changed, err := nextChange(ctx, b)
		if err != nil {
			return fmt.Errorf("load %s: %w", l.feed, err)
		}
		fresh := map[string]Loaded{} // a document that occurs twice in one chunk counts once, in its newest revision
		hashes := map[string]string{}
		for i, d := range docs {
			sum := sha256.Sum256(d.Body)
			hash := hex.EncodeToString(sum[:])
			old, ok := kept[keys[i]]
			switch {
			case ok && old.hash == hash:
				l.result.Same++
				continue
			case ok && older(d.Record, old):
				l.result.Older++
				continue
			}
			kept[keys[i]] = keptRecord{hash: hash, modified: d.Record.Modified, revision: d.Record.Revision}
			fresh[keys[i]], hashes[keys[i]] = d, hash
		}
		l.result.Fresh += len(fresh)
		return l.write(ctx, b, fresh, hashes, changed)
	})
}

// older reports whether a document is an older revision than the one kept: by the source's own date, then by revision.
func older(r advisory.Record, old keptRecord) bool {
	if !r.Modified.IsZero() && !old.modified.IsZero() && !r.Modified.Equal(old.modified) {
		return r.Modified.Before(old.modified)
	}
	return compareRevisions(r.Revision, old.revision) < 0
}

// compareRevisions orders CSAF tracking versions: integers or semantic versions (CSAF 2.0 3.1.11).
func compareRevisions(a, b string) int {
	pa, pb := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(pa), len(pb)) {
		var x, y string
		if i < len(pa) {
			x = pa[i]
		}
		if i < len(pb) {
			y = pb[i]
		}
		if len(x) != len(y) && isNumber(x) && isNumber(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

func isNumber(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

func keptRecords(ctx context.Context, r store.Reader, keys []string) (map[string]keptRecord, error) {
	var w store.Where
	w.In("key", keys)
	type row struct {
		key string
		keptRecord
	}
	rows, err := store.All(ctx, r, func(s store.Scanner) (row, error) {
		var v row
		var modified int64
		err := s.Scan(&v.key, &v.hash, &modified, &v.revision)
		v.modified = store.Time(modified)
		return v, err
	}, `SELECT key, hash, modified, revision FROM record`+w.SQL(), w.Args()...)
	kept := make(map[string]keptRecord, len(rows))
	for _, v := range rows {
		kept[v.key] = v.keptRecord
	}
	return kept, err
}

// nextChange is the number of the next change of the feed cache; records of one transaction share it.
func nextChange(ctx context.Context, b *store.Bulk) (int64, error) {
	var n int64
	err := b.QueryRow(ctx, `INSERT INTO match_state (name, value) VALUES ('changed', 1)
		ON CONFLICT (name) DO UPDATE SET value = match_state.value + 1 RETURNING value`).Scan(&n)
	return n, err
}

func (l *loader) write(ctx context.Context, b *store.Bulk, fresh map[string]Loaded, hashes map[string]string, changed int64) error {
	keys := make([]string, 0, len(fresh))
	for k := range fresh {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		return nil
	}
	names, err := l.canonical(ctx, b, fresh, keys, changed)
	if err != nil {
		return fmt.Errorf("load %s: %w", l.feed, err)
	}
	for _, table := range []string{"record_key", "record_vuln"} {
		var w store.Where
		w.In("record", keys)
		if _, err := b.Exec(ctx, `DELETE FROM `+table+w.SQL(), w.Args()...); err != nil {
			return fmt.Errorf("load %s: %w", l.feed, err)
		}
	}
	now := store.Micros(l.db.Now())
	var records, index, vulns [][]any
	for _, key := range keys {
		r := fresh[key].Record
		body := l.enc.EncodeAll(fresh[key].Body, nil)
		records = append(records, []any{key, string(r.Source), r.ID, l.feed, r.Publisher, r.Title, r.URL, r.Status, r.Revision, r.Withdrawn,
			store.Micros(r.Published), store.Micros(r.Modified), hashes[key], now, now, changed, body})
		for _, k := range match.RecordKeys(r) {
			index = append(index, []any{k, key})
		}
		for i, v := range r.Vulns {
			s, err := json.Marshal(summarise(r, v))
			if err != nil {
				return err
			}
			vulns = append(vulns, []any{names[v.ID], key, fmt.Sprintf("%s#%d", v.ID, i), string(s)})
		}
	}
	if _, err := b.Each(ctx, `INSERT INTO record (key, source, rid, feed, publisher, title, url, status, revision, withdrawn, published, modified, hash, fetched, seen, changed, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (key) DO UPDATE SET feed = excluded.feed, publisher = excluded.publisher, title = excluded.title, url = excluded.url,
		status = excluded.status, revision = excluded.revision, withdrawn = excluded.withdrawn, published = excluded.published,
		modified = excluded.modified, hash = excluded.hash, fetched = excluded.fetched, changed = excluded.changed, body = excluded.body`,
		slices.Values(records)); err != nil {
		return fmt.Errorf("load %s: %w", l.feed, err)
	}
	if _, err := b.Load(ctx, "record_key", []string{"key", "record"}, slices.Values(index)); err != nil {
		return fmt.Errorf("load %s: %w", l.feed, err)
	}
	if _, err := b.Load(ctx, "record_vuln", []string{"vuln", "record", "own", "summary"}, slices.Values(vulns)); err != nil {
		return fmt.Errorf("load %s: %w", l.feed, err)
	}
	return nil
}

// canonical chooses the id under which each vulnerability of the documents is kept, and keeps its aliases. A CVE id is
// always its own; any other id is kept under the CVE that some record names for it. Records that were kept under an id
// whose CVE becomes known only now move there and count as changed.
func (l *loader) canonical(ctx context.Context, b *store.Bulk, fresh map[string]Loaded, keys []string, changed int64) (map[string]string, error) {
	names := map[string]string{}   // own id -> canonical
	aliases := map[string]string{} // alias -> canonical
	for _, key := range keys {
		for _, v := range fresh[key].Record.Vulns {
			if isCVE(v.ID) {
				names[v.ID] = v.ID
				for _, a := range v.Aliases {
					if !isCVE(a) && (aliases[a] == "" || v.ID < aliases[a]) {
						aliases[a] = v.ID
					}
				}
			}
		}
	}
	var ask []string
	for _, key := range keys {
		for _, v := range fresh[key].Record.Vulns {
			if !isCVE(v.ID) {
				ask = append(ask, v.ID)
				ask = append(ask, v.Aliases...)
			}
		}
	}
	known, err := knownAliases(ctx, b, ask)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		for _, v := range fresh[key].Record.Vulns {
			if isCVE(v.ID) {
				continue
			}
			names[v.ID] = v.ID
			for _, id := range append([]string{v.ID}, v.Aliases...) {
				c := aliases[id]
				if c == "" {
					c = known[id]
				}
				if c != "" && isCVE(c) {
					names[v.ID] = c
					break
				}
			}
			for _, id := range append([]string{v.ID}, v.Aliases...) {
				if aliases[id] == "" && !isCVE(id) {
					aliases[id] = names[v.ID]
				}
			}
		}
	}
	return names, l.moveAliases(ctx, b, aliases, changed)
}

func (l *loader) moveAliases(ctx context.Context, b *store.Bulk, aliases map[string]string, changed int64) error {
	ids := make([]string, 0, len(aliases))
	for id := range aliases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	known, err := knownAliases(ctx, b, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		to, was := aliases[id], known[id]
		if was == to || isCVE(was) {
			continue // the first CVE that was named stays
		}
		if _, err := b.Exec(ctx, `INSERT INTO vuln_alias (id, vuln) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET vuln = excluded.vuln`, id, to); err != nil {
			return err
		}
		if was == "" {
			was = id
		}
		if was == to {
			continue
		}
		for _, q := range []string{
			`UPDATE record SET changed = $2 WHERE key IN (SELECT record FROM record_vuln WHERE vuln = $1)`,
			`UPDATE record_vuln SET vuln = $2 WHERE vuln = $1`,
			`UPDATE vuln_alias SET vuln = $2 WHERE vuln = $1`,
		} {
			var arg any = to
			if strings.Contains(q, "changed") {
				arg = changed
			}
			if _, err := b.Exec(ctx, q, was, arg); err != nil {
				return err
			}
		}
	}
	return nil
}

func knownAliases(ctx context.Context, r store.Reader, ids []string) (map[string]string, error) {
	known := map[string]string{}
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), 1000) {
		var w store.Where
		w.In("id", part)
		rows, err := store.All(ctx, r, func(s store.Scanner) ([2]string, error) {
			var v [2]string
			return v, s.Scan(&v[0], &v[1])
		}, `SELECT id, vuln FROM vuln_alias`+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			known[v[0]] = v[1]
		}
	}
	return known, nil
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }
