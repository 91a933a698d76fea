-- Connectors that a person approved, what containment actions send through them, and the approved flows of devices.
CREATE TABLE connector_approval (
	name TEXT PRIMARY KEY,
	hash TEXT NOT NULL,
	approver TEXT NOT NULL,
	approver_name TEXT NOT NULL,
	reason TEXT NOT NULL,
	at BIGINT NOT NULL
);

CREATE TABLE containment_order (
	action TEXT PRIMARY KEY REFERENCES containment (id),
	connector TEXT NOT NULL,
	hash TEXT NOT NULL,
	body TEXT NOT NULL,
	proof TEXT NOT NULL,
	tries BIGINT NOT NULL,
	answered BIGINT NOT NULL,
	back_tries BIGINT NOT NULL,
	back_answered BIGINT NOT NULL,
	next BIGINT NOT NULL,
	fault TEXT NOT NULL,
	changed BIGINT NOT NULL
);

CREATE TABLE device_profile (
	device TEXT PRIMARY KEY REFERENCES device (id),
	flows TEXT NOT NULL,
	basis TEXT NOT NULL,
	proposer_name TEXT NOT NULL,
	proposed BIGINT NOT NULL,
	approver TEXT NOT NULL,
	approver_name TEXT NOT NULL,
	approved BIGINT NOT NULL
);
