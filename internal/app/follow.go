package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"triward/internal/detection/notify"
	"triward/internal/device"
	"triward/internal/document/search"
	"triward/internal/incident/disclosure"
	"triward/internal/incident/loop"
	"triward/internal/ledger"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// followers is the table of who follows the journal. Matching and ranking are one follower, so that a match and its lines
// commit together.
func followers(db *store.DB) []store.Follower {
	return append(learned(db), // training, and what answers a wrong step
		search.Follower(),          // words of documents
		device.ClassFollower(),     // what device rows repeat of their site and model
		newAssessor(db).follower(), // matches and the ranked list
		newLoop(db).Links(),        // change requests for steps of an incident's run
		disclosure.Attacks(),       // attacks on weaknesses that are being disclosed
		loop.CheckClosed(),         // a check after an incident that was closed without one
		loop.Follower(),            // how loops of incidents stand
		notify.Follower(),          // who is to be told about alerts
		ledger.Follower(),          // the Merkle tree over the journal
	)
}

// assessmentName is the name under which matching and ranking follow the journal.
const assessmentName = "assessment"

type assessor struct {
	matcher *vuln.Matcher
	ranker  risk.Ranker
	portion int // devices of one transaction
}

func newAssessor(db *store.DB) assessor {
	return assessor{matcher: &vuln.Matcher{}, ranker: risk.Ranker{DB: db}, portion: 250}
}

// follower follows everything that can change an answer or a rank.
func (a assessor) follower() store.Follower {
	kinds := append(device.FactKinds(),
		product.KindModelChanged, product.KindModelAdded, product.KindReleaseAdded, product.KindReleaseChanged, product.KindFactRecorded, product.KindFactWithdrawn, product.KindSBOMAdded,
		product.KindManufacturerChanged,
		vuln.KindFeedLoaded, vuln.KindVerdictRecorded, vuln.KindVerdictReopened, vuln.KindVerdictWithdrawn, vuln.KindAliasAdded, vuln.KindAliasRemoved, vuln.KindRulesChanged,
		vuln.KindExploitationObserved, vuln.KindObservationWithdrawn,
		risk.KindDecided, risk.KindAccepted, risk.KindReopened, risk.KindProgressRecorded, risk.KindClosed, risk.KindTableChanged, risk.KindDecisionChanged)
	return store.Follower{Name: assessmentName, Kinds: kinds, Derive: a.derive}
}

// touched is what a batch of entries concerns.
type touched struct {
	devices   []string
	models    []string    // whose facts changed: their releases and devices
	made      []string    // whose releases are new or changed
	verdicts  [][2]string // model, vulnerability
	decisions []string
	observed  []string // vulnerabilities that were seen exploited here, or not after all
	loaded    bool
	all       bool // rank everything again
	aliases   bool // match everything again
}

func touchedBy(entries []store.Entry) touched {
	var t touched
	for _, e := range entries {
		switch e.Kind {
		case vuln.KindFeedLoaded:
			t.loaded = true
		case vuln.KindExploitationObserved, vuln.KindObservationWithdrawn:
			t.observed = append(t.observed, e.Subject)
		case vuln.KindVerdictRecorded, vuln.KindVerdictReopened, vuln.KindVerdictWithdrawn:
			t.verdicts = append(t.verdicts, [2]string{e.Product, e.Subject})
		case vuln.KindAliasAdded, vuln.KindAliasRemoved, vuln.KindRulesChanged:
			t.aliases = true
		case risk.KindTableChanged:
			t.all = true
		case risk.KindDecided, risk.KindAccepted, risk.KindReopened, risk.KindProgressRecorded, risk.KindClosed, risk.KindDecisionChanged:
			t.decisions = append(t.decisions, e.Subject)
		case product.KindModelChanged, product.KindReleaseChanged, product.KindFactRecorded, product.KindFactWithdrawn, product.KindSBOMAdded:
			t.models = append(t.models, e.Product)
		case product.KindModelAdded, product.KindReleaseAdded:
			t.made = append(t.made, e.Product) // a device gets a new model or release by an event of its own
		case product.KindManufacturerChanged:
			t.aliases = true
		default:
			t.devices = append(t.devices, e.Subject)
			if e.Kind == device.KindMerged {
				var m device.MergeNoted
				if json.Unmarshal(e.Body, &m) == nil {
					t.devices = append(t.devices, string(m.Dropped))
				}
			}
		}
	}
	slices.SortFunc(t.verdicts, func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
	t.verdicts = slices.Compact(t.verdicts)
	t.made = append(t.made, t.models...)
	for _, list := range []*[]string{&t.devices, &t.models, &t.made, &t.decisions} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return t
}

// advance matches and ranks a portion of the records that changed, and reports whether more wait.
func (a assessor) advance(ctx context.Context, b *store.Bulk) (bool, error) {
	c, err := a.matcher.Advance(ctx, b)
	if err != nil {
		return false, err
	}
	if err := a.ranker.Derive(ctx, b, c); err != nil {
		return false, err
	}
	for part := range slices.Chunk(c.Ask, 500) {
		if err := a.setDevices(ctx, b, part); err != nil {
			return false, err
		}
	}
	return c.More, nil
}

func (a assessor) setDevices(ctx context.Context, b *store.Bulk, ids []string) error {
	holders, gone, err := vuln.DeviceHolders(ctx, b, ids)
	if err != nil {
		return err
	}
	c, err := a.matcher.SetHolders(ctx, b, holders, gone)
	if err != nil {
		return err
	}
	return a.ranker.Derive(ctx, b, c)
}

func (a assessor) setReleases(ctx context.Context, b *store.Bulk, models []string) error {
	holders, err := vuln.ReleaseHolders(ctx, b, models)
	if err != nil {
		return err
	}
	c, err := a.matcher.SetHolders(ctx, b, holders, nil)
	if err != nil {
		return err
	}
	c.Holders = nil // releases have no lines
	return a.ranker.Derive(ctx, b, c)
}

// walkDevices calls fn with the ids of active devices, in portions.
func walkDevices(ctx context.Context, r store.Reader, w device.Walk, fn func(ids []string) error) error {
	w.Limit = 500
	for {
		ids, err := device.IDs(ctx, r, w)
		if err != nil || len(ids) == 0 {
			return err
		}
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = string(id)
		}
		if err := fn(names); err != nil {
			return err
		}
		w.After = ids[len(ids)-1]
	}
}

// rebuild makes matches and lines again from nothing.
func (a assessor) rebuild(ctx context.Context, b *store.Bulk) error {
	if err := a.ranker.Forget(ctx, b); err != nil {
		return err
	}
	if err := a.matcher.Reset(ctx, b); err != nil {
		return err
	}
	var models []string
	q := product.ModelQuery{Limit: 1000}
	for {
		page, err := product.Models(ctx, b, q)
		if err != nil {
			return err
		}
		for _, m := range page.Models {
			models = append(models, string(m.ID))
		}
		if page.Next == "" {
			break
		}
		q.After = page.Next
	}
	for part := range slices.Chunk(models, 100) {
		if err := a.setReleases(ctx, b, part); err != nil {
			return err
		}
	}
	return walkDevices(ctx, b, device.Walk{}, func(ids []string) error { return a.setDevices(ctx, b, ids) })
}

// CatchUp lets every follower handle what waits for it.
func CatchUp(ctx context.Context, db *store.DB) error {
	for _, f := range followers(db) {
		if err := db.CatchUp(ctx, f); err != nil {
			return fmt.Errorf("follow the journal as %s: %w", f.Name, err)
		}
	}
	return nil
}

// Rebuild makes every derived table again.
func Rebuild(ctx context.Context, db *store.DB) error {
	if err := CatchUp(ctx, db); err != nil {
		return err
	}
	ctx = store.WithActor(ctx, store.System("rebuild"))
	a := newAssessor(db)
	if err := db.Bulk(ctx, func(b *store.Bulk) error { return a.rebuild(ctx, b) }); err != nil {
		return err
	}
	if err := db.Bulk(ctx, func(b *store.Bulk) error { return loop.Rebuild(ctx, b) }); err != nil {
		return fmt.Errorf("read loops of incidents: %w", err)
	}
	if err := search.Rebuild(ctx, db); err != nil {
		return fmt.Errorf("index documents: %w", err)
	}
	return ledger.Rebuild(ctx, db)
}
