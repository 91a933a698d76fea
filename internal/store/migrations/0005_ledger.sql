-- Positions of the followers that derive: rebuilt with what they derived. Those of the followers that react are in
-- "follower" and are kept, so that no reaction happens twice.
-- derived: derivation
CREATE TABLE derivation (
	name TEXT PRIMARY KEY,
	seq BIGINT NOT NULL
);

-- The Merkle tree over the journal: the root of each complete subtree (RFC 6962 2.1). Level 0 holds the leaves.
-- derived: ledger_node
CREATE TABLE ledger_node (
	level BIGINT NOT NULL,
	pos BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	PRIMARY KEY (level, pos)
);
