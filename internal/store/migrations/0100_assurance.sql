-- Which clause sets an organisation works with; a set without a row is on when it is in force.
CREATE TABLE clause_set (
	id TEXT PRIMARY KEY,
	chosen BOOLEAN NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL
);

-- That somebody with the licensed or official text confirmed a mapping, and on what: the edition of the set and the digest
-- of the words that satisfy the clause. When either is another, the confirmation is of something else.
CREATE TABLE clause_confirmation (
	id TEXT PRIMARY KEY,
	clause_set TEXT NOT NULL,
	ref TEXT NOT NULL,
	code TEXT NOT NULL,
	step TEXT NOT NULL,
	edition TEXT NOT NULL,
	words TEXT NOT NULL,
	note TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	at BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	end_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX clause_confirmation_once ON clause_confirmation (clause_set, ref, code, step) WHERE ended = 0;

-- append-only: evidence_result
-- Sealed results of evidence queries: the event that has the same digest is entry seq of the journal.
CREATE TABLE evidence_result (
	id TEXT PRIMARY KEY,
	query TEXT NOT NULL,
	at BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	head BIGINT NOT NULL,
	state TEXT NOT NULL,
	holding BIGINT NOT NULL,
	failing BIGINT NOT NULL,
	unclear BIGINT NOT NULL,
	newest BIGINT NOT NULL,
	digest TEXT NOT NULL,
	definition TEXT NOT NULL,
	failures TEXT NOT NULL
);
CREATE INDEX evidence_result_query ON evidence_result (query, at, id);

CREATE TABLE inquiry (
	id TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	authority TEXT NOT NULL,
	reference TEXT NOT NULL,
	product TEXT NOT NULL,
	site TEXT NOT NULL,
	as_of BIGINT NOT NULL,
	due BIGINT NOT NULL,
	state TEXT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	closed BIGINT NOT NULL,
	close_reason TEXT NOT NULL,
	-- Salts of what is removed by rule are made from it.
	secret BYTEA NOT NULL
);
CREATE INDEX inquiry_at ON inquiry (at, id);

CREATE TABLE inquiry_line (
	inquiry TEXT NOT NULL REFERENCES inquiry (id),
	number BIGINT NOT NULL,
	text TEXT NOT NULL,
	answer TEXT NOT NULL,
	PRIMARY KEY (inquiry, number)
);

CREATE TABLE inquiry_binding (
	id TEXT PRIMARY KEY,
	inquiry TEXT NOT NULL REFERENCES inquiry (id),
	line BIGINT NOT NULL,
	kind TEXT NOT NULL,
	target TEXT NOT NULL,
	title TEXT NOT NULL,
	revision TEXT NOT NULL,
	mark TEXT NOT NULL,
	mark_reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	UNIQUE (inquiry, line, kind, target)
);

-- Parts that are removed from the bundle. The salt stays here until the part is revealed.
CREATE TABLE inquiry_redaction (
	id TEXT PRIMARY KEY,
	inquiry TEXT NOT NULL REFERENCES inquiry (id),
	path TEXT NOT NULL,
	place TEXT NOT NULL,
	reason TEXT NOT NULL,
	salt BYTEA NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	UNIQUE (inquiry, path, place)
);

-- People from outside who may look at an inquiry until an instant.
CREATE TABLE inquiry_visitor (
	inquiry TEXT NOT NULL REFERENCES inquiry (id),
	account TEXT NOT NULL,
	grant_id TEXT NOT NULL,
	name TEXT NOT NULL,
	organisation TEXT NOT NULL,
	until BIGINT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	PRIMARY KEY (inquiry, account, at)
);

-- append-only: inquiry_bundle
CREATE TABLE inquiry_bundle (
	id TEXT PRIMARY KEY,
	inquiry TEXT NOT NULL REFERENCES inquiry (id),
	at BIGINT NOT NULL,
	head BIGINT NOT NULL,
	digest TEXT NOT NULL,
	size BIGINT NOT NULL,
	files BIGINT NOT NULL,
	records BIGINT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	seq BIGINT NOT NULL,
	-- Blob with what was removed from it, for who may reveal.
	reveals TEXT NOT NULL
);
CREATE INDEX inquiry_bundle_of ON inquiry_bundle (inquiry, at, id);

-- Reviews of the audit trail: planned when the time comes, signed by who read it (EU GMP Annex 11, 9).
CREATE TABLE trail_review (
	id TEXT PRIMARY KEY,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	due BIGINT NOT NULL,
	planned BIGINT NOT NULL,
	verdict TEXT NOT NULL,
	findings TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	signature TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX trail_review_due ON trail_review (at, due);

-- Inquiries that a grant names (see store.Grant).
ALTER TABLE people_grant ADD COLUMN inquiries TEXT NOT NULL DEFAULT '[]';
