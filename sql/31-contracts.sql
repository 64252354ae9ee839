CREATE TABLE sessionize.contract (
	pipeline_id   int NOT NULL,
	number        int NOT NULL,
	event_name    text COLLATE "C",
	version       text COLLATE "C" NOT NULL,
	about         text NOT NULL,
	document      smallint NOT NULL,
	schema        jsonb NOT NULL,
	mode          text NOT NULL,
	active        boolean NOT NULL,
	compatibility text NOT NULL,
	contact       text,
	description   text,
	supersedes    text COLLATE "C",
	deprecated_at timestamptz,
	created_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (pipeline_id, number),
	UNIQUE NULLS NOT DISTINCT (pipeline_id, event_name, about, version)
);
CREATE TABLE sessionize.contract_document (
	pipeline_id int NOT NULL,
	number      smallint NOT NULL,
	expression  text,
	PRIMARY KEY (pipeline_id, number)
);
