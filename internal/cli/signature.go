package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"triward/internal/app"
	"triward/internal/cli/terminal"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/signature"
)

// signatureKeys name the keys that signatures are checked with.
type signatureKeys struct {
	verifiers    []string
	certificates []string // files
}

func (p *program) signature() *cobra.Command {
	c := &cobra.Command{Use: "signature", Short: "Check electronic signatures"}
	var with signatureKeys
	verify := &cobra.Command{Use: "verify FILE", Short: "Check the file of a signature offline", Args: terminal.Exactly(1),
		Long: "Check the file of a signature, as its page gives it, without a server: statement, seal, time\nstamp, and that the journal holds it. Without --verifier and --authority, the keys of this\ninstallation are used; others get them with `triward signature keys`, by another way than the file.",
		RunE: func(_ *cobra.Command, args []string) error { return p.verifySignature(args[0], with) }}
	verify.Flags().StringArrayVar(&with.verifiers, "verifier", nil, "verifier key of the server that signed (may be given again)")
	verify.Flags().StringArrayVar(&with.certificates, "authority", nil, "PEM file with the certificate of its time-stamp authority (may be given again)")
	c.AddCommand(verify, &cobra.Command{Use: "keys", Short: "Print what checks the signatures of this installation", Args: terminal.Exactly(0),
		RunE: func(*cobra.Command, []string) error {
			keys, err := p.signatureKeys(signatureKeys{})
			if err != nil {
				return err
			}
			if p.JSON {
				return p.Print(map[string]any{"verifiers": keys.Servers, "authorities": keys.Authorities})
			}
			_, err = fmt.Fprintf(p.Out, "%s\n%s", strings.Join(keys.Servers, "\n"), strings.Join(keys.Authorities, ""))
			return err
		}})
	c.AddCommand(p.remote().Under("signature")...)
	return c
}

// signatureKeys reads the keys that are named, and those of this installation where none is.
func (p *program) signatureKeys(with signatureKeys) (signature.Keys, error) {
	keys := signature.Keys{Servers: with.verifiers}
	for _, file := range with.certificates {
		text, err := terminal.ReadFile(file, 1<<20)
		if err != nil {
			return keys, err
		}
		keys.Authorities = append(keys.Authorities, string(text))
	}
	if len(keys.Servers) > 0 && len(keys.Authorities) > 0 {
		return keys, nil
	}
	if len(keys.Servers)+len(keys.Authorities) > 0 {
		return keys, terminal.Misused("give both --verifier and --authority, or neither")
	}
	c, err := p.load()
	if err != nil {
		return keys, err
	}
	key, err := ledger.OpenKey(c.KeyFile, app.Origin(c))
	if err != nil {
		return keys, err
	}
	authority, err := app.OpenAuthority(c)
	if err != nil {
		return keys, err
	}
	return signature.Keys{Servers: []string{key.Verifier()}, Authorities: []string{authority.Certificate()}}, nil
}

// checkedSignature is what `signature verify --json` prints.
type checkedSignature struct {
	Valid     bool   `json:"valid"`
	Signature string `json:"signature"`
	Name      string `json:"printed_name"`
	Meaning   string `json:"meaning"`
	Reason    string `json:"reason,omitempty"`
	Document  string `json:"document,omitempty"`
	Revision  string `json:"revision,omitempty"`
	Record    string `json:"record"`
	Content   string `json:"content_sha256"`
	At        string `json:"at"`
	Zone      string `json:"zone"`
	Entry     int64  `json:"entry"`
}

func (p *program) verifySignature(file string, with signatureKeys) error {
	text, err := terminal.ReadFile(file, 1<<20)
	if err != nil {
		return err
	}
	keys, err := p.signatureKeys(with)
	if err != nil {
		return err
	}
	e, err := signature.ReadExport(text)
	if err != nil {
		return problem.About(err, "%s", file)
	}
	s, err := e.Check(keys)
	if err != nil {
		return problem.About(err, "%s does not hold", file)
	}
	const layout = "2006-01-02 15:04:05 UTC"
	if p.JSON {
		return p.Print(checkedSignature{true, s.ID, s.Name, string(s.Act.Meaning), s.Act.Reason, s.Record.Document, s.Record.Revision, s.Record.ID, s.Record.Content, s.At.Format(layout), s.Zone, s.Seq})
	}
	what := strings.Join(strings.Fields(s.Record.Document+" "+s.Record.Revision+" "+s.Record.Title), " ")
	if what == "" {
		what = s.Record.Kind + " " + s.Record.ID
	}
	_, err = fmt.Fprintf(p.Out, "%s signed %s: %s\n  on %s (%s, UTC%s)\n  content SHA-256 %s\n  entry %d of the journal of %s\n",
		s.Name, what, s.Act.Meaning, s.At.Format(layout), s.Zone, s.Offset, s.Record.Content, s.Seq, strings.SplitN(e.Proof.Checkpoint, "\n", 2)[0])
	return err
}
