package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Columns is the head of a list: which columns it shows, and by which it can be sorted. The choice is in the address, so
// that a view can be sent to a colleague or saved.
type Columns struct {
	Path  string
	Keep  []Field  // parameters that a choice must not lose
	All   []Column // in their order on the page
	Sorts []Option
}

// Column is one column of a list.
type Column struct {
	Name, Text string
	Num        bool
	Fixed      bool   // cannot be hidden
	Extra      bool   // hidden unless it is chosen
	Sort       string // the order that it gives, in its natural direction; "" for none

	Shown   bool
	URL     string // sorts by it, or turns the order around
	Falling bool
	Sorted  bool
}

// Aria is the value of aria-sort.
func (c Column) Aria() string {
	switch {
	case !c.Sorted:
		return ""
	case c.Falling:
		return "descending"
	}
	return "ascending"
}

// columns is the head of the list at this address. standard is the order without a choice.
func (v *visit) columns(standard string, all ...Column) Columns {
	return columnsOf(v.r.URL, standard, all)
}

func columnsOf(u *url.URL, standard string, all []Column) Columns {
	q := u.Query()
	chosen, sort := q["columns"], q.Get("sort")
	if sort == "" {
		sort = standard
	}
	c := Columns{Path: u.Path}
	for _, x := range all {
		x.Sorted = x.Sort != "" && plainSort(x.Sort) == plainSort(sort)
		x.Shown = x.Fixed || x.Sorted || len(chosen) == 0 && !x.Extra || slices.Contains(chosen, x.Name)
		if x.Sort != "" {
			to := x.Sort
			if x.Sorted {
				x.Falling = strings.HasPrefix(sort, "-")
				to = turned(sort)
			}
			if to == standard {
				to = ""
			}
			x.URL = filter(u, "sort", to)
			c.Sorts = append(c.Sorts, sortOption(x, x.Sort, sort), sortOption(x, turned(x.Sort), sort))
		}
		c.All = append(c.All, x)
	}
	c.Keep = kept(q, "columns", "sort")
	return c
}

// kept are the parameters of an address as hidden fields, for a form that asks for the list again: all but those that the
// form has itself, from the first page.
func kept(q url.Values, without ...string) []Field {
	var out []Field
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if name == "after" || name == "back" || slices.Contains(without, name) {
			continue
		}
		for _, value := range q[name] {
			out = append(out, Field{Name: name, Kind: "hidden", Value: value})
		}
	}
	return out
}

func sortOption(c Column, to, now string) Option {
	words := ", rising"
	if strings.HasPrefix(to, "-") {
		words = ", falling"
	}
	return Option{Value: to, Text: c.Text + words, On: to == now}
}

func plainSort(s string) string { return strings.TrimPrefix(s, "-") }

// turned is an order the other way around.
func turned(s string) string {
	if plain, falling := strings.CutPrefix(s, "-"); falling {
		return plain
	}
	return "-" + s
}

// Has tells whether a column is shown.
func (c Columns) Has(name string) bool {
	return slices.ContainsFunc(c.All, func(x Column) bool { return x.Name == name && x.Shown })
}

// Width is how many columns are shown, for a row that spans them.
func (c Columns) Width() int {
	n := 0
	for _, x := range c.All {
		if x.Shown {
			n++
		}
	}
	return n
}

// sorted puts a list that comes in one piece into the order of the address. by compares two items in the order of a name,
// nil when there is no such order.
func sorted[T any](v *visit, standard string, items []T, by map[string]func(a, b T) int) {
	sort := v.query("sort")
	if sort == "" {
		sort = standard
	}
	compare := by[plainSort(sort)]
	if compare == nil {
		return
	}
	slices.SortStableFunc(items, compare)
	if strings.HasPrefix(sort, "-") {
		slices.Reverse(items)
	}
}

// counted writes beside the filters of a group how many rows each leaves.
func counted(group *Chips, n func(value string) int) {
	for i, c := range group.Items {
		group.Items[i].Count = atMost(n(c.Value))
	}
}

// countEach writes beside the filters of some groups how many rows each leaves.
func countEach(groups []Chips, n func(name, value string) (int, error)) error {
	for _, g := range groups {
		for i, c := range g.Items {
			k, err := n(g.Name, c.Value)
			if err != nil {
				return err
			}
			g.Items[i].Count = atMost(k)
		}
	}
	return nil
}

// narrowed is a filter that is not one of a few: it shows what is chosen and takes it away.
func narrowed(v *visit, label, name, text string) Chips {
	return Chips{Label: label, Name: name, Items: []Chip{{Text: text + " ×", URL: filter(v.r.URL, name, ""), On: true}}}
}

// mostCounted is where counts beside filters stop, see store.CountUpTo.
const mostCounted = 10_000

func atMost(n int) string {
	if n >= mostCounted {
		return count(mostCounted) + "+"
	}
	return count(n)
}
