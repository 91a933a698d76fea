-- What people add to timelines. The subject is an incident or a device.
CREATE TABLE timeline_entry (
	id TEXT PRIMARY KEY,
	subject TEXT NOT NULL,
	told BIGINT NOT NULL,
	certainty TEXT NOT NULL,
	what TEXT NOT NULL,
	who TEXT NOT NULL,
	source TEXT NOT NULL,
	device TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX timeline_entry_subject ON timeline_entry (subject, at, id);

CREATE TABLE timeline_pin (
	subject TEXT NOT NULL,
	entry TEXT NOT NULL,
	reason TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (subject, entry)
);

CREATE TABLE timeline_comment (
	id TEXT PRIMARY KEY,
	subject TEXT NOT NULL,
	entry TEXT NOT NULL,
	text TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX timeline_comment_subject ON timeline_comment (subject, at, id);

-- On how many batches the estimate of a source's clock rested in an hour, at most; 0 where there was none.
ALTER TABLE event_source_hour ADD COLUMN anchors BIGINT NOT NULL DEFAULT 0;
