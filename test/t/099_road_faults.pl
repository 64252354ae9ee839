# The whole way in when something fails for a while: the disk of the spool, the disk of the database, the database; the clock of the collector
# is set back; a loader is replaced in the middle of its batches; clients go away in the middle of a request. Each time what was answered
# 200 is in the events table once, as it was sent, or was rejected once, and no other event is.
#
#   DOWN_SECONDS=N     how long Postgres is down while requests come in as fast as they can (5)
#   MEMORY_SECONDS=N   how long 1,000 requests a second come in while memory is watched (10); from 600 on it must also not grow
use strict;
use warnings;
use File::Temp;
use IngestCollector;
use IO::Socket::INET;
use LoadProgram qw(build_program why_not make_events_table start_loader ended_with kill_hard);
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RoadAccount;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => why_not() unless build_program('clients', 'faults.so');
$IngestCollector::program = $LoadProgram::program;

my $down_seconds = $ENV{DOWN_SECONDS} // 5;
my $memory_seconds = $ENV{MEMORY_SECONDS} // 10;
my $limit = 64 * 1024;    # kB

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\nmax_wal_size = 4GB\n");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

make_events_table($node);
my $account = RoadAccount->new($node);
my $database = $node->connstr('postgres') . ' user=collector';
my $first = 0;

# start_clients lets clients send for some seconds in the background.
sub start_clients
{
	my ($collector, $seconds, @arguments) = @_;
	my $clients = { first => $first, log => "$directory/accepted-$first", out => "$directory/clients-$first", pid => fork() // die };

	$first += 100_000_000;
	return $clients if $clients->{pid};
	open(STDOUT, '>', $clients->{out}) and exec("$LoadProgram::build/clients", '-p', $collector->{port}, '-s', $seconds, '-l', $clients->{log}, '-n', $clients->{first}, @arguments)
	  or POSIX::_exit(1);
}

# finish_clients waits for their end, and notes what they have sent; returns what they say.
sub finish_clients
{
	my ($clients) = @_;

	$clients->{status} = $? if !defined $clients->{status} && waitpid($clients->{pid}, 0) > 0;
	is($clients->{status}, 0, 'the clients end well');
	my %said = map { split /\t/ } split /\n/, slurp_file($clients->{out});
	$account->sent('m', $clients->{first}, $said{sent} - 1, $clients->{log});
	return \%said;
}

# An event of our own, by its number, and what it is noted as when it was sent.
my $number = 0;
sub event { my ($n) = @_; return "{\"event_id\":\"c-$n\",\"event_name\":\"closing\",\"properties\":{\"n\":$n,\"fill\":\"" . ('x' x 2000) . '"}}'; }
sub note_events
{
	my ($low, $high, @accepted) = @_;
	my $file = File::Temp->new;

	print $file map { "$_\n" } @accepted;
	$file->flush;
	$account->sent('c', $low, $high, "$file");
	return;
}

# probe sends one, and returns the status of the answer.
sub probe
{
	my ($collector) = @_;
	my $status = $collector->post('/events', event(++$number))->{status};

	note_events($number, $number, $status == 200 ? $number : ());
	return $status;
}

# loaded waits until a collector's loader has loaded all.
sub loaded
{
	my ($collector, $what) = @_;
	my $position = $collector->metric('spool_position_bytes');

	ok($node->poll_query_until('postgres', qq{SELECT coalesce(max(split_part(position, '\@', 1)::bigint), 0) >= $position FROM sessionize.ingest_status WHERE partition = '$collector->{name}'}), "$what: all is loaded")
	  or diag($collector->new_log);
	return;
}

my $collectors = 0;
sub start_collector
{
	my (%settings) = @_;
	my $name = $settings{name} // 'collector-' . ++$collectors;
	my $collector = IngestCollector->start(name => $name, database => $database, %settings);

	$collector->{port} or BAIL_OUT('the collector does not start: ' . $collector->new_log);
	$collector->{name} = $name;
	return $collector;
}

# ends_well ends a collector.
sub ends_well
{
	my ($collector) = @_;

	is($collector->stop, 0, 'the collector ends well') or diag($collector->new_log);
	return;
}

# memory returns a line of /proc/PID/status, in kB.
sub memory
{
	my ($pid, $line) = @_;

	return slurp_file("/proc/$pid/status") =~ /^$line:\s+(\d+) kB$/m ? $1 : undef;
}

# A collector whose calls of the system fail as a file says.
my $fault = File::Temp->new;
my %failing = (environment => { FAULT_FILE => "$fault", LD_PRELOAD => "$LoadProgram::build/faults.so" });
sub let_fail
{
	open(my $fh, '>', "$fault.new") or die;
	print $fh "@_\n";
	close($fh);
	rename("$fault.new", "$fault") or die;
	return;
}

# -- the disk of the spool: no room, an error of a sync
{
	my $collector = start_collector(%failing, 'spool-segment-bytes' => '64kB', 'batch-bytes' => '16kB');
	my $clients = start_clients($collector, 5, '-c', 20, '-R', 1500);
	my %answer;

	foreach my $error ('pwritev 28', 'fdatasync 5', 'short 28', 'open 28', 'fdatasync 28', 'pwritev 5')
	{
		sleep(0.3);
		let_fail($error);
		sleep(0.2);
		$answer{$error} = probe($collector);
		let_fail('none');
	}
	delete $answer{'open 28'};    # fails only if a segment was full just now
	is_deeply(\%answer, { map { ($_ => 503) } keys %answer }, 'while the disk fails requests are answered 503');
	my $said = finish_clients($clients);
	cmp_ok($said->{status_503}, '>', 0, "$said->{status_503} requests were answered 503, $said->{status_200} 200");
	is($said->{broken}, 0, 'none was not answered');
	like($collector->new_log, qr/could not sync the spool.*Input\/output error; \d+ of \d+ requests are refused/, 'the collector says why');
	loaded($collector, 'after errors of the disk');
	# no collector has ended: so what was not accepted is not there either
	my ($accepted, $events, $rejected) = $account->closes('after errors of the disk');
	is($events + $rejected, $accepted, 'what was answered 503 is not there');
	ends_well($collector);
}

# -- the disk of the database
{
	my $collector = start_collector();

	sql(q{
		CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			RAISE SQLSTATE '53100' USING message = 'could not extend file: No space left on device';
		END $$;
		CREATE TRIGGER no_room BEFORE INSERT ON raw.events FOR EACH STATEMENT EXECUTE FUNCTION no_room()});
	my $before = sql('SELECT count(*) FROM arrived');
	my $clients = start_clients($collector, 3, '-c', 10, '-R', 500);
	sleep(2);
	cmp_ok($collector->metric('load_errors_total') // 0, '>', 1, 'a database without room: the loader tries again');
	is(sql('SELECT count(*) FROM arrived'), $before, '... and nothing is loaded, nor rejected');
	my $said = finish_clients($clients);
	is($said->{status_503} // 0, 0, '... while requests are answered 200');
	sql('DROP TRIGGER no_room ON raw.events');
	loaded($collector, 'with room again');
	$account->closes('with room again');
	ends_well($collector);
}

# -- Postgres is down while requests come in as fast as they can
{
	my %settings = (home => "$directory/down", 'spool-segment-bytes' => '4GB');
	mkdir($settings{home}) or die $!;
	my $collector = start_collector(%settings);
	my $clients = start_clients($collector, $down_seconds + 1, '-c', 64);
	my ($highest, $until) = (0, time + $down_seconds);

	sleep(0.5);
	$node->stop('immediate');
	while (time < $until)
	{
		my $now = memory($collector->{pid}, 'VmRSS');
		$highest = $now if $now > $highest;
		sleep(0.5);
	}
	$clients->{status} = waitpid($clients->{pid}, 0) > 0 ? $? : -1;
	# as after a crash of its machine: how far the one large file of the spool is on disk is not known any more
	$collector->stop('KILL');
	unlink("$settings{home}/spool/durable") or die $!;
	$collector = start_collector(%settings, name => $collector->{name});
	$highest = $_ > $highest ? $_ : $highest foreach memory($collector->{pid}, 'VmHWM');
	$node->start;
	my $said = finish_clients($clients);
	is(join(' ', grep { /^status/ } sort keys %$said), 'status_200', "Postgres is down for $down_seconds seconds: all requests are answered 200");
	diag("Postgres was down for $down_seconds s: $said->{status_200} requests, $said->{per_second} a second, p99 $said->{p99_ms} ms, at most $highest kB");
	loaded($collector, 'after Postgres was down');
	$highest = $_ > $highest ? $_ : $highest foreach memory($collector->{pid}, 'VmHWM');
	cmp_ok($highest, '<', $limit / 2, 'the collector never needed more than 32 MB, also when it began again and while it caught up');
	$account->closes('after Postgres was down');
	ends_well($collector);
}

# -- the clock of the collector is set back by an hour and two, and forward again
{
	my $collector = start_collector(%failing, 'spool-segment-bytes' => '64kB');
	my $clients = start_clients($collector, 5, '-c', 10, '-R', 500);
	my @positions;

	let_fail('fdatasync 5');
	sleep(0.3);
	# one that logs the same line again and again, and says so every ten seconds
	my ($repeating, $log) = do {
		local %ENV = (%ENV, %{ $failing{environment} });
		let_fail('none');
		(start_loader("$directory/repeating.log", 'load', '--database', 'host=/nowhere', '--name', $collector->{name}, '--spool', $collector->{spool}), "$directory/repeating.log");
	};
	for (1 .. 200) { last if -e $log && slurp_file($log) =~ /no connection/; sleep(0.05); }
	let_fail('clock -3600');
	foreach my $clock (-3600, -7200, 3600, -3600)
	{
		let_fail("clock $clock");
		push @positions, $collector->metric('spool_position_bytes');
		sleep(0.8);
		cmp_ok($collector->metric('spool_age_seconds'), '>=', 0, "the clock is set by $clock seconds: the spool's age is not negative");
	}
	my $from = -s $log;
	my $said = finish_clients($clients);
	push @positions, $collector->metric('spool_position_bytes');
	is_deeply([ sort { $a <=> $b } @positions ], \@positions, 'positions grow');
	cmp_ok($positions[0], '<', $positions[-1], '... all the time');
	sleep(2.5);
	is($collector->get('/ready')->{status}, 200, 'five seconds after an error the collector is ready, whatever the clock says');
	loaded($collector, 'after the clock was set back');
	$account->closes('after the clock was set back');
	cmp_ok(sql(qq{SELECT count(*) FROM raw.events WHERE event_id LIKE 'm-%' AND split_part(event_id, '-', 2)::bigint >= $clients->{first} AND received_at < occurred_at - interval '50 minutes'}), '>', 0,
		'events were received when the clock said so');
	for (1 .. 600) { last if substr(slurp_file($log), $from) =~ /repeated/; sleep(0.1); }
	like(substr(slurp_file($log), $from), qr/the last line was repeated/, 'a line that is repeated is logged again after some seconds, not after hours');
	kill('TERM', $repeating);
	is(ended_with($repeating, 60), 0, 'the loader ends well');
	ends_well($collector);
	let_fail('none');
}

# -- loaders that replace each other in the middle of their batches
{
	my $collector = start_collector(database => '', 'spool-segment-bytes' => '64kB');
	my @load = ('load', '--database', $database, '--name', $collector->{name}, '--spool', $collector->{spool}, '--batch-bytes', '4kB', '--batches-ahead', 4);
	my $clients = start_clients($collector, 4, '-c', 10, '-R', 2000);
	my $status = qq{FROM sessionize.ingest_status WHERE partition = '$collector->{name}'};
	my @loaders;

	for my $i (1 .. 6)
	{
		push @loaders, start_loader("$directory/replaced.log", @load);
		$node->poll_query_until('postgres', "SELECT fence = $i $status");
		sleep(0.1 + rand(0.3));
	}
	my $last = pop @loaders;
	is(join(' ', map { ended_with($_, 60) } @loaders), '3 3 3 3 3', 'each loader that was replaced ends with status 3');
	like(slurp_file("$directory/replaced.log"), qr/another loader has taken over/, '... and says why');
	finish_clients($clients);
	loaded($collector, 'after loaders were replaced');
	$account->closes('after loaders were replaced');
	kill('TERM', $last);
	is(ended_with($last, 60), 0, 'the last loader ends well');
	ends_well($collector);
}

# -- clients that go away: in the middle of the headers, of the body, and before the answer; by an orderly end and by a reset
{
	my $collector = start_collector();
	my (%half, @answered);
	my $before = $number;

	foreach my $reset (0, 1)
	{
		foreach my $part (0.1, 0.5, 0.9, 0.999, 1, 1, 1, 2)
		{
			for (1 .. 20)
			{
				my $n = ++$number;
				my $bytes = IngestCollector::format_request('POST', '/events', event($n));
				my $socket = $collector->connect or die;
				setsockopt($socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) if $reset;
				syswrite($socket, substr($bytes, 0, $part < 1 ? int(length($bytes) * $part) : length($bytes)));
				$half{$n} = 1 if $part < 1;
				sleep(rand(0.003)) if $part == 1;
				push @answered, $n if $part == 2 && (IngestCollector::read_answer($socket, 30) // {})->{status} == 200;
				close($socket);
			}
		}
	}
	is(scalar(@answered), 40, 'clients that wait for the answer are answered 200');
	note_events($before + 1, $number, @answered);
	# when all connections are gone, all that came in full is in the spool
	for (1 .. 400) { last if $collector->metric('connections') <= 1 && $collector->metric('in_flight_bytes') == 0; sleep(0.05); }
	is($collector->metric('in_flight_bytes'), 0, 'no memory is held for clients that went away');
	loaded($collector, 'after clients went away');
	$account->closes('after clients went away');
	is(join(' ', grep { $half{$_} } split /\n/, sql(q{SELECT split_part(id, '-', 2) FROM arrived WHERE id LIKE 'c-%'})), '', 'no part of a request is taken for one');
	cmp_ok(sql(q{SELECT count(*) FROM arrived WHERE id LIKE 'c-%'}), '>=', 40, 'what came in full may count, once');
	ends_well($collector);
}

# -- memory
{
	my $collector = start_collector(database => '', 'spool-segment-bytes' => '4MB');
	my $loader = start_loader("$directory/memory.log", 'load', '--database', $database, '--name', $collector->{name}, '--spool', $collector->{spool});
	my %pid = (collect => $collector->{pid}, load => $loader);
	my $clients = start_clients($collector, $memory_seconds, '-c', 32, '-R', 1000);
	my (%samples, $start, $report);

	$start = time;
	while (time < $start + $memory_seconds)
	{
		sleep($memory_seconds < 100 ? 1 : 10);
		push @{ $samples{$_} }, [ time - $start, memory($pid{$_}, 'VmRSS') ] foreach keys %pid;
	}
	my $said = finish_clients($clients);
	is(join(' ', grep { /^status/ } sort keys %$said), 'status_200', "$said->{status_200} requests in $memory_seconds seconds are answered 200");
	loaded($collector, 'after a time of work');
	foreach my $name (sort keys %pid)
	{
		# what the process needs to begin with is not growth
		my @late = grep { $_->[0] > $memory_seconds / 5 } @{ $samples{$name} };
		my $slope = slope(@late);
		my $highest = memory($pid{$name}, 'VmHWM');

		diag(sprintf('%s: %s kB, at most %d kB, %.1f kB a minute', $name, join(', ', map { $samples{$name}[$_ * $#{ $samples{$name} } / 8][1] } 0 .. 8), $highest, $slope * 60));
		cmp_ok($highest, '<', $limit, "$name: at most 64 MB");
		cmp_ok($slope * 3600, '<', 1024, "$name: grows by less than 1 MB an hour") if $memory_seconds >= 600;
	}
	$account->closes('after a time of work');
	kill('TERM', $loader);
	is(ended_with($loader, 60), 0, 'the loader ends well');
	ends_well($collector);
}

# slope returns how steep the line through points is, by least squares.
sub slope
{
	my @points = @_;
	my ($x, $y, $xx, $xy) = (0) x 4;

	foreach (@points) { $x += $_->[0]; $y += $_->[1]; $xx += $_->[0]**2; $xy += $_->[0] * $_->[1]; }
	my $divisor = @points * $xx - $x**2;
	return $divisor == 0 ? 0 : (@points * $xy - $x * $y) / $divisor;
}

$node->stop;
done_testing();
