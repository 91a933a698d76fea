-- The people who may read an incident that is marked TLP:RED.
CREATE TABLE incident_recipient (
	incident TEXT NOT NULL REFERENCES incident (id),
	person TEXT NOT NULL,
	person_name TEXT NOT NULL,
	why TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (incident, person)
);
