-- A controlled document. What a revision says of it (title, level, owner, …) is repeated here from the effective revision,
-- or from the newest one while none was ever effective, so that drafts are never seen where the rule in force is meant.
CREATE TABLE document (
	id TEXT PRIMARY KEY,
	code TEXT NOT NULL UNIQUE,
	sort TEXT NOT NULL,
	content TEXT NOT NULL CHECK (content IN ('authored', 'uploaded', 'linked')),
	title TEXT NOT NULL,
	level TEXT NOT NULL,
	parent TEXT NOT NULL,
	owner_role TEXT NOT NULL,
	audience TEXT NOT NULL,
	state TEXT NOT NULL,
	effective TEXT NOT NULL,
	working TEXT NOT NULL,
	newest TEXT NOT NULL,
	review_months BIGINT NOT NULL,
	review_due BIGINT NOT NULL,
	watch_due BIGINT NOT NULL,
	inspectable BOOLEAN NOT NULL,
	retired BIGINT NOT NULL,
	retired_reason TEXT NOT NULL,
	successor TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX document_sort ON document (sort);
CREATE INDEX document_parent ON document (parent);
CREATE INDEX document_review ON document (review_due);

-- Codes are never used again, also not after retirement: the row of a document is never deleted.
CREATE TABLE document_product (
	document TEXT NOT NULL,
	product TEXT NOT NULL,
	PRIMARY KEY (document, product)
);
CREATE INDEX document_product_product ON document_product (product, document);

CREATE TABLE revision (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	number BIGINT NOT NULL,
	label TEXT NOT NULL,
	state TEXT NOT NULL,
	version BIGINT NOT NULL,
	round BIGINT NOT NULL,
	title TEXT NOT NULL,
	content_hash TEXT NOT NULL,
	rendition TEXT NOT NULL,
	token TEXT NOT NULL,
	reason TEXT NOT NULL,
	change TEXT NOT NULL,
	base TEXT NOT NULL,
	planned BIGINT NOT NULL,
	training_due BIGINT NOT NULL,
	released_early TEXT NOT NULL,
	temporary BOOLEAN NOT NULL,
	expires BIGINT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	approved BIGINT NOT NULL,
	UNIQUE (document, number),
	UNIQUE (document, label)
);
CREATE INDEX revision_state ON revision (state, planned);
CREATE INDEX revision_change ON revision (change);
CREATE INDEX revision_token ON revision (token);

-- Every version of a text that was ever saved.
-- append-only: revision_edit
CREATE TABLE revision_edit (
	revision TEXT NOT NULL,
	version BIGINT NOT NULL,
	source TEXT NOT NULL,
	content_hash TEXT NOT NULL,
	file TEXT NOT NULL,
	file_name TEXT NOT NULL,
	file_size BIGINT NOT NULL,
	file_text TEXT NOT NULL,
	edition TEXT NOT NULL,
	publisher TEXT NOT NULL,
	address TEXT NOT NULL,
	watch BIGINT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (revision, version)
);

-- When which revision was in force: half-open ranges [since, until), until 0 while it is. A document has one open range at
-- most, and a range begins where or after the one before it ended.
CREATE TABLE effective_range (
	document TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL CHECK (until = 0 OR until > since),
	revision TEXT NOT NULL,
	ended TEXT NOT NULL,
	PRIMARY KEY (document, since)
);
CREATE UNIQUE INDEX effective_range_open ON effective_range (document) WHERE until = 0;
CREATE INDEX effective_range_revision ON effective_range (revision);

-- What a revision refers to: documents and, in them, targets.
CREATE TABLE document_use (
	revision TEXT NOT NULL,
	code TEXT NOT NULL,
	how TEXT NOT NULL,
	PRIMARY KEY (revision, code, how)
);
CREATE INDEX document_use_code ON document_use (code);

-- append-only: review_round
CREATE TABLE review_round (
	revision TEXT NOT NULL,
	round BIGINT NOT NULL,
	version BIGINT NOT NULL,
	note TEXT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (revision, round)
);

CREATE TABLE revision_decision (
	id TEXT PRIMARY KEY,
	revision TEXT NOT NULL,
	round BIGINT NOT NULL,
	stage TEXT NOT NULL,
	function TEXT NOT NULL,
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	content_hash TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	delegate_of TEXT NOT NULL,
	signature TEXT NOT NULL,
	at BIGINT NOT NULL,
	voided BIGINT NOT NULL,
	void_reason TEXT NOT NULL
);
CREATE INDEX revision_decision_revision ON revision_decision (revision, at);
CREATE UNIQUE INDEX revision_decision_once ON revision_decision (revision, stage, function, account) WHERE voided = 0;

CREATE TABLE revision_comment (
	id TEXT PRIMARY KEY,
	revision TEXT NOT NULL,
	round BIGINT NOT NULL,
	version BIGINT NOT NULL,
	line BIGINT NOT NULL,
	quote TEXT NOT NULL,
	text TEXT NOT NULL,
	suggests BOOLEAN NOT NULL,
	suggestion TEXT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	settled BIGINT NOT NULL,
	settled_by TEXT NOT NULL,
	outcome TEXT NOT NULL,
	answer TEXT NOT NULL
);
CREATE INDEX revision_comment_revision ON revision_comment (revision, line);

CREATE TABLE function_holder (
	id TEXT PRIMARY KEY,
	function TEXT NOT NULL,
	account TEXT NOT NULL,
	delegate_of TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	ended BIGINT NOT NULL,
	end_reason TEXT NOT NULL
);
CREATE INDEX function_holder_function ON function_holder (function, account);
CREATE INDEX function_holder_account ON function_holder (account);
CREATE UNIQUE INDEX function_holder_once ON function_holder (function, account) WHERE delegate_of = '' AND ended = 0;

CREATE TABLE change_request (
	id TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	reason TEXT NOT NULL,
	class TEXT NOT NULL,
	state TEXT NOT NULL,
	on_documents TEXT NOT NULL,
	on_devices TEXT NOT NULL,
	on_training TEXT NOT NULL,
	on_submissions TEXT NOT NULL,
	on_validation TEXT NOT NULL,
	notify_only BOOLEAN NOT NULL,
	source TEXT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	closed BIGINT NOT NULL,
	close_reason TEXT NOT NULL
);
CREATE INDEX change_request_state ON change_request (state, at);

CREATE TABLE change_item (
	change TEXT NOT NULL,
	code TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (change, code)
);
CREATE INDEX change_item_code ON change_item (code);

CREATE TABLE deviation (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	step TEXT NOT NULL,
	kind TEXT NOT NULL,
	text TEXT NOT NULL,
	reason TEXT NOT NULL,
	risk TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	signature TEXT NOT NULL,
	at BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	end_reason TEXT NOT NULL
);
CREATE INDEX deviation_document ON deviation (document, until);

CREATE TABLE periodic_review (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	revision TEXT NOT NULL,
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	change TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	signature TEXT NOT NULL,
	at BIGINT NOT NULL,
	due BIGINT NOT NULL,
	next_due BIGINT NOT NULL
);
CREATE INDEX periodic_review_document ON periodic_review (document, at);

CREATE TABLE caution (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	revision TEXT NOT NULL,
	step TEXT NOT NULL,
	text TEXT NOT NULL,
	source TEXT NOT NULL,
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	at BIGINT NOT NULL,
	lifted BIGINT NOT NULL,
	lift_reason TEXT NOT NULL
);
CREATE INDEX caution_document ON caution (document, lifted);

CREATE TABLE distribution (
	document TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('function', 'site', 'product')),
	value TEXT NOT NULL,
	PRIMARY KEY (document, kind, value)
);

-- append-only: document_receipt
CREATE TABLE document_receipt (
	revision TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (revision, account)
);

CREATE TABLE controlled_copy (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	revision TEXT NOT NULL,
	number BIGINT NOT NULL,
	holder TEXT NOT NULL,
	place TEXT NOT NULL,
	reason TEXT NOT NULL,
	expires BIGINT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	recalled BIGINT NOT NULL,
	recall_reason TEXT NOT NULL,
	confirmed BIGINT NOT NULL,
	confirm_note TEXT NOT NULL,
	UNIQUE (document, number)
);
CREATE INDEX controlled_copy_revision ON controlled_copy (revision);

-- append-only: print_event
CREATE TABLE print_event (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	revision TEXT NOT NULL,
	copy TEXT NOT NULL,
	reason TEXT NOT NULL,
	account TEXT NOT NULL,
	name TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX print_event_document ON print_event (document, at);

CREATE TABLE legal_hold (
	id TEXT PRIMARY KEY,
	document TEXT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	released BIGINT NOT NULL,
	release_reason TEXT NOT NULL
);
CREATE INDEX legal_hold_document ON legal_hold (document, released);

-- Answers of the set-up interview and choices of how strict the routing is.
CREATE TABLE document_setting (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
);
