# Random histories of raw rows, refreshed at random moments: after each refresh the star is what a pipeline that is made
# and rebuilt then has (unless it is sealed), what brute force says (SessionOracle), what the live views and those of rollups said before, and what verify and reconcile say.
# In some of them contracts come, change and go; brute force then says which rows they keep out.
#
#   SEED=N        the histories of this seed; each run prints its own
#   HISTORIES=N   how many
#   STEPS=N       how many refreshes each
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionOracle qw(columns expected_persons expected_sessions lacks stored_sessions);
use Test::More;

my $seed = $ENV{SEED} // time();
my $histories = $ENV{HISTORIES} // 6;
my $steps = $ENV{STEPS} // 25;
my %zones = ('Asia/Tokyo' => 9 * 60, 'Asia/Kathmandu' => 345, 'UTC' => 0);
# a zone for each event; NULL is UTC
my $row_zone = "CASE page WHEN '/1' THEN 'Asia/Tokyo' WHEN '/2' THEN 'Asia/Kathmandu' WHEN '/3' THEN '' END";
my @told;    # the statements of this history
my $seal_days; # a seal is never in the future
my %count;

srand($seed);
diag("SEED=$seed HISTORIES=$histories STEPS=$steps");

sub one_of { return $_[ rand @_ ]; }
sub one_in { return rand($_[0]) < 1; }
sub some { my ($n, $make) = @_; return map { $make->() } 1 .. 1 + int rand $n; }
sub quoted { my ($text) = @_; return 'NULL' if !defined $text; $text =~ s/'/''/g; return "'$text'"; }
sub minutes { return defined $_[0] ? $_[0] * 60_000_000 : undef; }

my $node = PostgreSQL::Test::Cluster->new('histories');
$node->init(extra => [ '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nsessionize.large_key_rows = 20\nmax_prepared_transactions = 10\nlog_statement = none\nlog_min_messages = fatal\n");
$node->start;

# One session for everything, for speed.
my ($in, $out, $err) = ('', '', '');
my $psql = IPC::Run::start([ 'psql', '-XAqt', '-F', "\x1f", '-P', 'null=\N', '-d', $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(600));

# What a statement returns; what it complains of is a failure, unless that is to be expected.
sub ask
{
	my ($sql, $expected) = @_;

	($out, $err) = ('', '');
	$in .= "$sql\n;\\echo \x04\n\\warn \x04\n";
	$psql->pump until $out =~ /\x04\n$/ && $err =~ /\x04\n$/;
	my ($answer, $complaint) = ($out, $err);
	s/\x04\n$// foreach $answer, $complaint;
	give_up("$sql\n$complaint") if $complaint =~ /\S/ && !(defined $expected && $complaint =~ $expected);
	return $answer;
}

# A statement of the history.
sub perform { my ($sql, $expected) = @_; push @told, $sql; return ask($sql, $expected); }

sub give_up
{
	my ($why) = @_;
	my $file = "$PostgreSQL::Test::Utils::log_path/052_history.sql";

	PostgreSQL::Test::Utils::append_to_file($file, join(";\n", @told) . ";\n");
	fail("SEED=$seed, after " . scalar(@told) . ' statements');
	diag($why);
	diag("the history: $file");
	done_testing();
	exit 1;
}

ask(q{
	CREATE EXTENSION pg_sessionize;
	SET client_min_messages = warning;
	SET timezone = 'America/New_York';
	SET lock_timeout = '20s';
	SET sessionize.rebuild_piece_rows = 1;
	CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$;
	CREATE FUNCTION differences(a text, b text, relation_a text, relation_b text, columns text, condition text DEFAULT 'true') RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		n bigint;
	BEGIN
		EXECUTE format('WITH a AS MATERIALIZED (SELECT %s FROM %I.%I WHERE %s), b AS MATERIALIZED (SELECT %1$s FROM %I.%I WHERE %4$s)
			SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', columns, a, relation_a, condition, b, relation_b) INTO n;
		RETURN n;
	END $$;
});

$seal_days = ask("SELECT greatest(0, extract(day FROM now() - '2026-03-08Z')::int)");

# Rows

my ($rows_made, %held, $prepared, @prepared, @anew, $partitioned, $detached);

# In a calm history refreshes read windows of keys: long histories of few keys, clocks that are right as a rule, few copies, or with
# unique none; what changes between two refreshes lies around one time (in minutes from the first day on) as a rule.
my (%style, $focus);

sub seldom { my ($calm, $else) = @_; return one_in($style{calm} ? $calm : $else); }

# Times lie on a coarse grid, so that they are often the same, a gap apart, or a microsecond more or less.
sub some_time
{
	my $usecs = (defined $focus && !one_in(60) ? int($focus / 10) + int(rand 40) - 20 : int rand 144 * $style{days}) * 600_000_000 + one_of(0, 0, 0, 1, -1, int rand 60_000_000);

	return sprintf("'2026-03-07 00:00Z'::timestamptz + interval '%d microseconds'", $usecs);
}

sub some_row
{
	my $time = defined $focus || one_in(4) ? some_time() : sprintf("'2026-03-07Z'::timestamptz + interval '%d days %d minutes'", rand($style{days} - 1), 10 * int rand 60);
	my $off = $style{calm} && !one_in(40) ? 0 : one_of(0, 0, 0, 1, 30, 300, -300, 301, -301, 7200, -7200);
	my $occurred = seldom(300, 30) ? 'NULL' : seldom(300, 40) ? one_of("'infinity'", "'-infinity'", "'10000-01-01'", "'9999-12-30 23:59:59.999999Z'", "'9999-12-31Z'") : $time;
	my $sent = one_in(3) ? "$time + interval '20 seconds'" : seldom(600, 60) ? "'infinity'" : 'NULL';
	my $received = seldom(300, 8) ? 'NULL' : "$time + interval '$off seconds'";

	return sprintf('(%d, %s, %s, %s, %s, %s, %s, %s, %s, %s)', ++$rows_made, some_id(), quoted(one_of('page_view', 'page_view', 'click', undef)),
		some_visitor(), quoted(seldom(20, 5) ? 'u' . int rand 5 : undef), some_page(), $occurred, $sent, $received, one_in(12) ? 'true' : one_of('false', 'NULL'));
}

sub some_id
{
	return quoted(one_in(12) ? undef : "f$rows_made") if $style{unique};
	return quoted(one_in(12) ? undef : seldom(8, 3) ? 'e' . int rand($style{calm} ? 200 : 30) : one_in(20) ? 'é' : 'f' . $rows_made);
}

sub some_visitor { return quoted(one_in(25) ? undef : $style{calm} && !one_in(8) ? one_of('a', 'b') : one_of('a', 'a', 'a', 'A', 'b', 'B', 'é', "o'x")); }
sub some_page { return quoted(one_in(9) ? undef : '/' . int rand 9); }

# Rows there were; those of a prepared transaction are its own.
sub some_rows
{
	my $others = join(', ', 0, sort keys %held);

	return join(', ', grep { !$held{$_} } some(6, sub { int(rand $rows_made) + 1 })) || 0 if !defined $focus || one_in(60);
	return sprintf("SELECT raw_id FROM raw WHERE occurred_at BETWEEN '2026-03-07Z'::timestamptz + interval '%d minutes' AND '2026-03-07Z'::timestamptz + interval '%d minutes'
		AND raw_id NOT IN ($others) ORDER BY md5(raw_id || 's%d') LIMIT %d", $focus - 200, $focus + 200, rand 1000, 1 + rand 4);
}

sub insert { return 'INSERT INTO raw VALUES ' . join(', ', some($_[0] // 8, \&some_row)); }

sub change
{
	my ($which) = @_;
	my $what = one_of(
		sub { 'occurred_at = ' . some_time() },
		sub { "occurred_at = occurred_at + interval '" . one_of(-30, 30, 10, -1440) . " minutes'" },
		sub { 'visitor = ' . some_visitor() },
		sub { $style{unique} ? "event_id = event_id || 'x'" : 'event_id = ' . some_id() },
		sub { 'page = ' . some_page() . ', event_name = ' . quoted(one_of('page_view', 'click')) },
		sub { 'user_id = ' . quoted(one_of('u1', 'u2', undef)) },
		sub { 'flag = NOT coalesce(flag, false)' },
		sub { seldom(6, 1) ? 'received_at = ' . one_of('NULL', some_time()) : 'page = NULL' },
		sub { seldom(6, 1) ? "sent_at = received_at - interval '" . one_of(299, 300, 301, 7000) . " seconds'" : "event_name = 'click'" },
		sub { 'raw_id = raw_id + 100000' },
		sub { 'page = page' })->();

	return "UPDATE raw SET $what WHERE raw_id IN ($which)";
}

sub remove
{
	my $others = join(', ', 0, keys %held);

	return seldom(100, 12) ? 'DELETE FROM raw WHERE visitor IS NOT DISTINCT FROM ' . some_visitor() . " AND raw_id NOT IN ($others)" : 'DELETE FROM raw WHERE raw_id IN (' . some_rows() . ')';
}

sub statement { return one_of(sub { insert() }, sub { insert() }, sub { change(some_rows()) }, sub { change(some_rows()) }, sub { remove() })->(); }
sub statements { return join('; ', some(4, \&statement)); }

sub prepare
{
	my @own = grep { !$held{$_} && $_ % 5 == 0 } map { int(rand $rows_made) + 1 } 1 .. 10;
	my $own = join(', ', @own) || 0;
	my $name = 'p' . ++$prepared;

	$held{$_} = $name foreach @own;
	push @prepared, $name;
	return 'BEGIN; ' . join('; ', insert(), change($own), one_in(2) ? "DELETE FROM raw WHERE raw_id IN ($own)" : change($own)) . "; PREPARE TRANSACTION '$name'";
}

sub finish_prepared
{
	my $name = splice(@prepared, rand @prepared, 1);

	delete @held{ grep { $held{$_} eq $name } keys %held };
	return (one_in(3) ? 'ROLLBACK' : 'COMMIT') . " PREPARED '$name'";
}

# What somebody does to the raw rows, as statements that leave no transaction open.
sub deed
{
	my $kind = one_of(qw(plain plain plain block rollback savepoint release procedure prepare finish));

	$kind = 'plain' if $kind eq 'finish' && !@prepared || $kind eq 'prepare' && @prepared > 2;
	$count{$kind}++;
	return prepare() if $kind eq 'prepare';
	return finish_prepared() if $kind eq 'finish';
	return 'BEGIN; ' . statements() . '; COMMIT' if $kind eq 'block';
	return 'BEGIN; ' . statements() . '; ROLLBACK' if $kind eq 'rollback';
	return 'BEGIN; ' . join('; SAVEPOINT s; ', statements(), statements()) . '; ROLLBACK TO s; ' . statements() . '; COMMIT' if $kind eq 'savepoint';
	return 'BEGIN; ' . join('; SAVEPOINT s; ', statements(), statements()) . '; RELEASE s; ' . statements() . '; COMMIT' if $kind eq 'release';
	return 'DO $$ BEGIN ' . statements() . '; COMMIT; ' . statements() . '; ' . one_of('ROLLBACK', 'COMMIT', 'NULL') . '; END $$' if $kind eq 'procedure';
	return statement();
}

# Pipelines

sub some_rules
{
	return {
		gap => one_of(10, 30, 30, 60), max_duration => one_of(undef, 60, 1440), max_events => one_of(undef, undef, 2, 5), midnight => one_of(undef, keys_of(\%zones), $row_zone),
		dedup_window => $style{calm} ? one_of(0, 10, 60, 1440, 10080, undef) : one_of(undef, 0, 60, 10080), skew_threshold => one_of(undef, 1, 5), max_lead => one_of(undef, 0, 5), time_zone => one_of(keys_of(\%zones), $row_zone),
	};
}

# The last zone for all events; rows that were sealed before each event got its own have it still.
sub note_zone { my ($pipeline) = @_; my $zone = $pipeline->{rules}{midnight}; $pipeline->{zone} = $zone if !defined $zone || $zone ne $row_zone; return $pipeline; }

sub keys_of { return sort keys %{ $_[0] }; }

sub arguments
{
	my ($rules) = @_;

	return join(', ', map { "$_ => " . (!defined $rules->{$_} ? 'NULL' : /zone|midnight/ ? quoted($rules->{$_}) : /events/ ? $rules->{$_} : "'$rules->{$_} minutes'") } keys_of($rules));
}

sub create
{
	my ($pipeline, $name, $capture) = @_;

	return "SELECT sessionize.create_pipeline('$name', 'raw', " . arguments($pipeline->{rules})
	  . join('', map { ", $_ => " . quoted($pipeline->{mapping}{$_}) } keys_of($pipeline->{mapping})) . ", store_events => $pipeline->{store_events}, loaded_at => " . one_of('true', 'false') . ", capture => $capture)";
}

sub some_pipeline
{
	my ($name) = @_;
	my %mapping = (key => one_of('visitor', 'visitor', 'lower(visitor)', 'coalesce(visitor, user_id)'));

	$mapping{restart} = 'flag' if one_in(2);
	$mapping{restart_on_change} = one_of('user_id', 'user_id', 'page', "CASE event_name WHEN 'click' THEN length(page) END") if one_in(3);
	$mapping{raw_id} = '' if one_in(4);
	$mapping{event_time} = one_of('received_at', 'coalesce(occurred_at, received_at)') if one_in(4);
	return note_zone({ name => $name, rules => some_rules(), mapping => \%mapping, kept => [], measures => [], dimensions => [], links => {}, excluded => {}, store_events => one_in(5) ? 'false' : 'true' });
}

# Measures, of values that copies of an event can't have without a conflict.

sub some_measure
{
	my ($pipeline) = @_;
	my ($kind, $expression) = @{ one_of([ 'count' ], [ 'sum', 'length(page)' ], [ 'sum', 'length(page)::numeric / 8' ], [ 'min', 'page' ], [ 'max', 'page' ], [ 'first', 'page' ],
		[ 'last', 'user_id' ], [ 'last', 'occurred_at' ], [ 'count_distinct', 'page' ], [ 'any' ], [ 'active_time' ], [ 'duplicates' ], [ 'conflicts' ], [ 'corrected' ], [ 'clamped' ]) };
	my $filter = $kind eq 'any' || one_in(2) ? one_of("event_name = 'click'", "page IN ('/1', '/3', '/5')", "user_id IS NOT NULL") : undef;

	return { name => one_of('m', 'Ö l') . ++$pipeline->{measured}, parts => [ quoted($kind), quoted($expression), quoted($filter) ] };
}

sub add_measure { my ($name, $measure) = @_; return "SELECT sessionize.add_measure('$name', '$measure->{name}', " . join(', ', @{ $measure->{parts} }) . ')'; }

sub change_measures
{
	my ($pipeline) = @_;
	my $measures = $pipeline->{measures};

	$pipeline->{built} = 0;
	if (@$measures > 2 || @$measures && one_in(3))
	{
		my $measure = splice @$measures, rand @$measures, 1;
		return perform("SELECT sessionize.drop_measure('$pipeline->{name}', '$measure->{name}')");
	}
	push @$measures, some_measure($pipeline);
	perform(add_measure($pipeline->{name}, $measures->[-1]));
}

# Dimensions, of such values as well.

sub some_dimension
{
	my ($pipeline) = @_;
	my %values = (page => 'page', user => 'user_id', name => 'event_name', at => 'occurred_at', length => 'length(page)', 'of day' => 'length(page)::numeric / 4');
	my @attributes = grep { one_in(2) } sort keys %values;
	my $of_events = $pipeline->{store_events} eq 'true' && one_in(3);
	my $pick = one_of($of_events ? qw(first last_known) : qw(first last first_not_null last_not_null entry exit last_known));

	@attributes = ('page') if !@attributes;
	my $name = one_of('d', 'Ä l') . ++$pipeline->{measured};
	my $object = "'{" . join(', ', map { qq{"$_": "$values{$_}"} } @attributes) . "}'";
	return { name => $name, of_events => $of_events, has_versions => $of_events && $pick eq 'last_known', columns => [ map { "$name\_$_" } @attributes ],
		arguments => $object . ($of_events ? ", grain => 'event'" : '') . ", pick => '$pick'",
		document => "jsonb_build_object('name', '$name', 'attributes', ${object}::jsonb, 'pick', '$pick', 'grain', '" . ($of_events ? 'event' : 'session') . "')" };
}

sub add_dimension { my ($name, $dimension) = @_; return "SELECT sessionize.add_dimension('$name', '$dimension->{name}', $dimension->{arguments})"; }

sub change_dimensions
{
	my ($pipeline) = @_;
	my $dimensions = $pipeline->{dimensions};

	$pipeline->{built} = 0;
	if (@$dimensions > 2 || @$dimensions && one_in(3))
	{
		my $dimension = splice @$dimensions, rand @$dimensions, 1;
		return perform("SELECT sessionize.drop_dimension('$pipeline->{name}', '$dimension->{name}')");
	}
	push @$dimensions, some_dimension($pipeline);
	perform(add_dimension($pipeline->{name}, $dimensions->[-1]));
}

sub dimension_columns
{
	my ($pipeline, $of_events) = @_;
	return map { my $dimension = $_; map { qq{"$_"} } @{ $dimension->{columns} } } grep { !$_->{of_events} == !$of_events } @{ $pipeline->{dimensions} };
}

sub sessions_of { my ($pipeline) = @_; return join(', ', session_columns(), (map { qq{"$_->{name}"} } @{ $pipeline->{measures} }), dimension_columns($pipeline, 0)); }

sub alter
{
	my ($pipeline) = @_;
	my $rules = some_rules();
	my %set = map { defined $rules->{$_} ? ($_ => $rules->{$_}) : () } keys %$rules;
	my @unset = grep { !defined $rules->{$_} } keys_of($rules);

	$pipeline->{rules} = $rules;
	note_zone($pipeline);
	$pipeline->{built} = 0;
	return "SELECT sessionize.alter_pipeline('$pipeline->{name}', " . arguments(\%set) . ", unset => '{" . join(',', @unset) . "}', loaded_at => " . one_of('true', 'false', 'NULL') . ')';
}

# Another mapping. What is sealed keeps the key, the times and the ids that it has.
sub alter_mapping
{
	my ($pipeline) = @_;
	my $sealed = defined $pipeline->{sealed_before} || @{ $pipeline->{kept} };
	my %choices = (page => [ 'page', 'upper(page)', '' ], user_id => [ 'user_id', '', 'event_name' ], restart => [ 'flag', '' ], event_name => [ 'event_name', 'coalesce(event_name, page)', '' ]);
	my %set;

	%choices = (%choices, key => [ 'visitor', 'lower(visitor)', 'coalesce(visitor, user_id)' ], event_time => [ 'occurred_at', 'received_at', 'coalesce(occurred_at, received_at)' ],
		sent_at => [ 'sent_at', '' ], received_at => [ 'received_at', '' ], event_id => [ 'event_id', 'lower(event_id)', '' ], raw_id => [ 'raw_id', '' ]) if !$sealed;
	$set{$_} = one_of(@{ $choices{$_} }) foreach some(2, sub { one_of(keys_of(\%choices)) });
	$pipeline->{mapping}{$_} = $set{$_} foreach keys %set;
	$pipeline->{built} = 0;
	return "SELECT sessionize.alter_pipeline('$pipeline->{name}', " . join(', ', map { "$_ => " . quoted($set{$_}) } keys_of(\%set)) . ')';
}

# Rollups, which verify() compares with the facts, and their live views with what they are after the refresh. Their measures are those of every pipeline, and those that the history drops again.

sub rollups_of
{
	my ($pipeline) = @_;

	return ([ 'r_days', '{day,entry_page,started_by,is_bounce}', '{events,duplicates,conflicts,duration}', 'session' ], [ 'r_months', '{month}', '{}', 'session' ],
		$pipeline->{store_events} eq 'true' ? [ 'r_hours', '{hour,event_name,page}', '{page_view}', 'event' ] : ());
}

sub create_rollups
{
	my ($pipeline) = @_;

	perform("SELECT sessionize.create_rollup('$pipeline->{name}', '$_->[0]', '$_->[1]', '$_->[2]', '$_->[3]', " . one_of('true', 'false') . ')') foreach rollups_of($pipeline);
}

# A rollup is dropped and created anew, or one more is made of a measure.
sub change_rollups
{
	my ($pipeline) = @_;
	my $rollup = one_of(rollups_of($pipeline));

	perform("SELECT sessionize.drop_rollup('$pipeline->{name}', '$rollup->[0]')");
	perform("SELECT sessionize.create_rollup('$pipeline->{name}', '$rollup->[0]', '$rollup->[1]', '$rollup->[2]', '$rollup->[3]', " . one_of('true', 'false') . ')');
}

# All of the definition, with the measures in another order.
sub apply_definition
{
	my ($pipeline) = @_;
	my $rules = $pipeline->{rules} = some_rules();
	note_zone($pipeline);
	my @pairs = map { ("'$_'", !defined $rules->{$_} ? 'NULL' : /zone|midnight/ ? quoted($rules->{$_}) : /events/ ? $rules->{$_} : "'$rules->{$_} minutes'") } keys_of($rules);
	my @measures = map { my ($kind, $expression, $filter) = @{ $_->{parts} }; "jsonb_build_object('name', '$_->{name}', 'kind', $kind, 'expression', $expression, 'filter', $filter)" }
	  reverse @{ $pipeline->{measures} };

	push @pairs, "'$_'", quoted($pipeline->{mapping}{$_}) foreach keys_of($pipeline->{mapping});
	$pipeline->{built} = 0;
	return "SELECT sessionize.alter_pipeline('$pipeline->{name}', definition => jsonb_build_object('store_events', $pipeline->{store_events}, "
	  . join(', ', @pairs, "'measures'", 'jsonb_build_array(' . join(', ', @measures) . ')', "'dimensions'", 'jsonb_build_array(' . join(', ', map { $_->{document} } reverse @{ $pipeline->{dimensions} }) . ')',
		"'rollups'", 'jsonb_build_array(' . join(', ', map { "jsonb_build_object('name', '$_->[0]', 'by', to_jsonb('$_->[1]'::text[]), 'measures', to_jsonb('$_->[2]'::text[]), 'grain', '$_->[3]')" } rollups_of($pipeline)) . ')') . '))';
}

# The raw table taken away, changed and given back.
sub attach_again
{
	my ($pipeline) = @_;

	perform("SELECT sessionize.detach_source('$pipeline->{name}')");
	perform(statement()) foreach 1 .. 3;
	perform("SELECT sessionize.attach_source('$pipeline->{name}', 'raw')");
	$pipeline->{built} = 0;
}

sub change_definition { my ($pipeline) = @_; return one_of(\&alter, \&alter_mapping, \&alter_mapping, \&apply_definition)->($pipeline); }

# Sealing. Each pipeline's rows as they were sealed are kept here; where there was no seal, sealed_before is undef.

# The rows of a pipeline's view "source", as SessionOracle takes them.
sub source_rows
{
	my ($pipeline) = @_;

	# in UTC, where the digest of a row without an id is the one that is stored
	return map { [ map { $_ eq '\N' ? undef : $_ } split /\x1f/, $_, -1 ] } split /\n/,
	  ask("BEGIN; SET LOCAL timezone = 'UTC'; SELECT " . columns() . " FROM $pipeline->{name}.source; COMMIT");
}

sub usecs_of
{
	my ($pipeline) = @_;
	my %rules = %{ $pipeline->{rules} };

	$rules{$_} = minutes($rules{$_}) foreach qw(gap max_duration dedup_window skew_threshold max_lead);
	$rules{zones} = { '' => 0, map { $_ => minutes($zones{$_}) } keys %zones } if defined $rules{midnight} && $rules{midnight} eq $row_zone;
	$rules{midnight} = minutes($zones{ $rules{midnight} }) if defined $rules{midnight} && !$rules{zones};
	return \%rules;
}

# A row's event time, undef where it has none or no key; and what it is known by.
sub time_of { my ($row, $rules) = @_; return defined $row->[0] && defined $row->[2] ? SessionOracle::event_time(@$row[ 3 .. 5 ], $rules) : undef; }
sub known_by { my ($row, $time) = @_; return join('|', map { $_ // '~' } @$row[ 0 .. 2 ], $time); }

# The raw rows that are kept ones, those that are not, and those that are no events.
sub told_apart
{
	my ($pipeline, $rows, $rules) = @_;
	my (%kept, @twins, @others, @none);

	push @{ $kept{ known_by($_, time_of($_, $rules)) } }, $_ foreach grep { defined time_of($_, $rules) } @{ $pipeline->{kept} };
	foreach my $row (@$rows)
	{
		my $time = time_of($row, $rules);
		my $same = defined $time ? $kept{ known_by($row, $time) } : undef;
		if (!defined $time) { push @none, $row; }
		elsif ($same && @$same) { push @twins, [ shift @$same, $time ]; }
		else { push @others, [ $row, $time ]; }
	}
	return (\@twins, \@others, \@none);
}

# The rows that count, and those that are late as lines.
sub counted_and_late
{
	my ($pipeline, $rules) = @_;
	my (undef, $others, $none) = told_apart($pipeline, [ source_rows($pipeline) ], $rules);
	my $late = sub { return defined $pipeline->{sealed_before} && $_[0][1] < $pipeline->{sealed_before}; };

	my @kept = map { my @row = @$_; $row[10] //= $pipeline->{zone}; \@row } @{ $pipeline->{kept} };
	return ([ @kept, @$none, map { $_->[0] } grep { !$late->($_) } @$others ], map { known_by(@$_) } grep { $late->($_) } @$others);
}

# Contracts about the whole row, as a tracking plan of random versions. What a version says never changes; what else is right, plain SQL says.
my @rules = (
	[ '{"properties": {"page": {"enum": [null, "/1", "/2", "/3", "/4", "/5"]}}}', "coalesce(doc ->> 'page', '/1') NOT IN ('/1', '/2', '/3', '/4', '/5')" ],
	[ '{"properties": {"user_id": {"type": "null"}}}', "doc ->> 'user_id' IS NOT NULL" ],
	[ '{"properties": {"flag": {"const": true}}}', "doc ->> 'flag' IS DISTINCT FROM 'true'" ],
	[ 'true', 'false' ]);

sub change_contracts
{
	my ($pipeline, $strict) = @_;
	my %active = map { one_in(2) ? ($_ => { rule => int rand @rules, mode => one_of('warn', 'quarantine', 'quarantine') }) : () } ('', 'click', 'page_view');
	my $unplanned = one_of('count', 'count', 'warn', 'quarantine');
	my @contracts;

	$active{''} = { rule => 2, mode => 'quarantine' } if $strict;

	foreach my $event ('', 'click', 'page_view')
	{
		foreach my $i (0 .. $#rules)
		{
			my $is_active = $active{$event} && $active{$event}{rule} == $i;
			next if !$is_active && one_in(2);
			push @contracts, sprintf('{"event_name": %s, "version": "1-0-%d", "schema": %s, "about": "*", "mode": "%s", "activate": %s, "compatibility": "NONE"}',
				$event eq '' ? 'null' : qq{"$event"}, $i, $rules[$i][0], $active{$event}{mode} // 'quarantine', $is_active ? 'true' : 'false');
		}
	}
	delete $active{$_} foreach grep { !defined $active{$_}{rule} } keys %active;
	$pipeline->{contracts} = \%active;
	$pipeline->{unplanned} = $unplanned;
	perform("SELECT count(*) FROM sessionize.apply_tracking_plan('$pipeline->{name}', '{\"contracts\": [" . join(', ', @contracts) . "], \"rules\": {\"unplanned\": \"$unplanned\"}}', false)", qr/no event will be checked/);
	$count{contracts}++;
}

# The condition for an event that contracts keep out.
sub kept_out
{
	my ($pipeline, $doc, $name) = @_;
	my $active = $pipeline->{contracts} // {};
	my @conditions = ('false');

	foreach my $event (keys_of($active))
	{
		my $condition = $rules[ $active->{$event}{rule} ][1] =~ s/\bdoc\b/$doc/r;
		push @conditions, $event eq '' ? $condition : "($name) IS NOT DISTINCT FROM '$event' AND $condition" if $active->{$event}{mode} eq 'quarantine';
	}
	push @conditions, "coalesce($name, '') NOT IN (" . join(', ', "''", map { "'$_'" } grep { $_ ne '' } keys_of($active)) . ") OR ($name) IS NULL" if %$active && $pipeline->{unplanned} eq 'quarantine';
	return join(' OR ', map { "($_)" } @conditions);
}

# The rows in the quarantine by contracts are those that plain SQL says. What no event could be made of anyway is there for that reason.
sub as_contracts
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};
	my $event = $pipeline->{mapping}{event_name} // 'event_name';
	my %name_of = ('' => 'NULL::text', 'event_name' => "q.raw_row ->> 'event_name'", 'coalesce(event_name, page)' => "coalesce(q.raw_row ->> 'event_name', q.raw_row ->> 'page')");

	return if defined $pipeline->{sealed_before};
	my $expected = ask("SELECT (SELECT count(*) FROM (SELECT s.event_name, to_jsonb(r) AS doc FROM $name.source AS s JOIN raw AS r ON r.tableoid = s.raw_table AND r.ctid = s.raw_ctid) AS t WHERE "
		. kept_out($pipeline, 't.doc', 't.event_name') . ") - (SELECT count(*) FROM $name.quarantine AS q WHERE reason NOT IN ('contract', 'unplanned') AND (" . kept_out($pipeline, 'q.raw_row', $name_of{$event}) . '))');
	holds('rows kept out by contracts', ask("SELECT count(*) FROM $name.quarantine WHERE reason IN ('contract', 'unplanned')"), $expected);
	$count{kept_out} += $expected;
}

sub seal
{
	my ($pipeline) = @_;
	# while it is held, nothing can be sealed
	look_at_fuse($pipeline);
	my $rules = usecs_of($pipeline);
	my $from = $pipeline->{sealed_before};
	my $days = $style{calm} && one_in(3) ? $style{days} : 3;
	my $minutes = one_in(6) ? undef : 10 * int rand(144 * ($days < $seal_days ? $days : $seal_days));
	my $before = defined $minutes ? 1_772_841_600_000_000 + minutes($minutes) : -9e18;
	my $take_late = one_in(3) ? 1 : 0;
	my ($twins, $others) = told_apart($pipeline, [ source_rows($pipeline) ], $rules);
	my %gone = map { $_->[0] => 1 } grep { $_->[1] >= $before } @$twins;
	my @added = grep { $_->[1] < $before && ($take_late || !defined $from || $_->[1] >= $from) } @$others;
	my $told = perform("SELECT sealed, unsealed FROM sessionize.seal('$pipeline->{name}', "
		. (defined $minutes ? "'2026-03-07 00:00Z'::timestamptz + interval '$minutes minutes'" : "'-infinity'") . ', take_late => ' . ($take_late ? 'true' : 'false') . ')');

	if ($style{contracts})
	{
		$pipeline->{sealed_before} = ask("SELECT sealed_before IS NOT NULL FROM sessionize.pipelines WHERE pipeline_name = '$pipeline->{name}'") eq "t\n" ? $before : undef;
		return;
	}
	holds('rows sealed and unsealed', $told, scalar(@added) . "\x1f" . scalar(keys %gone) . "\n");
	foreach (@added) { $_->[0][10] //= 'UTC' if $rules->{zones}; }
	$pipeline->{kept} = [ (grep { !$gone{$_} } @{ $pipeline->{kept} }), map { $_->[0] } @added ];
	# one that is taken back, with nothing left of it, is none
	$pipeline->{sealed_before} = defined $minutes || @{ $pipeline->{kept} } ? $before : undef;
	holds('there is a seal', ask("SELECT sealed_before IS NOT NULL FROM sessionize.pipelines WHERE pipeline_name = '$pipeline->{name}'"), defined $pipeline->{sealed_before} ? "t\n" : "f\n");
	$count{sealed} += @added;
}

# The partition with the rows of the first day goes, with them. Whom its seal covers, need not be told.
sub drop_partition
{
	my (@pipelines) = @_;
	my $way = one_of('DROP TABLE raw_1', 'DROP TABLE raw_1', 'TRUNCATE raw_1', 'ALTER TABLE raw DETACH PARTITION raw_1; DROP TABLE raw_1');

	perform($way);
	perform("CREATE TABLE raw_1 PARTITION OF raw FOR VALUES FROM ('2026-03-07Z') TO ('2026-03-08Z')") if $way =~ /DROP/;
	foreach my $pipeline (@pipelines)
	{
		my $lead = $pipeline->{rules}{max_lead};
		my $covers = defined $pipeline->{sealed_before} && defined $lead && $pipeline->{sealed_before} >= 1_772_928_000_000_000 + minutes($lead);
		my $need = ask("SELECT count(*) > 0 FROM sessionize.rebuild_need JOIN sessionize.pipeline USING (pipeline_id) WHERE pipeline_name = '$pipeline->{name}'") eq "t\n";

		holds('a dropped partition that the seal covers', $need ? 1 : 0, 0) if $covers;
		$count{covered} += $covers ? 1 : 0;
		next if !$need;
		# its live views don't know
		$pipeline->{built} = 0;
		check($pipeline, 'rebuild');
	}
}

# What must hold

sub session_columns { return 'session_key, user_id, started_at, ended_at, expires_at, duration, date, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts'; }
my $events = 'event_time, session_key, user_id, event_name, page, page_view, date, session_started_at, event_id, raw_id';
sub events_of { my ($pipeline) = @_; return join(', ', $events, dimension_columns($pipeline, 1)); }
my $users = 'session_key, user_id, valid_from, valid_to, is_current';
my $quarantine = 'raw_id, session_key, reason, detail, received_at, raw_row';

sub holds
{
	my ($what, $got, $expected) = @_;

	$count{checks}++;
	give_up("$what: got $got, expected $expected") if $got ne $expected;
}

# The star is what a pipeline that is made and rebuilt now has.
sub as_made_anew
{
	my ($pipeline) = @_;
	my $anew = 'anew' . ++$count{anew};
	my $same = sub { my ($relation, $columns, $where) = @_; return "differences('$pipeline->{name}', '$anew', '$relation', '$relation', '$columns', '" . ($where // 'true') . "')"; };

	ask(create($pipeline, $anew, 'false'));
	ask(add_measure($anew, $_)) foreach @{ $pipeline->{measures} };
	ask(add_dimension($anew, $_)) foreach @{ $pipeline->{dimensions} };
	ask("SELECT count(*) FROM sessionize.apply_tracking_plan('$anew', sessionize.tracking_plan('$pipeline->{name}'), false)", qr/no event will be checked/) if $style{contracts};
	ask("CALL sessionize.rebuild('$anew')");
	holds('sessions, events, users and quarantine as made anew', ask('SELECT ' . join(", ' ', ", $same->('sessions', sessions_of($pipeline)),
		$pipeline->{store_events} eq 'true' ? $same->('events', events_of($pipeline)) : 0, $same->('dim_user', $users, 'user_key <> 0'), $same->('quarantine', $quarantine))), join("\x1f \x1f", 0, 0, 0, 0) . "\n");
	foreach my $dimension (grep { $_->{has_versions} } @{ $pipeline->{dimensions} })
	{
		my $view = "dim_$dimension->{name}_versions";

		holds("$view as made anew", ask("SELECT differences('$pipeline->{name}', '$anew', '$view', '$view', 'session_key, valid_from, valid_to, is_current, " . join(', ', map { qq{"$_"} } @{ $dimension->{columns} }) . "')"), "0\n");
		$count{versions}++;
	}
	# dropping it would wait for a prepared transaction
	push @anew, $anew;
	ask(join('; ', map { "SELECT sessionize.drop_pipeline('$_')" } splice @anew)) if !@prepared;
}

# The sessions are what brute force says, and so are the rows that are late.
sub as_by_hand
{
	my ($pipeline) = @_;
	return as_contracts($pipeline) if $style{contracts};
	my $name = $pipeline->{name};
	my $rules = usecs_of($pipeline);
	my ($rows, @late) = counted_and_late($pipeline, $rules);
	my ($quarantined, @expected) = expected_sessions($rows, $rules);
	my @stored = split /\n/, ask(stored_sessions($name));
	my @listed = split /\n/, ask("SELECT concat_ws('|', session_key, coalesce(event_id, '~'), raw_id, (extract(epoch FROM event_time) * 1000000)::bigint) FROM $name.late");
	holds('sessions by hand', join("\n", lacks(\@expected, \@stored)), join("\n", lacks(\@stored, \@expected)));
	holds('late by hand', join("\n", lacks(\@late, \@listed)), join("\n", lacks(\@listed, \@late)));
	holds('quarantine by hand', ask("SELECT count(*) FROM $name.quarantine"), "$quarantined\n");
	$count{sessions} += @expected;
	$count{late} += @late;
}

# The persons are what brute force says, of the pairs that dim_user has.
sub as_persons
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};
	my $limits = $pipeline->{limits} // return;
	my $lines = sub { my ($sql) = @_; return map { [ map { $_ eq '\N' ? undef : $_ } split /\x1f/, $_, -1 ] } split /\n/, ask($sql); };
	my @pairs = $lines->("SELECT DISTINCT session_key, user_id FROM $name.dim_user WHERE session_key IS NOT NULL AND user_id IS NOT NULL");
	my @links = map { [ split /-/ ] } keys %{ $pipeline->{links} };
	my %hash = map { @$_ } $lines->("SELECT u, sessionize.user_hash('$name', u) FROM unnest(ARRAY[" . join(', ', map { quoted($_) } '-', (map { $_->[1] } @pairs), map { @$_ } @links) . ']) AS u');
	my %person = expected_persons(\@pairs, \@links, [ keys %{ $pipeline->{excluded} } ], @$limits, \%hash);
	my @expected = map { "$_ " . ($person{$_} // '~') } sort keys %person;
	my @stored = map { $_->[0] } $lines->("SELECT 'k' || session_key || ' ' || coalesce(person_id::text, '~') FROM $name.person_key
		UNION ALL SELECT 'u' || user_id || ' ' || coalesce(person_id::text, '~') FROM $name.person_user ORDER BY 1");
	holds('persons by hand', join("\n", sort @stored), join("\n", sort @expected));
	my @shown = $lines->("SELECT DISTINCT session_key, person_id FROM $name.sessions");
	holds('persons of sessions', scalar(grep { ($_->[1] // '~') ne ($person{"k$_->[0]"} // '~') } @shown), 0);
	$count{persons} += keys %{ { map { $_ => 1 } grep { defined } values %person } };
	$count{nobody} += grep { !defined } values %person;
}

# Persons are switched on and off, or the owner says something about them.
sub change_persons
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};
	my ($user, $other) = sort map { 'u' . int rand 5 } 1 .. 2;

	if (!$pipeline->{limits} || one_in(5))
	{
		$pipeline->{limits} = [ 1 + int rand 3, 1 + int rand 4 ];
		perform("SELECT sessionize.enable_identity('$name', " . join(', ', @{ $pipeline->{limits} }) . ')');
	}
	elsif (one_in(8))
	{
		$pipeline->{$_} = {} foreach qw(links excluded);
		delete $pipeline->{limits};
		return perform("SELECT sessionize.disable_identity('$name')");
	}
	elsif (one_in(3))
	{
		my $excluded = $pipeline->{excluded};
		perform('SELECT sessionize.' . ($excluded->{$user} ? 'include' : 'exclude') . "_identity('$name', '$user')");
		$excluded->{$user} = 1 if !delete $excluded->{$user};
	}
	elsif ($user ne $other)
	{
		my $links = $pipeline->{links};
		perform('SELECT sessionize.' . ($links->{"$user-$other"} ? 'unlink' : 'link') . "_users('$name', " . join(', ', map { "'$_'" } one_in(2) ? ($user, $other) : ($other, $user)) . ')');
		$links->{"$user-$other"} = 1 if !delete $links->{"$user-$other"};
	}
	elsif (one_in(4))
	{
		return erase_person($pipeline);
	}
	as_persons($pipeline);
}

# Accounts and proofs: nothing is missing, nothing is open.
sub as_proven
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};

	holds('verify', ask("SELECT relation, difference, session_key, stored, expected FROM sessionize.verify('$name')"), '');
	holds('reconcile', ask("SELECT pending, difference, event_difference, raw_rows + sealed_only = events + duplicates + quarantined + late FROM sessionize.reconcile('$name')"), "0\x1f0\x1f0\x1ft\n");
	holds('run_errors', ask('SELECT * FROM sessionize.run_errors'), '');
	holds('events of another session, or of none', ask("SELECT count(*) FROM $name.fact_event AS e LEFT JOIN $name.fact_session AS s USING (session_id)
		WHERE s.session_key IS DISTINCT FROM e.session_key OR e.event_time NOT BETWEEN s.started_at AND s.ended_at"), "0\n") if $pipeline->{store_events} eq 'true';
}

# Is the star right but for what is known to be pending: built, or half built, newest first?
sub is_right
{
	my ($pipeline) = @_;

	return $pipeline->{built} || ask("SELECT EXISTS (SELECT FROM $pipeline->{name}.backfill WHERE stale)") eq "t\n";
}

sub remember
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};

	ask("DROP SCHEMA IF EXISTS before CASCADE; CREATE SCHEMA before;
		CREATE TABLE before.ids AS SELECT session_id, clock_timestamp() AS at FROM $name.fact_session;
		CREATE TABLE before.dim_user AS TABLE $name.dim_user; CREATE TABLE before.dim_page AS TABLE $name.dim_page; CREATE TABLE before.dim_event AS TABLE $name.dim_event;
		CREATE TABLE before.alias AS TABLE $name.session_alias");
	return if !is_right($pipeline);
	ask("CREATE TABLE before.sessions AS TABLE $name.sessions_live");
	ask("CREATE TABLE before.events AS TABLE $name.events_live") if $pipeline->{store_events} eq 'true';
	ask("CREATE TABLE before.$_->[0] AS TABLE $name.$_->[0]_live") foreach rollups_of($pipeline);
	$count{live_rollups} += ask('SELECT ' . join(' + ', map { "(SELECT count(*) FROM (TABLE before.$_->[0] EXCEPT ALL TABLE $name.$_->[0]) AS d)" } rollups_of($pipeline))) > 0;
}

# What was before: the live views were right, surrogate keys stay, ids that go are told.
sub as_promised
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};

	if (ask("SELECT to_regclass('before.sessions') IS NOT NULL") eq "t\n")
	{
		holds('sessions_live', ask("SELECT differences('$name', 'before', 'sessions', 'sessions', 'session_id, " . sessions_of($pipeline) . "')"), "0\n");
		holds('events_live', ask("SELECT differences('$name', 'before', 'events', 'events', 'session_id, " . events_of($pipeline) . "')"), "0\n") if $pipeline->{store_events} eq 'true';
		foreach my $rollup (map { $_->[0] } rollups_of($pipeline))
		{
			holds("$rollup\_live", ask("SELECT d.* FROM (SELECT 'live' AS of, r.* FROM (TABLE before.$rollup EXCEPT ALL TABLE $name.$rollup) AS r
				UNION ALL SELECT 'refreshed', r.* FROM (TABLE $name.$rollup EXCEPT ALL TABLE before.$rollup) AS r) AS d"), '');
		}
	}
	holds('surrogate keys stay', ask("SELECT (SELECT count(*) FROM (TABLE before.dim_page EXCEPT TABLE $name.dim_page) AS x) + (SELECT count(*) FROM (TABLE before.dim_event EXCEPT TABLE $name.dim_event) AS x)
		+ (SELECT count(*) FROM before.dim_user AS b JOIN $name.dim_user AS n USING (session_key, valid_from) WHERE b.user_key <> n.user_key)"), "0\n");
	holds('ids that are no more have an alias, no others', ask("WITH told AS (TABLE $name.session_alias EXCEPT ALL TABLE before.alias),
		gone AS (SELECT session_id FROM before.ids EXCEPT SELECT session_id FROM $name.fact_session)
		SELECT (SELECT count(*) FROM (SELECT old_session_id FROM told EXCEPT ALL TABLE gone) AS x), (SELECT count(*) FROM (TABLE gone EXCEPT ALL SELECT old_session_id FROM told) AS x),
		       (SELECT count(*) FROM told WHERE new_session_id IS NOT NULL AND new_session_id NOT IN (SELECT session_id FROM $name.fact_session))"), "0\x1f0\x1f0\n");
}

# A refresh that sees changes whose log rows it does not take, as it does those that are committed between its claim and its reading.
sub refresh_some
{
	my ($pipeline) = @_;
	my $dirty = "$pipeline->{name}.dirty";

	return if !$pipeline->{built} || !one_in(3);
	perform("CREATE TABLE later (LIKE $dirty)");
	perform("WITH d AS (DELETE FROM $dirty WHERE hashtext(lo || '/' || hi || " . int(rand 1000) . ') % 2 = 0 RETURNING *) INSERT INTO later SELECT * FROM d');
	perform("CALL sessionize.refresh('$pipeline->{name}')");
	perform("INSERT INTO $dirty SELECT * FROM later; DROP TABLE later");
	$count{some}++;
}

# A fuse that is low holds the pipeline now and then: nothing of the star changes, and nothing that is pending is wrong. Then it is
# released, and all is as without it.
sub look_at_fuse
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};
	my $star = "SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM $name.fact_session AS s";

	return if !$pipeline->{fuse} || ask("SELECT blows FROM sessionize.fuse_level JOIN sessionize.pipeline USING (pipeline_id) WHERE pipeline_name = '$name'") ne "t\n";
	if ($pipeline->{built})
	{
		my $before = ask($star);
		perform("CALL sessionize.refresh('$name')", qr/its fuse holds it/);
		holds('the fuse holds', ask("SELECT state FROM sessionize.fuses WHERE pipeline_name = '$name'"), "held\n");
		holds('the star of a pipeline that is held', ask($star), $before);
		holds('verify while it is held', ask("SELECT relation, difference, session_key, stored, expected FROM sessionize.verify('$name')"), '');
		$count{held}++;
	}
	perform("SELECT sessionize.release_fuse('$name')");
}

sub check
{
	my ($pipeline, $verb) = @_;

	look_at_fuse($pipeline);
	refresh_some($pipeline);
	remember($pipeline);
	my $whole = ask("SELECT count(*) FROM $pipeline->{name}.source WHERE session_key IN (SELECT session_key FROM $pipeline->{name}.dirty)");
	my $runs = "SELECT coalesce(max(run_id), 0) FROM sessionize.runs";
	my $before = ask($runs);
	my $begun = $verb ne 'refresh' && ask("SELECT EXISTS (SELECT FROM $pipeline->{name}.backfill)") eq "t\n";
	perform("CALL sessionize." . ($verb eq 'newest' ? "rebuild('$pipeline->{name}', newest_first => true)" : "$verb('$pipeline->{name}')"));
	# what changed of keys that were done before a rebuild, newest first, was stopped is in the log when it has been gone on with
	perform("CALL sessionize.refresh('$pipeline->{name}')") if $begun;
	my $narrow = ask("SELECT (count(*) > 0 AND sum(raw_rows) < $whole)::int FROM sessionize.runs WHERE kind = 'refresh' AND run_id > $before");
	$count{narrow} += $narrow;
	# where no time is too far for a copy, the window was proven to have none outside; and where it is one of an expression
	$count{narrow_forever} += $narrow if !defined $pipeline->{rules}{dedup_window} && !$style{unique};
	$count{narrow_expression} += $narrow if ($pipeline->{mapping}{event_time} // '') =~ /coalesce/;
	if (defined $pipeline->{sealed_before} && $style{calm} && $verb eq 'refresh')
	{
		$count{under_seal}++;
		$count{narrow_under_seal} += $narrow;
	}
	as_promised($pipeline);
	as_proven($pipeline);
	as_by_hand($pipeline);
	as_persons($pipeline);
	as_made_anew($pipeline) if !defined $pipeline->{sealed_before} && one_in(2);
	$pipeline->{built} = 1;
	$count{$verb}++;
}

# A rebuild, newest first, that is stopped before one of its pieces. What it has done is right, and what it has not is pending, or where the
# star was right before still is; then it is gone on with by whatever comes next.
sub stop_newest
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};

	perform("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT pipeline_id, 'rows changed', 'by hand' FROM sessionize.pipeline WHERE pipeline_name = '$name'") if one_in(3);
	perform("CREATE TRIGGER stop BEFORE DELETE ON $name.backfill FOR EACH ROW WHEN (OLD.piece = " . int(rand 6) . ') EXECUTE FUNCTION stop()');
	perform("CALL sessionize.rebuild('$name', newest_first => true)", qr/stopped/);
	perform("DROP TRIGGER stop ON $name.backfill");
	$pipeline->{built} = ask("SELECT built FROM sessionize.ledger JOIN sessionize.pipeline USING (pipeline_id) WHERE pipeline_name = '$name'") eq "t\n";
	$count{half}++ if !$pipeline->{built} && is_right($pipeline);
	if (is_right($pipeline))
	{
		as_persons($pipeline);
		holds('verify, in the middle', ask("SELECT relation, difference, session_key, stored, expected FROM sessionize.verify('$name')"), '');
		perform(statement()) foreach 1 .. 2;
		remember($pipeline);
	}
	holds('reconcile, in the middle', ask("SELECT difference, event_difference FROM sessionize.reconcile('$name')"), "0\x1f0\n");
	# what nobody logs is not gone on over
	return if !one_in(4);
	go_blind('web1', 'web2');
	$pipeline->{built} = 1;
	$count{half_blind}++;
}

# Histories

sub create_raw
{
	($partitioned, $detached) = (!$style{unique} && one_in(2), 0);
	my $collation = one_of('', 'COLLATE "C"', 'COLLATE "en-x-icu"', 'COLLATE "und-x-icu"');

	perform("CREATE TABLE raw (raw_id bigint, event_id text, event_name text, visitor text $collation, user_id text, page text,
		occurred_at timestamptz, sent_at timestamptz, received_at timestamptz, flag boolean)" . ($partitioned ? ' PARTITION BY RANGE (received_at)' : ''));
	perform("CREATE TABLE raw_1 PARTITION OF raw FOR VALUES FROM ('2026-03-07Z') TO ('2026-03-08Z'); CREATE TABLE raw_2 PARTITION OF raw DEFAULT") if $partitioned;
	$count{calm}++ if $style{calm};
	perform('CREATE INDEX ON raw (visitor, occurred_at, event_id); CREATE INDEX ON raw (lower(visitor)); CREATE INDEX ON raw (coalesce(visitor, user_id))');
	perform('CREATE INDEX ON raw (visitor, coalesce(occurred_at, received_at), event_id)');
	perform('CREATE UNIQUE INDEX ON raw (event_id)') if $style{unique};
	$focus = undef;
	perform(insert($style{calm} ? 500 : 60));
}

# Rows that come and go with their table: all of them, or a partition, which goes and comes back with what the default one has of it.
sub move_tables
{
	my $range = "FOR VALUES FROM ('2026-03-07Z') TO ('2026-03-08Z')";

	return perform('TRUNCATE ' . ($detached ? 'raw' : one_of('raw', $partitioned ? ('raw_1', 'raw_2') : ()))) if !$partitioned || one_in(4);
	perform($detached
		? "WITH m AS (DELETE FROM raw WHERE received_at >= '2026-03-07Z' AND received_at < '2026-03-08Z' RETURNING *) INSERT INTO raw_1 TABLE m;
		   ALTER TABLE raw ATTACH PARTITION raw_1 $range"
		: 'ALTER TABLE raw DETACH PARTITION raw_1');
	$detached = !$detached;
}

# Rows that nobody logs: then only a rebuild helps.
sub go_blind
{
	my (@names) = @_;

	perform('ALTER TABLE raw DISABLE TRIGGER ALL');
	perform(statement()) foreach 1 .. 3;
	perform('ALTER TABLE raw ENABLE TRIGGER ALL');
	perform("SELECT sessionize.enable_capture('$_')") foreach @names;
	perform(statement());
	perform("CALL sessionize.rebuild('$_', newest_first => " . one_of('true', 'false', 'NULL') . ')') foreach @names;
}

sub erase
{
	my ($pipeline) = @_;
	my @keys = split /\n/, ask("SELECT DISTINCT session_key FROM $pipeline->{name}.dim_user WHERE session_key IS NOT NULL ORDER BY 1");
	my $who = one_of(@keys);

	return if !@keys;
	perform("SELECT sessionize.erase_user('$pipeline->{name}', " . quoted($who) . ')');
	$pipeline->{kept} = [ grep { $_->[0] ne $who } @{ $pipeline->{kept} } ];
}

sub erase_person
{
	my ($pipeline) = @_;
	my $name = $pipeline->{name};
	my ($user, $person) = split /\x1f|\n/, ask("SELECT user_id, person_id FROM $name.person_user WHERE person_id IS NOT NULL ORDER BY md5(user_id || '" . int(rand 100) . "') LIMIT 1");

	return if !defined $person;
	my %gone = map { $_ => 1 } split /\n/, ask("SELECT session_key FROM $name.person_key WHERE person_id = '$person'");
	my %users = map { $_ => 1 } split /\n/, ask("SELECT user_id FROM $name.person_user WHERE person_id = '$person'");
	perform("SELECT sessionize.erase_person('$name', '$user')");
	foreach my $link (keys %{ $pipeline->{links} }) { delete $pipeline->{links}{$link} if grep { $users{$_} } split /-/, $link; }
	$pipeline->{kept} = [ grep { !defined $_->[0] || !$gone{ $_->[0] } } @{ $pipeline->{kept} } ];
	holds('nothing is left of a person', ask("SELECT count(*) FROM $name.person_user WHERE person_id = '$person' AND user_id IN (SELECT user_id FROM $name.dim_user WHERE session_key NOT IN
		(SELECT session_key FROM $name.person_key WHERE person_id IS NULL))"), "0\n");
	$count{erased_persons}++;
	as_persons($pipeline);
}

# Something else than a change of rows, where no prepared transaction is in its way.
sub interlude
{
	my ($pipeline, @all) = @_;

	return if @prepared || !one_in(3);
	my $kind = one_of(qw(erase alter alter attach rollup measure measure dimension dimension persons persons persons mark newest newest tables tables tables tables blind), may_seal($pipeline) ? qw(seal seal seal seal seal) : (), $partitioned && !$detached ? 'drop_partition' : (), $style{contracts} ? qw(contracts) x 10 : ());
	$count{$kind}++;
	if ($kind eq 'tables') { return move_tables(); }
	if ($kind eq 'blind') { return go_blind('web1', 'web2'); }
	if ($kind eq 'erase') { erase($pipeline); }
	elsif ($kind eq 'newest')
	{
		perform(change_definition($pipeline)) if one_in(3);
		stop_newest($pipeline);
		erase($pipeline) if one_in(5);
	}
	elsif ($kind eq 'seal') { seal($pipeline); }
	elsif ($kind eq 'contracts') { change_contracts($pipeline); }
	elsif ($kind eq 'drop_partition') { drop_partition(@all); }
	elsif ($kind eq 'alter') { perform(change_definition($pipeline)); }
	elsif ($kind eq 'attach') { attach_again($pipeline); }
	elsif ($kind eq 'measure') { change_measures($pipeline); }
	elsif ($kind eq 'rollup') { change_rollups($pipeline); }
	elsif ($kind eq 'persons') { change_persons($pipeline); }
	elsif ($kind eq 'dimension') { change_dimensions($pipeline); }
	else { perform("INSERT INTO $pipeline->{name}.dirty SELECT 0, session_key, lo, hi, now() FROM $pipeline->{name}.fact_session, (VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz)) AS r (lo, hi) LIMIT 3"); }
}

sub may_seal { my ($pipeline) = @_; return $seal_days >= 3 && ($pipeline->{mapping}{raw_id} // 'raw_id') ne ''; }

sub history
{
	my ($n) = @_;
	my $seals_early = $n == 1 || one_in(2);

	# the first history is one in which sealed pipelines have windows
	%style = $n > 1 && one_in(3) ? (days => 3) : (calm => 1, days => one_of(8, 30, 90), unique => one_in(3));
	$style{contracts} = $n % 2 == 0;
	my @pipelines = map { some_pipeline("web$_") } 1 .. 2;
	foreach my $pipeline ($n == 1 ? @pipelines : ())
	{
		delete $pipeline->{mapping}{raw_id};
		$pipeline->{rules}{dedup_window} //= 60;
	}

	@told = ();
	($rows_made, $prepared, @prepared, %held) = (0, 0);
	create_raw();
	perform(create($_, $_->{name}, 'true')) foreach @pipelines;
	create_rollups($_) foreach @pipelines;
	foreach my $pipeline (grep { one_in(2) } @pipelines)
	{
		$pipeline->{fuse} = 1;
		perform("SELECT sessionize.set_fuse('$pipeline->{name}', changed_rows => " . one_of(10, 15, 30) . ', share => ' . one_of(0, 0.1) . ')');
	}
	change_persons($_) foreach grep { one_in(2) } @pipelines;
	for my $step (1 .. $steps)
	{
		$focus = !$style{calm} || one_in(8) ? undef : one_in(3) ? ($style{days} + $step) * 1440 : int rand $style{days} * 1440;
		perform($_) foreach some(4, \&deed);
		# a mass update by mistake
		perform('UPDATE raw SET page = ' . some_page() . ' WHERE raw_id NOT IN (' . join(', ', 0, keys %held) . ')') if one_in(15);
		look_at_fuse($_) foreach @pipelines;
		my $pipeline = one_of(@pipelines);
		interlude($pipeline, @pipelines);
		$seals_early = 0, map { seal($_) if may_seal($_) } @pipelines if $seals_early && $step > 2 && !@prepared;
		check($pipeline, one_in(10) ? one_of('rebuild', 'newest') : 'refresh');
	}
	perform(finish_prepared()) while @prepared;
	# in the end one of the pipelines keeps out whatever the third rule says
	map { change_contracts($_, $_ == $pipelines[0]) } grep { $style{contracts} } @pipelines;
	check($_, 'refresh') foreach @pipelines;
	ask("SELECT sessionize.drop_pipeline('$_')") foreach (map { $_->{name} } @pipelines), splice @anew;
	ask('DROP TABLE raw; DROP TABLE IF EXISTS raw_1');
}

for my $n (1 .. $histories)
{
	history($n);
	pass("history $n");
}
diag(join(' ', map { "$_ $count{$_}" } keys_of(\%count)));
cmp_ok($count{sessions}, '>', $count{refresh} * 5, 'there were sessions');
cmp_ok($count{live_rollups}, '>', 0, 'live views of rollups have shown what was not refreshed yet');
cmp_ok($count{half} // 0, '>', 0, 'stars were half built') if $histories * $steps >= 1000;
cmp_ok($count{narrow}, '>', 0, 'refreshes have read less than all rows of their keys') if $count{calm} >= 3;
cmp_ok($count{narrow_forever}, '>', 0, '... where copies may be at any distance') if $count{calm} && $histories >= 20;
cmp_ok($count{narrow_expression}, '>', 0, '... where the time is an expression') if $count{calm} && $histories >= 20;
cmp_ok($count{narrow_under_seal}, '>', 0, 'under a seal as well') if ($count{under_seal} // 0) > 40;
cmp_ok($count{kept_out} // 0, '>', 0, 'contracts have kept rows out') if $count{contracts};
$in .= "\\q\n";
$psql->finish;
$node->stop;
done_testing();
