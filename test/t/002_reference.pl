# The reference says of every object of the extension that users may use what the catalog says of it, and its examples run.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<', $path) or die "$path: $!";
	local $/;
	return scalar <$fh>;
}

# The sections: for each name in a heading, the text up to the next heading of the same or a higher level. A title that is
# the name of one object ("# session_table") makes the whole page its section.
my %section;
foreach my $page (sort glob 'docs/reference/*.md')
{
	my $text = slurp($page);
	my @parts = split /^(#{1,2} .*)$/m, $text;
	shift @parts;
	while (my ($heading, $body) = splice(@parts, 0, 2))
	{
		my ($level, $title) = $heading =~ /^(#+) (.*)$/;
		# "name(argument, …) → type, other(…) → type", "View sessionize.name", "Type name", "CALL name(…)"
		$title =~ s/\([^)]*\)//g;
		$title =~ s/→[^,]*//g;
		foreach my $name (split /,\s*/, $title)
		{
			$name =~ s/^\s*(?:View|Type|CALL|Table)\s+//;
			$name =~ s/^sessionize\.//;
			$name =~ s/\s+$//;
			next unless $name =~ /^[a-z_0-9]+$/;
			# functions of one name share what their sections say
			$section{$name} = ($section{$name} // '') . ($level eq '#' ? $text : $body);
		}
	}
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_sessionize');

my $tests = join "\n", map { slurp($_) } glob 'test/sql/*.sql';
my $members = q{SELECT d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pg_sessionize'};

# What users call: everything but the parts of aggregates, types and plans, whose comments say that they are internal, and
# which nobody can call, since they want or give "internal".
my $functions = $node->safe_psql('postgres', qq{
	SELECT p.proname, p.prokind, p.provolatile, p.proparallel, p.proisstrict, coalesce(array_to_string(p.proargnames, ','), ''), p.pronargs,
	       p.proargtypes::oid[] @> ARRAY['internal'::regtype::oid] OR p.prorettype = 'internal'::regtype,
	       coalesce(obj_description(p.oid, 'pg_proc') ~ '^Internal', false)
	FROM pg_proc AS p WHERE p.oid IN ($members) ORDER BY p.proname, p.pronargs});
my %volatility = (i => 'IMMUTABLE', s => 'STABLE', v => 'VOLATILE');
my %parallel = (s => 'SAFE', r => 'RESTRICTED', u => 'UNSAFE');
my $public = 0;
foreach my $row (split /\n/, $functions)
{
	my ($name, $kind, $volatile, $parallel, $strict, $arguments, $nargs, $internal, $said) = split /\|/, $row;
	next if $internal eq 't' || $said eq 't';
	$public++;
	my $text = $section{$name};
	ok($text, "$name has an entry in the reference") or next;
	# a section may point to another's: "All else is as for `name`"
	my @others = $text =~ /as for `(\w+)`/g;
	$text .= join '', map { $section{$_} // '' } @others;
	my @missing = grep { $text !~ /\b\Q$_\E\b/ } grep { $_ } (split /,/, $arguments)[ 0 .. $nargs - 1 ];
	is("@missing", '', "$name: its entry has all arguments");
	ok($text =~ /\bNULL\b/, "$name: its entry says what NULL does");
	unless ($kind eq 'p')
	{
		ok($text =~ /\b$volatility{$volatile}\b/, "$name: its entry says that it is $volatility{$volatile}");
		ok($text =~ /PARALLEL $parallel{$parallel}\b/, "$name: its entry says that it is PARALLEL $parallel{$parallel}");
	}
	ok($text =~ /\bSTRICT\b/, "$name: its entry says that it is STRICT") if $strict eq 't' && $kind ne 'a';
	ok($text =~ /^    .*\b\Q$name\E\s*\(/m, "$name: its entry shows how it is called");
	ok($tests =~ /\bsessionize\.\Q$name\E\(/, "$name: a regression test calls it");
}
cmp_ok($public, '>', 10, 'there are functions');

my $relations = $node->safe_psql('postgres', qq{
	SELECT c.relname, string_agg(a.attname, ',' ORDER BY a.attnum)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE (c.oid IN ($members) OR c.oid IN (SELECT typrelid FROM pg_type WHERE oid IN ($members) AND typtype = 'c'))
	  AND c.relkind IN ('v', 'm', 'c', 'r')
	  AND (c.relkind = 'c' OR has_any_column_privilege('public', c.oid, 'SELECT'))
	GROUP BY c.relname ORDER BY 1});
foreach my $row (split /\n/, $relations)
{
	my ($name, $columns) = split /\|/, $row;
	my $text = $section{$name};
	ok($text, "$name has an entry in the reference") or next;
	my @missing = grep { $text !~ /\b\Q$_\E\b/ } split /,/, $columns;
	is("@missing", '', "$name: its entry has all columns");
	ok($tests =~ /\bsessionize\.\Q$name\E\b/, "$name: a regression test uses it");
}

# settings
my $settings = $node->safe_psql('postgres', q{LOAD 'pg_sessionize'; SELECT name FROM pg_settings WHERE name LIKE 'sessionize.%' ORDER BY 1});
my $pages = join "\n", map { slurp($_) } glob 'docs/reference/*.md docs/*.md';
like($pages, qr/\b\Q$_\E\b/, "setting $_ is described") foreach split /\n/, $settings;

# nothing is described that is not there
my $names = $node->safe_psql('postgres', qq{
	SELECT proname FROM pg_proc WHERE oid IN ($members) UNION SELECT relname FROM pg_class WHERE oid IN ($members)
	UNION SELECT typname FROM pg_type WHERE oid IN ($members)});
my %there = map { s/^sessionize\.//r => 1 } split(/\n/, $names), split(/\n/, $settings);
foreach my $page (sort(glob 'docs/reference/*.md'), sort(glob 'docs/*.md'), sort(glob 'docs/design/*.md'), 'README.md')
{
	my %unknown = map { $_ => 1 } grep { !$there{$_} } slurp($page) =~ /\bsessionize\.(?!js\b)(\w+)/g; # sessionize.js is a file
	is(join(' ', sort keys %unknown), '', "$page names nothing that is not there");
}

# what the README says to type can be typed, from the first table on
{
	my ($tour) = slurp('README.md') =~ /^## First sessions(.*)^## FAQ/ms;
	my @blocks = $tour =~ /^```sql\n(.*?)^```/msg;
	cmp_ok(scalar(@blocks), '>', 2, 'README has a tour');
	foreach my $n (0 .. $#blocks)
	{
		my ($status, $out, $err) = $node->psql('postgres', $blocks[$n], on_error_stop => 1);
		is($status, 0, 'README: block ' . ($n + 1)) or diag($err);
	}
	is($node->safe_psql('postgres', 'SELECT count(*), sum(events), sum(duplicates) FROM web.sessions'), '2|3|1', 'README: two sessions, three events, one retry');
}

# every page is linked from the README, and every link between pages leads somewhere
my $readme = slurp('README.md');
like($readme, qr/\(\Q$_\E\)/, "README links to $_") foreach sort(glob 'docs/reference/*.md'), sort(glob 'docs/*.md');
my $design = slurp('docs/design.md');
like($design, qr/\(\Q$_\E\)/, "docs/design.md links to $_") foreach map { s{^docs/}{}r } sort(glob 'docs/design/*.md');
foreach my $page (sort(glob 'docs/reference/*.md'), sort(glob 'docs/*.md'), sort(glob 'docs/design/*.md'),
	glob('*.md bench/*.md examples/*.md sql/*.md test/*.md scripts/*.md src/*.md src/*/*.md'))
{
	my ($folder) = $page =~ m{^(.*/)};
	my @broken = grep { !/^\w+:/ && !-e (($folder // '') . s/#.*//r) } grep { !/^#/ } slurp($page) =~ /\]\(([^)\s]+)\)/g;
	is("@broken", '', "$page: links lead somewhere");
}

$node->stop;
done_testing();
