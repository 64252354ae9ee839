-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_sessionize" to load this file. \quit

-- CREATE EXTENSION takes a schema that is there already. Its owner could replace what lies in it, so the
-- owner must be one who may do anything anyway.
DO $$
BEGIN
	IF NOT (SELECT r.rolsuper OR r.rolname OPERATOR(pg_catalog.=) current_user
	        FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
	        WHERE n.nspname OPERATOR(pg_catalog.=) 'sessionize') THEN
		RAISE EXCEPTION 'the schema "sessionize" belongs to a role that is not a superuser'
			USING ERRCODE = 'insufficient_privilege',
			      DETAIL = 'Its owner could replace the extension''s objects.',
			      HINT = 'DROP SCHEMA sessionize or ALTER SCHEMA sessionize OWNER TO CURRENT_USER, then try again.';
	END IF;
END
$$;

COMMENT ON SCHEMA sessionize IS 'pg_sessionize: sessions, deduplicated events and a star schema from a raw events table';

GRANT USAGE ON SCHEMA sessionize TO PUBLIC;
