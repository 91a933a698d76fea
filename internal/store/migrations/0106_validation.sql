-- Qualifications of this installation, each kept as the text whose digest is in the journal and in the signatures on it.
-- append-only: validation_report
CREATE TABLE validation_report (
	id TEXT PRIMARY KEY,
	number BIGINT NOT NULL UNIQUE,
	at BIGINT NOT NULL,
	body TEXT NOT NULL,
	digest TEXT NOT NULL
);

-- append-only: validation_decision
CREATE TABLE validation_decision (
	report TEXT NOT NULL REFERENCES validation_report (id),
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	signature TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (report, verdict)
);
