package web

import (
	"context"
	"net/url"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/notify"
	"triward/internal/problem"
	"triward/internal/store"
)

// targetsPage is who is told about alerts, and what was told.
type targetsPage struct {
	Frame
	Rows    []notify.Target
	Log     []notify.Delivery
	Add     *Form
	MayDrop bool
}

func (targetsPage) template() string { return "targets" }

func urlNotifications() string { return "/notifications" }

func (s *Server) targetsOf(v *visit) (targetsPage, error) {
	p := targetsPage{Frame: v.frame("Who is told", urlAlerts(), Link{urlAlerts(), "Alerts"}), MayDrop: v.may(notify.KindRemoved)}
	var sites []Option
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Rows, err = notify.Targets(ctx, r); err != nil {
			return err
		}
		if p.Log, err = notify.Log(ctx, r); err != nil {
			return err
		}
		sites, err = v.siteOptions(ctx, r)
		return err
	})
	if err != nil || !v.may(notify.KindAdded) {
		return p, err
	}
	f := Form{ID: "target", Action: urlNotifications(), Submit: "Add"}.with(
		Field{Name: "name", Label: "Name", Kind: "text", Required: true},
		Field{Name: "way", Label: "How", Kind: "select", Required: true, Options: options("mail", notify.Ways())},
		Field{Name: "address", Label: "Address", Kind: "text", Required: true, Help: "An e-mail address; an https address; or udp://, tcp:// or tls:// with host and port for a SIEM (CEF inside RFC 5424)."},
		Field{Name: "secret", Label: "Secret of a webhook", Kind: "password", Autocomplete: "new-password", Help: "At least 16 characters. Each request carries Triward-Signature: HMAC-SHA-256 over its time and body. It is not shown again."},
		Field{Name: "least", Label: "Alerts from this level on", Kind: "select", Required: true, Options: options("high", detection.Levels())},
		Field{Name: "site", Label: "Of this site only", Kind: "select", Options: sites},
		Field{Name: "quiet_from", Label: "Quiet from", Kind: "time", Help: "What is not critical waits until the quiet hours end."}, Field{Name: "quiet_to", Label: "Quiet until", Kind: "time"},
		Field{Name: "zone", Label: "Time zone of the quiet hours", Kind: "text", Placeholder: "Europe/Berlin"},
		Field{Name: "inside", Label: "The address may lie in the own network", Kind: "checkbox"})
	p.Add = &f
	return p, nil
}

func (s *Server) targets(v *visit) error {
	p, err := s.targetsOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// minute reads a time of the day in minutes; 0 when it is empty.
func minute(l *problem.List, f url.Values, name string) int {
	s := strings.TrimSpace(f.Get(name))
	if s == "" {
		return 0
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		l.Add(name, "must be a time such as 22:00")
	}
	return t.Hour()*60 + t.Minute()
}

func (s *Server) targetAdd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	t := notify.Target{Name: strings.TrimSpace(f.Get("name")), Way: notify.Way(f.Get("way")), Address: strings.TrimSpace(f.Get("address")), Secret: f.Get("secret"), Least: detection.Level(f.Get("least")), Site: f.Get("site"),
		QuietFrom: minute(&l, f, "quiet_from"), QuietTo: minute(&l, f, "quiet_to"), Zone: strings.TrimSpace(f.Get("zone")), Inside: f.Get("inside") != ""}
	l.Merge("", t.Validate())
	if err = l.Err("the target is not valid"); err == nil {
		_, err = s.Notify.Add(v.r.Context(), t)
	}
	if err != nil {
		p, perr := s.targetsOf(v)
		if perr == nil && p.Add != nil && p.Add.blame(err) {
			p.Add.fill(f)
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlNotifications(), t.Name+" is told from now on.")
}

func (s *Server) targetRemove(v *visit) error {
	if err := s.Notify.Remove(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlNotifications(), "The target is removed.")
}

// quietWords are a target's quiet hours, "" when it has none.
func quietWords(t notify.Target) string {
	if t.QuietFrom == t.QuietTo {
		return ""
	}
	clock := func(m int) string { return time.Date(2000, 1, 1, m/60, m%60, 0, 0, time.UTC).Format("15:04") }
	return clock(t.QuietFrom) + " to " + clock(t.QuietTo)
}
