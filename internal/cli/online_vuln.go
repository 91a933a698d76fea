package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/problem"
)

func (r *remote) feed() *cobra.Command {
	return r.group("feed", "Sources of published weaknesses", r.feedList(), r.feedShow(), r.feedAdd(), r.feedChange(), r.feedRun(),
		r.leaf("remove FEED", "End a feed; what it brought stays", func(ctx context.Context, c *client.Client, args []string) error {
			id, err := feedID(ctx, c, args[0])
			if err != nil {
				return err
			}
			if err := c.RemoveFeed(ctx, id); err != nil {
				return err
			}
			return r.done("removed %s", id)
		}))
}

func (r *remote) feedList() *cobra.Command {
	return r.leaf("list", "List feeds and how their last runs went", func(ctx context.Context, c *client.Client, _ []string) error {
		l, err := c.Feeds(ctx)
		if err != nil {
			return err
		}
		return r.show(l, func() error {
			return rows(r.program, l.Items, "NAME KIND LAST NEXT RECORDS NEW FAULTS STATE ID", func(f apiv1.Feed) []any {
				return []any{f.Name, f.Kind, f.State.Succeeded, f.State.NextRun, f.State.Records, f.State.Fresh, f.State.Faults, feedState(f), f.ID}
			})
		})
	})
}

func feedState(f apiv1.Feed) string {
	switch {
	case f.State.Running:
		return "running"
	case f.State.Error != "":
		return "failed: " + f.State.Error
	case !f.Enabled:
		return "off"
	case f.State.Ended.IsZero():
		return "never ran"
	}
	return "ok"
}

// feedID is the id of a feed that is named by its id or its name.
func feedID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "fed_") {
		return name, nil
	}
	l, err := c.Feeds(ctx)
	if err != nil {
		return "", err
	}
	for _, f := range l.Items {
		if strings.EqualFold(f.Name, name) {
			return f.ID, nil
		}
	}
	return "", problem.New(problem.NotFound, "there is no feed %q", name)
}

func (r *remote) feedAdd() *cobra.Command {
	in := apiv1.NewFeed{FeedInput: apiv1.FeedInput{Enabled: true}}
	var every time.Duration
	c := r.leaf("add NAME KIND URL", "Add a feed: csaf, csaf_provider, kev, epss, osv, cve or nvd; URL is https://… or file:/path on the server",
		func(ctx context.Context, c *client.Client, args []string) error {
			in.Name, in.Kind, in.URL, in.EveryMinutes = args[0], args[1], args[2], int(every.Minutes())
			m, err := c.AddFeed(ctx, in)
			if err != nil {
				return err
			}
			return r.made(m)
		})
	c.Flags().DurationVar(&every, "every", 24*time.Hour, "how often it is loaded; 0: only by hand")
	return c
}

func (r *remote) feedRun() *cobra.Command {
	var noWait bool
	c := r.leaf("run FEED", "Load a feed now", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := feedID(ctx, c, args[0])
		if err != nil {
			return err
		}
		before, err := c.Feed(ctx, id)
		if err != nil {
			return err
		}
		if err := c.RunFeed(ctx, id); err != nil {
			return err
		}
		f := before
		for !noWait && !f.State.Ended.After(before.State.Ended) {
			if err := pause(ctx, 300*time.Millisecond); err != nil {
				return err
			}
			if f, err = c.Feed(ctx, id); err != nil {
				return err
			}
		}
		err = r.show(f, func() error {
			_, err := fmt.Fprintf(r.out, "%s: %s, %d records, %d new, %d faults\n", f.Name, feedState(f), f.State.Records, f.State.Fresh, f.State.Faults)
			return err
		})
		if err == nil && f.State.Error != "" && !noWait {
			return exit{exitNegative}
		}
		return err
	})
	c.Flags().BoolVar(&noWait, "no-wait", false, "return when the run has begun")
	return c
}

// onlineAdvisory are the commands about advisories that need a server.
func (p *program) onlineAdvisory() []*cobra.Command {
	r := &remote{program: p}
	var q apiv1.AdvisoryQuery
	var g paging
	list := g.flags(r.leaf("list", "List the advisories of a server", func(ctx context.Context, c *client.Client, _ []string) error {
		page, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.AdvisoryItem], error) {
			q.Cursor = cur
			return c.Advisories(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(p, page, "KEY MODIFIED PUBLISHER TITLE", func(a apiv1.AdvisoryItem) []any { return []any{a.Key, a.Modified, a.Publisher, a.Title} })
	}))
	list.Flags().StringVar(&q.Source, "source", "", "csaf, cve, nvd or osv")
	list.Flags().StringVarP(&q.Text, "query", "q", "", "in the id or the title")
	var raw bool
	show := r.leaf("show KEY", "Show an advisory, by its key (csaf/ICSMA-…)", func(ctx context.Context, c *client.Client, args []string) error {
		source, id, ok := strings.Cut(args[0], "/")
		if !ok {
			return usage{fmt.Errorf("KEY is source/id, such as csaf/ICSMA-20-001-01, not %q", args[0])}
		}
		if raw {
			return c.AdvisoryRaw(ctx, source, id, p.out)
		}
		a, err := c.Advisory(ctx, source, id)
		if err != nil {
			return err
		}
		return p.show(a, func() error {
			if err := p.fields("key", a.Key, "title", a.Title, "publisher", a.Publisher, "revision", a.Revision, "published", a.Published, "modified", a.Modified, "address", a.URL,
				"sha256", a.Hash); err != nil {
				return err
			}
			fmt.Fprintln(p.out)
			return rows(p, a.Vulnerabilities, "VULNERABILITY TITLE", func(t apiv1.Told) []any { return []any{t.Vulnerability, t.Title} })
		})
	})
	show.Flags().BoolVar(&raw, "raw", false, "print the document as it was received")
	all := []*cobra.Command{list, show, r.advisoryMatches()}
	for _, c := range all {
		r.flags(c)
	}
	return all
}

func (r *remote) vuln() *cobra.Command {
	var q apiv1.VulnQuery
	var g paging
	list := g.flags(r.leaf("list", "List the vulnerabilities of the fleet, the worst first", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.VulnItem], error) {
			q.Cursor = cur
			return c.Vulnerabilities(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "VULNERABILITY HARM EXPLOIT KEV EPSS AFFECTED UNKNOWN UNCONTROLLED TITLE", func(v apiv1.VulnItem) []any {
			return []any{v.ID, v.Harm, v.Exploitability, v.KEV, v.EPSS, v.Affected, v.Unknown, v.Uncontrolled, v.Title}
		})
	}))
	list.Flags().StringVar(&q.KEV, "kev", "", "yes or no")
	list.Flags().StringVar(&q.Class, "class", "", "controlled or uncontrolled")
	return r.group("vuln", "What is weak", list, r.vulnShow(), r.vulnMatches())
}

func (r *remote) vulnShow() *cobra.Command {
	return r.leaf("show ID", "Show what all sources say of a vulnerability, by any of its ids", func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Vulnerability(ctx, args[0])
		if err != nil {
			return err
		}
		return r.show(v, func() error {
			epss := ""
			if v.EPSS != nil {
				epss = fmt.Sprintf("%.3f (percentile %.3f, %s)", v.EPSS.Score, v.EPSS.Percentile, v.EPSS.Day)
			}
			if err := r.fields("id", v.ID, "aliases", strings.Join(v.Aliases, ", "), "title", v.Title, "published", v.Published, "CWE", strings.Join(v.CWEs, ", "),
				"EPSS", epss, "fix known", v.FixKnown); err != nil {
				return err
			}
			for _, e := range v.Exploited {
				fmt.Fprintf(r.out, "exploited: says %s since %s\n", plainText(e.By), e.Added)
			}
			for _, s := range v.Scores {
				fmt.Fprintf(r.out, "score: %s %.1f by %s\n", plainText(s.Vector), s.Base, plainText(s.By))
			}
			for _, s := range v.Sources {
				fmt.Fprintf(r.out, "source: %s %s\n", plainText(s.Key), plainText(s.Title))
			}
			for _, s := range v.Verdicts {
				fmt.Fprintf(r.out, "verdict: %s on %s (%s)\n", s.Status, s.Model, s.State)
			}
			if v.Text != "" {
				fmt.Fprintf(r.out, "\n%s\n", plainText(v.Text))
			}
			return nil
		})
	})
}

func (r *remote) vulnMatches() *cobra.Command {
	return r.foundList("matches ID", "Show the answers about a vulnerability, with what proves them",
		func(ctx context.Context, c *client.Client, id string, cur apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error) {
			return c.VulnerabilityMatches(ctx, id, cur)
		})
}

func (r *remote) verdict() *cobra.Command {
	var reason string
	withdraw := reasonFlag(r.leaf("withdraw VERDICT", "Take a verdict back", func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.WithdrawVerdict(ctx, args[0], apiv1.Reason{Reason: reason}); err != nil {
			return err
		}
		return r.done("withdrew %s", args[0])
	}), &reason)
	return r.group("verdict", "What is said of a vulnerability in a product", r.verdictList(), r.verdictShow(), r.verdictAdd(), withdraw, r.verdictImport(), r.verdictExport())
}

func (r *remote) verdictList() *cobra.Command {
	var q apiv1.VerdictQuery
	var g paging
	c := r.leaf("list", "List verdicts, the newest first", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Verdict], error) {
			q.Cursor = cur
			return c.Verdicts(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "VULNERABILITY MODEL VERSIONS STATUS STATE AUTHOR AT ID", func(v apiv1.Verdict) []any {
			versions := v.Versions
			if len(v.Releases) > 0 {
				versions = fmt.Sprintf("%d releases", len(v.Releases))
			}
			return []any{v.Vulnerability, v.Model, versions, v.Status, v.State, v.Author, v.At, v.ID}
		})
	})
	c.Flags().StringVar(&q.Vulnerability, "vulnerability", "", "any of its ids")
	c.Flags().StringVar(&q.Model, "model", "", "model id")
	c.Flags().StringVar(&q.State, "state", "", "active, reopened, withdrawn or replaced")
	return g.flags(c)
}

func (r *remote) verdictAdd() *cobra.Command {
	var in apiv1.VerdictInput
	c := r.leaf("add VULNERABILITY MODEL STATUS", "Record a verdict: not_affected, affected, fixed or under_investigation", func(ctx context.Context, c *client.Client, args []string) error {
		in.Vulnerability, in.Model, in.Status = args[0], args[1], args[2]
		m, err := c.RecordVerdict(ctx, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	c.Flags().StringSliceVar(&in.Releases, "release", nil, "release ids; none and no --versions: every release")
	c.Flags().StringVar(&in.Versions, "versions", "", "a version range, such as \"< 2.0\"")
	c.Flags().StringVar(&in.Justification, "justification", "", "of OpenVEX, for not_affected")
	c.Flags().StringVar(&in.Action, "action", "", "what to do when affected")
	return reasonFlag(c, &in.Reason)
}

func (r *remote) verdictImport() *cobra.Command {
	return r.leaf("import FILE", "Import a VEX document (OpenVEX or CSAF) as verdicts", func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.openFile(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		v, err := c.ImportVEX(ctx, apiv1.Upload{Name: filepath.Base(args[0])}, f)
		if err != nil {
			return err
		}
		return r.show(v, func() error {
			fmt.Fprintf(r.out, "%s: %d verdicts recorded, %d the same, %d statements not taken\n", plainText(v.Document), len(v.Recorded), v.Same, len(v.Unknown))
			for _, u := range v.Unknown {
				fmt.Fprintf(r.out, "not taken: %s in %s: %s\n", plainText(u.Vulnerability), plainText(u.Product), plainText(u.Reason))
			}
			return nil
		})
	})
}

func (r *remote) verdictExport() *cobra.Command {
	var q apiv1.VEXQuery
	var file string
	c := r.leaf("export MODEL", "Write the verdicts on a model as a VEX document", func(ctx context.Context, c *client.Client, args []string) error {
		return r.saveTo(file, func(w io.Writer) error { return c.ExportVEX(ctx, args[0], q, w) })
	})
	c.Flags().StringVar(&q.Format, "format", "openvex", "openvex or csaf")
	c.Flags().StringVar(&q.Publisher, "publisher", "", "who issues it; absent: the manufacturer")
	c.Flags().StringVar(&q.Namespace, "namespace", "", "a URI under the publisher's control")
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return c
}
