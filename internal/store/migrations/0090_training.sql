-- That a person must know a revision of a document, and how it ended.
CREATE TABLE training (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL,
	document TEXT NOT NULL,
	code TEXT NOT NULL,
	revision TEXT NOT NULL,
	label TEXT NOT NULL,
	title TEXT NOT NULL,
	product TEXT NOT NULL,
	kind TEXT NOT NULL,
	basis TEXT NOT NULL,
	because TEXT NOT NULL,
	known TEXT NOT NULL,
	assigned BIGINT NOT NULL,
	due BIGINT NOT NULL,
	state TEXT NOT NULL,
	attempts BIGINT NOT NULL,
	tries BIGINT NOT NULL,
	passed BOOLEAN NOT NULL,
	settled BIGINT NOT NULL,
	settled_by TEXT NOT NULL,
	reason TEXT NOT NULL,
	valid_until BIGINT NOT NULL,
	signature TEXT NOT NULL,
	observer TEXT NOT NULL,
	observer_name TEXT NOT NULL,
	run TEXT NOT NULL,
	issuer TEXT NOT NULL,
	digest TEXT NOT NULL,
	file_name TEXT NOT NULL,
	file_size BIGINT NOT NULL,
	reminders BIGINT NOT NULL,
	reminded BIGINT NOT NULL
);
CREATE UNIQUE INDEX training_open ON training (account, revision, product) WHERE settled = 0 AND basis <> 'wrong_step';
CREATE UNIQUE INDEX training_told ON training (account, revision, product) WHERE settled = 0 AND basis = 'wrong_step';
CREATE INDEX training_account ON training (account, state, due);
CREATE INDEX training_document ON training (document, state);
CREATE INDEX training_revision ON training (revision, state);
CREATE INDEX training_due ON training (state, due, id);
CREATE INDEX training_settled ON training (settled, id);

-- append-only: training_attempt
CREATE TABLE training_attempt (
	training TEXT NOT NULL REFERENCES training (id),
	number BIGINT NOT NULL,
	account TEXT NOT NULL,
	revision TEXT NOT NULL,
	code TEXT NOT NULL,
	at BIGINT NOT NULL,
	score BIGINT NOT NULL,
	passed BOOLEAN NOT NULL,
	answers TEXT NOT NULL,
	PRIMARY KEY (training, number)
);
CREATE INDEX training_attempt_revision ON training_attempt (revision, at);

-- Who must know what beyond the audience that a document names itself.
CREATE TABLE training_rule (
	id TEXT PRIMARY KEY,
	function TEXT NOT NULL,
	code TEXT NOT NULL,
	product TEXT NOT NULL,
	kind TEXT NOT NULL,
	due_days BIGINT NOT NULL,
	recert_months BIGINT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	end_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX training_rule_once ON training_rule (function, code, product) WHERE ended = 0;
CREATE INDEX training_rule_code ON training_rule (code);

-- Who must know which revision that is in force or in training: what documents, rules and curricula ask for together.
CREATE TABLE training_need (
	revision TEXT NOT NULL,
	function TEXT NOT NULL,
	product TEXT NOT NULL,
	document TEXT NOT NULL,
	code TEXT NOT NULL,
	label TEXT NOT NULL,
	title TEXT NOT NULL,
	content TEXT NOT NULL,
	state TEXT NOT NULL,
	kind TEXT NOT NULL,
	basis TEXT NOT NULL,
	because TEXT NOT NULL,
	due_days BIGINT NOT NULL,
	recert_months BIGINT NOT NULL,
	tries BIGINT NOT NULL,
	told BOOLEAN NOT NULL,
	PRIMARY KEY (revision, function, product)
);
CREATE INDEX training_need_code ON training_need (code);
CREATE INDEX training_need_function ON training_need (function);

-- Whether training works: planned when a revision becomes effective or a step proved wrong, judged and signed later.
CREATE TABLE training_check (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	code TEXT NOT NULL,
	revision TEXT NOT NULL,
	label TEXT NOT NULL,
	cause TEXT NOT NULL,
	due BIGINT NOT NULL,
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	figures TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	signature TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE UNIQUE INDEX training_check_once ON training_check (revision, cause);
CREATE INDEX training_check_due ON training_check (verdict, due);

CREATE TABLE training_policy (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
);
