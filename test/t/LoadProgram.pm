# LoadProgram: what tests of the loader share: the program, a feeder of spools, and loaders that can be killed.
package LoadProgram;
use strict;
use warnings;
use Exporter 'import';
use POSIX qw(:sys_wait_h);
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(build_program why_not start_loader kill_hard ended_with feed);

our ($program, $feeder, $reason);

# Build the program and the feeder; false, and why_not() says why, if a library is missing.
sub build_program
{
	my $build = PostgreSQL::Test::Utils::tempdir();
	my $log = "$build/log";

	$program = "$build/pg_sessionize_ingest";
	$feeder = "$build/feed_spool";
	if (system("make -s -C ingest BUILD='$build' >'$log' 2>&1") != 0)
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
