# SessionServer: what tests that kill servers share.
package SessionServer;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(wait_for_server kill_server server_comes_back);

# Wait until a server that recovers takes connections again. PostgreSQL::Test's own functions write the query to psql's input, and
# die when psql has given up before it could be written.
sub wait_for_server
{
	my ($node) = @_;

	for (1 .. 9000)
	{
		return if system('psql', '-X', '-q', '-d', $node->connstr('postgres'), '-o', '/dev/null', '-c', 'SELECT') == 0;
		usleep(20_000);
	}
	BAIL_OUT('the server did not come back');
}

# Kill the postmaster first; its children live on as orphans for a moment.
sub kill_server
{
	my ($node) = @_;
	my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	# stopped, it starts no child that nobody would kill: one that waits for a lock of a killed process would wait for ever
	kill('STOP', $postmaster);
	my @children = split ' ', `ps -o pid= --ppid $postmaster`;

	$node->kill9;
	usleep(rand 300_000) if int(rand 2);
	kill('KILL', @children);
	return;
}

# The server comes back from whatever; after the postmaster was killed, when the last of its children has gone.
sub server_comes_back
{
	my ($node, $killed) = @_;
	my $tries = 0;

	until (!$killed || $node->start(fail_ok => 1))
	{
		BAIL_OUT('the server does not start') if ++$tries > 300;
		usleep(100_000);
		$node->{_pid} = undef;    # what the killed one's file says
	}
	wait_for_server($node);
	return;
}

1;
