# A physical standby: nothing of ours runs there until it is promoted, and then everything does. It is promoted in the middle of a
# pass of the worker and of a rebuild, whose halves have come to it, with prepared transactions open.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nmax_prepared_transactions = 5\nmax_connections = 20\nmaintenance_work_mem = '1MB'\nmax_parallel_maintenance_workers = 0\n");
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor text, occurred_at timestamptz DEFAULT clock_timestamp());
	CREATE INDEX ON raw (visitor, occurred_at, event_id);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor');
	INSERT INTO raw (event_id, visitor) VALUES ('e1', 'before');
	SELECT sessionize.schedule('web')});
my $arrived = q{SELECT count(*) = 1 FROM web.fact_session WHERE session_key = '%s'};
ok($primary->poll_query_until('postgres', sprintf($arrived, 'before')), 'on the primary the worker works');

$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', q{INSERT INTO raw (event_id, visitor) VALUES ('e2', 'both')});
ok($primary->poll_query_until('postgres', sprintf($arrived, 'both')), 'what the worker derives');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is($standby->safe_psql('postgres', sprintf($arrived, 'both')), 't', 'comes to the standby');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'sessionize%'}), '0', 'where nothing of ours runs');
is($standby->safe_psql('postgres', 'SELECT state, scheduled_by, needs_rebuild, pending_rows FROM sessionize.pipeline_status'), 'not read yet|worker||0', 'the status can be asked there');
foreach my $call (q{SELECT sessionize.create_events_table('events')}, q{SELECT sessionize.create_events_partitions('raw')},
	q{SELECT sessionize.create_pipeline('new', 'raw', key => 'visitor')}, q{SELECT sessionize.alter_pipeline('web', gap => '1 hour')},
	q{SELECT sessionize.alter_pipeline_owner('web', 'postgres')}, q{SELECT sessionize.drop_pipeline('web')}, q{SELECT sessionize.seal('web', '2026-01-01Z')},
	q{SELECT sessionize.erase_user('web', 'both')}, q{SELECT sessionize.mark_dirty('web', 'both')}, q{SELECT sessionize.mark_dirty('web')},
	q{SELECT sessionize.enable_capture('web')}, q{SELECT sessionize.retry_errors('web')}, q{SELECT sessionize.schedule('web')},
	q{SELECT sessionize.unschedule('web')}, q{SELECT sessionize.pause('web')}, q{SELECT sessionize.resume('web')},
	q{CALL sessionize.refresh('web')}, q{CALL sessionize.rebuild('web')})
{
	my ($status, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\n$call");

	like($err, qr/ERROR:  25006: cannot execute .*sessionize\.\w+\(\) in a read-only transaction/, "but nothing be changed: $call");
}
is($standby->safe_psql('postgres', q{SELECT sessionize.not_captured(pipeline_id, 'e3'::text, now()) FROM sessionize.pipeline}), 't', 'nor logged by hand');
# its owner may make the log one that a standby does not have
$primary->safe_psql('postgres', 'ALTER TABLE web.dirty SET UNLOGGED');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
is($standby->safe_psql('postgres', 'SELECT pending_rows, problem FROM sessionize.pipeline_status'), '|dirty log lost', 'what is not there is no error');
$primary->safe_psql('postgres', 'ALTER TABLE web.dirty SET LOGGED');

# A second pipeline, of which a rebuild has written some pieces when it waits for somebody who is about to add a page.
sub in_background
{
	my ($sql) = @_;
	my $run = { in => '', out => '', err => '' };

	$run->{handle} = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-d', $primary->connstr('postgres'), '-c', $sql ], '<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}

sub waits { my ($query, $name) = @_; ok($primary->poll_query_until('postgres', $query), $name); }

$primary->safe_psql('postgres', q{
	CREATE TABLE other_raw (raw_id bigint, visitor text, page text, occurred_at timestamptz);
	CREATE INDEX ON other_raw (visitor, occurred_at);
	INSERT INTO other_raw SELECT n, 'v' || n % 200, CASE WHEN n < 200 THEN '/of v' || n ELSE '/' || n % 37 END, '2026-01-01Z'::timestamptz + n * interval '7 seconds' FROM generate_series(0, 29999) AS n;
	SELECT sessionize.create_pipeline('other', 'other_raw', key => 'visitor');
	SELECT sessionize.create_pipeline('whole', 'other_raw', key => 'visitor')});
$primary->safe_psql('postgres', "CALL sessionize.rebuild('whole')");
my $visitor = $primary->safe_psql('postgres', 'SELECT session_key FROM whole.fact_session ORDER BY ctid OFFSET (SELECT count(*) * 2 / 3 FROM whole.fact_session) LIMIT 1');
my @running = in_background("BEGIN; INSERT INTO other.dim_page (page) VALUES ('/of $visitor'); SELECT pg_sleep(1000)");
waits("SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 'somebody adds a page');
push @running, in_background("CALL sessionize.rebuild('other')");
waits(q{SELECT count(*) = 1 FROM sessionize.rebuild_progress AS p JOIN pg_stat_activity AS a USING (pid)
	WHERE p.pipeline_name = 'other' AND wait_event_type = 'Lock' AND pieces_done > 0 AND pieces_done < pieces_total}, 'a rebuild has done a part');

# The worker's pass stops at one of its sessions; what it has written until then is in the log of the server.
$primary->safe_psql('postgres', q{
	CREATE FUNCTION stop_at() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.session_key = 'pending 250' THEN PERFORM pg_catalog.pg_advisory_xact_lock_shared(4711); END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER stop_at BEFORE INSERT ON web.fact_session FOR EACH ROW EXECUTE FUNCTION stop_at()});
push @running, in_background('SELECT pg_advisory_lock(4711), pg_sleep(1000)');
waits("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted", 'the place is taken');
$primary->safe_psql('postgres', qq{BEGIN; INSERT INTO raw (event_id, visitor) VALUES ('$_ 1', '$_'); DELETE FROM raw WHERE visitor = '$_ goes'; PREPARE TRANSACTION '$_'}) foreach 'kept', 'undone';
$primary->safe_psql('postgres', q{INSERT INTO raw (event_id, visitor) SELECT 'p' || n, 'pending ' || n FROM generate_series(1, 300) AS n});
waits(q{SELECT count(*) = 1 FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid) WHERE backend_type = 'sessionize worker' AND l.locktype = 'advisory' AND objid = 4711 AND NOT granted}, 'the worker has written a part');
cmp_ok($primary->safe_psql('postgres', q{SELECT pg_relation_size('web.fact_session')}), '>', 8192, 'on more than a page');
$primary->safe_psql('postgres', q{INSERT INTO raw (event_id, visitor) VALUES ('last', 'last')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));

# There, nothing of it counts yet, and the accounts close.
my $accounts = q{SELECT pending, difference, event_difference, (SELECT count(*) FROM sessionize.verify('%1$s')) FROM sessionize.reconcile('%1$s')};
is($standby->safe_psql('postgres', sprintf($accounts, 'web')), '301|0|0|0', 'on the standby all of it is pending');
like($standby->safe_psql('postgres', q{SELECT pending BETWEEN 1 AND 29999, difference, event_difference FROM sessionize.reconcile('other')}), qr/^t\|0\|0$/, 'of the rebuild a part');

# The primary is lost. Promoted, the standby's worker goes on by itself, and a rebuild begins where its pieces ended.
$primary->stop('immediate');
foreach my $run (@running) { eval { IPC::Run::finish($run->{handle}) }; }
$standby->promote;
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'sessionize launcher'}), 'after the promotion the launcher is there');
ok($standby->poll_query_until('postgres', sprintf($arrived, 'last')), 'and does what was left');
$standby->safe_psql('postgres', q{INSERT INTO raw (event_id, visitor) VALUES ('e4', 'after')});
ok($standby->poll_query_until('postgres', sprintf($arrived, 'after')), 'and what is new');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM web.fact_session WHERE session_key LIKE 'pending %'}), '300', 'all that was half done');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM web.fact_session WHERE session_key IN ('kept', 'undone')}), '0', 'nothing of what is prepared');
is($standby->safe_psql('postgres', q{SELECT watermark = oldest_writer_since, oldest_writer_pid IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'web'}), 't|t', 'which holds the watermark');
$standby->safe_psql('postgres', $_) foreach q{COMMIT PREPARED 'kept'}, q{ROLLBACK PREPARED 'undone'};
ok($standby->poll_query_until('postgres', sprintf($arrived, 'kept')), 'until it is committed');
ok($standby->poll_query_until('postgres', q{SELECT oldest_writer_since IS NULL AND lag IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'web'}), 'then the watermark goes on');
is($standby->safe_psql('postgres', sprintf($accounts, 'web')), '0|0|0|0', 'all is accounted for, and verified');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM ((SELECT visitor, count(*) FROM raw GROUP BY 1 EXCEPT ALL SELECT session_key, sum(events) FROM web.fact_session GROUP BY 1)
	UNION ALL (SELECT session_key, sum(events) FROM web.fact_session GROUP BY 1 EXCEPT ALL SELECT visitor, count(*) FROM raw GROUP BY 1)) AS x}), '0', 'everybody has their events');
is($standby->safe_psql('postgres', q{SELECT state FROM sessionize.runs WHERE pipeline_name = 'other'}), 'interrupted', 'the rebuild is interrupted');
my ($resumed, $ignored, $notices) = $standby->psql('postgres', "CALL sessionize.rebuild('other')");
like("$resumed $notices", qr/^0 .*resuming: [1-9]\d* of \d+ pieces are done/s, 'and resumed');
is($standby->safe_psql('postgres', sprintf($accounts, 'other')), '0|0|0|0', 'it is whole then');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM (SELECT session_key, started_at, ended_at, events, entry_page, exit_page FROM other.sessions
	EXCEPT ALL SELECT session_key, started_at, ended_at, events, entry_page, exit_page FROM whole.sessions) AS x}), '0', 'and as the other one, that was done in one go');
$standby->stop;
done_testing();
