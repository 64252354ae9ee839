# The worker is told of work that no change of a raw row has made, and the survey finds what nobody has told.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
max_prepared_transactions = 5
sessionize.idle_timeout = '300ms'
CONF
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub waits { ok($node->poll_query_until('postgres', $_[0]), $_[1]); }

sub alone
{
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'sessionize%' AND datname IS NOT NULL})
	  or die 'somebody of us stays';
}

sub right
{
	my ($test) = @_;

	is(sql(q{SELECT pending, difference, event_difference FROM sessionize.reconcile('web')}), '0|0|0', "$test: all is accounted for");
	is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), '0', "$test: verified");
}

# So many sessions by plain SQL: a gap begins one.
sub sessions
{
	my ($gap) = @_;

	return sql("SELECT count(*) FROM (SELECT at - lag(at) OVER (PARTITION BY visitor ORDER BY at) AS pause FROM raw) AS r WHERE pause IS NULL OR pause > interval '$gap'");
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, page text);
	CREATE INDEX ON raw (visitor, at);
	INSERT INTO raw (visitor, at, page) SELECT 'v' || n % 5, '2026-01-01Z'::timestamptz + n * n * interval '7 seconds', 'x' FROM generate_series(1, 200) AS n;
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', page => 'page');
	SELECT sessionize.schedule('web', every => '1 hour')});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status}, 'built');
my $began = time;

# Other rules: the star is not built any more, and there is no dirty row.
foreach my $gap ('10 minutes', '20 minutes', '40 minutes')
{
	alone();
	if ($gap eq '20 minutes')
	{
		sql("BEGIN; SELECT sessionize.alter_pipeline('web', gap => '$gap'); PREPARE TRANSACTION 'p'");
		sql(q{COMMIT PREPARED 'p'});
	}
	else
	{
		sql("SELECT sessionize.alter_pipeline('web', gap => '$gap')");
	}
	waits(q{SELECT needs_rebuild IS NULL AND lag IS NULL FROM sessionize.pipeline_status}, "after other rules the star is built anew: a gap of $gap");
	is(sql('SELECT count(*) FROM web.fact_session'), sessions($gap), "by the new rules: $gap");
	right($gap);
}
alone();
my $runs = sql('SELECT count(*) FROM sessionize.run');
sql(q{BEGIN; SELECT sessionize.alter_pipeline('web', gap => '1 hour'); ROLLBACK; BEGIN; SAVEPOINT s; SELECT sessionize.alter_pipeline('web', gap => '1 hour'); ROLLBACK TO s; COMMIT});
sleep 1;
is(sql('SELECT count(*) FROM sessionize.run'), $runs, 'what is rolled back is no work');
cmp_ok(time - $began, '<', 50, 'all that without a survey');

# Rows in the log that were not changed in the raw table.
$began = time;
alone();
sql(q{UPDATE web.fact_session SET events = events + 1 WHERE session_key = 'v1'});
sql(q{SELECT sessionize.mark_dirty('web', 'v1')});
waits(q{SELECT count(*) = 0 FROM sessionize.verify('web')}, 'mark_dirty');
alone();
sql(q{INSERT INTO sessionize.run_error (pipeline_id, session_key, tries, error) SELECT pipeline_id, 'v2', 3, 'by hand' FROM sessionize.pipeline;
	UPDATE web.fact_session SET events = events + 1 WHERE session_key = 'v2'});
is(sql(q{SELECT sessionize.retry_errors('web')}), '1', 'a key that failed');
waits(q{SELECT failed_keys = 0 FROM sessionize.pipeline_status}, 'retry_errors');
waits(q{SELECT count(*) = 0 FROM sessionize.verify('web')}, 'which has done it again');
alone();
sql(q{SELECT sessionize.seal('web', '2026-01-02Z')});
sql(q{INSERT INTO raw (visitor, at, page) VALUES ('v3', '2026-01-01Z', 'late')});
waits(q{SELECT late_rows = 1 FROM sessionize.pipeline_status}, 'a late row');
alone();
sql(q{SELECT sessionize.seal('web', '2026-01-02Z', take_late => true)});
waits(q{SELECT late_rows = 0 FROM sessionize.pipeline_status}, 'a seal that takes it in');
alone();
sql(q{SELECT sessionize.seal('web', '-infinity')});
waits(q{SELECT pending_rows = 0 FROM sessionize.pipeline_status}, 'and one that is taken back');
cmp_ok(time - $began, '<', 50, 'without a survey as well');
right('after all that');

# What nobody has told: a star that is not built is work, also where it is found by a survey alone.
alone();
sql(q{UPDATE sessionize.ledger SET built = false});
sql(q{UPDATE sessionize.schedule SET every = every});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status}, 'a survey finds a star that is not built');
right('found');
sql(q{SELECT sessionize.pause('web')});
alone();
sql(q{SELECT sessionize.alter_pipeline('web', gap => '3 minutes')});
sleep 1;
is(sql(q{SELECT state, needs_rebuild, pending_rows, lag > interval '0' FROM sessionize.pipeline_status}), 'paused|not built||t', 'one that is paused waits');
is(sql(q{SELECT pending = raw_rows, difference FROM sessionize.reconcile('web')}), 't|0', 'with all of its rows pending');
sql(q{SELECT sessionize.resume('web')});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status}, 'until it is resumed');
is(sql('SELECT count(*) FROM web.fact_session'), sessions('3 minutes'), 'and is right then');
right('resumed');

$node->stop;
done_testing();
