-- Reports and letters of incidents with their versions, whom the organisation tells, and what was told.
CREATE TABLE incident_draft (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	template TEXT NOT NULL,
	state TEXT NOT NULL,
	changed BIGINT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX incident_draft_incident ON incident_draft (incident, changed, id);

CREATE TABLE incident_draft_version (
	draft TEXT NOT NULL REFERENCES incident_draft (id),
	version BIGINT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	digest TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (draft, version)
);

CREATE TABLE stakeholder (
	id TEXT PRIMARY KEY,
	role TEXT NOT NULL,
	name TEXT NOT NULL,
	rank BIGINT NOT NULL,
	retired BIGINT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX stakeholder_rank ON stakeholder (rank, name, id);

CREATE TABLE telling (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	at BIGINT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX telling_incident ON telling (incident, at, id);

CREATE TABLE telling_answer (
	id TEXT PRIMARY KEY,
	telling TEXT NOT NULL REFERENCES telling (id),
	at BIGINT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX telling_answer_telling ON telling_answer (telling, at, id);
