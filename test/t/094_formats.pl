# Messages in Avro, Protobuf and JSON, written by independent encoders, with and without a schema registry: test/ingest/formats.mjs.
use strict;
use warnings;
use Cwd;
use PostgreSQL::Test::Utils;
use Test::More;

my $build = PostgreSQL::Test::Utils::tempdir();
# npm keeps what it has fetched in a home directory
$ENV{HOME} = $build;
my $modules = $ENV{FORMAT_MODULES} || "$build/node_modules";

plan skip_all => 'node is not installed' unless system('node --version >/dev/null 2>&1') == 0;
plan skip_all => 'jansson, libcurl or libprotobuf is not installed' unless system('pkg-config --exists jansson libcurl protobuf') == 0;
plan skip_all => 'avsc and protobufjs can\'t be had from npm'
  unless -d $modules || system("cd '$build' && npm install --silent --no-audit --no-fund avsc@5 protobufjs@8 >npm.log 2>&1") == 0;

my $options = '-D_GNU_SOURCE -DWITH_AVRO -DWITH_REGISTRY -DWITH_PROTOBUF -Iingest -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all';
my @sources = qw(json_writer avro_schema avro_logical avro_decode schema_id registry_client schema_fetch schema_store format log);
for my $source ((map { "ingest/$_" } @sources), 'test/ingest/format_lines')
{
	(my $object = $source) =~ s{.*/}{};
	system("gcc -std=c11 $options -c -o '$build/$object.o' $source.c") == 0 or die "$source does not build";
}
system("g++ -std=c++17 $options \$(pkg-config --cflags protobuf) -o '$build/format_lines' ingest/protobuf_decode.cc '$build'/*.o \$(pkg-config --libs jansson libcurl protobuf) -pthread -lm") == 0
  or die 'the program does not build';

# the results are those of the script
open(my $results, '-|', 'node', 'test/ingest/formats.mjs', "$build/format_lines", $modules) or die $!;
while (my $line = <$results>)
{
	if (my ($not, $what) = $line =~ /^(not )?ok \d+ - (.*)/)
	{
	  SKIP:
		{
			skip $1, 1 if $what =~ /# SKIP (.*)/;
			ok(!$not, $what);
		}
	}
	elsif ($line !~ /^1\.\./)
	{
		diag($line);
	}
}
close($results);
is($? >> 8, 0, 'the script has come to its end');
done_testing();
