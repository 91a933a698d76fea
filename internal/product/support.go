package product

import (
	"context"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Stage is a stage of support as IMDRF/CYBER WG/N70 names them.
type Stage string

// The closed list of stages.
const (
	Development    Stage = "development"
	Supported      Stage = "support"
	LimitedSupport Stage = "limited_support"
	EndOfSupport   Stage = "end_of_support"
	StageNotKnown  Stage = "unknown" // what [StageAt] says when nobody asserted anything; not itself asserted
)

// Stages lists the stages that can be asserted, in their order of life.
func Stages() []Stage { return []Stage{Development, Supported, LimitedSupport, EndOfSupport} }

// Support is an assertion that a model, or one release of it, is in a stage from a date on.
type Support struct {
	ID         string
	Model      ModelID
	Release    ReleaseID // empty: every release
	Stage      Stage
	AssertedBy string
	Since      time.Time // date
	Source     string    // document or address
	At         time.Time // when it was recorded
}

// Validate reports every fault of an assertion.
func (s Support) Validate() error {
	var l problem.List
	if s.Model == "" {
		l.Add("model", "is required")
	}
	OneOf(&l, "stage", s.Stage, Stages())
	if strings.TrimSpace(s.AssertedBy) == "" {
		l.Add("asserted_by", "is required")
	}
	Text(&l, "asserted_by", s.AssertedBy, maxName)
	Text(&l, "source", s.Source, maxText)
	if s.Since.IsZero() {
		l.Add("since", "is required")
	}
	Date(&l, "since", s.Since)
	return l.Err("the support stage is not valid")
}

// AssertSupport records who says that a model or release is in a stage from when. Assertions are added, never edited.
func (c Catalog) AssertSupport(ctx context.Context, s Support) error {
	if err := s.Validate(); err != nil {
		return err
	}
	sid, err := id.New("sup")
	if err != nil {
		return err
	}
	s.ID = sid
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := mustHave(ctx, tx, s.Model, s.Release); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO support_stage (id, model_id, release_id, stage, asserted_by, since, source, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, s.ID, string(s.Model), string(s.Release), string(s.Stage), s.AssertedBy,
			store.Micros(s.Since), s.Source, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindSupportAsserted, Subject: string(s.Model), Product: string(s.Model),
			Body: SupportAsserted{s.Release, s.Stage, s.AssertedBy, Day(s.Since), s.Source}})
		return err
	})
}

// Supports reads the assertions about a model and its releases, the earliest date first.
func Supports(ctx context.Context, r store.Reader, m ModelID) ([]Support, error) {
	if err := mayRead(ctx, m); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Support, error) {
		var v Support
		var since, at int64
		err := s.Scan(&v.ID, &v.Model, &v.Release, &v.Stage, &v.AssertedBy, &since, &v.Source, &at)
		v.Since, v.At = store.Time(since), store.Time(at)
		return v, err
	}, `SELECT id, model_id, release_id, stage, asserted_by, since, source, at FROM support_stage WHERE model_id = $1
		ORDER BY since, at, id`, string(m))
}

// StageAt is the stage of a release at an instant: the newest assertion about the release itself, else about the model.
// Of assertions of one date the one recorded last counts.
func StageAt(all []Support, rel ReleaseID, at time.Time) (Stage, Support) {
	var found Support
	own := false
	for _, s := range all {
		if s.Since.After(at) || s.Release != "" && s.Release != rel || own && s.Release == "" {
			continue
		}
		isOwn := s.Release != ""
		if found.ID == "" || isOwn && !own || !s.Since.Before(found.Since) {
			found, own = s, isOwn
		}
	}
	if found.ID == "" {
		return StageNotKnown, Support{}
	}
	return found.Stage, found
}
