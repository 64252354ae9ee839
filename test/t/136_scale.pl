# docs/scale.md says what examples/scale/sizing.sql computes, and its inputs do what their names say.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->psql('postgres', slurp_file('examples/scale/sizing.sql'), on_error_stop => 1, on_error_die => 1);
my $page = slurp_file('docs/scale.md');

sub sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

# A view as the page has it: a table of markdown.
sub as_printed
{
	my ($view) = @_;
	my @columns = split /\n/, sql("SELECT attname FROM pg_attribute WHERE attrelid = 'sizing.$view'::regclass AND attnum > 0 AND attname <> 'n' ORDER BY attnum");
	my $list = join ', ', map { qq{"$_"::text} } @columns;
	my @rows = split /\n/, $node->safe_psql('postgres', "SELECT concat_ws(' | ', $list) FROM sizing.$view ORDER BY 1" =~ s/ORDER BY 1/"ORDER BY " . ($view eq 'changes' ? 'n' : '"events\/s"')/er);

	return join '', map { "| $_ |\n" } join(' | ', @columns), @rows;
}

foreach my $view (qw(ours dollars beside changes))
{
	my $text = as_printed($view);
	my ($head, @rows) = split /\n/, $text;

	ok(index($page, "$head\n|") >= 0 && !grep({ index($page, "$_\n") < 0 } @rows), "the page has what sizing.$view says") or diag($text);
}

# Each input that the page says is measured is one of the benchmark's, as its results are printed.
my $bench = slurp_file('bench/README.md');
foreach my $row (split /\n/, sql("SELECT name, value FROM sizing.input WHERE kind = 'measured' AND value > 0 ORDER BY 1"))
{
	my ($name, $value) = split /\|/, $row;

	ok(scalar($bench =~ /\b\Q$value\E\b/), "$name is among the results of the benchmarks: $value");
}

# Arithmetic that is known otherwise.
my $raw = sql(q{SELECT round(1e4 * 86400 * sum(value) FILTER (WHERE name = 'raw_days') * sum(value) FILTER (WHERE name = 'raw_bytes') / 1e12, 1) FROM sizing.input});
is(sql(q{SELECT "raw TB" FROM sizing.ours WHERE "events/s" = 10000}), $raw, 'raw bytes are events times days times bytes');
my $disks = sql('SELECT disks FROM sizing.dollars WHERE "events/s" = 100000');
my $before = sql('TABLE sizing.input ORDER BY 1');
sql(q{UPDATE sizing.input SET value = value * 2 WHERE name = 'disk_month'});
cmp_ok(abs(sql('SELECT disks FROM sizing.dollars WHERE "events/s" = 100000') - 2 * $disks), '<=', 1, 'disks of twice the price cost twice as much');
sql(q{UPDATE sizing.input SET value = value / 2 WHERE name = 'disk_month'});

# Each input changes something.
my $results = q{SELECT md5(string_agg(x::text, '' ORDER BY rate)) FROM (SELECT * FROM sizing.our_costs JOIN sizing.their_costs AS t USING (rate)) AS x};
my $base = sql($results);
foreach my $name (split /\n/, sql('SELECT name FROM sizing.input'))
{
	sql("UPDATE sizing.input SET value = value * 1.5 + 1 WHERE name = '$name'");
	isnt(sql($results), $base, "$name matters");
	sql("UPDATE sizing.input SET value = (value - 1) / 1.5 WHERE name = '$name'");
}
sql(q{SELECT * FROM sizing.what_if('{"raw_days": 1, "peak": 9}')});
is(sql(q{SELECT string_agg(name, ',' ORDER BY name) FROM sizing.input WHERE name IN ('raw_days', 'peak') AND value NOT IN (90, 2.5)}), '', 'what_if leaves the inputs as they were');
my (undef, undef, $error) = $node->psql('postgres', q{SELECT * FROM sizing.what_if('{"raw_day": 1}')});
like($error, qr/no input is called raw_day/, 'a misspelt input is an error');
$node->stop;
done_testing;
