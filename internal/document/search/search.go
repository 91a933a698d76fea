package search

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Query asks for revisions that hold every word of a text, each as a whole or as its beginning.
type Query struct {
	Text   string
	States []document.State // none: only what is in force
	Level  source.Level     // "": every level
	After  string           // Next of the page before
	Limit  int              // at most 100; 0 means 20
}

// Hit is a revision that was found.
type Hit struct {
	Document document.ID
	Revision document.RevisionID
	Code     string
	Title    string // of the revision
	Label    string
	State    document.State
	Level    source.Level
	Snippet  []source.Part // of its text, the words that were looked for marked
}

// Page is a page of hits, the best first.
type Page struct {
	Hits []Hit
	Next string // "" on the last page
}

// Find looks for documents. A text without a word finds nothing.
func Find(ctx context.Context, r store.Reader, q Query) (Page, error) {
	scope, err := store.ScopeOf(ctx, document.KindRead)
	if err != nil {
		return Page{}, err
	}
	l, err := q.lookup(scope)
	if err != nil || !scope.All && len(scope.Products) == 0 {
		return Page{}, err
	}
	found, err := store.FullText(ctx, r, l)
	if err != nil {
		return Page{}, fmt.Errorf("search documents: %w", err)
	}
	var p Page
	if len(found) == l.Limit {
		found = found[:l.Limit-1]
		last := found[len(found)-1]
		p.Next = fmt.Sprintf("%d.%d", last.Rank, last.ID)
	}
	p.Hits, err = hits(ctx, r, found, strings.Fields(store.Words(q.Text)))
	return p, err
}

func (q Query) lookup(scope store.Scope) (store.Lookup, error) {
	if q.Limit <= 0 {
		q.Limit = 20
	}
	l := store.Lookup{Table: "document_text", Text: q.Text, Limit: min(q.Limit, 100) + 1}
	if q.After != "" {
		if _, err := fmt.Sscanf(q.After, "%d.%d", &l.After.Rank, &l.After.ID); err != nil {
			return l, problem.New(problem.Invalid, "the place to go on from is not one that a search gave out")
		}
	}
	if len(q.States) == 0 {
		q.States = []document.State{document.InForce}
	}
	var states, products []string
	for _, s := range q.States {
		states = append(states, stateTag(s))
	}
	l.Tags = append(l.Tags, states)
	if q.Level != "" {
		l.Tags = append(l.Tags, []string{levelTag(q.Level)})
	}
	if !scope.All {
		for _, p := range scope.Products {
			products = append(products, productTag(p))
		}
		l.Tags = append(l.Tags, products)
	}
	return l, nil
}

// hits reads what was found, in its order.
func hits(ctx context.Context, r store.Reader, found []store.Found, words []string) ([]Hit, error) {
	if len(found) == 0 {
		return nil, nil
	}
	var w store.Where
	marks, args := make([]string, len(found)), make([]any, len(found))
	for i, f := range found {
		marks[i], args[i] = "?", f.ID
	}
	w.And("t.id IN ("+strings.Join(marks, ", ")+")", args...)
	byID := map[int64]Hit{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var h Hit
		var id int64
		var text string
		err := s.Scan(&id, &h.Document, &h.Revision, &h.Code, &h.Title, &h.Label, &h.State, &h.Level, &text)
		h.Snippet = snippet(text, words)
		byID[id] = h
		return struct{}{}, err
	}, `SELECT t.id, t.document, t.revision, d.code, v.title, v.label, t.state, d.level, substr(t.text, 1, 40000) FROM document_text t
		JOIN document d ON d.id = t.document JOIN revision v ON v.id = t.revision`+w.SQL(), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read found documents: %w", err)
	}
	var out []Hit
	for _, f := range found {
		if h, ok := byID[f.ID]; ok {
			out = append(out, h)
		}
	}
	return out, nil
}

// word is a word of a text and where it stands.
type word struct {
	from, to int
	hit      int // which word of the question, -1 for none
}

// window is the length of a snippet in words.
const window = 32

// snippet is the part of a text with the most different words of a question; its beginning when none is in it, as when the
// title was meant.
func snippet(text string, question []string) []source.Part {
	all := wordsOf(text, question)
	best, from, count := 0, 0, make([]int, len(question))
	different := 0
	for i, w := range all {
		if w.hit >= 0 {
			if count[w.hit]++; count[w.hit] == 1 {
				different++
			}
		}
		if i >= window && all[i-window].hit >= 0 {
			if count[all[i-window].hit]--; count[all[i-window].hit] == 0 {
				different--
			}
		}
		if different > best {
			best, from = different, max(0, i-window+1)
		}
	}
	if best > 0 && from > 0 { // some words before the first hit, as many as fit
		for from < len(all) && all[from].hit < 0 {
			from++
		}
		from = max(0, from-window/4)
	}
	part := all[min(from, len(all)):min(from+window, len(all))]
	if len(part) == 0 {
		return nil
	}
	out := parts(text, part)
	if from > 0 {
		out = append([]source.Part{{Text: "… "}}, out...)
	}
	if from+window < len(all) {
		out = append(out, source.Part{Text: " …"})
	}
	return out
}

// parts cuts a text at the marked words.
func parts(text string, words []word) []source.Part {
	var out []source.Part
	at := words[0].from
	for _, w := range words {
		if w.hit < 0 {
			continue
		}
		if plain := flat(text[at:w.from]); plain != "" {
			out = append(out, source.Part{Text: plain})
		}
		out = append(out, source.Part{Text: text[w.from:w.to], Marked: true})
		at = w.to
	}
	if plain := flat(text[at:words[len(words)-1].to]); plain != "" {
		out = append(out, source.Part{Text: plain})
	}
	return out
}

// flat writes a text on one line.
func flat(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
}

// fold is store.Words of one word, without its cost where nothing is to be folded but capitals.
func fold(w string) string {
	for i := range len(w) {
		if w[i] >= 0x80 {
			return store.Words(w)
		}
	}
	return strings.ToLower(w)
}

func wordsOf(text string, question []string) []word {
	var out []word
	from := -1
	add := func(to int) {
		if from < 0 {
			return
		}
		w := word{from, to, -1}
		folded := fold(text[from:to])
		for i, q := range question {
			if strings.HasPrefix(folded, q) {
				w.hit = i
				break
			}
		}
		out, from = append(out, w), -1
	}
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) {
			if from < 0 {
				from = i
			}
			continue
		}
		add(i)
	}
	add(len(text))
	return out
}
