# decode() in databases of other encodings than UTF8: what trackers sent, with letters of many scripts, is there as far as the encoding has
# the characters, a question mark stands for each other one, and a note says so.
use strict;
use warnings;
use Encode qw(encode decode);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Latin, Japanese, a character that neither LATIN1 nor EUC_JP has, and one beyond the first 65,536; as bytes of UTF-8.
my $letters = encode('UTF-8', "H\x{e4}user \x{65e5}\x{672c} \x{20ac} \x{1f600}");
my @requests = (
	[ 'generic', '{"event": "L", "title": "L", "user_id": "L", "deep": [{"L": ["L"]}]}' ],
	[ 'generic', '{"event": "\u00e4\u65e5\u20ac\ud83d\ude00"}' ],
	[ 'segment', '{"type": "page", "name": "L", "messageId": "m-L", "anonymousId": "a", "context": {"page": {"title": "L"}}}' ],
	[ 'cloudevents', '{"specversion": "1.0", "id": "L", "source": "/L", "type": "t.L", "data": {"x": "L"}}' ],
	[ 'posthog', '{"event": "L", "distinct_id": "L", "properties": {"$title": "L", "token": "t"}}' ],
);
my $captures = ($ENV{SESSIONIZE_SHARED} // '../shared/data') . '/trackers/captures.txt';
if (open(my $fh, '<', $captures))
{
	my ($headers, $target);
	while (<$fh>)
	{
		chomp;
		($target) = /^-- \S+ (\S+)/ if /^-- /;
		$headers = decode_json($1) if /^  H (\{.*\}) raw/;
		push @requests, [ 'auto', $1, { ':path' => $target, %$headers } ] if /^  B (.*Home.*)$/;
	}
	cmp_ok(scalar @requests, '>', 10, 'requests of trackers');
}
else
{
  SKIP: { skip "the trackers' requests are not in $captures", 1; }
}
foreach my $request (@requests) { $request->[1] =~ s/Home|(?<![A-Z])L(?![A-Za-z])/$letters/g; }

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my %perl_names = (UTF8 => 'UTF-8', LATIN1 => 'iso-8859-1', EUC_JP => 'euc-jp', SQL_ASCII => 'UTF-8');

# What decode() makes of all requests, a JSON array for each event, as characters; the notes are apart.
sub decoded
{
	my ($encoding) = @_;
	my $database = lc $encoding;
	my $json = JSON::PP->new->canonical->ascii;
	my $sql = '';
	my @events;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql($database, 'CREATE EXTENSION pg_sessionize');
	foreach my $request (@requests)
	{
		my ($protocol, $body, $headers) = @$request;

		$sql .= sprintf "SELECT json_build_array(event_id, event_name, user_id, anonymous_id, device_id, source, properties, context - 'decode_notes', context -> 'decode_notes') "
		  . "FROM sessionize.decode('%s', '\\x%s', \$H\$%s\$H\$, '2026-12-01Z');\n", $protocol, unpack('H*', $body), $json->encode($headers // {});
	}
	my $out = $node->safe_psql($database, ($encoding eq 'SQL_ASCII' ? '' : "SET client_encoding = 'UTF8';\n") . $sql);
	utf8::decode($out) or fail("$encoding: what comes out is UTF-8");
	foreach my $line (split /\n/, $out)
	{
		my $event = JSON::PP->new->decode($line);
		my $notes = pop @$event;

		push @events, [ JSON::PP->new->canonical->encode($event), $notes ];
	}
	return @events;
}

my @reference = decoded('UTF8');
cmp_ok(scalar @reference, '>=', scalar @requests, 'each request has events');
cmp_ok(scalar(grep { $_->[0] =~ /\x{65e5}/ } @reference), '>=', 5, 'most have letters');
foreach my $encoding (qw(LATIN1 EUC_JP SQL_ASCII))
{
	my @events = decoded($encoding);
	my @expected;

	foreach my $event (@reference)
	{
		push @expected, join '', map { my $c = $_; defined eval { encode($perl_names{$encoding}, $c, Encode::FB_CROAK) } ? $_ : '?' } split //, $event->[0];
	}
	is_deeply([ map { $_->[0] } @events ], \@expected, "$encoding: what the encoding has is there, the rest is a question mark");
	my @noted = map { my $notes = $_->[1] // []; scalar grep { $_->{reason} =~ /^character not in the database's encoding/ } @$notes } @events;
	# a text that was read and has become no part of the event may be noted as well
	is(scalar(grep { $expected[$_] ne $reference[$_][0] && !$noted[$_] } 0 .. $#reference), 0, "$encoding: which is noted");
	is(scalar(grep { $_ } @noted), 0, "$encoding: nothing to note") if $encoding eq 'SQL_ASCII';
}
done_testing();
