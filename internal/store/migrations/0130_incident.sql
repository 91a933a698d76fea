-- Incidents, what is in them, and who must be told.
CREATE TABLE incident (
	id TEXT PRIMARY KEY,
	number TEXT NOT NULL,
	title TEXT NOT NULL,
	summary TEXT NOT NULL,
	exercise BOOLEAN NOT NULL,
	state TEXT NOT NULL,
	resumes TEXT NOT NULL,
	held_until BIGINT NOT NULL,
	held_reason TEXT NOT NULL,
	cyber BIGINT NOT NULL,
	clinical BIGINT NOT NULL,
	tlp TEXT NOT NULL,
	pap TEXT NOT NULL,
	care TEXT NOT NULL,
	legal TEXT NOT NULL,
	disclosure TEXT NOT NULL,
	owner TEXT NOT NULL,
	owner_name TEXT NOT NULL,
	site TEXT NOT NULL,
	product TEXT NOT NULL,
	aware BIGINT NOT NULL,
	aware_who TEXT NOT NULL,
	aware_how TEXT NOT NULL,
	declared BIGINT NOT NULL,
	run TEXT NOT NULL,
	no_containment TEXT NOT NULL,
	extent TEXT NOT NULL,
	root_cause TEXT NOT NULL,
	looked_at TEXT NOT NULL,
	lessons TEXT NOT NULL,
	reviewed BIGINT NOT NULL,
	retain_until BIGINT NOT NULL,
	same_as TEXT NOT NULL,
	closer TEXT NOT NULL,
	closer_name TEXT NOT NULL,
	closed BIGINT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE UNIQUE INDEX incident_number ON incident (number);
CREATE INDEX incident_changed ON incident (changed, id);
CREATE INDEX incident_declared ON incident (declared, id);
CREATE INDEX incident_state ON incident (state, changed, id);
CREATE INDEX incident_site ON incident (site, changed, id);

CREATE TABLE incident_device (
	incident TEXT NOT NULL REFERENCES incident (id),
	id TEXT NOT NULL,
	device TEXT NOT NULL,
	name TEXT NOT NULL,
	state TEXT NOT NULL,
	evidence TEXT NOT NULL,
	evidence_note TEXT NOT NULL,
	checks TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	changed BIGINT NOT NULL,
	PRIMARY KEY (incident, id)
);
CREATE INDEX incident_device_device ON incident_device (device, incident);

CREATE TABLE incident_link (
	incident TEXT NOT NULL REFERENCES incident (id),
	kind TEXT NOT NULL,
	target TEXT NOT NULL,
	note TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (incident, kind, target)
);
CREATE INDEX incident_link_target ON incident_link (target, kind);

CREATE TABLE incident_note (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	kind TEXT NOT NULL,
	text TEXT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX incident_note_incident ON incident_note (incident, at, id);

CREATE TABLE incident_task (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	title TEXT NOT NULL,
	side TEXT NOT NULL,
	assignee TEXT NOT NULL,
	assignee_name TEXT NOT NULL,
	state TEXT NOT NULL,
	due BIGINT NOT NULL,
	accept_by BIGINT NOT NULL,
	accepted BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	made BIGINT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE INDEX incident_task_incident ON incident_task (incident, made, id);

CREATE TABLE incident_entity (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	name TEXT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX incident_entity_incident ON incident_entity (incident, id);

CREATE TABLE containment (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	device TEXT NOT NULL,
	device_name TEXT NOT NULL,
	level BIGINT NOT NULL,
	state TEXT NOT NULL,
	way TEXT NOT NULL,
	target TEXT NOT NULL,
	human TEXT NOT NULL,
	human_name TEXT NOT NULL,
	impact TEXT NOT NULL,
	alternative TEXT NOT NULL,
	compensating TEXT NOT NULL,
	observe TEXT NOT NULL,
	returns BIGINT NOT NULL,
	checked BIGINT NOT NULL,
	checked_on TEXT NOT NULL,
	checked_name TEXT NOT NULL,
	said TEXT NOT NULL,
	planned BIGINT NOT NULL,
	ran BIGINT NOT NULL,
	held BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE INDEX containment_incident ON containment (incident, planned, id);
CREATE INDEX containment_device ON containment (device, planned, id);
CREATE INDEX containment_state ON containment (state, returns, id);

CREATE TABLE containment_sign_off (
	containment TEXT NOT NULL REFERENCES containment (id),
	role TEXT NOT NULL,
	person TEXT NOT NULL,
	person_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	until BIGINT NOT NULL,
	revision TEXT NOT NULL,
	conditions TEXT NOT NULL,
	PRIMARY KEY (containment, role, person, at, revision)
);
