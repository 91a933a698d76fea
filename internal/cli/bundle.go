package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"triward/internal/assurance/bundle"
	"triward/internal/cli/terminal"
	"triward/internal/problem"
)

// maxBundle bounds the file that is read, in bytes; the format's own limit is the same.
const maxBundle = 1 << 30

func (p *program) bundle() *cobra.Command {
	c := &cobra.Command{Use: "bundle", Short: "Check the bundle that answers an inquiry, offline"}
	var key string
	verify := &cobra.Command{Use: "verify FILE.zip", Short: "Check every byte, digest, signature and proof of a bundle; name what is wrong", Args: terminal.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error { return p.verifyBundle(c.Context(), args[0], key) }}
	verify.Flags().StringVar(&key, "key", "", "verifier key of the organisation, as it gave it by another way; without it, the key in the bundle")
	c.AddCommand(verify,
		&cobra.Command{Use: "reveal FILE.zip REVEALED.json", Short: "Check that a text is what was removed from a bundle", Args: terminal.Exactly(2),
			RunE: func(c *cobra.Command, args []string) error { return p.checkReveal(c.Context(), args[0], args[1]) }},
		&cobra.Command{Use: "page", Short: "Print the verifier page: one HTML file that checks bundles in a browser", Args: terminal.Exactly(0),
			RunE: func(*cobra.Command, []string) error {
				page, err := bundle.Page()
				if err == nil {
					_, err = p.Out.Write(page)
				}
				return err
			}})
	c.AddCommand(p.remote().Under("bundle")...)
	return c
}

func (p *program) verifyBundle(ctx context.Context, file, key string) error {
	r, err := readBundle(ctx, file, key)
	if err != nil {
		return err
	}
	if err := p.Show(r, func() error { return p.showBundle(r) }); err != nil {
		return err
	}
	if !r.OK() {
		return terminal.Exit{Code: terminal.Negative}
	}
	return nil
}

func readBundle(ctx context.Context, file, key string) (bundle.Report, error) {
	archive, err := terminal.ReadFile(file, maxBundle)
	if err != nil {
		return bundle.Report{}, err
	}
	return bundle.Verify(ctx, archive, key), nil
}

func (p *program) showBundle(r bundle.Report) error {
	if r.OK() {
		fmt.Fprintf(p.Out, "the bundle verifies: %d files, %d signatures, %d proofs\n", r.Files, r.Signatures, r.Proofs)
	} else {
		fmt.Fprintf(p.Out, "the bundle does NOT verify: %d faults\n", len(r.Faults))
		w := p.Table("PART", "WHAT")
		for _, f := range r.Faults {
			terminal.Row(w, f.Part, f.What)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if err := p.Fields("title", r.Manifest.Title, "from", r.Manifest.Organisation, "as of", r.Manifest.AsOf, "made", r.Manifest.Made, "key", r.Key, "sha256", r.SHA256); err != nil {
		return err
	}
	if r.Own {
		fmt.Fprintln(p.Out, "checked with the key inside the bundle: compare it with the one that you got by another way, or give that with --key")
	}
	return nil
}

func (p *program) checkReveal(ctx context.Context, file, revealed string) error {
	text, err := terminal.ReadFile(revealed, 64<<20)
	if err != nil {
		return err
	}
	reveal, err := bundle.ParseReveal(text)
	if err != nil {
		return err
	}
	r, err := readBundle(ctx, file, "")
	if err != nil {
		return err
	}
	if !r.OK() {
		return problem.New(problem.Invalid, "the bundle itself does not verify: %s", r.Faults[0])
	}
	if err := bundle.CheckReveal(r.Manifest, reveal); err != nil {
		return err
	}
	return p.Done("this is what was removed from %s %s", reveal.Path, reveal.At)
}
