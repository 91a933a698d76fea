-- Security keys and passkeys (WebAuthn). A row stays when it is revoked.
CREATE TABLE people_passkey (
	id TEXT PRIMARY KEY,
	credential BYTEA NOT NULL UNIQUE,
	account TEXT NOT NULL REFERENCES people_account (id),
	name TEXT NOT NULL,
	record TEXT NOT NULL,
	counter BIGINT NOT NULL,
	created BIGINT NOT NULL,
	used BIGINT NOT NULL,
	revoked BIGINT NOT NULL
);
CREATE INDEX people_passkey_account ON people_passkey (account, id);

-- Challenges that wait for their answer: operational, written without events.
CREATE TABLE people_challenge (
	hash BYTEA PRIMARY KEY,
	account TEXT NOT NULL,
	purpose TEXT NOT NULL,
	session TEXT NOT NULL,
	expires BIGINT NOT NULL
);
CREATE INDEX people_challenge_expires ON people_challenge (expires);
