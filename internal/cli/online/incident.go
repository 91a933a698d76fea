package online

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) incidents() *cobra.Command {
	g := r.group("incident", "Incidents: what is in them, what is done, whom to tell (sign-offs of containment are given on the web pages)",
		pages(r.line("list", "List incidents, the last changed first"), "NUMBER EXERCISE TITLE STATE CYBER CLINICAL CARE OWNER-NAME DECLARED", (*client.Client).Incidents),
		add(r.line("declare TITLE", "Declare an incident"), (*client.Client).DeclareIncident),
		r.showIncident(),
		change(r.line("change INCIDENT", "Change what is known of an incident"), (*client.Client).Incident, (*client.Client).ChangeIncident),
		sends(r.line("move INCIDENT TO", "Move an incident on; everything that its guard misses is told at once"), "moved", func(c *client.Client, ctx context.Context, args []string, in apiv1.IncidentMove) error {
			in.To = args[1]
			return c.MoveIncident(ctx, args[0], in)
		}),
		r.line("same-as INCIDENT OTHER", "Mark an incident as a duplicate").does(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.SameIncident(ctx, args[0], apiv1.OtherIncident{Other: args[1]}); err != nil {
				return err
			}
			return r.Done("%s is a duplicate of %s", args[0], args[1])
		}),
		r.line("plan INCIDENT CODE", "Start the procedure by which an incident is worked").does(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.PlanIncident(ctx, args[0], apiv1.Code{Code: args[1]}); err != nil {
				return err
			}
			return r.Done("%s runs for %s", args[1], args[0])
		}),
		sends(r.line("note INCIDENT TEXT", "Write something down").calls("text", ""), "noted in", func(c *client.Client, ctx context.Context, args []string, in apiv1.IncidentNoteInput) error {
			if in.Text = args[1]; in.Kind == "" {
				in.Kind = "note"
			}
			return c.NoteIncident(ctx, args[0], in)
		}),
		sends(r.line("link INCIDENT KIND TARGET", "Connect an incident with where it came from or what it feeds").calls("kind", "", "target", "", "name", "", "at", ""), "linked", func(c *client.Client, ctx context.Context, args []string, in apiv1.IncidentLink) error {
			in.Kind, in.Target = args[1], args[2]
			return c.LinkIncident(ctx, args[0], in)
		}),
		sendTo(r.line("involve INCIDENT", "Add devices (by id) and other systems (by name)"), "changed", (*client.Client).Involve),
		sends(r.line("set-device INCIDENT PART", "Say how a device or system in an incident stands"), "changed", func(c *client.Client, ctx context.Context, args []string, in apiv1.IncidentDeviceChange) error {
			return c.SetIncidentDevice(ctx, args[0], args[1], in)
		}),
		addTo(r.line("add-task INCIDENT TITLE", "Hand out a task"), (*client.Client).AddTask),
		sends(r.line("set-task INCIDENT TASK", "Accept, hand over or finish a task"), "changed", func(c *client.Client, ctx context.Context, args []string, in apiv1.IncidentTaskMove) error {
			return c.MoveTask(ctx, args[0], args[1], in)
		}),
		wholeOf(r.line("recipients INCIDENT", "List who may read an incident when it is marked TLP:RED"), "NAME WHY BY AT PERSON", (*client.Client).Recipients),
		sends(r.line("name INCIDENT PERSON", "Name somebody (by account) who may read an incident that is marked TLP:RED, with --why").calls("person", ""), "named in", func(c *client.Client, ctx context.Context, args []string, in apiv1.IncidentNaming) error {
			in.Person = args[1]
			return c.NameRecipient(ctx, args[0], in)
		}),
		sends(r.line("unname INCIDENT PERSON", "Take back that somebody may read an incident that is marked TLP:RED, with --reason"), "taken back in", func(c *client.Client, ctx context.Context, args []string, in apiv1.Reason) error {
			return c.RemoveRecipient(ctx, args[0], args[1], in)
		}),
		wholeOf(r.line("clocks INCIDENT", "Show the reporting clocks of an incident as they stand now"), "ENTITY-NAME TITLE STATE LATEST UNKNOWN DUTY STAGE ENTITY", (*client.Client).Clocks),
		wholeOf(r.line("entities INCIDENT", "List the legal entities of an incident with what each knows"), "ID NAME THEIRS JURISDICTIONS ROLES OBSERVES", (*client.Client).LegalEntities),
		r.addEntity(), r.setFacts(),
		sends(r.line("rule INCIDENT ENTITY DUTY", "Rule that a duty to report does not apply, with --reason").calls("duty", ""), "ruled", func(c *client.Client, ctx context.Context, args []string, in apiv1.DutyRuling) error {
			in.Duty = args[2]
			return c.RuleDuty(ctx, args[0], args[1], in)
		}),
		sends(r.line("sent INCIDENT ENTITY DUTY STAGE", "Record that a report was sent, with --evidence; again only with --reason").calls("duty", "", "stage", ""), "recorded", func(c *client.Client, ctx context.Context, args []string, in apiv1.ReportSent) error {
			if in.Duty, in.Stage = args[2], args[3]; in.At.IsZero() {
				in.At = time.Now().Add(-time.Second)
			}
			return c.ReportSent(ctx, args[0], args[1], in)
		}),
		r.containment(), r.learn(), r.incidentMetrics())
	g.AddCommand(append(r.claims(), r.timelines()...)...)
	g.AddCommand(append(r.tellings(), r.disclosures())...)
	g.AddCommand(r.connectors())
	g.AddCommand(r.rooms()...)
	return g
}

func (r *Remote) containment() *cobra.Command {
	why := func(use, short, did string, do func(*client.Client, context.Context, string, apiv1.MaybeReason) error) *cobra.Command {
		return sendTo(r.line(use, short), did, do)
	}
	return r.below("contain", "Containment: plan, check, run, what was seen, return, lift",
		addTo(r.line("plan INCIDENT DEVICE", "Plan an action; it runs only when it is checked and signed off"), (*client.Client).PlanContainment),
		show(r.line("show ACTION", "Show an action and what keeps it from running now"), (*client.Client).Containment),
		wholeOf(r.line("on DEVICE", "List what is planned or in force on a device"), "ID NUMBER EXERCISE LEVEL STATE RETURNS IMPACT ALTERNATIVE WANTED TARGET", (*client.Client).DeviceContainments),
		sends(r.line("check ACTION WHAT", "Record that the device was looked at as it is now").calls("what", ""), "checked", func(c *client.Client, ctx context.Context, args []string, in apiv1.Seen) error {
			in.What = args[1]
			return c.CheckContainment(ctx, args[0], in)
		}),
		sends(r.line("noticed ACTION REASON", "Say why the other side may notice it although the marking (PAP) forbids that").calls("reason", ""), "noted for", func(c *client.Client, ctx context.Context, args []string, in apiv1.Reason) error {
			in.Reason = args[1]
			return c.ContainmentNoticed(ctx, args[0], in)
		}),
		r.line("run ACTION", "Run an action that is checked and signed off").act("runs:", (*client.Client).RunContainment),
		sends(r.line("see ACTION EVENT WHAT", "Record what was answered, observed, not_seen or gone").calls("event", "", "what", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.ContainmentSeen) error {
			in.Event, in.What = args[1], args[2]
			return c.ContainmentSeen(ctx, args[0], in)
		}),
		why("return ACTION", "Return an action before its time", "returns:", (*client.Client).ReturnContainment),
		why("lift ACTION", "Lift an action at the bedside: one step", "lifted", (*client.Client).LiftContainment),
		why("cancel ACTION", "Take back a plan that never ran", "cancelled", (*client.Client).CancelContainment))
}

// sendTo is sends with one argument: what it is sent to.
func sendTo[In any](l line, did string, do func(*client.Client, context.Context, string, In) error) *cobra.Command {
	return sends(l, did, func(c *client.Client, ctx context.Context, args []string, in In) error {
		return do(c, ctx, args[0], in)
	})
}

// sends is a command whose flags are the fields of what it sends; the arguments are its own.
func sends[In any](l line, did string, do func(*client.Client, context.Context, []string, In) error) *cobra.Command {
	var in In
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := do(c, ctx, args, in); err != nil {
			return err
		}
		return l.Done("%s %s", did, args[0])
	})
	l.bindTo(c, &in)
	return c
}

func (r *Remote) showIncident() *cobra.Command {
	devices := columnsOf[apiv1.IncidentDevice](r.line("show INCIDENT", ""), "ID NAME STATE EVIDENCE")
	actions := columnsOf[apiv1.Containment](r.line("show INCIDENT", ""), "ID LEVEL DEVICE-NAME STATE RETURNS TARGET")
	tasks := columnsOf[apiv1.IncidentTask](r.line("show INCIDENT", ""), "ID TITLE SIDE ASSIGNEE STATE DUE")
	return r.line("show INCIDENT", "Show an incident, by id or number").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Incident(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			if err := r.answer(v.Incident); err != nil {
				return err
			}
			if err := r.table(devices, v.Devices); err != nil {
				return err
			}
			if err := r.table(actions, v.Actions); err != nil {
				return err
			}
			return r.table(tasks, v.Tasks)
		})
	})
}

// pairs reads name=value.
func pairs(flag string, all []string) (map[string]string, error) {
	out := map[string]string{}
	for _, x := range all {
		name, value, ok := strings.Cut(x, "=")
		if !ok || name == "" {
			return nil, terminal.Misused("--%s %q is not name=value", flag, x)
		}
		out[name] = value
	}
	return out, nil
}
