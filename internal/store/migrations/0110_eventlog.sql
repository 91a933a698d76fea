-- derived: event_segment
-- The segments of the event log in a folder: which files count. The files tell it again.
CREATE TABLE event_segment (
	id TEXT PRIMARY KEY,
	state TEXT NOT NULL,
	hour BIGINT NOT NULL,
	events BIGINT NOT NULL,
	bytes BIGINT NOT NULL,
	first_at BIGINT NOT NULL,
	last_at BIGINT NOT NULL,
	replaces TEXT NOT NULL
);

-- What must not be removed while a case needs it, whatever its age: the events that a query (JSON) names.
CREATE TABLE event_hold (
	id TEXT PRIMARY KEY,
	incident TEXT NOT NULL,
	reason TEXT NOT NULL,
	query TEXT NOT NULL,
	placed_by TEXT NOT NULL,
	placed_at BIGINT NOT NULL,
	released_by TEXT NOT NULL,
	released_at BIGINT NOT NULL,
	release_reason TEXT NOT NULL
);
CREATE INDEX event_hold_active ON event_hold (released_at, placed_at, id);
