package assurance

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"triward/internal/assurance/bundle"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Removed is a part that the bundle of an inquiry does not show.
type Removed struct {
	ID     string // red_…
	Path   string // file of the bundle
	At     string // place in it, see [bundle.Redaction]
	Reason string
	Author string
	Made   time.Time
	salt   []byte // secret until the part is revealed
}

func (x Removed) redaction() bundle.Redaction {
	return bundle.Redaction{Path: x.Path, At: x.At, Reason: x.Reason, Salt: x.salt}
}

// Redact keeps a part of a file out of every bundle that is built from now on.
func (s Inquiries) Redact(ctx context.Context, inquiry string, x Removed) (string, error) {
	var l problem.List
	if strings.TrimSpace(x.Path) == "" || len(x.Path) > 300 {
		l.Add("path", "name a file of the bundle")
	}
	if len(x.At) > 300 {
		l.Add("at", "is too long")
	}
	if strings.TrimSpace(x.Reason) == "" || len(x.Reason) > maxReason {
		l.Add("reason", "is required: the reader is told why")
	}
	if err := l.Err("nothing was removed"); err != nil {
		return "", err
	}
	var err error
	if x.ID, err = id.New("red"); err != nil {
		return "", err
	}
	x.salt = make([]byte, bundle.SaltSize)
	if _, err := rand.Read(x.salt); err != nil {
		return "", fmt.Errorf("redact: %w", err)
	}
	err = s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		x.Author, x.Made = tx.Actor().Name, tx.Now
		if err := insertRemoved(ctx, tx, inquiry, x); err != nil {
			return err
		}
		return record(ctx, tx, KindRedacted, i, map[string]string{"redaction": x.ID, "path": x.Path, "at": x.At, "reason": x.Reason})
	})
	return x.ID, err
}

// Restore shows a part again.
func (s Inquiries) Restore(ctx context.Context, inquiry, redaction, reason string) error {
	if err := reasoned(reason); err != nil {
		return err
	}
	return s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		n, err := deleteRemoved(ctx, tx, inquiry, redaction)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "the inquiry has no such redaction")
		}
		return record(ctx, tx, KindRestored, i, map[string]string{"redaction": redaction, "reason": reason})
	})
}

// Redactions are the parts that bundles of an inquiry do not show, oldest first.
func Redactions(ctx context.Context, r store.Reader, inquiry string) ([]Removed, error) {
	if err := insider(ctx, r, inquiry); err != nil {
		return nil, err
	}
	return readRemoved(ctx, r, inquiry)
}

// Reveal gives what was removed from a file of a bundle, with the salt that proves it. Revealing is recorded. at is the
// place that the manifest names, "" for a whole file.
func (s Inquiries) Reveal(ctx context.Context, in Revealing) ([]byte, error) {
	if err := reasoned(in.Reason); err != nil {
		return nil, err
	}
	if _, err := store.ScopeOf(ctx, KindRevealed); err != nil {
		return nil, err
	}
	var b Bundle
	err := s.DB.View(ctx, func(r store.Reader) (err error) {
		if err = insider(ctx, r, in.Inquiry); err == nil {
			b, err = readBundle(ctx, r, in.Inquiry, in.Bundle)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := s.blob(ctx, b.reveals)
	if err != nil {
		return nil, err
	}
	var all []bundle.Reveal
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read what was removed: %w", err)
	}
	for _, x := range all {
		if x.Path != in.Path || x.At != in.At {
			continue
		}
		err := s.DB.Update(ctx, func(tx *store.Tx) error {
			i, err := readInquiry(ctx, tx, in.Inquiry)
			if err != nil {
				return err
			}
			return record(ctx, tx, KindRevealed, i, map[string]string{"bundle": b.ID, "path": x.Path, "at": x.At, "reason": in.Reason})
		})
		if err != nil {
			return nil, err
		}
		return json.MarshalIndent(x, "", "  ")
	}
	return nil, problem.New(problem.NotFound, "nothing was removed from %s %s", in.Path, in.At)
}

// Revealing names a removed part of a bundle, and why it is revealed.
type Revealing struct {
	Inquiry, Bundle string
	Path, At        string
	Reason          string
}

// whatOf is what an entry of the access log says.
func whatOf(e store.Entry) string {
	var b struct {
		What   string `json:"what"`
		Bundle string `json:"bundle"`
	}
	if e.Body == nil || json.Unmarshal(e.Body, &b) != nil {
		return ""
	}
	if b.What == "" {
		return b.Bundle
	}
	return b.What
}
