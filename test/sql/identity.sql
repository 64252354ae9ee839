-- Persons: session keys and user ids that are linked, against a recursive query.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	raw_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	visitor text,
	account text,
	at      timestamptz NOT NULL
);
CREATE INDEX ON raw.events (visitor, at);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', user_id => 'account');
-- a visitor's days: who was logged in on each
CREATE FUNCTION raw.seen(who text, VARIADIC accounts text[]) RETURNS void LANGUAGE sql AS $$
INSERT INTO raw.events (visitor, account, at)
SELECT who, nullif(a, ''), '2026-01-01Z'::timestamptz + n * interval '1 day' FROM unnest(accounts) WITH ORDINALITY AS u (a, n)
$$;

SELECT raw.seen('phone', '', 'ann');
SELECT raw.seen('laptop', '', 'ann', '');
SELECT raw.seen('tablet', '');
SELECT raw.seen('office', 'bob');
CALL sessionize.rebuild('web');
SELECT sessionize.enable_identity('web');
SELECT * FROM sessionize.identities;

-- the persons by recursion: everything that can be reached
CREATE FUNCTION raw.expected(pipeline text, users int, keys int, OUT node text, OUT person uuid) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
	WITH RECURSIVE pairs AS (
		SELECT DISTINCT session_key AS k, user_id AS u FROM %1$I.dim_user WHERE user_key <> 0 AND user_id IS NOT NULL
	), users AS (
		SELECT u FROM pairs UNION SELECT user_id FROM %1$I.user_link UNION SELECT other_id FROM %1$I.user_link
	), good_users AS (
		SELECT u FROM users WHERE u NOT IN (SELECT user_id FROM %1$I.user_excluded)
		AND (SELECT count(*) FROM pairs AS p WHERE p.u = users.u) <= $2
	), good_keys AS (
		SELECT k FROM pairs GROUP BY k
		HAVING count(*) FILTER (WHERE u NOT IN (SELECT user_id FROM %1$I.user_excluded)) <= $1
	), edges AS (
		SELECT 'k' || k::text AS a, 'u' || u AS b FROM pairs WHERE k IN (SELECT k FROM good_keys) AND u IN (SELECT u FROM good_users)
		UNION ALL SELECT 'u' || user_id, 'u' || other_id FROM %1$I.user_link
		WHERE user_id IN (SELECT u FROM good_users) AND other_id IN (SELECT u FROM good_users)
	), ways AS (
		SELECT a, b FROM edges UNION ALL SELECT b, a FROM edges
	), nodes AS (
		SELECT DISTINCT 'k' || k::text AS n FROM pairs UNION SELECT 'u' || u FROM users
	), reached AS (
		SELECT n, n AS r FROM nodes UNION SELECT reached.n, w.b FROM reached JOIN ways AS w ON w.a = reached.r
	)
	SELECT r.n, (array_agg(sessionize.user_hash(%1$L, g.u) ORDER BY sessionize.user_hash(%1$L, g.u)) FILTER (WHERE g.u IS NOT NULL))[1]
	FROM reached AS r LEFT JOIN good_users AS g ON 'u' || g.u = r.r GROUP BY r.n$sql$, pipeline) USING users, keys;
END $$;
-- how many persons there are, how many nodes have none, and how many differ from what is expected, by hand and by verify()
CREATE FUNCTION raw.check(pipeline text, OUT persons bigint, OUT nobody bigint, OUT wrong bigint, OUT shown bigint, OUT verified bigint) LANGUAGE plpgsql AS $$
DECLARE
	users int;
	keys int;
BEGIN
	SELECT max_users_per_key, max_keys_per_user INTO users, keys FROM sessionize.identities WHERE pipeline_name = pipeline;
	EXECUTE format($sql$
	WITH stored AS MATERIALIZED (
		SELECT 'k' || session_key::text AS node, person_id FROM %1$I.person_key UNION ALL SELECT 'u' || user_id, person_id FROM %1$I.person_user
	), expected AS MATERIALIZED (SELECT * FROM raw.expected($1, $2, $3))
	SELECT (SELECT count(DISTINCT person_id) FROM stored), (SELECT count(*) FROM stored WHERE person_id IS NULL),
	       (SELECT count(*) FROM ((TABLE stored EXCEPT ALL TABLE expected) UNION ALL (TABLE expected EXCEPT ALL TABLE stored)) AS x),
	       (SELECT count(*) FROM %1$I.sessions AS s LEFT JOIN expected AS e ON e.node = 'k' || s.session_key::text WHERE s.person_id IS DISTINCT FROM e.person)
	     + (SELECT count(*) FROM %1$I.events AS s LEFT JOIN expected AS e ON e.node = 'k' || s.session_key::text WHERE s.person_id IS DISTINCT FROM e.person),
	       (SELECT count(*) FROM sessionize.verify($1))$sql$, pipeline) INTO persons, nobody, wrong, shown, verified USING pipeline, users, keys;
END $$;
-- a person by a user id of it
CREATE FUNCTION raw.name(person uuid) RETURNS text LANGUAGE sql AS $$SELECT min(user_id) FROM web.person_user WHERE person_id = person$$;

-- what was before somebody logged in is theirs as well
SELECT session_key, user_id, raw.name(person_id) AS person FROM web.sessions ORDER BY session_key, started_at;
SELECT session_key, raw.name(person_id) AS person, is_ignored FROM web.person_key ORDER BY 1;
SELECT user_id, person_id = user_hash AS is_own, is_ignored FROM web.person_user ORDER BY 1;
SELECT * FROM raw.check('web');
-- the hash can be computed anywhere: BLAKE2b of 16 bytes over the pipeline, a zero byte and the user id
SELECT sessionize.user_hash('site', 'ann'), sessionize.user_hash('web', 'é'), sessionize.user_hash('web', ''), sessionize.user_hash(NULL, 'ann');

-- somebody is two users on one device: these are one person from then on, retroactively, and no fact is written
SELECT max(xmin::text::bigint) AS facts FROM web.fact_session WHERE session_key <> 'laptop' \gset
SELECT raw.seen('laptop', '', '', '', 'bob');
SELECT session_key, user_id, raw.name(person_id) AS person FROM web.sessions_live ORDER BY session_key, started_at;
CALL sessionize.refresh('web');
SELECT session_key, user_id, raw.name(person_id) AS person FROM web.sessions_live ORDER BY session_key, started_at;
SELECT max(xmin::text::bigint) = :facts AS untouched FROM web.fact_session WHERE session_key <> 'laptop';
SELECT * FROM raw.check('web');
-- a correction splits the person again
UPDATE raw.events SET account = 'ann' WHERE account = 'bob' AND visitor = 'laptop';
CALL sessionize.refresh('web');
SELECT session_key, raw.name(person_id) AS person FROM web.person_key ORDER BY 1;
SELECT * FROM raw.check('web');
-- so does a deletion
SELECT raw.seen('laptop', 'bob');
CALL sessionize.refresh('web');
SELECT count(DISTINCT person_id) FROM web.person_key;
DELETE FROM raw.events WHERE account = 'bob' AND visitor = 'laptop';
CALL sessionize.refresh('web');
SELECT count(DISTINCT person_id) FROM web.person_key;
SELECT * FROM raw.check('web');

-- users that are one person, of which no session key tells
SELECT sessionize.link_users('web', 'ann', 'anna');
SELECT sessionize.link_users('web', 'bob', 'anna');
SELECT sessionize.link_users('web', 'anna', 'bob');
SELECT user_id, raw.name(person_id) AS person FROM web.person_user ORDER BY 1;
SELECT * FROM raw.check('web');
SELECT sessionize.unlink_users('web', 'anna', 'bob');
SELECT sessionize.unlink_users('web', 'anna', 'bob');
SELECT user_id, raw.name(person_id) AS person FROM web.person_user ORDER BY 1;
SELECT * FROM raw.check('web');

-- a shared device, and a test account: they link nothing
SELECT sessionize.enable_identity('web', max_users_per_key => 2, max_keys_per_user => 3);
SELECT raw.seen('kiosk', 'bob', 'cid');
SELECT raw.seen('p' || n, 'u' || n, CASE WHEN n < 4 THEN 'test' ELSE '' END) FROM generate_series(1, 5) AS n;
CALL sessionize.refresh('web');
SELECT session_key, raw.name(person_id) AS person, is_ignored FROM web.person_key ORDER BY 1;
SELECT raw.seen('kiosk', '', '', 'dan');
SELECT raw.seen('p4', '', '', 'test');
CALL sessionize.refresh('web');
SELECT session_key, raw.name(person_id) AS person, is_ignored FROM web.person_key ORDER BY 1;
SELECT user_id, raw.name(person_id) AS person, is_ignored FROM web.person_user ORDER BY 1;
SELECT * FROM raw.check('web');
DELETE FROM raw.events WHERE account IN ('dan', 'test') AND visitor IN ('kiosk', 'p4');
CALL sessionize.refresh('web');
SELECT count(*) FILTER (WHERE is_ignored) AS ignored, count(DISTINCT person_id) AS persons FROM web.person_key;
SELECT * FROM raw.check('web');
SELECT sessionize.exclude_identity('web', 'test');
SELECT sessionize.exclude_identity('web', 'test');
SELECT * FROM raw.check('web');
SELECT sessionize.exclude_identity('web', 'cid');
SELECT raw.seen('kiosk', '', '', '', 'eve');
CALL sessionize.refresh('web');
-- an excluded user does not count towards the limit of a key
SELECT session_key, raw.name(person_id) AS person, is_ignored FROM web.person_key WHERE session_key = 'kiosk';
SELECT user_id, raw.name(person_id) AS person, is_ignored FROM web.person_user WHERE user_id IN ('test', 'bob', 'cid', 'eve') ORDER BY 1;
SELECT * FROM raw.check('web');
SELECT sessionize.include_identity('web', 'test'), sessionize.include_identity('web', 'cid'), sessionize.include_identity('web', 'cid');
SELECT * FROM raw.check('web');

-- any history: after each refresh the persons are those of the pairs there are
CREATE PROCEDURE raw.live(seed int, steps int) LANGUAGE plpgsql AS $$
DECLARE
	r int;
	wrong text;
BEGIN
	FOR i IN 1 .. steps LOOP
		FOR j IN 1 .. 8 LOOP
			r := (hashint8extended(i * 100 + j, seed) & 1048575)::int;
			IF r % 8 < 4 THEN
				INSERT INTO raw.events (visitor, account, at)
				SELECT 'k' || (r / 8) % 60, CASE WHEN r % 3 > 0 THEN 'w' || (r / 500) % 50 END, '2026-02-01Z'::timestamptz + (r % 40) * interval '1 hour';
			ELSIF r % 8 < 7 THEN
				DELETE FROM raw.events WHERE visitor = 'k' || (r / 8) % 60 AND (r % 3 = 0 OR hashint8(raw_id + r) % 3 = 0);
			ELSE
				UPDATE raw.events SET account = nullif('w' || (r / 500) % 50, 'w0') WHERE visitor = 'k' || (r / 8) % 60 AND hashint8(raw_id + r) % 4 = 0;
			END IF;
		END LOOP;
		r := (hashint8extended(i, seed) & 1048575)::int;
		PERFORM CASE WHEN r % 4 = 0 THEN sessionize.link_users('web', 'w' || (r / 16) % 25, 'w' || 25 + (r / 200) % 30)
		                   WHEN r % 8 = 1 THEN sessionize.unlink_users('web', (SELECT user_id FROM web.user_link ORDER BY user_hash LIMIT 1), (SELECT other_id FROM web.user_link ORDER BY user_hash LIMIT 1))
		                   END WHERE r % 4 = 0 OR EXISTS (SELECT FROM web.user_link);
		IF r % 40 = 2 THEN PERFORM sessionize.exclude_identity('web', 'w' || (r / 40) % 50); END IF;
		IF r % 40 = 3 THEN PERFORM sessionize.include_identity('web', (SELECT user_id FROM web.user_excluded ORDER BY user_hash LIMIT 1)) WHERE EXISTS (SELECT FROM web.user_excluded); END IF;
		COMMIT;
		CALL sessionize.refresh('web');
		SELECT c::text INTO wrong FROM raw.check('web') AS c WHERE c.wrong <> 0 OR c.shown <> 0 OR c.verified <> 0;
		IF wrong IS NOT NULL THEN RAISE 'step % of seed %: %', i, seed, wrong; END IF;
	END LOOP;
END $$;
CALL raw.live(1, 50);
SELECT sessionize.enable_identity('web', 2, 4);
CALL raw.live(2, 80);
SELECT persons > 10 AS many, nobody > 3 AS some, wrong, shown, verified FROM raw.check('web');

-- whatever the order of arrival: the same rows in another order, in one go
CREATE TABLE raw.before AS SELECT 'k' || session_key AS node, person_id FROM web.person_key UNION ALL SELECT 'u' || user_id, person_id FROM web.person_user;
CREATE TABLE raw.links AS TABLE web.user_link;
CREATE TABLE raw.excluded AS TABLE web.user_excluded;
SELECT sessionize.drop_pipeline('web');
CREATE TABLE raw.reversed (LIKE raw.events INCLUDING ALL);
INSERT INTO raw.reversed OVERRIDING SYSTEM VALUE SELECT * FROM raw.events ORDER BY raw_id DESC;
SELECT setval('raw.reversed_raw_id_seq', max(raw_id)) > 0 AS set FROM raw.reversed;
SELECT sessionize.create_pipeline('web', 'raw.reversed', key => 'visitor', event_time => 'at', user_id => 'account');
SELECT sessionize.enable_identity('web', 2, 4);
SELECT count(sessionize.link_users('web', user_id, other_id)) > 0 AS linked FROM raw.links;
SELECT count(sessionize.exclude_identity('web', user_id)) FROM raw.excluded;
CALL sessionize.rebuild('web');
SELECT count(*) > 50 AS many FROM raw.before;
SELECT 'k' || session_key AS node, person_id FROM web.person_key UNION ALL SELECT 'u' || user_id, person_id FROM web.person_user
EXCEPT ALL TABLE raw.before;
TABLE raw.before
EXCEPT ALL (SELECT 'k' || session_key, person_id FROM web.person_key UNION ALL SELECT 'u' || user_id, person_id FROM web.person_user);

-- verify() sees what somebody has changed, and a rebuild makes it right
UPDATE web.person_key SET person_id = NULL WHERE session_key = (SELECT min(session_key) FROM web.person_key WHERE person_id IS NOT NULL);
DELETE FROM web.person_link WHERE session_key = (SELECT min(session_key) FROM web.person_link);
INSERT INTO web.person_user (user_hash, user_id, is_ignored) VALUES (gen_random_uuid(), 'nobody', false);
SELECT relation, difference, session_key FROM sessionize.verify('web') ORDER BY 1;
CALL sessionize.rebuild('web');
SELECT wrong, shown, verified FROM raw.check('web');
-- a rebuild, newest first, builds the persons piece by piece
DELETE FROM raw.reversed WHERE account = 'w5';
SELECT sessionize.alter_pipeline('web', gap => '10 minutes');
CALL sessionize.rebuild('web', newest_first => true);
SELECT wrong, shown, verified FROM raw.check('web');
UPDATE raw.reversed SET account = 'w6' WHERE account = 'w7';
SELECT sessionize.alter_pipeline('web', gap => '20 minutes');
CALL sessionize.refresh('web');
SELECT wrong, shown, verified FROM raw.check('web');

-- measures and persons side by side
SELECT sessionize.add_measure('web', 'n', 'count');
CALL sessionize.refresh('web');
SELECT count(*) FILTER (WHERE n = events AND person_id IS NOT NULL) > 0 AS both FROM web.sessions;
SELECT sessionize.disable_identity('web');
SELECT sessionize.enable_identity('web', 3, 5);
SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'web.sessions'::regclass AND attnum > 14;
SELECT wrong, shown, verified FROM raw.check('web');
SELECT sessionize.drop_measure('web', 'n');
CALL sessionize.refresh('web');
SELECT wrong, shown, verified FROM raw.check('web');

-- the facts of a session key, and of a person, are found by an index; a query without persons doesn't read them
CREATE FUNCTION raw.plan_has(query text, VARIADIC parts text[]) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text = '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
	RETURN ARRAY(SELECT plan LIKE '%' || part || '%' FROM unnest(parts) AS part);
END $$;
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT raw.plan_has($$SELECT session_id FROM web.sessions WHERE session_key = 'k1'$$, 'fact_session_key', 'person_key', 'Seq Scan');
SELECT raw.plan_has($$SELECT session_id, person_id FROM web.sessions WHERE session_key = 'k1'$$, 'fact_session_key', 'person_key_pkey', 'Seq Scan');
SELECT raw.plan_has($$SELECT session_id FROM web.sessions WHERE person_id = sessionize.user_hash('web', 'w1')$$, 'fact_session_key', 'person_key_person', 'Seq Scan', 'person_key.session_key');
SELECT raw.plan_has($$SELECT event_time FROM web.events WHERE person_id = sessionize.user_hash('web', 'w1')$$, 'fact_event_key', 'person_key_person', 'Seq Scan', 'person_key.session_key');
SELECT raw.plan_has($$SELECT session_id, person_id FROM web.sessions_live WHERE session_key = 'k1'$$, 'fact_session_key', 'person_key_pkey');
RESET enable_seqscan;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- all of a person is erased, here and in the lists
SELECT raw.seen('mine', 'gil');
SELECT raw.seen('work', 'gil', 'hal');
CALL sessionize.refresh('web');
SELECT sessionize.link_users('web', 'hal', 'ida');
SELECT sessionize.erase_person('web', 'nobody');
INSERT INTO raw.reversed (visitor, account, at) SELECT visitor, account, at FROM raw.events WHERE account IN ('gil', 'hal');
CALL sessionize.refresh('web');
SELECT * FROM sessionize.erase_person('web', 'ida');
SELECT count(*) FROM raw.reversed WHERE account IN ('gil', 'hal');
SELECT count(*) FROM web.person_user WHERE user_id IN ('gil', 'hal', 'ida');
SELECT count(*) FROM web.user_link WHERE 'ida' IN (user_id, other_id);
SELECT wrong, shown, verified FROM raw.check('web');
SELECT sessionize.erase_user('web', (SELECT min(session_key) FROM web.person_key WHERE person_id IS NOT NULL)) IS NOT NULL AS erased;
SELECT wrong, shown, verified FROM raw.check('web');

-- keys of other types, some of which look different and are equal
CREATE TYPE raw.pair AS (a int, b text);
CREATE TABLE raw.others (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n numeric, p raw.pair, account text, at timestamptz NOT NULL DEFAULT '2026-01-01Z');
CREATE INDEX ON raw.others (n, at);
CREATE INDEX ON raw.others (p, at);
SELECT sessionize.create_pipeline('numbers', 'raw.others', key => 'n', event_time => 'at', raw_id => 'id', user_id => 'account');
SELECT sessionize.create_pipeline('pairs', 'raw.others', key => 'p', event_time => 'at', raw_id => 'id', user_id => 'account');
SELECT sessionize.enable_identity('numbers'), sessionize.enable_identity('pairs');
INSERT INTO raw.others (n, p, account, at) VALUES (1.0, (1, NULL), 'a', '2026-01-02Z'), (2, (NULL, NULL), 'b', '2026-01-02Z'), (3, (3, 'x'), repeat('long', 2000), '2026-01-02Z');
CALL sessionize.refresh('numbers');
CALL sessionize.refresh('pairs');
SELECT wrong, shown, verified FROM raw.check('numbers'), raw.name(NULL);
INSERT INTO raw.others (n, p, account, at) VALUES (1.00, (1, NULL), 'b', '2026-01-01Z'), (3.000, (NULL, NULL), 'c', '2026-01-03Z'), (NULL, NULL, 'd', now());
CALL sessionize.refresh('numbers');
CALL sessionize.refresh('pairs');
SELECT persons, verified FROM raw.check('numbers');
SELECT persons, verified FROM raw.check('pairs');
DELETE FROM raw.others WHERE n = 1 AND account = 'b';
CALL sessionize.refresh('numbers');
CALL sessionize.refresh('pairs');
SELECT persons, verified FROM raw.check('numbers');
SELECT persons, verified FROM raw.check('pairs');

-- who reads the star reads the persons
CREATE ROLE regress_identity_reader;
SELECT sessionize.disable_identity('numbers');
SELECT sessionize.grant_reader('numbers', 'regress_identity_reader');
SELECT sessionize.grant_reader('pairs', 'regress_identity_reader');
SELECT sessionize.enable_identity('numbers');
SELECT c.relname, count(*) FILTER (WHERE has_table_privilege('regress_identity_reader', c.oid, 'SELECT')) AS readable
FROM pg_class AS c WHERE c.relnamespace IN ('numbers'::regnamespace, 'pairs'::regnamespace) AND c.relname ~ '^(person|user|sessions)' AND c.relkind IN ('r', 'v') GROUP BY 1 ORDER BY 1;
SET ROLE regress_identity_reader;
SELECT count(person_id) > 0 AS some FROM numbers.sessions;
SELECT sessionize.link_users('numbers', 'a', 'b');
SELECT sessionize.enable_identity('numbers');
RESET ROLE;
SELECT sessionize.revoke_reader('numbers', 'regress_identity_reader'), sessionize.revoke_reader('pairs', 'regress_identity_reader');
DROP ROLE regress_identity_reader;

-- a definition has the limits
SELECT sessionize.definition('web') -> 'identity' AS web, sessionize.definition('pairs') -> 'identity' AS pairs;
SELECT sessionize.disable_identity('pairs');
SELECT sessionize.definition('pairs') -> 'identity' AS pairs;
SELECT sessionize.create_pipeline('copy', 'raw.reversed', sessionize.definition('web'));
SELECT * FROM sessionize.identities ORDER BY 1;
SELECT sessionize.create_pipeline('bad', 'raw.reversed', jsonb_set(sessionize.definition('web'), '{identity}', '{"max_user": 1}'));
SELECT sessionize.create_pipeline('bad', 'raw.reversed', jsonb_set(sessionize.definition('web'), '{identity}', '[]'));

-- mistakes
SELECT sessionize.link_users('pairs', 'a', 'b');
SELECT sessionize.disable_identity('pairs');
SELECT sessionize.erase_person('pairs', 'a');
SELECT sessionize.enable_identity('nothing');
SELECT sessionize.enable_identity('web', 0);
SELECT sessionize.enable_identity('web', max_keys_per_user => NULL);
SELECT sessionize.enable_identity('web', max_keys_per_user => 1000001);
SELECT sessionize.link_users('web', 'a', 'a');
SELECT sessionize.link_users('web', 'a', NULL);
SELECT sessionize.exclude_identity('web', NULL);
SELECT sessionize.erase_person('web', NULL);
CREATE TABLE pairs.person_key ();
SELECT sessionize.enable_identity('pairs');
DROP TABLE pairs.person_key;
SELECT sessionize.add_measure('pairs', 'person_id', 'count');
SELECT sessionize.enable_identity('pairs');
SELECT sessionize.add_measure('web', 'person_id', 'count');
CREATE VIEW raw.depends AS SELECT person_id FROM web.sessions;
SELECT sessionize.disable_identity('web');
DROP VIEW raw.depends;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.link_users('web', 'a', 'b');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.enable_identity('web');
ROLLBACK;
-- nothing is left
SELECT sessionize.drop_pipeline(p) FROM unnest('{web,numbers,pairs,copy}'::text[]) AS p;
SELECT * FROM sessionize.identities;
DROP SCHEMA raw CASCADE;
