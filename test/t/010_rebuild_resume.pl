# A rebuild that is cancelled, killed, or cut off by a crash of the server goes on where it stopped, and the
# star is then what a rebuild in one go makes of the raw rows as they are by then.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "maintenance_work_mem = '1MB'\nautovacuum = off\nmax_parallel_maintenance_workers = 0\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, event_name text, visitor text, page text,
	                  occurred_at timestamptz, received_at timestamptz DEFAULT '2026-01-01');
	CREATE INDEX ON raw (visitor, occurred_at, event_id);
	-- every visitor has an event of a name of their own
	INSERT INTO raw (event_id, event_name, visitor, page, occurred_at)
	SELECT 'e' || CASE WHEN n % 40 = 39 THEN n - 200 ELSE n END, CASE WHEN n < 200 THEN 'name of v' || n ELSE 'page_view' END,
	       CASE WHEN n % 1000 <> 999 THEN 'v' || n % 200 END, '/' || n % 37, '2026-01-01Z'::timestamptz + n * interval '7 seconds'
	FROM generate_series(0, 29999) AS n;
	ANALYZE raw;
});

# A fresh pipeline over the raw rows as they are is what every other one must equal.
my $content = q{SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM (
	SELECT session_key, started_at, ended_at, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts FROM %1$s.sessions
	UNION ALL SELECT session_key, event_time, NULL, raw_id, NULL, NULL, event_name, page, page_view, NULL, NULL FROM %1$s.events) AS x};
my $made = 0;

sub same_as_in_one_go
{
	my ($star, $name) = @_;
	my $fresh = 'fresh' . $made++;

	$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('$fresh', 'raw', key => 'visitor')");
	$node->safe_psql('postgres', "CALL sessionize.rebuild('$fresh')");
	is($node->safe_psql('postgres', sprintf($content, $star)), $node->safe_psql('postgres', sprintf($content, $fresh)),
		"$name: the same star as in one go");
	rollups_close($star, $name);
	is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('$star')"), '0', "$name: verified");
	is($node->safe_psql('postgres', "SELECT pending, difference, event_difference FROM sessionize.reconcile('$star')"),
		'0|0|0', "$name: every raw row is accounted for");
	is($node->safe_psql('postgres', qq{SELECT count(*) FROM pg_index JOIN pg_class AS c ON c.oid = indrelid
		WHERE relnamespace = '$star'::regnamespace AND relname IN ('fact_session', 'fact_event', 'dim_user') AND indisvalid}),
		'7', "$name: all indexes are there");
	$node->safe_psql('postgres', "SELECT sessionize.drop_pipeline('$fresh')");
}

# A pipeline with rollups, which a first build fills piece by piece as well.
sub create_with_rollups
{
	my ($star) = @_;

	$node->safe_psql('postgres', qq{
		SELECT sessionize.create_pipeline('$star', 'raw', key => 'visitor');
		SELECT sessionize.create_rollup('$star', 'days', by => '{day, entry_page}', measures => '{events}');
		SELECT sessionize.create_rollup('$star', 'hours', by => '{hour, event_name}', grain => 'event')});
}

# Its rollups are what plain SQL makes of the sessions and events that are there.
sub rollups_close
{
	my ($star, $name) = @_;
	my %pair = (
		'SELECT day, entry_page, sessions, events' => "SELECT started_at::date, entry_page, count(*), sum(events) FROM $star.sessions GROUP BY 1, 2",
		'SELECT hour, event_name, events' => "SELECT date_trunc('hour', event_time), event_name, count(*) FROM $star.events GROUP BY 1, 2");

	return if $node->safe_psql('postgres', "SELECT to_regclass('$star.days') IS NULL") eq 't';
	foreach my $columns (sort keys %pair)
	{
		my $rollup = "$columns FROM $star." . ($columns =~ /day/ ? 'days' : 'hours');

		is($node->safe_psql('postgres', "SET timezone = 'UTC'; SELECT count(*) FROM (($rollup EXCEPT ALL $pair{$columns}) UNION ALL ($pair{$columns} EXCEPT ALL $rollup)) AS x"), '0',
			"$name: a rollup is as the star");
	}
}

# The star is usable in between: what is in it closes.
sub closes
{
	my ($star, $name) = @_;

	rollups_close($star, $name);

	is($node->safe_psql('postgres', "SELECT difference, event_difference FROM sessionize.reconcile('$star')"), '0|0', "$name: closes");
	is($node->safe_psql('postgres', qq{SELECT count(*) FROM (SELECT session_id, count(*) FROM $star.fact_event GROUP BY 1
		EXCEPT ALL SELECT session_id, events FROM $star.fact_session) AS x}), '0', "$name: events and sessions agree");
}

sub psql_in_background
{
	my ($sql) = @_;
	my $run = { in => '', out => '', err => '' };

	$run->{handle} = IPC::Run::start(
		[ 'psql', '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}

sub finish
{
	my ($run) = @_;

	eval { $run->{handle}->finish };
	return $run->{err};
}

# The visitor whose sessions lie about so far into a star that was written in one go, piece by piece.
sub visitor_at
{
	my ($star, $share) = @_;

	return $node->safe_psql('postgres', qq{SELECT session_key FROM $star.fact_session ORDER BY ctid
		OFFSET (SELECT floor(count(*) * $share) FROM $star.fact_session) LIMIT 1});
}

# Start a rebuild that stops at a visitor: somebody is about to add their event's name, and has not committed.
sub rebuild_until
{
	my ($star, $name) = @_;
	my $holder = psql_in_background("BEGIN; INSERT INTO $star.dim_event (event_name) VALUES ('$name'); SELECT pg_sleep(1000)");

	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'BEGIN; INSERT%' AND wait_event = 'PgSleep'");
	my $builder = psql_in_background("CALL sessionize.rebuild('$star')");

	$node->poll_query_until('postgres', qq{SELECT count(*) = 1 FROM pg_stat_activity AS a JOIN sessionize.rebuild_progress AS p USING (pid)
		WHERE p.pipeline_name = '$star' AND p.phase = 'deriving and writing' AND a.wait_event_type = 'Lock'})
	  or die 'the rebuild did not stop';
	return ($holder, $builder, $node->safe_psql('postgres', "SELECT pid FROM sessionize.rebuild_progress WHERE pipeline_name = '$star'"));
}

sub let_go
{
	my ($holder) = @_;

	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; INSERT%'");
	finish($holder);
}

sub last_run
{
	my ($star) = @_;

	return $node->safe_psql('postgres', qq{SELECT state, pieces_done > 0 AND pieces_done < pieces, pieces > 2 FROM sessionize.runs
		WHERE pipeline_name = '$star' ORDER BY run_id DESC LIMIT 1});
}

# Resume, and look that it did resume.
sub resume
{
	my ($star, $name) = @_;
	my $done = $node->safe_psql('postgres', qq{SELECT format('resuming: %s of %s pieces are done', pieces_done, pieces) FROM sessionize.runs
		WHERE pipeline_name = '$star' ORDER BY run_id DESC LIMIT 1});
	my $runs = $node->safe_psql('postgres', "SELECT count(*) FROM sessionize.runs WHERE pipeline_name = '$star'");
	my ($status, $out, $err) = $node->psql('postgres', "CALL sessionize.rebuild('$star')");

	is($status, 0, "$name: resumed") or diag($err);
	like($err, qr/\Q$done\E/, "$name: says that it resumes");
	is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.runs WHERE pipeline_name = '$star'"), $runs, "$name: it is the same run");
	is($node->safe_psql('postgres', qq{SELECT state, pieces_done = pieces, error IS NULL, resumed_at > started_at FROM sessionize.runs
		WHERE pipeline_name = '$star' ORDER BY run_id DESC LIMIT 1}), 'done|t|t|t', "$name: the run is done");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM sessionize.rebuild_piece'), '0', "$name: no pieces are left in the log");
}

# Rows that come, change and go, among them some of the visitors of pieces that are done.
sub change_raw_rows
{
	my ($seed) = @_;

	$node->safe_psql('postgres', qq{
		INSERT INTO raw (event_id, event_name, visitor, page, occurred_at)
		SELECT 'late' || $seed || '-' || n, 'page_view', 'v' || (n * 7 + $seed) % 230, '/new' || n % 3, '2026-01-01Z'::timestamptz + n * interval '11 minutes'
		FROM generate_series(1, 150) AS n;
		UPDATE raw SET occurred_at = occurred_at + interval '1 hour' WHERE raw_id % 301 = $seed;
		UPDATE raw SET visitor = 'v' || raw_id % 100 WHERE raw_id % 307 = $seed;
		DELETE FROM raw WHERE raw_id % 311 = $seed OR visitor = 'v' || (10 + $seed);
		-- nothing that anything depends on
		UPDATE raw SET received_at = received_at WHERE visitor = 'v5';
	});
}

$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor')");
$node->safe_psql('postgres', "CALL sessionize.rebuild('web')");
my $visitor = visitor_at('web', 0.6);
my $early = visitor_at('web', 0.01);
same_as_in_one_go('web', 'in one go');

# cancelled
create_with_rollups('cancelled');
my ($holder, $builder, $pid) = rebuild_until('cancelled', "name of $visitor");
is($node->safe_psql('postgres', qq{SELECT pieces_done > 0, pieces_total > pieces_done, rows_read = 30000, rows_estimated = 30000, events > 0, sessions > 0
	FROM sessionize.rebuild_progress}), 't|t|t|t|t|t', 'cancelled: progress says how far it is');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
like(finish($builder), qr/canceling statement due to user request/, 'cancelled');
is(last_run('cancelled'), 'interrupted|t|t', 'cancelled: some pieces are done');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sessionize.rebuild_progress'), '0', 'cancelled: no progress');
closes('cancelled', 'cancelled');
let_go($holder);
resume('cancelled', 'cancelled');
same_as_in_one_go('cancelled', 'cancelled');

# statement_timeout, and the raw rows change before it is resumed
create_with_rollups('timeout');
($holder, $builder, $pid) = rebuild_until('timeout', "name of $visitor");
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
finish($builder);
let_go($holder);
change_raw_rows(1);
closes('timeout', 'changed meanwhile');
my ($status, $out, $err) = $node->psql('postgres', "SET statement_timeout = '1ms'; CALL sessionize.rebuild('timeout')");
isnt($status, 0, 'changed meanwhile: a timeout stops it once more');
resume('timeout', 'changed meanwhile');
same_as_in_one_go('timeout', 'changed meanwhile');

# the session is terminated in the middle of a later rebuild, which has only differences to write
change_raw_rows(2);
$node->safe_psql('postgres', "UPDATE raw SET event_name = 'another name' WHERE raw_id IN (SELECT max(raw_id) FROM raw WHERE visitor = '$visitor')");
($holder, $builder, $pid) = rebuild_until('timeout', 'another name');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
like(finish($builder), qr/terminating connection due to administrator command/, 'terminated');
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid");
is(last_run('timeout'), 'interrupted|t|t', 'terminated: seen as interrupted, though it could write nothing');
closes('timeout', 'terminated');
let_go($holder);
change_raw_rows(3);
resume('timeout', 'terminated');
same_as_in_one_go('timeout', 'terminated');

# its process is killed, so the server starts anew
create_with_rollups('killed');
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->reload;
($holder, $builder, $pid) = rebuild_until('killed', "name of $visitor");
kill('KILL', $pid);
finish($builder);
finish($holder);
$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
is(last_run('killed'), 'interrupted|t|t', 'killed: some pieces are done');
closes('killed', 'killed');
resume('killed', 'killed');
same_as_in_one_go('killed', 'killed');

# the server stops at once, and the raw rows change before it is resumed
create_with_rollups('stopped');
($holder, $builder, $pid) = rebuild_until('stopped', "name of $visitor");
$node->stop('immediate');
finish($builder);
finish($holder);
$node->start;
is(last_run('stopped'), 'interrupted|t|t', 'stopped: some pieces are done');
closes('stopped', 'stopped');
change_raw_rows(4);
$node->safe_psql('postgres', "DELETE FROM raw WHERE visitor = '$early'");
resume('stopped', 'stopped');
same_as_in_one_go('stopped', 'stopped');

# an interrupted run is not taken up with another definition; the old one stays in the log
$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('moved', 'raw', key => 'visitor')");
($holder, $builder, $pid) = rebuild_until('moved', "name of $visitor");
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
finish($builder);
let_go($holder);
$node->safe_psql('postgres', "UPDATE sessionize.pipeline SET gap = '5 minutes' WHERE pipeline_name = 'moved'");
($status, $out, $err) = $node->psql('postgres', "CALL sessionize.rebuild('moved')");
is($status, 0, 'another definition: rebuilt');
unlike($err, qr/resuming/, 'another definition: from the beginning');
is($node->safe_psql('postgres', "SELECT string_agg(state, ',' ORDER BY run_id) FROM sessionize.runs WHERE pipeline_name = 'moved'"),
	'interrupted,done', 'another definition: both runs are in the log');
is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('moved')"), '0', 'another definition: verified');
is($node->safe_psql('postgres', "SELECT pending, difference, event_difference FROM sessionize.reconcile('moved')"), '0|0|0', 'another definition: closes');

# a key that can't be derived, in a piece that is done before the interruption, stays noted
my $failing = visitor_at('stopped', 0.01);
$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('failing', 'raw', key => 'visitor')");
$node->safe_psql('postgres', qq{SELECT sessionize.add_measure('failing', 'huge', 'sum',
	'CASE WHEN visitor = ''$failing'' THEN 9223372036854775807 END')});
($holder, $builder, $pid) = rebuild_until('failing', "name of $visitor");
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
finish($builder);
let_go($holder);
is(last_run('failing'), 'interrupted|t|t', 'failing key: some pieces are done');
is($node->safe_psql('postgres', "SELECT session_key, tries FROM sessionize.run_errors WHERE pipeline_name = 'failing'"), "$failing|1", 'failing key: noted');
$node->safe_psql('postgres', "SET client_min_messages = error; UPDATE sessionize.run_error SET tries = 3");
resume('failing', 'failing key');
is($node->safe_psql('postgres', "SELECT session_key, tries FROM sessionize.run_errors WHERE pipeline_name = 'failing'"), "$failing|0", 'failing key: to be tried again');
closes('failing', 'failing key');
foreach my $try (1 .. 3)
{
	$node->safe_psql('postgres', "CALL sessionize.refresh('failing')");
}
is($node->safe_psql('postgres', "SELECT session_key, set_aside FROM sessionize.run_errors WHERE pipeline_name = 'failing'"), "$failing|t", 'failing key: set aside');
is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('failing')"), '0', 'failing key: verified');
is($node->safe_psql('postgres', qq{SELECT array_agg(DISTINCT f.session_key) FROM (SELECT session_key, started_at FROM stopped.sessions
	EXCEPT SELECT session_key, started_at FROM failing.sessions) AS f}), "{$failing}", 'failing key: all others are there');
$node->safe_psql('postgres', "SELECT sessionize.drop_pipeline('failing')");

# what was finished is gone when it is to be resumed: it begins anew
foreach my $table ('fact_session', 'fact_event')
{
	my $star = "emptied_$table";

	create_with_rollups($star);
	($holder, $builder, $pid) = rebuild_until($star, "name of $visitor");
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	finish($builder);
	let_go($holder);
	is(last_run($star), 'interrupted|t|t', "$star: some pieces are done");
	$node->safe_psql('postgres', "TRUNCATE $star.$table");
	($status, $out, $err) = $node->psql('postgres', "CALL sessionize.rebuild('$star')");
	is($status, 0, "$star: rebuilt") or diag($err);
	like($err, qr/NOTICE:  the interrupted rebuild is not resumed: its tables were changed meanwhile/, "$star: says so");
	same_as_in_one_go($star, $star);
}

# a table that is altered between two pieces: an error, and never values of one type in a column of another
$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('altered', 'raw', key => 'visitor')");
($holder, $builder, $pid) = rebuild_until('altered', "name of $visitor");
my $alter = psql_in_background('DROP VIEW altered.sessions_live, altered.sessions; ALTER TABLE altered.fact_session ALTER duplicates TYPE text');
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'DROP VIEW%' AND wait_event_type = 'Lock'");
let_go($holder);
like(finish($builder), qr/ERROR:  table altered.fact_session of pipeline "altered" has lost its column "duplicates"/, 'altered between two pieces');
is(finish($alter), '', 'altered: by another session');
$node->safe_psql('postgres', 'ALTER TABLE altered.fact_session ALTER duplicates TYPE bigint USING duplicates::bigint');
$node->safe_psql('postgres', "CALL sessionize.rebuild('altered')");
is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('altered')"), '0', 'altered: verified');
$node->safe_psql('postgres', "SELECT sessionize.drop_pipeline('altered')");

# no room for temporary files
$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('cramped', 'raw', key => 'visitor')");
($status, $out, $err) = $node->psql('postgres', "CALL sessionize.rebuild('cramped')",
	connstr => $node->connstr('postgres') . " options='-c temp_file_limit=300'");
like($err, qr/temporary file size exceeds/, 'no room: an error');
is($node->safe_psql('postgres', "SELECT state FROM sessionize.runs WHERE pipeline_name = 'cramped'"), 'failed', 'no room: the log says so');
closes('cramped', 'no room');
$node->safe_psql('postgres', "CALL sessionize.rebuild('cramped')");
same_as_in_one_go('cramped', 'no room');
is($node->safe_psql('postgres', "SELECT coalesce(sum(size), 0) FROM pg_ls_tmpdir()"), '0', 'no temporary file is left');

# a standby can prove its star, but not rebuild it
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('web')"),
	$node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('web')"), 'standby: verify');
is($standby->safe_psql('postgres', "SELECT r FROM sessionize.reconcile('web') AS r"),
	$node->safe_psql('postgres', "SELECT r FROM sessionize.reconcile('web') AS r"), 'standby: reconcile');
($status, $out, $err) = $standby->psql('postgres', "CALL sessionize.rebuild('web')");
like($err, qr/cannot execute CALL sessionize.rebuild\(\) (in a read-only transaction|during recovery)/, 'standby: no rebuild');
$standby->stop;

# a database restored from a dump has its star and its accounts, and no interrupted run of another life
$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('dumped', 'raw', key => 'visitor')");
($holder, $builder, $pid) = rebuild_until('dumped', "name of $visitor");
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
finish($builder);
let_go($holder);
closes('dumped', 'before the dump');
my $state = $node->safe_psql('postgres', "SELECT r FROM sessionize.reconcile('dumped') AS r");
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$PostgreSQL::Test::Utils::tmp_check/dump", $node->connstr('postgres') ], 'dumped');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), "$PostgreSQL::Test::Utils::tmp_check/dump" ], 'restored');
is($node->safe_psql('restored', "SELECT r FROM sessionize.reconcile('dumped') AS r"), $state, 'restored: the same accounts');
is($node->safe_psql('restored', 'SELECT count(*) FROM sessionize.runs'), '0', 'restored: no runs');
($status, $out, $err) = $node->psql('restored', "CALL sessionize.rebuild('dumped')");
is("$status$err", '0', 'restored: rebuilt from the beginning');
is($node->safe_psql('restored', "SELECT count(*) FROM sessionize.verify('dumped')"), '0', 'restored: verified');
is($node->safe_psql('restored', "SELECT pending, difference, event_difference FROM sessionize.reconcile('dumped')"), '0|0|0', 'restored: closes');
is($node->safe_psql('restored', q{SELECT count(*) FROM pg_index JOIN pg_class AS c ON c.oid = indrelid
	WHERE relnamespace = 'dumped'::regnamespace AND relname IN ('fact_session', 'fact_event', 'dim_user') AND indisvalid}), '7', 'restored: all indexes are there');

# a refresh, or a worker, does so by itself, but not before the star's rows are there: until then its tables have neither indexes nor a mark
# that says why not
foreach my $sections ([ 'pre-data', 'data' ], [ 'post-data' ])
{
	$node->safe_psql('postgres', 'CREATE DATABASE parts') if $sections->[0] eq 'pre-data';
	foreach (@$sections)
	{
		$node->command_ok([ 'pg_restore', "--section=$_", '-d', $node->connstr('parts'), "$PostgreSQL::Test::Utils::tmp_check/dump" ], "restored: $_");
		($status, $out, $err) = $node->psql('parts', "CALL sessionize.refresh('dumped')") if $_ ne 'post-data';
		like($err, qr/ERROR:  (pipeline "dumped" does not exist|the star of pipeline "dumped" is not restored yet|changes of table .* are not logged)/, "restored: not after $_ alone") if $_ ne 'post-data';
	}
}
is($node->safe_psql('parts', q{SELECT count(*) FROM sessionize.runs WHERE kind = 'rebuild'}), '0', 'restored in parts: nobody has begun yet');
($status, $out, $err) = $node->psql('parts', "CALL sessionize.refresh('dumped')");
is("$status$err", '0', 'restored in parts: the next refresh rebuilds');
is($node->safe_psql('parts', "SELECT count(*) FROM sessionize.verify('dumped')"), '0', 'restored in parts: verified');
is($node->safe_psql('parts', "SELECT pending, difference, event_difference FROM sessionize.reconcile('dumped')"), '0|0|0', 'restored in parts: closes');
is($node->safe_psql('parts', q{SELECT count(*) FILTER (WHERE indisvalid), (SELECT count(*) FROM pg_statistic_ext) FROM pg_index JOIN pg_class AS c ON c.oid = indrelid
	WHERE relnamespace = 'dumped'::regnamespace AND relname IN ('fact_session', 'fact_event', 'dim_user')}), '7|0', 'restored in parts: all indexes are there, and no mark');

$node->stop;
done_testing();
