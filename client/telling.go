package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Drafts reads the reports and letters of an incident.
func (c *Client) Drafts(ctx context.Context, incident string) (apiv1.List[apiv1.Draft], error) {
	return get[apiv1.List[apiv1.Draft]](ctx, c, call{method: "GET", path: at("/incidents/{}/drafts", incident)})
}

// StartDraft begins a report or a letter, filled in from what is known.
func (c *Client) StartDraft(ctx context.Context, incident string, in apiv1.DraftInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/drafts", incident), body: in})
}

// Draft reads a report or a letter with the source of every field.
func (c *Client) Draft(ctx context.Context, draft string) (apiv1.Draft, error) {
	return get[apiv1.Draft](ctx, c, call{method: "GET", path: at("/drafts/{}", draft)})
}

// DraftPDF writes a report or a letter as PDF.
func (c *Client) DraftPDF(ctx context.Context, draft string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/drafts/{}/pdf", draft)})
}

// EditDraft types values; it becomes the next version.
func (c *Client) EditDraft(ctx context.Context, draft string, in apiv1.DraftEdit) error {
	return act(ctx, c, call{method: "POST", path: at("/drafts/{}/edit", draft), body: in})
}

// RefreshDraft fills in again what nobody typed.
func (c *Client) RefreshDraft(ctx context.Context, draft string) error {
	return act(ctx, c, call{method: "POST", path: at("/drafts/{}/refresh", draft)})
}

// ReopenDraft takes an approved draft back.
func (c *Client) ReopenDraft(ctx context.Context, draft string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/drafts/{}/reopen", draft), body: in})
}

// SendDraft records that an approved draft was sent.
func (c *Client) SendDraft(ctx context.Context, draft string, in apiv1.DraftSending) error {
	return act(ctx, c, call{method: "POST", path: at("/drafts/{}/send", draft), body: in})
}

// ToTell reads who is to be told in an incident, whoever comes first first.
func (c *Client) ToTell(ctx context.Context, incident string) (apiv1.List[apiv1.ToTell], error) {
	return get[apiv1.List[apiv1.ToTell]](ctx, c, call{method: "GET", path: at("/incidents/{}/to-tell", incident)})
}

// Tellings reads who was told what in an incident.
func (c *Client) Tellings(ctx context.Context, incident string) (apiv1.List[apiv1.Telling], error) {
	return get[apiv1.List[apiv1.Telling]](ctx, c, call{method: "GET", path: at("/incidents/{}/tellings", incident)})
}

// Tell records that somebody was told.
func (c *Client) Tell(ctx context.Context, incident string, in apiv1.TellingInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/tellings", incident), body: in})
}

// AnswerTelling records what somebody who was told answered.
func (c *Client) AnswerTelling(ctx context.Context, telling string, in apiv1.TellingAnswer) error {
	return act(ctx, c, call{method: "POST", path: at("/tellings/{}/answers", telling), body: in})
}

// Stakeholders reads whom the organisation tells of incidents.
func (c *Client) Stakeholders(ctx context.Context) (apiv1.List[apiv1.Stakeholder], error) {
	return get[apiv1.List[apiv1.Stakeholder]](ctx, c, call{method: "GET", path: "/stakeholders"})
}

// Stakeholder reads somebody on the list.
func (c *Client) Stakeholder(ctx context.Context, stakeholder string) (apiv1.Stakeholder, error) {
	return get[apiv1.Stakeholder](ctx, c, call{method: "GET", path: at("/stakeholders/{}", stakeholder)})
}

// AddStakeholder puts somebody on the list.
func (c *Client) AddStakeholder(ctx context.Context, in apiv1.StakeholderInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/stakeholders", body: in})
}

// ChangeStakeholder changes somebody on the list.
func (c *Client) ChangeStakeholder(ctx context.Context, stakeholder string, in apiv1.StakeholderInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/stakeholders/{}", stakeholder), body: in})
}

// RetireStakeholder takes somebody off the list.
func (c *Client) RetireStakeholder(ctx context.Context, stakeholder string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/stakeholders/{}/retire", stakeholder), body: in})
}
