package product

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/sbom"
	"triward/internal/store"
)

// Limits of an attached SBOM: what one transaction takes well within its deadline.
const (
	MaxSBOMBytes      = 64 << 20
	MaxSBOMComponents = 50_000
)

// SBOM is a bill of materials that belongs to a release.
type SBOM struct {
	ID          string
	Model       ModelID
	Release     ReleaseID
	Digest      string // "sha256:<hex>" of the bytes as received
	Format      sbom.Format
	SpecVersion string
	Name        string
	Made        time.Time // as the document says, zero when it does not
	At          time.Time // when it was attached
	Components  int
	Superseded  time.Time // zero for the current one
}

// Component is one part that an SBOM lists.
type Component struct {
	Ref          string
	Parent       string
	Type         string // the format's own word: "library", "firmware"
	Group        string
	Name         string
	Version      string
	PURLs        []string
	CPEs         []string
	Hashes       []string // "sha256:<hex>": the algorithm in lower case without dashes
	Supplier     string
	Licences     []string
	Support      string // level of support as written
	EndOfSupport string // as written
	EndOfLife    string // as written
}

// AttachSBOM attaches a document and its bytes to a release and returns the id of the SBOM. The one before is superseded.
// The same bytes again change nothing and give the id that there is.
func (c Catalog) AttachSBOM(ctx context.Context, rel ReleaseID, doc sbom.Document, raw []byte) (string, error) {
	if len(raw) > MaxSBOMBytes || len(doc.Components) > MaxSBOMComponents {
		return "", problem.New(problem.Invalid, "an SBOM may have at most %d MiB and %d components", MaxSBOMBytes>>20, MaxSBOMComponents)
	}
	sum := sha256.Sum256(raw)
	s := SBOM{Release: rel, Digest: "sha256:" + hex.EncodeToString(sum[:]), Format: doc.Format, SpecVersion: doc.SpecVersion,
		Name: doc.Name, Made: doc.Created, Components: len(doc.Components)}
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		r, err := release(ctx, tx, rel)
		if err != nil {
			return err
		}
		s.Model = r.Model
		now, err := sboms(ctx, tx, ` WHERE release_id = $1 AND superseded = 0`, string(rel))
		if err != nil {
			return err
		}
		before := ""
		for _, old := range now {
			if old.Digest == s.Digest {
				s.ID = old.ID
				return nil
			}
			before = old.ID
		}
		if s.ID, err = id.New("sbm"); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, raw); err != nil {
			return err
		}
		if err := insertComponents(ctx, tx, s.ID, doc.Components); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSBOMAdded, Subject: string(rel), Product: string(s.Model),
			Body: SBOMAdded{s.ID, s.Digest, string(s.Format), s.Components, before}})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("attach SBOM %q: %w", doc.File, err)
	}
	return s.ID, nil
}

func (s SBOM) insert(ctx context.Context, tx *store.Tx, raw []byte) error {
	if _, err := tx.Exec(ctx, `UPDATE sbom SET superseded = $1 WHERE release_id = $2 AND superseded = 0`, store.Micros(tx.Now), string(s.Release)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO sbom_file (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, s.Digest, raw); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO sbom (id, model_id, release_id, digest, format, spec_version, name, made, at, components, superseded)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`, s.ID, string(s.Model), string(s.Release), s.Digest, string(s.Format), s.SpecVersion,
		clean(s.Name), store.Micros(s.Made), store.Micros(tx.Now), s.Components)
	return err
}

var componentColumns = []string{"sbom_id", "position", "ref", "parent", "kind", "grp", "name", "version", "purls", "cpes", "hashes", "supplier",
	"licences", "support", "end_of_support", "end_of_life"}

// componentsPerInsert keeps statements short: SQLite's time to parse one grows with the square of its placeholders.
const componentsPerInsert = 20

func insertComponents(ctx context.Context, tx *store.Tx, sbomID string, all []sbom.Component) error {
	for from := 0; from < len(all); from += componentsPerInsert {
		part := all[from:min(from+componentsPerInsert, len(all))]
		var q strings.Builder
		q.WriteString("INSERT INTO component (" + strings.Join(componentColumns, ", ") + ") VALUES ")
		args := make([]any, 0, len(part)*len(componentColumns))
		for i, c := range part {
			for j := range componentColumns {
				q.WriteString([]string{"(", ", "}[min(j, 1)] + "$" + strconv.Itoa(len(args)+j+1))
			}
			q.WriteString([]string{"), ", ")"}[(i+1)/len(part)])
			args = append(args, sbomID, from+i)
			for _, v := range []string{c.Ref, c.Parent, c.Type, c.Group, c.Name, c.Version, purls(c), texts(c.CPEs), hashes(c.Hashes), c.Supplier,
				licences(c.Licences), c.Support.Level, c.Support.EndOfSupport, c.Support.EndOfLife} {
				args = append(args, clean(v))
			}
		}
		if _, err := tx.Exec(ctx, q.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

// clean drops what PostgreSQL cannot keep in a text: NUL and bytes that are not UTF-8.
func clean(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD") }

func texts(v []string) string {
	if len(v) == 0 {
		return "[]"
	}
	b, err := json.Marshal(v)
	if err != nil { // a list of texts has no value that JSON cannot write
		return "[]"
	}
	return string(b)
}

func purls(c sbom.Component) string {
	if c.PURL == "" {
		return texts(c.PURLs)
	}
	return texts(append([]string{c.PURL}, c.PURLs...))
}

func hashes(hs []sbom.Hash) string {
	out := make([]string, len(hs))
	for i, h := range hs {
		out[i] = strings.ReplaceAll(strings.ToLower(h.Alg), "-", "") + ":" + h.Value
	}
	return texts(out)
}

func licences(ls []sbom.Licence) string {
	out := make([]string, len(ls))
	for i, l := range ls {
		out[i] = l.String()
	}
	return texts(out)
}

func sboms(ctx context.Context, r store.Reader, where string, args ...any) ([]SBOM, error) {
	return store.All(ctx, r, func(sc store.Scanner) (SBOM, error) {
		var s SBOM
		var made, at, superseded int64
		err := sc.Scan(&s.ID, &s.Model, &s.Release, &s.Digest, &s.Format, &s.SpecVersion, &s.Name, &made, &at, &s.Components, &superseded)
		s.Made, s.At, s.Superseded = store.Time(made), store.Time(at), store.Time(superseded)
		return s, err
	}, `SELECT id, model_id, release_id, digest, format, spec_version, name, made, at, components, superseded FROM sbom`+where+` ORDER BY at DESC, id DESC`, args...)
}

// SBOMs reads the bills of materials of a release, the current one first.
func SBOMs(ctx context.Context, r store.Reader, rel ReleaseID) ([]SBOM, error) {
	if _, err := GetRelease(ctx, r, rel); err != nil {
		return nil, err
	}
	return sboms(ctx, r, ` WHERE release_id = $1`, string(rel))
}

// GetSBOM reads one bill of materials.
func GetSBOM(ctx context.Context, r store.Reader, sbomID string) (SBOM, error) {
	found, err := sboms(ctx, r, ` WHERE id = $1`, sbomID)
	if err != nil {
		return SBOM{}, err
	}
	if len(found) == 0 {
		return SBOM{}, problem.New(problem.NotFound, "there is no such SBOM")
	}
	return found[0], mayRead(ctx, found[0].Model)
}

// SBOMFile reads the bytes of a bill of materials as received.
func SBOMFile(ctx context.Context, r store.Reader, sbomID string) ([]byte, error) {
	s, err := GetSBOM(ctx, r, sbomID)
	if err != nil {
		return nil, err
	}
	var body []byte
	err = r.QueryRow(ctx, `SELECT body FROM sbom_file WHERE digest = $1`, s.Digest).Scan(&body)
	return body, err
}

// Components reads the parts that an SBOM lists, in its order.
func Components(ctx context.Context, r store.Reader, sbomID string) ([]Component, error) {
	if _, err := GetSBOM(ctx, r, sbomID); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Component, error) {
		var c Component
		var purls, cpes, hashes, licences string
		if err := s.Scan(&c.Ref, &c.Parent, &c.Type, &c.Group, &c.Name, &c.Version, &purls, &cpes, &hashes, &c.Supplier, &licences,
			&c.Support, &c.EndOfSupport, &c.EndOfLife); err != nil {
			return c, err
		}
		for _, l := range []struct {
			text string
			to   *[]string
		}{{purls, &c.PURLs}, {cpes, &c.CPEs}, {hashes, &c.Hashes}, {licences, &c.Licences}} {
			if l.text == "[]" {
				continue
			}
			if err := json.Unmarshal([]byte(l.text), l.to); err != nil {
				return c, fmt.Errorf("read component %q: %w", c.Ref, err)
			}
		}
		return c, nil
	}, `SELECT ref, parent, kind, grp, name, version, purls, cpes, hashes, supplier, licences, support, end_of_support, end_of_life
		FROM component WHERE sbom_id = $1 ORDER BY position`, sbomID)
}

// CurrentSBOM reads the bill of materials that counts for a release; NotFound when there is none.
func CurrentSBOM(ctx context.Context, r store.Reader, rel ReleaseID) (SBOM, error) {
	all, err := SBOMs(ctx, r, rel)
	if err != nil {
		return SBOM{}, err
	}
	for _, s := range all {
		if s.Superseded.IsZero() {
			return s, nil
		}
	}
	return SBOM{}, problem.New(problem.NotFound, "the release has no SBOM")
}
