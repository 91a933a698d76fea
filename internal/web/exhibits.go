package web

import (
	"context"

	"triward/internal/assurance/exhibits"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/store"
)

// evidenceExportPage asks to whom the evidence of an incident goes, and why.
func (s *Server) evidenceExportPage(v *visit) (formPage, error) {
	var f incident.Incident
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		f, err = incident.Brief(ctx, r, v.path("id"))
		return err
	})
	if err != nil {
		return formPage{}, err
	}
	p := formPage{Frame: v.frame("Export the evidence", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}),
		Lead: "One archive with every exhibit, its chain of custody, the proofs from the journal, and a page that checks all of it offline. That it was exported, to whom and why, becomes an entry of every chain first. " +
			"The incident is marked TLP " + string(f.TLP) + ": " + f.TLP.Words() + "."}
	p.Form = Form{ID: "export", Action: urlIncident(f.ID) + "/evidence/export", Submit: "Export it", Cancel: urlIncident(f.ID)}.with(
		Field{Name: "to", Label: "Who receives it", Kind: "text", Required: true}, audienceField(), reasonField("Why"),
		Field{Name: "authority", Label: "Authorised by, on which ground", Kind: "text", Required: true},
		Field{Name: "content", Label: "With the content, as far as the markings allow", Kind: "checkbox", Help: "Content with data of patients leaves the organisation only where a law or a court asks for it."})
	return p, nil
}

func (s *Server) evidenceExport(v *visit) error {
	p, err := s.evidenceExportPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) evidenceExportDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	built, err := exhibits.Office{Vault: s.Vault, Ledger: s.Inquiries.Builder.Ledger}.Export(v.r.Context(), v.path("id"), custody.Order{As: incident.Audience(f.Get("as")), To: f.Get("to"), Reason: f.Get("reason"),
		Authority: f.Get("authority"), Content: f.Get("content") != ""})
	if err == nil {
		v.attach("application/zip", built.Manifest.Inquiry+"-evidence.zip")
		_, err = v.w.Write(built.Archive)
		return ignoreGone(err)
	}
	p, perr := s.evidenceExportPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}
