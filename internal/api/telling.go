package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"triward/apiv1"
	"triward/internal/incident"
	"triward/internal/incident/draft"
	"triward/internal/incident/telling"
	"triward/internal/store"
)

// drafts are the operations about reports and letters. They are approved on the web pages, because only people sign.
func (s *Server) drafts() {
	add(s, op{id: "drafts", route: "GET /incidents/{id}/drafts", kind: incident.KindRead, summary: "Reports and letters of an incident"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Draft], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]draft.Draft, error) { return draft.List(ctx, r, in.ID) })
			return list(all, wireDraft), err
		})
	add(s, op{id: "start-draft", route: "POST /incidents/{id}/drafts", kind: draft.KindStarted, status: http.StatusCreated, summary: "Begin a report or a letter, filled in from what is known"},
		func(ctx context.Context, in *oneWith[apiv1.DraftInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Drafts.Start(ctx, draft.Start{Incident: in.ID, Template: b.Template, Entity: b.Entity, Duty: b.Duty, Stage: b.Stage})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "draft", route: "GET /drafts/{id}", kind: incident.KindRead, summary: "A report or a letter with the source of every field"},
		func(ctx context.Context, in *one) (apiv1.Draft, error) {
			d, err := read(ctx, s, func(r store.Reader) (draft.Draft, error) { return draft.Get(ctx, r, in.ID) })
			return wireDraft(d), err
		})
	stream(s, op{id: "draft-pdf", route: "GET /drafts/{id}/pdf", kind: incident.KindRead, summary: "A report or a letter as PDF, with its state, marking, version, SHA-256 and signature; sealed once it is approved"}, "application/pdf",
		func(ctx context.Context, in *one, w io.Writer) error {
			f, err := s.Drafts.PDF(ctx, in.ID)
			if err != nil {
				return err
			}
			_, err = w.Write(f.Content)
			return err
		})
	act(s, op{id: "edit-draft", route: "POST /drafts/{id}/edit", kind: draft.KindEdited, summary: "Type values; it becomes the next version"},
		func(ctx context.Context, in *oneWith[apiv1.DraftEdit]) error {
			texts := map[string]string{}
			for _, f := range in.Body.Fields {
				texts[f.Field] = f.Text
			}
			return s.Drafts.Edit(ctx, in.ID, in.Body.Version, texts)
		})
	act(s, op{id: "refresh-draft", route: "POST /drafts/{id}/refresh", kind: draft.KindEdited, summary: "Fill in again what nobody typed"},
		func(ctx context.Context, in *one) error { return s.Drafts.Refresh(ctx, in.ID) })
	act(s, op{id: "reopen-draft", route: "POST /drafts/{id}/reopen", kind: draft.KindReopened, summary: "Take an approved draft back"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Drafts.Reopen(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "send-draft", route: "POST /drafts/{id}/send", kind: draft.KindSent, summary: "Record that an approved draft was sent; the clock that it answers is discharged"},
		func(ctx context.Context, in *oneWith[apiv1.DraftSending]) error {
			return s.Drafts.Send(ctx, in.ID, draft.Sending{At: in.Body.At, Whom: in.Body.Whom, Channel: in.Body.Channel, Reference: in.Body.Reference})
		})
}

// tellings are the operations about who is told what.
func (s *Server) tellings() {
	add(s, op{id: "to-tell", route: "GET /incidents/{id}/to-tell", kind: incident.KindRead, summary: "Who is to be told in an incident, whoever comes first first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.ToTell], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]telling.Item, error) { return telling.Plan(ctx, r, in.ID, s.DB.Now()) })
			return list(all, wireToTell), err
		})
	add(s, op{id: "tellings", route: "GET /incidents/{id}/tellings", kind: incident.KindRead, summary: "Who was told what in an incident, with the answers"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Telling], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]telling.Telling, error) { return telling.List(ctx, r, in.ID) })
			return list(all, wireTelling), err
		})
	add(s, op{id: "tell", route: "POST /incidents/{id}/tellings", kind: telling.KindTold, status: http.StatusCreated, summary: "Record that somebody was told; out of order it needs a reason"},
		func(ctx context.Context, in *oneWith[apiv1.TellingInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Telling.Tell(ctx, in.ID, telling.Telling{Stakeholder: b.Stakeholder, Role: b.Role, Whom: b.Whom, Person: b.Person, Channel: telling.Channel(b.Channel), At: s.orNow(b.At), What: b.What, Draft: b.Draft,
				Entity: b.Entity, Duty: b.Duty, Stage: b.Stage, Places: b.Places, Reason: b.Reason})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "answer-telling", route: "POST /tellings/{id}/answers", kind: telling.KindAnswered, summary: "Record what somebody who was told answered"},
		func(ctx context.Context, in *oneWith[apiv1.TellingAnswer]) error {
			return s.Telling.Answer(ctx, telling.Answer{Telling: in.ID, From: in.Body.From, Text: in.Body.Text, At: s.orNow(in.Body.At)})
		})
	add(s, op{id: "stakeholders", route: "GET /stakeholders", kind: incident.KindRead, summary: "Whom the organisation tells of incidents"},
		func(ctx context.Context, _ *struct{}) (apiv1.List[apiv1.Stakeholder], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]telling.Stakeholder, error) { return telling.Stakeholders(ctx, r) })
			return list(all, wireStakeholder), err
		})
	add(s, op{id: "add-stakeholder", route: "POST /stakeholders", kind: telling.KindAdded, status: http.StatusCreated, summary: "Put somebody on the list"},
		func(ctx context.Context, in *with[apiv1.StakeholderInput]) (apiv1.Made, error) {
			id, err := s.Telling.Add(ctx, stakeholderOf("", in.Body))
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "stakeholder", route: "GET /stakeholders/{id}", kind: incident.KindRead, summary: "Somebody on the list"},
		func(ctx context.Context, in *one) (apiv1.Stakeholder, error) {
			x, err := read(ctx, s, func(r store.Reader) (telling.Stakeholder, error) { return telling.Get(ctx, r, in.ID) })
			return wireStakeholder(x), err
		})
	act(s, op{id: "change-stakeholder", route: "PUT /stakeholders/{id}", kind: telling.KindChanged, summary: "Change somebody on the list"},
		func(ctx context.Context, in *oneWith[apiv1.StakeholderInput]) error {
			return s.Telling.Change(ctx, stakeholderOf(in.ID, in.Body))
		})
	act(s, op{id: "retire-stakeholder", route: "POST /stakeholders/{id}/retire", kind: telling.KindRetired, summary: "Take somebody off the list"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Telling.Retire(ctx, in.ID, in.Body.Reason)
		})
}

// orNow is an instant, or the present one where none is given.
func (s *Server) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return s.DB.Now()
	}
	return t
}

func stakeholderOf(id string, b apiv1.StakeholderInput) telling.Stakeholder {
	return telling.Stakeholder{ID: id, Role: b.Role, Name: b.Name, Contact: b.Contact, Channel: telling.Channel(b.Channel), Order: b.Order, Places: b.Places, Note: b.Note}
}

func wireStakeholder(x telling.Stakeholder) apiv1.Stakeholder {
	return apiv1.Stakeholder{ID: x.ID, StakeholderInput: apiv1.StakeholderInput{Role: x.Role, Name: x.Name, Contact: x.Contact, Channel: string(x.Channel), Order: x.Order, Places: x.Places, Note: x.Note}}
}

func wireDraft(d draft.Draft) apiv1.Draft {
	out := apiv1.Draft{ID: d.ID, Incident: d.Incident, Exercise: d.Exercise, Entity: d.Entity, Template: d.Template, Title: d.Title, Duty: d.Duty, Stage: d.Stage, State: string(d.State), Version: d.Version, SHA256: d.Digest,
		Missing: orEmpty(d.Missing()), Approver: d.ApproverName, Signature: d.Signature, Sent: d.At, Whom: d.Whom, Reference: d.Reference, Fields: []apiv1.DraftValue{}}
	if r, err := d.Reading(); err == nil {
		out.LIX = r.LIX
	}
	for _, v := range d.Values {
		out.Fields = append(out.Fields, apiv1.DraftValue{Field: v.Field, Label: v.Label, Text: v.Text, Source: v.Source, Missing: orEmpty(v.Missing), Required: v.Required, Law: v.Law})
	}
	return out
}

func wireTelling(t telling.Telling) apiv1.Telling {
	out := apiv1.Telling{ID: t.ID, SHA256: t.Digest, TLP: string(t.TLP), Passed: orEmpty(t.Passed), Aware: t.Aware, Name: t.ByName, Answers: []apiv1.TellingAnswer{},
		TellingInput: apiv1.TellingInput{Stakeholder: t.Stakeholder, Role: t.Role, Whom: t.Whom, Person: t.Person, Channel: string(t.Channel), At: t.At, What: t.What, Draft: t.Draft, Entity: t.Entity, Duty: t.Duty, Stage: t.Stage,
			Places: t.Places, Reason: t.Reason}}
	for _, a := range t.Answers {
		out.Answers = append(out.Answers, apiv1.TellingAnswer{From: a.From, Text: a.Text, At: a.At})
	}
	return out
}

func wireToTell(i telling.Item) apiv1.ToTell {
	return apiv1.ToTell{Order: i.Order, Role: i.Role, Name: i.Name, Stakeholder: i.Stakeholder.ID, Need: string(i.Need), Why: i.Why, Latest: i.Latest, Waits: i.Waits(), Done: i.Done, Told: i.Told, Shut: i.Shut}
}
