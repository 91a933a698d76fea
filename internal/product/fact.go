package product

import (
	"context"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// FactKind is what part of a configuration a fact describes.
type FactKind string

// The closed list of parts.
const (
	Hardware        FactKind = "hardware"
	OperatingSystem FactKind = "os"
	Application     FactKind = "application"
	Firmware        FactKind = "firmware"
	OtherPart       FactKind = "other" // a named value: Product is its name, Version its value
)

// FactKinds lists every part.
func FactKinds() []FactKind {
	return []FactKind{Hardware, OperatingSystem, Application, Firmware, OtherPart}
}

// Confidence is how a fact is known.
type Confidence string

// The closed list of confidences, the strongest first.
const (
	Measured Confidence = "measured" // read from the thing itself
	Declared Confidence = "declared" // said by who made or owns it
	Assumed  Confidence = "assumed"
)

// Confidences lists every confidence.
func Confidences() []Confidence { return []Confidence{Measured, Declared, Assumed} }

// Part is one known part of a configuration, of a model, a release or a device.
type Part struct {
	Kind       FactKind
	Vendor     string
	Product    string
	Version    string
	CPE        string // CPE 2.3 name when known
	Source     string
	Confidence Confidence
}

// Validate reports every fault of a part.
func (p Part) Validate() error {
	var l problem.List
	OneOf(&l, "kind", p.Kind, FactKinds())
	if strings.TrimSpace(p.Product) == "" && p.CPE == "" {
		l.Add("product", "is required where there is no CPE name")
	}
	Text(&l, "vendor", p.Vendor, maxName)
	Text(&l, "product", p.Product, maxName)
	Text(&l, "version", p.Version, maxText)
	Text(&l, "cpe", p.CPE, maxText)
	// NISTIR 7695 6.2.2: the bound form "cpe:2.3:" has eleven attributes after the prefix.
	if p.CPE != "" && (!strings.HasPrefix(p.CPE, "cpe:2.3:") || strings.Count(strings.ReplaceAll(p.CPE, `\:`, ""), ":") != 12) {
		l.Add("cpe", "is not a CPE 2.3 name (cpe:2.3: and eleven parts)")
	}
	if strings.TrimSpace(p.Source) == "" {
		l.Add("source", "is required")
	}
	Text(&l, "source", p.Source, maxText)
	OneOf(&l, "confidence", p.Confidence, Confidences())
	return l.Err("the configuration fact is not valid")
}

// Fact is a part of the configuration of a model or of one release.
type Fact struct {
	ID      string
	Model   ModelID
	Release ReleaseID // empty: every release
	At      time.Time
	Part
}

// RecordFact adds a configuration fact and returns its id.
func (c Catalog) RecordFact(ctx context.Context, f Fact) (string, error) {
	if err := f.Validate(); err != nil {
		return "", err
	}
	fid, err := id.New("fct")
	if err != nil {
		return "", err
	}
	f.ID = fid
	return fid, c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := mustHave(ctx, tx, f.Model, f.Release); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO product_fact (id, model_id, release_id, kind, vendor, product, version, cpe, source, confidence, at, withdrawn)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`, f.ID, string(f.Model), string(f.Release), string(f.Kind), f.Vendor,
			f.Product, f.Version, f.CPE, f.Source, string(f.Confidence), store.Micros(tx.Now)); err != nil {
			return err
		}
		return recordFact(ctx, tx, KindFactRecorded, f)
	})
}

// WithdrawFact says that a fact does not hold any more.
func (c Catalog) WithdrawFact(ctx context.Context, factID string) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		f, err := scanFact(tx.QueryRow(ctx, `SELECT `+factColumns+` FROM product_fact WHERE id = $1 AND withdrawn = 0`, factID))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE product_fact SET withdrawn = $1 WHERE id = $2`, store.Micros(tx.Now), factID); err != nil {
			return err
		}
		return recordFact(ctx, tx, KindFactWithdrawn, f)
	})
}

func recordFact(ctx context.Context, tx *store.Tx, kind string, f Fact) error {
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: string(f.Model), Product: string(f.Model),
		Body: f.recorded()})
	return err
}

func (f Fact) recorded() FactRecorded {
	return FactRecorded{f.ID, f.Release, f.Kind, f.Vendor, f.Product, f.Version, f.CPE, f.Source, f.Confidence}
}

const factColumns = `id, model_id, release_id, kind, vendor, product, version, cpe, source, confidence, at`

func scanFact(s store.Scanner) (Fact, error) {
	var f Fact
	var at int64
	err := s.Scan(&f.ID, &f.Model, &f.Release, &f.Kind, &f.Vendor, &f.Product, &f.Version, &f.CPE, &f.Source, &f.Confidence, &at)
	f.At = store.Time(at)
	return f, err
}

// Facts reads the facts that hold for a release: those of the release and those of every release of its model. With an
// empty release only the latter.
func Facts(ctx context.Context, r store.Reader, m ModelID, rel ReleaseID) ([]Fact, error) {
	if err := mayRead(ctx, m); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanFact, `SELECT `+factColumns+` FROM product_fact WHERE model_id = $1 AND (release_id = '' OR release_id = $2)
		AND withdrawn = 0 ORDER BY id`, string(m), string(rel))
}
