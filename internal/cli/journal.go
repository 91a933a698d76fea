package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"triward/internal/app"
	"triward/internal/blob"
	"triward/internal/cli/terminal"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/store"
)

// open opens the database of the configuration. It works beside a running server.
func (p *program) open(ctx context.Context) (*store.DB, app.Config, error) {
	c, err := p.load()
	if err != nil {
		return nil, c, err
	}
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, c, problem.New(problem.NotFound, "there is no database at %s; start the server once, or name its folder with --data", path)
		}
	}
	db, err := store.Open(ctx, c.Database, store.Options{})
	return db, c, err
}

// verification is what `journal verify --json` prints.
type verification struct {
	Valid   bool                `json:"valid"`
	Entries int64               `json:"entries"`
	Erased  int64               `json:"erased"`
	Root    string              `json:"root"`
	Fault   *store.JournalFault `json:"fault,omitempty"`
	Reason  string              `json:"reason,omitempty"`
}

func (p *program) journal() *cobra.Command {
	c := &cobra.Command{Use: "journal", Short: "Verify and prove the journal"}
	var against comparison
	verify := &cobra.Command{Use: "verify [BACKUP]", Short: "Recompute the journal of the database, or of a backup file", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.verifyJournal(c.Context(), against, args) }}
	verify.Flags().StringArrayVar(&against.files, "checkpoint", nil, "compare with a signed checkpoint that was kept elsewhere (may be given again)")
	verify.Flags().StringVar(&against.verifier, "verifier", "", "verifier key of the checkpoints; without it, that of this installation")
	c.AddCommand(verify,
		&cobra.Command{Use: "prove ENTRY", Short: "Print a proof that an entry is in the journal", Args: terminal.Exactly(1),
			RunE: func(c *cobra.Command, args []string) error { return p.prove(c.Context(), args[0]) }},
		&cobra.Command{Use: "checkpoint", Short: "Print a signed checkpoint of the journal", Args: terminal.Exactly(0),
			RunE: func(c *cobra.Command, _ []string) error {
				return p.withLedger(c.Context(), func(l ledger.Ledger) error {
					text, err := l.Checkpoint(c.Context())
					if err == nil {
						_, err = fmt.Fprint(p.Out, text)
					}
					return err
				})
			}},
		&cobra.Command{Use: "verify-proof FILE VERIFIER", Short: "Check a proof offline against the verifier key of the installation", Args: terminal.Exactly(2),
			RunE: func(_ *cobra.Command, args []string) error { return p.verifyProof(args[0], args[1]) }},
		&cobra.Command{Use: "key", Short: "Print the verifier key of this installation", Args: terminal.Exactly(0),
			RunE: func(c *cobra.Command, _ []string) error {
				return p.withLedger(c.Context(), func(l ledger.Ledger) error {
					_, err := fmt.Fprintln(p.Out, l.Key.Verifier())
					return err
				})
			}})
	c.AddCommand(p.remote().Under("journal")...)
	return c
}

// comparison is with what checkpoints, kept elsewhere, say the journal was.
type comparison struct {
	files    []string
	verifier string
}

// auditor reads the checkpoints; nil when there are none.
func (p *program) auditor(with comparison) (*ledger.Auditor, error) {
	if len(with.files) == 0 {
		return nil, nil
	}
	if with.verifier == "" {
		c, err := p.load()
		if err != nil {
			return nil, err
		}
		key, err := ledger.OpenKey(c.KeyFile, app.Origin(c))
		if err != nil {
			return nil, err
		}
		with.verifier = key.Verifier()
	}
	var texts []string
	for _, file := range with.files {
		text, err := terminal.ReadFile(file, 1<<20)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	return ledger.NewAuditor(with.verifier, texts...)
}

// recompute verifies a backup file, or the database without changing it, beside a server or not.
func (p *program) recompute(ctx context.Context, visit func(store.Entry) error, args []string) (store.Verification, error) {
	if len(args) == 1 {
		_, v, err := store.VerifyBackup(ctx, args[0], visit)
		return v, err
	}
	c, err := p.load()
	if err != nil {
		return store.Verification{}, err
	}
	db, err := store.Inspect(ctx, c.Database)
	if err != nil {
		return store.Verification{}, err
	}
	defer db.Close()
	var v store.Verification
	err = db.View(ctx, func(r store.Reader) error {
		v, err = store.Verify(ctx, r, visit)
		return err
	})
	return v, err
}

func (p *program) verifyJournal(ctx context.Context, against comparison, args []string) error {
	auditor, err := p.auditor(against)
	if err != nil {
		return err
	}
	var visit func(store.Entry) error
	if auditor != nil {
		visit = auditor.Visit
	}
	v, err := p.recompute(ctx, visit, args)
	if err == nil && auditor != nil {
		err = auditor.Done()
	}
	out := verification{Valid: err == nil, Entries: v.Entries, Erased: v.Erased, Root: fmt.Sprintf("%x", v.Root)}
	if err != nil {
		out.Reason = err.Error()
		if !errors.As(err, &out.Fault) && problem.KindOf(err) != problem.Invalid {
			return err
		}
	}
	switch {
	case p.JSON:
		if err := p.Print(out); err != nil {
			return err
		}
	case out.Valid:
		fmt.Fprintf(p.Out, "the journal verifies: %d entries, root %s\n", out.Entries, out.Root)
	case out.Fault != nil:
		fmt.Fprintf(p.Out, "the journal does NOT verify: first bad entry %d: %s\n", out.Fault.Seq, out.Fault.Detail)
	default:
		fmt.Fprintf(p.Out, "the journal does NOT verify: %s\n", out.Reason)
	}
	if !out.Valid {
		return terminal.Exit{Code: terminal.Negative}
	}
	return nil
}

func (p *program) withLedger(ctx context.Context, fn func(ledger.Ledger) error) error {
	db, c, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	key, err := ledger.OpenKey(c.KeyFile, app.Origin(c))
	if err != nil {
		return err
	}
	return fn(ledger.Ledger{DB: db, Key: key})
}

func (p *program) prove(ctx context.Context, entry string) error {
	n, err := strconv.ParseInt(entry, 10, 64)
	if err != nil || n < 1 {
		return terminal.Misused("ENTRY must be the number of a journal entry, got %q", entry)
	}
	return p.withLedger(ctx, func(l ledger.Ledger) error {
		proof, err := l.Prove(ctx, n)
		if err != nil {
			return err
		}
		return p.Print(proof)
	})
}

func (p *program) verifyProof(file, verifier string) error {
	body, err := terminal.ReadFile(file, 16<<20)
	if err != nil {
		return err
	}
	proof, err := ledger.ParseProof(body)
	if err != nil {
		return err
	}
	e, err := ledger.VerifyProof(proof, verifier)
	if err != nil {
		return err
	}
	if p.JSON {
		return p.Print(map[string]any{"valid": true, "entry": e.Seq, "at": e.At, "kind": e.Kind, "actor": e.ActorName, "subject": e.Subject})
	}
	_, err = fmt.Fprintf(p.Out, "entry %d is in the journal: %s, %s by %s on %s\n", e.Seq, e.At.Format("2006-01-02 15:04:05 UTC"), e.Kind, e.ActorName, e.Subject)
	return err
}

func (p *program) backup() *cobra.Command {
	return &cobra.Command{Use: "backup FILE", Short: "Save the whole database to a file, also while the server runs", Args: terminal.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			db, conf, err := p.open(ctx)
			if err != nil {
				return err
			}
			defer db.Close()
			blobs, err := blob.Open(ctx, conf.Blobs)
			if err != nil {
				return err
			}
			m, err := writeBackup(ctx, db, blobs, args[0])
			if err != nil {
				return err
			}
			if m.Journal.Fault != nil {
				fmt.Fprintf(p.Err, "warning: the journal does NOT verify: %v; the backup was made all the same and says so\n", m.Journal.Fault)
			}
			if p.JSON {
				return p.Print(m)
			}
			_, err = fmt.Fprintf(p.Out, "saved %d journal entries, root %s, to %s\n", m.Journal.Entries, m.Journal.Root, args[0])
			return err
		}}
}

// writeBackup writes beside the target and renames, so that a broken run never looks like a backup.
func writeBackup(ctx context.Context, db *store.DB, blobs *blob.Store, file string) (store.Manifest, error) {
	if _, err := os.Stat(file); err == nil {
		return store.Manifest{}, problem.New(problem.Conflict, "%s is there already", file)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".triward-backup-*")
	if err != nil {
		return store.Manifest{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	m, err := store.Backup(ctx, db, f, store.BackupOptions{Blobs: app.BackupBlobs(ctx, blobs)})
	if err != nil {
		return m, err
	}
	if err := f.Sync(); err != nil {
		return m, err
	}
	return m, os.Rename(f.Name(), file)
}

func (p *program) restore() *cobra.Command {
	var known int64
	c := &cobra.Command{Use: "restore FILE", Short: "Load a backup into an empty database", Args: terminal.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			conf, err := p.load()
			if err != nil {
				return err
			}
			db, err := store.Open(ctx, conf.Database, store.Options{})
			if err != nil {
				return err
			}
			defer db.Close()
			blobs, err := blob.Open(ctx, conf.Blobs)
			if err != nil {
				return err
			}
			m, err := store.Restore(ctx, db, args[0], store.RestoreOptions{PutBlob: app.RestoreBlob(blobs), KnownFault: known})
			if err != nil {
				return err
			}
			if err := app.CatchUp(ctx, db); err != nil {
				return err
			}
			if p.JSON {
				return p.Print(m)
			}
			_, err = fmt.Fprintf(p.Out, "restored %d journal entries, root %s; load the feeds again to see weaknesses\n", m.Journal.Entries, m.Journal.Root)
			return err
		}}
	c.Flags().Int64Var(&known, "known-fault", 0, "restore although this journal entry was bad when the backup was made")
	return c
}

func (p *program) rebuild() *cobra.Command {
	return &cobra.Command{Use: "rebuild", Short: "Make all derived tables again from records, journal and feeds", Args: terminal.Exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			db, _, err := p.open(c.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			if err := app.Rebuild(c.Context(), db); err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.Out, "rebuilt")
			return err
		}}
}
