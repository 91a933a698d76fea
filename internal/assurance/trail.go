package assurance

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// TrailReview is the review of a part of the audit trail: a task that comes by itself and ends with a signature (EU GMP
// Annex 11, 9; the draft of 2025 asks for it by name).
type TrailReview struct {
	ID          string // trv_…
	First, Last int64  // entries
	Planned     time.Time
	Due         time.Time
	Verdict     TrailVerdict // "" while it is open
	Findings    string
	Account     string
	Name        string
	Signature   string
	At          time.Time // when it was signed
}

// TrailVerdict is what the reviewer found.
type TrailVerdict string

// The closed list of verdicts.
const (
	TrailSound    TrailVerdict = "sound"    // nothing that asks for more
	TrailFindings TrailVerdict = "findings" // something does; the words say what
)

// How often a part of the trail is to be reviewed, and how long its review may take.
const (
	trailMonths = 1
	trailTerm   = 14 * 24 * time.Hour
)

// Trails reviews the audit trail.
type Trails struct {
	DB     *store.DB
	Signer *signature.Signer
}

// Tick plans a review when the newest one is a month old. It returns how many it planned.
func (s Trails) Tick(ctx context.Context) (int, error) {
	made, err := id.New("trv")
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		n = 0
		var planned, last, began int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(planned), 0), coalesce(max(last), 0) FROM trail_review`).Scan(&planned, &last); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT coalesce(min(at), 0) FROM journal WHERE seq > $1`, last).Scan(&began); err != nil {
			return err
		}
		from := planned
		if from == 0 {
			from = began
		}
		if began == 0 || tx.Now.Before(store.Time(from).AddDate(0, trailMonths, 0)) {
			return nil
		}
		head, _, err := store.JournalHead(ctx, tx)
		if err != nil {
			return err
		}
		v := TrailReview{ID: made, First: last + 1, Last: head, Planned: tx.Now, Due: tx.Now.Add(trailTerm)}
		if _, err := tx.Exec(ctx, `INSERT INTO trail_review (id, first, last, due, planned, verdict, findings, account, name, signature, at)
			VALUES ($1, $2, $3, $4, $5, '', '', '', '', '', 0)`, v.ID, v.First, v.Last, store.Micros(v.Due), store.Micros(v.Planned)); err != nil {
			return err
		}
		n = 1
		_, err = tx.Record(ctx, store.Event{Kind: KindTrailPlanned, Subject: v.ID, Body: map[string]any{"first": v.First, "last": v.Last, "due": v.Due}})
		return err
	})
	return n, err
}

func scanTrail(s store.Scanner) (TrailReview, error) {
	var v TrailReview
	var due, planned, at int64
	err := s.Scan(&v.ID, &v.First, &v.Last, &due, &planned, &v.Verdict, &v.Findings, &v.Account, &v.Name, &v.Signature, &at)
	v.Due, v.Planned, v.At = store.Time(due), store.Time(planned), store.Time(at)
	return v, err
}

const trailColumns = `id, first, last, due, planned, verdict, findings, account, name, signature, at`

// TrailReviews are the reviews of the audit trail, newest first.
func TrailReviews(ctx context.Context, r store.Reader) ([]TrailReview, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanTrail, `SELECT `+trailColumns+` FROM trail_review ORDER BY planned DESC, id DESC`)
}

// GetTrailReview reads one review.
func GetTrailReview(ctx context.Context, r store.Reader, review string) (TrailReview, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return TrailReview{}, err
	}
	return scanTrail(r.QueryRow(ctx, `SELECT `+trailColumns+` FROM trail_review WHERE id = $1`, review))
}

// TrailSummary is what happened in a part of the trail: what a reviewer looks at, and what they sign.
type TrailSummary struct {
	Review     string      `json:"review"`
	First      int64       `json:"first"`
	Last       int64       `json:"last"`
	Entries    int         `json:"entries"`
	Head       string      `json:"hash_of_last"` // hexadecimal: which trail it was
	Kinds      []KindCount `json:"kinds"`
	Actors     []KindCount `json:"actors"`
	Erased     int         `json:"erased_bodies"`
	Failed     int         `json:"failed_sign_ins"`
	Locked     int         `json:"locked_sign_ins"`
	Rights     int         `json:"rights_changed"`
	Unreasoned int         `json:"withdrawals_and_erasures"`
}

// KindCount is a number of entries.
type KindCount struct {
	Name    string `json:"name"`
	Entries int    `json:"entries"`
}

// SummaryOf counts what a review is about. The same review has the same summary whenever it is looked at.
func SummaryOf(ctx context.Context, r store.Reader, v TrailReview) (TrailSummary, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return TrailSummary{}, err
	}
	s := TrailSummary{Review: v.ID, First: v.First, Last: v.Last}
	counted := func(by string) ([]KindCount, error) {
		return store.All(ctx, r, func(s store.Scanner) (c KindCount, err error) { return c, s.Scan(&c.Name, &c.Entries) }, by, v.First, v.Last)
	}
	var err error
	if s.Kinds, err = counted(`SELECT kind, count(*) FROM journal WHERE seq >= $1 AND seq <= $2 GROUP BY kind ORDER BY kind`); err != nil {
		return s, err
	}
	if s.Actors, err = counted(`SELECT actor_name || ' (' || actor || ')', count(*) FROM journal WHERE seq >= $1 AND seq <= $2 GROUP BY actor, actor_name ORDER BY actor, actor_name`); err != nil {
		return s, err
	}
	for _, k := range s.Kinds {
		s.Entries += k.Entries
		switch k.Name {
		case store.KindErased:
			s.Erased += k.Entries
		case people.KindSignInFailed:
			s.Failed += k.Entries
		case people.KindSignInLocked:
			s.Locked += k.Entries
		case people.KindGranted, people.KindGrantRevoked, people.KindRoleChanged:
			s.Rights += k.Entries
		}
		if strings.Contains(k.Name, "withdrawn") || strings.Contains(k.Name, "erased") || strings.Contains(k.Name, "deleted") {
			s.Unreasoned += k.Entries
		}
	}
	var hash []byte
	if err := r.QueryRow(ctx, `SELECT hash FROM journal WHERE seq = $1`, v.Last).Scan(&hash); err != nil {
		return s, err
	}
	s.Head = fmt.Sprintf("%x", hash)
	return s, nil
}

// record is the summary as it is signed.
func (s TrailSummary) record() (signature.Record, error) {
	text, err := json.Marshal(s)
	sum := digestOf(string(text))
	return signature.Record{Kind: "trail_review", ID: s.Review, Title: fmt.Sprintf("Audit trail, entries %d to %d", s.First, s.Last), Content: sum, Displayed: sum}, err
}

// TrailSigning is what a reviewer says and shows.
type TrailSigning struct {
	Review   string
	Verdict  TrailVerdict
	Findings string // what was looked at closer and what it showed; required with findings
	Factors  signature.Factors
}

// Review signs a review of the audit trail. Conflict when it is signed already.
func (s Trails) Review(ctx context.Context, in TrailSigning) error {
	var l problem.List
	if in.Verdict != TrailSound && in.Verdict != TrailFindings {
		l.Add("verdict", "must be sound or findings")
	}
	if in.Verdict == TrailFindings && strings.TrimSpace(in.Findings) == "" {
		l.Add("findings", "say what was found")
	}
	if len(in.Findings) > 10_000 {
		l.Add("findings", "are longer than 10,000 characters")
	}
	if err := l.Err("the review cannot be signed"); err != nil {
		return err
	}
	p, err := s.Signer.Verify(ctx, in.Factors)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := GetTrailReview(system(ctx), tx, in.Review)
		if err != nil {
			return err
		}
		if v.Verdict != "" {
			return problem.New(problem.Conflict, "%s signed this review on %s", v.Name, v.At.Format(time.DateOnly))
		}
		summary, err := SummaryOf(system(ctx), tx, v)
		if err != nil {
			return err
		}
		rec, err := summary.record()
		if err != nil {
			return err
		}
		sig, err := s.Signer.SignTx(ctx, tx, p, rec, signature.Act{Meaning: signature.Review, Reason: in.Findings})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE trail_review SET verdict = $1, findings = $2, account = $3, name = $4, signature = $5, at = $6 WHERE id = $7`,
			string(in.Verdict), in.Findings, sig.Signer, sig.Name, sig.ID, store.Micros(tx.Now), v.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindTrailReviewed, Subject: v.ID, Body: map[string]any{"verdict": in.Verdict, "findings": in.Findings, "signature": sig.ID,
			"first": v.First, "last": v.Last, "summary_sha256": rec.Content}})
		return err
	})
}
