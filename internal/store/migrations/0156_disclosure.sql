-- Coordinated disclosures of weaknesses that incidents revealed. ends is when an embargo in force ends; 0 without one.
CREATE TABLE disclosure (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL REFERENCES incident (id),
	weakness TEXT NOT NULL,
	product TEXT NOT NULL,
	ends BIGINT NOT NULL,
	opened BIGINT NOT NULL,
	body TEXT NOT NULL,
	UNIQUE (incident, weakness, product)
);
CREATE INDEX disclosure_weakness ON disclosure (weakness);
CREATE INDEX disclosure_ends ON disclosure (ends);
