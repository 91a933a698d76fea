package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/problem"
)

func (r *remote) risk() *cobra.Command {
	var reason string
	closing := r.leaf("close DECISION", "Close a decision", func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.CloseDecision(ctx, args[0], apiv1.Reason{Reason: reason}); err != nil {
			return err
		}
		return r.done("closed %s", args[0])
	})
	closing.Flags().StringVar(&reason, "reason", "", "why; needed while devices are not verified")
	return r.group("risk", "What it can do to patients, and what is decided", append(r.riskMore(), r.riskList(), r.riskExplain(), r.riskOverview(), r.riskDecide(), r.riskDecisions(),
		r.riskProgress(), r.riskOrders(), closing, r.riskMetrics(), r.riskTable())...)
}

func (r *remote) riskList() *cobra.Command {
	var q apiv1.LineQuery
	var g paging
	c := r.leaf("list", "List devices and vulnerabilities, the worst first", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Line], error) {
			q.Cursor = cur
			return c.Lines(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "CLASS HARM EXPLOIT TRUTH KEV EPSS TAG MODEL WARD VULNERABILITY DECISION TITLE", func(l apiv1.Line) []any {
			return []any{l.Class, l.Harm, l.Exploitability, l.Truth, l.KEV, l.EPSS, l.AssetTag, l.ModelName, l.Ward, l.Vulnerability, l.Decision, l.Title}
		})
	})
	f := c.Flags()
	for name, to := range map[string]*string{"class": &q.Class, "truth": &q.Truth, "site": &q.Site, "ward": &q.Ward, "model": &q.Model, "device": &q.Device,
		"vulnerability": &q.Vulnerability, "kev": &q.KEV, "decided": &q.Decided} {
		f.StringVar(to, name, "", "only with this "+name)
	}
	f.StringSliceVar(&q.Harm, "harm", nil, "S1 to S5")
	return g.flags(c)
}

func (r *remote) riskExplain() *cobra.Command {
	return r.leaf("explain DEVICE VULNERABILITY", "Say why a line has its class", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		e, err := c.ExplainLine(ctx, id, args[1])
		if err != nil {
			return err
		}
		return r.show(e, func() error {
			fmt.Fprintf(r.out, "%s on %s: %s\n\n", plainText(e.Vulnerability), plainText(e.AssetTag), e.Class)
			fmt.Fprintf(r.out, "exploitability %s (%s)\n", e.Exploitability, e.ExploitabilityWord)
			r.derivation(e.WhyExploitability)
			fmt.Fprintf(r.out, "harm %s (%s)\n", e.Harm, e.HarmWord)
			r.derivation(e.WhyHarm)
			fmt.Fprintf(r.out, "class %s\n", e.Class)
			r.derivation([]apiv1.Derivation{e.WhyClass})
			for _, m := range e.Matches {
				fmt.Fprintf(r.out, "\n%s says %s", plainText(m.Record), m.Truth)
				if m.Settles != "" {
					fmt.Fprintf(r.out, "; it would be settled by: %s", plainText(m.Settles))
				}
				fmt.Fprintln(r.out)
				r.proof(m.Proof, "  ")
			}
			return nil
		})
	})
}

func (p *program) derivation(why []apiv1.Derivation) {
	for _, w := range why {
		fmt.Fprintf(p.out, "  %s -> %s", plainText(w.Fact), plainText(w.Effect))
		if w.Source != "" {
			fmt.Fprintf(p.out, " (%s)", plainText(w.Source))
		}
		fmt.Fprintln(p.out)
	}
}

func (p *program) proof(s apiv1.Proof, indent string) {
	fmt.Fprintf(p.out, "%s%s: %s\n", indent, s.Truth, plainText(s.Says))
	for _, c := range s.Children {
		p.proof(c, indent+"  ")
	}
}

func (r *remote) riskOverview() *cobra.Command {
	return r.leaf("overview", "The fleet at a glance", func(ctx context.Context, c *client.Client, _ []string) error {
		o, err := c.Overview(ctx)
		if err != nil {
			return err
		}
		return r.show(o, func() error {
			if err := r.fields("devices", o.Devices, "with an uncontrolled risk", o.UncontrolledDevices, "possibly affected only", o.UnknownDevices,
				"with a known exploited weakness", o.KEVDevices, "patients exposed", o.PatientsExposed, "uncontrolled lines", o.Uncontrolled,
				"overdue decisions", o.OverdueDecisions, "re-opened acceptances", o.Reopened); err != nil {
				return err
			}
			fmt.Fprintln(r.out)
			return rows(r.program, o.Sites, "SITE WARD DEVICES UNCONTROLLED PATIENTS", func(s apiv1.SiteRisk) []any {
				return []any{s.SiteName, s.Ward, s.Devices, s.Uncontrolled, s.Patients}
			})
		})
	})
}

func (r *remote) riskDecide() *cobra.Command {
	var in apiv1.DecisionInput
	var where apiv1.DecisionWhere
	var dry bool
	c := r.leaf("decide TREATMENT", "Decide: fix, mitigate, isolate, replace, retire, transfer or accept. Name the devices, or choose with --all and filters",
		func(ctx context.Context, c *client.Client, args []string) error {
			in.Treatment = args[0]
			for i, d := range in.Devices {
				id, err := deviceID(ctx, c, d)
				if err != nil {
					return err
				}
				in.Devices[i] = id
			}
			if len(in.Devices) == 0 {
				in.Where = &where
			}
			if !dry {
				m, err := c.Decide(ctx, in)
				if err != nil {
					return err
				}
				return r.made(m)
			}
			p, err := c.PreviewDecision(ctx, in)
			if err != nil {
				return err
			}
			return r.show(p, func() error {
				_, err := fmt.Fprintf(r.out, "%d devices would be covered, %d of them in use and %d not known to be; %d lines, %d of them decided already\n", p.Devices, p.InUse,
					p.Unknown, p.Lines, p.Decided)
				return err
			})
		})
	f := c.Flags()
	f.StringSliceVar(&in.Vulnerabilities, "vulnerability", nil, "any id; may be repeated (needed)")
	f.StringSliceVar(&in.Devices, "device", nil, "id or asset tag; may be repeated")
	f.StringVar(&where.Site, "site", "", "instead of --device: devices of a site")
	f.StringVar(&where.Ward, "ward", "", "instead of --device: devices of a ward")
	f.StringVar(&where.Model, "model", "", "instead of --device: devices of a model")
	f.StringVar(&where.Truth, "truth", "", "instead of --device: affected or unknown")
	f.StringVar(&where.Class, "class", "", "instead of --device: controlled or uncontrolled")
	f.StringVar(&in.Title, "title", "", "a name for it")
	f.StringVar(&in.Owner, "owner", "", "who sees to it (needed)")
	f.StringVar(&in.Due, "due", "", "day, as 2026-11-23")
	f.StringVar(&in.Controls, "controls", "", "compensating controls in place")
	f.StringVar(&in.AcceptedBy, "accepted-by", "", "who accepts the risk")
	f.StringVar(&in.AcceptedUntil, "accepted-until", "", "day, as 2026-11-23")
	f.BoolVar(&dry, "dry-run", false, "say what would be covered, and decide nothing")
	return reasonFlag(needs(c, "owner"), &in.Reason)
}

func (r *remote) riskDecisions() *cobra.Command {
	var q apiv1.DecisionQuery
	var g paging
	c := r.leaf("decisions", "List decisions and how far they are", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Decision], error) {
			q.Cursor = cur
			return c.Decisions(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "TREATMENT TITLE VULNERABILITIES OWNER DUE STATE FINISHED DEVICES ID", func(d apiv1.Decision) []any {
			total := 0
			for _, n := range d.Counts {
				total += n
			}
			due := d.Due
			if d.AcceptedUntil != "" {
				due = d.AcceptedUntil
			}
			return []any{d.Treatment, d.Title, strings.Join(d.Vulnerabilities, " "), d.Owner, due, d.State, d.Counts["verified"] + d.Counts["excused"], total, d.ID}
		})
	})
	c.Flags().StringVar(&q.State, "state", "", "open, reopened or closed")
	return g.flags(c)
}

func (r *remote) riskProgress() *cobra.Command {
	var in apiv1.ProgressInput
	var g paging
	c := r.leaf("progress DECISION", "Show the devices of a decision, or move them to a step with --set", func(ctx context.Context, c *client.Client, args []string) error {
		if in.Progress != "" {
			for i, d := range in.Devices {
				id, err := deviceID(ctx, c, d)
				if err != nil {
					return err
				}
				in.Devices[i] = id
			}
			if err := c.RecordProgress(ctx, args[0], in); err != nil {
				return err
			}
			return r.done("%d devices are %s", len(in.Devices), strings.ReplaceAll(in.Progress, "_", " "))
		}
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.DecisionItem], error) {
			return c.DecisionItems(ctx, args[0], cur)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "TAG MODEL WARD IN-USE PROGRESS SCHEDULED DONE VERIFIED NOTE DEVICE", func(i apiv1.DecisionItem) []any {
			return []any{i.AssetTag, i.ModelName, i.Ward, i.InUse, i.Progress, i.Scheduled, i.Done, i.Verified, i.Note, i.Device}
		})
	})
	c.Flags().StringVar(&in.Progress, "set", "", "not_started, scheduled, done, verified, failed or excused")
	c.Flags().StringSliceVar(&in.Devices, "device", nil, "id or asset tag; may be repeated")
	c.Flags().StringVar(&in.Note, "note", "", "what is to be known about it")
	c.Flags().TimeVar(&in.At, "at", in.At, []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04", "2006-01-02"}, "when it is planned or happened")
	return g.flags(c)
}

func (r *remote) riskOrders() *cobra.Command {
	var file string
	c := r.leaf("work-orders DECISION", "Write the work orders of a decision as CSV", func(ctx context.Context, c *client.Client, args []string) error {
		return r.saveTo(file, func(w io.Writer) error { return c.WorkOrders(ctx, args[0], w) })
	})
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return c
}

func (r *remote) riskMetrics() *cobra.Command {
	var q apiv1.MetricsQuery
	c := r.leaf("metrics", "The three postmarket metrics of FDA", func(ctx context.Context, c *client.Client, _ []string) error {
		m, err := c.Metrics(ctx, q)
		if err != nil {
			return err
		}
		return r.show(m, func() error {
			_, err := fmt.Fprintf(r.out, "%s to %s\nvulnerabilities with a fix: %d of %d (%.0f %%)\nfrom identification to a fix: %.1f days over %d, %d without a known fix\n"+
				"from a fix to its installation: %.1f days over %d, %d not known to be installed\n", m.From, m.To, m.Updated, m.Vulnerabilities, m.UpdatedShare*100,
				m.ToFixDays, m.ToFixOf, m.ToFixUnknown, m.ToInstalledDays, m.ToInstalledOf, m.ToInstalledUnknown)
			return err
		})
	})
	c.Flags().StringVar(&q.From, "from", "", "day, as 2026-11-23")
	c.Flags().StringVar(&q.To, "to", "", "day, as 2026-11-23")
	return c
}

func (r *remote) riskTable() *cobra.Command {
	var file, reason string
	c := r.leaf("table", "Show the table that ranks risks, or put a new version in force with --set FILE", func(ctx context.Context, c *client.Client, _ []string) error {
		t, err := r.table5(ctx, c, tableChange{file, reason})
		if err != nil {
			return err
		}
		return r.show(t, func() error {
			fmt.Fprintf(r.out, "version %d\n", t.Version)
			w := r.table("", "E0", "E1", "E2", "E3", "E4")
			for i, row := range t.Cells {
				cells := []any{fmt.Sprintf("S%d", i+1)}
				for _, v := range row {
					cells = append(cells, v)
				}
				writeRow(w, cells...)
			}
			return w.Flush()
		})
	})
	c.Flags().StringVar(&file, "set", "", "JSON file with the cells: five rows of five words")
	c.Flags().StringVar(&reason, "reason", "", "why the table changes")
	return c
}

// tableChange is a new version of the decision table; an empty file is none.
type tableChange struct{ file, reason string }

func (r *remote) table5(ctx context.Context, c *client.Client, change tableChange) (apiv1.DecisionTable, error) {
	if change.file == "" {
		return c.DecisionTable(ctx)
	}
	body, err := readFile(change.file, 1<<20)
	if err != nil {
		return apiv1.DecisionTable{}, err
	}
	var in struct{ Cells [][]string }
	if err := json.Unmarshal(body, &in); err != nil {
		return apiv1.DecisionTable{}, problem.New(problem.Invalid, "%s is not a JSON object with cells: %v", change.file, err)
	}
	return c.ChangeDecisionTable(ctx, apiv1.DecisionTableInput{Cells: in.Cells, Reason: change.reason})
}
