-- Copies of an event count as duplicates up to a week apart, and nothing keeps event ids unique: a refresh reads the sessions around a change even so, where
-- neither the star nor an index of the raw table says of copies elsewhere, and else what lies two weeks around it. Each step says how much was read of a key with
-- 10,000 events in 137 days ("few", "weeks" or "all"), and how many rows of the star verify finds wrong.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szk;
CREATE FUNCTION szk.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '7 minutes' + floor(n / 10) * interval '128 minutes' $$;
CREATE TABLE szk.raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, page text, occurred_at timestamptz, sent_at timestamptz, received_at timestamptz, ms bigint);
INSERT INTO szk.raw SELECT n, 'e' || n, 'bot', '/' || n % 3, szk.at(n), NULL, szk.at(n), extract(epoch FROM szk.at(n)) * 1000 FROM generate_series(0, 9999) AS n;
INSERT INTO szk.raw SELECT 100000 + n, 'v' || n, 'visitor ' || n % 50, '/', szk.at(n), NULL, szk.at(n), extract(epoch FROM szk.at(n)) * 1000 FROM generate_series(0, 199) AS n;
CREATE TABLE szk.bare (LIKE szk.raw);
CREATE TABLE szk.coded (LIKE szk.raw);
CREATE TABLE szk.parts (LIKE szk.raw) PARTITION BY RANGE (received_at);
CREATE TABLE szk.parts_1 PARTITION OF szk.parts FOR VALUES FROM (MINVALUE) TO ('2026-02-01Z');
CREATE TABLE szk.parts_2 PARTITION OF szk.parts FOR VALUES FROM ('2026-02-01Z') TO ('2026-04-01Z');
CREATE TABLE szk.parts_3 PARTITION OF szk.parts DEFAULT;
INSERT INTO szk.bare TABLE szk.raw;
INSERT INTO szk.coded TABLE szk.raw;
INSERT INTO szk.parts TABLE szk.raw;
CREATE INDEX ON szk.parts (visitor, occurred_at, event_id);
CREATE INDEX ON szk.raw (visitor, occurred_at, event_id);
-- no index has ids and either the key or nothing before
CREATE INDEX ON szk.bare (visitor, occurred_at);
CREATE INDEX ON szk.bare (page, event_id);
CREATE INDEX ON szk.bare (visitor, occurred_at, event_id) WHERE raw_id < 0;
CREATE INDEX coded_times ON szk.coded (visitor, to_timestamp(ms / 1000.0), event_id);
-- none of these says that the expression does not fail
CREATE INDEX bare_some ON szk.bare (visitor, to_timestamp(ms / 1000.0)) WHERE raw_id < 0;
CREATE INDEX bare_not_next ON szk.bare (visitor, page, to_timestamp(ms / 1000.0));
CREATE INDEX bare_another ON szk.bare (visitor, to_timestamp(ms / 100.0));
SELECT sessionize.create_pipeline('szk_week', 'szk.raw', 'visitor', page => 'page');
SELECT sessionize.create_pipeline('szk_ever', 'szk.raw', 'visitor', page => 'page', dedup_window => NULL, store_events => false);
SELECT sessionize.create_pipeline('szk_parts', 'szk.parts', 'visitor', raw_id => 'raw_id', page => 'page');
SELECT sessionize.create_pipeline('szk_bare', 'szk.bare', 'visitor', page => 'page');
SELECT sessionize.create_pipeline('szk_coded', 'szk.coded', 'visitor', page => 'page', event_time => 'to_timestamp(ms / 1000.0)', received_at => '');
SELECT sessionize.create_pipeline('szk_uncoded', 'szk.bare', 'visitor', page => 'page', event_time => 'to_timestamp(ms / 1000.0)', received_at => '', event_id => '');
CALL sessionize.refresh('szk_week');
CALL sessionize.refresh('szk_ever');
CALL sessionize.refresh('szk_parts');
CALL sessionize.refresh('szk_bare');
CALL sessionize.refresh('szk_coded');
CALL sessionize.refresh('szk_uncoded');

CREATE TABLE szk.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read text, wrong bigint, difference bigint);
CREATE PROCEDURE szk.step(what text, statement text, VARIADIC pipelines text[]) LANGUAGE plpgsql AS $$
DECLARE
  name text;
  run bigint;
BEGIN
  run := (SELECT max(run_id) FROM sessionize.runs);
  EXECUTE statement;
  COMMIT;
  FOREACH name IN ARRAY pipelines LOOP
    CALL sessionize.refresh(name);
    INSERT INTO szk.steps (what, pipeline, read, wrong, difference)
    SELECT what, name, CASE WHEN sum(raw_rows) < 300 THEN 'few' WHEN sum(raw_rows) > 9000 THEN 'all' ELSE 'weeks' END,
           (SELECT count(*) FROM sessionize.verify(name)), (SELECT abs(pending) + abs(r.difference) + abs(event_difference) FROM sessionize.reconcile(name) AS r)
    FROM sessionize.runs WHERE pipeline_name = name AND run_id > run;
  END LOOP;
END $$;

CALL szk.step('late', $$INSERT INTO szk.raw SELECT 20001, 'x1', 'bot', '/late', szk.at(5002.5), NULL, szk.at(9999)$$, 'szk_week', 'szk_ever');
CALL szk.step('after the last', $$INSERT INTO szk.raw SELECT 20002, 'x2', 'bot', '/late', szk.at(10000), NULL, szk.at(10000)$$, 'szk_week', 'szk_ever');
CALL szk.step('before the first', $$INSERT INTO szk.raw SELECT 20003, 'x3', 'bot', '/late', szk.at(-20), NULL, szk.at(10000)$$, 'szk_week', 'szk_ever');
CALL szk.step('no id', $$UPDATE szk.raw SET event_id = NULL WHERE raw_id BETWEEN 5014 AND 5015$$, 'szk_week', 'szk_ever');
CALL szk.step('a session', $$DELETE FROM szk.raw WHERE raw_id BETWEEN 6100 AND 6109$$, 'szk_week', 'szk_ever');
CALL szk.step('a visitor who has little', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 100007$$, 'szk_week', 'szk_ever');
CALL szk.step('copies in a session', $$INSERT INTO szk.raw SELECT 20010 + n, 'e5031', 'bot', '/retry', szk.at(5031), NULL, szk.at(5032) FROM generate_series(0, 2) AS n$$, 'szk_week', 'szk_ever');
CALL szk.step('beside those', $$UPDATE szk.raw SET page = '/other' WHERE raw_id IN (5032, 5042)$$, 'szk_week', 'szk_ever');
-- copies of an event in other sessions: by one that comes, is changed, goes
CALL szk.step('a copy three days later', $$INSERT INTO szk.raw SELECT 20020, 'e5100', 'bot', '/copy', szk.at(5320.5), NULL, szk.at(9999)$$, 'szk_week', 'szk_ever');
SELECT f.started_at, f.duplicates, f.copies_until, f.copies_until = szk.at(5320.5) AS is_the_copy FROM szk_week.fact_session AS f WHERE f.copies_until > '-infinity';
CALL szk.step('between them', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 5200$$, 'szk_week');
CALL szk.step('at the first', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 5101$$, 'szk_week');
CALL szk.step('at the copy', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 5321$$, 'szk_week');
CALL szk.step('before them', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 5080$$, 'szk_week');
CALL szk.step('after them', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 5340$$, 'szk_week', 'szk_ever');
CALL szk.step('a copy of the copy', $$INSERT INTO szk.raw SELECT 20021, 'e5100', 'bot', '/copy', szk.at(5730.5), NULL, szk.at(9999)$$, 'szk_week');
CALL szk.step('the copy is another event', $$UPDATE szk.raw SET event_id = 'other' WHERE raw_id = 20020$$, 'szk_week');
CALL szk.step('and is it again', $$UPDATE szk.raw SET event_id = 'e5100' WHERE raw_id = 20020$$, 'szk_week');
CALL szk.step('the first goes', $$DELETE FROM szk.raw WHERE raw_id = 5100$$, 'szk_week', 'szk_ever');
CALL szk.step('the next goes', $$DELETE FROM szk.raw WHERE raw_id = 20020$$, 'szk_week', 'szk_ever');
CALL szk.step('there was nothing between', $$UPDATE szk.raw SET page = '/again' WHERE raw_id = 5321$$, 'szk_week', 'szk_ever');
CALL szk.step('eight days later', $$INSERT INTO szk.raw SELECT 20022, 'e4100', 'bot', '/copy', szk.at(4100) + interval '8 days', NULL, szk.at(9999)$$, 'szk_week');
CALL szk.step('a microsecond too far', $$UPDATE szk.raw SET occurred_at = szk.at(4100) + interval '7 days 1 us' WHERE raw_id = 20022$$, 'szk_week');
CALL szk.step('just in time', $$UPDATE szk.raw SET occurred_at = szk.at(4100) + interval '7 days' WHERE raw_id = 20022$$, 'szk_week');
CALL szk.step('the event a microsecond earlier', $$UPDATE szk.raw SET occurred_at = szk.at(4100) - interval '1 us' WHERE raw_id = 4100$$, 'szk_week');
CALL szk.step('a copy seven days before', $$INSERT INTO szk.raw SELECT 20023, 'e4600', 'bot', '/copy', szk.at(4600) - interval '7 days', NULL, szk.at(9999)$$, 'szk_week');
CALL szk.step('many ids', $$UPDATE szk.raw SET page = '/many' WHERE raw_id BETWEEN 7000 AND 7100$$, 'szk_week');
CALL szk.step('a copy of one of them', $$UPDATE szk.raw SET page = '/many' WHERE raw_id BETWEEN 4050 AND 4150$$, 'szk_week');
CALL szk.step('a copy of the last of many', $$UPDATE szk.raw SET event_id = CASE raw_id WHEN 7040 THEN 'e7200' ELSE event_id END, page = '/more' WHERE raw_id BETWEEN 7000 AND 7040$$, 'szk_week');
CALL szk.step('of none of them', $$UPDATE szk.raw SET event_id = 'e7040' WHERE raw_id = 7040$$, 'szk_week');
-- copies that are not where they say
CALL szk.step('a clock that is off', $$INSERT INTO szk.raw SELECT 20030, 'x30', 'bot', '/off', szk.at(100), szk.at(100), szk.at(8105.5)$$, 'szk_week');
CALL szk.step('a copy of that, four days later', $$INSERT INTO szk.raw SELECT 20031, 'x30', 'bot', '/copy', szk.at(8405.5), NULL, szk.at(9999)$$, 'szk_week');
CALL szk.step('eight days later', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 8705$$, 'szk_week');
CALL szk.step('and far from it', $$UPDATE szk.raw SET page = '/other' WHERE raw_id = 2705$$, 'szk_week');
CALL szk.step('both go', $$DELETE FROM szk.raw WHERE raw_id IN (20030, 20031)$$, 'szk_week');
CALL szk.step('few again', $$UPDATE szk.raw SET page = '/again' WHERE raw_id = 8705$$, 'szk_week');
-- a change that is not claimed yet is read with a window, but copies of it are not looked for before it is
CALL szk.step('an event', $$INSERT INTO szk.raw SELECT 20040, 'x40', 'bot', '/one', szk.at(3003.5), NULL, szk.at(9999)$$, 'szk_week');
CALL szk.step('another event', $$INSERT INTO szk.raw SELECT 20041, 'x41', 'bot', '/two', szk.at(3303.5), NULL, szk.at(9999)$$, 'szk_week');
UPDATE szk.raw SET event_id = 'x40' WHERE raw_id = 20041;
CREATE TABLE szk.later (LIKE szk_week.dirty);
WITH d AS (DELETE FROM szk_week.dirty RETURNING *) INSERT INTO szk.later SELECT * FROM d;
UPDATE szk.raw SET page = '/other' WHERE raw_id = 3302;
CALL sessionize.refresh('szk_week');
SELECT keys, raw_rows < 300 AS few FROM sessionize.runs WHERE pipeline_name = 'szk_week' ORDER BY run_id DESC LIMIT 1;
INSERT INTO szk_week.dirty SELECT * FROM szk.later;
CALL szk.step('it is claimed: the first one''s copy', $$SELECT$$, 'szk_week');
-- partitions: an event lies in one, its copy, which is received much later, in another
CALL szk.step('late, in a partition', $$INSERT INTO szk.parts SELECT 20001, 'x1', 'bot', '/late', szk.at(5002.5), NULL, szk.at(9999)$$, 'szk_parts');
CALL szk.step('a copy in another partition', $$INSERT INTO szk.parts SELECT 20002, 'e5000', 'bot', '/copy', szk.at(5300.5), NULL, szk.at(9999)$$, 'szk_parts');
CALL szk.step('it goes', $$DELETE FROM szk.parts WHERE raw_id = 20002$$, 'szk_parts');
-- without an index that knows ids; and where the time is an expression
CALL szk.step('no index of ids', $$UPDATE szk.bare SET page = '/other' WHERE raw_id = 5000$$, 'szk_bare');
CALL szk.step('an expression', $$UPDATE szk.coded SET page = '/other' WHERE raw_id = 5000$$, 'szk_coded');
CALL szk.step('a copy far away', $$INSERT INTO szk.coded SELECT 20050, 'e5000', 'bot', '/copy', NULL, NULL, NULL, extract(epoch FROM szk.at(5300.5)) * 1000$$, 'szk_coded');
CALL szk.step('without an index that proves it', $$SELECT$$, 'szk_uncoded');
CALL szk.step('without the next column', $$DROP INDEX szk.bare_not_next, szk.bare_another; UPDATE szk.bare SET page = '/other' WHERE raw_id = 5001$$, 'szk_uncoded');
CALL szk.step('a row it fails on', $$UPDATE szk.bare SET ms = 9223372036854775807 WHERE raw_id = 100; UPDATE szk.bare SET page = '/again' WHERE raw_id = 5001$$, 'szk_uncoded');
-- what an index takes for different may be equal for the pipeline, and an index may be ordered by other operators
CREATE TYPE szk.ci;
CREATE FUNCTION szk.ci_in(cstring) RETURNS szk.ci LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION szk.ci_out(szk.ci) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE szk.ci (INPUT = szk.ci_in, OUTPUT = szk.ci_out, LIKE = text);
CREATE CAST (text AS szk.ci) WITHOUT FUNCTION;
CREATE CAST (szk.ci AS text) WITHOUT FUNCTION;
CREATE FUNCTION szk.ci_cmp(szk.ci, szk.ci) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.bttextcmp(pg_catalog.lower($1::text COLLATE "C"), pg_catalog.lower($2::text COLLATE "C")) $$;
CREATE FUNCTION szk.ci_hash(szk.ci) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.hashtext(pg_catalog.lower($1::text COLLATE "C")) $$;
CREATE FUNCTION szk.ci_hash(szk.ci, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.hashtextextended(pg_catalog.lower($1::text COLLATE "C"), $2) $$;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['lt <', 'le <=', 'eq =', 'ge >=', 'gt >'] LOOP
    EXECUTE format('CREATE FUNCTION szk.ci_%s(szk.ci, szk.ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS %L',
                   split_part(name, ' ', 1), format('SELECT szk.ci_cmp($1, $2) OPERATOR(pg_catalog.%s) 0', split_part(name, ' ', 2)));
    EXECUTE format('CREATE OPERATOR szk.%s (LEFTARG = szk.ci, RIGHTARG = szk.ci, FUNCTION = szk.ci_%s)', split_part(name, ' ', 2), split_part(name, ' ', 1));
  END LOOP;
END $$;
CREATE OPERATOR CLASS szk.ci_ops DEFAULT FOR TYPE szk.ci USING btree AS OPERATOR 1 szk.<, OPERATOR 2 szk.<=, OPERATOR 3 szk.=, OPERATOR 4 szk.>=, OPERATOR 5 szk.>, FUNCTION 1 szk.ci_cmp(szk.ci, szk.ci);
CREATE OPERATOR CLASS szk.ci_ops DEFAULT FOR TYPE szk.ci USING hash AS OPERATOR 1 szk.=, FUNCTION 1 szk.ci_hash(szk.ci), FUNCTION 2 szk.ci_hash(szk.ci, bigint);
CREATE FUNCTION szk.later_first(timestamptz, timestamptz) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT pg_catalog.timestamptz_cmp($2, $1)';
CREATE OPERATOR CLASS szk.later_first_ops FOR TYPE timestamptz USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 szk.later_first(timestamptz, timestamptz);
CREATE TABLE szk.cased (LIKE szk.raw);
CREATE TABLE szk.backward (LIKE szk.raw);
INSERT INTO szk.cased SELECT raw_id, event_id, visitor, page, szk.at(raw_id), sent_at, received_at, ms FROM szk.raw WHERE raw_id < 10000;
UPDATE szk.cased SET event_id = 'e' || raw_id;
INSERT INTO szk.backward TABLE szk.cased;
CREATE UNIQUE INDEX cased_ids ON szk.cased (event_id);
CREATE UNIQUE INDEX ON szk.cased (visitor, event_id);
CREATE INDEX ON szk.cased (visitor, occurred_at);
CREATE INDEX ON szk.cased ((visitor::szk.ci), occurred_at);
CREATE INDEX ON szk.backward (visitor, occurred_at szk.later_first_ops, event_id);
SELECT sessionize.create_pipeline('szk_cased', 'szk.cased', 'visitor', event_id => 'event_id::szk.ci');
SELECT sessionize.create_pipeline('szk_cased_key', 'szk.cased', 'visitor::szk.ci');
SELECT sessionize.create_pipeline('szk_backward', 'szk.backward', 'visitor');
CALL sessionize.refresh('szk_cased');
CALL sessionize.refresh('szk_cased_key');
CALL sessionize.refresh('szk_backward');
CALL szk.step('unequal for an index', $$INSERT INTO szk.cased SELECT 20001, 'E5000', 'bot', '/copy', szk.at(5300.5), NULL, szk.at(9999)$$, 'szk_cased', 'szk_cased_key');
CALL szk.step('equal for it, too', $$UPDATE szk.cased SET page = '/other' WHERE raw_id = 7000$$, 'szk_cased_key');
CALL szk.step('a key unequal for it', $$DROP INDEX szk.cased_ids; INSERT INTO szk.cased SELECT 20002, 'e5500', 'BOT', '/copy', szk.at(5800.5), NULL, szk.at(9999)$$, 'szk_cased_key');
CALL szk.step('an order of its own', $$INSERT INTO szk.backward SELECT 20001, 'e5000', 'bot', '/copy', szk.at(5300.5), NULL, szk.at(9999)$$, 'szk_backward');
SELECT what, pipeline, read FROM szk.steps ORDER BY step;
SELECT what, pipeline, wrong, difference FROM szk.steps WHERE wrong > 0 OR difference > 0;

-- a rebuild finds nothing to change either
CREATE TABLE szk.before AS SELECT f.*, u.user_id FROM szk_week.fact_session AS f JOIN szk_week.dim_user AS u USING (user_key);
CALL sessionize.rebuild('szk_week');
CREATE TABLE szk.after AS SELECT f.*, u.user_id FROM szk_week.fact_session AS f JOIN szk_week.dim_user AS u USING (user_key);
(TABLE szk.before EXCEPT ALL TABLE szk.after) UNION ALL (TABLE szk.after EXCEPT ALL TABLE szk.before);
SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szk_week', 'szk_ever', 'szk_parts', 'szk_bare', 'szk_coded', 'szk_uncoded', 'szk_cased', 'szk_cased_key', 'szk_backward']) AS p;
DROP SCHEMA szk CASCADE;
