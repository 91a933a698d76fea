package online

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/problem"
)

// connectors are the commands about what carries containment out, in the group of incidents.
func (r *Remote) connectors() *cobra.Command {
	return r.below("connector", "What carries containment out, and the clinical flows of devices",
		wholeOf(r.line("list", "List what carries containment out, and whether it is approved"), "NAME TITLE KIND LEVELS APPROVED APPROVER-NAME HASH", func(c *client.Client, ctx context.Context, _ string) (apiv1.List[apiv1.Connector], error) {
			return c.Connectors(ctx)
		}),
		sends(r.line("approve CONNECTOR HASH", "Approve a connector exactly as it is defined, with --reason").calls("hash", ""), "approved", func(c *client.Client, ctx context.Context, args []string, in apiv1.ConnectorApproval) error {
			in.Hash = args[1]
			return c.ApproveConnector(ctx, args[0], in)
		}),
		sendTo(r.line("revoke CONNECTOR", "End the approval of a connector, with --reason"), "revoked", (*client.Client).RevokeConnector),
		sends(r.line("choose ACTION CONNECTOR", "Choose how a planned action is carried out; nothing is sent").calls("connector", ""), "chosen for", func(c *client.Client, ctx context.Context, args []string, in apiv1.ConnectorChoice) error {
			in.Connector = args[1]
			return c.ChooseConnector(ctx, args[0], in)
		}),
		show(r.line("show ACTION", "Show exactly what an action sends, how far that came, and what the events show"), (*client.Client).ConnectorOrder),
		show(r.line("flows DEVICE", "Show the clinical flows of a device, and whether they count"), (*client.Client).FlowProfile),
		r.proposeFlows(),
		sends(r.line("approve-flows DEVICE HASH", "Approve the clinical flows of a device").calls("hash", ""), "approved for", func(c *client.Client, ctx context.Context, args []string, in apiv1.FlowProfileApproval) error {
			in.Hash = args[1]
			return c.ApproveFlowProfile(ctx, args[0], in)
		}))
}

// proposeFlows takes each flow as one argument: "out tcp 10.1.0.4 104 images to the archive".
func (r *Remote) proposeFlows() *cobra.Command {
	l := r.line("propose-flows DEVICE FLOW...", "Propose the clinical flows of a device, each \"out tcp 10.1.0.4 104 images to the archive\"")
	return l.does(func(ctx context.Context, c *client.Client, args []string) error {
		var in apiv1.FlowProfileInput
		for _, text := range args[1:] {
			part := strings.Fields(text)
			if len(part) < 5 {
				return problem.New(problem.Invalid, "%q: name direction, protocol, peer, port and purpose", text)
			}
			port, err := strconv.Atoi(part[3])
			if err != nil {
				return problem.New(problem.Invalid, "%q is not a port", part[3])
			}
			in.Flows = append(in.Flows, apiv1.Flow{Direction: part[0], Proto: part[1], Peer: part[2], Port: port, Purpose: strings.Join(part[4:], " ")})
		}
		if err := c.ProposeFlowProfile(ctx, args[0], in); err != nil {
			return err
		}
		return l.Done("proposed for %s", args[0])
	})
}
