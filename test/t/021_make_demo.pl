# make demo as a user types it: on made-up data, on a file, twice, with mistakes, and what it leaves behind.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

# its places are made in a directory of ours, short enough for a socket's path
my $tmp = PostgreSQL::Test::Utils::tempdir_short();
$ENV{SZ_TMP} = $tmp;
delete @ENV{qw(INPUT KEY TIME PAGE ID EVENT GAP MAX_DURATION SEED SCALE)};

sub make
{
	my (@arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'make', '-s', @arguments ], '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

sub places { return scalar(() = glob("$tmp/sessionize-demo.*")) }

my ($status, $out, $err) = make('demo', 'SCALE=0.03');
is($status, 0, 'make demo') or diag($err);
like($out, qr/^ *\d+ \|.*\| +0$/m, 'accounting closes');
like($out, qr/Sessions per day\n.*#/s, 'sessions per day');
like($out, qr/Top entry pages\n.*^ \/ +\| +\d+ \|/ms, 'top entry pages');
like($out, qr/purchased +\| +\d+ \|/, 'a funnel');
like($out, qr/^verify: 0 differences/m, 'verify finds nothing');
unlike($err, qr/error|warning/i, 'no noise');
cmp_ok((sort { $b <=> $a } map { length } split /\n/, $out)[0], '<=', 100, 'in 100 columns');
my ($psql) = $out =~ /^Look further: +(.*)$/m;
is(`$psql -X -At -c 'SELECT count(*) > 0 FROM web.sessions'`, "t\n", 'the psql command it names works');
is(`$psql -X -At -c 'SHOW listen_addresses'`, "\n", 'the server listens on no port');

# a file; quotes in its name, in a directory with a space
my $folder = PostgreSQL::Test::Utils::tempdir() . "/o'clock \$x";
mkdir $folder or die $!;
my $file = "$folder/events.ndjson";
append_to_file($file, qq({"u":"a","t":1,"p":"/x"}\n{"u":"a","t":61,"p":"/y"}\n{"u":"b","t":1,"p":"/x"}\n\nnot json\n{"u":"a","t":9999}\n));
($status, $out, $err) = make('demo', "INPUT=$file", 'KEY=u', 'TIME=t', 'PAGE=p', 'GAP=10 minutes');
is($status, 0, 'make demo INPUT=…') or diag($err);
like($out, qr/^raw rows +6\nevents +4\nduplicates +0\nquarantined +2\nusers +2\nsessions +3$/m, 'counts, one a line');
like($out, qr/not JSON: .* \| +1 \| +5$/m, 'what is wrong with the other lines');
is(places(), 1, 'it takes the place of the demo before');

system('gzip', $file);
($status, $out, $err) = make('demo', "INPUT=$file.gz", 'KEY=u', 'TIME=t');
like($out, qr/^sessions +3$/m, 'a gzipped file, and no page') or diag($err);

# mistakes: said clearly, and nothing is left behind
my $there = places();
foreach my $case (
	[ 'a file that is not there', qr/INPUT=nowhere: there is no such file/, 'INPUT=nowhere', 'KEY=u', 'TIME=t' ],
	[ 'no key', qr/KEY=user/, "INPUT=$file.gz", 'TIME=t' ],
	[ 'no time', qr/TIME=time/, "INPUT=$file.gz", 'KEY=u' ])
{
	my ($what, $message, @arguments) = @$case;
	($status, $out, $err) = make('demo', @arguments);
	isnt($status, 0, "$what is an error");
	like($err, $message, "$what: the message");
}
is(places(), $there, 'the demo that runs is not touched by them');

my $canary = "$tmp/canary";
($status, $out, $err) = make('demo', "INPUT=$file.gz", "KEY=x'; \\! touch $canary", "TIME=\$(touch $canary)`touch $canary`");
isnt($status, 0, 'hostile names are an error');
like($err, qr/no line of the file has "x'; \\! touch/, 'hostile names: the message');
ok(!-e $canary, 'hostile names do nothing');
is(places(), 0, 'a demo that failed is removed');
ok(glob('build/demo-failed/*.log'), 'its logs are kept');

truncate("$file.gz", 40);
($status, $out, $err) = make('demo', "INPUT=$file.gz", 'KEY=u', 'TIME=t');
isnt($status, 0, 'a file cut short is an error');
like($err, qr/gzip: .*unexpected end of file/, 'a file cut short: the message');

is((make('demo-stop'))[0], 0, 'make demo-stop without a demo');
make('demo', 'SCALE=0.01');
is(places(), 1, 'and with one');
is((make('demo-stop'))[0], 0, 'make demo-stop');
is(places(), 0, 'removes everything');
done_testing();
