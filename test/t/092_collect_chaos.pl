# What was answered 200 is in the spool, in full, whatever happens to the collector: kill -9 at random moments, syncs that fail,
# a full disk, a spool that is full. Clients write down which requests were answered 200; CYCLES says how many kills.
use strict;
use warnings;
use File::Temp;
use IngestCollector;
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

IngestCollector::build('clients', 'unit');
my $cycles = $ENV{CYCLES} // 25;
my $seed = $ENV{SEED} // int(time);
my $next = 0;

srand($seed);
note("SEED=$seed");

# start_clients lets clients send for some seconds in the background.
sub start_clients
{
	my ($collector, $seconds, @arguments) = @_;
	my $log = "$collector->{home}/answered";
	my $pid = fork() // die;

	if ($pid == 0)
	{
		open(STDOUT, '>', "$collector->{home}/clients") or die;
		exec("$IngestCollector::build/clients", '-p', $collector->{port}, '-s', $seconds, '-r', '-l', $log, '-n', $next, @arguments) or POSIX::_exit(1);
	}
	$next += 10_000_000;
	return $pid;
}

sub finish_clients
{
	my ($collector, $pid) = @_;

	waitpid($pid, 0);
	is($?, 0, 'the clients end well');
	my ($result) = map { { map { split /\t/ } split /\n/, $_ } } slurp("$collector->{home}/clients");
	return $result;
}

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<', $path) or return '';
	local $/;
	return scalar(<$fh>) // '';
}

# check compares what was answered 200 with what is kept.
sub check
{
	my ($collector, $name) = @_;
	my %answered = map { ($_ => 1) } split /\n/, slurp("$collector->{home}/answered");
	my (%kept, $damaged);

	foreach my $request ($collector->kept)
	{
		my ($number) = ($request->{body} // '') =~ /^\{"type":"page","messageId":"m-(\d+)",.*x"\}\}$/ or $damaged++;
		$kept{$number}++ if defined $number;
		$damaged++ if defined $request->{body} && length($request->{body}) != $request->{headers}{'content-length'};
	}
	my @lost = grep { !$kept{$_} } sort { $a <=> $b } keys %answered;
	my @twice = grep { $kept{$_} > 1 } keys %kept;
	cmp_ok(scalar(keys %answered), '>', 100, "$name: " . keys(%answered) . ' requests were answered 200');
	is_deeply(\@lost, [], "$name: each is kept");
	is($damaged // 0, 0, "$name: in full");
	is_deeply(\@twice, [], "$name: once, since no client sends one again");
	is(scalar(glob("$collector->{spool}/damaged-*")), undef, "$name: nothing is set aside");
	return (scalar(keys %answered), scalar(keys %kept));
}

# -- kill -9
{
	my $c = IngestCollector->start('spool-segment-bytes' => '64kB');
	my %again = (listen => "127.0.0.1:$c->{port}", home => $c->{home}, 'spool-segment-bytes' => '64kB');
	my $pid = start_clients($c, $cycles * 0.6 + 1, '-c', 20);
	my $refused = 0;

	for (1 .. $cycles)
	{
		sleep(0.1 + rand(0.4));
		$c->stop('KILL');
		$c = IngestCollector->start(%again);
		$refused++ if !$c->{port};
		last if !$c->{port};
	}
	is($refused, 0, "the collector starts again after each of $cycles kills") or diag($c->new_log);
	my $result = finish_clients($c, $pid);
	cmp_ok($result->{broken}, '>', 0, "$result->{broken} connections broke");
	is($c->stop, 0, 'it ends well') or diag($c->new_log);
	check($c, 'kill -9');
}

# -- syncs and writes fail now and then
{
	my $fault = File::Temp->new;
	my $c = IngestCollector->start('spool-segment-bytes' => '64kB', environment => { FAULT_FILE => "$fault", LD_PRELOAD => "$IngestCollector::build/faults.so" });
	my $pid = start_clients($c, 8, '-c', 20);
	my $put = sub { open(my $fh, '>', "$fault.new") or die; print $fh @_; close($fh); rename("$fault.new", "$fault"); };

	foreach my $error ('fdatasync 5', 'pwritev 5', 'pwritev 28', 'short 28', 'open 28', 'fdatasync 28', 'fdatasync 5', 'short 5')
	{
		sleep(0.4);
		$put->($error);
		sleep(0.3);
		if ($error eq 'fdatasync 5')
		{
			my $answer = $c->post('/v1/t', '{}');
			is($answer->{status}, 503, "$error: 503");
			is($answer->{headers}{'retry-after'}, 5, 'with Retry-After');
			is($c->get('/ready')->{status} . $c->get('/health')->{status}, '503200', 'not ready, but healthy');
		}
		$put->('none');
	}
	sleep(0.2);
	is($c->post('/v1/p', '{"messageId":"m-99"}')->{status}, 200, 'without errors it goes on');
	my $result = finish_clients($c, $pid);
	cmp_ok($result->{status_503}, '>', 0, "$result->{status_503} requests were answered 503");
	is($result->{broken}, 0, 'none was not answered');
	cmp_ok($c->metric('failed_groups_total'), '>', 0, 'failed groups are counted');
	is($c->stop, 0, 'it ends well') or diag($c->new_log);
	like($c->new_log, qr/could not sync the spool.*Input\/output error; \d+ of \d+ requests are refused/, 'and says why');
	my @requests = $c->kept;
	my %answered = map { ($_ => 1) } split /\n/, slurp("$c->{home}/answered");
	my %kept;
	($_->{body} // '') =~ /"m-(\d+)"/ and $kept{$1}++ foreach @requests;
	is_deeply([ grep { !$kept{$_} } keys %answered ], [], "each of " . keys(%answered) . " requests that were answered 200 is kept");
	is_deeply([ grep { $kept{$_} && !$answered{$_} && $_ != 99 } keys %kept ], [], 'and none that was answered 503');
	is_deeply([ grep { $kept{$_} > 1 } keys %kept ], [], 'each once');
}

# -- a spool that is full, until a loader deletes
{
	my $c = IngestCollector->start('spool-max-bytes' => '1MB', 'spool-segment-bytes' => '64kB');
	my $result = finish_clients($c, start_clients($c, 4, '-c', 20));

	cmp_ok($result->{status_200}, '>', 0, 'requests are kept');
	SKIP:
	{
		skip 'the machine is too slow to fill a spool', 4 if !$result->{status_503};
		is($c->post('/v1/t', '[' . ('1,' x 500) . '1]')->{status}, 503, 'a full spool: 503');
		is($c->get('/ready')->{status}, 503, 'not ready');
		cmp_ok($c->metric('spool_bytes'), '<=', 1024 * 1024, 'it does not grow further');
		unlink((sort glob("$c->{spool}/*.spool"))[0 .. 9]);
		sleep(1.2);
		is($c->post('/v1/t', '{}')->{status}, 200, 'with room again: 200');
	}
	is($c->stop, 0, 'it ends well') or diag($c->new_log);
}

# -- a disk that is full: a small file system in a mount namespace of the collector's own
SKIP:
{
	my $home = File::Temp::tempdir(CLEANUP => 1);
	my @namespace = ('unshare', '-U', '-r', '-m', 'sh', '-c', 'mount -t tmpfs -o size=600k none "$1" && shift && exec "$@"', 'sh', "$home/disk");

	mkdir("$home/disk") or die;
	skip 'no mount namespaces for users here', 1 if system(join(' ', map { quotemeta } @namespace, 'true') . ' 2>/dev/null') != 0;
	my $c = IngestCollector->start(home => $home, spool => "$home/disk/spool", wrapper => \@namespace, 'spool-segment-bytes' => '64kB');
	my $result = finish_clients($c, start_clients($c, 4, '-c', 20));

	cmp_ok($result->{status_200}, '>', 0, 'requests are kept');
	cmp_ok($result->{status_503} // 0, '>', 0, 'a full disk: 503');
	is($result->{broken}, 0, 'and each is answered');
	$c->{spool} = "/proc/$c->{pid}/root$home/disk/spool";
	# the spool of a collector that runs can be read as well
	check($c, 'full disk');
	is($c->stop, 0, 'it ends well') or diag($c->new_log);
}
done_testing();
