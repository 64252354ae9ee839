# The dashboards and rules of dashboards/: a real Prometheus scrapes a pipeline at work, and every query of every panel has an
# answer that is not empty; those of the other dashboard are run in the database. promtool checks and tests the rules.
use strict;
use warnings;
use Cwd;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<', $path) or die "$path: $!";
	local $/;
	return scalar <$fh>;
}

my %dashboard = map { $_ => decode_json(slurp("dashboards/$_.json")) } qw(operations product);

# What Grafana wants of a dashboard: ids that are unique, panels that don't overlap, data sources and queries.
foreach my $name (sort keys %dashboard)
{
	my $dashboard = $dashboard{$name};
	my (%ids, %place, @bad);
	foreach my $panel (@{ $dashboard->{panels} })
	{
		my $grid = $panel->{gridPos};
		push @bad, "$panel->{title}: its id is not unique" if $ids{ $panel->{id} }++;
		push @bad, "$panel->{title}: too wide" if $grid->{x} + $grid->{w} > 24;
		foreach my $x ($grid->{x} .. $grid->{x} + $grid->{w} - 1)
		{
			push @bad, "$panel->{title}: overlaps $place{$x}{$_}" foreach grep { $place{$x}{$_} } $grid->{y} .. $grid->{y} + $grid->{h} - 1;
			$place{$x}{$_} = $panel->{title} foreach $grid->{y} .. $grid->{y} + $grid->{h} - 1;
		}
		next if $panel->{type} eq 'row';
		push @bad, "$panel->{title}: no data source" unless $panel->{datasource}{uid} =~ /^\$\{(prometheus|postgres)\}$/;
		push @bad, "$panel->{title}: no query" unless @{ $panel->{targets} };
		my %refs;
		push @bad, "$panel->{title}: two queries with one name" if grep { $refs{ $_->{refId} }++ } @{ $panel->{targets} };
	}
	is(join("\n", @bad), '', "$name: its panels are well formed");
	like($dashboard->{uid}, qr/^sessionize-/, "$name: has a uid");
}

# The rules, and that each alert has a runbook that is there, and a test.
my $rules = slurp('dashboards/rules.yml');
my $monitoring = slurp('docs/monitoring.md');
my %anchor = map { lc(s/[^\w -]//gr =~ s/ /-/gr) => 1 } $monitoring =~ /^#+ (.*)$/mg;
my @alerts = $rules =~ /^      - alert: (\w+)$/mg;
my @runbooks = $rules =~ /^          runbook: docs\/monitoring\.md#(\S+)$/mg;
is(scalar(@runbooks), scalar(@alerts), 'each alert has a runbook');
is(join(' ', grep { !$anchor{$_} } @runbooks), '', 'which is a section of docs/monitoring.md');
my $tests = slurp('dashboards/rules_test.yml');
is(join(' ', grep { my $alert = $_; $tests !~ /alertname: \Q$alert\E\n        exp_alerts:\n/ } @alerts), '', 'and a test that it fires');
SKIP:
{
	skip 'promtool is not installed', 2 if system('command -v promtool >/dev/null 2>&1') != 0;
	my $checked = `promtool check rules dashboards/rules.yml 2>&1`;
	like($checked, qr/SUCCESS/, 'promtool finds nothing wrong with the rules');
	my $tested = `promtool test rules dashboards/rules_test.yml 2>&1`;
	like($tested, qr/SUCCESS/, 'the tests of the rules pass') or diag($tested);
}

# A pipeline with something of everything.
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nautovacuum = off\nsessionize.large_key_rows = 500\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, id text, name text, page text);
	CREATE INDEX ON raw (visitor, at);
	INSERT INTO raw (visitor, at, id, name, page)
	SELECT 'v' || n % 97, now() - n * interval '31 seconds', 'h' || n % 1900, (ARRAY['view', 'click', NULL])[1 + n % 3], '/' || n % 7 FROM generate_series(1, 2000) AS n;
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', event_id => 'id', event_name => 'name', page => 'page', page_view => 'name = ''view''');
	CALL sessionize.rebuild('web')});
sql(q{SELECT sessionize.seal('web', now() - interval '12 hours')});
sql(q{CREATE TABLE e (id int); INSERT INTO sessionize.ingest_position (events, source, partition, requests, moved_at, received_at) VALUES ('e', 's', '0', 7, now(), now())});
# checks that succeed, fail and can't be evaluated, an incident, a notice that nobody has delivered
sql(q{SELECT sessionize.add_check('web', 'fails', 'sql', '{"query": "SELECT 1"}'), sessionize.add_check('web', 'error', 'sql', '{"query": "SELECT 1 FROM pg_class WHERE 1 / (relpages - relpages) > 0"}', severity => 'error'),
	sessionize.add_check('web', 'succeeds', 'sql', '{"query": "SELECT 1 WHERE false"}')});
sql(q{SELECT count(*) FROM sessionize.run_checks('web')});
sql(q{SELECT * FROM sessionize.webhook_begin('incidents')});
sql(q{SELECT sessionize.schedule('web')});

# The queries of the product's dashboard in the database, as Grafana's macros make them.
foreach my $panel (grep { $_->{type} ne 'row' } @{ $dashboard{product}{panels} })
{
	foreach my $target (@{ $panel->{targets} })
	{
		my $sql = $target->{rawSql};
		$sql =~ s/\$\{pipeline(?::raw)?\}/web/g;
		$sql =~ s/\$__timeGroupAlias\((\w+), '\$grain'\)/floor(extract(epoch from $1)\/3600)*3600 AS "time"/g;
		$sql =~ s/\$__timeFilter\((\w+)\)/$1 BETWEEN now() - interval '7 days' AND now() + interval '1 hour'/g;
		unlike($sql, qr/\$/, "$panel->{title}: no other macro");
		my ($status, $out, $err) = $node->psql('postgres', $sql);
		is("$status$err", '0', "$panel->{title}: the query runs") or diag($sql);
		isnt($out, '', "$panel->{title}: and has an answer");
	}
}

SKIP:
{
	skip 'prometheus is not installed', 1 if system('command -v prometheus >/dev/null 2>&1') != 0;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my ($source, $port) = map { PostgreSQL::Test::Cluster::get_free_port() } 1 .. 2;

	# what Prometheus scrapes: a page that is the function's result
	my $server = fork() // die "fork: $!";
	if ($server == 0)
	{
		my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $source, Listen => 9, ReuseAddr => 1) or POSIX::_exit(1);
		while (my $client = $listen->accept)
		{
			while (my $line = <$client>) { last if $line =~ /^\r?\n/; }
			my $page = qx{psql -X -q -A -t -d '@{[ $node->connstr('postgres') ]}' -c 'SELECT rtrim(sessionize.openmetrics(), chr(10))'};
			print $client "HTTP/1.0 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n\r\n$page";
			close $client;
		}
		POSIX::_exit(0);
	}
	append_to_file("$folder/prometheus.yml", <<"YAML");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ['@{[ Cwd::getcwd() ]}/dashboards/rules.yml']
scrape_configs:
  - job_name: pg_sessionize
    static_configs: [{targets: ['127.0.0.1:$source']}]
YAML
	my $prometheus = fork() // die "fork: $!";
	if ($prometheus == 0)
	{
		open STDERR, '>', "$folder/log";
		open STDOUT, '>&', \*STDERR;
		exec 'prometheus', "--config.file=$folder/prometheus.yml", "--storage.tsdb.path=$folder/data", "--web.listen-address=127.0.0.1:$port" or POSIX::_exit(1);
	}

	# traffic meanwhile, with a slow rebuild, a key that is large and what can't become an event
	my $rebuild = fork() // die "fork: $!";
	if ($rebuild == 0)
	{
		exec 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', q{SET sessionize.rebuild_piece_rows = 1000}, '-c', q{CALL sessionize.rebuild('web', throttle => 0.02, newest_first => true)} or POSIX::_exit(1);
	}
	my @queries = map { my $panel = $_; map { [ $panel->{title}, $_->{expr} ] } @{ $panel->{targets} } } grep { $_->{type} ne 'row' } @{ $dashboard{operations}{panels} };
	push @queries, map { [ "rule $_", $_ ] } $rules =~ /^      - record: (\S+)$/mg;
	my %open = map { $_ => 1 } 0 .. $#queries;
	for my $round (1 .. 60)
	{
		sql("INSERT INTO raw (visitor, at, id, name) SELECT 'v' || n % 97, now(), 'r$round' || n, 'view' FROM generate_series(1, 200) AS n");
		sql("INSERT INTO raw (visitor, at, id) SELECT 'large', now(), 'l$round' || n FROM generate_series(1, 700) AS n; INSERT INTO raw (visitor, at) VALUES (NULL, now())");
		sql('UPDATE sessionize.ingest_position SET requests = requests + 1, moved_at = now()');
		sleep 1;
		foreach my $i (sort { $a <=> $b } keys %open)
		{
			my $answer = ask($port, $queries[$i][1]);
			delete $open{$i} if @{ $answer->{data}{result} // [] } && !grep { $_->{value}[1] eq 'NaN' } $answer->{data}{result}[0];
		}
		# what is empty while all is well, and no rebuild runs
		last if !grep { $queries[$_][1] !~ /pending_large_keys|backoff_seconds|rebuild_pieces/ } keys %open;
	}
	is(join("\n", map { "$queries[$_][0]: $queries[$_][1]" } grep { $queries[$_][1] !~ /pending_large_keys|backoff_seconds|rebuild_pieces/ } sort { $a <=> $b } keys %open),
		'', 'every panel has an answer');
	my $up = ask($port, 'min(min_over_time(up[1m]))');
	is($up->{data}{result}[0]{value}[1], 1, 'Prometheus could read every scrape');
	my $failed = ask($port, 'max(max_over_time(sessionize_scrape_query_failed[1m]))');
	is($failed->{data}{result}[0]{value}[1], 0, 'and no query has failed');
	my $alerts = decode_json(get($port, '/api/v1/rules?type=alert'));
	my @rules = map { @{ $_->{rules} } } @{ $alerts->{data}{groups} };
	is(join("\n", map { "$_->{name}: $_->{lastError}" } grep { $_->{health} ne 'ok' } @rules), '', 'every alert is evaluated');
	is(scalar(@rules), scalar(@alerts), 'all alerts are there');
	kill 'TERM', $rebuild, $prometheus, $server;
	waitpid $_, 0 foreach $rebuild, $prometheus, $server;
	is(sql(q{SELECT difference FROM sessionize.reconcile('web')}), 0, 'the star accounts for all');
}

# The answer to a query of Prometheus, with the variables that Grafana replaces.
sub ask
{
	my ($port, $query) = @_;

	$query =~ s/\$__rate_interval/1m/g;
	$query =~ s/\$(?:datname|pipeline)\b/.*/g;
	$query =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
	my $body = get($port, "/api/v1/query?query=$query");
	my $answer = eval { decode_json($body) } // {};
	fail("a query of Prometheus: $answer->{error}") if ($answer->{status} // '') eq 'error';
	return $answer;
}

# The body of a page.
sub get
{
	my ($port, $path) = @_;

	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or return '{}';
	print $socket "GET $path HTTP/1.0\r\n\r\n";
	local $/;
	my ($body) = (scalar(<$socket>) // '') =~ /\r\n\r\n(.*)/s;
	return $body // '{}';
}

$node->stop;
done_testing();
