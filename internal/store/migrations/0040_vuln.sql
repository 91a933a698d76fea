-- Feeds: what is loaded from where and how often.
CREATE TABLE feed (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	kind TEXT NOT NULL,
	url TEXT NOT NULL,
	every_minutes BIGINT NOT NULL,
	enabled BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX feed_name ON feed (name);

-- derived: feed_state
CREATE TABLE feed_state (
	feed TEXT PRIMARY KEY,
	etag TEXT NOT NULL,
	last_modified TEXT NOT NULL,
	started BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	succeeded BIGINT NOT NULL,
	next_run BIGINT NOT NULL,
	failures BIGINT NOT NULL,
	error TEXT NOT NULL,
	records BIGINT NOT NULL,
	fresh BIGINT NOT NULL,
	faults BIGINT NOT NULL
);

-- The feed cache: one row per published document in its newest revision.
-- derived: record
CREATE TABLE record (
	key TEXT PRIMARY KEY,
	source TEXT NOT NULL,
	rid TEXT NOT NULL,
	feed TEXT NOT NULL,
	publisher TEXT NOT NULL,
	title TEXT NOT NULL,
	url TEXT NOT NULL,
	status TEXT NOT NULL,
	revision TEXT NOT NULL,
	withdrawn BOOLEAN NOT NULL,
	published BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	hash TEXT NOT NULL,
	fetched BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	body BYTEA NOT NULL
);
CREATE INDEX record_changed ON record (changed);
CREATE INDEX record_modified ON record (modified, key);
CREATE INDEX record_source ON record (source, modified, key);

-- derived: record_key
CREATE TABLE record_key (
	key TEXT NOT NULL,
	record TEXT NOT NULL,
	PRIMARY KEY (key, record)
);
CREATE INDEX record_key_record ON record_key (record);

-- What one record says of one vulnerability, without texts for matching.
-- derived: record_vuln
CREATE TABLE record_vuln (
	vuln TEXT NOT NULL,
	record TEXT NOT NULL,
	own TEXT NOT NULL,
	summary TEXT NOT NULL,
	PRIMARY KEY (vuln, record, own)
);
CREATE INDEX record_vuln_record ON record_vuln (record);

-- Every id of a weakness and the one it is kept under.
-- derived: vuln_alias
CREATE TABLE vuln_alias (
	id TEXT PRIMARY KEY,
	vuln TEXT NOT NULL
);
CREATE INDEX vuln_alias_vuln ON vuln_alias (vuln);

-- derived: exploited
CREATE TABLE exploited (
	cve TEXT NOT NULL,
	asserter TEXT NOT NULL,
	added BIGINT NOT NULL,
	due BIGINT NOT NULL,
	ransomware TEXT NOT NULL,
	name TEXT NOT NULL,
	summary TEXT NOT NULL,
	action TEXT NOT NULL,
	feed TEXT NOT NULL,
	fetched BIGINT NOT NULL,
	PRIMARY KEY (cve, asserter)
);

-- Vulnerabilities whose threat context changed, with the change number of the feed cache.
-- derived: threat_changed
CREATE TABLE threat_changed (
	vuln TEXT PRIMARY KEY,
	changed BIGINT NOT NULL
);
CREATE INDEX threat_changed_changed ON threat_changed (changed);

-- derived: epss
CREATE TABLE epss (
	cve TEXT PRIMARY KEY,
	score BIGINT NOT NULL,
	percentile BIGINT NOT NULL,
	scored BIGINT NOT NULL
);

-- Distinct configurations; devices and releases with the same facts share one.
-- derived: configuration
CREATE TABLE configuration (
	id TEXT PRIMARY KEY,
	facts TEXT NOT NULL
);

-- derived: configuration_key
CREATE TABLE configuration_key (
	key TEXT NOT NULL,
	configuration TEXT NOT NULL,
	PRIMARY KEY (key, configuration)
);
CREATE INDEX configuration_key_configuration ON configuration_key (configuration);

-- Who has a configuration: a device or a release.
-- derived: holder
CREATE TABLE holder (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	configuration TEXT NOT NULL,
	model TEXT NOT NULL,
	release TEXT NOT NULL
);
CREATE INDEX holder_configuration ON holder (configuration, kind, id);
CREATE INDEX holder_release ON holder (release);

-- derived: vuln_match
CREATE TABLE vuln_match (
	configuration TEXT NOT NULL,
	vuln TEXT NOT NULL,
	record TEXT NOT NULL,
	truth TEXT NOT NULL,
	settles TEXT NOT NULL,
	proof TEXT NOT NULL,
	PRIMARY KEY (configuration, vuln, record)
);
CREATE INDEX vuln_match_vuln ON vuln_match (vuln, configuration);
CREATE INDEX vuln_match_record ON vuln_match (record);

-- derived: match_state
CREATE TABLE match_state (
	name TEXT PRIMARY KEY,
	value BIGINT NOT NULL
);

-- Names that people say are the same.
CREATE TABLE name_alias (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	means TEXT NOT NULL,
	reason TEXT NOT NULL
);
CREATE UNIQUE INDEX name_alias_name ON name_alias (kind, name);

-- What an analyst or a VEX document says of a product and a vulnerability.
CREATE TABLE verdict (
	id TEXT PRIMARY KEY,
	vuln TEXT NOT NULL,
	model TEXT NOT NULL,
	releases TEXT NOT NULL,
	versions TEXT NOT NULL,
	status TEXT NOT NULL,
	justification TEXT NOT NULL,
	reason TEXT NOT NULL,
	action TEXT NOT NULL,
	source TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	state TEXT NOT NULL,
	state_reason TEXT NOT NULL,
	known TEXT NOT NULL
);
CREATE INDEX verdict_vuln ON verdict (vuln, model);
CREATE INDEX verdict_model ON verdict (model);
