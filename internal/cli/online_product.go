package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

func (r *remote) product() *cobra.Command {
	return r.group("product", "Manufacturers, models and releases", append(r.productMore(), r.productList(), r.productShow(), r.productAdd(), r.makers(),
		r.productReleases(), r.releaseAdd("add-release MODEL VERSION"), r.supportAdd())...)
}

func (r *remote) productList() *cobra.Command {
	var q apiv1.ModelQuery
	var g paging
	c := r.leaf("list", "List models", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Model], error) {
			q.Cursor = apiv1.Cursor{After: cur.After, Limit: min(cur.Limit, 500)}
			return c.Models(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "MANUFACTURER MODEL SAFETY-CLASS ID", func(m apiv1.Model) []any {
			return []any{m.ManufacturerName, m.Name, m.Class, m.ID}
		})
	})
	c.Flags().StringVar(&q.Manufacturer, "manufacturer", "", "manufacturer id")
	c.Flags().StringVar(&q.Class, "safety-class", "", "safety class")
	c.Flags().StringVarP(&q.Text, "query", "q", "", "words that begin the manufacturer's or the model's name")
	return g.flags(c)
}

// shownModel is a model with its releases.
type shownModel struct {
	apiv1.Model
	Releases []apiv1.Release `json:"releases"`
}

func (r *remote) productShow() *cobra.Command {
	return r.leaf("show MODEL", "Show a model and its releases", func(ctx context.Context, c *client.Client, args []string) error {
		m, err := c.Model(ctx, args[0])
		if err != nil {
			return err
		}
		rel, err := c.Releases(ctx, args[0])
		if err != nil {
			return err
		}
		return r.show(shownModel{m, rel.Items}, func() error {
			var functions []string
			for _, f := range m.Functions {
				functions = append(functions, f.Name+" ("+f.Harm+")")
			}
			if err := r.fields("id", m.ID, "manufacturer", m.ManufacturerName, "model", m.Name, "numbers", strings.Join(m.Numbers, ", "), "udi-di", strings.Join(m.DIs, ", "),
				"safety class", m.Class, "functions", strings.Join(functions, ", "), "worst harm", m.WorstHarm, "support", m.Stage); err != nil {
				return err
			}
			fmt.Fprintln(r.out)
			return r.showReleases(rel.Items)
		})
	})
}

func (r *remote) showReleases(all []apiv1.Release) error {
	return rows(r.program, all, "VERSION RELEASED END-OF-SUPPORT SUPPORT ID", func(v apiv1.Release) []any {
		return []any{v.Version, v.Released, v.EndOfSupport, v.Stage, v.ID}
	})
}

func (r *remote) productReleases() *cobra.Command {
	return r.leaf("releases MODEL", "List the releases of a model", func(ctx context.Context, c *client.Client, args []string) error {
		l, err := c.Releases(ctx, args[0])
		if err != nil {
			return err
		}
		return r.show(l, func() error { return r.showReleases(l.Items) })
	})
}

func (r *remote) makers() *cobra.Command {
	var g paging
	list := g.flags(r.leaf("list", "List manufacturers", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Manufacturer], error) { return c.Manufacturers(ctx, cur) })
		if err != nil {
			return err
		}
		return listed(r.program, p, "NAME ALIASES ID", func(m apiv1.Manufacturer) []any { return []any{m.Name, strings.Join(m.Aliases, ", "), m.ID} })
	}))
	var in apiv1.ManufacturerInput
	add := r.leaf("add NAME", "Add a manufacturer", func(ctx context.Context, c *client.Client, args []string) error {
		in.Name = args[0]
		m, err := c.AddManufacturer(ctx, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	add.Flags().StringSliceVar(&in.Aliases, "alias", nil, "other names")
	c := &cobra.Command{Use: "manufacturer", Short: "Who makes devices"}
	c.AddCommand(append(r.makerMore(), list, add)...)
	return c
}

func (r *remote) productAdd() *cobra.Command {
	var in apiv1.ModelInput
	var functions []string
	c := r.leaf("add MANUFACTURER NAME", "Add a model to a manufacturer (its id)", func(ctx context.Context, c *client.Client, args []string) error {
		in.Manufacturer, in.Name = args[0], args[1]
		in.Functions = functionsOf(functions)
		m, err := c.AddModel(ctx, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	c.Flags().StringVar(&in.Class, "safety-class", "", "what it does for a patient")
	c.Flags().StringSliceVar(&in.DIs, "udi-di", nil, "UDI device identifiers")
	c.Flags().StringSliceVar(&in.Numbers, "number", nil, "model, catalogue or part numbers")
	c.Flags().StringArrayVar(&functions, "function", nil, "clinical function and the worst harm when it fails, as name=harm")
	c.Flags().StringVar(&in.MultiPatient, "multi-patient", "", "one event can hurt several patients: yes, no or unknown")
	c.Flags().IntVar(&in.PatientsAtOnce, "patients-at-once", 0, "patients that one device serves at once")
	return c
}

func (r *remote) releaseAdd(use string) *cobra.Command {
	var in apiv1.ReleaseInput
	c := r.leaf(use, "Add a release to a model", func(ctx context.Context, c *client.Client, args []string) error {
		in.Version = args[1]
		m, err := c.AddRelease(ctx, args[0], in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	c.Flags().StringVar(&in.Released, "released", "", "day, as 2026-11-23")
	c.Flags().StringVar(&in.EndOfSupport, "end-of-support", "", "day, as 2026-11-23")
	return c
}

func (r *remote) supportAdd() *cobra.Command {
	var in apiv1.SupportInput
	c := r.leaf("support MODEL STAGE", "Assert the stage of support of a model or release (development, support, limited_support, end_of_support)",
		func(ctx context.Context, c *client.Client, args []string) error {
			in.Stage = args[1]
			if err := c.AssertSupport(ctx, args[0], in); err != nil {
				return err
			}
			return r.done("recorded: %s since %s, says %s", in.Stage, in.Since, in.AssertedBy)
		})
	c.Flags().StringVar(&in.Release, "release", "", "release id; absent: every release")
	c.Flags().StringVar(&in.AssertedBy, "by", "", "who says so (needed)")
	c.Flags().StringVar(&in.Since, "since", "", "day, as 2026-11-23 (needed)")
	c.Flags().StringVar(&in.Source, "source", "", "document or address")
	return needs(c, "by", "since")
}

// onlineSBOM are the commands about SBOMs that need a server.
func (p *program) onlineSBOM() []*cobra.Command {
	r := &remote{program: p}
	c := r.sbomAttach()
	r.flags(c)
	return []*cobra.Command{c}
}

func (r *remote) sbomAttach() *cobra.Command {
	p := r.program
	return r.leaf("attach RELEASE FILE", "Attach an SBOM to a release; the one before is superseded", func(ctx context.Context, c *client.Client, args []string) error {
		f, err := p.openFile(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		v, err := c.AttachSBOM(ctx, args[0], apiv1.Upload{Name: filepath.Base(args[1])}, f)
		if err != nil {
			return err
		}
		return p.show(v, func() error {
			fmt.Fprintf(p.out, "%s: %s %s, %d components\n", v.ID, v.Format, v.SpecVersion, v.Components)
			for _, n := range v.Notes {
				fmt.Fprintf(p.out, "note: %s\n", plainText(n))
			}
			return nil
		})
	})
}
