-- When a line became uncontrolled and when it ended (until 0: it still is), so that a point of the trend opens the rows
-- behind it. Class and place are those of the beginning.
-- derived: uncontrolled_span
CREATE TABLE uncontrolled_span (
	device TEXT NOT NULL,
	vuln TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	exploitability BIGINT NOT NULL,
	severity BIGINT NOT NULL,
	model TEXT NOT NULL,
	site TEXT NOT NULL,
	ward TEXT NOT NULL,
	PRIMARY KEY (device, vuln, since)
);
CREATE INDEX uncontrolled_span_open ON uncontrolled_span (device, vuln) WHERE until = 0;
CREATE INDEX uncontrolled_span_since ON uncontrolled_span (since, device, vuln);
CREATE INDEX uncontrolled_span_until ON uncontrolled_span (until) WHERE until > 0;

-- When the figures of a day were taken; 0: before that was kept.
ALTER TABLE risk_day ADD COLUMN at BIGINT NOT NULL DEFAULT 0;
