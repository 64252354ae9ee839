-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_sessionize" to load this file. \quit

-- CREATE EXTENSION has the extension's schema first in the search_path, and gives the setting its
-- value back afterwards. An operator that lies in that schema must not be met in place of the
-- server's: so nothing is looked for there, and all that is ours is called by its full name.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- CREATE EXTENSION takes a schema that is there already. Its owner could replace what lies in it, and
-- whoever may create there could add to it, so both must be roles that may do anything anyway. What
-- is in it could be taken for ours.
DO $$
DECLARE
	schema oid;
	owner_is_trusted boolean;
	creators text;
	objects text;
BEGIN
	SELECT n.oid, r.rolsuper OR r.rolname = current_user INTO STRICT schema, owner_is_trusted
	FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner WHERE n.nspname = 'sessionize';
	IF NOT owner_is_trusted THEN
		RAISE EXCEPTION 'the schema "sessionize" belongs to a role that is not a superuser'
			USING ERRCODE = 'insufficient_privilege',
			      DETAIL = 'Its owner could replace the extension''s objects.',
			      HINT = 'DROP SCHEMA sessionize or ALTER SCHEMA sessionize OWNER TO CURRENT_USER, then try again.';
	END IF;
	SELECT string_agg(DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ') INTO creators
	FROM pg_namespace AS n
	CROSS JOIN aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
	LEFT JOIN pg_roles AS r ON r.oid = a.grantee
	WHERE n.oid = schema AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner AND r.rolsuper IS NOT TRUE;
	IF creators IS NOT NULL THEN
		RAISE EXCEPTION 'others may create objects in the schema "sessionize"'
			USING ERRCODE = 'insufficient_privilege',
			      DETAIL = format('The privilege CREATE was granted to %s.', creators),
			      HINT = format('REVOKE CREATE ON SCHEMA sessionize FROM %s; then look at what is in it and try again.',
			                    creators);
	END IF;
	SELECT string_agg(d.what, ', ' ORDER BY d.what) INTO objects
	FROM (SELECT DISTINCT pg_describe_object(o.classid, o.objid, o.objsubid) AS what
	      FROM pg_depend AS o
	      WHERE o.refclassid = 'pg_namespace'::regclass AND o.refobjid = schema
	        AND o.classid <> 'pg_extension'::regclass
	      ORDER BY 1 LIMIT 5) AS d;
	IF objects IS NOT NULL THEN
		RAISE EXCEPTION 'the schema "sessionize" is not empty'
			USING ERRCODE = 'object_not_in_prerequisite_state',
			      DETAIL = format('There is, among others: %s.', objects),
			      HINT = 'ALTER SCHEMA sessionize RENAME TO another name, or DROP SCHEMA sessionize CASCADE where nothing '
			             'in it is needed; then try again.';
	END IF;
END
$$;

COMMENT ON SCHEMA sessionize IS 'pg_sessionize: sessions, deduplicated events and a star schema from a raw events table';

GRANT USAGE ON SCHEMA sessionize TO PUBLIC;
