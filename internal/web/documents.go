package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/store"
)

// documentsPage is the library: a list under filters, or the hierarchy.
type documentsPage struct {
	Frame
	Search  string
	Keep    []Field // what a search must not lose
	Chips   []Chips
	Tabs    []Tab
	Columns Columns
	Rows    []documentRow
	Tree    []documentNode
	Pager   Pager
	Empty   Empty
	MayNew  bool
	MaySeed bool // nothing is there yet, and the visitor may install a kit
}

func (documentsPage) template() string { return "documents" }

// Tab is one view of the same thing.
type Tab struct {
	Text, URL string
	On        bool
	Count     int
}

type documentRow struct {
	document.Document
	Now   document.Mark // the effective revision; the zero value when there is none
	Next  document.Mark // the one on its way
	Late  time.Duration // the review is overdue by so much
	Owner string
}

type documentNode struct {
	documentRow
	Below []documentNode
}

func documentQuery(v *visit) document.Query {
	q := document.Query{Level: source.Level(v.query("level")), State: document.State(v.query("state")), OwnerRole: source.Function(v.query("owner")), For: source.Audience(v.query("for")),
		Content: document.Content(v.query("content")), Product: v.query("product"), Text: v.query("q"), Sort: v.query("sort"), After: v.query("after")}
	if v.query("due") == "overdue" {
		q.Overdue = v.s.now()
	}
	return q
}

func (s *Server) documents(v *visit) error {
	q := documentQuery(v)
	p := documentsPage{Frame: v.frame("Documents", urlDocuments()), Search: q.Text, Keep: kept(v.r.URL.Query(), "q"), Chips: documentChips(v), Columns: documentColumns(v), MayNew: v.may(document.KindCreated),
		Empty: Empty{Title: "There are no documents yet", Text: "Policies, standards, procedures, instructions and templates stand here, each with one revision in force."}}
	tree := v.query("view") == "tree"
	p.Tabs = []Tab{{Text: "List", URL: filter(v.r.URL, "view", ""), On: !tree}, {Text: "Hierarchy", URL: filter(v.r.URL, "view", "tree"), On: tree}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		if tree {
			var err error
			p.Tree, err = s.documentTree(ctx, r, q)
			return err
		}
		page, err := document.Documents(ctx, r, q)
		if err != nil {
			return err
		}
		if p.Rows, err = s.documentRows(ctx, r, page.Items); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/documents.csv", v.r.URL.RawQuery)
		return v.countDocuments(ctx, r, p.Chips, q)
	})
	if err != nil {
		return err
	}
	switch {
	case v.r.URL.RawQuery != "" && v.r.URL.RawQuery != "view=tree":
		p.Empty = Empty{Title: "No document fits", Text: "Take a filter away to see more. Retired documents show only under their state.", Links: []Link{{urlDocuments(), "Show all documents"}}}
	case p.MayNew:
		p.Empty.Links = []Link{{urlDocuments() + "/kit", "Install a starter kit"}, {urlDocuments() + "/new", "Write a document"}}
	}
	return v.show(p)
}

func documentColumns(v *visit) Columns {
	return v.columns("code", Column{Name: "document", Text: "Document", Fixed: true, Sort: "code"}, Column{Name: "title", Text: "Title", Extra: true, Sort: "title"}, Column{Name: "level", Text: "Level"},
		Column{Name: "effective", Text: "In force"}, Column{Name: "working", Text: "On its way"}, Column{Name: "state", Text: "State", Extra: true, Sort: "state"}, Column{Name: "owner", Text: "Owner", Sort: "owner"},
		Column{Name: "review", Text: "Review due", Sort: "review"})
}

// countDocuments writes beside the filters how many documents each leaves.
func (v *visit) countDocuments(ctx context.Context, r store.Reader, groups []Chips, q document.Query) error {
	scope, err := store.ScopeOf(ctx, document.KindRead)
	if err != nil || !scope.All {
		return err
	}
	return countEach(groups, func(name, value string) (int, error) {
		one := q
		switch name {
		case "level":
			one.Level = source.Level(value)
		case "state":
			one.State = document.State(value)
		case "for":
			one.For = source.Audience(value)
		case "due":
			one.Overdue = v.s.now()
		}
		return document.Count(ctx, r, one)
	})
}

func documentChips(v *visit) []Chips {
	var levels, states [][2]string
	for _, l := range source.Levels {
		levels = append(levels, [2]string{string(l), title(l.Word())})
	}
	for _, st := range []document.State{document.Draft, document.InReview, document.InApproval, document.InTraining, document.InForce, document.Retired} {
		states = append(states, [2]string{string(st), title(st)})
	}
	return []Chips{chips(v.r.URL, "Level", "level", levels...), chips(v.r.URL, "State", "state", states...),
		chips(v.r.URL, "For", "for", [2]string{"manufacturer", "Manufacturers"}, [2]string{"hospital", "Hospitals"}),
		chips(v.r.URL, "Review", "due", [2]string{"overdue", "Overdue"})}
}

// documentRows adds to documents what a list says of their revisions.
func (s *Server) documentRows(ctx context.Context, r store.Reader, all []document.Document) ([]documentRow, error) {
	var ids []document.RevisionID
	for _, d := range all {
		for _, id := range []document.RevisionID{d.Effective, d.Working} {
			if id != "" {
				ids = append(ids, id)
			}
		}
	}
	marks, err := document.Marks(ctx, r, ids)
	now := s.now()
	out := make([]documentRow, len(all))
	for i, d := range all {
		out[i] = documentRow{Document: d, Now: marks[d.Effective], Next: marks[d.Working], Owner: d.OwnerRole.Word()}
		if d.Overdue(now) {
			out[i].Late = now.Sub(firstOf(d.ReviewDue, d.WatchDue))
		}
	}
	return out, err
}

// firstOf is the earliest of instants that are set.
func firstOf(all ...time.Time) time.Time {
	all = slices.DeleteFunc(all, time.Time.IsZero)
	return slices.MinFunc(all, time.Time.Compare)
}

// documentTree is the hierarchy by parents. What has no parent here stands at the top.
func (s *Server) documentTree(ctx context.Context, r store.Reader, q document.Query) ([]documentNode, error) {
	q.Sort, q.After, q.Limit = "", "", 500
	var all []documentRow
	for {
		page, err := document.Documents(ctx, r, q)
		if err != nil {
			return nil, err
		}
		rows, err := s.documentRows(ctx, r, page.Items)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if q.After = page.Next; page.Next == "" {
			break
		}
	}
	below, known := map[string][]documentRow{}, map[string]bool{}
	for _, d := range all {
		known[d.Code] = true
	}
	for _, d := range all {
		parent := d.Parent
		if !known[parent] {
			parent = ""
		}
		below[parent] = append(below[parent], d)
	}
	placed := map[string]bool{}
	var nodes func(parent string) []documentNode
	nodes = func(parent string) []documentNode {
		var out []documentNode
		for _, d := range below[parent] {
			if !placed[d.Code] {
				placed[d.Code] = true
				out = append(out, documentNode{d, nodes(d.Code)})
			}
		}
		return out
	}
	out := nodes("")
	for _, d := range all { // a ring of parents has no top: each of it stands for itself
		if !placed[d.Code] {
			placed[d.Code] = true
			out = append(out, documentNode{documentRow: d})
		}
	}
	slices.SortStableFunc(out, func(a, b documentNode) int {
		return slices.Index(source.Levels, a.Level) - slices.Index(source.Levels, b.Level)
	})
	return out, nil
}

func (s *Server) documentsCSV(v *visit) error {
	q := documentQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"code", "title", "level", "for", "owner", "content", "state", "effective_revision", "effective_since", "working_revision", "working_state", "review_months", "review_due", "parent"}
	return v.csv("documents.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := document.Documents(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := s.documentRows(ctx, r, page.Items)
		var out [][]string
		for _, d := range rows {
			var audience []string
			for _, a := range d.For {
				audience = append(audience, string(a))
			}
			out = append(out, []string{d.Code, d.Title, string(d.Level), strings.Join(audience, " "), string(d.OwnerRole), string(d.Content), string(d.State), d.Now.Label, stamp(d.Now.Since),
				d.Next.Label, string(d.Next.State), strconv.Itoa(d.ReviewMonths), dateValue(d.ReviewDue), d.Parent})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}
