# Loaders of Redis streams: killed at random, with Redis, by positions and in a group; entries that were trimmed unread are told; a server
# that evicts is refused.
use strict;
use warnings;
use LoadProgram qw(build_program why_not start_loader kill_hard ended_with);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisServer qw(no_redis start_redis kill_redis redis_socket redis);
use Test::More;
use Time::HiRes qw(usleep);

plan skip_all => why_not() unless build_program();
my $no_redis = no_redis();
plan skip_all => $no_redis if $no_redis;

my $cycles = $ENV{CYCLES} || 30;
my $seed = $ENV{SEED} || int(rand(2**31));
srand($seed);
diag("seed $seed");

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events', 'none');
	SELECT sessionize.create_events_table('raw.shared', 'none')});

start_redis();
my $socket = redis_socket();

# Entries with bodies, some of them bad, and entries that are events by themselves.  Returns how many were accepted.
sub produce
{
	my ($stream, $first, $count) = @_;

	open(my $cli, '|-', "redis-cli -s '$socket' >/dev/null") or die $!;
	for my $n ($first .. $first + $count - 1)
	{
		print $cli $n % 50 == 0 ? "XADD $stream * body '{\"event_id\":'\n"
		  : $n % 2 == 0 ? "XADD $stream * event_id e$n event_name page_view anonymous_id a" . $n % 7 . "\n"
		  : "XADD $stream * protocol generic body '{\"event_id\":\"e$n\",\"properties\":{\"page\":\"/p\"}}'\n";
	}
	close($cli) or die 'redis-cli failed';
	return;
}

my $log = "$directory/loader.log";
my @load = ('load', '--database', $node->connstr('postgres'), '--redis', $socket, '--batch-bytes', '8kB');

sub all_once
{
	my ($what, $table, $source, $sent) = @_;
	my $bad = int($sent / 50);

	is(sql(qq{
		SELECT count(*) FILTER (WHERE coalesce(h, 0) <> CASE WHEN n % 50 = 0 THEN 0 ELSE 1 END), coalesce(sum(h), 0), count(*)
		FROM generate_series(1, $sent) AS n FULL JOIN (SELECT substr(event_id, 2)::int AS n, count(*) AS h FROM $table GROUP BY 1) AS e USING (n)}),
		join('|', 0, $sent - $bad, $sent), "$what: each event is there once");
	is(sql(qq{SELECT sum(requests), sum(decoded), sum(rejected), sum(difference) FROM sessionize.ingest_reconcile() WHERE events = '$table'::regclass AND source = '$source'}),
		join('|', $sent, $sent - $bad, $bad, 0), "$what: the accounts close");
}
sub wait_all
{
	my ($table, $sent) = @_;

	$node->poll_query_until('postgres', qq{SELECT sum(requests) = $sent FROM sessionize.ingest_status WHERE events = '$table'::regclass})
	  or diag(slurp_file($log));
}

# By positions, one loader.
my $sent = 0;
my @one = (@load, '--redis-stream', 'ev', '--redis-trim', 'on');
my $loader = start_loader($log, @one);
for my $cycle (1 .. $cycles)
{
	my $count = 20 + int(rand(200));

	produce('ev', $sent + 1, $count);
	$sent += $count;
	usleep(int(rand(150_000)));
	if (rand() < 0.6)
	{
		kill_hard($loader);
		$loader = start_loader($log, @one);
	}
	elsif (rand() < 0.5)
	{
		kill_redis();
		usleep(int(rand(200_000)));
		start_redis();
	}
	else
	{
		$node->stop('immediate');
		$node->start;
	}
}
wait_all('raw.events', $sent);
all_once('by positions', 'raw.events', 'redis', $sent);
is(sql('SELECT count(*) FROM sessionize.ingest_gaps'), '0', 'no gap is told where there is none');
is(sql(q{SELECT DISTINCT source FROM raw.events}), 'ev', 'the source of an event is the stream');
kill_hard($loader);

# In a group: two loaders that share a stream.
my $shared = 0;
my @group = (@load, '--events', 'raw.shared', '--redis-stream', 'sh', '--redis-group', 'g');
my %pair = map { $_ => start_loader($log, @group, '--name', $_) } 'a', 'b';
for my $cycle (1 .. $cycles)
{
	my $count = 20 + int(rand(200));
	my $victim = rand() < 0.5 ? 'a' : 'b';

	produce('sh', $shared + 1, $count);
	$shared += $count;
	usleep(int(rand(150_000)));
	if (rand() < 0.7)
	{
		kill_hard($pair{$victim});
		$pair{$victim} = start_loader($log, @group, '--name', $victim);
	}
	elsif (rand() < 0.5)
	{
		kill_redis();
		start_redis();
	}
	else
	{
		$node->stop('immediate');
		$node->start;
	}
}
wait_all('raw.shared', $shared);
all_once('in a group', 'raw.shared', 'redis group g', $shared);
usleep(1_000_000);
is((split /\n/, redis('XPENDING sh g'))[0], '0', 'all is acknowledged');
is(sql(q{SELECT count(*) FROM sessionize.ingest_status WHERE events = 'raw.shared'::regclass}), '2', 'each consumer has a position of its own');
kill_hard($_) foreach values %pair;

# Entries that are trimmed before they are read.
produce('ev', $sent + 1, 100);
redis('XTRIM ev MAXLEN = 40');
is(system($LoadProgram::program, @one, '--until-end', 'on') >> 8, 0, 'loaded what is left');
is(sql(q{SELECT count(*), bool_and(reason = '60 entries of the stream were trimmed or deleted before they were read') FROM sessionize.ingest_gaps}), '1|t',
	'what was trimmed unread is a gap');
is(sql(qq{SELECT requests FROM sessionize.ingest_status WHERE source = 'redis'}), $sent + 40, 'and what was left is loaded');

is(system($LoadProgram::program, @one, '--until-end', 'on') >> 8, 0, 'a loader that comes back');
is(sql('SELECT count(*) FROM sessionize.ingest_gaps'), '1', 'does not tell of the gap once more');
# A group, by the count that Redis keeps of what the group was given; without restarts, after which this count is an estimate.
my @calm = (@load, '--events', 'raw.calm', '--redis-stream', 'calm', '--redis-group', 'h', '--name', 'c', '--until-end', 'on');
sql(q{SELECT sessionize.create_events_table('raw.calm')});
redis(qq{XADD calm '*' event_id kept$_}) foreach 1 .. 5;
system($LoadProgram::program, @calm);
redis(q{XADD calm '*' event_id lost});
redis(q{XADD calm '*' event_id left});
redis('XTRIM calm MAXLEN = 1');
system($LoadProgram::program, @calm);
is(sql(q{SELECT count(*) FROM raw.calm}), '6', 'a group loads what is left');
is(sql(q{SELECT count(*), bool_and(reason = 'up to 1 entries of the stream were trimmed or deleted before they were read') FROM sessionize.ingest_gaps WHERE events = 'raw.calm'::regclass}),
	'1|t', 'what was trimmed before a group had it is a gap');

# A stream that is gone.
redis('DEL ev');
system($LoadProgram::program, @one, '--until-end', 'on');
is(sql(q{SELECT reason FROM sessionize.ingest_gaps ORDER BY noted_at DESC LIMIT 1}) =~ /^the stream is gone/ ? 1 : 0, 1, 'so is a stream that is gone');

# A server that evicts.
redis('CONFIG SET maxmemory 100mb');
redis('CONFIG SET maxmemory-policy allkeys-lru');
$loader = start_loader("$directory/evicting.log", @one);
usleep(1_000_000);
kill('TERM', $loader);
is(ended_with($loader, 30), 0, 'a loader ends while it can read nothing');
like(slurp_file("$directory/evicting.log"), qr/set maxmemory-policy to noeviction, it is: allkeys-lru/, 'a server that evicts is refused');

kill_redis();
$node->stop;
done_testing();
