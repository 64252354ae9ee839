-- Mode reject: an INSERT, UPDATE or COPY fails whose row violates the contract, and only such a row: what plain SQL says is the oracle.
-- What is in the table already is quarantined, and verify and reconcile hold throughout.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szcr;
SET search_path = szcr, public;
CREATE TABLE raw (id bigint, visitor text, at timestamptz, event_name text, properties jsonb, is_bot boolean, kind text) PARTITION BY RANGE (at);
CREATE TABLE raw_jan PARTITION OF raw FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
-- another order of columns, and one that was dropped
CREATE TABLE raw_feb (kind text, gone int, properties jsonb, is_bot boolean, event_name text, at timestamptz, visitor text, id bigint);
ALTER TABLE raw_feb DROP COLUMN gone;
ALTER TABLE raw ATTACH PARTITION raw_feb FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE INDEX ON raw (visitor, at, id);
CREATE FUNCTION proof(pipeline text, OUT wrong bigint, OUT difference bigint, OUT quarantined bigint) LANGUAGE plpgsql AS $$
BEGIN
	wrong := (SELECT count(*) FROM sessionize.verify(pipeline));
	SELECT r.difference, r.quarantined INTO difference, quarantined FROM sessionize.reconcile(pipeline) AS r;
END $$;
SELECT sessionize.create_pipeline('szcr_web', 'szcr.raw', key => 'visitor', event_time => 'at', event_id => 'id', raw_id => 'id', filter => 'NOT is_bot');
-- there before the contract: quarantined
INSERT INTO raw VALUES (1, 'v', '2026-01-02Z', 'order', '{"total": "1"}', false), (2, 'v', '2026-01-02Z', 'order', '{"total": 1}', false);
CALL sessionize.rebuild('szcr_web');
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc;
SELECT sessionize.create_contract('szcr_web', 'order', '1-0-0', '{"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}', mode => 'reject');
SELECT tgrelid::regclass, tgenabled, regexp_replace(pg_get_triggerdef(oid), '\d+', 'N', 'g') FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc ORDER BY 1::text;
CALL sessionize.refresh('szcr_web');
SELECT raw_id, rule, path, message FROM szcr_web.quarantine;
SELECT * FROM proof('szcr_web');

-- the error, with all that it has
DO $$
DECLARE state text; message text; detail text; hint text; schema_name text; table_name text;
BEGIN
	INSERT INTO raw VALUES (3, 'v', '2026-01-03Z', 'order', '{"total": "x"}', false);
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
		schema_name = SCHEMA_NAME, table_name = TABLE_NAME;
	RAISE WARNING E'% %\n%\n%\n%.%', state, message, detail, hint, schema_name, table_name;
END $$;
-- through the raw table, into partitions, by COPY, which names the line
INSERT INTO raw VALUES (3, 'v', '2026-02-03Z', 'order', '{"total": "x"}', false);
INSERT INTO raw_feb (id, visitor, at, event_name, properties, is_bot) VALUES (3, 'v', '2026-02-03Z', 'order', '{}', false);
COPY raw (id, visitor, at, event_name, properties, is_bot) FROM stdin;
10	v	2026-01-04Z	order	{"total": 5}	f
11	v	2026-02-04Z	view	{"total": "x"}	f
12	v	2026-01-04Z	order	{"totals": 5}	f
13	v	2026-01-04Z	order	{"total": 5}	f
\.
\! for i in $(seq 1 1000); do [ $i = 777 ] && v='"x"' || v=$i; printf '%d\tv\t2026-01-05Z\torder\t{"total": %s}\tf\n' $i "$v"; done > szcr_rows.tsv
\copy raw (id, visitor, at, event_name, properties, is_bot) FROM 'szcr_rows.tsv'
\! rm szcr_rows.tsv
SELECT count(*) FROM raw;
-- let in: another event, a filtered row, one that no event can be made of for another reason
INSERT INTO raw VALUES (4, 'v', '2026-01-03Z', 'view', '{"total": "x"}', false), (5, 'v', '2026-01-03Z', NULL, NULL, false),
	(6, 'v', '2026-01-03Z', 'order', '{}', true), (7, NULL, '2026-01-03Z', 'order', '{}', false);
-- an update: the new row counts, whatever the old one was, also where it moves to another partition
UPDATE raw SET event_name = 'order' WHERE id = 4;
UPDATE raw SET is_bot = false WHERE id = 6;
UPDATE raw SET visitor = 'w' WHERE id = 1;
UPDATE raw SET at = '2026-02-05Z' WHERE id = 1;
UPDATE raw SET properties = '{"total": 7}' WHERE id = 1;
UPDATE raw SET at = '2026-02-05Z' WHERE id = 2;
DELETE FROM raw WHERE id = 6;
-- the rest of a transaction goes on, and what is rolled back to a savepoint is in no account
BEGIN;
INSERT INTO raw VALUES (20, 'v', '2026-01-06Z', 'order', '{"total": 1}', false);
SAVEPOINT s;
INSERT INTO raw VALUES (21, 'v', '2026-01-06Z', 'order', NULL, false);
ROLLBACK TO s;
INSERT INTO raw VALUES (22, 'v', '2026-01-06Z', 'order', '{"total": 1}', false);
COMMIT;
CALL sessionize.refresh('szcr_web');
SELECT * FROM proof('szcr_web');
SELECT raw_id, reason FROM szcr_web.quarantine ORDER BY 1;

-- random rows, one by one: those are rejected that the contract forbids, and none else
CREATE TABLE tried AS SELECT n AS id, 'v' || n % 7 AS visitor, '2026-01-10Z'::timestamptz + n * interval '1 hour' AS at,
	(ARRAY['order', 'view', NULL])[n % 3 + 1] AS event_name, (ARRAY['{"total": 1}', '{"total": "1"}', '{}', '[]', NULL, 'null', '{"total": null}', '{"total": 1.5, "x": {}}'])[n * 5 % 8 + 1]::jsonb AS properties,
	n % 5 = 0 AS is_bot, NULL::text AS kind, false AS is_rejected FROM generate_series(100, 500) AS n;
DO $$
DECLARE r tried;
BEGIN
	FOR r IN SELECT * FROM tried ORDER BY id LOOP
		BEGIN
			INSERT INTO raw SELECT r.id, r.visitor, r.at, r.event_name, r.properties, r.is_bot, r.kind;
		EXCEPTION WHEN check_violation THEN
			UPDATE tried SET is_rejected = true WHERE id = r.id;
		END;
	END LOOP;
END $$;
SELECT is_rejected, count(*), count(*) FILTER (WHERE is_rejected IS DISTINCT FROM coalesce(event_name = 'order' AND NOT is_bot
	AND coalesce(jsonb_typeof(properties -> 'total'), '') <> 'number', false)) AS wrong FROM tried GROUP BY 1 ORDER BY 1;
CALL sessionize.refresh('szcr_web');
SELECT * FROM proof('szcr_web');

-- roles that write and know nothing of pipelines
CREATE ROLE regress_szcr_collector;
CREATE ROLE regress_szcr_columns;
CREATE ROLE regress_szcr_changer;
CREATE ROLE regress_szcr_nobody;
GRANT USAGE ON SCHEMA szcr TO regress_szcr_collector, regress_szcr_columns, regress_szcr_changer, regress_szcr_nobody;
GRANT INSERT ON raw TO regress_szcr_collector;
GRANT INSERT (id, visitor, at, event_name, properties, is_bot) ON raw TO regress_szcr_columns;
GRANT UPDATE, SELECT ON raw TO regress_szcr_changer;
SET ROLE regress_szcr_collector;
INSERT INTO raw VALUES (600, 'v', '2026-01-06Z', 'order', '{"total": 1}', false);
INSERT INTO raw VALUES (601, 'v', '2026-01-06Z', 'order', '{"total": []}', false);
SET ROLE regress_szcr_columns;
INSERT INTO raw (id, visitor, at, event_name, properties, is_bot) VALUES (602, 'v', '2026-01-06Z', 'order', '{"total": 1}', false);
INSERT INTO raw (id, visitor, at, event_name, properties, is_bot) VALUES (603, 'v', '2026-01-06Z', 'order', '{"total": []}', false);
INSERT INTO raw (id, visitor, at, event_name, properties, is_bot) VALUES (603, 'v', '2026-02-06Z', 'order', '{"total": []}', false);
SET ROLE regress_szcr_changer;
UPDATE raw SET properties = '{}' WHERE id = 602;
UPDATE raw SET properties = '{"total": 2}' WHERE id = 602;
-- the condition's function tells others nothing
SET ROLE regress_szcr_nobody;
SELECT sessionize.not_accepted(pipeline_id, ROW(1, 'v', '2026-01-06Z', 'order', '{}', false, NULL)::szcr.raw) FROM generate_series(1, 1000) AS pipeline_id GROUP BY 1;
RESET ROLE;
-- nor what is no row of this table
SELECT sessionize.not_accepted(1, ROW(1, 2)), sessionize.not_accepted(NULL, NULL);
CREATE TABLE other (id int);
CREATE TRIGGER other AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION sessionize.reject('1');
CREATE TRIGGER wrong BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION sessionize.reject('1');
INSERT INTO other VALUES (1);
DROP TRIGGER wrong ON other;
INSERT INTO other VALUES (1);
DROP TABLE other;

-- what is replicated has been accepted elsewhere: let in, and quarantined
SET session_replication_role = replica;
INSERT INTO raw VALUES (700, 'r', '2026-01-07Z', 'order', '{}', false);
RESET session_replication_role;
CALL sessionize.refresh('szcr_web');
SELECT raw_id, rule FROM szcr_web.quarantine WHERE reason = 'contract';
-- no row is inserted, so none is judged
CREATE UNIQUE INDEX ON raw_jan (id);
INSERT INTO raw_jan VALUES (700, 'r', '2026-01-07Z', 'order', '{}', false) ON CONFLICT DO NOTHING;
INSERT INTO raw_jan VALUES (701, 'r', '2026-01-07Z', 'order', '{}', false) ON CONFLICT DO NOTHING;
INSERT INTO raw_jan VALUES (700, 'r', '2026-01-07Z', 'order', '{}', false) ON CONFLICT (id) DO UPDATE SET properties = '{"total": 1}';
-- rows that are attached or truncated are none that are inserted
CREATE TABLE raw_mar (LIKE raw);
INSERT INTO raw_mar VALUES (800, 'm', '2026-03-01Z', 'order', '{}', false);
ALTER TABLE raw ATTACH PARTITION raw_mar FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO raw_mar VALUES (801, 'm', '2026-03-01Z', 'order', '{}', false);
CALL sessionize.refresh('szcr_web');
SELECT raw_id, rule FROM szcr_web.quarantine WHERE reason = 'contract';
SELECT * FROM proof('szcr_web');
TRUNCATE raw_mar;
ALTER TABLE raw DETACH PARTITION raw_mar;
INSERT INTO raw_mar VALUES (801, 'm', '2026-03-01Z', 'order', '{}', false);
CALL sessionize.refresh('szcr_web');
SELECT * FROM proof('szcr_web');

-- the mode changes, the trigger stays, disabled; nothing is derived anew between quarantine and reject
SELECT sessionize.alter_contract('szcr_web', 'order', '1-0-0', mode => 'quarantine');
SELECT tgenabled, count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc GROUP BY 1;
SELECT count(*) FROM szcr_web.dirty;
INSERT INTO raw VALUES (900, 'v', '2026-01-08Z', 'order', '{}', false);
SELECT sessionize.alter_contract('szcr_web', 'order', '1-0-0', mode => 'reject');
SELECT tgenabled, count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc GROUP BY 1;
INSERT INTO raw VALUES (901, 'v', '2026-01-08Z', 'order', '{}', false);
-- another version
SELECT sessionize.create_contract('szcr_web', 'order', '1-0-1', '{"type": "object"}', mode => 'reject');
INSERT INTO raw VALUES (902, 'v', '2026-01-08Z', 'order', '{}', false);
INSERT INTO raw VALUES (903, 'v', '2026-01-08Z', 'order', '[]', false);
-- in one transaction, which is rolled back
BEGIN;
SELECT sessionize.deactivate_contract('szcr_web', 'order');
INSERT INTO raw VALUES (903, 'v', '2026-01-08Z', 'order', '[]', false);
ROLLBACK;
INSERT INTO raw VALUES (903, 'v', '2026-01-08Z', 'order', '[]', false);
-- versions that events name, a contract about an expression and one about the whole row, for all events
SELECT sessionize.set_contract_rules('szcr_web', 'kind');
INSERT INTO raw VALUES (904, 'v', '2026-01-08Z', 'order', '{}', false, '1-0-0');
INSERT INTO raw VALUES (904, 'v', '2026-01-08Z', 'order', '{"total": 1}', false, '1-0-0');
INSERT INTO raw VALUES (905, 'v', '2026-01-08Z', 'order', '{}', false, '9-9-9');
SELECT sessionize.create_contract('szcr_web', 'price', '1-0-0', '{"type": "number"}', mode => 'reject', about => 'properties -> ''price''');
INSERT INTO raw VALUES (906, 'v', '2026-01-08Z', 'price', '{"price": "1"}', false);
INSERT INTO raw VALUES (906, 'v', '2026-01-08Z', 'price', '{"price": 1}', false);
SELECT sessionize.create_contract('szcr_web', NULL, '1-0-0', '{"properties": {"visitor": {"maxLength": 3}}}', mode => 'reject', about => '*');
INSERT INTO raw VALUES (907, 'vvvv', '2026-02-08Z', 'any', '{}', false);
INSERT INTO raw VALUES (907, 'vvvv', '2026-02-08Z', NULL, '{}', false);
INSERT INTO raw_feb (id, visitor, at, is_bot) VALUES (907, 'vvv', '2026-02-08Z', false);
SELECT sessionize.deactivate_contract('szcr_web', NULL, '*');
-- a quarantining contract is violated as well: the rejecting one counts
SELECT sessionize.create_contract('szcr_web', 'price', '1-0-0', '{"required": ["price"]}', about => 'properties');
INSERT INTO raw VALUES (908, 'v', '2026-01-08Z', 'price', '{}', false);
-- where an expression fails, no verdict is possible: the row gets in, and is quarantined for that
SELECT sessionize.create_contract('szcr_web', 'parse', '1-0-0', '{"type": "number"}', mode => 'reject', about => '(properties ->> ''text'')::jsonb');
INSERT INTO raw VALUES (909, 'v', '2026-01-08Z', 'parse', '{"text": "nonsense"}', false), (910, 'v', '2026-01-08Z', 'parse', '{"text": "1"}', false);
INSERT INTO raw VALUES (911, 'v', '2026-01-08Z', 'parse', '{"text": "[]"}', false);
-- by a changed definition
SELECT sessionize.alter_pipeline('szcr_web', filter => 'kind IS DISTINCT FROM ''none''');
INSERT INTO raw VALUES (912, 'v', '2026-01-08Z', 'order', '[]', false, 'none');
INSERT INTO raw VALUES (922, 'v', '2026-01-08Z', 'order', '[]', true);
ALTER TABLE raw RENAME COLUMN properties TO props;
ALTER TABLE raw ADD COLUMN more jsonb;
INSERT INTO raw VALUES (913, 'v', '2026-01-08Z', 'order', '[]', false);
INSERT INTO raw (id, visitor, at, event_name, props, is_bot) VALUES (913, 'v', '2026-01-08Z', 'order', '{}', false);
ALTER TABLE raw RENAME COLUMN props TO properties;
CALL sessionize.rebuild('szcr_web');
SELECT * FROM proof('szcr_web');

-- before the horizon nothing is judged, as when rows are derived
SELECT count(*) FROM sessionize.seal('szcr_web', '2026-01-06Z');
INSERT INTO raw VALUES (914, 'v', '2026-01-05Z', 'order', '[]', false);
INSERT INTO raw VALUES (915, 'v', '2026-01-09Z', 'order', '[]', false);
CALL sessionize.refresh('szcr_web');
SELECT * FROM proof('szcr_web');

-- without the trigger such rows are quarantined; enable_capture makes it again
DO $$
BEGIN
	EXECUTE (SELECT format('DROP TRIGGER %I ON szcr.raw', tgname) FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc AND tgparentid = 0);
END $$;
INSERT INTO raw VALUES (916, 'v', '2026-01-09Z', 'order', '[]', false);
CALL sessionize.refresh('szcr_web');
SELECT count(*) FROM szcr_web.quarantine WHERE raw_id = '916';
SELECT sessionize.enable_capture('szcr_web');
INSERT INTO raw VALUES (917, 'v', '2026-01-09Z', 'order', '[]', false);

-- another raw table, and none
CREATE TABLE raw2 (LIKE raw);
CREATE INDEX ON raw2 (visitor, at, id);
SELECT sessionize.attach_source('szcr_web', 'szcr.raw2');
SELECT tgrelid::regclass, tgenabled FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc;
INSERT INTO raw2 VALUES (1, 'v', '2026-01-09Z', 'order', '[]', false);
INSERT INTO raw VALUES (918, 'v', '2026-01-09Z', 'order', '[]', false);
SELECT sessionize.detach_source('szcr_web');
INSERT INTO raw2 VALUES (1, 'v', '2026-01-09Z', 'order', '[]', false);
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc;

SELECT sessionize.drop_pipeline('szcr_web');

-- without capture; a dry run of a plan checks and makes no trigger
CREATE TABLE plain (id bigint, visitor text, at timestamptz, event_name text, properties jsonb);
CREATE INDEX ON plain (visitor, at, id);
SELECT sessionize.create_pipeline('szcr_plain', 'szcr.plain', key => 'visitor', event_time => 'at', raw_id => 'id', capture => false);
SELECT action, event_name FROM sessionize.apply_tracking_plan('szcr_plain', '{"contracts": [{"event_name": "a", "version": "1-0-0", "schema": false, "mode": "reject"}]}');
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.reject'::regproc;
SELECT action, event_name FROM sessionize.apply_tracking_plan('szcr_plain', '{"contracts": [{"event_name": "a", "version": "1-0-0", "schema": false, "mode": "reject"}]}', false);
INSERT INTO plain VALUES (1, 'v', '2026-01-01Z', 'a', '{}');
INSERT INTO plain VALUES (1, 'v', '2026-01-01Z', 'b', '{}');
SELECT events, failed, kept_out FROM sessionize.dry_run_contract('szcr_plain', 'b', 'false', mode => 'reject');
SELECT sessionize.set_contract_rules('szcr_plain', unplanned => 'reject');
SELECT sessionize.drop_pipeline('szcr_plain');
INSERT INTO plain VALUES (1, 'v', '2026-01-01Z', 'a', '{}');

-- a document of a domain over jsonb is its value
CREATE DOMAIN document AS jsonb CHECK (jsonb_typeof(VALUE) <> 'array');
CREATE TABLE domained (id bigint, visitor text, at timestamptz, event_name text, doc document);
CREATE INDEX ON domained (visitor, at, id);
INSERT INTO domained VALUES (1, 'v', '2026-01-01Z', 'a', '{"n": 1}'), (2, 'v', '2026-01-01Z', 'a', '{"n": "1"}'), (3, 'v', '2026-01-01Z', 'a', NULL);
SELECT sessionize.create_pipeline('szcr_domain', 'szcr.domained', key => 'visitor', event_time => 'at', raw_id => 'id');
SELECT sessionize.create_contract('szcr_domain', 'a', '1-0-0', '{"type": ["object", "null"], "properties": {"n": {"type": "number"}}}', about => 'doc', mode => 'reject');
CALL sessionize.rebuild('szcr_domain');
SELECT raw_id, rule, path FROM szcr_domain.quarantine;
SELECT events, failed FROM sessionize.dry_run_contract('szcr_domain', 'a', '{"properties": {"n": {"type": "number"}}}', about => 'doc');
SELECT path, events FROM sessionize.unplanned_properties('szcr_domain');
INSERT INTO domained VALUES (4, 'v', '2026-01-01Z', 'a', '{"n": "1"}');
INSERT INTO domained VALUES (5, 'v', '2026-01-01Z', 'a', '{"n": 2, "m": 3}');
UPDATE domained SET doc = '{"n": 5}' WHERE id = 2;
SELECT count(*) FROM szcr_domain.events_live;
CALL sessionize.refresh('szcr_domain');
SELECT path, events FROM sessionize.unplanned_properties('szcr_domain');
SELECT * FROM proof('szcr_domain');
SELECT sessionize.drop_pipeline('szcr_domain');

DROP OWNED BY regress_szcr_collector, regress_szcr_columns, regress_szcr_changer, regress_szcr_nobody;
DROP ROLE regress_szcr_collector, regress_szcr_columns, regress_szcr_changer, regress_szcr_nobody;
DROP SCHEMA szcr CASCADE;
