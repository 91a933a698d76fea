package web

import (
	"context"
	"slices"

	"triward/internal/report"
	"triward/internal/store"
)

// Top is what the top bar says besides the search.
type Top struct {
	Unread  int
	Notices []noticeRow // the newest that are unread
	Running int
	Work    []activityRow // what runs, then what ended
}

// noticeRow is a notice with the page that it is about.
type noticeRow struct {
	report.Notice
	URL string
}

// shownOnTop is how many notices and activities the menus of the top bar hold.
const shownOnTop = 6

func (v *visit) noticeRows(all []report.Notice) []noticeRow {
	out := make([]noticeRow, len(all))
	for i, n := range all {
		out[i] = noticeRow{n, v.subjectURL(n.Subject)}
	}
	return out
}

// top reads the top bar. A page without it is better than no page, so a failure is logged.
func (v *visit) top() Top {
	var t Top
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := v.s.Report.Notices(ctx, r)
		if err != nil {
			return err
		}
		unread := slices.DeleteFunc(all, func(n report.Notice) bool { return n.Read })
		t.Unread, t.Notices = len(unread), v.noticeRows(unread[:min(len(unread), shownOnTop)])
		work, err := v.s.Report.Activities(ctx, r)
		for i, a := range work {
			if a.State == report.Running {
				t.Running++
			}
			if i < shownOnTop {
				t.Work = append(t.Work, activityRow{a, v.subjectURL(a.Subject)})
			}
		}
		return err
	})
	if err != nil {
		v.s.Log.Warn("the top bar was not read", "error", err)
	}
	return t
}

// noticesPage is what concerns the visitor.
type noticesPage struct {
	Frame
	Chips []Chips
	Rows  []noticeRow
	All   []string // keys of those that are unread
}

func (noticesPage) template() string { return "notices" }

func (s *Server) notices(v *visit) error {
	p := noticesPage{Frame: v.frame("Notices", urlNotices()), Chips: []Chips{chips(v.r.URL, "Show", "show", [2]string{"unread", "Unread"}, [2]string{"read", "Read"})}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := s.Report.Notices(ctx, r)
		for _, n := range all {
			if !n.Read {
				p.All = append(p.All, n.Key)
			}
		}
		counted(&p.Chips[0], func(which string) int {
			if which == "unread" {
				return len(p.All)
			}
			return len(all) - len(p.All)
		})
		if which := v.query("show"); which != "" {
			all = slices.DeleteFunc(all, func(n report.Notice) bool { return n.Read != (which == "read") })
		}
		p.Rows = v.noticeRows(all)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) noticesRead(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Report.MarkRead(v.r.Context(), f["key"]); err != nil {
		return err
	}
	return v.redirect(localPath(f.Get("back")))
}

// activityPage is the work that runs or ran.
type activityPage struct {
	Frame
	Rows []activityRow
	Live bool // something runs
}

func (activityPage) template() string { return "activity" }

type activityRow struct {
	report.Activity
	URL string
}

func (s *Server) activity(v *visit) error {
	p := activityPage{Frame: v.frame("Activity", urlActivity())}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := s.Report.Activities(ctx, r)
		for _, a := range all {
			p.Rows = append(p.Rows, activityRow{a, v.subjectURL(a.Subject)})
			p.Live = p.Live || a.State == report.Running
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}
