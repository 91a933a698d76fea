-- What somebody was told last by mail: the names of the things, so that a letter is sent only when something is new.
CREATE TABLE digest_told (
	account TEXT PRIMARY KEY,
	at BIGINT NOT NULL,
	keys TEXT NOT NULL
);
