-- Raw rows judged by contracts when they are read.
CREATE EXTENSION IF NOT EXISTS pg_sessionize;
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szct;
SET search_path = szct, public;
CREATE FUNCTION ensure(pipeline text, about text) RETURNS smallint AS '$libdir/pg_sessionize', 'sessionize_contract_document_ensure' LANGUAGE C;
CREATE FUNCTION release(pipeline text, number smallint) RETURNS void AS '$libdir/pg_sessionize', 'sessionize_contract_document_release' LANGUAGE C;
CREATE FUNCTION changed(pipeline text, event_name text) RETURNS void AS '$libdir/pg_sessionize', 'sessionize_contract_changed' LANGUAGE C;
CREATE FUNCTION put_contract(pipeline text, event_name text, version text, schema jsonb, mode text DEFAULT 'quarantine', about text DEFAULT 'properties')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	id int := (SELECT p.pipeline_id FROM sessionize.pipeline AS p WHERE p.pipeline_name = $1);
	doc smallint := szct.ensure($1, $6);
BEGIN
	UPDATE sessionize.contract AS c SET active = false WHERE c.pipeline_id = id AND c.event_name IS NOT DISTINCT FROM $2 AND c.about = $6;
	INSERT INTO sessionize.contract (pipeline_id, number, event_name, version, about, document, schema, mode, active, compatibility)
	SELECT id, coalesce(max(c.number), 0) + 1, $2, $3, $6, doc, $4, $5, true, 'NONE' FROM sessionize.contract AS c WHERE c.pipeline_id = id;
	PERFORM szct.changed($1, $2);
END $$;
CREATE FUNCTION drop_contract(pipeline text, event_name text, about text DEFAULT 'properties') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	id int := (SELECT p.pipeline_id FROM sessionize.pipeline AS p WHERE p.pipeline_name = $1);
	number smallint := szct.ensure($1, $3);
BEGIN
	DELETE FROM sessionize.contract AS c WHERE c.pipeline_id = id AND c.event_name IS NOT DISTINCT FROM $2 AND c.about = $3;
	PERFORM szct.changed($1, $2);
	PERFORM szct.release($1, number);
END $$;
CREATE TABLE ev (id bigint PRIMARY KEY, who text, at timestamptz, received_at timestamptz, event_name text, properties jsonb, context jsonb);
CREATE INDEX ON ev (who, at);
INSERT INTO ev
SELECT i, 'u' || i % 7, at, at, CASE i % 3 WHEN 0 THEN 'buy' WHEN 1 THEN 'view' ELSE 'other' END,
       CASE WHEN i % 10 = 0 THEN NULL
            WHEN i % 4 = 0 THEN pg_catalog.jsonb_build_object('price', 'x' || i)
            ELSE pg_catalog.jsonb_build_object('price', i, 'page', '/' || i % 5) END,
       pg_catalog.jsonb_build_object('app', i % 6)
FROM pg_catalog.generate_series(1, 400) AS i CROSS JOIN LATERAL (SELECT '2026-01-01'::timestamptz + i * interval '7 minutes' AS at) AS t;
SELECT sessionize.create_pipeline('szctp', 'szct.ev', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id');
CALL sessionize.rebuild('szctp');

-- what the star is to be: a pipeline over the rows that an oracle in SQL leaves
CREATE VIEW verdict AS
SELECT e.*, c.version, c.mode
FROM ev AS e LEFT JOIN LATERAL (
	SELECT c.version, c.mode FROM sessionize.contract AS c JOIN sessionize.pipeline AS p USING (pipeline_id)
	WHERE p.pipeline_name = 'szctp' AND (c.event_name IS NULL OR c.event_name = e.event_name) AND c.active AND c.mode = 'quarantine'
	  AND NOT sessionize.validate(c.schema, coalesce(CASE c.about WHEN 'properties' THEN e.properties WHEN 'context' THEN e.context
	                                                 WHEN '*' THEN to_jsonb(e) WHEN 'context -> ''app''' THEN e.context -> 'app' END, 'null'), assert_format => true)
	LIMIT 1) AS c ON true;
CREATE FUNCTION differences() RETURNS TABLE (what text, n bigint) LANGUAGE sql AS $$
	SELECT 'verify', count(*) FROM sessionize.verify('szctp')
	UNION ALL SELECT 'quarantine', count(*) FROM (
		(SELECT id::text, version FROM verdict WHERE mode = 'quarantine' EXCEPT ALL SELECT raw_id, contract_version FROM szctp.quarantine)
		UNION ALL (SELECT raw_id, contract_version FROM szctp.quarantine EXCEPT ALL SELECT id::text, version FROM verdict WHERE mode = 'quarantine')) AS d
	UNION ALL SELECT 'events', count(*) FROM (
		(SELECT id FROM verdict WHERE mode IS NULL EXCEPT ALL SELECT event_id FROM szctp.fact_event)
		UNION ALL (SELECT event_id FROM szctp.fact_event EXCEPT ALL SELECT id FROM verdict WHERE mode IS NULL)) AS d
	UNION ALL SELECT 'unaccounted', r.difference FROM sessionize.reconcile('szctp') AS r
$$;

SELECT put_contract('szctp', 'buy', '1-0-0', '{"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}');
SELECT count(DISTINCT session_key), min(lo), max(hi) FROM szctp.dirty;
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'szctp' AND table_name IN ('source', 'sealed') AND column_name LIKE 'doc%';
CALL sessionize.refresh('szctp');
SELECT * FROM differences();
SELECT raw_id, session_key, reason, detail, event_name, contract_version, rule, path, message, raw_row ->> 'properties' AS properties
FROM szctp.quarantine ORDER BY raw_id::int LIMIT 4;
SELECT sum(events), (SELECT count(*) FROM szctp.quarantine) FROM szctp.sessions;
