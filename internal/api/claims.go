package api

import (
	"context"
	"io"
	"net/http"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/indicator"
	"triward/internal/store"
)

// claims are the operations about who did what and how.
func (s *Server) claims() {
	add(s, op{id: "indicators", route: "GET /incidents/{id}/indicators", kind: incident.KindRead, summary: "Indicators of an incident with what the kept events hold of them"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Indicator], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]claim.Indicator, error) { return claim.Indicators(ctx, r, in.ID) })
			return list(all, wireIndicator), err
		})
	add(s, op{id: "add-indicator", route: "POST /incidents/{id}/indicators", kind: claim.KindAdded, status: http.StatusCreated, summary: "Add an indicator and look back for it in the kept events"},
		func(ctx context.Context, in *oneWith[apiv1.IndicatorInput]) (apiv1.Made, error) {
			id, err := s.Claims.Add(ctx, in.ID, claim.Indicator{Kind: indicator.Kind(in.Body.Kind), Value: in.Body.Value, Note: in.Body.Note})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "look-up", route: "POST /indicators/{id}/look-ups", kind: claim.KindLookedUp, summary: "Record what was asked outside about an indicator; refused under PAP:RED"},
		func(ctx context.Context, in *oneWith[apiv1.LookUpInput]) error {
			return s.Claims.LookUp(ctx, in.ID, in.Body.Where, in.Body.Found)
		})
	add(s, op{id: "claims", route: "GET /incidents/{id}/claims", kind: incident.KindRead, summary: "Everything that was claimed in an incident, also what does not stand any more"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Claim], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]claim.Claim, error) { return claim.Claims(ctx, r, in.ID) })
			return list(all, wireClaim), err
		})
	add(s, op{id: "make-claim", route: "POST /incidents/{id}/claims", kind: claim.KindMade, status: http.StatusCreated, summary: "Claim who did what or how, with evidence, or as a hypothesis"},
		func(ctx context.Context, in *oneWith[apiv1.ClaimInput]) (apiv1.Made, error) {
			b := in.Body
			c := claim.Claim{About: claim.About(b.About), Value: b.Value, Says: b.Says, Source: b.Source, Grade: claim.Grade{Source: b.Reliability, Information: b.Credibility}, Likelihood: b.Likelihood, Newer: b.Newer, Happened: b.Happened,
				Hypothesis: b.Hypothesis, Replaces: b.Replaces, Reason: b.Reason}
			for _, e := range b.Evidence {
				ref, err := claim.ParseRef(e)
				if err != nil {
					return apiv1.Made{}, err
				}
				c.Evidence = append(c.Evidence, ref)
			}
			id, err := s.Claims.Make(ctx, in.ID, c)
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "withdraw-claim", route: "POST /incidents/{id}/claims/{part}/withdraw", kind: claim.KindWithdrawn, summary: "Take a claim back"},
		func(ctx context.Context, in *partWith[apiv1.Reason]) error {
			return s.Claims.Withdraw(ctx, in.ID, in.Part, in.Body.Reason)
		})
	add(s, op{id: "threads", route: "GET /incidents/{id}/threads", kind: incident.KindRead, summary: "Activity threads of an incident: the events of an attack in their order"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Thread], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]claim.Thread, error) { return claim.Threads(ctx, r, in.ID) })
			return list(all, wireThread), err
		})
	add(s, op{id: "chain-claims", route: "POST /incidents/{id}/threads", kind: claim.KindChained, status: http.StatusCreated, summary: "Chain claims to the events of an activity thread, a new one or another version"},
		func(ctx context.Context, in *oneWith[apiv1.ThreadInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Claims.Chain(ctx, in.ID, claim.Thread{ID: b.ID, Version: b.Version, Name: b.Name, Reason: b.Reason, Steps: each(b.Steps, func(x apiv1.ThreadStep) claim.Step { return claim.Step(x) })})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "who", route: "GET /incidents/{id}/who", kind: incident.KindRead, summary: "Who did what and how, with what is not known"},
		func(ctx context.Context, in *one) (apiv1.WhoReport, error) {
			r, err := s.who(ctx, in.ID)
			return wireWho(r), err
		})
	stream(s, op{id: "who-text", route: "GET /incidents/{id}/who.md", kind: incident.KindRead, summary: "Who did what and how, as Markdown"}, "text/markdown; charset=utf-8",
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"200"`
			apiv1.AudienceQuery
		}, w io.Writer) error {
			r, err := s.who(ctx, in.ID)
			if err != nil {
				return err
			}
			text, err := r.Markdown(audienceOf(in.AudienceQuery))
			if err == nil {
				_, err = w.Write(text)
			}
			return err
		})
}

func (s *Server) who(ctx context.Context, of string) (claim.Report, error) {
	return read(ctx, s, func(r store.Reader) (claim.Report, error) { return claim.Of(ctx, r, of, s.DB.Now()) })
}

func wireIndicator(i claim.Indicator) apiv1.Indicator {
	return apiv1.Indicator{ID: i.ID, IndicatorInput: apiv1.IndicatorInput{Kind: string(i.Kind), Value: i.Value, Note: i.Note}, Name: i.ActorName, At: i.At,
		Searched: i.Search.Done, Why: i.Search.Why, SearchAt: i.Search.At, Events: i.Search.Events, First: i.Search.First, Last: i.Search.Last,
		Devices: each(i.Search.Devices, func(d claim.Seen) apiv1.IndicatorHit {
			return apiv1.IndicatorHit{Device: d.Device, Events: d.Events, Owner: d.Owner, New: d.New}
		}),
		DevicesMore: i.Search.Others, EventIDs: orEmpty(i.Search.IDs), Blind: each(i.Search.Blind, wireBlindTime), BlindMore: i.Search.More,
		LookUps: each(i.LookUps, func(l claim.LookUp) apiv1.LookUp {
			return apiv1.LookUp{LookUpInput: apiv1.LookUpInput{Where: l.Where, Found: l.Found}, Name: l.ActorName, At: l.At}
		})}
}

func wireBlindTime(b detection.Blind) apiv1.BlindTime {
	return apiv1.BlindTime{Source: b.Name, Reason: string(b.Reason), Started: b.Started, Ended: b.Ended, Lost: b.Lost}
}

func wireClaim(c claim.Claim) apiv1.Claim {
	out := apiv1.Claim{ID: c.ID, Grade: c.Grade.Words(), Name: c.ActorName, Made: c.Made, Ended: c.Ended, EndedBy: c.EndedBy, EndReason: c.EndReason,
		ClaimInput: apiv1.ClaimInput{About: string(c.About), Value: c.Value, Says: c.Says, Source: c.Source, Reliability: c.Grade.Source, Credibility: c.Grade.Information, Likelihood: c.Likelihood, Newer: c.Newer, Happened: c.Happened,
			Hypothesis: c.Hypothesis, Replaces: c.Replaces, Reason: c.Reason}}
	out.ReliabilityValue, out.CredibilityValue = c.Grade.Values()
	for _, e := range c.Evidence {
		out.Evidence = append(out.Evidence, e.ID)
	}
	if c.About == claim.Technique {
		out.Technique, _ = claim.TechniqueName(c.Value) // an older version of ATT&CK may have had it
	}
	return out
}

func wireThread(t claim.Thread) apiv1.Thread {
	return apiv1.Thread{By: t.ActorName, Made: t.Made, ThreadInput: apiv1.ThreadInput{ID: t.ID, Version: t.Version, Name: t.Name, Reason: t.Reason, Steps: each(t.Steps, func(x claim.Step) apiv1.ThreadStep { return apiv1.ThreadStep(x) })}}
}

func wireWho(r claim.Report) apiv1.WhoReport {
	out := apiv1.WhoReport{Incident: wireIncident(r.Incident), Made: r.Made, Claims: []apiv1.Claim{}, Empty: []string{}, Threads: each(r.Threads, func(a claim.Activity) apiv1.Thread { return wireThread(a.Thread) }), Indicators: each(r.Indicators, wireIndicator), Beyond: orEmpty(r.Beyond), Unsearched: r.Unsearched,
		BlindFrom: r.From, BlindTo: r.To, Blind: each(r.Blind, wireBlindTime), BlindMore: r.More, BlindKnown: r.BlindKnown, Evicted: r.Evicted}
	for _, s := range r.Sections {
		out.Claims = append(out.Claims, each(s.Claims, wireClaim)...)
	}
	for _, a := range r.Empty() {
		out.Empty = append(out.Empty, string(a))
	}
	return out
}
