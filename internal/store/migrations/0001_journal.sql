-- append-only: journal
CREATE TABLE journal (
	seq BIGINT PRIMARY KEY,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	site TEXT NOT NULL,
	product TEXT NOT NULL,
	body_hash BYTEA NOT NULL,
	prev BYTEA NOT NULL,
	hash BYTEA NOT NULL
);
CREATE INDEX journal_subject ON journal (subject, seq);
CREATE INDEX journal_kind ON journal (kind, seq);

-- Apart from the chain, so that a body can be erased by law.
CREATE TABLE journal_body (
	seq BIGINT PRIMARY KEY,
	salt BYTEA NOT NULL,
	body TEXT NOT NULL
);

CREATE TABLE journal_head (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	seq BIGINT NOT NULL,
	hash BYTEA NOT NULL
);

CREATE TABLE follower (
	name TEXT PRIMARY KEY,
	seq BIGINT NOT NULL
);

CREATE TABLE lease (
	name TEXT PRIMARY KEY,
	owner TEXT NOT NULL,
	until BIGINT NOT NULL
);
