#!/usr/bin/env perl
# capture: what capture costs those who insert. Called by bench/capture on a private cluster.
#
#   perl bench/capture.pl ROWS RUNS PSQL DIR    ROWS by COPY; a tenth of them in batches of 1000; 5000 one by one
#
# Sides take turns, on the same rows. "index" is the table with the index that a pipeline needs and nothing else.
use strict;
use warnings;
use Time::HiRes qw(time);

my ($rows, $runs, $psql, $dir) = @ARGV;
my %sides = (
	bare     => '',
	index    => 'CREATE INDEX ON raw.events (user_id, occurred_at, event_id)',
	capture  => q{CREATE INDEX ON raw.events (user_id, occurred_at, event_id); SELECT sessionize.create_pipeline('web', 'raw.events', key => 'user_id')},
	xid8     => 'CREATE INDEX ON raw.events (user_id, occurred_at, event_id); ALTER TABLE raw.events ADD COLUMN written xid8 NOT NULL DEFAULT pg_current_xact_id(); CREATE INDEX ON raw.events (written)',
);
my @order = ('bare', 'index', 'capture', 'xid8');
my %took;

sub sql
{
	my ($sql) = @_;
	open(my $pipe, '|-', $psql, '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1') or die "psql: $!";
	print $pipe $sql;
	close($pipe) or die "psql failed\n";
}

# A fresh table of a side, and how long a script takes on it.
sub measure
{
	my ($side, $work, $script) = @_;
	sql("SET client_min_messages = warning; SELECT sessionize.drop_pipeline(pipeline_name) FROM sessionize.pipelines; DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw;
		CREATE TABLE raw.events (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid, user_id text, occurred_at timestamptz, received_at timestamptz DEFAULT now(), event_name text, page text, payload text);
		$sides{$side}; CHECKPOINT;");
	my $start = time;
	sql($script);
	push @{ $took{$work}{$side} }, time - $start;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[ $#sorted / 2 ];
}

my $columns = 'event_id, user_id, occurred_at, event_name, page, payload';
sql("SET client_min_messages = warning; DROP TABLE IF EXISTS sample; CREATE TABLE sample AS SELECT md5('e' || i)::uuid AS event_id, 'u' || (hashint8(i) & 2147483647) % ($rows / 20) AS user_id,
	'2026-01-01Z'::timestamptz + i * interval '50 ms' AS occurred_at, 'page_view' AS event_name, '/p/' || i % 997 AS page, repeat(md5(i::text), 10) AS payload
	FROM generate_series(1, $rows) AS i; COPY sample TO '$dir/sample.csv' (FORMAT csv); CREATE INDEX ON sample (event_id);");
my $some = int($rows / 10);
open(my $in, '<', "$dir/sample.csv") or die "$!";
my ($batches, $singles) = ('', "SET synchronous_commit = off;\n");
for my $n (1 .. $some)
{
	my $line = <$in>;
	chomp $line;
	my $values = '(' . join(', ', map { "'$_'" } split /,/, $line) . ')';
	$batches .= $n % 1000 == 1 ? "INSERT INTO raw.events ($columns) VALUES $values" : ", $values";
	$batches .= ";\n" if $n % 1000 == 0;
	$singles .= "INSERT INTO raw.events ($columns) VALUES $values;\n" if $n <= 5000;
}
close($in);
for my $run (0 .. $runs)
{
	for my $side (@order)
	{
		measure($side, 'COPY', "COPY raw.events ($columns) FROM '$dir/sample.csv' (FORMAT csv)");
		measure($side, 'batches of 1000', $batches);
		measure($side, 'single rows', $singles);
	}
	%took = () if $run == 0;
}
unlink "$dir/sample.csv";
print "| work | " . join(' | ', @order) . " | capture / index | xid8 / index |\n|---|" . '---|' x (@order + 2) . "\n";
for my $work ('COPY', 'batches of 1000', 'single rows')
{
	my %m = map { $_ => median(@{ $took{$work}{$_} }) } @order;
	printf "| %s | %s | %.2f | %.2f |\n", $work, join(' | ', map { sprintf '%.2f s', $m{$_} } @order), $m{capture} / $m{index}, $m{xid8} / $m{index};
}
