# The ten incidents of docs/incidents.md, each from its fault to the closed account: the checks find it, the page's statements
# for diagnosis say something, those for repair repair it, the incident closes by itself, and the star is what raw rows give.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('incidents');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\ntimezone = 'UTC'\nclient_min_messages = warning\n");
$node->start;
sub sql { return $node->safe_psql('postgres', join '', @_) }

# What the page has: for each section its statements, by the words before them.
my $page = slurp_file('docs/incidents.md');
my %block;
foreach my $section (split /^## /m, $page)
{
	my ($number) = $section =~ /^(\d+)\. /;
	$number = 'triage' if $section =~ /^Triage/;
	next unless defined $number;
	my $label = 'Triage';
	foreach my $part (split /(```sql\n.*?```)/s, $section)
	{
		if ($part =~ /^```sql\n(.*?)```/s) { push @{ $block{$number}{$label} }, $1 }
		else { $label = $1 while $part =~ /^(Diagnosis|Repair|Prevention):/mg }
	}
}
is(join(' ', sort { $a <=> $b } grep { /\d/ } keys %block), '1 2 3 4 5 6 7 8 9 10', 'the page has ten incidents');

# Five weeks of a stream that has no faults, up to now: three sources, the visitors of each hour with their users.
my $columns = 'event_id, event_name, anonymous_id, user_id, occurred_at, sent_at, received_at, source, properties, context';
sql(q{
	CREATE EXTENSION pg_sessionize;
	SELECT sessionize.create_events_table('raw.events');
	CREATE INDEX ON raw.events (received_at);
	CREATE FUNCTION stream(since timestamptz, until timestamptz) RETURNS TABLE (event_id text, event_name text, anonymous_id text, user_id text,
		occurred_at timestamptz, sent_at timestamptz, received_at timestamptz, source text, properties jsonb, context jsonb) LANGUAGE sql AS $$
	SELECT md5(n::text), (ARRAY['page_view', 'page_view', 'page_view', 'add_to_cart', 'login'])[1 + n % 5], 'v' || n / 20,
	       CASE WHEN n % 4 <> 0 THEN 'u' || n / 20 END, t.at, t.at, t.at + interval '1 second', (ARRAY['web', 'ios', 'android'])[1 + n / 20 % 3],
	       jsonb_build_object('page', '/p' || n % 7, 'product_id', n % 50), jsonb_build_object('version', '4')
	FROM generate_series((extract(epoch FROM since) / 15)::bigint, (extract(epoch FROM until) / 15)::bigint) AS n,
	     LATERAL (SELECT 'epoch'::timestamptz + n * interval '15 seconds') AS t (at)
	WHERE t.at >= since AND t.at < until
	$$;
}, "INSERT INTO raw.events ($columns) SELECT * FROM stream(now() - interval '36 days', now());", q{
	CREATE TABLE before AS SELECT * FROM raw.events;
	SELECT sessionize.create_pipeline('web', 'raw.events');
	SELECT sessionize.add_measure('web', 'signed_in', 'count', filter => 'user_id IS NOT NULL');
	SELECT sessionize.create_contract('web', 'add_to_cart', '1.0.0', '{"type": "object", "properties": {"product_id": {"type": "integer"}}}');
	CALL sessionize.rebuild('web');
	ANALYZE;
	SELECT sessionize.add_default_checks('web');
	CALL sessionize.refresh('web');
});
# what the checks that remember something have seen so far
sql("SELECT sessionize.run_checks('web', 'presence_of_user_id', at => now() - n * interval '15 minutes') FROM generate_series(40, 1, -1) AS n ORDER BY n DESC");
sql("SELECT sessionize.run_checks('web', 'lateness', at => now() - interval '1 hour')");
is(sql("SELECT string_agg(check_name || ' ' || status, ', ') FROM sessionize.run_checks('web') WHERE status IN ('failed', 'error')"),
	'', 'no check fails before there is a fault');
is(sql('SELECT count(*) FROM sessionize.incidents'), '0', 'there is no incident');

# play plays one incident: a fault, and which check must find it.
sub play
{
	my ($number, %as) = @_;
	my $title = $page =~ /^## $number\. (.*)$/m ? $1 : '';
	my $check = $as{check};

	sql($as{fault}) if ref $as{fault} eq '';
	sql("CALL sessionize.refresh('web')");
	my $found = sql("SELECT status, incident_id IS NOT NULL FROM sessionize.run_checks('web', '$check')");
	is($found, 'failed|t', "$number. $title: $check fails") or diag(sql("SELECT check_name, status, value, lower, upper, error, sample FROM sessionize.check_results WHERE check_name = '$check' ORDER BY at DESC LIMIT 1"));
	my $incident = sql("SELECT max(incident_id) FROM sessionize.incidents WHERE state = 'open' AND '$check' = ANY (checks)");
	isnt($incident, '', "$number. an incident is open");
	like(sql("SELECT subjects FROM sessionize.incidents WHERE incident_id = $incident"), $as{subjects}, "$number. who is to blame");
	# the story against plain SQL over the raw rows
	is(sql("SELECT since, affected FROM sessionize.incidents WHERE incident_id = $incident"),
		sql($as{truth} =~ s/\bAT\b/(SELECT opened_at FROM sessionize.incidents WHERE incident_id = $incident)/gr), "$number. since when, and how many rows");
	like(sql("SELECT derived FROM sessionize.incidents WHERE incident_id = $incident"), $as{derived} // qr/"relation"/, "$number. what is derived from it");
	is(sql("SELECT string_agg(relation || ' ' || columns, ', ' ORDER BY relation) FROM (SELECT d ->> 'relation' AS relation, string_agg(DISTINCT c, ' ' ORDER BY c) AS columns
		FROM sessionize.incidents, jsonb_array_elements(derived) AS d, jsonb_array_elements_text(d -> 'columns') AS c WHERE incident_id = $incident GROUP BY 1) AS l"),
		join(', ', map { "$_ $as{lineage}{$_}" } sort keys %{ $as{lineage} }), "$number. lineage") if $as{lineage};
	isnt(sql($_), '', "$number. triage and diagnosis say something") foreach map { grep { /\S/ } split /;\n/ } grep { !/reconcile/ } @{ $block{triage}{Triage} }, @{ $block{$number}{Diagnosis} };
	sql($_) foreach map { grep { /\S/ } split /;\n/ } @{ $block{$number}{Repair} };
	sql("CALL sessionize.refresh('web')");
	sql($as{after}) if $as{after};
	sql("SELECT sessionize.run_checks('web', '$check')") foreach 1, 2;
	is(sql("SELECT state FROM sessionize.incidents WHERE incident_id = $incident"), 'closed', "$number. the incident closes by itself")
	  or diag(sql("SELECT check_name, status, value, lower, upper, sample FROM sessionize.check_results WHERE check_name = '$check' ORDER BY at DESC LIMIT 1"));
	is(sql("SELECT string_agg(event, ' ' ORDER BY at, event_id) FROM sessionize.incident_event WHERE incident_id = $incident AND check_name = '$check' AND event <> 'subject'"),
		'opened recovered', "$number. its story");
	is(sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('web')"), '0|0|0', "$number. every raw row is accounted for");
	is(sql("SELECT count(*) FROM sessionize.verify('web')"), '0', "$number. the star is what the raw rows give");
	sql($_) foreach @{ $block{$number}{Prevention} };
	sql("SELECT sessionize.drop_check('web', check_name) FROM sessionize.checks WHERE check_name LIKE '% %' OR check_name = 'silence'");
	# as if nothing had been
	sql("SELECT sessionize.alter_pipeline('web', unset => '{filter}', event_name => 'event_name', gap => '30 minutes'); DELETE FROM raw.events WHERE received_at > now() - interval '4 days'; INSERT INTO raw.events OVERRIDING SYSTEM VALUE SELECT * FROM before WHERE received_at > now() - interval '4 days'");
	sql("CALL sessionize.rebuild('web')");
	sql("SELECT sessionize.run_checks('web', '$check') FROM generate_series(1, 2)");
}
my $recent = "received_at > now() - interval '50 minutes'";

play(1, check => 'presence_of_user_id', subjects => qr/^\[\{"source": "ios", "version": "5"\}\]$/, derived => qr/"user_id"/,
	truth => q{SELECT min(received_at), count(*) FROM raw.events WHERE source = 'ios' AND context ->> 'version' = '5' AND user_id IS NULL},
	lineage => {dim_user => 'session_key user_id', events => 'session_id session_key user_id', sessions => 'session_id session_index session_key signed_in user_id'},
	fault => qq{UPDATE raw.events SET context = '{"version": "5"}', source = 'ios', user_id = NULL WHERE raw_id % 2 = 0 AND $recent});
play(2, check => 'duplicates', subjects => qr/"source"/,
	truth => q{SELECT date_trunc('hour', min(occurred_at)), count(*) FROM (SELECT occurred_at, row_number() OVER (PARTITION BY event_id ORDER BY raw_id) AS copy FROM raw.events) AS e WHERE copy > 1},
	fault => "INSERT INTO raw.events ($columns) SELECT $columns FROM raw.events WHERE $recent");
play(3, check => 'clock', subjects => qr/^\[\{"source": "ios"\}\]$/, derived => qr/started_at/,
	truth => q{SELECT date_trunc('hour', min(received_at)), count(*) FROM raw.events WHERE occurred_at > received_at + interval '5 hours'},
	fault => qq{UPDATE raw.events SET source = 'ios', occurred_at = occurred_at + interval '6 hours', sent_at = sent_at + interval '6 hours' WHERE $recent});
# the hour that is judged, its events, and the median of the four weeks before
my $volume = q{SELECT b.hour, (SELECT abs(count(*) - (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM (SELECT count(*) AS n FROM generate_series(1, 4) AS w
	LEFT JOIN raw.events AS o ON o.occurred_at >= b.hour - w * interval '7 days' AND o.occurred_at < b.until - w * interval '7 days' AND CONDITION GROUP BY w) AS k))
	FROM raw.events WHERE occurred_at >= b.hour AND occurred_at < b.until AND CONDITION)::bigint
	FROM (SELECT date_trunc('hour', AT - interval '15 minutes') - interval 'HOURS hours' AS hour, date_trunc('hour', AT - interval '15 minutes') AS until) AS b};
play(4, check => 'volume', subjects => qr/^\[\{\}\]$/,
	truth => $volume =~ s/CONDITION/true/gr =~ s/HOURS/1/r,
	fault => qq{INSERT INTO raw.events ($columns) SELECT md5('bot' || n), 'page_view', 'storm-1', NULL, t.at, t.at, t.at, 'web', '{"page": "/"}', '{"version": "4"}'
		FROM generate_series(1, 7000) AS n, LATERAL (SELECT now() - n * interval '1 second') AS t (at)});
sql(q{SELECT sessionize.alter_check('web', 'volume_of_event', '{"by": "event_name", "hours": 2}')});
play(5, check => 'volume_of_event', subjects => qr/^\[\{"event_name": "add_to_cart"\}\]$/,
	truth => $volume =~ s/CONDITION/event_name = 'add_to_cart'/gr =~ s/HOURS/2/r,
	fault => qq{UPDATE raw.events SET event_name = 'cart_add' WHERE event_name = 'add_to_cart' AND received_at > now() - interval '3 hours'});
play(6, check => 'clock', subjects => qr/^\[\{"source": "android"\}\]$/,
	truth => q{SELECT date_trunc('hour', min(received_at)), count(*) FROM raw.events WHERE occurred_at < received_at - interval '1 hour'},
	fault => qq{UPDATE raw.events SET source = 'android', occurred_at = occurred_at - interval '2 hours', sent_at = sent_at - interval '2 hours' WHERE $recent});
play(7, check => 'freshness', subjects => qr/^\[\{\}\]$/, derived => qr/event_time/,
	truth => q{SELECT date_trunc('hour', max(occurred_at)) + interval '1 hour', NULL FROM raw.events},
	fault => qq{DROP TABLE IF EXISTS held_back; CREATE TABLE held_back AS SELECT * FROM raw.events WHERE received_at > now() - interval '5 hours';
		DELETE FROM raw.events WHERE received_at > now() - interval '5 hours'});
play(8, check => 'validity_of_event', subjects => qr/^\[\{"event_name": "add_to_cart"\}\]$/,
	truth => q{SELECT date_trunc('hour', min(occurred_at)), count(*) FROM raw.events WHERE event_name = 'add_to_cart' AND jsonb_typeof(properties -> 'product_id') = 'string'},
	fault => qq{UPDATE raw.events SET properties = properties || jsonb_build_object('product_id', properties ->> 'product_id') WHERE event_name = 'add_to_cart' AND $recent});
is(sql("SELECT status FROM sessionize.run_checks('web', 'lateness')"), 'ok', '9. nothing is late before')
  or diag(sql("SELECT reference FROM sessionize.check_state WHERE check_name = 'lateness'") =~ s/(.{600}).*/$1/sr, sql("SELECT sample FROM sessionize.check_results WHERE check_name = 'lateness' ORDER BY at DESC LIMIT 1"));
play(9, check => 'lateness', subjects => qr/"source"/, truth => q{SELECT date_trunc('hour', min(occurred_at)), count(*) FROM backup}, after => "SELECT sessionize.run_checks('web', 'lateness')",
	fault => qq{DROP TABLE IF EXISTS backup; CREATE TABLE backup AS SELECT * FROM raw.events WHERE received_at > now() - interval '30 hours' AND received_at < now() - interval '10 hours';
		DELETE FROM raw.events WHERE received_at > now() - interval '30 hours' AND received_at < now() - interval '10 hours'});
sql("SELECT sessionize.run_checks('web', 'definition')");
play(10, check => 'definition', subjects => qr/^\[\{\}\]$/, truth => 'SELECT AT, NULL', fault => "SELECT sessionize.alter_pipeline('web', gap => '1 minute')", after => '');

done_testing();
