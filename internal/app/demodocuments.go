package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/kit"
	"triward/internal/document/source"
	"triward/internal/document/upkeep"
	"triward/internal/procedure"
	"triward/internal/store"
	"triward/internal/training"
)

// demoFunctions is who holds which functions at St. Brannoc. It is a small house: one person holds several.
func demoFunctions() map[string][]source.Function {
	return map[string][]source.Function{
		"board":      {"board", "executive"},
		"psirt":      {"cpso", "security_architect", "psirt_lead", "engineering", "risk_manager", "developer", "tester", "product_owner"},
		"security":   {"ciso", "it_security", "soc", "hospital_network", "privacy", "responder"},
		"htm":        {"clinical_engineering", "supplier_quality", "field_service"},
		"quality":    {"quality", "process_owner", "learning"},
		"regulatory": {"regulatory", "legal", "communications", "customer_support"},
		"medical":    {"medical_safety", "clinician_owner"},
	}
}

var demoAnswers = map[string]string{
	"organisation": "St. Brannoc Health", "security_contact": "security@st-brannoc.example", "security_phone": "+353 1 555 0142",
	"product_scope": "all connected devices of the three sites", "country": "Ireland", "authority": "the competent authority of Ireland",
	"intranet": "http://127.0.0.1:8470", "retention_years": "10",
}

// library brings the hospital kit and says who answers for what.
func (d *demonstration) library(ctx context.Context) error {
	ctx = d.as(ctx, "htm")
	if err := d.papers.Set(ctx, document.Setting{Name: document.SettingAuthorship, Value: string(document.Lenient), Reason: "a small house: one person holds several functions"}); err != nil {
		return err
	}
	if _, err := kit.Install(ctx, d.papers, kit.Installing{Kit: "hospital", Answers: demoAnswers, Reason: "first set of documents, from the hospital kit"}); err != nil {
		return err
	}
	functions := demoFunctions()
	for _, p := range demoPeople() { // in the order of the table, so that every demonstration has the same journal
		for _, f := range functions[p.login] {
			if _, err := d.papers.Assign(ctx, f, d.actors[p.login].ID, "assigned by the management board"); err != nil {
				return err
			}
		}
	}
	return nil
}

// signing is what somebody of the story shows and saw when they sign about a revision.
func (d *demonstration) signing(ctx context.Context, login string, rev document.RevisionID) (document.Signing, error) {
	shown, err := d.papers.Display(d.as(ctx, login), rev)
	if err != nil {
		return document.Signing{}, err
	}
	f, err := d.factors(d.as(ctx, login), login)
	return document.Signing{Factors: f, Displayed: shown.Digest}, err
}

// holder is who holds a function at St. Brannoc.
func holder(f source.Function) string {
	for login, all := range demoFunctions() {
		if slices.Contains(all, f) {
			return login
		}
	}
	return "htm"
}

// working is the revision of a document that is on its way.
func (d *demonstration) working(ctx context.Context, code string) (rev document.Revision, err error) {
	err = d.db.View(d.as(ctx, "htm"), func(r store.Reader) error {
		doc, err := document.ByCode(d.as(ctx, "htm"), r, code)
		if err != nil {
			return err
		}
		rev, err = document.RevisionOf(d.as(ctx, "htm"), r, doc.Working)
		return err
	})
	return rev, err
}

// decided signs for every function of a stage.
func (d *demonstration) decided(ctx context.Context, code string, stage func(document.Route) []source.Function) error {
	rev, err := d.working(ctx, code)
	if err != nil {
		return err
	}
	parsed, err := rev.Parsed()
	if err != nil {
		return err
	}
	for _, f := range stage(document.RouteOf(parsed)) {
		login := holder(f)
		s, err := d.signing(ctx, login, rev.ID)
		if err != nil {
			return err
		}
		if err := d.papers.Decide(d.as(ctx, login), rev.ID, f, s); err != nil {
			return fmt.Errorf("%s for %s on %s: %w", login, f, code, err)
		}
	}
	return nil
}

func forReview(r document.Route) []source.Function   { return r.Review }
func forApproval(r document.Route) []source.Function { return r.Approve }

// reviewed takes documents through their review.
func (d *demonstration) reviewed(codes ...string) chapter {
	return func(ctx context.Context) error {
		for _, code := range codes {
			rev, err := d.working(ctx, code)
			if err != nil {
				return err
			}
			if err := d.papers.Submit(d.as(ctx, "htm"), rev.ID, "please read it against how we work"); err != nil {
				return err
			}
			if err := d.decided(ctx, code, forReview); err != nil {
				return err
			}
		}
		return nil
	}
}

// approved freezes documents and lets them be approved.
func (d *demonstration) approved(codes ...string) chapter {
	return func(ctx context.Context) error {
		for _, code := range codes {
			rev, err := d.working(ctx, code)
			if err != nil {
				return err
			}
			if err := d.papers.Freeze(d.as(ctx, "htm"), rev.ID); err != nil {
				return err
			}
			s, err := d.signing(ctx, "htm", rev.ID)
			if err != nil {
				return err
			}
			if err := d.papers.OpenApproval(d.as(ctx, "htm"), rev.ID, time.Time{}, s); err != nil {
				return fmt.Errorf("ask for approval of %s: %w", code, err)
			}
			if err := d.decided(ctx, code, forApproval); err != nil {
				return err
			}
		}
		return nil
	}
}

// learn lets people do the trainings that wait for them; of the documents named in later they leave them for now.
func (d *demonstration) learn(logins []string, later ...string) chapter {
	return func(ctx context.Context) error {
		for _, login := range logins {
			var mine []training.Training
			err := d.db.View(d.as(ctx, login), func(r store.Reader) (err error) {
				mine, err = training.Mine(d.as(ctx, login), r)
				return err
			})
			if err != nil {
				return err
			}
			for _, t := range mine {
				if t.State != training.Open || slices.Contains(later, t.Code) {
					continue
				}
				if err := d.learned(ctx, login, t); err != nil {
					return fmt.Errorf("%s learns %s: %w", login, t.Code, err)
				}
			}
		}
		return nil
	}
}

func (d *demonstration) learned(ctx context.Context, login string, t training.Training) error {
	ctx = d.as(ctx, login)
	switch t.Kind {
	case training.Notify:
		return d.desk.Seen(ctx, t.ID)
	case training.Quiz:
		if err := d.quiz(ctx, t); err != nil {
			return err
		}
	case training.Read:
	default: // a practical needs somebody who watches
		return nil
	}
	f, err := d.factors(d.as(ctx, login), login)
	if err != nil {
		return err
	}
	return d.desk.Sign(ctx, t.ID, f)
}

// quiz answers as somebody who has read the document.
func (d *demonstration) quiz(ctx context.Context, t training.Training) error {
	var text source.Document
	err := d.db.View(ctx, func(r store.Reader) error {
		rev, err := document.RevisionOf(store.WithActor(ctx, store.System("demonstration")), r, document.RevisionID(t.Revision))
		if err != nil {
			return err
		}
		text, err = rev.Parsed()
		return err
	})
	if err != nil {
		return err
	}
	answers := map[string][]int{}
	for _, q := range text.Quiz {
		answers[q.ID] = q.Right
	}
	_, err = d.desk.Answer(ctx, t.ID, answers)
	return err
}

// patchRun runs the procedure for weaknesses and patches on the pumps, to its end.
func (d *demonstration) patchRun(ctx context.Context) error {
	rid, err := d.runs.Start(d.as(ctx, "htm"), procedure.Start{Code: "SOP-25", Subject: "CVE-2021-44228 on the Caudal 300 pumps", Reason: "advisory of the maker"})
	if err != nil {
		return err
	}
	return d.walk(ctx, rid, func(step string) bool { return false })
}

// walk settles the steps of a run that are ready, each by who holds its function, until none is left or stop says so.
func (d *demonstration) walk(ctx context.Context, rid string, stop func(step string) bool) error {
	for {
		var run procedure.Run
		err := d.db.View(d.as(ctx, "htm"), func(r store.Reader) (err error) {
			run, err = procedure.Get(d.as(ctx, "htm"), r, rid)
			return err
		})
		if err != nil {
			return err
		}
		ready := run.Ready()
		if len(ready) == 0 {
			break
		}
		if stop(ready[0].ID) {
			return nil
		}
		if err := d.act(ctx, rid, ready[0]); err != nil {
			return fmt.Errorf("step %s: %w", ready[0].ID, err)
		}
		d.clock.pause(7 * time.Minute)
	}
	f, err := d.factors(d.as(ctx, "htm"), "htm")
	if err != nil {
		return err
	}
	return d.runs.End(d.as(ctx, "htm"), rid, procedure.End{State: procedure.Finished, Outcome: "done as written", Factors: f})
}

func (d *demonstration) act(ctx context.Context, rid string, st procedure.Step) error {
	login := holder(st.Role)
	if st.When != "" {
		return d.runs.NotNeeded(d.as(ctx, login), rid, st.ID, "it did not come to that")
	}
	f, err := d.factors(d.as(ctx, login), login)
	if err != nil {
		return err
	}
	value := map[source.RecordKind]string{source.RecordDecision: "yes", source.RecordNumber: "3", source.RecordText: "as described in the advisory",
		source.RecordChecklist: "all points checked"}[st.Record]
	a := procedure.Act{Step: st.ID, Value: value, Note: "done: " + strings.ToLower(st.Do)}
	if st.Record == source.RecordFile || st.Evidence == source.Required {
		file, err := d.file(ctx, st.ID+".txt", "What was found at the step \""+st.Do+"\" of the demonstration.\n")
		if err != nil {
			return err
		}
		a.Files = []procedure.File{file}
	}
	return d.runs.Do(d.as(ctx, login), rid, a, f)
}

// file keeps a small text as the evidence of a step.
func (d *demonstration) file(ctx context.Context, name, text string) (procedure.File, error) {
	digest, n, err := d.papers.Blobs.Put(ctx, strings.NewReader(text), int64(len(text)))
	return procedure.File{Digest: string(digest), Name: name, Size: n}, err
}

// exercise runs the procedure for incidents as an exercise, and finds a step that does not work.
func (d *demonstration) exercise(ctx context.Context) error {
	rid, err := d.runs.Start(d.as(ctx, "security"), procedure.Start{Code: "SOP-26", Subject: "Exercise: a ward's monitors lose the central station", Reason: "yearly exercise", Exercise: true})
	if err != nil {
		return err
	}
	n := 0
	if err := d.walk(ctx, rid, func(string) bool { n++; return n > 6 }); err != nil {
		return err
	}
	var run procedure.Run
	if err := d.db.View(d.as(ctx, "security"), func(r store.Reader) (err error) {
		run, err = procedure.Get(d.as(ctx, "security"), r, rid)
		return err
	}); err != nil {
		return err
	}
	ready := run.Ready()
	if len(ready) == 0 {
		return nil
	}
	_, err = d.runs.Defeat(d.as(ctx, "security"), rid, procedure.Defeat{Step: ready[0].ID, Wrong: "the number in the text rings in an office that is empty at night",
		Instead: "call the duty physician through the switchboard", Danger: "minutes are lost while nobody answers"})
	return err
}

// amend begins the next revision of the patch procedure, with a comment that waits for its author.
func (d *demonstration) amend(ctx context.Context) error {
	ctx = d.as(ctx, "htm")
	rid, err := d.papers.Open(ctx, document.Opening{Code: "SOP-25", Reason: "name who tells the ward before a window begins", Size: document.Minor})
	if err != nil {
		return err
	}
	rev, err := d.working(ctx, "SOP-25")
	if err != nil {
		return err
	}
	text := strings.Replace(rev.Source, "## Purpose\n", "## Purpose\n\nThe ward hears of every window from clinical engineering, by voice.\n", 1)
	if _, err := d.papers.Save(ctx, document.Edit{Revision: rid, Version: rev.Version, Text: document.Text{Source: text, Reason: "say who tells the ward"}}); err != nil {
		return err
	}
	if err := d.papers.Submit(ctx, rid, "one sentence is new, see the comparison"); err != nil {
		return err
	}
	line := 1 + strings.Count(text[:strings.Index(text, "The ward hears")], "\n")
	_, err = d.papers.Comment(d.as(ctx, "medical"), document.Comment{Revision: rid, Line: line, Text: "At night nobody of clinical engineering is in the house. Who calls then?",
		Suggests: true, Suggestion: "The ward hears of every window from clinical engineering, by voice; at night from the duty technician."})
	return err
}

// outside registers a standard of others and grants a waiver.
func (d *demonstration) outside(ctx context.Context) error {
	text := source.Document{Code: "EXT-01", Title: "Risk management for IT networks with medical devices", Level: source.Standard, For: []source.Audience{source.Hospital}, OwnerRole: "clinical_engineering",
		ReviewMonths: 12, Approvals: source.Approvals{Approve: []source.Function{"quality"}}, Retention: "P10Y", Body: "Bought licence, kept by clinical engineering. Only this house's notes stand here.\n"}
	if _, err := d.papers.Create(d.as(ctx, "htm"), document.New{Content: document.Linked, Text: document.Text{Source: string(text.Format()), Reason: "we refer to it",
		External: document.External{Edition: "IEC 80001-1:2021", Publisher: "IEC", Address: "https://webstore.iec.ch", Watch: d.date(-200)}}}); err != nil {
		return err
	}
	rev := document.Revision{}
	if err := d.db.View(d.as(ctx, "htm"), func(r store.Reader) (err error) {
		rev, err = document.Effective(d.as(ctx, "htm"), r, "SOP-24")
		return err
	}); err != nil {
		return err
	}
	s, err := d.signing(ctx, "htm", rev.ID)
	if err != nil {
		return err
	}
	s.Reason = "the maker delivers its MDS2 only next month, the old analysers fail daily"
	desk := upkeep.Desk{Library: d.papers}
	_, err = desk.GrantDeviation(d.as(ctx, "htm"), upkeep.Deviation{Code: "SOP-24", Kind: upkeep.Waiver, Text: "Two analysers are joined before their MDS2 is here.",
		Risk: "they stand in a segment of their own without a way to the internet until then", Until: d.date(-40)}, s)
	return err
}
