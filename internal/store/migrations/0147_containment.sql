-- What a containment action says besides how it runs: how a person undoes it without this program, why it runs although the
-- marking of its incident says that it must not be noticed, and who saw what was said last.
ALTER TABLE containment ADD COLUMN undo TEXT NOT NULL DEFAULT '';
ALTER TABLE containment ADD COLUMN noticed TEXT NOT NULL DEFAULT '';
ALTER TABLE containment ADD COLUMN witness TEXT NOT NULL DEFAULT '';

-- The greatest instant that the watch over actions in force has seen, in one row.
-- derived: containment_watch
CREATE TABLE containment_watch (
	id BIGINT PRIMARY KEY,
	latest BIGINT NOT NULL
);
