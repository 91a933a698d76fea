-- What of the notices a person has read.
-- derived: notice_read
CREATE TABLE notice_read (
	account TEXT NOT NULL,
	notice TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (account, notice)
);

-- Exports that took longer than a page, so that they can be found again.
-- derived: export_run
CREATE TABLE export_run (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	started BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	lines BIGINT NOT NULL,
	error TEXT NOT NULL
);
CREATE INDEX export_run_account ON export_run (account, started, id);

CREATE INDEX verdict_state ON verdict (state, id);
