# KafkaBroker: what tests of Kafka share: a cluster in memory, of librdkafka, and a feeder of numbered events.
package KafkaBroker;
use strict;
use warnings;
use Exporter 'import';
use IPC::Open2;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(build_kafka_tools start_mock tell_mock stop_mock feed_kafka);

our ($build, $reason, %mock);

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

# Send the events first to first + count - 1; every bad-th can't be decoded.  Returns whether all have arrived.
sub feed_kafka
{
	my ($brokers, $topic, $first, $count, $bad, @transaction) = @_;

	return system("$build/feed_kafka", $brokers, $topic, $first, $count, $bad, @transaction) == 0;
}

1;
