package client

import (
	"context"

	"triward/apiv1"
)

// Incidents reads a page of incidents, the last changed first.
func (c *Client) Incidents(ctx context.Context, q apiv1.IncidentQuery) (apiv1.Page[apiv1.Incident], error) {
	return get[apiv1.Page[apiv1.Incident]](ctx, c, call{method: "GET", path: "/incidents", query: q})
}

// DeclareIncident declares an incident.
func (c *Client) DeclareIncident(ctx context.Context, in apiv1.IncidentInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/incidents", body: in})
}

// Incident reads an incident, by id or number, with everything in it.
func (c *Client) Incident(ctx context.Context, incident string) (apiv1.IncidentShown, error) {
	return get[apiv1.IncidentShown](ctx, c, call{method: "GET", path: at("/incidents/{}", incident)})
}

// ChangeIncident changes what is known of an incident.
func (c *Client) ChangeIncident(ctx context.Context, incident string, in apiv1.IncidentChange) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}", incident), body: in})
}

// MoveIncident moves an incident on.
func (c *Client) MoveIncident(ctx context.Context, incident string, in apiv1.IncidentMove) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/move", incident), body: in})
}

// SameIncident marks an incident as a duplicate of another one.
func (c *Client) SameIncident(ctx context.Context, incident string, in apiv1.OtherIncident) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/same-as", incident), body: in})
}

// PlanIncident starts the procedure by which an incident is worked.
func (c *Client) PlanIncident(ctx context.Context, incident string, in apiv1.Code) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/plan", incident), body: in})
}

// NoteIncident writes something down.
func (c *Client) NoteIncident(ctx context.Context, incident string, in apiv1.IncidentNoteInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/notes", incident), body: in})
}

// LinkIncident connects an incident with where it came from or what it feeds.
func (c *Client) LinkIncident(ctx context.Context, incident string, in apiv1.IncidentLink) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/links", incident), body: in})
}

// Involve adds devices and systems to an incident.
func (c *Client) Involve(ctx context.Context, incident string, in apiv1.IncidentInvolve) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/devices", incident), body: in})
}

// SetIncidentDevice says how a device in an incident stands.
func (c *Client) SetIncidentDevice(ctx context.Context, incident, device string, in apiv1.IncidentDeviceChange) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/devices/{}", incident, device), body: in})
}

// AddTask hands out a task of an incident.
func (c *Client) AddTask(ctx context.Context, incident string, in apiv1.IncidentTaskInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/tasks", incident), body: in})
}

// MoveTask accepts, hands over or finishes a task.
func (c *Client) MoveTask(ctx context.Context, incident, task string, in apiv1.IncidentTaskMove) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/tasks/{}", incident, task), body: in})
}

// Recipients lists who may read an incident when it is marked TLP:RED.
func (c *Client) Recipients(ctx context.Context, incident string) (apiv1.List[apiv1.IncidentRecipient], error) {
	return get[apiv1.List[apiv1.IncidentRecipient]](ctx, c, call{method: "GET", path: at("/incidents/{}/recipients", incident)})
}

// NameRecipient names somebody who may read an incident when it is marked TLP:RED.
func (c *Client) NameRecipient(ctx context.Context, incident string, in apiv1.IncidentNaming) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/recipients", incident), body: in})
}

// RemoveRecipient takes back that somebody may read an incident that is marked TLP:RED.
func (c *Client) RemoveRecipient(ctx context.Context, incident, person string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/recipients/{}/remove", incident, person), body: in})
}

// Clocks reads the reporting clocks of an incident as they stand now.
func (c *Client) Clocks(ctx context.Context, incident string) (apiv1.List[apiv1.Clock], error) {
	return get[apiv1.List[apiv1.Clock]](ctx, c, call{method: "GET", path: at("/incidents/{}/clocks", incident)})
}

// LegalEntities reads the legal entities of an incident with what each knows.
func (c *Client) LegalEntities(ctx context.Context, incident string) (apiv1.List[apiv1.LegalEntity], error) {
	return get[apiv1.List[apiv1.LegalEntity]](ctx, c, call{method: "GET", path: at("/incidents/{}/entities", incident)})
}

// AddLegalEntity says that a legal entity is concerned.
func (c *Client) AddLegalEntity(ctx context.Context, incident string, in apiv1.LegalEntityInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/entities", incident), body: in})
}

// SetLegalFacts says what a legal entity knows.
func (c *Client) SetLegalFacts(ctx context.Context, incident, entity string, in apiv1.LegalFacts) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/entities/{}/facts", incident, entity), body: in})
}

// RuleDuty rules that a duty does not apply to a legal entity.
func (c *Client) RuleDuty(ctx context.Context, incident, entity string, in apiv1.DutyRuling) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/entities/{}/rule", incident, entity), body: in})
}

// ReportSent records that a report was sent.
func (c *Client) ReportSent(ctx context.Context, incident, entity string, in apiv1.ReportSent) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/entities/{}/sent", incident, entity), body: in})
}

// PlanContainment plans a containment action.
func (c *Client) PlanContainment(ctx context.Context, incident string, in apiv1.ContainmentInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/containments", incident), body: in})
}

// Containment reads a containment action with what keeps it from running now.
func (c *Client) Containment(ctx context.Context, action string) (apiv1.ContainmentShown, error) {
	return get[apiv1.ContainmentShown](ctx, c, call{method: "GET", path: at("/containments/{}", action)})
}

// DeviceContainments reads what is planned or in force on a device.
func (c *Client) DeviceContainments(ctx context.Context, device string) (apiv1.List[apiv1.ContainmentOnDevice], error) {
	return get[apiv1.List[apiv1.ContainmentOnDevice]](ctx, c, call{method: "GET", path: at("/devices/{}/containments", device)})
}

// CheckContainment records that the device was looked at as it is now.
func (c *Client) CheckContainment(ctx context.Context, action string, in apiv1.Seen) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/check", action), body: in})
}

// ContainmentNoticed says why the other side may notice an action although the marking of its incident forbids that.
func (c *Client) ContainmentNoticed(ctx context.Context, action string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/noticed", action), body: in})
}

// RunContainment runs an action that is checked and signed off.
func (c *Client) RunContainment(ctx context.Context, action string) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/run", action)})
}

// ContainmentSeen records what was answered or observed of an action that ran.
func (c *Client) ContainmentSeen(ctx context.Context, action string, in apiv1.ContainmentSeen) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/see", action), body: in})
}

// ReturnContainment returns an action before its time.
func (c *Client) ReturnContainment(ctx context.Context, action string, in apiv1.MaybeReason) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/return", action), body: in})
}

// LiftContainment lifts an action at the bedside.
func (c *Client) LiftContainment(ctx context.Context, action string, in apiv1.MaybeReason) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/lift", action), body: in})
}

// CancelContainment takes back a plan that never ran.
func (c *Client) CancelContainment(ctx context.Context, action string, in apiv1.MaybeReason) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/cancel", action), body: in})
}
