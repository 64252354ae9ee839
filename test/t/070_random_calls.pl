# Every function, procedure and aggregate of the extension, called with random arguments
# (test/t/RandomCalls.pm), by a superuser, by the pipelines' owner and by somebody with no rights at
# all. Whatever comes back, it is no internal error, no crash, and nothing that a timeout can't end.
#
# CALLS=6000 SEED=12345 TESTS=070_random_calls scripts/check-assert tap: a SEED gives the same
# statements again. A failure names the file with the batch of statements that it came from, which is
# left beside the server's log. SLOW_SERVER=1 is for one under valgrind.
use strict;
use warnings;
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomCalls   qw(functions_sql read_functions statement forged_statement one_of quoted);
use SessionServer qw(wait_for_server);
use Test::More;

use constant { BATCH => 40, FORGETFUL_BATCH => 8 };

# seconds: a statement's, and how much longer it may take to end
use constant { TIMEOUT => $ENV{SLOW_SERVER} ? 30 : 4, GRACE => $ENV{SLOW_SERVER} ? 600 : 120 };

my $calls = $ENV{CALLS} // 1500;
my $seed  = $ENV{SEED}  // int(rand(2**31));
srand($seed);
note("SEED=$seed CALLS=$calls");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
log_line_prefix = '%m [%p] %e '
log_statement = none
restart_after_crash = on
max_prepared_transactions = 5
sessionize.idle_timeout = '1s'
temp_file_limit = '500MB'
CONF
$node->start;

sub sql { my ($sql, @parameters) = @_; return $node->safe_psql('postgres', $sql, @parameters); }

# Tables of all kinds, pipelines, and the rows that aggregates are made of.
sql(<<'SQL');
CREATE ROLE owner LOGIN;
CREATE ROLE stranger LOGIN;
GRANT CREATE ON DATABASE postgres TO owner;
GRANT CREATE ON SCHEMA public TO owner;
CREATE EXTENSION pg_sessionize;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE foreign_rows (visitor text, at timestamptz, page text)
	SERVER files OPTIONS (filename '/dev/null');
CREATE SCHEMA nobody;
CREATE TABLE nobody.raw (raw_id bigint, visitor text, at timestamptz, page text, name text);
SQL
sql(<<'SQL', extra_params => [ '-U', 'owner' ]);
CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text,
	at timestamptz, received timestamptz, page text, name text, amount numeric, gap interval,
	"odd ""column" int);
CREATE INDEX ON raw (visitor, at, event_id);
CREATE INDEX ON raw (page, at);
CREATE TABLE raw_days (raw_id bigint, visitor int, at timestamptz NOT NULL, page text, name text)
	PARTITION BY RANGE (at);
CREATE TABLE raw_days_1 PARTITION OF raw_days FOR VALUES FROM ('2026-01-01Z') TO ('2026-01-02Z');
CREATE TABLE raw_days_rest PARTITION OF raw_days DEFAULT;
CREATE INDEX ON raw_days (visitor, at);
CREATE TABLE raw_sealed (LIKE raw INCLUDING ALL);
CREATE TABLE nothing (visitor text, at timestamptz, page text, name text);
CREATE TABLE no_columns ();
CREATE TABLE children (visitor text, at timestamptz, page text);
CREATE TABLE a_child () INHERITS (children);
CREATE UNLOGGED TABLE unlogged (visitor text, at timestamptz, page text);
CREATE TABLE policed (visitor text, at timestamptz, page text);
INSERT INTO policed SELECT chr(97 + n % 26), '2026-01-01Z'::timestamptz + n * interval '1 hour', '/'
FROM generate_series(1, 50) AS n;
ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
ALTER TABLE policed FORCE ROW LEVEL SECURITY;
CREATE POLICY half ON policed USING (visitor < 'm');
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (visitor text, at timestamptz);
CREATE VIEW a_view AS SELECT visitor, at, page, name FROM raw;
CREATE MATERIALIZED VIEW a_matview AS TABLE raw;
CREATE TABLE many AS
	SELECT n % 7 AS k, n, (n * 7919 % 1000)::bigint * 4611686018427387 AS big,
		(ARRAY[n / 3.0, 'NaN', 'Infinity', -n])[1 + n % 4]::float8 AS f,
		CASE WHEN n % 11 > 0 THEN n / 7.0 END::numeric AS num,
		CASE WHEN n % 13 > 0 THEN date '2026-01-01' + n % 90 END AS d,
		CASE n % 40 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity'
			ELSE '2026-01-01Z'::timestamptz + n * 1013 % 5000 * interval '1 minute' END AS ts,
		CASE WHEN n % 9 > 0 THEN n % 5 * interval '10 minutes' END AS gap,
		CASE WHEN n % 8 > 0 THEN n % 3 = 0 END AS flag,
		CASE WHEN n % 10 > 0 THEN 'v' || n % 20 END AS visitor,
		CASE WHEN n % 6 > 0 THEN ARRAY['/a', '/b', NULL, '/c'] END AS texts,
		CASE WHEN n % 12 > 0 THEN ARRAY[n % 2 = 0, NULL, n % 3 = 0] END AS flags,
		decode(md5(n::text), 'hex') AS bytes
	FROM generate_series(1, 400) AS n;
CREATE INDEX many_visitor_idx ON many (visitor, ts);
CREATE TABLE none (LIKE many);
CREATE TABLE many_parts (LIKE many) PARTITION BY LIST (k);
CREATE TABLE many_parts_1 PARTITION OF many_parts FOR VALUES IN (0, 1, 2);
CREATE TABLE many_parts_2 PARTITION OF many_parts DEFAULT;
INSERT INTO many_parts TABLE many;
ANALYZE;
-- the planner takes a table without statistics for one of some pages
CREATE TABLE one_row WITH (parallel_workers = 1) AS SELECT 1 AS one;
GRANT SELECT ON many, none, many_parts, one_row, raw TO stranger;
SQL

# For each aggregate with a state that is sent between processes, one that gives the state's bytes,
# and one that passes any bytes off as such a state. Polymorphic arguments are bytea and integers
# here: a final function that is told their types takes the state's for the first one's. The plan must
# be a parallel one, so what is called in it costs nothing.
sql(<<'SQL');
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT PARALLEL SAFE AS 'byteasend';
CREATE VIEW aggregates AS
SELECT row_number() OVER (ORDER BY g.aggfnoid::regprocedure::text) AS n, g.*,
	(SELECT string_agg(CASE t.oid::regtype::text WHEN 'anyelement' THEN 'bytea'
			WHEN 'anycompatible' THEN 'integer' ELSE format_type(t.oid, NULL) END, ', ' ORDER BY t.n)
		FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t(oid, n)) AS arguments
FROM pg_aggregate AS g JOIN pg_proc AS p ON p.oid = g.aggfnoid
WHERE p.pronamespace = 'sessionize'::regnamespace AND g.aggserialfn <> 0;
DO $$
DECLARE
	a record;
	extra text;
BEGIN
	FOR a IN SELECT * FROM aggregates LOOP
		extra := CASE WHEN a.aggfinalextra THEN substr(a.arguments, strpos(a.arguments, ',')) ELSE '' END;
		EXECUTE format('CREATE AGGREGATE state_%s(%s) (SFUNC = %s, STYPE = internal, FINALFUNC = %s)',
			a.n, a.arguments, a.aggtransfn, a.aggserialfn);
		IF to_regprocedure(format('forge(internal, bytea%s)', extra)) IS NULL THEN
			EXECUTE format('CREATE FUNCTION forge(internal, bytea%s) RETURNS internal
				LANGUAGE internal PARALLEL SAFE COST 100 AS %L', extra, 'xmlconcat2');
		END IF;
		EXECUTE format('CREATE AGGREGATE forged_%s(bytea%s) (SFUNC = forge, STYPE = internal,
			SERIALFUNC = pass_off, PARALLEL = SAFE, DESERIALFUNC = %s, COMBINEFUNC = %s, FINALFUNC = %s%s)',
			a.n, extra, a.aggdeserialfn, a.aggcombinefn, a.aggfinalfn,
			CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' END);
	END LOOP;
END $$;
-- run a query that is planned in parts; else the bytes would be taken for a state in memory
CREATE FUNCTION in_parts(query text) RETURNS text LANGUAGE plpgsql
	SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0 AS $f$
DECLARE
	line text;
	answer text;
	in_parts boolean := false;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		in_parts := in_parts OR line ~ 'Finalize Aggregate';
	END LOOP;
	IF NOT in_parts THEN RAISE 'not planned in parts'; END IF;
	EXECUTE query INTO answer;
	RETURN answer;
END $f$;
UPDATE pg_proc SET procost = 0.0001 FROM aggregates
WHERE pg_proc.oid IN (aggcombinefn, aggserialfn, aggdeserialfn);
SQL

# What a batch begins with: each pipeline is there, and has something to do; of those that random calls
# have made, a few.
my $prepare = <<'SQL';
SET client_min_messages = error;
CREATE TEMP TABLE wanted (name text, definition text);
INSERT INTO wanted VALUES
	('shop', $$'raw', key => 'visitor', event_time => 'at', event_id => 'event_id', raw_id => 'raw_id'$$),
	('days', $$'raw_days', key => 'visitor', event_time => 'at', midnight => 'Europe/Berlin'$$),
	('sealed', $$'raw_sealed', key => 'visitor', event_time => 'at', event_id => 'event_id'$$),
	('Web "shop"; --', $$'raw', key => 'page', event_time => 'at', max_events => 3$$);
DO $do$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT * FROM wanted WHERE NOT EXISTS (SELECT FROM sessionize.pipelines WHERE pipeline_name = name)
	LOOP
		BEGIN
			EXECUTE format('SELECT sessionize.create_pipeline(%L, %s)', p.name, p.definition);
		EXCEPTION WHEN others THEN
			RAISE LOG 'pipeline %: %', p.name, SQLERRM;
		END;
	END LOOP;
	FOR p IN SELECT pipeline_name::text AS name FROM sessionize.pipelines
		WHERE pipeline_name::text NOT IN (SELECT name FROM wanted) ORDER BY created_at OFFSET 8
	LOOP
		BEGIN
			PERFORM sessionize.drop_pipeline(p.name);
		EXCEPTION WHEN others THEN
			RAISE LOG 'pipeline %: %', p.name, SQLERRM;
		END;
	END LOOP;
END $do$;
INSERT INTO raw (event_id, visitor, at, page, name)
SELECT 'e' || n % 90, CASE WHEN n % 17 > 0 THEN 'v' || n % 9 END,
	'2026-01-01Z'::timestamptz + n * interval '11 minutes', '/' || n % 4, 'view'
FROM generate_series(1, 20) AS n;
INSERT INTO raw_days
SELECT n, n % 5, '2026-01-01Z'::timestamptz + n * interval '3 hours', '/' || n % 4, 'view'
FROM generate_series(1, 10) AS n;
INSERT INTO raw_sealed (event_id, visitor, at, page)
SELECT 's' || n, 'v' || n % 4, now() - n * interval '1 day', '/' FROM generate_series(1, 5) AS n;
SQL

my %composites = map { my ($type, @columns) = split /\|/; ($type => \@columns) } split /\n/,
  sql(<<'SQL');
SELECT format_type(t.oid, NULL) || '|' || string_agg(format_type(a.atttypid, NULL), '|' ORDER BY attnum)
FROM pg_type AS t JOIN pg_attribute AS a ON a.attrelid = t.typrelid
WHERE a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'c'
	AND t.typnamespace = 'sessionize'::regnamespace GROUP BY t.oid
SQL
my @functions = read_functions(sql(functions_sql()), \%composites);
my @states    = map { [ split /\|/ ] } split /\n/, sql(<<'SQL');
SELECT concat_ws('|', n, aggfinalextra::int, replace(arguments, ', ', '|')) FROM aggregates ORDER BY n
SQL

# Views that call functions of the extension, and the pipelines' own.
$node->psql('postgres', $prepare, extra_params => [ '-U', 'owner' ]);
my @views = split /\n/, sql(<<'SQL');
SELECT oid::regclass FROM pg_class
WHERE relkind = 'v' AND relnamespace::regnamespace::text IN ('sessionize', 'shop', 'days', 'sealed')
ORDER BY oid::regclass::text
SQL

sub view_statement
{
	return one_of('SELECT * FROM ', 'SELECT count(*) FROM ', 'TABLE ',
		'EXPLAIN ANALYZE SELECT * FROM ')
	  . one_of(@views)
	  . one_of('', '', ' LIMIT 1');
}

cmp_ok(scalar @states,    '>', 8,   'states can be forged');
cmp_ok(scalar @functions, '>', 100, 'the catalog says what there is to call');

# Settings that whoever connects may change: the extension's, from what the catalog allows, and some of
# the server's.
my @settings = map { [ split /\|/ ] } split /\n/, sql(<<'SQL');
SELECT name, vartype, min_val, max_val, array_to_string(enumvals, ' ')
FROM pg_settings WHERE name LIKE 'sessionize.%' AND context = 'user' ORDER BY name
SQL

sub random_settings
{
	my @lines;

	foreach my $setting (grep { rand() < 0.3 } @settings)
	{
		my ($name, $type, $min, $max, $enum) = @$setting;
		my $value =
			$type eq 'bool'   ? one_of('on', 'off')
		  : $type eq 'enum'   ? one_of(split / /, $enum)
		  : $type eq 'string' ? ''
		  :                     one_of($min, $max, $min + 1);
		push @lines, "SET $name = " . quoted($value);
	}
	push @lines, "SET work_mem = '64kB'", "SET maintenance_work_mem = '1MB'" if rand() < 0.4;
	push @lines, 'SET parallel_setup_cost = 0', 'SET parallel_tuple_cost = 0',
	  'SET min_parallel_table_scan_size = 0'
	  if rand() < 0.5;
	push @lines,
	  'SET '
	  . one_of(
		'enable_hashagg = off',
		'enable_sort = off',
		'enable_indexscan = off',
		'enable_seqscan = off',
		'enable_partitionwise_aggregate = on',
		'plan_cache_mode = force_generic_plan',
		'jit_above_cost = 0') if rand() < 0.6;
	push @lines,
	  'SET '
	  . one_of(
		"TimeZone = 'Asia/Kathmandu'",
		"DateStyle = 'SQL, DMY'",
		"IntervalStyle = iso_8601",
		"search_path = ''",
		"bytea_output = escape",
		"standard_conforming_strings = on",
		"row_security = off",
		'quote_all_identifiers = on') if rand() < 0.5;
	return @lines;
}

# Functions with arguments that SQL has no values of can't be called but by aggregates; that they can't
# is tried now and then.
my @usual = grep { !grep({ $_ eq 'internal' } @{ $_->{types} }) } @functions;
sub callable { return rand() < 0.05 ? one_of(@functions) : one_of(@usual); }

sub any_statement
{
	my $dice = rand();

	return forged_statement(@{ one_of(@states) }) if $dice < 0.08;
	return view_statement()                       if $dice < 0.13;
	return statement(callable());
}

# The statements of one batch, each on a line of its own. A server with assertions can forget its
# caches whenever it might have to, which is slow.
sub batch
{
	my ($size, $forgetful) = @_;
	my $timeout = $forgetful ? BATCH / FORGETFUL_BATCH * TIMEOUT : TIMEOUT;
	my @lines =
	  ('\set ON_ERROR_ROLLBACK on', "SET statement_timeout = '${timeout}s'", random_settings());
	my $transaction = rand() < 0.4;

	push @lines, 'SET debug_discard_caches = 1' if $forgetful;
	push @lines,
	  'BEGIN '
	  . one_of('', '', 'ISOLATION LEVEL REPEATABLE READ', 'ISOLATION LEVEL SERIALIZABLE',
		'READ ONLY')
	  if $transaction;
	push @lines, map { any_statement() =~ s/[\r\n]/ /gr } 1 .. $size;
	push @lines,
	  one_of(
		'COMMIT',
		'ROLLBACK',
		"PREPARE TRANSACTION 'p'; ROLLBACK PREPARED 'p'",
		"PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'") if $transaction;
	return join('', map { /^\\/ ? "$_\n" : "$_;\n" } @lines);
}

my $superuser  = sql('SELECT current_user');
my $can_forget = !$ENV{SLOW_SERVER} && sql('SHOW debug_assertions') eq 'on';
my $log_end    = 0;

# What the server's log says since the last look that it must not.
sub found_in_log
{
	my $log = slurp_file($node->logfile, $log_end);

	$log_end += length($log);
	my $bad = qr/ XX00[012] |TRAP: |PANIC: |was terminated by signal/;
	return $log =~ /^.*$bad.*(?:\n(?!.*(?: ERROR| LOG| FATAL)).*){0,6}/mg;
}

my $activity = q{SELECT state, wait_event, query FROM pg_stat_activity WHERE application_name = 'batch'};
my ($done, $number, @findings, %seen) = (0, 0);
while ($done < $calls && @findings < 20)
{
	my $role      = one_of('owner', 'owner', 'stranger', $superuser);
	my $forgetful = $can_forget && $role eq $superuser && rand() < 0.3;
	my $size      = $forgetful ? FORGETFUL_BATCH : $calls - $done < BATCH ? $calls - $done : BATCH;
	my $file      = dirname($node->logfile) . '/batch_' . ++$number . '.sql';
	my $limit     = BATCH * TIMEOUT + GRACE;

	$node->psql('postgres', $prepare, extra_params => [ '-U', 'owner' ]);
	PostgreSQL::Test::Utils::append_to_file($file, batch($size, $forgetful));
	local $ENV{BATCH} = $node->connstr('postgres') . " user=$role application_name=batch";
	my $psql   = "psql -X -q -o /dev/null -d \"\$BATCH\" -f '$file' 2>/dev/null";
	my $status = system("timeout -k 5 $limit $psql");
	my @found = found_in_log();
	push @found, "not ended after $limit s: " . sql($activity) if ($status >> 8) =~ /^(124|137)$/;
	wait_for_server($node);
	unlink $file if !@found;
	push @findings,
	  map { "$file, as $role:\n$_" }
	  grep { !$seen{ s/^.*?(?=XX00|TRAP|PANIC|LOG)//r =~ s/\n.*//sr =~ s/\d+//gr }++ } @found;
	$done += $size;
}
cmp_ok($done, '>=', $calls, "$calls calls were made") unless @findings;
is(join("\n", @findings), '', "no internal error, no crash, no endless statement (SEED=$seed)");

# What the pipelines' owner has is as right as before.
$node->psql('postgres', $prepare, extra_params => [ '-U', 'owner' ]);
my %raw = (shop => 'raw', days => 'raw_days');
foreach my $pipeline ('shop', 'days')
{
	$node->psql('postgres', "SELECT sessionize.unschedule('$pipeline')");
	# a call may have detached it
	$node->psql('postgres', "SELECT sessionize.attach_source('$pipeline', '$raw{$pipeline}')", extra_params => [ '-U', 'owner' ]);
	sql("CALL sessionize.rebuild('$pipeline')");
	is(sql("SELECT count(*) FROM sessionize.verify('$pipeline')"),
		'0', "$pipeline can be rebuilt, and verify finds nothing");
}
done_testing();
