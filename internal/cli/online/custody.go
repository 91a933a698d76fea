package online

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// items are the commands about the evidence of incidents, in the group of evidence.
func (r *Remote) items() []*cobra.Command {
	hand := func(use, short, did string, do func(*client.Client, context.Context, string, apiv1.HandInput) error) *cobra.Command {
		return sends(r.line(use, short), did, func(c *client.Client, ctx context.Context, args []string, in apiv1.HandInput) error {
			return do(c, ctx, args[0], in)
		})
	}
	return []*cobra.Command{
		wholeOf(r.line("items INCIDENT", "List the evidence of an incident"), "EXHIBIT KIND DESCRIPTION STATE HOLDER SIZE SHA256 ID", (*client.Client).EvidenceItems),
		addTo(r.line("register INCIDENT DESCRIPTION", "Register evidence of an incident"), (*client.Client).RegisterEvidence),
		r.addContent(),
		show(r.line("item ITEM", "Show a piece of evidence"), (*client.Client).EvidenceItem),
		wholeOf(r.line("custody ITEM", "Show the chain of custody of a piece of evidence"), "SEQ AT ACTION NAME FROM TO REASON MATCH STATE HASH", (*client.Client).CustodyChain),
		sendTo(r.line("seal ITEM", "Seal evidence: its content does not change any more"), "sealed", (*client.Client).SealEvidence),
		hand("transfer ITEM", "Hand evidence to somebody; it is hashed before", "handed over", (*client.Client).TransferEvidence),
		hand("receive ITEM", "Say that you have what was handed over; it is hashed after", "received", (*client.Client).ReceiveEvidence),
		hand("take-back ITEM", "Put evidence back under seal", "taken back", (*client.Client).TakeBackEvidence),
		hand("release ITEM", "Give evidence out of the organisation", "released", (*client.Client).ReleaseEvidence),
		sends(r.line("work ITEM ACTION", "Record that evidence was copied, analysed or exported").calls("action", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.WorkInput) error {
			in.Action = args[1]
			return c.WorkOnEvidence(ctx, args[0], in)
		}),
		r.line("verify ITEM", "Hash evidence again; a hash that differs breaks its integrity").act("hashed", (*client.Client).VerifyEvidence),
		r.line("hold ITEM", "Put evidence under a legal hold").because("held", (*client.Client).HoldEvidence),
		r.line("end-hold ITEM", "End a legal hold").because("not held any more:", (*client.Client).EndHold),
		r.line("accept-broken ITEM", "Accept that the integrity of evidence is broken").because("accepted", (*client.Client).AcceptBroken),
		r.line("destroy ITEM", "Ask to destroy evidence, or destroy it when somebody else asked before").because("recorded for", (*client.Client).DestroyEvidence),
		r.fetchContent(), r.exportEvidence(),
		tell(r.line("rewrap", "Encrypt with the newest key what is encrypted with an older one, so that the older one can go"), (*client.Client).RewrapEvidence),
	}
}

// piece is how much of a file is sent at once.
const piece = 32 << 20

// addContent sends a file piece by piece and goes on where an earlier try stopped.
func (r *Remote) addContent() *cobra.Command {
	return r.line("upload ITEM FILE", "Send the content of registered evidence; cut short, call it again and it goes on").does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := os.Open(args[1])
		if err != nil {
			return terminal.Misused("%w", err)
		}
		defer f.Close()
		about, err := f.Stat()
		if err != nil {
			return err
		}
		item, err := c.EvidenceItem(ctx, args[0])
		if err != nil {
			return err
		}
		if item.Size > about.Size() {
			return terminal.Misused("%s has %d bytes, %d were sent before: it is another file", filepath.Base(args[1]), about.Size(), item.Size)
		}
		for at := item.Size; at < about.Size(); {
			place, err := c.AppendEvidence(ctx, args[0], apiv1.EvidenceOffset{Begins: at}, io.NewSectionReader(f, at, min(piece, about.Size()-at)))
			if err != nil {
				return fmt.Errorf("after %d bytes: %w", at, err)
			}
			at = place.Size
		}
		return r.Done("%s has %d bytes", args[0], about.Size())
	})
}

func (r *Remote) fetchContent() *cobra.Command {
	var why, file string
	c := r.line("fetch ITEM", "Write the content of evidence to a file; that it was read, and why, is recorded").does(func(ctx context.Context, c *client.Client, args []string) error {
		return r.Save(file, func(w io.Writer) error { return c.EvidenceContent(ctx, args[0], apiv1.EvidenceWhy{Reason: why}, w) })
	})
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return reasonFlag(c, &why)
}

func (r *Remote) exportEvidence() *cobra.Command {
	var in apiv1.EvidenceExport
	var file string
	l := r.line("export INCIDENT", "Write the evidence of an incident as a bundle, recorded in every chain of custody; check it with bundle verify")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		return r.Save(file, func(w io.Writer) error { return c.ExportEvidence(ctx, args[0], in, w) })
	})
	l.bindTo(c, &in)
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return c
}
