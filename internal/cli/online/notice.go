package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

func (r *Remote) notice() *cobra.Command {
	return r.group("notice", "What concerns you",
		whole(r.line("list", "List what concerns you, the newest first"), "AT URGENT READ TITLE DETAIL KEY", (*client.Client).Notices),
		r.line("read KEY", "Remember that a notice was read").act("read", func(c *client.Client, ctx context.Context, key string) error {
			return c.ReadNotices(ctx, apiv1.NoticesRead{Keys: []string{key}})
		}))
}

func (r *Remote) activity() *cobra.Command {
	return r.group("activity", "Work in the background",
		whole(r.line("list", "List what runs, and what ended in the last seven days"), "STATE TITLE BY STARTED ENDED DONE TOTAL RESULT SUBJECT", (*client.Client).Activity))
}
