package draft_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/incident"
	"triward/internal/incident/draft"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// sealer gives the desk what seals.
func (s *scene) sealer() {
	s.Helper()
	pem, err := rendition.NewSealer("hospital.example", s.clock.Now())
	s.must(err)
	s.desk.Sealer, err = rendition.ReadSealer(pem)
	s.must(err)
	s.desk.Sealer.Stamp = s.sign.Stamp.Stamp
}

// printed is the PDF of a draft and the text on it.
func (s *scene) printed(id string) ([]byte, string) {
	s.Helper()
	f, err := s.desk.PDF(s.as(s.anna), id)
	s.must(err)
	text, err := source.Extract(f.Name, bytes.NewReader(f.Content), int64(len(f.Content)))
	s.must(err)
	return f.Content, strings.Join(strings.Fields(text), " ")
}

func (s *scene) says(text string, want ...string) {
	s.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			s.Errorf("%q is not on the paper: %s", w, text)
		}
	}
}

func TestPaperSaysWhatADraftIs(t *testing.T) {
	each(t, incident.Red, func(s *scene) {
		s.sealer()
		id := s.warning()
		first, text := s.printed(id)
		d := s.get(id)
		s.says(text, d.Title, d.Number, "TLP:RED", "named people only", "draft, not approved", "DRAFT – NOT APPROVED", d.Digest, "Version 1", "Reported by St. Brannoc", draft.Unknown)
		if again, _ := s.printed(id); !bytes.Equal(first, again) {
			s.Error("the same draft has other bytes")
		}
		if bytes.Contains(first, []byte("/ByteRange")) {
			s.Error("a draft that is not approved is sealed")
		}
		_, err := s.desk.PDF(s.as(s.rita), id)
		s.refused(err, problem.Forbidden, "named people only")

		s.must(s.cases.NameRecipient(s.as(s.anna), s.inc, s.rita, "approves what is sent"))
		s.must(s.approve(id, "the law wants it now", 1))
		sealed, text := s.printed(id)
		s.says(text, "approved, TLP:RED", "Approved by rita", "the law wants it now", s.get(id).Signature, d.Digest)
		if strings.Contains(strings.ToLower(text), "not approved") {
			s.Errorf("an approved draft is marked: %s", text)
		}
		_, err = rendition.CheckSeal(sealed)
		s.must(err)
		sealed[len(sealed)/3] ^= 1
		if _, err = rendition.CheckSeal(sealed); err == nil {
			s.Error("a changed bit passes")
		}
		s.must(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now(), Whom: "CSIRT", Channel: "portal", Reference: "EW-4711"}))
		_, text = s.printed(id)
		s.says(text, "sent, TLP:RED", "to CSIRT by portal, reference EW-4711")
	})
}

func TestPaperOfAnExerciseIsMarked(t *testing.T) {
	each(t, incident.Amber, func(s *scene) {
		inc, err := s.cases.Declare(s.as(s.anna), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "As if studies left", Exercise: true, TLP: incident.Green, PAP: incident.Red,
			Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "a plan"}})
		s.must(err)
		id, err := s.desk.Start(s.as(s.anna), draft.Start{Incident: inc, Template: "holding-statement"})
		s.must(err)
		_, text := s.printed(id)
		s.says(text, "EXERCISE – DRAFT – NOT APPROVED", "TLP:GREEN")
		s.must(s.desk.Edit(s.as(s.anna), id, 1, map[string]string{"care": "Care <b>goes</b> on.", "next": "At noon.", "contact": "Pia Press"}))
		s.sealer()
		s.must(s.approve(id, "a plan", 2))
		_, text = s.printed(id)
		s.says(text, "EXERCISE. TLP:GREEN", "Care <b>goes</b> on.") // what people type is text
	})
}

func TestNothingChangesOrRemovesWhatWasSent(t *testing.T) {
	each(t, incident.Amber, func(s *scene) {
		s.sealer()
		id := s.warning()
		s.must(s.approve(id, "the law wants it now", 1))
		s.refused(s.desk.Refresh(s.as(s.anna), id), problem.Conflict, "approved")
		s.refused(s.approve(id, "again", 1), problem.Conflict, "approved")
		s.must(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now(), Whom: "CSIRT", Channel: "portal"}))
		s.refused(s.approve(id, "again", 1), problem.Conflict, "the draft is sent")
		sent := s.get(id)
		s.clock.Advance(20 * 365 * 24 * time.Hour) // long after an incident asks to keep anything
		for _, err := range []error{s.desk.Edit(s.as(s.anna), id, 1, map[string]string{"what": "No"}), s.desk.Refresh(s.as(s.anna), id), s.desk.Reopen(s.as(s.anna), id, "a mistake"),
			s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now(), Whom: "the press", Channel: "web site"})} {
			s.refused(err, problem.Conflict, "the draft is sent")
		}
		var versions []draft.Version
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			versions, err = draft.Versions(s.as(s.anna), r, id)
			return err
		}))
		if got := s.get(id); got.Digest != sent.Digest || len(versions) != 1 || !slices.EqualFunc(got.Values, sent.Values, func(a, b draft.Value) bool { return a.Text == b.Text }) {
			s.Errorf("what was sent became %+v", got)
		}
		s.must(s.db.Update(testdb.System(), func(tx *store.Tx) error {
			if _, err := tx.Exec(context.Background(), `UPDATE incident_draft SET body = replace(body, 'St. Brannoc', 'Another Hospital') WHERE id = $1`, id); err != nil {
				return err
			}
			_, err := tx.Record(context.Background(), store.Event{Kind: draft.KindEdited, Subject: s.inc, Body: draft.Body{Draft: id}})
			return err
		}))
		_, err := s.desk.PDF(s.as(s.anna), id)
		s.refused(err, problem.Conflict, "not the text with SHA-256")
	})
}
