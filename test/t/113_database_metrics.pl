# collect --database-metrics: the page has the program's metrics and those of the database, as one document; a database that is down,
# or that does not answer, takes its own metrics away and no others, and keeps neither a request nor the end of the program.
use strict;
use warnings;
use IO::Socket::INET;
use LoadProgram qw(build_program why_not start_loader kill_hard ended_with);
use OpenMetrics;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

plan skip_all => why_not() unless build_program();

my $folder = PostgreSQL::Test::Utils::tempdir();
delete $ENV{PGAPPNAME};
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE ROLE collector LOGIN;
	GRANT pg_monitor TO collector;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz);
	CREATE INDEX ON raw (visitor, at);
	SELECT sessionize.create_pipeline('web "1"', 'raw', key => 'visitor', event_time => 'at');
	SELECT sessionize.create_events_table('raw_events');
	GRANT INSERT ON raw_events TO collector});

my ($port, $log, $program);

# Start a collector whose database is as a connection string says.
sub start
{
	my ($name, $database, @more) = @_;

	$log = "$folder/$name.log";
	append_to_file($log, '');
	$program = start_loader($log, 'collect', '--listen', '127.0.0.1:0', '--spool', "$folder/$name", '--spool-min-free', 0, '--drain', 0, '--database', $database, '--events', 'public.raw_events', @more);
	for (1 .. 400)
	{
		($port) = slurp_file($log) =~ m{listening at http://127\.0\.0\.1:(\d+)} and return;
		usleep(50_000);
	}
	BAIL_OUT(slurp_file($log));
}

sub page
{
	my ($older) = @_;
	my $http = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 5) or return '';

	print $http "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" . ($older ? '' : "Accept: application/openmetrics-text; version=1.0.0\r\n") . "\r\n";
	local $/;
	my $answer = <$http> // '';
	$answer =~ s/^.*?\r\n\r\n//s;
	return $answer;
}

sub own { return openmetrics_value(page(), 'pg_sessionize_ingest_ready') // 'none'; }
sub up { return openmetrics_value(page(), 'pg_sessionize_ingest_database_up') // 'none'; }
sub lag { return openmetrics_value(page(), 'sessionize_pipeline_needs_rebuild', datname => 'postgres', pipeline => 'web "1"') // 'none'; }

sub soon
{
	my ($what, $test) = @_;

	for (1 .. 600)
	{
		return pass($what) if $test->();
		usleep(50_000);
	}
	fail($what);
	return diag(page(), slurp_file($log));
}

# -- one document of both
my $database = $node->connstr('postgres') . ' user=collector';
start('first', $database, '--database-metrics', 1);
soon('the metrics of the database come', sub { up() eq '1' });
my $page = page();
is_openmetrics($page, 'the page');
is(lag(), 1, 'a metric of the database');
is(own(), 1, 'one of the program');
is(openmetrics_value($page, 'sessionize_scrape_query_failed', datname => 'postgres', query => $_), 0, "no query of the metrics has failed: $_")
  foreach $page =~ /sessionize_scrape_query_failed\{datname="postgres",query="(\w+)"\}/g;
cmp_ok(openmetrics_value($page, 'pg_sessionize_ingest_database_age_seconds'), '<', 10, 'its age');
my %names = map { $_ => 1 } $page =~ /^# TYPE (\w+)/mg;
my %wanted = map { $_ => 1 } $node->safe_psql('postgres', 'SELECT sessionize.openmetrics()') =~ /^# TYPE (\w+)/mg;
is(join(' ', grep { !$names{$_} } sort keys %wanted), '', 'each metric of the database is there');
is(scalar(() = $page =~ /# EOF/g), 1, 'the page ends once');
my $older = page(1);
unlike($older, qr/# EOF|# UNIT/, 'the older format has neither units nor an end');
like($older, qr/^# TYPE sessionize_build_info gauge\n(?:# HELP .*\n)?sessionize_build_info\{/m, 'a gauge in it');
like($older, qr/^# TYPE sessionize_incidents_opened_total counter\n# HELP sessionize_incidents_opened_total .*\nsessionize_incidents_opened_total\{/m, 'a counter in it');
SKIP:
{
	skip 'promtool is not installed', 1 if system('command -v promtool >/dev/null 2>&1') != 0;
	append_to_file("$folder/older", $older);
	unlike(`promtool check metrics <'$folder/older' 2>&1`, qr/error while linting|parsing/i, 'promtool reads it');
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_sessionize_ingest metrics'}), 1, 'it asks by one connection');
unlike($node->safe_psql('postgres', q{SELECT query FROM pg_stat_activity WHERE application_name = 'pg_sessionize_ingest metrics'}), qr/INSERT|UPDATE/, 'which only reads');

# -- the database is down, and comes back
$node->stop('immediate');
soon('the database is down', sub { up() eq '0' });
is_openmetrics(page(), 'the page without it');
is(own(), 1, 'has the metrics of the program');
is(lag(), 'none', 'and none that are old');
is(openmetrics_value(page(), 'pg_sessionize_ingest_database_age_seconds'), undef, 'nor their age');
like(slurp_file($log), qr/the metrics of the database could not be read/, 'the log says why');
$node->start;
soon('the database is there again', sub { up() eq '1' && lag() eq '1' });
kill 'TERM', $program;
is(ended_with($program, 20), 0, 'it ends');

# -- a database that takes connections and says nothing
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50) or die $!;
start('second', "host=127.0.0.1 port=@{[ $silent->sockport ]} dbname=x user=x", '--database-metrics', 1, '--drain', 0);
usleep(1_500_000);
my $longest = 0;
for (1 .. 20)
{
	my $begun = time;
	is(own(), 1, 'the page does not wait') if $_ == 1;
	page();
	$longest = time - $begun if time - $begun > $longest;
	usleep(50_000);
}
# a thread that talks HTTP and waits for the database would wait for five seconds at least
cmp_ok($longest, '<', 4, 'no request waits for the database');
is(up(), 0, 'its metrics are missing');
is_openmetrics(page(), 'the page without them');
kill_hard($program);

# -- a query that waits: the metrics get old, and say so
start('third', $database, '--database-metrics', 1);
soon('the metrics are there', sub { up() eq '1' });
$node->safe_psql('postgres', q{BEGIN; INSERT INTO sessionize.metric_query VALUES ('test', '{}', 'SELECT 1 AS slow FROM (SELECT pg_sleep(6)) AS s');
	INSERT INTO sessionize.metric (metric_name, query_name, type, help) VALUES ('test_slow', 'test', 'gauge', 'Slow.'); COMMIT});
soon('a query takes long: the metrics are old', sub { (openmetrics_value(page(), 'pg_sessionize_ingest_database_age_seconds') // 0) > 3 });
is(own(), 1, 'and the program answers');
kill 'TERM', $program;
is(ended_with($program, 20), 0, 'and ends meanwhile');

# -- it needs a database
is(ended_with(start_loader("$folder/none.log", 'collect', '--listen', '127.0.0.1:0', '--spool', "$folder/none", '--spool-min-free', 0, '--drain', 0, '--database-metrics', 1), 20), 1, 'without a database it does not start');
like(slurp_file("$folder/none.log"), qr/database-metrics needs the setting database/, 'and says so');

$node->stop;
done_testing();
