-- Exercises of incidents, and what happens in them.
CREATE TABLE exercise (
	id TEXT PRIMARY KEY,
	scenario TEXT NOT NULL,
	incident TEXT NOT NULL REFERENCES incident (id),
	number TEXT NOT NULL,
	state TEXT NOT NULL,
	pace BIGINT NOT NULL,
	leader TEXT NOT NULL,
	leader_name TEXT NOT NULL,
	site TEXT NOT NULL,
	product TEXT NOT NULL,
	started BIGINT NOT NULL,
	stopped BIGINT NOT NULL,
	confirmed BIGINT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL
);
CREATE UNIQUE INDEX exercise_number ON exercise (number);
CREATE INDEX exercise_started ON exercise (started, id);
CREATE INDEX exercise_state ON exercise (state, started, id);

CREATE TABLE exercise_inject (
	exercise TEXT NOT NULL REFERENCES exercise (id),
	place BIGINT NOT NULL,
	due BIGINT NOT NULL,
	at BIGINT NOT NULL,
	answer TEXT NOT NULL,
	answered BIGINT NOT NULL,
	answered_by TEXT NOT NULL,
	answered_name TEXT NOT NULL,
	PRIMARY KEY (exercise, place)
);
