package web

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"triward/internal/people"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

// spaces is a file of n spaces.
func spaces(n int64) io.Reader {
	return io.LimitReader(blank{}, n)
}

type blank struct{}

func (blank) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A file over the limit is called too large, not broken.
func TestSBOMOverTheLimit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		h := s.Handler()
		addPerson(t, s, "ada", people.RolePSIRT, "")
		c := session(t, s, "ada")
		maker, err := s.Catalog.AddManufacturer(testdb.System(), product.Manufacturer{Name: "Nordlicht"})
		if err != nil {
			t.Fatal(err)
		}
		model, err := s.Catalog.AddModel(testdb.System(), product.Model{Manufacturer: maker, Name: "Pulsar"})
		if err != nil {
			t.Fatal(err)
		}
		release, err := s.Catalog.AddRelease(testdb.System(), product.Release{Model: model, Version: "1.0"})
		if err != nil {
			t.Fatal(err)
		}
		from, to := io.Pipe()
		form := multipart.NewWriter(to)
		go func() {
			part, err := form.CreateFormFile("file", "large.json")
			if err == nil {
				_, err = io.Copy(part, spaces(product.MaxSBOMBytes+1))
			}
			if err == nil {
				err = form.Close()
			}
			to.CloseWithError(err)
		}()
		r := httptest.NewRequest("POST", urlRelease(model, release)+"/sbom", from)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.AddCookie(c)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "larger than 64 MiB") {
			t.Errorf("a file over the limit answers %d", w.Code)
		}
	})
}
