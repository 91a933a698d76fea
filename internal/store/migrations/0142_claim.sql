-- What is said about who did what and how in an incident.
CREATE TABLE indicator (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	folded TEXT NOT NULL,
	note TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	searched BIGINT NOT NULL,
	search TEXT NOT NULL,
	look_ups TEXT NOT NULL,
	UNIQUE (incident, kind, folded)
);
CREATE INDEX indicator_value ON indicator (kind, folded);

CREATE TABLE claim (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	about TEXT NOT NULL,
	made BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX claim_incident ON claim (incident, made, id);
