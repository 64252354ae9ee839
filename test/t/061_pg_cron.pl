# Where the library is not preloaded, pg_cron runs the schedule: the real one, and so this takes a minute or two.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
plan skip_all => 'pg_cron is not installed'
  if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'}) eq '0';
my $host = $node->host;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\ncron.host = '$host'\n");
$node->restart;

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

sub refused
{
	my ($sql, $like, $name) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $sql);

	like($err, $like, $name);
}

my $jobs = 'SELECT username, schedule, command, active FROM cron.job ORDER BY jobid';
my $as_owner = 'SET SESSION AUTHORIZATION regress_cron;';

sql(q{CREATE EXTENSION pg_sessionize;
	CREATE ROLE regress_cron LOGIN;
	GRANT CREATE ON SCHEMA public TO regress_cron;
	GRANT CREATE ON DATABASE postgres TO regress_cron});
sql(qq{$as_owner
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor text, occurred_at timestamptz DEFAULT clock_timestamp());
	CREATE INDEX ON raw (visitor, occurred_at, event_id);
	SELECT sessionize.create_pipeline('it''s', 'raw', key => 'visitor');
	INSERT INTO raw (event_id, visitor) VALUES ('e1', 'first')});

refused(q{SELECT sessionize.schedule('it''s')}, qr/nothing here can refresh.*shared_preload_libraries.*CREATE EXTENSION pg_cron/s, 'without worker and pg_cron: how to get either');
sql('CREATE EXTENSION pg_cron');
refused(q{SELECT sessionize.schedule('it''s')}, qr/GRANT USAGE ON SCHEMA cron TO regress_cron/, 'the owner may not use cron: how to change that');
sql('GRANT USAGE ON SCHEMA cron TO regress_cron');
refused(qq{$as_owner SELECT sessionize.schedule('it''s', '90 seconds')}, qr/pg_cron can't do this interval/, 'an interval cron does not know');
is(sql($jobs), '', 'nothing half made');

is(sql(q{SELECT sessionize.schedule('it''s', '1 second')}), 'pg_cron', 'pg_cron does it');
is(sql($jobs), q{regress_cron|* * * * *|CALL sessionize.refresh('it''s', every => '1 seconds')|t}, 'as the owner, a job for each minute');
is(sql(q{SELECT scheduled_by, every, state FROM sessionize.pipeline_status}), 'pg_cron|00:00:01|scheduled', 'and the status says so');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM "it's".fact_session WHERE session_key = 'first'}), 'what was there before is there after a minute');
# A job starts once a minute; in the time of less than one, several commits come into the star one after the other.
my $runs = 'SELECT count(*) FROM cron.job_run_details';
my $before = sql($runs);
foreach my $n (1 .. 4)
{
	sql("INSERT INTO raw (event_id, visitor) VALUES ('later $n', 'later $n')");
	ok($node->poll_query_until('postgres', qq{SELECT count(*) = 1 FROM "it's".fact_session WHERE session_key = 'later $n'}), "what is committed later as well, $n");
}
cmp_ok(sql($runs) - $before, '<', 3, 'not at the start of a job, but while it runs');
is(sql(q{SELECT pending, difference FROM sessionize.reconcile('it''s')}), '0|0', 'all is accounted for');
is(sql(q{SELECT count(*) FROM sessionize.verify('it''s')}), '0', 'verified');
is(sql(q{SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'}), '0', 'no run has failed');

sql(qq{$as_owner SELECT sessionize.pause('it''s')});
is(sql($jobs), '', 'a pause takes the job away');
is(sql(q{SELECT state FROM sessionize.pipeline_status}), 'paused', 'but not the schedule');
sql(q{SELECT sessionize.resume('it''s')});
is(sql('SELECT schedule FROM cron.job'), '* * * * *', 'resume brings it back');
sql(qq{$as_owner SELECT sessionize.schedule('it''s', '5 minutes')});
is(sql($jobs), q{regress_cron|*/5 * * * *|CALL sessionize.refresh('it''s')|t}, 'another interval is another job');
foreach my $case ([ '1 hour', '0 */1 * * *' ], [ '6 hours', '0 */6 * * *' ], [ '1 day', '0 0 * * *' ], [ '250 milliseconds', '* * * * *' ])
{
	sql("SELECT sessionize.schedule('it''s', '$case->[0]')");
	is(sql('SELECT schedule FROM cron.job'), $case->[1], $case->[0]);
}
sql(q{SELECT sessionize.unschedule('it''s')});
is(sql($jobs), '', 'unschedule takes the job away');
refused(q{SELECT sessionize.unschedule('it''s')}, qr/pipeline "it's" is not scheduled/, 'there is none any more');
sql(q{SELECT sessionize.schedule('it''s')});
sql(q{SELECT sessionize.drop_pipeline('it''s')});
is(sql($jobs), '', 'and so does drop_pipeline');
done_testing();
