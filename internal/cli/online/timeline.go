package online

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// timelines are the commands about the timelines of incidents and devices, in the group of incidents.
func (r *Remote) timelines() []*cobra.Command {
	mark := func(use, short, did string, do func(*client.Client, context.Context, string, apiv1.TimelineMarkInput) error) *cobra.Command {
		return sends(r.line(use, short).calls("entry", "", "text", ""), did, func(c *client.Client, ctx context.Context, args []string, in apiv1.TimelineMarkInput) error {
			in.Entry, in.Text = args[1], args[2]
			return do(c, ctx, args[0], in)
		})
	}
	return []*cobra.Command{r.timeline(),
		addTo(r.line("timeline-add OF WHAT", "Add an entry to a timeline by hand, with --told, or as --certainty undated"), (*client.Client).AddToTimeline),
		mark("timeline-pin OF ENTRY REASON", "Highlight an entry of a timeline", "highlighted in", (*client.Client).PinTimeline),
		mark("timeline-unpin OF ENTRY REASON", "Take a highlight of a timeline away", "no highlight any more in", (*client.Client).UnpinTimeline),
		mark("timeline-comment OF ENTRY TEXT", "Comment an entry of a timeline", "commented in", (*client.Client).CommentTimeline)}
}

// timeline shows a timeline page by page, or writes it whole in a form.
func (r *Remote) timeline() *cobra.Command {
	at := func(item any) any {
		if e, ok := item.(apiv1.TimelineEntry); ok && e.Told != nil {
			return *e.Told
		}
		return "undated"
	}
	corrected := func(item any) any {
		if e, ok := item.(apiv1.TimelineEntry); ok && e.Corrected != nil {
			return e.Corrected.Format(time.RFC3339)
		}
		return ""
	}
	var q apiv1.TimelineQuery
	l := r.line("timeline OF", "Show the timeline of an incident (id or number) or a device (id), or write it with --format").shows("TOLD", at).shows("CORRECTED", corrected)
	c := pagesOf(l, "TOLD CORRECTED KIND WHAT WHO DEVICE SOURCE COUNT KEY", func(c *client.Client, ctx context.Context, of string, cur apiv1.Cursor) (apiv1.Page[apiv1.TimelineEntry], error) {
		q.Cursor = cur
		p, err := c.Timeline(ctx, of, q)
		if p.Next == "" && err == nil {
			r.leftOut(p.Left)
		}
		return apiv1.Page[apiv1.TimelineEntry]{Items: p.Items, Next: p.Next}, err
	})
	var export apiv1.TimelineExportQuery
	whole := l.download(func(c *client.Client, ctx context.Context, of string, w io.Writer) error {
		export.TimelineQuery = q
		export.Cursor = apiv1.Cursor{}
		return c.ExportTimeline(ctx, of, export, w)
	})
	c.Flags().StringVar(&export.Format, "format", "", "write the whole timeline as csv, json or timesketch, with what it left out")
	c.Flags().AddFlag(whole.Flags().Lookup("output"))
	l.bindTo(c, &q)
	pages := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if export.Format != "" {
			return whole.RunE(cmd, args)
		}
		return pages(cmd, args)
	}
	return c
}

// leftOut says what a timeline does not show.
func (r *Remote) leftOut(l apiv1.TimelineLeft) {
	if l.NoEvents != "" {
		r.hint("stored events are left out: %s\n", l.NoEvents)
	}
	if l.Patients {
		r.hint("events that may concern patients are left out\n")
	}
	if len(l.Areas) > 0 {
		r.hint("your role does not cover: %s\n", strings.Join(l.Areas, ", "))
	}
	if n := l.Undated + int64(l.UndatedBy); n > 0 {
		r.hint("%d undated entries have a list of their own: --undated\n", n)
	}
	if l.Blind > 0 {
		r.hint("%d times were not seen; what happened in them is in no list\n", l.Blind)
	}
	if l.Cut != "" {
		r.hint("%s\n", l.Cut)
	}
}
