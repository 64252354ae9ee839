# LoadProgram: what tests of the loader share: the program, a feeder of spools, and loaders that can be killed.
package LoadProgram;
use strict;
use warnings;
use Exporter 'import';
use POSIX qw(:sys_wait_h);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(build_program why_not make_events_table each_once start_loader kill_hard ended_with feed);

our ($program, $feeder, $build, $reason);

# Build the program and the feeder, and what else of ingest/Makefile is asked for; false, and why_not() says why, if a library is missing.
sub build_program
{
	my @more = @_;
	$build = PostgreSQL::Test::Utils::tempdir();
	my $log = "$build/log";
	my $targets = join(' ', map { "'$build/$_'" } @more);

	$program = "$build/pg_sessionize_ingest";
	$feeder = "$build/feed_spool";
	if (system("make -s -C ingest BUILD='$build' all $targets >'$log' 2>&1") != 0)
	{
		my $output = slurp_file($log);

		die "the program does not build:\n$output" unless $output =~ /needs libraries that are not here/;
		$reason = "the libraries of pg_sessionize_ingest are not installed";
		return 0;
	}
	system("cc -std=c11 -O1 -D_GNU_SOURCE -Iingest -pthread -o '$feeder' test/ingest/feed_spool.c ingest/spool_write.c ingest/spool_file.c ingest/frame.c ingest/crc32c.c ingest/log.c") == 0
	  or die 'the feeder does not build';
	return 1;
}

sub why_not { return $reason; }

# Make the extension, an events table that refuses ids that end with 77, and a role that may load into it.
sub make_events_table
{
	my ($node) = @_;

	$node->safe_psql('postgres', q{
		CREATE EXTENSION pg_sessionize;
		SELECT sessionize.create_events_table('raw.events');
		CREATE ROLE collector LOGIN;
		GRANT USAGE ON SCHEMA raw TO collector;
		GRANT INSERT ON raw.events TO collector;
		ALTER TABLE raw.events ADD CHECK (event_id NOT LIKE '%77')});
	return;
}

# The feeders' events 1 .. $sent must be in the table or among the rejected requests, each once: every 50th can't be decoded, and the table
# refuses those that end with 77.
sub each_once
{
	my ($node, $what, $sent) = @_;
	my $bad = int($sent / 50) + int(($sent + 23) / 100);
	my $sql = sub { return $node->safe_psql('postgres', $_[0]); };

	is($sql->(qq{
		SELECT count(*) FILTER (WHERE have IS DISTINCT FROM wanted), coalesce(sum(have), 0), count(*)
		FROM (SELECT n, CASE WHEN n % 50 = 0 OR n % 100 = 77 THEN 0 ELSE 1 END AS wanted FROM generate_series(1, $sent) AS n) AS w
		FULL JOIN (SELECT substr(event_id, 2)::int AS n, count(*) AS h FROM raw.events GROUP BY 1) AS e USING (n)
		CROSS JOIN LATERAL (SELECT coalesce(e.h, 0) AS have) AS c}),
		join('|', 0, $sent - $bad, $sent), "$what: each event is there once");
	is($sql->(q{
		SELECT count(*), count(DISTINCT n), count(*) FILTER (WHERE n % 50 <> 0 AND n % 100 <> 77)
		FROM (SELECT (regexp_match(convert_from(body, 'UTF8'), '"event_id":"e(\d+)"'))[1]::int AS n FROM sessionize.rejected_requests) AS r}),
		join('|', $bad, $bad, 0), "$what: each other request is rejected once");
	is($sql->(q{SELECT sum(requests), sum(decoded), sum(rejected), sum(difference), sum(gaps) FROM sessionize.ingest_reconcile()}),
		join('|', $sent, $sent - $bad, $bad, 0, 0), "$what: the accounts close");
	return;
}

# Start the program with arguments; returns its process.  Its output goes to the end of a file.
sub start_loader
{
	my ($log, @arguments) = @_;
	my $pid = fork() // die 'no process';

	return $pid if $pid;
	open(STDOUT, '>>', $log) and open(STDERR, '>>', $log) or die $!;
	exec($program, @arguments) or die $!;
}

# Kill a process as a crash would, and wait for its end.
sub kill_hard
{
	my ($pid) = @_;

	kill('KILL', $pid);
	waitpid($pid, 0);
	return;
}

# Wait for the end of a process; its exit status, or -1 if it does not end within some seconds.
sub ended_with
{
	my ($pid, $seconds) = @_;

	for (1 .. $seconds * 20)
	{
		return $? >> 8 if waitpid($pid, WNOHANG) == $pid;
		usleep(50_000);
	}
	return -1;
}

# Append requests to a spool: numbers first to first + count - 1.
sub feed
{
	my ($directory, $name, $first, $count, $per_sync, $bad) = @_;

	system($feeder, $directory, $name, $first, $count, $per_sync // 1, $bad // 0) == 0 or die 'the feeder failed';
	return;
}

1;
