# What is said about the package agrees with itself and with PGXN's meta spec 1.0.0.
use strict;
use warnings;
use Test::More;
use File::Temp;
use IO::Uncompress::Unzip;
use JSON::PP;

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<', $path) or die "$path: $!";
	local $/;
	return scalar <$fh>;
}

# append changes a file in a folder.
sub append
{
	my ($folder, $path, $text) = @_;
	open(my $fh, '>>', "$folder/$path") or die "$path: $!";
	print $fh $text;
}

# contents returns what each file in a zip archive has in it.
sub contents
{
	my ($path) = @_;
	my $zip = IO::Uncompress::Unzip->new($path) or die "$path: $IO::Uncompress::Unzip::UnzipError";
	my %contents;
	do
	{
		local $/;
		$contents{ $zip->getHeaderInfo->{Name} } = <$zip>;
	} while (($zip->nextStream // 0) > 0);
	return \%contents;
}

my $semver = qr/\A(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-?[A-Za-z][0-9A-Za-z-]*)?\z/;
my ($version) = slurp('pg_sessionize.control') =~ /^default_version = '(.*)'$/m;
my $meta = eval { JSON::PP->new->decode(slurp('META.json')) };
is($@, '', 'META.json is JSON');

# required by the spec, and of the type it wants
like($meta->{$_}, qr/\S/, "META: $_") foreach qw(name abstract maintainer license);
like($meta->{name}, qr{\A[^\s/\\\x00-\x1f]{2,}\z}, 'META: name is a term');
like($meta->{version}, $semver, 'META: version is a semantic version');
is($meta->{license}, 'postgresql', 'META: license is one the spec lists');
is($meta->{'meta-spec'}{version}, '1.0.0', 'META: meta-spec');
is(ref $meta->{provides}, 'HASH', 'META: provides');
foreach my $name (sort keys %{ $meta->{provides} })
{
	my $item = $meta->{provides}{$name};
	like($item->{version}, $semver, "META: $name has a semantic version");
	like($item->{file}, qr/\S/, "META: $name has a file");
	ok(!$item->{docfile} || -f $item->{docfile}, "META: the docfile of $name is there");
}
foreach my $phase (sort keys %{ $meta->{prereqs} })
{
	like($phase, qr/\A(?:configure|build|test|runtime|develop)\z/, "META: prereqs $phase is a phase");
	my $relations = $meta->{prereqs}{$phase};
	foreach my $relation (sort keys %$relations)
	{
		like($relation, qr/\A(?:requires|recommends|suggests|conflicts)\z/, "META: $phase $relation");
		like($relations->{$relation}{$_}, $semver, "META: $phase $relation $_ is a semantic version")
		  foreach sort keys %{ $relations->{$relation} };
	}
}
like($meta->{release_status}, qr/\A(?:stable|testing|unstable)\z/, 'META: release_status');
ok(!(grep { ref || !m{\A[^/\\\x00-\x1f]{1,255}\z} } @{ $meta->{tags} }), 'META: tags');
my %known = map { $_ => 1 }
  qw(name abstract description version maintainer license provides prereqs meta-spec release_status tags
  resources generated_by no_index);
is_deeply([ grep { !$known{$_} && !/^x_/i } sort keys %$meta ], [], 'META: no key the spec does not know');

# one version everywhere
like($version, $semver, 'control: default_version is a semantic version');
is($meta->{version}, $version, 'META and control have one version');
is($meta->{provides}{pg_sessionize}{version}, $version, 'provides and control have one version');
is($meta->{provides}{pg_sessionize}{file}, "sql/pg_sessionize--$version.sql", 'provides names the install script');
my ($newest) = slurp('CHANGELOG.md') =~ /^## (\S+)/m;
is($newest, $version, 'the newest entry of the changelog is this version');
my $plan = `make -s -n install PG_CONFIG="\${PG_CONFIG:-pg_config}" 2>&1`;
like($plan, qr/pg_sessionize--\Q$version\E\.sql/, 'make install installs the script of this version');

# the distribution has the file that META names, and can be built and checked where it is unpacked
{
	my $copy = File::Temp::tempdir(CLEANUP => 1);
	my $git = "git -C $copy -c user.name=test -c user.email=test\@localhost";
	system("tar -c --exclude-vcs --exclude=./build --exclude='*.o' --exclude='*.so' . | tar -x -C $copy") == 0 or die 'copying';
	system("$git init -q . && $git add -A . && $git commit -q -m test") == 0 or die 'git';
	append($copy, 'README.md', 'not committed');
	is(`make -s -C $copy dist 2>&1`, "pg_sessionize-$version.zip\n", 'make dist');
	my $zip = contents("$copy/pg_sessionize-$version.zip");
	my $top = "pg_sessionize-$version";
	is_deeply([ grep { !m{^\Q$top\E/} } sort keys %$zip ], [], 'it unpacks into one folder of its name');
	is($zip->{"$top/META.json"}, slurp('META.json'), 'META.json is at its top');
	is($zip->{"$top/$meta->{provides}{pg_sessionize}{file}"}, join('', map { slurp($_) } sort glob 'sql/[0-9]*.sql'),
		'it has the install script that META names');
	ok(exists $zip->{"$top/$meta->{provides}{pg_sessionize}{docfile}"}, 'and the docfile');
	is($zip->{"$top/README.md"}, slurp('README.md'), 'what is not committed is not in it');
	chomp(my @files = `$git ls-files`);
	is_deeply([ grep { !exists $zip->{"$top/$_"} } @files ], [], 'all that is committed is');
}

# the install script is loaded by CREATE EXTENSION only, and takes nothing over
my $script = join '', map { slurp($_) } sort glob 'sql/[0-9]*.sql';
my %files;
$files{ (m{^sql/(\d+)-})[0] }++ foreach glob 'sql/[0-9]*.sql';
is_deeply([ grep { $files{$_} > 1 } sort keys %files ], [], 'each file of the install script has a number of its own');
like($script, qr/\A[^\n]*\n\\echo Use "CREATE EXTENSION pg_sessionize"/, 'the install script refuses psql');
unlike($script, qr/^CREATE\s+OR\s+REPLACE\b/mi, 'no CREATE OR REPLACE');
unlike($script, qr/^CREATE\s+(?:\w+\s+)+IF\s+NOT\s+EXISTS\b/mi, 'no CREATE IF NOT EXISTS');

# The counters of a run: one list in C, and the columns of two tables and a view.
{
	my @counters = slurp('src/run/run_counters.h') =~ /^\t(RUN|DERIVED|WRITTEN)\((\w+), /mg;
	my (@all, @of_piece);
	while (my ($kind, $column) = splice @counters, 0, 2)
	{
		push @all, $column;
		push @of_piece, $column if $kind ne 'RUN';
	}
	my ($run) = $script =~ /^CREATE TABLE sessionize\.run \(.*?^\tpieces +int,\n(.*?)^\terror /ms;
	my ($piece) = $script =~ /^CREATE TABLE sessionize\.rebuild_piece \(.*?^\tkept_rows [^\n]*\n(.*?)^\tdone_at /ms;
	my ($view) = $script =~ /^CREATE VIEW sessionize\.runs_here .*? AS pieces_done,\n(.*?)^\tFROM /ms;
	cmp_ok(scalar @all, '>', 10, 'there is a list of counters');
	is_deeply([ $run =~ /^\t(\w+)/mg ], \@all, 'it has the columns of sessionize.run');
	is_deeply([ $piece =~ /^\t(\w+)/mg ], \@of_piece, 'and those of sessionize.rebuild_piece');
	is_deeply([ $view =~ /(\w+),?$/mg ], \@all, 'and those of the view sessionize.runs');
}

# Each sentence of SECURITY.md's model and promises names a test that is there.
my ($model) = slurp('SECURITY.md') =~ /^## The model$(.*)^What it does not do/ms;
my @rows = grep { !/^\| (?:who|what) \||^\|---/ } $model =~ /^(\|.*\|)$/mg;
my ($promises) = $model =~ /^## What the extension promises$(.*)/ms;
my @promises = split /^- /m, $promises;
shift @promises;
cmp_ok(scalar @rows, '>', 10, 'SECURITY.md has a model');
foreach my $sentence (@rows, @promises)
{
	my ($last) = $sentence =~ /\|([^|]*)\|\s*\z|.*\(([^()]*)\)\.\s*\z/s ? ($1 // $2) : '';
	my @names = $last =~ /`(\w+)`/g;
	my @missing = grep { !-f "test/sql/$_.sql" && !-f "test/specs/$_.spec" && !-f "test/t/$_.pl" } @names;

	(my $title = substr($sentence, 0, 60)) =~ s/\s+/ /g;
	ok(@names && !@missing, "SECURITY.md names tests that are there: $title") or diag("missing: @missing");
}

unlike($script, qr/^(?:CREATE|COMMENT ON|ALTER) (?:TYPE|TABLE|VIEW|FUNCTION|PROCEDURE|AGGREGATE) (?!sessionize\.)/m, 'all objects are called by their full names');
unlike($script, qr/FUNC = (?!sessionize\.)|^(?:GRANT|REVOKE) [A-Z]+ ON (?:FUNCTION )?+(?!SCHEMA|sessionize\.|%)/m, 'and so are those that they refer to');

# The SQL in the sources uses no word that column_names.sql does not give to columns: there a column of a user's could be met in
# place of something of ours. What error messages say is left out, and so are the system columns, whose names nobody can take.
{
	my ($list) = slurp('test/sql/column_names.sql') =~ /regexp_split_to_table\('(.*?)'/s;
	my %known = map { $_ => 1 } split(' ', $list), qw(ctid xmin tableoid);
	my %missing;
	foreach my $file (glob 'src/*/*.c')
	{
		my $text = slurp($file);
		$text =~ s{/\*.*?\*/}{}gs;
		$text =~ s/\berr(?:msg|detail|hint|context)\w*\s*(\((?:[^()"']++|"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|(?1))*+\))//g;
		while ($text =~ /"((?:\\.|[^"\\\n])*)"/g)
		{
			my $sql = $1;
			next
			  unless $sql =~ /\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|CREATE|ALTER|JOIN|ORDER BY|UNION|GROUP BY|VALUES|RETURNING|AND|SET|WITH|LATERAL|EXISTS|AS)\b/;
			$sql =~ s/'[^']*'//g;
			$sql =~ s/%-?\d*(?:ll)?[a-z]//g;
			$known{ lc $_ } or $missing{ lc $_ } = $file foreach $sql =~ /[A-Za-z_]\w*/g;
		}
	}
	is(join(', ', map { "$_ ($missing{$_})" } sort keys %missing), '', 'column_names.sql has every word of our SQL');
}

done_testing();
