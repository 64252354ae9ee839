-- The order of a contract's versions: SchemaVer and semantic versions, against plain SQL.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE FUNCTION pg_temp.try(version text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN sessionize.contract_version_key(version);
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN NULL;
END $$;

-- the order that semver.org gives as its example, and numbers with more digits
SELECT version FROM unnest('{1.0.0,1.0.0-rc.1,1.0.0-beta.11,1.0.0-beta.2,1.0.0-beta,1.0.0-alpha.beta,1.0.0-alpha.1,1.0.0-alpha,
	1.0.10,1.0.9,0.10.0,0.9.99,10.0.0,9.99.99,1.0.0-1,1.0.0-a-b,1.0.0-a,1.0.0-aa,1.0.0--,1.0.0-10,1.0.0-9,1.0.0-9a}'::text[]) AS version
ORDER BY sessionize.contract_version_key(version) COLLATE "C";
SELECT version FROM unnest('{1-0-10,1-0-9,1-0-0,2-0-0,10-0-0,1-10-0,1-9-99}'::text[]) AS version
ORDER BY sessionize.contract_version_key(version) COLLATE "C";
-- what follows a + has no order
SELECT sessionize.contract_version_key('1.0.0+a') = sessionize.contract_version_key('1.0.0+b.1'), sessionize.contract_version_key(NULL) IS NULL;

-- what is a version, against the grammar as a regular expression
CREATE TEMP TABLE candidates AS
SELECT * FROM unnest('{1-0-0,1-0,1-0-0-0,0-1-0,01-0-0,1-00-0,1-0-,"",1.0.0,1.0,1.0.0.0,01.0.0,1.00.0,1.0.01,v1.0.0,1.0.0-,1.0.0+,1.0.0-+,
	1.0.0-a..b,1.0.0-.a,1.0.0-a.,1.0.0-01,1.0.0-0,1.0.0-00a,1.0.0-0-1,1.0.0+01,1.0.0+a..b,1.0.0+.,1.0.0+a.,1.0.0-a+b+c,1.0.0+b-c,1.0.0-a_b,1.0.0-ä,
	" 1.0.0","1.0.0 ","1.0.0\n",-1.0.0,1.-1.0,1.0.-1,1,-,.,+,1..0,1.0.0-a+,99999999999999999999999.0.0,1-0.0,1.0-0}'::text[]) AS version;
INSERT INTO candidates
SELECT string_agg(substr('01a-.+', (hashint4(n * 40 + i) & 1023) % 6 + 1, 1), '' ORDER BY i)
FROM generate_series(1, 3000) AS n, generate_series(0, 3) AS i GROUP BY n;
INSERT INTO candidates SELECT '1.0.0-' || version FROM candidates UNION ALL SELECT '1.0.0+' || version FROM candidates;
SELECT count(*) > 5000 AS many, count(*) FILTER (WHERE is_version) > 500 AS valid,
       count(*) FILTER (WHERE is_version <> (pg_temp.try(version) IS NOT NULL)) AS wrong
FROM (SELECT version, version ~ '^([1-9][0-9]*(-(0|[1-9][0-9]*)){2}|(0|[1-9][0-9]*)([.](0|[1-9][0-9]*)){2}(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)([.](0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?([+][0-9A-Za-z-]+([.][0-9A-Za-z-]+)*)?)$' AS is_version
      FROM candidates) AS c;

-- precedence identifier by identifier, by the words of semver.org: numbers are less than others, fewer are less than more
CREATE FUNCTION pg_temp.precedes(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	x text[] := string_to_array(substr(a, 7), '.');
	y text[] := string_to_array(substr(b, 7), '.');
BEGIN
	FOR i IN 1 .. least(cardinality(x), cardinality(y)) LOOP
		CONTINUE WHEN x[i] = y[i];
		IF x[i] ~ '^[0-9]+$' AND y[i] ~ '^[0-9]+$' THEN
			RETURN x[i]::numeric < y[i]::numeric;
		ELSIF x[i] ~ '^[0-9]+$' OR y[i] ~ '^[0-9]+$' THEN
			RETURN x[i] ~ '^[0-9]+$';
		END IF;
		RETURN x[i] COLLATE "C" < y[i] COLLATE "C";
	END LOOP;
	RETURN cardinality(x) < cardinality(y);
END $$;
CREATE TEMP TABLE releases AS
SELECT DISTINCT version, key FROM (SELECT version, pg_temp.try(version) AS key FROM candidates WHERE version LIKE '1.0.0-%' AND strpos(version, '+') = 0) AS c
WHERE key IS NOT NULL AND hashtext(version) & 1 = 0;
SELECT count(*) > 10000 AS many, count(*) FILTER (WHERE (a.key COLLATE "C" < b.key COLLATE "C") <> pg_temp.precedes(a.version, b.version)) AS wrong
FROM releases AS a, releases AS b;

\set VERBOSITY default
SELECT sessionize.contract_version_key('1.0');
SELECT sessionize.contract_version_key(repeat('1', 200));
