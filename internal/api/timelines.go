package api

import (
	"context"
	"io"
	"net/http"
	"strings"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/incident/timeline"
	"triward/internal/store"
)

type timelineIn struct {
	ID string `path:"id" maxLength:"200" doc:"Incident, by id or number, or device, by id"`
	apiv1.TimelineQuery
}

type timelineExportIn struct {
	ID string `path:"id" maxLength:"200" doc:"Incident, by id or number, or device, by id"`
	apiv1.TimelineExportQuery
}

// timelines are the operations about the timelines of incidents and devices.
func (s *Server) timelines() {
	desk := timeline.Desk{DB: s.DB, Events: s.Events}
	add(s, op{id: "timeline", route: "GET /timelines/{id}", kind: incident.KindRead + "|" + device.KindRead, summary: "What is known about an incident or a device in the order of time"},
		func(ctx context.Context, in *timelineIn) (apiv1.Timeline, error) {
			p, err := desk.Page(ctx, timelineOf(in.ID), timelineQuery(in.TimelineQuery))
			l := p.Left
			return apiv1.Timeline{Title: p.Title, From: p.From, To: p.To, Next: p.Next, Items: list(p.Entries, wireTimelineEntry).Items,
				Left: apiv1.TimelineLeft{NoEvents: l.NoEvents, Patients: l.Patients, Areas: l.Areas, Filtered: l.Filtered, Undated: l.Undated, UndatedBy: l.UndatedBy, Blind: l.Blind, Cut: l.Cut}}, err
		})
	stream(s, op{id: "export-timeline", route: "GET /timelines/{id}/export", kind: timeline.KindExported, summary: "A timeline as CSV, JSON or JSON lines for Timesketch, with what it left out; recorded"}, "application/octet-stream",
		func(ctx context.Context, in *timelineExportIn, w io.Writer) error {
			_, err := desk.Export(ctx, timelineOf(in.ID), timeline.Outgoing{Query: timelineQuery(in.TimelineQuery), Format: timeline.Format(in.Format),
				Give: custody.Order{As: incident.Audience(in.As), To: in.Receiver, Reason: in.Reason, Authority: in.Authority}}, w)
			return err
		})
	add(s, op{id: "add-to-timeline", route: "POST /timelines/{id}/entries", kind: timeline.KindAdded, status: http.StatusCreated, summary: "Add an entry by hand, with an instant or undated; the answer has its key"},
		func(ctx context.Context, in *oneWith[apiv1.TimelineInput]) (apiv1.Made, error) {
			b := in.Body
			key, err := desk.Add(ctx, timelineOf(in.ID), timeline.Addition{Told: b.Told, Certainty: timeline.Certainty(b.Certainty), What: b.What, Who: b.Who, Source: b.Source, Device: b.Device})
			return apiv1.Made{ID: key}, err
		})
	for _, m := range []struct {
		id, route, kind, summary string
		do                       func(ctx context.Context, of timeline.Of, entry, text string) error
	}{{"pin-timeline", "pins", timeline.KindPinned, "Highlight an entry, with the reason", desk.Pin},
		{"unpin-timeline", "unpin", timeline.KindUnpinned, "Take a highlight away, with the reason", desk.Unpin},
		{"comment-timeline", "comments", timeline.KindCommented, "Comment an entry", desk.Comment}} {
		act(s, op{id: m.id, route: "POST /timelines/{id}/" + m.route, kind: m.kind, summary: m.summary},
			func(ctx context.Context, in *oneWith[apiv1.TimelineMarkInput]) error {
				return m.do(ctx, timelineOf(in.ID), in.Body.Entry, in.Body.Text)
			})
	}
}

// timelineOf tells a device from an incident by its id.
func timelineOf(id string) timeline.Of {
	if strings.HasPrefix(id, "dev_") {
		return timeline.Of{Device: id}
	}
	return timeline.Of{Incident: id}
}

func timelineQuery(q apiv1.TimelineQuery) timeline.Query {
	out := timeline.Query{Device: q.Device, User: q.User, Text: q.Text, From: q.From, To: q.To, Pinned: q.Pinned, Undated: q.Undated, Collapse: q.Collapse, After: q.After, Limit: q.Limit}
	for _, k := range q.Kinds {
		out.Kinds = append(out.Kinds, timeline.Kind(k))
	}
	out.Told = q.By == "told"
	if q.Sort == "newest" {
		out.Order = store.NewestFirst
	}
	return out
}

func wireTimelineEntry(e timeline.Entry) apiv1.TimelineEntry {
	w := timeline.WireOf(e)
	out := apiv1.TimelineEntry{Key: w.Key, Kind: string(w.Kind), Told: w.Told, Until: w.Until, Received: w.Received, Corrected: w.Corrected, Correction: e.Correction(), SkewUS: w.SkewUS, Anchors: w.Anchors,
		Certainty: string(w.Certainty), Source: w.Source, SourceID: w.SourceID, What: w.What, Who: w.Who, Device: w.Device, DeviceID: w.DeviceID, LinkKind: w.LinkKind, Link: w.Link, Patient: w.Patient,
		Count: e.Count, Comments: list(e.Comments, wireTimelineMark).Items}
	if e.Pin != nil {
		pin := wireTimelineMark(*e.Pin)
		out.Pin = &pin
	}
	return out
}

func wireTimelineMark(m timeline.Mark) apiv1.TimelineMark {
	return apiv1.TimelineMark{Text: m.Text, Name: m.By, At: m.At}
}
