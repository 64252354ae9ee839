# infer_schema over real data, each document of which must be valid by what it proposes; and the plans of
# infer_contract and dry_run_contract, which parallel workers must be able to share.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_parallel_workers_per_gather = 2
max_parallel_workers = 4
max_worker_processes = 12
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_sessionize; CREATE TABLE real_data (line text);');

# The schema of the documents that an expression makes of each line, checked document by document.
sub check_documents
{
	my ($name, $documents, $paths) = @_;
	my $query = "SELECT d FROM real_data, LATERAL ($documents) AS x (d)";

	is( $node->safe_psql(
			'postgres', qq{
		SELECT count(*) > 0, count(*) FILTER (WHERE NOT sessionize.validate(schema, d, true)), bool_and(sessionize.check_schema(schema) IS NOT NULL)
		FROM ($query) AS q, (SELECT sessionize.infer_schema(d) AS schema FROM ($query) AS q) AS s}),
		't|0|t', "$name: each document is valid");
	is( $node->safe_psql(
			'postgres', qq{
		SELECT count(DISTINCT schema) FROM (
			SELECT sessionize.infer_schema(d ORDER BY md5(n || d::text)) AS schema FROM ($query) AS q, generate_series(1, 3) AS n GROUP BY n) AS s}),
		'1', "$name: the order does not matter");
	foreach my $path (sort keys %$paths)
	{
		is( $node->safe_psql(
				'postgres',
				qq{SELECT sessionize.infer_schema(d) #> '$path' FROM ($query) AS q}),
			$paths->{$path},
			"$name: $path");
	}
}

# Have lines of a file of the shared data in the table.
sub load_lines
{
	my ($name, @lines) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$name";

	PostgreSQL::Test::Utils::append_to_file($file, join('', map { "$_\n" } @lines));
	$node->safe_psql('postgres', "TRUNCATE real_data; "
		  . "COPY real_data FROM '$file' (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02');");
}

my $data = $ENV{SESSIONIZE_SHARED} // '../shared/data';

SKIP:
{
	my $file = "$data/wikiticker-2015-09-12-sampled.json.gz";
	skip "no $file", 1 unless -e $file;

	open(my $lines, '-|', 'gzip', '-dc', $file) or die "gzip: $!";
	chomp(my @lines = <$lines>);
	close($lines) or die "gzip: $!";
	load_lines('edits', @lines);
	check_documents(
		'Wikipedia edits',
		'SELECT line::jsonb',
		{
			'{properties,time}'       => '{"type": "string", "format": "date-time"}',
			'{properties,isRobot}'    => '{"type": "boolean"}',
			'{properties,added,type}' => '"integer"',
			'{properties,page}'       => '{"type": "string", "minLength": 1}',
		});
}

SKIP:
{
	my $file = "$data/otto_20_shoppers.jsonl";
	skip "no $file", 1 unless -e $file;

	load_lines('shoppers', split /\n/, slurp_file($file));
	check_documents(
		'shoppers',
		'SELECT line::jsonb',
		{
			'{properties,events,items,required}' => '["ts", "aid", "type"]',
			'{properties,events,items,properties,type}' =>
			  '{"enum": ["carts", "clicks", "orders"], "type": "string"}',
		});
}

SKIP:
{
	my $file = "$data/trackers/captures.txt";
	skip "no $file", 1 unless -e $file;

	# the headers and bodies of requests that are JSON
	load_lines('requests',
		map { /^\s*[BH] (\{.*\})(?: raw \d+)?\s*$/ ? $1 : () } split /\n/, slurp_file($file));
	check_documents('requests of trackers', 'SELECT line::jsonb', {});
}

# The plans, as auto_explain writes them to the server's log.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE raw (raw_id bigint PRIMARY KEY, visitor text, at timestamptz, event_name text, properties jsonb);
CREATE INDEX ON raw (visitor, at);
INSERT INTO raw SELECT n, 'v' || n % 99, '2026-01-01Z'::timestamptz + n * interval '1 min', 'view', jsonb_build_object('n', n, 'page', '/' || n % 5)
FROM generate_series(1, 20000) AS n;
ANALYZE raw;
SELECT sessionize.create_pipeline('plans', 'raw', key => 'visitor', event_time => 'at');
SQL

sub plans
{
	my ($query) = @_;
	my $start = -s $node->logfile;

	$node->safe_psql('postgres', <<"SQL");
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
$query
SQL
	return grep { /Seq Scan on public\.raw|Seq Scan on raw/ } split /(?=duration: )/,
	  slurp_file($node->logfile, $start);
}

my @infer = plans(q{SELECT events FROM sessionize.infer_contract('plans', 'view');});
is(scalar @infer, 1, 'infer_contract reads the raw rows once');
like($infer[0], qr/Finalize Aggregate.*Workers Launched: [12].*Partial Aggregate.*Parallel Seq Scan/s,
	'infer_contract: workers have the documents in parts');

my @judge =
  plans(q{SELECT failed FROM sessionize.dry_run_contract('plans', 'view', '{"properties": {"n": {"maximum": 9000}}}');}
  );
is(scalar @judge, 2, 'dry_run_contract reads the raw rows twice, as some have a violation');
like($judge[0], qr/Finalize Aggregate.*Workers Launched: [12].*Partial Aggregate.*Parallel Seq Scan/s,
	'dry_run_contract: workers have the rows in parts');
like($judge[1], qr/Workers Launched: [12].*Parallel Seq Scan on (?:public\.)?raw[^\n]*\n\s*Filter: [^\n]*validate/s,
	'dry_run_contract: workers look for the rows that have violations');
is(scalar(plans(q{SELECT failed FROM sessionize.dry_run_contract('plans', 'view', '{}');})),
	1, 'dry_run_contract reads them once if all are valid');

$node->stop;
done_testing();
