package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// BlastRadius finds what a weakness, component, advisory or indicator reaches.
func (c *Client) BlastRadius(ctx context.Context, q apiv1.BlastQuery) (apiv1.BlastRadius, error) {
	return get[apiv1.BlastRadius](ctx, c, call{method: "GET", path: "/blast-radius", query: q})
}

// KeepBlastRadius keeps a blast radius with an incident and takes devices in.
func (c *Client) KeepBlastRadius(ctx context.Context, incident string, in apiv1.BlastKeep) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/blast-radius", incident), body: in})
}

// Room reads the war room of an incident.
func (c *Client) Room(ctx context.Context, incident string) (apiv1.Room, error) {
	return get[apiv1.Room](ctx, c, call{method: "GET", path: at("/incidents/{}/room", incident)})
}

// SayPriority says otherwise than the program knows how urgent an incident is.
func (c *Client) SayPriority(ctx context.Context, incident string, in apiv1.PrioritySaying) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/priority", incident), body: in})
}

// MakeSituation makes the next situation report of an incident.
func (c *Client) MakeSituation(ctx context.Context, incident string, in apiv1.SituationInput) (apiv1.Situation, error) {
	return get[apiv1.Situation](ctx, c, call{method: "POST", path: at("/incidents/{}/situations", incident), body: in})
}

// Situations lists the situation reports of an incident, the newest first.
func (c *Client) Situations(ctx context.Context, incident string) (apiv1.List[apiv1.Situation], error) {
	return get[apiv1.List[apiv1.Situation]](ctx, c, call{method: "GET", path: at("/incidents/{}/situations", incident)})
}

// SituationText writes a situation report as Markdown; number "last" is the newest.
func (c *Client) SituationText(ctx context.Context, incident, number string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/incidents/{}/situations/{}/report.md", incident, number)})
}

// Holidays lists the days on which authorities do not work, as they were entered.
func (c *Client) Holidays(ctx context.Context) (apiv1.List[apiv1.Holiday], error) {
	return get[apiv1.List[apiv1.Holiday]](ctx, c, call{method: "GET", path: "/holidays"})
}

// SetHolidays replaces the days of a year of a calendar.
func (c *Client) SetHolidays(ctx context.Context, in apiv1.HolidayYear) error {
	return act(ctx, c, call{method: "PUT", path: "/holidays", body: in})
}
