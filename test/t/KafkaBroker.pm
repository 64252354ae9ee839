# KafkaBroker: what tests of Kafka share: a cluster in memory, of librdkafka, a real broker, and a feeder of numbered events.
package KafkaBroker;
use strict;
use warnings;
use Exporter 'import';
use IPC::Open2;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(build_kafka_tools start_mock tell_mock stop_mock fetch_broker start_broker kill_broker feed_kafka feed_behind);

our ($build, $reason, %mock, $jars, $broker);

# Build the tools; false if librdkafka is not there.
sub build_kafka_tools
{
	$build = PostgreSQL::Test::Utils::tempdir();
	return 0 unless system('pkg-config --exists rdkafka') == 0;
	for my $tool ('kafka_mock', 'feed_kafka')
	{
		system("cc -std=c11 -O1 -D_GNU_SOURCE -o '$build/$tool' test/ingest/$tool.c \$(pkg-config --cflags --libs rdkafka)") == 0 or die "$tool does not build";
	}
	return 1;
}

# Start a cluster with topics, each as NAME:PARTITIONS; returns the addresses.
sub start_mock
{
	my ($brokers, @topics) = @_;
	my ($out, $in);

	$mock{pid} = open2($out, $in, "$build/kafka_mock", $brokers, @topics);
	@mock{'in', 'out'} = ($in, $out);
	my $addresses = <$out>;
	chomp $addresses;
	return $addresses;
}

# Have the cluster do something, and wait until it has.
sub tell_mock
{
	my ($line) = @_;
	my ($in, $out) = @mock{'in', 'out'};

	print $in "$line\n";
	$in->flush;
	die "the mock cluster does not answer" unless <$out> eq "ok\n";
	return;
}

sub stop_mock
{
	close($mock{in});
	waitpid($mock{pid}, 0);
	return;
}

# Have the files of a real broker; false where Java or Maven is missing, or Maven can't download.
sub fetch_broker
{
	$jars = $ENV{KAFKA_JARS} || PostgreSQL::Test::Utils::tempdir();
	return system('test/ingest/real_broker', 'fetch', $jars) == 0;
}

# Start a real broker, which may have been killed, with its data in a directory.
sub start_broker
{
	my ($directory, $port) = @_;

	chomp($broker = `test/ingest/real_broker start $jars $directory $port`);
	die 'no broker' unless $broker;
	return;
}

# Kill the broker as a crash would, or by another signal.
sub kill_broker
{
	my ($signal) = @_;

	kill($signal // 'KILL', $broker);
	usleep(50_000) while kill(0, $broker);
	return;
}

# Send events in the background; returns the process.  What it was asked to send arrives, whatever happens to the broker meanwhile, if its exit
# status is 0.
sub feed_behind
{
	my ($log, @arguments) = @_;
	my $pid = fork() // die 'no process';

	return $pid if $pid;
	open(STDERR, '>>', $log);
	exec("$build/feed_kafka", @arguments) or die $!;
}

# Send the events first to first + count - 1; every bad-th can't be decoded.  Returns whether all have arrived.
sub feed_kafka
{
	my ($brokers, $topic, $first, $count, $bad, @transaction) = @_;

	return system("$build/feed_kafka", $brokers, $topic, $first, $count, $bad, @transaction) == 0;
}

1;
