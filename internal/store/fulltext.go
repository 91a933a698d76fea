package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Full text is one seam: FTS5 on SQLite, tsvector on PostgreSQL, behind [FullText]. A line "-- full-text: TABLE" in a
// migration makes the index of a table that has the columns id BIGINT PRIMARY KEY and title, words and tags TEXT. What
// stands in title and words went through [Words], and in tags through [Tag], so that both databases see the same words:
// they only look up, and do not cut, fold or stem.

var fullText = regexp.MustCompile(`(?m)^-- full-text: (\w+)$`)

// fullTextIndex are the statements that make the index of a table and keep it.
func (db *DB) fullTextIndex(table string) []string {
	if db.dialect == Postgres {
		return []string{
			fmt.Sprintf(`ALTER TABLE %s ADD COLUMN look tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', title), 'A') ||
				setweight(to_tsvector('simple', words), 'B') || setweight(to_tsvector('simple', tags), 'D')) STORED`, table),
			fmt.Sprintf(`CREATE INDEX %[1]s_look ON %[1]s USING gin (look)`, table),
		}
	}
	add := fmt.Sprintf(`INSERT INTO %s_look (rowid, title, words, tags) VALUES (new.id, new.title, new.words, new.tags);`, table)
	drop := fmt.Sprintf(`INSERT INTO %[1]s_look (%[1]s_look, rowid, title, words, tags) VALUES ('delete', old.id, old.title, old.words, old.tags);`, table)
	return []string{
		fmt.Sprintf(`CREATE VIRTUAL TABLE %[1]s_look USING fts5 (title, words, tags, content='%[1]s', content_rowid='id', tokenize='unicode61 remove_diacritics 0', prefix='2 3')`, table),
		fmt.Sprintf(`CREATE TRIGGER %[1]s_look_add AFTER INSERT ON %[1]s BEGIN %[2]s END`, table, add),
		fmt.Sprintf(`CREATE TRIGGER %[1]s_look_drop AFTER DELETE ON %[1]s BEGIN %[2]s END`, table, drop),
		fmt.Sprintf(`CREATE TRIGGER %[1]s_look_change AFTER UPDATE ON %[1]s BEGIN %[2]s %[3]s END`, table, drop, add),
	}
}

// Lookup asks for rows of a table whose title or words hold every word, as a whole or as its beginning, and which have
// one tag of every group.
type Lookup struct {
	Table string
	Text  string     // as a person types it
	Tags  [][]string // groups of alternatives
	After Found      // last of the page before; zero: the first page
	Limit int
}

// Found is a row that a [Lookup] found. The lower the rank, the better: words in a title count ten times.
type Found struct{ Rank, ID int64 }

// maxLookup is how many words of a question count.
const maxLookup = 12

// FullText looks rows up, the best first; equal ones by id. A text without a word finds nothing.
func FullText(ctx context.Context, r Reader, l Lookup) ([]Found, error) {
	words := strings.Fields(Words(l.Text))
	if len(words) == 0 {
		return nil, nil
	}
	words = words[:min(len(words), maxLookup)]
	after := l.After
	if after == (Found{}) {
		after.Rank = -1 << 62
	}
	query, args := sqliteLookup, []any{sqliteMatch(words, l.Tags), after.Rank, after.ID, l.Limit}
	if d, ok := r.(interface{ speaks() Dialect }); ok && d.speaks() == Postgres {
		// Tags choose, and do not rank: a rank over them, which weigh nothing, would be none.
		query, args[0] = postgresLookup, postgresMatch(words, l.Tags)
		args = append(args, postgresMatch(words, nil))
	}
	return All(ctx, r, func(s Scanner) (f Found, err error) { return f, s.Scan(&f.Rank, &f.ID) }, fmt.Sprintf(query, l.Table), args...)
}

// A question that more rows answer than this ranks so many of them, by their ids: whoever asks for a word that is everywhere
// must say more to find something, and need not wait for a rank of everything.
const maxRanked = "3000"

const (
	sqliteLookup = `SELECT rank, id FROM (SELECT CAST(1000000 * bm25(%[1]s_look, 10.0, 1.0, 0.0) AS INTEGER) AS rank, rowid AS id FROM %[1]s_look
		WHERE %[1]s_look MATCH $1 ORDER BY rowid LIMIT ` + maxRanked + `) x WHERE (rank, id) > ($2, $3) ORDER BY rank, id LIMIT $4`
	postgresLookup = `SELECT rank, id FROM (SELECT CAST(-1000000 * ts_rank('{0, 0, 0.1, 1}', look, to_tsquery('simple', $5), 1) AS BIGINT) AS rank, id
		FROM (SELECT id, look FROM %[1]s WHERE look @@ to_tsquery('simple', $1) ORDER BY id LIMIT ` + maxRanked + `) y) x
		WHERE (rank, id) > ($2, $3) ORDER BY rank, id LIMIT $4`
)

// sqliteMatch writes a question in the language of FTS5 (3.1 to 3.7). A word is letters and digits only, so that it holds no
// sign of that language.
func sqliteMatch(words []string, tags [][]string) string {
	var parts []string
	for _, w := range words {
		parts = append(parts, `{title words} : "`+w+`" *`)
	}
	for _, group := range tags {
		var or []string
		for _, t := range group {
			or = append(or, `tags : "`+Tag(t)+`"`)
		}
		parts = append(parts, "("+strings.Join(or, " OR ")+")")
	}
	return strings.Join(parts, " AND ")
}

// postgresMatch writes a question as tsquery text. Weights tell the columns apart.
func postgresMatch(words []string, tags [][]string) string {
	var parts []string
	for _, w := range words {
		parts = append(parts, w+":*AB")
	}
	for _, group := range tags {
		var or []string
		for _, t := range group {
			or = append(or, Tag(t)+":D")
		}
		parts = append(parts, "("+strings.Join(or, " | ")+")")
	}
	return strings.Join(parts, " & ")
}

// maxWord is how much of a word counts, in characters.
const maxWord = 40

// Words are the words of a text for an index or a question: runs of letters and digits, in small letters without marks
// (é is e), separated by spaces.
func Words(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.M, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if n++; n <= maxWord {
				b.WriteRune(unicode.ToLower(r))
			}
		default:
			if n > 0 {
				b.WriteByte(' ')
			}
			n = 0
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

// Tag is one word that stands for a value, such as a state or an id. No word of a text is equal to it where it matters:
// tags have a column of their own.
func Tag(value string) string {
	var b strings.Builder
	b.WriteByte('x')
	for _, r := range []byte(value) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteByte(r)
		case r >= 'A' && r <= 'Z':
			b.WriteByte(r + 'a' - 'A')
		default:
			fmt.Fprintf(&b, "q%02x", r)
		}
	}
	return b.String()
}
