package search

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/store"
)

// name is that of the follower.
const name = "document search"

// Follower keeps the index.
func Follower() store.Follower {
	return store.Follower{Name: name, Kinds: []string{document.KindCreated, document.KindRevisionOpened, document.KindEdited, document.KindSubmitted,
		document.KindReviewed, document.KindChangesRequested, document.KindFrozen, document.KindApprovalOpened, document.KindApproved, document.KindRejected,
		document.KindReleasedEarly, document.KindEffective, document.KindSuperseded, document.KindRetired, document.KindWithdrawn, document.KindTemporaryIssued,
		document.KindTemporaryEnded, document.KindClassified}, Derive: derive}
}

func derive(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
	var docs []string
	for _, e := range entries {
		docs = append(docs, e.Subject)
	}
	slices.Sort(docs)
	for _, d := range slices.Compact(docs) {
		if err := index(ctx, b, document.ID(d)); err != nil {
			return err
		}
	}
	return nil
}

// portion is how many documents one transaction of a rebuild indexes.
const portion = 50

// Rebuild makes the index again.
func Rebuild(ctx context.Context, db *store.DB) error {
	ctx = store.WithActor(ctx, store.System(name))
	err := db.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, `DELETE FROM document_text`)
		return err
	})
	for after := ""; err == nil; {
		var ids []string
		err = db.Bulk(ctx, func(b *store.Bulk) error {
			var err error
			if ids, err = store.All(ctx, b, store.Value[string], `SELECT id FROM document WHERE id > $1 ORDER BY id LIMIT $2`, after, portion); err != nil {
				return err
			}
			for _, id := range ids {
				if err := index(ctx, b, document.ID(id)); err != nil {
					return err
				}
			}
			return nil
		})
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
	}
	return err
}

// kept is what the index says of a revision.
type kept struct {
	revision, tags string
	version        int
}

// index writes what changed of a document's revisions.
func index(ctx context.Context, b *store.Bulk, id document.ID) error {
	doc, err := document.Get(ctx, b, id)
	if err != nil {
		return err
	}
	all, err := document.Revisions(ctx, b, id)
	if err != nil {
		return err
	}
	products, err := store.All(ctx, b, store.Value[string], `SELECT product FROM document_product WHERE document = $1`, string(id))
	if err != nil {
		return err
	}
	rows, err := store.All(ctx, b, func(s store.Scanner) (k kept, err error) { return k, s.Scan(&k.revision, &k.tags, &k.version) },
		`SELECT revision, tags, version FROM document_text WHERE document = $1`, string(id))
	if err != nil {
		return err
	}
	was := map[string]kept{}
	for _, k := range rows {
		was[k.revision] = k
	}
	for _, v := range all {
		tags := tagsOf(doc, v, products)
		if k, ok := was[string(v.ID)]; ok && k.version == v.Version && k.tags == tags {
			continue
		}
		if err := put(ctx, b, v, tags); err != nil {
			return err
		}
	}
	return nil
}

// tagsOf are the values by which finds are narrowed.
func tagsOf(d document.Document, v document.Revision, products []string) string {
	all := []string{stateTag(v.State), levelTag(d.Level)}
	for _, p := range products {
		all = append(all, productTag(p))
	}
	for i := range all {
		all[i] = store.Tag(all[i])
	}
	return strings.Join(all, " ")
}

func stateTag(s document.State) string { return "state " + string(s) }
func levelTag(l source.Level) string   { return "level " + string(l) }
func productTag(p string) string       { return "product " + p }

// maxIndexed is how much of a text is searched, in bytes.
const maxIndexed = 200_000

func put(ctx context.Context, b *store.Bulk, v document.Revision, tags string) error {
	heading := v.Code + " " + v.Title
	text := textOf(v)
	_, err := b.Exec(ctx, `INSERT INTO document_text (id, revision, document, state, version, heading, text, title, words, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (revision) DO UPDATE SET state = excluded.state, version = excluded.version, heading = excluded.heading, text = excluded.text,
		title = excluded.title, words = excluded.words, tags = excluded.tags`, rowOf(v.ID), string(v.ID), string(v.Document), string(v.State), v.Version,
		heading, text, store.Words(heading), store.Words(text), tags)
	return err
}

// textOf is what a revision says: its own words, those of its file, or what is known of a document from elsewhere.
func textOf(v document.Revision) string {
	parts := []string{v.File.Name, v.File.Text, v.External.Publisher, v.External.Edition, v.External.Address}
	if d, err := source.Parse("", []byte(v.Source)); err == nil {
		parts = append([]string{source.Text(d, nil)}, parts...)
	}
	text := strings.TrimSpace(strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n"))
	if len(text) > maxIndexed {
		text = strings.ToValidUTF8(text[:maxIndexed], "")
	}
	return text
}

// rowOf numbers a revision: the same on every machine, and after every rebuild.
func rowOf(id document.RevisionID) int64 {
	sum := sha256.Sum256([]byte(id))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}
