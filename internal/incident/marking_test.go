package incident_test

import (
	"slices"
	"testing"

	"triward/internal/incident"
	"triward/internal/problem"
)

func TestMarkings(t *testing.T) {
	var (
		tlp = map[incident.Marking][]incident.Audience{
			incident.Red:         {incident.Recipients},
			incident.AmberStrict: {incident.Recipients, incident.Organisation},
			incident.Amber:       {incident.Recipients, incident.Organisation, incident.Clients},
			incident.Green:       {incident.Recipients, incident.Organisation, incident.Clients, incident.Community},
			incident.Clear:       {incident.Recipients, incident.Organisation, incident.Clients, incident.Community, incident.Everyone},
			"":                   nil,
			"purple":             nil,
		}
		pap = map[incident.Marking][]incident.Step{
			incident.Red:         {incident.Unseen},
			incident.Amber:       {incident.Unseen, incident.Passive},
			incident.Green:       {incident.Unseen, incident.Passive, incident.Active},
			incident.Clear:       {incident.Unseen, incident.Passive, incident.Active},
			incident.AmberStrict: {incident.Unseen}, // PAP has no such label
			"":                   {incident.Unseen},
		}
	)
	for m, with := range tlp {
		for _, a := range append(incident.Audiences(), "", "press") {
			want := slices.Contains(with, a) || a == incident.ByLaw
			if m.MayShare(a) != want || (m.Share("it", a) == nil) != want {
				t.Errorf("TLP %q with %q: %v", m, a, m.MayShare(a))
			}
			if err := m.Share("it", a); err != nil && problem.KindOf(err) != problem.Forbidden {
				t.Error(err)
			}
		}
	}
	for m, steps := range pap {
		for _, s := range []incident.Step{incident.Unseen, incident.Passive, incident.Active, "", "loud"} {
			if want := slices.Contains(steps, s); m.MayAct(s) != want || (m.Act("it", s) == nil) != want {
				t.Errorf("PAP %q %q: %v", m, s, m.MayAct(s))
			}
		}
	}
	all := incident.TLPs()
	for x, a := range all {
		for y, b := range all {
			if got := a.Stricter(b); got != all[min(x, y)] {
				t.Errorf("of %s and %s: %s", a, b, got)
			}
		}
		if a.Stricter("") != a || incident.Marking("").Stricter(a) != a || a.Words() == "" || a.Audience() == "" {
			t.Errorf("%s and nothing", a)
		}
	}
}

func TestParseMarking(t *testing.T) {
	for text, want := range map[string]incident.Marking{"TLP:RED": incident.Red, "TLP:AMBER+STRICT": incident.AmberStrict, " amber ": incident.Amber, "tlp green": incident.Green, "TLP:WHITE": incident.Clear,
		"PAP:WHITE": incident.Clear, "pap:clear": incident.Clear, "": "", "TLP:": "", "TLP:PAP:RED": "", "blue": ""} {
		if got, err := incident.ParseMarking(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
