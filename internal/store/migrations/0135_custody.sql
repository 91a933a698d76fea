-- Evidence of incidents and its chain of custody.
CREATE TABLE evidence_item (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	exhibit TEXT NOT NULL,
	parent TEXT NOT NULL,
	kind TEXT NOT NULL,
	description TEXT NOT NULL,
	device TEXT NOT NULL,
	source TEXT NOT NULL,
	authority TEXT NOT NULL,
	method TEXT NOT NULL,
	began BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	skew BIGINT NOT NULL,
	skew_known BOOLEAN NOT NULL,
	patients TEXT NOT NULL,
	tlp TEXT NOT NULL,
	seal TEXT NOT NULL,
	place TEXT NOT NULL,
	holder TEXT NOT NULL,
	holder_name TEXT NOT NULL,
	state TEXT NOT NULL,
	before_broken TEXT NOT NULL,
	file TEXT NOT NULL,
	size BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	progress TEXT NOT NULL,
	hold BOOLEAN NOT NULL,
	retain_until BIGINT NOT NULL,
	destroyer TEXT NOT NULL,
	destroyer_name TEXT NOT NULL,
	verified BIGINT NOT NULL,
	entries BIGINT NOT NULL,
	head TEXT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE INDEX evidence_item_incident ON evidence_item (incident, exhibit);
CREATE INDEX evidence_item_verified ON evidence_item (state, verified, id);

CREATE TABLE evidence_part (
	item TEXT NOT NULL REFERENCES evidence_item (id),
	begins BIGINT NOT NULL,
	size BIGINT NOT NULL,
	blob TEXT NOT NULL,
	PRIMARY KEY (item, begins)
);

CREATE TABLE custody_entry (
	item TEXT NOT NULL REFERENCES evidence_item (id),
	seq BIGINT NOT NULL,
	body TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (item, seq)
);
