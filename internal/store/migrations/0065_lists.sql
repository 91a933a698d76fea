-- Orders that a list can be read in; the last column makes rows differ.
CREATE INDEX decision_due ON decision (due, id);
CREATE INDEX decision_owner ON decision (owner, id);
CREATE INDEX decision_title ON decision (title, id);
CREATE INDEX decision_treatment ON decision (treatment, id);
CREATE INDEX line_identified ON line (identified, device, vuln);
CREATE INDEX vuln_risk_affected ON vuln_risk (affected, vuln);
CREATE INDEX vuln_risk_unknown ON vuln_risk (unknown, vuln);
CREATE INDEX vuln_risk_uncontrolled ON vuln_risk (uncontrolled, vuln);
CREATE INDEX record_published ON record (published, key);
CREATE INDEX device_import_name ON device_import (name, id);
CREATE INDEX model_changed ON model (changed, id);
CREATE INDEX people_account_created ON people_account (created, id);
CREATE INDEX people_account_name ON people_account (name, id);
CREATE INDEX people_account_signed_in ON people_account (signed_in, id);
