-- When something that a figure of the trend counts began to be so and when it ended (until 0: it still is), so that each
-- figure of a day opens the rows behind it. figure: uncontrolled, unknown, kev (the subject is a vulnerability), overdue (a
-- decision), devices (''). Class and place are those of the beginning; there is none (0, 0) where nothing is ranked.
-- derived: past_row
CREATE TABLE past_row (
	figure TEXT NOT NULL,
	device TEXT NOT NULL,
	subject TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	exploitability BIGINT NOT NULL,
	severity BIGINT NOT NULL,
	model TEXT NOT NULL,
	site TEXT NOT NULL,
	ward TEXT NOT NULL,
	PRIMARY KEY (figure, device, subject, since)
);
INSERT INTO past_row (figure, device, subject, since, until, exploitability, severity, model, site, ward)
	SELECT 'uncontrolled', device, vuln, since, until, exploitability, severity, model, site, ward FROM uncontrolled_span;
-- What is so already is known to be so since the figures were last taken.
INSERT INTO past_row (figure, device, subject, since, until, exploitability, severity, model, site, ward)
	SELECT 'unknown', l.device, l.vuln, d.last, 0, l.exploitability, l.severity, l.model, l.site, l.ward
	FROM line l CROSS JOIN (SELECT max(at) AS last FROM risk_day) d WHERE l.truth <> 'affected' AND d.last > 0;
INSERT INTO past_row (figure, device, subject, since, until, exploitability, severity, model, site, ward)
	SELECT 'kev', l.device, l.vuln, d.last, 0, l.exploitability, l.severity, l.model, l.site, l.ward
	FROM line l CROSS JOIN (SELECT max(at) AS last FROM risk_day) d WHERE l.kev = 1 AND d.last > 0;
CREATE INDEX past_row_open ON past_row (device, subject) WHERE until = 0;
CREATE INDEX past_row_since ON past_row (figure, since, device, subject);
CREATE INDEX past_row_until ON past_row (until) WHERE until > 0;
DROP TABLE uncontrolled_span;

-- How many lines stand under a decision, for the count beside that filter.
ALTER TABLE device_risk ADD COLUMN decided BIGINT NOT NULL DEFAULT 0;
ALTER TABLE vuln_risk ADD COLUMN decided BIGINT NOT NULL DEFAULT 0;
CREATE INDEX line_decided ON line (rank, device, vuln) WHERE decision <> '';
UPDATE device_risk SET decided = (SELECT count(*) FROM line l WHERE l.device = device_risk.device AND l.decision <> '');
UPDATE vuln_risk SET decided = (SELECT count(*) FROM line l WHERE l.vuln = vuln_risk.vuln AND l.decision <> '');

-- An order of the list of contradictions.
CREATE INDEX device_contradiction_key ON device_contradiction (match_key, id);

-- Orders of the library, of change requests, trainings and runs.
CREATE INDEX document_title ON document (title, id);
CREATE INDEX document_owner ON document (owner_role, sort, id);
CREATE INDEX document_state ON document (state, sort, id);
CREATE INDEX change_request_at ON change_request (at, id);
CREATE INDEX change_request_title ON change_request (title, id);
CREATE INDEX training_assigned ON training (assigned, id);
CREATE INDEX training_by_due ON training (due, id);
CREATE INDEX training_by_code ON training (code, id);
CREATE INDEX run_subject_order ON run (subject, id);
CREATE INDEX run_lead_order ON run (lead_name, id);
