-- Activity threads of an incident: every version as it was made, the newest counts.
-- append-only: claim_thread
CREATE TABLE claim_thread (
	id TEXT NOT NULL,
	version BIGINT NOT NULL,
	incident TEXT NOT NULL REFERENCES incident (id),
	body TEXT NOT NULL,
	PRIMARY KEY (id, version)
);
CREATE INDEX claim_thread_incident ON claim_thread (incident, id, version);
