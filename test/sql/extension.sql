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

-- It does not settle in a schema whose owner could replace what lies there.
BEGIN;
DROP EXTENSION pg_sessionize;
CREATE ROLE regress_squatter;
ALTER SCHEMA sessionize OWNER TO regress_squatter;
\set VERBOSITY default
\set SHOW_CONTEXT never
SAVEPOINT squatted;
CREATE EXTENSION pg_sessionize;
ROLLBACK TO squatted;
ALTER SCHEMA sessionize OWNER TO CURRENT_USER;
CREATE EXTENSION pg_sessionize;
ROLLBACK;
