-- The poison corpus in batches: wherever the poison lies in a batch, the batch commits, each row has its reason, and nothing is lost.
CREATE SCHEMA szcb;
SET search_path = szcb, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET statement_timeout = '600s';
\set ECHO none
\i test/poison/contract.sql
\set ECHO all
-- what takes seconds for one document, or megabytes, is left to contract_poison
DELETE FROM poison WHERE length(schema) > 30000 OR length(doc) > 30000 OR name IN ('10,000 schemas for an array of 100,000 items', '200 regular expressions that are large',
  '200 conditions that are large', '3,000 schemas that evaluate 100,000 items', 'an enumeration of 100,000 arrays, for 1,000', '2^40 ways, all of them right', '2^40 ways', 'a document of 40 levels, two ways that both fail')
  OR name LIKE 'the regular expression a?a?a?%';
ALTER TABLE poison ADD n int GENERATED ALWAYS AS IDENTITY;

-- Each schema is the contract of an event of its own, where it can be registered; else its documents are events without a contract.
CREATE TABLE proto (raw_id bigint, who text, at timestamptz, received timestamptz, name text, doc jsonb, as_text text);
CREATE TABLE events (LIKE proto) PARTITION BY RANGE (raw_id);
-- a partition whose columns lie otherwise
CREATE TABLE events_low (gone int, doc jsonb, as_text text, raw_id bigint, name text, who text, received timestamptz, at timestamptz);
ALTER TABLE events_low DROP gone;
ALTER TABLE events ATTACH PARTITION events_low FOR VALUES FROM (MINVALUE) TO (300);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (300) TO (MAXVALUE);
CREATE INDEX ON events (who, at);
CREATE TABLE texts (LIKE proto);
CREATE INDEX ON texts (who, at);
SELECT sessionize.create_pipeline('szcb_jsonb', 'szcb.events', key => 'who', event_time => 'at', raw_id => 'raw_id', event_name => 'name', received_at => 'received');
SELECT sessionize.create_pipeline('szcb_text', 'szcb.texts', key => 'who', event_time => 'at', raw_id => 'raw_id', event_name => 'name', received_at => 'received');
CREATE FUNCTION register(n int, schema text, OUT registered boolean) LANGUAGE plpgsql AS $$
BEGIN
	registered := sessionize.create_contract('szcb_jsonb', 'poison ' || n, '1-0-0', schema::jsonb, about => 'doc') AND
	              sessionize.create_contract('szcb_text', 'poison ' || n, '1-0-0', schema::jsonb, about => 'as_text::jsonb');
EXCEPTION WHEN OTHERS THEN registered := false;
END $$;
CREATE TABLE registered AS SELECT p.n FROM poison AS p, register(n, schema) AS r WHERE r.registered;
SELECT count(*) > 120 AS many FROM registered;

-- The poison: these documents, each also where another schema wants something else, and rows that are wrong without any contract.
CREATE FUNCTION document(t text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN t::jsonb; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE FUNCTION verdict(schema jsonb, doc jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN (SELECT CASE WHEN count(*) = 0 THEN 'valid' ELSE min(keyword) END FROM sessionize.violations(schema, doc, 1));
EXCEPTION WHEN OTHERS THEN RETURN 'limit';
END $$;
CREATE TABLE wrong (id int GENERATED ALWAYS AS IDENTITY, who text DEFAULT 'key', at timestamptz, name text, doc text, reason text, rule text);
INSERT INTO wrong (name, doc, reason, rule)
SELECT 'poison ' || p.n, d.doc, CASE WHEN document(d.doc) IS NULL THEN 'bad_expression' ELSE 'contract' END,
       CASE WHEN document(d.doc) IS NOT NULL THEN verdict(p.schema::jsonb, document(d.doc)) END
FROM registered JOIN poison AS p USING (n),
LATERAL (SELECT p.doc UNION SELECT unnest(ARRAY['null', '{"": {"": [1e131000, -1e-16000]}}', '{"a": 1, "\u0061": "x"}', '[[], -0.0, "\u00e9\u0301"]', 'true'])
         UNION SELECT unnest(ARRAY[repeat('[', 500) || repeat(']', 500), '"' || repeat('x', 10000) || '"']) WHERE p.n % 10 = 5
         UNION SELECT unnest(ARRAY[repeat('[', 100000), '{"a":', '"\ud800"', '1e999999', '"\u0000"']) WHERE p.n % 40 = 0) AS d (doc)
ORDER BY p.n, length(d.doc), d.doc;
DELETE FROM wrong WHERE rule = 'valid';
INSERT INTO wrong (who, at, name, doc, reason)
SELECT who, at, 'page', '{}', reason
FROM (VALUES (NULL, NULL, 'null_key'), (repeat('k', 1025), NULL, 'key_too_long'), (repeat('é', 513), NULL, 'key_too_long'), ('key', 'infinity', 'infinite_time'), ('key', '-infinity', 'infinite_time'),
             ('key', '4713-01-01 BC'::timestamptz, 'time_out_of_range')) AS v (who, at, reason), generate_series(1, 3);
SELECT count(*) >= 200 AS many, count(*) FILTER (WHERE reason = 'contract') >= 200 AS many_by_contract, count(DISTINCT rule) > 10 AS of_many_rules,
       count(*) FILTER (WHERE rule = 'limit') > 3 AS beyond_limits, count(*) FILTER (WHERE reason = 'bad_expression') > 10 AS no_json FROM wrong;

-- A batch has a session key for each poisonous row, with three good rows of the key; in the batch and in its key's history the poison comes first, in the middle,
-- last, or there is nothing else.
CREATE TABLE expected (position text, id int, raw_id bigint, n bigint);
CREATE PROCEDURE batch(place text, target regclass, only_json boolean) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format($q$
		WITH parts AS (
			SELECT w.id, g, w.name, w.doc, CASE WHEN g = 0 AND w.who IS DISTINCT FROM 'key' THEN w.who ELSE %2$L || w.id END AS who,
			       CASE WHEN g = 0 AND NOT isfinite(w.at) OR g = 0 AND w.at < '1000-01-01' THEN w.at
			            ELSE '2026-01-01Z'::timestamptz + CASE WHEN g > 0 THEN g WHEN %2$L = 'first' THEN 0 WHEN %2$L = 'middle' THEN 1.5 ELSE 4 END * interval '1 minute' END AS at
			FROM wrong AS w, generate_series(0, CASE WHEN %2$L = 'all' THEN 0 ELSE 3 END) AS g WHERE w.reason <> 'bad_expression' OR NOT %3$L),
		numbered AS (SELECT *, (SELECT coalesce(max(raw_id), 0) FROM %1$s) + row_number() OVER (ORDER BY CASE %2$L WHEN 'first' THEN CASE WHEN g = 0 THEN 0 ELSE 1 END
			WHEN 'last' THEN CASE WHEN g = 0 THEN 1 ELSE 0 END ELSE CASE g WHEN 0 THEN 1 WHEN 1 THEN 0 ELSE 2 END END, id, g) AS raw_id FROM parts),
		inserted AS (INSERT INTO %1$s (raw_id, who, at, received, name, doc, as_text)
			SELECT raw_id, who, at, '2026-01-02Z', CASE WHEN g = 0 THEN name ELSE 'page' END, CASE WHEN g = 0 AND %3$L THEN document(doc) WHEN %3$L THEN '{}' END,
			       CASE WHEN %3$L THEN NULL WHEN g = 0 THEN doc ELSE '{}' END FROM numbered ORDER BY raw_id)
		INSERT INTO expected SELECT %2$L, CASE WHEN g = 0 THEN id END, raw_id FROM numbered$q$, target, place, only_json);
END $$;
-- what differs from what is expected of a star: of the quarantine both ways, of the events, and of the account; and how many rows were poisonous
CREATE FUNCTION differences(pipeline text, raw regclass, OUT quarantine bigint, OUT events bigint, OUT account bigint, OUT verified bigint, OUT enough boolean) LANGUAGE plpgsql AS $$
DECLARE
	should text := format($q$ SELECT e.raw_id::text, w.reason, w.rule, to_jsonb(r.*)::text FROM expected AS e JOIN wrong AS w USING (id) JOIN %s AS r ON r.raw_id = e.raw_id $q$, raw);
	has text := format('SELECT raw_id, reason, rule, raw_row::text FROM %I.quarantine', pipeline);
BEGIN
	EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) AS d', should, has) INTO quarantine;
	EXECUTE format('SELECT count(*) FROM ((SELECT raw_id FROM expected WHERE id IS NULL EXCEPT ALL SELECT raw_id FROM %1$I.fact_event) UNION ALL
		(SELECT raw_id FROM %1$I.fact_event EXCEPT ALL SELECT raw_id FROM expected WHERE id IS NULL)) AS d', pipeline) INTO events;
	SELECT abs(difference) + abs(pending) + abs(raw_rows - (SELECT count(*) FROM expected)) INTO account FROM sessionize.reconcile(pipeline);
	SELECT count(*) INTO verified FROM sessionize.verify(pipeline);
	SELECT count(id) >= 200 INTO enough FROM expected;
END $$;

-- Documents of type jsonb, which are read past the executor.
CALL sessionize.rebuild('szcb_jsonb');
CALL batch('first', 'events', true);
CALL sessionize.refresh('szcb_jsonb');
SELECT * FROM differences('szcb_jsonb', 'events');
CALL batch('middle', 'events', true);
CALL sessionize.refresh('szcb_jsonb');
SELECT * FROM differences('szcb_jsonb', 'events');
CALL batch('last', 'events', true);
CALL sessionize.refresh('szcb_jsonb');
SELECT * FROM differences('szcb_jsonb', 'events');
CALL batch('all', 'events', true);
CALL sessionize.refresh('szcb_jsonb');
SELECT * FROM differences('szcb_jsonb', 'events');
SELECT count(*) AS failed FROM sessionize.run_errors;

-- A rebuild changes nothing, with and without parallel workers; nor does one of an empty star say anything else.
CREATE TABLE before AS SELECT quarantine_id, first_seen, raw_id, session_key, reason, detail, rule, path, message, raw_row FROM szcb_jsonb.quarantine;
SET max_parallel_maintenance_workers = 0;
CALL sessionize.rebuild('szcb_jsonb');
SELECT count(*) FROM ((TABLE before EXCEPT ALL SELECT quarantine_id, first_seen, raw_id, session_key, reason, detail, rule, path, message, raw_row FROM szcb_jsonb.quarantine)) AS d;
SET max_parallel_maintenance_workers = 2;
SET min_parallel_table_scan_size = 0;
CALL sessionize.rebuild('szcb_jsonb');
SELECT count(*) FROM ((TABLE before EXCEPT ALL SELECT quarantine_id, first_seen, raw_id, session_key, reason, detail, rule, path, message, raw_row FROM szcb_jsonb.quarantine)) AS d;
SELECT * FROM differences('szcb_jsonb', 'events');
TRUNCATE szcb_jsonb.fact_session, szcb_jsonb.fact_event, szcb_jsonb.dim_user, szcb_jsonb.quarantine;
CALL sessionize.rebuild('szcb_jsonb');
SELECT * FROM differences('szcb_jsonb', 'events');
SET max_parallel_maintenance_workers = 0;
TRUNCATE szcb_jsonb.fact_session, szcb_jsonb.fact_event, szcb_jsonb.dim_user, szcb_jsonb.quarantine;
CALL sessionize.rebuild('szcb_jsonb');
SELECT * FROM differences('szcb_jsonb', 'events');
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'szcb_jsonb.quarantine'::regclass ORDER BY indexrelid::regclass::text;

-- Texts that may be no JSON at all: expressions fail, and the rows are read one by one.
TRUNCATE expected;
CALL sessionize.rebuild('szcb_text');
CALL batch('first', 'texts', false);
CALL batch('middle', 'texts', false);
CALL sessionize.refresh('szcb_text');
SELECT * FROM differences('szcb_text', 'texts');
CALL batch('last', 'texts', false);
CALL batch('all', 'texts', false);
CALL sessionize.refresh('szcb_text');
SELECT * FROM differences('szcb_text', 'texts');
SELECT reason, count(DISTINCT detail) > 1 AS details_differ FROM szcb_text.quarantine WHERE reason = 'bad_expression' GROUP BY 1;
TRUNCATE szcb_text.fact_session, szcb_text.fact_event, szcb_text.dim_user, szcb_text.quarantine;
CALL sessionize.rebuild('szcb_text');
SELECT * FROM differences('szcb_text', 'texts');
SELECT count(*) AS failed FROM sessionize.run_errors;

-- What is mended comes back; what is deleted goes.
UPDATE texts SET as_text = '{}', name = 'page' WHERE raw_id IN (SELECT raw_id FROM expected JOIN wrong USING (id) WHERE rule IS NOT NULL);
DELETE FROM texts WHERE raw_id IN (SELECT raw_id FROM expected JOIN wrong USING (id) WHERE rule IS NULL);
CALL sessionize.refresh('szcb_text');
SELECT count(*) FROM szcb_text.quarantine;
SELECT difference, pending FROM sessionize.reconcile('szcb_text');
SELECT count(*) FROM sessionize.verify('szcb_text');
SELECT sessionize.drop_pipeline('szcb_jsonb'), sessionize.drop_pipeline('szcb_text');
DROP SCHEMA szcb CASCADE;
