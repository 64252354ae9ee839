# A physical standby: nothing of ours runs there until it is promoted, and then everything does.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\n");
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
my ($status, $out, $err) = $standby->psql('postgres', q{SELECT sessionize.pause('web')});
like($err, qr/read-only transaction/, 'but nothing be changed');

# Work that is pending when the primary is lost.
$primary->safe_psql('postgres', q{SELECT sessionize.pause('web')});
$primary->safe_psql('postgres', q{INSERT INTO raw (event_id, visitor) VALUES ('e3', 'pending')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
$primary->stop('immediate');
$standby->promote;
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'sessionize launcher'}), 'after the promotion the launcher is there');
$standby->safe_psql('postgres', q{SELECT sessionize.resume('web')});
ok($standby->poll_query_until('postgres', sprintf($arrived, 'pending')), 'and does what was left');
$standby->safe_psql('postgres', q{INSERT INTO raw (event_id, visitor) VALUES ('e4', 'after')});
ok($standby->poll_query_until('postgres', sprintf($arrived, 'after')), 'and what is new');
is($standby->safe_psql('postgres', q{SELECT pending, difference FROM sessionize.reconcile('web')}), '0|0', 'all is accounted for');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM sessionize.verify('web')}), '0', 'verified');
done_testing();
