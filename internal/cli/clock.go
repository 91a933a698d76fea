package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
	"triward/internal/content"
	"triward/internal/incident/clock"
)

// dueFlags are what `clock due` is asked about.
type dueFlags struct {
	places, roles, facts, instants, observes []string
	aware, at                                string
}

func (p *program) clock() *cobra.Command {
	c := &cobra.Command{Use: "clock", Short: "Reporting duties and when their reports are due, offline"}
	list := &cobra.Command{Use: "list", Short: "List the duties that the program knows, with the state of each law", Args: terminal.Exactly(0),
		RunE: func(*cobra.Command, []string) error { return p.listDuties() }}
	facts := &cobra.Command{Use: "facts", Short: "List the facts over which duties are decided, as questions", Args: terminal.Exactly(0),
		RunE: func(*cobra.Command, []string) error {
			return p.Show(content.DutyFacts(), func() error {
				w := p.Table("FACT", "QUESTION")
				for _, f := range content.DutyFacts() {
					terminal.Row(w, f.Name, f.Text)
				}
				return w.Flush()
			})
		}}
	var f dueFlags
	due := &cobra.Command{Use: "due", Short: "Decide which duties run for one legal entity, and until when", Args: terminal.Exactly(0),
		Long: "Decide which duties run for one legal entity, and until when.\n\nA fact that is not given is unknown, and a duty that hangs on it is counted as if it applied.",
		RunE: func(*cobra.Command, []string) error { return p.due(f) }}
	due.Flags().StringSliceVar(&f.places, "in", nil, "jurisdictions of the entity, or countries of the eu: "+strings.Join(content.JurisdictionIDs(), ", "))
	due.Flags().StringSliceVar(&f.roles, "role", nil, "what it is: "+strings.Join(content.DutyRoles(), ", "))
	due.Flags().StringVar(&f.aware, "aware", "", "when it became aware, RFC 3339")
	due.Flags().StringVar(&f.at, "at", "", "the instant to look from, RFC 3339; now without it")
	due.Flags().StringArrayVar(&f.instants, "start", nil, "another instant, as name=RFC 3339: "+strings.Join(content.DutyStarts(), ", "))
	due.Flags().StringSliceVar(&f.facts, "fact", nil, "what is known, as name=yes or name=no (see clock facts)")
	due.Flags().StringSliceVar(&f.observes, "observe", nil, "ids of duties to keep although they are not in force")
	c.AddCommand(list, facts, due)
	return c
}

func (p *program) listDuties() error {
	duties, err := content.Duties()
	if err != nil {
		return err
	}
	return p.Show(duties, func() error {
		w := p.Table("DUTY", "IN", "INSTRUMENT", "WHO", "STAGES", "LAW", "READ", "TEXT")
		for _, d := range duties {
			var stages []string
			for _, s := range d.Stages {
				stages = append(stages, length(s))
			}
			law := strings.ReplaceAll(d.Status, "_", " ")
			if d.From != "" {
				law += " from " + d.From
			}
			terminal.Row(w, d.ID, d.Jurisdiction, d.Instrument+" "+d.Article, strings.Join(d.Roles, ", "), strings.Join(stages, ", "), law, d.Checked, d.Source)
		}
		return w.Flush()
	})
}

func length(s content.Stage) string {
	if s.Unit == "promptly" {
		return "without delay"
	}
	if s.Unit == "unknown" {
		return "not known"
	}
	return fmt.Sprintf("%d %s", s.Length, strings.ReplaceAll(s.Unit, "_", " ")+map[bool]string{true: "s"}[s.Length != 1])
}

// dueLine is one stage as the command prints it.
type dueLine struct {
	Duty    string     `json:"duty"`
	Stage   string     `json:"stage"`
	Title   string     `json:"title"`
	State   string     `json:"state"`
	Start   *time.Time `json:"start,omitempty"`
	Target  *time.Time `json:"target,omitempty"`
	Latest  *time.Time `json:"latest,omitempty"`
	Left    string     `json:"left,omitempty"`
	Unknown []string   `json:"unknown,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	To      []string   `json:"to"`
}

func (p *program) due(f dueFlags) error {
	e, err := f.entity()
	if err != nil {
		return err
	}
	duties, err := content.Duties()
	if err != nil {
		return err
	}
	now := time.Now()
	if f.at != "" {
		if now, err = time.Parse(time.RFC3339, f.at); err != nil {
			return terminal.Misused("--at %q is no instant of the form 2026-11-28T14:00:00+01:00", f.at)
		}
	}
	clocks, err := clock.Evaluate(duties, e, now)
	if err != nil {
		return err
	}
	lines := make([]dueLine, 0, len(clocks))
	for _, c := range clocks {
		l := dueLine{Duty: c.Duty.ID, Stage: c.Stage.ID, Title: c.Duty.Title + ": " + c.Stage.Title, State: string(c.State), Unknown: c.Missing, Reason: c.Reason, To: c.Duty.Recipients,
			Start: given(c.Start), Target: given(c.Target), Latest: given(c.Latest)}
		if l.Latest != nil {
			l.Left = c.Slack.Round(time.Minute).String()
		}
		lines = append(lines, l)
	}
	return p.Show(lines, func() error {
		w := p.Table("DUTY", "STAGE", "STATE", "AT THE LATEST", "LEFT", "WHY")
		for _, l := range lines {
			until := ""
			if l.Latest != nil {
				until = l.Latest.Format("2006-01-02 15:04 MST")
			}
			why := l.Reason
			if len(l.Unknown) > 0 {
				why = "unknown: " + strings.Join(l.Unknown, ", ")
			}
			terminal.Row(w, l.Duty, l.Stage, strings.ReplaceAll(l.State, "_", " "), until, l.Left, why)
		}
		return w.Flush()
	})
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// entity reads the flags, and refuses names that no duty knows: a misspelt fact would be an unknown one.
func (f dueFlags) entity() (clock.Entity, error) {
	e := clock.Entity{Roles: f.roles, Observes: f.observes, Facts: map[string]clock.Truth{}, Instants: map[string]time.Time{}}
	if len(f.places) == 0 || len(f.roles) == 0 {
		return e, terminal.Misused("--in and --role are needed: where the entity is, and what it is there")
	}
	for _, place := range f.places {
		id, ok := content.JurisdictionOf(place)
		if !ok {
			return e, terminal.Misused("--in %q is none of %s, nor a country of the eu", place, strings.Join(content.JurisdictionIDs(), ", "))
		}
		e.Jurisdictions = append(e.Jurisdictions, id)
	}
	optional, err := content.OptionalDuties()
	if err != nil {
		return e, err
	}
	for _, id := range f.observes {
		if !slices.ContainsFunc(optional, func(d content.Duty) bool { return d.ID == id }) {
			return e, terminal.Misused("--observe %q is no duty that can be kept before it is in force (see clock list)", id)
		}
	}
	if at, err := time.Parse(time.RFC3339, f.aware); err == nil {
		e.Instants["became_aware"] = at
	} else {
		return e, terminal.Misused("--aware %q is no instant of the form 2026-11-28T14:00:00+01:00", f.aware)
	}
	for _, r := range f.roles {
		if !slices.Contains(content.DutyRoles(), r) {
			return e, terminal.Misused("--role %q is none of %s", r, strings.Join(content.DutyRoles(), ", "))
		}
	}
	known := map[string]bool{}
	for _, x := range content.DutyFacts() {
		known[x.Name] = true
	}
	for _, x := range f.facts {
		name, value, _ := strings.Cut(x, "=")
		if !known[name] || value != "yes" && value != "no" && value != "unknown" {
			return e, terminal.Misused("--fact %q is not name=yes, name=no or name=unknown; names are %s", x, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		e.Facts[name] = clock.Truth(strings.TrimPrefix(value, "unknown"))
	}
	for _, x := range f.instants {
		name, value, _ := strings.Cut(x, "=")
		at, err := time.Parse(time.RFC3339, value)
		if err != nil || !slices.Contains(content.DutyStarts(), name) {
			return e, terminal.Misused("--start %q is not name=instant; names are %s", x, strings.Join(content.DutyStarts(), ", "))
		}
		e.Instants[name] = at
	}
	return e, nil
}
