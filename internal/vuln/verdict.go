package vuln

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vers"
	"triward/internal/vuln/match"
)

// Status is what a verdict says (OpenVEX 0.2.0, "status").
type Status string

// The closed list of statuses.
const (
	StatusNotAffected        Status = "not_affected"
	StatusAffected           Status = "affected"
	StatusFixed              Status = "fixed"
	StatusUnderInvestigation Status = "under_investigation"
)

// Justifications are the reasons that OpenVEX 0.2.0 knows for not affected.
var Justifications = []string{"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"}

// VerdictState says whether a verdict counts.
type VerdictState string

// The closed list of states.
const (
	VerdictActive    VerdictState = "active"
	VerdictReopened  VerdictState = "reopened"  // a newer source contradicts it, or it expired: it does not count until recorded again
	VerdictWithdrawn VerdictState = "withdrawn" // taken back by a person
	VerdictReplaced  VerdictState = "replaced"  // a newer verdict on the same products stands
)

// Verdict is what an analyst or a VEX document says of a vulnerability in the releases of a model.
type Verdict struct {
	ID            string
	Vulnerability string
	Model         string   // model id
	Releases      []string // release ids; empty with Versions "" means all releases, now and future
	Versions      string   // a version range as people write it ("< 2.0"), "" for none
	Status        Status
	Justification string // for not affected, one of Justifications
	Reason        string // why, in the analyst's words (OpenVEX impact statement)
	Action        string // what to do when affected (OpenVEX action statement)
	Source        string // "analyst", or the id of the VEX document
	Author        string
	At            time.Time
	Expires       time.Time // zero: does not expire
	State         VerdictState
	StateReason   string
	Known         map[string]string // records about the vulnerability when it was recorded: key to hash
}

// Validate returns all faults.
func (v Verdict) Validate() error {
	var l problem.List
	if v.Vulnerability == "" {
		l.Add("vulnerability", "is required")
	}
	if v.Model == "" {
		l.Add("model", "is required")
	}
	if len(v.Releases) > 0 && v.Versions != "" {
		l.Add("versions", "give releases or a version range, not both")
	}
	if v.Versions != "" {
		if r := vers.ParseRange(v.Versions); !r.Read() {
			l.Add("versions", "cannot be read as a version range")
		}
	}
	switch v.Status {
	case StatusNotAffected:
		if v.Justification == "" && v.Reason == "" {
			l.Add("justification", "not affected needs a justification or a reason")
		}
	case StatusAffected, StatusFixed, StatusUnderInvestigation:
		if v.Justification != "" {
			l.Add("justification", "goes with not affected only")
		}
	default:
		l.Add("status", "must be not_affected, affected, fixed or under_investigation")
	}
	if v.Justification != "" && !slices.Contains(Justifications, v.Justification) {
		l.Add("justification", "is not one of the five of OpenVEX")
	}
	if v.Reason == "" && v.Source == "analyst" {
		l.Add("reason", "is required")
	}
	return l.Err("the verdict is not valid")
}

// Covers reports whether the verdict speaks about a release with a version. A version range that cannot be decided for
// this version does not cover it.
func (v Verdict) Covers(release, version string) bool {
	switch {
	case len(v.Releases) > 0:
		return slices.Contains(v.Releases, release)
	case v.Versions != "":
		truth, _ := vers.ParseRange(v.Versions).Contains(vers.Facts{Version: version})
		return truth == vers.True
	}
	return true
}

// Verdicts records what people decide about vulnerabilities in products.
type Verdicts struct{ DB *store.DB }

// Record keeps a verdict. It replaces verdicts of the same vulnerability, model and releases.
func (s Verdicts) Record(ctx context.Context, v Verdict) (string, error) {
	var out string
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		var err error
		out, err = RecordVerdictTx(ctx, tx, v)
		return err
	})
	return out, err
}

// RecordVerdictTx is [Verdicts.Record] within a transaction.
func RecordVerdictTx(ctx context.Context, tx *store.Tx, v Verdict) (string, error) {
	if v.Source == "" {
		v.Source = "analyst"
	}
	if err := v.Validate(); err != nil {
		return "", err
	}
	if !v.Expires.IsZero() && !v.Expires.After(tx.Now) {
		return "", problem.New(problem.Invalid, "the verdict would have expired already")
	}
	if _, err := product.Get(ctx, tx, product.ModelID(v.Model)); err != nil {
		return "", err
	}
	var err error
	if v.Vulnerability, err = Canonical(ctx, tx, v.Vulnerability); err != nil {
		return "", err
	}
	if v.ID, err = id.New("ver"); err != nil {
		return "", err
	}
	if v.Known, err = recordsAbout(ctx, tx, v.Vulnerability); err != nil {
		return "", err
	}
	v.Author, v.At, v.State = tx.Actor().Name, tx.Now, VerdictActive
	slices.Sort(v.Releases)
	releases, err := json.Marshal(v.Releases)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `UPDATE verdict SET state = 'replaced', state_reason = $1 WHERE vuln = $2 AND model = $3 AND releases = $4
		AND versions = $5 AND state IN ('active', 'reopened')`, "replaced by "+v.ID, v.Vulnerability, v.Model, string(releases), v.Versions); err != nil {
		return "", fmt.Errorf("record verdict: %w", err)
	}
	if err := insertVerdict(ctx, tx, v); err != nil {
		return "", fmt.Errorf("record verdict: %w", err)
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindVerdictRecorded, Subject: v.Vulnerability, Product: v.Model, Body: v})
	return v.ID, err
}

// Withdraw takes a verdict back.
func (s Verdicts) Withdraw(ctx context.Context, verdict, reason string) error {
	if reason == "" {
		return problem.New(problem.Invalid, "say why the verdict is withdrawn")
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		return setVerdictState(ctx, tx, verdict, VerdictWithdrawn, reason)
	})
}

func setVerdictState(ctx context.Context, tx *store.Tx, verdict string, state VerdictState, reason string) error {
	v, err := GetVerdict(ctx, tx, verdict)
	if err != nil {
		return err
	}
	if v.State != VerdictActive && v.State != VerdictReopened {
		return problem.New(problem.Conflict, "the verdict is %s already", v.State)
	}
	if _, err := tx.Exec(ctx, `UPDATE verdict SET state = $1, state_reason = $2 WHERE id = $3`, string(state), reason, verdict); err != nil {
		return err
	}
	kind := KindVerdictWithdrawn
	if state == VerdictReopened {
		kind = KindVerdictReopened
	}
	_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: v.Vulnerability, Product: v.Model,
		Body: map[string]string{"verdict": v.ID, "was": string(v.Status), "reason": reason}})
	return err
}

// Review re-opens active verdicts that expired or that a newer source contradicts: a record about the vulnerability that
// was not there, or not in this revision, when the verdict was recorded, and that calls a covered release affected.
// It returns how many were re-opened. Call it after each load and periodically.
func (s Verdicts) Review(ctx context.Context) (int, error) {
	var due []struct{ id, reason string }
	err := s.DB.View(ctx, func(r store.Reader) error {
		active, err := store.All(ctx, r, scanVerdict, `SELECT `+verdictColumns+` FROM verdict WHERE state = 'active' ORDER BY id`)
		if err != nil {
			return err
		}
		now := s.DB.Now()
		for _, v := range active {
			reason := ""
			if !v.Expires.IsZero() && !v.Expires.After(now) {
				reason = "expired on " + v.Expires.Format(time.DateOnly)
			} else if v.Status == StatusNotAffected || v.Status == StatusFixed {
				if reason, err = contradiction(ctx, r, v); err != nil {
					return err
				}
			}
			if reason != "" {
				due = append(due, struct{ id, reason string }{v.ID, reason})
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("review verdicts: %w", err)
	}
	for i, d := range due {
		err := s.DB.Update(ctx, func(tx *store.Tx) error { return setVerdictState(ctx, tx, d.id, VerdictReopened, d.reason) })
		if err != nil && problem.KindOf(err) != problem.Conflict {
			return i, fmt.Errorf("review verdicts: %w", err)
		}
	}
	return len(due), nil
}

// contradiction is the reason why a newer source contradicts a verdict, "" when none does.
func contradiction(ctx context.Context, r store.Reader, v Verdict) (string, error) {
	type row struct{ record, hash, release, facts string }
	rows, err := store.All(ctx, r, func(s store.Scanner) (x row, err error) {
		return x, s.Scan(&x.record, &x.hash, &x.release, &x.facts)
	}, `SELECT DISTINCT m.record, rec.hash, h.release, c.facts FROM holder h JOIN vuln_match m ON m.configuration = h.configuration AND m.vuln = $1
		JOIN record rec ON rec.key = m.record JOIN configuration c ON c.id = h.configuration
		WHERE h.model = $2 AND m.truth = 'affected' ORDER BY m.record`, v.Vulnerability, v.Model)
	if err != nil {
		return "", err
	}
	for _, x := range rows {
		if v.Known[x.record] == x.hash {
			continue
		}
		var a match.Asset
		if err := json.Unmarshal([]byte(x.facts), &a); err != nil {
			return "", err
		}
		if v.Covers(x.release, a.Version) {
			return x.record + " is newer than the verdict and says affected", nil
		}
	}
	return "", nil
}

// recordsAbout is the records about a vulnerability and their hashes.
func recordsAbout(ctx context.Context, r store.Reader, vuln string) (map[string]string, error) {
	rows, err := store.All(ctx, r, func(s store.Scanner) (v [2]string, err error) {
		return v, s.Scan(&v[0], &v[1])
	}, `SELECT DISTINCT v.record, r.hash FROM record_vuln v JOIN record r ON r.key = v.record WHERE v.vuln = $1`, vuln)
	out := make(map[string]string, len(rows))
	for _, v := range rows {
		out[v[0]] = v[1]
	}
	return out, err
}
