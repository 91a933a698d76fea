package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/incident"
	"triward/internal/incident/disclosure"
	"triward/internal/store"
)

// disclosures are the operations about coordinated disclosures.
func (s *Server) disclosures() {
	add(s, op{id: "disclosures", route: "GET /incidents/{id}/disclosures", kind: incident.KindRead, summary: "Coordinated disclosures of weaknesses that an incident revealed"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Disclosure], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]disclosure.Disclosure, error) { return disclosure.List(ctx, r, in.ID) })
			return list(all, wireDisclosure), err
		})
	add(s, op{id: "open-disclosure", route: "POST /incidents/{id}/disclosures", kind: disclosure.KindOpened, status: http.StatusCreated, summary: "Begin the disclosure of a weakness"},
		func(ctx context.Context, in *oneWith[apiv1.DisclosureInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Disclosures.Open(ctx, in.ID, disclosure.Disclosure{Title: b.Title, Weakness: b.Weakness, Model: b.Model})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "disclosure", route: "GET /disclosures/{id}", kind: incident.KindRead, summary: "A disclosure"},
		func(ctx context.Context, in *one) (apiv1.Disclosure, error) {
			d, err := read(ctx, s, func(r store.Reader) (disclosure.Disclosure, error) { return disclosure.Get(ctx, r, in.ID) })
			return wireDisclosure(d), err
		})
	act(s, op{id: "move-disclosure", route: "POST /disclosures/{id}/move", kind: disclosure.KindMoved, summary: "Move the report, act on the embargo, or say what became true"},
		func(ctx context.Context, in *oneWith[apiv1.DisclosureMove]) error {
			b := in.Body
			return s.Disclosures.Move(ctx, in.ID, disclosure.Step{Report: disclosure.Report(b.Report), Act: disclosure.Act(b.Act), Until: b.Until, Bit: disclosure.Bit(b.Bit), Reason: b.Reason})
		})
	act(s, op{id: "join-disclosure", route: "POST /disclosures/{id}/participants", kind: disclosure.KindParticipantAdded, summary: "Add who takes part, or since when a vendor is aware"},
		func(ctx context.Context, in *oneWith[apiv1.DisclosureParticipant]) error {
			return s.Disclosures.Join(ctx, in.ID, disclosure.Participant{Role: disclosure.Role(in.Body.Role), Name: in.Body.Name, Aware: in.Body.Aware})
		})
}

func wireDisclosure(d disclosure.Disclosure) apiv1.Disclosure {
	out := apiv1.Disclosure{ID: d.ID, DisclosureInput: apiv1.DisclosureInput{Title: d.Title, Weakness: d.Weakness, Model: d.Model}, Incident: d.Incident, Report: string(d.Report), Embargo: string(d.Embargo),
		Ends: d.Ends, Asked: d.Asked, Case: d.Case.String(), Bits: []apiv1.DisclosureBit{}, Participants: []apiv1.DisclosureParticipant{}, Opened: d.Opened, Name: d.OpenedBy}
	for _, b := range disclosure.Bits() {
		if d.Case.Has(b) {
			out.Bits = append(out.Bits, apiv1.DisclosureBit{Bit: string(b), Since: d.Case[b]})
		}
	}
	for _, p := range d.Participants {
		out.Participants = append(out.Participants, apiv1.DisclosureParticipant{Role: string(p.Role), Name: p.Name, Aware: p.Aware})
	}
	return out
}
