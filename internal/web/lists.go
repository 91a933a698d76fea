package web

import (
	"context"
	"strconv"
	"strings"

	"triward/internal/device"
	"triward/internal/store"
)

// Exports of the shorter lists; each is the list of its page without its limits.

func (s *Server) importsCSV(v *visit) error {
	q := importQuery(v)
	q.After, q.Limit = "", 1000
	header := []string{"id", "file", "digest", "state", "by", "rows", "applied", "added", "changed", "same", "held", "skipped", "started", "finished"}
	return v.csv("imports.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := device.Imports(ctx, r, q)
		var out [][]string
		for _, i := range page.Items {
			row := []string{string(i.ID), i.Name, i.Digest, string(i.State), i.ActorName}
			for _, n := range []int{i.Total, i.Applied, i.Added, i.Changed, i.Same, i.Held, i.Skipped} {
				row = append(row, strconv.Itoa(n))
			}
			out = append(out, append(row, stamp(i.At), stamp(i.Finished)))
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

func (s *Server) feedsCSV(v *visit) error {
	if err := v.mayFeeds(); err != nil {
		return err
	}
	header := []string{"id", "name", "kind", "address", "every_minutes", "enabled", "last_success", "next_run", "failures", "error", "records", "new", "faults"}
	return v.csv("feeds.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, err := feedsOf(ctx, r, v)
		var out [][]string
		for _, f := range all {
			out = append(out, []string{f.ID, f.Name, string(f.Kind), f.URL, strconv.Itoa(f.EveryMinutes), yesNo(f.Enabled), stamp(f.State.Succeeded), stamp(f.State.NextRun), strconv.Itoa(f.State.Failures),
				f.State.Error, strconv.Itoa(f.State.Records), strconv.Itoa(f.State.Fresh), strconv.Itoa(f.State.Faults)})
		}
		return out, false, err
	})
}

func (s *Server) sitesCSV(v *visit) error {
	return v.csv("sites.csv", []string{"id", "site", "devices", "in_use"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		sites, err := device.Sites(ctx, r)
		if err != nil {
			return nil, false, err
		}
		counts, err := device.Counts(ctx, r)
		var out [][]string
		for _, x := range siteRows(v, sites, counts) {
			out = append(out, []string{string(x.ID), x.Name, strconv.Itoa(x.Devices), strconv.Itoa(x.InUse)})
		}
		return out, false, err
	})
}

func (s *Server) namesCSV(v *visit) error {
	return v.csv("names.csv", []string{"kind", "manufacturer", "name", "means", "reason"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, err := aliasesOf(ctx, r, v)
		var out [][]string
		for _, a := range all {
			out = append(out, []string{string(a.Kind), a.Vendor, a.Name, a.Means, a.Reason})
		}
		return out, false, err
	})
}

func (s *Server) rolesCSV(v *visit) error {
	return v.csv("roles.csv", []string{"id", "name", "description", "seeded", "named_places_only", "accounts", "may"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, err := roleRows(ctx, r, v)
		var out [][]string
		for _, x := range all {
			out = append(out, []string{x.ID, x.Name, x.Description, yesNo(x.Seeded), yesNo(x.Scoped), strconv.Itoa(x.Accounts), strings.Join(x.Kinds, " ")})
		}
		return out, false, err
	})
}
