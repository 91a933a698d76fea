package assurance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Set is a clause set, and whether the organisation works with it.
type Set struct {
	content.ClauseSet
	On     bool
	Chosen Choice // zero when nobody chose: a set in force is on, others are off
}

// Choice is that somebody turned a clause set on or off.
type Choice struct {
	Set    string
	On     bool
	Reason string
	Author string // name
	At     time.Time
}

// Sets are the clause sets that ship, by id.
func Sets(ctx context.Context, r store.Reader) ([]Set, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := content.ClauseSets()
	if err != nil {
		return nil, err
	}
	chosen, err := choices(ctx, r)
	if err != nil {
		return nil, err
	}
	out := make([]Set, len(all))
	for i, s := range all {
		out[i] = Set{ClauseSet: s, On: s.Status == content.InForce}
		if c, ok := chosen[s.ID]; ok {
			out[i].On, out[i].Chosen = c.On, c
		}
	}
	return out, nil
}

// FindSet is the clause set of an id; NotFound when there is none.
func FindSet(ctx context.Context, r store.Reader, set string) (Set, error) {
	all, err := Sets(ctx, r)
	if err != nil {
		return Set{}, err
	}
	for _, s := range all {
		if s.ID == set {
			return s, nil
		}
	}
	return Set{}, problem.New(problem.NotFound, "there is no clause set %q", set)
}

// Clause is the clause of a reference; NotFound when the set has none.
func (s Set) Clause(ref string) (content.Clause, error) {
	for _, c := range s.Clauses {
		if c.Ref == ref {
			return c, nil
		}
	}
	return content.Clause{}, problem.New(problem.NotFound, "%s has no clause %q", s.Title, ref)
}

// Clauses changes how the organisation works with clauses.
type Clauses struct{ DB *store.DB }

// Choose turns a clause set on or off.
func (c Clauses) Choose(ctx context.Context, choice Choice) error {
	if err := reasoned(choice.Reason); err != nil {
		return err
	}
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := content.ClauseSets()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(s content.ClauseSet) bool { return s.ID == choice.Set }) {
			return problem.New(problem.NotFound, "there is no clause set %q", choice.Set)
		}
		choice.Author, choice.At = tx.Actor().Name, tx.Now
		if err := putChoice(ctx, tx, choice); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSetChosen, Subject: choice.Set, Body: map[string]any{"on": choice.On, "reason": choice.Reason}})
		return err
	})
}

const maxReason = 2000

func reasoned(reason string) error {
	var l problem.List
	if strings.TrimSpace(reason) == "" {
		l.Add("reason", "is required")
	}
	if len(reason) > maxReason {
		l.Add("reason", "is longer than %d characters", maxReason)
	}
	return l.Err("say why")
}

// Status says how sure a mapping is.
type Status string

// The closed list of statuses.
const (
	Proposed  Status = "proposed"  // by the authors of the document
	Confirmed Status = "confirmed" // by a person who looked at the clause
	Suspect   Status = "suspect"   // confirmed, but the words or the edition are others now
)

// Confirmation is that a person confirmed a mapping.
type Confirmation struct {
	ID      string // cnf_…
	Clause  source.Clause
	Code    string
	Step    string // "" for the whole document
	Edition string // of the set that they looked at
	Words   string // SHA-256 of the words that satisfy the clause
	Note    string // what they looked at
	Account string
	Name    string
	At      time.Time
}

// Mapping is that a document, or a step of it, says that it satisfies a clause.
type Mapping struct {
	Clause    source.Clause
	Code      string
	Title     string
	Level     source.Level
	Owner     source.Function
	Step      string // "" for the whole document
	Do        string // what the step says
	Revision  string
	Label     string
	Draft     bool // no revision of the document was ever in force
	Status    Status
	Confirmed Confirmation // zero when nobody confirmed it
	words     string
}

func digestOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Mappings are what documents in force, and those on their way, say that they satisfy; by clause set, clause and code.
func Mappings(ctx context.Context, r store.Reader) ([]Mapping, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	inForce, err := textsInForce(ctx, r)
	if err != nil {
		return nil, err
	}
	coming, err := textsOnTheirWay(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []Mapping
	for _, d := range append(inForce, coming...) {
		m := Mapping{Code: d.Code, Title: d.Title, Level: d.Level, Owner: d.OwnerRole, Revision: d.revision, Label: d.label, Draft: d.draft, Status: Proposed,
			words: digestOf(d.Title, d.Body)}
		for _, c := range d.Satisfies {
			m.Clause = c
			out = append(out, m)
		}
		for _, s := range d.Steps {
			m.Step, m.Do, m.words = s.ID, s.Do, digestOf(s.Do)
			for _, c := range s.Satisfies {
				m.Clause = c
				out = append(out, m)
			}
		}
	}
	if err := confirm(ctx, r, out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Mapping) int {
		return strings.Compare(a.Clause.Set+"\x00"+a.Clause.Ref+"\x00"+a.Code+"\x00"+a.Step, b.Clause.Set+"\x00"+b.Clause.Ref+"\x00"+b.Code+"\x00"+b.Step)
	})
	return out, nil
}

// mapped names a mapping.
func mapped(c source.Clause, code, step string) string {
	return strings.Join([]string{c.Set, c.Ref, code, step}, "\x00")
}

// confirm fills in the confirmations of mappings.
func confirm(ctx context.Context, r store.Reader, all []Mapping) error {
	stand, err := confirmations(ctx, r)
	if err != nil {
		return err
	}
	sets, err := content.ClauseSets()
	if err != nil {
		return err
	}
	editions := map[string]string{}
	for _, s := range sets {
		editions[s.ID] = s.Edition
	}
	by := map[string]Confirmation{}
	for _, c := range stand {
		by[mapped(c.Clause, c.Code, c.Step)] = c
	}
	for i := range all {
		m := &all[i]
		c, ok := by[mapped(m.Clause, m.Code, m.Step)]
		if !ok {
			continue
		}
		m.Confirmed, m.Status = c, Confirmed
		if c.Edition != editions[m.Clause.Set] || c.Words != m.words {
			m.Status = Suspect
		}
	}
	return nil
}

// Confirming is what a person confirms.
type Confirming struct {
	Clause source.Clause
	Code   string
	Step   string
	Note   string // what they looked at: which copy of the text, which edition
}

// Confirm records that a person looked at a clause and found that a document or step satisfies it. An earlier confirmation
// of the same is ended.
func (c Clauses) Confirm(ctx context.Context, in Confirming) (string, error) {
	var l problem.List
	if strings.TrimSpace(in.Note) == "" || len(in.Note) > maxReason {
		l.Add("note", "say which text of the clause you looked at, in at most %d characters", maxReason)
	}
	if err := l.Err("the mapping cannot be confirmed"); err != nil {
		return "", err
	}
	made, err := id.New("cnf")
	if err != nil {
		return "", err
	}
	err = c.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := Mappings(system(ctx), tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(m Mapping) bool { return m.Clause == in.Clause && m.Code == in.Code && m.Step == in.Step })
		if i < 0 {
			return problem.New(problem.NotFound, "%s does not say that it satisfies %s", strings.TrimSpace(in.Code+" "+in.Step), in.Clause)
		}
		m := all[i]
		if m.Draft {
			return problem.New(problem.Conflict, "%s is not in force: confirm what it says when it is", in.Code)
		}
		set, err := FindSet(system(ctx), tx, in.Clause.Set)
		if err != nil {
			return err
		}
		if m.Confirmed.ID != "" {
			if err := endConfirmation(ctx, tx, m.Confirmed.ID, "confirmed again"); err != nil {
				return err
			}
		}
		n := Confirmation{ID: made, Clause: in.Clause, Code: in.Code, Step: in.Step, Edition: set.Edition, Words: m.words, Note: in.Note,
			Account: tx.Actor().ID, Name: tx.Actor().Name, At: tx.Now}
		if err := insertConfirmation(ctx, tx, n); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindConfirmed, Subject: in.Code, Body: confirmedBody{ID: made, Set: in.Clause.Set, Ref: in.Clause.Ref, Edition: set.Edition,
			Step: in.Step, Revision: m.Revision, Label: m.Label, Words: m.words, Note: in.Note}})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("confirm mapping: %w", err)
	}
	return made, nil
}

// confirmedBody is the body of [KindConfirmed] and [KindConfirmationEnded].
type confirmedBody struct {
	ID       string `json:"confirmation"`
	Set      string `json:"set"`
	Ref      string `json:"ref"`
	Edition  string `json:"edition"`
	Step     string `json:"step,omitempty"`
	Revision string `json:"revision,omitempty"`
	Label    string `json:"label,omitempty"`
	Words    string `json:"words_sha256,omitempty"`
	Note     string `json:"note,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// EndConfirmation takes a confirmation back; the mapping is proposed again.
func (c Clauses) EndConfirmation(ctx context.Context, confirmation, reason string) error {
	if err := reasoned(reason); err != nil {
		return err
	}
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		was, err := getConfirmation(ctx, tx, confirmation)
		if err != nil {
			return fmt.Errorf("end confirmation %q: %w", confirmation, err)
		}
		if err := endConfirmation(ctx, tx, confirmation, reason); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindConfirmationEnded, Subject: was.Code, Body: confirmedBody{ID: was.ID, Set: was.Clause.Set, Ref: was.Clause.Ref,
			Edition: was.Edition, Step: was.Step, Reason: reason}})
		return err
	})
}
