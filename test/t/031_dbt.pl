# examples/dbt on the data of make demo, by dbt itself: its sources, tests and models, and what the models contain
# compared with plain SQL. dbt comes from PyPI, into a folder of the test's own.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use File::Copy qw(copy);
use File::Find;
use File::Path qw(make_path);

my $log = '';

sub run_quietly
{
	my ($command) = @_;
	return eval { IPC::Run::run($command, '>', \$log, '2>&1') };
}

# pip gives up soon where PyPI can't be reached
my $venv = PostgreSQL::Test::Utils::tempdir . '/venv';
my $is_there = run_quietly([ 'python3', '-m', 'venv', $venv ])
  && run_quietly([ "$venv/bin/pip", 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--no-compile', '--only-binary', ':all:', '--retries', '1',
		'--timeout', '20', 'dbt-core~=1.11.0', 'dbt-postgres' ]);
unless ($is_there)
{
	my ($why) = reverse split /\n/, $log;
	plan skip_all => 'dbt can\'t be installed from PyPI: ' . ($why // 'there is no python3');
}

my $node = PostgreSQL::Test::Cluster->new('dbt');
$node->init;
$node->append_conf('postgresql.conf', "work_mem = '64MB'\nfsync = off\nautovacuum = off\njit = off\n");
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION pg_sessionize; CREATE ROLE dbt LOGIN; CREATE SCHEMA analytics AUTHORIZATION dbt;
	SELECT sessionize.create_events_table('raw.events', 'month')});
IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-f', 'examples/demo/generator.sql' ])
  or die 'the generator failed';
# the statements of examples/README.md
$node->safe_psql('postgres', q{ANALYZE raw.events; SELECT sessionize.create_pipeline('web', 'raw.events');
	SELECT sessionize.grant_reader('web', 'dbt'); GRANT pg_read_all_stats TO dbt;
	SELECT sessionize.add_measure('web', 'first_utm_source', 'first', 'context #>> ''{campaign,source}''')});
$node->safe_psql('postgres', "CALL sessionize.refresh('web')");

# dbt writes into its project's folder
my $project = PostgreSQL::Test::Utils::tempdir . '/project';
find({ no_chdir => 1, wanted => sub {
	my $target = $project . substr($_, length 'examples/dbt');
	-d $_ ? make_path($target) : copy($_, $target) || die "$_: $!";
} }, 'examples/dbt');

sub dbt
{
	my (@arguments) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => 'dbt', PGDATABASE => 'postgres', DBT_SCHEMA => 'analytics',
		DBT_SEND_ANONYMOUS_USAGE_STATS => 'false', HOME => PostgreSQL::Test::Utils::tempdir);
	my $done = run_quietly([ "$venv/bin/dbt", '--no-use-colors', '--no-version-check', @arguments, '--project-dir', $project, '--profiles-dir', $project,
		# the same each time, so that dbt parses the project once
		'--vars', '{session_columns: {utm_source: first_utm_source}}' ]);
	return ($done, $log);
}

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

my ($done, $out) = dbt('deps');
ok($done, 'dbt deps') or diag($out);
($done, $out) = dbt('build');
ok($done, 'dbt build') or diag($out);
like($out, qr/PASS=\d\d WARN=0 ERROR=0 SKIP=0/, 'all tests pass');
unlike($out, qr/Deprecat/, 'with nothing that dbt deprecates');

# what the models contain
is(sql('SELECT count(*) FROM (SELECT session_id, session_key, started_at, ended_at, events FROM web.fact_session
	EXCEPT ALL SELECT session_id, session_key, started_at, ended_at, events FROM analytics.stg_sessions) AS d'), '0', 'stg_sessions has every session');
is(sql('SELECT count(*) = (SELECT count(*) FROM web.fact_session) FROM analytics.segment_web_sessions'), 't', 'segment_web_sessions has a row for each');
is(sql(q{
	SELECT count(*) FROM analytics.segment_web_sessions AS m JOIN web.sessions AS s ON s.session_id::text = m.session_id
	WHERE (m.session_start_tstamp, m.session_end_tstamp, m.page_views, m.first_page_url, m.last_page_url, m.duration_in_s, m.utm_source, m.anonymous_id)
	IS DISTINCT FROM (s.started_at, s.ended_at, s.page_views, s.entry_page, s.exit_page, floor(extract(epoch FROM s.ended_at - s.started_at))::bigint, s.first_utm_source, s.session_key)}),
	'0', 'its columns are those of the sessions');
is(sql(q{
	WITH event AS (SELECT coalesce(anonymous_id, user_id) AS key, user_id, context #>> '{campaign,source}' AS source FROM raw.events)
	SELECT count(DISTINCT m.utm_source) > 0 AND bool_and(m.utm_source IS NULL OR m.utm_source IN (SELECT source FROM event)) FROM analytics.segment_web_sessions AS m}),
	't', 'a measure fills a column');
# the user that the key's last event with a user names, from the events alone
is(sql(q{
	WITH last_user AS (SELECT session_key, (array_agg(user_id ORDER BY event_time DESC, event_id DESC))[1] AS user_id FROM web.events WHERE user_id IS NOT NULL GROUP BY 1)
	SELECT count(*) FROM analytics.segment_web_sessions AS m LEFT JOIN last_user AS u ON u.session_key = m.anonymous_id
	WHERE m.blended_user_id IS DISTINCT FROM coalesce(u.user_id, m.anonymous_id)}), '0', 'blended_user_id is the last user that is known');
is(sql(q{
	SELECT count(*) FROM (SELECT blended_user_id, max(session_number) AS last, count(DISTINCT session_number) AS numbers, count(*) AS sessions
	                      FROM analytics.segment_web_sessions GROUP BY 1) AS u WHERE last <> sessions OR numbers <> sessions}), '0', 'sessions of a user are numbered from 1');
is(sql(q{SELECT count(*) FROM analytics.segment_web_sessions WHERE num_nonnulls(utm_medium, gclid, referrer, device, device_category, first_page_url_host) > 0}), '0', 'what the star lacks is NULL');
is(sql(q{SELECT first_page_url_host, first_page_url_path, first_page_url_query, last_page_url_path FROM (SELECT 1) AS x,
	LATERAL (SELECT 'https://shop.example/a/b?c=1&d#e' AS entry_page, '/p?q' AS exit_page) AS s,
	LATERAL (SELECT } . join(', ', grep { defined } map { /^\s*(.* as (?:first|last)_page_url_\w+),$/ ? $1 : undef } split /\n/, slurp_file(compiled())) . ') AS m'),
	'shop.example|/a/b|c=1&d|/p', 'a URL is taken apart');

sub compiled
{
	return "$project/target/compiled/pg_sessionize/models/marts/segment_web_sessions.sql";
}

# freshness: the watermark is now, and falls behind when a writer leaves a transaction open
($done, $out) = dbt('source', 'freshness', '--select', 'source:sessionize');
ok($done && $out =~ /PASS freshness of sessionize.pipeline_status/, 'the star is fresh') or diag($out);
my $writer = $node->background_psql('postgres');
$writer->query_safe(q{BEGIN});
$writer->query_safe(q{INSERT INTO raw.events (event_id, event_name, anonymous_id, occurred_at) VALUES ('open', 'page_view', 'a', now())});
sql(q{SELECT pg_sleep(2)});
my $strict = slurp_file("$project/models/staging/sources.yml");
$strict =~ s/error_after: \{count: 1, period: hour\}/error_after: {count: 0, period: minute}/ or die 'no error_after';
open(my $fh, '>', "$project/models/staging/sources.yml") or die $!;
print $fh $strict;
close($fh);
($done, $out) = dbt('source', 'freshness', '--select', 'source:sessionize');
ok(!$done && $out =~ /ERROR STALE freshness of sessionize.pipeline_status/, 'an open transaction makes it stale') or diag($out);
$writer->query_safe('ROLLBACK');
$writer->quit;

# a key that is not there fails the build
sql(q{UPDATE web.fact_event SET page_key = 999999 WHERE ctid = (SELECT min(ctid) FROM web.fact_event)});
($done, $out) = dbt('test', '--select', 'source:star.fact_event');
ok(!$done && $out =~ /FAIL 1 source_relationships_star_fact_event_page_key/, 'a member that is missing fails a test') or diag($out);

$node->stop;
done_testing();
