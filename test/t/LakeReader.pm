# LakeReader: what tests of the export share: the program, DuckDB's library, and reading a lake by others than the program.
package LakeReader;
use strict;
use warnings;
use Exporter 'import';
use IPC::Run ();
use JSON::PP;
use LoadProgram ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw(why_no_export fetch_duckdb fetch_deltalake lake_program lake_versions lake_files read_lake duckdb_rows keep_oracle lake_differs);

our ($library, $python, $folder);

# The program, built with the points at which it can be killed.  False, and LoadProgram::why_not() says why, if a library is missing.
sub lake_program
{
	local $ENV{COPT} = '-DPAUSE_POINTS';
	return LoadProgram::build_program();
}

# Why exports can't be tested here; nothing if they can.  The program must have been built with a part, such as export or s3.
sub why_no_export
{
	my ($part) = @_;

	return 'python3 is not installed' if system('command -v python3 >/dev/null 2>&1') != 0;
	return "DuckDB's library can't be had from npm" unless fetch_duckdb();
	return LoadProgram::why_not() unless lake_program();
	return "the program has no $part: libjansson or libcurl is not installed" if `'$LoadProgram::program' --version` !~ /\b$part\b/;
	return;
}

# Get DuckDB's library from npm, as the benchmark does; false if it can't be had.
sub fetch_duckdb
{
	$folder = PostgreSQL::Test::Utils::tempdir();
	$library = $ENV{PG_SESSIONIZE_DUCKDB};
	return 1 if defined $library && -f $library;
	my $version = decode_json(slurp_file('bench/package.json'))->{dependencies}{'@duckdb/node-api'};
	local $ENV{HOME} = $folder;
	return 0 if system("cd '$folder' && npm install --silent --no-audit --no-fund --fetch-retries 1 '\@duckdb/node-api\@$version' >npm.log 2>&1") != 0;
	($library) = glob("$folder/node_modules/\@duckdb/node-bindings-*/libduckdb.so");
	return defined $library;
}

# Get delta-rs and Arrow from PyPI, the versions that were tried; false if they can't be had.
sub fetch_deltalake
{
	local $ENV{HOME} = $folder;
	$python = "$folder/python/bin/python";
	return system("python3 -m venv '$folder/python' >'$folder/pip.log' 2>&1 && '$python' -m pip install --quiet --retries 1 deltalake==1.6.6 pyarrow==26.0.1 >>'$folder/pip.log' 2>&1") == 0;
}

# The rows of the last of some statements of DuckDB.
sub duckdb_rows
{
	my @statements = @_;
	my ($out, $err);

	s/\s+/ /g foreach @statements;
	IPC::Run::run([ 'python3', 'test/t/duckdb_sql.py', $library ], '<', \join("\n", @statements), '>', \$out, '2>', \$err) or die "DuckDB: $err";
	chomp $out;
	return $out;
}

# The last version of a table's log; -1 if there is none.
sub lake_versions
{
	my ($table) = @_;
	my @versions = sort { $a <=> $b } map { m{(\d{20})\.json$} ? int($1) : () } glob("$table/_delta_log/*.json");

	return @versions ? $versions[-1] : -1;
}

# The live files of a version of a table, and the value of its partition, by the JSON of its log alone.
sub lake_files
{
	my ($table, $version) = @_;
	my %live;

	foreach my $n (0 .. $version)
	{
		foreach my $line (split /\n/, slurp_file(sprintf '%s/_delta_log/%020d.json', $table, $n))
		{
			my $action = decode_json($line);
			delete $live{ $action->{remove}{path} } if $action->{remove};
			$live{ $action->{add}{path} } = (values %{ $action->{add}{partitionValues} })[0] if $action->{add};
		}
	}
	return \%live;
}

sub quoted { return '"' . $_[0] =~ s/"/""/gr . '"'; }

# The names of a table's columns and their types, by its export.
sub columns
{
	my ($node, $pipeline, $export, $table) = @_;

	return map { [ split /\t/ ] } split /\n/, $node->safe_psql('postgres',
		"SELECT concat_ws(E'\\t', c ->> 'name', c ->> 'type', coalesce(c ->> 'name' = t.partition_column, false)) FROM sessionize.export_tables('$pipeline', '$export') AS t, jsonb_array_elements(t.columns) WITH ORDINALITY AS x (c, n) WHERE t.table_name = '$table' ORDER BY n");
}

# Keep what a version of a table must have, as the database says now, in the schema oracle.
sub keep_oracle
{
	my ($node, $pipeline, $export, $table, $version) = @_;
	my $query = $node->safe_psql('postgres', "SELECT sessionize.export_query('$pipeline', '$export', '$table')");
	my $list = join(', ', map { my ($name, $type) = (quoted($_->[0]), $_->[1]); $type =~ /^decimal/ ? "${name}::numeric" : $name } columns($node, $pipeline, $export, $table));

	$node->safe_psql('postgres', "SET datestyle = ISO; SET timezone = UTC; CREATE SCHEMA IF NOT EXISTS oracle; DROP TABLE IF EXISTS oracle.${table}_$version; CREATE TABLE oracle.${table}_$version AS SELECT $list FROM ($query) AS q");
	return;
}

# Write the rows of a version of a table to a file, in CSV: by DuckDB, or, if it is asked for, by delta-rs.
sub read_lake
{
	my ($node, $by, $table, $version, $output) = @_;

	if ($by eq 'delta-rs')
	{
		system($python, 'test/t/delta_read.py', $table, $version, $output) == 0 or die 'delta-rs failed';
		return;
	}
	my $files = lake_files($table, $version);
	my ($name) = $table =~ m{([^/]+)$};
	my @columns = split /\n/, $node->safe_psql('postgres', "SELECT attname FROM pg_attribute WHERE attrelid = 'oracle.${name}_$version'::regclass AND attnum > 0 ORDER BY attnum");
	my $list = join(', ', map { quoted($_) } @columns);
	my $paths = join(', ', map { "'$table/$_'" } sort keys %$files);
	if (!$paths)
	{
		append_to_file($output, '');
		return;
	}
	duckdb_rows("SET TimeZone = 'UTC'", "COPY (SELECT $list FROM read_parquet([$paths], hive_partitioning = true, hive_types_autocast = false)) TO '$output' (FORMAT csv, HEADER false)");
	return;
}

# What a version of a table in the lake has more and less than it must have; empty if it is exact.
sub lake_differs
{
	my ($node, $by, $table, $version) = @_;
	my ($name) = $table =~ m{([^/]+)$};
	my $file = "$folder/rows.csv";

	unlink $file;
	read_lake($node, $by, $table, $version, $file);
	return $node->safe_psql('postgres', qq{
		CREATE TEMP TABLE got (LIKE oracle.${name}_$version);
		\\copy got FROM '$file' (FORMAT csv)
		SELECT 'more', x::text FROM (SELECT * FROM got EXCEPT ALL SELECT * FROM oracle.${name}_$version) AS x
		UNION ALL SELECT 'less', x::text FROM (SELECT * FROM oracle.${name}_$version EXCEPT ALL SELECT * FROM got) AS x LIMIT 5});
}

1;
