package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// exhibitScene is a server with a vault, an incident and two people who keep evidence.
type exhibitScene struct {
	*testing.T
	s        *Server
	h        http.Handler
	inc      string
	ann, ben *http.Cookie
	benID    string
}

func newExhibitScene(t *testing.T, db *store.DB) *exhibitScene {
	t.Helper()
	x := &exhibitScene{T: t, s: inquiryServer(t, db)}
	x.s.Cases = incident.Cases{DB: db}
	blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	x.s.Vault = custody.Vault{DB: db, Blobs: blobs, Keys: keys}
	addPerson(t, x.s, "ann", people.RoleITSecurity, "")
	x.benID = addPerson(t, x.s, "ben", people.RoleITSecurity, "")
	x.ann, x.ben, x.h = session(t, x.s, "ann"), session(t, x.s, "ben"), x.s.Handler()
	if x.inc, err = x.s.Cases.Declare(testdb.System(), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies are read", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
		Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: db.Now().Add(-time.Hour), AwareWho: "Ann", AwareHow: "a call"}}); err != nil {
		t.Fatal(err)
	}
	return x
}

// post sends a form and gives where it leads, or the page that it comes back with.
func (x *exhibitScene) post(target string, c *http.Cookie, wants int, form url.Values) string {
	x.Helper()
	w := ask(x.h, "POST", target, c, form.Encode())
	if w.Code != wants {
		x.Fatalf("%s: %d, want %d: %s", target, w.Code, wants, w.Body)
	}
	to, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	return to + w.Body.String()
}

// send sends a file.
func (x *exhibitScene) send(target, name string, content []byte) {
	x.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		x.Fatal(err)
	}
	part.Write(content)
	form.Close()
	r := httptest.NewRequest("POST", target, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(x.ann)
	w := httptest.NewRecorder()
	x.h.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther {
		x.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
}

// page is a page for somebody.
func (x *exhibitScene) page(target string, c *http.Cookie) string {
	return ask(x.h, "GET", target, c, "").Body.String()
}

// offers are the operations that the page of an exhibit has a form for.
func (x *exhibitScene) offers(target string, c *http.Cookie) string {
	body := x.page(target, c)
	var out []string
	for _, o := range custody.Operations() {
		if strings.Contains(body, `action="`+target+"/"+string(o)+`"`) {
			out = append(out, string(o))
		}
	}
	return strings.Join(out, " ")
}

// The page of an exhibit offers what its state allows, from its registration until two people destroyed it.
func TestTheLifeOfAnExhibit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		x := newExhibitScene(t, db)
		content := []byte("\xff\xd8 a photo of the screen")
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:])
		file, err := incidentFile(t, db, x.inc)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"kind": {"photo"}, "description": {"Screen of the archive"}, "device": {file.Devices[0].ID}, "source": {"console"}, "authority": {"head of IT security"}, "method": {"phone of the house"},
			"began": {inputTime(db.Now())}, "ended": {inputTime(db.Now())}, "patients": {"minimised"}, "skew": {"-90s"}, "expected": {strings.Repeat("0", 64)}, "with_sha512": {"yes"}, "legal_basis": {"incident plan 4.2"}, "tlp": {"red"}, "pap": {"amber"},
			"retain_until": {"2020-01-01"}, "tool": {"camera"}, "tool_version": {"7"}, "command": {"none"}, "write_blocker": {"not needed"}, "medium": {"card"}, "host": {"pacs1"}, "interface": {"eth0"}, "model": {"PACS 9"}, "serial": {"SN-4"},
			"udi": {"(01)04012345678901"}, "location": {"server room 2"}}
		wrong := url.Values{}
		for k, v := range form {
			wrong[k] = v
		}
		wrong.Set("skew", "soon")
		if body := x.post(urlIncident(x.inc)+"/evidence/new", x.ann, http.StatusUnprocessableEntity, wrong); !strings.Contains(body, `<details class="more" open>`) || !strings.Contains(body, "must be like") {
			t.Error("a fault in what is folded away is not seen")
		}
		at := x.post(urlIncident(x.inc)+"/evidence/new", x.ann, http.StatusSeeOther, form)
		id := strings.TrimPrefix(at, "/exhibits/")
		body := x.page(at, x.ann)
		for _, text := range []string{"incident plan 4.2", "camera 7", "not needed", "pacs1", "eth0", "PACS 9", "SN-4", "(01)04012345678901", "server room 2", "-1m30s", "TLP:RED, PAP:AMBER", strings.Repeat("0", 64)} {
			if !strings.Contains(body, text) {
				t.Errorf("the page does not show %q", text)
			}
		}
		says := func(c *http.Cookie, want string) {
			t.Helper()
			if d := cmp.Diff(want, x.offers(at, c)); d != "" {
				t.Errorf("offered (-want +got):\n%s", d)
			}
		}
		says(x.ann, "content seal hold")
		x.send(at+"/content", `C:\photos\screen.JPG`, content)
		if body := x.post(at+"/seal", x.ann, http.StatusUnprocessableEntity, url.Values{}); !strings.Contains(body, "is required: the SHA-256 of the content is "+hash) {
			t.Error("another content than was hashed at collection is sealed")
		}
		x.post(at+"/seal", x.ann, http.StatusSeeOther, url.Values{"difference": {"hashed before it was turned upright"}})
		if body := x.page(at, x.ann); !strings.Contains(body, "not what was collected") || !strings.Contains(body, "hashed before it was turned upright") {
			t.Error("that the content differs is not shown")
		}
		says(x.ann, "transfer release read work verify hold")
		w := ask(x.h, "POST", at+"/read", x.ann, url.Values{"reason": {"look"}}.Encode())
		if name := w.Header().Get("Content-Disposition"); !strings.Contains(name, "screen.JPG") || !bytes.Equal(w.Body.Bytes(), content) {
			t.Errorf("the content comes as %q", name)
		}
		x.post(at+"/release", x.ann, http.StatusSeeOther, url.Values{"outside": {"Northmere Medical"}, "as": {"by_law"}, "reason": {"analysis"}, "authority": {"court order 7"}})
		says(x.ann, "take-back receipt read verify hold")
		x.post(at+"/receipt", x.ann, http.StatusSeeOther, url.Values{"outside": {"J. Doe"}, "receipt": {"R-9"}, "on": {inputTime(db.Now())}, "sha256": {strings.ToUpper(hash)}})
		if body := x.page(at, x.ann); !strings.Contains(body, "receipt R-9") || strings.Contains(body, "No receipt yet") {
			t.Error("the receipt is not shown")
		}
		x.post(at+"/take-back", x.ann, http.StatusSeeOther, url.Values{"sha256": {strings.Repeat("1", 64)}})
		says(x.ann, "read verify accept hold") // nothing goes on with a broken one
		x.post(at+"/work", x.ann, http.StatusConflict, url.Values{"action": {"analysed"}, "reason": {"x"}})
		x.post(at+"/accept", x.ann, http.StatusSeeOther, url.Values{"reason": {"they sent a wrong copy"}})
		if body := x.page(at, x.ann); !strings.Contains(body, "is kept while INC-2026-0001 is open") {
			t.Error("the page does not say that it is kept")
		}
		x.post(at+"/destroy", x.ann, http.StatusConflict, url.Values{"reason": {"over"}})
		if err := x.s.Cases.Move(testdb.System(), x.inc, incident.Move{To: incident.FalseAlarm, Reason: "a test of the maker"}); err != nil {
			t.Fatal(err)
		}
		says(x.ann, "transfer release read work verify hold destroy")
		x.post(at+"/destroy", x.ann, http.StatusSeeOther, url.Values{"reason": {"over"}})
		says(x.ann, "transfer release read work verify hold") // nobody agrees with themselves
		x.post(at+"/destroy", x.ann, http.StatusConflict, url.Values{"reason": {"over"}})
		if body := x.page(urlIncident(x.inc), x.ben); strings.Contains(body, at) || !strings.Contains(body, "Withheld (TLP:RED): ask test") {
			t.Error("who is not named is told of a red exhibit what it is")
		}
		x.post(at+"/destroy", x.ben, http.StatusForbidden, url.Values{"reason": {"agreed"}})
		if err := x.s.Cases.NameRecipient(testdb.System(), x.inc, x.benID, "agrees to destroy it"); err != nil {
			t.Fatal(err)
		}
		if body := x.page(at, x.ben); !strings.Contains(body, "asked to destroy it") {
			t.Error("the other one is not told that somebody asked")
		}
		x.post(at+"/destroy", x.ben, http.StatusSeeOther, url.Values{"reason": {"agreed"}})
		says(x.ben, "")
		body = x.page(at, x.ann)
		var chain []custody.Entry
		if err := db.View(testdb.System(), func(r store.Reader) (err error) {
			chain, err = custody.Chain(testdb.System(), r, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, e := range chain {
			for _, text := range []string{e.Hash, e.HashBefore, e.HashAfter, e.Actor} {
				if !strings.Contains(body, text) {
					t.Errorf("entry %d: %q is not shown", e.Seq, text)
				}
			}
		}
		if strings.Contains(body, "not in the journal") || !strings.Contains(body, "as entry ") || !strings.Contains(body, "maker.example/triward") {
			t.Error("how the entries are signed is not shown")
		}
	})
}

func incidentFile(t *testing.T, db *store.DB, id string) (f incident.File, err error) {
	t.Helper()
	err = db.View(testdb.System(), func(r store.Reader) error {
		f, err = incident.Get(testdb.System(), r, id)
		return err
	})
	return f, err
}
