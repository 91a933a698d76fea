package online

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

const releaseColumns = "VERSION RELEASED END-OF-SUPPORT SUPPORT:support_stage ID"

func (r *Remote) product() *cobra.Command {
	return r.group("product", "Manufacturers, models and releases",
		pages(r.line("list", "List models"), "MANUFACTURER:manufacturer_name MODEL:name SAFETY-CLASS ID", (*client.Client).Models),
		r.showModel(), r.addModel(), r.changeModel(), r.manufacturer(), r.release(), r.modelFact(), r.sbom(), r.support(),
		wholeOf(r.line("support-history MODEL", "What was said of the support of a model"), "", (*client.Client).ModelSupport),
		wholeOf(r.line("releases MODEL", "List the releases of a model"), releaseColumns, (*client.Client).Releases),
		addTo(r.line("add-release MODEL VERSION", "Add a release to a model"), (*client.Client).AddRelease))
}

func (r *Remote) manufacturer() *cobra.Command {
	return r.below("manufacturer", "Who makes devices",
		pages(r.line("list", "List manufacturers"), "NAME ALIASES ID", (*client.Client).Manufacturers),
		show(r.line("show MANUFACTURER", "Show a manufacturer"), (*client.Client).Manufacturer),
		add(r.line("add NAME", "Add a manufacturer").calls("aliases", "alias"), (*client.Client).AddManufacturer),
		change(r.line("change MANUFACTURER", "Change a manufacturer").calls("aliases", "alias"), (*client.Client).Manufacturer, (*client.Client).ChangeManufacturer))
}

// shownModel is a model with its releases.
type shownModel struct {
	apiv1.Model
	Releases []apiv1.Release `json:"releases"`
}

func (r *Remote) showModel() *cobra.Command {
	releases := columnsOf[apiv1.Release](r.line("show MODEL", ""), releaseColumns)
	return r.line("show MODEL", "Show a model and its releases").does(func(ctx context.Context, c *client.Client, args []string) error {
		m, err := c.Model(ctx, args[0])
		if err != nil {
			return err
		}
		rel, err := c.Releases(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(shownModel{m, rel.Items}, func() error {
			var functions []string
			for _, f := range m.Functions {
				functions = append(functions, f.Name+" ("+f.Harm+")")
			}
			if err := r.Fields("id", m.ID, "manufacturer", m.ManufacturerName, "model", m.Name, "numbers", strings.Join(m.Numbers, ", "), "udi-di", strings.Join(m.DIs, ", "),
				"safety class", m.Class, "functions", strings.Join(functions, ", "), "worst harm", m.WorstHarm, "support", m.Stage); err != nil {
				return err
			}
			r.printf("\n")
			return r.table(releases, rel.Items)
		})
	})
}

// modelLine names the flags of a model's fields; its functions are read from --function.
func (r *Remote) modelLine(use, short string, functions *[]string) line {
	return r.line(use, short).calls("udi_dis", "udi-di", "model_numbers", "number").fills(func(in any) {
		if m, ok := in.(*apiv1.ModelInput); ok && *functions != nil {
			m.Functions = functionsOf(*functions)
		}
	})
}

func functionFlag(c *cobra.Command, to *[]string) *cobra.Command {
	c.Flags().StringArrayVar(to, "function", nil, "clinical function and the worst harm when it fails, as name=harm; all of them")
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

func (r *Remote) addModel() *cobra.Command {
	var functions []string
	return functionFlag(add(r.modelLine("add MANUFACTURER NAME", "Add a model to a manufacturer (its id)", &functions), (*client.Client).AddModel), &functions)
}

func (r *Remote) changeModel() *cobra.Command {
	var functions []string
	return functionFlag(change(r.modelLine("change MODEL", "Change a model", &functions), (*client.Client).Model, (*client.Client).ChangeModel), &functions)
}

func (r *Remote) release() *cobra.Command {
	return r.below("release", "Releases of a model",
		wholeOf(r.line("list MODEL", "List the releases of a model"), "", (*client.Client).Releases),
		show(r.line("show RELEASE", "Show a release"), (*client.Client).Release),
		addTo(r.line("add MODEL VERSION", "Add a release to a model"), (*client.Client).AddRelease),
		change(r.line("change RELEASE", "Change a release"), (*client.Client).Release, (*client.Client).ChangeRelease))
}

func (r *Remote) support() *cobra.Command {
	var in apiv1.SupportInput
	l := r.line("support MODEL STAGE", "Assert the stage of support of a model or release (development, support, limited_support, end_of_support)").
		calls("release_id", "release", "asserted_by", "by", "stage", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Stage = args[1]
		if err := c.AssertSupport(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("recorded: %s since %s, says %s", in.Stage, in.Since, in.AssertedBy)
	})
	l.bindTo(c, &in)
	return needs(c, "by", "since")
}

func (r *Remote) modelFact() *cobra.Command {
	var q apiv1.FactQuery
	l := r.line("list MODEL", "List the facts of a model, or those that hold for a release")
	list := wholeOf(l, "", func(c *client.Client, ctx context.Context, id string) (apiv1.List[apiv1.Fact], error) {
		return c.ModelFacts(ctx, id, q)
	})
	l.bindTo(list, &q)
	return r.below("fact", "Hardware, operating system, applications and firmware of a model", list,
		needs(addTo(r.line("add MODEL", "Record a part of what a model or release is made of").calls("release_id", "release"), (*client.Client).RecordModelFact),
			"kind", "source", "confidence"),
		r.line("withdraw FACT", "Take a fact back").act("withdrew", (*client.Client).WithdrawModelFact))
}

func (r *Remote) sbom() *cobra.Command {
	return r.below("sbom", "Software bills of materials of releases", r.attachSBOM(),
		r.line("file SBOM", "Write an SBOM as it was attached").download((*client.Client).SBOMFile),
		wholeOf(r.line("list RELEASE", "List the SBOMs of a release, the one in force first"), "", (*client.Client).SBOMs),
		show(r.line("show SBOM", "Show an SBOM and how complete it is"), (*client.Client).SBOM),
		wholeOf(r.line("components SBOM", "List the components of an SBOM"), "", (*client.Client).Components),
		r.line("diff FROM TO", "Compare two attached SBOMs").does(func(ctx context.Context, c *client.Client, args []string) error {
			d, err := c.DiffSBOMs(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			return r.answer(d)
		}))
}

func (r *Remote) attachSBOM() *cobra.Command {
	return r.line("attach RELEASE FILE", "Attach an SBOM to a release; the one before is superseded").does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		v, err := c.AttachSBOM(ctx, args[0], apiv1.Upload{Name: filepath.Base(args[1])}, f)
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			r.printf("%s: %s %s, %d components\n", v.ID, v.Format, v.SpecVersion, v.Components)
			for _, n := range v.Notes {
				r.printf("note: %s\n", terminal.Text(n))
			}
			return nil
		})
	})
}
