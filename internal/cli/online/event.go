package online

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// events are the commands about events that need a server; `events read` needs none.
func (r *Remote) events() []*cobra.Command {
	return []*cobra.Command{r.searchEvents(), r.importEvents(), show(r.line("show EVENT", "Show an event with its original"), (*client.Client).Event), r.exportEvents(),
		find(r.line("holds", "Show the legal holds over events: of a case, or all that are in force"), (*client.Client).EventHolds),
		add(r.line("hold INCIDENT REASON", "Keep events for a case, whatever their age; --q, --from and --to say which"), (*client.Client).HoldEvents),
		r.line("release HOLD", "Release events that were kept for a case").because("released", (*client.Client).ReleaseEvents)}
}

func (r *Remote) searchEvents() *cobra.Command {
	at := func(item any) any {
		e, _ := item.(apiv1.Event)
		if e.Time != nil {
			return *e.Time
		}
		return e.Received
	}
	field := func(names ...string) computed {
		return func(item any) any {
			e, _ := item.(apiv1.Event)
			var out []string
			for _, n := range names {
				if v := e.Fields[n]; v != "" {
					out = append(out, v)
				}
			}
			return strings.Join(out, " ")
		}
	}
	l := r.line("search", "Search events: --q takes words and conditions such as user:jdoe or ip:10.1.0.0/16").shows("TIME", at).shows("KIND", field("category", "service")).
		shows("DEVICE", field("dev.tag", "dev.id")).shows("USER", field("user")).shows("FROM", field("src.ip"))
	return pages(l, "TIME KIND DEVICE USER FROM MESSAGE ID", func(c *client.Client, ctx context.Context, q apiv1.EventQuery) (apiv1.Page[apiv1.Event], error) {
		p, err := c.Events(ctx, q)
		for _, b := range p.Blind {
			name := b.Name
			if b.Source == "" {
				name = "all sources"
			}
			until := "now"
			if !b.Ended.IsZero() {
				until = b.Ended.Format("2006-01-02 15:04")
			}
			r.hint("not seen: %s (%s) from %s to %s\n", name, b.Reason, b.Started.Format("2006-01-02 15:04"), until)
		}
		if p.Withheld {
			r.hint("events that may concern patients are left out\n")
		}
		return apiv1.Page[apiv1.Event]{Items: p.Items, Next: p.Next}, err
	})
}

// timelines are the commands about timelines, in the group of incidents.
func (r *Remote) timelines() []*cobra.Command {
	var q apiv1.TimelineExportQuery
	l, export := r.line("timeline OF", "Show the timeline of an incident (id or number) or a device (id)"), r.line("timeline-export OF", "Write a timeline with --format csv, json or timesketch, and what it left out, for a --receiver that is of --as")
	shown := pagesOf(l, "RECEIVED KIND WHAT WHO DEVICE SOURCE CERTAINTY CORRECTION COUNT KEY", func(c *client.Client, ctx context.Context, of string, cur apiv1.Cursor) (apiv1.Page[apiv1.TimelineEntry], error) {
		q.Cursor = cur
		p, err := c.Timeline(ctx, of, q.TimelineQuery)
		return apiv1.Page[apiv1.TimelineEntry]{Items: p.Items, Next: p.Next}, err
	})
	whole := export.download(func(c *client.Client, ctx context.Context, of string, w io.Writer) error {
		return c.ExportTimeline(ctx, of, q, w)
	})
	l.bindTo(shown, &q.TimelineQuery)
	export.bindTo(whole, &q)
	return []*cobra.Command{shown, whole, addTo(r.line("timeline-add OF WHAT", "Add an entry by hand, with --told, or as --certainty undated"), (*client.Client).AddToTimeline),
		sendTo(r.line("timeline-pin OF", "Highlight the --entry; --text says why"), "highlighted in", (*client.Client).PinTimeline),
		sendTo(r.line("timeline-unpin OF", "Take the highlight of the --entry away; --text says why"), "no highlight any more in", (*client.Client).UnpinTimeline),
		sendTo(r.line("timeline-comment OF", "Comment the --entry with --text"), "commented in", (*client.Client).CommentTimeline)}
}

func (r *Remote) exportEvents() *cobra.Command {
	var q apiv1.EventQuery
	l := r.line("export", "Write events as a zip archive with their manifest and digest")
	c := l.download(func(c *client.Client, ctx context.Context, _ string, w io.Writer) error {
		return c.ExportEvents(ctx, q, w)
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) alerts() *cobra.Command {
	return r.group("alerts", "Alerts: list, report, triage",
		pages(r.line("list", "List alerts, those that wait and the most urgent first"), "LEVEL TITLE ENTITY HITS STATE ASSIGNEE OPENED DUE ID", (*client.Client).Alerts),
		show(r.line("show ALERT", "Show an alert with the first of its events"), (*client.Client).Alert),
		add(r.line("report TITLE", "Report an alert by hand"), (*client.Client).ReportAlert),
		r.moveAlert("acknowledge ALERT", "Begin the triage of an alert", "acknowledge"),
		r.moveAlert("assign ALERT", "Give an alert to somebody, or to nobody", "assign", "assignee"),
		r.moveAlert("close ALERT", "Close an alert", "close", "reason", "feedback", "note", "until", "target"),
		r.moveAlert("merge ALERT", "Merge an alert into another (--target)", "merge", "target", "reason"),
		r.moveAlert("escalate ALERT", "Put an alert into a case (--target)", "escalate", "target", "reason"),
		r.moveAlert("reopen ALERT", "Open a closed alert again", "reopen", "reason"),
		r.noteAlert(), r.suppressAlert())
}

// moveAlert is a command that moves one alert, with those fields of the move as flags that it needs.
func (r *Remote) moveAlert(use, short, move string, flags ...string) *cobra.Command {
	in := apiv1.AlertMove{Move: move}
	c := r.line(use, short).act(move+":", func(c *client.Client, ctx context.Context, id string) error {
		in.Alerts = []string{id}
		return c.MoveAlerts(ctx, in)
	})
	for _, f := range flags {
		switch f {
		case "assignee":
			c.Flags().StringVar(&in.Assignee, f, "", "name; absent: nobody")
		case "reason":
			c.Flags().StringVar(&in.Reason, f, "", "why; to close: false_positive, benign_true_positive, duplicate, exercise or no_action")
		case "feedback":
			c.Flags().StringVar(&in.Feedback, f, "", "of a false positive, what becomes of the rule: tune, suppress or none")
		case "note":
			c.Flags().StringVar(&in.Note, f, "", "a note")
		case "until":
			c.Flags().StringVar(&in.Until, f, "", "to suppress: the last day, YYYY-MM-DD")
		case "target":
			c.Flags().StringVar(&in.Target, f, "", "the alert that stays, or the case")
		}
	}
	return c
}

func (r *Remote) noteAlert() *cobra.Command {
	return r.line("note ALERT NOTE", "Add a note to an alert").does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.NoteAlert(ctx, args[0], apiv1.NoteInput{Note: args[1]}); err != nil {
			return err
		}
		return r.Done("noted on %s", args[0])
	})
}

func (r *Remote) suppressAlert() *cobra.Command {
	var in apiv1.Suppression
	l := r.line("suppress ALERT", "Keep hits of its rule about the same from raising alerts, for a time")
	c := l.act("suppressed", func(c *client.Client, ctx context.Context, id string) error { return c.SuppressAlert(ctx, id, in) })
	l.bindTo(c, &in)
	return needs(c, "until", "reason")
}

func (r *Remote) sources() *cobra.Command {
	return r.group("sources", "Sources of security events",
		pages(r.line("list", "List sources and what was last seen of them"), "NAME:source.name STATE LAST-SEEN ACCEPTED NOT-DECODED:not_decoded LOST BLIND:blind_now IDENTITY:source.identity ID", (*client.Client).Sources),
		show(r.line("show SOURCE", "Show a source"), (*client.Client).Source),
		add(r.line("add NAME TRANSPORT IDENTITY", "Add a source before its first event"), (*client.Client).AddSource),
		change(r.line("change SOURCE", "Change what is said of a source"), (*client.Client).Source, (*client.Client).ChangeSource),
		r.moveSource("confirm SOURCE", "Confirm a sender that nobody had named, or end a mute", "active"),
		needs(r.moveSource("mute SOURCE", "Keep its silence from raising alerts, for a time", "muted"), "until", "reason"),
		needs(r.moveSource("retire SOURCE", "Retire a source", "retired"), "reason"),
		pages(r.line("blind", "List times in which sources were not seen or records were lost"), "SOURCE-NAME REASON STARTED ENDED LOST DETAIL", (*client.Client).BlindIntervals))
}

func (r *Remote) moveSource(use, short, state string) *cobra.Command {
	in := apiv1.SourceMove{State: state}
	c := r.line(use, short).act(state+":", func(c *client.Client, ctx context.Context, id string) error { return c.MoveSource(ctx, id, in) })
	c.Flags().StringVar(&in.Until, "until", "", "the last day, YYYY-MM-DD")
	c.Flags().StringVar(&in.Reason, "reason", "", "why")
	return c
}

// rules are the commands about rules that need a server; to check and test rules needs none.
func (r *Remote) rules() []*cobra.Command {
	return []*cobra.Command{
		pages(r.line("list", "List rules of detection and what they did in 30 days"), "TITLE LEVEL STATE HITS SHADOW TRUE:true_positives FALSE:false_positives WAITING:alerts_waiting ID", (*client.Client).Rules),
		show(r.line("show RULE", "Show a rule with its text and exceptions"), (*client.Client).Rule),
		r.moveRule(),
		r.line("own RULE OWNER", "Say who answers for a rule").does(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.OwnRule(ctx, args[0], apiv1.RuleOwner{Owner: args[1]}); err != nil {
				return err
			}
			return r.Done("%s answers for it", args[1])
		}),
		r.line("judge RULE EVENT VERDICT", "Say whether a hit was true: true_positive or false_positive").does(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.JudgeHit(ctx, args[0], apiv1.RuleJudgement{Event: args[1], Verdict: args[2]}); err != nil {
				return err
			}
			return r.Done("judged %s", args[1])
		}),
		r.exceptRule(),
		r.line("end-exception EXCEPTION", "End an exception before its time").because("ended", (*client.Client).EndException),
		pages(r.line("baselines", "List what rules learned as usual, and what of it waits for an owner"), "RULE-TITLE KEY KIND VALUES:values NEW:new LEARNED-UNTIL SETTLED-BY ID", (*client.Client).Baselines),
		show(r.line("baseline BASELINE", "Show a baseline with what it has seen"), (*client.Client).Baseline),
		r.settleBaseline(),
		r.line("relearn BASELINE", "Forget what a baseline has learned, and learn again").because("learns again:", (*client.Client).RelearnBaseline),
	}
}

func (r *Remote) moveRule() *cobra.Command {
	var in apiv1.RuleMove
	c := r.line("move RULE STATE", "Take a rule on in its life: draft, testing, canary, active, tuned, retired").does(func(ctx context.Context, c *client.Client, args []string) error {
		in.State = args[1]
		if err := c.MoveRule(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("%s is %s", args[0], args[1])
	})
	c.Flags().StringVar(&in.Reason, "reason", "", "why; needed to retire, to tune and to take back")
	return c
}

func (r *Remote) exceptRule() *cobra.Command {
	var in apiv1.RuleException
	var conditions []string
	c := r.line("except RULE", "Keep hits from raising alerts where all conditions hold, for a time").does(func(ctx context.Context, c *client.Client, args []string) error {
		for _, text := range conditions {
			field, rest, _ := strings.Cut(text, " ")
			is, value, ok := strings.Cut(rest, " ")
			if !ok {
				return terminal.Misused("a condition is a field, a comparison and a value: 'src.ip cidr 10.1.0.0/16'")
			}
			in.Conditions = append(in.Conditions, apiv1.FieldCondition{Field: field, Is: is, Value: value})
		}
		m, err := c.ExceptRule(ctx, args[0], in)
		if err != nil {
			return err
		}
		return r.Show(m, func() error { return r.say(m.ID) })
	})
	c.Flags().StringArrayVar(&conditions, "where", nil, "a field, a comparison (equals, starts_with, ends_with, contains, cidr) and a value; may be repeated")
	c.Flags().StringVar(&in.Reason, "reason", "", "why (needed)")
	c.Flags().StringVar(&in.Owner, "owner", "", "who answers for it (needed)")
	c.Flags().StringVar(&in.Until, "until", "", "the last day, YYYY-MM-DD, at most 90 days ahead (needed)")
	return needs(c, "reason", "owner", "until")
}

func (r *Remote) settleBaseline() *cobra.Command {
	var in apiv1.Settlement
	l := r.line("settle BASELINE", "Say that what a baseline has learned, or one value of it, is normal")
	c := l.act("settled", func(c *client.Client, ctx context.Context, id string) error { return c.SettleBaseline(ctx, id, in) })
	l.bindTo(c, &in)
	return needs(c, "verdict")
}
