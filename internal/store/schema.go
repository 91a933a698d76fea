package store

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// table is a table as the migrations leave it, with the types that they are written in: on SQLite the database itself
// no longer knows that a column is BOOLEAN.
type table struct {
	name    string
	columns []Column
	key     []string // primary key
	derived bool     // made again after a restore ("-- derived: TABLE")
	seeded  bool     // a migration inserts rows
}

// Column is a column of a table in a backup.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // TEXT, BIGINT, BYTEA or BOOLEAN
}

func (t *table) names() []string {
	out := make([]string, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.Name
	}
	return out
}

func (t *table) column(name string) int {
	return slices.IndexFunc(t.columns, func(c Column) bool { return c.Name == name })
}

var (
	derivedTable = regexp.MustCompile(`(?m)^-- derived: (\w+)\s*$`)
	createTable  = regexp.MustCompile(`(?is)^CREATE TABLE (?:IF NOT EXISTS )?(\w+)\s*\((.*)\)$`)
	dropTable    = regexp.MustCompile(`(?is)^DROP TABLE (?:IF EXISTS )?(\w+)$`)
	alterTable   = regexp.MustCompile(`(?is)^ALTER TABLE (\w+) (ADD|DROP|RENAME)(?: COLUMN)? (.*)$`)
	seededTable  = regexp.MustCompile(`(?is)^INSERT INTO (\w+)`)
	primaryKey   = regexp.MustCompile(`(?is)^PRIMARY KEY\s*\(([^)]*)\)`)
	constraint   = regexp.MustCompile(`(?is)^(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY|CONSTRAINT)\b`)
)

// schemaOf reads the tables out of migrations, in the order in which they were created: a table that refers to another
// comes after it.
func schemaOf(scripts fs.FS, files []string) ([]*table, error) {
	s := schema{}
	for _, name := range files {
		text, err := fs.ReadFile(scripts, name)
		if err != nil {
			return nil, err
		}
		for stmt := range strings.SplitSeq(lineComment.ReplaceAllString(string(text), ""), ";") {
			if err := s.apply(strings.TrimSpace(stmt)); err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
		}
		for _, m := range derivedTable.FindAllStringSubmatch(string(text), -1) {
			t, err := s.find(m[1])
			if err != nil {
				return nil, fmt.Errorf("read %s: derived: %w", name, err)
			}
			t.derived = true
		}
	}
	return s.tables, nil
}

type schema struct{ tables []*table }

func (s *schema) find(name string) (*table, error) {
	for _, t := range s.tables {
		if t.name == name {
			return t, nil
		}
	}
	return nil, fmt.Errorf("there is no table %s", name)
}

func (s *schema) apply(stmt string) error {
	if m := createTable.FindStringSubmatch(stmt); m != nil {
		t := &table{name: m[1]}
		for _, part := range splitTop(m[2]) {
			t.add(part)
		}
		s.tables = append(s.tables, t)
		return nil
	}
	if m := dropTable.FindStringSubmatch(stmt); m != nil {
		s.tables = slices.DeleteFunc(s.tables, func(t *table) bool { return t.name == m[1] })
		return nil
	}
	if m := seededTable.FindStringSubmatch(stmt); m != nil {
		t, err := s.find(m[1])
		if err == nil {
			t.seeded = true
		}
		return err
	}
	if m := alterTable.FindStringSubmatch(stmt); m != nil {
		t, err := s.find(m[1])
		if err != nil {
			return err
		}
		return t.alter(strings.ToUpper(m[2]), strings.Fields(m[3]))
	}
	return nil
}

func (t *table) add(part string) {
	if m := primaryKey.FindStringSubmatch(part); m != nil {
		for k := range strings.SplitSeq(m[1], ",") {
			t.key = append(t.key, strings.TrimSpace(k))
		}
		return
	}
	words := strings.Fields(part)
	if constraint.MatchString(part) || len(words) < 2 {
		return
	}
	t.columns = append(t.columns, Column{words[0], strings.ToUpper(words[1])})
	if strings.Contains(strings.ToUpper(part), "PRIMARY KEY") {
		t.key = []string{words[0]}
	}
}

// alter follows ADD [COLUMN] name TYPE …, DROP [COLUMN] name, RENAME [COLUMN] a TO b and RENAME TO name.
func (t *table) alter(verb string, words []string) error {
	switch {
	case verb == "ADD" && len(words) >= 2:
		t.add(strings.Join(words, " "))
		return nil
	case verb == "DROP" && len(words) >= 1 && t.column(words[0]) >= 0:
		t.columns = slices.Delete(t.columns, t.column(words[0]), t.column(words[0])+1)
		return nil
	case verb == "RENAME" && len(words) == 2:
		t.name = words[1]
		return nil
	case verb == "RENAME" && len(words) == 3 && t.column(words[0]) >= 0:
		t.columns[t.column(words[0])].Name = words[2]
		for i, k := range t.key {
			if k == words[0] {
				t.key[i] = words[2]
			}
		}
		return nil
	}
	return fmt.Errorf("cannot follow ALTER TABLE %s %s %s", t.name, verb, strings.Join(words, " "))
}

// splitTop splits at the commas outside of parentheses.
func splitTop(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[from:i]))
				from = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// transient tables are neither backed up nor derived: what runs now, and what the runner keeps itself.
var transient = []string{"lease", "migration"}

// saved reports whether a backup holds a table's rows.
func (t *table) saved() bool { return !t.derived && !slices.Contains(transient, t.name) }

// Derived names the tables that are made again after a restore and by a rebuild, in the order of their creation.
func (db *DB) Derived() ([]string, error) {
	files, err := db.migrationFiles()
	if err != nil {
		return nil, err
	}
	tables, err := schemaOf(db.scripts, files)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	var out []string
	for _, t := range tables {
		if t.derived {
			out = append(out, t.name)
		}
	}
	return out, nil
}
