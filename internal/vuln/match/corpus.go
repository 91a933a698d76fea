package match

import (
	"slices"
	"strings"

	"triward/internal/advisory"
	"triward/internal/vuln/naming"
)

// Corpus is records in memory under their keys, for matching without a database. Adding is for one goroutine; when all
// records are added, matching is safe for many.
type Corpus struct {
	names   *naming.Names
	records []Compiled
	at      map[string]int32 // source and id -> record
	byKey   map[string][]int32
	aliases Synonyms
}

// NewCorpus is an empty corpus; names may be nil.
func NewCorpus(names *naming.Names) *Corpus {
	if names == nil {
		names = naming.Builtin()
	}
	return &Corpus{names: names, at: map[string]int32{}, byKey: map[string][]int32{}}
}

// Add takes a record in. hash is the SHA-256 of its bytes in hex. A record that is there already is replaced by a revision
// that is not older; false says that the record was older and is not taken.
func (c *Corpus) Add(rec advisory.Record, hash string) bool {
	id := string(rec.Source) + "\x00" + rec.ID
	compiled := Compile(rec, hash, c.names)
	if i, ok := c.at[id]; ok {
		if old := c.records[i].rec; !rec.Modified.IsZero() && rec.Modified.Before(old.Modified) {
			return false
		}
		for _, k := range c.records[i].keys {
			c.byKey[k] = slices.DeleteFunc(c.byKey[k], func(n int32) bool { return n == i })
		}
		c.records[i] = compiled
		c.file(i)
		return true
	}
	i := int32(len(c.records))
	c.at[id] = i
	c.records = append(c.records, compiled)
	c.file(i)
	return true
}

func (c *Corpus) file(i int32) {
	r := c.records[i]
	for _, k := range r.keys {
		c.byKey[k] = append(c.byKey[k], i)
	}
	for j := range r.rec.Vulns {
		v := &r.rec.Vulns[j]
		c.aliases.Join(append([]string{v.ID}, v.Aliases...)...)
		if osvLike(r.rec.ID) {
			c.aliases.Join(v.ID, r.rec.ID)
		}
	}
	c.records[i].keys = slices.Clip(r.keys)
}

// Len is how many records there are.
func (c *Corpus) Len() int { return len(c.records) }

// Names is the table of names that the corpus matches with.
func (c *Corpus) Names() *naming.Names { return c.names }

// Synonyms is the ids that the records name for one vulnerability.
func (c *Corpus) Synonyms() *Synonyms { return &c.aliases }

// Record is a record without its long texts, and whether there is one.
func (c *Corpus) Record(source advisory.Source, id string) (advisory.Record, bool) {
	i, ok := c.at[string(source)+"\x00"+id]
	if !ok {
		return advisory.Record{}, false
	}
	return c.records[i].rec, true
}

// Records calls fn with every record, in the order in which they came.
func (c *Corpus) Records(fn func(Compiled)) {
	for _, r := range c.records {
		fn(r)
	}
}

// Match is the answers of all records for an asset, ordered by vulnerability, source and record. Vulnerability is the
// canonical id over all records.
func (c *Corpus) Match(a Asset) []Match {
	p := Prepare(a, c.names)
	var candidates []int32
	for _, k := range p.Keys() {
		candidates = append(candidates, c.byKey[k]...)
	}
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	var out []Match
	for _, i := range candidates {
		for _, m := range p.Evaluate(c.records[i]) {
			if id := c.aliases.Canonical(m.Vulnerability); id != m.Vulnerability {
				m.Aliases = append(m.Aliases, m.Vulnerability)
				m.Vulnerability = id
				m.Aliases = slices.DeleteFunc(m.Aliases, func(s string) bool { return s == id })
				slices.Sort(m.Aliases)
			}
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(x, y Match) int {
		if d := strings.Compare(x.Vulnerability, y.Vulnerability); d != 0 {
			return d
		}
		if d := strings.Compare(x.RecordSource, y.RecordSource); d != 0 {
			return d
		}
		return strings.Compare(x.RecordID, y.RecordID)
	})
	return out
}
