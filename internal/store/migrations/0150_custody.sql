-- What is known of where evidence came from and how it was taken, frozen when it was registered (JSON); the hash that was taken
-- at collection; the key that a piece is encrypted with; the receipt of whom it was released to.
ALTER TABLE evidence_item ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE evidence_item ADD COLUMN pap TEXT NOT NULL DEFAULT '';
ALTER TABLE evidence_item ADD COLUMN expected TEXT NOT NULL DEFAULT '';
ALTER TABLE evidence_item ADD COLUMN with_sha512 BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE evidence_item ADD COLUMN sha512 TEXT NOT NULL DEFAULT '';
ALTER TABLE evidence_item ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
ALTER TABLE evidence_part ADD COLUMN recipient TEXT NOT NULL DEFAULT '';
