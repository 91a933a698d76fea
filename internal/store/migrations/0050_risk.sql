-- The ranked list: one row per device and vulnerability that is affected or may be.
-- derived: line
CREATE TABLE line (
	device TEXT NOT NULL,
	vuln TEXT NOT NULL,
	rank BIGINT NOT NULL,
	truth TEXT NOT NULL,
	exploitability BIGINT NOT NULL,
	severity BIGINT NOT NULL,
	uncontrolled BIGINT NOT NULL,
	kev BIGINT NOT NULL,
	model TEXT NOT NULL,
	site TEXT NOT NULL,
	ward TEXT NOT NULL,
	decision TEXT NOT NULL,
	progress TEXT NOT NULL,
	identified BIGINT NOT NULL,
	PRIMARY KEY (device, vuln)
);
CREATE INDEX line_rank ON line (rank, device, vuln);
CREATE INDEX line_vuln ON line (vuln, rank, device);
CREATE INDEX line_site ON line (site, rank, device, vuln);
CREATE INDEX line_model ON line (model, rank, device, vuln);
CREATE INDEX line_kev ON line (rank, device, vuln) WHERE kev = 1;

-- derived: device_risk
CREATE TABLE device_risk (
	device TEXT PRIMARY KEY,
	model TEXT NOT NULL,
	site TEXT NOT NULL,
	ward TEXT NOT NULL,
	in_use TEXT NOT NULL,
	patients BIGINT NOT NULL,
	affected BIGINT NOT NULL,
	unknown BIGINT NOT NULL,
	uncontrolled BIGINT NOT NULL,
	kev BIGINT NOT NULL,
	worst BIGINT NOT NULL
);
CREATE INDEX device_risk_worst ON device_risk (worst, device);
CREATE INDEX device_risk_site ON device_risk (site, ward);
CREATE INDEX device_risk_model ON device_risk (model);

-- derived: vuln_risk
CREATE TABLE vuln_risk (
	vuln TEXT PRIMARY KEY,
	affected BIGINT NOT NULL,
	unknown BIGINT NOT NULL,
	uncontrolled BIGINT NOT NULL,
	kev BIGINT NOT NULL,
	worst BIGINT NOT NULL
);
CREATE INDEX vuln_risk_worst ON vuln_risk (worst, vuln);

-- What the overview showed at the end of each day.
-- derived: risk_day
CREATE TABLE risk_day (
	day BIGINT PRIMARY KEY,
	devices BIGINT NOT NULL,
	uncontrolled BIGINT NOT NULL,
	uncontrolled_devices BIGINT NOT NULL,
	unknown BIGINT NOT NULL,
	kev BIGINT NOT NULL,
	overdue BIGINT NOT NULL
);

CREATE TABLE risk_table (
	version BIGINT PRIMARY KEY,
	cells TEXT NOT NULL,
	reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL
);

CREATE TABLE decision (
	id TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	treatment TEXT NOT NULL,
	owner TEXT NOT NULL,
	due BIGINT NOT NULL,
	reason TEXT NOT NULL,
	controls TEXT NOT NULL,
	accepted_by TEXT NOT NULL,
	accepted_until BIGINT NOT NULL,
	state TEXT NOT NULL,
	state_reason TEXT NOT NULL,
	author TEXT NOT NULL,
	at BIGINT NOT NULL,
	closed BIGINT NOT NULL,
	known TEXT NOT NULL
);
CREATE INDEX decision_state ON decision (state, due, id);

CREATE TABLE decision_vuln (
	decision TEXT NOT NULL,
	vuln TEXT NOT NULL,
	PRIMARY KEY (decision, vuln)
);
CREATE INDEX decision_vuln_vuln ON decision_vuln (vuln);

CREATE TABLE decision_device (
	decision TEXT NOT NULL,
	device TEXT NOT NULL,
	site TEXT NOT NULL,
	ways TEXT NOT NULL,
	progress TEXT NOT NULL,
	note TEXT NOT NULL,
	scheduled BIGINT NOT NULL,
	done BIGINT NOT NULL,
	verified BIGINT NOT NULL,
	PRIMARY KEY (decision, device)
);
CREATE INDEX decision_device_device ON decision_device (device, decision);
