# validate() against ajv, an independent implementation of JSON Schema, over random schemas and documents that are near
# them. ajv comes from npm, into a folder of the test's own. What is known to differ is named by json_schema_ajv.cjs, and
# explained in docs/testing.md; any other difference fails.
#
#   PAIRS=N, SEED=N   how many pairs of a schema and a document (20,000), and the random choices
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $pairs = $ENV{PAIRS} || 20000;
my $seed = $ENV{SEED} || int(rand(2**31));
my $log = '';

sub run_quietly
{
	my ($command, @to) = @_;
	return eval { IPC::Run::run($command, @to, '2>', \$log) };
}

# npm gives up soon where its registry can't be reached
my $folder = PostgreSQL::Test::Utils::tempdir . '/npm';
mkdir $folder or die "$folder: $!";
local $ENV{HOME} = $folder;
my $npm = [ 'npm', 'install', '--silent', '--no-audit', '--no-fund', '--no-update-notifier', '--fetch-retries', '1', '--fetch-timeout', '20000', '--cache', "$folder/cache",
	'--prefix', $folder, 'ajv@8.20.0', 'ajv-formats@3.0.1' ];
unless (run_quietly($npm, '>', \my $npm_out))
{
	my ($why) = reverse split /\n/, $log;
	plan skip_all => 'ajv can\'t be installed from npm: ' . ($why // 'there is no npm');
}
note("SEED=$seed PAIRS=$pairs");

my $file = PostgreSQL::Test::Utils::tempdir . '/pairs.txt';
local $ENV{NODE_PATH} = "$folder/node_modules";
ok(run_quietly([ 'node', 'test/t/json_schema_ajv.cjs', $seed, $pairs ], '>', $file), 'ajv judges each pair') or diag($log);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '-E', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\n");
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE pairs (draft text, formats boolean, schema jsonb, doc jsonb, ajv text, why text);
	\\copy pairs FROM '$file'
	CREATE FUNCTION verdict(schema jsonb, doc jsonb, formats boolean) RETURNS text LANGUAGE plpgsql AS \$\$
	BEGIN RETURN sessionize.validate(schema, doc, formats)::text; EXCEPTION WHEN OTHERS THEN RETURN 'error: ' || SQLERRM; END \$\$;
	CREATE TABLE judged AS SELECT *, verdict(schema, doc, formats) AS ours FROM pairs});

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

is(sql('SELECT count(*) FROM judged'), $pairs, "there are $pairs pairs");
is(sql(q{SELECT count(*) FROM judged WHERE ours NOT IN ('true', 'false')}), '0', 'each has a verdict');
is(sql(q{SELECT format('draft %s, formats %s: %s is %s by ajv and %s by validate()', draft, formats, doc, ajv, ours) || E'\n' || schema
	FROM judged WHERE ajv <> ours AND why = '' ORDER BY length(schema::text) + length(doc::text) LIMIT 5}), '', "no difference is unexplained (SEED=$seed PAIRS=$pairs)");
# so that it means something
is(sql(q{SELECT min(n) * 4 > sum(n) FROM (SELECT count(*) AS n FROM judged WHERE why = '' GROUP BY ours) AS v}), 't', 'both verdicts are frequent');
is(sql(q{SELECT count(*) FILTER (WHERE why = '') > 0.7 * count(*) FROM judged}), 't', 'most pairs have nothing in them that is known to differ');
note("pairs, and those that differ, by what is known to differ\n" . sql(q{SELECT coalesce(nullif(why, ''), 'nothing'), ours, count(*), count(*) FILTER (WHERE ours <> ajv)
	FROM judged GROUP BY 1, 2 ORDER BY 3 DESC}));
$node->stop;
done_testing();
