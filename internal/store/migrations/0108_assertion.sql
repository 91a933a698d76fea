-- What a challenge commits to, where its owner is asked to sign something: a nonce and the digest of it, in hexadecimal.
ALTER TABLE people_challenge ADD COLUMN nonce TEXT NOT NULL DEFAULT '';
ALTER TABLE people_challenge ADD COLUMN subject TEXT NOT NULL DEFAULT '';
