package app

import (
	"context"
	"slices"
	"time"

	"triward/internal/incident/draft"
	"triward/internal/incident/telling"
	"triward/internal/store"
)

// drafts is the reports and letters of incidents.
func (a *App) drafts() draft.Desk {
	return draft.Desk{DB: a.db, Signer: a.signer, Printer: a.press.Printer, Sealer: a.press.Sealer}
}

// tellings is who is told of incidents.
func tellings(db *store.DB) telling.Desk { return telling.Desk{DB: db, Draft: paper} }

// paper is a draft as a telling needs it.
func paper(ctx context.Context, r store.Reader, id string) (telling.Paper, error) {
	d, err := draft.Get(ctx, r, id)
	return telling.Paper{Incident: d.Incident, Title: d.Title, Digest: d.Digest, Ready: d.State != draft.Open}, err
}

// tellOthers begins the early warning of an incident, and tells the ward and the police.
func (d *demonstration) tellOthers(ctx context.Context, id, entity string) error {
	security, desk := d.as(ctx, "security"), tellings(d.db)
	var list []telling.Stakeholder
	for _, x := range []telling.Stakeholder{
		{Role: "ward", Name: "Reading room", Contact: "extension 4410", Channel: telling.Phone},
		{Role: "authority", Name: "National response team", Contact: "the portal of the team; by night 555 0199", Channel: telling.Portal, Places: []string{"eu"}},
		{Role: "law_enforcement", Name: "State police, cyber crime", Contact: "555 0110", Channel: telling.Phone},
		{Role: "patients", Name: "Patients' contact", Contact: "patients@stbrannoc.example", Channel: telling.Letter},
		{Role: "insurer", Name: "Meridian Mutual", Contact: "policy 88-120, 555 0170", Channel: telling.Phone},
		{Role: "media", Name: "Press office", Contact: "press@stbrannoc.example", Channel: telling.Mail},
	} {
		s, err := desk.Add(security, x)
		if err != nil {
			return err
		}
		x.ID = s
		list = append(list, x)
	}
	of := func(role string) string {
		return list[slices.IndexFunc(list, func(x telling.Stakeholder) bool { return x.Role == role })].ID
	}
	drafts := draft.Desk{DB: d.db, Signer: d.signer}
	warning, told := "", ""
	return d.steps(
		func() (err error) {
			told, err = desk.Tell(security, id, telling.Telling{Stakeholder: of("ward"), Person: "Dr. Okafor", Channel: telling.Phone, At: d.clock.now(),
				What: "Somebody reads studies who may not. Go on working; tell us at once when studies are missing or look wrong."})
			return err
		},
		func() (err error) {
			warning, err = drafts.Start(security, draft.Start{Incident: id, Template: "nis2-warning", Entity: entity, Duty: "eu-nis2-23", Stage: "warning"})
			return err
		},
		func() error {
			return drafts.Edit(security, warning, 1, map[string]string{"malicious": "Yes: the workstation is on no list and asked for all patients.", "border": "Not known yet."})
		},
		func() (err error) {
			_, err = desk.Tell(security, id, telling.Telling{Stakeholder: of("law_enforcement"), Person: "duty officer", Channel: telling.Phone, At: d.clock.now(), Reason: "the workstation may be in the building now; the authorities hear within the hour",
				What: "An unknown workstation reads studies in our network. We leave it running; you may want to see it."})
			return err
		},
		func() error {
			return desk.Answer(security, telling.Answer{Telling: told, From: "Dr. Okafor", Text: "Nothing is missing. We report on paper if the archive has to go.", At: d.clock.now().Add(-time.Minute)})
		})
}
