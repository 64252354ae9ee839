-- Raw ids that are not unique: rows of one key, time, event id and raw id that say different
-- things. Which of them is the event, and which comes first, their content decides: event name,
-- user id, page, in the C collation with NULL last, then those that are no page view, then those
-- that restart no session. Not where they lie in the table, nor how they are read and sorted.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szri;
CREATE TABLE szri.made (key text, at timestamptz, eid text, rid int, name text, login text,
	page text, viewed boolean, again boolean);
CREATE FUNCTION szri.make(n bigint, seed int) RETURNS szri.made LANGUAGE sql IMMUTABLE AS $$
	SELECT ROW('v' || h[1] % 3, timestamptz '2026-01-01' + (h[2] % 40) * interval '13 minutes',
		CASE WHEN h[3] % 3 > 0 THEN 'e' || h[3] % 20 END, h[4] % 3,
		(ARRAY['a', 'B', NULL, 'b'])[1 + h[5] % 4], (ARRAY['u', 'U', NULL, NULL])[1 + h[6] % 4],
		(ARRAY['/', '/a', '/A', NULL])[1 + h[7] % 4], h[8] % 2 = 0, h[9] % 30 = 0)::szri.made
	FROM (SELECT array_agg(abs(hashint8extended(n, seed * 16 + i) % 1000000)::int ORDER BY i) AS h
	      FROM generate_series(1, 9) AS i) AS x
$$;
-- the same rows in two orders
CREATE TABLE szri.raw (n bigint, LIKE szri.made);
CREATE INDEX ON szri.raw (key, at, eid);
CREATE TABLE szri.turned (LIKE szri.raw);
CREATE INDEX ON szri.turned (key, at, eid);

-- events, and sessions, as plain SQL has them: each row with its place among those of its key
CREATE VIEW szri.placed AS
SELECT r.*, coalesce(r.eid, 'no ' || r.n) AS event,
       row_number() OVER (PARTITION BY r.key
         ORDER BY r.at, r.eid COLLATE "C", r.rid, r.name COLLATE "C", r.login COLLATE "C",
                  r.page COLLATE "C", r.viewed, r.again, r.n) AS place
FROM szri.raw AS r;
CREATE VIEW szri.events AS
WITH copies AS (SELECT p.*, p.at - lag(p.at) OVER w <= interval '2 hours' IS TRUE AS is_copy
                FROM szri.placed AS p WINDOW w AS (PARTITION BY p.key, p.event ORDER BY p.place)),
chains AS (SELECT c.*, count(*) FILTER (WHERE NOT c.is_copy) OVER w AS chain
           FROM copies AS c WINDOW w AS (PARTITION BY c.key, c.event ORDER BY c.place))
SELECT c.*, first_value(c.n) OVER (PARTITION BY c.key, c.event, c.chain ORDER BY c.place) AS head
FROM chains AS c;
CREATE VIEW szri.sessions AS
WITH event AS (SELECT * FROM szri.events AS e WHERE e.n = e.head),
starts AS (SELECT e.*, e.again OR e.at - lag(e.at) OVER w <= interval '30 minutes' IS NOT TRUE AS is_start
           FROM event AS e WINDOW w AS (PARTITION BY e.key ORDER BY e.place)),
numbered AS (SELECT s.*, count(*) FILTER (WHERE s.is_start) OVER w AS number
             FROM starts AS s WINDOW w AS (PARTITION BY s.key ORDER BY s.place)),
copies AS (SELECT c.head, count(*) AS duplicates,
                  count(*) FILTER (WHERE (c.name, c.login, c.page, c.viewed, c.again)
                    IS DISTINCT FROM (h.name, h.login, h.page, h.viewed, h.again)) AS conflicts
           FROM szri.events AS c JOIN szri.raw AS h ON h.n = c.head
           WHERE c.n <> c.head GROUP BY c.head)
SELECT n.key, min(n.at) AS started_at, max(n.at) AS ended_at, count(*) AS events,
       count(*) FILTER (WHERE n.viewed) AS page_views,
       (array_agg(n.page ORDER BY n.place) FILTER (WHERE n.viewed))[1] AS entry_page,
       (array_agg(n.page ORDER BY n.place DESC) FILTER (WHERE n.viewed))[1] AS exit_page,
       coalesce(sum(c.duplicates), 0)::bigint AS duplicates,
       coalesce(sum(c.conflicts), 0)::bigint AS conflicts
FROM numbered AS n LEFT JOIN copies AS c ON c.head = n.n GROUP BY n.key, n.number;
-- rows that only one side has
CREATE FUNCTION szri.different(pipeline text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	wrong bigint;
BEGIN
	EXECUTE format('CREATE TEMP TABLE found AS
		SELECT session_key, started_at, ended_at, events, page_views,
		entry_page, exit_page, duplicates, conflicts FROM %1$I.sessions;
		CREATE TEMP TABLE seen AS SELECT session_key, event_time, event_id, raw_id, event_name,
			page, page_view
		FROM %1$I.events', pipeline);
	CREATE TEMP TABLE wanted AS TABLE szri.sessions;
	CREATE TEMP TABLE due AS SELECT key, at, eid, rid, name, page, viewed FROM szri.events AS e
		WHERE e.n = e.head;
	wrong := (SELECT count(*) FROM (TABLE found EXCEPT ALL TABLE wanted) AS x)
		+ (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE found) AS x)
		+ (SELECT count(*) FROM (TABLE seen EXCEPT ALL TABLE due) AS x)
		+ (SELECT count(*) FROM (TABLE due EXCEPT ALL TABLE seen) AS x);
	DROP TABLE found, seen, wanted, due;
	RETURN wrong + (SELECT count(*) FROM sessionize.verify(pipeline));
END $$;
CREATE PROCEDURE szri.check(what text) LANGUAGE plpgsql AS $$
DECLARE
	users bigint;
BEGIN
	COMMIT;
	CALL sessionize.refresh('szri_web');
	CALL sessionize.refresh('szri_turned');
	-- which user it is at an instant the last event of it says
	SELECT count(*) INTO users
	FROM (SELECT session_key, user_id, valid_from, valid_to FROM szri_web.dim_user) AS a
	FULL JOIN (SELECT session_key, user_id, valid_from, valid_to FROM szri_turned.dim_user) AS b
	  ON (a.*)::text = (b.*)::text
	WHERE num_nulls((a.*)::text, (b.*)::text) > 0;
	RAISE WARNING '%: % different, turned %, users %', what, szri.different('szri_web'),
		szri.different('szri_turned'), users;
END $$;
CREATE PROCEDURE szri.add(first int, last int, seed int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO szri.raw SELECT i, (szri.make(i, seed)).* FROM generate_series(first, last) AS i;
	INSERT INTO szri.turned SELECT r.* FROM szri.raw AS r WHERE r.n BETWEEN first AND last
		ORDER BY hashint8(r.n);
END $$;
SELECT count(sessionize.create_pipeline(p, 'szri.' || t, key => 'key', event_time => 'at',
	event_id => 'eid', raw_id => 'rid', event_name => 'name', user_id => 'login', page => 'page',
	page_view => 'viewed', restart => 'again', dedup_window => '2 hours'))
FROM (VALUES ('szri_web', 'raw'), ('szri_turned', 'turned')) AS x(p, t);
CALL szri.add(1, 400, 1);
CALL szri.check('first build');
SELECT max(n) > 4 AS ties FROM (SELECT count(*) AS n FROM szri.raw GROUP BY key, at, eid, rid) AS x;
CALL szri.add(401, 500, 2);
CALL szri.check('refreshed');
DELETE FROM szri.raw WHERE n % 7 = 3;
DELETE FROM szri.turned WHERE n % 7 = 3;
UPDATE szri.raw SET name = 'c', page = '/z' WHERE n % 11 = 2;
UPDATE szri.turned SET name = 'c', page = '/z' WHERE n % 11 = 2;
CALL szri.check('changed');
CALL sessionize.rebuild('szri_web', newest_first => true);
CALL szri.check('rebuilt, newest first');
-- sorted outside of memory
CALL szri.add(1001, 13000, 3);
SET maintenance_work_mem = '1MB';
CALL sessionize.rebuild('szri_web');
CALL szri.check('more than fits into memory');
RESET maintenance_work_mem;
CALL sessionize.rebuild('szri_turned');
CALL szri.check('in memory again');
-- what is sealed stays the event, whichever of its raw rows is there
SELECT sealed > 0 FROM sessionize.seal('szri_web', '2026-01-01 04:00');
SELECT sealed > 0 FROM sessionize.seal('szri_turned', '2026-01-01 04:00');
CALL szri.check('sealed');
CALL sessionize.rebuild('szri_web');
SET maintenance_work_mem = '1MB';
CALL sessionize.rebuild('szri_turned');
CALL szri.check('sealed, rebuilt');
RESET maintenance_work_mem;
-- a row more of the same time and ids: one of them is late
INSERT INTO szri.raw
SELECT 30000 + r.n, r.key, r.at, r.eid, r.rid, 'late', r.login, r.page, r.viewed, r.again
FROM szri.raw AS r WHERE r.n % 500 = 7 AND r.n < 30000;
INSERT INTO szri.turned SELECT r.* FROM szri.raw AS r WHERE r.n > 30000;
CALL sessionize.refresh('szri_web');
CALL sessionize.refresh('szri_turned');
SELECT count(*) > 0 AS late, count(*) = (SELECT count(*) FROM szri_turned.late) AS same
	FROM szri_web.late;
SELECT (SELECT count(*) FROM sessionize.verify('szri_web')) AS wrong,
	(SELECT count(*) FROM sessionize.verify('szri_turned')) AS turned;
SELECT count(*) AS different
FROM (SELECT started_at, events, duplicates, conflicts, entry_page, exit_page FROM szri_web.sessions
      EXCEPT ALL
      SELECT started_at, events, duplicates, conflicts, entry_page, exit_page FROM szri_turned.sessions) AS x;
SELECT sessionize.drop_pipeline('szri_web'), sessionize.drop_pipeline('szri_turned');

-- with ids that are unique, path_agg goes in the star's order when it is given them
SELECT sessionize.create_pipeline('szri_web', 'szri.raw', key => 'key', event_time => 'at',
	event_id => 'eid', raw_id => 'n', page => 'coalesce(page, ''none'')', gap => '10 minutes');
CALL sessionize.refresh('szri_web');
SELECT count(*) > 50 AS sessions, count(*) FILTER (WHERE ROW(given[1], given[cardinality(given)])
         IS DISTINCT FROM ROW(entry_page, exit_page)) AS wrong,
       count(*) FILTER (WHERE ROW(bytes[1], bytes[cardinality(bytes)])
         IS DISTINCT FROM ROW(entry_page, exit_page)) > 10 AS other_by_bytes
FROM (SELECT s.entry_page, s.exit_page, sessionize.path_agg(e.page, e.event_time) AS bytes,
             sessionize.path_agg(e.page, e.event_time, NULL, 'keep',
               ROW(e.event_id, e.raw_id)) AS given
      FROM szri_web.sessions AS s JOIN szri_web.events AS e USING (session_id)
      GROUP BY s.session_id, s.entry_page, s.exit_page) AS x;
SELECT sessionize.drop_pipeline('szri_web');
DROP SCHEMA szri CASCADE;
