package web

import (
	"context"
	"slices"
	"strings"

	"triward/internal/people"
	"triward/internal/store"
)

// ViewsMenu is the menu of saved views on a list page.
type ViewsMenu struct {
	Path  string // of the page
	Query string // what it shows now
	Rows  []ViewRow
}

// ViewRow is a saved view.
type ViewRow struct {
	ID, Name, URL string
	Current       bool
}

// lists are the pages whose views can be saved.
func lists() []string {
	return []string{urlRisk(), urlDevices(), urlProducts(), urlVulns(), urlAdvisories(), urlDecisions(), urlImports(), urlFeeds(), urlPeople(), urlRoles(), urlNames(),
		urlJournal(), urlSites(), urlContradictions(), urlAlerts(), urlEvents(), urlRules(), urlSources(), urlBaselines(), urlBlind(),
		urlDocuments(), urlChanges(), urlRecords(), urlRuns(), urlInquiries(), urlEvidence(), urlTrails(), urlCoverage()}
}

// views is the menu for the page that is asked for, nil where it is no list. A list without its menu is better than no list,
// so a failure is logged.
func (v *visit) views() *ViewsMenu {
	if !slices.Contains(lists(), v.r.URL.Path) || !strings.HasPrefix(v.actor.ID, "usr_") {
		return nil
	}
	q := v.r.URL.Query()
	q.Del("after")
	q.Del("back")
	m := &ViewsMenu{Path: v.r.URL.Path, Query: q.Encode()}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := people.Views(ctx, r, m.Path)
		for _, x := range all {
			m.Rows = append(m.Rows, ViewRow{ID: x.ID, Name: x.Name, URL: queryURL(x.Path, x.Query), Current: x.Query == m.Query})
		}
		return err
	})
	if err != nil {
		v.s.Log.Warn("saved views were not read", "error", err)
	}
	return m
}

func (s *Server) viewSave(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	x := people.View{Path: f.Get("path"), Name: f.Get("name"), Query: f.Get("query")}
	if _, err := s.People.SaveView(v.r.Context(), x); err != nil {
		return err
	}
	return v.done(localPath(queryURL(x.Path, x.Query)), "The view is saved.")
}

func (s *Server) viewRemove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.People.RemoveView(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(localPath(f.Get("back")), "The view is removed.")
}
