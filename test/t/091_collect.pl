# pg_sessionize_ingest collect: what each client is answered, what is kept of its request, and what hostile ones get.
use strict;
use warnings;
use IngestCollector;
use IO::Compress::Gzip qw(gzip);
use JSON::PP;
use MIME::Base64;
use Test::More;
use Time::HiRes qw(time sleep);

IngestCollector::build();

sub zipped { my ($text) = @_; gzip(\$text => \my $out); return $out; }

# The last request that is kept must be so.
sub kept_last
{
	my ($collector, $expected, $name) = @_;
	my $last = ($collector->kept)[-1];

	is_deeply({ map { ($_ => exists $last->{$_} ? $last->{$_} : $last->{headers}{$_}) } keys %$expected }, $expected, $name);
}

# -- protocols
my $c = IngestCollector->start('max-body' => '64kB', 'max-inflated' => '1MB', 'snowplow-path' => '/own/path', 'idle-timeout' => 3, 'request-timeout' => 4,
	'max-connections-per-address' => 40, 'trusted-proxy' => [ '127.0.0.9', '10.0.0.0/8' ]);
ok($c->{port}, 'a collector starts') or BAIL_OUT($c->new_log);
my $before = time;
my $answer = $c->post('/v1/t', '{"event":"x","type":"track"}', Authorization => 'Basic V0s6', 'Content-Type' => 'text/plain', Origin => 'https://shop.example',
	'User-Agent' => 'Mozilla/5.0 "x" \\ ü', Cookie => 'secret=1');
is($answer->{status}, 200, 'Segment: 200');
is($answer->{body}, '{"success":true}', 'with what it expects');
is($answer->{headers}{'access-control-allow-origin'}, 'https://shop.example', 'the origin is allowed by name');
is($answer->{headers}{'access-control-allow-credentials'}, 'true', 'with credentials');
my ($first) = $c->kept;
is($first->{protocol}, 'segment', 'kept as Segment');
is($first->{body}, '{"event":"x","type":"track"}', 'the body');
is_deeply([ @{ $first->{headers} }{ ':method', ':path', ':address', 'content-type' } ], [ 'POST', '/v1/t', '127.0.0.0', 'text/plain' ], 'method, path, truncated address, headers');
is($first->{headers}{'user-agent'}, "Mozilla/5.0 \"x\" \\ \x{fc}", 'a user agent with all kinds of characters');
ok(!exists $first->{headers}{authorization} && !exists $first->{headers}{cookie}, 'secrets are not kept');
ok($first->{received_at} / 1e6 >= $before - 1 && $first->{received_at} / 1e6 <= time + 1, 'with the time');

foreach (
	[ '/v1/page',        '{}',                                           [ AnonymousId => 'eA==' ],                     'rudderstack',  '{}',      'OK' ],
	[ '/beacon/v1/batch?writeKey=WK', '{"batch":[]}',                    [],                                            'rudderstack',  '{"batch":[]}', 'OK' ],
	[ '/v1/batch',       zipped('{"batch":[{}]}'),                       [ 'Content-Encoding' => 'gzip', 'Content-Type' => 'application/x-www-form-urlencoded' ], 'segment', '{"batch":[{}]}', '{"success":true}' ],
	[ '/api/s/track',    '{"a":1}',                                      [ 'X-Write-Key' => 'k' ],                      'jitsu',        '{"a":1}', '{"ok":true}' ],
	[ '/com.snowplowanalytics.snowplow/tp2', '{"data":[]}',              [ 'Content-Type' => 'application/json; charset=UTF-8' ], 'snowplow', '{"data":[]}', 'ok' ],
	[ '/own/path',       '{"data":[]}',                                  [],                                            'snowplow',     '{"data":[]}', 'ok' ],
	[ '/e/',             zipped('{"batch":[]}'),                         [ 'Content-Type' => 'text/plain' ],            'posthog',      '{"batch":[]}', '{"status":1}' ],
	[ '/e/?compression=base64', 'data=' . encode_base64('{"x":"~~>"}', ''), [ 'Content-Type' => 'application/x-www-form-urlencoded' ], 'posthog', '{"x":"~~>"}', '{"status":1}' ],
	[ '/batch',          '{"api_key":"k"}',                              [],                                            'posthog',      '{"api_key":"k"}', '{"status":1}' ],
	[ '/anything',       '{"specversion":"1.0"}',                        [ 'Content-Type' => 'application/cloudevents+json' ], 'cloudevents', '{"specversion":"1.0"}', '{"success":true}' ],
	[ '/',               "\xFF\x00binary",                               [ 'ce-specversion' => '1.0', 'Content-Type' => 'image/png' ], 'cloudevents', undef, '{"success":true}' ],
	[ '/',               "{\"a\":1}\n{\"a\":2}\n",                       [],                                            'generic',      "{\"a\":1}\n{\"a\":2}\n", '{"success":true}' ],
	[ '/events',         '[{"a":"\ud800\u0000","b":1e400}]',             [],                                            'generic',      '[{"a":"\ud800\u0000","b":1e400}]', '{"success":true}' ],
  )
{
	my ($path, $body, $headers, $protocol, $kept, $reply) = @$_;
	my $answer = $c->post($path, $body, @$headers);

	is("$answer->{status} $answer->{body}", "200 $reply", "$path: 200");
	kept_last($c, { protocol => $protocol, body => $kept, ':path' => $path }, "$path: kept as $protocol");
}
is(($c->kept)[11]->{body_hex}, 'ff0062696e617279', 'a body of any bytes');
$answer = $c->post('/v1/t', '{}', Host => 'x', 'X-A' => "1\r\nX-A: 2\r\nx-a: 3");
kept_last($c, { 'x-a' => '1, 2, 3' }, 'several headers of a name');

# -- pixels and queries
my $path = '/i?e=pv&aid=shop&url=http%3A%2F%2Fx%2F%3Fa%26b';
$answer = $c->get($path);
is("$answer->{status} $answer->{headers}{'content-type'} " . length($answer->{body}), '200 image/gif 43', 'the pixel');
like($answer->{body}, qr/^GIF89a.*;$/s, 'is an image');
like($answer->{headers}{'cache-control'}, qr/no-store/, 'and not stored');
kept_last($c, { protocol => 'snowplow', ':path' => $path, ':method' => 'GET', body => '' }, 'its query string is kept to the letter');
is($c->get('/i?x=1')->{status}, 400, 'a pixel without an event');
is($c->get('/pixel/v1/track?writeKey=WK&event=x')->{headers}{'content-type'}, 'image/gif', 'the pixel of RudderStack');
is($c->get('/e/?data=' . encode_base64('{"event":"x"}', ''))->{body}, '{"status":1}', 'PostHog by GET');
kept_last($c, { protocol => 'posthog', body => '{"event":"x"}' }, 'its event is the body');

# -- preflight
$answer = $c->request('OPTIONS', '/v1/t', undef, Origin => 'http://a', 'Access-Control-Request-Headers' => 'anonymousid, authorization', 'Access-Control-Request-Method' => 'POST');
is_deeply([ $answer->{status}, @{ $answer->{headers} }{qw(access-control-allow-origin access-control-allow-headers access-control-allow-methods access-control-max-age vary)} ],
	[ 200, 'http://a', 'anonymousid, authorization', 'GET, POST, OPTIONS', 86400, 'Origin' ], 'preflight');

# -- documents
$answer = $c->get('/v1/projects/W%22K/settings', Host => 'events.example:8080');
is_deeply(decode_json($answer->{body})->{integrations}{'Segment.io'}, { apiKey => 'W%22K', apiHost => 'events.example:8080/v1', protocol => 'http' }, "Segment's settings");
is($c->get('/v1/projects/WK/settings', Host => 'a"b')->{status}, 400, 'a Host that is none');
is(decode_json($c->get('/sourceConfig/?writeKey=WK&p=npm')->{body})->{source}{writeKey}, 'WK', "RudderStack's settings");
is($c->get('/array/phc_KEY/config.js')->{headers}{'content-type'}, 'application/javascript; charset=utf-8', "PostHog's script");
is($c->get('/array/phc_KEY/config.js')->{body}, '', 'is empty');
is_deeply(decode_json($c->post('/flags/?v=2', 'data=x')->{body})->{flags}, {}, "PostHog's flags");
is_deeply(decode_json($c->get('/array/phc_KEY/config')->{body})->{supportedCompression}, [qw(gzip gzip-js base64)], "PostHog's settings");
my $count = $c->kept;
is($c->post('/s/', '{"x":1}')->{status} . $c->post('/v1/m', '{"x":1}')->{status}, '200200', 'recordings and metrics of trackers: 200');
is(scalar($c->kept), $count, 'and not kept');

# -- refusals: the status that makes the client drop what can never be read
foreach (
	[ '/v1/t', '{"event":', 400, 'not JSON' ],
	[ '/v1/t', '', 400, 'no body' ],
	[ '/v1/t', "{\"a\":\"\xFF\"}", 400, 'invalid UTF-8' ],
	[ '/v1/t', '[' x 20000, 400, 'nested too deep' ],
	[ '/v1/t', ('[' x 5000) . (']' x 5000), 400, 'nested too deep, though it is JSON' ],
	[ '/v1/t', "{}\n{}", 400, 'lines where one value is due' ],
	[ '/v1/t', substr(zipped('{"a":"' . ('x' x 1000) . '"}'), 0, -9), 400, 'truncated gzip' ],
	[ '/v1/t', 'x' x 70000, 413, 'a body that is too large' ],
	[ '/v1/t', 'x' x 3000000, 413, 'one that is far too large', 1 ],
	[ '/com.snowplowanalytics.snowplow/tp2', 'x' x 70000, 400, "a body that is too large for Snowplow's tracker, which would send it again after 413" ],
	[ '/v1/t', zipped('[' . (' ' x 30_000_000) . ']'), 413, 'a gzip bomb' ],
	[ '/com.snowplowanalytics.snowplow/tp2', zipped(' ' x 30_000_000), 400, "a gzip bomb for Snowplow's" ],
	[ '/e/', 'data=%%%', 400, 'a form that is none' ],
	[ '/nothing', '{}', 404, 'an unknown path' ],
	[ '/health', '{}', 405, 'a method that the path does not have' ],
  )
{
	my ($path, $body, $status, $name, $may_close) = @$_;
	my $answer = $c->post($path, $body);

	is($answer->{status} || ($may_close ? $status : 0), $status, "$name: $status");
}
is($c->post('/v1/t', 'xx', 'Content-Encoding' => 'br')->{status}, 415, 'an unknown encoding: 415');
is(scalar($c->kept), $count, 'nothing of that is kept');

# -- chunked bodies, keep-alive, pipelining, 100-continue
$answer = $c->raw("POST /v1/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
is($answer->{status}, 200, 'a chunked body');
kept_last($c, { body => '{"a":1}' }, 'is put together');
my $socket = $c->connect;
print $socket join '', map { IngestCollector::format_request('POST', '/v1/t', "{\"n\":$_}") } 1 .. 50;
my $buffer = '';
is(join(',', map { (IngestCollector::read_answer($socket, 30, \$buffer) // {})->{status} // 'none' } 1 .. 50), join(',', (200) x 50), '50 requests at once on one connection');
my @last = map { $_->{body} } ($c->kept)[-50 .. -1];
is_deeply(\@last, [ map { "{\"n\":$_}" } 1 .. 50 ], 'are kept in order');
print $socket "POST /v1/t HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
sysread($socket, my $continue, 1000);
like($continue, qr/^HTTP\/1.1 100 /, '100-continue');
print $socket '{}';
is(IngestCollector::read_answer($socket, 10)->{status}, 200, 'and then the body');
$count = $c->kept;

# -- hostile ones
my @hostile = (
	[ 'both lengths', "POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" ],
	[ 'two lengths', "POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} " ],
	[ 'a negative length', "POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}" ],
	[ 'a huge length', "POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n{}" ],
	[ 'an unknown transfer encoding', "POST /v1/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" ],
	[ 'a space before the colon', "POST /v1/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}" ],
	[ 'a header whose name is none', "POST /v1/t HTTP/1.1\r\nHost: x\r\nX(y): z\r\nContent-Length: 2\r\n\r\n{}" ],
	[ 'a header without a name', "POST /v1/t HTTP/1.1\r\nHost: x\r\n:source: evil\r\nContent-Length: 2\r\n\r\n{}" ],
	[ 'a chunk that lies', "POST /v1/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" ],
	[ 'a chunk of a huge size', "POST /v1/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}" ],
	[ '100,000 headers', "POST /v1/t HTTP/1.1\r\nHost: x\r\n" . join('', map { "a$_: b\r\n" } 1 .. 100_000) . "\r\n" ],
	[ '500 small headers', "POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" . ("a: b\r\n" x 500) . "\r\n{}" ],
	[ 'more cookies than there is memory for', "POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nCookie: " . ('a=b; ' x 2000) . "\r\n\r\n{}" ],
	[ 'a header without an end', "POST /v1/t HTTP/1.1\r\nHost: " . ('x' x 200_000) ],
	[ 'a path without an end', 'POST /' . ('x' x 200_000) ],
	[ 'no Host', "POST /v1/t HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" ],
	[ 'TLS', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . ("\x00" x 500) ],
	[ 'HTTP/2', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00" ],
	[ 'garbage', join '', map { chr(($_ * 7919) % 256) } 1 .. 5000 ],
	[ 'zero bytes', "\x00" x 5000 ],
	[ 'lines', "\r\n" x 5000 ],
	[ 'a method of zero bytes', "P\x00ST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" ],
);
foreach (@hostile)
{
	my ($name, $bytes) = @$_;
	my $answer = $c->raw($bytes, 8);

	ok(!$answer || $answer->{status} =~ /^(4|5)/, "$name: " . ($answer ? $answer->{status} : 'closed'));
}
is(scalar($c->kept), $count, 'nothing of that is kept');
is($c->raw("POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}", 0.2), undef, 'a client that goes away in the middle of its body');
is($c->post('/v1/t', '{}')->{status}, 200, 'and others are served');

# -- slow ones: a byte now and then is not enough
my @slow = map { $c->connect } 1 .. 5;
my $start = time;
my $closed = 0;
print $_ "POST /v1/t HTTP/1.1\r\nHost: x\r\n" foreach @slow;
local $SIG{PIPE} = 'IGNORE';
while (time - $start < 20 && $closed < 5)
{
	sleep(0.5);
	$closed = 0;
	foreach (@slow)
	{
		$_->flush;
		syswrite($_, 'X') // $closed++;
	}
}
is($closed, 5, 'slowloris: connections are closed after the time that a request may take');
cmp_ok($c->metric('timed_out_requests_total'), '>=', 5, 'and counted');

# -- connections of an address
my @many = map { $c->connect } 1 .. 60;
print $_ IngestCollector::format_request('GET', '/health') foreach grep { $_ } @many;
my $served = grep { $_ && IngestCollector::read_answer($_, 2) } @many;
# two threads accept connections, and each may let in the last one at the same moment
cmp_ok($served, '<=', 41, "$served of 60 connections of one address are served");
cmp_ok($served, '>=', 30, 'as many as are allowed');
@many = ();
sleep(0.5);
cmp_ok($c->metric('refused_connections_total'), '>', 0, 'the others are counted');

# -- health, readiness, metrics
is($c->get('/health')->{status} . $c->get('/ready')->{status}, '200200', 'healthy and ready');
$answer = $c->get('/metrics', Accept => 'application/openmetrics-text; version=1.0.0');
is($answer->{headers}{'content-type'}, 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'OpenMetrics');
like($answer->{body}, qr/\n# EOF\n\z/, 'has an end');
like($answer->{body}, qr/^# TYPE pg_sessionize_ingest_requests counter$/m, 'and types');
like($c->get('/metrics')->{body}, qr/^# TYPE pg_sessionize_ingest_requests_total counter$/m, 'the older format');
is($c->get('/metrics', 'X-Forwarded-For' => '198.51.100.1')->{status}, 403, 'not for others');
$answer = $c->get('/metrics', Origin => 'https://evil.example');
ok($answer->{status} == 200 && !exists $answer->{headers}{'access-control-allow-origin'}, 'and no page of another origin reads them in a browser on this machine');
cmp_ok($c->metric('requests_total{protocol="segment",code="200"}'), '>', 50, 'requests by protocol and code');
is($c->metric('in_flight_bytes'), 0, 'no memory is held');
cmp_ok($c->metric('spool_bytes'), '==', $c->metric('spool_position_bytes'), 'the spool');

# -- an orderly end: what came is answered and kept
my @open = map { $c->connect } 1 .. 20;
print $_ IngestCollector::format_request('POST', '/v1/t', '{"last":1}') foreach @open;
$_->flush foreach @open;
sleep(0.2);
is($c->stop, 0, 'SIGTERM: exit 0, and no sanitizer complains') or diag($c->new_log);
is(scalar(grep { my $a = IngestCollector::read_answer($_, 1); $a && $a->{status} == 200 } @open), 20, 'what came before it is answered');
is(scalar(grep { ($_->{body} // '') eq '{"last":1}' } $c->kept), 20, 'and kept');

# -- keys
$c = IngestCollector->start('write-key' => [ 'shop:WK1', 'blog:phc_2' ], 'keep-address' => 'full', 'keep-user-agent' => 'off', 'trusted-proxy' => [ '127.0.0.1', '10.0.0.0/8' ],
	'public-url' => 'https://events.example/in/');
foreach (
	[ 'Basic', '/v1/t', '{}', 'shop', Authorization => 'Basic ' . encode_base64('WK1:', '') ],
	[ 'X-Write-Key', '/api/s/track', '{}', 'shop', 'X-Write-Key' => 'WK1' ],
	[ 'the query', '/beacon/v1/batch?writeKey=WK1', '{}', 'shop' ],
	[ 'the body', '/v1/t', '{"writeKey":"WK1"}', 'shop' ],
	[ "PostHog's body", '/e/', zipped('{"api_key":"phc_2","batch":[]}'), 'blog' ],
	[ "PostHog's events", '/e/', '[{"event":"x","properties":{"token":"phc_2"}}]', 'blog' ],
	[ "Snowplow's aid", '/com.snowplowanalytics.snowplow/tp2', '{"data":[{"e":"pv","aid":"WK1"}]}', 'shop' ],
	[ 'a wrong one', '/v1/t', '{"writeKey":"WK1"}', undef, Authorization => 'Basic ' . encode_base64('nope:', '') ],
	[ 'none', '/v1/t', '{}', undef ],
	[ 'one that is too deep', '/v1/t', '[[[[{"writeKey":"WK1"}]]]]', undef ],
	[ 'half of one', '/v1/t', '{"writeKey":"WK"}', undef ],
  )
{
	my ($name, $path, $body, $source, @headers) = @$_;
	my $answer = $c->post($path, $body, @headers);

	is($answer->{status}, $source ? 200 : 401, "the key by $name");
	kept_last($c, { ':source' => $source, 'user-agent' => undef }, '... names the source') if $source;
}
is($c->get('/i?e=pv&aid=phc_2')->{status} . $c->get('/i?e=pv&aid=x')->{status}, '200401', 'the pixel by aid');
kept_last($c, { ':source' => 'blog' }, '... names the source');
is($c->get('/sourceConfig/?writeKey=no')->{status}, 401, 'settings for a wrong key');
is(decode_json($c->get('/v1/projects/WK1/settings')->{body})->{integrations}{'Segment.io'}{apiHost}, 'events.example/in/v1', 'the public URL');
foreach ([ '198.51.100.7', '198.51.100.7' ], [ '6.6.6.6, 198.51.100.7, 10.1.2.3', '198.51.100.7' ], [ 'nonsense', '127.0.0.1' ], [ '[2001:db8::1]:443', '2001:db8::1' ], [ '', '127.0.0.1' ])
{
	$c->post('/v1/t', '{}', 'X-Write-Key' => 'WK1', 'X-Forwarded-For' => $_->[0], 'User-Agent' => 'x', 'Sec-CH-UA-Mobile' => '?0');
	kept_last($c, { ':address' => $_->[1], 'x-forwarded-for' => undef, 'user-agent' => undef, 'sec-ch-ua-mobile' => undef }, "the address before trusted proxies: $_->[0]");
}
is($c->stop, 0, 'it ends well') or diag($c->new_log);

# -- settings that are refused, and a file
sub refused
{
	my ($like, $name, %settings) = @_;
	my $c = IngestCollector->start(%settings);

	isnt($c->stop // 0, 0, "$name: refused");
	like($c->new_log, $like, '... with a reason');
}
refused(qr/no write key is set/, 'to listen to others without keys', listen => '0.0.0.0:0');
refused(qr/no write key is set/, 'to listen to others by IPv6', listen => '[::]:0');
refused(qr/is not SOURCE:KEY/, 'a key without a source', 'write-key' => 'WK');
refused(qr/no setting "nonsense"/, 'an unknown setting', nonsense => 1);
refused(qr/no number of bytes/, 'a size that is none', 'max-body' => 'much');
refused(qr/not between/, 'a size that is too small', 'max-body' => '1');
refused(qr/is not ADDRESS:PORT/, 'an address that is none', listen => '8080');
refused(qr/neither an address/, 'a proxy that is none', 'trusted-proxy' => 'proxy');
refused(qr/none of: full/, 'a word that is none', 'keep-address' => 'some');
refused(qr/could not make the directory/, 'a directory that can not be made', spool => '/dev/null/x');
my $home = File::Temp::tempdir(CLEANUP => 1);
open(my $fh, '>', "$home/conf") or die;
print $fh "# a comment\nlisten = 127.0.0.1:0\nwrite_key = a:K1\nwrite-key = \"b:K2\"\nkeep-address = none\nspool = $home/other\n";
close($fh);
$c = IngestCollector->start(config => "$home/conf", spool => "$home/spool", listen => [ '127.0.0.1:0', '127.0.0.2:0' ]);
is($c->post('/v1/t', '{}', 'X-Write-Key' => 'K2')->{status}, 200, 'settings from a file');
kept_last($c, { ':address' => undef, ':source' => 'b' }, 'no address is kept');
my $second = IngestCollector->start(spool => "$home/spool");
ok(!$second->{port} && $second->new_log =~ /another collector writes/, 'a second collector on the spool: refused');
my $third = IngestCollector->start(listen => "127.0.0.1:$c->{port}");
ok(!$third->{port} && $third->new_log =~ /could not listen at .*in use/, 'a second one at the port: refused');
is($c->stop, 0, 'it ends well');
open($fh, '>>', "$home/conf") or die;
print $fh "nonsense\n";
close($fh);
refused(qr/conf, line 7: .*no line/, 'a line that is none', config => "$home/conf");

refused(qr/could not read the file/, 'a directory in place of the file', config => $home);
open($fh, '>', "$home/long") or die;
print $fh '# ' . ('x' x 5000) . "\n";
close($fh);
refused(qr/long, line 1: the line is too long/, 'a line that is longer than what is read at a time', config => "$home/long");

# -- after SIGTERM requests are accepted for as long as the setting says, and /ready says no
$c = IngestCollector->start(drain => 3);
kill 'TERM', $c->{pid};
for (1 .. 100) { last if $c->new_log =~ /no longer ready/; sleep(0.02); }
is(join(' ', map { $_->{status} } $c->get('/ready'), $c->post('/v1/t', '{"late":1}'), $c->get('/health')), '503 200 200', 'after SIGTERM: not ready, and still at work');
is($c->stop, 0, 'then it ends well');
is(($c->kept)[-1]->{body}, '{"late":1}', 'with what came last');

# -- a site: its files and no others, and no query unless there is one
$c = IngestCollector->start(site => 'examples/live/site');
my $index = $c->get('/')->{body};
like($index, qr/<!doctype html>/, 'a site has its first page');
like($c->get('/sessionize.js')->{body}, qr/sendBeacon/, 'and its files');
is($c->get($_)->{body}, $index, "$_ leads to no other") foreach '/../README.md', '/..%2fREADME.md', '/%2e%2e/README.md', '/../../../../etc/passwd', '//etc/passwd', '/.', '/setup.sql', '/query?key=x';
is($c->post('/sessionize.js', '{}')->{status}, 404, 'nothing is posted to it');
is($c->stop, 0, 'it ends well');
$c = IngestCollector->start;
is($c->get($_)->{status}, 404, "without the setting there is no $_") foreach '/query?key=x', '/sessionize.js';
cmp_ok(length(zipped($index = do { local (@ARGV, $/) = 'examples/live/site/sessionize.js'; <> })), '<=', 2048, 'the tracker is less than 2 kB');
done_testing();
