# The pages of metrics are OpenMetrics 1.0: by our own strict reader, which is tried on pages that are none, and by two of others
# where they are at hand, Prometheus' promtool and the reader of its client for Python.
use strict;
use warnings;
use IngestCollector;
use IPC::Open3;
use OpenMetrics;
use Test::More;

# -- the reader: a page that has one of everything
my $good = <<'PAGE';
# TYPE acme_requests counter
# HELP acme_requests Requests, \"quoted\", with a \\ and a\nline.
acme_requests_total{path="/a \"b\" \\ \n",code="200"} 17.0 1520879607.789 # {trace_id="KOO5"} 0.67
acme_requests_created{path="/a \"b\" \\ \n",code="200"} 1520430000.123 1520879607.789
acme_requests_total{path="/ü",code="200"} 3
# TYPE acme_wait_seconds histogram
# UNIT acme_wait_seconds seconds
# HELP acme_wait_seconds Waiting.
acme_wait_seconds_bucket{le="0.1"} 8
acme_wait_seconds_bucket{le="1.0"} 8 # {} 0.7
acme_wait_seconds_bucket{le="+Inf"} 9
acme_wait_seconds_count 9
acme_wait_seconds_sum 12.5
# TYPE acme_size_bytes summary
# UNIT acme_size_bytes bytes
# HELP acme_size_bytes Sizes.
acme_size_bytes{quantile="0.5"} NaN
acme_size_bytes_count 0
acme_size_bytes_sum 0
# TYPE acme_state stateset
# HELP acme_state State.
acme_state{acme_state="on"} 1
acme_state{acme_state="off"} 0
# TYPE acme info
# HELP acme Version.
acme_info{version="1.0"} 1
# TYPE acme_queue gaugehistogram
# HELP acme_queue Queues.
acme_queue_bucket{le="1.0"} 1
acme_queue_bucket{le="+Inf"} 2
acme_queue_gcount 2
acme_queue_gsum -3
# TYPE acme_level gauge
# HELP acme_level Level.
acme_level -Inf
# TYPE acme_any unknown
# HELP acme_any Anything.
acme_any{a="",b="c"} 1e-3
# TYPE acme_none counter
# HELP acme_none A family without a metric.
# EOF
PAGE
is_openmetrics($good, 'a page with one of everything');
is(openmetrics_value($good, 'acme_requests_total', path => "/a \"b\" \\ \n", code => 200), 17, 'a value by its labels');
is(openmetrics_value($good, 'acme_requests_total'), undef, 'no value without them');

# -- and pages that are none: what is replaced, by what, and what the reader has to say
foreach (
	[ "# EOF\n", '', qr/does not end with # EOF/ ],
	[ "# EOF\n", "# EOF\n\n", qr/does not end with # EOF/ ],
	[ "# EOF\n", "# EOF\n# EOF\n", qr/neither TYPE/ ],
	[ "# EOF\n", "# EOF\nacme_level 1\n# EOF\n", qr/neither TYPE/ ],
	[ "12.5\n", "12.5\n\n", qr/no sample: $/ ],
	[ "# TYPE acme_level", "# a comment\n# TYPE acme_level", qr/neither TYPE/ ],
	[ '# TYPE acme_level', '#TYPE acme_level', qr/neither TYPE/ ],
	[ '# TYPE acme_level gauge', '# TYPE acme_level float', qr/unknown type/ ],
	[ '# TYPE acme_level gauge', "# TYPE acme_level gauge\n# TYPE acme_level gauge", qr/a second TYPE/ ],
	[ "# TYPE acme_level gauge\n# HELP acme_level Level.", "# HELP acme_level Level.\n# TYPE acme_level gauge", qr/TYPE of acme_level after its HELP/ ],
	[ "# UNIT acme_size_bytes bytes\n# HELP acme_size_bytes Sizes.", "# HELP acme_size_bytes Sizes.\n# UNIT acme_size_bytes bytes", qr/UNIT of acme_size_bytes after/ ],
	[ "# HELP acme_level Level.\n", '', qr/acme_level has no HELP/ ],
	[ "# TYPE acme_level gauge\n", '', qr/acme_level has no TYPE/ ],
	[ "acme_level -Inf\n", "acme_level -Inf\n# UNIT acme_level level\n", qr/UNIT of acme_level after its samples/ ],
	[ '# UNIT acme_size_bytes bytes', '# UNIT acme_size_bytes seconds', qr/does not end with its unit/ ],
	[ '# HELP acme_level Level.', '# HELP acme_level "Level".', qr/not escaped/ ],
	[ '# HELP acme_level Level.', '# HELP acme_level Le\vel.', qr/not escaped/ ],
	[ '# TYPE acme info', "# TYPE acme info\n# UNIT acme acme", qr/can't have a unit/ ],
	[ 'acme_requests_total{path="/ü",code="200"} 3', 'acme_requests{path="/ü",code="200"} 3', qr/a sample of no family/ ],
	[ 'acme_requests_total{path="/ü",code="200"} 3', 'acme_requests_created{path="/ü",code="200"} 3', qr/has no _total/ ],
	[ 'code="200"} 3', 'code="200"} -3', qr/counts and is -3/ ],
	[ 'code="200"} 3', 'code="200"} NaN', qr/counts and is NaN/ ],
	[ 'code="200"} 3', 'code="200"}  3', qr/no sample/ ],
	[ 'code="200"} 3', 'code="200"} 3 ', qr/no sample/ ],
	[ 'code="200"} 3', "code=\"200\"} 3\r", qr/no sample/ ],
	[ 'code="200"} 3', 'code="200"} 0x3', qr/no sample/ ],
	[ 'code="200"} 3', 'code="200",} 3', qr/no sample/ ],
	[ 'code="200"} 3', 'code="200",code="201"} 3', qr/the label code twice/ ],
	[ 'code="200"} 3', '__code="200"} 3', qr/reserved/ ],
	[ 'code="200"} 3', '0code="200"} 3', qr/no sample/ ],
	[ '"/ü"', "\"/\xFF\"", qr/no UTF-8/ ],
	[ '"/ü"', '"/\t"', qr/no sample/ ],
	[ 'path="/ü"', 'path="/a \"b\" \\\\ \n"', qr/the same sample twice/ ],
	[ 'acme_level -Inf', "acme_level{a=\"\"} 1\nacme_level 2", qr/the same sample twice/ ],
	[ 'acme_level -Inf', "acme_level 1\nacme_requests_total 2", qr/lines of acme_requests are not together/ ],
	[ 'acme_level -Inf', "acme_level 1\n# HELP acme_requests Again.", qr/lines of acme_requests are not together/ ],
	[ 'acme_size_bytes_count 0', 'acme_size_bytes_count{a="b"} 0', qr/are not together/ ],
	[ 'acme_level -Inf', 'acme_level{le="1"} 1', qr/can't have the label le/ ],
	[ 'acme_level -Inf', 'acme_level{quantile="1"} 1', qr/can't have the label quantile/ ],
	[ 'acme_level -Inf', 'acme_level 1 # {a="b"} 1', qr/can't have an exemplar/ ],
	[ '# {} 0.7', '# {}', qr/no exemplar/ ],
	[ '"KOO5"', '"' . 'x' x 121 . '"', qr/more than 128/ ],
	[ '{quantile="0.5"}', '{quantile="1.5"}', qr/a quantile of acme_size_bytes is 1.5/ ],
	[ 'acme_state="off"} 0', 'acme_state="off"} 2', qr/neither 0 nor 1/ ],
	[ 'acme_state{acme_state="off"}', 'acme_state{state="off"}', qr/lacks its label/ ],
	[ 'acme_info{version="1.0"} 1', 'acme_info{version="1.0"} 2', qr/is not 1/ ],
	[ 'le="0.1"} 8', 'le="0.1"} 9', qr/not cumulative/ ],
	[ 'le="0.1"} 8', 'le="0.1"} 7.5', qr/counts and is 7.5/ ],
	[ 'le="0.1"} 8', 'le="2.0"} 8', qr/not in their order/ ],
	[ 'wait_seconds_bucket{le="1.0"}', 'wait_seconds_bucket{le="1"}', qr/should be a number/ ],
	[ 'wait_seconds_bucket{le="1.0"}', 'wait_seconds_bucket', qr/without a bound/ ],
	[ "acme_wait_seconds_bucket{le=\"+Inf\"} 9\n", '', qr/no bucket \+Inf/ ],
	[ 'acme_wait_seconds_count 9', 'acme_wait_seconds_count 10', qr/not that of its last bucket/ ],
	[ "acme_wait_seconds_sum 12.5\n", '', qr/must have a sum/ ],
	[ '# TYPE acme_any unknown', "# TYPE acme_requests_created gauge\n# HELP acme_requests_created X.\n# TYPE acme_any unknown", qr/acme_requests_created is a name of/ ],
	[ '# TYPE acme_none', '# TYPE acme_none_total', qr/can't end as a sample/, '# HELP acme_none', '# HELP acme_none_total' ],
  )
{
	my ($from, $to, $problem, @more) = @$_;
	my $page = $good;

	$page =~ s/\Q$from\E/$to/ or die "nothing to replace: $from";
	$page =~ s/\Q$more[0]\E/$more[1]/ if @more;
	like(join("\n", openmetrics_problems($page)), $problem, "found: $problem");
}

# -- other readers: a program and its arguments, which read a page from their input
sub run_reader
{
	my ($page, @command) = @_;
	my $pid = open3(my $in, my $out, undef, @command);

	local $SIG{PIPE} = 'IGNORE';
	print $in $page;
	close($in);
	local $/;
	my $said = <$out> // '';
	waitpid($pid, 0);
	return ($? >> 8, $said);
}

my @promtool = grep { system("command -v $_ >/dev/null 2>&1") == 0 } 'promtool';
my $python = $ENV{OPENMETRICS_PYTHON} // 'python3';
my $parser = 'import sys; from prometheus_client.openmetrics import parser; n = sum(len(f.samples) for f in parser.text_string_to_metric_families(sys.stdin.read())); print(n)';
my $has_parser = system("$python -c 'import prometheus_client.openmetrics.parser' >/dev/null 2>&1") == 0;

# judge has all readers read both forms of a page.
sub judge
{
	my ($collector, $name) = @_;
	my $page = $collector->get('/metrics', Accept => 'application/openmetrics-text; version=1.0.0')->{body};

	is_openmetrics($page, "$name: OpenMetrics by our reader");
  SKIP:
	{
		skip 'the Python module prometheus_client is not installed (OPENMETRICS_PYTHON names a Python that has it)', 1 unless $has_parser;
		my ($status, $said) = run_reader($page, $python, '-c', $parser);

		ok($status == 0 && $said =~ /^\d+$/, "$name: OpenMetrics by prometheus_client") or diag($said);
	}
  SKIP:
	{
		skip 'promtool is not installed (on Debian in the package prometheus)', 1 unless @promtool;
		my ($status, $said) = run_reader($collector->get('/metrics')->{body}, 'promtool', 'check', 'metrics');

		is("$status $said", '0 ', "$name: promtool has nothing to say of the older format");
	}
	return $page;
}

SKIP:
{
	my $missing = join ' ', grep { system("pkg-config --exists $_ 2>/dev/null") != 0 } qw(libmicrohttpd zlib libpq);

	skip "pg_sessionize_ingest needs libraries that are not here: $missing", 1 if $missing;
	IngestCollector::build();
	my $c = IngestCollector->start;
	judge($c, 'a collector that has just started');
	$c->post('/v1/t', '{"event":"x"}') for 1 .. 3;
	$c->post('/v1/t', '{');
	$c->get('/i?e=pv');
	my $page = judge($c, 'a collector that was asked');
	is(openmetrics_value($page, 'pg_sessionize_ingest_requests_total', protocol => 'segment', code => 200), 3, 'requests by protocol and status');
	is(openmetrics_value($page, 'pg_sessionize_ingest_request_seconds_count'), 4, 'times of those that were kept');
	is($c->stop, 0, 'the end');
}
done_testing();
