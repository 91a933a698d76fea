package online

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
	"triward/internal/problem"
)

func (r *Remote) risk() *cobra.Command {
	return r.group("risk", "What it can do to patients, and what is decided",
		pages(r.line("list", "List devices and vulnerabilities, the worst first"),
			"CLASS HARM EXPLOIT:exploitability TRUTH KEV EPSS TAG:asset_tag MODEL:model_name WARD VULNERABILITY DECISION TITLE", (*client.Client).Lines),
		r.explain(), r.overview(), r.decide(), r.decisions(), r.progress(), r.closeDecision(), r.metrics(), r.decisionTable(),
		r.pastLines(),
		show(r.line("decision DECISION", "Show a decision"), (*client.Client).Decision),
		wholeOf(r.line("burn-down DECISION", "How many devices of a decision were open, day by day"), "", (*client.Client).BurnDown),
		r.line("work-orders DECISION", "Write the work orders of a decision as CSV").download((*client.Client).WorkOrders),
		whole(r.line("table-history", "Earlier versions of the decision table"), "", (*client.Client).DecisionTableHistory))
}

func (r *Remote) pastLines() *cobra.Command {
	var q apiv1.PastQuery
	l := r.line("on DAY", "List the rows behind a figure of a day of the trend, as 2026-11-23")
	c := pagesOf(l, "HARM EXPLOIT:exploitability TAG:asset_tag MODEL:model_name VULNERABILITY DECISION SINCE UNTIL DEVICE",
		func(c *client.Client, ctx context.Context, day string, at apiv1.Cursor) (apiv1.Page[apiv1.PastLine], error) {
			q.Cursor = at
			return c.PastLines(ctx, day, q)
		})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) explain() *cobra.Command {
	return r.line("explain DEVICE VULNERABILITY", "Say why a line has its class").does(func(ctx context.Context, c *client.Client, args []string) error {
		e, err := c.ExplainLine(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		return r.Show(e, func() error {
			r.printf("%s on %s: %s\n\n", terminal.Text(e.Vulnerability), terminal.Text(e.AssetTag), e.Class)
			r.printf("exploitability %s (%s)\n", e.Exploitability, e.ExploitabilityWord)
			r.derivation(e.WhyExploitability)
			r.printf("harm %s (%s)\n", e.Harm, e.HarmWord)
			r.derivation(e.WhyHarm)
			r.printf("class %s\n", e.Class)
			r.derivation([]apiv1.Derivation{e.WhyClass})
			for _, m := range e.Matches {
				r.printf("\n%s says %s", terminal.Text(m.Record), m.Truth)
				if m.Settles != "" {
					r.printf("; it would be settled by: %s", terminal.Text(m.Settles))
				}
				r.printf("\n")
				r.proof(m.Proof, "  ")
			}
			return nil
		})
	})
}

func (r *Remote) derivation(why []apiv1.Derivation) {
	for _, w := range why {
		r.printf("  %s -> %s", terminal.Text(w.Fact), terminal.Text(w.Effect))
		if w.Source != "" {
			r.printf(" (%s)", terminal.Text(w.Source))
		}
		r.printf("\n")
	}
}

func (r *Remote) proof(s apiv1.Proof, indent string) {
	r.printf("%s%s: %s\n", indent, s.Truth, terminal.Text(s.Says))
	for _, c := range s.Children {
		r.proof(c, indent+"  ")
	}
}

func (r *Remote) overview() *cobra.Command {
	sites := columnsOf[apiv1.SiteRisk](r.line("overview", ""), "SITE:site_name WARD DEVICES UNCONTROLLED PATIENTS")
	return r.line("overview", "The fleet at a glance").does(func(ctx context.Context, c *client.Client, _ []string) error {
		o, err := c.Overview(ctx)
		if err != nil {
			return err
		}
		return r.Show(o, func() error {
			if err := r.Fields("devices", o.Devices, "with an uncontrolled risk", o.UncontrolledDevices, "possibly affected only", o.UnknownDevices,
				"with a known exploited weakness", o.KEVDevices, "patients exposed", o.PatientsExposed, "uncontrolled lines", o.Uncontrolled,
				"overdue decisions", o.OverdueDecisions, "re-opened acceptances", o.Reopened); err != nil {
				return err
			}
			r.printf("\n")
			return r.table(sites, o.Sites)
		})
	})
}

func (r *Remote) decide() *cobra.Command {
	var in apiv1.DecisionInput
	var where apiv1.DecisionWhere
	var dry bool
	l := r.line("decide TREATMENT", "Decide: fix, mitigate, isolate, replace, retire, transfer or accept. Name the devices, or choose with --all and filters").
		calls("treatment", "", "vulnerabilities", "vulnerability", "devices", "device")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Treatment = args[0]
		if err := deviceIDs(ctx, c, in.Devices); err != nil {
			return err
		}
		if len(in.Devices) == 0 {
			in.Where = &where
		}
		if !dry {
			m, err := c.Decide(ctx, in)
			if err != nil {
				return err
			}
			return r.Show(m, func() error { return r.say(m.ID) })
		}
		p, err := c.PreviewDecision(ctx, in)
		if err != nil {
			return err
		}
		return r.Show(p, func() error {
			r.printf("%d devices would be covered, %d of them in use and %d not known to be; %d lines, %d of them decided already\n", p.Devices, p.InUse,
				p.Unknown, p.Lines, p.Decided)
			return nil
		})
	})
	l.bindTo(c, &in)
	l.bindTo(c, &where)
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would be covered, and decide nothing")
	return needs(c, "owner", "reason")
}

func (r *Remote) decisions() *cobra.Command {
	finished := func(item any) any {
		d, _ := item.(apiv1.Decision)
		return d.Counts["verified"] + d.Counts["excused"]
	}
	devices := func(item any) any {
		d, _ := item.(apiv1.Decision)
		total := 0
		for _, n := range d.Counts {
			total += n
		}
		return total
	}
	due := func(item any) any {
		d, _ := item.(apiv1.Decision)
		if d.AcceptedUntil != "" {
			return d.AcceptedUntil
		}
		return d.Due
	}
	return pages(r.line("decisions", "List decisions and how far they are").shows("FINISHED", finished).shows("DEVICES", devices).shows("DUE", due),
		"TREATMENT TITLE VULNERABILITIES OWNER DUE STATE FINISHED DEVICES ID", (*client.Client).Decisions)
}

func (r *Remote) progress() *cobra.Command {
	var in apiv1.ProgressInput
	l := r.line("progress DECISION", "Show the devices of a decision, or move them to a step with --set").calls("progress", "set", "devices", "device")
	c := pagesOf(l, "TAG:asset_tag MODEL:model_name WARD IN-USE PROGRESS SCHEDULED DONE VERIFIED NOTE DEVICE", (*client.Client).DecisionItems)
	l.bindTo(c, &in)
	list := c.RunE
	set := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := deviceIDs(ctx, c, in.Devices); err != nil {
			return err
		}
		if err := c.RecordProgress(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("%d devices are %s", len(in.Devices), strings.ReplaceAll(in.Progress, "_", " "))
	})
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if in.Progress != "" {
			return set.RunE(cmd, args)
		}
		return list(cmd, args)
	}
	return c
}

func (r *Remote) closeDecision() *cobra.Command {
	var why apiv1.Reason
	c := r.line("close DECISION", "Close a decision").act("closed", func(c *client.Client, ctx context.Context, id string) error { return c.CloseDecision(ctx, id, why) })
	c.Flags().StringVar(&why.Reason, "reason", "", "why; needed while devices are not verified")
	return c
}

func (r *Remote) metrics() *cobra.Command {
	var q apiv1.MetricsQuery
	l := r.line("metrics", "The three postmarket metrics of FDA")
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		m, err := c.Metrics(ctx, q)
		if err != nil {
			return err
		}
		return r.Show(m, func() error {
			r.printf("%s to %s\nvulnerabilities with a fix: %d of %d (%.0f %%)\nfrom identification to a fix: %.1f days over %d, %d without a known fix\n"+
				"from a fix to its installation: %.1f days over %d, %d not known to be installed\n", m.From, m.To, m.Updated, m.Vulnerabilities, m.UpdatedShare*100,
				m.ToFixDays, m.ToFixOf, m.ToFixUnknown, m.ToInstalledDays, m.ToInstalledOf, m.ToInstalledUnknown)
			return nil
		})
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) decisionTable() *cobra.Command {
	var file, reason string
	c := r.line("table", "Show the table that ranks risks, or put a new version in force with --set FILE").does(func(ctx context.Context, c *client.Client, _ []string) error {
		t, err := tableInForce(ctx, c, tableChange{file, reason})
		if err != nil {
			return err
		}
		return r.Show(t, func() error {
			r.printf("version %d\n", t.Version)
			w := r.Table("", "E0", "E1", "E2", "E3", "E4")
			for i, row := range t.Cells {
				cells := []any{fmt.Sprintf("S%d", i+1)}
				for _, v := range row {
					cells = append(cells, v)
				}
				terminal.Row(w, cells...)
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

func tableInForce(ctx context.Context, c *client.Client, change tableChange) (apiv1.DecisionTable, error) {
	if change.file == "" {
		return c.DecisionTable(ctx)
	}
	body, err := terminal.ReadFile(change.file, 1<<20)
	if err != nil {
		return apiv1.DecisionTable{}, err
	}
	var in struct{ Cells [][]string }
	if err := json.Unmarshal(body, &in); err != nil {
		return apiv1.DecisionTable{}, problem.New(problem.Invalid, "%s is not a JSON object with cells: %v", change.file, err)
	}
	return c.ChangeDecisionTable(ctx, apiv1.DecisionTableInput{Cells: in.Cells, Reason: change.reason})
}
