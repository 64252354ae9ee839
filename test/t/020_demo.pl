# What make demo shows: the generator makes the same from the same seed, and a file of the user's own
# comes out as plain SQL has it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $demo = 'examples/demo';
my $node = PostgreSQL::Test::Cluster->new('demo');
$node->init;
$node->start;

# fresh makes an empty database with the extension and returns its name.
my $databases = 0;
sub fresh
{
	my $name = 'd' . ++$databases;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION pg_sessionize');
	return $name;
}

# script runs one of the demo's SQL files and returns (exit status, what it printed on stderr).
sub script
{
	my ($db, $file, %variables) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr($db), map({ ('-v', "$_=$variables{$_}") } sort keys %variables), '-f', "$demo/$file" ],
		'>', \$out, '2>', \$err);
	return ($? >> 8, $err, $out);
}

sub generated
{
	my ($seed) = @_;
	my $db = fresh();
	$node->safe_psql($db, "SELECT sessionize.create_events_table('raw.events')");
	is((script($db, 'generator.sql', seed => $seed, scale => '0.02'))[0], 0, "the generator runs with seed $seed");
	return ($db, $node->safe_psql($db, "SELECT md5(string_agg(e::text, '|' ORDER BY raw_id)) FROM raw.events AS e"));
}

my ($db, $first) = generated(7);
is((generated(7))[1], $first, 'the same seed makes the same rows');
isnt((generated(8))[1], $first, 'another seed makes others');

is($node->safe_psql($db, "SELECT bool_or(received_at - occurred_at > '1 hour') FROM raw.events WHERE isfinite(occurred_at)"), 't', 'some rows are late');
is($node->safe_psql($db, 'SELECT count(*) > count(DISTINCT event_id) FROM raw.events'), 't', 'some are duplicates');
is($node->safe_psql($db, 'SELECT count(*) > 0 FROM raw.events WHERE NOT isfinite(occurred_at) OR coalesce(anonymous_id, user_id) IS NULL'), 't', 'no event can be made of some');

$node->safe_psql($db, "SELECT sessionize.create_pipeline('web', 'raw.events')");
$node->safe_psql($db, "CALL sessionize.rebuild('web')");
is($node->safe_psql($db, "SELECT count(*) FROM sessionize.verify('web')"), '0', 'the star verifies');
is($node->safe_psql($db, "SELECT difference, duplicates > 0, quarantined > 0 FROM sessionize.reconcile('web')"), '0|t|t', 'accounting closes');
my ($status, $err, $out) = script($db, 'report.sql');
is($status, 0, 'the report runs') or diag($err);
like($out, qr/Sessions per day.*\d{4}-\d\d-\d\d \w+ +\| +\d+ \| #/s, 'with a chart');
cmp_ok((sort { $b <=> $a } map { length } split /\n/, $out)[0], '<=', 100, 'in 100 columns');

# load puts a file (or a string) through the loader, the pipeline and the rebuild.
sub load
{
	my ($input, %variables) = @_;
	my $db = fresh();
	$node->safe_psql($db, 'CREATE SCHEMA raw; CREATE TABLE raw.line (line_no bigint, line text, problem text)');
	my $err = '';
	IPC::Run::run([ 'perl', 'scripts/ndjson-to-copy' ], '<', ref $input ? $input : \$input, '|',
		[ 'psql', '-X', '-q', '-d', $node->connstr($db), '-c', 'COPY raw.line FROM STDIN' ], '2>', \$err)
	  or return ($db, 1, $err);
	my %defaults = (key => 'user', time => 'time', page => '', id => '', event => '', gap => '30 minutes', max_duration => '24 hours');
	my %all = (%defaults, %variables);
	foreach my $file ('load.sql', 'input_pipeline.sql')
	{
		my ($status, $err) = script($db, $file, %all);
		return ($db, $status, $err) if $status;
	}
	$node->safe_psql($db, "CALL sessionize.rebuild('web')");
	return ($db, 0, '');
}

# every kind of line there is
my $lines = <<"END";
\xef\xbb\xbf{"user":"a","time":"2026-01-01T00:00:00Z","page":{"path":"/1"},"back\\\\slash":"tab\\t"}\r

{"user":"a","time":1767225661}
{"user":"a","time":1767225721000,"x":"\\u0000"}
not json
[1, 2]
{"user":"\xff"}
{"time":"2026-01-01T00:00:00Z"}
{"user":"a","time":"some day"}
{"user":"a","time":"1767225781000.5","page":{"path":"/2"}}
a\0b
\\.
{"user":{"id":5},"time":1767225841000000}
END
($db, $status, $err) = load($lines, page => 'page.path');
is($status, 0, 'a file with every kind of line loads') or diag($err);
is($node->safe_psql($db, 'SELECT raw_rows, events, quarantined, pending, difference FROM sessionize.reconcile(\'web\')'),
	'13|4|9|0|0', 'every line is accounted for');
is($node->safe_psql($db, 'SELECT line_no, problem FROM raw.events WHERE problem IS NOT NULL ORDER BY 1'),
	join("\n", '2|blank line', '4|not JSON: unsupported Unicode escape sequence', '5|not JSON: invalid input syntax for type json',
		'6|not a JSON object', '7|not JSON: not UTF-8', '8|no user', '9|time is not a time: some day', '11|not JSON: a zero byte',
		'12|not JSON: invalid input syntax for type json'), 'and says what is wrong with it');
is($node->safe_psql($db, "SELECT session_key, entry_page, exit_page, started_at AT TIME ZONE 'UTC', events FROM web.sessions ORDER BY 1"),
	qq(a|/1|/2|2026-01-01 00:00:00|3\n{"id": 5}|||2026-01-01 00:04:01|1), 'numbers and texts are times alike');

foreach my $case (
	[ 'a missing key', { key => 'usr' }, qr/no line of the file has "usr" \(KEY=usr\).*HINT:  The keys of line 1: time, user/s ],
	[ 'a hostile name', { key => q{x'; DROP SCHEMA raw CASCADE; --} }, qr/no line of the file has "x'; DROP/ ],
	[ 'times that are none', { time => 'user' }, qr/"user" is no time in any line/ ],
	[ 'a gap that is none', { gap => q{1 hour'; --} }, qr/invalid input syntax for type interval/ ])
{
	my ($what, $variables, $message) = @$case;
	my ($db, $status, $err) = load(qq({"user":"a","time":"2026-01-01T00:00:00Z"}\n), %$variables);
	isnt($status, 0, "$what is an error");
	like($err, $message, "$what: the message");
	is($node->safe_psql($db, 'SELECT count(*) FROM pg_namespace WHERE nspname = \'raw\''), '1', "$what does no harm");
}

# public data, against plain SQL over the same file
SKIP:
{
	my $wiki = ($ENV{SESSIONIZE_SHARED} // '') . '/wikiticker-2015-09-12-sampled.json.gz';
	skip "no wikiticker-2015-09-12-sampled.json.gz in SESSIONIZE_SHARED", 6 unless -f $wiki;
	my $json = `gzip -dc '$wiki'`;
	my $plain = fresh();
	$node->safe_psql($plain, 'CREATE TABLE wiki (doc jsonb)');
	IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr($plain), '-c', q{COPY wiki FROM STDIN (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')} ], '<', \$json);
	foreach my $gap (5, 30, 60)
	{
		my ($db, $status, $err) = load($json, page => 'page', gap => "$gap minutes");
		is($status, 0, "wikiticker, $gap minutes, loads") or diag($err);
		is($node->safe_psql($db, 'SELECT (SELECT sum(events) FROM web.fact_session), (SELECT count(DISTINCT session_key) FROM web.fact_session), (SELECT count(*) FROM web.fact_session)'),
			$node->safe_psql($plain, qq{
				SELECT count(*), count(DISTINCT u), count(*) FILTER (WHERE before IS NULL OR t - before > interval '$gap minutes')
				FROM (SELECT u, t, lag(t) OVER (PARTITION BY u ORDER BY t) AS before
				      FROM (SELECT doc->>'user' AS u, (doc->>'time')::timestamptz AS t FROM wiki) AS e) AS e}),
			"wikiticker, $gap minutes: events, users and sessions are plain SQL's");
	}
}

# nested documents, unnested by the user
SKIP:
{
	my $otto = ($ENV{SESSIONIZE_SHARED} // '') . '/otto_20_shoppers.jsonl';
	skip "no otto_20_shoppers.jsonl in SESSIONIZE_SHARED", 3 unless -f $otto;
	my $db = fresh();
	$node->safe_psql($db, 'CREATE TABLE line (doc jsonb)');
	$node->safe_psql($db, qq{\\copy line FROM '$otto' (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')});
	$node->safe_psql($db, q{
		CREATE TABLE shop (id bigint GENERATED ALWAYS AS IDENTITY, shopper int, at timestamptz, aid int, type text);
		INSERT INTO shop (shopper, at, aid, type)
		SELECT (doc->>'session')::int, timestamptz 'epoch' + (e->>'ts')::bigint * interval '1 ms', (e->>'aid')::int, e->>'type'
		FROM line, jsonb_array_elements(doc->'events') AS e;
		CREATE INDEX ON shop (shopper, at);
		SELECT sessionize.create_pipeline('otto', 'shop', key => 'shopper', event_time => 'at', event_name => 'type', raw_id => 'id', page => 'aid', page_view => $$type = 'clicks'$$);
		CALL sessionize.rebuild('otto')});
	is($node->safe_psql($db, "SELECT count(*) FROM sessionize.verify('otto')"), '0', 'otto: the star verifies');
	is($node->safe_psql($db, 'SELECT sum(events), count(DISTINCT session_key), count(*) FROM otto.fact_session'),
		$node->safe_psql($db, q{
			SELECT count(*), count(DISTINCT shopper), count(*) FILTER (WHERE before IS NULL OR at - before > interval '30 minutes')
			FROM (SELECT shopper, at, lag(at) OVER (PARTITION BY shopper ORDER BY at) AS before FROM shop) AS e}),
		"otto: events, shoppers and sessions are plain SQL's");
	is($node->safe_psql($db, q{SELECT sum(sessions) FROM (SELECT sessionize.session_count(at, '30 minutes') AS sessions FROM shop GROUP BY shopper) AS s}),
		$node->safe_psql($db, 'SELECT count(*) FROM otto.fact_session'), 'otto: session_count says the same');
}

$node->stop;
done_testing();
