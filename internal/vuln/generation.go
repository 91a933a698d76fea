package vuln

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"triward/internal/store"
	"triward/internal/vuln/match"
	"triward/internal/vuln/naming"
)

// configurationID is the digest of an asset's facts, so that equal facts share one configuration, and of the generation of
// names that it is matched with.
func (m *Matcher) configurationID(a match.Asset) (string, []byte, error) {
	facts, err := json.Marshal(a)
	if err != nil {
		return "", nil, err
	}
	h := sha256.New()
	h.Write(facts)
	m.mu.Lock()
	if m.generation != 0 {
		fmt.Fprintf(h, "\nnames %d", m.generation)
	}
	m.mu.Unlock()
	return hex.EncodeToString(h.Sum(nil)[:16]), facts, nil
}

// namesInForce reads the aliases that people added, once for each generation.
func (m *Matcher) namesInForce(ctx context.Context, r store.Reader) (*naming.Names, error) {
	generation, err := state(ctx, r, "names")
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names == nil || m.generation != generation {
		names, err := ReadNames(ctx, r)
		if err != nil {
			return nil, err
		}
		m.names, m.generation, m.compiled = names, generation, nil
	}
	return m.names, nil
}

// Rename starts a generation of names after the aliases in force changed. A configuration belongs to the generation it was
// matched in: who calls this sets every holder again, in as many steps as it likes, and each keeps its old answers until
// then. [Matcher.Sweep] removes what nobody holds any more.
func (m *Matcher) Rename(ctx context.Context, b *store.Bulk, generation int64) error {
	return setState(ctx, b, "names", generation)
}

// Sweep forgets up to limit configurations that nobody holds, after one ("" to begin), and returns the last one that it
// forgot, "" when none is left.
func (m *Matcher) Sweep(ctx context.Context, b *store.Bulk, after string, limit int) (string, error) {
	ids, err := store.All(ctx, b, store.Value[string], `SELECT c.id FROM configuration c WHERE c.id > $1
		AND NOT EXISTS (SELECT 1 FROM holder h WHERE h.configuration = c.id) ORDER BY c.id LIMIT $2`, after, int64(limit))
	if err != nil || len(ids) == 0 {
		return "", err
	}
	for _, from := range [][2]string{{"vuln_match", "configuration"}, {"configuration_key", "configuration"}, {"configuration", "id"}} {
		var w store.Where
		w.In(from[1], ids)
		if _, err := b.Exec(ctx, `DELETE FROM `+from[0]+w.SQL(), w.Args()...); err != nil {
			return "", fmt.Errorf("forget configurations: %w", err)
		}
	}
	return ids[len(ids)-1], nil
}

// Reset forgets everything that matching made and reads the aliases in force again; who calls it sets all holders anew.
func (m *Matcher) Reset(ctx context.Context, b *store.Bulk) error {
	for _, table := range []string{"vuln_match", "configuration_key", "configuration", "holder"} {
		if _, err := b.Exec(ctx, `DELETE FROM `+table); err != nil {
			return fmt.Errorf("forget matches: %w", err)
		}
	}
	m.mu.Lock()
	m.compiled, m.names = nil, nil
	m.mu.Unlock()
	to, err := state(ctx, b, "changed")
	if err != nil {
		return err
	}
	return setState(ctx, b, "matched", to)
}
