# A dump that is restored without raw rows, all of them or some: no refresh takes away what the star has of them, it says what to do; with the rows it
# goes on, and so it does after a rebuild. And capture watches the restored tables from the moment that their triggers are there.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;

# Databases: one table, partitions, one key alone, one whose rules have changed since, one whose raw rows go.
my $collect = q{INSERT INTO raw SELECT n, 'v' || n % 5, '2026-01-01Z'::timestamptz + n * interval '20 minutes' FROM generate_series(1, 300) AS n};
my %made = (
	plain => q{CREATE TABLE raw (raw_id bigint PRIMARY KEY, visitor text, occurred_at timestamptz)},
	parts => q{CREATE TABLE raw (raw_id bigint, visitor text, occurred_at timestamptz) PARTITION BY RANGE (raw_id);
		CREATE TABLE raw_1 PARTITION OF raw FOR VALUES FROM (0) TO (100); CREATE TABLE raw_2 PARTITION OF raw FOR VALUES FROM (100) TO (1000)},
	single => q{CREATE TABLE raw (raw_id bigint PRIMARY KEY, visitor text, occurred_at timestamptz)},
);
$made{$_} = $made{plain} foreach 'altered', 'emptied';
foreach my $db (sort keys %made)
{
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, "CREATE EXTENSION pg_sessionize; $made{$db}; CREATE INDEX ON raw (visitor, occurred_at)");
	$node->safe_psql($db, q{SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', raw_id => 'raw_id')});
	$node->safe_psql($db, $db eq 'single' ? q{INSERT INTO raw VALUES (1, 'v1', '2026-01-01Z')} : $collect);
	$node->safe_psql($db, q{CALL sessionize.refresh('web')});
	# and work that is pending
	$node->safe_psql($db, q{INSERT INTO raw VALUES (501, 'v0', '2026-02-01Z'); DELETE FROM raw WHERE raw_id = 5}) if $db ne 'single';
}
$node->safe_psql('altered', q{SELECT sessionize.alter_pipeline('web', gap => '1 hour')});
$node->safe_psql('emptied', q{DELETE FROM raw; VACUUM raw});

my $sessions = q{SELECT md5(string_agg(s::text, ',' ORDER BY s.session_key, s.started_at)) FROM web.sessions AS s};
my $right = q{SELECT (SELECT count(*) FROM (SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1 EXCEPT ALL SELECT session_key, sum(events)::bigint FROM web.sessions GROUP BY 1) AS a)
	+ (SELECT count(*) FROM (SELECT session_key, sum(events)::bigint FROM web.sessions GROUP BY 1 EXCEPT ALL SELECT visitor COLLATE "C", count(*) FROM raw GROUP BY 1) AS a),
	pending, difference, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')};
my $restored = 0;

# Restores a dump of a database, made with options, with others, and returns the new database.
sub copy_of
{
	my ($db, $dump_options, $restore_options) = @_;
	my $name = "restored_" . ++$restored;
	my $file = $node->basedir . "/$name.dump";

	$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr($db), '-f', $file, @$dump_options ], "$name: dump of $db @$dump_options");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($name), @$restore_options, $file ], "$name: restore @$restore_options");
	return $name;
}

# A list of the entries of a database's dump that are wanted.
sub list_of
{
	my ($db, $wanted) = @_;
	my $file = $node->basedir . '/' . $db . '.list';
	my $dump = $node->basedir . '/' . $db . '.toc';

	$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr($db), '-f', $dump ], "entries of $db");
	open(my $list, '>', $file) or die $!;
	print $list join("\n", grep { $wanted->($_) } split /\n/, `pg_restore -l '$dump'`), "\n";
	close($list);
	return $file;
}

# With all its rows it is counted once, and goes on.
foreach my $db ('plain', 'parts', 'single', 'altered', 'emptied')
{
	foreach my $options ([], [ '-j', 2 ])
	{
		my $name = copy_of($db, [], $options);

		is($node->safe_psql($name, q{SELECT capture FROM sessionize.pipeline_status}), 'on', "$name: its rows are captured");
		$node->safe_psql($name, q{CALL sessionize.refresh('web')});
		is($node->safe_psql($name, $right), '0|0|0|0', "$name: refreshed it is right");
		is($node->safe_psql($name, q{SELECT count(*) FROM sessionize.captured_table}), $db eq 'parts' ? '3' : '1', "$name: its tables are watched");
		is($node->safe_psql($name, q{SELECT count(*) FROM sessionize.captured_table WHERE restored_blocks IS NOT NULL OR row_trigger IS NULL}), '0', "$name: nothing is left to ask");
	}
}

# Without any: whatever is inserted then takes no history away.
foreach my $db ('plain', 'parts', 'single', 'altered')
{
	my $name = copy_of($db, [ '--exclude-table-data=raw*' ], []);
	my $before = $node->safe_psql($name, $sessions);
	my ($ret, $out, $err);

	($ret, $out, $err) = $node->psql($name, q{CALL sessionize.refresh('web')});
	like($err, qr/the raw rows of pipeline "web" were not restored with it/, "$name: nothing was inserted: refused");
	$node->safe_psql($name, q{INSERT INTO raw VALUES (901, 'v1', '2026-03-01Z')});
	($ret, $out, $err) = $node->psql($name, q{CALL sessionize.refresh('web')});
	like($err, qr/the raw rows of pipeline "web" were not restored with it/, "$name: refused");
	like($err, qr/CALL sessionize\.rebuild\('web'\);/, "$name: with a hint");
	is($node->safe_psql($name, $sessions), $before, "$name: the star is what it was");
	$node->safe_psql($name, q{CALL sessionize.rebuild('web')});
	$node->safe_psql($name, q{INSERT INTO raw VALUES (902, 'v1', '2026-03-01Z'); CALL sessionize.refresh('web')});
	is($node->safe_psql($name, $right), '0|0|0|0', "$name: after a rebuild it is right and goes on");
}

# A rebuild of some keys, or one that was not asked for, is no answer.
{
	my $name = copy_of('plain', [ '--exclude-table-data=raw' ], []);
	my $before = $node->safe_psql($name, $sessions);

	$node->psql($name, q{CALL sessionize.rebuild('web', since => '2026-01-02Z')});
	my (undef, undef, $err) = $node->psql($name, q{CALL sessionize.refresh('web')});
	like($err, qr/were not restored with it/, "$name: refused after a rebuild of a range");
	is($node->safe_psql($name, $sessions), $before, "$name: the star is what it was");
}

# The rows of one partition are missing; then they come.
{
	my $name = copy_of('parts', [ '--exclude-table-data=raw_1' ], []);
	my $before = $node->safe_psql($name, $sessions);
	my $file = $node->basedir . '/raw_1.sql';

	$node->safe_psql($name, q{INSERT INTO raw VALUES (901, 'v1', '2026-03-01Z')});
	my (undef, undef, $err) = $node->psql($name, q{CALL sessionize.refresh('web')});
	like($err, qr/were not restored with it/, "$name: a partition's rows are missing");
	is($node->safe_psql($name, $sessions), $before, "$name: the star is what it was");
	$node->command_ok([ 'pg_dump', '-d', $node->connstr('parts'), '-t', 'raw_1', '--data-only', '-f', $file ], "$name: the rows of the partition");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($name), '-f', $file ], "$name: restored later");
	$node->safe_psql($name, q{CALL sessionize.refresh('web')});
	is($node->safe_psql($name, $right), '0|0|0|0', "$name: refreshed it is right");
}

# Rows that the star does not know of are noted.
{
	my $name = copy_of('plain', [], [ '--section=pre-data', '--section=data' ]);
	$node->safe_psql($name, q{INSERT INTO raw VALUES (901, 'v1', '2026-03-01Z')});
	my $file = $node->basedir . "/$name.dump";
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($name), '--section=post-data', $file ], "$name: triggers");
	$node->safe_psql($name, q{CALL sessionize.refresh('web')});
	is($node->safe_psql($name, q{SELECT needs_rebuild FROM sessionize.pipeline_status}), 'rows added', "$name: a row that came before its trigger");
	$node->safe_psql($name, q{CALL sessionize.rebuild('web')});
	is($node->safe_psql($name, $right), '0|0|0|0', "$name: after a rebuild it is right");
}

# Definitions first, rows later, as some do: triggers are there before the pipeline is known.
{
	my $name = copy_of('parts', [], [ '--schema-only' ]);
	my $file = $node->basedir . "/$name.dump";

	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($name), '--data-only', '--disable-triggers', '--superuser', $ENV{USER} // 'postgres', $file ], "$name: rows, with triggers disabled");
	my (undef, undef, $err) = $node->psql($name, q{CALL sessionize.refresh('web')});
	like($err, qr/enable_capture/, "$name: triggers that do not always fire are reported");
	$node->safe_psql($name, q{SELECT sessionize.enable_capture('web')});
	$node->safe_psql($name, q{CALL sessionize.rebuild('web')});
	is($node->safe_psql($name, $right), '0|0|0|0', "$name: after a rebuild it is right");
}

# Restored by several jobs, the triggers may come before the pipeline is known: what happens to partitions then is known by its rows.
{
	my $name = copy_of('parts', [], [ '-L', list_of('parts', sub { $_[0] !~ / TABLE DATA sessionize pipeline / }) ]);

	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($name), '-L', list_of('parts', sub { $_[0] =~ / TABLE DATA sessionize pipeline / }), $node->basedir . "/$name.dump" ], "$name: the pipeline last");
	is($node->safe_psql($name, q{SELECT count(*) FROM sessionize.captured_table}), '0', "$name: nobody knows its tables");
	$node->safe_psql($name, q{DROP TABLE raw_1});
	my (undef, undef, $err) = $node->psql($name, q{CALL sessionize.refresh('web')});
	like($err, qr/were not restored with it/, "$name: a partition was dropped");
	$node->safe_psql($name, q{CALL sessionize.rebuild('web'); CALL sessionize.refresh('web')});
	is($node->safe_psql($name, $right), '0|0|0|0', "$name: after a rebuild it is right");
}

# What happens to partitions before anybody has refreshed the restored pipeline is known as well.
{
	my $name = copy_of('parts', [], []);

	$node->safe_psql($name, q{DROP TABLE raw_1});
	is($node->safe_psql($name, q{SELECT need, detail FROM sessionize.rebuild_need}), 'rows removed|Table public.raw_1 was dropped.', "$name: dropped");
	$node->safe_psql($name, q{ALTER TABLE raw DETACH PARTITION raw_2});
	is($node->safe_psql($name, q{SELECT count(DISTINCT session_key) FROM web.dirty}), '5', "$name: detached");
	$node->safe_psql($name, q{CALL sessionize.rebuild('web')});
	is($node->safe_psql($name, $right), '0|0|0|0', "$name: after a rebuild it is right");
}

$node->stop;
done_testing();
