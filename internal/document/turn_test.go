package document_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/document"
	"triward/internal/document/turn"
	"triward/internal/store"
	"triward/internal/testdb"
)

func (h *house) turns(login string) string {
	h.t.Helper()
	var out []string
	for _, x := range read(h.t, h.db, func(ctx context.Context, r store.Reader) ([]turn.Turn, error) {
		return turn.Of(ctx, r, h.who[login], h.db.Now())
	}) {
		out = append(out, string(x.Kind)+" "+x.Code+" "+string(x.Function))
	}
	return strings.TrimSpace(strings.Join(out, ", "))
}

func TestWhoseTurnItIs(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		want := func(step string, of map[string]string) {
			t.Helper()
			for _, login := range []string{"ann", "bob", "cyn", "dan", "eve"} {
				if got := h.turns(login); got != strings.TrimSpace(of[login]) {
					t.Errorf("%s: turn of %s = %q, want %q", step, login, got, of[login])
				}
			}
		}
		t.Run("UR-19 what waits for whom", func(t *testing.T) {
			rid := h.create("ann", sop("SOP-14", "Event response"))
			want("draft", nil)
			h.must(h.Submit(h.as("ann"), rid, ""))
			want("in review", map[string]string{"bob": "review SOP-14 security_architect"})
			h.must(h.SendBack(h.as("bob"), rid, "not yet"))
			want("back", map[string]string{"ann": "revise SOP-14 "})
			h.must(h.Submit(h.as("ann"), rid, ""))
			h.must(h.decide("bob", rid, "security_architect"))
			want("reviewed", map[string]string{"ann": "freeze SOP-14 "})
			h.must(h.Freeze(h.as("ann"), rid))
			want("frozen", map[string]string{"ann": "open_approval SOP-14 "})
			h.must(h.OpenApproval(h.as("ann"), rid, time.Time{}, h.signing("ann", rid, "mine")))
			want("in approval", map[string]string{"dan": "approve SOP-14 psirt_lead", "cyn": "approve SOP-14 quality"})
			h.must(h.decide("dan", rid, "psirt_lead"))
			want("half approved", map[string]string{"cyn": "approve SOP-14 quality"})
			h.must(h.decide("cyn", rid, "quality"))
			h.must(h.Tick(testdb.System()))
			want("effective", nil)
			temp, err := h.PrepareTemporary(h.as("ann"), document.Temporary{Code: "SOP-14", Reason: "at once"})
			h.must(err)
			want("temporary", map[string]string{"dan": "issue SOP-14 psirt_lead", "cyn": "issue SOP-14 quality"})
			h.must(h.IssueTemporary(h.as("dan"), temp, h.signing("dan", temp, "needed")))
			h.must(h.Tick(testdb.System()))
			want("issued", map[string]string{"cyn": "after_the_fact SOP-14 quality"})
			_, err = h.ReviewTemporary(h.as("cyn"), temp, document.Drop, h.signing("cyn", temp, "not kept"))
			h.must(err)
			h.clock.Advance(366 * 24 * time.Hour)
			want("a year later", map[string]string{"dan": "periodic_review SOP-14 psirt_lead"})
		})
	})
}
