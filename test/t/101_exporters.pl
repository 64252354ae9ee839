# The files for exporters are what the view sessionize.metrics says, their queries run, and all three ways to the metrics (the
# function, postgres_exporter, sql_exporter) give the same names.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<', $path) or die "$path: $!";
	local $/;
	return scalar <$fh>;
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz);
	CREATE INDEX ON raw (visitor, at);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at');
	CALL sessionize.rebuild('web')});
# an export that has finished, and lacks what comes then
sql(q{SELECT sessionize.create_export('web', 'lake', '/srv/lake/web', '{sessions}')});
sql(q{SELECT sessionize.export_intend('web', 'lake', '00000000-0000-0000-0000-000000000001', '{}', now())});
sql(q{SELECT sessionize.export_finish('web', 'lake', '00000000-0000-0000-0000-000000000001', '{}')});
sql(q{INSERT INTO raw (visitor, at) VALUES ('a', now()), (NULL, now())});
sql(q{CALL sessionize.refresh('web')});
sql(q{SELECT sessionize.seal('web', '2026-01-01')});
sql(q{CREATE TABLE e (id int); INSERT INTO sessionize.ingest_position (events, source, partition, moved_at, received_at) VALUES ('e', 's', '0', now(), now())});

sql(q{SELECT sessionize.add_check('web', 'fails', 'sql', '{"query": "SELECT 1"}')});
sql(q{SELECT count(*) FROM sessionize.run_checks('web')});
sql(q{SELECT * FROM sessionize.webhook_begin('incidents')});
sql(q{SELECT sessionize.webhook_delivered('incidents', 1, notice_id) FROM sessionize.webhook_notices});
sql(q{SELECT count(*) FROM sessionize.run_checks('web', only_due => false, at => now() + interval '1 hour')});

# The files are up to date.
my $folder = PostgreSQL::Test::Utils::tempdir();
{
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'postgres';
	is(system('scripts/exporter-files', $folder), 0, 'scripts/exporter-files runs');
}
my %file = map { $_ => slurp("dashboards/$_") } qw(postgres_exporter.yml sql_exporter.collector.yml);
ok($file{$_} eq slurp("$folder/$_"), "dashboards/$_ is what scripts/exporter-files writes") foreach sort keys %file;

# The names of samples that each file gives.
my $text = sql('SELECT sessionize.openmetrics()');
my %said = map { $_ => 1 } grep { $_ ne 'sessionize_scrape_query_failed' } $text =~ /^(\w+)[{ ]/mg;
cmp_ok(scalar(keys %said), '>', 40, 'openmetrics() has many samples');
my %collector = map { $_ => 1 } $file{'sql_exporter.collector.yml'} =~ /^  - metric_name: (\w+)$/mg;
my %queries;
foreach my $part (split /^(?=\w)/m, $file{'postgres_exporter.yml'})
{
	my ($namespace) = $part =~ /^(\w+):\n/ or next;
	while ($part =~ /^    - (\w+):\n        usage: "(\w+)"/mg)
	{
		my ($column, $usage) = ($1, $2);
		next if $usage eq 'LABEL';
		$queries{"${namespace}_$column$_"} = 1 foreach $usage eq 'HISTOGRAM' ? qw(_bucket _count _sum) : ('');
	}
}
is(join(' ', sort keys %queries), join(' ', sort keys %collector), 'both files give the same names');
is(join(' ', grep { !$collector{$_} } sort keys %said), '', 'each sample of openmetrics() is in them');
my $families = sql(q{SELECT string_agg(metric_name, ' ' ORDER BY metric_name COLLATE "C") FROM sessionize.metrics WHERE type <> 'histogram'});
is(join(' ', sort map { s/_total$//r } grep { !/_seconds_(?:bucket|count|sum)$/ } keys %collector), $families, 'and nothing that is no metric');

# The queries of the collector run, with the columns that its metrics want.
my %query = $file{'sql_exporter.collector.yml'} =~ /^  - query_name: (\w+)\n    query: \|\n((?:      .*\n)*)/mg;
my %wanted;
while ($file{'sql_exporter.collector.yml'} =~ /key_labels: \[(.*)\]\n    values: \[(\w+)\]\n    query_ref: (\w+)/g)
{
	$wanted{$3}{$_} = 1 foreach split(/, /, $1), $2;
}
is(join(' ', sort keys %wanted), join(' ', sort keys %query), 'each query is used');
foreach my $name (sort keys %query)
{
	my $columns = join ', ', map { qq{q."$_"} } sort keys %{ $wanted{$name} };
	my ($status, $out, $err) = $node->psql('postgres', "SELECT $columns FROM ($query{$name}) AS q");
	is("$status$err", '0', "the query $name has the columns");
}

# A real postgres_exporter.
SKIP:
{
	my ($program) = grep { system("command -v $_ >/dev/null 2>&1") == 0 } qw(prometheus-postgres-exporter postgres_exporter);
	skip 'postgres_exporter is not installed', 1 unless $program;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		local $ENV{DATA_SOURCE_NAME} = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres sslmode=disable';
		open STDERR, '>', "$folder/exporter.log";
		open STDOUT, '>&', \*STDERR;
		exec $program, '--disable-default-metrics', '--disable-settings-metrics', '--extend.query-path=dashboards/postgres_exporter.yml', "--web.listen-address=127.0.0.1:$port";
		exit 1;
	}
	my $page = '';
	for (1 .. 100)
	{
		$page = get($port);
		last if $page =~ /sessionize_build_info/;
		select undef, undef, undef, 0.1;
	}
	kill 'TERM', $pid;
	waitpid $pid, 0;
	my %exported = map { $_ => 1 } $page =~ /^(sessionize_\w+)[{ ]/mg;
	is(join(' ', grep { !$exported{$_} } sort keys %said), '', 'postgres_exporter gives all of them') or diag(slurp("$folder/exporter.log"));
}

# The page /metrics of a port of this machine.
sub get
{
	my ($port) = @_;
	require IO::Socket::INET;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or return '';
	print $socket "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	return scalar(<$socket>) // '';
}

$node->stop;
done_testing();
