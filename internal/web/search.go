package web

import (
	"context"
	"strings"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// searchPage finds what the visitor may see, by kind.
type searchPage struct {
	Frame
	Groups []searchGroup
	Empty  Empty
}

func (searchPage) template() string { return "search" }

type searchGroup struct {
	Name string
	Rows []searchRow
	More string
}

type searchRow struct{ URL, Text, About string }

const foundShown = 8

func (s *Server) search(v *visit) error {
	text := v.query("q")
	p := searchPage{Frame: v.frame("Search", ""), Empty: Empty{Title: "Search", Text: "Asset tag, serial number, IP or MAC address, host name, AE title; CVE or advisory id; words of an advisory's title; manufacturer or model."}}
	p.Search = text
	if text == "" {
		return v.show(p)
	}
	p.Empty.Title = "Nothing begins with “" + short(60, text) + "”"
	err := v.view(func(ctx context.Context, r store.Reader) error {
		for _, look := range []func(context.Context, store.Reader, *visit, string) (searchGroup, error){findDevices, findVulns, findAdvisories, findProducts} {
			g, err := look(ctx, r, v, text)
			if err != nil {
				return err
			}
			if len(g.Rows) > 0 {
				p.Groups = append(p.Groups, g)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func findDevices(ctx context.Context, r store.Reader, v *visit, text string) (searchGroup, error) {
	g := searchGroup{Name: "Devices"}
	if !v.may(device.KindRead) {
		return g, nil
	}
	page, err := device.List(ctx, r, device.Query{Prefix: text, Limit: foundShown})
	for _, d := range page.Items {
		about := nonEmpty(d.ModelName, d.SiteName, d.Ward)
		if !strings.EqualFold(d.Matched, d.AssetTag) {
			about = append(about, "found as "+d.Matched)
		}
		g.Rows = append(g.Rows, searchRow{urlDevice(d.ID), deviceName(device.Brief{AssetTag: d.AssetTag, Serial: d.Serial}), strings.Join(about, " · ")})
	}
	if page.Next != "" {
		g.More = urlDevicesOf("q", text)
	}
	return g, err
}

// findVulns finds a vulnerability by any of its whole ids.
func findVulns(ctx context.Context, r store.Reader, v *visit, text string) (searchGroup, error) {
	g := searchGroup{Name: "Vulnerabilities"}
	if !v.may(vuln.KindRead) {
		return g, nil
	}
	id := strings.TrimSpace(text)
	if up := strings.ToUpper(id); strings.HasPrefix(up, "CVE-") {
		id = up
	}
	id, err := vuln.Canonical(ctx, r, id)
	if err != nil {
		return g, err
	}
	threats, err := vuln.Threats(ctx, r, []string{id})
	if t := threats[id]; t != nil {
		about := t.Title
		if v.may(risk.KindRead) {
			page, err := risk.Lines(ctx, r, risk.LineQuery{Vulnerability: id, Limit: 1})
			if err != nil {
				return g, err
			}
			if len(page.Lines) > 0 {
				about = strings.Join(nonEmpty(about, "concerns the fleet"), " · ")
			}
		}
		g.Rows = append(g.Rows, searchRow{urlVuln(id), id, about})
	}
	return g, err
}

func findAdvisories(ctx context.Context, r store.Reader, v *visit, text string) (searchGroup, error) {
	g := searchGroup{Name: "Advisories"}
	if !v.may(vuln.KindRead) {
		return g, nil
	}
	page, err := vuln.ListRecords(ctx, r, vuln.RecordQuery{Text: text, Limit: foundShown})
	for _, x := range page.Items {
		g.Rows = append(g.Rows, searchRow{urlAdvisory(x.Key), x.ID, strings.Join(nonEmpty(short(110, x.Title), word(x.Source), x.Publisher), " · ")})
	}
	if page.Next != "" {
		g.More = queryURL(urlAdvisories(), pairsOf([]any{"q", text}).Encode())
	}
	return g, err
}

func findProducts(ctx context.Context, r store.Reader, v *visit, text string) (searchGroup, error) {
	g := searchGroup{Name: "Products"}
	if !v.may(product.KindRead) {
		return g, nil
	}
	page, err := product.Models(ctx, r, product.ModelQuery{Text: text, Limit: foundShown})
	for _, m := range page.Models {
		g.Rows = append(g.Rows, searchRow{urlProduct(m.ID), m.Name, m.ManufacturerName})
	}
	if page.Next != "" {
		g.More = queryURL(urlProducts(), pairsOf([]any{"q", text}).Encode())
	}
	return g, err
}
