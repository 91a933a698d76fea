package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/problem"
	"triward/internal/store"
)

// urlStepNew is the form that puts a step into a thread; "" is a new thread.
func urlStepNew(incident, thread any) string {
	return queryURL(path("incidents", text(incident), "threads", "step"), url.Values{"thread": {text(thread)}}.Encode())
}

// stepNewPage puts a step into an activity thread, or begins one.
func (s *Server) stepNewPage(v *visit) (formPage, claim.Thread, error) {
	var f incident.Incident
	var t claim.Thread
	var all []claim.Claim
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if f, err = incident.Brief(ctx, r, v.path("id")); err != nil {
			return err
		}
		if thread := v.query("thread"); thread != "" {
			if t, err = claim.OneThread(ctx, r, f.ID, thread); err != nil {
				return err
			}
		}
		all, err = claim.Claims(ctx, r, f.ID)
		return err
	})
	if err != nil {
		return formPage{}, t, err
	}
	p := formPage{Frame: v.frame("A step of an activity thread", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}, Link{urlWho(f.ID), "Who and how"}),
		Lead: "A thread puts what happened in order: each step made the next one possible. Its claims say who, with what, from where and to whom."}
	var claims []Option
	for _, c := range all {
		if c.Stands() {
			claims = append(claims, Option{Value: c.ID, Text: title(c.About) + ": " + short(120, c.Says) + " (" + c.Grade.String() + ")"})
		}
	}
	var fields []Field
	if t.ID == "" {
		fields = append(fields, Field{Name: "name", Label: "Name of the thread", Kind: "text", Required: true, Placeholder: "From the workstation to the archive"})
	} else {
		places := []Option{{Value: "0", Text: "First"}}
		for n, x := range t.Steps {
			places = append(places, Option{Value: strconv.Itoa(n + 1), Text: fmt.Sprintf("After %d: %s", n+1, short(80, x.Says)), On: n+1 == len(t.Steps)})
		}
		fields = append(fields, Field{Name: "place", Label: "Where it stands", Kind: "select", Options: places})
	}
	fields = append(fields, Field{Name: "phase", Label: "Phase", Kind: "select", Options: options("", claim.Phases())},
		Field{Name: "says", Label: "What happened", Kind: "textarea", Required: true},
		Field{Name: "happened", Label: "When", Kind: "datetime-local", Help: "UTC. Without it the first time that its claims name."},
		Field{Name: "claims", Label: "Claims that stand for it", Kind: "checks", Options: claims})
	if t.ID != "" {
		fields = append(fields, reasonField("Why the thread changes"))
	}
	p.Form = Form{ID: "step", Action: urlStepNew(f.ID, t.ID), Submit: "Put it in", Cancel: urlWho(f.ID)}.with(fields...)
	return p, t, nil
}

func (s *Server) stepNew(v *visit) error {
	p, _, err := s.stepNewPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) stepNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, t, err := s.stepNewPage(v)
	if err != nil {
		return err
	}
	var l problem.List
	step := claim.Step{Phase: f.Get("phase"), Says: f.Get("says"), Claims: f["claims"]}
	if f.Get("happened") != "" {
		step.Happened = timeOf(&l, "happened", f.Get("happened"))
	}
	place := 0
	if t.ID == "" {
		t.Name = f.Get("name")
	} else if place, err = strconv.Atoi(f.Get("place")); err != nil || place < 0 || place > len(t.Steps) {
		l.Add("place", "is not one of the choices")
		place = 0
	}
	t.Steps, t.Reason = slices.Insert(t.Steps, place, step), f.Get("reason")
	if err = l.Err("the step cannot be put in"); err == nil {
		_, err = s.Claims.Chain(v.r.Context(), v.path("id"), t)
	}
	if err == nil {
		return v.done(urlWho(v.path("id"))+"#threads", "Kept.")
	}
	return v.correct(&p, &p.Form, f, err)
}

// stepRemove takes a step out of a thread. The version that the reader saw goes with it.
func (s *Server) stepRemove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var t claim.Thread
	if err := v.view(func(ctx context.Context, r store.Reader) error {
		i, err := incident.Brief(ctx, r, v.path("id"))
		if err == nil {
			t, err = claim.OneThread(ctx, r, i.ID, v.path("thread"))
		}
		return err
	}); err != nil {
		return err
	}
	step, err := strconv.Atoi(f.Get("step"))
	if err != nil || step < 0 || step >= len(t.Steps) || f.Get("version") != strconv.Itoa(t.Version) {
		return problem.New(problem.Conflict, "the thread changed since: look at it again")
	}
	t.Steps, t.Reason = slices.Delete(t.Steps, step, step+1), f.Get("reason")
	if _, err := s.Claims.Chain(v.r.Context(), v.path("id"), t); err != nil {
		return err
	}
	return v.done(urlWho(v.path("id"))+"#threads", "Taken out.")
}
