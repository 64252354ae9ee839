# Real trackers in a real browser, and the SDKs for servers: what a page tells its tracker is in the star, once, through the collector with
# the loader inside.  The packages come from npm, the browser from the system; what can't be had is skipped.
use strict;
use warnings;
use JSON::PP;
use LoadProgram qw(build_program why_not start_loader ended_with);
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

plan skip_all => why_not() unless build_program();
plan skip_all => 'node and npm are not installed' if system('command -v node >/dev/null && command -v npm >/dev/null') != 0;
my ($chromium) = grep { -x } map { "/usr/bin/$_" } qw(chromium-headless-shell chromium);

my $directory = PostgreSQL::Test::Utils::tempdir();
$ENV{HOME} = $directory;
system('cp', '-R', 'test/browser', "$directory/browser") == 0 or die 'cp';
plan skip_all => "the trackers can't be had from npm"
  unless system("cd '$directory/browser' && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts >'$directory/npm.log' 2>&1") == 0;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nlog_statement = none\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events');
	CREATE INDEX ON raw.events (anonymous_id, occurred_at, event_id);
	SELECT sessionize.create_pipeline('web', 'raw.events', key => 'coalesce(anonymous_id, user_id)');
	SELECT sessionize.schedule('web');
	CREATE ROLE collector LOGIN;
	GRANT USAGE ON SCHEMA raw TO collector;
	GRANT INSERT ON raw.events TO collector;
	CREATE TABLE told (tracker text, event text, who text);
});

my $log = "$directory/collect.log";
my $collector = start_loader($log, 'collect', '--listen', '127.0.0.1:0', '--spool', "$directory/spool", '--drain', '0', '--site', 'examples/live/site',
	'--database', $node->connstr('postgres') . ' user=collector');
my $port;
for (1 .. 600)
{
	last if ($port) = (-e $log ? slurp_file($log) : '') =~ /listening at http:\S+:(\d+)/;
	usleep(50_000);
}
ok($port, 'the collector listens') or BAIL_OUT(slurp_file($log));
my $address = "http://127.0.0.1:$port";

# drive runs a driver, and has what it told the trackers in the table told; returns how many events that were.
sub drive
{
	my ($what, @command) = @_;
	my ($out, $err);
	my $done = IPC::Run::run([ 'node', @command ], '>', \$out, '2>', \$err);

	ok($done, "$what: the driver ends well") or diag($err);
	my @lines = map { decode_json($_) } split /\n/, $out;
	my $json = encode_json(\@lines);
	$json =~ s/'/''/g;
	sql("TRUNCATE told; INSERT INTO told SELECT * FROM json_to_recordset('$json') AS t (tracker text, event text, \"user\" text)");
	return scalar @lines;
}

# What pages told their trackers.  The address of a page has the tracker's name; that of the posts may come by the context.
my $raw = q{SELECT substr(coalesce(properties ->> 'page', substring(context::text FROM 'http://[^/"]*(/[a-z_]+)"')), 2), event_name, user_id FROM raw.events};

SKIP:
{
	skip 'chromium is not installed', 9 unless $chromium;
	my $count = drive('browser', "$directory/browser/drive.mjs", $chromium, $address);
	cmp_ok($count, '>', 30, 'the pages told their trackers of events');
	ok($node->poll_query_until('postgres', "SELECT count(*) >= $count FROM raw.events"), 'the events arrive') or diag(slurp_file($log));
	is(sql("TABLE told EXCEPT ALL ($raw)"), '', 'each event that a page told of is in the raw table');
	is(sql("($raw) EXCEPT ALL TABLE told"), '', '... and no other');
	is(sql('SELECT count(*), count(DISTINCT event_id) - count(event_id) FROM raw.events WHERE event_id IS NULL OR anonymous_id IS NULL'), '0|0', 'each has its ids');
	ok($node->poll_query_until('postgres', "SELECT coalesce(sum(events), 0) = (SELECT count(DISTINCT event_id) FROM raw.events) FROM web.sessions"), 'the sessions have them all');
	# each page was one visit: the trackers that count sessions agree
	is( sql(q{
		SELECT count(*) FROM (
			SELECT count(DISTINCT e.session_id) AS ours, count(DISTINCT coalesce(context ->> '$session_id', context ->> 'sid', context ->> 'sessionId')) AS theirs
			FROM raw.events AS r JOIN web.sessions AS e ON e.session_key = coalesce(r.anonymous_id, r.user_id)
			GROUP BY r.anonymous_id) AS s WHERE ours <> 1 OR theirs > 1}), 0, 'a session of a tracker is a session');
	is(sql(q{SELECT count(*) FROM raw.events WHERE coalesce(context ->> '$session_id', context ->> 'sid', context ->> 'sessionId') IS NOT NULL}) > 0, 1, '... whose ids are kept');
}

my $before = sql('SELECT count(*) FROM raw.events');
my $count = drive('servers', "$directory/browser/servers.mjs", $address);
ok($node->poll_query_until('postgres', "SELECT count(*) >= $before + $count FROM raw.events"), "the servers' events arrive");
my $servers = "SELECT event_name, user_id FROM raw.events ORDER BY raw_id OFFSET $before";
is(sql("SELECT event, who FROM told EXCEPT ALL ($servers)"), '', 'each event that a server told of is in the raw table');
is(sql("($servers) EXCEPT ALL SELECT event, who FROM told"), '', '... and no other');

# Tabs that are closed, and a browser that is killed, in the middle of a request: what was answered is there, all else once at most.
SKIP:
{
	skip 'chromium is not installed', 6 unless $chromium;
	my $seed = $ENV{SEED} // int(rand(2**31));
	diag("seed $seed");
	drive('closing', "$directory/browser/closing.mjs", $chromium, $address, 60, $seed);
	# all that came is loaded when the collector has no client any more, and the loader no backlog
	for (1 .. 200)
	{
		my $metrics = `curl -s $address/metrics`;
		last if $metrics =~ /_connections 1$/m && $metrics =~ /_backlog_bytes 0$/m;
		usleep(100_000);
	}
	my $closing = q{SELECT event_id FROM raw.events WHERE event_id LIKE 'closing-%'};
	is(sql("SELECT event FROM told WHERE who = 'answered' EXCEPT ALL ($closing)"), '', 'what a page had an answer for is there');
	is(sql("$closing EXCEPT ALL (SELECT event FROM told)"), '', '... nothing is twice, and nothing else is there');
	is(sql(q{SELECT count(*) FROM raw.events JOIN told ON event_id = event WHERE event_name <> tracker OR length(properties ->> 'fill') <> CASE tracker WHEN 'large' THEN 900000 ELSE 1000 END}), 0,
		'... and all of it');
	diag('closed tabs: ' . join(', ', split /\n/, sql(q{SELECT tracker || ': ' || count(*) || ' sent, ' || count(who) || ' answered before the end, ' || count(event_id) || ' there'
		FROM told LEFT JOIN raw.events ON event_id = event GROUP BY tracker ORDER BY 1})));
	cmp_ok(sql(q{SELECT count(*) FROM told WHERE tracker = 'large' AND who IS NULL}), '>', 0, 'some pages were closed before the answer');
	cmp_ok(sql(qq{SELECT count(*) FROM told WHERE tracker = 'beacon' AND event IN ($closing)}), '>', 0, 'beacons arrive after their page is closed');
}
is(sql('SELECT count(*) FROM sessionize.rejected_requests'), 0, 'no request was rejected');
ok($node->poll_query_until('postgres', "SELECT coalesce(sum(events), 0) = (SELECT count(DISTINCT event_id) FROM raw.events) FROM web.sessions"), 'the sessions have them all');
is(sql("SELECT count(*) FROM sessionize.verify('web')"), 0, '... and are right');
kill('TERM', $collector);
is(ended_with($collector, 30), 0, 'the collector ends well');
$node->stop;
done_testing();
