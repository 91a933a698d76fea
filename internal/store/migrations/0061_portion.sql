-- How far a follower is within the entries that wait for it, when they ask for more than one transaction should do.
-- derived: derivation_portion
CREATE TABLE derivation_portion (
	name TEXT PRIMARY KEY,
	done BIGINT NOT NULL,
	upto BIGINT NOT NULL,
	stage TEXT NOT NULL,
	after TEXT NOT NULL
);
