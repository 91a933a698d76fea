-- What was made: manufacturers, models, releases, what is in them. An empty release_id means every release of the model.
CREATE TABLE manufacturer (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	sort TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX manufacturer_sort ON manufacturer (sort, id);

-- Each name by which a manufacturer is known, its own name first.
CREATE TABLE manufacturer_name (
	name_key TEXT PRIMARY KEY,
	manufacturer_id TEXT NOT NULL REFERENCES manufacturer (id),
	position BIGINT NOT NULL,
	name TEXT NOT NULL
);
CREATE INDEX manufacturer_name_of ON manufacturer_name (manufacturer_id, position);

CREATE TABLE model (
	id TEXT PRIMARY KEY,
	manufacturer_id TEXT NOT NULL REFERENCES manufacturer (id),
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	sort TEXT NOT NULL,
	safety_class TEXT NOT NULL,
	multi_patient TEXT NOT NULL,
	patients_at_once BIGINT NOT NULL,
	at BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	UNIQUE (manufacturer_id, name_key)
);
CREATE INDEX model_sort ON model (sort, id);
CREATE INDEX model_class ON model (safety_class, sort, id);

CREATE TABLE model_di (
	di TEXT PRIMARY KEY,
	model_id TEXT NOT NULL REFERENCES model (id)
);
CREATE INDEX model_di_of ON model_di (model_id);

CREATE TABLE model_number (
	model_id TEXT NOT NULL REFERENCES model (id),
	number_key TEXT NOT NULL,
	number TEXT NOT NULL,
	PRIMARY KEY (model_id, number_key)
);
CREATE INDEX model_number_key ON model_number (number_key);

CREATE TABLE model_function (
	model_id TEXT NOT NULL REFERENCES model (id),
	position BIGINT NOT NULL,
	name TEXT NOT NULL,
	harm TEXT NOT NULL,
	PRIMARY KEY (model_id, position)
);

CREATE TABLE product_release (
	id TEXT PRIMARY KEY,
	model_id TEXT NOT NULL REFERENCES model (id),
	version TEXT NOT NULL,
	version_key TEXT NOT NULL,
	released BIGINT NOT NULL,
	end_of_support BIGINT NOT NULL,
	at BIGINT NOT NULL,
	UNIQUE (model_id, version_key)
);

CREATE TABLE support_stage (
	id TEXT PRIMARY KEY,
	model_id TEXT NOT NULL REFERENCES model (id),
	release_id TEXT NOT NULL,
	stage TEXT NOT NULL,
	asserted_by TEXT NOT NULL,
	since BIGINT NOT NULL,
	source TEXT NOT NULL,
	at BIGINT NOT NULL
);
CREATE INDEX support_stage_of ON support_stage (model_id, since, at, id);

CREATE TABLE product_fact (
	id TEXT PRIMARY KEY,
	model_id TEXT NOT NULL REFERENCES model (id),
	release_id TEXT NOT NULL,
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
CREATE INDEX product_fact_of ON product_fact (model_id, release_id, id);

-- The bytes of an SBOM as received.
CREATE TABLE sbom_file (
	digest TEXT PRIMARY KEY,
	body BYTEA NOT NULL
);

CREATE TABLE sbom (
	id TEXT PRIMARY KEY,
	model_id TEXT NOT NULL REFERENCES model (id),
	release_id TEXT NOT NULL REFERENCES product_release (id),
	digest TEXT NOT NULL REFERENCES sbom_file (digest),
	format TEXT NOT NULL,
	spec_version TEXT NOT NULL,
	name TEXT NOT NULL,
	made BIGINT NOT NULL,
	at BIGINT NOT NULL,
	components BIGINT NOT NULL,
	superseded BIGINT NOT NULL
);
CREATE INDEX sbom_of ON sbom (release_id, at, id);
CREATE INDEX sbom_digest ON sbom (digest);

-- The parts that an SBOM lists, in its order. Lists are JSON arrays of texts. Dates of support are as written.
CREATE TABLE component (
	sbom_id TEXT NOT NULL REFERENCES sbom (id),
	position BIGINT NOT NULL,
	ref TEXT NOT NULL,
	parent TEXT NOT NULL,
	kind TEXT NOT NULL,
	grp TEXT NOT NULL,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	purls TEXT NOT NULL,
	cpes TEXT NOT NULL,
	hashes TEXT NOT NULL,
	supplier TEXT NOT NULL,
	licences TEXT NOT NULL,
	support TEXT NOT NULL,
	end_of_support TEXT NOT NULL,
	end_of_life TEXT NOT NULL,
	PRIMARY KEY (sbom_id, position)
);
CREATE INDEX component_name ON component (name, sbom_id);
