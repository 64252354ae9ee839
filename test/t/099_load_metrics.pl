# The page of metrics of loaders: how far each source and partition is, what waits, and why nothing is loaded.
use strict;
use warnings;
use IO::Socket::INET;
use KafkaBroker qw(build_kafka_tools start_mock stop_mock feed_kafka);
use LoadProgram qw(build_program why_not start_loader kill_hard ended_with feed);
use OpenMetrics;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

plan skip_all => why_not() unless build_program();

my $directory = PostgreSQL::Test::Utils::tempdir();
my $log = "$directory/loader.log";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events');
	CREATE ROLE collector LOGIN;
	GRANT USAGE ON SCHEMA raw TO collector;
	GRANT INSERT ON raw.events TO collector});
my @load = ('load', '--database', $node->connstr('postgres') . ' user=collector connect_timeout=2', '--load-spool', "shop \"1\":$directory/spool", '--metrics-listen', '127.0.0.1:0');

# Parts of the program that may be missing, and what they load from.
my $parts = `$LoadProgram::program --version`;
my $socket = PostgreSQL::Test::Utils::tempdir_short() . '/redis';
my $redis;
sub start_redis
{
	$redis = fork() // die 'no process';
	if (!$redis)
	{
		open(STDOUT, '>>', "$directory/redis.log") or die $!;
		exec({ 'redis-check-rdb' } 'redis-server', '--port', '0', '--unixsocket', $socket, '--dir', $directory, '--appendonly', 'yes', '--save', '') or die $!;
	}
	for (1 .. 400)
	{
		return if `redis-cli -s '$socket' PING 2>/dev/null` =~ /PONG/;
		usleep(50_000);
	}
	BAIL_OUT('Redis did not start');
}
my $has_redis = $parts =~ /\bredis\b/ && system('command -v redis-check-rdb >/dev/null && command -v redis-cli >/dev/null') == 0;
my $has_kafka = $parts =~ /\bkafka\b/ && build_kafka_tools();
my $brokers;
if ($has_redis)
{
	start_redis();
	push @load, '--redis', $socket, '--redis-stream', 'stream';
}
if ($has_kafka)
{
	$brokers = start_mock(1, 'events:2');
	push @load, '--kafka-brokers', $brokers, '--kafka-topic', 'events', '--kafka-config', 'reconnect.backoff.max.ms=500';
}

# What the page says; the header Accept asks for one of the two formats.
my $port;
sub page
{
	my ($path, $accept) = @_;
	my $http = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or return '';

	print $http 'GET ' . ($path // '/metrics') . " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" . ($accept // "Accept: application/openmetrics-text; version=1.0.0\r\n") . "\r\n";
	local $/;
	my $answer = <$http> // '';
	$answer =~ s/^.*?\r\n\r\n//s;
	return $answer;
}

sub value
{
	my ($name, $source, $partition, @more) = @_;

	return openmetrics_value(page(), "pg_sessionize_ingest_load_$name", source => $source, partition => $partition, @more);
}

# Wait until a value is as it should be, and test that it is.
sub becomes
{
	my ($wanted, $what, @sample) = @_;
	my $is;

	for (1 .. 600)
	{
		$is = value(@sample) // 'none';
		last if $is eq $wanted;
		usleep(50_000);
	}
	is($is, $wanted, $what) or diag(page(), slurp_file($log));
	return;
}

# -- settings
is(ended_with(start_loader($log, @load[ 0 .. 4 ], '--metrics-listen', '0.0.0.0:0'), 60), 2, 'other machines are not let in by default');
is(ended_with(start_loader($log, @load[ 0 .. 4 ], '--metrics-listen', 'nowhere'), 60), 2, 'an address that is none');
like(slurp_file($log), qr/metrics-for-all = on.*is not ADDRESS:PORT/s, 'both are told');

# -- all that is loaded
feed("$directory/spool", 'shop "1"', 1, 100, 10, 50);
my $before = time;
my $loader = start_loader($log, @load);
for (1 .. 600)
{
	($port) = slurp_file($log) =~ m{metrics at http://127\.0\.0\.1:(\d+)/metrics} and last;
	usleep(50_000);
}
my @spool = ('spool', 'shop "1"');
becomes(100, 'requests of the spool', 'requests_total', @spool);
is(value('rejected_total', @spool), 2, 'of which some were rejected');
is(value('rows_total', @spool), 98, 'and the others became events');
cmp_ok(value('batches_total', @spool), '>=', 1, 'in batches');
becomes(0, 'nothing waits', 'backlog_bytes', @spool);
is(value('position', @spool), $node->safe_psql('postgres', q{SELECT split_part(position, '@', 1) FROM sessionize.ingest_status WHERE source = 'spool'}), 'the position');
my $success = value('last_success_timestamp_seconds', @spool);
ok($success >= int($before) && $success <= time + 1, 'when that was');
is(join(' ', map { value('waiting', @spool, reason => $_) } qw(connection busy refused moved source fenced)), '0 0 0 0 0 0', 'it does not wait');
is(value('connected', @spool), 1, 'it is connected');
is(page('/health'), "ok\n", 'health');
is(page('/x'), "there is nothing at this path\n", 'no other page');
SKIP:
{
	skip 'Redis, or the part of the program that reads it, is not installed', 4 unless $has_redis;
	system("redis-cli -s '$socket' XADD stream '*' event_id r$_ event_name x anonymous_id a >/dev/null") foreach 1 .. 20;
	my ($source) = page() =~ /load_requests_total\{source="([^"]+)",partition="stream"\}/;
	my @stream = ($source // 'redis', 'stream');
	becomes(20, 'entries of the stream', 'requests_total', @stream);
	becomes(0, 'no entry waits', 'backlog_requests', @stream);
	cmp_ok(value('position', @stream), '>', $before * 1000 - 1000, 'its position is a time');
	kill_hard($redis);
	becomes(1, 'Redis is gone: the loader waits for its source', 'waiting', @stream, reason => 'source');
	start_redis();
	becomes(0, 'and is told to go on', 'waiting', @stream, reason => 'source');
}
SKIP:
{
	skip 'librdkafka, or the part of the program that uses it, is not installed', 3 unless $has_kafka;
	feed_kafka($brokers, 'events', 1000, 200, 50) or die 'the feeder failed';
	for (1 .. 600)
	{
		last if (value('requests_total', 'kafka', 'events/0') // 0) + (value('requests_total', 'kafka', 'events/1') // 0) == 200;
		usleep(50_000);
	}
	is((value('requests_total', 'kafka', 'events/0') // 0) + (value('requests_total', 'kafka', 'events/1') // 0), 200, 'messages of both partitions') or diag(page(), slurp_file($log));
	is((value('position', 'kafka', 'events/0') // 0) + (value('position', 'kafka', 'events/1') // 0), 200, 'their offsets');
	becomes(0, 'nothing waits', 'backlog_requests', 'kafka', 'events/0');
}

# -- why nothing is loaded
is_openmetrics(page(), 'OpenMetrics');
like(page('/metrics', ''), qr/^# TYPE pg_sessionize_ingest_load_requests_total counter$/m, 'the older format');
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; LOCK TABLE raw.events IN ACCESS EXCLUSIVE MODE');
feed("$directory/spool", 'shop "1"', 101, 10);
for (1 .. 600)
{
	last if (value('backlog_bytes', @spool) // 0) > 0;
	usleep(50_000);
}
cmp_ok(value('backlog_bytes', @spool), '>', 0, 'a lock: bytes wait');
is(value('pending_batches', @spool), 1, 'for an answer of the database');
$lock->query_safe('ROLLBACK');
$lock->quit;
becomes(110, 'and are loaded', 'requests_total', @spool);
becomes(0, 'nothing is pending', 'pending_batches', @spool);
$node->safe_psql('postgres', 'REVOKE INSERT ON raw.events FROM collector');
feed("$directory/spool", 'shop "1"', 111, 10);
becomes(1, 'no privilege: refused', 'waiting', @spool, reason => 'refused');
$node->safe_psql('postgres', 'GRANT INSERT ON raw.events TO collector');
becomes(120, 'and loaded with it', 'requests_total', @spool);
becomes(0, 'no longer refused', 'waiting', @spool, reason => 'refused');
$node->stop('immediate');
feed("$directory/spool", 'shop "1"', 121, 10);
becomes(1, 'the database is down', 'waiting', @spool, reason => 'connection');
is(value('connected', @spool), 0, 'not connected');
cmp_ok(value('backlog_bytes', @spool), '>', 0, 'bytes wait');
is_openmetrics(page(), 'OpenMetrics all the same');
$node->start;
becomes(130, 'all is loaded again', 'requests_total', @spool);
cmp_ok(value('errors_total', @spool), '>', 1, 'errors were counted');
kill('TERM', $loader);
is(ended_with($loader, 60), 0, 'the end');
kill_hard($redis) if $redis;
stop_mock() if $has_kafka;
done_testing();
