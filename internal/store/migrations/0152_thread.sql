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

-- What to capture of devices of a model before they lose power, as this house says: every version, the newest counts.
-- append-only: capture_guide
CREATE TABLE capture_guide (
	model TEXT NOT NULL REFERENCES model (id),
	version BIGINT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (model, version)
);
