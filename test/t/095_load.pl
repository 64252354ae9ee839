# A loader of spools is killed, and the database and the feeder as well, at random points: each request is in the events table once, or
# rejected once.
use strict;
use warnings;
use File::Path qw(make_path);
use LoadProgram qw(build_program why_not make_events_table each_once start_loader kill_hard ended_with feed);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionServer qw(wait_for_server);
use Test::More;
use Time::HiRes qw(usleep time);

plan skip_all => why_not() unless build_program();

my $cycles = $ENV{CYCLES} || 60;
my $seed = $ENV{SEED} || int(rand(2**31));
srand($seed);
diag("seed $seed");

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nsynchronous_commit = off");
$node->start;

# logs waits until a file has a line.
sub logs
{
	my ($file, $line) = @_;

	for (1 .. 600)
	{
		return 1 if -e $file && slurp_file($file) =~ $line;
		usleep(100_000);
	}
	return 0;
}

sub sql { return $node->safe_psql('postgres', $_[0]); }

make_events_table($node);
sql(q{SELECT sessionize.create_pipeline('web', 'raw.events')});

my $database = $node->connstr('postgres') . ' user=collector';
my $log = "$directory/loader.log";
my @load = ('load', '--database', $database, '--batch-bytes', '16kB');

# Kills.
my $spool = "$directory/spool";
my $sent = 0;
my ($loader_kills, $server_kills) = (0, 0);
my $loader = start_loader($log, @load, '--name', 'one', '--spool', $spool);
for my $cycle (1 .. $cycles)
{
	my $count = 20 + int(rand(300));

	feed($spool, 'one', $sent + 1, $count, 1 + int(rand(40)), 50);
	$sent += $count;
	usleep(int(rand(150_000)));
	if (rand() < 0.75)
	{
		kill_hard($loader);
		$loader_kills++;
		$loader = start_loader($log, @load, '--name', 'one', '--spool', $spool);
	}
	elsif (rand() < 0.6)
	{
		# the backends of the loader, or all of the server
		sql(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'collector'});
	}
	else
	{
		if (rand() < 0.5)
		{
			$node->stop('immediate');
			usleep(int(rand(300_000)));
			$node->start;
		}
		else
		{
			my ($status, $victim) = $node->psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE usename = 'collector' LIMIT 1});

			kill('KILL', $victim) if $victim;
			wait_for_server($node);
		}
		$server_kills++;
	}
}
diag("$loader_kills kills of loaders, $server_kills crashes of the server");
$node->poll_query_until('postgres', qq{SELECT requests = $sent FROM sessionize.ingest_status}) or diag(slurp_file($log));
each_once($node, 'after kills', $sent);
sql(q{CALL sessionize.rebuild('web')});
is(sql(q{SELECT pending, difference FROM sessionize.reconcile('web')}), '0|0', 'the pipeline has them all');

# Segments that are loaded are gone, but for the last one.
cmp_ok(scalar(() = glob("$spool/*.spool")), '<=', 2, 'what is loaded is removed from the spool');

# A second loader takes over, and the first one stops with a status of its own when it has something to load.  Each has begun before that
# comes: after the last kill the first one might still wait for its connection.
feed($spool, 'one', $sent + 1, 100, 10, 50);
$sent += 100;
$node->poll_query_until('postgres', qq{SELECT requests = $sent FROM sessionize.ingest_status}) or diag(slurp_file($log));
my $fence = sql(q{SELECT fence FROM sessionize.ingest_status});
my $second = start_loader($log, @load, '--name', 'one', '--spool', $spool);
$node->poll_query_until('postgres', qq{SELECT fence > $fence FROM sessionize.ingest_status}) or diag(slurp_file($log));
feed($spool, 'one', $sent + 1, 100, 10, 50);
$sent += 100;
is(ended_with($loader, 60), 3, 'a loader that was replaced ends with status 3');
$node->poll_query_until('postgres', qq{SELECT requests = $sent FROM sessionize.ingest_status});
each_once($node, 'after the takeover', $sent);

# The server is down while requests come in.
$node->stop;
feed($spool, 'one', $sent + 1, 1000, 50, 50);
$sent += 1000;
usleep(300_000);
$node->start;
$node->poll_query_until('postgres', qq{SELECT requests = $sent FROM sessionize.ingest_status});
each_once($node, 'after the server was down', $sent);

# A trigger that is wrong stops the loader from loading, and nothing is rejected for it; what is missing then comes.
sql(q{REVOKE INSERT ON raw.events FROM collector});
feed($spool, 'one', $sent + 1, 100, 10, 50);
$sent += 100;
usleep(500_000);
is(sql(q{SELECT requests FROM sessionize.ingest_status}), $sent - 100, 'without the privilege nothing is loaded');
sql(q{GRANT INSERT ON raw.events TO collector});
$node->poll_query_until('postgres', qq{SELECT requests = $sent FROM sessionize.ingest_status});
each_once($node, 'after the privilege came back', $sent);

# SIGTERM ends it, with status 0.
kill('TERM', $second);
is(ended_with($second, 60), 0, 'SIGTERM ends a loader');

# Rejected requests are tried again after the reason has gone.
sql(q{ALTER TABLE raw.events DROP CONSTRAINT events_event_id_check});
sql(q{SELECT * FROM sessionize.ingest_retry('raw.events')});
is(sql(q{SELECT count(*) FROM raw.events WHERE event_id LIKE 'e%77'}), int(($sent + 23) / 100), 'what the CHECK had refused is there after ingest_retry');
is(sql(q{SELECT rejected, difference FROM sessionize.ingest_reconcile()}), int($sent / 50) . '|0', 'and the accounts close');

# The database is restored from a dump, and the spool went on meanwhile: what is missing is told.
my $dump = "$directory/dump";
system('pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres')) == 0 or die 'no dump';
feed($spool, 'one', $sent + 1, 6000, 100, 0);
is(system($LoadProgram::program, @load, '--name', 'one', '--spool', $spool, '--until-end', 'on') >> 8, 0, 'loaded to the end');
sql('CREATE DATABASE restored');
system('pg_restore', '-d', $node->connstr('restored'), $dump) == 0 or die 'no restore';
is($node->safe_psql('restored', 'SELECT requests, rejected, difference FROM sessionize.ingest_reconcile()'), join('|', $sent, int($sent / 50), 0), 'accounts and rejected requests are in a dump');
(my $restored = $database) =~ s/dbname='?postgres'?/dbname='restored'/;
is(system($LoadProgram::program, 'load', '--database', $restored, '--name', 'one', '--spool', $spool, '--until-end', 'on') >> 8, 0, 'a restored database is loaded on');
is($node->safe_psql('restored', q{SELECT count(*), bool_and(reason LIKE 'the spool begins at position %') FROM sessionize.ingest_gaps}), '1|t', 'and what is gone is a gap');
is($node->safe_psql('restored', 'SELECT gaps, difference FROM sessionize.ingest_reconcile()'), '1|0', 'that the accounts show');

# A spool is the collector's whose name it has: under another one it would be loaded once more.
my $other = start_loader("$directory/other.log", @load, '--name', 'collector', '--spool', $spool);
ok(logs("$directory/other.log", qr/belongs to a collector of another name than "collector"/), 'under another name a spool is not loaded');
kill('TERM', $other);
is(ended_with($other, 60), 0, 'and the loader ends when it is asked to');
is(sql(q{SELECT coalesce(sum(requests), 0) FROM sessionize.ingest_status WHERE partition = 'collector'}), 0, 'nothing of it');

# A spool that is lost and made anew, or that of another collector under the same name, is not taken for the one before it: its requests
# are loaded from its beginning, what the one before it may have had is told, and the older one is not loaded any more.
sql(q{SELECT sessionize.create_events_table('raw.anew', 'none'); GRANT INSERT ON raw.anew TO collector});
my @anew = ('load', '--database', $database, '--events', 'raw.anew', '--name', 'three', '--spool');
feed("$directory/three", 'three', 1, 100, 10, 0);
is(system($LoadProgram::program, @anew, "$directory/three", '--until-end', 'on') >> 8, 0, 'a spool');
feed("$directory/four", 'three', 101, 300, 10, 0);
is(system($LoadProgram::program, @anew, "$directory/four", '--until-end', 'on') >> 8, 0, 'one that was made later, under the same name');
is(sql(q{SELECT count(*), count(DISTINCT event_id) FROM raw.anew}), '400|400', 'has all of its requests loaded');
is(sql(q{SELECT count(*), bool_and(reason LIKE 'the spool was made anew: %') FROM sessionize.ingest_gaps WHERE events = 'raw.anew'::regclass}), '1|t', 'and what is not known is told');
feed("$directory/three", 'three', 401, 900, 100, 0);
$other = start_loader("$directory/older.log", @anew, "$directory/three");
ok(logs("$directory/older.log", qr/a newer spool than .* was loaded under the name "three"/), 'the older one is told that it is not the one');
kill('TERM', $other);
is(ended_with($other, 60), 0, 'and waits');
is(sql(q{SELECT count(*), count(DISTINCT event_id) FROM raw.anew}), '400|400', 'nothing is loaded twice, and nothing of it passed over');
unlink("$directory/four/durable") or die $!;
is(system($LoadProgram::program, @anew, "$directory/four", '--until-end', 'on') >> 8, 0, 'the newer one goes on, and is known without the file that says which it is');
feed("$directory/four", 'three', 2001, 10, 10, 0);
is(system($LoadProgram::program, @anew, "$directory/four", '--until-end', 'on') >> 8, 0, '... also with new requests');
is(sql(q{SELECT count(*), count(DISTINCT event_id) FROM raw.anew}), '410|410', '... which are loaded once');
is(sql(q{SELECT count(*), max(gaps) FROM sessionize.ingest_status WHERE events = 'raw.anew'::regclass}), '1|1', 'without another gap');

# Nobody else reads what people have sent, and a link that somebody has put there is not written through.
is(join(' ', map { sprintf("%o", (stat($_))[2] & 07777) } "$directory/four", glob("$directory/four/*")), join(' ', 700, (600) x (() = glob("$directory/four/*"))), 'a spool is its user\'s');
make_path("$directory/five");
symlink("$directory/victim", "$directory/five/durable") or die $!;
isnt(system("$LoadProgram::feeder '$directory/five' five 1 1 2>/dev/null"), 0, 'a link in place of a file is refused');
ok(!-e "$directory/victim", 'and not followed');

# replay loads what was kept once more, into another table.
my $kept = "$directory/kept";
feed($kept, 'two', 1, 500, 50, 0);
my @kept = ('--name', 'two', '--spool', $kept);
is(system($LoadProgram::program, @load, @kept, '--until-end', 'on', '--keep-loaded', 'on') >> 8, 0, 'a spool that is kept');
sql(q{SELECT sessionize.create_events_table('raw.again', 'none'); GRANT INSERT ON raw.again TO collector});
for (1 .. 2)
{
	is(system($LoadProgram::program, 'replay', '--database', $database, '--events', 'raw.again', @kept, '--replay', 'first') >> 8, 0, 'replay');
	is(sql(q{SELECT count(*), count(DISTINCT event_id) FROM raw.again}), '500|500', 'has each event once, also when it is repeated under its name');
}

$node->stop;
done_testing();
