package online

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) clause() *cobra.Command {
	return r.group("clause", "Clauses of laws, standards and guidance, and what meets them",
		r.clauseSets(), r.coverage(), r.chooseSet(r.line("on SET", "Work with a clause set"), apiv1.ClauseSetChoice{On: true}), r.chooseSet(r.line("off SET", "Turn a clause set off"), apiv1.ClauseSetChoice{}), r.confirmMapping(),
		r.editions(), r.openEditionChanges())
}

func (r *Remote) clauseSets() *cobra.Command {
	var q apiv1.CoverageQuery
	l := r.line("sets", "List clause sets and how they are met")
	shown := columnsOf[apiv1.ClauseSet](l, "ID EDITION STATUS ON CLAUSES COVERS EVIDENCE")
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		v, err := c.ClauseSets(ctx, q)
		if err != nil {
			return err
		}
		return l.Show(v, func() error { return l.table(shown, v.Items) })
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) coverage() *cobra.Command {
	var q apiv1.CoverageQuery
	l := r.line("coverage SET", "Show how a clause set is met, clause by clause")
	shown := columnsOf[apiv1.ClauseCover](l, "REF COVER EVIDENCE TITLE")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.ClauseCoverage(ctx, args[0], q)
		if err != nil {
			return err
		}
		return l.Show(v, func() error { return l.table(shown, v.Items) })
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) chooseSet(l line, in apiv1.ClauseSetChoice) *cobra.Command {
	return reasonFlag(l.act("chose", func(c *client.Client, ctx context.Context, set string) error {
		return c.ChooseClauseSet(ctx, set, in)
	}), &in.Reason)
}

func (r *Remote) confirmMapping() *cobra.Command {
	return addTo(r.line("confirm SET REF CODE", "Confirm that a document satisfies a clause"), (*client.Client).ConfirmMapping)
}

func (r *Remote) evidence() *cobra.Command {
	return r.group("evidence", "What shows that clauses are lived, and the evidence of incidents with its custody",
		append(append(r.items(), r.captures()...), whole(r.line("list", "List evidence queries and what they say now"), "ID STATE HOLDING FAILING UNCLEAR EVIDENCE-OF:evidence_of TITLE", (*client.Client).Evidence),
			r.replay(),
			show(r.line("evaluate QUERY", "Ask a query now and seal the result in the journal"), (*client.Client).EvaluateEvidence))...)
}

func (r *Remote) replay() *cobra.Command {
	var at string
	l := r.line("show QUERY", "Show what a query finds, now or as of a past instant, with its rows")
	shown := columnsOf[apiv1.EvidenceRow](l, "STATE ID WHY")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		var q apiv1.EvidenceQuery
		if at != "" {
			var err error
			if q.At, err = time.Parse(time.RFC3339, at); err != nil {
				return terminal.Misused("--at must be an instant like 2026-11-23T09:00:00Z")
			}
		}
		v, err := c.ReplayEvidence(ctx, args[0], q)
		if err != nil {
			return err
		}
		return l.Show(v, func() error {
			r.printf("%s as of %s, journal entry %d, rows %s\n", v.State, terminal.Text(v.AsOf), v.Head, v.Digest)
			return l.table(shown, v.Rows)
		})
	})
	c.Flags().StringVar(&at, "at", "", "instant, as 2026-11-23T09:00:00Z; absent: now")
	return c
}

func (r *Remote) inquiry() *cobra.Command {
	return r.group("inquiry", "What authorities and auditors ask, and what answers them",
		whole(r.line("list", "List inquiries"), "ID STATE DUE AUTHORITY TITLE", (*client.Client).Inquiries),
		r.openInquiry(), show(r.line("show INQUIRY", "Show an inquiry with its requests"), (*client.Client).Inquiry),
		addTo(r.line("bind INQUIRY LINE KIND TARGET", "Bind a document, record, list or evidence to a request"), (*client.Client).BindAnswer),
		r.answerRequest(),
		r.line("close INQUIRY", "Close an inquiry").because("closed", (*client.Client).CloseInquiry),
		r.redaction(), r.visitor(), wholeOf(r.line("looks INQUIRY", "List who from outside looked at what, and who took bundles"), "AT NAME KIND WHAT", (*client.Client).InquiryLooks))
}

// twiceBecause is a command that does something with a part of what its first argument names, for a reason.
func (r *Remote) twiceBecause(l line, did string, do func(*client.Client, context.Context, string, string, apiv1.Reason) error) *cobra.Command {
	var why apiv1.Reason
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := do(c, ctx, args[0], args[1], why); err != nil {
			return err
		}
		return r.Done("%s %s", did, args[1])
	})
	return reasonFlag(c, &why.Reason)
}

func (r *Remote) redaction() *cobra.Command {
	return r.below("redaction", "What bundles of an inquiry do not show",
		wholeOf(r.line("list INQUIRY", "List what bundles do not show"), "ID PATH AT REASON AUTHOR MADE", (*client.Client).Redactions),
		needs(addTo(r.line("add INQUIRY PATH", "Keep a file of the bundle, or with --at a part of it, out of bundles"), (*client.Client).Redact), "reason"),
		r.twiceBecause(r.line("restore INQUIRY REDACTION", "Show a removed part again"), "restored", (*client.Client).RestoreRedaction),
		r.reveal())
}

func (r *Remote) reveal() *cobra.Command {
	var in apiv1.RevealInput
	l := r.line("reveal INQUIRY PATH", "Print what was removed from a bundle, with its proof, as JSON; this is recorded").calls("path", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Path = args[1]
		v, err := c.RevealRedaction(ctx, args[0], in)
		if err != nil {
			return err
		}
		return r.Show(v, func() error { return r.answer(v) })
	})
	l.bindTo(c, &in)
	return needs(c, "reason")
}

func (r *Remote) visitor() *cobra.Command {
	return r.below("visitor", "People from outside who may look at an inquiry",
		wholeOf(r.line("list INQUIRY", "List who was admitted"), "NAME ORGANISATION LIVE UNTIL DISMISSED ACCOUNT", (*client.Client).InquiryVisitors),
		r.admit(), r.twiceBecause(r.line("dismiss INQUIRY ACCOUNT", "End a visit at once"), "dismissed", (*client.Client).DismissVisitor))
}

func (r *Remote) admit() *cobra.Command {
	in := apiv1.AdmissionInput{}
	var until string
	c := r.line("admit INQUIRY ACCOUNT", "Let somebody from outside look at one inquiry for a time").does(func(ctx context.Context, c *client.Client, args []string) error {
		var err error
		if in.Until, err = time.Parse(time.RFC3339, until); err != nil {
			return terminal.Misused("--until must be an instant like 2026-11-23T09:00:00Z")
		}
		in.Account = args[1]
		if err := c.AdmitVisitor(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("admitted %s", args[1])
	})
	c.Flags().StringVar(&in.Organisation, "organisation", "", "whom the person works for (needed)")
	c.Flags().StringVar(&until, "until", "", "instant at which the visit ends, at most 90 days from now (needed)")
	return needs(c, "organisation", "until")
}

func (r *Remote) editions() *cobra.Command {
	return r.line("compare NEW OLD", "Show what changed between two editions of a clause set, and which documents that touches").does(func(ctx context.Context, c *client.Client, args []string) error {
		d, err := c.CompareEditions(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		return r.Show(d, func() error {
			for _, x := range d.Added {
				r.printf("added    %s %s\n", terminal.Text(x.Ref), terminal.Text(x.Title))
			}
			for _, x := range d.Removed {
				r.printf("removed  %s %s\n", terminal.Text(x.Ref), terminal.Text(x.Title))
			}
			for _, x := range d.Renamed {
				r.printf("changed  %s %s: now %s %s %s\n", terminal.Text(x.Old.Ref), terminal.Text(x.Old.Title), terminal.Text(x.New.Ref), terminal.Text(x.New.Title), terminal.Text(x.Change))
			}
			for _, x := range d.Touched {
				r.printf("touches  %s %s (%s)\n", terminal.Text(x.Code), terminal.Text(x.Title), terminal.Text(strings.Join(x.Clauses, "; ")))
			}
			return nil
		})
	})
}

func (r *Remote) openEditionChanges() *cobra.Command {
	return r.line("open-changes NEW OLD", "Open a change request for each document that a new edition touches").does(func(ctx context.Context, c *client.Client, args []string) error {
		made, err := c.OpenEditionChanges(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		return r.Show(made, func() error {
			for _, m := range made.Items {
				if err := r.say(m.ID); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (r *Remote) trail() *cobra.Command {
	return r.group("trail", "Reviews of the audit trail (they are signed on the web pages)",
		whole(r.line("list", "List the reviews, the newest first"), "FIRST LAST PLANNED DUE VERDICT SIGNED-BY ID", (*client.Client).TrailReviews),
		show(r.line("show REVIEW", "Show a review with what its part of the trail holds"), (*client.Client).TrailReview))
}

func (r *Remote) openInquiry() *cobra.Command {
	var in apiv1.InquiryInput
	var due, asOf string
	l := r.line("open FILE", "Open an inquiry with the request list in a text file, one request on a line")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		text, err := readRequests(args[0])
		if err != nil {
			return err
		}
		in.Requests = text
		for _, f := range []struct {
			name, text string
			to         *time.Time
		}{{"due", due, &in.Due}, {"as-of", asOf, &in.AsOf}} {
			if f.text == "" {
				continue
			}
			if *f.to, err = time.Parse(time.RFC3339, f.text); err != nil {
				return terminal.Misused("--%s must be an instant like 2026-11-23T09:00:00Z", f.name)
			}
		}
		m, err := c.OpenInquiry(ctx, in)
		if err != nil {
			return err
		}
		return l.Show(m, func() error { return l.say(m.ID) })
	})
	c.Flags().StringVar(&in.Title, "title", "", "title (needed)")
	c.Flags().StringVar(&in.Authority, "authority", "", "who asks (needed)")
	c.Flags().StringVar(&in.Reference, "reference", "", "their reference")
	c.Flags().StringVar(&due, "due", "", "to be answered until this instant")
	c.Flags().StringVar(&asOf, "as-of", "", "show records as of this instant; absent: as they are when a bundle is built")
	return needs(c, "title", "authority")
}

// maxRequests bounds a request list, in bytes.
const maxRequests = 1_000_000

func readRequests(name string) (string, error) {
	if name != "-" {
		text, err := terminal.ReadFile(name, maxRequests)
		return string(text), err
	}
	text, err := io.ReadAll(io.LimitReader(os.Stdin, maxRequests+1))
	return string(text), err
}

func (r *Remote) answerRequest() *cobra.Command {
	var in apiv1.AnswerInput
	c := r.line("answer INQUIRY", "Answer a request in words").act("answered", func(c *client.Client, ctx context.Context, inquiry string) error {
		return c.AnswerRequest(ctx, inquiry, in)
	})
	c.Flags().IntVar(&in.Line, "line", 0, "number of the request (needed)")
	c.Flags().StringVar(&in.Answer, "text", "", "the answer (needed)")
	return needs(c, "line", "text")
}

// bundle are the commands of bundles that need a server.
func (r *Remote) bundle() []*cobra.Command {
	return []*cobra.Command{
		show(r.line("build INQUIRY", "Build the bundle that answers an inquiry"), (*client.Client).BuildBundle),
		wholeOf(r.line("list INQUIRY", "List the bundles of an inquiry"), "ID AT RECORDS FILES SIZE SHA256 AUTHOR", (*client.Client).Bundles),
		r.line("fetch INQUIRY", "Write the newest bundle of an inquiry; who takes it is recorded").download((*client.Client).FetchBundle),
	}
}
