package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/problem"
)

// online are the commands that need a server.
func (p *program) online() []*cobra.Command {
	r := &remote{program: p}
	return []*cobra.Command{r.device(), r.site(), r.product(), r.feed(), r.vuln(), r.verdict(), r.risk(), r.people(), r.token(), r.view(), r.system()}
}

func (r *remote) site() *cobra.Command {
	return r.group("site", "Places with devices", r.siteRename(),
		r.leaf("list", "List sites", func(ctx context.Context, c *client.Client, _ []string) error {
			l, err := c.Sites(ctx)
			if err != nil {
				return err
			}
			return r.show(l, func() error {
				return rows(r.program, l.Items, "ID NAME", func(s apiv1.Site) []any { return []any{s.ID, s.Name} })
			})
		}),
		r.leaf("add NAME", "Add a site", func(ctx context.Context, c *client.Client, args []string) error {
			m, err := c.AddSite(ctx, apiv1.SiteInput{Name: args[0]})
			if err != nil {
				return err
			}
			return r.made(m)
		}))
}

func (r *remote) device() *cobra.Command {
	return r.group("device", "The fleet", append(r.deviceMore(), r.deviceList(), r.deviceShow(), r.deviceAdd(), r.deviceImport(), r.deviceExport(), r.deviceMerge(), r.deviceRetire())...)
}

// filterFlags are those that choose devices.
func filterFlags(c *cobra.Command, f *apiv1.DeviceFilter) {
	c.Flags().StringVar(&f.Site, "site", "", "site id")
	c.Flags().StringVar(&f.Ward, "ward", "", "ward or location")
	c.Flags().StringVar(&f.Model, "model", "", "model id")
	c.Flags().StringVar(&f.InUse, "in-use", "", "yes, no or unknown")
	c.Flags().StringVar(&f.Class, "safety-class", "", "safety class")
	c.Flags().StringVar(&f.State, "state", "", "active, retired or merged")
	c.Flags().StringVarP(&f.Text, "query", "q", "", "beginning of a tag, serial number, address or name")
}

func (r *remote) deviceList() *cobra.Command {
	var q apiv1.DeviceQuery
	var g paging
	c := r.leaf("list", "List devices", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.DeviceItem], error) {
			q.Cursor = cur
			return c.Devices(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "TAG MODEL VERSION SITE WARD IN-USE AFFECTED UNKNOWN UNCONTROLLED ID", func(d apiv1.DeviceItem) []any {
			return []any{d.AssetTag, d.ModelName, d.Version, d.SiteName, d.Ward, d.InUse, d.Risk.Affected, d.Risk.Unknown, d.Risk.Uncontrolled, d.ID}
		})
	})
	filterFlags(c, &q.DeviceFilter)
	c.Flags().StringVar(&q.Sort, "sort", "", "asset_tag, site or model")
	return g.flags(c)
}

// deviceID is the id of a device that is named by its id or its asset tag.
func deviceID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "dev_") {
		return name, nil
	}
	found := map[string]bool{}
	for _, state := range []string{"active", "retired"} { // a tag of a retired device may be in use again
		p, err := c.Devices(ctx, apiv1.DeviceQuery{DeviceFilter: apiv1.DeviceFilter{Text: name, State: state}, Cursor: apiv1.Cursor{Limit: mostPerRequest}})
		if err != nil {
			return "", err
		}
		for _, d := range p.Items {
			if strings.EqualFold(d.AssetTag, name) {
				found[d.ID] = true
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch len(found) {
	case 0:
		return "", problem.New(problem.NotFound, "there is no device with the asset tag %q", name)
	case 1:
		for id := range found {
			return id, nil
		}
	}
	return "", problem.New(problem.Conflict, "%d devices have the asset tag %q: name one by its id", len(found), name)
}

func (r *remote) deviceShow() *cobra.Command {
	return r.leaf("show DEVICE", "Show a device, by id or asset tag", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		d, err := c.Device(ctx, id)
		if err != nil {
			return err
		}
		return r.show(d, func() error {
			var nets []string
			for _, n := range d.Network {
				if n.Until.IsZero() {
					nets = append(nets, n.Kind+" "+n.Value)
				}
			}
			return r.fields("id", d.ID, "state", d.State, "asset tag", d.AssetTag, "serial", d.Serial, "model", d.ModelName, "version", d.RawVersion, "udi", d.UDI,
				"site", d.SiteName, "ward", d.Ward, "zone", d.Zone, "connectivity", strings.Join(d.Connectivity, ", "), "network", strings.Join(nets, ", "),
				"in use", d.InUse, "safety class", d.EffectiveClass, "patient data", d.PatientData, "clinical owner", d.ClinicalOwner, "IT owner", d.ITOwner,
				"registered", d.Registered, "changed", d.Changed, "merged into", d.MergedInto)
		})
	})
}

func (r *remote) deviceAdd() *cobra.Command {
	var in apiv1.DeviceInput
	var mac, ip, host []string
	c := r.leaf("add", "Register a device", func(ctx context.Context, c *client.Client, _ []string) error {
		for kind, values := range map[string][]string{"mac": mac, "ip": ip, "hostname": host} {
			for _, v := range values {
				in.Network = append(in.Network, apiv1.Identity{Kind: kind, Value: v})
			}
		}
		m, err := c.RegisterDevice(ctx, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	f := c.Flags()
	for name, to := range map[string]*string{"tag": &in.AssetTag, "serial": &in.Serial, "site": &in.Site, "ward": &in.Ward, "vendor": &in.RawVendor, "model": &in.RawModel,
		"version": &in.RawVersion, "model-id": &in.Model, "release-id": &in.Release, "udi": &in.UDI, "zone": &in.Zone, "in-use": &in.InUse,
		"safety-class": &in.Class, "patient-data": &in.PatientData, "manufactured": &in.Manufactured} {
		f.StringVar(to, name, "", strings.ReplaceAll(name, "-", " "))
	}
	f.StringSliceVar(&in.Connectivity, "connectivity", nil, "ways to reach it")
	f.StringSliceVar(&mac, "mac", nil, "MAC addresses")
	f.StringSliceVar(&ip, "ip", nil, "IP addresses")
	f.StringSliceVar(&host, "hostname", nil, "host names")
	return c
}

func (r *remote) deviceImport() *cobra.Command {
	var q apiv1.ImportStart
	var dry, skip, noWait bool
	c := r.leaf("import FILE", "Import a fleet file: CSV, a NetBox export, or FHIR R4 devices (Bundle or NDJSON)", func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.openFile(args[0])
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
		return r.show(i, func() error {
			_, err := fmt.Fprintf(r.out, "%s %s: %d of %d rows, %d added, %d changed, %d the same, %d held, %d skipped\n", i.ID, i.State, i.Applied, i.Total, i.Added, i.Changed,
				i.Same, i.Held, i.Skipped)
			return err
		})
	})
	c.Flags().StringArrayVar(&q.Mapping, "map", nil, "what a column is, as header=field")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would happen, and do nothing")
	c.Flags().BoolVar(&skip, "skip-faults", false, "leave out rows with faults instead of refusing the file")
	c.Flags().BoolVar(&noWait, "no-wait", false, "return when the file is taken")
	return c
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (r *remote) showPreview(p apiv1.ImportPreview) error {
	err := r.show(p, func() error {
		if len(p.Columns) > 0 { // none in FHIR
			if err := rows(r.program, p.Columns, "COLUMN FIELD", func(c apiv1.Column) []any { return []any{c.Header, c.Field} }); err != nil {
				return err
			}
			fmt.Fprintln(r.out)
		}
		for _, n := range p.Notes {
			fmt.Fprintf(r.out, "%s\n", plainText(n))
		}
		fmt.Fprintf(r.out, "%d rows: %d would be added, %d changed, %d stay the same, %d held\n", p.Total, p.Added, p.Changed, p.Same, p.Held)
		for _, f := range p.Faults {
			fmt.Fprintf(r.out, "fault: %s: %s\n", plainText(f.Location), plainText(f.Message))
		}
		for _, i := range p.Issues {
			fmt.Fprintf(r.out, "held: %s: %s\n", plainText(i.Place), plainText(i.Reason))
		}
		return nil
	})
	if err == nil && len(p.Faults) > 0 {
		return exit{exitNegative}
	}
	return err
}

func (r *remote) deviceExport() *cobra.Command {
	var f apiv1.DeviceFilter
	var file, format string
	c := r.leaf("export", "Write the fleet as CSV or JSON", func(ctx context.Context, c *client.Client, _ []string) error {
		return r.saveTo(file, func(w io.Writer) error {
			switch {
			case format == "json" || format == "" && r.json:
				return c.ExportDevicesJSON(ctx, f, w)
			case format == "csv" || format == "":
				return c.ExportDevicesCSV(ctx, f, w)
			}
			return usage{fmt.Errorf("--format is csv or json, not %q", format)}
		})
	})
	filterFlags(c, &f)
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	c.Flags().StringVar(&format, "format", "", "csv or json")
	return c
}

// reasonFlag adds --reason, which a command needs.
func reasonFlag(c *cobra.Command, to *string) *cobra.Command {
	c.Flags().StringVar(to, "reason", "", "why, for the journal (needed)")
	return needs(c, "reason")
}

// needs makes flags required, as an error of usage.
func needs(c *cobra.Command, names ...string) *cobra.Command {
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		for _, n := range names {
			if f := cmd.Flags().Lookup(n); f == nil || f.Value.String() == "" {
				return usage{fmt.Errorf("%s needs --%s (see --help)", cmd.CommandPath(), n)}
			}
		}
		return run(cmd, args)
	}
	return c
}

func (r *remote) deviceMerge() *cobra.Command {
	var reason string
	return reasonFlag(r.leaf("merge KEEP DROP", "Say that two records are one device; the first stays", func(ctx context.Context, c *client.Client, args []string) error {
		keep, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		drop, err := deviceID(ctx, c, args[1])
		if err != nil {
			return err
		}
		if err := c.MergeDevice(ctx, keep, apiv1.DeviceMerge{Drop: drop, Reason: reason}); err != nil {
			return err
		}
		return r.done("merged %s into %s", drop, keep)
	}), &reason)
}

func (r *remote) deviceRetire() *cobra.Command {
	var reason string
	return reasonFlag(r.leaf("retire DEVICE", "Take a device out of the fleet; its record stays", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := deviceID(ctx, c, args[0])
		if err != nil {
			return err
		}
		if err := c.RetireDevice(ctx, id, apiv1.Reason{Reason: reason}); err != nil {
			return err
		}
		return r.done("retired %s", id)
	}), &reason)
}
