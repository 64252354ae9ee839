# openmetrics() on a server that has the library preloaded: what the counters count, against the log of runs; that they begin
# anew with the server; that strict parsers read the text; that no lock and no broken view empties it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nautovacuum = off\nmax_prepared_transactions = 5\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# The samples of the text: name and labels -> value.
sub samples
{
	my %value;
	foreach my $line (grep { !/^#/ } split /\n/, sql('SELECT sessionize.openmetrics()'))
	{
		my ($name, $value) = $line =~ /^(\S+?\{.*\}|\S+) (\S+)$/ or die "no sample: $line";
		die "twice: $name" if exists $value{$name};
		$value{$name} = $value;
	}
	return %value;
}

sub of { my ($name, $labels) = @_; return "sessionize_$name\{datname=\"postgres\",pipeline=\"web\"" . ($labels ? ",$labels" : "") . "}"; }

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, id text);
	CREATE INDEX ON raw (visitor, at);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', event_id => 'id');
	CALL sessionize.rebuild('web')});
foreach my $n (1 .. 5)
{
	sql("INSERT INTO raw (visitor, at, id) SELECT 'v' || n % 40, '2026-01-01Z'::timestamptz + $n * interval '1 hour', n % 90 FROM generate_series(1, 100 * $n) AS n");
	sql(q{CALL sessionize.refresh('web')});
}

# The counters are the sums of the log of runs.
my %value = samples();
my @columns = qw(raw_rows keys events duplicates conflicts corrected clamped rows_inserted rows_updated rows_deleted);
my %sum;
@sum{@columns} = split /\|/, sql('SELECT ' . join(', ', map { "sum($_)" } @columns) . q{ FROM sessionize.runs WHERE kind = 'refresh'});
foreach my $column (@columns)
{
	(my $metric = $column) =~ s/^rows_(\w+)$/$1_rows/;
	is($value{of("refresh_${metric}_total")}, $sum{$column}, "refresh_${metric}_total is the sum of the log");
}
cmp_ok($sum{duplicates}, '>', 0, 'there are duplicates');
is(sql('SELECT n.raw_rows, n.keys FROM sessionize.refresh_counters AS n'), "$sum{raw_rows}|$sum{keys}", 'the view has the same');
my $refreshes = sql(q{SELECT count(*) FROM sessionize.runs WHERE kind = 'refresh' AND state = 'done'});
is($value{of('runs_ended_total', 'kind="refresh",result="done"')}, $refreshes, 'refreshes');
is($value{of('runs_ended_total', 'kind="rebuild",result="done"')}, 1, 'rebuilds');
is($value{of('capture_transactions_total')}, 5, 'transactions that have changed raw rows');
is($value{of('capture_entries_total')}, 5 * 40, 'their entries of the dirty log');
cmp_ok($value{of('capture_seconds_total')}, '>', 0, 'which took time');

# The histogram of each phase: every refresh is in it, buckets grow with their bounds, and together the phases take no longer than
# the transactions.
my $seconds = 0;
foreach my $phase (qw(claim read derive apply commit))
{
	my $name = sub { of("refresh_phase_seconds_$_[0]", qq(phase="$phase") . ($_[1] // '')) };
	is($value{$name->('count')}, $refreshes, "phase $phase: every refresh");
	my $last = 0;
	my $bad = 0;
	foreach my $bucket (sort { $a->[0] <=> $b->[0] } map { /^\Qsessionize_refresh_phase_seconds_bucket\E\{.*phase="$phase",le="([^"]*)"\}/ ? [ $1 eq '+Inf' ? 9**9**9 : $1, $value{$_} ] : () } keys %value)
	{
		$bad++ if $bucket->[1] < $last;
		$last = $bucket->[1];
	}
	is("$bad $last", "0 $refreshes", "phase $phase: buckets grow up to the count");
	cmp_ok($value{$name->('sum')}, '>', 0, "phase $phase: took time");
	$seconds += $value{$name->('sum')};
}
my $logged = sql(q{SELECT extract(epoch FROM sum(ended_at - started_at)) FROM sessionize.runs WHERE kind = 'refresh'});
cmp_ok($seconds, '>', 0.5 * $logged, 'the phases are most of the time that the log says');

# What is rolled back is not counted; a run that fails is.
sql(q{BEGIN; INSERT INTO raw (visitor, at) VALUES ('x', now()); ROLLBACK});
sql(q{BEGIN; INSERT INTO raw (visitor, at, id) VALUES ('x', now(), 'p'); PREPARE TRANSACTION 'p'});
my %before = samples();
is($before{of('capture_transactions_total')}, 5, 'neither a rollback nor a prepared transaction counts');
is(sql(q{SELECT status FROM sessionize.health_check('web') WHERE topic = 'open writers' AND found LIKE 'a prepared transaction has written%'}), 'ok', 'health_check sees the prepared transaction');
sql(q{COMMIT PREPARED 'p'});
sql(q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE insufficient_privilege; END';
	CREATE TRIGGER refuse BEFORE INSERT ON web.fact_session FOR EACH ROW EXECUTE FUNCTION refuse()});
my ($status, $out, $err) = $node->psql('postgres', q{CALL sessionize.refresh('web')});
isnt($status, 0, 'a refresh fails');
is({ samples() }->{of('runs_ended_total', 'kind="refresh",result="failed"')}, 1, 'and is counted');
is({ samples() }->{of('refresh_keys_total')}, $sum{keys}, 'but not what it would have done');
sql(q{DROP TRIGGER refuse ON web.fact_session});
sql(q{CALL sessionize.refresh('web')});
is(sql('SELECT difference, pending FROM sessionize.reconcile(\'web\')'), '0|0', 'all is accounted for');

# Locks: the metrics don't wait for somebody who has the star for himself, and say of which tables the size is not known.
{
	my $psql = $node->background_psql('postgres');
	$psql->query_safe('BEGIN; LOCK TABLE web.dirty, web.fact_event IN ACCESS EXCLUSIVE MODE');
	my %locked = samples();
	is($locked{of('pipeline_backlog_unknown')}, 1, 'the dirty log is locked');
	ok(!exists $locked{of('table_bytes', 'table="fact_event"')} && exists $locked{of('table_bytes', 'table="fact_session"')}, 'no size of what is locked');
	is(join(' ', grep { /query_failed/ && $locked{$_} } keys %locked), '', 'no query fails');
	is(sql(q{SELECT status, found FROM sessionize.health_check('web') WHERE topic = 'backlog'}), 'warning|dirty log locked', 'health_check says so');
	my $statement = sql(q{SELECT statement FROM sessionize.health_check('web') WHERE topic = 'backlog'});
	like(sql($statement), qr/^\d+\|.*LOCK TABLE/, 'and its statement finds who it is');
	$psql->query_safe('ROLLBACK');
	$psql->quit;
}

# Dead rows of the dirty log, and a star with more events than the ledger has.
sql(q{INSERT INTO raw (visitor, at, id) SELECT 'k' || n, '2026-02-01Z', 'k' || n FROM generate_series(1, 110000) AS n});
sql(q{CALL sessionize.refresh('web')});
sql(q{ANALYZE web.fact_event, web.dirty});
ok($node->poll_query_until('postgres', q{SELECT status = 'warning' FROM sessionize.health_check('web') WHERE topic = 'dead rows'}), 'dead rows of the dirty log');
sql(sql(q{SELECT statement FROM sessionize.health_check('web') WHERE topic = 'dead rows'}));
ok($node->poll_query_until('postgres', q{SELECT status = 'ok' FROM sessionize.health_check('web') WHERE topic = 'dead rows'}), 'which its statement removes');
is(sql(q{SELECT status FROM sessionize.health_check('web') WHERE topic = 'accounts'}), 'ok', 'the ledger and fact_event agree');
my $kept = sql('SELECT kept_rows FROM sessionize.ledger');
sql('UPDATE sessionize.ledger SET kept_rows = 1000');
is(sql(q{SELECT status, statement FROM sessionize.health_check('web') WHERE topic = 'accounts'}), q{warning|SELECT * FROM sessionize.reconcile('web')}, 'and when they do not');
sql("UPDATE sessionize.ledger SET kept_rows = $kept");

# The topics of the server.
is(sql(q{SELECT status FROM sessionize.health_check() WHERE topic = 'preloaded'}), 'ok', 'preloaded');
sql(q{ALTER SYSTEM SET sessionize.max_workers = 7});
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT status = 'warning' AND statement = 'ALTER SYSTEM SET max_worker_processes = 15' FROM sessionize.health_check() WHERE topic = 'worker processes'}), 'too few worker processes');
{
	my $psql = $node->background_psql('postgres');
	$psql->query_safe(q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1});
	like(sql(q{SELECT status, found FROM sessionize.health_check() WHERE topic = 'vacuum horizon'}), qr/^ok\|process \d+ has a snapshot since/, 'a snapshot that is held');
	$psql->quit;
}

# Strict parsers read the text.
my $file = PostgreSQL::Test::Utils::tempdir() . '/metrics';
my $text = sql('SELECT sessionize.openmetrics()') . "\n";
$text =~ s/\n+\z/\n/;
append_to_file($file, $text);
SKIP:
{
	skip 'promtool is not installed', 1 if system('command -v promtool >/dev/null 2>&1') != 0;
	# promtool reads the older text format, in which a counter has its full name
	(my $older = $text) =~ s/^# (TYPE|HELP) (\S+) (?=counter\n)/# $1 ${2}_total /mg;
	my %counter = map { $_ => 1 } $text =~ /^# TYPE (\S+) counter$/mg;
	$older =~ s/^# HELP (\S+)/"# HELP $1" . ($counter{$1} ? '_total' : '')/mge;
	append_to_file("$file.older", $older);
	is(`promtool check metrics <'$file.older' 2>&1`, '', 'promtool finds nothing wrong');
}
SKIP:
{
	skip 'python3 has no prometheus_client', 1 if system('python3 -c "import prometheus_client" 2>/dev/null') != 0;
	append_to_file("$file.py", <<'PY');
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
print(len(families), sum(len(f.samples) for f in families))
PY
	my $families = () = $text =~ /^# TYPE /mg;
	my $samples = () = $text =~ /^[^#]/mg;
	is(`python3 '$file.py' '$file' 2>&1`, "$families $samples\n", 'the parser of prometheus_client reads all of it');
}
SKIP:
{
	skip 'no OpenMetrics.pm here', 1 unless -e 'test/t/OpenMetrics.pm';
	unshift @INC, 'test/t';
	require OpenMetrics;
	is(join("\n", OpenMetrics::openmetrics_problems($text)), '', 'the strict reader of the tests finds nothing wrong');
}

# With the server the counters begin anew; a worker's passes are counted by state.
$node->restart;
%value = samples();
ok(!exists $value{of('refresh_keys_total')}, 'the counters are gone after a restart');
is($value{of('rows_kept')}, $kept, 'what the ledger has is not');
sql(q{SELECT sessionize.schedule('web')});
sql(q{INSERT INTO raw (visitor, at) VALUES ('y', now())});
ok($node->poll_query_until('postgres', q{SELECT sessionize.openmetrics() ~ 'sessionize_refresh_keys_total[^ ]* 1\n'}), 'the worker counts, too');
%value = samples();
cmp_ok($value{of('schedule_passes_total')}, '>', 0, 'passes');
my $states = 0;
$states += $value{$_} foreach grep { /^sessionize_worker_active/ } keys %value;
is($states, 1, 'one state is active');
ok($node->poll_query_until('postgres', q{SELECT sessionize.openmetrics() ~ 'sessionize_pipeline_lag_seconds[^ ]* 0\n'}), 'no lag');

$node->stop;
done_testing();
