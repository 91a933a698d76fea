-- What each revision of a document says, in words that can be searched.
-- derived: document_text
-- full-text: document_text
CREATE TABLE document_text (
	id BIGINT PRIMARY KEY,
	revision TEXT NOT NULL UNIQUE,
	document TEXT NOT NULL,
	state TEXT NOT NULL,
	version BIGINT NOT NULL,
	heading TEXT NOT NULL,
	text TEXT NOT NULL,
	title TEXT NOT NULL,
	words TEXT NOT NULL,
	tags TEXT NOT NULL
);
CREATE INDEX document_text_document ON document_text (document);
