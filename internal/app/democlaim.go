package app

import (
	"context"

	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/indicator"
	"triward/internal/store"
)

// whoReads is what is said about who takes studies from the archive, and how. Who it is nobody knows: that corner is empty.
func (d *demonstration) whoReads(ctx context.Context, of string) error {
	desk := claim.Desk{DB: d.db}
	if d.log != nil {
		desk.Log = d.log
	}
	for _, i := range []claim.Indicator{
		{Kind: indicator.Address, Value: "10.20.40.77", Note: "audit log of the archive"},
		{Kind: indicator.AETitle, Value: "STORESCU", Note: "the name under which it asks"},
		{Kind: indicator.Address, Value: "203.0.113.40", Note: "where the sensor saw the bytes go"},
	} {
		if _, err := desk.Add(ctx, of, i); err != nil {
			return err
		}
	}
	shows, note, err := d.shown(ctx, of)
	if err != nil {
		return err
	}
	var made []string
	for _, c := range []claim.Claim{
		{About: claim.Infrastructure, Says: "A computer of the office network that no list knows. It sweeps the imaging segment and then asks the archive.", Source: "network sensor", Grade: claim.Grade{Source: "B", Information: "1"}, Evidence: shows("10.20.40.77")},
		{About: claim.Capability, Says: "A common DICOM tool kit. No weakness was needed: the archive answers any name.", Source: "audit log of the archive", Grade: claim.Grade{Source: "B", Information: "2"}, Evidence: shows("STORESCU")},
		{About: claim.Victim, Says: "The image archive, and the patients whose studies were pulled.", Source: "audit log of the archive", Grade: claim.Grade{Source: "B", Information: "2"}, Evidence: note},
		{About: claim.Technique, Value: "T0811", Says: "It asked for all patients and pulled their studies.", Source: "audit log of the archive", Grade: claim.Grade{Source: "B", Information: "1"}, Evidence: shows("STORESCU")},
		{About: claim.Technique, Value: "T0846", Says: "It tried one address after another on the port of DICOM.", Source: "network sensor", Grade: claim.Grade{Source: "B", Information: "1"}, Evidence: shows("10.20.40.77")},
		{About: claim.Result, Value: "partial success", Says: "Studies were read. Whether all of them left the house is not known.", Source: "Jonas Weller", Grade: claim.Grade{Source: "C", Information: "3"}},
	} {
		c.Hypothesis = len(c.Evidence) == 0
		id, err := desk.Make(ctx, of, c)
		if err != nil {
			return err
		}
		made = append(made, id)
	}
	_, err = desk.Chain(ctx, of, claim.Thread{Name: "From the office network to the archive", Steps: []claim.Step{
		{Phase: "reconnaissance", Says: "It tries the addresses of the imaging segment one after another.", Claims: []string{made[0], made[4]}},
		{Phase: "actions on objectives", Says: "It asks the archive for all patients and pulls their studies.", Claims: []string{made[0], made[1], made[2], made[3], made[5]}},
	}})
	return err
}

// shown gives the newest event that holds an indicator, and the first note of the incident, as evidence.
func (d *demonstration) shown(ctx context.Context, of string) (shows func(value string) []claim.Ref, note []claim.Ref, err error) {
	latest := map[string]string{}
	err = d.db.View(ctx, func(r store.Reader) error {
		all, err := claim.Indicators(ctx, r, of)
		if err != nil {
			return err
		}
		for _, i := range all {
			if len(i.Search.IDs) > 0 {
				latest[i.Value] = i.Search.IDs[0]
			}
		}
		f, err := incident.Get(ctx, r, of)
		if len(f.Notes) > 0 {
			note = []claim.Ref{{Kind: claim.Note, ID: f.Notes[len(f.Notes)-1].ID}}
		}
		return err
	})
	return func(value string) []claim.Ref {
		if id := latest[value]; id != "" {
			return []claim.Ref{{Kind: claim.Event, ID: id}}
		}
		return nil
	}, note, err
}
