package web

import (
	"html"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/custody"
	"triward/internal/incident/draft"
	"triward/internal/incident/ladder"
	"triward/internal/incident/room"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/testdb"
)

var linked = regexp.MustCompile(`href="(/[^"#?]*)`)

// ofCase are the pages that belong to a record of an incident.
var ofCase = regexp.MustCompile(`^/(incidents/inc_|containments/cnt_|exhibits/)`)

// Every page of an exercise is marked, and none of an incident that is real.
func TestEveryPageOfAnExerciseIsMarked(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		s := b.s
		blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		s.Vault, s.Drafts = custody.Vault{DB: s.DB, Blobs: blobs, Keys: keys}, draft.Desk{DB: s.DB}
		s.Inquiries.Builder.Ledger = ledger.Ledger{DB: s.DB, Key: s.Signer.Key}
		c := session(t, s, "ann")
		for name, want := range map[string]bool{"exercise": true, "real": false} {
			t.Run(name, func(t *testing.T) {
				inc := b.filled(want)
				var todo = []string{"/incidents/" + inc}
				seen := map[string]bool{}
				kinds := map[string]bool{}
				for len(todo) > 0 && len(seen) < 240 {
					at := todo[0]
					todo = todo[1:]
					if seen[at] {
						continue
					}
					seen[at] = true
					w := ask(b.h, "GET", at, c, "")
					if w.Code >= http.StatusInternalServerError {
						t.Errorf("%s answers %d", at, w.Code)
					}
					if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
						continue
					}
					page := w.Body.String()
					if got := strings.Contains(page, `id="exercise-mark"`) && strings.Contains(page, "<title>EXERCISE · "); got != want {
						t.Errorf("%s is marked as an exercise: %v", at, got)
					}
					if at == "/incidents/"+inc && !strings.Contains(page, ": Studies leave · Triward</title>") {
						t.Error("the title of the window does not name the incident")
					}
					kinds[strings.SplitN(at, "/", 3)[1]] = true
					for _, m := range linked.FindAllStringSubmatch(page, -1) {
						if to := html.UnescapeString(m[1]); ofCase.MatchString(to) && (strings.Contains(to, inc) || !strings.HasPrefix(to, "/incidents/")) {
							todo = append(todo, to)
						}
					}
				}
				if len(seen) < 15 || !kinds["containments"] || !kinds["exhibits"] {
					t.Errorf("only %d pages were looked at: %v", len(seen), kinds)
				}
			})
		}
	})
}

// filled declares an incident with something of every kind in it.
func (b *bedside) filled(exercise bool) string {
	b.Helper()
	ann, s := b.as("ann"), b.s
	inc, err := s.Cases.Declare(ann, incident.Declaration{Devices: []string{string(b.pump)}, Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave", Exercise: exercise, Cyber: 2, Clinical: 2, TLP: incident.Amber,
		PAP: incident.Green, Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.now(), AwareWho: "Ann", AwareHow: "an alert"}})
	if err != nil {
		b.Fatal(err)
	}
	_, planned := s.Cases.PlanAction(ann, inc, incident.Action{Device: string(b.pump), Target: "port", Plan: ladder.Plan{Level: ladder.AllowList, Impact: "none", Observe: "no packet", Undo: "plug it into port 14", Return: s.now().Add(time.Hour)}})
	_, told := s.Cases.AddEntity(ann, inc, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"}, Instants: map[string]time.Time{"became_aware": s.now()}}})
	_, kept := s.Vault.Register(ann, custody.Item{Incident: inc, Kind: custody.LogExtract, Description: "log", Source: "archive", Authority: "head of security", Method: "export", Began: s.now(), Patients: custody.NoPatients, File: "log.txt", Place: "safe"})
	_, reported := (room.Desk{DB: s.DB}).Report(ann, inc, s.now().Add(time.Hour))
	for _, err := range []error{planned, told, kept, reported} {
		if err != nil {
			b.Fatal(err)
		}
	}
	return inc
}

func TestAListOfAnAuditorHasNoMark(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	addPerson(t, s, "bob", people.RoleAuditor, "")
	if w := ask(s.Handler(), "GET", "/incidents", session(t, s, "bob"), ""); strings.Contains(w.Body.String(), "exercise-mark") {
		t.Error("the list of incidents is marked")
	}
}
