-- The greatest severity that an incident had, and how it was asked to end.
ALTER TABLE incident ADD COLUMN worst BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incident ADD COLUMN asked TEXT NOT NULL DEFAULT '';
UPDATE incident SET worst = CASE WHEN cyber > clinical THEN cyber ELSE clinical END;
UPDATE incident SET asked = 'closed' WHERE closer <> '';

-- Who wants to keep no evidence of a device, and the signature of who agreed.
ALTER TABLE incident_device ADD COLUMN asker TEXT NOT NULL DEFAULT '';
ALTER TABLE incident_device ADD COLUMN waiver TEXT NOT NULL DEFAULT '';
ALTER TABLE incident_device ADD COLUMN waiver_name TEXT NOT NULL DEFAULT '';
ALTER TABLE incident_device ADD COLUMN waived BIGINT NOT NULL DEFAULT 0;
