package web

import (
	"net/url"
	"time"

	"triward/internal/detection/reading"
	"triward/internal/problem"
)

func (s *Server) tryForm(rule string) *Form {
	f := Form{ID: "try", Action: urlRule(rule) + "/try", Submit: "Try it"}.with(
		Field{Name: "from", Label: "From", Kind: "date", Required: true, Value: dateValue(s.now().AddDate(0, 0, -30))},
		Field{Name: "to", Label: "Up to and with", Kind: "date", Required: true, Value: dateValue(s.now()), Help: "The kept events of this time are tried. No alert is raised; the result stays with the rule."})
	return &f
}

// ruleTry tries a rule on the kept events and keeps what it would have found.
func (s *Server) ruleTry(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		var l problem.List
		w := reading.Window{Rule: v.path("id"), From: date(&l, f, "from"), To: date(&l, f, "to").Add(24 * time.Hour)}
		if err := l.Err("the form is not valid"); err != nil {
			return "", err
		}
		b, err := s.Events.Try(v.r.Context(), s.Rules, w)
		if err != nil {
			return "", err
		}
		return "It would have hit " + plural(b.Hits, "time", "times") + " in " + plural(b.Events, "event", "events") + ".", nil
	})
}
