# A real broker of Kafka and the loaders of a topic are killed at random points while events, transactions among them, come in: each message
# of a committed transaction is in the events table once, or rejected once, and none of an aborted one.  Needs Java and Maven.
use strict;
use warnings;
use KafkaBroker qw(build_kafka_tools fetch_broker start_broker kill_broker feed_kafka feed_behind);
use LoadProgram qw(build_program why_not start_loader kill_hard ended_with);
use POSIX qw(:sys_wait_h);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

plan skip_all => why_not() unless build_program();
plan skip_all => 'librdkafka is not installed' unless build_kafka_tools();
plan skip_all => 'the program was built without Kafka' unless `$LoadProgram::program --version` =~ /\bkafka\b/;

my $directory = PostgreSQL::Test::Utils::tempdir();
plan skip_all => 'a Kafka broker can\'t be had: Java or Maven is missing, or Maven can\'t download' unless fetch_broker();

my $cycles = $ENV{CYCLES} || 8;
my $seed = $ENV{SEED} || int(rand(2**31));
srand($seed);
diag("seed $seed");

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $brokers = "127.0.0.1:$port";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events')});

my $log = "$directory/loader.log";
sub loader
{
	return start_loader($log, 'load', '--database', $node->connstr('postgres'), '--kafka-brokers', $brokers, '--kafka-topic', 'events', '--batch-bytes', '4kB',
		'--kafka-config', 'session.timeout.ms=6000', '--kafka-config', 'heartbeat.interval.ms=500', '--kafka-config', 'reconnect.backoff.max.ms=500', @_);
}

my ($sent, $aborted, @feeders) = (0, 1_000_000);

sub all_once
{
	my ($what) = @_;
	my $bad = int($sent / 50);

	$node->poll_query_until('postgres', qq{SELECT coalesce(sum(requests), 0) >= $sent FROM sessionize.ingest_reconcile()})
	  or diag("$what: " . sql('TABLE sessionize.ingest_status') . "\n" . join("\n", grep { defined } (split(/\n/, slurp_file($log)))[-30 .. -1]));
	is(sql(qq{
		SELECT count(*) FILTER (WHERE coalesce(h, 0) <> CASE WHEN n % 50 = 0 THEN 0 ELSE 1 END), sum(h), count(*)
		FROM generate_series(1, $sent) AS n FULL JOIN (SELECT substr(event_id, 2)::int AS n, count(*) AS h FROM raw.events GROUP BY 1) AS e USING (n)}),
		join('|', 0, $sent - $bad, $sent), "$what: each event is there once, and no other");
	is(sql(qq{SELECT count(*), count(DISTINCT headers ->> ':offset') FROM sessionize.rejected_requests}), "$bad|$bad", "$what: each other message is rejected once");
	is(sql(q{SELECT sum(requests), sum(difference), sum(gaps) FROM sessionize.ingest_reconcile()}), "$sent|0|0", "$what: the accounts close");
	return;
}

start_broker("$directory/broker", $port);
my $started = 0;
for (1 .. 120) { last if $started = feed_kafka($brokers, 'events', 1, 100, 50); usleep(500_000); }
$sent = 100;
ok($started, 'the broker runs') or BAIL_OUT('no broker');
is(ended_with(loader('--until-end'), 120), 0, 'a loader ends when all is loaded');
all_once('at first');

# Transactions.
ok(feed_kafka($brokers, 'events', $sent + 1, 400, 50, 'commit'), 'a transaction is committed');
$sent += 400;
ok(feed_kafka($brokers, 'events', $aborted, 400, 50, 'abort'), 'a transaction is aborted');
$aborted += 1000;
ok(feed_kafka($brokers, 'events', $sent + 1, 100, 50), 'events come after it');
$sent += 100;
is(ended_with(loader('--until-end'), 120), 0, 'a loader ends when all is loaded');
all_once('after transactions');

# Kills.
my @members = (loader(), loader());
my %done;
for my $cycle (1 .. $cycles)
{
	my $what = ('loader', 'loader', 'broker', 'backend')[ $cycle % 4 ];
	my $count = 200 + int(rand(2000));
	my $i = int(rand(2));

	$done{$what}++;
	push @feeders, feed_behind("$directory/feeder.log", $brokers, 'events', $sent + 1, $count, 50, rand() < 0.3 ? ('commit') : ());
	$sent += $count;
	usleep(int(rand(1_500_000)));
	if ($what eq 'loader')
	{
		kill_hard($members[$i]);
		$members[$i] = loader();
	}
	elsif ($what eq 'broker')
	{
		kill_broker();
		usleep(int(rand(1_000_000)));
		start_broker("$directory/broker", $port);
	}
	else
	{
		sql(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'pg_sessionize_ingest'});
	}
}
diag(join(', ', map { "$_: $done{$_}" } sort keys %done));
is(join(' ', map { ended_with($_, 120) } @feeders), join(' ', (0) x @feeders), 'all events were sent');
all_once('after kills');
kill('TERM', @members);
is(join(' ', map { ended_with($_, 60) } @members), '0 0', 'the loaders end');

kill_broker('TERM');
$node->stop;
done_testing();
