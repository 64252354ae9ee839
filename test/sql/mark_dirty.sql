-- Marking keys dirty by hand.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA szm;
CREATE TABLE szm.raw (id bigint PRIMARY KEY, visitor text, at timestamptz, received timestamptz);
CREATE INDEX ON szm.raw (visitor);
SELECT sessionize.create_pipeline('szm_web', 'szm.raw', 'visitor', 'at', received_at => 'received', raw_id => 'id');
INSERT INTO szm.raw SELECT i, 'v' || i % 4, '2026-01-01'::timestamptz + i * interval '1 day' FROM generate_series(0, 39) AS i;
INSERT INTO szm.raw VALUES (100, 'timeless', NULL, NULL), (101, NULL, '2026-01-05', NULL), (102, 'clamped', '2030-01-01', '2026-01-05');
CALL sessionize.rebuild('szm_web');
CREATE FUNCTION szm.marked() RETURNS TABLE (session_key text, lo timestamptz, hi timestamptz) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT d.session_key, d.lo, d.hi FROM szm_web.dirty AS d ORDER BY 1, 2;
  DELETE FROM szm_web.dirty;
END $$;
SELECT count(*) FROM szm.marked();

-- one key: there or not, with a range or without
SELECT sessionize.mark_dirty('szm_web', 'v1');
SELECT sessionize.mark_dirty('szm_web', 'nobody', '2026-01-01', '2026-02-01');
SELECT sessionize.mark_dirty('szm_web', 'v2', since => NULL, until => '2026-01-01');
SELECT * FROM szm.marked();
-- all keys with events in the range, by the corrected time: those of the raw table, against plain SQL, and those of the star
SELECT sessionize.mark_dirty('szm_web', since => '2026-01-04', until => '2026-01-06');
SELECT * FROM szm.marked();
SELECT sessionize.mark_dirty('szm_web', since => '2026-02-08', until => 'infinity');
SELECT session_key FROM szm.marked();
SELECT sessionize.mark_dirty('szm_web', NULL, NULL, NULL);
SELECT count(*) FROM ((SELECT DISTINCT visitor FROM szm.raw EXCEPT SELECT session_key FROM szm_web.dirty)
                      UNION ALL (SELECT session_key FROM szm_web.dirty EXCEPT SELECT visitor FROM szm.raw)) AS difference;
DELETE FROM szm_web.dirty;
-- rows that are gone: the star knows the keys
ALTER TABLE szm.raw DISABLE TRIGGER USER;
DELETE FROM szm.raw WHERE visitor IN ('v3', 'timeless') OR visitor IS NULL;
SELECT sessionize.mark_dirty('szm_web');
SELECT session_key FROM szm.marked();
-- as long as changes are missed, the note that they are stays
SELECT need, detail FROM sessionize.rebuild_need;
CALL sessionize.rebuild('szm_web');
SELECT need, detail FROM sessionize.rebuild_need;
SELECT sessionize.enable_capture('szm_web');
SELECT need FROM sessionize.rebuild_need ORDER BY need_id;
SELECT sessionize.mark_dirty('szm_web', 'v1');
SELECT sessionize.mark_dirty('szm_web', since => '2026-01-01');
SELECT count(*) AS notes FROM sessionize.rebuild_need;
SELECT sessionize.mark_dirty('szm_web');
SELECT count(*) AS notes FROM sessionize.rebuild_need;
SELECT count(*) > 0 AS marked FROM szm.marked();
-- a rebuild does as well
ALTER TABLE szm.raw DISABLE TRIGGER USER;
SELECT sessionize.enable_capture('szm_web');
SELECT count(*) AS notes FROM sessionize.rebuild_need;
CALL sessionize.rebuild('szm_web');
SELECT count(*) AS notes FROM sessionize.rebuild_need;
-- in a transaction that comes to nothing
BEGIN;
SELECT sessionize.mark_dirty('szm_web');
ROLLBACK;
SELECT * FROM szm.marked();

-- mistakes
SELECT sessionize.mark_dirty(NULL);
SELECT sessionize.mark_dirty('nowhere');
SELECT sessionize.mark_dirty('szm_web', 'v1', '2026-01-02', '2026-01-01');
CREATE INDEX ON szm.raw (id);
SELECT sessionize.create_pipeline('szm_int', 'szm.raw', 'id', 'at', raw_id => 'id');
SELECT sessionize.mark_dirty('szm_int', 'one');
SELECT sessionize.mark_dirty('szm_int', ' 1 ');
SELECT session_key FROM szm_int.dirty;
CREATE ROLE regress_szm_other;
GRANT USAGE ON SCHEMA szm TO regress_szm_other;
SET ROLE regress_szm_other;
SELECT sessionize.mark_dirty('szm_web', 'v1');
SELECT sessionize.mark_dirty('szm_web');
RESET ROLE;
REVOKE USAGE ON SCHEMA szm FROM regress_szm_other;
DROP ROLE regress_szm_other;
SELECT count(*) FROM szm_web.dirty;
ALTER TABLE szm_web.dirty RENAME TO dirt;
SELECT sessionize.mark_dirty('szm_web', 'v1');
SELECT count(*) AS notes FROM sessionize.rebuild_need;
ALTER TABLE szm_web.dirt RENAME TO dirty;
SELECT sessionize.drop_pipeline(p) FROM unnest('{szm_web,szm_int}'::text[]) AS p;

-- the examples of the reference
SET search_path = szm;
CREATE TABLE hits (hit_id bigint PRIMARY KEY, visitor text, at timestamptz);
CREATE INDEX ON hits (visitor, at);
SELECT sessionize.create_pipeline('site', 'hits', key => 'visitor', event_time => 'at');
INSERT INTO hits VALUES (1, 'ann', '2026-01-01 10:00Z'), (2, 'ann', '2026-01-01 10:05Z'), (3, 'bob', '2026-01-01 11:00Z');
SELECT session_key, lo, hi FROM site.dirty ORDER BY 1;
SELECT sessionize.mark_dirty('site', 'ann');
SELECT sessionize.mark_dirty('site', since => '2026-01-01', until => '2026-01-02');
SELECT need, detail FROM sessionize.rebuild_need;
SELECT sessionize.enable_capture('site');
SELECT sessionize.drop_pipeline('site');
RESET search_path;
DROP SCHEMA szm CASCADE;
