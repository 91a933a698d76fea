// Package testdb gives tests a real, empty, migrated database: SQLite always, PostgreSQL too when TRIWARD_TEST_POSTGRES
// holds the address of a server on which databases may be created. The databases stay there (triward_testdb_…) and are emptied
// for the next test; no two tests ever share one at a time, in one process or in several.
package testdb
