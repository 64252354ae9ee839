# What stays open for long, and what is altered under a scheduled pipeline. Writers that are idle in their transactions and prepared
# transactions hold the watermark and nobody else; they survive restarts and crashes. Tables, columns, schemas, owners and databases
# get other names and types while the worker is at work.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionServer qw(wait_for_server);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nrestart_after_crash = on\nmax_prepared_transactions = 5\nlog_statement = none\n");
$node->start;

my $db = 'postgres';
sub sql { return $node->safe_psql($db, $_[0]); }
sub waits { my ($query, $name) = @_; ok($node->poll_query_until($db, $query), $name); }

sub add
{
	my ($visitor, $raw) = @_;

	sql('INSERT INTO ' . ($raw // 'raw') . " (event_id, visitor) SELECT '$visitor ' || n, '$visitor' FROM generate_series(1, 3) AS n");
}

sub arrives
{
	my ($visitor, $name) = @_;

	waits("SELECT count(*) = 1 AND sum(events) = 3 FROM web.fact_session WHERE session_key = '$visitor'", $name);
}

# A star that nothing is pending of is right, and has the events of the raw rows.
sub right
{
	my ($name, $raw, $key) = @_;

	$raw //= 'raw';
	$key //= 'visitor';
	waits(q{SELECT pending = 0 FROM sessionize.reconcile('web')}, "$name: all is done");
	is(sql(q{SELECT difference, event_difference, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')}), '0|0|0', "$name: accounted for and verified");
	is(sql(qq{SELECT count(*) FROM ((SELECT $key COLLATE "C", count(*) FROM $raw GROUP BY 1 EXCEPT ALL SELECT session_key, sum(events) FROM web.fact_session GROUP BY 1)
		UNION ALL (SELECT session_key, sum(events) FROM web.fact_session GROUP BY 1 EXCEPT ALL SELECT $key COLLATE "C", count(*) FROM $raw GROUP BY 1)) AS x}), '0', "$name: everybody has their events");
}

# A session that does something and stays in its transaction.
sub idle_in_transaction
{
	my ($statements) = @_;
	my $run = { in => '', out => '', err => '', timer => IPC::Run::timeout(600) };

	$run->{handle} = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $node->connstr($db) ], '<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err}, $run->{timer});
	say_to($run, "BEGIN; $statements");
	return $run;
}

sub say_to
{
	my ($run, $statement) = @_;

	$run->{out} = '';
	$run->{in} .= "$statement;\n\\echo done\n";
	$run->{handle}->pump until $run->{out} =~ /done\n/;
}

sub end { my ($run) = @_; $run->{in} .= "\\q\n"; eval { $run->{handle}->finish; }; }

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, page text, occurred_at timestamptz DEFAULT clock_timestamp());
	CREATE INDEX ON raw (visitor, occurred_at, event_id);
	INSERT INTO raw (event_id, visitor) SELECT 'e' || n, 'v' || n % 50 FROM generate_series(1, 500) AS n;
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor');
	SELECT sessionize.schedule('web', every => '100 milliseconds')});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status}, 'the first build');

# A collector that has gone to lunch, one who has read only, and transactions that nobody commits.
my $writer = idle_in_transaction(q{INSERT INTO raw (event_id, visitor) SELECT 'i' || n, 'idle' FROM generate_series(1, 3) AS n; UPDATE raw SET page = '/moved' WHERE visitor = 'v1'});
my $reader = idle_in_transaction('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM raw, web.fact_session');
my $watcher = idle_in_transaction('LOCK TABLE raw IN SHARE UPDATE EXCLUSIVE MODE');
my $writer_pid = sql(q{SELECT pid FROM pg_locks WHERE relation = 'raw'::regclass AND mode = 'RowExclusiveLock'});
foreach my $name ('kept', 'undone')
{
	sql(qq{BEGIN; INSERT INTO raw (event_id, visitor) SELECT '$name ' || n, '$name' FROM generate_series(1, 3) AS n; DELETE FROM raw WHERE visitor = 'v2' AND '$name' = 'kept'; DELETE FROM raw WHERE visitor = 'v3' AND '$name' = 'undone'; PREPARE TRANSACTION '$name'});
}
foreach my $n (1 .. 5)
{
	add("busy $n");
	arrives("busy $n", "others do not wait, $n");
}
is(sql('SELECT oldest_writer_pid FROM sessionize.pipeline_status'), $writer_pid, 'the status says who is in the way');
is(sql(q{SELECT watermark = oldest_writer_since, watermark < (SELECT max(event_time) FROM web.events_live), lag IS NULL OR lag < interval '1 minute' FROM sessionize.pipeline_status}), 't|t|t', 'of the watermark');
is(sql(q{SELECT count(*) FROM web.fact_session WHERE session_key IN ('idle', 'kept', 'undone')}), '0', 'what is not committed is not there');
is(sql(q{SELECT sum(events) FROM web.fact_session WHERE session_key IN ('v1', 'v2', 'v3')}), '30', 'and what is not committed has not gone');
right('beside open transactions');
say_to($writer, 'COMMIT');
arrives('idle', 'what the idle one has written arrives when it commits');
is(sql(q{SELECT oldest_writer_pid IS NULL, watermark = oldest_writer_since FROM sessionize.pipeline_status}), 't|t', 'then the prepared transactions hold the watermark');
end($_) foreach $writer, $reader, $watcher;

# Over a restart, and over a crash.
$node->restart;
add('restarted');
arrives('restarted', 'after a restart the worker goes on');
is(sql(q{SELECT oldest_writer_pid IS NULL, watermark = oldest_writer_since FROM sessionize.pipeline_status}), 't|t', 'and the prepared transactions hold the watermark');
right('prepared transactions over a restart');
$node->stop('immediate');
$node->start;
add('crashed');
arrives('crashed', 'after a crash as well');
right('prepared transactions over a crash');
sql("COMMIT PREPARED 'kept'");
arrives('kept', 'a prepared transaction arrives after a restart and a crash');
right('one of them committed');
is(sql(q{SELECT count(*) FROM web.fact_session WHERE session_key = 'v2'}), '0', 'what it has deleted goes');
sql("ROLLBACK PREPARED 'undone'");
waits('SELECT oldest_writer_since IS NULL FROM sessionize.pipeline_status', 'without the other the watermark is free');
right('the other rolled back');
is(sql(q{SELECT sum(events), (SELECT count(*) FROM web.fact_session WHERE session_key = 'undone') FROM web.fact_session WHERE session_key = 'v3'}), '10|0', 'and nothing has happened');

# Updates of sessions that grow stay HOT in a steady run of the worker.
sql('SELECT pg_stat_reset()');
foreach my $round (1 .. 24)
{
	sql(q{INSERT INTO raw (event_id, visitor) SELECT 'h' || n || clock_timestamp(), 'v' || n FROM generate_series(4, 49) AS n});
	waits(q{SELECT pending = 0 FROM sessionize.reconcile('web')}, "round $round");
}
waits(q{SELECT n_tup_upd > 1000 FROM pg_stat_user_tables WHERE schemaname = 'web' AND relname = 'fact_session'}, 'many sessions grow');
is(sql(q{SELECT n_tup_hot_upd >= 0.9 * n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'web' AND relname = 'fact_session'}), 't', 'by HOT updates');

# Other names, types and owners, under a worker that is there.
sub altered
{
	my ($statement, $name, $raw, $key) = @_;
	my $insert = 'INSERT INTO ' . ($raw // 'raw') . ' (event_id, ' . ($key // 'visitor') . ')';

	sql($statement);
	sql("$insert SELECT '$name ' || n, '$name' FROM generate_series(1, 3) AS n");
	arrives($name, $name);
	right($name, $raw, $key);
}
altered('ALTER TABLE raw RENAME TO hits', 'raw table renamed', 'hits');
altered('CREATE SCHEMA "in"; ALTER TABLE hits SET SCHEMA "in"', 'raw table in another schema', '"in".hits');
altered('ALTER SCHEMA "in" RENAME TO "out"', 'schema renamed', '"out".hits');
altered('ALTER TABLE "out".hits RENAME visitor TO who', 'key column renamed', '"out".hits', 'who');
my ($status, $out, $err) = $node->psql($db, 'ALTER TABLE "out".hits ALTER who TYPE varchar(100)');
like($err, qr/cannot alter type of a column used by a view or rule/, 'the type of a column in use does not change');
altered('ALTER TABLE "out".hits ALTER event_id SET STORAGE EXTERNAL, ADD COLUMN more int DEFAULT 7, DROP COLUMN IF EXISTS nothing', 'columns added', '"out".hits', 'who');
altered('VACUUM FULL "out".hits', 'raw table rewritten', '"out".hits', 'who');
altered('CLUSTER "out".hits USING raw_pkey', 'raw table clustered', '"out".hits', 'who');
sql('ALTER TABLE "out".hits SET SCHEMA public; ALTER TABLE hits RENAME TO raw; ALTER TABLE raw RENAME who TO visitor');
altered('CREATE ROLE regress_first; CREATE ROLE regress_second; GRANT CREATE ON DATABASE postgres TO regress_first, regress_second; GRANT USAGE, CREATE ON SCHEMA public TO regress_first, regress_second; ALTER TABLE raw OWNER TO regress_first;'
	. join('', map { "ALTER " . ($_ =~ /source|live|sessions$|events$/ ? 'VIEW' : 'TABLE') . " web.$_ OWNER TO regress_first;" } split /\n/, sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'web'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1}))
	. 'ALTER SCHEMA web OWNER TO regress_first', 'another owner');
is(sql('SELECT owner FROM sessionize.pipelines'), 'regress_first', 'to whom it belongs');
altered('REASSIGN OWNED BY regress_first TO regress_second', 'reassigned');
is(sql('SELECT owner FROM sessionize.pipelines'), 'regress_second', 'it belongs to the next');
altered('DROP OWNED BY regress_first; DROP ROLE regress_first', 'the first owner dropped');
($status, $out, $err) = $node->psql($db, 'DROP ROLE regress_second');
like($err, qr/role "regress_second" cannot be dropped because some objects depend on it/, 'an owner of a pipeline is not dropped');
altered('ALTER ROLE regress_second RENAME TO regress_third', 'the owner renamed');
altered('ALTER ROLE regress_third SET default_transaction_read_only = on; ALTER ROLE regress_third SET statement_timeout = 1; ALTER DATABASE postgres SET default_transaction_isolation = serializable; ALTER ROLE regress_third NOLOGIN', 'settings of the owner and of the database');
sql('ALTER DATABASE postgres RESET ALL');

# The database under another name, dropped in the end; what comes back is the same by name only.
$node->safe_psql('template1', 'CREATE DATABASE copy TEMPLATE postgres');
$db = 'copy';
altered('SELECT', 'in a copied database');
$node->safe_psql('template1', 'ALTER DATABASE copy RENAME TO "other copy"');
$db = '"other copy"' =~ s/"//gr;
altered('SELECT', 'in a renamed database');
$node->safe_psql('template1', 'DROP DATABASE "other copy"');
$db = 'postgres';
$node->reload;
altered('SELECT', 'with another database dropped');

# Without the raw table there is no pipeline that could be right; it says so, and nothing else suffers.
($status, $out, $err) = $node->psql($db, 'DROP TABLE raw');
like($err, qr/cannot drop table raw because other objects depend on it/, 'the raw table is not dropped');
($status, $out, $err) = $node->psql($db, 'DROP EXTENSION pg_sessionize');
like($err, qr/cannot drop extension pg_sessionize because other objects depend on it/, 'nor the extension');
sql('SET client_min_messages = warning; BEGIN; DROP TABLE raw CASCADE; ROLLBACK');
altered('SELECT', 'an undone DROP TABLE');
sql('SET client_min_messages = warning; DROP TABLE raw CASCADE; CREATE TABLE raw (event_id text, visitor text)');
waits('SELECT last_error IS NOT NULL FROM sessionize.pipeline_status', 'a raw table that is dropped nevertheless is an error');
is(sql("INSERT INTO raw VALUES ('x', 'x'); SELECT count(*) > 0 FROM web.fact_session"), 't', 'the star stays, another table of the name is none of its business');
sql(q{SELECT sessionize.drop_pipeline('web')});
is(sql('SELECT count(*) FROM sessionize.pipelines'), '0', 'until the pipeline is dropped');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|segmentation|signal 11/i, 'nothing worse in the log');
done_testing();
