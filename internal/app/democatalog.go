package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/sbom"
	"triward/internal/store"
	"triward/internal/vuln"
)

// demoCatalog is the file of makers and models.
type demoCatalog struct {
	Manufacturers []struct {
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	} `json:"manufacturers"`
	Models []demoModel `json:"models"`
}

type demoModel struct {
	Key            string              `json:"key"`
	Maker          string              `json:"maker"`
	Name           string              `json:"name"`
	Numbers        []string            `json:"numbers"`
	DI             string              `json:"di"`
	Class          product.SafetyClass `json:"safety_class"`
	Functions      []demoFunction      `json:"functions"`
	MultiPatient   product.Answer      `json:"multi_patient"`
	PatientsAtOnce int                 `json:"patients_at_once"`
	Releases       []demoRelease       `json:"releases"`
	Support        []demoSupport       `json:"support"`
	Facts          []demoFact          `json:"facts"`
}

type demoFunction struct {
	Name string           `json:"name"`
	Harm product.Severity `json:"harm"`
}

type demoRelease struct {
	Version      string     `json:"version"`
	Released     string     `json:"released"`
	EndOfSupport string     `json:"end_of_support"`
	SBOM         string     `json:"sbom"`
	Facts        []demoFact `json:"facts"`
}

type demoSupport struct {
	Stage   product.Stage `json:"stage"`
	Since   string        `json:"since"`
	By      string        `json:"by"`
	Source  string        `json:"source"`
	Release string        `json:"release"`
}

type demoFact struct {
	Kind       product.FactKind   `json:"kind"`
	Vendor     string             `json:"vendor"`
	Product    string             `json:"product"`
	Version    string             `json:"version"`
	CPE        string             `json:"cpe"`
	Source     string             `json:"source"`
	Confidence product.Confidence `json:"confidence"`
}

func (f demoFact) of(m product.ModelID, r product.ReleaseID) product.Fact {
	return product.Fact{Model: m, Release: r, Part: product.Part{Kind: f.Kind, Vendor: f.Vendor, Product: f.Product, Version: f.Version, CPE: f.CPE,
		Source: f.Source, Confidence: f.Confidence}}
}

func (d *demonstration) readCatalog() (demoCatalog, error) {
	var c demoCatalog
	body, err := d.content.File("catalog.json")
	if err != nil {
		return c, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("read catalogue: %w", err)
	}
	return c, nil
}

func demoDate(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, s)
}

// makers adds manufacturers, models and what was released before the story begins.
func (d *demonstration) makers(ctx context.Context) error {
	c, err := d.readCatalog()
	if err != nil {
		return err
	}
	ctx = d.as(ctx, "psirt")
	makers := map[string]product.ManufacturerID{}
	for _, m := range c.Manufacturers {
		if makers[m.Name], err = d.catalog.AddManufacturer(ctx, product.Manufacturer{Name: m.Name, Aliases: m.Aliases}); err != nil {
			return err
		}
	}
	for _, m := range c.Models {
		p := product.Model{Manufacturer: makers[m.Maker], ManufacturerName: m.Maker, Name: m.Name, DIs: []string{m.DI}, Numbers: m.Numbers, Class: m.Class,
			MultiPatient: m.MultiPatient, PatientsAtOnce: m.PatientsAtOnce}
		for _, f := range m.Functions {
			p.Functions = append(p.Functions, product.Function{Name: f.Name, Harm: f.Harm})
		}
		if p.ID, err = d.catalog.AddModel(ctx, p); err != nil {
			return err
		}
		d.models[m.Key] = p
		for _, f := range m.Facts {
			if _, err := d.catalog.RecordFact(ctx, f.of(p.ID, "")); err != nil {
				return err
			}
		}
	}
	if err := d.release(ctx, c); err != nil {
		return err
	}
	return d.support(d.as(ctx, "regulatory"), c)
}

func (d *demonstration) support(ctx context.Context, c demoCatalog) error {
	for _, m := range c.Models {
		for _, s := range m.Support {
			since, err := demoDate(s.Since)
			if err != nil {
				return err
			}
			if err := d.catalog.AssertSupport(ctx, product.Support{Model: d.models[m.Key].ID, Release: d.releases[m.Key+" "+s.Release], Stage: s.Stage,
				AssertedBy: s.By, Since: since, Source: s.Source}); err != nil {
				return err
			}
		}
	}
	return nil
}

// newReleases adds what was released by the day that it is in the story.
func (d *demonstration) newReleases(ctx context.Context) error {
	c, err := d.readCatalog()
	if err != nil {
		return err
	}
	return d.release(d.as(ctx, "psirt"), c)
}

func (d *demonstration) release(ctx context.Context, c demoCatalog) error {
	today := d.clock.now()
	for _, m := range c.Models {
		for _, r := range m.Releases {
			key := m.Key + " " + r.Version
			released, err := demoDate(r.Released)
			if err != nil {
				return err
			}
			if d.releases[key] != "" || released.After(today) {
				continue
			}
			until, err := demoDate(r.EndOfSupport)
			if err != nil {
				return err
			}
			id, err := d.catalog.AddRelease(ctx, product.Release{Model: d.models[m.Key].ID, Version: r.Version, Released: released, EndOfSupport: until})
			if err != nil {
				return err
			}
			d.releases[key] = id
			for _, f := range r.Facts {
				if _, err := d.catalog.RecordFact(ctx, f.of(d.models[m.Key].ID, id)); err != nil {
					return err
				}
			}
			if err := d.attach(ctx, id, r.SBOM); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demonstration) attach(ctx context.Context, r product.ReleaseID, file string) error {
	if file == "" {
		return nil
	}
	body, err := d.content.File(path.Join("sbom", file))
	if err != nil {
		return err
	}
	doc, err := sbom.Read(file, body)
	if err != nil {
		return err
	}
	_, err = d.catalog.AttachSBOM(ctx, r, doc, body)
	return err
}

// bring imports a fleet file and returns nothing but its failure: rows with faults are left out and reported.
func (d *demonstration) bring(ctx context.Context, file string) error {
	body, err := d.content.File(path.Join("import", file))
	if err != nil {
		return err
	}
	t, err := fleetfile.Read(file, bytes.NewReader(body))
	if err != nil {
		return err
	}
	rows, faults := t.Rows(fleetfile.Guess(t.Header))
	sum := sha256.Sum256(body)
	_, err = d.fleet.Import(d.as(ctx, "htm"), device.Upload{Name: file, Digest: "sha256:" + hex.EncodeToString(sum[:]), Rows: rows, Faults: faults, OnFault: device.Skip})
	return err
}

// sources adds the feeds. They are folders of this machine and run by hand, so that nothing goes to the network.
func (d *demonstration) sources(ctx context.Context) error {
	ctx = d.as(ctx, "security")
	for _, f := range []struct {
		kind       vuln.FeedKind
		name, path string
	}{
		{vuln.FeedCSAF, "Advisories of makers and of the Device Safety Desk", "csaf"},
		{vuln.FeedCVE, "CVE records", "cve"},
		{vuln.FeedNVD, "NVD records", "nvd"},
		{vuln.FeedOSV, "Open-source weaknesses (OSV)", "osv"},
		{vuln.FeedKEV, "Known exploited", "kev/known_exploited_vulnerabilities.json"},
		{vuln.FeedEPSS, "EPSS scores", "epss/epss_scores.csv"},
	} {
		at := filepath.Join(d.dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Join(d.dir, strings.SplitN(f.path, "/", 2)[0]), 0o700); err != nil {
			return err
		}
		id, err := d.source.Add(ctx, vuln.Feed{Name: f.name, Kind: f.kind, URL: "file:" + filepath.ToSlash(at), Enabled: true})
		if err != nil {
			return err
		}
		d.feedIDs[f.kind] = id
	}
	return nil
}

// publish puts the files of a day where the feeds read them, and runs those feeds.
func (d *demonstration) publish(ctx context.Context, day int) error {
	folder := fmt.Sprintf("feeds/day-%02d", day)
	var kinds []vuln.FeedKind
	for _, name := range d.content.Names(folder) {
		body, err := d.content.File(name)
		if err != nil {
			return err
		}
		rest := strings.TrimPrefix(name, folder+"/")
		if err := os.WriteFile(filepath.Join(d.dir, filepath.FromSlash(rest)), body, 0o600); err != nil {
			return err
		}
		if kind := vuln.FeedKind(path.Dir(rest)); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	for _, kind := range kinds {
		if _, err := d.feeds.Run(d.as(ctx, "security"), d.feedIDs[kind]); err != nil {
			return fmt.Errorf("load %s: %w", kind, err)
		}
	}
	return nil
}

// stick adds a feed that fails: the folder that somebody carries data to has not been filled yet.
func (d *demonstration) stick(ctx context.Context) error {
	ctx = d.as(ctx, "security")
	id, err := d.source.Add(ctx, vuln.Feed{Name: "Transfer folder of the regional desk", Kind: vuln.FeedCSAF, URL: "file:" + filepath.ToSlash(filepath.Join(d.dir, "transfer")), Enabled: true})
	if err != nil {
		return err
	}
	if _, err := d.feeds.Run(ctx, id); problem.KindOf(err) != problem.NotFound {
		return fmt.Errorf("a folder that is not there was read: %w", err)
	}
	return nil
}

// moved reads a device, lets fn change it and keeps it.
func (d *demonstration) moved(ctx context.Context, id string, fn func(*device.Device)) error {
	var dev device.Device
	if err := d.db.View(ctx, func(r store.Reader) (err error) {
		dev, err = device.Get(ctx, r, device.ID(id))
		return err
	}); err != nil {
		return err
	}
	fn(&dev)
	return d.fleet.Change(ctx, dev)
}
