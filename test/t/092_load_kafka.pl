# Loaders of a Kafka topic are killed, stopped, joined by others and cut off from the brokers and the database, at random points: each message
# is in the events table once, or rejected once.  The brokers are librdkafka's, in memory.
use strict;
use warnings;
use IO::Socket::INET;
use KafkaBroker qw(build_kafka_tools start_mock tell_mock stop_mock feed_kafka);
use LoadProgram qw(build_program why_not make_events_table each_once start_loader kill_hard ended_with);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX ();
use Test::More;
use Time::HiRes qw(usleep time);

plan skip_all => why_not() unless build_program();
plan skip_all => 'librdkafka is not installed' unless build_kafka_tools();
plan skip_all => 'the program was built without Kafka' unless `$LoadProgram::program --version` =~ /\bkafka\b/;

my $cycles = $ENV{CYCLES} || 25;
my $seed = $ENV{SEED} || int(rand(2**31));
srand($seed);
diag("seed $seed");

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

make_events_table($node);

my $log = "$directory/loader.log";
my $brokers = start_mock(2, 'events:4', 'small:1', 'lost:1', 'fenced:2', 'framed:1', 'plain:1');
my $sent = 0;

# A loader; small batches make that many of them are on their way.
sub loader
{
	my ($topic, @more) = @_;

	return start_loader($log, 'load', '--database', $node->connstr('postgres') . ' user=collector', '--kafka-brokers', $brokers, '--kafka-topic', $topic,
		'--batch-bytes', '4kB', '--kafka-config', 'session.timeout.ms=6000', '--kafka-config', 'heartbeat.interval.ms=500',
		'--kafka-config', 'reconnect.backoff.max.ms=500', @more);
}

sub send_more
{
	my ($topic, $count) = @_;

	feed_kafka($brokers, $topic, $sent + 1, $count, 50) or die 'the feeder failed';
	$sent += $count;
	return;
}

sub wait_for_all
{
	my ($what) = @_;

	$node->poll_query_until('postgres', qq{SELECT coalesce(sum(requests), 0) = $sent FROM sessionize.ingest_reconcile()})
	  or diag("$what: " . sql('TABLE sessionize.ingest_status') . "\n" . join("\n", (split(/\n/, slurp_file($log)))[-40 .. -1]));
	return;
}

sub all_once
{
	my ($what) = @_;

	wait_for_all($what);
	each_once($node, $what, $sent);
	return;
}

# A loader ends when all is loaded.
send_more('events', 2000);
my $one = loader('events', '--until-end');
is(ended_with($one, 120), 0, 'a loader ends when all is loaded');
all_once('at first');
is(sql(q{SELECT count(*) FROM sessionize.rejected_requests WHERE headers ->> ':source' = 'events' AND headers ->> ':offset' ~ '^events/[0-3]/\d+$' AND headers ? 'x-number'
	AND received_at BETWEEN now() - interval '10 minutes' AND now()}), sql(q{SELECT count(*) FROM sessionize.rejected_requests}), 'a message has its headers, its place and its time');

# Kills, and all else that may happen, to two members of a group.
my @members = map { loader('events') } 1 .. 2;
my %done;
for my $cycle (1 .. $cycles)
{
	my $what = ('kill', 'kill', 'stop', 'backend', 'server', 'down', 'move', 'freeze')[ int(rand(8)) ];
	my $i = int(rand(2));

	$done{$what}++;
	send_more('events', 50 + int(rand(400)));
	usleep(int(rand(700_000)));
	if ($what eq 'kill')
	{
		kill_hard($members[$i]);
		$members[$i] = loader('events');
	}
	elsif ($what eq 'stop')
	{
		kill('TERM', $members[$i]);
		is(ended_with($members[$i], 60), 0, "cycle $cycle: SIGTERM ends a loader") or kill_hard($members[$i]);
		$members[$i] = loader('events');
	}
	elsif ($what eq 'backend')
	{
		sql(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'collector'});
	}
	elsif ($what eq 'server')
	{
		$node->stop('immediate');
		usleep(int(rand(500_000)));
		$node->start;
	}
	elsif ($what eq 'down')
	{
		tell_mock('down 1');
		usleep(int(rand(1_000_000)));
		tell_mock('up 1');
	}
	elsif ($what eq 'move')
	{
		tell_mock("move events $i " . (1 + int(rand(2))));
	}
	else
	{
		# one that does nothing for so long that the group goes on without it
		kill('STOP', $members[$i]);
		usleep($cycle % 3 == 0 ? 9_000_000 : 500_000);
		kill('CONT', $members[$i]);
	}
}
diag(join(', ', map { "$_: $done{$_}" } sort keys %done));
all_once('after all that');

# A third member joins while there is much to load.
send_more('events', 20000);
usleep(300_000);
push @members, loader('events');
all_once('after a third member has joined');
kill('TERM', $_) foreach @members;
is(join(' ', map { ended_with($_, 60) } @members), '0 0 0', 'all members end');

# Two loaders that know nothing of each other: the later one takes over, and nothing is twice.
send_more('fenced', 5000);
my $first = loader('fenced', '--kafka-group', 'one');
usleep(4_000_000);
my $second = loader('fenced', '--kafka-group', 'two');
usleep(4_000_000);
send_more('fenced', 5000);
all_once('two groups');
like(slurp_file($log), qr/another loader has taken over/, 'the first one was told');
kill('TERM', $first, $second);
is(ended_with($first, 60) . ended_with($second, 60), '00', 'both end');

# Messages that are not what the format says are rejected, though the database could read these: JSON where all are in Avro.
SKIP:
{
	skip 'the program was built without Avro', 2 unless `$LoadProgram::program --version` =~ /\bavro\b/;
	append_to_file("$directory/event.avsc", '{"type": "record", "name": "Event", "fields": [{"name": "n", "type": "boolean"}]}');
	feed_kafka($brokers, 'small', $sent + 1, 20, 1000000);
	is(ended_with(loader('small', '--until-end', '--format', 'avro', '--schema-file', "$directory/event.avsc"), 120), 0, 'messages that are not in Avro');
	is(sql(q{SELECT count(*), min(sqlstate), min(detail) FROM sessionize.rejected_requests WHERE partition = 'small/0'}),
		'20|22P03|the Avro value has a boolean that is neither 0 nor 1', 'they are rejected, with the reason');
}

# While the schema registry is down, the partition that needs it waits, and the others go on.
SKIP:
{
	skip 'the program was built without schema registries', 4 unless `$LoadProgram::program --version` =~ /\bregistry\b/;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	feed_kafka($brokers, 'framed', 1_000_001, 100, 1000000, 'framed');
	my $waiting = loader('framed', '--kafka-topic', 'plain', '--schema-registry', "http://127.0.0.1:$port");
	feed_kafka($brokers, 'plain', 2_000_001, 100, 1000000);
	ok($node->poll_query_until('postgres', q{SELECT requests = 100 FROM sessionize.ingest_status WHERE partition = 'plain/0'}), 'another partition is loaded');
	is(sql(q{SELECT sum(requests) FROM sessionize.ingest_status WHERE partition = 'framed/0'}), 0, 'without the registry the partition waits');
	my $registry = fork() // die 'no process';
	if (!$registry)
	{
		my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 5, ReuseAddr => 1) or die $!;
		my $answer = '{"schema": "{}", "schemaType": "JSON"}';
		while (my $client = $server->accept)
		{
			while (defined(my $line = <$client>)) { last if $line eq "\r\n"; }
			print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($answer) . "\r\nConnection: close\r\n\r\n$answer";
			close($client);
		}
		POSIX::_exit(0);
	}
	ok($node->poll_query_until('postgres', q{SELECT requests = 100 AND decoded = 99 FROM sessionize.ingest_status WHERE partition = 'framed/0'}), 'with the registry all is loaded, but for the one that the CHECK refuses');
	kill_hard($registry);
	kill('TERM', $waiting);
	is(ended_with($waiting, 60), 0, 'the loader ends');
}

# What the broker has thrown away before it was loaded is reported: the cluster in memory keeps no more than 100,000 messages, or 5 MB.
feed_kafka($brokers, 'lost', $sent + 1, 10, 1000000);
is(ended_with(loader('lost', '--until-end'), 120), 0, 'ten messages');
feed_kafka($brokers, 'lost', $sent + 11, 80000, 1000000);
is(ended_with(loader('lost', '--until-end', '--batch-bytes', '1MB'), 300), 0, 'what is left of 80,000 more');
my ($requests, $lost) = split(/\|/, sql(q{
	SELECT r.requests, g.next_position::bigint - g.position::bigint FROM sessionize.ingest_reconcile() AS r JOIN sessionize.ingest_gaps AS g USING (source, partition)
	WHERE partition = 'lost/0' AND r.gaps = 1 AND g.position = '10'}));
is($requests + $lost, 80010, "what was loaded ($requests) and what was lost ($lost) are all");
cmp_ok($lost, '>', 0, 'something was lost');

stop_mock();
$node->stop;
done_testing();
