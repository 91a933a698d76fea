package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"filippo.io/age"

	"triward/internal/blob"
	"triward/internal/problem"
	"triward/internal/store"
)

// Sweeper removes content that belongs to no item: what a crash between keeping a piece and recording it left behind. The
// zero value with a vault is ready; one goroutine at a time uses it.
type Sweeper struct {
	Vault Vault
	seen  map[blob.Digest]time.Time // evidence without an item, and when it was met first
	other map[blob.Digest]bool      // blobs that are no evidence
}

// Unclaimed is how long a piece may lie without an item before it is taken for left behind: nothing takes longer to record.
const Unclaimed = time.Hour

// Tick looks at every blob once, and removes pieces of evidence that had no item now and [Unclaimed] ago. It gives how many.
func (s *Sweeper) Tick(ctx context.Context) (int, error) {
	if s.seen == nil {
		s.seen, s.other = map[blob.Digest]time.Time{}, map[blob.Digest]bool{}
	}
	now := s.Vault.DB.Now()
	met := map[blob.Digest]time.Time{}
	var gone []blob.Digest
	used, err := s.used(ctx)
	if err != nil {
		return 0, err
	}
	for d, err := range s.Vault.Blobs.Walk(ctx) {
		if err != nil {
			return 0, err
		}
		if used[string(d)] || s.other[d] {
			continue
		}
		ours, err := s.Vault.ours(ctx, d)
		if problem.KindOf(err) == problem.NotFound { // somebody removed it meanwhile
			continue
		}
		if err != nil {
			return 0, err
		}
		if !ours {
			s.other[d] = true
			continue
		}
		if met[d] = s.seen[d]; met[d].IsZero() {
			met[d] = now
		}
		if now.Sub(met[d]) >= Unclaimed {
			gone = append(gone, d)
		}
	}
	s.seen = met
	return s.remove(ctx, gone)
}

// used are the pieces of all items.
func (s *Sweeper) used(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	err := s.Vault.DB.View(ctx, func(r store.Reader) error {
		all, err := store.All(ctx, r, store.Value[string], `SELECT blob FROM evidence_part`)
		for _, d := range all {
			out[d] = true
		}
		return err
	})
	return out, err
}

func (s *Sweeper) remove(ctx context.Context, gone []blob.Digest) (int, error) {
	if len(gone) == 0 {
		return 0, nil
	}
	used, err := s.used(ctx)
	if err != nil {
		return 0, err
	}
	gone = slices.DeleteFunc(gone, func(d blob.Digest) bool { return used[string(d)] })
	for n, d := range gone {
		if err := s.Vault.Blobs.Delete(ctx, d); err != nil {
			return n, err
		}
		delete(s.seen, d)
	}
	return len(gone), s.Vault.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: KindContent, Subject: "evidence", Body: map[string]any{"left_behind_and_removed": len(gone)}})
		return err
	})
}

// ageHeader begins every blob of evidence.
const ageHeader = "age-encryption.org/v1\n"

// ours says whether a blob is a piece of evidence: encrypted with one of the keys.
func (v Vault) ours(ctx context.Context, d blob.Digest) (bool, error) {
	r, err := v.Blobs.Get(ctx, d)
	if err != nil {
		return false, err
	}
	defer r.Close()
	head := make([]byte, len(ageHeader))
	if n, err := io.ReadFull(r, head); err != nil || string(head[:n]) != ageHeader {
		return false, nil // too short for one
	}
	_, err = v.Keys.open(io.MultiReader(bytes.NewReader(head), r))
	return err == nil, nil
}

// fresh says whether a blob is encrypted with the newest key.
func (v Vault) fresh(ctx context.Context, d blob.Digest) (bool, error) {
	r, err := v.Blobs.Get(ctx, d)
	if err != nil {
		return false, err
	}
	defer r.Close()
	_, err = age.Decrypt(r, v.Keys.all[len(v.Keys.all)-1])
	return err == nil, nil
}

// Rewrap encrypts with the newest key what is encrypted with an older one, so that the older one can be taken from the file of
// keys. It gives how many parts it wrote; cut short, it goes on where it stopped when it is called again.
func (v Vault) Rewrap(ctx context.Context) (int, error) {
	if _, err := store.ScopeOf(ctx, KindRewrapped); err != nil {
		return 0, err
	}
	ctx = store.WithActor(ctx, actorOf(ctx)) // keys are everybody's: the parts of every incident
	type piece struct {
		item string
		part
	}
	var all []piece
	err := v.DB.View(ctx, func(r store.Reader) error {
		var err error
		all, err = store.All(ctx, r, func(s store.Scanner) (p piece, err error) {
			err = s.Scan(&p.item, &p.begins, &p.size, &p.blob, &p.key)
			return p, err
		}, `SELECT p.item, p.begins, p.size, p.blob, p.recipient FROM evidence_part p JOIN evidence_item i ON i.id = p.item WHERE i.state <> 'destroyed' ORDER BY p.item, p.begins`)
		return err
	})
	if err != nil {
		return 0, err
	}
	done := 0
	var faults []error
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		fresh, err := v.fresh(ctx, blob.Digest(p.blob))
		if err == nil && !fresh {
			if err = v.rewrap(ctx, p.item, p.part); err == nil {
				done++
			}
		}
		if err != nil { // the others are encrypted anew all the same
			faults = append(faults, fmt.Errorf("encrypt the content of %s anew: %w", p.item, err))
		}
	}
	return done, errors.Join(faults...)
}

// actorOf is the actor with the right to read and write what every incident holds, as far as rewrapping needs it.
func actorOf(ctx context.Context) store.Actor {
	a, _ := store.ActorOf(ctx) // ScopeOf found one
	a.Grants = append(slices.Clone(a.Grants), store.Grant{Kinds: []string{KindRead, KindContent, "incident.read"}, All: true})
	return a
}
