# RedisServer: what tests of Redis share: a server of their own, whose log of commands is on disk before a command is answered.
package RedisServer;
use strict;
use warnings;
use Exporter 'import';
use LoadProgram qw(kill_hard);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(no_redis start_redis kill_redis redis_socket redis);

our ($directory, $socket, $process);

# Why there can be no test; nothing if there can.
sub no_redis
{
	# The server's program goes by several names; the package of the tools has it as this one.
	return 'redis-tools is not installed' if system('command -v redis-check-rdb >/dev/null && command -v redis-cli >/dev/null') != 0;
	return 'the program was built without hiredis'
	  if `'$LoadProgram::program' load --database x --redis-stream x --redis /nowhere --until-end on 2>&1 & sleep 0.2; kill \$! 2>/dev/null` =~ /without hiredis/;
	return undef;
}

# Start the server, which may have been killed.
sub start_redis
{
	$directory //= PostgreSQL::Test::Utils::tempdir();
	$socket //= PostgreSQL::Test::Utils::tempdir_short() . '/redis';
	$process = fork() // die 'no process';
	if (!$process)
	{
		open(STDOUT, '>>', "$directory/redis.log") or die $!;
		exec({ 'redis-check-rdb' } 'redis-server', '--port', '0', '--unixsocket', $socket, '--dir', $directory, '--appendonly', 'yes', '--appendfsync', 'always',
			'--save', '') or die $!;
	}
	for (1 .. 400)
	{
		return if redis('PING') =~ /PONG/;
		usleep(50_000);
	}
	BAIL_OUT('Redis did not start');
}

# Kill the server as a crash would.
sub kill_redis { kill_hard($process); return; }

sub redis_socket { return $socket; }

# Run a command; its answer.
sub redis { my ($command) = @_; my $answer = `redis-cli -s '$socket' $command 2>&1`; chomp $answer; return $answer; }

1;
