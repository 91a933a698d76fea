package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Events searches security events, the newest first.
func (c *Client) Events(ctx context.Context, q apiv1.EventQuery) (apiv1.EventPage, error) {
	return get[apiv1.EventPage](ctx, c, call{method: "GET", path: "/events", query: q})
}

// Event reads one event with its original.
func (c *Client) Event(ctx context.Context, event string) (apiv1.Event, error) {
	return get[apiv1.Event](ctx, c, call{method: "GET", path: at("/events/{}", event)})
}

// ExportEvents writes events as a zip archive with their manifest and digest.
func (c *Client) ExportEvents(ctx context.Context, q apiv1.EventQuery, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: "/event-exports", query: q})
}

// BlindIntervals reads a page of times in which something was not seen.
func (c *Client) BlindIntervals(ctx context.Context, q apiv1.BlindQuery) (apiv1.Page[apiv1.BlindInterval], error) {
	return get[apiv1.Page[apiv1.BlindInterval]](ctx, c, call{method: "GET", path: "/blind-intervals", query: q})
}

// Sources reads a page of sources of events.
func (c *Client) Sources(ctx context.Context, q apiv1.SourceQuery) (apiv1.Page[apiv1.Source], error) {
	return get[apiv1.Page[apiv1.Source]](ctx, c, call{method: "GET", path: "/sources", query: q})
}

// Source reads one source.
func (c *Client) Source(ctx context.Context, source string) (apiv1.Source, error) {
	return get[apiv1.Source](ctx, c, call{method: "GET", path: at("/sources/{}", source)})
}

// AddSource adds a source before its first event.
func (c *Client) AddSource(ctx context.Context, in apiv1.SourceInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/sources", body: in})
}

// ChangeSource replaces what is said of a source.
func (c *Client) ChangeSource(ctx context.Context, source string, in apiv1.SourceInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/sources/{}", source), body: in})
}

// MoveSource confirms, mutes or retires a source.
func (c *Client) MoveSource(ctx context.Context, source string, in apiv1.SourceMove) error {
	return act(ctx, c, call{method: "POST", path: at("/sources/{}/state", source), body: in})
}

// Alerts reads a page of alerts, the most urgent first.
func (c *Client) Alerts(ctx context.Context, q apiv1.AlertQuery) (apiv1.Page[apiv1.Alert], error) {
	return get[apiv1.Page[apiv1.Alert]](ctx, c, call{method: "GET", path: "/alerts", query: q})
}

// Alert reads one alert with the first of its events.
func (c *Client) Alert(ctx context.Context, alert string) (apiv1.Alert, error) {
	return get[apiv1.Alert](ctx, c, call{method: "GET", path: at("/alerts/{}", alert)})
}

// ReportAlert reports an alert by hand.
func (c *Client) ReportAlert(ctx context.Context, in apiv1.AlertReport) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/alerts", body: in})
}

// MoveAlerts acknowledges, assigns, closes, merges, escalates or opens alerts again.
func (c *Client) MoveAlerts(ctx context.Context, in apiv1.AlertMove) error {
	return act(ctx, c, call{method: "POST", path: "/alert-moves", body: in})
}

// NoteAlert adds a note to an alert.
func (c *Client) NoteAlert(ctx context.Context, alert string, in apiv1.NoteInput) error {
	return act(ctx, c, call{method: "POST", path: at("/alerts/{}/notes", alert), body: in})
}

// SuppressAlert keeps hits of its rule about the same from raising alerts, for a time.
func (c *Client) SuppressAlert(ctx context.Context, alert string, in apiv1.Suppression) error {
	return act(ctx, c, call{method: "POST", path: at("/alerts/{}/suppression", alert), body: in})
}

// Rules reads a page of rules of detection.
func (c *Client) Rules(ctx context.Context, q apiv1.RuleQuery) (apiv1.Page[apiv1.Rule], error) {
	return get[apiv1.Page[apiv1.Rule]](ctx, c, call{method: "GET", path: "/rules", query: q})
}

// Rule reads one rule with its text and exceptions.
func (c *Client) Rule(ctx context.Context, rule string) (apiv1.Rule, error) {
	return get[apiv1.Rule](ctx, c, call{method: "GET", path: at("/rules/{}", rule)})
}

// MoveRule takes a rule on in its life.
func (c *Client) MoveRule(ctx context.Context, rule string, in apiv1.RuleMove) error {
	return act(ctx, c, call{method: "POST", path: at("/rules/{}/state", rule), body: in})
}

// OwnRule says who answers for a rule.
func (c *Client) OwnRule(ctx context.Context, rule string, in apiv1.RuleOwner) error {
	return act(ctx, c, call{method: "PUT", path: at("/rules/{}/owner", rule), body: in})
}

// JudgeHit says whether a hit of a rule was true.
func (c *Client) JudgeHit(ctx context.Context, rule string, in apiv1.RuleJudgement) error {
	return act(ctx, c, call{method: "POST", path: at("/rules/{}/judgements", rule), body: in})
}

// ExceptRule keeps hits from raising alerts where conditions hold, for a time.
func (c *Client) ExceptRule(ctx context.Context, rule string, in apiv1.RuleException) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/rules/{}/exceptions", rule), body: in})
}

// EndException ends an exception before its time.
func (c *Client) EndException(ctx context.Context, exception string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/rule-exceptions/{}/end", exception), body: in})
}

// Baselines reads a page of what rules learned as usual.
func (c *Client) Baselines(ctx context.Context, q apiv1.BaselineQuery) (apiv1.Page[apiv1.Baseline], error) {
	return get[apiv1.Page[apiv1.Baseline]](ctx, c, call{method: "GET", path: "/baselines", query: q})
}

// Baseline reads one baseline with what it has seen.
func (c *Client) Baseline(ctx context.Context, baseline string) (apiv1.Baseline, error) {
	return get[apiv1.Baseline](ctx, c, call{method: "GET", path: at("/baselines/{}", baseline)})
}

// SettleBaseline says that what a baseline has learned, or one value, is normal.
func (c *Client) SettleBaseline(ctx context.Context, baseline string, in apiv1.Settlement) error {
	return act(ctx, c, call{method: "POST", path: at("/baselines/{}/settlements", baseline), body: in})
}

// RelearnBaseline forgets what a baseline has learned, and learns again.
func (c *Client) RelearnBaseline(ctx context.Context, baseline string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/baselines/{}/relearn", baseline), body: in})
}

// EventHolds reads the legal holds over events: of a case, or all that are in force.
func (c *Client) EventHolds(ctx context.Context, q apiv1.EventHoldQuery) (apiv1.List[apiv1.EventHold], error) {
	return get[apiv1.List[apiv1.EventHold]](ctx, c, call{method: "GET", path: "/event-holds", query: q})
}

// HoldEvents keeps events for a case, whatever their age.
func (c *Client) HoldEvents(ctx context.Context, in apiv1.EventHoldInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/event-holds", body: in})
}

// ReleaseEvents releases events that were kept for a case.
func (c *Client) ReleaseEvents(ctx context.Context, hold string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/event-holds/{}/release", hold), body: in})
}
