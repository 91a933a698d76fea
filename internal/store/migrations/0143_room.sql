-- What is found from a component's name, in any case of letters.
CREATE INDEX component_folded ON component (lower(name), sbom_id);
CREATE INDEX product_fact_folded ON product_fact (lower(product));
CREATE INDEX device_part_folded ON device_part (lower(product));

-- What a weakness reaches is read from its index alone.
DROP INDEX line_vuln;
CREATE INDEX line_vuln ON line (vuln, rank, device, truth);

-- Blast radii as they were when somebody kept them with an incident.
-- append-only: incident_blast
CREATE TABLE incident_blast (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	words TEXT NOT NULL,
	affected BIGINT NOT NULL,
	unknown BIGINT NOT NULL,
	patients BIGINT NOT NULL,
	patients_unknown BIGINT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	digest TEXT NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX incident_blast_incident ON incident_blast (incident, at, id);

-- How soon an incident is to be acted upon: 0 not worked out yet, 1 act now, 2 today, 3 scheduled, 4 track.
ALTER TABLE incident ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
CREATE INDEX incident_priority ON incident (priority, id);

-- What people say of an input of the priority instead of what the program knows, and why.
CREATE TABLE incident_said (
	incident TEXT NOT NULL REFERENCES incident (id),
	input TEXT NOT NULL,
	value TEXT NOT NULL,
	reason TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (incident, input)
);

-- Situation reports, numbered within their incident.
-- append-only: incident_report
CREATE TABLE incident_report (
	incident TEXT NOT NULL REFERENCES incident (id),
	number BIGINT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	next BIGINT NOT NULL,
	digest TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (incident, number)
);

-- Days on which an authority does not work, as the organisation entered them. An empty entity means every legal entity.
CREATE TABLE incident_holiday (
	entity TEXT NOT NULL,
	calendar TEXT NOT NULL,
	day TEXT NOT NULL,
	name TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (calendar, entity, day)
);

-- Tasks that nobody accepted in time, and that the owner was told of.
CREATE TABLE incident_escalation (
	task TEXT NOT NULL,
	accept_by BIGINT NOT NULL,
	incident TEXT NOT NULL REFERENCES incident (id),
	at BIGINT NOT NULL,
	PRIMARY KEY (task, accept_by)
);
