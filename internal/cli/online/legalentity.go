package online

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) addEntity() *cobra.Command {
	var in apiv1.LegalEntityInput
	var facts []string
	l := r.line("add-entity INCIDENT NAME", "Say that a legal entity is concerned; its duties to report follow").calls("name", "", "facts", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) (err error) {
		in.Name = args[1]
		if in.Facts, err = pairs("fact", facts); err != nil {
			return err
		}
		m, err := c.AddLegalEntity(ctx, args[0], in)
		if err != nil {
			return err
		}
		return l.Show(m, func() error { return l.say(m.ID) })
	})
	l.bindTo(c, &in)
	c.Flags().StringSliceVar(&facts, "fact", nil, "what is known, as name=yes, no or unknown (see clock facts)")
	return c
}

// known are the flags of `incident facts` that are no single fields.
type known struct{ facts, instants, zones, delays []string }

func (r *Remote) setFacts() *cobra.Command {
	var in apiv1.LegalFacts
	var k known
	l := r.line("facts INCIDENT ENTITY", "Say what a legal entity knows; its clocks follow at once").calls("facts", "", "instants", "", "zones", "", "delays", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := k.fill(&in); err != nil {
			return err
		}
		if err := c.SetLegalFacts(ctx, args[0], args[1], in); err != nil {
			return err
		}
		return r.Done("kept for %s", args[1])
	})
	l.bindTo(c, &in)
	c.Flags().StringSliceVar(&k.facts, "fact", nil, "what is known, as name=yes, no or unknown (see clock facts)")
	c.Flags().StringArrayVar(&k.instants, "start", nil, "an instant, as name=RFC 3339")
	c.Flags().StringArrayVar(&k.zones, "zone", nil, "the zone in which an instant was told, as name=Europe/Berlin")
	c.Flags().StringArrayVar(&k.delays, "delay", nil, "law enforcement asked to wait, as FROM,TO,written or oral,EVIDENCE; all delays together, none: an empty one")
	return c
}

func (k known) fill(in *apiv1.LegalFacts) error {
	var err error
	if in.Facts, err = pairs("fact", k.facts); err != nil {
		return err
	}
	if in.Zones, err = pairs("zone", k.zones); err != nil {
		return err
	}
	at, err := pairs("start", k.instants)
	if err != nil {
		return err
	}
	in.Instants = map[string]time.Time{}
	for _, name := range slices.Sorted(maps.Keys(at)) {
		if in.Instants[name], err = time.Parse(time.RFC3339, at[name]); err != nil {
			return terminal.Misused("--start %s: %q is no instant of the form 2026-11-28T14:00:00+01:00", name, at[name])
		}
	}
	if k.delays == nil {
		return nil
	}
	in.Delays = []apiv1.LegalDelay{}
	for _, text := range k.delays {
		if text == "" {
			continue
		}
		d, err := delayOf(text)
		if err != nil {
			return err
		}
		in.Delays = append(in.Delays, d)
	}
	return nil
}

func delayOf(text string) (apiv1.LegalDelay, error) {
	wrong := terminal.Misused("--delay %q is not FROM,TO,written or oral,EVIDENCE with instants of the form 2026-11-28T14:00:00+01:00", text)
	parts := strings.SplitN(text, ",", 4)
	if len(parts) < 4 || parts[2] != "written" && parts[2] != "oral" {
		return apiv1.LegalDelay{}, wrong
	}
	from, err := time.Parse(time.RFC3339, parts[0])
	if err != nil {
		return apiv1.LegalDelay{}, wrong
	}
	to, err := time.Parse(time.RFC3339, parts[1])
	if err != nil {
		return apiv1.LegalDelay{}, wrong
	}
	return apiv1.LegalDelay{From: from, To: to, Oral: parts[2] == "oral", Evidence: strings.TrimSpace(parts[3])}, nil
}
