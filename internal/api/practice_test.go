package api_test

import (
	"context"
	"strings"
	"testing"

	"triward/apiv1"
	"triward/internal/document/documenttest"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

const drill = `---
id: SOP-14
title: Incident response
level: procedure
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {review: [security_architect], approve: [quality]}
training: {audience: [psirt_lead], kind: read, due_days: 14}
retention: P10Y
steps:
  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note, evidence: required}
  - {id: tell, do: "Telephone the ward.", role: psirt_lead, record: none, evidence: none}
---

# Purpose

We answer every report.
`

func TestRunsAndTraining(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		ann, err := f.server.People.CreateAccount(testdb.System(), people.NewAccount{Login: "ann", Name: "Ann Lead", Password: "seven kettles whistle"})
		if err != nil {
			t.Fatal(err)
		}
		documenttest.Assign(t, db, "psirt_lead", ann)
		v := documenttest.Effective(t, db, drill)
		if err := db.CatchUp(context.Background(), f.server.Desk.Follower()); err != nil {
			t.Fatal(err)
		}
		id := must[apiv1.Made](f, "POST", "/runs", apiv1.RunInput{Code: "SOP-14", Subject: "Alarm on ward 3", Reason: "an alarm"}).ID
		at := "/runs/" + id
		refused(f, 422, "POST", at+"/steps/receive/done", apiv1.StepAct{Reason: "not mine"})
		must[empty](f, "POST", at+"/steps/receive/done", apiv1.StepAct{Note: "at nine", Reason: "Ann is not here"})
		must[empty](f, "POST", at+"/notes", apiv1.RunNote{Text: "the log is full", Step: "receive"})
		must[empty](f, "POST", at+"/steps", apiv1.StepExtra{Do: "Look at the log.", After: "receive", Reason: "it says more"})
		must[empty](f, "POST", at+"/pause", apiv1.Reason{Reason: "lunch"})
		refused(f, 409, "POST", at+"/steps/tell/skip", apiv1.Reason{Reason: "paused"})
		must[empty](f, "POST", at+"/resume", nil)
		must[empty](f, "POST", at+"/hand-over", apiv1.HandOver{To: ann, Reason: "end of shift"})
		d := must[apiv1.Defeat](f, "POST", at+"/steps/tell/wrong", apiv1.DefeatInput{Wrong: "The ward has no telephone.", Instead: "Walk to the ward."})
		if len(d.Reliance) != 1 || d.Reliance[0].Kind != "run" {
			t.Errorf("defeat = %+v", d)
		}
		r := must[apiv1.RunShown](f, "GET", at, nil)
		if r.Lead != ann || r.Settled != 3 || r.Steps != 3 || r.Deviations != 3 || r.Wrong != 1 || len(r.Items) != 1 || r.List[0].State != "changed" || r.Content != v.ContentHash {
			t.Errorf("run = %+v", r)
		}
		if p := must[apiv1.RunProposal](f, "GET", at+"/proposal", nil); p.Base != string(v.ID) || !strings.Contains(p.Text, "Walk to the ward.") || len(p.Changes) != 3 {
			t.Errorf("proposal = %+v", p)
		}
		must[empty](f, "POST", at+"/finish", apiv1.Outcome{Outcome: "A false alarm."})
		refused(f, 409, "POST", at+"/abort", apiv1.Outcome{Outcome: "again"})
		if p := must[apiv1.Page[apiv1.Run]](f, "GET", "/runs?state=finished&code=SOP-14", nil); len(p.Items) != 1 || p.Items[0].Outcome != "A false alarm." {
			t.Errorf("runs = %+v", p)
		}
		if l := must[apiv1.List[apiv1.StepDeviation]](f, "GET", "/documents/SOP-14/step-deviations", nil); len(l.Items) != 3 {
			t.Errorf("deviations = %+v", l)
		}
		if l := must[apiv1.List[apiv1.Defeat]](f, "GET", "/documents/SOP-14/defeats", nil); len(l.Items) != 1 {
			t.Errorf("defeats = %+v", l)
		}
		must[apiv1.List[apiv1.Reliance]](f, "GET", "/documents/SOP-14/reliance?step=tell", nil)

		p := must[apiv1.Page[apiv1.Training]](f, "GET", "/training?state=open", nil)
		if len(p.Items) != 1 || p.Items[0].Name != "Ann Lead" || p.Items[0].Badge != "to_do" {
			t.Fatalf("training = %+v", p)
		}
		if l := must[apiv1.List[apiv1.MatrixCell]](f, "GET", "/training-matrix?by=functions", nil); len(l.Items) != 1 || l.Items[0].Row != "psirt_lead" || l.Items[0].Required != 1 {
			t.Errorf("matrix = %+v", l)
		}
		rule := must[apiv1.Made](f, "POST", "/training-rules", apiv1.TrainingRuleInput{Function: "board", Code: "SOP-14", Kind: "read", Reason: "NIS2"})
		if l := must[apiv1.List[apiv1.TrainingRule]](f, "GET", "/training-rules", nil); len(l.Items) != 1 || l.Items[0].ID != rule.ID {
			t.Errorf("rules = %+v", l)
		}
		must[empty](f, "POST", "/training-rules/"+rule.ID+"/end", apiv1.Reason{Reason: "no board"})
		must[empty](f, "POST", "/training/"+p.Items[0].ID+"/excuse", apiv1.Reason{Reason: "she wrote it"})
		must[apiv1.Made](f, "POST", "/training", apiv1.TrainingInput{Account: ann, Code: "SOP-14", Reason: "she asked"})
		refused(f, 409, "POST", "/training/"+p.Items[0].ID+"/unlock", apiv1.Reason{Reason: "again"})
		must[empty](f, "PUT", "/training-policy", apiv1.TrainingPolicyInput{TrainingPolicy: apiv1.TrainingPolicy{Signing: "block", Functions: "off"}, Reason: "audit"})
		if x := must[apiv1.TrainingPolicy](f, "GET", "/training-policy", nil); x.Signing != "block" || x.Functions != "off" {
			t.Errorf("policy = %+v", x)
		}
		if e := must[apiv1.TrainingEffect](f, "GET", "/revisions/"+string(v.ID)+"/training-effect", nil); e.Open != 1 {
			t.Errorf("effect = %+v", e)
		}
		if l := must[apiv1.List[apiv1.TrainingCheck]](f, "GET", "/documents/SOP-14/training-checks", nil); len(l.Items) != 1 || l.Items[0].Verdict != "planned" {
			t.Errorf("checks = %+v", l)
		}
		if l := must[apiv1.List[apiv1.TrainingNeed]](f, "GET", "/training-needs?function=psirt_lead", nil); len(l.Items) != 1 || l.Items[0].Because == "" {
			t.Errorf("needs = %+v", l)
		}
		must[apiv1.List[apiv1.Training]](f, "GET", "/me/training", nil)
		must[apiv1.List[apiv1.Curriculum]](f, "GET", "/curricula", nil)
	})
}
