# validate() against the official test suite of JSON Schema (https://github.com/json-schema-org/JSON-Schema-Test-Suite): every
# required test of drafts 2020-12 and 07, and which of the optional ones pass.
#
#   JSON_SCHEMA_REMOTES=FOLDER   the suite's folder "remotes", if it is not beside the suite's folder "tests"
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $suite = ($ENV{SESSIONIZE_SHARED} // '../shared/data') . '/json-schema-test-suite';
plan skip_all => "the suite is not in $suite" if !-d "$suite/tests";
my $remotes = $ENV{JSON_SCHEMA_REMOTES} || "$suite/remotes";

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<', $path) or die "$path: $!";
	local $/;
	return scalar <$fh>;
}

# The JSON files below a folder, by their paths in it.
sub json_files
{
	my ($folder, $under) = @_;
	my @files;
	foreach my $path (sort glob "$folder/$under*")
	{
		my $name = substr $path, length($folder) + 1;
		push @files, -d $path ? json_files($folder, "$name/") : $name =~ /\.json$/ ? $name : ();
	}
	return @files;
}

# A file as a literal of SQL.  jsonb can't have U+0000: U+0001 stands for it.
sub literal
{
	my ($path) = @_;
	my $text = slurp($path);
	note("in $path U+0001 stands for U+0000, which jsonb can't have") if $text =~ s/\\u0000/\\u0001/g;
	return "\$SUITE\$$text\$SUITE\$";
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '-E', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "log_statement = none\nlog_min_messages = fatal\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE files (draft text, path text, content json);
	CREATE TABLE remotes (draft text, uri text, content jsonb);
	-- what validate() says, or its error
	CREATE FUNCTION verdict(schema json, doc json, assert_format boolean, documents jsonb, usual jsonb) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE s jsonb;
	BEGIN
		s := schema;
		IF jsonb_typeof(s) = 'object' THEN s := usual || s; END IF;
		RETURN sessionize.validate(s, doc::jsonb, assert_format, documents)::text;
	EXCEPTION WHEN OTHERS THEN RETURN SQLERRM;
	END $$;
	-- the same by violations(): whether there are none
	CREATE FUNCTION no_violations(schema json, doc json, assert_format boolean, documents jsonb, usual jsonb) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE s jsonb;
	BEGIN
		s := schema;
		IF jsonb_typeof(s) = 'object' THEN s := usual || s; END IF;
		RETURN (NOT EXISTS (SELECT FROM sessionize.violations(s, doc::jsonb, 100, assert_format, documents)))::text;
	EXCEPTION WHEN OTHERS THEN RETURN SQLERRM;
	END $$});

my %usual = ('draft2020-12' => '{}', 'draft7' => '{"$schema": "http://json-schema.org/draft-07/schema#"}');
my $load = '';
foreach my $draft (sort keys %usual)
{
	$load .= "INSERT INTO files VALUES ('$draft', '$_', " . literal("$suite/tests/$draft/$_") . ");\n"
	  foreach json_files("$suite/tests/$draft", '');
	foreach my $path (json_files($remotes, ''))
	{
		next if $path =~ m{^(?:draft|v\d)[^/]*/} && $path !~ m{^\Q$draft\E/};
		$load .= "INSERT INTO remotes VALUES ('$draft', 'http://localhost:1234/$path', " . literal("$remotes/$path") . ");\n";
	}
}
# through a file, as psql reads it from there at once
my $script = PostgreSQL::Test::Utils::tempdir() . '/suite.sql';
open(my $out, '>', $script) or die "$script: $!";
print $out $load;
close $out;
$node->safe_psql('postgres', "\\i $script");

foreach my $draft (reverse sort keys %usual)
{
	# each test, and what is said of it
	$node->safe_psql('postgres', qq{
		CREATE TABLE "$draft" AS
		WITH documents AS (SELECT coalesce(jsonb_object_agg(uri, content), '{}') AS documents FROM remotes WHERE draft = '$draft'),
		tests AS (
			SELECT path, (g -> 'description')::text AS title, (t -> 'description')::text AS test, (t -> 'valid')::text AS valid, g -> 'schema' AS schema, t -> 'data' AS doc,
			       path ~ 'optional/format/' AS assert_format, (g -> 'schema')::text ~ 'localhost:1234' AS needs_remotes
			FROM files, json_array_elements(content) AS g, json_array_elements(g -> 'tests') AS t WHERE draft = '$draft')
		SELECT path, title, test, valid, needs_remotes, verdict(schema, doc, assert_format, documents, '$usual{$draft}') AS verdict,
		       no_violations(schema, doc, assert_format, documents, '$usual{$draft}') AS no_violations
		FROM tests, documents});
	my ($required, $optional) = split /\|/, $node->safe_psql('postgres',
		qq{SELECT count(*) FILTER (WHERE path !~ '^optional'), count(*) FILTER (WHERE path ~ '^optional') FROM "$draft"});
	cmp_ok($required, '>', 500, "$draft: there are required tests");

	# Without the suite's remote documents, what needs them is named and left out.
	my $left_out = '';
	my $but = '';
	if (!-d $remotes)
	{
		my $names = $node->safe_psql('postgres', qq{SELECT DISTINCT path || ': ' || title FROM "$draft"
			WHERE path !~ '^optional' AND needs_remotes AND verdict <> valid ORDER BY 1});
		diag("$draft: left out, as the suite's remote documents are not in $remotes:\n$names");
		$left_out = 'AND NOT needs_remotes';
		$but = ' but for ' . $node->safe_psql('postgres', qq{SELECT count(*) FROM "$draft"
			WHERE path !~ '^optional' AND needs_remotes AND verdict <> valid}) . ' that need them';
	}
	is($node->safe_psql('postgres', qq{SELECT path, title, test, valid, verdict FROM "$draft"
		WHERE path !~ '^optional' AND verdict <> valid $left_out}), '', "$draft: all of $required required tests pass$but");
	is($node->safe_psql('postgres', qq{SELECT path, title, test, verdict, no_violations FROM "$draft"
		WHERE no_violations <> verdict}), '', "$draft: violations() agrees with validate()");
	note("$draft: optional tests that pass, of $optional\n" . $node->safe_psql('postgres', qq{
		SELECT path, count(*) FILTER (WHERE verdict = valid) || ' of ' || count(*) FROM "$draft" WHERE path ~ '^optional' GROUP BY path ORDER BY path}));
	note("$draft: optional tests that fail\n" . $node->safe_psql('postgres', qq{
		SELECT path, title, test, valid, verdict FROM "$draft" WHERE path ~ '^optional' AND verdict <> valid}));
}
$node->stop;
done_testing();
