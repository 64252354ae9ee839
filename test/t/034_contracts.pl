# The pages about contracts: each statement runs in order and gives what the page prints.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('contracts');
$node->init;
$node->start;

# layout leaves what a psql prints without the widths of its columns.
sub layout
{
	my ($text) = @_;
	$text =~ s/^psql:[^ ]*: //mg;
	$text =~ s/-+/-/g;
	$text =~ s/ +/ /g;
	$text =~ s/[ ]+$//mg;
	$text =~ s/^[ ]+//mg;
	$text =~ s/\n+/\n/g;
	return $text;
}

foreach my $page ('docs/contracts.md', 'docs/reference/contracts.md')
{
	my $db = $page =~ s/\W+/_/gr;
	my ($blocks, $printed) = (0, 0);

	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'CREATE EXTENSION pg_sessionize');
	$node->safe_psql($db, q{SELECT sessionize.create_events_table('raw.events'); SELECT sessionize.create_pipeline('web', 'raw.events')}) if $page =~ /reference/;
	my $text = slurp_file($page);
	while ($text =~ /^```sql\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?/msg)
	{
		my ($sql, $wanted) = ($1, $2);
		my ($out, $err) = ('', '');
		my ($first) = $sql =~ /^(.*)/;

		IPC::Run::run([ 'psql', '-X', '-q', '-P', 'footer=off', '-d', $node->connstr($db) ], '<', \$sql, '>', \$out, '2>', \$err);
		$blocks++;
		if (defined $wanted)
		{
			$printed++;
			is(layout($err . $out), layout($wanted), "$page: $first") or diag($err . $out);
		}
		else
		{
			$err =~ s/^NOTICE:.*\n//mg;
			is($err, '', "$page: $first");
		}
	}
	cmp_ok($blocks, '>', 10, "$page has statements");
	cmp_ok($printed, '>', 5, "$page has their results");
}

$node->stop;
done_testing();
