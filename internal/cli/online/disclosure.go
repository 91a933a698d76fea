package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// disclosures are the commands about coordinated disclosures, in the group of incidents.
func (r *Remote) disclosures() *cobra.Command {
	return r.below("disclose", "Coordinated disclosure of weaknesses that incidents revealed",
		wholeOf(r.line("list INCIDENT", "List the disclosures of an incident"), "TITLE WEAKNESS MODEL REPORT EMBARGO ENDS CASE ID", (*client.Client).Disclosures),
		addTo(r.line("open INCIDENT TITLE", "Begin the disclosure of a weakness, with --weakness or --model"), (*client.Client).OpenDisclosure),
		show(r.line("show DISCLOSURE", "Show a disclosure"), (*client.Client).Disclosure),
		sendTo(r.line("move DISCLOSURE", "Make one move with --reason: --report, --act with --until, or --bit"), "moved", (*client.Client).MoveDisclosure),
		sends(r.line("join DISCLOSURE ROLE NAME", "Add who takes part; of a vendor with --aware").calls("role", "", "name", ""), "takes part in", func(c *client.Client, ctx context.Context, args []string, in apiv1.DisclosureParticipant) error {
			in.Role, in.Name = args[1], args[2]
			return c.JoinDisclosure(ctx, args[0], in)
		}))
}
