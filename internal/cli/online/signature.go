package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

func (r *Remote) signatures() []*cobra.Command {
	return []*cobra.Command{
		wholeOf(r.line("list RECORD", "List the signatures on a record of a server"), "NAME:printed_name MEANING AT ZONE ID",
			func(c *client.Client, ctx context.Context, record string) (apiv1.List[apiv1.Signature], error) {
				return c.Signatures(ctx, apiv1.SignatureQuery{Record: record})
			}),
		r.line("save SIGNATURE", "Save a signature of a server with its proof").download((*client.Client).SignatureFile),
		show(r.line("check SIGNATURE", "Let a server check one of its signatures"), (*client.Client).CheckSignature),
	}
}

func (r *Remote) revokePasskey() *cobra.Command {
	return r.line("revoke-passkey ACCOUNT PASSKEY", "End a passkey, such as a lost one").does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.RevokePasskey(ctx, args[0], args[1]); err != nil {
			return err
		}
		return r.Done("revoked %s", args[1])
	})
}
