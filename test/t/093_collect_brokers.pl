# Collectors that keep requests with a broker: in a Redis stream, or in a Kafka topic, each with the loader inside. What they load equals what a
# collector with a spool loads, and a request is answered 200 only once the broker has it. 098_road_chaos kills them.
use strict;
use warnings;
use Compress::Zlib ();
use IngestCollector;
use KafkaBroker qw(build_kafka_tools start_mock tell_mock stop_mock feed_kafka);
use LoadProgram qw(build_program why_not start_loader ended_with);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RedisServer qw(no_redis start_redis kill_redis redis_socket redis);
use Test::More;

plan skip_all => why_not() unless build_program();
$IngestCollector::program = $LoadProgram::program;

my $no_redis = no_redis();
my $no_kafka = !build_kafka_tools() ? 'librdkafka is not installed' : `$LoadProgram::program --version` !~ /\bkafka\b/ ? 'the program was built without Kafka' : undef;
my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nlog_min_messages = fatal\nlog_statement = none\n");
$node->start;
my $database = $node->connstr('postgres');

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql('CREATE EXTENSION pg_sessionize');

# -- the same requests to each kind of collector

my $segment = q({"batch": [{"type": "page", "messageId": "s1", "anonymousId": "a1", "name": "Home", "timestamp": "2026-03-01T10:00:00Z"},
	{"type": "track", "messageId": "s2", "anonymousId": "a1", "event": "Signed Up", "properties": {"plan": "pro", "text": "\u00e4\"\\\\ \u2713"}, "timestamp": "2026-03-01T10:00:05Z"}]});
my @requests = (
	[ 'POST', '/v1/batch', $segment, 'Content-Type' => 'application/json', 'User-Agent' => 'test/1 "quoted" \\ ', 'X-Request-Id' => 'r1' ],
	[ 'POST', '/v1/batch', Compress::Zlib::memGzip($segment =~ s/"s(\d)"/"z$1"/gr), 'Content-Type' => 'application/json', 'Content-Encoding' => 'gzip' ],
	[ 'GET', '/i?e=pv&p=web&aid=shop&url=http%3A%2F%2Fshop.example%2F&duid=d1&eid=6f0e2f6e-29f1-4ac5-8a4c-3f4b8ad6a1c1&dtm=1772359200000' ],
	[ 'POST', '/events', qq({"event_id": "g1", "event_name": "click", "anonymous_id": "a2"}\n{"event_id": "g2", "event_name": "click", "anonymous_id": "a2"}\n), 'Content-Type' => 'application/x-ndjson' ],
	[ 'POST', '/events', '{"event_id": "refused", "event_name": "click"}', 'Content-Type' => 'application/json' ],
	[ 'POST', '/events', '', 'Content-Type' => 'application/json' ]);

# Send them, and return the answers' statuses.
sub send_requests { my ($collector) = @_; return join(' ', map { my ($method, $path, $body, %headers) = @$_; $collector->request($method, $path, $body, %headers)->{status} } @requests); }

# A collector that loads into a table of its own.
sub start_collector
{
	my ($kind, %settings) = @_;

	sql("SELECT sessionize.create_events_table('raw.$kind'); ALTER TABLE raw.$kind ADD CHECK (event_id <> 'refused')");
	mkdir("$directory/$kind");
	return IngestCollector->start(database => $database, events => "raw.$kind", name => $kind, home => "$directory/$kind", 'spool-segment-bytes' => '1MB', %settings);
}

# Send the requests to a collector with a broker, and compare what it loads, and rejects, with what came through a spool.
my $spool = start_collector('spool');
my $statuses = send_requests($spool);
my $kept = () = $statuses =~ /200/g;
cmp_ok($kept, '>=', 5, "the requests are answered $statuses");
loaded('spool', $kept);

sub loaded
{
	my ($kind, $requests) = @_;

	return ok($node->poll_query_until('postgres', qq{SELECT coalesce(sum(requests), 0) = $requests FROM sessionize.ingest_reconcile() WHERE events = 'raw.$kind'::regclass}),
		"$kind: what was accepted is loaded");
}

sub as_by_spool
{
	my ($kind, $collector) = @_;
	my $columns = sql(q{SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'raw.spool'::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attname NOT IN ('raw_id', 'received_at')});
	my %of = map { $_ => "SELECT $columns, received_at BETWEEN now() - interval '10 minutes' AND now() FROM raw.$_" } 'spool', $kind;
	my %rejected = map { $_ => "SELECT protocol, headers - ':offset', body, replace(reason, '$_', 'table') FROM sessionize.rejected_requests WHERE events = 'raw.$_'::regclass" } 'spool', $kind;

	is(send_requests($collector), $statuses, "$kind: the same requests are answered the same");
	loaded($kind, $kept);
	is(sql("$of{spool} EXCEPT ALL $of{$kind}"), '', "$kind: each event is there");
	is(sql("$of{$kind} EXCEPT ALL $of{spool}"), '', "$kind: ... and no other");
	is(sql("($rejected{spool} EXCEPT ALL $rejected{$kind}) UNION ALL ($rejected{$kind} EXCEPT ALL $rejected{spool})"), '', "$kind: ... and what is rejected");
	like($collector->get('/metrics')->{body}, qr/^pg_sessionize_ingest_load_position/m, "$kind: the metrics have the loader's");
	unlike($collector->get('/metrics')->{body}, qr/^pg_sessionize_ingest_spool/m, "$kind: ... and none of a spool, which there is not");
	ok(!-e "$directory/$kind/spool", "$kind: nothing is written to disk");
	return;
}
cmp_ok(sql('SELECT count(*) FROM raw.spool'), '>=', 7, 'the requests make events');
is(sql(q{SELECT count(*) FROM sessionize.rejected_requests WHERE events = 'raw.spool'::regclass}), 1, '... and one is rejected');
is($spool->stop, 0, 'the collector with a spool ends well');

# Send one request and return the answer.
my $number = 0;
sub send_one { my ($collector, $size) = @_; $number++; return $collector->post('/events', qq({"event_id": "one-$number", "event_name": "one", "fill": ") . 'x' x ($size // 1) . '"}', 'Content-Type' => 'application/json'); }
sub refused
{
	my ($answer, $what) = @_;

	is($answer->{status}, 503, $what);
	ok($answer->{headers}{'retry-after'}, '... with the seconds to wait');
}

# -- settings that can't be
foreach my $case ([ qr/to-redis and to-kafka can't both be given/, 'to-redis' => 'a', 'to-kafka' => 'b' ])
{
	my ($reason, %settings) = @$case;
	my $collector = IngestCollector->start(%settings);

	isnt($collector->{status} // 0, 0, "refused: @{[ %settings ]}");
	like($collector->new_log, $reason, '... with the reason');
}

# -- Redis
SKIP: {
	skip "Redis: $no_redis", 1 if $no_redis;
	start_redis();
	my @redis = (redis => redis_socket(), 'to-redis' => 'kept');
	my $collector = start_collector('redis', @redis);

	as_by_spool('redis', $collector);
	redis('CONFIG SET maxmemory 1');
	my $answer = send_one($collector);
	refused($answer, 'a request for which Redis has no memory is refused');
	like($answer->{body}, qr/no room/, '... since there is no room');
	is($collector->get('/ready')->{status}, 503, '... and the collector is not ready');
	redis('CONFIG SET maxmemory 0');
	is(send_one($collector)->{status}, 200, 'the next one is kept');
	kill_redis();
	refused(send_one($collector), 'without Redis a request is refused');
	start_redis();
	is(send_one($collector)->{status}, 200, 'with Redis again, one is kept');
	is($collector->stop, 0, 'the collector ends well');
	is(redis('XLEN kept'), $kept + 2, 'the stream has what was answered 200, and nothing else');

	redis('CONFIG SET maxmemory 100mb');
	redis('CONFIG SET maxmemory-policy allkeys-lru');
	$collector = IngestCollector->start(@redis);
	refused(send_one($collector), 'a Redis that evicts streams keeps no requests');
	like($collector->new_log, qr/set maxmemory-policy to noeviction/, '... and the log says what to mend');
	$collector->stop;
	kill_redis();
}

# -- Kafka, with brokers of librdkafka in memory
SKIP: {
	skip "Kafka: $no_kafka", 1 if $no_kafka;
	my $brokers = start_mock(1, 'kept:2', 'strange:1');
	my $endless = IngestCollector->start('kafka-brokers' => $brokers, 'to-kafka' => 'kept', 'kafka-config' => ['message.timeout.ms=0']);
	isnt($endless->{status} // 0, 0, 'refused: requests that wait forever');
	like($endless->new_log, qr/message\.timeout\.ms can't be 0/, '... with the reason');
	my @kafka = ('kafka-brokers' => $brokers, 'to-kafka' => 'kept', 'kafka-config' => [ 'message.timeout.ms=3000', 'delivery.report.only.error=true', 'reconnect.backoff.max.ms=200', 'session.timeout.ms=6000' ]);
	my $moved = IngestCollector->start(@kafka, spool => "$directory/spool/spool");
	like($moved->new_log, qr/has a spool, which this collector neither writes nor loads/, 'a spool that is left behind is told');
	$moved->stop;
	my $collector = start_collector('kafka', @kafka);

	as_by_spool('kafka', $collector);
	tell_mock('error 0 10 1');
	is(send_one($collector)->{status}, 413, 'a request that is larger than the broker takes is refused for good');
	is(send_one($collector)->{status}, 200, 'the next one is kept');
	# not enough replicas: librdkafka tries again by itself
	tell_mock('error 0 19 2');
	is(send_one($collector)->{status}, 200, 'an error that passes is not seen');
	# the sequence of a producer that brokers have lost, which it can't mend
	tell_mock('error 0 45 1');
	refused(send_one($collector), 'a request of a producer that has failed for good is refused');
	like($collector->new_log, qr/another one takes its place/, '... and the log tells');
	is(send_one($collector)->{status}, 200, 'another producer keeps the next one');
	tell_mock('down 1');
	refused(send_one($collector), 'without a broker a request is refused');
	is($collector->get('/ready')->{status}, 503, '... and the collector is not ready');
	tell_mock('up 1');
	is(send_one($collector)->{status}, 200, 'with the broker again, one is kept');
	ok($node->poll_query_until('postgres', q{SELECT count(DISTINCT event_id) = 4 FROM raw.kafka WHERE event_name = 'one'}), 'what was answered 200 is loaded');
	is(sql(q{SELECT count(*) - count(DISTINCT event_id) FROM raw.kafka WHERE event_name = 'one'}), 0, '... once');
	is($collector->stop, 0, 'the collector ends well');

	# messages that no collector has sent
	ok(feed_kafka($brokers, 'strange', 1, 10, 50), 'somebody else sends messages to a topic');
	sql(q{SELECT sessionize.create_events_table('raw.strange')});
	is(ended_with(start_loader("$directory/strange.log", 'load', '--database', $database, '--events', 'raw.strange', '--kafka-brokers', $brokers, '--kafka-topic', 'strange',
		'--kafka-protocol', 'collector', '--kafka-name', 'strange', '--kafka-group', 'strange', '--until-end', 'on'), 120), 0, 'a loader that expects messages of a collector ends');
	is(sql(q{SELECT detail, count(*) FROM sessionize.rejected_requests WHERE events = 'raw.strange'::regclass GROUP BY 1}), 'the message lacks headers that a collector sets|10', '... and has rejected these, with the reason');
	stop_mock();
}

$node->stop;
done_testing();
