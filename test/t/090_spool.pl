# The parts of pg_sessionize_ingest under sanitizers: the tests in C (test/ingest/spool_test.c, body_test.c), with calls of the system
# that fail, and the fuzz targets with their inputs, for some seconds (scripts/fuzz-ingest runs them for long).
use strict;
use warnings;
use File::Temp;
use IngestCollector;
use Test::More;

IngestCollector::build('unit', 'fuzz');
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
is($planned, 35, 'none was left out');
@lines = `$IngestCollector::build/body_test 2>&1`;
is($?, 0, 'bodies, JSON and addresses') or diag(@lines);

# -- fuzz targets
my %inputs;
my $place = File::Temp->newdir;
open(my $file, '<', 'test/ingest/fuzz_inputs') or die $!;
while (<$file>)
{
	next unless /^(\w+) ([0-9a-f]+)$/;
	push @{ $inputs{$1} }, "$place/$1-$.";
	open(my $out, '>:raw', "$place/$1-$.") or die $!;
	print $out pack('H*', $2);
}
foreach my $target (qw(spool body http))
{
	my $said = `cd "$place" && "$IngestCollector::build/${target}_fuzz" 3 1 @{ $inputs{$target} } 2>&1`;

	is($?, 0, "fuzz target $target") or diag($said);
	my ($tried) = $said =~ /^ok: (\d+) inputs$/m;
	cmp_ok($tried // 0, '>', @{ $inputs{$target} }, 'its inputs and some that are made of them');
}
done_testing();
