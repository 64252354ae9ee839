#!/usr/bin/perl
# run.pl: times the cases of bench/cases side by side.  bench/side-by-side starts it, with the server up and the tables made.
#
#   perl run.pl REPORT CASE-FILE...
#
# Environment: RUNS; ONCE, seconds: a side whose first run takes longer is not run again, and that run is its figure; SIDES, a regular expression: only sides whose names match it are run, besides the first of each
# case, which says what is right, ours and the floor; DUCKDB_FILE and DUCKDB_THREADS (none: DuckDB's sides are skipped); PG* for psql.
#
# A case file is SQL with directives, "--# WORD VALUE", each followed by the text that belongs to it:
#
#   --# case NAME            what is measured; the case's own directives follow, up to its first side
#   --# setup, teardown      SQL for PostgreSQL around the whole case
#   --# run                  the timed statement; {} stands for the side's query
#   --# check                the statement whose one row must be the same for every side; {} likewise
#   --# before, after        SQL around each run, not timed
#   --# side NAME            one contestant; its text is its query.  run, check, before, after below it are its own
#   --# engine duckdb        where it runs (else PostgreSQL)
#   --# role ours|floor      whose median the ratios are to: of several that are ours, the first
#   --# needs FUNCTION       it is skipped where this function is not there
#   --# workers N            it runs a second time, with N parallel workers allowed for each Gather
use strict;
use warnings;
use utf8;
use FindBin;
use IO::Handle;
use IPC::Open2;
use JSON::PP;

my ($report_file, @case_files) = @ARGV;
my $runs   = $ENV{RUNS};
my $once   = $ENV{ONCE} || 60;
my $failed = 0;
my ($report, $plans, $samples, $psql_in, $psql_out, $duck_in, $duck_out);

# The engines -----------------------------------------------------------------------------------------------------

sub open_engines
{
	open2($psql_out, $psql_in, 'sh', '-c', 'exec psql -X -q -A -t 2>&1') or die "psql: $!";
	pg('\\timing on');
	return unless $ENV{DUCKDB_FILE};
	open2($duck_out, $duck_in, 'node', "$FindBin::Bin/duckdb.mjs", $ENV{DUCKDB_FILE}, $ENV{DUCKDB_THREADS});
	duck("SET timezone = 'UTC'");
	duck('SET preserve_insertion_order = false');
}

# Each returns (milliseconds of the last statement, its output or first row), or dies with the engine's message.
sub pg
{
	my ($sql) = @_;
	my ($ms, @lines);

	$sql =~ s/\s*;?\s*$/;/ unless $sql =~ /^\\/;
	print $psql_in "$sql\n\\echo --end--\n";
	$psql_in->flush;
	while (1)
	{
		my $line = <$psql_out> // die "psql is gone: @lines\n";
		chomp $line;
		last if $line eq '--end--';
		if ($line =~ /^Time: ([\d.]+) ms/) { $ms = $1 }
		else                                { push @lines, $line }
	}
	my ($error) = grep { /(ERROR|FATAL|PANIC):/ } @lines;
	die "$error\n" if $error;
	return ($ms, join("\n", grep { !/^(NOTICE|WARNING|DETAIL|HINT|Timing)/ } @lines));
}

sub duck
{
	my ($sql) = @_;

	print $duck_in encode_json({ sql => $sql }), "\n";
	$duck_in->flush;
	my $line = <$duck_out> // die "DuckDB is gone\n";
	my $answer = decode_json($line);
	die "$answer->{error}\n" if defined $answer->{error};
	return ($answer->{ms}, join('|', @{ $answer->{row} }));
}

sub execute
{
	my ($side, $sql) = @_;
	return $side->{engine} eq 'duckdb' ? duck($sql) : pg($sql);
}

# The cases -------------------------------------------------------------------------------------------------------

sub trim { my ($text) = @_; $text =~ s/^\s+|\s+$//g; return $text }

sub read_cases
{
	my @cases;

	for my $file (@_)
	{
		my ($owner, $word);
		open(my $in, '<', $file) or die "$file: $!";
		while (my $line = <$in>)
		{
			if ($line =~ /^--# (\w+) ?(.*)/)
			{
				my $value;
				($word, $value) = ($1, $2);
				if ($word eq 'case')
				{
					push @cases, $owner = { name => trim($value), sides => [] };
				}
				elsif ($word eq 'side')
				{
					my %inherited = map { $_ => $cases[-1]{$_} // '' } qw(run check before after);
					$owner = { name => trim($value), engine => 'pg', role => '', sql => '', workers => 0, %inherited };
					push @{ $cases[-1]{sides} }, $owner;
					$word = 'sql';
				}
					else                   { $owner->{$word} = "$value\n" }
				$word = 'sql' if $word =~ /^(engine|role|needs|workers)$/;
			}
			elsif (defined $owner && $word) { $owner->{$word} .= $line }
		}
	}
	finish_sides($_) for @cases;
	return @cases;
}

sub finish_sides
{
	my ($case) = @_;
	my @sides;

	my $wanted = $ENV{SIDES} || '.';
	my $first = $case->{sides}[0];
	for my $side (grep { $_ == $first || ($_->{role} // '') =~ /\w/ || $_->{name} =~ /$wanted/ } @{ $case->{sides} })
	{
		$side->{$_} = trim($side->{$_} // '') for qw(engine role needs workers sql run check before after);
		s/\{\}/$side->{sql}/g for @$side{qw(run check)};
		my $serial = { %$side, workers => 0 };
		push @sides, $serial;
		push @sides, { %$side, role => '', serial => $serial, name => "$side->{name}, $side->{workers} workers" }
		  if $side->{workers};
	}
	$case->{sides} = \@sides;
}

sub missing
{
	my ($side) = @_;

	return 'DuckDB is not there' if $side->{engine} eq 'duckdb' && !$duck_in;
	return '' unless $side->{needs};
	my (undef, $count) = pg("SELECT count(*) FROM pg_catalog.pg_proc p "
		  . "WHERE p.pronamespace::regnamespace::text || '.' || p.proname = '$side->{needs}'");
	return $count > 0 ? '' : "$side->{needs} is not there";
}

sub prepare
{
	my ($side) = @_;

	if ($side->{engine} eq 'pg')
	{
		pg('RESET ALL');
		pg("SET max_parallel_workers_per_gather = $side->{workers}");
		pg($side->{before}) if $side->{before};
		pg('CHECKPOINT');
	}
	elsif ($side->{before}) { duck($side->{before}) }
}

sub cleanup
{
	my ($side) = @_;
	execute($side, $side->{after}) if $side->{after};
}

# explain notes a side's plan.
sub explain
{
	my ($side) = @_;

	return if $side->{engine} ne 'pg' || $side->{run} =~ /^CALL/i;
	$side->{plan} = (pg("EXPLAIN (COSTS OFF) $side->{run}"))[1];
	print $plans "## $side->{name}\n\n$side->{plan}\n\n";
}

# record notes a time of a side; run 0 is the one that others follow only where it doesn't take too long.
sub record
{
	my ($case, $side, $run, $ms) = @_;

	push @{ $side->{ms} }, $ms;
	print $samples join("\t", $case->{name}, $side->{name}, $run, $ms), "\n";
}

# warm runs a side once and returns what its check says.
sub warm
{
	my ($case, $side) = @_;

	prepare($side);
	explain($side);
	if ($side->{serial} && $side->{plan} eq $side->{serial}{plan})
	{
		$side->{note} = 'the same plan';
		cleanup($side) if $side->{before};
		return undef;
	}
	my ($ms) = execute($side, $side->{run});
	$side->{once} = $ms > $once * 1000;
	record($case, $side, 0, $ms) if $side->{once};
	my $answer = $side->{check} ? (execute($side, $side->{check}))[1] : '';
	cleanup($side);
	say_progress(sprintf('  warm  %-58s %9.0f ms  %s', $side->{name}, $ms, $answer));
	return $answer;
}

# give_up notes why a side is not timed (any more), and that the whole run has failed.
sub give_up
{
	my ($side, $note) = @_;

	$side->{note} = $note;
	$failed++;
	say_progress("  $side->{name}: $note");
	eval { cleanup($side) };
}

# contestants drops the sides that can't run or whose answer differs from the first one's.
sub contestants
{
	my ($case) = @_;
	my ($expected, @kept);

	for my $side (@{ $case->{sides} })
	{
		if (my $why = missing($side))
		{
			$side->{note} = "skipped: $why";
			next;
		}
		my $answer = eval { warm($case, $side) };
		next if !defined $answer && $side->{note};
		if (!defined $answer)
		{
			give_up($side, 'FAILED: ' . trim($@));
		}
		elsif ($side->{check} && defined $expected && $answer ne $expected)
		{
			give_up($side, "DIFFERENT ANSWER: $answer, not $expected");
		}
		else
		{
			$expected //= $answer if $side->{check};
			push @kept, $side;
		}
	}
	$case->{answer} = $expected;
	return @kept;
}

sub measure
{
	my ($case) = @_;

	say_progress($case->{name});
	print $plans "# $case->{name}\n\n";
	if ($case->{setup}) { pg('RESET ALL'); pg($case->{setup}) }
	my @sides = contestants($case);
	for my $run (1 .. $runs)
	{
		for my $side (grep { !$_->{once} } @sides)
		{
			my $ms = eval { prepare($side); (execute($side, $side->{run}))[0] };
			if (!defined $ms)
			{
				delete $side->{ms};
				give_up($side, "FAILED in run $run: " . trim($@));
				next;
			}
			cleanup($side);
			record($case, $side, $run, $ms);
		}
		@sides = grep { !$_->{note} } @sides;
		say_progress("  run $run of $runs") if @sides;
	}
	if ($case->{teardown}) { pg('RESET ALL'); pg($case->{teardown}) }
}

# The report ------------------------------------------------------------------------------------------------------

sub say_progress { print STDERR "$_[0]\n" }

sub say_report
{
	my ($text) = @_;
	print $report $text;
	print $text;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted % 2 ? $sorted[ $#sorted / 2 ] : ($sorted[ @sorted / 2 - 1 ] + $sorted[ @sorted / 2 ]) / 2;
}

sub seconds { return sprintf('%.3f', $_[0] / 1000) }

sub ratio
{
	my ($side, $reference) = @_;
	return '' unless $reference && $reference->{ms};
	return sprintf('%.2f', median(@{ $side->{ms} }) / median(@{ $reference->{ms} }));
}

sub tabulate
{
	my ($case) = @_;
	my ($ours)  = grep { $_->{role} eq 'ours'  && $_->{ms} } @{ $case->{sides} };
	my ($floor) = grep { $_->{role} eq 'floor' && $_->{ms} } @{ $case->{sides} };

	my $bottom = $floor ? $floor->{name} =~ s/:.*//r : 'floor';

	say_report("\n### $case->{name}\n\n");
	say_report("| side | median s | min | max | ÷ ours | ÷ $bottom |\n|---|--:|--:|--:|--:|--:|\n");
	for my $side (@{ $case->{sides} })
	{
		my @ms = sort { $a <=> $b } @{ $side->{ms} // [] };
		my $name = $side->{role} eq 'ours' ? "**$side->{name}**" : $side->{name};
		$name .= ' (run once)' if $side->{once};
		say_report("| $name | " . (@ms
			? join(' | ', seconds(median(@ms)), seconds($ms[0]), seconds($ms[-1]), ratio($side, $ours), ratio($side, $floor))
			: "$side->{note} | | | |") . " |\n");
	}
	say_report("\nEvery side's answer: `$case->{answer}`\n") if defined $case->{answer};
}

# fastest returns the side of least median among those whose name begins so.
sub fastest
{
	my ($case, $prefix) = @_;
	my @sides = grep { $_->{ms} && index($_->{name}, $prefix) == 0 } @{ $case->{sides} };
	return (sort { median(@{ $a->{ms} }) <=> median(@{ $b->{ms} }) } @sides)[0];
}

sub in_words
{
	my ($side, $reference) = @_;
	return '–' unless $side;
	my $ratio = ratio($side, $reference);
	return seconds(median(@{ $side->{ms} })) . ($ratio ne '' && $side != $reference ? " (× $ratio)" : '');
}

sub summarize
{
	my (@cases) = @_;

	say_report("\n### In short: medians in seconds, and how many times ours\n\n");
	say_report("| work | ours | fastest plain SQL | fastest DuckDB | floor |\n|---|--:|--:|--:|--:|\n");
	for my $case (@cases)
	{
		my ($ours)  = grep { $_->{role} eq 'ours'  && $_->{ms} } @{ $case->{sides} };
		my ($floor) = grep { $_->{role} eq 'floor' && $_->{ms} } @{ $case->{sides} };
		say_report('| ' . join(' | ', $case->{name}, in_words($ours),
			map { in_words($_, $ours) } scalar fastest($case, 'plain SQL'), scalar fastest($case, 'DuckDB'), $floor) . " |\n");
	}
}

(my $stem = $report_file) =~ s/\.md$//;
open($report,  '>>:utf8', $report_file)     or die "$report_file: $!";
open($plans,   '>',  "$stem.plans.md") or die "$stem.plans.md: $!";
open($samples, '>',  "$stem.tsv")      or die "$stem.tsv: $!";
binmode(STDOUT, ':utf8');
$_->autoflush for $report, $plans, $samples, \*STDOUT;
open_engines();
my @cases = read_cases(@case_files);
for my $case (@cases)
{
	measure($case);
	tabulate($case);
}
summarize(@cases);
exit($failed ? 1 : 0);
