package cli

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// aboutDevice turns a command's first argument, an id or an asset tag, into the id.
func aboutDevice(do func(ctx context.Context, c *client.Client, device string) (any, error)) func(context.Context, *client.Client, []string) (any, error) {
	return func(ctx context.Context, c *client.Client, args []string) (any, error) {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return nil, err
		}
		return do(ctx, c, id)
	}
}

// deviceMore are the commands about what is known of one device.
func (r *remote) deviceMore() []*cobra.Command {
	var g paging
	return []*cobra.Command{r.deviceChange(), r.deviceReinstate(), r.deviceIdentity(), r.deviceFact(), r.contradictions(),
		g.flags(r.leaf("history DEVICE", "What happened to a device, the newest first", func(ctx context.Context, c *client.Client, args []string) error {
			id, err := deviceID(ctx, c, args[0])
			if err != nil {
				return err
			}
			p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Entry], error) { return c.DeviceHistory(ctx, id, cur) })
			if err != nil {
				return err
			}
			return listed(r.program, p, "ENTRY AT ACTOR KIND", func(e apiv1.Entry) []any { return []any{e.Seq, e.At, e.ActorName, e.Kind} })
		})),
		r.ask("matches DEVICE", "The answers about a device, with what proves them", aboutDevice(func(ctx context.Context, c *client.Client, id string) (any, error) {
			return c.DeviceMatches(ctx, id)
		})), r.imports()}
}

// deviceFlags are the names of flags where they are not those of the fields.
func deviceFlags() map[string]string {
	return map[string]string{"asset_tag": "tag", "model_id": "model-id", "release_id": "release-id"}
}

func (r *remote) deviceChange() *cobra.Command {
	var apply func(*apiv1.DeviceInput)
	c := r.tell("change DEVICE", "Change what is known of a device: what no flag names stays", "changed", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		d, err := c.Device(ctx, id)
		if err != nil {
			return err
		}
		in := apiv1.DeviceChange{DeviceInput: d.DeviceInput, IfChanged: d.Changed}
		apply(&in.DeviceInput)
		return c.ChangeDevice(ctx, id, in)
	})
	apply = bind[apiv1.DeviceInput](c, deviceFlags())
	return c
}

func (r *remote) deviceReinstate() *cobra.Command {
	var reason string
	return reasonFlag(r.tell("reinstate DEVICE", "Bring a retired device back", "reinstated", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		return c.ReinstateDevice(ctx, id, apiv1.Reason{Reason: reason})
	}), &reason)
}

func (r *remote) deviceIdentity() *cobra.Command {
	var source string
	add := r.tell("add DEVICE KIND VALUE", "Record a network identity: mac, ip, hostname or ae_title", "recorded an identity of", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		return c.AddDeviceIdentity(ctx, id, apiv1.IdentityInput{Kind: args[1], Value: args[2], Source: source})
	})
	add.Flags().StringVar(&source, "source", "", "who says so")
	return r.below("identity", "Names and addresses of a device on the network", add,
		r.ask("list DEVICE", "List them, also past ones", aboutDevice(func(ctx context.Context, c *client.Client, id string) (any, error) {
			return c.DeviceIdentities(ctx, id)
		})))
}

func (r *remote) deviceFact() *cobra.Command {
	var apply func(*apiv1.Part)
	add := r.leaf("add DEVICE", "Record a part of what a device is made of", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		var in apiv1.Part
		apply(&in)
		m, err := c.RecordDeviceFact(ctx, id, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	apply = bind[apiv1.Part](add, nil)
	return r.below("fact", "Hardware, operating system, applications and firmware of a device", needs(add, "kind", "source", "confidence"),
		r.ask("list DEVICE", "List them, with those of its release and model", aboutDevice(func(ctx context.Context, c *client.Client, id string) (any, error) { return c.DeviceFacts(ctx, id) })),
		r.tell("withdraw FACT", "Take a fact back", "withdrew", func(ctx context.Context, c *client.Client, args []string) error {
			return c.WithdrawDeviceFact(ctx, args[0])
		}))
}

func (r *remote) contradictions() *cobra.Command {
	var q apiv1.MatchQuery
	list := r.ask("list", "List records that share what only one device can have", func(ctx context.Context, c *client.Client, _ []string) (any, error) {
		return c.Contradictions(ctx, q)
	})
	list.Flags().IntVar(&q.Limit, "limit", 100, "how many at most")
	var reason string
	return r.below("contradiction", "Records that contradict each other", list,
		reasonFlag(r.tell("settle CONTRADICTION", "Say that both records are right", "settled", func(ctx context.Context, c *client.Client, args []string) error {
			return c.SettleContradiction(ctx, args[0], apiv1.Reason{Reason: reason})
		}), &reason))
}

func (r *remote) imports() *cobra.Command {
	var g, issues paging
	return r.below("imports", "Fleet files that were imported",
		g.flags(r.ask("list", "List imports, the newest first", func(ctx context.Context, c *client.Client, _ []string) (any, error) {
			return collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Import], error) { return c.Imports(ctx, cur) })
		})),
		r.ask("show IMPORT", "Show how an import stands", func(ctx context.Context, c *client.Client, args []string) (any, error) { return c.Import(ctx, args[0]) }),
		issues.flags(r.ask("issues IMPORT", "List the rows that were not applied, and why", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return collect(issues, func(cur apiv1.Cursor) (apiv1.Page[apiv1.ImportIssue], error) {
				return c.ImportIssues(ctx, args[0], cur)
			})
		})))
}
