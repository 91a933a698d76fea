package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// productMore are the commands about one model, its releases and what they are made of.
func (r *remote) productMore() []*cobra.Command {
	return []*cobra.Command{r.productChange(), r.release(), r.productFact(), r.productSBOM(),
		r.ask("support-history MODEL", "What was said of the support of a model", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.ModelSupport(ctx, args[0])
		})}
}

func (r *remote) productChange() *cobra.Command {
	var apply func(*apiv1.ModelInput)
	var functions []string
	c := r.tell("change MODEL", "Change a model: what no flag names stays", "changed", func(ctx context.Context, c *client.Client, args []string) error {
		m, err := c.Model(ctx, args[0])
		if err != nil {
			return err
		}
		in := m.ModelInput
		apply(&in)
		if functions != nil {
			in.Functions = functionsOf(functions)
		}
		return c.ChangeModel(ctx, args[0], in)
	})
	apply = bind[apiv1.ModelInput](c, map[string]string{"udi_dis": "udi-di", "model_numbers": "number"})
	c.Flags().StringArrayVar(&functions, "function", nil, "all its clinical functions and the worst harm when they fail, as name=harm")
	return c
}

// functionsOf reads name=harm.
func functionsOf(said []string) []apiv1.Function {
	out := []apiv1.Function{}
	for _, f := range said {
		if name, harm, _ := strings.Cut(f, "="); name != "" {
			out = append(out, apiv1.Function{Name: name, Harm: harm})
		}
	}
	return out
}

func (r *remote) release() *cobra.Command {
	var apply func(*apiv1.ReleaseInput)
	change := r.tell("change RELEASE", "Change a release: what no flag names stays", "changed", func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Release(ctx, args[0])
		if err != nil {
			return err
		}
		in := v.ReleaseInput
		apply(&in)
		return c.ChangeRelease(ctx, args[0], in)
	})
	apply = bind[apiv1.ReleaseInput](change, nil)
	return r.below("release", "Releases of a model", r.releaseAdd("add MODEL VERSION"), change,
		r.ask("list MODEL", "List the releases of a model", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.Releases(ctx, args[0])
		}),
		r.ask("show RELEASE", "Show a release", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.Release(ctx, args[0])
		}))
}

func (r *remote) productFact() *cobra.Command {
	var apply func(*apiv1.FactInput)
	add := r.leaf("add MODEL", "Record a part of what a model or release is made of", func(ctx context.Context, c *client.Client, args []string) error {
		var in apiv1.FactInput
		apply(&in)
		m, err := c.RecordModelFact(ctx, args[0], in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	apply = bind[apiv1.FactInput](add, map[string]string{"release_id": "release"})
	var q apiv1.FactQuery
	list := r.ask("list MODEL", "List the facts of a model, or those that hold for a release", func(ctx context.Context, c *client.Client, args []string) (any, error) {
		return c.ModelFacts(ctx, args[0], q)
	})
	list.Flags().StringVar(&q.Release, "release", "", "those that hold for a release, by its id")
	return r.below("fact", "Hardware, operating system, applications and firmware of a model", needs(add, "kind", "source", "confidence"), list,
		r.tell("withdraw FACT", "Take a fact back", "withdrew", func(ctx context.Context, c *client.Client, args []string) error {
			return c.WithdrawModelFact(ctx, args[0])
		}))
}

func (r *remote) productSBOM() *cobra.Command {
	var file string
	save := r.leaf("file SBOM", "Write an SBOM as it was attached", func(ctx context.Context, c *client.Client, args []string) error {
		return r.saveTo(file, writes(ctx, args[0], c.SBOMFile))
	})
	save.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return r.below("sbom", "Software bills of materials of releases", r.sbomAttach(), save,
		r.ask("list RELEASE", "List the SBOMs of a release, the one in force first", func(ctx context.Context, c *client.Client, args []string) (any, error) { return c.SBOMs(ctx, args[0]) }),
		r.ask("show SBOM", "Show an SBOM and how complete it is", func(ctx context.Context, c *client.Client, args []string) (any, error) { return c.SBOM(ctx, args[0]) }),
		r.ask("components SBOM", "List the components of an SBOM", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.Components(ctx, args[0])
		}),
		r.ask("diff FROM TO", "Compare two attached SBOMs", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.DiffSBOMs(ctx, args[0], args[1])
		}))
}

// makerMore are the commands about one manufacturer.
func (r *remote) makerMore() []*cobra.Command {
	var apply func(*apiv1.ManufacturerInput)
	change := r.tell("change MANUFACTURER", "Change a manufacturer: what no flag names stays", "changed", func(ctx context.Context, c *client.Client, args []string) error {
		m, err := c.Manufacturer(ctx, args[0])
		if err != nil {
			return err
		}
		in := m.ManufacturerInput
		apply(&in)
		return c.ChangeManufacturer(ctx, args[0], in)
	})
	apply = bind[apiv1.ManufacturerInput](change, map[string]string{"aliases": "alias"})
	return []*cobra.Command{change,
		r.ask("show MANUFACTURER", "Show a manufacturer", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.Manufacturer(ctx, args[0])
		})}
}
