package api

import (
	"context"

	"triward/apiv1"
	"triward/internal/incident"
	"triward/internal/store"
)

// recipients are the operations about who may read an incident that is marked TLP:RED.
func (s *Server) recipients() {
	add(s, op{id: "recipients", route: "GET /incidents/{id}/recipients", kind: incident.KindRead, summary: "Who may read an incident when it is marked TLP:RED"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.IncidentRecipient], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]incident.Recipient, error) { return incident.NamedIn(ctx, r, in.ID) })
			return list(all, func(p incident.Recipient) apiv1.IncidentRecipient {
				return apiv1.IncidentRecipient{Person: p.Person, Name: p.Name, Why: p.Why, By: p.ActorName, At: p.At}
			}), err
		})
	act(s, op{id: "name-recipient", route: "POST /incidents/{id}/recipients", kind: incident.KindRecipientNamed, summary: "Name somebody who may read an incident when it is marked TLP:RED"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentNaming]) error {
			return s.Cases.NameRecipient(ctx, in.ID, in.Body.Person, in.Body.Why)
		})
	act(s, op{id: "remove-recipient", route: "POST /incidents/{id}/recipients/{part}/remove", kind: incident.KindRecipientRemoved, summary: "Take back that somebody may read an incident that is marked TLP:RED"},
		func(ctx context.Context, in *partWith[apiv1.Reason]) error {
			return s.Cases.RemoveRecipient(ctx, in.ID, in.Part, in.Body.Reason)
		})
}
