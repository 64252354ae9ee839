# Webhooks: notices of incidents are delivered to a real HTTP receiver at least once and in order, whatever the receiver answers, and
# whatever is killed: the program, the server. Signatures are verified by an implementation of their own (python3).
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use LoadProgram qw(build_program why_not start_loader kill_hard ended_with);
use OpenMetrics;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

plan skip_all => 'python3 is not installed' if system('command -v python3 >/dev/null 2>&1') != 0;
plan skip_all => why_not() unless build_program();
plan skip_all => 'the program was built without libcurl' unless `$LoadProgram::program --version` =~ /\bwebhook\b/;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $log = "$folder/program.log";
append_to_file($log, '');
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# Two pipelines with checks that fail as long as a table has rows.
sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE ROLE notifier LOGIN;
	GRANT pg_monitor TO notifier;
	CREATE TABLE wrong (name text);
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz);
	CREATE INDEX ON raw (visitor, at);
	SELECT sessionize.create_pipeline(p, 'raw', key => 'visitor', event_time => 'at') FROM unnest('{one,two}'::text[]) AS p;
	SELECT sessionize.add_check(p, p || n, 'sql', jsonb_build_object('query', format('SELECT 1 FROM public.wrong WHERE name = %L', p || n)),
	                            severity => CASE n WHEN 1 THEN 'warning' ELSE 'error' END, closes_after => 1)
	FROM unnest('{one,two}'::text[]) AS p, generate_series(1, 2) AS n});

# Let these checks of a pipeline fail and all others succeed.
sub fail_checks
{
	my ($pipeline, @names) = @_;
	my $list = join(', ', map { "('$_')" } @names);

	sql("DELETE FROM wrong WHERE name LIKE '$pipeline%'" . (@names ? "; INSERT INTO wrong VALUES $list" : ''));
	sql("SELECT count(*) FROM sessionize.run_checks('$pipeline', only_due => false)");
	return;
}

# The receiver, and what it got.
my ($receiver_port, $receiver);
sub start_receiver
{
	my ($name, @tls) = @_;

	mkdir "$folder/$name";
	unlink "$folder/$name/started";
	$receiver_port //= PostgreSQL::Test::Cluster::get_free_port();
	my $pid = fork() // die 'no process';
	if (!$pid)
	{
		open(STDERR, '>>', "$folder/$name/errors") or die $!;
		exec('python3', 'test/ingest/webhook_receiver.py', $receiver_port, "$folder/$name", @tls) or die $!;
	}
	for (1 .. 200) { last if -e "$folder/$name/started"; usleep(50_000); }
	return $receiver = $pid;
}

sub behave
{
	my ($name, $mode) = @_;

	open(my $fh, '>', "$folder/$name/mode.new") or die $!;
	print $fh $mode;
	close $fh;
	rename "$folder/$name/mode.new", "$folder/$name/mode" or die $!;
	return;
}

sub requests
{
	my ($name) = @_;

	return () unless -e "$folder/$name/log";
	return map { decode_json($_) } grep { /\}$/ } split /\n/, slurp_file("$folder/$name/log");
}

sub accepted { return grep { int($_->{status} / 100) == 2 } requests($_[0]); }

# Wait until something is true, for some seconds.
sub soon
{
	my ($what, $test, $seconds) = @_;

	for (1 .. ($seconds // 30) * 20)
	{
		return pass($what) if $test->();
		usleep(50_000);
	}
	fail($what);
	diag(slurp_file($log));
	return 0;
}

my $secret = 'whsec_' . 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
my $next_secret = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
append_to_file("$folder/secret", "$secret\n");
append_to_file("$folder/secrets", "$next_secret\n$secret\n");
chmod 0600, "$folder/secret", "$folder/secrets";
my $database = $node->connstr('postgres') . ' user=notifier';

sub notify_arguments
{
	my ($secret_file, @more) = @_;

	return ('notify', '--database', $database, '--webhook', "http://user:hidden\@127.0.0.1:$receiver_port/in?token=hidden", '--webhook-retry', 1, '--webhook-retry-most', 1,
		'--webhook-timeout', 2, '--webhook-secret-file', "$folder/$secret_file", '--metrics-listen', '127.0.0.1:0', @more);
}

# -- settings that are wrong
$receiver_port = PostgreSQL::Test::Cluster::get_free_port();
append_to_file("$folder/short", "whsec_c2hvcnQ=\n");
append_to_file("$folder/no_secret", "not base64!\n");
append_to_file("$folder/empty", "\n");
foreach my $wrong (
	[ 'no URL', ['notify', '--database', $database], qr/give --webhook a URL/ ],
	[ 'no database', [ 'notify', '--webhook', 'http://x' ], qr/webhook needs the setting database/ ],
	[ 'another protocol', [ 'notify', '--database', $database, '--webhook', 'file:///etc/passwd' ], qr/must begin with https/ ],
	[ 'no file', [ notify_arguments('none') ], qr/can't be read: No such file/ ],
	[ 'a short secret', [ notify_arguments('short') ], qr/short.* has a secret that is not 24 to 64 bytes/ ],
	[ 'no secret', [ notify_arguments('no_secret') ], qr/no_secret.* has a secret that is not/ ],
	[ 'an empty file', [ notify_arguments('empty') ], qr/empty has no secret/ ],
	[ 'a header of its own', [ notify_arguments('secret', '--webhook-header', 'Webhook-Id: 1') ], qr/"Webhook-Id" is not the name of a header that can be set/ ],
	[ 'a header in a header', [ notify_arguments('secret', '--webhook-header', "A: 1\r\nB: 2") ], qr/"A" is not the name/ ],
	[ 'no header', [ notify_arguments('secret', '--webhook-header', 'A B: 1') ], qr/"A" is not the name/ ])
{
	my ($what, $arguments, $says) = @$wrong;
	is(ended_with(start_loader("$folder/wrong.log", @$arguments), 20), 2, "settings: $what");
	like(slurp_file("$folder/wrong.log"), $says, "settings: $what is told");
}

# -- a notice at once, by NOTIFY; the headers and the body
start_receiver('a');
behave('a', 'ok');
my $program = start_loader($log, notify_arguments('secret', '--webhook-poll', 3600, '--webhook-header', 'X-Team: data'));
soon('the webhook has begun', sub { sql('SELECT count(*) FROM sessionize.webhooks') });
fail_checks('one', 'one1');
soon('a notice is delivered, though the program asks once an hour', sub { accepted('a') >= 1 });
my ($request) = accepted('a');
is(join(' ', @{ $request->{headers} }{qw(x-team content-type user-agent)}), 'data application/json pg_sessionize_ingest', 'its headers');
is($request->{path}, '/in?token=hidden', 'its path');
my $body = decode_json($request->{body});
is($body->{type}, 'incident.opened', 'its type');
is(join(' ', @{ $body->{data} }{qw(pipeline check state severity affected)}), 'one one1 opened warning 1', 'what it says');
is(sql($body->{data}{statement}) =~ s/\|.*//sr, sql('SELECT opened_at FROM sessionize.incidents'), 'the statement that it has');
is($request->{headers}{'webhook-id'}, sql('SELECT delivery FROM sessionize.incident_notice'), 'its id is that of the notice');
soon('and noted', sub { sql('SELECT deliveries, pending FROM sessionize.webhooks') eq '1|0' });
fail_checks('one', 'one1', 'one2');
fail_checks('one');
soon('the incident becomes worse, and closes', sub { accepted('a') >= 3 });
is(join(' ', map { decode_json($_->{body})->{data}{state} } accepted('a')), 'opened worse closed', 'in this order');
unlike(slurp_file($log), qr/hidden|whsec|MfKQ/, 'the log has no secret');

# -- the page of metrics
my ($metrics_port) = slurp_file($log) =~ m{metrics at http://127\.0\.0\.1:(\d+)/metrics};
sub page
{
	my ($path, $metrics) = @_;
	my $http = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $metrics // $metrics_port) or return '';

	print $http "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n";
	local $/;
	my $answer = <$http> // '';
	$answer =~ s/^.*?\r\n\r\n//s;
	return $answer;
}
is_openmetrics(page('/metrics'), 'the page of metrics');
is(openmetrics_value(page('/metrics'), 'pg_sessionize_ingest_webhook_deliveries_total'), 3, 'deliveries');
is(openmetrics_value(page('/metrics'), 'pg_sessionize_ingest_webhook_connected'), 1, 'connected');

# -- nobody follows a redirect; a long answer is one
behave('a', 'redirect');
fail_checks('two', 'two1');
soon('a receiver that redirects', sub { grep { $_->{status} == 307 } requests('a') });
soon('counts as a failure', sub { sql('SELECT error FROM sessionize.webhooks') eq 'the receiver answers 307' });
behave('a', 'long');
soon('until it takes the notice', sub { accepted('a') >= 4 });
is(scalar(grep { $_->{path} ne '/in?token=hidden' } requests('a')), 0, 'no redirect was followed');
soon('a long answer is not asked for again', sub { sql('SELECT pending FROM sessionize.webhooks') eq '0' });
is(scalar(accepted('a')), 4, 'it came once');

# -- Retry-After, in seconds and as a time
foreach my $mode ('busy 3', 'down 4')
{
	my ($seconds) = $mode =~ /(\d)/;
	my $before = requests('a');
	behave('a', $mode);
	fail_checks('two', $mode =~ /busy/ ? () : 'two1');
	soon("$mode: refused", sub { requests('a') > $before });
	my $refused = (requests('a'))[-1];
	behave('a', 'ok');
	soon("$mode: then taken", sub { (requests('a'))[-1]{status} == 204 });
	my @later = (requests('a'))[ $before .. requests('a') - 1 ];
	# a time in whole seconds may be up to one second less
	cmp_ok($later[-1]{at} - $refused->{at}, '>', $seconds - 1.5, "$mode: after the time that was asked for");
	is(scalar(@later), 2, "$mode: and not before");
}
behave('a', 'fail');

# -- an incident that is refused does not hold up others
fail_checks('two');
fail_checks('one', 'one1');
behave('a', 'refuse ' . sql(q{SELECT max(incident_id) FROM sessionize.incidents WHERE pipeline_name = 'one'}));
fail_checks('two', 'two2');
soon('others are delivered', sub { (decode_json((accepted('a'))[-1]{body})->{data}{check} // '') eq 'two2' });
soon('what is refused is pending', sub { sql('SELECT pending FROM sessionize.webhooks') eq '1' });
soon('and said why', sub { sql('SELECT error FROM sessionize.webhooks') eq 'the receiver answers 400' });
is(openmetrics_value(page('/metrics'), 'pg_sessionize_ingest_webhook_deliveries_total'), scalar(accepted('a')), 'the page counts deliveries');
cmp_ok(openmetrics_value(page('/metrics'), 'pg_sessionize_ingest_webhook_failures_total'), '>=', 4, 'and failures');
sql(q{UPDATE sessionize.webhook SET begun_at = begun_at - interval '1 day';
	UPDATE sessionize.incident_notice SET noted_at = noted_at - interval '2 hours' WHERE notice_id = (SELECT notice_id FROM sessionize.webhook_notices)});
like(sql(q{SELECT status, found FROM sessionize.health_check() WHERE topic = 'webhooks'}), qr/^error\|incidents: 1 notices are not delivered, the oldest for 02:.*: the receiver answers 400$/, 'health_check tells of it');
is(sql(q{SELECT sessionize.openmetrics() ~ 'sessionize_webhook_pending\{datname="postgres",webhook="incidents"\} 1\n'}), 't', 'and so do the metrics');
behave('a', 'ok');
soon('nothing is given up', sub { sql('SELECT pending FROM sessionize.webhooks') eq '0' });

# -- chaos: the receiver misbehaves, is gone, the program is killed, the server restarts at once; sent with two secrets
kill_hard($program);
fail_checks('one');
fail_checks('one', 'one1');
kill_hard($receiver);
$program = start_loader($log, notify_arguments('secrets', '--webhook-poll', 1));
soon('the receiver is down', sub { sql('SELECT error FROM sessionize.webhooks') =~ /connect/i });
start_receiver('a');
srand(7);
my $kills = 0;
foreach my $round (1 .. 16)
{
	behave('a', (qw(fail close hang ok gone), 'busy', 'ok', 'busy 1')[ $round % 8 ]);
	my $pipeline = $round % 3 ? 'one' : 'two';
	fail_checks($pipeline, grep { rand() < 0.6 } "${pipeline}1", "${pipeline}2");
	usleep(rand(900_000));
	if ($round % 4 == 0)
	{
		kill_hard($program);
		$kills++;
		fail_checks($pipeline, rand() < 0.5 ? "${pipeline}2" : ());
		$program = start_loader($log, notify_arguments('secrets', '--webhook-poll', 1));
	}
	$node->stop('immediate') && $node->start if $round % 5 == 0;
	kill_hard($receiver), usleep(300_000), start_receiver('a') if $round % 7 == 0;
}
fail_checks('one');
fail_checks('two');
behave('a', 'ok');
soon('all is delivered in the end', sub { sql('SELECT pending FROM sessionize.webhooks') eq '0' }, 60);
is($kills, 4, 'the program was killed');
is(ended_with($program, 0), -1, 'and runs still');

# -- each notice at least once; those of an incident in their order, also where they were sent again
my %wanted;
foreach (split /\n/, sql('SELECT incident_id, notice_id, delivery FROM sessionize.incident_notice ORDER BY notice_id'))
{
	my ($incident, $notice, $delivery) = split /\|/;
	push @{ $wanted{$incident} }, $delivery;
}
my (%got, %accepted, @disorder);
foreach my $request (requests('a'))
{
	my $incident = decode_json($request->{body})->{data}{incident_id};
	my $delivery = $request->{headers}{'webhook-id'};

	# before a notice is sent for the first time, those before it were accepted
	foreach my $earlier (@{ $wanted{$incident} })
	{
		last if $earlier eq $delivery;
		push @disorder, "$incident: $delivery before $earlier" unless $accepted{$earlier};
	}
	next unless int($request->{status} / 100) == 2;
	push @{ $got{$incident} }, $delivery unless $accepted{$delivery}++;
}
cmp_ok(scalar(keys %wanted), '>=', 6, 'there were some incidents');
is_deeply(\%got, \%wanted, 'each notice has arrived, in the order of its incident');
is(join("\n", @disorder), '', 'none was sent before those before it had arrived');
cmp_ok(scalar(grep { int($_->{status} / 100) != 2 } requests('a')), '>', 10, 'though many attempts have failed');
my %bodies;
$bodies{ $_->{headers}{'webhook-id'} }{ $_->{body} } = 1 foreach requests('a');
is(scalar(grep { keys %$_ > 1 } values %bodies), 0, 'what is sent again says the same');
my $count = requests('a');
is(`python3 test/ingest/webhook_verify.py '$folder/a/log' $secret`, "$count 0 0\n", 'every signature is right');
is(`python3 test/ingest/webhook_verify.py '$folder/a/log' whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYK` =~ s/ .*//sr, "0\n" =~ s/\n//r, 'and fits no other secret');
is(scalar(grep { ($_->{headers}{'webhook-signature'} =~ tr/ //) == 1 } (requests('a'))[-1]), 1, 'two secrets make two signatures');

# -- another program takes over, and the first one ends
append_to_file("$folder/second.log", '');
my $second = start_loader("$folder/second.log", notify_arguments('secret', '--webhook-poll', 1));
soon('the second program has begun', sub { slurp_file("$folder/second.log") =~ /metrics at/ && sql('SELECT fence FROM sessionize.webhook') > 1 });
usleep(500_000);
fail_checks('one', 'one1');
is(ended_with($program, 30), 3, 'the first one ends with status 3');
like(slurp_file($log), qr/another program has taken over webhook "incidents"/, 'and says why');
soon('the second one delivers', sub { sql('SELECT pending FROM sessionize.webhooks') eq '0' });
kill 'TERM', $second;
is(ended_with($second, 20), 0, 'it ends by SIGTERM');
is(ended_with(start_loader("$folder/second.log", map { s/user=notifier/user=stranger/r } notify_arguments('secret')), 1), -1, 'a role that is not there is tried again') ;
sql('CREATE ROLE stranger LOGIN');
soon('a role that the webhook does not belong to is told', sub { slurp_file("$folder/second.log") =~ /webhook "incidents" belongs to another role/ }, 60);

# -- for people, and until all is delivered
kill_hard($receiver);
start_receiver('b');
behave('b', 'ok');
fail_checks('one');
fail_checks('one', 'one2');
is(ended_with(start_loader($log, notify_arguments('secret', '--webhook-name', 'chat', '--webhook-format', 'slack', '--until-end', 'on')), 30), 0, 'until-end: it ends when all is delivered');
my @texts = map { decode_json($_->{body}) } requests('b');
is(join(' ', map { join(' ', keys %$_) } @texts), 'text', 'a text and nothing else');
like($texts[0]{text}, qr/^\[ERROR\] one: incident \d+ was opened, check one2, 1 rows$/, 'what it says');

# -- TLS: an unknown certificate is refused, one that is named is taken
SKIP:
{
	skip 'openssl is not installed', 3 if system('command -v openssl >/dev/null 2>&1') != 0;
	system("openssl req -x509 -newkey rsa:2048 -nodes -keyout '$folder/key' -out '$folder/certificate' -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1") == 0 or die 'no certificate';
	kill_hard($receiver);
	start_receiver('c', "$folder/certificate", "$folder/key");
	behave('c', 'ok');
	my @tls = map { s{^http:}{https:}r } notify_arguments('secret', '--webhook-name', 'tls', '--until-end', 'on');
	my $refused = start_loader($log, @tls);
	soon('a certificate that nobody knows is refused', sub { sql(q{SELECT error FROM sessionize.webhooks WHERE webhook_name = 'tls'}) =~ /certificate/i });
	kill_hard($refused);
	is(scalar(my @sent = requests('c')), 0, 'and nothing was sent');
	is(ended_with(start_loader($log, @tls, '--webhook-ca', "$folder/certificate"), 30), 0, 'a certificate that is named is taken') or diag(slurp_file($log));
}

# -- inside of collect and load
kill_hard($receiver);
start_receiver('d');
behave('d', 'ok');
sql(q{SELECT sessionize.create_events_table('raw_events'); GRANT INSERT ON raw_events TO notifier});
foreach my $command ('collect', 'load')
{
	my @arguments = ($command, (notify_arguments('secret', '--webhook-name', $command))[ 1 .. 12 ], '--webhook-name', $command, '--events', 'public.raw_events', '--spool', "$folder/spool");
	push @arguments, '--listen', '127.0.0.1:0' if $command eq 'collect';
	my $before = requests('d');
	my $inside = start_loader($log, @arguments);
	soon("$command: what is open is delivered", sub { accepted('d') > $before });
	kill 'TERM', $inside;
	is(ended_with($inside, 20), 0, "$command: ends");
}
behave('d', 'hang');
fail_checks('one');
my $hanging = start_loader($log, notify_arguments('secret', '--webhook-timeout', 60));
soon('a receiver that hangs', sub { (requests('d'))[-1]{status} == 0 });
kill 'TERM', $hanging;
is(ended_with($hanging, 5), 0, 'does not keep the program from its end');

kill_hard($receiver);
$node->stop;
done_testing();
