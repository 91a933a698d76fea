package upkeep_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/document/turn"
	"triward/internal/document/upkeep"
	"triward/internal/problem"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func sop(extra ...string) string {
	return "---\n" + strings.Join(append([]string{"id: SOP-14", "title: Event response", "level: procedure", "for: [manufacturer]", "owner_role: psirt_lead", "review_months: 12",
		"approvals: {review: [security_architect], approve: [quality]}", "steps:", `  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note}`},
		extra...), "\n") + "\n---\n\nWe answer.\n"
}

// office is a desk with cyn for quality and dan for the process, and SOP-14 in force.
type office struct {
	upkeep.Desk
	t      *testing.T
	clock  *testdb.Clock
	signer *signaturetest.Signer
	who    map[string]string
	v      document.Revision
}

func each(t *testing.T, text string, fn func(t *testing.T, o *office)) {
	t.Helper()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		s := signaturetest.New(t, db)
		o := &office{Desk: upkeep.Desk{Library: document.Library{DB: db, Signer: s.Signer, Blobs: blobs, URL: "https://triward.example"}}, t: t, clock: c, signer: s, who: map[string]string{}}
		for login, f := range map[string]source.Function{"cyn": "quality", "dan": "psirt_lead", "bob": "tester"} {
			o.who[login] = s.Person(t, login, "P. "+login)
			documenttest.Assign(t, db, f, o.who[login])
		}
		o.v = documenttest.Effective(t, db, text)
		fn(t, o)
	})
}

func (o *office) as(login string) context.Context { return o.signer.As(o.who[login], "document.*") }

func (o *office) signing(login, reason string) document.Signing {
	o.t.Helper()
	o.clock.Advance(30 * time.Second)
	shown, err := o.Display(o.as(login), o.v.ID)
	o.must(err)
	return document.Signing{Factors: o.signer.Factors(o.t, o.who[login]), Displayed: shown.Digest, Reason: reason}
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func refused(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("error = %v, want one of kind %s", err, kind)
	}
}

func read[T any](o *office, fn func(ctx context.Context, r store.Reader) (T, error)) T {
	o.t.Helper()
	var v T
	o.must(o.DB.View(context.Background(), func(r store.Reader) (err error) {
		v, err = fn(testdb.System(), r)
		return err
	}))
	return v
}

func (o *office) banners() []string {
	o.t.Helper()
	var out []string
	for _, b := range read(o, func(ctx context.Context, r store.Reader) ([]upkeep.Banner, error) {
		return upkeep.Banners(ctx, r, o.v.ID, o.DB.Now())
	}) {
		out = append(out, b.Kind)
	}
	return out
}

func TestPeriodicReview(t *testing.T) {
	each(t, sop("retention: P10Y"), func(t *testing.T, o *office) {
		o.must(o.DB.Update(testdb.System(), func(tx *store.Tx) error { // as coming into force sets it
			if _, err := tx.Exec(testdb.System(), `UPDATE document SET review_due = $1, review_months = 12, owner_role = 'psirt_lead' WHERE id = $2`,
				store.Micros(o.v.Since.AddDate(0, 12, 0)), string(o.v.Document)); err != nil {
				return err
			}
			_, err := tx.Record(testdb.System(), store.Event{Kind: document.KindClassified, Subject: string(o.v.Document)})
			return err
		}))
		again := func(login string, verdict upkeep.ReviewVerdict, reason string) (string, error) {
			return o.ReviewAgain(o.as(login), "SOP-14", verdict, o.signing(login, reason))
		}
		t.Run("PRD-17 UR-15 an overdue review shows on the document itself, and is somebody's turn", func(t *testing.T) {
			if len(o.banners()) > 0 {
				t.Errorf("banners = %v", o.banners())
			}
			o.clock.Advance(366 * 24 * time.Hour)
			if !slices.Contains(o.banners(), "overdue") {
				t.Errorf("banners = %v", o.banners())
			}
			turns := read(o, func(ctx context.Context, r store.Reader) ([]turn.Turn, error) {
				return turn.Of(ctx, r, o.who["dan"], o.DB.Now())
			})
			if len(turns) != 1 || turns[0].Kind != turn.Again {
				t.Errorf("turns = %+v", turns)
			}
		})
		t.Run("DC-02 UR-08 the verdict is signed, with a reason, by the owner or quality", func(t *testing.T) {
			_, err := again("dan", upkeep.NoChange, " ")
			refused(t, err, problem.Invalid)
			_, err = again("bob", upkeep.NoChange, "still valid")
			refused(t, err, problem.Forbidden)
			_, err = again("dan", "maybe", "still valid")
			refused(t, err, problem.Invalid)
			_, err = again("dan", upkeep.NoChange, "still valid, the two runs of this year kept to it")
			o.must(err)
			all := read(o, func(ctx context.Context, r store.Reader) ([]upkeep.PeriodicReview, error) {
				return upkeep.PeriodicReviews(ctx, r, o.v.Document)
			})
			if len(all) != 1 || all[0].Signature == "" || !all[0].NextDue.Equal(o.DB.Now().AddDate(0, 12, 0)) || len(o.banners()) > 0 {
				t.Errorf("reviews = %+v, banners %v", all, o.banners())
			}
		})
		t.Run("DC-02 what must be revised gets a change request", func(t *testing.T) {
			cid, err := again("cyn", upkeep.MustRevise, "the telephone number changed")
			o.must(err)
			c := read(o, func(ctx context.Context, r store.Reader) (document.Change, error) {
				return document.ChangeOf(ctx, r, cid)
			})
			if len(c.Items) != 1 || c.Items[0].Code != "SOP-14" || c.State != document.ChangeOpen {
				t.Errorf("change = %+v", c)
			}
		})
	})
}

func TestDeviations(t *testing.T) {
	each(t, sop("retention: P10Y"), func(t *testing.T, o *office) {
		w := upkeep.Deviation{Code: "SOP-14", Step: "receive", Kind: upkeep.Waiver, Text: "written down the next day at night", Risk: "late by hours; on-call reads mail", Until: o.DB.Now().Add(10 * 24 * time.Hour)}
		grant := func(login string, d upkeep.Deviation) (string, error) {
			return o.GrantDeviation(o.as(login), d, o.signing(login, "no night shift until December"))
		}
		t.Run("PRD-19 for a time, with its risk, signed by who may", func(t *testing.T) {
			for name, change := range map[string]func(d *upkeep.Deviation){"without end": func(d *upkeep.Deviation) { d.Until = time.Time{} }, "without risk": func(d *upkeep.Deviation) { d.Risk = "" },
				"for years": func(d *upkeep.Deviation) { d.Until = d.Until.AddDate(3, 0, 0) }, "of no step": func(d *upkeep.Deviation) { d.Step = "dance" }} {
				d := w
				change(&d)
				if _, err := grant("cyn", d); problem.KindOf(err) != problem.Invalid {
					t.Errorf("%s: %v", name, err)
				}
			}
			_, err := grant("bob", w)
			refused(t, err, problem.Forbidden)
		})
		t.Run("PRD-19 it shows on the document, and ends by itself", func(t *testing.T) {
			_, err := grant("cyn", w)
			o.must(err)
			if !slices.Contains(o.banners(), "deviation") {
				t.Errorf("banners = %v", o.banners())
			}
			o.clock.Advance(11 * 24 * time.Hour)
			if len(o.banners()) > 0 {
				t.Errorf("banners = %v", o.banners())
			}
		})
		w.Until = o.DB.Now().Add(10 * 24 * time.Hour)
		id, err := grant("cyn", w)
		o.must(err)
		o.must(o.EndDeviation(o.as("cyn"), id, "night shift is back"))
		refused(t, o.EndDeviation(o.as("cyn"), id, "again"), problem.NotFound)
		if len(o.banners()) > 0 {
			t.Errorf("banners = %v", o.banners())
		}
	})
}

func TestRetention(t *testing.T) {
	each(t, sop(`retention: "max(device_lifetime, P10Y)"`), func(t *testing.T, o *office) {
		keep := func() upkeep.Keeping {
			return read(o, func(ctx context.Context, r store.Reader) (upkeep.Keeping, error) { return o.KeepUntil(ctx, r, o.v.ID) })
		}
		t.Run("RC-03 what is not known lasts for ever", func(t *testing.T) {
			if k := keep(); !k.Forever {
				t.Errorf("keeping = %+v", k)
			}
		})
		end := time.Date(2045, 6, 30, 0, 0, 0, 0, time.UTC)
		o.LifetimeEnd = func(_ context.Context, _ store.Reader, product string) (time.Time, error) {
			return map[string]time.Time{"mod_a": end, "mod_b": end.AddDate(-8, 0, 0)}[product], nil
		}
		o.must(o.Classify(testdb.System(), "SOP-14", document.Classes{Products: []string{"mod_a", "mod_b"}}, "device file"))
		t.Run("DC-10 RC-03 P11-03 the longest of all rules counts, and two years after the last device", func(t *testing.T) {
			if k := keep(); k.Forever || !k.Until.Equal(end.AddDate(2, 0, 0)) || len(k.Why) != 4 {
				t.Errorf("keeping = %+v", k)
			}
		})
		t.Run("RC-03 the document's own rule counts when it is longer", func(t *testing.T) {
			end = o.DB.Now()
			if k := keep(); !k.Until.Equal(o.DB.Now().AddDate(10, 0, 0)) {
				t.Errorf("keeping = %+v", k)
			}
		})
		t.Run("P11-03 a legal hold stands above all", func(t *testing.T) {
			hold, err := o.PutHold(o.as("cyn"), "SOP-14", "a lawsuit")
			o.must(err)
			if k := keep(); !k.Forever {
				t.Errorf("keeping = %+v", k)
			}
			refused(t, o.Retire(o.as("cyn"), document.Retirement{Code: "SOP-14", Signing: o.signing("cyn", "not needed")}), problem.Conflict)
			o.must(o.ReleaseHold(o.as("cyn"), hold, "settled"))
			if k := keep(); k.Forever {
				t.Errorf("keeping = %+v", k)
			}
		})
	})
}

func TestCautionAndSheet(t *testing.T) {
	each(t, sop("retention: P10Y"), func(t *testing.T, o *office) {
		var caution string
		o.must(o.DB.Update(testdb.System(), func(tx *store.Tx) (err error) {
			caution, err = o.Caution(testdb.System(), tx, "SOP-14", document.Caution{Step: "receive", Text: "The form is lost; use paper.", Source: "run_1"})
			return err
		}))
		s, err := o.Sheet(testdb.System(), o.v.ID)
		o.must(err)
		t.Run("DC-05 every sheet says what it is", func(t *testing.T) {
			if s.Code != "SOP-14" || s.Title != "Event response" || s.Revision != "1.0" || s.EffectiveDate != o.v.Since.Format(time.DateOnly) || s.Watermark != "" {
				t.Errorf("sheet = %+v", s)
			}
			if !strings.Contains(s.Banner, "use paper") || !strings.Contains(s.HTML, "Write down what was reported") || strings.Contains(s.HTML, "<footer") {
				t.Errorf("banner %q, html %s", s.Banner, s.HTML)
			}
		})
		t.Run("PRD-15 DC-04 its code leads to a status page that asks for no account", func(t *testing.T) {
			token := s.StatusURL[strings.LastIndex(s.StatusURL, "/")+1:]
			var st document.Status
			o.must(o.DB.View(context.Background(), func(r store.Reader) (err error) {
				st, err = document.StatusOf(context.Background(), r, token)
				return err
			}))
			if st.Code != "SOP-14" || st.State != document.InForce || !st.Caution || st.Now != "1.0" || len(token) != 32 {
				t.Errorf("status = %+v", st)
			}
			err := o.DB.View(context.Background(), func(r store.Reader) error {
				_, err := document.StatusOf(context.Background(), r, strings.Repeat("a", 32))
				return err
			})
			refused(t, err, problem.NotFound)
		})
		o.must(o.LiftCaution(o.as("cyn"), caution, "the form is back"))
		refused(t, o.LiftCaution(o.as("cyn"), caution, "again"), problem.NotFound)
		o.clock.Advance(time.Hour)
		next := documenttest.Effective(t, o.DB, strings.Replace(sop("retention: P10Y"), "We answer.", "We answer at once.", 1))
		t.Run("DC-08 what is obsolete says so and leads to its successor", func(t *testing.T) {
			old, err := o.Sheet(testdb.System(), o.v.ID)
			o.must(err)
			if old.Watermark != "Superseded" || !strings.Contains(old.Banner, "superseded by 2.0") {
				t.Errorf("sheet = %+v", old)
			}
			var page []byte
			page, err = rendition.HTML(old)
			o.must(err)
			if !strings.Contains(string(page), "Superseded") {
				t.Error("the page has no watermark")
			}
			b := read(o, func(ctx context.Context, r store.Reader) ([]upkeep.Banner, error) {
				return upkeep.Banners(ctx, r, o.v.ID, o.DB.Now())
			})
			if b[0].Kind != "superseded" || b[0].ID != string(next.ID) {
				t.Errorf("banners = %+v", b)
			}
		})
		t.Run("RC-06 the access class inspectable", func(t *testing.T) {
			o.must(o.Classify(testdb.System(), "SOP-14", document.Classes{Inspectable: true, Products: []string{"mod_a"}}, "management review"))
			d := read(o, func(ctx context.Context, r store.Reader) (document.Document, error) {
				return document.ByCode(ctx, r, "SOP-14")
			})
			if !d.Inspectable {
				t.Error("it is not inspectable")
			}
		})
		t.Run("MF-01 the security part of a device file is a live index by product", func(t *testing.T) {
			for product, want := range map[string]int{"mod_a": 1, "mod_b": 0} {
				p := read(o, func(ctx context.Context, r store.Reader) (document.Page, error) {
					return document.Documents(ctx, r, document.Query{Product: product})
				})
				if len(p.Items) != want {
					t.Errorf("%s: %+v", product, p.Items)
				}
			}
			only := store.WithActor(context.Background(), store.Actor{ID: "usr_x", Name: "X", Grants: []store.Grant{{Kinds: []string{document.KindRead}, Products: []string{"mod_b"}}}})
			err := o.DB.View(only, func(r store.Reader) error {
				_, err := document.ByCode(only, r, "SOP-14")
				return err
			})
			refused(t, err, problem.Forbidden) // P11-04
		})
	})
}
