package bundle

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"triward/internal/problem"
)

// Item is a file that a bundle is to hold.
type Item struct {
	File // Size and SHA256 are filled in
	Body []byte
}

// Contents is what a bundle is made of.
type Contents struct {
	Title, Organisation, Inquiry string
	Exercise                     bool // nothing in it is real
	AsOf, Made                   time.Time
	Journal                      Journal
	Checkpoint                   string // signed note of Journal
	Keys                         []Key
	Items                        []Item
	Redactions                   []Redaction
	// Expected are the records of each kind, counted from the source by another way than the items were collected.
	Expected map[string]int
	// Seal signs a payload of a media type (ledger.Key.Seal).
	Seal func(ctx context.Context, mediaType string, payload []byte) ([]byte, error)
}

// Built is a finished bundle.
type Built struct {
	Archive  []byte
	SHA256   string // hex, of Archive
	Manifest Manifest
	Reveals  []Reveal // of what was removed, in the order of the redactions; to be kept secret
}

// Write makes a bundle. The same contents give the same bytes. Conflict when the items are not as many records as were
// expected of each kind: something was left out on the way.
func Write(ctx context.Context, c Contents) (Built, error) {
	if err := c.validate(); err != nil {
		return Built{}, err
	}
	m := Manifest{Format: Format, Title: c.Title, Organisation: c.Organisation, Inquiry: c.Inquiry, Exercise: c.Exercise, AsOf: c.AsOf.UTC(), Made: c.Made.UTC(),
		Journal: c.Journal, Redactions: []Commitment{}}
	var out Built
	items, err := c.redact(&m, &out)
	if err != nil {
		return Built{}, err
	}
	if items, err = c.addParts(items, m); err != nil {
		return Built{}, err
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Path, b.Path) })
	var entries []entry
	for _, it := range items {
		if n := len(m.Files); n > 0 && m.Files[n-1].Path == it.Path {
			return Built{}, problem.New(problem.Conflict, "two files of the bundle would be %s", it.Path)
		}
		it.Size, it.SHA256 = len(it.Body), Digest(it.Body)
		m.Files = append(m.Files, it.File)
		entries = append(entries, entry{name: it.Path, body: it.Body})
	}
	if m.Counts, err = agreed(counts(m.Files), c.Expected); err != nil {
		return Built{}, err
	}
	return c.finish(ctx, out, m, entries)
}

// finish signs the manifest and packs everything.
func (c Contents) finish(ctx context.Context, out Built, m Manifest, entries []entry) (Built, error) {
	text, err := format(m)
	if err != nil {
		return Built{}, err
	}
	statement, err := json.Marshal(statementOf(text))
	if err != nil {
		return Built{}, err
	}
	envelope, err := c.Seal(ctx, StatementType, statement)
	if err != nil {
		return Built{}, fmt.Errorf("sign manifest: %w", err)
	}
	entries = append(entries, entry{name: ManifestName, body: text}, entry{name: EnvelopeName, body: envelope})
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	if out.Archive, err = pack(entries); err != nil {
		return Built{}, err
	}
	out.SHA256, out.Manifest = Digest(out.Archive), m
	return out, nil
}

// StatementType is the media type of the signed statement about the manifest (in-toto Attestation Framework, Statement v1).
const StatementType = "application/vnd.in-toto+json"

// statement says which manifest was signed.
type statement struct {
	Type      string    `json:"_type"`
	Subject   []subject `json:"subject"`
	Predicate string    `json:"predicateType"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

func statementOf(manifest []byte) statement {
	return statement{Type: "https://in-toto.io/Statement/v1", Predicate: "https://triward.invalid/bundle/v1",
		Subject: []subject{{Name: ManifestName, Digest: map[string]string{"sha256": Digest(manifest)}}}}
}

func (c Contents) validate() error {
	var l problem.List
	reserved := []string{ManifestName, EnvelopeName, CheckpointName, KeysName, IndexName, PageName, ReadmeName}
	for i, it := range c.Items {
		at := fmt.Sprintf("items[%d]", i)
		switch {
		case !goodName(it.Path) || slices.Contains(reserved, it.Path):
			l.Add(at, "%q is not a name for a file of a bundle", it.Path)
		case len(it.Body) > maxFile:
			l.Add(at, "%s is larger than %d MiB", it.Path, maxFile>>20)
		case it.Kind == "" || it.Kind == KindPart:
			l.Add(at, "%s has no kind", it.Path)
		case it.Mark != "" && it.Mark != Confidential && it.Mark != Inspectable:
			l.Add(at, "%s has the mark %q, which is not one", it.Path, it.Mark)
		}
	}
	return l.Err("the bundle cannot be written")
}

// redact removes what is to be removed. Lines go from the last to the first, so that the numbers of a redaction are those
// of the text as it was. What a removed file was the signed content of goes with it: a signed statement holds the plain
// digest of the content, with which somebody could try texts until one fits.
func (c Contents) redact(m *Manifest, out *Built) ([]Item, error) {
	at := map[string]int{}
	items := slices.Clone(c.Items)
	for i, it := range items {
		at[it.Path] = i
	}
	if err := overlap(c.Redactions); err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	touched := map[string]bool{}
	for _, r := range ordered(c.Redactions) {
		i, ok := at[r.Path]
		if !ok {
			return nil, problem.New(problem.NotFound, "the bundle has no file %s to remove something from", r.Path)
		}
		body, commitment, reveal, err := Redact(items[i].Body, r)
		if err != nil {
			return nil, err
		}
		items[i].Body, touched[r.Path] = body, true
		gone[r.Path] = gone[r.Path] || r.At == ""
		m.Redactions, out.Reveals = append(m.Redactions, commitment), append(out.Reveals, reveal)
	}
	for _, it := range items {
		if touched[it.Of] && it.Of != "" && !gone[it.Path] {
			return nil, problem.New(problem.Conflict, "%s shows or gives away what is removed from %s: remove it too", it.Path, it.Of)
		}
	}
	return slices.DeleteFunc(items, func(it Item) bool { return gone[it.Path] }), nil
}

// ordered puts redactions of lines behind the others of their file, the last lines first.
func ordered(all []Redaction) []Redaction {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b Redaction) int {
		af, _ := linesOf(a)
		bf, _ := linesOf(b)
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(bf, af), cmp.Compare(a.At, b.At))
	})
	return out
}

// linesOf are the first and last line of a redaction of lines, 0 of another.
func linesOf(r Redaction) (from, to int) {
	if m := linesAt.FindStringSubmatch(r.At); m != nil {
		from, _ = strconv.Atoi(m[1]) // digits only
		to, _ = strconv.Atoi(m[2])
	}
	return from, to
}

// overlap refuses redactions of one file that take the same text: their places would not be those of the original.
func overlap(all []Redaction) error {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Path != b.Path {
				continue
			}
			af, at := linesOf(a)
			bf, bt := linesOf(b)
			lines := af > 0 && bf > 0 && af <= bt && bf <= at
			fields := strings.HasPrefix(a.At+"/", b.At+"/") || strings.HasPrefix(b.At+"/", a.At+"/")
			if lines || fields {
				return problem.New(problem.Conflict, "two redactions of %s take the same text: %q and %q", a.Path, b.At, a.At)
			}
		}
	}
	return nil
}

// agreed are the counts when both ways of counting give the same.
func agreed(got, want map[string]int) ([]Count, error) {
	kinds := map[string]bool{}
	for k := range got {
		kinds[k] = true
	}
	for k, n := range want {
		if n > 0 {
			kinds[k] = true
		}
	}
	out := []Count{}
	for k := range kinds {
		if got[k] != want[k] {
			return nil, problem.New(problem.Conflict, "the bundle would hold %d records of the kind %q, the database has %d: it is not complete", got[k], k, want[k])
		}
		out = append(out, Count{k, got[k]})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Compare(a.Kind, b.Kind) })
	return out, nil
}

// addParts adds the files that explain the others.
func (c Contents) addParts(items []Item, m Manifest) ([]Item, error) {
	keys, err := format(c.Keys)
	if err != nil {
		return nil, err
	}
	readme, err := readmeOf(m)
	if err != nil {
		return nil, err
	}
	page, err := Page()
	if err != nil {
		return nil, err
	}
	index, err := indexOf(items)
	if err != nil {
		return nil, err
	}
	for _, p := range []struct {
		name string
		body []byte
	}{{CheckpointName, []byte(c.Checkpoint)}, {KeysName, keys}, {IndexName, index}, {PageName, page}, {ReadmeName, readme}} {
		items = append(items, Item{File: File{Path: p.name, Kind: KindPart}, Body: p.body})
	}
	return items, nil
}

// indexOf is the list of files for people with a spreadsheet.
func indexOf(items []Item) ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(items), func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path))
	})
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true // RFC 4180
	rows := [][]string{{"request line", "kind", "record", "revision", "title", "mark", "file", "sha256"}}
	for _, it := range sorted {
		line := ""
		if it.Line > 0 {
			line = strconv.Itoa(it.Line)
		}
		rows = append(rows, []string{line, it.Kind, it.Record, it.Revision, plainCell(it.Title), it.Mark, it.Path, Digest(it.Body)})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// plainCell keeps a spreadsheet from taking a title for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

var readmeText = template.Must(template.New("readme").Parse(`{{.Title}}
{{.Organisation}}

Records as of {{.AsOf.Format "2006-01-02 15:04:05 UTC"}}, collected {{.Made.Format "2006-01-02 15:04:05 UTC"}}.

How to check this bundle without trusting who made it:
1. Open verify.html in a browser, also without a network, and choose the ZIP file itself (not the unpacked folder).
2. Or run: triward bundle verify FILE.zip
3. Or use any other programs: manifest.json has the SHA-256 of every file; manifest.dsse.json signs the manifest
   (DSSE, Ed25519); checkpoint.txt is a C2SP signed note; the files in proofs/ are RFC 6962 inclusion proofs.

Compare the key below with the one that the organisation gave you by another way:
{{.Journal.Verifier}}

index.csv lists every file with the line of the request that it answers.
{{if .Redactions}}
Parts were removed. Each left a salted commitment in manifest.json, so that the text can be proved if it is shown later.
{{end}}`))

func readmeOf(m Manifest) ([]byte, error) {
	var b bytes.Buffer
	err := readmeText.Execute(&b, m)
	return b.Bytes(), err
}
