-- Default privileges of whoever installs the extension may have given others something on its
-- relations: they read them through the views, and write them through the functions, only.
DO $$
DECLARE
	given record;
BEGIN
	FOR given IN
		SELECT c.oid::regclass AS relation, a.privilege_type AS privilege,
		       coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee,
		       CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
		FROM pg_class AS c
		CROSS JOIN aclexplode(c.relacl) AS a
		LEFT JOIN pg_roles AS r ON r.oid = a.grantee
		WHERE c.relnamespace = 'sessionize'::regnamespace AND a.grantee <> c.relowner
		  AND NOT (c.relkind = 'v' AND a.grantee = 0 AND a.privilege_type = 'SELECT')
	LOOP
		EXECUTE format('REVOKE %s ON %s %s FROM %s', given.privilege, given.kind, given.relation, given.grantee);
	END LOOP;
END
$$;

-- What pg_dump reads, the owner of the database may read.
DO $$
DECLARE
	dumped record;
BEGIN
	FOR dumped IN
		SELECT c.oid::regclass AS relation, CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
		FROM pg_extension AS e
		CROSS JOIN unnest(e.extconfig) AS d (relation)
		JOIN pg_class AS c ON c.oid = d.relation
		WHERE e.extname = 'pg_sessionize'
	LOOP
		EXECUTE format('GRANT SELECT ON %s %s TO pg_database_owner', dumped.kind, dumped.relation);
	END LOOP;
END
$$;
