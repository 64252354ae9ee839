# The extension comes and goes as an extension should, and survives dump and restore and
# pg_upgrade.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE DATABASE shop OWNER app');

# only a superuser installs C code
my ($status, $out, $err) = $node->psql('shop', 'CREATE EXTENSION pg_sessionize', extra_params => [ '-U', 'app' ]);
isnt($status, 0, 'an ordinary role cannot install it');
like($err, qr/permission denied to create extension "pg_sessionize"\nHINT:  Must be superuser/, 'and is told why');

# a schema that is an ordinary role's own is not taken over: it could put functions beside ours
$node->safe_psql('shop', 'CREATE SCHEMA sessionize AUTHORIZATION app');
($status, $out, $err) = $node->psql('shop', 'CREATE EXTENSION pg_sessionize');
isnt($status, 0, 'an ordinary role\'s schema sessionize is not taken over');
like($err, qr/the schema "sessionize" belongs to a role that is not a superuser.*HINT:  DROP SCHEMA sessionize/s, 'and the message says what to do');
$node->safe_psql('shop', 'DROP SCHEMA sessionize');

my $everything = q{
	SELECT (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_type),
	       (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM pg_description), (SELECT count(*) FROM pg_event_trigger)};
my $before = $node->safe_psql('shop', $everything);
$node->safe_psql('shop', 'CREATE EXTENSION pg_sessionize');
isnt($node->safe_psql('shop', $everything), $before, 'CREATE EXTENSION makes objects');
is($node->safe_psql('shop', q{SELECT string_agg(DISTINCT n.nspname, ',') FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace JOIN pg_depend AS d ON d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension AS e ON e.oid = d.refobjid WHERE extname = 'pg_sessionize'}),
	'sessionize', 'in its own schema');
# the schema of an extension is not its member: PostgreSQL leaves it, empty
$node->safe_psql('shop', 'DROP EXTENSION pg_sessionize; DROP SCHEMA sessionize');
is($node->safe_psql('shop', $everything), $before, 'DROP EXTENSION leaves nothing behind');

# dump and restore, by a pipeline's owner who is no superuser
$node->safe_psql('shop', 'CREATE EXTENSION pg_sessionize');
$node->safe_psql('shop', q{
	CREATE SCHEMA raw;
	SELECT sessionize.create_events_table('raw.events');
	INSERT INTO raw.events (event_id, event_name, anonymous_id, occurred_at, received_at, properties)
	SELECT 'e' || n % 190, 'page_view', CASE WHEN n % 50 <> 0 THEN 'who ' || n % 7 END,
	       timestamptz '2026-01-05' + n * interval '7 minutes', timestamptz '2026-01-05' + n * interval '7 minutes',
	       jsonb_build_object('page', '/' || n % 11)
	FROM generate_series(1, 200) AS n;
	SELECT sessionize.create_pipeline('web', 'raw.events', gap => '20 minutes');
	SELECT sessionize.create_pipeline('Web "two"', 'raw.events');
}, extra_params => [ '-U', 'app' ]);
$node->safe_psql('shop', $_, extra_params => [ '-U', 'app' ]) foreach "CALL sessionize.rebuild('web')", q{CALL sessionize.rebuild('Web "two"')};
# one of them is sealed: rows whose raw rows are gone, and rows that are late
$node->safe_psql('shop', $_, extra_params => [ '-U', 'app' ]) foreach q{SELECT sessionize.seal('web', '2026-01-05 12:00Z')},
	q{INSERT INTO raw.events (event_id, anonymous_id, occurred_at, received_at) VALUES ('late', 'who 1', '2026-01-05 01:00Z', '2026-01-07Z'); DELETE FROM raw.events WHERE received_at < '2026-01-05 06:00Z'},
	"CALL sessionize.refresh('web')", q{CALL sessionize.refresh('Web "two"')};
is($node->safe_psql('shop', q{SELECT sealed_only > 0, late, pending, difference FROM sessionize.reconcile('web')}), 't|1|0|0', 'a sealed pipeline');
# work that is pending goes along
$node->safe_psql('shop', q{INSERT INTO raw.events (event_id, event_name, anonymous_id, occurred_at) VALUES ('pending', 'page_view', 'who 2', now()), ('pending too', 'page_view', 'who 2', now()); DELETE FROM raw.events WHERE event_id = 'e7'},
	extra_params => [ '-U', 'app' ]);
my $star = q{
	SELECT md5(string_agg(s::text, ',' ORDER BY raw_id)) FROM web.sealed AS s
	UNION ALL SELECT md5(string_agg(l::text, ',' ORDER BY raw_id)) FROM web.late AS l
	UNION ALL
	SELECT md5(string_agg(s::text, ',' ORDER BY session_id)) FROM web.sessions AS s
	UNION ALL SELECT md5(string_agg(e::text, ',' ORDER BY raw_id)) FROM "Web ""two""".events AS e
	UNION ALL SELECT md5(string_agg(q::text, ',' ORDER BY quarantine_id)) FROM web.quarantine AS q
	UNION ALL SELECT string_agg(p::text, E'\n' ORDER BY p.pipeline_name) FROM sessionize.pipelines AS p};
my $stars = $node->safe_psql('shop', $star);

# intact checks that a database restored from a dump of shop is shop and goes on working.
sub intact
{
	my ($server, $db, $how) = @_;
	is($server->safe_psql($db, $star), $stars, "$how: pipelines and stars are as they were");
	foreach my $pipeline ('web', 'Web "two"')
	{
		is($server->safe_psql($db, "SELECT count(*) FROM sessionize.verify('$pipeline')"), '0', "$how: $pipeline verifies");
		is($server->safe_psql($db, "SELECT difference, pending <> 0 FROM sessionize.reconcile('$pipeline')"), '0|t', "$how: the accounts of $pipeline close, and work is pending");
	}
	$server->safe_psql($db, q{INSERT INTO raw.events (event_id, anonymous_id, occurred_at) VALUES ('new', 'who 1', now())});
	$server->safe_psql($db, q{CALL sessionize.rebuild('web')}, extra_params => [ '-U', 'app' ]);
	is($server->safe_psql($db, q{SELECT count(*) FROM web.events WHERE event_id = 'new'}), '1', "$how: a new row is derived");
	$server->safe_psql($db, q{CALL sessionize.refresh('Web "two"')}, extra_params => [ '-U', 'app' ]);
	is($server->safe_psql($db, q{SELECT string_agg(event_id, ' ' ORDER BY event_id) FROM "Web ""two""".events WHERE event_id IN ('new', 'pending', 'e7')}), 'new pending', "$how: the first refresh does what was pending");
	is($server->safe_psql($db, q{SELECT pending, difference, (SELECT count(*) FROM sessionize.verify('Web "two"')) FROM sessionize.reconcile('Web "two"')}), '0|0|0', "$how: and nothing is pending then");
	$server->safe_psql($db, q{SELECT sessionize.create_pipeline('third', 'raw.events'); SELECT sessionize.drop_pipeline('third')}, extra_params => [ '-U', 'app' ]);
	$server->safe_psql($db, q{SELECT sessionize.drop_pipeline('web')}, extra_params => [ '-U', 'app' ]);
	is($server->safe_psql($db, q{SELECT count(*) FROM pg_namespace WHERE nspname = 'web'}), '0', "$how: drop_pipeline drops");
}

my $dump = $node->backup_dir . '/shop';
foreach my $format ('plain', 'custom')
{
	my $db = "restored_$format";
	command_ok([ 'pg_dump', '-d', $node->connstr('shop'), '-F', $format, '-f', "$dump.$format" ], "pg_dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE $db OWNER app");
	command_ok(
		$format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-f', "$dump.$format" ]
		: [ 'pg_restore', '--exit-on-error', '-j', '2', '-d', $node->connstr($db), "$dump.$format" ],
		"restore, $format");
	intact($node, $db, "$format dump");
}

# a session has the same id in a database of any encoding: the one that Python computes of the documented recipe
foreach my $encoding ('UTF8', 'LATIN1', 'SQL_ASCII')
{
	my $db = lc "encoded_$encoding";
	$node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($db, qq{
		SET client_encoding = 'UTF8';
		CREATE EXTENSION pg_sessionize;
		CREATE TABLE few (k text, eid text, at timestamptz);
		CREATE INDEX ON few (k);
		INSERT INTO few VALUES ('\303\204lva', '', '2000-01-01 00:00:00+00'::timestamptz + 9003 * interval '24 hours');
		SELECT sessionize.create_pipeline('known ids', 'few', key => 'k', event_time => 'at', event_id => 'eid')});
	$node->safe_psql($db, q{CALL sessionize.rebuild('known ids')});
	is($node->safe_psql($db, q{SELECT session_id FROM "known ids".sessions}), '25a491c2-c954-827a-9751-8a9ab2849e85', "session id in $encoding");
	is($node->safe_psql($db, q{SELECT count(*) FROM sessionize.verify('known ids')}), '0', "$encoding: verified");
}

# without the extension the stars are plain tables
$node->safe_psql('shop', 'DROP EXTENSION pg_sessionize CASCADE');
is($node->safe_psql('shop', 'SELECT count(*) > 0 FROM web.fact_session'), 't', 'DROP EXTENSION leaves the stars as plain tables');

# pg_upgrade, from the same server; 064_pg_upgrade does it from older ones
{
	chomp(my $bin = `dirname "\$(command -v postgres)"`);
	my $old = PostgreSQL::Test::Cluster->new('old');
	my $new = PostgreSQL::Test::Cluster->new('new');
	$old->init;
	$old->start;
	$old->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE DATABASE shop OWNER app');
	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $old->connstr('shop'), '-f', "$dump.plain" ], 'the old cluster takes the dump');
	$old->stop;
	$new->init;
	# it leaves its scripts where it runs
	chdir($PostgreSQL::Test::Utils::tmp_check) or die $!;
	command_ok(
		[ 'pg_upgrade', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin,
			'-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
	$new->start;
	intact($new, 'shop', 'pg_upgrade');
	$new->stop;
}

$node->stop;
done_testing();
