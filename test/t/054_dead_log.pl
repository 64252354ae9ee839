# Dead rows of the dirty log that an old snapshot keeps in the table: a claim does not read them, and never passes a row that is not
# dead, wherever it came to lie. Nor do the log's readers, in whose snapshot they are dead; one that is older sees them.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $seed = $ENV{SEED} // time();
srand($seed);
diag("SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('dead_log');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
max_prepared_transactions = 10
autovacuum = off
fsync = off
CONF
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor text, at timestamptz);
	CREATE INDEX ON raw (visitor, at, event_id);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at');
	CREATE PROCEDURE add_rows(who text, n int) LANGUAGE sql AS $$
		INSERT INTO raw (event_id, visitor, at) SELECT gen_random_uuid(), who || n, '2026-01-01Z'::timestamptz + random() * interval '3 days' FROM generate_series(1, n) AS n
	$$;
	-- keys of which the live views do not have every row, one event each
	CREATE VIEW unlike_raw AS
		(SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1 EXCEPT ALL SELECT session_key, sum(events)::bigint FROM web.sessions_live GROUP BY 1)
		UNION ALL (SELECT session_key, sum(events)::bigint FROM web.sessions_live GROUP BY 1 EXCEPT ALL SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1)
		UNION ALL (SELECT session_key, count(*) FROM web.events_live GROUP BY 1 EXCEPT ALL SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1);
	-- readers whose snapshot is as old as they have slept
	CREATE PROCEDURE look(seconds float) LANGUAGE plpgsql AS $$
	DECLARE
		until timestamptz := clock_timestamp() + seconds * interval '1 second';
		wrong bigint;
	BEGIN
		WHILE clock_timestamp() < until LOOP
			COMMIT;
			SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
			PERFORM FROM raw LIMIT 1;
			PERFORM pg_sleep(random() ^ 2 * 0.6);
			SELECT count(*) INTO wrong FROM unlike_raw;
			IF wrong > 0 THEN RAISE EXCEPTION 'live views are wrong for % keys', wrong; END IF;
			SELECT count(*) INTO wrong FROM sessionize.verify('web');
			IF wrong > 0 THEN RAISE EXCEPTION 'verify finds % rows', wrong; END IF;
		END LOOP;
	END $$;
	-- rows that were claimed, as far as the table can tell
	CREATE PROCEDURE add_dead(n int) LANGUAGE sql AS $$
		INSERT INTO web.dirty SELECT n % 16, 'gone' || n, now(), now(), now() FROM generate_series(1, n) AS n;
		DELETE FROM web.dirty WHERE session_key LIKE 'gone%'
	$$;
	CREATE PROCEDURE collect(who text, times int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. times LOOP
			CALL add_rows(who || (random() * 20)::int || '-', 1 + (random() ^ 4 * 300)::int);
			DELETE FROM raw WHERE raw_id = (SELECT max(raw_id) - (random() * 2000)::int FROM raw);
			IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
		END LOOP;
	END $$;
	CALL sessionize.rebuild('web');
});

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub background
{
	my ($sql) = @_;
	my $run = { in => '', out => '', err => '' };

	$run->{handle} = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}

sub finish { my ($run) = @_; eval { IPC::Run::finish($run->{handle}); }; return $run->{err}; }

# A session that keeps a snapshot until it is cancelled.
sub hold_snapshot
{
	my $run = background('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM raw; SELECT pg_sleep(600)');

	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND backend_xmin IS NOT NULL AND wait_event = 'PgSleep'})
	  or die 'no snapshot is held';
	return $run;
}

sub let_go
{
	my ($run) = @_;

	sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()});
	finish($run);
}

sub log_blocks { return sql(q{SELECT pg_relation_size('web.dirty') / current_setting('block_size')::int}); }

# How many blocks of the log a statement has read, from memory or not.
sub blocks_read
{
	my ($sql) = @_;
	my $read = q{SELECT heap_blks_read + heap_blks_hit FROM pg_statio_all_tables WHERE relid = 'web.dirty'::regclass};

	$node->poll_query_until('postgres', q{SELECT count(*) <= 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active' AND query NOT LIKE '%pg_sleep%'});
	usleep(200_000);
	my $before = sql($read);
	sql($sql);
	usleep(200_000);
	return sql($read) - $before;
}

sub settles
{
	my ($name) = @_;

	sql(q{CALL sessionize.refresh('web')});
	is(sql(q{SELECT raw_rows - events - duplicates - quarantined, pending, difference, event_difference FROM sessionize.reconcile('web')}), '0|0|0|0',
		"$name: every row is in the star");
	is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), '0', "$name: and right");
	is(sql(q{SELECT count(*) FROM ((SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1 EXCEPT ALL SELECT session_key, sum(events)::bigint FROM web.sessions GROUP BY 1)
		UNION ALL (SELECT session_key, sum(events)::bigint FROM web.sessions GROUP BY 1 EXCEPT ALL SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1)) AS x}), '0',
		"$name: as plain SQL counts");
	is(sql('SELECT count(*) FROM ONLY web.dirty'), '0', "$name: the log is empty");
}

# What a claim reads does not grow with the dead rows.
my $holder = hold_snapshot();
sql(q{CALL add_dead(200000)});
cmp_ok(log_blocks(), '>', 1000, 'the log has many blocks');
sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
sql(q{CALL add_rows('a', 50)});
my $blocks = log_blocks();
cmp_ok(blocks_read(q{CALL sessionize.refresh('web')}), '<', 100, 'a refresh reads few of them');
cmp_ok(blocks_read(q{CALL sessionize.refresh('web')}), '<', 100, 'as does one that finds nothing');
cmp_ok(log_blocks(), '<=', $blocks + 10, 'and what is appended fills its blocks');
sql(q{CALL add_rows('a', 20)});
foreach my $reader (q{SELECT count(*) FROM web.sessions_live}, q{SELECT count(*) FROM web.events_live WHERE session_key = 'a7'}, q{SELECT count(*) FROM sessionize.verify('web')},
	q{SELECT pending FROM sessionize.reconcile('web')}, q{SELECT pending_keys FROM sessionize.pipeline_status})
{
	cmp_ok(blocks_read($reader), '<', 100, "$reader reads few of them");
}
my $serial = $node->background_psql('postgres', on_error_stop => 0);
$serial->query_safe(q{BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM web.sessions_live});
is(sql(q{SELECT count(*) > 0 FROM pg_locks WHERE mode = 'SIReadLock' AND locktype = 'relation' AND relation = 'web.dirty'::regclass}), 't', 'a serializable reader has read all of the log');
$serial->quit;
settles('under a snapshot');

# A reader whose snapshot is older than the mark sees the rows that were claimed since, one that has begun later does not need to.
sql(q{CALL add_rows('old', 40)});
my %reader = map { $_ => $node->background_psql('postgres', on_error_stop => 0) } ('REPEATABLE READ', 'SERIALIZABLE');
$reader{$_}->query_safe("BEGIN ISOLATION LEVEL $_; SELECT count(*) FROM raw") foreach sort keys %reader;
$reader{'REPEATABLE READ'}->query_safe(q{DECLARE c CURSOR FOR SELECT session_key FROM web.sessions_live WHERE session_key LIKE 'old%'});
sql(q{CALL add_dead(50000)});
sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
isnt(sql(q{SELECT sessionize.dirty_begin('web.dirty')}), '(0,0)', 'new readers begin at the mark');
foreach my $level (sort keys %reader)
{
	is($reader{$level}->query_safe(q{SELECT sessionize.dirty_begin('web.dirty')}), '(0,0)', "an old $level reader at the first block");
	is($reader{$level}->query_safe('SELECT count(*) FROM web.dirty'), '40', '... and sees rows that were claimed');
	is($reader{$level}->query_safe('SELECT count(*) FROM unlike_raw'), '0', '... its live views are right');
	is($reader{$level}->query_safe(q{SELECT pending_keys FROM sessionize.pipeline_status}), '40', '... its status');
	is($reader{$level}->query_safe(q{SELECT count(*) FROM sessionize.verify('web')}), '0', '... what it verifies');
}
my $fetched = () = $reader{'REPEATABLE READ'}->query_safe('FETCH ALL FROM c') =~ /old/g;
is($fetched, 40, '... and a cursor it had open');
foreach my $level (sort keys %reader)
{
	$reader{$level}->query_safe('COMMIT');
	isnt($reader{$level}->query_safe(q{SELECT sessionize.dirty_begin('web.dirty')}), '(0,0)', 'with a new snapshot at the mark');
	is($reader{$level}->query_safe('SELECT count(*) FROM unlike_raw'), '0', 'and right again');
	$reader{$level}->quit;
}
settles('old readers');

# It does not pass what may still come: a transaction that is prepared, one that began before, one that lies open.
my $open = $node->background_psql('postgres', on_error_stop => 0);
$open->query_safe(q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM raw});
sql(q{BEGIN; CALL add_rows('prepared', 30); PREPARE TRANSACTION 'p'});
sql(q{CALL add_dead(50000); CALL add_rows('b', 10)});
sql(q{CALL sessionize.refresh('web')}) for 1 .. 3;
is(sql(q{SELECT count(*) FROM web.sessions WHERE session_key LIKE 'b%'}), '10', 'rows behind a prepared one are claimed');
$open->query_safe(q{CALL add_rows('open', 20)});
sql(q{CALL sessionize.refresh('web')});
$open->query_safe(q{COMMIT});
$open->quit;
sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
is(sql(q{SELECT count(*) FROM web.sessions WHERE session_key LIKE 'open%'}), '20', 'a transaction that was open');
sql(q{COMMIT PREPARED 'p'});
settles('a prepared transaction');
sql(q{BEGIN; CALL add_rows('undone', 30); PREPARE TRANSACTION 'p'});
sql(q{CALL add_dead(20000)});
sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
sql(q{ROLLBACK PREPARED 'p'});
sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
sql(q{CALL add_rows('c', 5)});
cmp_ok(blocks_read(q{CALL sessionize.refresh('web')}), '<', 100, 'one that is rolled back holds nothing up any more');
settles('after it');
let_go($holder);

# The table gets shorter than the mark, is emptied, is rewritten.
sql('VACUUM web.dirty');
cmp_ok(log_blocks(), '<', 10, 'vacuum has cut the table off');
sql(q{CALL add_rows('d', 10)});
settles('a shorter table');
foreach my $how ('VACUUM FULL web.dirty', 'TRUNCATE web.dirty')
{
	sql(q{CALL add_dead(30000)});
	sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
	sql($how);
	sql(q{CALL add_rows('e', 10)});
	settles($how);
}

# The room that vacuum makes is used again.
sql(q{CALL add_dead(30000); CALL sessionize.refresh('web')});
sql(q{CALL add_rows('last', 1)});
sql('VACUUM web.dirty');
settles('room in front');

# All at once: collectors, refreshes, an erasure now and then, snapshots that come and go, vacuum.
my @all = map { background("CALL collect('x$_', 150)") } 1 .. 2;
push @all, map { background(q{CALL sessionize.refresh('web', every => '2 milliseconds', max_runtime => '8 seconds')}) } 1 .. 2;
push @all, background('CALL look(8)');
for my $i (1 .. 8)
{
	$holder = hold_snapshot() if $i % 3 == 1;
	sql(q{CALL add_dead(20000)});
	sql(qq{BEGIN; CALL add_rows('p$i', 5); PREPARE TRANSACTION 'p$i'});
	sql('VACUUM web.dirty');
	is(sql(q{SELECT difference, event_difference FROM sessionize.reconcile('web')}), '0|0', "all at once $i: the accounts close");
	usleep(rand 400_000);
	sql(q{COMMIT PREPARED 'p} . ($i - 1) . q{'}) if $i > 1;
	let_go($holder) if $i % 3 == 0;
}
sql(q{COMMIT PREPARED 'p8'});
unlike(join('', map { finish($_) } @all), qr/ERROR/, 'all at once: no errors');
let_go($holder);
settles('all at once');

# A crash forgets the mark, not a row.
$holder = hold_snapshot();
sql(q{CALL add_dead(30000)});
sql(q{CALL sessionize.refresh('web')}) for 1 .. 2;
sql(q{CALL add_rows('f', 10)});
$node->stop('immediate');
finish($holder);
$node->start;
settles('a crash');

$node->stop;
done_testing();
