package online

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) site() *cobra.Command {
	return r.group("site", "Places with devices",
		whole(r.line("list", "List sites"), "ID NAME", (*client.Client).Sites),
		add(r.line("add NAME", "Add a site"), (*client.Client).AddSite),
		r.line("rename SITE NAME", "Rename a site, by its id").does(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RenameSite(ctx, args[0], apiv1.SiteInput{Name: args[1]}); err != nil {
				return err
			}
			return r.Done("renamed %s", args[0])
		}))
}

func (r *Remote) device() *cobra.Command {
	return r.group("device", "The fleet",
		pages(r.line("list", "List devices"), "TAG:asset_tag MODEL:model_name VERSION SITE:site_name WARD IN-USE AFFECTED:risk.affected UNKNOWN:risk.unknown "+
			"UNCONTROLLED:risk.uncontrolled ID", (*client.Client).Devices),
		r.showDevice(), r.addDevice(), r.changeDevice(), r.importDevices(), r.exportDevices(), r.mergeDevice(),
		r.line("retire DEVICE", "Take a device out of the fleet; its record stays").because("retired", (*client.Client).RetireDevice),
		r.line("reinstate DEVICE", "Bring a retired device back").because("reinstated", (*client.Client).ReinstateDevice),
		pagesOf(r.line("history DEVICE", "What happened to a device, the newest first"), "ENTRY:seq AT ACTOR:actor_name KIND", (*client.Client).DeviceHistory),
		wholeOf(r.line("matches DEVICE", "The answers about a device, with what proves them"), "", (*client.Client).DeviceMatches),
		r.identity(), r.deviceFact(), r.contradiction(), r.imports())
}

func (r *Remote) showDevice() *cobra.Command {
	return r.line("show DEVICE", "Show a device, by id or asset tag").does(func(ctx context.Context, c *client.Client, args []string) error {
		d, err := c.Device(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(d, func() error {
			var nets []string
			for _, n := range d.Network {
				if n.Until.IsZero() {
					nets = append(nets, n.Kind+" "+n.Value)
				}
			}
			return r.Fields("id", d.ID, "state", d.State, "asset tag", d.AssetTag, "serial", d.Serial, "model", d.ModelName, "version", d.RawVersion, "udi", d.UDI,
				"site", d.SiteName, "ward", d.Ward, "zone", d.Zone, "connectivity", strings.Join(d.Connectivity, ", "), "network", strings.Join(nets, ", "),
				"in use", d.InUse, "safety class", d.EffectiveClass, "patient data", d.PatientData, "clinical owner", d.ClinicalOwner, "IT owner", d.ITOwner,
				"registered", d.Registered, "changed", d.Changed, "merged into", d.MergedInto)
		})
	})
}

// deviceLine names the flags of a device's fields.
func (r *Remote) deviceLine(use, short string) line {
	return r.line(use, short).calls("asset_tag", "tag", "if_changed", "")
}

func (r *Remote) addDevice() *cobra.Command {
	var mac, ip, host []string
	c := add(r.deviceLine("add", "Register a device").fills(func(in any) {
		d, _ := in.(*apiv1.DeviceInput)
		for _, k := range []struct {
			kind   string
			values []string
		}{{"mac", mac}, {"ip", ip}, {"hostname", host}} {
			for _, v := range k.values {
				d.Network = append(d.Network, apiv1.Identity{Kind: k.kind, Value: v})
			}
		}
	}), (*client.Client).RegisterDevice)
	c.Flags().StringSliceVar(&mac, "mac", nil, "MAC addresses")
	c.Flags().StringSliceVar(&ip, "ip", nil, "IP addresses")
	c.Flags().StringSliceVar(&host, "hostname", nil, "host names")
	return c
}

func (r *Remote) changeDevice() *cobra.Command {
	return change(r.deviceLine("change DEVICE", "Change what is known of a device"),
		func(c *client.Client, ctx context.Context, id string) (apiv1.DeviceChange, error) {
			d, err := c.Device(ctx, id)
			return apiv1.DeviceChange{DeviceInput: d.DeviceInput, IfChanged: d.Changed}, err
		},
		(*client.Client).ChangeDevice)
}

func (r *Remote) importDevices() *cobra.Command {
	var q apiv1.ImportStart
	var dry, skip, noWait bool
	c := r.line("import FILE", "Import a fleet file: CSV, a NetBox export, or FHIR R4 devices (Bundle or NDJSON)").does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		q.Name = filepath.Base(args[0])
		if dry {
			p, err := c.PreviewImport(ctx, apiv1.PreviewQuery{ImportQuery: q.ImportQuery, First: 5}, f)
			if err != nil {
				return err
			}
			return r.showPreview(p)
		}
		if skip {
			q.OnFault = "skip"
		}
		i, err := c.StartImport(ctx, q, f)
		for err == nil && !noWait && i.State != "done" {
			if err = pause(ctx, 200*time.Millisecond); err == nil {
				i, err = c.Import(ctx, i.ID)
			}
		}
		if err != nil {
			return err
		}
		return r.Show(i, func() error {
			r.printf("%s %s: %d of %d rows, %d added, %d changed, %d the same, %d held, %d skipped\n", i.ID, i.State, i.Applied, i.Total, i.Added, i.Changed,
				i.Same, i.Held, i.Skipped)
			return nil
		})
	})
	c.Flags().StringArrayVar(&q.Mapping, "map", nil, "what a column is, as header=field")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would happen, and do nothing")
	c.Flags().BoolVar(&skip, "skip-faults", false, "leave out rows with faults instead of refusing the file")
	c.Flags().BoolVar(&noWait, "no-wait", false, "return when the file is taken")
	return c
}

func (r *Remote) showPreview(p apiv1.ImportPreview) error {
	err := r.Show(p, func() error {
		if len(p.Columns) > 0 { // none in FHIR
			if err := r.table(columnsOf[apiv1.Column](r.line("import", ""), "COLUMN:header FIELD"), p.Columns); err != nil {
				return err
			}
			r.printf("\n")
		}
		for _, n := range p.Notes {
			r.printf("%s\n", terminal.Text(n))
		}
		r.printf("%d rows: %d would be added, %d changed, %d stay the same, %d held\n", p.Total, p.Added, p.Changed, p.Same, p.Held)
		for _, f := range p.Faults {
			r.printf("fault: %s: %s\n", terminal.Text(f.Location), terminal.Text(f.Message))
		}
		for _, i := range p.Issues {
			r.printf("held: %s: %s\n", terminal.Text(i.Place), terminal.Text(i.Reason))
		}
		return nil
	})
	if err == nil && len(p.Faults) > 0 {
		return terminal.Exit{Code: terminal.Negative}
	}
	return err
}

func (r *Remote) exportDevices() *cobra.Command {
	var f apiv1.DeviceFilter
	var format string
	l := r.line("export", "Write the fleet as CSV or JSON").calls("sort", "")
	c := l.download(func(c *client.Client, ctx context.Context, _ string, w io.Writer) error {
		switch {
		case format == "json" || format == "" && r.JSON:
			return c.ExportDevicesJSON(ctx, f, w)
		case format == "csv" || format == "":
			return c.ExportDevicesCSV(ctx, f, w)
		}
		return terminal.Misused("--format is csv or json, not %q", format)
	})
	l.bindTo(c, &f)
	c.Flags().StringVar(&format, "format", "", "csv or json")
	return c
}

func (r *Remote) mergeDevice() *cobra.Command {
	var reason string
	return reasonFlag(r.line("merge KEEP DROP", "Say that two records are one device; the first stays").does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.MergeDevice(ctx, args[0], apiv1.DeviceMerge{Drop: args[1], Reason: reason}); err != nil {
			return err
		}
		return r.Done("merged %s into %s", args[1], args[0])
	}), &reason)
}

func (r *Remote) identity() *cobra.Command {
	var source string
	record := r.line("add DEVICE KIND VALUE", "Record a network identity: mac, ip, hostname or ae_title").does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.AddDeviceIdentity(ctx, args[0], apiv1.IdentityInput{Kind: args[1], Value: args[2], Source: source}); err != nil {
			return err
		}
		return r.Done("recorded an identity of %s", args[0])
	})
	record.Flags().StringVar(&source, "source", "", "who says so")
	return r.below("identity", "Names and addresses of a device on the network", record,
		wholeOf(r.line("list DEVICE", "List them, also past ones"), "", (*client.Client).DeviceIdentities))
}

func (r *Remote) deviceFact() *cobra.Command {
	return r.below("fact", "Hardware, operating system, applications and firmware of a device",
		needs(addTo(r.line("add DEVICE", "Record a part of what a device is made of"), (*client.Client).RecordDeviceFact), "kind", "source", "confidence"),
		wholeOf(r.line("list DEVICE", "List them, with those of its release and model"), "", (*client.Client).DeviceFacts),
		r.line("withdraw FACT", "Take a fact back").act("withdrew", (*client.Client).WithdrawDeviceFact))
}

func (r *Remote) contradiction() *cobra.Command {
	return r.below("contradiction", "Records that contradict each other",
		pages(r.line("list", "List records that share what only one device can have"), "", (*client.Client).Contradictions),
		r.line("settle CONTRADICTION", "Say that both records are right").because("settled", (*client.Client).SettleContradiction))
}

func (r *Remote) imports() *cobra.Command {
	return r.below("imports", "Fleet files that were imported",
		pages(r.line("list", "List imports, the newest first"), "", (*client.Client).Imports),
		show(r.line("show IMPORT", "Show how an import stands"), (*client.Client).Import),
		pagesOf(r.line("issues IMPORT", "List the rows that were not applied, and why"), "", (*client.Client).ImportIssues))
}
