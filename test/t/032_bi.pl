# The queries of docs/bi.md, as the role of the page and on the data of make demo: each gives what the page prints, and
# what another query gives.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('bi');
$node->init;
$node->append_conf('postgresql.conf', "work_mem = '64MB'\nfsync = off\nautovacuum = off\njit = off\n");
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION pg_sessionize; SELECT sessionize.create_events_table('raw.events', 'month')");
IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-f', 'examples/demo/generator.sql' ])
  or die 'the generator failed';
$node->safe_psql('postgres', "ANALYZE raw.events; SELECT sessionize.create_pipeline('web', 'raw.events')");
$node->safe_psql('postgres', "CALL sessionize.rebuild('web')");

# What the page has: the role, and for each section a query and what is printed for it.
my $page = slurp_file('docs/bi.md');
my ($role) = $page =~ /^## A role that reads.*?```sql\n(.*?)```/ms;
my %query;
my %printed;
while ($page =~ /^## ([^\n]+)\n(.*?)(?=^## |\z)/msg)
{
	my ($title, $text) = ($1, $2);
	($query{$title}, $printed{$title}) = ($1, $2) if $text =~ /```sql\n(.*?);\n```\n\n```\n(.*?)```/s;
}
$node->safe_psql('postgres', $role);
$node->safe_psql('postgres', "SET timezone = 'UTC'; CREATE ROLE monitoring LOGIN; ALTER ROLE monitoring SET timezone = 'UTC'; GRANT pg_read_all_stats TO monitoring");

# The answers from the facts and events in place of the views, with other expressions for days and means.
my %oracle = (
	'Freshness' => q{VALUES ('web', 'not scheduled', NULL::interval, true)},
	'Metabase' => q{
		SELECT ((date_key / 10000) || '-' || (date_key / 100 % 100) || '-' || date_key % 100)::date, count(*), sum(page_views) / count(*)
		FROM web.fact_session WHERE date_key BETWEEN 20260309 AND 20260313 GROUP BY 1},
	'Metabase, joins' => q{
		SELECT p.page, n FROM (SELECT entry_page_key, count(*) AS n FROM web.fact_session GROUP BY 1 ORDER BY n DESC LIMIT 5) AS s
		JOIN web.dim_page AS p ON p.page_key = s.entry_page_key},
	'Superset' => q{
		SELECT date::timestamp AT TIME ZONE 'UTC', count(DISTINCT session_id), count(DISTINCT session_key),
		       (count(*) FILTER (WHERE n = 1))::numeric / count(*)
		FROM (SELECT session_id, session_key, session_started_at::date AS date, count(*) AS n FROM web.events GROUP BY 1, 2, 3) AS s
		WHERE date BETWEEN '2026-03-09' AND '2026-03-13' GROUP BY date},
	'Grafana' => q{
		SELECT extract(epoch FROM date_bin('6 hours', started_at, '1970-01-01Z')), count(*), sum(views)::numeric / count(*)
		FROM (SELECT session_started_at AS started_at, count(*) FILTER (WHERE page_view) AS views FROM web.events GROUP BY session_id, session_started_at) AS s
		WHERE started_at >= '2026-03-09Z' AND started_at < '2026-03-10Z' GROUP BY 1},
	'Looker' => q{
		SELECT (timezone('Europe/Berlin', started_at))::date, count(*), sum((n = 1)::int), count(DISTINCT session_key), sum(views)
		FROM (SELECT session_key, session_started_at AS started_at, count(*) AS n, count(*) FILTER (WHERE page_view) AS views
		      FROM web.events GROUP BY session_id, session_key, session_started_at) AS s
		WHERE started_at >= '2026-03-08 23:00Z' AND started_at < '2026-03-13 23:00Z' GROUP BY 1});
is(join(' ', sort keys %query), join(' ', sort keys %oracle), 'the page has the queries that are compared');

foreach my $title (sort keys %oracle)
{
	my $reader = $title eq 'Freshness' ? 'monitoring' : 'bi';
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-P', 'footer=off', '-d', $node->connstr('postgres') . " user=$reader" ], '<', \"$query{$title};", '>', \$out, '2>', \$err);
	$out =~ s/ +$//mg;
	$out =~ s/\n\n$/\n/;
	is($err . $out, $printed{$title}, "$title: as the page has it");
	is($node->safe_psql('postgres', "SET timezone = 'UTC';
		WITH answer AS MATERIALIZED ($query{$title}), oracle AS MATERIALIZED ($oracle{$title})
		SELECT (SELECT count(*) FROM (TABLE answer EXCEPT ALL TABLE oracle) AS x), (SELECT count(*) FROM (TABLE oracle EXCEPT ALL TABLE answer) AS x)"),
		'0|0', "$title: as another query has it");
}

# Grafana's panel is the expanded query with its macros
{
	my ($panel) = $page =~ /^## Grafana.*?\n\n(    SELECT.*?)\n\n/ms;
	my $expanded = $panel =~ s/^    //mgr;
	$expanded =~ s/\$__timeGroupAlias\((\w+), '6h'\)/floor(extract(epoch from $1)\/21600)*21600 AS "time"/;
	$expanded =~ s/\$__timeFilter\((\w+)\)/$1 BETWEEN '2026-03-09T00:00:00Z' AND '2026-03-09T23:59:59.999Z'/;
	is($expanded, $query{Grafana}, 'Grafana: the macros expand to the query');
}

# Looker's view has columns that there are
{
	my %columns = map { $_ => 1 } $page =~ /\$\{TABLE\}\.(\w+)/g;
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_attribute WHERE attrelid = 'web.sessions'::regclass AND attname IN ('" . join("', '", keys %columns) . "')"),
		scalar keys %columns, 'Looker: the columns of the view are there');
}

# the role: reads live views in its read-only transactions, and neither writes nor reads raw rows
sub as_bi
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres') . ' user=bi' ], '<', \"$sql;", '>', \$out, '2>', \$err);
	return $out . $err;
}
$node->safe_psql('postgres', q{INSERT INTO raw.events (event_id, event_name, anonymous_id, occurred_at) VALUES ('new', 'page_view', 'somebody new', now())});
is(as_bi(q{SELECT events FROM web.sessions_live WHERE session_key = 'somebody new'}), "1\n", 'the role reads what is not refreshed yet');
like(as_bi('SELECT count(*) FROM raw.events'), qr/permission denied for schema raw/, 'no raw rows');
like(as_bi("SELECT count(*) FROM web.$_"), qr/permission denied for (?:view|table) $_/, "nothing of $_") foreach qw(source quarantine late sealed dirty);
like(as_bi('CREATE TEMP TABLE t (a int)'), qr/read-only transaction/, 'the role writes nothing');
is(as_bi('SHOW statement_timeout'), "1min\n", 'its queries end after a minute');
is(as_bi('SELECT count(*) FROM sessionize.pipeline_status'), "0\n", 'it does not see the status');
isnt(as_bi(q{SELECT col_description('web.sessions'::regclass, 2)}), "\n", 'it sees the comments');

$node->stop;
done_testing();
