-- The file of a revision as it was approved: printed once after the last signature, sealed, and never made again.
-- append-only: record_copy
CREATE TABLE record_copy (
	revision TEXT PRIMARY KEY,
	digest TEXT NOT NULL,
	size BIGINT NOT NULL,
	note TEXT NOT NULL,
	at BIGINT NOT NULL
);
