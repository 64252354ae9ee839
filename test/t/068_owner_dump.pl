# pg_dump by the owner of the database, who is no superuser and owns neither the extension nor all that is in the database.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dump = $node->basedir . '/owner.dump';

sub sql
{
	my ($sql, $db, $role) = @_;

	return $node->safe_psql($db // 'solo', $sql, extra_params => $role ? [ '-U', $role ] : []);
}
sub fails
{
	my ($sql, $role, $like, $test) = @_;
	my ($status, $out, $err) = $node->psql('solo', $sql, extra_params => [ '-U', $role ]);

	like($err, $like, $test);
}

sql('CREATE ROLE solo LOGIN; CREATE ROLE tenant LOGIN; CREATE ROLE other LOGIN', 'postgres');
sql('CREATE DATABASE solo OWNER solo', 'postgres');
sql('CREATE EXTENSION pg_sessionize; GRANT CREATE ON DATABASE solo TO tenant');
my $make = q{
	CREATE SCHEMA raw_%s;
	CREATE TABLE raw_%s.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, p text);
	CREATE INDEX ON raw_%s.raw (visitor, at);
	INSERT INTO raw_%s.raw (visitor, at) SELECT 'v' || n % 7, '2026-01-01Z'::timestamptz + n * interval '17 minutes' FROM generate_series(1, 100) AS n;
	SELECT sessionize.create_pipeline('web_%s', 'raw_%s.raw', key => 'visitor', event_time => 'at')};
sql($make =~ s/%s/solo/gr, 'solo', 'solo');
sql(q{CALL sessionize.rebuild('web_solo')}, 'solo', 'solo');
sql(q{INSERT INTO raw_solo.raw (visitor, at) VALUES ('pending', '2026-02-01Z')}, 'solo', 'solo');

# Alone in his database.
command_ok([ 'pg_dump', '-U', 'solo', '-Fc', '-f', $dump, $node->connstr('solo') ], 'pg_dump by the owner of the database');
command_ok([ 'pg_dump', '-U', 'solo', '-s', '-f', "$dump.sql", $node->connstr('solo') ], 'of the schema alone');
unlike(slurp_file("$dump.sql"), qr/pg_database_owner/, 'which has no grants of ours');

# A superuser restores it, with all that was pending.
sql('CREATE DATABASE copy OWNER solo', 'postgres');
command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('copy'), $dump ], 'pg_restore by a superuser');
sql(q{CALL sessionize.refresh('web_solo')}, 'copy', 'solo');
is(sql(q{SELECT raw_rows, pending, difference FROM sessionize.reconcile('web_solo')}, 'copy'), '101|0|0', 'what was dumped is whole');
is(sql(q{SELECT count(*) FROM sessionize.verify('web_solo')}, 'copy'), '0', 'and right');
is(sql(q{SELECT owner FROM sessionize.pipelines}, 'copy'), 'solo', q{and the owner's});

# By himself he restores everything but the extension's rows, and into a database that has the extension.
sql('CREATE DATABASE self OWNER solo', 'postgres');
sql('CREATE EXTENSION pg_sessionize', 'self');
my ($out, $err) = ('', '');
IPC::Run::run([ 'pg_restore', '-U', 'solo', '-d', $node->connstr('self'), $dump ], '>', \$out, '2>', \$err);
like($err, qr/permission denied for table pipeline/, q{pg_restore by himself: not the extension's rows});
is(sql('SELECT count(*) FROM raw_solo.raw', 'self', 'solo'), '101', 'but the raw rows');
is(sql('SELECT sum(events) FROM web_solo.fact_session', 'self', 'solo'), '100', 'and the star');
is(sql('SELECT count(*) FROM sessionize.pipelines', 'self'), '0', 'of a pipeline that is not known there');

# What the owner of the database may, and nobody else.
is(sql('SELECT count(*) FROM sessionize.pipeline', 'solo', 'solo'), '1', 'he may read the definitions');
fails('SELECT FROM sessionize.pipeline', 'tenant', qr/permission denied for table pipeline/, 'others may not');
fails('SELECT FROM sessionize.pipeline', 'other', qr/permission denied for table pipeline/, 'nor whoever is a stranger');
foreach my $statement ('UPDATE sessionize.pipeline SET owner = 10', 'DELETE FROM sessionize.schedule', 'INSERT INTO sessionize.pipeline (pipeline_name, source, owner, gap) VALUES (\'x\', 1, 10, \'1 s\')',
	'BEGIN; LOCK TABLE sessionize.pipeline IN ROW SHARE MODE', q{SELECT nextval('sessionize.pipeline_pipeline_id_seq')}, 'SELECT FROM sessionize.run', 'SELECT FROM sessionize.schedule_failure', 'SELECT FROM sessionize.large_key')
{
	fails($statement, 'solo', qr/permission denied/, "not: $statement");
}

# Others' pipelines in his database: as with any table of theirs.
sql($make =~ s/%s/tenant/gr, 'solo', 'tenant');
sql(q{CALL sessionize.rebuild('web_tenant')}, 'solo', 'tenant');
command_fails_like([ 'pg_dump', '-U', 'solo', '-f', "$dump.2", $node->connstr('solo') ], qr/permission denied for (schema|table)/, q{others' tables are theirs});
command_ok([ 'pg_dump', '-U', 'solo', '-N', 'web_tenant', '-N', 'raw_tenant', '-f', "$dump.2", $node->connstr('solo') ], 'without them');
sql('GRANT pg_read_all_data TO solo', 'postgres');
command_ok([ 'pg_dump', '-U', 'solo', '-f', "$dump.2", $node->connstr('solo') ], 'and with pg_read_all_data all of it');

# Another owner of the database.
sql('REVOKE pg_read_all_data FROM solo; ALTER DATABASE solo OWNER TO other', 'postgres');
fails('SELECT FROM sessionize.pipeline', 'solo', qr/permission denied for table pipeline/, 'whoever does not own the database any more');
is(sql('SELECT count(*) FROM sessionize.pipeline', 'solo', 'other'), '2', 'whoever does');

$node->stop;
done_testing();
