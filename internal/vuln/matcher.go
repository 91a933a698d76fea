package vuln

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"triward/internal/advisory"
	"triward/internal/store"
	"triward/internal/vuln/match"
	"triward/internal/vuln/naming"
)

// Holder is a device or release and the configuration that it has now.
type Holder struct {
	ID      string
	Kind    string // "device" or "release"
	Model   string // model id, "" when not known
	Release string // release id, "" when not known
	Asset   match.Asset
}

// Pair is a configuration and a vulnerability whose answer may have changed.
type Pair struct{ Configuration, Vulnerability string }

// Changed is what a step of the matcher changed; who ranks reads it in the same transaction.
type Changed struct {
	Holders []string // devices and releases that have another configuration now, or are gone
	Pairs   []Pair
	More    bool     // records that changed wait for another step
	Ask     []string // devices whose shared configuration now has an answer that asks for a fact of the single device
}

// Matcher keeps the matches of all configurations. It is derived: Reset and setting all holders give the same rows as any sequence of steps.
type Matcher struct {
	mu         sync.Mutex
	names      *naming.Names             // vendor and product aliases in force; nil until they are read
	generation int64                     // of names, see [Matcher.Rename]
	compiled   map[string]match.Compiled // by record hash
}

// compiledLimit bounds the cache; a large feed is compiled record by record and forgotten.
const compiledLimit = 20_000

// SetHolders gives holders their configuration, matching each configuration that is new against all records. A holder
// that is gone is passed in gone.
func (m *Matcher) SetHolders(ctx context.Context, b *store.Bulk, holders []Holder, gone []string) (Changed, error) {
	var c Changed
	for _, id := range gone {
		n, err := b.Exec(ctx, `DELETE FROM holder WHERE id = $1`, id)
		if err != nil {
			return c, fmt.Errorf("forget %s: %w", id, err)
		}
		if n > 0 {
			c.Holders = append(c.Holders, id)
		}
	}
	if _, err := m.namesInForce(ctx, b); err != nil {
		return c, err
	}
	ids := make([]string, len(holders))
	shared := map[string]sharedConfiguration{}
	for i, h := range holders {
		var err error
		if ids[i], err = m.configure(ctx, b, h.Asset, shared); err != nil {
			return c, fmt.Errorf("match %s: %w", h.ID, err)
		}
		c.Holders = append(c.Holders, h.ID)
	}
	_, err := b.Each(ctx, `INSERT INTO holder (id, kind, configuration, model, release) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET configuration = excluded.configuration, model = excluded.model, release = excluded.release`,
		func(yield func([]any) bool) {
			for i, h := range holders {
				if !yield([]any{h.ID, h.Kind, ids[i], h.Model, h.Release}) {
					return
				}
			}
		})
	if err != nil {
		return c, fmt.Errorf("keep configurations: %w", err)
	}
	return c, nil
}

// sharedConfiguration is a configuration that many holders of one step have.
type sharedConfiguration struct {
	id   string
	asks bool // an answer of it asks for a fact of the single device
}

// configure finds or makes the configuration of an asset. The one without the facts of a single device is tried first;
// only where an answer of it asks for such a fact does the device get a configuration of its own.
func (m *Matcher) configure(ctx context.Context, b *store.Bulk, a match.Asset, known map[string]sharedConfiguration) (string, error) {
	plain := withoutIdentity(a)
	id, facts, err := m.configurationID(plain)
	if err != nil {
		return "", err
	}
	c, ok := known[id]
	if !ok {
		if err := m.ensure(ctx, b, id, configured{plain, facts}); err != nil {
			return "", err
		}
		asks, err := store.All(ctx, b, store.Value[string], `SELECT DISTINCT settles FROM vuln_match WHERE configuration = $1 AND truth = 'unknown'`, id)
		if err != nil {
			return "", err
		}
		c = sharedConfiguration{id: id, asks: slices.ContainsFunc(asks, asksIdentity)}
		known[id] = c
	}
	if !c.asks {
		return id, nil
	}
	if id, facts, err = m.configurationID(a); err != nil {
		return "", err
	}
	return id, m.ensure(ctx, b, id, configured{a, facts})
}

// configured is an asset and its facts as they are kept.
type configured struct {
	asset match.Asset
	facts []byte
}

// ensure keeps a configuration and matches it when it is new.
func (m *Matcher) ensure(ctx context.Context, b *store.Bulk, id string, c configured) error {
	n, err := b.Exec(ctx, `INSERT INTO configuration (id, facts) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, string(c.facts))
	if err != nil || n == 0 {
		return err
	}
	return m.matchConfiguration(ctx, b, id, c.asset)
}

func (m *Matcher) matchConfiguration(ctx context.Context, b *store.Bulk, id string, a match.Asset) error {
	names, err := m.namesInForce(ctx, b)
	if err != nil {
		return err
	}
	asset := match.Prepare(a, names)
	keys := asset.Keys()
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{k, id}
	}
	if _, err := b.Load(ctx, "configuration_key", []string{"key", "configuration"}, slices.Values(rows)); err != nil {
		return err
	}
	seen := map[string]bool{}
	var candidates []string
	for part := range slices.Chunk(keys, 1000) {
		var w store.Where
		w.In("key", part)
		found, err := store.All(ctx, b, store.Value[string], `SELECT DISTINCT record FROM record_key`+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
		for _, r := range found {
			if !seen[r] {
				seen[r] = true
				candidates = append(candidates, r)
			}
		}
	}
	slices.Sort(candidates)
	var matches [][]any
	for part := range slices.Chunk(candidates, 200) {
		records, err := m.compiledRecords(ctx, b, part)
		if err != nil {
			return err
		}
		for _, r := range records {
			rows, err := evaluateRows(id, asset, r)
			if err != nil {
				return err
			}
			matches = append(matches, rows...)
		}
	}
	return loadMatches(ctx, b, matches)
}

func loadMatches(ctx context.Context, b *store.Bulk, rows [][]any) error {
	_, err := b.Load(ctx, "vuln_match", []string{"configuration", "vuln", "record", "truth", "settles", "proof"}, slices.Values(rows))
	return err
}

type keyedRecord struct {
	key   string
	names map[string]string // own vulnerability id -> canonical id
	rec   match.Compiled
}

// packedRecord is a row of the feed cache.
type packedRecord struct {
	key, source, hash string
	body              []byte // zstd
}

// compiledRecords reads and compiles records, in the order of their keys.
func (m *Matcher) compiledRecords(ctx context.Context, r store.Reader, keys []string) ([]keyedRecord, error) {
	var w store.Where
	w.In("key", keys)
	rows, err := store.All(ctx, r, func(s store.Scanner) (v packedRecord, err error) {
		return v, s.Scan(&v.key, &v.source, &v.hash, &v.body)
	}, `SELECT key, source, hash, body FROM record`+w.SQL()+` ORDER BY key`, w.Args()...)
	if err != nil {
		return nil, err
	}
	var names store.Where
	names.In("record", keys)
	canonical := map[string]map[string]string{}
	own, err := store.All(ctx, r, func(s store.Scanner) (v [3]string, err error) {
		return v, s.Scan(&v[0], &v[1], &v[2])
	}, `SELECT record, own, vuln FROM record_vuln`+names.SQL(), names.Args()...)
	if err != nil {
		return nil, err
	}
	for _, v := range own {
		if canonical[v[0]] == nil {
			canonical[v[0]] = map[string]string{}
		}
		canonical[v[0]][ownID(v[1])] = v[2]
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	out := make([]keyedRecord, 0, len(rows))
	for _, v := range rows {
		c, err := m.compile(dec, v)
		if err != nil {
			return nil, err
		}
		out = append(out, keyedRecord{key: v.key, names: canonical[v.key], rec: c})
	}
	return out, nil
}

func (m *Matcher) compile(dec *zstd.Decoder, k packedRecord) (match.Compiled, error) {
	m.mu.Lock()
	c, ok := m.compiled[k.hash]
	m.mu.Unlock()
	if ok {
		return c, nil
	}
	raw, err := dec.DecodeAll(k.body, nil)
	if err != nil {
		return match.Compiled{}, fmt.Errorf("read record %s: %w", k.key, err)
	}
	rec, err := ParseRecord(advisory.Source(k.source), k.key, raw)
	if err != nil {
		return match.Compiled{}, err
	}
	c = match.Compile(rec, k.hash, m.names)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.compiled == nil || len(m.compiled) >= compiledLimit {
		m.compiled = map[string]match.Compiled{}
	}
	m.compiled[k.hash] = c
	return c, nil
}

// ParseRecord reads a kept document again.
func ParseRecord(source advisory.Source, name string, body []byte) (advisory.Record, error) {
	switch source {
	case advisory.CSAF:
		return advisory.ParseCSAF(name, body)
	case advisory.CVE:
		return advisory.ParseCVE(name, body)
	case advisory.OSV:
		return advisory.ParseOSV(name, body)
	case advisory.NVD:
		records, err := advisory.ParseNVD(name, body)
		if err != nil {
			return advisory.Record{}, err
		}
		if len(records) != 1 {
			return advisory.Record{}, fmt.Errorf("read NVD record %q: holds %d records, want 1", name, len(records))
		}
		return records[0], nil
	}
	return advisory.Record{}, fmt.Errorf("read record %q: source %q keeps no documents", name, source)
}

func evaluateRows(configuration string, a *match.Prepared, r keyedRecord) ([][]any, error) {
	var rows [][]any
	for _, m := range mergeSame(a.Evaluate(r.rec), r.names) {
		proof, err := json.Marshal(m.Proof)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []any{configuration, m.Vulnerability, r.key, string(m.Truth), m.Settles, string(proof)})
	}
	return rows, nil
}

// mergeSame puts matches under their canonical ids; where two ids of one record turn out to be one vulnerability the
// worse answer stays.
func mergeSame(matches []match.Match, names map[string]string) []match.Match {
	worst := map[match.Truth]int{match.Affected: 2, match.Unknown: 1, match.NotAffected: 0}
	at := map[string]int{}
	var out []match.Match
	for _, m := range matches {
		if n := names[m.Vulnerability]; n != "" {
			m.Vulnerability = n
		}
		i, ok := at[m.Vulnerability]
		if !ok {
			at[m.Vulnerability] = len(out)
			out = append(out, m)
			continue
		}
		if worst[m.Truth] > worst[out[i].Truth] {
			out[i] = m
		}
	}
	return out
}

// Advance matches a portion of the records that changed since the last time against the configurations that they could
// concern, and returns what may have another answer now.
func (m *Matcher) Advance(ctx context.Context, b *store.Bulk) (Changed, error) {
	var c Changed
	from, err := state(ctx, b, "matched")
	if err != nil {
		return c, err
	}
	newest, err := state(ctx, b, "changed")
	if err != nil || newest == from {
		return c, err
	}
	to := from + 1 // the records of one chunk of a load
	c.More = to < newest
	records, err := store.All(ctx, b, store.Value[string], `SELECT key FROM record WHERE changed > $1 AND changed <= $2 ORDER BY key`, from, to)
	if err != nil {
		return c, err
	}
	pairs := map[Pair]bool{}
	for part := range slices.Chunk(records, 500) {
		if err := m.rematch(ctx, b, part, pairs); err != nil {
			return c, fmt.Errorf("match changed records: %w", err)
		}
	}
	threats, err := store.All(ctx, b, scanPair, `SELECT DISTINCT m.configuration, m.vuln FROM threat_changed t JOIN vuln_match m ON m.vuln = t.vuln
		WHERE t.changed > $1 AND t.changed <= $2`, from, to)
	if err != nil {
		return c, err
	}
	for _, p := range threats {
		pairs[p] = true
	}
	for p := range pairs {
		c.Pairs = append(c.Pairs, p)
	}
	slices.SortFunc(c.Pairs, func(x, y Pair) int {
		return slices.Compare([]string{x.Configuration, x.Vulnerability}, []string{y.Configuration, y.Vulnerability})
	})
	if c.Ask, err = askedDevices(ctx, b, records); err != nil {
		return c, err
	}
	return c, setState(ctx, b, "matched", to)
}

// askedDevices are the devices whose configuration has an answer of one of the records that asks for a fact of the single
// device.
func askedDevices(ctx context.Context, r store.Reader, records []string) ([]string, error) {
	asking := map[string]bool{}
	for part := range slices.Chunk(records, 500) {
		var w store.Where
		w.In("record", part)
		w.And("truth = 'unknown'")
		rows, err := store.All(ctx, r, func(s store.Scanner) (v [2]string, err error) {
			return v, s.Scan(&v[0], &v[1])
		}, `SELECT DISTINCT configuration, settles FROM vuln_match`+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			asking[v[0]] = asking[v[0]] || asksIdentity(v[1])
		}
	}
	var out []string
	for configuration, asks := range asking {
		if !asks {
			continue
		}
		holders, err := store.All(ctx, r, store.Value[string], `SELECT id FROM holder WHERE configuration = $1 AND kind = 'device'`, configuration)
		if err != nil {
			return nil, err
		}
		out = append(out, holders...)
	}
	slices.Sort(out)
	return out, nil
}

func (m *Matcher) rematch(ctx context.Context, b *store.Bulk, records []string, pairs map[Pair]bool) error {
	var gone store.Where
	gone.In("record", records)
	old, err := store.All(ctx, b, scanPair, `DELETE FROM vuln_match`+gone.SQL()+` RETURNING configuration, vuln`, gone.Args()...)
	if err != nil {
		return err
	}
	for _, p := range old {
		pairs[p] = true
	}
	var w store.Where
	w.In("rk.record", records)
	type candidate struct{ record, configuration string }
	candidates, err := store.All(ctx, b, func(s store.Scanner) (v candidate, err error) {
		return v, s.Scan(&v.record, &v.configuration)
	}, `SELECT DISTINCT rk.record, ck.configuration FROM record_key rk JOIN configuration_key ck ON ck.key = rk.key`+w.SQL()+
		` ORDER BY rk.record, ck.configuration`, w.Args()...)
	if err != nil || len(candidates) == 0 {
		return err
	}
	var need []string
	assets := map[string]match.Asset{}
	for _, v := range candidates {
		need = append(need, v.record)
		assets[v.configuration] = match.Asset{}
	}
	if err := readAssets(ctx, b, assets); err != nil {
		return err
	}
	names, err := m.namesInForce(ctx, b)
	if err != nil {
		return err
	}
	compiled, err := m.compiledRecords(ctx, b, slices.Compact(need))
	if err != nil {
		return err
	}
	byKey := map[string]keyedRecord{}
	for _, r := range compiled {
		byKey[r.key] = r
	}
	prepared := make(map[string]*match.Prepared, len(assets))
	for id, a := range assets {
		prepared[id] = match.Prepare(a, names)
	}
	var rows [][]any
	for _, v := range candidates {
		found, err := evaluateRows(v.configuration, prepared[v.configuration], byKey[v.record])
		if err != nil {
			return err
		}
		for _, row := range found {
			pairs[Pair{v.configuration, row[1].(string)}] = true
		}
		rows = append(rows, found...)
	}
	return loadMatches(ctx, b, rows)
}

func scanPair(s store.Scanner) (p Pair, err error) {
	return p, s.Scan(&p.Configuration, &p.Vulnerability)
}

func readAssets(ctx context.Context, r store.Reader, assets map[string]match.Asset) error {
	ids := make([]string, 0, len(assets))
	for id := range assets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for part := range slices.Chunk(ids, 1000) {
		var w store.Where
		w.In("id", part)
		rows, err := store.All(ctx, r, func(s store.Scanner) (v [2]string, err error) {
			return v, s.Scan(&v[0], &v[1])
		}, `SELECT id, facts FROM configuration`+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
		for _, v := range rows {
			var a match.Asset
			if err := json.Unmarshal([]byte(v[1]), &a); err != nil {
				return fmt.Errorf("read configuration %s: %w", v[0], err)
			}
			assets[v[0]] = a
		}
	}
	return nil
}

func state(ctx context.Context, r store.Reader, name string) (int64, error) {
	v, err := store.All(ctx, r, store.Value[int64], `SELECT value FROM match_state WHERE name = $1`, name)
	if err != nil || len(v) == 0 {
		return 0, err
	}
	return v[0], nil
}

func setState(ctx context.Context, b *store.Bulk, name string, value int64) error {
	_, err := b.Exec(ctx, `INSERT INTO match_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
