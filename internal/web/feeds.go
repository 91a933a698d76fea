package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln"
)

// feedsPage lists where published weaknesses come from.
type feedsPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []feedRow
	Pager   Pager
	MayNew  bool
	MayRun  bool
	Live    bool // one is running
}

func (feedsPage) template() string { return "feeds" }

type feedRow struct {
	vuln.Feed
	Every string
	Late  bool // its run is overdue by more than its interval
}

func (s *Server) feedRow(f vuln.Feed) feedRow {
	row := feedRow{Feed: f, Every: "by hand"}
	if f.EveryMinutes > 0 {
		row.Every = "every " + lasts(time.Duration(f.EveryMinutes)*time.Minute)
		if f.EveryMinutes < 60 {
			row.Every = "every " + plural(f.EveryMinutes, "minute", "minutes")
		}
		row.Late = f.Enabled && !f.State.NextRun.IsZero() && s.now().Sub(f.State.NextRun) > time.Duration(f.EveryMinutes)*time.Minute
	}
	return row
}

// mayFeeds refuses who may read about some products only: addresses and errors of feeds tell of the inside of the house.
func (v *visit) mayFeeds() error {
	if !v.actor.Scope(vuln.KindRead).All {
		return problem.New(problem.Forbidden, "feeds need %q everywhere", vuln.KindRead)
	}
	return nil
}

func (s *Server) feeds(v *visit) error {
	if err := v.mayFeeds(); err != nil {
		return err
	}
	p := feedsPage{Frame: v.frame("Feeds", urlFeeds()), MayNew: v.may(vuln.KindFeedAdded), MayRun: v.may(vuln.KindFeedLoaded) && s.RunFeed != nil}
	p.Chips = []Chips{chips(v.r.URL, "State", "state", [2]string{"loaded", "Loaded"}, [2]string{"failed", "Failed"}, [2]string{"never", "Never loaded"})}
	p.Columns = v.columns("name", Column{Name: "feed", Text: "Feed", Fixed: true, Sort: "name"}, Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "last", Text: "Last success", Sort: "-last"},
		Column{Name: "next", Text: "Next run", Sort: "next"}, Column{Name: "records", Text: "Records", Num: true, Sort: "-records"}, Column{Name: "new", Text: "New", Num: true}, Column{Name: "faults", Text: "Faults", Num: true, Sort: "-faults"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := vuln.ListFeeds(ctx, r)
		if err != nil {
			return err
		}
		counted(&p.Chips[0], func(state string) int {
			return len(slices.DeleteFunc(slices.Clone(all), func(f vuln.Feed) bool { return feedStateOf(f) != state }))
		})
		all, err = feedsOf(ctx, r, v)
		p.Pager = Pager{Shown: len(all), CSV: queryURL("/feeds.csv", v.r.URL.RawQuery)}
		for _, f := range all {
			p.Rows = append(p.Rows, s.feedRow(f))
			p.Live = p.Live || f.State.Running()
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// feedStateOf is how a feed's last run went.
func feedStateOf(f vuln.Feed) string {
	switch {
	case f.State.Failures > 0:
		return "failed"
	case f.State.Succeeded.IsZero():
		return "never"
	}
	return "loaded"
}

// feedsOf are the feeds that the address chooses, in its order.
func feedsOf(ctx context.Context, r store.Reader, v *visit) ([]vuln.Feed, error) {
	all, err := vuln.ListFeeds(ctx, r)
	if state := v.query("state"); state != "" {
		all = slices.DeleteFunc(all, func(f vuln.Feed) bool { return feedStateOf(f) != state })
	}
	sorted(v, "name", all, map[string]func(a, b vuln.Feed) int{
		"name":    func(a, b vuln.Feed) int { return compareFold(a.Name, b.Name) },
		"state":   func(a, b vuln.Feed) int { return strings.Compare(feedStateOf(a), feedStateOf(b)) },
		"last":    func(a, b vuln.Feed) int { return a.State.Succeeded.Compare(b.State.Succeeded) },
		"next":    func(a, b vuln.Feed) int { return a.State.NextRun.Compare(b.State.NextRun) },
		"records": func(a, b vuln.Feed) int { return cmp.Compare(a.State.Records, b.State.Records) },
		"faults":  func(a, b vuln.Feed) int { return cmp.Compare(a.State.Faults, b.State.Faults) }})
	return all, err
}

func (s *Server) feedForm(f vuln.Feed) Form {
	on := ""
	if f.Enabled || f.ID == "" {
		on = "yes"
	}
	every := strconv.Itoa(f.EveryMinutes)
	if f.ID == "" {
		every = "1440"
	}
	fields := []Field{{Name: "name", Label: "Name", Kind: "text", Required: true, Value: f.Name, Placeholder: "CISA medical advisories"}}
	if f.ID == "" {
		fields = append(fields, Field{Name: "kind", Label: "What it holds", Kind: "select", Required: true, Options: options("", vuln.FeedKinds)})
	}
	fields = append(fields,
		Field{Name: "url", Label: "Address", Kind: "text", Required: true, Value: f.URL, Placeholder: "https://… or file:/…", Help: "A web address, or a folder or file on the machine that runs Triward (file:/srv/advisories)."},
		Field{Name: "every_minutes", Label: "Load every … minutes", Kind: "number", Required: true, Value: every, Help: "0: only by hand. 60 is an hour, 1440 a day."},
		Field{Name: "enabled", Label: "Load by its schedule", Kind: "checkbox", Value: on})
	return Form{ID: "feed", Submit: "Save"}.with(fields...)
}

func feedFrom(f url.Values) (vuln.Feed, error) {
	var l problem.List
	x := vuln.Feed{Name: strings.TrimSpace(f.Get("name")), Kind: vuln.FeedKind(f.Get("kind")), URL: strings.TrimSpace(f.Get("url")), Enabled: f.Get("enabled") == "yes"}
	var err error
	if x.EveryMinutes, err = strconv.Atoi(strings.TrimSpace(f.Get("every_minutes"))); err != nil {
		l.Add("every_minutes", "must be a whole number")
	}
	return x, l.Err("the feed is not valid")
}

func (s *Server) feedNewPage(v *visit) formPage {
	f := s.feedForm(vuln.Feed{})
	f.Action, f.Cancel, f.Submit = "/feeds/new", urlFeeds(), "Add the feed"
	return formPage{Frame: v.frame("Add a feed", urlFeeds(), Link{urlFeeds(), "Feeds"}), Form: f}
}

func (s *Server) feedNew(v *visit) error { return v.show(s.feedNewPage(v)) }

func (s *Server) feedNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	x, err := feedFrom(f)
	var id string
	if err == nil {
		id, err = s.Feeds.Add(v.r.Context(), x)
	}
	if err != nil {
		p := s.feedNewPage(v)
		p.Form.fill(f)
		if p.Form.blame(conflictAt(err, "name", "there is a feed of this name already")) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlFeed(id), "The feed is added.")
}

// feedPage is one feed and how its runs went.
type feedPage struct {
	Frame
	Feed    feedRow
	Change  *Form
	MayRun  bool
	MayDrop bool
	History []historyRow
	Live    bool
}

func (feedPage) template() string { return "feed" }

func (s *Server) feedOf(v *visit) (feedPage, error) {
	if err := v.mayFeeds(); err != nil {
		return feedPage{}, err
	}
	p := feedPage{MayRun: v.may(vuln.KindFeedLoaded) && s.RunFeed != nil, MayDrop: v.may(vuln.KindFeedRemoved)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		f, err := vuln.GetFeed(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		p.Feed = s.feedRow(f)
		p.History, err = history(ctx, r, f.ID)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Live = p.Feed.State.Running()
	p.Frame = v.frame(p.Feed.Name, urlFeeds(), Link{urlFeeds(), "Feeds"})
	if v.may(vuln.KindFeedChanged) {
		f := s.feedForm(p.Feed.Feed)
		f.Action = urlFeed(p.Feed.ID)
		p.Change = &f
	}
	return p, nil
}

func (s *Server) feed(v *visit) error {
	p, err := s.feedOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) feedChange(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	x, err := feedFrom(f)
	x.ID = v.path("id")
	if err == nil {
		err = s.Feeds.Change(v.r.Context(), x)
	}
	if err != nil {
		if !validFault(err) {
			return err
		}
		p, perr := s.feedOf(v)
		if perr != nil {
			return perr
		}
		p.Change.fill(f)
		p.Change.blame(conflictAt(err, "name", "there is a feed of this name already"))
		return v.again(p, err)
	}
	return v.done(urlFeed(x.ID), "The feed is changed.")
}

// feedRun loads a feed in the background; its page shows how it goes.
func (s *Server) feedRun(v *visit) error {
	id := v.path("id")
	if err := v.view(func(ctx context.Context, r store.Reader) error {
		_, err := vuln.GetFeed(ctx, r, id)
		return err
	}); err != nil {
		return err
	}
	if s.RunFeed == nil {
		return problem.New(problem.Unavailable, "this program does not load feeds; another one does")
	}
	s.background(v.r.Context(), "feed", func(ctx context.Context) error { return s.RunFeed(ctx, id) })
	return v.done(urlFeed(id), "Loading has begun. It goes on when you leave this page.")
}

func (s *Server) feedRemove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var x vuln.Feed
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		x, err = vuln.GetFeed(ctx, r, v.path("id"))
		return err
	}); err != nil {
		return err
	}
	if f.Get("confirm") != x.Name {
		return problem.New(problem.Invalid, "type the name of the feed to remove it")
	}
	if err := s.Feeds.Remove(v.r.Context(), x.ID); err != nil {
		return err
	}
	return v.done(urlFeeds(), "The feed is removed. What it brought stays: decisions rest on it.")
}
