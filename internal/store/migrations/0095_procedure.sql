-- A procedure that runs: its steps as they stood in the revision that the run pins.
CREATE TABLE run (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	code TEXT NOT NULL,
	revision TEXT NOT NULL,
	label TEXT NOT NULL,
	title TEXT NOT NULL,
	content TEXT NOT NULL,
	subject TEXT NOT NULL,
	site TEXT NOT NULL,
	product TEXT NOT NULL,
	reason TEXT NOT NULL,
	exercise BOOLEAN NOT NULL,
	signed BOOLEAN NOT NULL,
	state TEXT NOT NULL,
	since BIGINT NOT NULL,
	started BIGINT NOT NULL,
	starter TEXT NOT NULL,
	starter_name TEXT NOT NULL,
	lead TEXT NOT NULL,
	lead_name TEXT NOT NULL,
	paused BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	signature TEXT NOT NULL
);
CREATE INDEX run_started ON run (started, id);
CREATE INDEX run_code ON run (code, state, started);
CREATE INDEX run_revision ON run (revision, state);
CREATE INDEX run_lead ON run (lead, state);
CREATE INDEX run_subject ON run (subject);

CREATE TABLE run_step (
	run TEXT NOT NULL REFERENCES run (id),
	id TEXT NOT NULL,
	position BIGINT NOT NULL,
	revision TEXT NOT NULL,
	act TEXT NOT NULL,
	role TEXT NOT NULL,
	record TEXT NOT NULL,
	evidence TEXT NOT NULL,
	after TEXT NOT NULL,
	condition TEXT NOT NULL,
	target TEXT NOT NULL,
	span TEXT NOT NULL,
	days TEXT NOT NULL,
	counts_from TEXT NOT NULL,
	due BIGINT NOT NULL,
	extra BOOLEAN NOT NULL,
	gone BOOLEAN NOT NULL,
	wrong BOOLEAN NOT NULL,
	state TEXT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	value TEXT NOT NULL,
	note TEXT NOT NULL,
	instead TEXT NOT NULL,
	reason TEXT NOT NULL,
	signature TEXT NOT NULL,
	PRIMARY KEY (run, id)
);
CREATE INDEX run_step_state ON run_step (state, at);

-- What people noted and the files they added, in the order in which they did.
CREATE TABLE run_item (
	id TEXT PRIMARY KEY,
	run TEXT NOT NULL REFERENCES run (id),
	step TEXT NOT NULL,
	text TEXT NOT NULL,
	digest TEXT NOT NULL,
	name TEXT NOT NULL,
	size BIGINT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX run_item_run ON run_item (run, at, id);

-- A step that proved wrong, and what relied on it at that moment.
CREATE TABLE defeat (
	id TEXT PRIMARY KEY,
	run TEXT NOT NULL REFERENCES run (id),
	step TEXT NOT NULL,
	code TEXT NOT NULL,
	revision TEXT NOT NULL,
	wrong TEXT NOT NULL,
	instead TEXT NOT NULL,
	danger TEXT NOT NULL,
	reliance TEXT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	change TEXT NOT NULL,
	UNIQUE (run, step)
);
CREATE INDEX defeat_code ON defeat (code, at);
