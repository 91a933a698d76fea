package validation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Part is one thing that the installation consists of.
type Part struct {
	Area  string `json:"area"` // "program", "schema", "rules", "content", "manuals", "configuration", "roles", "keys", "machine"
	Name  string `json:"name"`
	Value string `json:"value"` // version, digest or setting; never a secret
}

// Change is a part that is another than when the installation was validated last. Before or After is "" where it was added
// or removed.
type Change struct {
	Area   string `json:"area"`
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Stage is a part of a qualification.
type Stage string

// The closed list of stages.
const (
	Installation Stage = "installation" // IQ: what is here is what was delivered
	Operation    Stage = "operation"    // OQ: it does what it must, and refuses what it must
	Performance  Stage = "performance"  // PQ: it does so with the data of this installation
)

// Stages lists every stage in order.
func Stages() []Stage { return []Stage{Installation, Operation, Performance} }

// Outcome is how a check ended.
type Outcome string

// The closed list of outcomes.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
	NotRun Outcome = "not_run" // the words say why
)

// Check is one check that ran on the installation.
type Check struct {
	ID       string   `json:"id"` // "OQ-05"
	Stage    Stage    `json:"stage"`
	Title    string   `json:"title"`    // what was done
	Expected string   `json:"expected"` // what had to come of it
	Observed string   `json:"observed"` // what came of it
	Outcome  Outcome  `json:"outcome"`
	Rules    []string `json:"rules"`            // that it shows: "P11-01"
	Before   Outcome  `json:"before,omitempty"` // in the report validated last; "" when it was not in it
}

// Base is the report validated last, that a delta is against.
type Base struct {
	ID     string    `json:"id"`
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	SHA256 string    `json:"sha256"`
}

// Format names the form of a [Report] as JSON.
const Format = "triward-validation/1"

// Report is one qualification. As JSON it is what is sealed and signed.
type Report struct {
	Format  string    `json:"format"`
	ID      string    `json:"id"` // val_…
	Number  int       `json:"number"`
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Name    string    `json:"name"` // of who let it run
	Reason  string    `json:"reason"`
	Head    int64     `json:"journal_entry"` // newest entry of the journal when it was kept
	Base    *Base     `json:"base,omitempty"`
	Changes []Change  `json:"changes"`
	Checks  []Check   `json:"checks"`
	Parts   []Part    `json:"parts"`
}

// Kept is a report as it is kept.
type Kept struct {
	Report
	Text      []byte // the report as JSON
	SHA256    string // of Text, in hexadecimal
	Decisions []Decision
}

// Verdict is what somebody signs about a report.
type Verdict string

// The closed list of verdicts.
const (
	Verified Verdict = "verified" // the checks are those that matter, and were read
	Approved Verdict = "approved" // the installation is released for use
	Refused  Verdict = "refused"
)

// Decision is a signed verdict.
type Decision struct {
	Verdict   Verdict
	Reason    string
	Account   string
	Name      string
	Signature string
	At        time.Time
}

// Count counts the checks of an outcome.
func (r Report) Count(o Outcome) int {
	n := 0
	for _, c := range r.Checks {
		if c.Outcome == o {
			n++
		}
	}
	return n
}

// Of are the checks of a stage.
func (r Report) Of(s Stage) []Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return c.Stage != s })
}

// Verdict is the decision that stands: approved or refused, else verified, else "".
func (k Kept) Verdict() Verdict {
	var out Verdict
	for _, d := range k.Decisions {
		if out = d.Verdict; out != Verified {
			return out
		}
	}
	return out
}

// decided is the decision with a verdict.
func (k Kept) decided(v Verdict) (Decision, bool) {
	i := slices.IndexFunc(k.Decisions, func(d Decision) bool { return d.Verdict == v })
	if i < 0 {
		return Decision{}, false
	}
	return k.Decisions[i], true
}

// Compare lists what differs between two sets of parts, by area and name.
func Compare(before, after []Part) []Change {
	type key struct{ area, name string }
	all := map[key]*Change{}
	at := func(p Part) *Change {
		k := key{p.Area, p.Name}
		if all[k] == nil {
			all[k] = &Change{Area: p.Area, Name: p.Name}
		}
		return all[k]
	}
	for _, p := range before {
		at(p).Before = p.Value
	}
	for _, p := range after {
		at(p).After = p.Value
	}
	out := []Change{}
	for _, c := range all {
		if c.Before != c.After {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Name, b.Name)) })
	return out
}

// Desk runs qualifications and keeps their reports. All fields are required.
type Desk struct {
	DB     *store.DB
	Signer *signature.Signer
	Parts  func(ctx context.Context) ([]Part, error)  // what the installation consists of now
	Checks func(ctx context.Context) ([]Check, error) // runs every check; an error is one of running them at all
}

// Run qualifies the installation and keeps the report. It takes as long as the checks do, some of which read everything.
func (d Desk) Run(ctx context.Context, reason string) (string, error) {
	var l problem.List
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		l.Add("reason", "say why in at most %d characters", maxReason)
	}
	if err := l.Err("the installation cannot be qualified"); err != nil {
		return "", err
	}
	if _, err := store.ScopeOf(ctx, KindRun); err != nil {
		return "", err
	}
	parts, err := d.Parts(ctx)
	if err != nil {
		return "", err
	}
	checks, err := d.Checks(ctx)
	if err != nil {
		return "", err
	}
	made, err := id.New("val")
	if err != nil {
		return "", err
	}
	return made, d.DB.Update(ctx, func(tx *store.Tx) error {
		r := Report{Format: Format, ID: made, At: tx.Now, Account: tx.Actor().ID, Name: tx.Actor().Name, Reason: reason, Parts: parts, Checks: slices.Clone(checks), Changes: []Change{}}
		return r.keep(ctx, tx)
	})
}

const maxReason = 4_000

// keep compares a report with the one validated last, and keeps it.
func (r Report) keep(ctx context.Context, tx *store.Tx) error {
	base, err := lastApproved(ctx, tx)
	switch {
	case err == nil:
		r.Base = &Base{base.ID, base.Number, base.At, base.SHA256}
		r.Changes = Compare(base.Parts, r.Parts)
		for i, c := range r.Checks {
			if k := slices.IndexFunc(base.Checks, func(b Check) bool { return b.ID == c.ID }); k >= 0 {
				r.Checks[i].Before = base.Checks[k].Outcome
			}
		}
	case problem.KindOf(err) != problem.NotFound:
		return err
	}
	if r.Number, err = nextNumber(ctx, tx); err != nil {
		return err
	}
	if r.Head, _, err = store.JournalHead(ctx, tx); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	sum := sumOf(text)
	if err := insertReport(ctx, tx, r, string(text), sum); err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindRun, Subject: r.ID, Body: Ran{r.Number, sum, r.Reason, r.Base, len(r.Changes), r.Count(Passed), r.Count(Failed), r.Count(NotRun)}})
	return err
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
