package online

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) clause() *cobra.Command {
	return r.group("clause", "Clauses of laws, standards and guidance, and what meets them",
		r.clauseSets(), r.coverage(), r.chooseSet(r.line("on SET", "Work with a clause set"), apiv1.ClauseSetChoice{On: true}), r.chooseSet(r.line("off SET", "Turn a clause set off"), apiv1.ClauseSetChoice{}), r.confirmMapping())
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
		append(r.items(), whole(r.line("list", "List evidence queries and what they say now"), "ID STATE HOLDING FAILING UNCLEAR EVIDENCE-OF:evidence_of TITLE", (*client.Client).Evidence),
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
		r.line("close INQUIRY", "Close an inquiry").because("closed", (*client.Client).CloseInquiry))
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
