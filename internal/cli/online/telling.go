package online

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// tellings are the commands about reports, letters and telling, in the group of incidents.
func (r *Remote) tellings() []*cobra.Command {
	return []*cobra.Command{
		r.below("draft", "Reports and letters, filled in from what is known",
			wholeOf(r.line("list INCIDENT", "List the reports and letters of an incident"), "TITLE STATE VERSION LIX DUTY STAGE SHA256 ID", (*client.Client).Drafts),
			addTo(r.line("start INCIDENT TEMPLATE", "Begin a report or a letter, with --entity, --duty and --stage where it answers a clock"), (*client.Client).StartDraft),
			show(r.line("show DRAFT", "Show a report or a letter with the source of every field"), (*client.Client).Draft),
			r.line("pdf DRAFT", "Write a report or a letter as PDF; sealed once it is approved").download((*client.Client).DraftPDF),
			r.editDraft(),
			r.line("refresh DRAFT", "Fill in again what nobody typed").act("filled in", (*client.Client).RefreshDraft),
			r.line("reopen DRAFT", "Take an approved draft back").because("open again:", (*client.Client).ReopenDraft),
			sends(r.line("sent DRAFT WHOM CHANNEL", "Record that an approved draft was sent, with --at; its clock is discharged").calls("whom", "", "channel", ""), "recorded", func(c *client.Client, ctx context.Context, args []string, in apiv1.DraftSending) error {
				in.Whom, in.Channel = args[1], args[2]
				return c.SendDraft(ctx, args[0], in)
			})),
		r.below("tell", "Who is told what, in which order",
			wholeOf(r.line("plan INCIDENT", "List who is to be told, whoever comes first first"), "ORDER ROLE NAME NEED LATEST DONE TOLD WHY", (*client.Client).ToTell),
			wholeOf(r.line("list INCIDENT", "List who was told what"), "AT ROLE WHOM CHANNEL WHAT REASON NAME ID", (*client.Client).Tellings),
			addTo(r.line("record INCIDENT CHANNEL", "Record that somebody was told, with --stakeholder, or --role and --whom"), (*client.Client).Tell),
			sends(r.line("answer TELLING TEXT", "Record what somebody who was told answered").calls("text", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.TellingAnswer) error {
				in.Text = args[1]
				return c.AnswerTelling(ctx, args[0], in)
			})),
	}
}

// editDraft types one value over what stands in a draft.
func (r *Remote) editDraft() *cobra.Command {
	return r.line("edit DRAFT FIELD=TEXT", "Type a value; an empty text takes a typed value back").does(func(ctx context.Context, c *client.Client, args []string) error {
		field, text, ok := strings.Cut(args[1], "=")
		if !ok {
			return terminal.Misused("%q is not FIELD=TEXT", args[1])
		}
		d, err := c.Draft(ctx, args[0])
		if err != nil {
			return err
		}
		if err := c.EditDraft(ctx, args[0], apiv1.DraftEdit{Version: d.Version, Fields: []apiv1.DraftTyped{{Field: field, Text: text}}}); err != nil {
			return err
		}
		return r.Done("%s: %s is kept", d.Title, field)
	})
}

func (r *Remote) stakeholder() *cobra.Command {
	return r.group("stakeholder", "Whom the organisation tells of incidents",
		whole(r.line("list", "List whom the organisation tells"), "ORDER ROLE NAME CHANNEL CONTACT PLACES ID", (*client.Client).Stakeholders),
		show(r.line("show STAKEHOLDER", "Show somebody on the list"), (*client.Client).Stakeholder),
		add(r.line("add ROLE NAME", "Put somebody on the list"), (*client.Client).AddStakeholder),
		change(r.line("change STAKEHOLDER", "Change somebody on the list"), (*client.Client).Stakeholder, (*client.Client).ChangeStakeholder),
		r.line("retire STAKEHOLDER", "Take somebody off the list").because("off the list:", (*client.Client).RetireStakeholder))
}
