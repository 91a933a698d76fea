package qualification_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/app/qualification"
	"triward/internal/assurance/validation"
	"triward/internal/blob"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/kit"
	"triward/internal/document/press"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/document/upkeep"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// site is an installation that was used: a document in force, signatures, files and keys.
type site struct {
	qualification.Installation
	dir    string // with files and keys
	signer *signaturetest.Signer
	rid    document.RevisionID
}

const text = `---
id: SOP-14
title: Event response
level: procedure
for: [hospital]
owner_role: psirt_lead
review_months: 12
approvals: {approve: [psirt_lead, quality]}
retention: P10Y
---

# Purpose

Ask the ward before isolating a device.
`

func newSite(t *testing.T, db *store.DB) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), signer: signaturetest.New(t, db)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.signer.People.Seed(testdb.System()))
	blobs, err := blob.Open(t.Context(), "dir:"+filepath.Join(s.dir, "blobs"))
	must(err)
	library := document.Library{DB: db, Signer: s.signer.Signer, Blobs: blobs, URL: "https://triward.example"}
	pem, err := rendition.NewSealer("Example Hospital", db.Now().AddDate(-1, 0, 0))
	must(err)
	sealer, err := rendition.ReadSealer(pem)
	must(err)
	sealer.Stamp = s.signer.Stamp.Stamp
	key := filepath.Join(s.dir, "checkpoint.key")
	must(os.WriteFile(key, []byte("secret"), 0o600))
	s.Installation = qualification.Installation{Press: press.Press{Desk: upkeep.Desk{Library: library}, Sealer: sealer}, Ledger: ledger.Ledger{DB: db, Key: s.signer.Key},
		Version: "1.0", Settings: settings("sign_idle = 15\npublic_url = \"https://triward.example\"\n"), KeyFiles: []string{key}, Encrypted: true, Followers: []store.Follower{ledger.Follower()}}
	s.approve(t)
	return s
}

// approve lets a document pass everything until it is in force and its record copy is kept.
func (s *site) approve(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, who := s.Press.Library, map[string]string{}
	for login, f := range map[string]source.Function{"ann": "", "cyn": "quality", "dan": "psirt_lead"} {
		who[login] = s.signer.Person(t, login, "P. "+login)
		if f != "" {
			_, err := l.Assign(testdb.System(), f, who[login], "by the organisation chart")
			must(err)
		}
	}
	as := func(login string) context.Context { return s.signer.As(who[login], "document.*") }
	signing := func(login string) document.Signing {
		shown, err := l.Display(as(login), s.rid)
		must(err)
		return document.Signing{Factors: s.signer.Factors(t, who[login]), Displayed: shown.Digest, Reason: "read and found right"}
	}
	var err error
	s.rid, err = l.Create(as("ann"), document.New{Content: document.Authored, Text: document.Text{Source: text, Reason: "first version"}})
	must(err)
	must(l.Submit(as("ann"), s.rid, "please review"))
	must(l.Freeze(as("ann"), s.rid))
	must(l.OpenApproval(as("ann"), s.rid, time.Time{}, signing("ann")))
	must(l.Decide(as("dan"), s.rid, "psirt_lead", signing("dan")))
	must(l.Decide(as("cyn"), s.rid, "quality", signing("cyn")))
	must(l.Tick(testdb.System()))
	must(s.Press.Keep(testdb.System()))
	must(l.DB.CatchUp(testdb.System(), ledger.Follower()))
}

func (s *site) outcomes(t *testing.T) map[string]validation.Check {
	t.Helper()
	all, err := s.Checks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]validation.Check{}
	for _, c := range all {
		if _, twice := out[c.ID]; twice || c.Title == "" || c.Expected == "" || len(c.Rules) == 0 || c.Observed == "" {
			t.Errorf("check %+v is not complete", c)
		}
		out[c.ID] = c
	}
	return out
}

// What a browser, the words of a search or the manuals need is not there in these tests.
var notHere = map[string]validation.Outcome{"IQ-04": validation.NotRun, "PQ-04": validation.Failed}

func TestP11_01ChecksOfAUsedInstallation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newSite(t, db)
		before := head(t, db)
		for id, c := range s.outcomes(t) {
			want := validation.Passed
			if o, ok := notHere[id]; ok {
				want = o
			}
			slow := c.Outcome == validation.Failed && strings.Contains(c.Observed, "the slowest took") // how fast this machine is, is not for a test to say
			if c.Outcome != want && !slow {
				t.Errorf("%s is %s: %s", id, c.Outcome, c.Observed)
			}
			for _, rule := range c.Rules {
				t.Run(rule+" "+id, func(*testing.T) {})
			}
		}
		if after := head(t, db); after != before {
			t.Errorf("the checks left entries %d to %d in the journal", before+1, after)
		}
	})
}

func head(t *testing.T, db *store.DB) (n int64) {
	t.Helper()
	if err := db.View(t.Context(), func(r store.Reader) (err error) {
		n, _, err = store.JournalHead(t.Context(), r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestP11_01EmptyInstallationHasNotPassedWhatCouldNotRun(t *testing.T) {
	s := newSite(t, testdb.SQLite(t))
	empty := testdb.SQLite(t)
	blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	other := signaturetest.New(t, empty)
	s.Press.Library = document.Library{DB: empty, Signer: other.Signer, Blobs: blobs}
	s.Ledger = ledger.Ledger{DB: empty, Key: other.Key}
	got := s.outcomes(t)
	for _, id := range []string{"IQ-04", "OQ-06", "OQ-10", "OQ-11", "OQ-12", "PQ-02", "PQ-03", "PQ-04", "PQ-05"} {
		if got[id].Outcome != validation.NotRun {
			t.Errorf("%s is %s: %s", id, got[id].Outcome, got[id].Observed)
		}
	}
	if got["IQ-02"].Outcome != validation.Failed {
		t.Errorf("a database without roles: %+v", got["IQ-02"])
	}
}

// Each check fails when the installation is not as it must be.
func TestP11_01ChecksFindWhatIsWrong(t *testing.T) {
	change := func(t *testing.T, s *site, statement string, args ...any) {
		t.Helper()
		if err := s.Press.DB.Update(testdb.System(), func(tx *store.Tx) error {
			if _, err := tx.Exec(testdb.System(), statement, args...); err != nil {
				return err
			}
			_, err := tx.Record(testdb.System(), store.Event{Kind: "system.configured", Subject: "test", Body: map[string]string{}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	files := func(t *testing.T, s *site) []string {
		t.Helper()
		var out []string
		err := filepath.WalkDir(filepath.Join(s.dir, "blobs"), func(p string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				out = append(out, p)
			}
			return err
		})
		if err != nil || len(out) == 0 {
			t.Fatalf("no files: %v", err)
		}
		return out
	}
	for id, spoil := range map[string]func(t *testing.T, s *site){
		"IQ-02": func(t *testing.T, s *site) {
			change(t, s, `UPDATE people_role SET kinds = '["*"]' WHERE id = $1`, people.RoleAuditor)
		},
		"IQ-04": func(t *testing.T, s *site) {
			if _, err := kit.Install(testdb.System(), s.Press.Library, kit.Installing{Kit: kit.ManualsKit, Reason: "test"}); err != nil {
				t.Fatal(err)
			}
		},
		"IQ-05": func(t *testing.T, s *site) {
			if err := os.Chmod(s.KeyFiles[0], 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"IQ-06": func(_ *testing.T, s *site) { s.Encrypted = false },
		"OQ-08": func(_ *testing.T, s *site) { s.Press.Signer.Stamp = late{s.Press.Signer.Stamp} },
		"OQ-09": func(_ *testing.T, s *site) {
			s.Press.Sealer.Stamp = func([]byte, time.Time) ([]byte, error) { return []byte{0x30, 0}, nil }
		},
		"OQ-10": func(t *testing.T, s *site) {
			change(t, s, `INSERT INTO effective_range (document, since, until, revision, ended) SELECT document, since - 10, since + 10, id, 'superseded'
				FROM (SELECT e.document AS document, e.since AS since, 'rev_other' AS id FROM effective_range e) x`)
		},
		"OQ-11": func(t *testing.T, s *site) {
			if err := s.Press.DB.Update(testdb.System(), func(tx *store.Tx) error {
				_, err := tx.Record(testdb.System(), store.Event{Kind: document.KindFrozen, Subject: "doc_x", Body: document.Moved{From: document.Retired, To: document.InForce}})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		},
		"PQ-02": func(t *testing.T, s *site) {
			if err := os.WriteFile(files(t, s)[0], []byte("other"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"PQ-03": func(t *testing.T, s *site) {
			for _, f := range files(t, s) {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		},
		"PQ-05": func(t *testing.T, s *site) {
			for _, f := range files(t, s) {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run("P11-01 "+id, func(t *testing.T) {
			s := newSite(t, testdb.SQLite(t))
			spoil(t, s)
			if c := s.Only(t.Context(), id); c.Outcome != validation.Failed {
				t.Errorf("%s is %s: %s", c.ID, c.Outcome, c.Observed)
			}
		})
	}
}

// late is a time-stamp authority whose clock is wrong.
type late struct{ signature.TimeStamper }

func (l late) Stamp(data []byte, at time.Time) ([]byte, error) {
	return l.TimeStamper.Stamp(data, at.Add(time.Hour))
}

// Somebody with the file in hands changed it.
func TestP11_01ChecksFindWhatWasTamperedWith(t *testing.T) {
	for id, statements := range map[string][]string{
		"IQ-01": {`DELETE FROM migration WHERE name = (SELECT max(name) FROM migration)`},
		"OQ-03": {`DROP TRIGGER validation_report_no_update`},
		"OQ-04": {`DROP TRIGGER journal_no_update`, `UPDATE journal SET actor_name = 'Somebody' WHERE seq = 3`},
		"OQ-06": {`DROP TRIGGER signature_no_update`, `UPDATE signature SET meaning = 'authorship'`},
		"PQ-01": {`DROP TRIGGER journal_no_update`, `UPDATE journal SET actor_name = 'Somebody' WHERE seq = 3`},
	} {
		t.Run("P11-01 "+id, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "triward.db")
			open := func() *store.DB {
				db, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return db
			}
			db := open()
			s := newSite(t, db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			testdb.Tamper(t, path, statements...)
			// A program that is only to read does not put the missing step right.
			var err error
			if db, err = store.Inspect(t.Context(), "sqlite:"+path); id != "IQ-01" {
				db = open()
			} else if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			s.Press.DB, s.signer.DB, s.signer.People.DB, s.Ledger.DB = db, db, db, db
			if c := s.Only(t.Context(), id); c.Outcome != validation.Failed {
				t.Errorf("%s is %s: %s", c.ID, c.Outcome, c.Observed)
			}
		})
	}
}

func TestSV_01PartsSayWhatIsInstalled(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newSite(t, db)
		parts := func() []validation.Part {
			all, err := s.Parts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		before := parts()
		if again := validation.Compare(before, parts()); len(again) > 0 {
			t.Errorf("it differs from itself: %+v", again)
		}
		areas := map[string]bool{}
		for _, p := range before {
			areas[p.Area] = true
			if strings.Contains(p.Value, "secret") {
				t.Errorf("%s shows a secret", p.Name)
			}
		}
		for _, a := range []string{"program", "schema", "rules", "content", "manuals", "configuration", "roles", "keys", "machine"} {
			if !areas[a] {
				t.Errorf("nothing is said of the %s", a)
			}
		}
		s.Version, s.Settings = "1.1", settings("sign_idle = 5\n")
		if _, err := s.signer.People.CreateRole(testdb.System(), people.Role{Name: "Night shift", Kinds: []string{"device.read"}}); err != nil {
			t.Fatal(err)
		}
		manual(t, db)
		var got []string
		for _, c := range validation.Compare(before, parts()) {
			got = append(got, c.Area+" "+c.Name)
		}
		if want := []string{"configuration public_url", "configuration sign_idle", "manuals MAN-01", "program version", "roles Night shift"}; !slices.Equal(got, want) {
			t.Errorf("changes: %q", got)
		}
	})
}

// manual puts a manual into force.
func manual(t *testing.T, db *store.DB) {
	t.Helper()
	files, err := content.Manuals()
	if err != nil {
		t.Fatal(err)
	}
	documenttest.Effective(t, db, string(files[0].Text))
}

func settings(text string) func() (string, error) {
	return func() (string, error) { return text, nil }
}
