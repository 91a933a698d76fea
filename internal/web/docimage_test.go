package web

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"testing"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// An image is shown with the document that it stands in, to who may read that document, and never by its digest alone.
func TestImagesBelongToTheirDocument(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		s.Library = document.Library{DB: db, Blobs: blobs}
		h := s.Handler()
		addPerson(t, s, "writer", people.RoleQuality, "")
		addPerson(t, s, "reader", people.RoleAuditor, "")
		writer, reader := session(t, s, "writer"), session(t, s, "reader")
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
			t.Fatal(err)
		}
		d, err := s.Library.Image(testdb.System(), bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		other, _, err := blobs.Put(t.Context(), bytes.NewReader([]byte("\x89PNG\r\n\x1a\n evidence")), 100)
		if err != nil {
			t.Fatal(err)
		}
		text := "---\nid: SOP-77\ntitle: Pictures\nlevel: procedure\nfor: [hospital]\nowner_role: quality\nreview_months: 12\napprovals: {approve: [quality]}\nretention: P10Y\n---\n\n![plan](blob:" + string(d) + ")\n"
		if _, err := s.Library.Create(testdb.System(), document.New{Content: document.Authored, Text: document.Text{Source: text, Reason: "test"}}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			who    *http.Cookie
			digest blob.Digest
			want   int
		}{{writer, d, http.StatusOK}, {reader, d, http.StatusOK}, {reader, other, http.StatusNotFound}} {
			if w := ask(h, "GET", urlImageOf("SOP-77", string(c.digest)), c.who, ""); w.Code != c.want {
				t.Errorf("%s answers %d, want %d", c.digest, w.Code, c.want)
			}
		}
	})
}
