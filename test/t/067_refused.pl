# A statement about a database that the server refuses stops no worker, however often it is repeated and whoever repeats it; one that it
# does not refuse has the database for itself.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
max_worker_processes = 12
sessionize.idle_timeout = '5min'
CONF
$node->start;

sub sql
{
	my ($sql, $db) = @_;

	return $node->safe_psql($db // 'postgres', $sql);
}
sub waits { ok($node->poll_query_until($_[2] // 'postgres', $_[0]), $_[1]); }

sub make_town
{
	my ($name) = @_;

	sql("CREATE DATABASE $name OWNER mayor");
	sql(q{CREATE EXTENSION pg_sessionize;
		CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz DEFAULT clock_timestamp());
		CREATE INDEX ON raw (visitor, at);
		SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at');
		SELECT sessionize.schedule('web')}, $name);
	comes($name, 'first');
}

# A visitor's event comes into the star of a database, and the worker stays.
sub comes
{
	my ($db, $visitor) = @_;

	sql("INSERT INTO raw (visitor) VALUES ('$visitor')", $db);
	waits("SELECT count(*) = 1 FROM web.fact_session WHERE session_key = '$visitor'", "$db: $visitor comes in", $db);
}
sub worker { return sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'sessionize worker' AND datname = '$_[0]'"); }

sql('CREATE ROLE mayor LOGIN; CREATE ROLE builder LOGIN CREATEDB; CREATE ROLE baron LOGIN CREATEDB; CREATE ROLE nobody LOGIN; CREATE DATABASE taken');
make_town('town');
sql('ALTER DATABASE taken OWNER TO mayor');

# Refused, three times each: by whom, in which database, what, and what the server says.
sub refused
{
	my ($role, $like, $statement, $db, %options) = @_;
	my $worker = worker('town');

	foreach (1 .. 3)
	{
		my ($status, $out, $err) = $node->psql($db // 'postgres', $statement, extra_params => [ '-U', $role ]);

		like($err, $like, "$role: $statement") if $_ == 1;
	}
	# what would be ended is so within moments
	select(undef, undef, undef, 0.3);
	is(worker('town'), $worker, 'the worker is undisturbed');
}
sub owner { sql("ALTER DATABASE town OWNER TO $_[0]"); }

# who may not
refused('builder', qr/permission denied to copy database/, 'CREATE DATABASE third TEMPLATE town');
refused('nobody', qr/permission denied to create database/, 'CREATE DATABASE third TEMPLATE town');
refused('mayor', qr/permission denied to create database/, 'CREATE DATABASE third TEMPLATE town');
refused('builder', qr/must be owner of database town/, 'DROP DATABASE town');
refused('builder', qr/must be owner of database town/, 'DROP DATABASE town WITH (FORCE)');
refused('builder', qr/must be owner of database town/, 'ALTER DATABASE town RENAME TO city');
refused('mayor', qr/permission denied to rename database/, 'ALTER DATABASE town RENAME TO city');
refused('builder', qr/must be owner of database town/, 'ALTER DATABASE town SET TABLESPACE pg_default');
# who may, but not so
refused('mayor', qr/cannot drop the currently open database/, 'DROP DATABASE town', 'town');
refused('mayor', qr/cannot drop the currently open database/, 'DROP DATABASE town WITH (FORCE)', 'town');
refused('mayor', qr/cannot run inside a transaction block/, 'BEGIN; DROP DATABASE town');
refused('mayor', qr/cannot run inside a transaction block/, 'BEGIN; DROP DATABASE town WITH (FORCE)');
refused('mayor', qr/cannot be executed from a function|cannot run inside a transaction block/, q{DO $$BEGIN EXECUTE 'DROP DATABASE town WITH (FORCE)'; END$$});
refused('mayor', qr/cannot change the tablespace|is already|tablespace "nowhere" does not exist/, 'ALTER DATABASE town SET TABLESPACE nowhere');
refused('mayor', qr/database "nowhere" does not exist, skipping/, 'DROP DATABASE IF EXISTS nowhere');
owner('baron');
foreach my $case (
	[ qr/database "taken" already exists/, 'CREATE DATABASE taken TEMPLATE town' ],
	[ qr/database "taken" already exists/, 'ALTER DATABASE town RENAME TO taken' ],
	[ qr/option "nonsense" not recognized/, 'CREATE DATABASE third TEMPLATE town NONSENSE 1' ],
	[ qr/is not a valid encoding|invalid/, q{CREATE DATABASE third TEMPLATE town ENCODING 'nonsense'} ],
	[ qr/invalid (LC_COLLATE )?locale name/, q{CREATE DATABASE third TEMPLATE town LOCALE 'nonsense'} ],
	[ qr/tablespace "nowhere" does not exist/, 'CREATE DATABASE third TEMPLATE town TABLESPACE nowhere' ],
	[ qr/role "nowhere" does not exist/, 'CREATE DATABASE third TEMPLATE town OWNER nowhere' ],
	[ qr/must be member of role|must be able to SET ROLE/, 'CREATE DATABASE third TEMPLATE town OWNER postgres' ],
	[ qr/invalid connection limit/, 'CREATE DATABASE third TEMPLATE town CONNECTION LIMIT -5' ],
	[ qr/cannot run inside a transaction block/, 'BEGIN; CREATE DATABASE third TEMPLATE town' ])
{
	refused('baron', @$case);
}
sql('ALTER DATABASE town IS_TEMPLATE true');
refused('baron', qr/cannot drop a template database/, 'DROP DATABASE town');
refused('baron', qr/cannot drop a template database/, 'DROP DATABASE town WITH (FORCE)');
sql('ALTER DATABASE town IS_TEMPLATE false');
comes('town', 'after all that');
is(sql(q{SELECT starts FROM sessionize.pipeline AS p, sessionize.worker_state(p.pipeline_id)}, 'town'), '1', 'one worker has been there all the time');

# Refused in a block that goes on: it does not hold the database until the end.
my $session = $node->background_psql('postgres');
$session->query_safe('SET ROLE baron');
$session->query_safe(q{BEGIN; DO $$BEGIN EXECUTE 'ALTER DATABASE town RENAME TO taken'; EXCEPTION WHEN duplicate_database THEN NULL; END$$});
comes('town', 'beside a transaction that was refused');
$session->query_safe('COMMIT');
$session->quit;

# What is not refused.
my $worker = worker('town');
$node->safe_psql('postgres', 'CREATE DATABASE third TEMPLATE town', extra_params => [ '-U', 'baron' ]);
isnt(worker('town'), $worker, 'an owner who may create databases copies his own: the worker leaves');
comes('town', 'after the copy');
comes('third', 'in the copy');
$node->safe_psql('postgres', 'ALTER DATABASE third RENAME TO fourth', extra_params => [ '-U', 'baron' ]);
comes('fourth', 'renamed');
sql('ALTER DATABASE town IS_TEMPLATE true');
$node->safe_psql('postgres', 'CREATE DATABASE fifth TEMPLATE town', extra_params => [ '-U', 'builder' ]);
sql('ALTER DATABASE town IS_TEMPLATE false');
is(sql(q{SELECT count(*) FROM pg_database WHERE datname = 'fifth'}), '1', 'whoever may create databases copies a template');
$node->safe_psql('postgres', 'DROP DATABASE fourth WITH (FORCE)', extra_params => [ '-U', 'baron' ]);
is(sql(q{SELECT count(*) FROM pg_database WHERE datname = 'fourth'}), '0', 'an owner who is no superuser drops with FORCE while a worker is there');
$node->safe_psql('postgres', 'DROP DATABASE town', extra_params => [ '-U', 'baron' ]);
is(sql(q{SELECT count(*) FROM pg_database WHERE datname = 'town'}), '0', 'and without');

$node->stop;
done_testing();
