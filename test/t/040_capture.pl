# Capture where one session does not see it all: logical replication, prepared transactions over a crash, a dump and its
# restore with work pending, a transaction with more keys than memory.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_prepared_transactions = 10\nautovacuum = off\n");
$node->start;

my $table = q{
	CREATE TABLE raw (raw_id bigint, visitor text, occurred_at timestamptz, note text, PRIMARY KEY (raw_id, occurred_at)) PARTITION BY RANGE (occurred_at);
	CREATE TABLE raw_2025 PARTITION OF raw FOR VALUES FROM ('2025-01-01Z') TO ('2026-01-01Z');
	CREATE TABLE raw_2026 PARTITION OF raw FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z');
	CREATE INDEX ON raw (visitor, occurred_at);
};
my $pipeline = q{SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor')};
my $keys = q{SELECT string_agg(k, ' ' ORDER BY k) FROM (SELECT DISTINCT session_key AS k FROM web.dirty) AS d};

# logical replication: the subscriber's apply worker runs as a replica
$node->safe_psql('postgres', 'CREATE DATABASE subscriber');
$node->safe_psql('postgres', $table . 'CREATE PUBLICATION everything FOR TABLE raw WITH (publish_via_partition_root = true)');
$node->safe_psql('postgres', q{INSERT INTO raw VALUES (1, 'before', '2026-01-01Z')});
$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('szcap', 'pgoutput')});
$node->safe_psql('subscriber', "CREATE EXTENSION pg_sessionize; $table $pipeline");
my $connection = $node->connstr . ' dbname=postgres';
$node->safe_psql('subscriber', "CREATE SUBSCRIPTION szcap CONNECTION '$connection' PUBLICATION everything WITH (create_slot = false)");
$node->wait_for_subscription_sync($node, 'szcap', 'subscriber');
is($node->safe_psql('subscriber', $keys), 'before', 'the rows of the initial copy are logged');
$node->safe_psql('subscriber', 'DELETE FROM web.dirty');
$node->safe_psql('postgres', q{
	INSERT INTO raw SELECT i, 'v' || i % 3, '2026-01-02Z' FROM generate_series(10, 15) AS i;
	UPDATE raw SET visitor = 'moved' WHERE raw_id = 10;
	UPDATE raw SET occurred_at = '2025-05-05Z' WHERE raw_id = 1;
	INSERT INTO raw VALUES (20, 'gone', '2025-01-02Z');
	DELETE FROM raw WHERE raw_id = 20;
});
$node->wait_for_catchup('szcap');
is($node->safe_psql('subscriber', $keys), 'before gone moved v0 v1 v2', 'what the apply worker inserts, updates and deletes is logged');
is($node->safe_psql('subscriber', q{SELECT min(lo) = '2025-05-05Z' AND max(hi) = '2026-01-01Z' FROM web.dirty WHERE session_key = 'before'}),
	't', 'both sides of an update that moves a row to another partition');
$node->safe_psql('subscriber', 'DELETE FROM web.dirty');
$node->safe_psql('postgres', 'TRUNCATE raw_2025');
$node->safe_psql('postgres', 'TRUNCATE raw');
$node->wait_for_catchup('szcap');
is($node->safe_psql('subscriber', 'SELECT count(*) FROM raw'), '0', 'TRUNCATE is replicated');
is($node->safe_psql('subscriber', $keys), 'before moved v0 v1 v2', 'and its rows\' keys are logged');
$node->safe_psql('subscriber', 'DROP SUBSCRIPTION szcap');

# a prepared transaction: logged when it is prepared, seen when it is committed, over a crash of the server
$node->safe_psql('postgres', "CREATE EXTENSION pg_sessionize; $pipeline");
$node->safe_psql('postgres', q{
	BEGIN;
	INSERT INTO raw VALUES (30, 'prepared', '2026-01-01Z');
	SAVEPOINT a;
	INSERT INTO raw VALUES (31, 'undone', '2026-01-01Z');
	ROLLBACK TO a;
	PREPARE TRANSACTION 'one';
});
$node->safe_psql('postgres', q{
	BEGIN;
	INSERT INTO raw VALUES (32, 'never', '2026-01-01Z');
	PREPARE TRANSACTION 'two';
});
is($node->safe_psql('postgres', $keys), '', 'nothing is seen of a prepared transaction');
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED 'one'");
$node->safe_psql('postgres', "ROLLBACK PREPARED 'two'");
is($node->safe_psql('postgres', $keys), 'prepared undone', 'it is logged when it is committed, after a crash');

# dump and restore: triggers, pending work and notes go along
$node->safe_psql('postgres', q{
	INSERT INTO raw VALUES (40, 'pending', '2026-01-01Z');
	ALTER TABLE raw_2026 DISABLE TRIGGER ALL;
	SELECT sessionize.enable_capture('web');
	CREATE TABLE raw_2024 PARTITION OF raw FOR VALUES FROM ('2024-01-01Z') TO ('2025-01-01Z');
});
my $state = q{SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'sessionize%' ORDER BY tgrelid::regclass::text, tgname};
my $notes = q{SELECT need, detail FROM sessionize.rebuild_need ORDER BY need_id};
my $before = $node->safe_psql('postgres', $state);
like($before, qr/raw_2024\|sessionize_truncate|raw_2024\|sessionize_capture_truncate/, 'partitions have the trigger for TRUNCATE');
foreach my $format ('plain', 'custom')
{
	my $file = $node->basedir . "/dump.$format";
	my $database = "restored_$format";
	$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-F', $format, '-f', $file ], "$format dump");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok($format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $file ]
		: [ 'pg_restore', '--exit-on-error', '-j', '2', '-d', $node->connstr($database), $file ], "$format restore");
	is($node->safe_psql($database, $state), $before, "$format: the triggers are there and always fire");
	is($node->safe_psql($database, $keys), 'pending prepared undone', "$format: the work is still to be done");
	is($node->safe_psql($database, $notes), $node->safe_psql('postgres', $notes), "$format: the notes are the same: restoring adds none");
	$node->safe_psql($database, q{
		INSERT INTO raw VALUES (50, 'new', '2026-01-01Z');
		CREATE TABLE raw_2027 PARTITION OF raw FOR VALUES FROM ('2027-01-01Z') TO ('2028-01-01Z');
		SET session_replication_role = replica;
		INSERT INTO raw VALUES (51, 'newer', '2027-01-01Z');
	});
	is($node->safe_psql($database, $keys), 'new newer pending prepared undone', "$format: and changes are logged");
}

# more keys than memory: what the transaction holds on to stays below work_mem and a little, and none is lost
my ($used, $spilled, $logged) = split /\|/, $node->safe_psql('restored_plain', q{
	DELETE FROM web.dirty;
	SET work_mem = '1MB';
	BEGIN;
	INSERT INTO raw SELECT 1000 + i, 'many' || i, '2026-01-01Z'::timestamptz + i * interval '1 second' FROM generate_series(1, 300000) AS i;
	CREATE TEMP TABLE used ON COMMIT PRESERVE ROWS AS
	SELECT sum(total_bytes) AS bytes, (SELECT count(*) FROM pg_ls_tmpdir()) AS files FROM pg_backend_memory_contexts WHERE name LIKE 'sessionize dirty%';
	COMMIT;
	SELECT bytes, files, (SELECT count(DISTINCT session_key) FROM web.dirty) FROM used;
});
cmp_ok($used, '<', 2 * 1024 * 1024, 'memory is bounded');
cmp_ok($used, '>', 0, 'and was looked at');
cmp_ok($spilled, '>', 0, 'there is a temporary file');
is($logged, '300000', 'every key is logged');
is($node->safe_psql('restored_plain', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'the temporary file goes');
is($node->psql('restored_plain', q{
	SET work_mem = '1MB';
	SET temp_file_limit = '1MB';
	INSERT INTO raw SELECT 1000000 + i, 'limit' || i, '2026-01-01Z' FROM generate_series(1, 300000) AS i;
}), 3, 'temp_file_limit counts');
is($node->safe_psql('restored_plain', q{SELECT count(*) FROM raw WHERE visitor LIKE 'limit%'}), '0', 'and such a transaction leaves nothing');

$node->stop;
done_testing();
