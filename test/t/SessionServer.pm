# SessionServer: what tests that kill servers share.
package SessionServer;
use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(wait_for_server);

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

1;
