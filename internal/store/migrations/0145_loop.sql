-- What incidents feed back: weaknesses that were seen exploited here, checks whether a change worked, instants that people
-- estimate, and how each loop stands.
CREATE TABLE exploitation_observed (
	id TEXT PRIMARY KEY,
	vuln TEXT NOT NULL,
	source TEXT NOT NULL,
	number TEXT NOT NULL,
	seen TEXT NOT NULL,
	site TEXT NOT NULL,
	product TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	withdrawn BIGINT NOT NULL,
	withdrawal TEXT NOT NULL
);
CREATE INDEX exploitation_observed_vuln ON exploitation_observed (vuln, at);
CREATE INDEX exploitation_observed_source ON exploitation_observed (source, at);

CREATE TABLE loop_check (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	change TEXT NOT NULL,
	question TEXT NOT NULL,
	owner TEXT NOT NULL,
	owner_name TEXT NOT NULL,
	due BIGINT NOT NULL,
	author_name TEXT NOT NULL,
	made BIGINT NOT NULL,
	result TEXT NOT NULL,
	finding TEXT NOT NULL,
	answered BIGINT NOT NULL,
	answered_by TEXT NOT NULL,
	follow_change TEXT NOT NULL,
	follow_check TEXT NOT NULL
);
CREATE INDEX loop_check_incident ON loop_check (incident, made, id);
CREATE INDEX loop_check_owner ON loop_check (owner, result, due);

CREATE TABLE loop_instant (
	incident TEXT NOT NULL REFERENCES incident (id),
	name TEXT NOT NULL,
	at BIGINT NOT NULL,
	earliest BIGINT NOT NULL,
	latest BIGINT NOT NULL,
	basis TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	said BIGINT NOT NULL,
	PRIMARY KEY (incident, name)
);

-- Derived: made again by the follower of the loop.
CREATE TABLE loop_state (
	incident TEXT PRIMARY KEY,
	site TEXT NOT NULL,
	product TEXT NOT NULL,
	exercise BOOLEAN NOT NULL,
	number TEXT NOT NULL,
	title TEXT NOT NULL,
	closed BIGINT NOT NULL,
	parts BIGINT NOT NULL,
	open BIGINT NOT NULL,
	ended BIGINT NOT NULL
);
CREATE INDEX loop_state_open ON loop_state (open, closed, incident);
CREATE INDEX loop_state_site ON loop_state (site, closed, incident);
