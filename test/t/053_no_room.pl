# A full disk: no file of the server may grow beyond two megabytes, which fact_event has to. The refresh fails as a whole,
# the log keeps everything, no key is blamed, collectors and the accounts go on; with room again the next refresh does it all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# In the 512 bytes of POSIX's ulimit; not whole pages, so that a write comes to its end half way, as on a disk.
my $blocks = 2 * 2048 + 8;

my $node = PostgreSQL::Test::Cluster->new('room');
$node->init(extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_parallel_workers = 0\nlog_statement = none\nlog_min_messages = fatal\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub accounts { return sql("SELECT pending, difference, event_difference, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')"); }

sub restart_with_limit
{
	my $log = $node->logfile;
	my $data = $node->data_dir;

	$node->stop;
	return system('sh', '-c', "ulimit -f $blocks && exec pg_ctl -s -w -D '$data' -l '$log' start") == 0;
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (visitor int, at timestamptz);
	CREATE INDEX ON raw (visitor, at);
	CREATE PROCEDURE add_rows(first int, last int) LANGUAGE sql AS
	$$ INSERT INTO raw SELECT n / 100, '2026-01-01Z'::timestamptz + n % 100 * interval '10 minutes' FROM generate_series(first, last) AS n $$;
	CALL add_rows(0, 4999);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', event_id => '', max_duration => NULL);
	CALL sessionize.refresh('web');
});
is(accounts(), '0|0|0|0', 'with room');
ok(restart_with_limit(), 'less room');
my $rows = 5000;
my ($status, $out, $err);
do
{
	sql("CALL add_rows($rows, $rows + 1999)");
	$rows += 2000;
	($status, $out, $err) = $node->psql('postgres', "CALL sessionize.refresh('web')");
} while ($status == 0 && $rows < 50000);
foreach my $try (1 .. 2)
{
	isnt($status, 0, "try $try fails");
	like($err, qr/could not extend file/, "try $try: for want of room");
	is(sql('SELECT count(DISTINCT session_key) FROM web.dirty'), '20', "try $try: the log keeps everything");
	is(sql('SELECT count(*) FROM sessionize.run_errors'), '0', "try $try: no key is blamed");
	is(accounts(), '2000|0|0|0', "try $try: the accounts close");
	($status, $out, $err) = $node->psql('postgres', "CALL sessionize.refresh('web')");
}
is(sql("SELECT error LIKE '%could not extend%' FROM sessionize.runs WHERE state = 'failed' ORDER BY run_id DESC LIMIT 1"), 't', 'the run log says why');
sql("CALL add_rows($rows, $rows + 99)");
is(accounts(), '2100|0|0|0', 'collectors go on');
system_or_bail('pg_ctl', '-s', '-w', '-D', $node->data_dir, 'stop');
$node->start;
sql("CALL sessionize.refresh('web')");
is(accounts(), '0|0|0|0', 'with room again');
is(sql('SELECT count(*), min(events), max(events), (SELECT count(*) FROM web.fact_event) FROM web.sessions'), join('|', $rows / 100 + 1, 100, 100, $rows + 100), 'one session each, with all events');
cmp_ok(sql(q{SELECT pg_relation_size('web.fact_event')}), '>', 512 * $blocks, 'for which there was no room');
$node->stop;
done_testing();
