-- Who is told about alerts, and how.
CREATE TABLE notify_target (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	way TEXT NOT NULL,
	address TEXT NOT NULL,
	secret TEXT NOT NULL,
	least TEXT NOT NULL,
	site TEXT NOT NULL,
	quiet_from BIGINT NOT NULL,
	quiet_to BIGINT NOT NULL,
	zone TEXT NOT NULL,
	inside BOOLEAN NOT NULL,
	at BIGINT NOT NULL
);

-- What is to be told and what was. It follows the journal.
-- derived: notify_delivery
CREATE TABLE notify_delivery (
	target TEXT NOT NULL,
	entry BIGINT NOT NULL,
	alert TEXT NOT NULL,
	what TEXT NOT NULL,
	title TEXT NOT NULL,
	level TEXT NOT NULL,
	exercise BOOLEAN NOT NULL,
	at BIGINT NOT NULL,
	state TEXT NOT NULL,
	attempts BIGINT NOT NULL,
	next BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	fault TEXT NOT NULL,
	PRIMARY KEY (target, entry)
);
CREATE INDEX notify_delivery_due ON notify_delivery (state, next);
CREATE INDEX notify_delivery_at ON notify_delivery (at);
