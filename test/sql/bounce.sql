-- bounce: which sessions are bounces, by an expression over the measures of the session.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szbo;
CREATE TABLE szbo.raw (raw_id bigint PRIMARY KEY, event_id text, event_name text, visitor text, page text, price numeric, occurred_at timestamptz);
CREATE INDEX ON szbo.raw (visitor, occurred_at, event_id);
CREATE FUNCTION szbo.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '1 second' $$;
INSERT INTO szbo.raw SELECT n, 'e' || n, CASE WHEN n % 5 > 0 THEN 'page_view' ELSE 'click' END, 'v' || n % 30, '/' || n % 4, CASE WHEN n % 11 = 0 THEN n / 10.0 END, szbo.at(n * 7 + n / 90 * 2000 * (n % 3))
FROM generate_series(1, 600) AS n;
SELECT sessionize.create_pipeline('szbo_web', 'szbo.raw', 'visitor');
SELECT sessionize.create_pipeline('szbo_few', 'szbo.raw', 'visitor', bounce => 'page_views < 2 OR distinct_pages = 1', store_events => false);
SELECT sessionize.add_measure('szbo_web', 'revenue', 'sum', expression => 'price');
SELECT sessionize.add_measure('szbo_web', 'engaged', 'active_time', cap => '20 seconds');
SELECT sessionize.add_measure('szbo_web', 'last page', 'last', expression => 'page');
SELECT sessionize.add_measure('szbo_web', 'clicked', 'any', filter => 'event_name = ''click''');
SELECT sessionize.add_measure('szbo_web', 'kind', 'first', expression => 'event_name', grain => 'event');
CALL sessionize.refresh('szbo_web');
CALL sessionize.refresh('szbo_few');
-- the oracle is the expression itself, as SQL over the view
CREATE FUNCTION szbo.wrong(pipeline text, bounce text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT format(''%%s of %%s bounce, %%s wrong, %%s live, %%s by verify, preview %%s'', count(*) FILTER (WHERE is_bounce), count(*),
			count(*) FILTER (WHERE is_bounce IS DISTINCT FROM coalesce((%2$s), false)),
			(SELECT count(*) FILTER (WHERE is_bounce IS DISTINCT FROM coalesce((%2$s), false)) FROM %1$I.sessions_live),
			(SELECT count(*) FROM sessionize.verify(%1$L)),
			(SELECT bounces FROM sessionize.preview_pipeline(%1$L) WHERE rules = ''now''))
		FROM %1$I.sessions', pipeline, bounce) INTO result;
	RETURN result;
END $$;
SELECT szbo.wrong('szbo_web', 'events = 1');
SELECT szbo.wrong('szbo_few', 'page_views < 2 OR distinct_pages = 1');
CREATE PROCEDURE szbo.try(bounce text) LANGUAGE plpgsql AS $$
DECLARE
	changes bigint;
BEGIN
	changes := (SELECT bounces FROM sessionize.preview_pipeline('szbo_web', bounce => bounce) WHERE rules = 'changed');
	IF NOT sessionize.alter_pipeline('szbo_web', bounce => bounce) THEN RAISE WARNING 'the same'; END IF;
	COMMIT;
	CALL sessionize.refresh('szbo_web');
	RAISE WARNING '%: preview said %; %', bounce, changes, szbo.wrong('szbo_web', bounce);
END $$;
CALL szbo.try('events = 1 AND duration < ''10 seconds''');
CALL szbo.try('events = 1 AND duration < ''10 seconds''');
CALL szbo.try('engaged <= interval ''21 seconds'' AND NOT clicked');
CALL szbo.try('revenue IS NULL OR revenue < 10');
CALL szbo.try('revenue > 20.5');
CALL szbo.try('"last page" IN (''/1'', ''/2'')');
CALL szbo.try('CASE WHEN clicked THEN events < 3 ELSE page_views BETWEEN 1 AND 4 END');
CALL szbo.try('coalesce(revenue, 0) = 0 AND distinct_pages <> page_views');
CALL szbo.try('clicked');
CALL szbo.try('NULL');
-- it follows late rows, updates and deletes
CALL szbo.try('page_views < 4 AND coalesce(revenue, 0) < 30');
INSERT INTO szbo.raw SELECT 1000 + n, 'l' || n, 'page_view', 'v' || n % 30, '/9', 50 * (n % 2), szbo.at(n * 31) FROM generate_series(1, 40) AS n;
UPDATE szbo.raw SET event_name = 'click' WHERE raw_id % 13 = 0;
DELETE FROM szbo.raw WHERE raw_id % 17 = 0;
SELECT szbo.wrong('szbo_web', 'page_views < 4 AND coalesce(revenue, 0) < 30') ~ ' 0 live' AS live_is_right;
CALL sessionize.refresh('szbo_web');
CALL sessionize.refresh('szbo_few');
SELECT szbo.wrong('szbo_web', 'page_views < 4 AND coalesce(revenue, 0) < 30');
SELECT szbo.wrong('szbo_few', 'page_views < 2 OR distinct_pages = 1');
-- a measure that is in use stays; others may go
SELECT sessionize.drop_measure('szbo_web', 'revenue');
SELECT sessionize.drop_measure('szbo_web', 'kind');
SELECT sessionize.drop_measure('szbo_web', 'last page');
CALL sessionize.refresh('szbo_web');
SELECT szbo.wrong('szbo_web', 'page_views < 4 AND coalesce(revenue, 0) < 30');
-- the definition has it, also where it uses measures
SELECT sessionize.definition('szbo_web') ->> 'bounce' AS bounce, (SELECT bounce FROM sessionize.pipelines WHERE pipeline_name = 'szbo_few') AS shown;
SELECT sessionize.create_pipeline('szbo_again', 'szbo.raw', definition => sessionize.definition('szbo_web'));
CALL sessionize.refresh('szbo_again');
SELECT szbo.wrong('szbo_again', 'page_views < 4 AND coalesce(revenue, 0) < 30');
SELECT sessionize.alter_pipeline('szbo_again', unset => '{bounce}'), sessionize.alter_pipeline('szbo_again', bounce => '');
CALL sessionize.refresh('szbo_again');
SELECT szbo.wrong('szbo_again', 'events = 1');
SELECT sessionize.drop_measure('szbo_again', 'revenue');
-- what is refused: what could fail, what is not there, what is no boolean, what users have made
CREATE FUNCTION szbo.mine(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION szbo.mine(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR szbo.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = szbo.mine);
CREATE PROCEDURE szbo.refuse(bounce text) LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text; state text;
BEGIN
	PERFORM sessionize.alter_pipeline('szbo_web', bounce => bounce);
	RAISE WARNING 'accepted: %', bounce;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
	RAISE WARNING '% %  HINT: %', state, message, hint;
END $$;
CALL szbo.refuse('1 / events > 0');
CALL szbo.refuse('events + 1 = 2');
CALL szbo.refuse('szbo.mine(events)');
SET search_path = szbo, pg_catalog;
CALL szbo.refuse('events OPERATOR(szbo.=) page_views');
RESET search_path;
CALL szbo.refuse('kind = ''click''');
CALL szbo.refuse('is_bounce');
CALL szbo.refuse('session_key = ''v1''');
CALL szbo.refuse('events');
CALL szbo.refuse('events = 1; DROP TABLE szbo.raw');
CALL szbo.refuse('count(*) = 1');
CALL szbo.refuse('(SELECT true)');
CALL szbo.refuse('events = $1');
CALL szbo.refuse('now() > ''2026-01-01''');
CALL szbo.refuse('sessions.events = 1');
SELECT sessionize.create_pipeline('szbo_bad', 'szbo.raw', 'visitor', bounce => 'revenue = 1');
SELECT sessionize.alter_pipeline('szbo_web', bounce => 'events = 1', unset => '{bounce}');
SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szbo_web', 'szbo_few', 'szbo_again']) AS p;
DROP SCHEMA szbo CASCADE;
