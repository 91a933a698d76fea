package store

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
)

// What schemaOf reads out of the migrations is what the database has.
func TestSchemaIsWhatTheDatabaseHas(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := db.migrationFiles()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := schemaOf(db.scripts, files)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{"migration": {"name TEXT", "at INTEGER"}}
	spelled := map[string]string{"TEXT": "TEXT", "BIGINT": "INTEGER", "BOOLEAN": "INTEGER", "BYTEA": "BLOB"}
	for _, t := range tables {
		for _, c := range t.columns {
			got[t.name] = append(got[t.name], c.Name+" "+spelled[c.Type])
		}
	}
	want := map[string][]string{}
	err = db.View(ctx, func(r Reader) error {
		rows, err := r.Query(ctx, `SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.sql LIKE 'CREATE TABLE%STRICT' ORDER BY m.name, c.cid`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var table, column, typ string
			if err := rows.Scan(&table, &column, &typ); err != nil {
				return err
			}
			want[table] = append(want[table], column+" "+typ)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	derived, err := db.Derived()
	if err != nil || !slices.Contains(derived, "ledger_node") || slices.Contains(derived, "journal") {
		t.Errorf("derived = %v, %v", derived, err)
	}
}

func TestSchemaFollowsAlterations(t *testing.T) {
	_, err := schemaOf(fstest.MapFS{"a.sql": {Data: []byte(`
-- derived: shelf
CREATE TABLE box (id TEXT PRIMARY KEY, size BIGINT NOT NULL CHECK (size IN (1, 2)), old BOOLEAN NOT NULL, UNIQUE (id, size));
CREATE TABLE shelf (box TEXT NOT NULL REFERENCES box (id), pos BIGINT, PRIMARY KEY (box, pos));
CREATE TABLE gone (id TEXT);
INSERT INTO box (id, size, old) VALUES ('a', 1, TRUE);
ALTER TABLE box ADD COLUMN mark BYTEA;
ALTER TABLE box DROP COLUMN old;
ALTER TABLE box RENAME COLUMN id TO code;
ALTER TABLE shelf RENAME TO rack;
DROP TABLE gone;
`)}}, []string{"a.sql"})
	if err == nil {
		t.Fatal("a directive for a table that was renamed is accepted")
	}
	tables, err := schemaOf(fstest.MapFS{"a.sql": {Data: []byte(`
-- derived: shelf
CREATE TABLE box (id TEXT PRIMARY KEY, size BIGINT NOT NULL CHECK (size IN (1, 2)), old BOOLEAN NOT NULL, UNIQUE (id, size));
CREATE TABLE shelf (box TEXT NOT NULL REFERENCES box (id), pos BIGINT, PRIMARY KEY (box, pos));
CREATE TABLE gone (id TEXT);
INSERT INTO box (id, size, old) VALUES ('a', 1, TRUE);
ALTER TABLE box ADD COLUMN mark BYTEA;
ALTER TABLE box DROP COLUMN old;
ALTER TABLE box RENAME COLUMN id TO code;
DROP TABLE gone;
`)}}, []string{"a.sql"})
	if err != nil {
		t.Fatal(err)
	}
	want := []*table{
		{name: "box", columns: []Column{{"code", "TEXT"}, {"size", "BIGINT"}, {"mark", "BYTEA"}}, key: []string{"code"}, seeded: true},
		{name: "shelf", columns: []Column{{"box", "TEXT"}, {"pos", "BIGINT"}}, key: []string{"box", "pos"}, derived: true},
	}
	if d := cmp.Diff(want, tables, cmp.AllowUnexported(table{})); d != "" {
		t.Error(d)
	}
}

// A backup of an older version is loaded as it was made, then migrated, with what its migrations insert.
func TestRestoreMigratesOlderBackup(t *testing.T) {
	ctx := WithActor(context.Background(), System("test"))
	older := fstest.MapFS{}
	for _, name := range []string{"0001_journal.sql", "0005_ledger.sql"} {
		text, err := fs.ReadFile(migrations, "migrations/"+name)
		if err != nil {
			t.Fatal(err)
		}
		older["migrations/"+name] = &fstest.MapFile{Data: text}
	}
	older["migrations/0006_box.sql"] = &fstest.MapFile{Data: []byte(`CREATE TABLE box (id TEXT PRIMARY KEY, up TEXT REFERENCES box (id), big BOOLEAN NOT NULL, raw BYTEA);
INSERT INTO box (id, big) VALUES ('seed', FALSE);`)}
	newer := fstest.MapFS{}
	for k, v := range older {
		newer[k] = v
	}
	newer["migrations/0007_label.sql"] = &fstest.MapFile{Data: []byte(`ALTER TABLE box ADD COLUMN label TEXT NOT NULL DEFAULT '';
UPDATE box SET label = 'box ' || id;`)}

	dir := t.TempDir()
	from := openScripts(t, dir+"/from.db", older)
	err := from.Update(ctx, func(tx *Tx) error {
		// "a" comes first and refers to a later row; \xff is no UTF-8.
		for _, row := range [][]any{{"z", nil, true, []byte{0, 1}}, {"a", "z", true, nil}, {"\xff", nil, false, []byte{}}} {
			if _, err := tx.Exec(ctx, `INSERT INTO box (id, up, big, raw) VALUES ($1, $2, $3, $4)`, row...); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE box SET big = TRUE WHERE id = 'seed'`); err != nil {
			return err
		}
		_, err := tx.Record(ctx, Event{Kind: "test.done"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := Backup(ctx, from, &file, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	path := dir + "/backup.zip"
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, scripts := range map[string]fs.FS{"same": older, "newer": newer} {
		to := openScripts(t, dir+"/"+name+".db", scripts)
		if _, err := Restore(ctx, to, path, RestoreOptions{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		column := map[string]string{"same": "id", "newer": "label"}[name]
		want := map[string][]string{"same": {"a z true", "seed - true", "z - true", "\xff - false"},
			"newer": {"box a z true", "box seed - true", "box z - true", "box \xff - false"}}[name]
		var got []string
		err := to.View(ctx, func(r Reader) error {
			got, err = All(ctx, r, Value[string], `SELECT `+column+` || ' ' || coalesce(up, '-') || CASE WHEN big THEN ' true' ELSE ' false' END FROM box ORDER BY id`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}

	// The other way round it is refused: this program does not know what the newer rows mean.
	to := openScripts(t, dir+"/refuse.db", fstest.MapFS{"migrations/0001_journal.sql": older["migrations/0001_journal.sql"]})
	if _, err := Restore(ctx, to, path, RestoreOptions{}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("backup of a newer version: %v", err)
	}
	if _, err := open(ctx, "sqlite:"+dir+"/newer.db", &DB{now: to.now, scripts: older}); problem.KindOf(err) != problem.Conflict {
		t.Errorf("database of a newer version: %v", err)
	}
}

func openScripts(t *testing.T, path string, scripts fs.FS) *DB {
	t.Helper()
	db, err := Open(context.Background(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	db, err = open(context.Background(), "sqlite:"+path, &DB{now: db.now, scripts: scripts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
