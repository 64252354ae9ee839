# StarComparison: whether the star of a distributed pipeline is that of one node. The nodes are a CitusCluster and a single_node().
package StarComparison;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw(psql_script star_columns star_differences same_star copy_raw_rows);

# Run a script with psql, whose \copy reads and writes files; dies at the first error.
sub psql_script
{
	my ($node, $script) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') ], '<', \$script, '>', \$out, '2>', \$err)
	  or die "psql: $err";
	chomp $out;
	return $out;
}

# The columns of a relation in order of their names, "name type" each, without some.
sub star_columns
{
	my ($node, $relation, @without) = @_;
	my $without = join(', ', map { "'$_'" } @without, '');
	my $literal = $relation =~ s/'/''/gr;

	# whatever is in the database's search_path
	return $node->safe_psql('postgres', qq{SET search_path = pg_catalog; SELECT quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = '$literal'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ($without) ORDER BY attname COLLATE "C"});
}

# The rows that only the cluster has and those that only the single node has, as "12|0", and an example of each.
sub star_differences
{
	my ($cluster, $single, $relation, @without) = @_;
	my @columns = split /\n/, star_columns($single, $relation, @without);
	my $names = join(', ', map { (/^(".*"|\S+) /)[0] } @columns);
	my $definitions = join(', ', @columns);
	my $file = $single->basedir . '/rows';

	psql_script($cluster->coordinator, "\\copy (SELECT $names FROM $relation) TO '$file'");
	return psql_script($single, <<"SQL");
CREATE TEMP TABLE theirs ($definitions);
\\copy theirs FROM '$file'
CREATE TEMP TABLE only_theirs AS SELECT $names FROM theirs EXCEPT ALL SELECT $names FROM $relation;
CREATE TEMP TABLE only_ours AS SELECT $names FROM $relation EXCEPT ALL SELECT $names FROM theirs;
SELECT concat_ws(E'\\n', (SELECT count(*) FROM only_theirs) || '|' || (SELECT count(*) FROM only_ours),
	(SELECT 'only on the cluster: ' || min(t::text) FROM only_theirs AS t), (SELECT 'only on the single node: ' || min(t::text) FROM only_ours AS t));
SQL
}

# A test for each relation of the star: the same columns, and in them the same rows. What says when a row was written is left out.
sub same_star
{
	my ($cluster, $single, $name, %options) = @_;
	my $star = $options{star} // 'web';
	my %without = (late => [qw(raw_table first_seen)], quarantine => [qw(quarantine_id first_seen)], session_alias => ['at'], %{ $options{without} // {} });
	my $same = 1;

	# sealed rows keep the columns of measures and dimensions that were dropped since
	my %kept = map { ($_ => 1) } qw(session_key event_id raw_id occurred_at sent_at received_at event_name user_id page page_view filter restart restart_on_change midnight time_zone);
	$without{sealed} //= [ grep { !$kept{$_} } map { (/^"?(.*?)"? /)[0] } map { split /\n/, star_columns($_, "$star.sealed") } $cluster->coordinator, $single ];
	for my $relation (@{ $options{relations} // [qw(sessions events quarantine late)] })
	{
		my @without = @{ $without{$relation} // [] };

		$same &= is(star_columns($cluster->coordinator, "$star.$relation", @without), star_columns($single, "$star.$relation", @without), "$name: $relation has the same columns");
		$same &= is(eval { star_differences($cluster, $single, "$star.$relation", @without) } // $@, '0|0', "$name: $relation has the same rows");
	}
	return $same;
}

# Give the single node the raw rows that the cluster has.
sub copy_raw_rows
{
	my ($cluster, $single, $table) = @_;
	my $columns = join(', ', map { (/^(".*"|\S+) /)[0] } split /\n/, star_columns($single, $table));
	my $file = $single->basedir . '/raw';

	psql_script($cluster->coordinator, "\\copy (SELECT $columns FROM $table) TO '$file'");
	psql_script($single, <<"SQL");
BEGIN;
CREATE TEMP TABLE theirs (LIKE $table) ON COMMIT DROP;
\\copy theirs ($columns) FROM '$file'
DELETE FROM $table WHERE raw_id IN (SELECT raw_id FROM (SELECT $columns FROM $table EXCEPT ALL SELECT $columns FROM theirs) AS gone);
INSERT INTO $table ($columns) SELECT $columns FROM theirs EXCEPT ALL SELECT $columns FROM $table;
COMMIT;
SQL
	return;
}

1;
