package incident

import (
	"strings"

	"triward/internal/problem"
)

// Audience is whom something of an incident is shared with.
type Audience string

// The audiences, the narrowest first. What a law or a court orders is given whatever the marking says.
const (
	Recipients   Audience = "recipients"   // people named one by one
	Organisation Audience = "organisation" // everybody of the organisation who needs it
	Clients      Audience = "clients"      // the organisation and those it works for or who own the device
	Community    Audience = "community"    // peers, manufacturers, response teams; not the public
	Everyone     Audience = "everyone"
	ByLaw        Audience = "by_law"
)

// Audiences lists them.
func Audiences() []Audience {
	return []Audience{Recipients, Organisation, Clients, Community, Everyone, ByLaw}
}

// reach is the widest audience of a TLP 2.0 label.
var reach = map[Marking]Audience{Red: Recipients, AmberStrict: Organisation, Amber: Clients, Green: Community, Clear: Everyone}

// width orders the audiences; 0 is none.
var width = map[Audience]int{Recipients: 1, Organisation: 2, Clients: 3, Community: 4, Everyone: 5}

// Audience is the widest audience that a TLP label allows (FIRST TLP 2.0); "" for what is no label.
func (m Marking) Audience() Audience { return reach[m] }

// MayShare says whether a TLP label allows an audience. A label or audience that nobody knows allows nothing.
func (m Marking) MayShare(with Audience) bool {
	return with == ByLaw || width[with] > 0 && width[with] <= width[reach[m]]
}

// Share refuses (Forbidden) to share something with an audience that its TLP label does not allow, and says why.
func (m Marking) Share(what string, with Audience) error {
	if m.MayShare(with) {
		return nil
	}
	return problem.New(problem.Forbidden, "%s is marked TLP:%s (%s): it is not shared with %s", what, strings.ToUpper(string(m)), m.Words(), with.Words())
}

// Words says who may have what carries the label.
func (m Marking) Words() string {
	return map[Marking]string{Red: "named people only", AmberStrict: "the organisation only", Amber: "the organisation and its clients", Green: "the community, not the public", Clear: "no limit"}[m]
}

// Words names the audience in a sentence.
func (a Audience) Words() string {
	return map[Audience]string{Recipients: "named people", Organisation: "the organisation", Clients: "clients or the owner", Community: "the community, manufacturers included", Everyone: "everybody", ByLaw: "whom a law or a court names"}[a]
}

// Stricter is the narrower of two TLP or PAP labels; one that is missing leaves the other.
func (m Marking) Stricter(other Marking) Marking {
	switch {
	case other == "":
		return m
	case m == "" || width[reach[other]] < width[reach[m]]:
		return other
	}
	return m
}

// Step is how much the other side can notice of what is done.
type Step string

// The steps. PAP is about what others can notice, so work on our own records is always allowed.
const (
	Unseen  Step = "unseen"  // on our own records and copies: nobody outside can notice
	Passive Step = "passive" // asks somebody outside, who learns of it: a look-up at a service
	Active  Step = "active"  // reaches the other side: blocks, connects, answers
)

// MayAct says whether a PAP label allows a step: red nothing that can be noticed, amber what asks a third party, green and
// clear everything. A label that nobody knows allows only what is unseen.
func (m Marking) MayAct(s Step) bool {
	switch s {
	case Unseen:
		return true
	case Passive:
		return m == Amber || m == Green || m == Clear
	case Active:
		return m == Green || m == Clear
	}
	return false
}

// Act refuses (Forbidden) a step that the PAP label does not allow, and says why.
func (m Marking) Act(what string, s Step) error {
	if m.MayAct(s) {
		return nil
	}
	return problem.New(problem.Forbidden, "the incident is marked PAP:%s: %s would be noticed outside", strings.ToUpper(string(m)), what)
}

// ParseMarking reads a label as people and other programs write it: "TLP:AMBER+STRICT", "pap red", "WHITE" (the old name of
// clear). Invalid when it is none.
func ParseMarking(text string) (Marking, error) {
	m := strings.ToLower(strings.TrimSpace(text))
	for _, p := range []string{"tlp", "pap"} {
		if rest, ok := strings.CutPrefix(m, p); ok {
			m = strings.TrimSpace(strings.TrimPrefix(rest, ":"))
			break
		}
	}
	if m == "white" {
		m = string(Clear)
	}
	if reach[Marking(m)] == "" {
		return "", problem.New(problem.Invalid, "%q is no marking: red, amber+strict, amber, green or clear", text)
	}
	return Marking(m), nil
}
