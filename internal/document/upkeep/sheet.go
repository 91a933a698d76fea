package upkeep

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
)

// watermarks are written across what is not the rule in force (ISO 13485 4.2.4 h).
var watermarks = map[document.State]string{
	document.Draft: "Draft", document.InReview: "In review", document.ChangesRequested: "Draft", document.Frozen: "For approval", document.InApproval: "For approval",
	document.InTraining: "Not yet effective", document.Superseded: "Superseded", document.Retired: "Obsolete", document.Rejected: "Rejected", document.Withdrawn: "Withdrawn",
}

// Sheet is a revision with everything that stands around its signed content at an instant: its state, what warns of it, its
// signatures that count, and the revisions before it. It is what is printed, exported and bundled.
func (k Desk) Sheet(ctx context.Context, rid document.RevisionID) (rendition.Sheet, error) {
	shown, err := k.Display(ctx, rid)
	if err != nil {
		return rendition.Sheet{}, err
	}
	var s rendition.Sheet
	err = k.DB.View(ctx, func(r store.Reader) error {
		v, err := document.RevisionOf(ctx, r, rid)
		if err != nil {
			return err
		}
		settings, err := document.SettingsOf(ctx, r)
		if err != nil {
			return err
		}
		s = rendition.Sheet{Code: v.Code, Title: v.Title, Revision: v.Label, State: strings.ReplaceAll(string(v.State), "_", " "), Watermark: watermarks[v.State],
			Organisation: settings.Variables["organisation"], EffectiveDate: "not yet effective", StatusURL: k.StatusAddress(v), HTML: body(shown.HTML)}
		if !v.Since.IsZero() {
			s.EffectiveDate = v.Since.Format(time.DateOnly)
		}
		banners, err := Banners(ctx, r, rid, k.DB.Now())
		if err != nil {
			return err
		}
		for _, b := range banners {
			s.Banner = strings.TrimSpace(s.Banner + " " + b.Text)
		}
		if s.Signatures, err = blocks(ctx, r, rid); err != nil {
			return err
		}
		s.History, err = history(ctx, r, v)
		return err
	})
	return s, err
}

// body is the part of a page of [document.Library.Display] between its main tags: the signed content itself.
func body(page []byte) string {
	_, rest, _ := bytes.Cut(page, []byte("<main>\n"))
	if end := bytes.LastIndex(rest, []byte("</main>")); end >= 0 {
		rest = rest[:end]
	}
	return string(rest)
}

// blocks are the signatures under decisions that are not void, oldest first.
func blocks(ctx context.Context, r store.Reader, rid document.RevisionID) ([]rendition.Block, error) {
	decisions, err := document.Decisions(ctx, r, rid)
	if err != nil {
		return nil, err
	}
	signed, err := signature.Of(ctx, r, string(rid))
	if err != nil {
		return nil, err
	}
	var out []rendition.Block
	for _, g := range signed {
		if !slices.ContainsFunc(decisions, func(d document.Decision) bool { return d.Signature == g.ID && d.Voided.IsZero() }) {
			continue
		}
		names, err := people.Names(ctx, r, []string{g.Act.DelegateOf})
		if err != nil {
			return nil, err
		}
		out = append(out, rendition.Block{Name: g.Name, Function: source.Function(g.Act.Function).Word(), Meaning: string(g.Act.Meaning), Reason: g.Act.Reason, At: g.At,
			Zone: g.Zone, DelegateOf: names[g.Act.DelegateOf], SignatureID: g.ID})
	}
	return out, nil
}

// history lists the revisions up to one that were in force or are on their way, the newest first.
func history(ctx context.Context, r store.Reader, v document.Revision) ([]rendition.HistoryLine, error) {
	all, err := document.Revisions(ctx, r, v.Document)
	var out []rendition.HistoryLine
	for _, x := range all {
		if x.Number > v.Number || x.State == document.Rejected {
			continue
		}
		at := x.At
		if !x.Since.IsZero() {
			at = x.Since
		}
		out = append(out, rendition.HistoryLine{Revision: x.Label, Date: at.Format(time.DateOnly), Author: x.AuthorName, Summary: x.Reason})
	}
	return out, err
}
