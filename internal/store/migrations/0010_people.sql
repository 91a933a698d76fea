CREATE TABLE people_account (
	id TEXT PRIMARY KEY,
	login TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	email TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
	password TEXT NOT NULL,
	created BIGINT NOT NULL,
	signed_in BIGINT NOT NULL
);

CREATE TABLE people_totp (
	account TEXT PRIMARY KEY REFERENCES people_account (id),
	secret TEXT NOT NULL,
	confirmed BIGINT NOT NULL,
	last_step BIGINT NOT NULL
);

CREATE TABLE people_recovery (
	account TEXT NOT NULL REFERENCES people_account (id),
	hash BYTEA NOT NULL,
	salt BYTEA NOT NULL,
	used BIGINT NOT NULL,
	PRIMARY KEY (account, hash)
);

-- One-time links: the first set-up (no account yet) and setting a password.
CREATE TABLE people_link (
	hash BYTEA PRIMARY KEY,
	account TEXT REFERENCES people_account (id),
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL
);
CREATE INDEX people_link_account ON people_link (account);

CREATE TABLE people_session (
	id TEXT PRIMARY KEY,
	hash BYTEA NOT NULL UNIQUE,
	account TEXT NOT NULL REFERENCES people_account (id),
	created BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	address TEXT NOT NULL,
	agent TEXT NOT NULL,
	second_factor BOOLEAN NOT NULL
);
CREATE INDEX people_session_account ON people_session (account, id);

CREATE TABLE people_token (
	id TEXT PRIMARY KEY,
	hash BYTEA NOT NULL UNIQUE,
	account TEXT NOT NULL REFERENCES people_account (id),
	name TEXT NOT NULL,
	scope TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL,
	revoked BIGINT NOT NULL
);
CREATE INDEX people_token_account ON people_token (account, id);

CREATE TABLE people_role (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	description TEXT NOT NULL,
	kinds TEXT NOT NULL,
	seeded BOOLEAN NOT NULL,
	scoped BOOLEAN NOT NULL
);

CREATE TABLE people_grant (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES people_account (id),
	role TEXT NOT NULL REFERENCES people_role (id),
	everywhere BOOLEAN NOT NULL,
	sites TEXT NOT NULL,
	products TEXT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	expires BIGINT NOT NULL
);
CREATE INDEX people_grant_account ON people_grant (account, id);
CREATE INDEX people_grant_role ON people_grant (role);

-- Failed attempts per login and per address: operational, written without events.
CREATE TABLE people_throttle (
	name TEXT PRIMARY KEY,
	failures BIGINT NOT NULL,
	at BIGINT NOT NULL,
	until BIGINT NOT NULL
);
CREATE INDEX people_throttle_at ON people_throttle (at);
