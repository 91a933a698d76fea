-- Who an identity provider knows an account as.
CREATE TABLE people_subject (
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	account TEXT NOT NULL REFERENCES people_account (id),
	created BIGINT NOT NULL,
	PRIMARY KEY (issuer, subject)
);
CREATE INDEX people_subject_account ON people_subject (account);

-- Visits to the identity provider that have not come back: operational, written without events.
CREATE TABLE people_flow (
	hash BYTEA PRIMARY KEY,
	nonce TEXT NOT NULL,
	verifier TEXT NOT NULL,
	account TEXT NOT NULL,
	session TEXT NOT NULL,
	next TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL
);
CREATE INDEX people_flow_expires ON people_flow (expires);

-- Signing in again, to sign something.
CREATE TABLE people_stepup (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES people_account (id),
	session TEXT NOT NULL,
	at BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL
);
CREATE INDEX people_stepup_session ON people_stepup (session, at);
