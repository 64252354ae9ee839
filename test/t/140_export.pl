# Exports: each version of the lake is one snapshot of the star, for readers that are not the program: DuckDB on the files that the log
# names, and delta-rs with Arrow. Only days that have changed are written. Late, corrected and deleted rows, new columns, checkpoints.
use strict;
use warnings;
use IPC::Run ();
use JSON::PP;
use LakeReader qw(why_no_export fetch_deltalake lake_versions lake_files duckdb_rows keep_oracle lake_differs);
use LoadProgram ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $missing = why_no_export('export');
plan skip_all => $missing if $missing;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $lake = "$folder/lake";
my @readers = ('DuckDB', fetch_deltalake() ? 'delta-rs' : ());
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = 'Asia/Kathmandu'\ndatestyle = 'German'\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# Run the program; returns its exit status and what it said.
sub export
{
	my @arguments = @_;
	my $err;

	IPC::Run::run([ $LoadProgram::program, 'export', '--database', $node->connstr('postgres'), '--duckdb', $LakeReader::library, '--temporary', $folder, @arguments ], '2>', \$err);
	return ($? >> 8, $err);
}

my @tables = qw(sessions events dim_page kinds);

# Export what there is, keep what each version must be, and return the days whose files have changed.
sub export_and_keep
{
	my ($what, @arguments) = @_;
	my %before = map { my $v = lake_versions("$lake/$_"); ($_ => $v < 0 ? {} : lake_files("$lake/$_", $v)) } @tables;
	my ($status, $said) = export(@arguments);
	my %changed;

	is($status, 0, "$what: exported") or diag($said);
	foreach my $table (@tables)
	{
		my $version = lake_versions("$lake/$table");
		my $after = lake_files("$lake/$table", $version);

		keep_oracle($node, 'web', 'lake', $table, $version);
		$changed{$table} = [ sort keys %{ { map { ($_ => 1) } (map { $after->{$_} // '' } grep { !exists $before{$table}{$_} } keys %$after), (map { $before{$table}{$_} // '' } grep { !exists $after->{$_} } keys %{ $before{$table} }) } } ];
		is(lake_differs($node, $_, "$lake/$table", $version), '', "$what: $table, version $version, read by $_") foreach @readers;
	}
	return \%changed;
}

# The days on which two versions of a table differ.
sub days_that_differ
{
	my ($table, $day, $a, $b) = @_;

	return [ split /\n/, sql("SET datestyle = 'ISO'; SELECT DISTINCT $day FROM (
		(SELECT * FROM oracle.${table}_$a EXCEPT ALL SELECT * FROM oracle.${table}_$b) UNION ALL (SELECT * FROM oracle.${table}_$b EXCEPT ALL SELECT * FROM oracle.${table}_$a)) AS d ORDER BY 1") ];
}

# Rows with values of all types, and with none.
sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events', partition_by => 'none');
	CREATE FUNCTION add_events(first int, count int, since timestamptz, step interval) RETURNS void LANGUAGE sql AS $$
		INSERT INTO raw.events (occurred_at, sent_at, received_at, event_id, event_name, anonymous_id, user_id, properties)
		SELECT t, t, t, 'e' || n, CASE n % 3 WHEN 0 THEN 'page_view' ELSE 'click' END, 'v' || n % 23, CASE WHEN n % 5 = 0 THEN 'u' || n % 7 END,
			jsonb_strip_nulls(jsonb_build_object('page', CASE n % 4 WHEN 0 THEN '/' WHEN 1 THEN '/a"b,c\\' WHEN 2 THEN E'/\u20ac\n' || repeat('x', 60) END,
				'price', CASE WHEN n % 3 = 0 THEN n * 0.01 END, 'flag', n % 2 = 0,
				'id', CASE WHEN n % 2 = 1 THEN md5(n::text)::uuid END, 'more', jsonb_build_object('n', n, 'list', jsonb_build_array(NULL, 1.50, 'x'))))
		FROM generate_series(first, first + count - 1) AS n, LATERAL (SELECT since + (n - first) * step AS t) AS x
	$$;
	SELECT add_events(1, 3000, '2026-03-01 00:00:00.000123Z', '10 minutes');
	SELECT sessionize.create_pipeline('web', 'raw.events');
	SELECT sessionize.add_measure('web', 'price', 'sum', expression => $e$(properties ->> 'price')::numeric$e$);
	SELECT sessionize.add_measure('web', 'received', 'max', expression => 'received_at');
	SELECT sessionize.add_measure('web', 'token', 'first', expression => $e$properties ->> 'id'$e$);
	SELECT sessionize.add_measure('web', 'flagged', 'any', filter => $e$(properties ->> 'flag')::bool$e$);
	SELECT sessionize.add_measure('web', 'active', 'active_time');
	SELECT sessionize.add_measure('web', 'more', 'last', expression => $e$properties ->> 'more'$e$, grain => 'event');
	CALL sessionize.rebuild('web');
	CREATE TABLE web.kinds (small int2, "Name ""x""" text, big int8, ratio float8, single float4, exact numeric(12,3), number numeric, day date, at timestamptz, local timestamp,
		id uuid, pause interval, doc jsonb, text_doc json, flag boolean, mood "char", bytes bytea, list int[]);
	INSERT INTO web.kinds SELECT n % 100, CASE n % 3 WHEN 0 THEN '' WHEN 1 THEN E'a"b,\u20ac\\\n' || n END, -n, CASE n % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' WHEN 2 THEN n / 7.0 WHEN 3 THEN 1e300 END,
		0.1::float4 * n, n * 0.001, n * 0.000000001, date '0044-03-15' + n * 300, timestamptz '1600-01-01 00:00:00.000001Z' + n * interval '123456.123457 seconds', timestamp '2026-03-29 02:30' + n * interval '1 s',
		CASE WHEN n % 2 = 1 THEN md5(n::text)::uuid END, n * interval '1.000001 s', jsonb_build_object('n', n, 'list', jsonb_build_array(NULL, 1.50, 1e400, E'\u20ac"')), '{ "a" : 1, "a" : 2 }', n % 2 = 0, 'x', decode(md5(n::text), 'hex'), ARRAY[n, NULL]
	FROM generate_series(1, 3000) AS n;
	INSERT INTO web.kinds DEFAULT VALUES});
sql("SELECT sessionize.create_export('web', 'lake', '$lake', '{sessions,events,dim_page,kinds}')");

# The first export
my $changed = export_and_keep('all days');
is(scalar @{ $changed->{sessions} }, sql('SELECT count(DISTINCT date) FROM web.sessions'), 'each day has its files');
my $types = duckdb_rows("SELECT string_agg(DISTINCT type || coalesce(' ' || logical_type, ''), ', ' ORDER BY type || coalesce(' ' || logical_type, '')) FROM parquet_schema('$lake/kinds/*.parquet') WHERE name IN ('id', 'doc', 'at', 'exact')");
is($types, 'BYTE_ARRAY, BYTE_ARRAY JsonType(), INT64 DecimalType(scale=3, precision=12), INT64 TimestampType(isAdjustedToUTC=1, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))', 'types of Parquet');
is(duckdb_rows("SELECT count(*) FROM parquet_schema('$lake/events/*/*.parquet') WHERE name = 'session_date'"), 0, 'the column of days is not in the files');
like(duckdb_rows("SELECT string_agg(DISTINCT compression, ',') FROM parquet_metadata('$lake/*/*/*.parquet')"), qr/^ZSTD$/, 'compressed by zstd');

# The statistics are those of the files
my $stats_wrong = 0;
foreach my $line (split /\n/, slurp_file("$lake/sessions/_delta_log/00000000000000000000.json"))
{
	my $add = decode_json($line)->{add} or next;
	my $stats = decode_json($add->{stats});
	my ($rows, $first, $last, $price, $nulls) = split /\|/, duckdb_rows("SET TimeZone = 'UTC'", "SELECT count(*), epoch_us(min(started_at)), epoch_us(max(started_at)), max(price), count(*) - count(token) FROM '$lake/sessions/$add->{path}'");
	my ($least, $most) = map { sql("SELECT (extract(epoch FROM '$_'::timestamptz) * 1000000)::bigint") } $stats->{minValues}{started_at}, $stats->{maxValues}{started_at};

	$stats_wrong++ if $stats->{numRecords} != $rows || $least > $first || $first - $least > 999 || $most < $last || $most - $last > 999
	  || $stats->{maxValues}{price} != $price || $stats->{nullCount}{token} != $nulls || $add->{size} != -s "$lake/sessions/$add->{path}";
}
is($stats_wrong, 0, 'statistics, sizes');

# Nothing changes
is_deeply(export_and_keep('nothing'), { map { ($_ => []) } @tables }, 'nothing has changed: no file, no version');
is(lake_versions("$lake/sessions"), 0, 'no version either');

# Late, corrected and deleted rows
my $last = 0;
foreach my $step (
	[ 'late events', q{SELECT add_events(10001, 20, '2026-03-04 02:00Z', '1 minute'), add_events(10101, 20, '2026-03-09 23:50Z', '1 minute')} ],
	[ 'corrected events', q{UPDATE raw.events SET properties = properties || '{"price": 7.77}' WHERE event_id IN ('e500', 'e501')} ],
	[ 'deleted events', q{DELETE FROM raw.events WHERE event_id IN ('e900', 'e903')} ],
	[ 'a day that goes', q{DELETE FROM raw.events WHERE occurred_at >= '2026-03-15 00:00Z' AND occurred_at < '2026-03-16 00:00Z'} ],
	[ 'a session over midnight', q{SELECT add_events(20001, 4, '2026-03-18 23:40Z', '10 minutes')} ])
{
	my ($what, $change) = @$step;

	sql("$change; CALL sessionize.refresh('web')");
	$changed = export_and_keep($what);
	my $version = lake_versions("$lake/sessions");
	is($version, $last + 1, "$what: one version more");
	my @days = sort keys %{ { map { ($_ => 1) } @{ days_that_differ('sessions', 'date', $last, $version) }, @{ days_that_differ('events', 'session_date', $last, $version) } } };
	is_deeply($changed->{$_}, \@days, "$what: $_: only days on which sessions or events differ are written") foreach qw(sessions events);
	cmp_ok(scalar @{ $changed->{sessions} }, '<', 8, "$what: some days only");
	$last = $version;
}

# A new column: all days are written, and the schema changes
sql(q{SELECT sessionize.add_measure('web', 'clicks', 'count', filter => $e$event_name = 'click'$e$); CALL sessionize.refresh('web'); CALL sessionize.rebuild('web')});
$changed = export_and_keep('a new column');
is(scalar @{ $changed->{sessions} }, sql('SELECT count(DISTINCT date) FROM web.sessions'), 'a new column: all days');
$last = lake_versions("$lake/sessions");

# A checkpoint, after which the versions before it are not needed
foreach my $n (1 .. 12 - $last)
{
	sql("SELECT add_events(@{[30000 + 100 * $n]}, 3, '2026-03-20 05:00Z', '1 minute'); CALL sessionize.refresh('web')");
	$changed = export_and_keep("export $n");
}
$last = lake_versions("$lake/sessions");
my $hint = decode_json(slurp_file("$lake/sessions/_delta_log/_last_checkpoint"));
is($hint->{version}, 10, 'there is a checkpoint');
foreach my $table (qw(sessions events))
{
	foreach my $version (0 .. $last)
	{
		is(lake_differs($node, $_, "$lake/$table", $version), '', "in the end: $table, version $version, read by $_") foreach @readers;
	}
}

# _current.json, for readers of Parquet files
my $current = decode_json(slurp_file("$lake/_current.json"));
is_deeply([ sort @{ $current->{tables}{events}{files} } ], [ map { "events/$_" } sort keys %{ lake_files("$lake/events", $last) } ], '_current.json lists the live files');

# Without the old versions, as another program would clean them up, the checkpoint is read: by readers, and by the program.
system("mkdir '$folder/old' && cp -r '$lake' '$folder/copy'") == 0 or die;
foreach my $table (@tables)
{
	unlink map { sprintf '%s/%s/_delta_log/%020d.json', "$folder/copy", $table, $_ } 0 .. 9;
	next if @readers < 2;
	is(lake_differs($node, 'delta-rs', "$folder/copy/$table", $last), '', "$table by the checkpoint");
}
system("mv '$lake' '$folder/old/lake' && mv '$folder/copy' '$lake'") == 0 or die;
sql("SELECT add_events(40000, 3, '2026-03-02 05:00Z', '1 minute'); CALL sessionize.refresh('web')");
my ($status, $said) = export();
is($status, 0, 'the program reads the checkpoint') or diag($said);
like($said, qr/^\S+ info: sessions: version \d+: 1 days,.* 1 files removed$/m, '... and replaces one day');
keep_oracle($node, 'web', 'lake', $_, $last + 1) foreach @tables;
SKIP:
{
	skip 'delta-rs can\'t be had from PyPI', 1 if @readers < 2;
	is(lake_differs($node, 'delta-rs', "$lake/sessions", $last + 1), '', '... exactly');
}

# Removed files go when they are old enough, and then what was left
my @parquet = glob("$lake/sessions/date=*/*.parquet");
my ($lost, $fresh) = map { "$lake/sessions/date=2026-03-02/part-00000-$_-c000.zstd.parquet" } qw(lost fresh);
append_to_file($lost, 'x');
append_to_file($fresh, 'x');
append_to_file("$lake/sessions/_delta_log/.00000000000000000099.json.abc", 'x');
append_to_file("$lake/README", 'x');
system("touch -d '3 days ago' '$lost' '$lake/sessions/_delta_log/.00000000000000000099.json.abc' '$lake/README'") == 0 or die;
($status, $said) = export();
is($status, 0, 'nothing changes') or diag($said);
is(scalar(glob("$lake/sessions/date=*/*.parquet")) ? scalar(my @there = glob("$lake/sessions/date=*/*.parquet")) : 0, @parquet + 1, 'files of old versions are kept, and one that is new');
ok(!-e $lost && -e $fresh && -e "$lake/README", 'what no log names goes after a day');
ok(!-e "$lake/sessions/_delta_log/.00000000000000000099.json.abc", '... and what was never finished');
unlink $fresh;
($status, $said) = export('--keep', '0');
is($status, 0, '--keep 0') or diag($said);
$current = decode_json(slurp_file("$lake/_current.json"));
is_deeply([ sort map { "$lake/$_" } map { @{ $_->{files} } } values %{ $current->{tables} } ], [ sort(glob("$lake/*/*=*/*.parquet"), glob("$lake/*/*.parquet")) ], 'only live files are left');
is_deeply([ grep { !m{/(?:lake|old|copy|tmp_\w+)$} } glob("$folder/pg_sessionize*") ], [], 'no temporary folder is left');
SKIP:
{
	skip 'delta-rs can\'t be had from PyPI', 1 if @readers < 2;
	is(lake_differs($node, 'delta-rs', "$lake/$_", $last + 1), '', "$_ is still whole") foreach @tables;
}

# A day that is large is written to several files, sorted
sql(q{INSERT INTO raw.events (occurred_at, sent_at, received_at, event_id, event_name, anonymous_id, properties)
	SELECT t, t, t, 'big' || n, 'click', 'b' || n % 5000, jsonb_build_object('more', sha512(n::text::bytea)::text, 'page', '/' || md5(n::text))
	FROM generate_series(1, 200000) AS n, LATERAL (SELECT timestamptz '2026-03-21 00:00Z' + n * interval '0.4 seconds' AS t) AS x; CALL sessionize.refresh('web')});
($status, $said) = export('--file-bytes', '1MB');
is($status, 0, 'a large day is exported') or diag($said);
$current = decode_json(slurp_file("$lake/_current.json"));
my $large = join(', ', map { "'$lake/$_'" } grep { m{=2026-03-21/} } @{ $current->{tables}{events}{files} });
cmp_ok(scalar(split /, /, $large), '>', 2, 'a large day has several files');
is(duckdb_rows("SELECT count(*) FROM read_parquet([$large])"), sql("SELECT count(*) FROM web.events AS e JOIN web.sessions AS s USING (session_id) WHERE s.date = '2026-03-21'"), '... with all rows');

done_testing();
