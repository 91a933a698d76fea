// Package testdb gives tests a real, empty, migrated database: SQLite always, PostgreSQL too when TRIWARD_TEST_POSTGRES
// holds the address of a server on which databases may be created.
package testdb
