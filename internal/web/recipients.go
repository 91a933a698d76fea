package web

import (
	"cmp"
	"context"
	"net/url"

	"triward/internal/incident"
	"triward/internal/store"
)

func recipientRoutes() []route {
	return []route{
		{"POST", "/incidents/{id}/recipients", "incident.recipient_named", (*Server).recipientName},
		{"POST", "/incidents/{id}/recipients/{person}/remove", "incident.recipient_removed", (*Server).recipientRemove},
	}
}

// recipientRow is somebody who may read an incident that is marked TLP:RED, with the form that takes it back.
type recipientRow struct {
	incident.Recipient
	Remove *Form
}

// recipientRows are the people who are named in an incident that is marked TLP:RED; none of another one.
func recipientRows(ctx context.Context, r store.Reader, v *visit, i incident.Incident) ([]recipientRow, error) {
	if i.TLP != incident.Red {
		return nil, nil
	}
	all, err := incident.NamedIn(ctx, r, i.ID)
	var out []recipientRow
	for _, p := range all {
		row := recipientRow{Recipient: p}
		if v.may(incident.KindRecipientRemoved) && p.Person != i.Owner {
			f := Form{ID: "unname-" + p.Person, Action: path("incidents", i.ID, "recipients", p.Person, "remove"), Submit: "Take it back"}.with(Field{ID: "why-" + p.Person, Name: "reason", Label: "Why", Kind: "text", Required: true})
			row.Remove = &f
		}
		out = append(out, row)
	}
	return out, err
}

// nameAct is the form by which somebody is named.
func nameAct(ctx context.Context, r store.Reader, v *visit, i incident.Incident) (act, error) {
	who, err := colleagues(ctx, r, v, i.Owner)
	return act{Title: "Name who may read it", Help: "It is marked TLP:RED: nobody else reads it.", Form: Form{ID: "recipient", Action: path("incidents", i.ID, "recipients"), Submit: "Name them"}.with(
		Field{Name: "person", Label: "Person", Kind: "select", Required: true, Options: orNone("Choose somebody", who)},
		Field{Name: "why", Label: "What they need it for", Kind: "text", Required: true})}, err
}

func (s *Server) recipientName(v *visit) error {
	return s.incidentAct(v, "recipient", "Named.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.NameRecipient(ctx, id, f.Get("person"), f.Get("why"))
	})
}

func (s *Server) recipientRemove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Cases.RemoveRecipient(v.r.Context(), v.path("id"), v.path("person"), f.Get("reason")); err != nil {
		return err
	}
	return v.done(urlIncident(v.path("id"))+"#named", "Taken back.")
}

// audience is for whom a report is asked for: the organisation, unless said.
func audience(v *visit) incident.Audience {
	return cmp.Or(incident.Audience(v.query("for")), incident.Organisation)
}

// tlpAudiences are those that a marking allows, the widest within the organisation chosen.
func tlpAudiences(m incident.Marking) []Option {
	var out []Option
	for _, a := range incident.Audiences() {
		if m.MayShare(a) {
			out = append(out, Option{Value: string(a), Text: a.Words(), On: a == incident.Organisation})
		}
	}
	return out
}
