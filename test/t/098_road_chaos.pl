# The whole way in at once: clients -> collectors (one with its loader inside, one with a loader of its own, and one each that keeps requests in a
# Redis stream and in a topic of Kafka) -> Postgres, a producer -> Redis -> loader, feeders -> Kafka -> loader, and a pipeline that the worker
# refreshes. Collectors, loaders, Postgres, its backends, Redis and the broker are killed at random moments. In the end each event that was accepted
# is in the events table once, as it was sent, or was rejected once; no other is; the accounts close; and the sessions are those of the events.
#
#   SEED=N     the random choices of this seed
#   CYCLES=N   how many times something is killed
use strict;
use warnings;
use IngestCollector;
use IO::Socket::UNIX;
use KafkaBroker qw(build_kafka_tools fetch_broker start_broker kill_broker feed_kafka feed_behind);
use List::Util qw(shuffle);
use LoadProgram qw(build_program why_not make_events_table start_loader kill_hard ended_with);
use POSIX qw(:sys_wait_h);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisServer qw(no_redis start_redis kill_redis redis_socket redis);
use RoadAccount;
use SessionServer qw(kill_server server_comes_back wait_for_server);
use Test::More;
use Time::HiRes qw(sleep time usleep);

plan skip_all => why_not() unless build_program('clients');
$IngestCollector::program = $LoadProgram::program;

my $cycles = $ENV{CYCLES} // 12;
my $seed = $ENV{SEED} // int(time());
srand($seed);
diag("SEED=$seed CYCLES=$cycles");

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
restart_after_crash = on
log_min_messages = fatal
log_statement = none
CONF
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

make_events_table($node);
# Kafka's feeder has one user only
sql(q{
	CREATE INDEX ON raw.events ((coalesce(anonymous_id, user_id || right(event_id, 2))), occurred_at, event_id);
	SELECT sessionize.create_pipeline('web', 'raw.events', key => 'coalesce(anonymous_id, user_id || right(event_id, 2))');
	SELECT sessionize.schedule('web', every => '200 milliseconds')});
my $account = RoadAccount->new($node);
my $database = $node->connstr('postgres') . ' user=collector';
my %log = map { ($_ => "$directory/$_.log") } qw(spool redis kafka feeder);

# What there is to kill: how to start it, and how to kill it.
my (%collector, %loader, %start, %kill);

# -- loaders of each source
my %source = (spool => [ '--load-spool', "apart:$directory/apart/spool" ]);
my $redis = no_redis() ? 0 : 1;
my $kafka = build_kafka_tools() && `$LoadProgram::program --version` =~ /\bkafka\b/ && fetch_broker();
my $port = PostgreSQL::Test::Cluster::get_free_port();
$source{redis} = [ '--redis', redis_socket() // '', '--redis-stream', 'ev', '--redis-trim', 'on' ] if $redis;
$source{kafka} = [ '--kafka-brokers', "127.0.0.1:$port", '--kafka-topic', 'events', '--kafka-config', 'session.timeout.ms=6000',
	'--kafka-config', 'heartbeat.interval.ms=500', '--kafka-config', 'reconnect.backoff.max.ms=500' ] if $kafka;

sub load
{
	my ($source, @more) = @_;

	return start_loader($log{$source}, 'load', '--database', $database, '--batch-bytes', '16kB', @{ $source{$source} }, @more);
}
foreach my $source (keys %source)
{
	$start{"load $source"} = sub { $loader{$source} = load($source) };
	$kill{"load $source"} = sub { kill_hard($loader{$source}) };
}

# -- a producer of Redis, which notes what was accepted; what breaks off it never sends again
sub produce
{
	my $stop = 0;
	my ($n, $socket) = (0);

	local $SIG{TERM} = sub { $stop = 1 };
	local $SIG{PIPE} = 'IGNORE';
	open(my $accepted, '>', "$directory/accepted-r") or POSIX::_exit(1);
	$accepted->autoflush(1);
	until ($stop)
	{
		sleep(0.005);
		$socket //= IO::Socket::UNIX->new(Peer => redis_socket()) or next;
		$n++;
		my $fields = $n % 2 == 0 ? "event_id r-$n event_name page_view anonymous_id r-" . $n % 100
		  : "protocol generic body '{\"event_id\":\"r-$n\",\"event_name\":\"page_view\",\"anonymous_id\":\"r-" . $n % 100 . "\",\"properties\":{\"page\":\"/p/$n\"}}'";
		my $answer;
		if ((syswrite($socket, "XADD ev * $fields\r\n") // 0) > 0 && ($answer = <$socket>) && $answer =~ /^\$/ && <$socket>) { print $accepted "$n\n"; }
		else { undef $socket; }
	}
	open(my $sent, '>', "$directory/sent-r") or POSIX::_exit(1);
	print $sent $n;
	close($sent);
	POSIX::_exit(0);
}

# -- start all of it
if ($redis)
{
	start_redis();
	$source{redis}[1] = redis_socket();
	@kill{'redis'} = \&kill_redis;
	@start{'redis'} = \&start_redis;
}
my $fed = 0;
my %feeders;
if ($kafka)
{
	my $running = 0;

	start_broker("$directory/broker", $port);
	for (1 .. 120) { last if $running = feed_kafka("127.0.0.1:$port", 'events', 1, 100, 50); sleep(0.5); }
	$running or BAIL_OUT('no broker');
	$feeders{ $fed = 100 } = [ 1, 0 ];
	$kill{broker} = \&kill_broker;
	$start{broker} = sub { start_broker("$directory/broker", $port) };
}
# -- collectors, with small segments and batches, and clients that never send an event twice
my %settings = ('spool-segment-bytes' => '256kB', 'batch-bytes' => '32kB');
my %keeps = (inside => {}, apart => {},
	$redis ? ('redis-kept' => { 'to-redis' => 'kept', redis => redis_socket() }) : (),
	$kafka ? ('kafka-kept' => { 'to-kafka' => 'kept', 'kafka-brokers' => "127.0.0.1:$port", 'kafka-group' => 'kept',
		'kafka-config' => [ 'session.timeout.ms=6000', 'heartbeat.interval.ms=500', 'reconnect.backoff.max.ms=500', 'message.timeout.ms=3000' ] }) : ());
my @collectors = sort keys %keeps;
foreach my $name (@collectors)
{
	my %more = (%settings, %{ $keeps{$name} }, name => $name, home => "$directory/$name", $name eq 'apart' ? () : (database => $database));

	mkdir($more{home}) or die $!;
	$start{$name} = sub {
		my $listen = $collector{$name} ? "127.0.0.1:$collector{$name}{port}" : '127.0.0.1:0';
		$collector{$name} = IngestCollector->start(%more, listen => $listen);
		$collector{$name}{port} or BAIL_OUT("the collector does not start: " . $collector{$name}->new_log);
	};
	$kill{$name} = sub { $collector{$name}->stop('KILL') };
}
$start{$_}->() foreach @collectors, map { "load $_" } sort keys %source;
my %clients;
foreach my $i (0 .. $#collectors)
{
	my $name = $collectors[$i];

	$clients{$name} = { first => $i * 1_000_000_000, log => "$directory/accepted-$name" };
	$clients{$name}{pid} = fork() // die;
	next if $clients{$name}{pid};
	open(STDOUT, '>', "$directory/clients-$name") and exec("$LoadProgram::build/clients", '-p', $collector{$name}{port}, '-c', 10, '-R', 150, '-s', 1e6, '-r',
		'-l', $clients{$name}{log}, '-n', $clients{$name}{first}) or POSIX::_exit(1);
}
my $producer = $redis ? fork() // die : 0;
produce() if $redis && !$producer;

# -- Postgres: the postmaster, an immediate stop, a backend of a loader, and connections that end
my $backend = q{SELECT pid FROM pg_stat_activity WHERE usename = 'collector' ORDER BY random() LIMIT 1};
$kill{postmaster} = sub { kill_server($node) };
$kill{stop} = sub { $node->stop('immediate') };
$start{$_} = sub { server_comes_back($node, 1) } foreach 'postmaster', 'stop';
$kill{backend} = sub { my ($status, $pid) = $node->psql('postgres', $backend); kill('KILL', $pid) if $pid; };
$start{backend} = sub { wait_for_server($node) };
$kill{connections} = sub { $node->psql('postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'collector'}) };
$start{connections} = sub { };

# A feeder that has ended: whether all it was asked to send has arrived.
sub note_feeders
{
	my ($flags) = @_;

	foreach my $feeder (grep { $_->[1] } values %feeders)
	{
		next if waitpid($feeder->[1], $flags) != $feeder->[1];
		$feeder->[1] = 0;
		$feeder->[2] = $?;
	}
	return;
}

# Kill things, each kind as often as the others; now and then two at a time.
my (%count, @deck);
for (my $cycle = 1; $cycle <= $cycles; $cycle++)
{
	my @victims;

	for (1 .. rand() < 0.3 ? 2 : 1)
	{
		@deck = shuffle(sort keys %kill) if !@deck;
		push @victims, shift @deck if !@victims || !grep { /postmaster|stop|backend|connections/ } $victims[0], $deck[0];
	}
	if ($kafka && rand() < 0.7)
	{
		my $count = 50 + int(rand(300));

		$feeders{ $fed + $count } = [ $fed + 1, feed_behind($log{feeder}, "127.0.0.1:$port", 'events', $fed + 1, $count, 50) ];
		$fed += $count;
	}
	sleep(rand(0.6));
	$kill{$_}->() foreach @victims;
	$count{$_}++ foreach @victims;
	sleep(rand(0.3));
	$start{$_}->() foreach reverse @victims;
	note_feeders(WNOHANG);
	if ($cycle % 50 == 0)
	{
		diag("cycle $cycle: " . sql('SELECT count(*) FROM raw.events') . ' events');
		is(sql('SELECT id FROM arrived GROUP BY id HAVING count(*) > 1 LIMIT 5'), '', "cycle $cycle: nothing is twice");
	}
}
diag(join(', ', map { "$_: $count{$_}" } sort keys %count));

# -- the end: nothing more is sent, and what is on its way arrives
foreach my $name (@collectors)
{
	kill('TERM', $clients{$name}{pid});
	waitpid($clients{$name}{pid}, 0);
	is($?, 0, "the clients of the collector \"$name\" end well");
	my %said = map { split /\t/ } split /\n/, slurp_file("$directory/clients-$name");
	$account->sent('m', $clients{$name}{first}, $said{sent} - 1, $clients{$name}{log});
	diag("$name: " . ($said{sent} - $clients{$name}{first}) . " sent, $said{status_200} answered 200, $said{broken} connections broken");
	# a broker that is not there
	delete $said{status_503} if $keeps{$name}{'to-redis'} || $keeps{$name}{'to-kafka'};
	is(join(' ', grep { /^status/ && $_ ne 'status_200' } sort keys %said), '', '... and were answered nothing but 200');
}
if ($redis)
{
	kill('TERM', $producer);
	waitpid($producer, 0);
	$account->sent('r', 1, slurp_file("$directory/sent-r"), "$directory/accepted-r");
}
if ($kafka)
{
	note_feeders(0);
	append_to_file("$directory/accepted-k", join('', map { my $end = $_; $feeders{$end}[2] ? () : map { "$_\n" } $feeders{$end}[0] .. $end } sort { $a <=> $b } keys %feeders));
	$account->sent('k', 1, $fed, "$directory/accepted-k");
	# a feeder gives up after a minute without the broker, and then nobody knows what of its events has arrived
	my $gave_up = grep { $_->[2] } values %feeders;
	cmp_ok($gave_up, '<=', keys(%feeders) / 4, "$gave_up of " . keys(%feeders) . ' feeders of Kafka gave up') or diag(grep { /^feed_kafka/ } split /^/, slurp_file($log{feeder}));
}
foreach my $name (@collectors)
{
	is($collector{$name}->stop, 0, "the collector \"$name\" ends well") or diag($collector{$name}->new_log);
	is(scalar(() = glob("$directory/$name/spool/damaged-*")), 0, '... and nothing of its spool is damaged');
}
foreach my $source (sort keys %source)
{
	kill('TERM', $loader{$source});
	is(ended_with($loader{$source}, 60), 0, "the loader of $source ends well") or diag(slurp_file($log{$source}));
	is(ended_with(load($source, '--until-end', 'on'), 200), 0, '... and another one loads what is left') or diag(slurp_file($log{$source}));
}
$source{spool} = [ '--name', 'inside', '--spool', "$directory/inside/spool" ];
$source{redis} = [ '--redis', redis_socket(), '--redis-stream', 'kept' ] if $redis;
$source{kafka} = [ '--kafka-brokers', "127.0.0.1:$port", '--kafka-topic', 'kept', '--kafka-protocol', 'collector', '--kafka-group', 'kept' ] if $kafka;
foreach my $source (sort keys %source)
{
	is(ended_with(load($source, '--until-end', 'on'), 200), 0, "a loader loads what a collector has left: $source") or diag(slurp_file($log{$source}));
}

my ($accepted, $events, $rejected) = $account->closes('after all kills');
diag("$accepted events were accepted; $events are in the events table, $rejected were rejected");
diag('senders: ' . join(', ', split /\n/, sql(q{SELECT split_part(id, '-', 1) || ' ' || count(*) FROM accepted GROUP BY split_part(id, '-', 1) ORDER BY 1})));

# -- the pipeline, which the worker brings up to date
ok($node->poll_query_until('postgres', q{SELECT pending = 0 FROM sessionize.reconcile('web')}), 'the worker has refreshed all');
is(sql(q{SELECT difference, event_difference, duplicates, quarantined FROM sessionize.reconcile('web')}), '0|0|0|0', 'the accounts of the pipeline close');
is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), 0, 'verify finds nothing');
# a session ends before a gap of 30 minutes, by plain SQL
sql(q{
	CREATE VIEW expected AS
	SELECT key AS session_key, min(at) AS started_at, max(at) AS ended_at, count(*) AS events
	FROM (SELECT key, at, count(*) FILTER (WHERE is_first) OVER (PARTITION BY key ORDER BY at, id) AS number
		FROM (SELECT key, at, id, at - lag(at) OVER (PARTITION BY key ORDER BY at, id) > interval '30 minutes' AS is_first
			FROM (SELECT coalesce(anonymous_id, user_id || right(event_id, 2)) AS key, coalesce(occurred_at, received_at) AS at, event_id AS id FROM raw.events) AS e) AS g) AS s
	GROUP BY key, number});
my $stored = 'SELECT session_key, started_at, ended_at, events FROM web.sessions';
is(sql("(TABLE expected EXCEPT ALL $stored) LIMIT 5"), '', 'each session of the events is there');
is(sql("($stored EXCEPT ALL TABLE expected) LIMIT 5"), '', '... and no other');
cmp_ok(sql('SELECT coalesce(sum(events), 0) FROM web.sessions'), '==', $events, 'with all events');

# -- what could not be had
SKIP: { skip 'Redis is not here: ' . (no_redis() // ''), 1 unless $redis; ok($count{redis} // 0 > 0 || $cycles < 20, 'Redis was killed'); }
SKIP: { skip 'a Kafka broker can\'t be had: librdkafka, Java or Maven is missing, or Maven can\'t download', 1 unless $kafka; ok($count{broker} // 0 > 0 || $cycles < 20, 'the broker was killed'); }
kill_redis() if $redis;
kill_broker('TERM') if $kafka;
$node->stop;
done_testing();
