package detection

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Origin is where a rule comes from.
type Origin string

// The closed list of origins.
const (
	FromPack   Origin = "pack"     // comes with Triward
	FromFolder Origin = "folder"   // a folder or Git checkout of the organisation
	Proposed   Origin = "proposed" // proposed here, such as after an incident
)

// Level is how serious a rule or alert is, in the words of Sigma.
type Level string

// The closed list of levels.
const (
	Critical      Level = "critical"
	High          Level = "high"
	Medium        Level = "medium"
	Low           Level = "low"
	Informational Level = "informational"
)

// Levels lists the levels, the most serious first.
func Levels() []Level { return []Level{Critical, High, Medium, Low, Informational} }

// urgency is the place of a level: 1 is the most urgent. A rule that names none counts as medium.
func (l Level) urgency() int { return slices.Index(Levels(), l.or()) + 1 }

func (l Level) or() Level {
	if slices.Contains(Levels(), l) {
		return l
	}
	return Medium
}

// RuleState is where a rule stands in its life.
type RuleState string

// The closed list of states.
const (
	Draft   RuleState = "draft"
	Testing RuleState = "testing" // tried on the past
	Canary  RuleState = "canary"  // runs in shadow: its hits are kept, nobody is called
	Active  RuleState = "active"
	Tuned   RuleState = "tuned" // active, and changed after feedback
	Retired RuleState = "retired"
)

// RuleStates lists the states in their order of life.
func RuleStates() []RuleState { return []RuleState{Draft, Testing, Canary, Active, Tuned, Retired} }

// Runs reports whether rules of this state look at events.
func (s RuleState) Runs() bool { return s == Canary || s.Pages() }

// Pages reports whether hits of rules of this state raise alerts.
func (s RuleState) Pages() bool { return s == Active || s == Tuned }

// Rule is a rule of detection with its newest text.
type Rule struct {
	ID         string // of the rule itself (Sigma: its UUID), or its path where it has none
	Origin     Origin
	Path       string // where it was read
	Title      string
	Level      Level
	Techniques []string // ATT&CK ids, such as T1078
	Catalogue  []string // of the catalogue of medical rules, such as M20
	Revision   string   // "rul_…" of the newest text
	Digest     string   // SHA-256 of the newest text, in hexadecimal
	State      RuleState
	Since      time.Time
	Reason     string // of the state
	Owner      string
	At         time.Time
	Changed    time.Time
}

// RuleText is a rule as it was read from the pack or a folder.
type RuleText struct {
	ID         string
	Path       string
	Title      string
	Level      Level
	Techniques []string
	Catalogue  []string
	Digest     string // SHA-256 of Body, in hexadecimal
	Body       string
}

// Rules keeps the rules and their life.
type Rules struct{ DB *store.DB }

// Loaded says what [Rules.Load] did.
type Loaded struct{ Added, Changed, Gone, Same int }

// portion is how many rules one transaction loads, so that it stays within its deadline.
const portion = 500

// Load keeps the rules of an origin as they are now. New rules of the pack are active, as their makers tried them; those
// of a folder are drafts. A changed text of a rule of a folder that runs goes back to testing, because nobody tried the
// new one. Rules that are not among them any more are retired. faults is how many files could not be read.
func (s Rules) Load(ctx context.Context, origin Origin, all []RuleText, faults int) (Loaded, error) {
	var out Loaded
	seen := map[string]bool{}
	for _, t := range all {
		var l problem.List
		need(&l, "id", t.ID, maxIdentity)
		need(&l, "title", t.Title, 1_000)
		if seen[t.ID] {
			l.Add("id", "stands twice")
		}
		if err := l.Err("the rule %s is not valid", t.Path); err != nil {
			return out, err
		}
		seen[t.ID] = true
	}
	var old map[string]Rule
	err := s.DB.View(ctx, func(r store.Reader) (err error) { old, err = rulesOf(ctx, r, origin); return err })
	if err != nil {
		return out, err
	}
	var fresh []RuleText
	for _, t := range all {
		if have, ok := old[t.ID]; ok && have.Digest == t.Digest && have.Path == t.Path && !cameBack(have) {
			out.Same++
			continue
		}
		fresh = append(fresh, t)
	}
	var gone []string
	for rid, have := range old {
		if !seen[rid] && have.State != Retired {
			gone = append(gone, rid)
		}
	}
	slices.Sort(gone)
	for part := range slices.Chunk(fresh, portion) {
		if err := s.loadPart(ctx, origin, part, RulesNoted{Same: out.Same, Faults: faults}, &out); err != nil {
			return out, err
		}
	}
	for part := range slices.Chunk(gone, portion) {
		if err := s.leave(ctx, origin, part, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// reasonGone marks rules that were retired because their file went away, to tell them from those that people retired.
const reasonGone = "it is not among the rules that were read any more"

func cameBack(r Rule) bool { return r.State == Retired && r.Reason == reasonGone }

func (s Rules) loadPart(ctx context.Context, origin Origin, part []RuleText, note RulesNoted, out *Loaded) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		note.Origin, note.Added, note.Changed = origin, 0, 0
		for _, t := range part {
			have, err := rule(ctx, tx, t.ID)
			known := err == nil
			if err != nil && problem.KindOf(err) != problem.NotFound {
				return err
			}
			if known && have.Origin != origin {
				return problem.New(problem.Conflict, "%s has the id of %q, which comes from the %s", t.Path, have.Title, have.Origin)
			}
			next := have
			next.ID, next.Origin, next.Path, next.Title, next.Level, next.Techniques, next.Catalogue, next.Digest = t.ID, origin, t.Path, t.Title, t.Level.or(), t.Techniques, t.Catalogue, t.Digest
			next.Changed = tx.Now
			begin := Draft
			if origin == FromPack {
				begin = Active
			}
			switch {
			case !known:
				next.State, next.Since, next.At, next.Reason = begin, tx.Now, tx.Now, ""
				note.Added++
			case cameBack(have):
				next.State, next.Since, next.Reason = begin, tx.Now, "it is among the rules that were read again"
				note.Changed++
			default:
				if origin == FromFolder && have.State.Runs() && have.Digest != t.Digest {
					next.State, next.Since, next.Reason = Testing, tx.Now, "its text changed"
				}
				note.Changed++
			}
			if next.Revision, err = s.revise(ctx, tx, have, t); err != nil {
				return err
			}
			if err := putRule(ctx, tx, next); err != nil {
				return err
			}
		}
		out.Added += note.Added
		out.Changed += note.Changed
		_, err := tx.Record(ctx, store.Event{Kind: KindRulesLoaded, Subject: "rules:" + string(origin), Body: note})
		return err
	})
}

// revise keeps a text that is new for its rule, and returns the id of the newest.
func (s Rules) revise(ctx context.Context, tx *store.Tx, have Rule, t RuleText) (string, error) {
	if have.Digest == t.Digest {
		return have.Revision, nil
	}
	rev, err := id.New("rul")
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, `INSERT INTO rule_revision (id, rule, number, digest, body, at, author)
		VALUES ($1, $2, (SELECT count(*) + 1 FROM rule_revision WHERE rule = $2), $3, $4, $5, $6)`, rev, t.ID, t.Digest, t.Body, store.Micros(tx.Now), tx.Actor().Name)
	return rev, err
}

func (s Rules) leave(ctx context.Context, origin Origin, part []string, out *Loaded) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		for _, rid := range part {
			have, err := rule(ctx, tx, rid)
			if err != nil {
				return err
			}
			have.State, have.Since, have.Reason, have.Changed = Retired, tx.Now, reasonGone, tx.Now
			if err := putRule(ctx, tx, have); err != nil {
				return err
			}
		}
		out.Gone += len(part)
		_, err := tx.Record(ctx, store.Event{Kind: KindRulesLoaded, Subject: "rules:" + string(origin), Body: RulesNoted{Origin: origin, Gone: len(part)}})
		return err
	})
}

// Running is a rule that looks at events.
type Running struct {
	ID, Path, Digest, Body string
	Shadow                 bool // canary
}

// RunningRules reads the rules that look at events, by id. It checks no permission: it is for the engine.
func RunningRules(ctx context.Context, r store.Reader) ([]Running, error) {
	return store.All(ctx, r, func(s store.Scanner) (Running, error) {
		var v Running
		var state RuleState
		err := s.Scan(&v.ID, &v.Path, &v.Digest, &v.Body, &state)
		v.Shadow = state == Canary
		return v, err
	}, `SELECT d.id, d.path, d.digest, t.body, d.state FROM detection_rule d JOIN rule_revision t ON t.id = d.revision
		WHERE d.state IN ('canary', 'active', 'tuned') ORDER BY d.id`)
}

const ruleColumns = `id, origin, path, title, level, techniques, catalogue, revision, digest, state, since, reason, owner, at, changed`

func scanRule(s store.Scanner) (Rule, error) {
	var v Rule
	var techniques, catalogue string
	var since, at, changed int64
	err := s.Scan(&v.ID, &v.Origin, &v.Path, &v.Title, &v.Level, &techniques, &catalogue, &v.Revision, &v.Digest, &v.State, &since, &v.Reason, &v.Owner, &at, &changed)
	v.Techniques, v.Catalogue = strings.Fields(techniques), strings.Fields(catalogue)
	v.Since, v.At, v.Changed = store.Time(since), store.Time(at), store.Time(changed)
	return v, err
}

func rule(ctx context.Context, r store.Reader, rid string) (Rule, error) {
	v, err := scanRule(r.QueryRow(ctx, `SELECT `+ruleColumns+` FROM detection_rule WHERE id = $1`, rid))
	if problem.KindOf(err) == problem.NotFound {
		return v, problem.New(problem.NotFound, "there is no rule %q", rid)
	}
	return v, err
}

func rulesOf(ctx context.Context, r store.Reader, origin Origin) (map[string]Rule, error) {
	all, err := store.All(ctx, r, scanRule, `SELECT `+ruleColumns+` FROM detection_rule WHERE origin = $1`, string(origin))
	out := make(map[string]Rule, len(all))
	for _, v := range all {
		out[v.ID] = v
	}
	return out, err
}

func putRule(ctx context.Context, tx *store.Tx, v Rule) error {
	_, err := tx.Exec(ctx, `INSERT INTO detection_rule (id, origin, path, title, sort_title, level, urgency, techniques, catalogue, revision, digest, state, since, reason, owner, at, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE SET path = excluded.path, title = excluded.title, sort_title = excluded.sort_title, level = excluded.level, urgency = excluded.urgency,
		techniques = excluded.techniques, catalogue = excluded.catalogue, revision = excluded.revision, digest = excluded.digest, state = excluded.state, since = excluded.since,
		reason = excluded.reason, owner = excluded.owner, changed = excluded.changed`,
		v.ID, string(v.Origin), v.Path, v.Title, strings.ToLower(v.Title), string(v.Level), v.Level.urgency(), strings.Join(v.Techniques, " "), strings.Join(v.Catalogue, " "), v.Revision, v.Digest,
		string(v.State), store.Micros(v.Since), v.Reason, v.Owner, store.Micros(v.At), store.Micros(v.Changed))
	return err
}
