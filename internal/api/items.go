package api

import (
	"context"
	"fmt"
	"io"

	"triward/apiv1"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
)

func (s *Server) decisionItems() {
	add(s, op{id: "decision-items", route: "GET /decisions/{id}/items", kind: risk.KindRead, summary: "Devices under a decision and how far each is"}, s.listItems)
	act(s, op{id: "record-progress", route: "POST /decisions/{id}/progress", kind: risk.KindProgressRecorded, summary: "Move devices of a decision to a step"},
		func(ctx context.Context, in *oneWith[apiv1.ProgressInput]) error {
			return s.Decisions.RecordProgress(ctx, risk.Step{Decision: in.ID, Devices: in.Body.Devices, Progress: risk.Progress(in.Body.Progress), Note: in.Body.Note, At: in.Body.At})
		})
	stream(s, op{id: "work-orders", route: "GET /decisions/{id}/work-orders", kind: risk.KindRead, summary: "Work orders of a decision as CSV"}, "text/csv; charset=utf-8",
		func(ctx context.Context, in *one, w io.Writer) error {
			return s.DB.View(ctx, func(r store.Reader) error { return risk.WriteWorkOrders(ctx, r, in.ID, w) })
		})
	add(s, op{id: "burn-down", route: "GET /decisions/{id}/burn-down", kind: risk.KindRead, summary: "Devices of a decision that were open, by day"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.BurnPoint], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]risk.BurnPoint, error) {
				d, err := risk.GetDecision(ctx, r, in.ID)
				if err != nil {
					return nil, err
				}
				return risk.BurnDown(ctx, r, d, s.DB.Now())
			})
			return list(all, func(p risk.BurnPoint) apiv1.BurnPoint { return apiv1.BurnPoint{Day: date(p.Day), Open: p.Open} }), err
		})
}

func (s *Server) listItems(ctx context.Context, in *aboutOne) (apiv1.Page[apiv1.DecisionItem], error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Page[apiv1.DecisionItem], error) {
		all, err := risk.Items(ctx, r, risk.ItemQuery{Decision: in.ID, After: in.After, Limit: in.Limit})
		if err != nil {
			return apiv1.Page[apiv1.DecisionItem]{}, err
		}
		names, err := briefs(ctx, r, each(all, func(i risk.Item) string { return i.Device }))
		return page(all, lastOf(all, in.Limit, func(i risk.Item) string { return i.Device }), func(i risk.Item) apiv1.DecisionItem {
			d := names[i.Device]
			return apiv1.DecisionItem{Device: i.Device, AssetTag: d.AssetTag, ModelName: d.ModelName, Site: i.Site, SiteName: d.SiteName, Ward: d.Ward,
				InUse: string(d.InUse), Progress: string(i.Progress), Note: i.Note, Scheduled: i.Scheduled, Done: i.Done, Verified: i.Verified}
		}), err
	})
}

func (s *Server) tables() {
	add(s, op{id: "decision-table", route: "GET /decision-table", kind: risk.KindRead, summary: "The table that says which risks are controlled"},
		func(ctx context.Context, _ *none) (apiv1.DecisionTable, error) {
			t, err := read(ctx, s, func(r store.Reader) (risk.Table, error) { return risk.CurrentTable(ctx, r) })
			return wireTable(risk.TableVersion{Table: t}), err
		})
	add(s, op{id: "change-decision-table", route: "PUT /decision-table", kind: risk.KindTableChanged, summary: "Put a new version of the table in force; everything is ranked again"},
		func(ctx context.Context, in *with[apiv1.DecisionTableInput]) (apiv1.DecisionTable, error) {
			t, err := tableOf(in.Body.Cells)
			if err != nil {
				return apiv1.DecisionTable{}, err
			}
			if t.Version, err = s.Tables.Change(ctx, t, in.Body.Reason); err != nil {
				return apiv1.DecisionTable{}, err
			}
			return wireTable(risk.TableVersion{Table: t, Reason: in.Body.Reason}), nil
		})
	add(s, op{id: "decision-table-history", route: "GET /decision-table/history", kind: risk.KindRead, summary: "Every version of the table, the newest first"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.DecisionTable], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]risk.TableVersion, error) { return risk.TableHistory(ctx, r) })
			return list(all, wireTable), err
		})
}

func wireTable(t risk.TableVersion) apiv1.DecisionTable {
	out := apiv1.DecisionTable{Version: t.Version, Reason: t.Reason, Author: t.Author, At: t.At}
	for _, row := range t.Cells {
		out.Cells = append(out.Cells, texts(row[:]))
	}
	return out
}

func tableOf(cells [][]string) (risk.Table, error) {
	var t risk.Table
	var l problem.List
	for i, row := range cells {
		if i >= len(t.Cells) || len(row) != len(t.Cells[i]) {
			l.Add(fmt.Sprintf("cells[%d]", i), "a table has %d rows of %d cells", len(t.Cells), len(t.Cells[0]))
			continue
		}
		for j, c := range row {
			t.Cells[i][j] = risk.Cell(c)
		}
	}
	return t, l.Err("the decision table is not valid")
}
