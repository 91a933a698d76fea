package kit

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// ManualsKit is the kit with the manuals of this program (21 CFR 11.10(k)).
const ManualsKit = "manuals"

var manualLink = regexp.MustCompile(`\]\(([a-z0-9-]+\.md)(?:#[^)\s]*)?\)`)

// manuals are the manuals of this program; their links lead to documents instead of files.
func manuals() ([]source.Document, error) {
	files, err := content.Manuals()
	if err != nil {
		return nil, err
	}
	all, err := parse(files)
	if err != nil {
		return nil, err
	}
	codes := map[string]string{}
	for i, f := range files {
		codes[f.Name] = all[i].Code
	}
	for i := range all {
		all[i].Body = manualLink.ReplaceAllStringFunc(all[i].Body, func(m string) string {
			if code, ok := codes[manualLink.FindStringSubmatch(m)[1]]; ok {
				return "](doc:" + code + ")"
			}
			return m
		})
	}
	return all, nil
}

// ManualState says how a manual of this program stands to the document of the same code.
type ManualState string

// The closed list of states.
const (
	ManualAbsent   ManualState = "absent"   // there is no such document
	ManualInForce  ManualState = "in_force" // the text of this program is in force
	ManualProposed ManualState = "proposed" // it was a draft, and is not in force: on its way, changed, or rejected
	ManualOlder    ManualState = "older"    // the document has never had it
)

// Manual is a manual of this program, and the document that it is kept as.
type Manual struct {
	Code   string      `json:"code"`
	Title  string      `json:"title"`
	Hash   string      `json:"content_sha256"` // of the text of this program
	State  ManualState `json:"state"`
	Label  string      `json:"in_force,omitempty"` // revision
	source string
	paper  document.Document
}

// Manuals reads how the manuals of this program stand.
func Manuals(ctx context.Context, r store.Reader) ([]Manual, error) {
	all, err := manuals()
	if err != nil {
		return nil, err
	}
	out := make([]Manual, 0, len(all))
	for _, d := range all {
		text := string(d.Format())
		m := Manual{Code: d.Code, Title: d.Title, State: ManualAbsent, source: text,
			Hash: document.ContentHash(document.Authored, text, document.File{}, document.External{})}
		m.paper, err = document.ByCode(ctx, r, d.Code)
		if err == nil {
			err = m.compare(ctx, r)
		}
		if err != nil && problem.KindOf(err) != problem.NotFound {
			return nil, err
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Manual) int { return strings.Compare(a.Code, b.Code) })
	return out, nil
}

// compare looks for the text of this program among what was ever saved of the document.
func (m *Manual) compare(ctx context.Context, r store.Reader) error {
	m.State = ManualOlder
	all, err := document.Revisions(ctx, r, m.paper.ID)
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.ID == m.paper.Effective {
			m.Label = v.Label
			if v.ContentHash == m.Hash {
				m.State = ManualInForce
				return nil
			}
		}
		saved, err := document.Edits(ctx, r, v.ID)
		if err != nil {
			return err
		}
		if v.ContentHash == m.Hash || slices.ContainsFunc(saved, func(s document.Saved) bool { return s.ContentHash == m.Hash }) {
			m.State = ManualProposed
		}
	}
	return nil
}

// Renew begins a revision of each manual under control whose text is new with this program, and returns their codes. One
// that has a revision on its way already is left for the next time.
func Renew(ctx context.Context, l document.Library, reason string) ([]string, error) {
	var codes []string
	err := l.DB.Update(ctx, func(tx *store.Tx) error {
		codes = nil
		all, err := Manuals(ctx, tx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.State != ManualOlder || m.paper.Working != "" || !m.paper.Retired.IsZero() {
				continue
			}
			rid, err := document.OpenTx(ctx, tx, document.Opening{Code: m.Code, Reason: reason, Size: document.Major})
			if err != nil {
				return err
			}
			v, err := document.RevisionOf(ctx, tx, rid)
			if err != nil {
				return err
			}
			if _, err := document.SaveTx(ctx, tx, document.Edit{Revision: rid, Version: v.Version, Text: document.Text{Source: m.source, Reason: reason}}); err != nil {
				return err
			}
			codes = append(codes, m.Code)
		}
		return nil
	})
	return codes, problem.About(err, "renew the manuals")
}
