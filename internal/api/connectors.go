package api

import (
	"context"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/store"
)

// connectors are the operations about what carries containment out, and about clinical flows.
func (s *Server) connectors() {
	add(s, op{id: "connectors", route: "GET /connectors", kind: connector.KindRead, summary: "What carries containment out, with what it would send"},
		func(ctx context.Context, _ *struct{}) (apiv1.List[apiv1.Connector], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]connector.Item, error) { return s.Connectors.Items(ctx, r) })
			return list(all, wireConnector), err
		})
	act(s, op{id: "approve-connector", route: "POST /connectors/{id}/approve", kind: connector.KindApproved, summary: "Approve a connector exactly as it is defined"},
		func(ctx context.Context, in *oneWith[apiv1.ConnectorApproval]) error {
			return s.Connectors.Approve(ctx, in.ID, in.Body.Hash, in.Body.Reason)
		})
	act(s, op{id: "revoke-connector", route: "POST /connectors/{id}/revoke", kind: connector.KindRevoked, summary: "End the approval of a connector; what it did can still be taken back through it"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Connectors.Revoke(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "choose-connector", route: "POST /containments/{id}/connector", kind: incident.KindPlanned, summary: "Choose how a planned action is carried out, before anybody signs it off; nothing is sent"},
		func(ctx context.Context, in *oneWith[apiv1.ConnectorChoice]) error {
			b := in.Body
			return s.Connectors.Choose(ctx, in.ID, connector.Choice{Connector: b.Connector, Values: b.Values, Proof: connector.Proof{Means: connector.Means(b.Means), Source: b.Source, Class: b.Class, Text: b.Text,
				Gone: b.Gone, Address: b.Address, Outside: b.Outside, Minutes: b.Minutes, Within: b.Within}})
		})
	add(s, op{id: "connector-order", route: "GET /containments/{id}/connector", kind: incident.KindRead, summary: "Exactly what an action sends through its connector, how far that came, and what the events show"},
		func(ctx context.Context, in *one) (apiv1.ConnectorOrder, error) {
			var sheet incident.Sheet
			o, err := read(ctx, s, func(r store.Reader) (o connector.Shown, err error) {
				if sheet, _, err = s.Cases.SheetOf(ctx, r, in.ID, s.DB.Now()); err == nil {
					o, err = connector.Of(ctx, r, sheet.ID)
				}
				return o, err
			})
			if err != nil {
				return apiv1.ConnectorOrder{}, err
			}
			out := wireOrder(o)
			out.Now, err = s.Connectors.Look(ctx, sheet.Action, o.Job)
			return out, err
		})
	s.flowProfiles()
}

func (s *Server) flowProfiles() {
	add(s, op{id: "flow-profile", route: "GET /devices/{id}/flows", kind: device.KindRead, summary: "The clinical flows of a device, and whether they count"},
		func(ctx context.Context, in *one) (apiv1.FlowProfile, error) {
			p, err := read(ctx, s, func(r store.Reader) (flow.Profile, error) { return flow.Get(ctx, r, in.ID) })
			out := apiv1.FlowProfile{Flows: []apiv1.Flow{}, Holds: p.Holds(), Changed: p.Changed, Hash: p.Hash(), ProposerName: p.ProposerName, Proposed: p.Proposed, ApproverName: p.ApproverName, Approved: p.Approved}
			for _, f := range p.Flows {
				out.Flows = append(out.Flows, apiv1.Flow{Direction: string(f.Direction), Proto: f.Proto, Peer: f.Peer, Port: f.Port, Purpose: f.Purpose})
			}
			return out, err
		})
	act(s, op{id: "propose-flow-profile", route: "POST /devices/{id}/flows", kind: flow.KindProposed, summary: "Propose the clinical flows of a device; what was approved before does not count any more"},
		func(ctx context.Context, in *oneWith[apiv1.FlowProfileInput]) error {
			var all []flow.Flow
			for _, f := range in.Body.Flows {
				all = append(all, flow.Flow{Direction: flow.Direction(f.Direction), Proto: f.Proto, Peer: f.Peer, Port: f.Port, Purpose: f.Purpose})
			}
			return s.Flows.Propose(ctx, in.ID, all)
		})
	act(s, op{id: "approve-flow-profile", route: "POST /devices/{id}/flows/approve", kind: flow.KindApproved, summary: "Approve the clinical flows of a device"},
		func(ctx context.Context, in *oneWith[apiv1.FlowProfileApproval]) error {
			return s.Flows.Approve(ctx, in.ID, in.Body.Hash)
		})
}

func wireConnector(i connector.Item) apiv1.Connector {
	out := apiv1.Connector{Name: i.Name, Title: i.Title, Kind: string(i.Kind), Levels: orEmpty(i.Levels), FarSide: i.FarSide, Ask: i.Ask, Hash: i.Hash, Approved: i.Approved(), EndsByItself: i.EndsByItself(), Undo: i.Connector.Undo,
		ApproverName: i.Approval.ApproverName, ApprovedAt: i.Approval.At}
	if p, err := i.Sample(); err == nil { // invented values need not fit every attribute
		out.Run, out.Return = p.Run, p.Return
	}
	return out
}

func wireOrder(o connector.Shown) apiv1.ConnectorOrder {
	p := o.Proof
	return apiv1.ConnectorOrder{Hash: o.Hash, Run: o.Preview.Run, Return: o.Preview.Return, Tries: o.Tries, Answered: o.Answered, BackTries: o.BackTries, BackAnswered: o.BackAnswered, Fault: o.Fault, Undo: o.Undo,
		ConnectorChoice: apiv1.ConnectorChoice{Connector: o.Connector.Name, Values: o.Values, Means: string(p.Means), Source: p.Source, Class: p.Class, Text: p.Text, Gone: p.Gone, Address: p.Address,
			Outside: p.Outside, Minutes: p.Minutes, Within: p.Within}}
}
