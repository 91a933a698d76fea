package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

func (s *Server) imports() {
	// JSON sent as application/json is taken too; named here, huma would read it into memory.
	files := []string{"text/csv", "application/fhir+json", "application/fhir+ndjson", "application/octet-stream"}
	add(s, op{id: "preview-import", route: "POST /import-previews", kind: device.KindImportStarted, upload: fleetfile.MaxFileBytes, accepts: files,
		summary: "What importing a fleet file (CSV, NetBox export, FHIR R4 devices) would do, without doing it"}, s.previewImport)
	add(s, op{id: "start-import", route: "POST /imports", kind: device.KindImportStarted, upload: fleetfile.MaxFileBytes, accepts: files, status: http.StatusAccepted,
		summary: "Import a fleet file (CSV, NetBox export, FHIR R4 devices); it is taken as a whole and then applied in steps"}, s.startImport)
	add(s, op{id: "imports", route: "GET /imports", kind: device.KindRead, summary: "Imports, the newest first unless asked otherwise"},
		func(ctx context.Context, in *struct{ apiv1.ImportListQuery }) (apiv1.Page[apiv1.Import], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[device.Import], error) {
				return device.Imports(ctx, r, device.ImportQuery{State: device.ImportState(in.State), Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireImport), err
		})
	add(s, op{id: "import", route: "GET /imports/{id}", kind: device.KindRead, summary: "How an import stands"}, func(ctx context.Context, in *one) (apiv1.Import, error) {
		i, err := read(ctx, s, func(r store.Reader) (device.Import, error) { return device.GetImport(ctx, r, device.ImportID(in.ID)) })
		return wireImport(i), err
	})
	add(s, op{id: "import-issues", route: "GET /imports/{id}/issues", kind: device.KindRead, summary: "Rows of an import that were not applied, and why"}, s.importIssues)
}

// lastOf is the cursor after a page that may not be the last one: the name of its last item when it is full.
func lastOf[T any](items []T, limit int, name func(T) string) string {
	if len(items) < limit || limit <= 0 {
		return ""
	}
	return name(items[len(items)-1])
}

// fleetSent is a fleet file that came with a request, as read.
type fleetSent struct {
	source  fleetfile.Source
	mapping fleetfile.Mapping
	digest  string
}

// readFleet reads the fleet file of a request and maps its columns.
func (s *Server) readFleet(ctx context.Context, q apiv1.ImportQuery, file sentFile) (out fleetSent, err error) {
	k, err := file.keep(fleetfile.MaxFileBytes)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	done, err := s.turn(ctx, k)
	if err != nil {
		return out, err
	}
	defer done()
	r, err := k.reader()
	if err != nil {
		return out, err
	}
	if out.source, err = fleetfile.Open(q.Name, r); err != nil {
		return out, err
	}
	out.digest = k.digest()
	out.mapping, err = mapped(q.Mapping, out.source)
	return out, err
}

// mapped is the guess for the columns of a table with what the request says of them.
func mapped(said []string, src fleetfile.Source) (fleetfile.Mapping, error) {
	var l problem.List
	if src.Format != fleetfile.Delimited {
		if len(said) > 0 {
			l.Add("map", "goes with a table only; this file is FHIR")
		}
		return nil, l.Err("the mapping is not valid")
	}
	chosen := map[string]fleetfile.Field{}
	for _, m := range said {
		// A header may hold "=", a field does not.
		i := strings.LastIndexByte(m, '=')
		if i < 0 {
			l.Add("map", "%q is not header=field", m)
			continue
		}
		chosen[m[:i]] = fleetfile.Field(m[i+1:])
	}
	if err := l.Err("the mapping is not valid"); err != nil {
		return nil, err
	}
	header := src.Table.Header
	return fleetfile.Guess(header).With(header, chosen)
}

func (s *Server) previewImport(ctx context.Context, in *struct {
	apiv1.PreviewQuery
	File sentFile
}) (apiv1.ImportPreview, error) {
	f, err := s.readFleet(ctx, in.ImportQuery, in.File)
	if err != nil {
		return apiv1.ImportPreview{}, err
	}
	p, err := s.Fleet.DryRun(ctx, f.source, f.mapping, in.First)
	if err != nil {
		return apiv1.ImportPreview{}, err
	}
	out := apiv1.ImportPreview{Format: string(f.source.Format), Fields: texts(fleetfile.Fields()), Notes: p.Notes, Total: p.Total, Added: p.Added, Changed: p.Changed,
		Same: p.Same, Held: p.Held, First: each(p.First, wireRow), Faults: each(p.Faults, wireFault), Issues: each(p.Issues, wireIssue), Columns: []apiv1.Column{}}
	for i, h := range p.Header {
		if i < len(p.Mapping) {
			out.Columns = append(out.Columns, apiv1.Column{Header: h, Field: string(p.Mapping[i])})
		}
	}
	return out, nil
}

func wireFault(f problem.Fault) apiv1.Fault {
	return apiv1.Fault{Location: place(f.Path), Message: f.Reason}
}

func (s *Server) startImport(ctx context.Context, in *struct {
	apiv1.ImportStart
	File sentFile
}) (apiv1.Import, error) {
	f, err := s.readFleet(ctx, in.ImportQuery, in.File)
	if err != nil {
		return apiv1.Import{}, err
	}
	rows, faults := f.source.Rows(f.mapping)
	id, err := s.Fleet.StartImport(ctx, device.Upload{Name: in.Name, Digest: f.digest, Rows: rows, Faults: faults, OnFault: device.OnFault(in.OnFault)})
	if err != nil {
		return apiv1.Import{}, err
	}
	s.background(ctx, "import", func(ctx context.Context) error {
		_, err := s.Fleet.RunImport(ctx, id)
		return err
	})
	i, err := read(ctx, s, func(r store.Reader) (device.Import, error) { return device.GetImport(ctx, r, id) })
	return wireImport(i), err
}

func wireImport(i device.Import) apiv1.Import {
	return apiv1.Import{ID: string(i.ID), Name: i.Name, Digest: i.Digest, State: string(i.State), By: i.ActorName, Total: i.Total, Applied: i.Applied,
		Added: i.Added, Changed: i.Changed, Same: i.Same, Held: i.Held, Skipped: i.Skipped, At: i.At, Finished: i.Finished}
}

func wireIssue(i device.Issue) apiv1.ImportIssue {
	return apiv1.ImportIssue{Position: i.Position, Line: i.Line, Outcome: string(i.Outcome), Place: i.Place, Reason: i.Reason, Device: string(i.Device)}
}

func (s *Server) importIssues(ctx context.Context, in *aboutOne) (apiv1.Page[apiv1.ImportIssue], error) {
	after := -fleetfile.MaxRows
	if in.After != "" {
		n, err := strconv.Atoi(in.After)
		if err != nil {
			return apiv1.Page[apiv1.ImportIssue]{}, badCursor()
		}
		after = n
	}
	all, err := read(ctx, s, func(r store.Reader) ([]device.Issue, error) {
		return device.Issues(ctx, r, device.ImportID(in.ID), after, in.Limit)
	})
	return page(all, lastOf(all, in.Limit, func(i device.Issue) string { return strconv.Itoa(i.Position) }), wireIssue), err
}

func badCursor() error {
	return &problem.Error{Kind: problem.Invalid, Message: "the page address is not valid; start from the first page"}
}

// wireRow shows a row as understood, without what it does not say.
func wireRow(r fleetfile.Row) apiv1.ImportRow {
	f := map[string]string{}
	for _, v := range []struct {
		field fleetfile.Field
		text  string
	}{{fleetfile.FieldTag, r.AssetTag}, {fleetfile.FieldVendor, r.Vendor}, {fleetfile.FieldModel, r.Model}, {fleetfile.FieldVersion, r.Version}, {fleetfile.FieldSerial, r.Serial},
		{fleetfile.FieldLot, r.Lot}, {fleetfile.FieldManufactured, date(r.Manufactured)}, {fleetfile.FieldUDI, r.UDI}, {fleetfile.FieldIP, strings.Join(r.IP, ", ")},
		{fleetfile.FieldMAC, strings.Join(r.MAC, ", ")}, {fleetfile.FieldHostname, strings.Join(r.Hostname, ", ")}, {fleetfile.FieldAETitle, strings.Join(r.AETitle, ", ")},
		{fleetfile.FieldSite, r.Site}, {fleetfile.FieldLocation, r.Location}, {fleetfile.FieldZone, r.Zone}, {fleetfile.FieldConnectivity, strings.Join(texts(r.Connectivity), ", ")},
		{fleetfile.FieldPatientData, answered(r.PatientData)}, {fleetfile.FieldInUse, answered(r.InUse)}, {fleetfile.FieldClinicalOwner, r.ClinicalOwner},
		{fleetfile.FieldITOwner, r.ITOwner}, {fleetfile.FieldSBOM, r.SBOM}} {
		if v.text != "" {
			f[string(v.field)] = v.text
		}
	}
	if r.Class != product.ClassNotKnown {
		f[string(fleetfile.FieldClass)] = string(r.Class)
	}
	for _, v := range r.Facts {
		f[v.Name] = v.Value
	}
	return apiv1.ImportRow{Line: r.Line, Fields: f}
}

func answered(a product.Answer) string {
	if a == product.NotKnown {
		return ""
	}
	return string(a)
}
