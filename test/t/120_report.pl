# A report is a page of HTML that stands alone: its numbers are the database's, what comes from data is text and nothing else, and a
# browser and axe-core find nothing wrong with it.
use strict;
use warnings;
use Encode ();
use JSON::PP;
use LoadProgram qw(build_program why_not);
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => why_not() unless build_program();
my $program = $LoadProgram::program;
plan skip_all => 'libjansson is not installed' if `'$program' --version` !~ /\breport\b/;

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# report runs the program; returns its exit status and what it wrote to stderr.
sub report
{
	my ($pipeline, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, 'report', '--database', $node->connstr('postgres'), '--pipeline', $pipeline, @arguments ], '>', \$out, '2>', \$err);
	return ($? >> 8, $err, $out);
}

# outline returns what python's parser says of a page.
sub outline
{
	my ($file) = @_;
	my $json = `python3 test/t/html_outline.py '$file'`;
	return decode_json($json);
}

sql('CREATE EXTENSION pg_sessionize');
sql("SELECT sessionize.create_events_table('raw.events')");
my ($out, $err) = ('', '');
IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-v', 'seed=3', '-v', 'scale=0.05', '-f', 'examples/demo/generator.sql' ],
	'>', \$out, '2>', \$err) or die $err;
sql("SELECT sessionize.create_pipeline('web', 'raw.events')");
sql("CALL sessionize.rebuild('web')");

my @funnel = ('--funnel', "page LIKE '/product/%'", '--funnel-label', 'Viewed a product', '--funnel', "event_name = 'add_to_cart'");
my @days = ('--since', '2026-03-16', '--until', '2026-03-29');
my $web = "$directory/web.html";
my ($status, $said) = report('web', @days, '--output', $web, @funnel);
is($status, 0, 'a report is made') or diag($said);
is($said, '', '... without a word');
my $page = outline($web);
is_deeply($page->{wrong}, [], 'it is proper HTML that loads and runs nothing');
is_deeply([ map { $_->[1] } grep { $_->[0] < 3 } @{ $page->{headings} } ],
	[ 'web', 'At a glance', 'Sessions per day', 'Top pages', 'Funnel', 'Paths', 'Retention', 'Data health' ], 'its headings');
is($page->{tags}{$_}, 1, "one <$_>") foreach qw(main header footer h1);
is($page->{tags}{desc}, 3, 'each chart has a description');
like($page->{text}, qr/16 March 2026 to 29 March 2026/, 'its days');

# numbers: tables by their caption, which is the first heading cell's text here
sub table
{
	my ($page, $first, $second) = @_;
	my ($table) = grep { $_->[0][0] eq $first && (!defined $second || $_->[0][1] eq $second) } @{ $page->{tables} };
	return [ map { [@$_] } @{$table}[ 1 .. $#$table ] ];
}

sub rows
{
	return [ map { [ split /\|/, $_, -1 ] } split /\n/, sql($_[0]) ];
}
my $commas = q{to_char(%s, 'FM999,999,990')};
sub shown { return sprintf $commas, $_[0]; }

my $where = "date BETWEEN '2026-03-16' AND '2026-03-29'";
foreach my $figure ([ 'Sessions', 'count(*)' ], [ 'Visitors', 'count(DISTINCT session_key)' ], [ 'Events', 'sum(events)' ])
{
	my $number = sql('SELECT ' . shown($figure->[1]) . " FROM web.sessions WHERE $where");
	ok($page->{text} =~ /\b$figure->[0] \Q$number\E /, "$figure->[0]: $number");
}
my $rate = sql("SELECT round(100.0 * count(*) FILTER (WHERE is_bounce) / count(*), 1) FROM web.sessions WHERE $where");
like($page->{text}, qr/Bounce rate \Q$rate\E%/, "Bounce rate: $rate");
is_deeply(table($page, 'Day'), rows(q{SELECT to_char(date, 'FMDay FMDD FMMonth YYYY'), } . join(', ', map { shown($_) } 'count(*)', 'count(DISTINCT session_key)', 'count(*) FILTER (WHERE is_bounce)')
	. qq{, to_char(100.0 * count(*) FILTER (WHERE is_bounce) / count(*), 'FM990.0') || '%' FROM web.sessions WHERE $where GROUP BY date ORDER BY date}), 'sessions per day');
is_deeply([ map { [ @{$_}[ 0, 1, 2 ] ] } @{ table($page, 'Page') } ],
	rows('SELECT e.page, ' . shown('count(*) FILTER (WHERE e.page_view)') . ', ' . shown('count(DISTINCT s.session_id)') . " FROM web.events AS e JOIN web.sessions AS s USING (session_id)
		WHERE s.$where AND e.page IS NOT NULL GROUP BY e.page ORDER BY count(*) FILTER (WHERE e.page_view) DESC, (SELECT count(*) FROM web.sessions AS n WHERE n.$where AND n.entry_page = e.page) DESC, e.page COLLATE \"C\" LIMIT 10"),
	'top pages');
my $product = "SELECT s.session_id, min(e.event_time) AS at FROM web.events AS e JOIN web.sessions AS s USING (session_id) WHERE s.$where AND e.page LIKE '/product/%' GROUP BY 1";
is_deeply([ map { [ @{$_}[ 0, 1, 2 ] ] } @{ table($page, 'Step', 'Condition') } ],
	[ [ '1. Viewed a product', "page LIKE '/product/%'", sql('SELECT ' . shown('count(*)') . " FROM ($product) AS p") ],
		[ "2. event_name = 'add_to_cart'", "event_name = 'add_to_cart'",
			sql('SELECT ' . shown('count(DISTINCT p.session_id)') . " FROM ($product) AS p JOIN web.events AS e USING (session_id) WHERE e.event_name = 'add_to_cart' AND e.event_time BETWEEN p.at AND p.at + interval '1 day'") ] ],
	'the funnel, with a label and without');
my @links = @{ table($page, 'Step', 'From') };
my $first = sql("SELECT count(DISTINCT session_id) FROM web.events AS e JOIN web.sessions AS s USING (session_id) WHERE s.$where AND e.page IS NOT NULL");
my $sum = 0;
($_->[3] =~ tr/,//d, $sum += $_->[3]) foreach grep { $_->[0] == 1 } @links;
is($sum, $first, 'paths: each session with a page goes on, or ends');
is_deeply([ map { $_->[1] } @{ table($page, 'First session') } ], [ map { $_->[0] } @{ rows('SELECT ' . shown('cohort_size') . " FROM sessionize.retention_table('web.sessions', 'session_key', 'started_at', 'day', 0, time_zone => 'UTC') WHERE cohort BETWEEN '2026-03-16' AND '2026-03-29' ORDER BY cohort") } ],
	'retention: the new visitors');
my %account = map { $_->[0] => $_->[1] } @{ table($page, 'Raw rows') };
is_deeply([ @account{qw(Events Duplicates Quarantined), 'Unaccounted for'} ], rows('SELECT ' . join(', ', map { shown($_) } qw(events duplicates quarantined difference)) . " FROM sessionize.reconcile('web')")->[0], 'what became of the raw rows');
is_deeply([ map { [ @{$_}[ 0, 1 ] ] } @{ table($page, 'reason') } ], rows('SELECT reason, ' . shown('count(*)') . ' FROM web.quarantine GROUP BY 1 ORDER BY count(*) DESC, reason'), 'the quarantine');
is(scalar @{ table($page, 'run') }, 1, 'the runs');

# the same page on stdout
is(length((report('web', @days, @funnel))[2]), -s $web, 'without a file the page goes to stdout');

# what comes from data is text
sql(q{
	CREATE TABLE raw.odd (id bigint GENERATED ALWAYS AS IDENTITY, who text, at timestamptz, name text, page text);
	CREATE INDEX ON raw.odd (who, at, id);
	INSERT INTO raw.odd (who, at, name, page)
	SELECT 'v' || n, timestamptz '2026-05-06 10:00Z' + n * interval '7 hours' + k * interval '1 minute', '<script>alert(1)</script>', p.page
	FROM generate_series(1, 20) AS n, unnest(ARRAY['<script>alert(1)</script>', '/"quoted''&amp;<b>', '/' || repeat('long', 2500), U&'/\202Egnp.exe\200F\0007', U&'/\05E9\05DC\05D5\05DD',
		'', '</title></svg></style><img src=x onerror=alert(1)>']) WITH ORDINALITY AS p (page, k) WHERE (n + k) % 3 <> 0;
	INSERT INTO raw.odd (who, at, name) VALUES (NULL, now(), 'x');
	SELECT sessionize.create_pipeline('odd "<b>" & co', 'raw.odd', key => 'who', event_time => 'at', event_id => '', event_name => 'name', page => 'page', raw_id => 'id',
		user_id => '', sent_at => '', received_at => '');
	CALL sessionize.rebuild('odd "<b>" & co');
});
my $odd = "$directory/odd.html";
($status, $said) = report('odd "<b>" & co', '--output', $odd, '--page-depth', 0, '--funnel', "event_name = '<script>alert(1)</script>'", '--funnel', "page = '</svg>'", '--funnel-label', "<i>\xE2\x80\xAE\"label\"</i>");
is($status, 0, 'a report of odd data') or diag($said);
$page = outline($odd);
is_deeply($page->{wrong}, [], '... is proper HTML that loads and runs nothing');
is($page->{headings}[0][1], 'odd "<b>" & co', 'the name as it is');
my %pages = map { $_->[0] => 1 } @{ table($page, 'Page') };
ok($pages{$_}, "a page as it is: $_") foreach '<script>alert(1)</script>', '/"quoted\'&amp;<b>', '(empty)', '</title></svg></style><img src=x onerror=alert(1)>', "/\x{5E9}\x{5DC}\x{5D5}\x{5DD}", "/\x{27E8}U+202E\x{27E9}gnp.exe\x{27E8}U+200F\x{27E9}\x{27E8}U+0007\x{27E9}";
ok(scalar(grep { /^\/longlong.*\x{2026}.*long$/ && length == 120 } keys %pages), 'a page of 10 kB is shortened');
like($page->{text}, qr/1\. <i>\x{27E8}U\+202E\x{27E9}"label"<\/i>/, 'a label');
cmp_ok(-s $odd, '<', 100_000, 'the page is small');

# a pipeline without a row, one with one session, and a day without any
sql(q{
	CREATE TABLE raw.few (LIKE raw.odd INCLUDING ALL);
	SELECT sessionize.create_pipeline('few', 'raw.few', key => 'who', event_time => 'at', event_id => '', event_name => 'name', page => 'page', raw_id => 'id',
		user_id => '', sent_at => '', received_at => '');
	CALL sessionize.rebuild('few');
});
my @files = ($web, $odd);
foreach my $case ([ 'empty', [], qr/There were no sessions\./ ], [ 'one', [], qr/Sessions 1 .*0\.0 sessions a day/ ], [ 'day', [ '--since', '2026-05-07', '--until', '2026-05-07' ], qr/There were no sessions\./ ])
{
	my ($name, $arguments, $text) = @$case;
	sql(q{INSERT INTO raw.few (who, at, name, page) VALUES ('a', '2026-05-06 10:00Z', 'page_view', '/'); CALL sessionize.refresh('few')}) if $name eq 'one';
	($status, $said) = report('few', @$arguments, '--output', "$directory/$name.html");
	is($status, 0, "a report: $name") or diag($said);
	$page = outline("$directory/$name.html");
	is_deeply($page->{wrong}, [], '... is proper HTML');
	like($page->{text}, $text, '... and says so');
	push @files, "$directory/$name.html";
}

# findings
sql(q{DELETE FROM few.fact_session});
sql(q{SELECT sessionize.add_check('few', 'fails <b>', 'sql', '{"query": "SELECT 1"}', severity => 'error')});
sql(q{SELECT count(*) FROM sessionize.run_checks('few')});
report('few', '--output', "$directory/bad.html");
$page = outline("$directory/bad.html");
push @files, "$directory/bad.html";
like($page->{text}, qr/! 3 findings about the data/, 'what is wrong is said at the top');
is_deeply([ map { $_->[1] } grep { $_->[0] =~ /error/ } @{ table($page, 'Status') } ], [ 'accounting', 'incidents' ], '... and which findings are errors');
is_deeply([ map { [ @{$_}[ 1 .. 3 ] ] } @{ table($page, 'incident') } ], [ [ 'open', 'error', 'fails <b>' ] ], '... the incident');
is_deeply([ map { [ @{$_}[ 0 .. 3 ] ] } @{ table($page, 'check') } ], [ [ 'fails <b>', 'sql', 'error', 'failed' ] ], '... and the check');
like($page->{text}, qr/SELECT \* FROM sessionize\.verify\('few'\);/, '... with the statement to type');

# a reader of the star makes one without what it may not see
sql("CREATE ROLE reader LOGIN; SELECT sessionize.grant_reader('web', 'reader')");
IPC::Run::run([ $program, 'report', '--database', $node->connstr('postgres') . ' user=reader', '--output', "$directory/reader.html" ], '2>', \$said);
is($? >> 8, 0, 'a report of a reader') or diag($said);
$page = outline("$directory/reader.html");
is_deeply($page->{wrong}, [], '... is proper HTML');
like($page->{text}, qr/may not see the pipeline's state/, '... and says what is missing');
push @files, "$directory/reader.html";

# what goes wrong
my $before = slurp_file($web);
foreach my $case (
	[ 'no such pipeline', 1, qr/pipeline "nobody" does not exist/, 'nobody', '--output', $web ],
	[ 'no such column', 1, qr/column "nothing" does not exist/, 'web', '--output', $web, '--funnel', 'nothing' ],
	[ 'no day', 1, qr/invalid input syntax for type date: "soon"/, 'web', '--output', $web, '--since', 'soon' ],
	[ 'a label too many', 2, qr/each --funnel-label needs a --funnel/, 'web', '--output', $web, '--funnel-label', 'x' ],
	[ 'no such folder', 1, qr/could not write the report to \S+: No such file/, 'web', '--output', "$directory/nowhere/x.html" ],
	[ 'no database', 1, qr/does not exist/, 'web', '--output', $web, '--database', $node->connstr('postgres') . ' dbname=nowhere' ],
	[ 'a full disk', 1, qr/could not write the report to/, 'web', '--output', '/dev/full/x' ])
{
	my ($what, $expected, $message, @arguments) = @$case;
	($status, $said) = report(@arguments);
	is($status, $expected, "$what is an error");
	like($said, $message, '... with a message');
}
is(slurp_file($web), $before, 'a report that fails leaves the old one');
is(scalar(() = glob("$directory/*.tmp")), 0, '... and no other file');

# in a browser
SKIP:
{
	my ($chromium) = grep { -x } map { "/usr/bin/$_" } qw(chromium-headless-shell chromium);
	skip 'chromium is not installed', 1 unless $chromium;
	skip 'node and npm are not installed', 1 if system('command -v node >/dev/null && command -v npm >/dev/null') != 0;
	my $packages = decode_json(slurp_file('test/browser/package.json'))->{dependencies};
	$ENV{HOME} = $directory;
	mkdir "$directory/browser";
	system('cp', 'test/browser/report.mjs', "$directory/browser") == 0 or die 'cp';
	my $install = "cd '$directory/browser' && npm install --silent --no-audit --no-fund --no-save --ignore-scripts";
	skip "a browser's remote control can't be had from npm", 1 if system("$install playwright-core\@$packages->{'playwright-core'} >'$directory/npm.log' 2>&1") != 0;
	system("$install playwright-core\@$packages->{'playwright-core'} axe-core\@$packages->{'axe-core'} >'$directory/npm.log' 2>&1");
	IPC::Run::run([ 'node', "$directory/browser/report.mjs", $chromium, @files ], '>', \my $found, '2>', \my $trouble);
	my $without = $found =~ s/^no axe-core\n//;
	is($found, "done\n", 'the browser has nothing to say of a report, light, dark or narrow, nor has axe-core') or diag($trouble);
	skip "axe-core can't be had from npm", 1 if $without;
}
$node->stop;
done_testing();
