package claim

import (
	"regexp"
	"slices"
	"strconv"
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
	Resources      About = "resources"
	Technique      About = "technique" // Value is an id of MITRE ATT&CK
)

// Corners are the four corners, in the order in which they are shown.
func Corners() []About { return []About{Adversary, Capability, Infrastructure, Victim} }

// Abouts lists everything that claims are about.
func Abouts() []About {
	return append(Corners(), Technique, Phase, Result, Direction, Methodology, Resources)
}

// Question is what a claim answers, in plain words.
func (a About) Question() string {
	return map[About]string{Adversary: "Who did it", Capability: "What they can do, and with what", Infrastructure: "From where and over what", Victim: "Whom and what it hit",
		Technique: "How it was done", Phase: "How far they came", Result: "What came of it", Direction: "Which way it went", Methodology: "What kind of attack it is",
		Resources: "What it took: software, knowledge, money, access"}[a]
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

// Grade is an Admiralty grade: how reliable a source is (A to G), and how credible what it says (1 to 6).
type Grade struct {
	Source      string `json:"source"`
	Information string `json:"information"`
}

// Term is a word of a scale. Value is how much it counts for, 0 to 100 (MISP taxonomy admiralty-scale).
type Term struct {
	Key, Words string
	Value      int
}

// Sources are the letters of a grade.
func Sources() []Term {
	return []Term{{"A", "completely reliable", 100}, {"B", "usually reliable", 75}, {"C", "fairly reliable", 50}, {"D", "not usually reliable", 25}, {"E", "unreliable", 0}, {"F", "reliability cannot be judged", 50},
		{"G", "deliberately deceptive", 0}}
}

// Informations are the numbers of a grade.
func Informations() []Term {
	return []Term{{"1", "confirmed by other sources", 100}, {"2", "probably true", 75}, {"3", "possibly true", 50}, {"4", "doubtful", 25}, {"5", "improbable", 0}, {"6", "truth cannot be judged", 50}}
}

// termOf finds a term; the zero Term: there is none.
func termOf(of []Term, key string) Term {
	if n := slices.IndexFunc(of, func(t Term) bool { return t.Key == key }); n >= 0 {
		return of[n]
	}
	return Term{}
}

// Likelihoods are how likely people say that something is, with the share of cases in percent (MISP taxonomy
// estimative-language, after ICD 203).
func Likelihoods() []Term {
	return []Term{{"almost-no-chance", "almost no chance, 1 to 5 %", 5}, {"very-unlikely", "very unlikely, 5 to 20 %", 20}, {"unlikely", "unlikely, 20 to 45 %", 45}, {"roughly-even-chance", "roughly even chance, 45 to 55 %", 55},
		{"likely", "likely, 55 to 80 %", 80}, {"very-likely", "very likely, 80 to 95 %", 95}, {"almost-certain", "almost certain, 95 to 99 %", 99}}
}

func (g Grade) String() string { return g.Source + g.Information }

// Words are both halves in words: "usually reliable source, probably true".
func (g Grade) Words() string {
	return termOf(Sources(), g.Source).Words + " source, " + termOf(Informations(), g.Information).Words
}

// Values are what both halves count for, 0 to 100.
func (g Grade) Values() (source, information int) {
	return termOf(Sources(), g.Source).Value, termOf(Informations(), g.Information).Value
}

// Numbers are both values as text: "75/50".
func (g Grade) Numbers() string {
	source, information := g.Values()
	return strconv.Itoa(source) + "/" + strconv.Itoa(information)
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
	Likelihood string    // one of [Likelihoods]; "": not said
	Newer      bool      // a technique that the program's list does not have yet
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

// Likely is the likelihood in words; "": not said.
func (c Claim) Likely() string { return termOf(Likelihoods(), c.Likelihood).Words }

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
	technique = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)
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

// TechniqueName is the name of a technique of ATT&CK for ICS or Enterprise; one that MITRE took back says so. NotFound: there is
// none in the list that the program has.
func TechniqueName(id string) (string, error) {
	if !technique.MatchString(id) {
		return "", problem.New(problem.Invalid, "%q is no id of a technique (T0883, T1110.003)", id)
	}
	all, err := content.Techniques()
	if err != nil {
		return "", err
	}
	t, ok := all[id]
	if !ok {
		return "", problem.New(problem.NotFound, "ATT&CK has no technique %s in the list that is kept here", id)
	}
	if t.Ended != "" {
		return t.Name + " (" + t.Ended + ")", nil
	}
	return t.Name, nil
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
		switch _, err := TechniqueName(c.Value); {
		case problem.KindOf(err) == problem.NotFound && !c.Newer:
			l.Add("value", "%s: mark it as newer than the list, if it is", problem.Text(err))
		case problem.KindOf(err) == problem.NotFound || err == nil:
		default:
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
	if termOf(Sources(), c.Grade.Source).Key == "" {
		l.Add("grade_source", "must be A to G")
	}
	if termOf(Informations(), c.Grade.Information).Key == "" {
		l.Add("grade_information", "must be 1 to 6")
	}
	if c.Likelihood != "" && c.Likely() == "" {
		l.Add("likelihood", "%q is not one of the choices", c.Likelihood)
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
