-- The extension installs into its own schema and everything public in it has a comment.
SELECT extname, extversion = (SELECT default_version FROM pg_available_extensions WHERE name = extname) AS is_default,
       extrelocatable, extnamespace::regnamespace
FROM pg_extension WHERE extname = 'pg_sessionize';

SELECT pg_describe_object(classid, objid, 0) AS without_comment
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_sessionize')
  AND deptype = 'e'
  AND classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
  AND obj_description(objid, classid::regclass::name) IS NULL
  AND NOT (classid = 'pg_type'::regclass AND (SELECT typtype = 'b' OR typrelid <> 0 FROM pg_type t WHERE t.oid = objid))
  AND NOT (classid = 'pg_class'::regclass AND (SELECT relkind NOT IN ('r', 'v', 'c') FROM pg_class c WHERE c.oid = objid))
ORDER BY 1;

-- What its views and functions are made of came with the server or with the extension: nothing that
-- somebody had put into a schema before was met in place of it.
SELECT pg_describe_object(d.classid, d.objid, 0) AS object,
	pg_describe_object(d.refclassid, d.refobjid, 0) AS is_made_of
FROM pg_depend AS d
WHERE d.deptype = 'n' AND d.refclassid IN ('pg_operator'::regclass, 'pg_proc'::regclass,
	'pg_cast'::regclass) AND d.refobjid >= 16384
  AND EXISTS (SELECT FROM pg_depend AS m JOIN pg_extension AS e
    ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid
              WHERE m.deptype = 'e' AND e.extname = 'pg_sessionize'
                AND (m.classid, m.objid) IN ((d.classid, d.objid),
                  ('pg_class'::regclass, (SELECT w.ev_class FROM pg_rewrite AS w
                  WHERE d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid))))
  AND NOT EXISTS (SELECT FROM pg_depend AS m JOIN pg_extension AS e
    ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid
                  WHERE m.deptype = 'e' AND e.extname = 'pg_sessionize'
                    AND (m.classid, m.objid) = (d.refclassid, d.refobjid));
-- and the views are there to be looked at
SELECT count(*) > 5 AS has_rules FROM pg_rewrite
	WHERE ev_class IN (SELECT oid FROM pg_class WHERE relnamespace = 'sessionize'::regnamespace
	AND relkind = 'v');

-- It does not settle in a schema whose owner could replace what lies there, in which others may
-- create objects, or that has objects.
BEGIN;
DROP EXTENSION pg_sessionize;
CREATE ROLE regress_squatter;
CREATE ROLE regress_superuser SUPERUSER;
ALTER SCHEMA sessionize OWNER TO regress_squatter;
\set VERBOSITY default
\set SHOW_CONTEXT never
SAVEPOINT squatted;
CREATE EXTENSION pg_sessionize;
ROLLBACK TO squatted;
ALTER SCHEMA sessionize OWNER TO CURRENT_USER;
GRANT CREATE, USAGE ON SCHEMA sessionize TO regress_squatter;
SAVEPOINT granted;
CREATE EXTENSION pg_sessionize;
ROLLBACK TO granted;
GRANT CREATE ON SCHEMA sessionize TO PUBLIC;
CREATE EXTENSION pg_sessionize;
ROLLBACK TO granted;
-- what he has made before he was stopped
SET ROLE regress_squatter;
CREATE FUNCTION sessionize.evil(text, int) RETURNS text LANGUAGE sql RETURN $1;
CREATE OPERATOR sessionize.|| (LEFTARG = text, RIGHTARG = int, FUNCTION = sessionize.evil);
RESET ROLE;
REVOKE CREATE, USAGE ON SCHEMA sessionize FROM regress_squatter;
CREATE EXTENSION pg_sessionize;
ROLLBACK TO granted;
REVOKE CREATE, USAGE ON SCHEMA sessionize FROM regress_squatter;
-- whatever it is
CREATE PROCEDURE pg_temp.with_object(made text) LANGUAGE plpgsql AS $$
DECLARE
	what text;
BEGIN
	EXECUTE made;
	CREATE EXTENSION pg_sessionize;
	RAISE EXCEPTION 'installed beside: %', made;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	GET STACKED DIAGNOSTICS what = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '%', what;
END $$;
CALL pg_temp.with_object('CREATE TABLE sessionize.pipeline ()');
CALL pg_temp.with_object('CREATE VIEW sessionize.runs AS SELECT 1 AS one');
CALL pg_temp.with_object('CREATE SEQUENCE sessionize.s');
CALL pg_temp.with_object('CREATE TYPE sessionize.session AS (a int)');
CALL pg_temp.with_object('CREATE DOMAIN sessionize.text AS pg_catalog.text');
CALL pg_temp.with_object('CREATE FUNCTION sessionize.count(int) RETURNS int LANGUAGE sql RETURN 1');
CALL pg_temp.with_object('CREATE AGGREGATE sessionize.max(int) (SFUNC = int4larger, STYPE = int)');
CALL pg_temp.with_object('CREATE OPERATOR sessionize.% (LEFTARG = text, RIGHTARG = int,
	FUNCTION = repeat)');
CALL pg_temp.with_object('CREATE OPERATOR FAMILY sessionize.f USING btree');
CALL pg_temp.with_object('CREATE COLLATION sessionize."C" FROM pg_catalog."POSIX"');
CALL pg_temp.with_object('CREATE TEXT SEARCH DICTIONARY sessionize.d (TEMPLATE = simple)');
CALL pg_temp.with_object('CREATE CONVERSION sessionize.c FOR ''LATIN1'' TO ''UTF8''
	FROM iso8859_1_to_utf8');
CALL pg_temp.with_object('ALTER DEFAULT PRIVILEGES FOR ROLE regress_superuser IN SCHEMA sessionize
	GRANT INSERT ON TABLES TO regress_squatter');
-- another superuser may have the right to create, whom nothing keeps from it; and default
-- privileges give nobody any
GRANT CREATE ON SCHEMA sessionize TO regress_superuser;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_squatter;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO regress_squatter;
SET LOCAL search_path = public, pg_catalog;
CREATE EXTENSION pg_sessionize;
SHOW search_path;
SELECT c.relkind, string_agg(DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC'
	ELSE a.grantee::regrole::text END || ': ' || a.privilege_type, ', ') AS others
FROM pg_class AS c LEFT JOIN LATERAL (SELECT a.* FROM aclexplode(c.relacl) AS a
	WHERE a.grantee <> c.relowner) AS a ON true
WHERE c.relnamespace = 'sessionize'::regnamespace AND c.relkind IN ('r', 'v', 'S') GROUP BY 1
	ORDER BY 1;
ROLLBACK;
