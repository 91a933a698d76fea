-- A list of the web pages under filters, kept by a person under a name.
CREATE TABLE saved_view (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES people_account (id),
	path TEXT NOT NULL,
	name TEXT NOT NULL,
	query TEXT NOT NULL,
	saved BIGINT NOT NULL,
	UNIQUE (account, path, name)
);
