package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"triward/apiv1"
	"triward/internal/store"
	"triward/internal/testdb"
)

// Content is given whole, or from where a download was cut short (RFC 9110, 14).
func TestRangesOfEvidence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, inc := withVault(t, db)
		a := f.as(store.Actor{ID: f.signer.Newcomer(t, "anna", "Anna"), Name: "Anna", Grants: []store.Grant{{Kinds: []string{"custody.*", "incident.*"}, All: true}}})
		const content = "first piece, second piece"
		sum := sha256.Sum256([]byte(content))
		made := must[apiv1.Made](a, "POST", "/incidents/"+inc+"/evidence", apiv1.EvidenceInput{Kind: "log_extract", Description: "log", Source: "archive", Authority: "head", Method: "export", Began: db.Now(), Patients: "no"})
		at := "/evidence-items/" + made.ID
		must[apiv1.EvidencePlace](a, "PUT", at+"/content?begins=0", []byte(content))
		must[empty](a, "POST", at+"/seal", apiv1.SealInput{})
		for asked, want := range map[string]string{"": "200 " + content, "bytes=13-": "206 second piece bytes 13-24/25", "bytes=0-4": "206 first bytes 0-4/25", "bytes=20-99": "206 piece bytes 20-24/25",
			"bytes=-5": "200 " + content, "bytes=1-2,5-6": "200 " + content, "lines=1-": "200 " + content} {
			r := a.request("GET", at+"/content?reason=look", nil)
			r.Header.Set("Range", asked)
			w := httptest.NewRecorder()
			a.http.ServeHTTP(w, r.WithContext(store.WithActor(r.Context(), a.actor)))
			if got := strings.TrimSpace(fmt.Sprintf("%d %s %s", w.Code, w.Body, w.Header().Get("Content-Range"))); got != want || w.Header().Get("ETag") != `"`+hex.EncodeToString(sum[:])+`"` {
				t.Errorf("range %q: %q %s, want %q", asked, got, w.Header().Get("ETag"), want)
			}
		}
	})
}
