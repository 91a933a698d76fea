package online

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
	"triward/internal/cli/terminal"
)

func (r *Remote) feed() *cobra.Command {
	list := r.line("list", "List feeds and how their last runs went").shows("STATE", func(f any) any { return feedState(f) })
	return r.group("feed", "Sources of published weaknesses",
		whole(list, "NAME KIND LAST:state.succeeded NEXT:state.next_run RECORDS:state.records NEW:state.fresh FAULTS:state.faults STATE ID", (*client.Client).Feeds),
		show(r.line("show FEED", "Show a feed"), (*client.Client).Feed),
		r.addFeed(), r.changeFeed(), r.runFeed(),
		r.line("remove FEED", "End a feed; what it brought stays").act("removed", (*client.Client).RemoveFeed))
}

func feedState(feed any) string {
	f, _ := feed.(apiv1.Feed)
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

func (r *Remote) addFeed() *cobra.Command {
	var every time.Duration
	c := add(r.line("add NAME KIND URL", "Add a feed: csaf, csaf_provider, kev, epss, osv, cve or nvd; URL is https://… or file:/path on the server").
		calls("every_minutes", "", "enabled", "").fills(func(in any) {
		f, _ := in.(*apiv1.NewFeed)
		f.Enabled, f.EveryMinutes = true, int(every.Minutes())
	}), (*client.Client).AddFeed)
	c.Flags().DurationVar(&every, "every", 24*time.Hour, "how often it is loaded; 0: only by hand")
	return c
}

func (r *Remote) changeFeed() *cobra.Command {
	var every time.Duration
	timed := func() bool { return false }
	c := change(r.line("change FEED", "Change a feed").calls("every_minutes", "").fills(func(in any) {
		if f, ok := in.(*apiv1.FeedInput); ok && timed() {
			f.EveryMinutes = int(every.Minutes())
		}
	}), (*client.Client).Feed, (*client.Client).ChangeFeed)
	c.Flags().DurationVar(&every, "every", 0, "how often it is loaded; 0: only by hand")
	timed = func() bool { return c.Flags().Changed("every") }
	return c
}

func (r *Remote) runFeed() *cobra.Command {
	var noWait bool
	c := r.line("run FEED", "Load a feed now").does(func(ctx context.Context, c *client.Client, args []string) error {
		before, err := c.Feed(ctx, args[0])
		if err != nil {
			return err
		}
		if err := c.RunFeed(ctx, args[0]); err != nil {
			return err
		}
		f := before
		for !noWait && !f.State.Ended.After(before.State.Ended) {
			if err := pause(ctx, 300*time.Millisecond); err != nil {
				return err
			}
			if f, err = c.Feed(ctx, args[0]); err != nil {
				return err
			}
		}
		err = r.Show(f, func() error {
			r.printf("%s: %s, %d records, %d new, %d faults\n", f.Name, feedState(f), f.State.Records, f.State.Fresh, f.State.Faults)
			return nil
		})
		if err == nil && f.State.Error != "" && !noWait {
			return terminal.Exit{Code: terminal.Negative}
		}
		return err
	})
	c.Flags().BoolVar(&noWait, "no-wait", false, "return when the run has begun")
	return c
}

const matchColumns = "TRUTH DEVICES RELEASES VULNERABILITY RECORD SETTLES SAYS:proof.says"

// advisory are the commands about advisories that need a server.
func (r *Remote) advisory() []*cobra.Command {
	var raw bool
	document := r.line("show KEY", "Show an advisory, by its key (csaf/ICSMA-…)").does(func(ctx context.Context, c *client.Client, args []string) error {
		source, id, err := cutKey(args[0])
		if err != nil {
			return err
		}
		if raw {
			return c.AdvisoryRaw(ctx, source, id, r.Out)
		}
		a, err := c.Advisory(ctx, source, id)
		if err != nil {
			return err
		}
		return r.Show(a, func() error {
			if err := r.Fields("key", a.Key, "title", a.Title, "publisher", a.Publisher, "revision", a.Revision, "published", a.Published, "modified", a.Modified, "address", a.URL,
				"sha256", a.Hash); err != nil {
				return err
			}
			r.printf("\n")
			return r.table(columnsOf[apiv1.Told](r.line("show", ""), "VULNERABILITY TITLE"), a.Vulnerabilities)
		})
	})
	document.Flags().BoolVar(&raw, "raw", false, "print the document as it was received")
	return []*cobra.Command{document,
		pages(r.line("list", "List the advisories of a server"), "KEY MODIFIED PUBLISHER TITLE", (*client.Client).Advisories),
		pagesOf(r.line("matches KEY", "Show the answers that rest on an advisory, with what proves them"), matchColumns,
			func(c *client.Client, ctx context.Context, key string, cur apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error) {
				source, id, err := cutKey(key)
				if err != nil {
					return apiv1.Page[apiv1.FoundMatch]{}, err
				}
				return c.AdvisoryMatches(ctx, source, id, cur)
			})}
}

func cutKey(key string) (source, id string, err error) {
	source, id, ok := strings.Cut(key, "/")
	if !ok {
		return "", "", terminal.Misused("KEY is source/id, such as csaf/ICSMA-20-001-01, not %q", key)
	}
	return source, id, nil
}

func (r *Remote) vuln() *cobra.Command {
	return r.group("vuln", "What is weak",
		pages(r.line("list", "List the vulnerabilities of the fleet, the worst first"),
			"VULNERABILITY:id HARM EXPLOIT:exploitability KEV EPSS AFFECTED UNKNOWN UNCONTROLLED TITLE", (*client.Client).Vulnerabilities),
		pagesOf(r.line("matches ID", "Show the answers about a vulnerability, with what proves them"), matchColumns, (*client.Client).VulnerabilityMatches),
		r.showVulnerability())
}

func (r *Remote) showVulnerability() *cobra.Command {
	return r.line("show ID", "Show what all sources say of a vulnerability, by any of its ids").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Vulnerability(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			epss := ""
			if v.EPSS != nil {
				epss = fmt.Sprintf("%.3f (percentile %.3f, %s)", v.EPSS.Score, v.EPSS.Percentile, v.EPSS.Day)
			}
			if err := r.Fields("id", v.ID, "aliases", strings.Join(v.Aliases, ", "), "title", v.Title, "published", v.Published, "CWE", strings.Join(v.CWEs, ", "),
				"EPSS", epss, "fix known", v.FixKnown); err != nil {
				return err
			}
			for _, e := range v.Exploited {
				r.printf("exploited: says %s since %s\n", terminal.Text(e.By), e.Added)
			}
			for _, s := range v.Scores {
				r.printf("score: %s %.1f by %s\n", terminal.Text(s.Vector), s.Base, terminal.Text(s.By))
			}
			for _, s := range v.Sources {
				r.printf("source: %s %s\n", terminal.Text(s.Key), terminal.Text(s.Title))
			}
			for _, s := range v.Verdicts {
				r.printf("verdict: %s on %s (%s)\n", s.Status, s.Model, s.State)
			}
			if v.Text != "" {
				r.printf("\n%s\n", terminal.Text(v.Text))
			}
			return nil
		})
	})
}

func (r *Remote) verdict() *cobra.Command {
	list := r.line("list", "List verdicts, the newest first").shows("VERSIONS", func(item any) any {
		v, _ := item.(apiv1.Verdict)
		if len(v.Releases) > 0 {
			return fmt.Sprintf("%d releases", len(v.Releases))
		}
		return v.Versions
	})
	return r.group("verdict", "What is said of a vulnerability in a product",
		pages(list, "VULNERABILITY MODEL VERSIONS STATUS STATE AUTHOR AT ID", (*client.Client).Verdicts),
		show(r.line("show VERDICT", "Show a verdict"), (*client.Client).Verdict),
		needs(add(r.line("add VULNERABILITY MODEL STATUS", "Record a verdict: not_affected, affected, fixed or under_investigation").calls("releases", "release"),
			(*client.Client).RecordVerdict), "reason"),
		r.line("withdraw VERDICT", "Take a verdict back").because("withdrew", (*client.Client).WithdrawVerdict),
		r.importVEX(), r.exportVEX())
}

func (r *Remote) importVEX() *cobra.Command {
	return r.line("import FILE", "Import a VEX document (OpenVEX or CSAF) as verdicts").does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		v, err := c.ImportVEX(ctx, apiv1.Upload{Name: filepath.Base(args[0])}, f)
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			r.printf("%s: %d verdicts recorded, %d the same, %d statements not taken\n", terminal.Text(v.Document), len(v.Recorded), v.Same, len(v.Unknown))
			for _, u := range v.Unknown {
				r.printf("not taken: %s in %s: %s\n", terminal.Text(u.Vulnerability), terminal.Text(u.Product), terminal.Text(u.Reason))
			}
			return nil
		})
	})
}

func (r *Remote) exportVEX() *cobra.Command {
	var q apiv1.VEXQuery
	l := r.line("export MODEL", "Write the verdicts on a model as a VEX document")
	c := l.download(func(c *client.Client, ctx context.Context, id string, w io.Writer) error {
		return c.ExportVEX(ctx, id, q, w)
	})
	l.bindTo(c, &q)
	return c
}
