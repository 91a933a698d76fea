package document

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"triward/internal/document/source"
	"triward/internal/store"
)

// Use is one way in which a revision relies on a document.
type Use struct {
	Code string // the document that is relied on
	How  string // "parent", "reference", "target", "text"
}

var linkForm = regexp.MustCompile(`\]\(doc:([A-Z][A-Z0-9]{1,7}-[0-9]{1,4})`)

// usesOf lists what a text relies on, each way once.
func usesOf(d source.Document) []Use {
	var out []Use
	add := func(code, how string) {
		if u := (Use{code, how}); code != "" && code != d.Code && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	add(d.Parent, "parent")
	for _, c := range d.Refs {
		add(c, "reference")
	}
	for _, s := range d.Steps {
		code, _, _ := source.TargetRef(s.Target)
		add(code, "target")
	}
	for _, m := range linkForm.FindAllStringSubmatch(d.Body, -1) {
		add(m[1], "text")
	}
	if strings.Contains(d.Body, "{target:") {
		add(source.TargetsCode, "target")
	}
	return out
}

// User is a document that relies on another one.
type User struct {
	Code, Title string
	Revision    RevisionID
	State       State
	How         string
}

// UsedBy reads which effective or working revisions rely on a document.
func UsedBy(ctx context.Context, r store.Reader, code string) ([]User, error) {
	if _, err := ByCode(ctx, r, code); err != nil {
		return nil, err
	}
	return usedBy(ctx, r, code)
}

func usedBy(ctx context.Context, r store.Reader, code string) ([]User, error) {
	return store.All(ctx, r, func(s store.Scanner) (u User, err error) {
		return u, s.Scan(&u.Code, &u.Title, &u.Revision, &u.State, &u.How)
	}, `SELECT d.code, r.title, r.id, r.state, u.how FROM document_use u JOIN revision r ON r.id = u.revision JOIN document d ON d.id = r.document
		WHERE u.code = $1 AND (r.id = d.effective OR r.id = d.working) ORDER BY d.sort, r.number, u.how`, code)
}
