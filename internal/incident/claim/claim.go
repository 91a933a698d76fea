package claim

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/problem"
)

// About is what a claim is about.
type About string

// The four corners of the Diamond model, its meta features, and techniques.
const (
	Adversary      About = "adversary"
	Capability     About = "capability"
	Infrastructure About = "infrastructure"
	Victim         About = "victim"
	Phase          About = "phase"     // Value is one of [Phases]
	Result         About = "result"    // Value is one of [Results]
	Direction      About = "direction" // Value is one of [Directions]
	Methodology    About = "methodology"
	Technique      About = "technique" // Value is an id of MITRE ATT&CK
)

// Corners are the four corners, in the order in which they are shown.
func Corners() []About { return []About{Adversary, Capability, Infrastructure, Victim} }

// Abouts lists everything that claims are about.
func Abouts() []About {
	return append(Corners(), Technique, Phase, Result, Direction, Methodology)
}

// Question is what a claim answers, in plain words.
func (a About) Question() string {
	return map[About]string{Adversary: "Who did it", Capability: "What they can do, and with what", Infrastructure: "From where and over what", Victim: "Whom and what it hit",
		Technique: "How it was done", Phase: "How far they came", Result: "What came of it", Direction: "Which way it went", Methodology: "What kind of attack it is"}[a]
}

// Phases are the steps of an attack (Hutchins, Cloppert, Amin 2011).
func Phases() []string {
	return []string{"reconnaissance", "weaponisation", "delivery", "exploitation", "installation", "command and control", "actions on objectives"}
}

// Results are what came of an attack.
func Results() []string { return []string{"success", "partial success", "failure", "unknown"} }

// Directions are which way it went.
func Directions() []string {
	return []string{"adversary to infrastructure", "infrastructure to infrastructure", "infrastructure to victim", "victim to infrastructure", "both ways", "unknown"}
}

// Choices are the values that claims about something may have; nil where the words are free.
func (a About) Choices() []string {
	switch a {
	case Phase:
		return Phases()
	case Result:
		return Results()
	case Direction:
		return Directions()
	}
	return nil
}

// Grade is an Admiralty grade: how reliable a source is (A to F), and how credible what it says (1 to 6).
type Grade struct {
	Source      string `json:"source"`
	Information string `json:"information"`
}

// Sources are the letters of a grade with their words.
func Sources() [][2]string {
	return [][2]string{{"A", "completely reliable"}, {"B", "usually reliable"}, {"C", "fairly reliable"}, {"D", "not usually reliable"}, {"E", "unreliable"}, {"F", "reliability cannot be judged"}}
}

// Informations are the numbers of a grade with their words.
func Informations() [][2]string {
	return [][2]string{{"1", "confirmed by other sources"}, {"2", "probably true"}, {"3", "possibly true"}, {"4", "doubtful"}, {"5", "improbable"}, {"6", "truth cannot be judged"}}
}

func wordOf(of [][2]string, key string) string {
	for _, x := range of {
		if x[0] == key {
			return x[1]
		}
	}
	return ""
}

func (g Grade) String() string { return g.Source + g.Information }

// Words are both halves in words: "usually reliable source, probably true".
func (g Grade) Words() string {
	return wordOf(Sources(), g.Source) + " source, " + wordOf(Informations(), g.Information)
}

// Claim is one thing that somebody says.
type Claim struct {
	ID         string // "clm_…"
	Incident   string
	About      About
	Value      string // where [About.Choices] has some, and the id of a technique
	Says       string // in words
	Source     string // who says so
	Grade      Grade
	Happened   time.Time // when what is said happened; zero: not said
	Evidence   []Ref
	Hypothesis bool   // it has no evidence
	Replaces   string // the claim whose place it takes
	Reason     string // why it takes that place
	ActorName  string
	Made       time.Time

	Ended     time.Time // when another took its place, or it was withdrawn; zero: it stands
	EndedBy   string    // the claim that took its place; "": withdrawn
	EndReason string
	EndName   string
}

// Stands says whether nothing took its place.
func (c Claim) Stands() bool { return c.Ended.IsZero() }

// RefKind is what kind of evidence a claim has.
type RefKind string

// The kinds of evidence.
const (
	Exhibit RefKind = "exhibit" // of the incident
	Event   RefKind = "event"
	Alert   RefKind = "alert"
	Note    RefKind = "note" // of the incident
)

// Ref is a piece of evidence, with what it was called when the claim was made.
type Ref struct {
	Kind  RefKind `json:"kind"`
	ID    string  `json:"id"`
	Title string  `json:"title,omitempty"`
}

var (
	eventID   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	exhibitNo = regexp.MustCompile(`^INC-[0-9]{4}-[0-9]{4,}/[0-9]+$`)
	technique = regexp.MustCompile(`^T[01][0-9]{3}(\.[0-9]{3})?$`)
)

// ParseRef reads an id of a piece of evidence: of an exhibit (also its number), an event, an alert or a note.
func ParseRef(text string) (Ref, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > 100:
	case strings.HasPrefix(text, "evd_"), exhibitNo.MatchString(text):
		return Ref{Kind: Exhibit, ID: text}, nil
	case strings.HasPrefix(text, "alr_"):
		return Ref{Kind: Alert, ID: text}, nil
	case strings.HasPrefix(text, "not_"):
		return Ref{Kind: Note, ID: text}, nil
	case eventID.MatchString(strings.ToLower(text)):
		return Ref{Kind: Event, ID: strings.ToLower(text)}, nil
	}
	return Ref{}, problem.New(problem.Invalid, "%q is no id of an exhibit, an event, an alert or a note", text)
}

// TechniqueName is the name of a technique. NotFound: it is none of ATT&CK for ICS, which the program knows in full. Of
// Enterprise it knows some; for another one the name is "".
func TechniqueName(id string) (string, error) {
	if !technique.MatchString(id) {
		return "", problem.New(problem.Invalid, "%q is no id of a technique (T0883, T1110.003)", id)
	}
	all, err := content.Attack()
	if err != nil {
		return "", err
	}
	for _, m := range all {
		for _, t := range m.Tactics {
			if n := slices.IndexFunc(t.Techniques, func(x content.Technique) bool { return x.ID == id }); n >= 0 {
				return t.Techniques[n].Name, nil
			}
		}
	}
	if id[1] == '0' {
		return "", problem.New(problem.NotFound, "ATT&CK for ICS has no technique %s", id)
	}
	return "", nil
}

const (
	maxText     = 4000
	maxShort    = 300
	maxEvidence = 50
)

// validate tells all faults of what people fill in.
func (c Claim) validate(now time.Time) error {
	var l problem.List
	if !slices.Contains(Abouts(), c.About) {
		l.Add("about", "%q is not one of the choices", c.About)
	}
	switch choices := c.About.Choices(); {
	case c.About == Technique:
		if _, err := TechniqueName(c.Value); err != nil {
			l.Add("value", "%s", problem.Text(err))
		}
	case choices == nil && c.Value != "":
		l.Add("value", "is only for what has a list of choices")
	case choices != nil && !slices.Contains(choices, c.Value):
		l.Add("value", "%q is not one of the choices", c.Value)
	}
	for _, f := range []struct {
		path, text string
		most       int
	}{{"says", c.Says, maxText}, {"source", c.Source, maxShort}} {
		if f.text == "" {
			l.Add(f.path, "is required")
		}
		if len(f.text) > f.most {
			l.Add(f.path, "is longer than %d characters", f.most)
		}
	}
	if wordOf(Sources(), c.Grade.Source) == "" {
		l.Add("grade_source", "must be A to F")
	}
	if wordOf(Informations(), c.Grade.Information) == "" {
		l.Add("grade_information", "must be 1 to 6")
	}
	if c.Happened.After(now) {
		l.Add("happened", "lies in the future")
	}
	if len(c.Evidence) > maxEvidence {
		l.Add("evidence", "at most %d", maxEvidence)
	}
	if len(c.Evidence) == 0 && !c.Hypothesis {
		l.Add("evidence", "is required: without any it is a hypothesis, and has to say so")
	}
	if c.Replaces != "" && c.Reason == "" {
		l.Add("reason", "is required: why it takes the place of the other")
	}
	if len(c.Reason) > maxText {
		l.Add("reason", "is longer than %d characters", maxText)
	}
	return l.Err("the claim cannot be kept")
}
