package web

import (
	"context"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/store"
)

// contradictionsPage lists records that share what only one device can have.
type contradictionsPage struct {
	Frame
	Chips     []Chips
	Places    Places
	Columns   Columns
	Rows      []contradictionRow
	Pager     Pager
	Empty     Empty
	MaySettle bool
	MayMerge  bool
}

func (contradictionsPage) template() string { return "contradictions" }

type contradictionRow struct {
	device.FoundContradiction
	One, Two device.Brief
	Shared   string
	Merge    string
	Settle   Form
}

func contradictionQuery(v *visit) device.ContradictionQuery {
	return device.ContradictionQuery{State: device.ContradictionState(v.query("state")), Shared: device.Shared(v.query("shares")), Site: device.SiteID(v.query("site")),
		Model: product.ModelID(v.query("model")), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) contradictions(v *visit) error {
	q := contradictionQuery(v)
	p := contradictionsPage{Frame: v.frame("Contradictions", urlDevices(), Link{urlDevices(), "Devices"}), MaySettle: v.may(device.KindSettled), MayMerge: v.may(device.KindMerged)}
	p.Chips = []Chips{chips(v.r.URL, "State", "state", [2]string{"open", "Open"}, [2]string{"settled", "Settled"}),
		chips(v.r.URL, "Both have", "shares", [2]string{string(device.SharedUDI), "UDI"}, [2]string{string(device.SharedSerial), "Serial number"},
			[2]string{string(device.SharedTag), "Asset tag"}, [2]string{string(device.SharedMAC), "MAC address"})}
	p.Columns = v.columns("at", Column{Name: "device", Text: "Device", Fixed: true, Sort: "device"}, Column{Name: "other", Text: "Other device", Fixed: true},
		Column{Name: "shares", Text: "Both have", Sort: "shares"}, Column{Name: "reason", Text: "What speaks against it"}, Column{Name: "since", Text: "Since", Sort: "at"},
		Column{Name: "settled", Text: "Settled", Extra: q.State != device.ContradictionSettled})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := device.Contradictions(ctx, r, q)
		if err != nil {
			return err
		}
		if p.Rows, err = contradictionRows(ctx, r, page.Items); err != nil {
			return err
		}
		if err := countEach(p.Chips, func(name, value string) (int, error) {
			one := q
			if name == "state" {
				one.State = device.ContradictionState(value)
			} else {
				one.Shared = device.Shared(value)
			}
			return device.CountContradictions(ctx, r, one)
		}); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/devices/contradictions.csv", v.r.URL.RawQuery)
		p.Places, err = v.places(ctx, r)
		p.Places.Wards = nil
		return err
	})
	if err != nil {
		return err
	}
	p.Empty = Empty{Title: "No contradiction is open", Text: "When two records share a MAC address, a tag or a serial number, they are listed here."}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No contradiction fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlContradictions(), "Show all that are open"}}}
	}
	return v.show(p)
}

func contradictionRows(ctx context.Context, r store.Reader, all []device.FoundContradiction) ([]contradictionRow, error) {
	var ids []string
	for _, c := range all {
		ids = append(ids, string(c.Device), string(c.Other))
	}
	slices.Sort(ids)
	briefs, err := device.Briefs(ctx, r, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	at := map[device.ID]device.Brief{}
	for _, b := range briefs {
		at[b.ID] = b
	}
	out := make([]contradictionRow, len(all))
	for i, c := range all {
		out[i] = contradictionRow{FoundContradiction: c, One: at[c.Device], Two: at[c.Other], Shared: keyWords(c.Key),
			Merge: queryURL(urlDevice(c.Device)+"/merge", "other="+string(c.Other)),
			Settle: Form{ID: "settle-" + c.ID, Action: path("contradictions", c.ID, "settle"), Submit: "They are two"}.with(
				Field{Name: "reason", Label: "Why they are two", Kind: "text", Required: true})}
	}
	return out, nil
}

// keyWords is a matching key without its kind and the ids in it.
func keyWords(key string) string {
	parts := strings.Split(key, "|")
	return parts[len(parts)-1]
}

func (s *Server) contradictionsCSV(v *visit) error {
	q := contradictionQuery(v)
	q.After, q.Limit = "", 1000
	header := []string{"id", "device", "serial", "model", "place", "other_device", "other_serial", "other_model", "other_place", "shares", "reason", "since", "settled", "answer"}
	return v.csv("contradictions.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := device.Contradictions(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := contradictionRows(ctx, r, page.Items)
		var out [][]string
		for _, c := range rows {
			out = append(out, []string{c.ID, c.One.AssetTag, c.One.Serial, c.One.ModelName, place(c.One.SiteName, c.One.Ward), c.Two.AssetTag, c.Two.Serial, c.Two.ModelName,
				place(c.Two.SiteName, c.Two.Ward), c.Shared, c.Reason, stamp(c.At), stamp(c.Settled), c.Answer})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

func (s *Server) settle(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Fleet.Settle(v.r.Context(), v.path("id"), f.Get("reason")); err != nil {
		return err
	}
	return v.done(urlContradictions(), "Kept as two devices.")
}
