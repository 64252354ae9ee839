# One database for each node, with unchanged pipelines, under foreign partitions of postgres_fdw: sessions and events over all nodes are
# those of one node, ids included; writes through the parents; a node added. docs/postgres-fdw.md has the same statements, which are
# read from there.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $server = PostgreSQL::Test::Cluster->new('main');
$server->init;
$server->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
jit = off
CONF
$server->start;
my ($port, $host) = ($server->port, $server->host);

sub sql { my ($db, $sql) = @_; return $server->safe_psql($db, $sql); }

# The statements of a block of the page, which begins with a comment of this text; values for what is written as in the page.
my $page = slurp_file('docs/postgres-fdw.md');
sub block
{
	my ($title, %values) = @_;
	my $nodes = join '|', map { "node$_" } 1 .. 3;
	my ($sql) = $page =~ /^```sql\n-- \Q$title\E[^\n]*\n(.*?)^```/ms or die "no block '$title'";

	$sql =~ s/host '($nodes)\.example', dbname 'shop'/host '$host', port '$port', dbname '$1'/g;
	$sql =~ s/ OPTIONS \(user 'postgres', password 'secret'\)//g;
	$sql =~ s/\Q$_\E/$values{$_}/g foreach keys %values;
	return $sql;
}

# The events of a made-up site: copies, some of them late, users who log in.
sub rows
{
	my ($from, $to) = @_;

	return qq{INSERT INTO raw.events (event_id, visitor, user_id, occurred_at, received_at, page)
		SELECT 'e' || n % 5900, 'v' || v, CASE WHEN n % 3 = 0 THEN 'user' || v END, at, at + n % 3 * interval '1 minute', '/p/' || n % 7
		FROM (SELECT n, abs(hashint8extended(n % 5900, 1) % 200) AS v, timestamptz '2026-01-01 00:00+00' + (n % 5900) * interval '97 seconds' AS at
			FROM generate_series($from, $to) AS n) AS x ORDER BY n};
}

# One node with everything, two nodes, and the database in front of them.
$server->safe_psql('postgres', "CREATE DATABASE $_") foreach qw(one node1 node2 node3 front);
sql('one', block('on each node', node_count => 1, node_number => 0));
sql('node1', block('on each node', node_count => 2, node_number => 0));
sql('node2', block('on each node', node_count => 2, node_number => 1));
sql('front', block('in front of the nodes'));
sql('front', block('the foreign tables'));
# the one node is seen from there as well, to be compared with
sql('front', qq{CREATE SERVER one FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'one');
	CREATE USER MAPPING FOR CURRENT_USER SERVER one;
	CREATE SCHEMA one_raw; IMPORT FOREIGN SCHEMA raw LIMIT TO (events) FROM SERVER one INTO one_raw;
	CREATE SCHEMA one_web; IMPORT FOREIGN SCHEMA web LIMIT TO (sessions, events) FROM SERVER one INTO one_web});

my %question = (
	sessions => 'SELECT * FROM web.sessions',
	events => 'SELECT COLUMNS FROM web.events',
	'raw rows' => 'SELECT event_id, visitor, user_id, occurred_at, received_at, page FROM raw.events',
	'entry pages' => 'SELECT entry_page, count(*), sum(events) FROM web.sessions GROUP BY 1',
	'sessions and their events' => 'SELECT s.session_id, s.entry_page, count(*), min(e.event_time) FROM web.sessions AS s JOIN web.events AS e USING (session_key, session_id) GROUP BY 1, 2',
	'session_count of raw rows' => q{SELECT visitor, sessionize.session_count(occurred_at, '30 minutes') FROM raw.events GROUP BY 1},
);
# the nodes number their rows themselves
my $columns = sql('front', q{SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'web.events'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'raw_id'});
s/COLUMNS/$columns/ foreach values %question;

# Ask both sides once their stars are up to date: nothing in one that is not in the other.
sub same
{
	my ($when, @nodes) = @_;

	foreach my $node (@nodes, 'one')
	{
		sql($node, q{CALL sessionize.refresh('web')});
		is(sql($node, q{SELECT pending + difference FROM sessionize.reconcile('web')}), 0, "$when: the account of $node closes");
		is(sql($node, q{SELECT count(*) FROM sessionize.verify('web')}), 0, "$when: the star of $node is right");
	}
	foreach my $name (sort keys %question)
	{
		my $all = $question{$name};
		my $one = $all =~ s/\b(raw|web)\./one_$1./gr;
		my $settings = q{SET enable_partitionwise_aggregate = on; SET enable_partitionwise_join = on};
		my ($rows, $differences) = split /\|/, sql('front', qq{$settings; WITH a AS MATERIALIZED ($all), b AS MATERIALIZED ($one)
			SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x)});

		ok($rows > 0 && $differences == 0, "$when: $name are those of one node") or diag("$rows rows, $differences differences");
	}
	return;
}

# The same statement through the parent and on the one node.
sub both { my ($sql) = @_; sql($_, $sql) foreach qw(front one); return; }

both(rows(1, 4000));
foreach my $node (qw(node1 node2))
{
	cmp_ok(sql($node, 'SELECT count(DISTINCT visitor) FROM raw.events'), '>', 50, "$node has visitors");
}
same('INSERT', qw(node1 node2));
sql('front', q{UPDATE raw.events SET page = '/moved' WHERE page = '/p/3' AND visitor < 'v150'});
sql('one', q{UPDATE raw.events SET page = '/moved' WHERE page = '/p/3' AND visitor < 'v150'});
both(q{UPDATE raw.events SET occurred_at = occurred_at + interval '3 hours' WHERE visitor = 'v17'});
both(q{DELETE FROM raw.events WHERE visitor = 'v4' OR event_id LIKE 'e1__'});
same('UPDATE and DELETE', qw(node1 node2));
my $file = $server->basedir . '/rows';
sql('one', rows(4001, 5000));
sql('one', "COPY (SELECT event_id, visitor, user_id, occurred_at, received_at, page FROM raw.events ORDER BY raw_id DESC LIMIT 1000) TO '$file'");
sql('front', "COPY raw.events (event_id, visitor, user_id, occurred_at, received_at, page) FROM '$file'");
same('COPY', qw(node1 node2));

# A row that belongs to another node.
my $first = sql('node1', 'SELECT min(visitor) FROM raw.events');
my $last = sql('node2', 'SELECT max(visitor) FROM raw.events');
foreach ([ 'node2', "INSERT INTO raw.events (visitor, occurred_at) VALUES ('$first', now())" ], [ 'node2', "UPDATE raw.events SET visitor = '$first' WHERE visitor = '$last'" ],
	[ 'front', "UPDATE raw.events SET visitor = '$first' WHERE visitor = '$last'" ])
{
	my ($db, $sql) = @$_;
	my (undef, undef, $error) = $server->psql($db, $sql);

	like($error, qr/violates check constraint "of_this_node"/, "$db refuses a row of another node: " . substr($sql, 0, 6));
}

# One more node.
sql('node3', block('on each node', node_count => 4, node_number => 3));
sql('front', block('the third node'));
my ($copy) = $page =~ /^```sh\n# the rows[^\n]*\n(.*?)^```/ms or die 'no block for the rows';
$copy =~ s/-h (node[23])\.example -d shop/-X -q -v ON_ERROR_STOP=1 -h $host -p $port -d $1/g;
is(system('bash', '-e', '-o', 'pipefail', '-c', $copy), 0, 'the rows are copied');
sql('node3', block('on the third node'));
sql('node2', block('on the second node'));
sql('front', block('in front again'));
cmp_ok(sql('node3', 'SELECT count(*) FROM web.sessions'), '>', 100, 'the third node has sessions');
same('one more node', qw(node1 node2 node3));
both(rows(5001, 6000));
same('INSERT with one more node', qw(node1 node2 node3));

# What is computed where: GROUP BY the visitor on the nodes, all else in front.
my $plan = sql('front', q{SET enable_partitionwise_aggregate = on; EXPLAIN (VERBOSE, COSTS OFF)
	SELECT visitor, sessionize.session_count(occurred_at, '30 minutes') FROM raw.events GROUP BY 1});
is(scalar(() = $plan =~ /Remote SQL: SELECT visitor, sessionize\.session_count/g), 3, 'session_count by visitor is computed on the nodes');

$server->stop;
done_testing;
