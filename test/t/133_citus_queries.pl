# The cookbook's and the demo's queries over a distributed pipeline: run on the coordinator, they give what they give on one node, and what they read
# is read on the workers. The few that Citus can't run as they are printed have another form here.
use strict;
use warnings;
use CitusCluster qw(no_citus single_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use StarComparison qw(psql_script same_star);
use Test::More;

plan skip_all => no_citus() if no_citus();

my $conf = "fsync = off\nautovacuum = off\nwork_mem = '32MB'\n";
my $cluster = CitusCluster->start(workers => 2, conf => $conf);
my $single = single_node($conf);

# The demo's data; the session key must be a column, so collectors would have filled it.
$single->safe_psql('postgres', "SELECT sessionize.create_events_table('raw.events', 'month')");
IPC::Run::run([ 'psql', '-X', '-q', '-d', $single->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-v', 'scale=0.1', '-f', 'examples/demo/generator.sql' ]) or die 'the generator failed';
$single->safe_psql('postgres', 'UPDATE raw.events SET anonymous_id = user_id WHERE anonymous_id IS NULL; DELETE FROM raw.events WHERE anonymous_id IS NULL');
my $file = $single->basedir . '/events';
my $columns = 'raw_id, occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context';
psql_script($single, "\\copy (SELECT $columns FROM raw.events) TO '$file'");
$cluster->sql("SELECT sessionize.create_events_table('raw.events', 'month')");
for my $node ($cluster->coordinator, $single) { $node->safe_psql('postgres', 'CREATE INDEX ON raw.events (anonymous_id, occurred_at, event_id)'); }
$cluster->sql("SELECT create_distributed_table('raw.events', 'anonymous_id')");
psql_script($cluster->coordinator, "\\copy raw.events ($columns) FROM '$file'");
for my $node ($cluster->coordinator, $single)
{
	$node->safe_psql('postgres', "SELECT sessionize.create_pipeline('web', 'raw.events', key => 'anonymous_id')");
	$node->safe_psql('postgres', "CALL sessionize.rebuild('web')");
	$node->safe_psql('postgres', 'ANALYZE raw.events');
}
same_star($cluster, $single, 'the demo');

my $settings = "SET TimeZone = 'UTC'; SET search_path = sessionize, public; SET client_min_messages = warning;";
my %query;
my $page = slurp_file('docs/cookbook.md');
while ($page =~ /^## (\d+)\. .*?\n```sql\n(.*?);\n```/msg) { $query{"cookbook $1"} = $2; }
my $report = slurp_file('examples/demo/report.sql');
while ($report =~ /^\\echo '([^']*)'\n(.*?);\n/msg) { $query{"demo: $1"} = $2; }
cmp_ok(scalar(keys %query), '>=', 18, 'there are queries');

# What to write in place of those that Citus can't run as they are.
my %instead = (
	# joined by the distribution column as well
	'cookbook 9' => $query{'cookbook 9'} =~ s/JOIN raw\.events AS r USING \(raw_id\)/AS e JOIN raw.events AS r ON r.raw_id = e.raw_id AND r.anonymous_id = e.session_key/r,
	# facts and dimensions are tables of the shards' pipelines; their views have all of it
	'demo: Sessions per day' => q{SELECT to_char(date, 'YYYY-MM-DD Dy') AS day, count(*) AS sessions, repeat('#', (60 * count(*) / max(count(*)) OVER ())::int) AS " "
		FROM web.sessions GROUP BY date ORDER BY date});
# What a function reads is read by the function.
my %in_function = map { ($_ => 1) } 'cookbook 14', 'demo: Accounting: every raw row is accounted for (difference = 0)';

for my $name (sort keys %query)
{
	my $expected = $single->safe_psql('postgres', "$settings $query{$name}");
	my $sql = $instead{$name} // $query{$name};
	my ($out, $err);
	my $status = $cluster->coordinator->psql('postgres', "$settings $sql", stdout => \$out, stderr => \$err);
	my ($plan) = ('');

	$cluster->coordinator->psql('postgres', "$settings EXPLAIN (COSTS off) $sql", stdout => \$plan);
	is($status == 0 ? $out : $err, $expected, "$name: the same on the coordinator" . ($instead{$name} ? ', in another form' : ''));
	my @tasks = $plan =~ /Task Count: (\d+)/g;
	my $pushed = $plan =~ /->  Task.*?(SessionGroup|GroupAggregate|HashAggregate)/s ? 'grouped on the workers' : 'rows pulled';
	diag("$name: " . ($status == 0 ? 'runs' : 'ERROR ' . ($err =~ /ERROR:  (.*)/)[0]) . "; tasks @tasks; $pushed" . ($plan =~ /Distributed Subplan/ ? '; subplans' : '')) if $ENV{VERBOSE};
	cmp_ok(scalar(@tasks), '>', 0, "$name: EXPLAIN shows tasks for the workers") unless $in_function{$name};
	# by the session key as well, sessions are made groups of on the workers
	next unless $sql =~ /GROUP BY session_id/;
	$sql =~ s/GROUP BY session_id/GROUP BY session_key, session_id/g;
	is($cluster->sql("$settings $sql"), $expected, "$name: the same, grouped by session_key, session_id");
	$plan = $cluster->sql("$settings EXPLAIN (COSTS off) $sql");
	like($plan, qr/->  Task\n(?:(?!Custom Scan \(Citus).)*(?:SessionGroup|GroupAggregate|HashAggregate)/s, "$name: and the groups are made on the workers");
	diag("$name by session_key: " . ($plan =~ /Distributed Subplan/ ? 'subplans' : 'pushed down')) if $ENV{VERBOSE};
}
$cluster->stop;
$single->stop('immediate');
done_testing();
