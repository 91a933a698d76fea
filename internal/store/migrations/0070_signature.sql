-- append-only: signature
-- What the other columns say stands in the statement; they are there to find it.
CREATE TABLE signature (
	id TEXT PRIMARY KEY,
	record TEXT NOT NULL,
	document TEXT NOT NULL,
	meaning TEXT NOT NULL,
	account TEXT NOT NULL REFERENCES people_account (id),
	at BIGINT NOT NULL,
	digest TEXT NOT NULL UNIQUE,
	statement BYTEA NOT NULL,
	envelope BYTEA NOT NULL,
	token BYTEA NOT NULL,
	seq BIGINT NOT NULL UNIQUE
);
CREATE INDEX signature_record ON signature (record, seq);
CREATE INDEX signature_account ON signature (account, document, meaning);

-- append-only: signature_stamp
-- Time stamps of authorities outside, added when they can be reached.
CREATE TABLE signature_stamp (
	signature TEXT NOT NULL REFERENCES signature (id),
	authority TEXT NOT NULL,
	at BIGINT NOT NULL,
	token BYTEA NOT NULL,
	seq BIGINT NOT NULL UNIQUE,
	PRIMARY KEY (signature, authority)
);

-- The continuous period of signings of each session (21 CFR 11.200(a)(1)).
CREATE TABLE signature_session (
	session TEXT PRIMARY KEY,
	id TEXT NOT NULL,
	account TEXT NOT NULL,
	started BIGINT NOT NULL,
	at BIGINT NOT NULL,
	ordinal BIGINT NOT NULL,
	address TEXT NOT NULL,
	agent TEXT NOT NULL
);

-- append-only: signature_identity
-- Who a person is, as somebody else verified it (21 CFR 11.100(b)).
CREATE TABLE signature_identity (
	seq BIGINT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES people_account (id),
	name TEXT NOT NULL,
	how TEXT NOT NULL,
	evidence TEXT NOT NULL,
	verified_by TEXT NOT NULL,
	verifier_name TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX signature_identity_account ON signature_identity (account, seq);

-- append-only: people_reset
-- Somebody changed how another person signs in (21 CFR 11.200(a)(3)).
CREATE TABLE people_reset (
	seq BIGINT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES people_account (id),
	what TEXT NOT NULL,
	actor TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX people_reset_account ON people_reset (account, seq);
