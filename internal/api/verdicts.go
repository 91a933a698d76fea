package api

import (
	"context"
	"io"
	"net/http"

	"triward/apiv1"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln"
)

// maxVEX bounds an imported VEX document.
const maxVEX = 32 << 20

func (s *Server) verdicts() {
	add(s, op{id: "verdicts", route: "GET /verdicts", kind: vuln.KindRead, summary: "Verdicts, the newest first"}, s.listVerdicts)
	add(s, op{id: "record-verdict", route: "POST /verdicts", kind: vuln.KindVerdictRecorded, summary: "Record a verdict; it replaces one on the same products", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.VerdictInput]) (apiv1.Made, error) {
			v := in.Body
			id, err := s.Verdicts.Record(ctx, vuln.Verdict{Vulnerability: v.Vulnerability, Model: v.Model, Releases: v.Releases, Versions: v.Versions,
				Status: vuln.Status(v.Status), Justification: v.Justification, Reason: v.Reason, Action: v.Action, Expires: v.Expires})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "verdict", route: "GET /verdicts/{id}", kind: vuln.KindRead, summary: "One verdict"}, func(ctx context.Context, in *one) (apiv1.Verdict, error) {
		v, err := read(ctx, s, func(r store.Reader) (vuln.Verdict, error) {
			v, err := vuln.GetVerdict(ctx, r, in.ID)
			if a, _ := store.ActorOf(ctx); err == nil && !a.Scope(vuln.KindRead).Covers("", v.Model) {
				err = problem.New(problem.Forbidden, "your role does not cover this product")
			}
			return v, err
		})
		return wireVerdict(v), err
	})
	act(s, op{id: "withdraw-verdict", route: "POST /verdicts/{id}/withdraw", kind: vuln.KindVerdictWithdrawn, summary: "Take a verdict back"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Verdicts.Withdraw(ctx, in.ID, in.Body.Reason)
		})
}

func (s *Server) listVerdicts(ctx context.Context, in *struct{ apiv1.VerdictQuery }) (apiv1.Page[apiv1.Verdict], error) {
	all, err := read(ctx, s, func(r store.Reader) ([]vuln.Verdict, error) {
		q := vuln.VerdictQuery{After: in.After, Limit: in.Limit}
		if in.Vulnerability != "" {
			v, err := vuln.Canonical(ctx, r, in.Vulnerability)
			if err != nil {
				return nil, err
			}
			q.Vulnerabilities = []string{v}
		}
		if in.Model != "" {
			q.Models = []string{in.Model}
		}
		if in.State != "" {
			q.States = []string{in.State}
		}
		return vuln.ListVerdicts(ctx, r, q)
	})
	return page(all, lastOf(all, in.Limit, func(v vuln.Verdict) string { return v.ID }), wireVerdict), err
}

func wireVerdict(v vuln.Verdict) apiv1.Verdict {
	return apiv1.Verdict{ID: v.ID, Source: v.Source, Author: v.Author, At: v.At, State: string(v.State), StateReason: v.StateReason,
		VerdictInput: apiv1.VerdictInput{Vulnerability: v.Vulnerability, Model: v.Model, Releases: v.Releases, Versions: v.Versions, Status: string(v.Status),
			Justification: v.Justification, Reason: v.Reason, Action: v.Action, Expires: v.Expires}}
}

func (s *Server) vex() {
	add(s, op{id: "import-vex", route: "POST /vex", kind: vuln.KindVerdictRecorded, upload: maxVEX, accepts: []string{"application/octet-stream"},
		summary: "Import a VEX document (OpenVEX or CSAF) as verdicts; statements about unknown products are reported"},
		func(ctx context.Context, in *struct {
			apiv1.Upload
			RawBody []byte
		}) (apiv1.VEXImport, error) {
			res, err := s.Verdicts.ImportVEX(ctx, in.Name, in.RawBody)
			return apiv1.VEXImport{Document: res.Document, Same: res.Same, Recorded: each(res.Recorded, func(id string) apiv1.Made { return apiv1.Made{ID: id} }),
				Unknown: each(res.Untaken, func(u vuln.Untaken) apiv1.VEXUnknown { return apiv1.VEXUnknown(u) })}, err
		})
	stream(s, op{id: "export-vex", route: "GET /models/{id}/vex", kind: vuln.KindRead, summary: "The verdicts on a model as a VEX document"}, "application/json",
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"200"`
			apiv1.VEXQuery
		}, w io.Writer) error {
			b, err := read(ctx, s, func(r store.Reader) ([]byte, error) {
				return vuln.ExportVEX(ctx, r, vuln.VEXExport{Model: in.ID, Format: vuln.VEXFormat(in.Format), Publisher: in.Publisher, Namespace: in.Namespace, Now: s.DB.Now()})
			})
			if err != nil {
				return err
			}
			_, err = w.Write(b)
			return err
		})
}
