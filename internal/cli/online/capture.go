package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// captures are the commands about what to capture before a device loses power, in the group of evidence.
func (r *Remote) captures() []*cobra.Command {
	return []*cobra.Command{
		r.line("guide DEVICE", "Show what to capture of a device before it loses power").does(func(ctx context.Context, c *client.Client, args []string) error {
			v, err := c.CaptureOfDevice(ctx, args[0])
			if err != nil {
				return err
			}
			return r.Show(v, func() error {
				if v.General {
					r.printf("no guide fits this device but the one for every device\n")
				}
				for _, g := range v.Guides {
					r.printf("%s\n", g.Title)
					for _, part := range []struct {
						name  string
						lines []string
					}{{"first", g.First}, {"then", g.Then}, {"never", g.Never}} {
						for _, line := range part.lines {
							r.printf("  %s: %s\n", part.name, line)
						}
					}
				}
				return nil
			})
		}),
		addTo(r.line("from-events INCIDENT AUTHORITY", "Take the events of a search (--q, --from, --to) with their manifest as a sealed item of evidence"), (*client.Client).TakeEvents),
		show(r.line("model-guide MODEL", "Show what this house says to capture of devices of a model"), (*client.Client).CaptureOfModel),
		sendTo(r.line("write-guide MODEL", "Write what to capture of devices of a model: --first, --then, --never, each again and again, with --version and --reason when there is a guide"), "written for", func(c *client.Client, ctx context.Context, model string, in apiv1.CaptureInput) error {
			if in.First == nil {
				in.First = []string{}
			}
			return c.WriteCapture(ctx, model, in)
		}),
	}
}
