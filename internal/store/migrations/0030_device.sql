-- What is in use: sites, devices, the names by which they are known, imports.
CREATE TABLE site (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL UNIQUE,
	at BIGINT NOT NULL
);

-- The columns after "derived" follow from the others, the site and the model, and are there for lists.
CREATE TABLE device (
	id TEXT PRIMARY KEY,
	state TEXT NOT NULL,
	site_id TEXT NOT NULL,
	ward TEXT NOT NULL,
	asset_tag TEXT NOT NULL,
	serial TEXT NOT NULL,
	lot TEXT NOT NULL,
	manufactured BIGINT NOT NULL,
	udi TEXT NOT NULL,
	di TEXT NOT NULL,
	model_id TEXT NOT NULL,
	release_id TEXT NOT NULL,
	raw_vendor TEXT NOT NULL,
	raw_model TEXT NOT NULL,
	raw_version TEXT NOT NULL,
	zone TEXT NOT NULL,
	connectivity TEXT NOT NULL,
	patient_data TEXT NOT NULL,
	in_use TEXT NOT NULL,
	own_class TEXT NOT NULL,
	clinical_owner TEXT NOT NULL,
	it_owner TEXT NOT NULL,
	at BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	merged_into TEXT NOT NULL,
	-- derived
	safety_class TEXT NOT NULL,
	sort_tag TEXT NOT NULL,
	sort_site TEXT NOT NULL,
	sort_model TEXT NOT NULL
);
-- Lists show active devices, so that the others cost nothing. The wide ones answer any mix of filters from the index alone.
CREATE INDEX device_by_tag ON device (sort_tag, id, site_id, model_id, in_use, safety_class, ward) WHERE state = 'active';
CREATE INDEX device_by_site ON device (sort_site, sort_tag, id, site_id, model_id, in_use, safety_class, ward) WHERE state = 'active';
CREATE INDEX device_by_model ON device (sort_model, sort_tag, id, site_id, model_id, in_use, safety_class, ward) WHERE state = 'active';
CREATE INDEX device_at_site ON device (site_id, sort_tag, id) WHERE state = 'active';
CREATE INDEX device_in_ward ON device (ward, sort_tag, id) WHERE state = 'active';
CREATE INDEX device_of_model ON device (model_id, sort_tag, id) WHERE state = 'active';
CREATE INDEX device_of_class ON device (safety_class, sort_tag, id) WHERE state = 'active';
CREATE INDEX device_in_use ON device (in_use, sort_tag, id) WHERE state = 'active';
CREATE INDEX device_gone ON device (sort_tag, id) WHERE state <> 'active';
CREATE INDEX device_release ON device (release_id) WHERE release_id <> '';
CREATE INDEX device_merged ON device (merged_into) WHERE merged_into <> '';

-- Network identities as intervals; until 0 means still.
CREATE TABLE device_identity (
	device_id TEXT NOT NULL REFERENCES device (id),
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	source TEXT NOT NULL,
	PRIMARY KEY (device_id, kind, value, since)
);
CREATE INDEX device_identity_value ON device_identity (kind, value, since);

-- Other facts: name and value.
CREATE TABLE device_value (
	device_id TEXT NOT NULL REFERENCES device (id),
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (device_id, name)
);

-- Configuration facts of one device, beyond those of its model and release.
CREATE TABLE device_part (
	id TEXT PRIMARY KEY,
	device_id TEXT NOT NULL REFERENCES device (id),
	kind TEXT NOT NULL,
	vendor TEXT NOT NULL,
	product TEXT NOT NULL,
	version TEXT NOT NULL,
	cpe TEXT NOT NULL,
	source TEXT NOT NULL,
	confidence TEXT NOT NULL,
	at BIGINT NOT NULL,
	withdrawn BIGINT NOT NULL
);
CREATE INDEX device_part_of ON device_part (device_id, id);

-- The keys by which an imported or seen device is recognised. Inherited ones came with a merge.
CREATE TABLE device_key (
	match_key TEXT NOT NULL,
	device_id TEXT NOT NULL REFERENCES device (id),
	inherited BOOLEAN NOT NULL,
	PRIMARY KEY (match_key, device_id)
);
CREATE INDEX device_key_of ON device_key (device_id);

-- The texts that a search finds a device by, in lower case.
CREATE TABLE device_term (
	term TEXT NOT NULL,
	device_id TEXT NOT NULL REFERENCES device (id),
	inherited BOOLEAN NOT NULL,
	PRIMARY KEY (term, device_id)
);
CREATE INDEX device_term_of ON device_term (device_id, term);

-- Two devices that share what only one can have. Settled by a merge or by saying that they are two.
CREATE TABLE device_contradiction (
	id TEXT PRIMARY KEY,
	device_id TEXT NOT NULL REFERENCES device (id),
	other_id TEXT NOT NULL REFERENCES device (id),
	match_key TEXT NOT NULL,
	reason TEXT NOT NULL,
	at BIGINT NOT NULL,
	settled BIGINT NOT NULL,
	decision TEXT NOT NULL,
	UNIQUE (device_id, other_id, match_key)
);
CREATE INDEX device_contradiction_open ON device_contradiction (settled, at, id);
CREATE INDEX device_contradiction_other ON device_contradiction (other_id);

-- How many active devices there are, kept with each change.
CREATE TABLE device_count (
	site_id TEXT NOT NULL,
	model_id TEXT NOT NULL,
	in_use TEXT NOT NULL,
	own_class TEXT NOT NULL,
	devices BIGINT NOT NULL,
	PRIMARY KEY (site_id, model_id, in_use, own_class)
);
CREATE INDEX device_count_model ON device_count (model_id);

-- Rows are staged first; from "applying" on an import is acknowledged and will be finished, also after a crash.
CREATE TABLE device_import (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	state TEXT NOT NULL,
	actor TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	total BIGINT NOT NULL,
	applied BIGINT NOT NULL,
	added BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	same BIGINT NOT NULL,
	held BIGINT NOT NULL,
	skipped BIGINT NOT NULL,
	add_models BOOLEAN NOT NULL,
	-- The only site it may touch; empty: any.
	site_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	finished BIGINT NOT NULL
);
CREATE INDEX device_import_state ON device_import (state, at, id);
CREATE INDEX device_import_at ON device_import (at, id);

CREATE TABLE import_row (
	import_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (import_id, position)
);

-- What a person must look at: rows that were skipped as faulty or held because they contradict what is known.
CREATE TABLE import_issue (
	import_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	line BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	place TEXT NOT NULL,
	reason TEXT NOT NULL,
	device_id TEXT NOT NULL,
	PRIMARY KEY (import_id, position)
);
