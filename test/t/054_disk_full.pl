# A disk that is really full: the star lies in a tablespace on a small tmpfs, in a mount namespace of the server's own. Collectors whose
# changes can't be logged fail as a whole, refreshes and the worker's passes fail and blame no key, the accounts close; with room
# again the worker does it all by itself. (053_no_room does it with a limit of file sizes, where there are no such namespaces.)
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# A namespace in which its user may mount, and within it one in which that is this user again: a server does not run as root.
my ($user, $group) = ($<, (split ' ', $()[0]);
my @namespace = ('unshare', '-U', '-r', '-m', 'sh', '-c', "mount -t tmpfs -o size=\"\$1\" none \"\$2\" && shift 2 && exec unshare -U --map-user=$user --map-group=$group \"\$\@\"", 'sh');
my $node = PostgreSQL::Test::Cluster->new('full');
my $disk = $node->basedir . '/disk';

mkdir $disk or die "$disk: $!";
plan skip_all => 'no mount namespaces for users here' if $user == 0 || system("@{[ join ' ', map { quotemeta } @namespace, '1m', $disk, 'true' ]} 2>/dev/null") != 0;
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nautovacuum = off\nmax_parallel_workers = 0\nlog_statement = none\n");
system_or_bail(@namespace, '48m', $disk, 'pg_ctl', '-s', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start');
$node->_update_pid(1);

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub accounts { return sql("SELECT pending, difference, event_difference, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')"); }
sub fill { sql(qq{COPY (SELECT) TO PROGRAM 'dd if=/dev/zero of=$disk/filler bs=8k 2>/dev/null; true'}); }
sub make_room { sql(qq{COPY (SELECT) TO PROGRAM 'rm $disk/filler'}); }

sub fails
{
	my ($sql, $name) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $sql);

	like($err, qr/No space left on device/, $name);
}

sql(qq{COPY (SELECT) TO PROGRAM 'mkdir -m 700 $disk/star'});
sql("CREATE TABLESPACE small LOCATION '$disk/star'");
sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (visitor text, at timestamptz);
	CREATE INDEX ON raw (visitor, at);
	CREATE PROCEDURE add_rows(first int, last int) LANGUAGE sql AS
	$$ INSERT INTO raw SELECT 'v' || n / 10, '2026-01-01Z'::timestamptz + n % 100 * interval '10 minutes' FROM generate_series(first, last) AS n $$;
	CALL add_rows(0, 4999)});
sql(q{SET default_tablespace = small; SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', event_id => '', max_duration => NULL)});
is(sql(q{SELECT count(*) FROM pg_class AS c JOIN pg_tablespace AS t ON t.oid = reltablespace WHERE spcname = 'small' AND relname IN ('fact_event', 'fact_session', 'dirty', 'dim_user')}), '4', 'the star is on the small disk');
sql(q{CALL sessionize.refresh('web')});
is(accounts(), '0|0|0|0', 'with room');

# There is no room for a refresh, a rebuild, or the log.
sql(q{CALL add_rows(5000, 44999)});
fill();
foreach my $try (1 .. 2)
{
	fails(q{CALL sessionize.refresh('web')}, "a refresh fails for want of room, try $try");
	is(accounts(), '40000|0|0|0', "the accounts close, try $try");
	is(sql('SELECT count(*) FROM sessionize.run_errors'), '0', "no key is blamed, try $try");
}
is(sql(q{SELECT error LIKE '%No space left%' FROM sessionize.runs WHERE state = 'failed' ORDER BY run_id DESC LIMIT 1}), 't', 'the run log says why');
my $rows = sql('SELECT count(*) FROM raw');
fails(q{CALL add_rows(50000, 149999)}, 'changes that can not be logged are not made');
is(sql('SELECT count(*) FROM raw'), $rows, 'none of them');
fails(q{CALL sessionize.rebuild('web')}, 'a rebuild fails');
is(sql(q{SELECT difference, event_difference, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')}), '0|0|0', 'and the accounts close');

# The worker tries again and again.
sql(q{SELECT sessionize.schedule('web', every => '100 milliseconds')});
ok($node->poll_query_until('postgres', 'SELECT failures > 1 FROM sessionize.pipeline_status'), 'the worker fails as well');
like(sql('SELECT last_error FROM sessionize.pipeline_status'), qr/No space left on device/, 'and says why');
make_room();
ok($node->poll_query_until('postgres', q{SELECT pending = 0 AND failures IS NULL FROM sessionize.reconcile('web'), sessionize.pipeline_status}), 'with room again it does it all');
is(accounts(), '0|0|0|0', 'which is right');
is(sql('SELECT sum(events), count(DISTINCT session_key) FROM web.fact_session'), '45000|4500', 'everybody has their events');
sql(q{CALL add_rows(45000, 45999)});
ok($node->poll_query_until('postgres', q{SELECT sum(events) = 46000 FROM web.fact_session}), 'and goes on');
is(accounts(), '0|0|0|0', 'right as ever');
$node->stop;
done_testing();
