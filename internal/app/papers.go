package app

import (
	"context"
	"fmt"
	"time"

	"triward/internal/document/kit"
	"triward/internal/document/press"
	"triward/internal/document/rendition"
	"triward/internal/document/upkeep"
	"triward/internal/ledger"
	"triward/internal/product"
	"triward/internal/store"
)

// lifetimeEnd is when the support of the last release of a model ends, for how long the documents of its device file are
// kept; zero when that is not known of one of them.
func lifetimeEnd(ctx context.Context, r store.Reader, model string) (time.Time, error) {
	all, err := product.Releases(ctx, r, product.ModelID(model))
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, x := range all {
		if x.EndOfSupport.IsZero() {
			return time.Time{}, nil
		}
		if x.EndOfSupport.After(last) {
			last = x.EndOfSupport
		}
	}
	return last, nil
}

// renewManuals begins revisions of the manuals under control whose text is another with this program (21 CFR 11.10(k)(2)).
func (a *App) renewManuals(ctx context.Context) error {
	codes, err := kit.Renew(store.WithActor(ctx, store.System("manuals")), a.papers, "the manual that comes with Triward "+a.Version)
	if len(codes) > 0 {
		a.Log.Info("manuals have another text with this version: drafts of it wait for review", "manuals", codes)
	}
	return err
}

// newPress is what prints and seals documents.
func (a *App) newPress() (press.Press, error) {
	sealer, err := OpenSealer(a.Config, a.db.Now())
	if err != nil {
		return press.Press{}, err
	}
	sealer.Stamp = a.signer.Stamp.Stamp
	return press.Press{Desk: upkeep.Desk{Library: a.papers, LifetimeEnd: lifetimeEnd}, Printer: rendition.Printer{Chromium: rendition.FindChromium()}, Sealer: sealer}, nil
}

// OpenSealer reads the key that seals PDF files, and makes one with a certificate from now on where there is none.
func OpenSealer(c Config, now time.Time) (rendition.Sealer, error) {
	path := c.sealKeyFile()
	text, err := ledger.KeyFile(path, func() ([]byte, error) { return rendition.NewSealer(Origin(c), now) })
	if err != nil {
		return rendition.Sealer{}, fmt.Errorf("open key of the seal: %w", err)
	}
	sealer, err := rendition.ReadSealer(text)
	if err != nil {
		return rendition.Sealer{}, fmt.Errorf("open key of the seal %s: %w", path, err)
	}
	return sealer, nil
}
