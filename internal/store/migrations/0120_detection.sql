-- Where events come from.
CREATE TABLE event_source (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	sort_name TEXT NOT NULL,
	transport TEXT NOT NULL,
	identity TEXT NOT NULL,
	format TEXT NOT NULL,
	zone TEXT NOT NULL,
	site TEXT NOT NULL,
	hourly BIGINT NOT NULL,
	silence BIGINT NOT NULL,
	state TEXT NOT NULL,
	until BIGINT NOT NULL,
	reason TEXT NOT NULL,
	owner TEXT NOT NULL,
	note TEXT NOT NULL,
	at BIGINT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE UNIQUE INDEX event_source_identity ON event_source (transport, identity) WHERE state <> 'retired';
CREATE INDEX event_source_name ON event_source (sort_name, id);
CREATE INDEX event_source_state ON event_source (state, sort_name, id);
CREATE INDEX event_source_at ON event_source (at, id);

-- What the pipeline last saw of a source.
-- derived: event_source_now
CREATE TABLE event_source_now (
	source TEXT PRIMARY KEY,
	seen BIGINT NOT NULL,
	event BIGINT NOT NULL,
	lag BIGINT NOT NULL,
	skew BIGINT NOT NULL,
	skew_known BOOLEAN NOT NULL,
	accepted BIGINT NOT NULL,
	stored BIGINT NOT NULL,
	faults BIGINT NOT NULL,
	lost BIGINT NOT NULL,
	bytes BIGINT NOT NULL
);

-- derived: event_source_hour
CREATE TABLE event_source_hour (
	source TEXT NOT NULL,
	hour BIGINT NOT NULL,
	accepted BIGINT NOT NULL,
	stored BIGINT NOT NULL,
	faults BIGINT NOT NULL,
	lost BIGINT NOT NULL,
	PRIMARY KEY (source, hour)
);
CREATE INDEX event_source_hour_hour ON event_source_hour (hour);

-- How often a device is heard of.
-- derived: device_heard
CREATE TABLE device_heard (
	device TEXT PRIMARY KEY,
	site TEXT NOT NULL,
	ward TEXT NOT NULL,
	seen BIGINT NOT NULL,
	usual BIGINT NOT NULL,
	gaps BIGINT NOT NULL
);
CREATE INDEX device_heard_seen ON device_heard (seen, device);
CREATE INDEX device_heard_ward ON device_heard (site, ward, seen);

-- Times in which a source was not seen or records of it were lost. ended is 0 while it lasts; lost is -1 when nobody can know.
CREATE TABLE blind_interval (
	id TEXT PRIMARY KEY,
	source TEXT NOT NULL,
	site TEXT NOT NULL,
	reason TEXT NOT NULL,
	started BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	lost BIGINT NOT NULL,
	detail TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE UNIQUE INDEX blind_interval_open ON blind_interval (source, reason) WHERE ended = 0;
CREATE INDEX blind_interval_source ON blind_interval (source, started, id);
CREATE INDEX blind_interval_started ON blind_interval (started, id);
CREATE INDEX blind_interval_ended ON blind_interval (ended, id);

-- Rules of detection: the newest text of each and where it stands in its life.
CREATE TABLE detection_rule (
	id TEXT PRIMARY KEY,
	origin TEXT NOT NULL,
	path TEXT NOT NULL,
	title TEXT NOT NULL,
	sort_title TEXT NOT NULL,
	level TEXT NOT NULL,
	urgency BIGINT NOT NULL,
	techniques TEXT NOT NULL,
	catalogue TEXT NOT NULL,
	revision TEXT NOT NULL,
	digest TEXT NOT NULL,
	state TEXT NOT NULL,
	since BIGINT NOT NULL,
	reason TEXT NOT NULL,
	owner TEXT NOT NULL,
	at BIGINT NOT NULL,
	changed BIGINT NOT NULL
);
CREATE INDEX detection_rule_title ON detection_rule (sort_title, id);
CREATE INDEX detection_rule_state ON detection_rule (state, sort_title, id);
CREATE INDEX detection_rule_urgency ON detection_rule (urgency, sort_title, id);
CREATE INDEX detection_rule_changed ON detection_rule (changed, id);

-- append-only: rule_revision
CREATE TABLE rule_revision (
	id TEXT PRIMARY KEY,
	rule TEXT NOT NULL,
	number BIGINT NOT NULL,
	digest TEXT NOT NULL,
	body TEXT NOT NULL,
	at BIGINT NOT NULL,
	author TEXT NOT NULL
);
CREATE UNIQUE INDEX rule_revision_number ON rule_revision (rule, number);

-- What a rule would have found in a past window.
-- append-only: rule_backtest
CREATE TABLE rule_backtest (
	id TEXT PRIMARY KEY,
	rule TEXT NOT NULL,
	digest TEXT NOT NULL,
	started BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	events BIGINT NOT NULL,
	hits BIGINT NOT NULL,
	devices BIGINT NOT NULL,
	first_hit BIGINT NOT NULL,
	last_hit BIGINT NOT NULL,
	blind BIGINT NOT NULL,
	detail TEXT NOT NULL,
	at BIGINT NOT NULL,
	author TEXT NOT NULL
);
CREATE INDEX rule_backtest_rule ON rule_backtest (rule, at, id);

-- Whether a hit that a person looked at was true.
CREATE TABLE rule_judgement (
	rule TEXT NOT NULL,
	event TEXT NOT NULL,
	verdict TEXT NOT NULL,
	note TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (rule, event)
);

-- Every hit once, also those in shadow and those that an exception holds back.
-- derived: rule_hit
CREATE TABLE rule_hit (
	rule TEXT NOT NULL,
	event TEXT NOT NULL,
	at BIGINT NOT NULL,
	digest TEXT NOT NULL,
	entity TEXT NOT NULL,
	device TEXT NOT NULL,
	site TEXT NOT NULL,
	effect TEXT NOT NULL,
	alert TEXT NOT NULL,
	PRIMARY KEY (rule, event)
);
CREATE INDEX rule_hit_at ON rule_hit (rule, at, event);
CREATE INDEX rule_hit_old ON rule_hit (at);
CREATE INDEX rule_hit_alert ON rule_hit (alert, at, event);

-- derived: rule_day
CREATE TABLE rule_day (
	rule TEXT NOT NULL,
	day BIGINT NOT NULL,
	hits BIGINT NOT NULL,
	shadow BIGINT NOT NULL,
	excepted BIGINT NOT NULL,
	candidates BIGINT NOT NULL,
	nanos BIGINT NOT NULL,
	PRIMARY KEY (rule, day)
);
CREATE INDEX rule_day_day ON rule_day (day);

-- What is not to raise an alert, for a time.
CREATE TABLE rule_exception (
	id TEXT PRIMARY KEY,
	rule TEXT NOT NULL,
	conditions TEXT NOT NULL,
	reason TEXT NOT NULL,
	owner TEXT NOT NULL,
	expires BIGINT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	end_reason TEXT NOT NULL
);
CREATE INDEX rule_exception_rule ON rule_exception (rule, at, id);
CREATE INDEX rule_exception_expires ON rule_exception (ended, expires, id);

-- What is learned about a rule and a key, such as the calling AE titles of one device. The id follows from both.
-- derived: baseline
CREATE TABLE baseline (
	id TEXT PRIMARY KEY,
	rule TEXT NOT NULL,
	keyed TEXT NOT NULL,
	kind TEXT NOT NULL,
	device TEXT NOT NULL,
	site TEXT NOT NULL,
	since BIGINT NOT NULL,
	learned BIGINT NOT NULL,
	last BIGINT NOT NULL,
	evicted BIGINT NOT NULL
);
CREATE INDEX baseline_rule ON baseline (rule, since, id);
CREATE INDEX baseline_since ON baseline (since, id);
CREATE INDEX baseline_learned ON baseline (learned, id);

-- What somebody decided about a value of a baseline, or about all that it had learned (value is empty).
CREATE TABLE baseline_decision (
	baseline TEXT NOT NULL,
	rule TEXT NOT NULL,
	keyed TEXT NOT NULL,
	value TEXT NOT NULL,
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (baseline, value)
);

-- derived: baseline_value
CREATE TABLE baseline_value (
	baseline TEXT NOT NULL,
	value TEXT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	events BIGINT NOT NULL,
	PRIMARY KEY (baseline, value)
);
CREATE INDEX baseline_value_last ON baseline_value (baseline, last, value);

-- Events in each hour that a rate baseline has seen.
-- derived: baseline_hour
CREATE TABLE baseline_hour (
	baseline TEXT NOT NULL,
	hour BIGINT NOT NULL,
	amount BIGINT NOT NULL,
	PRIMARY KEY (baseline, hour)
);
CREATE INDEX baseline_hour_hour ON baseline_hour (hour);

-- What people are asked to look at.
CREATE TABLE alert (
	id TEXT PRIMARY KEY,
	rule TEXT NOT NULL,
	digest TEXT NOT NULL,
	title TEXT NOT NULL,
	level TEXT NOT NULL,
	urgency BIGINT NOT NULL,
	entity TEXT NOT NULL,
	device TEXT NOT NULL,
	source TEXT NOT NULL,
	site TEXT NOT NULL,
	ward TEXT NOT NULL,
	in_use TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	feedback TEXT NOT NULL,
	note TEXT NOT NULL,
	target TEXT NOT NULL,
	assignee TEXT NOT NULL,
	previous TEXT NOT NULL,
	exercise BOOLEAN NOT NULL,
	explanation TEXT NOT NULL,
	listed BIGINT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	opened BIGINT NOT NULL,
	opener TEXT NOT NULL,
	due BIGINT NOT NULL,
	acknowledged BIGINT NOT NULL,
	acknowledged_by TEXT NOT NULL,
	closed BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	waiting BOOLEAN NOT NULL
);
CREATE INDEX alert_urgency ON alert (urgency, opened, id);
CREATE INDEX alert_waiting ON alert (waiting, urgency, opened, id);
CREATE INDEX alert_opened ON alert (opened, id);
CREATE INDEX alert_changed ON alert (changed, id);
CREATE INDEX alert_state ON alert (state, urgency, opened, id);
CREATE INDEX alert_rule ON alert (rule, opened, id);
CREATE INDEX alert_device ON alert (device, opened, id);
CREATE INDEX alert_site ON alert (site, urgency, opened, id);
CREATE INDEX alert_due ON alert (acknowledged, due, id);

-- The alert that further hits of a rule about an entity belong to.
CREATE TABLE alert_group (
	rule TEXT NOT NULL,
	entity TEXT NOT NULL,
	alert TEXT NOT NULL,
	PRIMARY KEY (rule, entity)
);
CREATE INDEX alert_group_alert ON alert_group (alert);

-- The first events of an alert, with what of them matched.
-- append-only: alert_event
CREATE TABLE alert_event (
	alert TEXT NOT NULL,
	event TEXT NOT NULL,
	lead BOOLEAN NOT NULL,
	rule TEXT NOT NULL,
	at BIGINT NOT NULL,
	device TEXT NOT NULL,
	summary TEXT NOT NULL,
	matched TEXT NOT NULL,
	PRIMARY KEY (alert, event, lead)
);
CREATE UNIQUE INDEX alert_event_once ON alert_event (rule, event) WHERE lead;
CREATE INDEX alert_event_event ON alert_event (event, rule);
CREATE INDEX alert_event_at ON alert_event (alert, at, event);

-- append-only: alert_note
CREATE TABLE alert_note (
	id TEXT PRIMARY KEY,
	alert TEXT NOT NULL,
	body TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX alert_note_alert ON alert_note (alert, at, id);

-- How many hits an alert has, also those beyond the events that it lists.
-- derived: alert_count
CREATE TABLE alert_count (
	alert TEXT PRIMARY KEY,
	hits BIGINT NOT NULL,
	last BIGINT NOT NULL
);

-- What of the files of rules could not be read.
-- derived: rule_fault
CREATE TABLE rule_fault (
	origin TEXT NOT NULL,
	place TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (origin, place, reason)
);
