# Exports that are cut off, that meet each other, that find another's lake or no room: the lake is always one whole version, nothing is lost,
# and nothing is left for good.
use strict;
use warnings;
use IPC::Run ();
use JSON::PP;
use LakeReader qw(why_no_export lake_versions lake_files keep_oracle lake_differs);
use LoadProgram qw(start_loader ended_with);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $missing = why_no_export('export');
plan skip_all => $missing if $missing;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $lake = "$folder/lake";
my $log = "$folder/program.log";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
mkdir "$folder/temporary";

sub sql { return $node->safe_psql('postgres', $_[0]); }

my @arguments = ('export', '--database', $node->connstr('postgres'), '--duckdb', $LakeReader::library, '--temporary', "$folder/temporary");

# Run the program; returns its exit status, or 128 and the signal that ended it, and what it said.
sub export
{
	my (@more) = @_;
	my $err;

	IPC::Run::run([ $LoadProgram::program, @arguments, @more ], '2>', \$err);
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $err);
}

# Run it with a signal at a step.
sub export_until
{
	my ($point) = @_;
	local $ENV{PG_SESSIONIZE_EXPORT_POINT} = $point;
	return export();
}

# Start it and wait until it has stopped itself at a step.
sub stop_at
{
	my ($point) = @_;
	local $ENV{PG_SESSIONIZE_EXPORT_POINT} = "$point 19";
	my $pid = start_loader($log, @arguments);

	foreach (1 .. 600)
	{
		return $pid if `ps -o state= -p $pid` =~ /^T/;
		usleep(50_000);
	}
	die "the export did not come to $point";
}

my @tables = qw(note sessions events dim_page);
my $n = 1000;

# Let some days and pages change.
sub change
{
	$n += 100;
	sql("SELECT add_events($n, 5, timestamptz '2026-03-02 01:00Z' + ($n % 700) * interval '1 hour', '1 minute', '/new$n'); CALL sessionize.refresh('web')");
	return;
}

# The live files of each table are what the database has, and the database knows that.
sub exact
{
	my ($what) = @_;

	foreach my $table (@tables)
	{
		keep_oracle($node, 'web', 'lake', $table, 'now');
		my $version = lake_versions("$lake/$table");
		sql("DROP TABLE IF EXISTS oracle.${table}_$version; ALTER TABLE oracle.${table}_now RENAME TO ${table}_$version");
		is(lake_differs($node, 'DuckDB', "$lake/$table", $version), '', "$what: $table is exact");
	}
	is(sql("SELECT pending_days, unfinished FROM sessionize.export_status"), '0|f', "$what: the database knows");
	my $current = decode_json(slurp_file("$lake/_current.json"));
	is_deeply([ sort map { @{ $_->{files} } } values %{ $current->{tables} } ],
		[ sort map { my $t = $_; map { "$t/$_" } keys %{ lake_files("$lake/$t", lake_versions("$lake/$t")) } } @tables ], "$what: the list of files");
	return;
}

# What lies in the lake is named by a log, once what is older than a day has been cleaned up.
sub nothing_left
{
	my ($what) = @_;

	system("find '$lake' -type f -exec touch -d '3 days ago' {} +");
	my ($status, $said) = export();
	is($status, 0, "$what: an export cleans up") or diag($said);
	my %named = map { ($_ => 1) } map { my $t = $_; map { /"path":"([^"]+)"/g ? "$lake/$t/$1" : () } map { split /\n/, slurp_file($_) } glob("$lake/$t/_delta_log/*.json") } @tables;
	my @files = split /\n/, `find '$lake' -type f -name '*.parquet' -not -path '*/_delta_log/*'`;
	is_deeply([ grep { !$named{$_} } @files ], [], "$what: no file that no log names");
	is(`find '$lake' -name '.*' -type f`, '', "$what: no unfinished file");
	is_deeply([ glob("$folder/temporary/*") ], [], "$what: no temporary folder");
	return;
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events', partition_by => 'none');
	CREATE FUNCTION add_events(first int, count int, since timestamptz, step interval, page text) RETURNS void LANGUAGE sql AS $$
		INSERT INTO raw.events (occurred_at, sent_at, received_at, event_id, event_name, anonymous_id, properties)
		SELECT t, t, t, 'e' || n, 'page_view', 'v' || n % 5, jsonb_build_object('page', page)
		FROM generate_series(first, first + count - 1) AS n, LATERAL (SELECT since + (n - first) * step AS t) AS x
	$$;
	SELECT add_events(1, 300, '2026-03-01 00:00Z', '1 hour', '/');
	SELECT sessionize.create_pipeline('web', 'raw.events');
	CALL sessionize.rebuild('web');
	CREATE TABLE web.note AS SELECT 1 AS x});
sql("SELECT sessionize.create_export('web', 'lake', '$lake', '{note,sessions,events,dim_page}')");

# Killed at each step, of the first export and of a later one; between the crash and the next export rows change.
my @points = qw(planned intended file written note sessions events dim_page listed finished);
foreach my $round ('first', 'later')
{
	foreach my $point (@points)
	{
		if ($round eq 'first')
		{
			system("rm -rf '$lake'");
			sql("SELECT sessionize.drop_export('web', 'lake')");
			sql("SELECT sessionize.create_export('web', 'lake', '$lake', '{note,sessions,events,dim_page}')");
		}
		change();
		my ($status, $said) = export_until("$point 9");
		is($status, 137, "$round export, killed at $point") or diag($said);
		change() if int(rand 2);
		($status, $said) = export();
		is($status, 0, "$round export, killed at $point: the next one goes on") or diag($said);
		exact("$round export, killed at $point");
	}
	nothing_left("$round export");
}

# Killed twice and three times, with the logs in different versions.
foreach my $points ([qw(sessions intended)], [qw(sessions sessions intended)], [qw(events written sessions)], [qw(dim_page sessions)], [qw(dim_page intended events)], [qw(sessions dim_page)])
{
	my $what = join(', then ', @$points);

	change();
	foreach my $point (@$points)
	{
		my ($status, $said) = export_until("$point 9");
		is($status, 137, "$what: killed at $point") or diag($said);
		change();
	}
	my ($status, $said) = export();
	is($status, 0, "$what: the next one goes on") or diag($said);
	exact($what);
}
# A table without days is compared with what was exported last. One that has changed when the export is killed, and changes back, must not be
# taken for unchanged.
foreach my $point ('note', 'dim_page')
{
	sql('UPDATE web.note SET x = 1');
	is((export())[0], 0, "before it is killed at $point");
	sql('UPDATE web.note SET x = 2');
	is((export_until("$point 9"))[0], 137, "killed at $point, when a table has changed");
	sql('UPDATE web.note SET x = 1');
	is((export())[0], 0, '... and goes on, when it has changed back');
	exact("a table that has changed back, killed at $point");
}

# An end that is asked for
change();
my $pid = stop_at('planned');
kill('TERM', $pid);
kill('CONT', $pid);
is(ended_with($pid, 60), 1, 'SIGTERM ends an export');
like(slurp_file($log), qr/the export was told to end/, '... which says so');
like(sql('SELECT failures, error FROM sessionize.export_status'), qr/^1\|the export was told to end/, '... to the database as well');
is((export())[0], 0, '... and the next one exports all');
exact('after SIGTERM');

# Two at a time
change();
$pid = stop_at('planned');
my ($status, $said) = export();
is($status, 1, 'another exporter waits for nothing');
like($said, qr/another session is exporting pipeline "web"/, '... and says why');
kill('CONT', $pid);
is(ended_with($pid, 60), 0, 'the first one goes on');
exact('two exporters');

# Two that do not see each other, as after a connection was lost: one version is made once.
change();
$pid = stop_at('written');
sql(q{SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE query LIKE '%sessionize.export_%' AND pid <> pg_backend_pid()});
($status, $said) = export();
is($status, 0, 'another one exports while the first one still believes that it may') or diag($said);
kill('CONT', $pid);
is(ended_with($pid, 60), 1, 'the first one fails');
like(slurp_file($log), qr/another one has made the version \d+ of the log in "note\/_delta_log\/" meanwhile; run the export again/, '... and says so');
exact('two that do not see each other');
nothing_left('two exporters');

# Another database's lake
sql(q{CREATE TABLE kept AS SELECT token, intended FROM sessionize.export; UPDATE sessionize.export SET token = gen_random_uuid(), intended = gen_random_uuid()});
my $version = lake_versions("$lake/note");
($status, $said) = export();
is($status, 1, 'a lake that another database has written is refused');
like($said, qr/the last version of the table "note" in the lake, $version, is not from this database: .*--take-over/, '... and it is said how to go on');
is(lake_versions("$lake/note"), $version, '... and left as it is');
sql('DELETE FROM sessionize.export_note');
sql("DELETE FROM raw.events WHERE event_id IN ('e7', 'e8'); CALL sessionize.refresh('web'); DELETE FROM sessionize.export_note");
($status, $said) = export('--take-over');
is($status, 0, '--take-over') or diag($said);
exact('--take-over');

# Rows that others have changed, and what they may do
my $next = sprintf '%s/sessions/_delta_log/%020d.json', $lake, lake_versions("$lake/sessions") + 1;
my $files = lake_files("$lake/sessions", lake_versions("$lake/sessions"));
my ($path) = sort keys %$files;
system("cp '$lake/sessions/$path' '$lake/sessions/date=$files->{$path}/by_others.parquet'") == 0 or die;
my $size = -s "$lake/sessions/$path";
my $others = sub
{
	my ($changes) = @_;
	append_to_file($next, join("\n",
		qq({"commitInfo":{"operation":"OPTIMIZE"}}),
		qq({"remove":{"path":"$path","dataChange":$changes,"deletionTimestamp":1}}),
		qq({"add":{"path":"date=$files->{$path}/by%5Fothers.parquet","partitionValues":{"date":"$files->{$path}"},"size":$size,"modificationTime":1,"dataChange":$changes}})) . "\n");
};
$others->('true');
($status, $said) = export();
is($status, 1, 'rows that others have changed are found');
like($said, qr/another program has changed rows of the table "sessions" in version \d+ of its log/, '... and it is said which');
unlink $next;
$others->('false');
sql("UPDATE raw.events SET properties = '{}' WHERE event_id = 'e5'; CALL sessionize.refresh('web')");
($status, $said) = export();
is($status, 0, 'what others have put together is followed') or diag($said);
keep_oracle($node, 'web', 'lake', 'sessions', lake_versions("$lake/sessions"));
is(scalar(grep { /by%5Fothers/ } keys %{ lake_files("$lake/sessions", lake_versions("$lake/sessions")) }), 0, '... and replaced, when its day has changed');

# No library
($status, $said) = export('--duckdb', "$folder/no.so");
is($status, 1, 'without the library nothing is exported');
like($said, qr{DuckDB's library, which writes the Parquet files, could not be loaded: .*no\.so.*; take libduckdb from https://duckdb\.org/install .*--duckdb /path/to/libduckdb\.so, or PG_SESSIONIZE_DUCKDB}, '... and it is said how to get it');
($status, $said) = export('--duckdb', 'libm.so.6');
like($said, qr/the library "libm\.so\.6" has no function duckdb_/, 'a library that is another one');

# No room: the lake is on a disk of its own that is really full.
SKIP:
{
	my ($user, $group) = ($>, (split ' ', $))[0]);
	my $small = "$folder/small";
	my @namespace = ('unshare', '-U', '-r', '-m', 'sh', '-c');

	mkdir $small;
	skip 'a tmpfs can\'t be mounted in a namespace', 1 if system(@namespace, "mount -t tmpfs -o size=64k none '$small'") != 0;
	change();
	sql("SELECT sessionize.create_export('web', 'small', '$small/lake', '{sessions,events}')");
	my $command = join(' ', map { "'$_'" } $LoadProgram::program, @arguments, '--export', 'small');
	IPC::Run::run([ @namespace, "mount -t tmpfs -o size=100k none '$small' && unshare -U --map-user=$user --map-group=$group $command; echo status \$?; find '$small/lake' -type f" ], '>', \my $out, '2>', \my $err);
	like($out, qr/status 1\n/, 'a disk that is full ends the export') or diag($err);
	like($err, qr/No space left on device/, '... which says so');
	unlike($out, qr/parquet|json/, '... and leaves nothing there');
	like(sql(q{SELECT error FROM sessionize.export_status WHERE export_name = 'small'}), qr/No space left on device/, '... and tells the database');
	IPC::Run::run([ @namespace, "mount -t tmpfs -o size=24k none '$folder/temporary' && unshare -U --map-user=$user --map-group=$group $command; echo status \$?; find '$folder/temporary' -mindepth 1" ], '>', \$out, '2>', \$err);
	is($out, "status 1\n", 'a temporary directory that is full ends it as well, and is cleaned up') or diag($err);
	ok(!-d "$small/lake/sessions/_delta_log", '... without a version');
	($status, $said) = export('--export', 'small');
	is($status, 0, 'with room it goes on') or diag($said);
}

done_testing();
