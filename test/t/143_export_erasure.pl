# Who was erased is in no file of the lake, live or not, and in no log, wherever an export is cut off.
use strict;
use warnings;
use IPC::Run ();
use LakeReader qw(why_no_export lake_versions duckdb_rows keep_oracle lake_differs);
use LoadProgram ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $missing = why_no_export('export');
plan skip_all => $missing if $missing;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $lake = "$folder/lake";
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

sub export_well
{
	my ($what) = @_;
	my ($status, $said) = export();

	is($status, 0, $what) or diag($said);
	return;
}

my @tables = qw(dim_user sessions events);

# The files that have a key, as the program finds them and as DuckDB does by itself.
sub files_with
{
	my ($key) = @_;
	my ($status, $said) = export('--find-key', $key);
	my @said = $said =~ /: (\S+\.parquet): \d+ rows have the key/g;
	my @found;

	foreach my $file (sort grep { !m{/_delta_log/} } glob("$lake/*/*.parquet $lake/*/*/*.parquet"))
	{
		duckdb_rows("COPY (SELECT count(*) FROM read_parquet('$file', hive_partitioning = false) WHERE session_key = '$key') TO '$folder/count.csv' (HEADER false)");
		push @found, substr($file, length("$lake/")) if slurp_file("$folder/count.csv") > 0;
	}
	is_deeply([ sort @said ], \@found, "--find-key $key finds what DuckDB finds");
	is($status, @found ? 1 : 0, "--find-key $key: the exit status");
	return scalar @found;
}

sub exact
{
	my ($what) = @_;

	foreach my $table (@tables)
	{
		my $version = lake_versions("$lake/$table");
		keep_oracle($node, 'web', 'lake', $table, $version);
		is(lake_differs($node, 'DuckDB', "$lake/$table", $version), '', "$what: $table is exact");
	}
	is(`grep -rlE '[^a-z]who[0-9]' '$lake' --include='*.json'`, '', "$what: no log has a session key");
	return;
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE SCHEMA raw;
	SELECT sessionize.create_events_table('raw.events');
	CREATE FUNCTION add_events(who text, count int, since timestamptz, step interval) RETURNS void LANGUAGE sql AS $$
		INSERT INTO raw.events (occurred_at, sent_at, received_at, event_id, event_name, anonymous_id)
		SELECT t, t, t, who || '-' || t, 'page_view', who
		FROM generate_series(1, count) AS n, LATERAL (SELECT since + n * step AS t) AS x
	$$;
	SELECT add_events('who' || n, 40, '2026-03-01 00:00Z', '3 hours') FROM generate_series(1, 9) AS n;
	SELECT sessionize.create_pipeline('web', 'raw.events');
	CALL sessionize.rebuild('web')});
my @keys = split /\n/, sql(q{SELECT DISTINCT session_key FROM web.sessions ORDER BY 1});
sql("SELECT sessionize.create_export('web', 'lake', '$lake', '{dim_user,sessions,events}')");
export_well('a first export');
exact('a first export');
cmp_ok(files_with($keys[0]), '>', 2, 'files have the key');

# The star loses the last two days of a key; files that no longer count have them.
sql(qq{DELETE FROM raw.events WHERE anonymous_id = '$keys[0]' AND occurred_at > '2026-03-03'; CALL sessionize.refresh('web')});
export_well('after a deletion');
my $dead = files_with($keys[0]);

# An erasure takes them too, and files of days on which the star has nothing of the key any more.
sql("SELECT sessionize.erase_user('web', '$keys[0]')");
is(sql('SELECT count(*), count(removed_at) FROM sessionize.export_erasures'), '1|0', 'the erasure is known, and not carried out');
is(files_with($keys[0]), $dead, 'until then the files are there');
export_well('an erasure');
exact('an erasure');
is(files_with($keys[0]), 0, 'no file has the key');
cmp_ok(files_with($keys[1]), '>', 2, 'files have other keys');
is(sql('SELECT count(*), count(removed_at), count(*) FILTER (WHERE token = (SELECT token FROM sessionize.export)) FROM sessionize.export_erasures'), '1|1|1', 'the erasure is carried out');

# Cut off at each step: until the files are gone, the erasure is not carried out.
my $n = 1;
foreach my $point (qw(planned intended file written dim_user sessions events listed finished))
{
	my $erased = $keys[ $n++ % @keys ];
	$n++ if $n % @keys == 0;
	sql("SELECT add_events('$erased', 10, '2026-03-02 00:00Z', '5 hours'); CALL sessionize.refresh('web')");
	export_well("before $point");
	sql("DELETE FROM raw.events WHERE anonymous_id = '$erased' AND occurred_at > '2026-03-03'; CALL sessionize.refresh('web')");
	export_well("before $point, without some days");
	sql("SELECT sessionize.erase_user('web', '$erased')");
	{
		local $ENV{PG_SESSIONIZE_EXPORT_POINT} = "$point 9";
		is((export())[0], 137, "killed at $point");
	}
	my $carried_out = sql('SELECT count(*) FILTER (WHERE removed_at IS NULL) FROM sessionize.export_erasures') == 0;
	my $files = files_with($erased);
	ok(!$carried_out || $files == 0, "$point: what is said to be carried out is ($files files)");
	export_well("after $point");
	is(sql('SELECT count(*) FILTER (WHERE removed_at IS NULL) FROM sessionize.export_erasures'), 0, "$point: carried out");
	is(files_with($erased), 0, "$point: no file has the key");
	exact("after $point");
}

# A key of which the star has nothing any more, and old files have.
sql(q{SELECT add_events('whoever', 5, '2026-03-02 00:00Z', '1 hour'); CALL sessionize.refresh('web')});
my $who = sql(q{SELECT DISTINCT session_key FROM web.sessions WHERE session_key LIKE '%whoever%'});
export_well('one more');
sql(q{DELETE FROM raw.events WHERE anonymous_id = 'whoever'; CALL sessionize.refresh('web')});
export_well('one less');
cmp_ok(files_with($who), '>', 0, 'old files have the key');
sql(q{SELECT add_events('whoever', 1, '2026-03-09 00:00Z', '1 hour')});
sql("SELECT sessionize.erase_user('web', '$who')");
export_well('its erasure');
is(files_with($who), 0, 'no file has the key');
exact('its erasure');

$node->stop;
done_testing();
