# Dump and restore with everything under way: dirty rows, rollups, keys that failed, quarantined rows, prepared transactions, a schedule, and
# collectors and refreshes that go on while the dump is made. Restored anywhere, and once more from there, the accounts close, what
# nothing is pending of verifies, and the first refresh makes the star what plain SQL says. In a cluster whose worker finds the
# pipeline half restored, it leaves it alone.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->append_conf('postgresql.conf', "max_prepared_transactions = 5\nlog_statement = none\n");
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nmax_prepared_transactions = 5\nlog_statement = none\n");
$new->start;

$old->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, event_name text, visitor text, page text, at timestamptz);
	CREATE INDEX ON raw (visitor, at, event_id);
	CREATE PROCEDURE collect(times int, prefix text) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. times LOOP
			INSERT INTO raw (event_id, event_name, visitor, page, at)
			SELECT 'e' || (random() * 3000)::int, 'page_view', CASE WHEN random() < 0.97 THEN prefix || (random() * 100)::int END, '/' || (random() * 50)::int,
			       CASE WHEN random() < 0.98 THEN '2026-01-01Z'::timestamptz + random() * interval '3 days' ELSE 'infinity' END FROM generate_series(1, 5);
			UPDATE raw SET at = at + interval '20 minutes' WHERE raw_id = (SELECT max(raw_id) - (random() * 500)::int FROM raw) AND isfinite(at);
			DELETE FROM raw WHERE raw_id = (SELECT max(raw_id) - (random() * 500)::int FROM raw);
			COMMIT;
		END LOOP;
	END $$;
	CALL collect(600, 'v');
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', max_duration => NULL, time_zone => $z$CASE raw_id % 3 WHEN 0 THEN 'Asia/Tokyo' WHEN 1 THEN 'America/New_York' END$z$, user_id => $u$CASE WHEN raw_id % 11 = 0 THEN 'u' || (raw_id % 2200)::text END$u$);
	SELECT sessionize.enable_identity('web', 8, 9);
	SELECT sessionize.link_users('web', 'u33', 'u66'), sessionize.exclude_identity('web', 'u99');
	SELECT sessionize.add_measure('web', 'pages seen', 'count_distinct', 'page', 'event_name = ''page_view''');
	SELECT sessionize.add_measure('web', 'first_page', 'first', 'page');
	SELECT sessionize.add_measure('web', 'dropped', 'any', filter => 'page = ''/1''');
	SELECT sessionize.drop_measure('web', 'dropped');
	SELECT sessionize.add_dimension('web', 'first page', '{"page": "page", "length": "length(page)"}', pick => 'entry', max_members => 30);
	SELECT sessionize.add_dimension('web', 'dropped', '{"page": "page"}');
	SELECT sessionize.drop_dimension('web', 'dropped');
	SELECT sessionize.add_dimension('web', 'half', '{"half": "length(page) / 2.0"}', grain => 'event');
	SELECT sessionize.create_rollup('web', 'by "day"', '{day,first page,started_by}', '{events,pages seen,duration}');
	SELECT sessionize.create_rollup('web', 'hours', '{hour,half}', grain => 'event', concurrently => true);
	CALL sessionize.refresh('web');
	-- a pipeline by a preset, over a table whose index is on its expressions, with a referring site of the user's own
	SELECT sessionize.add_referring_site('partner.example', 'partner', 'social');
	SELECT sessionize.create_events_table('tracked', preset => 'generic');
	INSERT INTO tracked (payload) SELECT jsonb_build_object('id', n, 'event', 'page_view', 'anonymous_id', 'a' || n % 50, 'timestamp', 1772359200 + 60 * n, 'url', 'https://shop.example/' || n % 7, 'referrer', 'https://partner.example/') FROM generate_series(1, 500) AS n;
	-- violates the contract that comes next
	INSERT INTO tracked (payload) VALUES ('{"id": 501, "event": "purchase", "anonymous_id": "a1", "timestamp": 1772359200, "total": "x"}');
	SELECT sessionize.create_pipeline('shop', 'tracked', preset => 'generic', loaded_at => true);
	SELECT sessionize.add_dimension('shop', 'last seen', '{"path": "payload ->> ''url''"}', 'event', 'last_known');
	SELECT sessionize.create_contract('shop', 'money', '1.0.0', '{"$id": "https://shop.example/money", "type": "number"}', about => 'payload', activate => false);
	SELECT sessionize.create_contract('shop', 'purchase', '1.0.0', '{"properties": {"total": {"$ref": "https://shop.example/money"}}}', about => 'payload', mode => 'reject', contact => 'shop', deprecated_at => '2026-01-01Z');
	SELECT sessionize.create_contract('shop', NULL, '1-0-0', '{"type": "object", "required": ["id"]}', about => '*', mode => 'warn', activate => false);
	SELECT sessionize.set_naming_rule('shop', 'event', 'snake_case');
	CALL sessionize.rebuild('shop');
	-- an incident with a note, which is open
	SELECT sessionize.add_check('shop', 'prices', 'sql', '{"query": "SELECT ''server'' AS source, payload FROM public.tracked WHERE payload ->> ''total'' = ''x''"}', severity => 'error', quiet_from => '22:00', quiet_until => '06:00', quiet_zone => 'Europe/Berlin');
	SELECT sessionize.run_checks('shop', 'prices', '2026-03-02 12:00Z');
	SELECT sessionize.note_incident(max(incident_id), 'we ask the shop') FROM sessionize.incidents;
	-- two keys that fail, one of them set aside
	ALTER TABLE web.fact_session ADD CONSTRAINT bad CHECK (session_key NOT LIKE 'bad%');
	INSERT INTO raw (event_id, visitor, at) VALUES ('b1', 'bad 1', '2026-01-01Z');
	CALL sessionize.refresh('web');
	CALL sessionize.refresh('web');
	CALL sessionize.refresh('web');
	INSERT INTO raw (event_id, visitor, at) VALUES ('b2', 'bad 2', '2026-01-01Z');
	CALL sessionize.refresh('web');
	-- what is pending: rows, the rows of a committed prepared transaction, those of two that are not
	INSERT INTO raw (event_id, visitor, at) SELECT 'p' || n, 'pending ' || n % 20, '2026-01-01Z'::timestamptz + n * interval '10 minutes' FROM generate_series(1, 200) AS n;
	BEGIN; DELETE FROM raw WHERE visitor = 'v1'; INSERT INTO raw (event_id, visitor, at) VALUES ('x', 'prepared', '2026-01-01Z'); PREPARE TRANSACTION 'committed';
	BEGIN; DELETE FROM raw WHERE visitor = 'v2'; INSERT INTO raw (event_id, visitor, at) VALUES ('y', 'open', '2026-01-01Z'); PREPARE TRANSACTION 'open';
	BEGIN; DELETE FROM raw WHERE visitor = 'v3'; INSERT INTO raw (event_id, visitor, at) VALUES ('z', 'undone', '2026-01-01Z'); PREPARE TRANSACTION 'undone';
	COMMIT PREPARED 'committed';
});

my $accounts = q{SELECT difference, event_difference, raw_rows = events + duplicates + quarantined + late + pending, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')};
# The sessions and the quarantine against plain SQL.
my $oracle = q{
	WITH copies AS (
		SELECT *, event_id IS NULL OR coalesce(at - lag(at) OVER (PARTITION BY visitor, event_id ORDER BY at, raw_id) > interval '7 days', true) AS first
		FROM raw WHERE visitor IS NOT NULL AND isfinite(at)),
	starts AS (
		SELECT *, coalesce(at - lag(at) OVER w > interval '30 minutes', true) AS starts FROM copies WHERE first
		WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id COLLATE "C", raw_id)),
	numbered AS (SELECT *, sum(starts::int) OVER (PARTITION BY visitor ORDER BY at, event_id COLLATE "C", raw_id) AS n FROM starts),
	expected AS (SELECT visitor COLLATE "C" AS session_key, min(at) AS started_at, max(at) AS ended_at, count(*) AS events,
	                    count(DISTINCT page) FILTER (WHERE event_name = 'page_view') AS pages,
	                    (array_agg(page ORDER BY at, event_id COLLATE "C", raw_id) FILTER (WHERE page IS NOT NULL))[1] AS first_page FROM numbered GROUP BY visitor, n),
	stored AS (SELECT session_key, started_at, ended_at, events, "pages seen", first_page FROM web.sessions)
	SELECT (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE stored) AS x) + (SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE expected) AS x),
	       (SELECT count(*) FROM raw WHERE visitor IS NULL OR NOT isfinite(at)) - (SELECT count(*) FROM web.quarantine)};

# A database with work pending is right as it is; and then it is refreshed, and right. A dump that was made while
# refreshes go on may have been made right after one, with nothing pending.
sub settles
{
	my ($node, $db, $name, $busy) = @_;

	is($node->safe_psql($db, $accounts), '0|0|t|0', "$name: the accounts close");
	# the longer collectors are at work, the more keys have too many users to belong to anybody
	my $any = $busy ? 'true' : '(SELECT count(DISTINCT person_id) > 1 FROM web.sessions)';
	is($node->safe_psql($db, qq{SELECT max_users_per_key, max_keys_per_user, (SELECT user_id || other_id FROM web.user_link), (SELECT user_id FROM web.user_excluded),
		$any FROM sessionize.identities}) =~ s/u66u33/u33u66/r, '8|9|u33u66|u99|t', "$name: the persons are there");
	if (!$busy)
	{
		cmp_ok($node->safe_psql($db, q{SELECT pending FROM sessionize.reconcile('web')}), '>', 0, "$name: something is pending");
	}
	$node->safe_psql($db, q{ALTER TABLE web.fact_session DROP CONSTRAINT IF EXISTS bad; SELECT sessionize.retry_errors('web');
		CREATE TABLE live_days AS TABLE web."by ""day""_live"; CREATE TABLE live_hours AS TABLE web.hours_live; CALL sessionize.refresh('web')});
	is($node->safe_psql($db, q{SELECT count(*) FROM ((TABLE live_days EXCEPT ALL TABLE web."by ""day""") UNION ALL (TABLE web."by ""day""" EXCEPT ALL TABLE live_days)) AS d;
		SELECT count(*) FROM ((TABLE live_hours EXCEPT ALL TABLE web.hours) UNION ALL (TABLE web.hours EXCEPT ALL TABLE live_hours)) AS d;
		SELECT count(*) FROM (SELECT date, "first page_page", "first page_length", started_by, count(*), sum(events), coalesce(sum("pages seen"), 0), sum(duration) FROM web.sessions GROUP BY 1, 2, 3, 4
			EXCEPT ALL TABLE web."by ""day""") AS d;
		DROP TABLE live_days, live_hours}), "0\n0\n0", "$name, refreshed: rollups are what their live views were");
	is($node->safe_psql($db, $accounts), '0|0|t|0', "$name, refreshed: the accounts close");
	is($node->safe_psql($db, q{SELECT pending FROM sessionize.reconcile('web')}), '0', "$name, refreshed: nothing is pending");
	is($node->safe_psql($db, $oracle), '0|0', "$name, refreshed: the star is what plain SQL says");
	is($node->safe_psql($db, 'SELECT count(*) FROM sessionize.run_errors'), '0', "$name, refreshed: no key is set aside");
	is($node->safe_psql($db, 'SELECT count(*) FROM sessionize.rebuild_need'), '0', "$name, refreshed: no rebuild is needed");
	$node->safe_psql($db, q{CALL collect(20, 'v')});
	$node->safe_psql($db, q{CALL sessionize.refresh('web')});
	is($node->safe_psql($db, $oracle), '0|0', "$name: and it goes on");
}

sub dump_of { my ($node, $db, $name, @options) = @_; my $file = $node->basedir . "/$name"; $node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr($db), '-f', $file, @options ], "dump $name"); return $file; }

sub restore
{
	my ($node, $db, $file, @options) = @_;

	return $node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($db), @options, $file ], "restore of $db " . join(' ', map { /^-/ ? $_ : () } @options));
}

# Into another database of the same cluster, and once more from there before anything was refreshed.
my $dump = dump_of($old, 'postgres', 'quiet');
$old->safe_psql('postgres', 'CREATE DATABASE once');
restore($old, 'once', $dump);
my $again = dump_of($old, 'once', 'again');
$old->safe_psql('postgres', 'CREATE DATABASE twice');
restore($old, 'twice', $again, '-j', 2);
my $incident = q{SELECT severity, state, affected, checks, subjects, (SELECT string_agg(event || coalesce(detail ->> 'note', ''), ', ') FROM sessionize.incident_events),
	(SELECT quiet_zone FROM sessionize.checks WHERE check_name = 'prices') FROM sessionize.incidents};
is($old->safe_psql('twice', $incident), 'error|open|1|{prices}|[{"source": "server"}]|opened, notewe ask the shop|Europe/Berlin', 'checks and incidents are there');
$old->safe_psql('twice', q{SELECT sessionize.alter_check('shop', 'prices', '{"query": "SELECT 1 WHERE false"}'); SELECT sessionize.run_checks('shop', 'prices', '2026-03-02 12:01Z'); SELECT sessionize.run_checks('shop', 'prices', '2026-03-02 12:02Z');
	SELECT sessionize.add_check('shop', 'always', 'sql', '{"query": "SELECT 1"}'); SELECT sessionize.run_checks('shop', 'always', '2026-03-02 12:03Z'); SELECT sessionize.drop_check('shop', 'always')});
is($old->safe_psql('twice', q{SELECT count(DISTINCT incident_id), string_agg(state, ', ') FROM sessionize.incidents}), '2|closed, closed', 'a restored incident closes, and the next one has a number of its own');
is($old->safe_psql('twice', q{SELECT string_agg(session_key || ' ' || tries || ' ' || set_aside, ', ' ORDER BY session_key) FROM sessionize.run_errors}), 'bad 1 3 true, bad 2 1 false', 'keys that failed are remembered');
is($old->safe_psql('twice', q{SELECT count(*) FILTER (WHERE visitor = 'prepared'), count(*) FILTER (WHERE visitor IN ('open', 'undone')), count(*) FILTER (WHERE visitor IN ('v2', 'v3')) > 0 FROM raw}), '1|0|t', 'only what was committed is there');
my $shop = q{SELECT md5(sessionize.definition('shop')::text), md5(sessionize.tracking_plan('shop')::text), (SELECT count(*) FROM sessionize.apply_tracking_plan('shop', sessionize.tracking_plan('shop'))),
	(SELECT string_agg(message, ',') FROM sessionize.contract_violations('shop', 'purchase', '{"total": "1"}', about => 'payload')), (SELECT count(*) FROM sessionize.contract_document), (SELECT string_agg(refers_to::text, ',') FROM sessionize.contracts), (SELECT string_agg(domain || source || kind, ',') FROM sessionize.own_referring_sites), (SELECT count(*) FROM sessionize.verify('shop')),
	(SELECT string_agg(DISTINCT channel_group, ',') FROM shop.sessions), sessionize.preset('generic') ->> 'page',
	(SELECT count(*) > 100 FROM shop."dim_last seen_versions" AS v), (SELECT count(*) = count(loaded_at) FROM shop.events), (SELECT max(loaded_at) FROM shop.sessions),
	(SELECT md5(string_agg(v::text, ' ' ORDER BY session_key, valid_from)) FROM shop."dim_last seen_versions" AS v)};
is($old->safe_psql('twice', $shop), $old->safe_psql('postgres', $shop), 'a pipeline by a preset, and the user\'s own referring sites');
like($old->safe_psql('twice', $shop), qr{\|0\|must be of type number, is of type string\|2\|\{https://shop.example/money\}\|}, 'the contracts are there');
is($old->safe_psql('twice', q{SELECT (SELECT count(*) FROM tracked WHERE payload ->> 'event' = 'purchase'), (SELECT string_agg(rule || path, ',') FROM shop.quarantine)}), '1|type/total',
	'a row that violates a contract is restored, though its mode is reject');
my ($status, $out, $err) = $old->psql('twice', q{INSERT INTO tracked (payload) VALUES ('{"id": 502, "event": "purchase", "anonymous_id": "a1", "timestamp": 1772359200, "total": "x"}')});
like($err, qr/event "purchase" violates a contract of pipeline "shop"/, 'and another one is rejected');
like($old->safe_psql('twice', $shop), qr/\|partner.examplepartnersocial\|0\|Organic Social\|/, 'they are right');
settles($old, $_, $_) foreach 'once', 'twice';

# Dumps that are made while collectors, refreshes and a rebuild go on.
sub background
{
	my (@statements) = @_;
	my $run = { in => '', out => '', err => '' };

	$run->{handle} = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $old->connstr('postgres'), map { ('-c', $_) } @statements ], '<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}
$old->safe_psql('postgres', $_) foreach 'ALTER TABLE web.fact_session DROP CONSTRAINT bad', "ROLLBACK PREPARED 'undone'", "SELECT sessionize.retry_errors('web')";
my @running = map { background("CALL collect(100000, '$_')") } 'v', 'w';
push @running, background(("CALL sessionize.refresh('web', every => '5 milliseconds', max_runtime => '1 minute')") x 20), background(("CALL sessionize.rebuild('web')", 'SELECT pg_sleep(0.05)') x 1000);
foreach my $n (1, 2)
{
	my $file = dump_of($old, 'postgres', "busy$n");

	$old->safe_psql('postgres', "CREATE DATABASE busy$n");
	restore($old, "busy$n", $file, $n % 2 ? ('-j', 2) : ());
	settles($old, "busy$n", "busy $n", 1);
}
$old->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres' AND pid <> pg_backend_pid() AND backend_type = 'client backend'});
foreach my $run (@running) { eval { IPC::Run::finish($run->{handle}) }; }
$old->safe_psql('postgres', "COMMIT PREPARED 'open'");

# Into a cluster with the worker, which sees the schedule as soon as that is restored.
$old->safe_psql('postgres', q{CALL sessionize.refresh('web')});
$old->safe_psql('postgres', q{
	SELECT sessionize.drop_pipeline('shop');
	DROP TABLE tracked;
	INSERT INTO sessionize.schedule (pipeline_id, every, via) SELECT pipeline_id, '100 milliseconds', 'worker' FROM sessionize.pipeline;
	DELETE FROM raw WHERE visitor = 'v4';
	INSERT INTO raw (event_id, visitor, at) SELECT 'late' || n, 'v' || n % 20, '2026-01-01Z'::timestamptz + n * interval '10 minutes' FROM generate_series(1, 200) AS n});
$dump = dump_of($old, 'postgres', 'scheduled');
my @toc = split /\n/, `pg_restore -l '$dump'`;

# The parts of it in any order that their dependencies allow, as "pg_restore -j" has them.
sub part
{
	my ($db, $name, $wanted) = @_;
	my $list = $new->basedir . "/$db.list";

	PostgreSQL::Test::Utils::append_to_file($list, '');
	open(my $file, '>', $list) or die $!;
	print $file join("\n", grep { $wanted->($_) } @toc), "\n";
	close($file);
	$new->command_ok([ 'pg_restore', '--exit-on-error', '-d', $new->connstr($db), '-L', $list, $dump ], "$db: $name");
}

# The worker has come by: it reports what it finds half restored, or has done what there is.
sub looked
{
	my ($db) = @_;

	$new->safe_psql($db, q{SELECT sessionize.resume('web')});
	ok($new->poll_query_until($db, q{SELECT last_success IS NOT NULL OR last_error LIKE '%is not restored yet' FROM sessionize.pipeline_status}), "$db: the worker has looked");
}

# Entries of the sections, by what they are.
my $is_data = sub { $_[0] =~ / (TABLE DATA|SEQUENCE SET) / };
my $is_post = sub { $_[0] =~ / (INDEX|CONSTRAINT|TRIGGER|FK CONSTRAINT|EVENT TRIGGER|INDEX ATTACH) / };
my $of_raw = sub { $_[0] =~ /raw/ };
foreach my $late ('web fact_event', 'web dim_page', 'web quarantine', 'web dirty', 'sessionize ledger', 'web (fact|dim|quarantine|session_alias|dirty)', 'public raw')
{
	my $db = $late =~ s/\W+/_/gr;
	my $is_late = sub { $_[0] =~ / TABLE DATA $late/ };

	$new->safe_psql('postgres', "CREATE DATABASE $db");
	$new->command_ok([ 'pg_restore', '--exit-on-error', '--section=pre-data', '-d', $new->connstr($db), $dump ], "$db: definitions");
	part($db, 'data but for it', sub { $is_data->($_[0]) && !$is_late->($_[0]) });
	part($db, 'triggers and indexes of the raw table', sub { $is_post->($_[0]) && $of_raw->($_[0]) }) if $late ne 'public raw';
	looked($db) if $late ne 'public raw';
	part($db, 'its data', $is_late);
	part($db, 'all triggers and indexes', sub { $is_post->($_[0]) && !($of_raw->($_[0]) && $late ne 'public raw') });
	$new->safe_psql($db, q{SELECT sessionize.resume('web')});
	ok($new->poll_query_until($db, q{SELECT lag IS NULL AND needs_rebuild IS NULL AND last_success IS NOT NULL FROM sessionize.pipeline_status}), "$db: the worker does the rest");
	is($new->safe_psql($db, $accounts), '0|0|t|0', "$db: the accounts close");
	is($new->safe_psql($db, $oracle), '0|0', "$db: the star is what plain SQL says");
	is($new->safe_psql($db, q{SELECT count(*) FROM sessionize.runs WHERE kind = 'rebuild'}), '0', "$db: without a rebuild");
	$new->safe_psql('postgres', "DROP DATABASE $db WITH (FORCE)");
}

# And as it is usually done.
foreach my $jobs (1, 2)
{
	$new->safe_psql('postgres', "CREATE DATABASE jobs_$jobs");
	restore($new, "jobs_$jobs", $dump, '-j', $jobs);
	$new->safe_psql("jobs_$jobs", q{SELECT sessionize.resume('web')});
	ok($new->poll_query_until("jobs_$jobs", q{SELECT lag IS NULL AND needs_rebuild IS NULL AND last_success IS NOT NULL FROM sessionize.pipeline_status}), "$jobs jobs: the worker does the rest");
	is($new->safe_psql("jobs_$jobs", $accounts), '0|0|t|0', "$jobs jobs: the accounts close");
	is($new->safe_psql("jobs_$jobs", $oracle), '0|0', "$jobs jobs: the star is what plain SQL says");
}

# A sealed pipeline is derived of its sealed rows, so nothing is refreshed before those are there.
$old->safe_psql('postgres', 'CREATE DATABASE sealed');
$old->safe_psql('sealed', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, occurred_at timestamptz, received_at timestamptz);
	CREATE INDEX ON raw (visitor, occurred_at, event_id);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor');
	INSERT INTO raw SELECT n, 'e' || n, 'v' || n % 5, at, at FROM (SELECT n, '2026-01-01Z'::timestamptz + n * interval '20 minutes' AS at FROM generate_series(1, 500) AS n) AS r});
$old->safe_psql('sealed', $_) foreach q{CALL sessionize.refresh('web')}, q{SELECT sessionize.seal('web', '2026-01-04Z')}, q{DELETE FROM raw WHERE occurred_at < '2026-01-03Z'},
  q{INSERT INTO raw SELECT 1000 + n, 'late' || n, 'v' || n, '2026-01-02Z', '2026-01-02Z' FROM generate_series(1, 3) AS n}, q{CALL sessionize.refresh('web')},
  q{INSERT INTO raw SELECT 2000 + n, 'new' || n, 'v' || n % 5, '2026-01-08Z', '2026-01-08Z' FROM generate_series(1, 10) AS n};
$dump = dump_of($old, 'sealed', 'with_a_seal');
@toc = split /\n/, `pg_restore -l '$dump'`;
foreach my $table ('sealed', 'late')
{
	my $db = "bare_$table";
	my $is_late = sub { $_[0] =~ / (TABLE DATA|INDEX) web $table/ };

	$new->safe_psql('postgres', "CREATE DATABASE $db");
	part($db, "all but $table", sub { !$is_late->($_[0]) });
	my (undef, undef, $error) = $new->psql($db, q{CALL sessionize.refresh('web')});
	like($error, qr/is not restored yet/, "$db: not before $table is there");
	part($db, $table, $is_late);
	$new->safe_psql($db, q{CALL sessionize.refresh('web')});
	is($new->safe_psql($db, q{SELECT pending, difference, raw_rows + sealed_only = events + duplicates + quarantined + late, late, (SELECT count(*) FROM sessionize.verify('web')) FROM sessionize.reconcile('web')}),
		'0|0|t|3|0', "$db: then it is right");
}

$old->stop;
$new->stop;
done_testing();
