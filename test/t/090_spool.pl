# The spool of pg_sessionize_ingest: the tests in C (test/ingest/spool_test.c) under sanitizers, with calls of the system that fail.
use strict;
use warnings;
use File::Temp;
use IngestCollector;
use Test::More;

IngestCollector::build('unit');
my $fault = File::Temp->new;
local $ENV{FAULT_FILE} = "$fault";
local $ENV{LD_PRELOAD} = "$IngestCollector::build/faults.so";
my @lines = `$IngestCollector::build/spool_test 2>/dev/null`;
my $status = $?;

delete $ENV{LD_PRELOAD};
foreach (@lines)
{
	ok(!defined $1, $2) if /^(not )?ok \d+ - (.*)$/;
	diag($1) if /^# (.*)/;
}
is($status, 0, 'all of them');
my ($planned) = $lines[-1] =~ /^1\.\.(\d+)$/;
is($planned, 32, 'none was left out');
@lines = `$IngestCollector::build/body_test 2>&1`;
is($?, 0, 'bodies, JSON and addresses') or diag(@lines);
done_testing();
