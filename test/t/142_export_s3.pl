# Exports to S3: a server that checks signatures, hashes and conditions by its own code, and that fails in all ways that we know of; and moto.
use strict;
use warnings;
use IPC::Run ();
use JSON::PP;
use LakeReader qw(why_no_export lake_versions lake_files keep_oracle lake_differs);
use LoadProgram qw(start_loader ended_with);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $missing = why_no_export('s3');
plan skip_all => $missing if $missing;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $log = "$folder/program.log";
my $prefix = "pre fix/\xc3\xa4+b&<c>='%41~(d)";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
mkdir "$folder/temporary";

delete @ENV{ grep { /^AWS_/ } keys %ENV };
$ENV{HOME} = $folder;
$ENV{no_proxy} = '*';
my @servers;
END { local $?; kill('KILL', $_) && waitpid($_, 0) foreach @servers; }

# Start a server with an empty bucket; returns its folder and its port.
sub start_server
{
	my ($name, @settings) = @_;
	my $own = "$folder/$name";

	mkdir $_ foreach $own, "$own/objects", "$own/objects/lake-bucket";
	my $pid = fork() // die 'no process';
	if ($pid == 0)
	{
		open(STDOUT, '>', "$own/log") and open(STDERR, '>&', \*STDOUT) or die $!;
		exec('python3', 'test/t/s3_server.py', $own, @settings) or die $!;
	}
	push @servers, $pid;
	foreach (1 .. 200)
	{
		last if -f "$own/port";
		usleep(50_000);
	}
	return ($own, slurp_file("$own/port"));
}

sub sql { return $node->safe_psql('postgres', $_[0]); }

my @arguments = ('export', '--database', $node->connstr('postgres'), '--duckdb', $LakeReader::library, '--temporary', "$folder/temporary", '--s3-retry', '3', '--s3-timeout', '3');

# Run the program; returns its exit status and what it said.
sub export
{
	my @more = @_;
	my $err;

	IPC::Run::run([ $LoadProgram::program, @arguments, @more ], '2>', \$err);
	return ($? >> 8, $err);
}

my ($server, $port) = start_server('server');
my $lake = "$server/objects/lake-bucket/$prefix";
my $n = 0;

# What is to go wrong from now on: lines of a method, an expression, what happens and how many times.
sub faults
{
	my @lines = map { "$_\n" } map { join("\t", @$_) } @_;

	unlink "$server/faults";
	append_to_file("$server/faults", "# @{[++$n]}\n" . join('', @lines));
	return;
}

my @tables = qw(sessions events dim_page);
my $at = 1000;

# Let some days and pages change.
sub change
{
	$at += 100;
	sql("SELECT add_events($at, 5, timestamptz '2026-03-02 01:00Z' + ($at % 200) * interval '1 hour', '1 minute', '/new$at'); CALL sessionize.refresh('web')");
	return;
}

# A path of the lake without the special characters of its prefix.
sub plain_path
{
	my ($where) = @_;

	unlink "$folder/read";
	symlink($where, "$folder/read") or die $!;
	return "$folder/read";
}

# The live files of each table are what the database has.
sub exact
{
	my ($what, $where) = @_;
	my $path = plain_path($where // $lake);

	foreach my $table (@tables)
	{
		my $version = lake_versions("$path/$table");
		keep_oracle($node, 'web', 'lake', $table, $version);
		is(lake_differs($node, 'DuckDB', "$path/$table", $version), '', "$what: $table, version $version, is exact");
	}
	return;
}

# The files that no log names.
sub not_named
{
	my $path = plain_path($lake);
	my %named = map { ($_ => 1) } map { my $t = $_; map { /"path":"([^"]+)"/g ? "$t/$1" : () } map { split /\n/, slurp_file($_) } glob("$path/$t/_delta_log/*.json") } @tables;
	return grep { !$named{$_} } map { s{^\./}{}r } split /\n/, `cd '$path/' && find . -name '*.parquet' -not -path '*/_delta_log/*'`;
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events', partition_by => 'none');
	CREATE FUNCTION add_events(first int, count int, since timestamptz, step interval, page text) RETURNS void LANGUAGE sql AS $$
		INSERT INTO raw.events (occurred_at, sent_at, received_at, event_id, event_name, anonymous_id, properties)
		SELECT t, t, t, 'e' || n, 'page_view', 'v' || n % 5, jsonb_build_object('page', page)
		FROM generate_series(first, first + count - 1) AS n, LATERAL (SELECT since + (n - first) * step AS t) AS x
	$$;
	SELECT add_events(1, 200, '2026-03-01 00:00Z', '1 hour', '/');
	SELECT sessionize.create_pipeline('web', 'raw.events');
	CALL sessionize.rebuild('web')});
sql("SELECT sessionize.create_export('web', 'lake', 's3://lake-bucket/" . ($prefix =~ s/'/''/gr) . "/', '{sessions,events,dim_page}')");

# Without credentials, and with wrong ones
my ($status, $said) = export();
is($status, 1, 'without credentials');
like($said, qr/there are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY .* profile "default"/, '... it says what to set');
@ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY)} = ('AKIDTEST', 'not the secret');
($status, $said) = export();
like($said, qr/the region of the bucket is not known: set AWS_REGION/, 'without a region');
@ENV{qw(AWS_REGION AWS_ENDPOINT_URL_S3)} = ('eu-test-1', "http://127.0.0.1:$port");
my $began = time;
($status, $said) = export();
is($status, 1, 'a wrong secret');
like($said, qr/could not list "s3:\/\/lake-bucket\/": the store answers 403 SignatureDoesNotMatch: .*; check AWS_SECRET_ACCESS_KEY/, '... is named');
unlike($said . sql('SELECT error FROM sessionize.export_status'), qr/not the secret/, '... and shown to nobody');
is(scalar(my @tries = slurp_file("$server/requests") =~ /^GET .* 403/mg), 1, '... and not tried again');
$ENV{AWS_SECRET_ACCESS_KEY} = 'secret/of+the=test';
{
	local $ENV{AWS_REGION} = 'us-east-1';
	like((export())[1], qr/the store answers 400 AuthorizationHeaderMalformed: .*check AWS_REGION/, 'a wrong region');
	local $ENV{AWS_ENDPOINT_URL_S3} = 'http://127.0.0.1:1';
	like((export())[1], qr/could not list .*127\.0\.0\.1 port 1.*; check AWS_ENDPOINT_URL_S3/, 'nobody there');
}

# Credentials of files
delete local @ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL_S3)};
mkdir "$folder/.aws";
append_to_file("$folder/.aws/credentials", "[default]\naws_access_key_id = no\naws_secret_access_key = no\n\n# a comment\n[ lake ]\naws_access_key_id=AKIDTEST\n aws_secret_access_key = secret/of+the=test\naws_secret_access_key = secret/of+the=test\n");
append_to_file("$folder/.aws/config", "[default]\nregion = no\n[profile lake]\nregion = eu-test-1\nendpoint_url = http://localhost:$port/\ns3 =\n  addressing_style = virtual\n");
$ENV{AWS_PROFILE} = 'lake';

# All days, and then some
($status, $said) = export();
is($status, 0, 'all days, by a profile, with the bucket as a host') or diag($said);
exact('all days');
my $requests = slurp_file("$server/requests");
change();
($status, $said) = export('--s3-style', 'path');
is($status, 0, 'some days, with the bucket in the path') or diag($said);
exact('some days');
cmp_ok(scalar(my @puts = substr(slurp_file("$server/requests"), length $requests) =~ /^PUT .*date=/mg), '<', 8, '... of which few are put');
is((export())[0], 0, 'nothing changes');
is(lake_versions("$folder/read/sessions"), 1, '... and there is no version');

# What passes, and what may have been done when it fails
foreach my $fault (
	[ '500, 503 and cut uploads', [ 'PUT', 'parquet$', 500, 2 ], [ 'PUT', 'parquet$', 503, 1 ], [ 'PUT', 'parquet$', 'cut', 1 ], [ 'LIST', '', 503, 2 ], [ 'GET', 'json$', 'half', 1 ], [ 'GET', 'json$', 500, 1 ] ],
	[ 'files that were put, without an answer', [ 'PUT', 'parquet$', 'drop', 2 ], [ 'PUT', 'parquet$', 'done 500', 1 ] ],
	[ 'an upload whose answer is slow', [ 'PUT', 'parquet$', 'slow 5', 1 ] ],
	[ 'versions that were put, without an answer', [ 'PUT', '/sessions/_delta_log/', 'drop', 1 ], [ 'PUT', '/events/_delta_log/', 'done 500', 1 ], [ 'PUT', '/dim_page/_delta_log/', 'done 503', 1 ] ],
	[ 'a version whose answer is slow', [ 'PUT', '/sessions/_delta_log/', 'slow 5', 1 ] ],
	[ 'a conflict that passes', [ 'PUT', '/sessions/_delta_log/', 409, 2 ] ],
	[ 'a list that is stale', [ 'LIST', '0000000000[1-9]\.json', 'hide', 1 ] ],
	[ 'a list that shows nothing of the logs', [ 'LIST', '_delta_log', 'hide', 1 ] ])
{
	my ($what, @lines) = @$fault;

	change();
	faults(@lines);
	($status, $said) = export();
	is($status, 0, $what) or diag($said);
	faults();
	exact($what);
	is_deeply([ not_named() ], [], "$what: nothing is left");
}

# What does not pass
foreach my $fault (
	[ 'a PUT that is forbidden', qr/could not put "s3:\/\/lake-bucket\/.*parquet": the store answers 403 AccessDenied: Access Denied; check that the credentials' policy allows/, [ 'PUT', 'parquet$', 403, 99 ] ],
	[ 'a version that is forbidden', qr/could not put ".*_delta_log.*": the store answers 403 AccessDenied/, [ 'PUT', '/events/_delta_log/', 403, 99 ] ],
	[ 'a store that answers 503 for long', qr/the store answers 503 SlowDown: Please reduce your request rate\.; run the export again later/, [ 'PUT', 'parquet$', 503, 99 ] ],
	[ 'a version of which nobody knows', qr/could not put ".*sessions\/_delta_log.*": the store answers 500 InternalError/, [ 'PUT', '/sessions/_delta_log/', 500, 99 ] ],
	[ 'a version of another one', qr/another one has made the version \d+ of the log in "sessions\/_delta_log\/" meanwhile; run the export again/, [ 'PUT', '/sessions/_delta_log/', 'race', 1 ] ])
{
	my ($what, $error, @lines) = @$fault;

	change();
	faults(@lines);
	($status, $said) = export();
	is($status, 1, $what);
	like($said, $error, "$what: it is said");
	faults();
	($status, $said) = export();
	is($status, 0, "$what: the next one goes on") or diag($said);
	exact($what);
	if ($what =~ /nobody knows/)
	{
		cmp_ok(scalar(my @left = not_named()), '>', 0, "$what: the files stay, which it may name");
		system("find '$server/objects/lake-bucket' -type f -exec touch -d '3 days ago' {} +");
		is((export())[0], 0, '... until a day has gone by');
	}
	is_deeply([ not_named() ], [], "$what: nothing is left");
}

# SIGTERM ends waiting
change();
faults([ 'PUT', 'parquet$', 503, 9999 ]);
my $pid = start_loader($log, @arguments, '--s3-retry', '600');
foreach (1 .. 400)
{
	last if slurp_file("$server/requests") =~ /503 503\n\z/;
	usleep(50_000);
}
$began = time;
kill('TERM', $pid);
is(ended_with($pid, 30), 1, 'SIGTERM ends an export that waits');
cmp_ok(time - $began, '<', 5, '... soon');
faults();
is((export())[0], 0, '... and the next one exports all');
exact('after SIGTERM');

# Two exporters that do not see each other
change();
{
	local $ENV{PG_SESSIONIZE_EXPORT_POINT} = 'written 19';
	$pid = start_loader($log, @arguments);
}
foreach (1 .. 600)
{
	last if `ps -o state= -p $pid` =~ /^T/;
	usleep(50_000);
}
sql(q{SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE query LIKE '%sessionize.export_%' AND pid <> pg_backend_pid()});
($status, $said) = export();
is($status, 0, 'another one exports while the first one still believes that it may') or diag($said);
kill('CONT', $pid);
is(ended_with($pid, 60), 1, 'the first one fails');
like(slurp_file($log), qr/another one has made the version \d+/, '... and says so');
exact('two exporters');
is_deeply([ not_named() ], [], '... and leaves nothing');

# A session token, and a store that knows no conditions
{
	my ($other, $its_port) = start_server('careless', 'condition=0', 'token=a/token+=');
	local @ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL_S3)} = ('AKIDTEST', 'secret/of+the=test', "http://127.0.0.1:$its_port");

	sql("SELECT sessionize.create_export('web', 'careless', 's3://lake-bucket', '{sessions}')");
	like((export('--export', 'careless', '--s3-style', 'path'))[1], qr/400 InvalidToken: .*check AWS_SESSION_TOKEN/, 'no token');
	local $ENV{AWS_SESSION_TOKEN} = 'a/token+=';
	($status, $said) = export('--export', 'careless', '--s3-style', 'path');
	like($said, qr/does not heed "If-None-Match: \*"/, 'a store that would overwrite versions is refused');
	is(scalar(() = glob("$other/objects/lake-bucket/sessions/_delta_log/*")), 0, '... before it has one');
}

# moto
SKIP:
{
	my $python = "$folder/python/bin/python";
	skip 'moto can\'t be had from PyPI', 1
	  if system("python3 -m venv '$folder/python' >'$folder/pip.log' 2>&1 && '$python' -m pip install --quiet --retries 1 'moto[s3,server]==5.2.5' >>'$folder/pip.log' 2>&1") != 0;
	my $its_port = PostgreSQL::Test::Cluster::get_free_port();
	my $its = fork() // die 'no process';
	if ($its == 0)
	{
		open(STDOUT, '>', "$folder/moto.log") and open(STDERR, '>&', \*STDOUT) or die $!;
		exec("$folder/python/bin/moto_server", '-H', '127.0.0.1', '-p', $its_port) or die $!;
	}
	push @servers, $its;
	my $url = "http://127.0.0.1:$its_port";
	local @ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL_S3 AWS_DEFAULT_REGION)} = ('key', 'secret', $url, 'us-east-1');
	delete local $ENV{AWS_PROFILE};
	foreach (1 .. 50)
	{
		last if system("'$python' test/t/s3_download.py $url moto-bucket 2>/dev/null") == 0;
		usleep(200_000);
	}
	sql(q{SELECT sessionize.drop_export('web', 'lake'), sessionize.create_export('web', 'lake', 's3://moto-bucket/some where', '{sessions,events,dim_page}')});
	foreach my $what ('moto, all days', 'moto, some days')
	{
		($status, $said) = export();
		is($status, 0, $what) or diag($said);
		system("rm -rf '$folder/copy' && '$python' test/t/s3_download.py $url moto-bucket 'some where/' '$folder/copy'") == 0 or die;
		exact($what, "$folder/copy");
		change();
	}
}

done_testing();
