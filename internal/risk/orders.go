package risk

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/store"
)

// Counts is how many devices of a decision are at each step, over the whole decision.
func Counts(ctx context.Context, r store.Reader, decision string) (map[Progress]int, error) {
	if _, err := GetDecision(ctx, r, decision); err != nil {
		return nil, err
	}
	n, err := progressCounts(ctx, r, decision)
	if err != nil {
		return nil, fmt.Errorf("count devices of a decision: %w", err)
	}
	return n, nil
}

// orderPage is how many devices of a decision are in memory at once.
const orderPage = 500

// WriteWorkOrders writes a line for each device of a decision within the scope of the reader, as CSV (RFC 4180) for a
// maintenance system: what is to be done, on which device, where it stands, until when. Cells are neutralised, see
// [product.Neutral].
func WriteWorkOrders(ctx context.Context, r store.Reader, decision string, w io.Writer) error {
	d, err := GetDecision(ctx, r, decision)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write([]string{"decision", "treatment", "title", "vulnerabilities", "due", "owner", "device", "asset_tag", "serial", "model", "version", "site", "ward",
		"in_use", "progress", "scheduled", "done", "verified", "note", "reason", "controls"}); err != nil {
		return err
	}
	for after := ""; ; {
		items, err := Items(ctx, r, ItemQuery{Decision: decision, After: after, Limit: orderPage})
		if err != nil {
			return fmt.Errorf("write work orders: %w", err)
		}
		ids := make([]string, len(items))
		for i, it := range items {
			ids[i] = it.Device
		}
		briefs, err := device.Briefs(ctx, r, ids)
		if err != nil {
			return fmt.Errorf("write work orders: %w", err)
		}
		names := make(map[string]device.Brief, len(briefs))
		for _, b := range briefs {
			names[string(b.ID)] = b
		}
		for _, it := range items {
			b := names[it.Device]
			row := []string{d.ID, string(d.Treatment), d.Title, strings.Join(d.Vulnerabilities, " "), instant(d.Due), d.Owner, it.Device, b.AssetTag, b.Serial,
				b.ModelName, b.Version, b.SiteName, b.Ward, string(b.InUse), string(it.Progress), instant(it.Scheduled), instant(it.Done), instant(it.Verified),
				it.Note, d.Reason, d.Controls}
			if err := out.Write(product.Neutral(row)); err != nil {
				return err
			}
		}
		if len(items) < orderPage {
			break
		}
		after = items[len(items)-1].Device
	}
	out.Flush()
	return out.Error()
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// TableVersion is a version of the decision table and why it was put in force.
type TableVersion struct {
	Table
	Reason string
	Author string
	At     time.Time
}

// TableHistory reads every version of the decision table, the newest first. The one that Triward starts with is the last,
// without author.
func TableHistory(ctx context.Context, r store.Reader) ([]TableVersion, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (t TableVersion, err error) {
		var cells string
		var at int64
		if err := s.Scan(&t.Version, &cells, &t.Reason, &t.Author, &at); err != nil {
			return t, err
		}
		t.At = store.Time(at)
		return t, json.Unmarshal([]byte(cells), &t.Cells)
	}, `SELECT version, cells, reason, author, at FROM risk_table ORDER BY version DESC LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("read decision tables: %w", err)
	}
	return append(all, TableVersion{Table: DefaultTable(), Reason: "what Triward starts with"}), nil
}
