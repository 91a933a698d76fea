package online

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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
		wholeOf(r.line("custody ITEM", "Show the chain of custody of a piece of evidence"), "SEQ AT ACTION NAME:actor_name FROM TO REASON AUTHORISED-BY WITNESS PLACE SEAL HASH-BEFORE HASH-AFTER MATCH STATE HASH", (*client.Client).CustodyChain),
		sendTo(r.line("seal ITEM", "Seal evidence: its content does not change any more"), "sealed", (*client.Client).SealEvidence),
		hand("transfer ITEM", "Hand evidence to somebody; it is hashed before", "handed over", (*client.Client).TransferEvidence),
		hand("receive ITEM", "Say that you have what was handed over; it is hashed after", "received", (*client.Client).ReceiveEvidence),
		hand("receipt ITEM", "Record the receipt of whom evidence was released to", "confirmed", (*client.Client).ReceiptEvidence),
		hand("take-back ITEM", "Put evidence back under seal, from a colleague or from outside", "taken back", (*client.Client).TakeBackEvidence),
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
		size, err := sendContent(ctx, c, args[0], f)
		if err != nil {
			return err
		}
		return r.Done("%s has %d bytes", args[0], size)
	})
}

// sendContent hashes a file, tells its hash, and sends what the server does not have. It gives the size. What the server has
// already is the beginning of the same file, or nothing is sent.
func sendContent(ctx context.Context, c *client.Client, item string, f *os.File) (int64, error) {
	about, err := f.Stat()
	if err != nil {
		return 0, err
	}
	name, size := filepath.Base(f.Name()), about.Size()
	there, err := c.EvidenceItem(ctx, item)
	if err != nil {
		return 0, err
	}
	if there.Size > size {
		return 0, terminal.Misused("%s has %d bytes, %d were sent before: it is another file", name, size, there.Size)
	}
	begins, whole, err := hashFile(f, there.Size, size)
	if err != nil {
		return 0, err
	}
	if there.Size > 0 && begins != there.Received {
		return 0, terminal.Misused("%s does not begin with the %d bytes that were sent before: it is another file", name, there.Size)
	}
	if err := c.AnnounceEvidence(ctx, item, apiv1.EvidenceComing{File: name, SHA256: whole}); err != nil {
		return 0, err
	}
	for at := there.Size; at < size; {
		place, err := c.AppendEvidence(ctx, item, apiv1.EvidenceOffset{Begins: at}, io.NewSectionReader(f, at, min(piece, size-at)))
		if err != nil {
			return at, fmt.Errorf("after %d bytes: %w", at, err)
		}
		at = place.Size
	}
	if there, err = c.EvidenceItem(ctx, item); err == nil && there.Received != whole {
		err = fmt.Errorf("%s changed while it was sent: the SHA-256 of what came in is %s, of the file it was %s", name, there.Received, whole)
	}
	return size, err
}

// hashFile gives the SHA-256 of the first bytes of a file, and of all of it.
func hashFile(f io.ReaderAt, first, size int64) (begins, whole string, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, first)); err != nil {
		return "", "", err
	}
	begins = hex.EncodeToString(h.Sum(nil))
	_, err = io.Copy(h, io.NewSectionReader(f, first, size-first))
	return begins, hex.EncodeToString(h.Sum(nil)), err
}

func (r *Remote) fetchContent() *cobra.Command {
	var why, file string
	c := r.line("fetch ITEM", "Write the content of evidence to a file and check its SHA-256; that it was read, and why, is recorded. Cut short, it goes on where it stopped").does(func(ctx context.Context, c *client.Client, args []string) error {
		there, err := c.EvidenceItem(ctx, args[0])
		if err != nil {
			return err
		}
		if file != "" {
			return fetchTo(ctx, c, there, fetching{file, why})
		}
		h := sha256.New()
		if err := c.EvidenceContent(ctx, there.ID, apiv1.EvidenceWhy{Reason: why}, io.MultiWriter(r.Out, h)); err != nil {
			return err
		}
		return sameContent(there, h)
	})
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return reasonFlag(c, &why)
}

// fetching is where content goes, and why it is read.
type fetching struct{ file, why string }

// fetchTo writes content beside a file until all of it is there and is what the server says it is. What is there already of
// an earlier try is kept.
func fetchTo(ctx context.Context, c *client.Client, there apiv1.EvidenceItem, to fetching) (err error) {
	f, err := os.OpenFile(to.file+".part", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return terminal.Misused("cannot write %s: %w", to.file, terminal.Reason(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	have, err := io.Copy(h, io.LimitReader(f, there.Size))
	if err != nil {
		return fmt.Errorf("read what is there: %w", err)
	}
	if err := f.Truncate(have); err != nil {
		return fmt.Errorf("write %s: %w", f.Name(), err)
	}
	if have < there.Size || have == 0 {
		if err := c.EvidenceContent(ctx, there.ID, apiv1.EvidenceWhy{Reason: to.why, Begins: have}, io.MultiWriter(f, h)); err != nil {
			return fmt.Errorf("not all came, call it again to go on: %w", err)
		}
	}
	if err := sameContent(there, h); err != nil {
		return errors.Join(err, os.Remove(f.Name())) // another try begins anew
	}
	return os.Rename(f.Name(), to.file)
}

// sameContent compares what came with the hash that the server has of it.
func sameContent(there apiv1.EvidenceItem, h hash.Hash) error {
	if got := hex.EncodeToString(h.Sum(nil)); got != there.Received {
		return fmt.Errorf("the SHA-256 of what came is %s, that of the evidence %s", got, there.Received)
	}
	return nil
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
