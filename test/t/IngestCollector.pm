# IngestCollector: what tests of pg_sessionize_ingest share: the program, built with sanitizers, collectors that listen at a
# free port of the loopback address, and requests to the byte.
package IngestCollector;
use strict;
use warnings;
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time usleep);

our $program;
our $build = $ENV{INGEST_BUILD} // 'build/ingest-test';
my $sanitize = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer';

# build makes the program, and what else is asked for, or skips the test where its libraries can't be had.
sub build
{
	my @targets = @_;
	my $missing = join ' ', grep { system("pkg-config --exists $_ 2>/dev/null") != 0 } qw(libmicrohttpd zlib libpq);

	plan skip_all => "pg_sessionize_ingest needs libraries that are not here: $missing" if $missing;
	system("make -s -C ingest BUILD=\"\$PWD/$build\" CFLAGS='-O1 -g $sanitize' COPT=-Werror all @targets >&2") == 0 or die 'pg_sessionize_ingest does not build';
	chomp(my $here = `pwd`);
	$build = "$here/$build" unless $build =~ m{^/};
	$program = "$build/pg_sessionize_ingest";
	$ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0:detect_leaks=1:abort_on_error=0:exitcode=99';
	$ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';
}

# start starts a collector with a spool in a directory of its own; settings are those of the command line.
sub start
{
	my ($class, %settings) = @_;
	my $environment = delete $settings{environment} // {};
	my $wrapper = delete $settings{wrapper} // [];
	my $self = bless { home => delete $settings{home} // File::Temp::tempdir(CLEANUP => 1) }, $class;

	%settings = (listen => '127.0.0.1:0', spool => "$self->{home}/spool", drain => 0, 'spool-min-free' => 0, 'log-level' => 'info', %settings);
	$self->{spool} = $settings{spool};
	$self->{log} = "$self->{home}/log";
	$self->{from} = -s $self->{log} // 0;
	my @arguments = map { my $name = $_; map { "--$name=$_" } ref $settings{$name} ? @{ $settings{$name} } : $settings{$name} } sort keys %settings;
	$self->{pid} = fork() // die;
	if ($self->{pid} == 0)
	{
		local %ENV = (%ENV, %$environment);
		open(STDOUT, '>>', $self->{log}) or die;
		open(STDERR, '>>', $self->{log}) or die;
		exec(@$wrapper, $program, 'collect', @arguments) or POSIX::_exit(127);
	}
	for (1 .. 3000)
	{
		($self->{port}) = $self->new_log =~ /listening at http:\S+:(\d+)/ and return $self;
		if (waitpid($self->{pid}, 1) == $self->{pid})
		{
			$self->{status} = $?;
			delete $self->{pid};
			return $self;
		}
		usleep(20_000);
	}
	die 'the collector did not start: ' . $self->new_log;
}

# new_log returns what was logged since the start.
sub new_log
{
	my ($self) = @_;

	open(my $fh, '<', $self->{log}) or return '';
	seek($fh, $self->{from}, 0);
	local $/;
	return scalar(<$fh>) // '';
}

# stop sends a signal and returns the exit status.
sub stop
{
	my ($self, $signal) = @_;

	return $self->{status} if !$self->{pid};
	kill $signal // 'TERM', $self->{pid};
	waitpid($self->{pid}, 0);
	delete $self->{pid};
	return $self->{status} = $?;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);

	$self->stop('KILL') if $self->{pid};
}

# connect opens a connection.
sub connect
{
	my ($self) = @_;

	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp', Timeout => 30) // undef;
}

# read_answer reads an answer: status, headers by name in lower case, body; nothing if the connection ends.
sub read_answer
{
	my ($socket, $seconds, $buffer) = @_;
	my $until = time + ($seconds // 60);
	my $select = IO::Select->new($socket);
	my $data = defined $buffer ? $$buffer : '';

	while (1)
	{
		if ($data =~ /\A(?:HTTP\/1\.1 100 .*?\r\n\r\n)?HTTP\/1\.1 (\d+) .*?\r\n(.*?)\r\n\r\n/s)
		{
			my ($status, $head, $end) = ($1, $2, $+[0]);
			my %headers = map { my ($n, $v) = split /: */, $_, 2; (lc $n => $v) } split /\r\n/, $head;
			my $length = $headers{'content-length'} // 0;

			if (length($data) >= $end + $length)
			{
				$$buffer = substr($data, $end + $length) if defined $buffer;
				return { status => $status, headers => \%headers, body => substr($data, $end, $length) };
			}
		}
		my $rest = $until - time;
		return undef if $rest <= 0 || !$select->can_read($rest);
		my $n = sysread($socket, my $more, 65536);
		return undef if !$n;
		$data .= $more;
	}
}

# raw sends bytes on a connection of its own and returns the answer.
sub raw
{
	my ($self, $bytes, $seconds) = @_;
	my $socket = $self->connect or return undef;
	local $SIG{PIPE} = 'IGNORE';

	print $socket $bytes;
	$socket->flush;
	return read_answer($socket, $seconds);
}

# request sends a request: method, path, body, headers.
sub request
{
	my ($self, $method, $path, $body, %headers) = @_;

	return $self->raw(format_request($method, $path, $body, Connection => 'close', %headers)) // { status => 0, headers => {}, body => '' };
}

sub format_request
{
	my ($method, $path, $body, %headers) = @_;

	%headers = (Host => 'collector', (defined $body ? ('Content-Length' => length $body) : ()), %headers);
	return "$method $path HTTP/1.1\r\n" . join('', map { "$_: $headers{$_}\r\n" } grep { defined $headers{$_} } sort keys %headers) . "\r\n" . ($body // '');
}

sub get { my ($self, $path, %headers) = @_; return $self->request('GET', $path, undef, %headers); }
sub post { my ($self, $path, $body, %headers) = @_; return $self->request('POST', $path, $body, %headers); }

# kept returns the requests of the spool, as the program's command dump shows them.
sub kept
{
	my ($self) = @_;
	my $out = `$program dump --spool "$self->{spool}" 2>"$self->{home}/dump.log"`;
	my $status = $?;

	is($status, 0, 'the spool can be read') or diag(`cat "$self->{home}/dump.log"`);
	return map { JSON::PP->new->utf8->decode($_) } split /\n/, $out;
}

# metric returns a value of /metrics; of a name without labels, the first one that has the name.
sub metric
{
	my ($self, $name) = @_;
	my ($value) = $self->get('/metrics')->{body} =~ /^pg_sessionize_ingest_\Q$name\E(?:\{[^}]*\})? (\S+)$/m;

	return $value;
}

1;
