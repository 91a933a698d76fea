-- Fleet files between their preview and their import; an empty digest: still on its way.
-- derived: waiting_file
CREATE TABLE waiting_file (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	until BIGINT NOT NULL
);
CREATE INDEX waiting_file_until ON waiting_file (until);

-- derived: waiting_part
CREATE TABLE waiting_part (
	file TEXT NOT NULL,
	position BIGINT NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (file, position)
);
