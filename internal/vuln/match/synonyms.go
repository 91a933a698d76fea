package match

import (
	"slices"
	"strings"
)

// Synonyms joins ids of one vulnerability. The zero Synonyms knows none.
type Synonyms struct {
	parent map[string]string
}

// Join says that all ids are of one vulnerability. Two different CVE ids are never joined: the CVE programme gives each
// vulnerability one id, and records that list several as aliases speak of several vulnerabilities. Each other id is joined
// with the smallest CVE id of the set, or with the others when the set holds none.
func (a *Synonyms) Join(ids ...string) {
	if a.parent == nil {
		a.parent = map[string]string{}
	}
	head := ""
	for _, id := range ids {
		if id != "" && (head == "" || smaller(id, head)) {
			head = id
		}
	}
	for _, id := range ids {
		if id != "" && id != head && !isCVEID(id) {
			a.union(head, id)
		}
	}
}

// smaller orders ids: CVE ids first, by year and number, then the others as text.
func smaller(x, y string) bool {
	cx, cy := isCVEID(x), isCVEID(y)
	if cx != cy {
		return cx
	}
	if cx && x[:9] == y[:9] && len(x) != len(y) {
		return len(x) < len(y)
	}
	return x < y
}

func isCVEID(id string) bool { return strings.HasPrefix(id, "CVE-") && len(id) >= 13 }

func (a *Synonyms) find(id string) string {
	for {
		up, ok := a.parent[id]
		if !ok || up == id {
			return id
		}
		if over, ok := a.parent[up]; ok {
			a.parent[id] = over
		}
		id = up
	}
}

func (a *Synonyms) union(x, y string) {
	x, y = a.find(x), a.find(y)
	if x == y || isCVEID(x) && isCVEID(y) {
		return
	}
	if smaller(y, x) {
		x, y = y, x
	}
	a.parent[y] = x
	a.parent[x] = x
}

// Canonical is the id under which a vulnerability is kept: the smallest CVE id of its names, else the smallest name.
func (a *Synonyms) Canonical(id string) string {
	for {
		up, ok := a.parent[id]
		if !ok || up == id {
			return id
		}
		id = up
	}
}

// Merged is the answer about one vulnerability for one asset from all records that speak of both.
type Merged struct {
	Vulnerability string
	Aliases       []string // every other id, sorted
	Truth         Truth    // affected if any record says so, else unknown if any leaves it open, else not affected
	Settles       string   // for Unknown: of the first record that leaves it open
	Matches       []Match  // the answers of the records, the deciding ones first
}

// Merge joins the answers of several records for one asset by vulnerability, ordered by vulnerability. A record that says
// not affected does not outweigh another one that says affected: who is right is for an analyst's verdict. aliases may be
// nil; the ids that the matches name for each other count either way.
func Merge(matches []Match, aliases *Synonyms) []Merged {
	var own Synonyms
	for i := range matches {
		m := &matches[i]
		own.Join(append([]string{m.Vulnerability}, m.Aliases...)...)
		if aliases != nil {
			own.Join(m.Vulnerability, aliases.Canonical(m.Vulnerability))
		}
	}
	groups := map[string]*Merged{}
	var ids []string
	for _, m := range matches {
		id := own.Canonical(m.Vulnerability)
		g := groups[id]
		if g == nil {
			g = &Merged{Vulnerability: id, Truth: NotAffected}
			groups[id] = g
			ids = append(ids, id)
		}
		g.Truth = worse(g.Truth, m.Truth)
		g.Aliases = append(append(g.Aliases, m.Aliases...), m.Vulnerability)
		g.Matches = append(g.Matches, m)
	}
	slices.Sort(ids)
	out := make([]Merged, len(ids))
	rank := map[Truth]int{Affected: 0, Unknown: 1, NotAffected: 2}
	for i, id := range ids {
		g := groups[id]
		slices.Sort(g.Aliases)
		g.Aliases = slices.DeleteFunc(slices.Compact(g.Aliases), func(a string) bool { return a == id })
		slices.SortStableFunc(g.Matches, func(a, b Match) int {
			if d := rank[a.Truth] - rank[b.Truth]; d != 0 {
				return d
			}
			if d := strings.Compare(a.RecordSource, b.RecordSource); d != 0 {
				return d
			}
			return strings.Compare(a.RecordID, b.RecordID)
		})
		if g.Truth == Unknown {
			g.Settles = g.Matches[0].Settles
		}
		out[i] = *g
	}
	return out
}
