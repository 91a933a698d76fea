package arch

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// looksLikeSQL finds the literals that are statements or parts of some.
var looksLikeSQL = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|WITH|CREATE|ALTER|DROP)\s|\s(FROM|WHERE|ORDER BY|GROUP BY|LEFT JOIN|JOIN|LIMIT|RETURNING|ON CONFLICT|SET|VALUES|AND|OR|IN|IS NOT|IS NULL)(\s|$)`)

// refused is what the two databases do not share, or do differently.
var refused = []struct {
	what *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`::`), "write CAST (x AS type)"},
	{regexp.MustCompile(`(?i)\bILIKE\b`), "write lower(x) LIKE lower(y)"},
	{regexp.MustCompile(`(?i)\b(ANY|ALL|SOME)\s*\(`), "write IN with a placeholder for each value"},
	{regexp.MustCompile(`(?i)\bnow\s*\(|\bCURRENT_(TIMESTAMP|TIME|DATE)\b|\bdatetime\s*\(|\bstrftime\s*\(|\bdate_trunc\b|\bunixepoch\b`), "times come from tx.Now"},
	{regexp.MustCompile(`->>?`), "JSON is text that SQL never looks into: give the member a column"},
	{regexp.MustCompile(`(?i)\bjson(b)?_\w+\s*\(|\bJSONB?\b\s*(,|NOT|\))`), "JSON is text that SQL never looks into"},
	{regexp.MustCompile(`(?i)\bFOR (UPDATE|SHARE)\b`), "Update is alone already"},
	{regexp.MustCompile(`(?i)\bOFFSET\b`), "page by key: (a, b) > ($1, $2)"},
	{regexp.MustCompile(`(?i)\b(greatest|least)\s*\(`), "SQLite has none: use CASE"},
	{regexp.MustCompile(`(?i)\bIN\s*\(\s*\)`), "an empty list is an error in PostgreSQL"},
	{regexp.MustCompile(`(?i)\bINSERT OR \w+|\bREPLACE INTO\b`), "write ON CONFLICT"},
	{regexp.MustCompile(`\b(AUTOINCREMENT|SERIAL|BIGSERIAL|GENERATED ALWAYS)\b`), "identifiers are made in Go"},
	{regexp.MustCompile(`(?i)\b(GLOB|SIMILAR TO|REGEXP)\b`), "use LIKE"},
	{regexp.MustCompile(`(?is)^\s*WITH\b.*\b(INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b`), "no writing in a WITH"},
	{regexp.MustCompile(`"`), "text stands in single quotes, and no name needs quoting"},
	{regexp.MustCompile(`(?i)\bPRAGMA\b|\bpg_\w+\s*\(`), "one database's own words"},
	{regexp.MustCompile(`(?i)\b(ifnull|iif|instr|nvl|string_to_array|array_agg|group_concat)\s*\(`), "not on both"},
}

// The store itself speaks to each database where it must: the migration runner, opening, the restore, and full text.
var ownWords = map[string]bool{"internal/store/migrate.go": true, "internal/store/store.go": true, "internal/store/restore.go": true,
	"internal/store/fulltext.go": true}

func TestSQLIsInTheCommonSubset(t *testing.T) {
	nullable := nullableColumns(t)
	for _, s := range sources(t) {
		if s.test || level(packageName(s.dir)) < level("store") || packageName(s.dir) == "" || ownWords[s.path] || !importsStore(s) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !looksLikeSQL.MatchString(text) || !isUpperSQL(text) {
				return true
			}
			checkSQL(t, s.at(n), text)
			for _, column := range sortedByNull(text) {
				if nullable[column] {
					t.Errorf("%s: ORDER BY %s, which may be NULL, without NULLS FIRST or NULLS LAST", s.at(n), column)
				}
			}
			return true
		})
	}
}

func importsStore(s source) bool {
	if packageName(s.dir) == "store" {
		return true
	}
	for _, p := range imports(s) {
		if p == module+"/internal/store" {
			return true
		}
	}
	return false
}

// isUpperSQL tells statements from sentences: keywords of statements are written in capitals here.
func isUpperSQL(text string) bool {
	return regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|ORDER BY|GROUP BY|JOIN|LIMIT|SET|VALUES|RETURNING|CONFLICT|AND|OR|IN|IS)\b`).MatchString(text)
}

func checkSQL(t *testing.T, where, text string) {
	t.Helper()
	for _, r := range refused {
		if m := r.what.FindString(text); m != "" {
			t.Errorf("%s: SQL holds %q: %s", where, m, r.why)
		}
	}
}

var orderBy = regexp.MustCompile(`(?is)\bORDER BY\s+(.*?)(?:\bLIMIT\b|\)|$)`)

// sortedByNull names the columns that a statement sorts by without saying where NULL goes.
func sortedByNull(text string) []string {
	var out []string
	for _, m := range orderBy.FindAllStringSubmatch(text, -1) {
		for term := range strings.SplitSeq(m[1], ",") {
			words := strings.Fields(term)
			if len(words) == 0 || strings.Contains(strings.ToUpper(term), "NULLS ") {
				continue
			}
			out = append(out, words[0][strings.LastIndexByte(words[0], '.')+1:])
		}
	}
	return out
}

func migrations(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), "internal", "store", "migrations", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	out := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(string(text), "")
	}
	return out
}

var columnLine = regexp.MustCompile(`(?m)^\s*(\w+)\s+(TEXT|BIGINT|BYTEA|BOOLEAN)\b(.*)$`)

// nullableColumns are those that may be NULL in some table and are never NOT NULL under the same name in another.
func nullableColumns(t *testing.T) map[string]bool {
	out := map[string]bool{}
	never := map[string]bool{}
	for _, text := range migrations(t) {
		for _, m := range columnLine.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[3], "NOT NULL") || strings.Contains(m[3], "PRIMARY KEY") {
				never[m[1]] = true
			} else {
				out[m[1]] = true
			}
		}
	}
	for c := range never {
		delete(out, c)
	}
	return out
}

func TestMigrationsAreInTheCommonSubset(t *testing.T) {
	foreign := regexp.MustCompile(`(?i)\b(INTEGER|INT|REAL|FLOAT|DOUBLE|NUMERIC|VARCHAR|CHAR|TIMESTAMPTZ?|DATE|TIME|UUID|JSONB?|BLOB|BOOL)\b`)
	for name, text := range migrations(t) {
		for stmt := range strings.SplitSeq(text, ";") {
			if stmt = strings.TrimSpace(stmt); stmt == "" {
				continue
			}
			checkSQL(t, name, stmt)
			for line := range strings.SplitSeq(stmt, "\n") {
				words := strings.Fields(line)
				if strings.HasPrefix(stmt, "CREATE TABLE") && len(words) >= 2 && foreign.MatchString(strings.TrimRight(words[1], ",")) && !strings.Contains(words[1], "(") {
					t.Errorf("%s: %s: use TEXT, BIGINT, BYTEA or BOOLEAN", name, strings.TrimSpace(line))
				}
			}
		}
	}
}
