package fhir

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
)

func audits(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/audits.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadAudits(t *testing.T) {
	got, err := ReadAudits("audits.json", audits(t))
	if err != nil {
		t.Fatal(err)
	}
	const dcm = "http://dicom.nema.org/resources/ontology/DCM"
	want := AuditResult{
		Skipped: map[string]int{"Patient": 1},
		Faults: []problem.Fault{{Path: "/entry/2/resource/outcome", Reason: `"5" is not one of 0, 4, 8, 12`},
			{Path: "/entry/2/resource", Reason: "has no recorded"}},
		Events: []AuditEvent{
			{Place: "/entry/1/resource", ID: "a1", Type: Coding{dcm, "110112", "Query"}, Action: "E", Recorded: "2026-03-01T08:00:00.123+01:00",
				Subtypes: []Coding{{"urn:ihe:event-type-code", "ITI-78", "Mobile Patient Demographics Query"}}, Outcome: "4", OutcomeText: "partly",
				Purposes: []Concept{{Codes: []Coding{{Code: "TREAT"}}}},
				Agents: []AuditAgent{
					{Type: Concept{Codes: []Coding{{System: dcm, Code: "110153"}}}, Who: AuditReference{Reference: "Device/app"}, Address: "10.2.0.9", AddressType: "2", Media: Coding{Code: "110030"}},
					{Who: AuditReference{Identifier: Identifier{System: "urn:staff", Value: "u7"}, Display: "Dr. A"}, AltID: "7", Name: "A", Requestor: true, Roles: []Concept{{Text: "physician"}}}},
				Site: "North", Observer: AuditReference{Display: "gateway"}, SourceTypes: []Coding{{Code: "4"}},
				Entities: []AuditEntity{
					{What: AuditReference{Reference: "Patient/p1"}, Type: Coding{Code: "1"}, Role: Coding{Code: "1"}, LifeCycle: Coding{Code: "6"}},
					{Type: Coding{Code: "2"}, Role: Coding{Code: "24"}, Name: "q", Description: "search", Query: "R0VU", Details: []AuditDetail{{"a", "b"}, {"c", "ZA=="}}}}},
			{Place: "/entry/2/resource", ID: "a2", Outcome: "5"},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if n := got.Events[0].Agents[1].Who.Name(); n != "u7" {
		t.Errorf("name %q", n)
	}
}

// Who asks for devices is not given audit events, and the other way round.
func TestAuditsAreNoDevices(t *testing.T) {
	res, err := Read("audits.json", audits(t))
	if err != nil || len(res.Devices) != 0 || res.Skipped["AuditEvent"] != 2 {
		t.Errorf("%v %+v", err, res)
	}
	other, err := ReadAudits("bundle.json", sample(t))
	if err != nil || len(other.Events) != 0 || other.Skipped["Device"] == 0 {
		t.Errorf("%v %+v", err, other)
	}
}

func TestTruncatedAudits(t *testing.T) {
	body := bytes.TrimSpace(audits(t))
	for n := range body {
		if _, err := ReadAudits("cut.json", body[:n]); err == nil {
			t.Fatalf("the first %d bytes were read", n)
		}
	}
}

func FuzzReadAudits(f *testing.F) {
	f.Add(audits(f))
	f.Add([]byte(`{"resourceType":"AuditEvent","agent":{"who":[]},"source":7}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		res, err := ReadAudits("f", body)
		if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Error(err)
		}
		if err != nil && len(res.Events) > 0 {
			t.Error("events beside an error")
		}
	})
}
