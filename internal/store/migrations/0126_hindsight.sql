-- What a look back for an advisory found in the events that were kept.
CREATE TABLE hindsight (
	record TEXT NOT NULL,
	digest TEXT NOT NULL,
	at BIGINT NOT NULL,
	events BIGINT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (record, digest)
);
CREATE INDEX hindsight_at ON hindsight (at, record);
