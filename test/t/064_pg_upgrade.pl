# pg_upgrade from older servers, whose installations with the extension OLD_INSTALLS names (separated by colons): keys of several types, a
# seal, late and quarantined rows, aliases, a large key, a key that failed, a schedule, and work pending. The worker, preloaded in both
# clusters, keeps out of it. Everything arrives as it was; then refresh, the worker, capture and all the rest go on, and a rebuild by the
# new server has nothing to write.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionOracle qw(columns expected_sessions lacks stored_sessions);
use Test::More;

my @installs = grep { -x "$_/bin/postgres" } split /:/, $ENV{OLD_INSTALLS} // '';
plan skip_all => 'no older server beside this one to upgrade from' if !@installs;

chomp(my $bin = `dirname "\$(command -v postgres)"`);
my $preload = "shared_preload_libraries = 'pg_sessionize'\n";
my @pipelines = qw(web numbers ids kinds);
# the others have no seal, so that their raw rows alone say what the star is
my @unsealed = qw(numbers ids kinds);

sub version { my ($name) = `$_[0]/postgres --version` =~ /(\d+)/; return $name; }

# A statement of the pipelines' owner; one that is to be a transaction of its own comes alone.
sub app { my ($node, @statements) = @_; my $out = ''; $out = $node->safe_psql('shop', $_, extra_params => [ '-U', 'app' ]) foreach @statements; return $out; }

sub restart_preloaded
{
	my ($node, $preloaded) = @_;

	$node->stop;
	$node->append_conf('postgresql.conf', $preloaded ? $preload : "shared_preload_libraries = ''\n");
	$node->start if defined $preloaded;
}

# What all tables of the pipelines and of the extension have.
my $contents = q{
	CREATE FUNCTION contents() RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		t regclass;
		line text;
	BEGIN
		FOR t IN SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
			WHERE nspname IN ('web', 'numbers', 'ids', 'kinds', 'sessionize') AND relkind = 'r' ORDER BY nspname COLLATE "C", relname COLLATE "C"
		LOOP
			EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")), '''') FROM %s AS t', t) INTO line;
			RETURN NEXT t::text || ' ' || line;
		END LOOP;
	END $$};

sub fill
{
	my ($node) = @_;

	$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE DATABASE shop OWNER app');
	$node->safe_psql('shop', 'CREATE EXTENSION pg_sessionize');
	$node->safe_psql('shop', $contents);
	app($node, q{
		CREATE SCHEMA raw;
		SELECT sessionize.create_events_table('raw.events');
		SELECT sessionize.create_pipeline('web', 'raw.events', gap => '20 minutes');
		INSERT INTO raw.events (event_id, event_name, anonymous_id, occurred_at, received_at, properties)
		SELECT 'e' || n % 190, 'page_view', CASE WHEN n % 50 <> 0 THEN 'who ' || n % 7 END, at, at, jsonb_build_object('page', '/' || n % 11)
		FROM (SELECT n, timestamptz '2026-01-05Z' + n * interval '7 minutes' AS at FROM generate_series(1, 200) AS n) AS r;
		CREATE TABLE raw.numbers (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor bigint, at timestamptz, page text);
		CREATE INDEX ON raw.numbers (visitor, at, event_id);
		SELECT sessionize.create_pipeline('numbers', 'raw.numbers', key => 'visitor', event_time => 'at', event_id => 'event_id', page => '(60 / page::int)::text');
		INSERT INTO raw.numbers (event_id, visitor, at, page) SELECT 'e' || n % 1500, CASE WHEN n % 3 = 0 THEN 4000000000 ELSE n % 40 END,
		       '2026-01-01Z'::timestamptz + n * interval '3 minutes', n % 100 FROM generate_series(1, 2000) AS n;
		-- without a raw id: rows are known by digests of their text
		CREATE TABLE raw.ids (visitor uuid, at timestamptz, price double precision, doc jsonb);
		CREATE INDEX ON raw.ids (visitor, at);
		SELECT sessionize.create_pipeline('ids', 'raw.ids', key => 'visitor', event_time => 'at', page => $$doc ->> 'page'$$);
		INSERT INTO raw.ids SELECT md5((n % 20)::text)::uuid, '2026-01-01Z'::timestamptz + n * interval '11 minutes', n / 7.0, jsonb_build_object('page', n % 5) FROM generate_series(1, 500) AS n;
		CREATE TYPE raw.kind AS ENUM ('person', 'machine');
		CREATE TABLE raw.kinds (id bigint PRIMARY KEY, kind raw.kind, at timestamptz);
		CREATE INDEX ON raw.kinds (kind, at);
		SELECT sessionize.create_pipeline('kinds', 'raw.kinds', key => 'kind', event_time => 'at');
		INSERT INTO raw.kinds SELECT n, (ARRAY['person', 'machine'])[1 + n % 2]::raw.kind, CASE WHEN n % 50 > 0 THEN '2026-01-01Z'::timestamptz + n * interval '20 minutes' ELSE 'infinity' END FROM generate_series(1, 300) AS n});
	app($node, "CALL sessionize.refresh('$_')") foreach @pipelines;
	# a seal, rows that are too late for it, sealed rows that are no longer raw
	app($node, q{SELECT sessionize.seal('web', '2026-01-05 12:00Z')},
		q{INSERT INTO raw.events (event_id, anonymous_id, occurred_at, received_at) VALUES ('late', 'who 1', '2026-01-05 01:00Z', '2026-01-07Z'); DELETE FROM raw.events WHERE received_at < '2026-01-05 06:00Z'},
		"CALL sessionize.refresh('web')");
	# sessions that begin earlier than they did, and a key that fails
	app($node, q{INSERT INTO raw.ids SELECT visitor, min(at) - interval '10 minutes' FROM raw.ids GROUP BY visitor; INSERT INTO raw.numbers (event_id, visitor, at, page) SELECT 'first', visitor, min(at) - interval '10 minutes', '7' FROM raw.numbers GROUP BY visitor},
		"CALL sessionize.refresh('ids')", "CALL sessionize.refresh('numbers')",
		q{ALTER TABLE numbers.fact_session ADD CONSTRAINT bad CHECK (session_key <> 666); INSERT INTO raw.numbers (event_id, visitor, at, page) VALUES ('bad', 666, '2026-01-01Z', '7')},
		"CALL sessionize.refresh('numbers')", 'ALTER TABLE numbers.fact_session DROP CONSTRAINT bad');
	# the worker has it
	app($node, q{SELECT sessionize.schedule('web', '50 milliseconds'); SELECT sessionize.schedule('ids', '50 milliseconds')}, q{INSERT INTO raw.events (event_id, anonymous_id, occurred_at) VALUES ('scheduled', 'who 2', '2026-01-06Z')});
	ok($node->poll_query_until('shop', q{SELECT count(*) = 1 FROM web.events WHERE event_id = 'scheduled'}), 'the old server has a worker');
}

# Changes of every pipeline that nobody refreshes: the library is not preloaded.
sub leave_work
{
	my ($node) = @_;

	restart_preloaded($node, 0);
	app($node, q{
		INSERT INTO raw.events (event_id, event_name, anonymous_id, occurred_at) VALUES ('pending', 'page_view', 'who 2', now()), ('pending too', 'page_view', 'new', now()), ('no key', 'page_view', NULL, now());
		DELETE FROM raw.events WHERE event_id = 'e187';
		UPDATE raw.numbers SET visitor = visitor + 1 WHERE raw_id % 97 = 0;
		INSERT INTO raw.numbers (event_id, visitor, at, page) SELECT 'p' || n, CASE WHEN n % 5 = 0 THEN 4000000000 ELSE n END, '2026-01-02Z'::timestamptz + n * interval '1 minute', n % 4 FROM generate_series(1, 100) AS n;
		DELETE FROM raw.ids WHERE price BETWEEN 10 AND 12;
		INSERT INTO raw.ids SELECT md5(n::text)::uuid, '2026-01-02Z', 1, NULL FROM generate_series(1, 30) AS n;
		UPDATE raw.kinds SET kind = 'machine' WHERE id % 10 = 0;
		INSERT INTO raw.kinds VALUES (1000, 'person', '-infinity'), (1001, NULL, '2026-01-01Z')});
	my $there = $node->safe_psql('shop', q{
		SELECT (SELECT count(*) FROM web.late), (SELECT count(*) > 0 FROM web.sealed), (SELECT sealed_only > 0 FROM sessionize.reconcile('web')),
		       (SELECT count(*) > 0 FROM ids.session_alias), (SELECT count(DISTINCT reason) FROM kinds.quarantine), (SELECT count(*) > 0 FROM numbers.quarantine),
		       (SELECT string_agg(session_key, ',') FROM sessionize.large_key), (SELECT string_agg(session_key, ',') FROM sessionize.run_errors),
		       (SELECT count(*) FROM sessionize.schedule)});
	is($there, '1|t|t|t|1|t|4000000000|666|2', 'the old cluster has what is to be upgraded');
}

# As long as nobody has refreshed anything.
sub arrives_as_it_was
{
	my ($node, $before) = @_;

	is($node->safe_psql('shop', 'SELECT * FROM contents()'), $before, 'every table has what it had');
	is($node->safe_psql('shop', q{SELECT string_agg(pipeline_name || ' ' || capture || ' ' || coalesce(needs_rebuild, 'fine'), ', ' ORDER BY pipeline_name) FROM sessionize.pipeline_status}),
		'ids on fine, kinds on fine, numbers on fine, web on fine', 'capture is on, and no rebuild is needed');
	foreach my $pipeline (@pipelines)
	{
		is($node->safe_psql('shop', "SELECT count(*) FROM sessionize.verify('$pipeline')"), '0', "$pipeline verifies");
		is($node->safe_psql('shop', "SELECT difference, event_difference, pending > 0 FROM sessionize.reconcile('$pipeline')"), '0|0|t', "the accounts of $pipeline close, and work is pending");
	}
}

# Nothing is pending, and the stars are right: by verify, by the accounts, by hand.
sub is_right
{
	my ($node, $when) = @_;

	foreach my $pipeline (@pipelines)
	{
		is($node->safe_psql('shop', "SELECT pending, difference, event_difference, (SELECT count(*) FROM sessionize.verify('$pipeline')) FROM sessionize.reconcile('$pipeline')"), '0|0|0|0', "$when: $pipeline");
	}
	foreach my $pipeline (@unsealed)
	{
		my @rows = raw_rows($node, $pipeline);
		my (undef, @expected) = expected_sessions(\@rows, { gap => 30 * 60e6, max_duration => 86400e6, dedup_window => 7 * 86400e6, skew_threshold => 300e6, max_lead => 300e6 });
		my @stored = split /\n/, $node->safe_psql('shop', stored_sessions($pipeline));

		cmp_ok(scalar @stored, '>', 1, "$when: $pipeline has sessions");
		is_deeply([ lacks(\@expected, \@stored), lacks(\@stored, \@expected) ], [], "$when: the sessions of $pipeline by hand");
	}
}

# The raw rows that can be read. The pages of some are errors, so those must not be read through the view.
sub raw_rows
{
	my ($node, $pipeline) = @_;
	my $source = $pipeline ne 'numbers' ? "$pipeline.source" : q{
		(SELECT visitor AS session_key, event_id, raw_id, at AS occurred_at, NULL::timestamptz AS sent_at, NULL::timestamptz AS received_at,
		        false AS restart, true AS page_view, 60 / nullif(page::int, 0) AS page FROM raw.numbers WHERE page::int <> 0) AS source};

	return map { [ map { $_ eq '\N' ? undef : $_ } split /\x1f/, $_, -1 ] } split /\n/,
	  $node->safe_psql('shop', "SET timezone = 'UTC'; SELECT " . columns() . " FROM $source", extra_params => [ '-F', "\x1f", '-P', 'null=\N' ]);
}

# All that a pipeline does, on the new server.
sub goes_on
{
	my ($node) = @_;

	restart_preloaded($node, 1);
	ok($node->poll_query_until('shop', q{SELECT count(*) = 2 FROM sessionize.pipeline_status WHERE scheduled_by = 'worker' AND lag IS NULL AND last_success IS NOT NULL}), 'the worker has done what was pending');
	app($node, "CALL sessionize.refresh('numbers')", "CALL sessionize.refresh('kinds')");
	app($node, "SELECT sessionize.retry_errors('numbers')", "CALL sessionize.refresh('numbers')");
	is($node->safe_psql('shop', 'SELECT count(*) FROM sessionize.run_errors'), '0', 'the key that had failed no longer fails');
	is_right($node, 'refreshed');
	is($node->safe_psql('shop', q{SELECT count(*) FROM ids.session_alias AS a WHERE new_session_id IS NOT NULL AND NOT EXISTS (SELECT FROM ids.fact_session AS s WHERE s.session_id = a.new_session_id) AND NOT EXISTS (SELECT FROM ids.session_alias AS b WHERE b.old_session_id = a.new_session_id)}), '0', 'aliases lead to sessions');

	app($node, q{
		INSERT INTO raw.events (event_id, anonymous_id, occurred_at, received_at) VALUES ('too late', 'who 3', '2026-01-05 02:00Z', now());
		INSERT INTO raw.events (event_id, anonymous_id, occurred_at) VALUES ('by the new one', 'who 3', '2026-01-06Z');
		DELETE FROM raw.events WHERE event_id = 'late';
		UPDATE raw.numbers SET at = at + interval '1 hour' WHERE raw_id % 31 = 0;
		INSERT INTO raw.ids SELECT visitor, min(at) - interval '5 minutes' FROM raw.ids GROUP BY visitor;
		DELETE FROM raw.kinds WHERE id % 9 = 0}, "CALL sessionize.refresh('numbers')", "CALL sessionize.refresh('kinds')");
	ok($node->poll_query_until('shop', q{SELECT count(*) = 2 FROM sessionize.pipeline_status WHERE scheduled_by = 'worker' AND lag IS NULL}), 'the worker has done what came');
	is($node->safe_psql('shop', q{SELECT string_agg(event_id, ',') FROM web.late}), 'too late', 'the seal is where it was');
	is_right($node, 'changed');
	app($node, "SELECT sessionize.unschedule('web')", "SELECT sessionize.unschedule('ids')", map { "CALL sessionize.rebuild('$_')" } @pipelines);
	is($node->safe_psql('shop', q{SELECT string_agg(rows_inserted || ' ' || rows_updated || ' ' || rows_deleted, ', ') FROM (SELECT DISTINCT ON (pipeline_name) * FROM sessionize.runs WHERE kind = 'rebuild' ORDER BY pipeline_name, run_id DESC) AS r}),
		'0 0 0, 0 0 0, 0 0 0, 0 0 0', 'a rebuild writes nothing');
	is(app($node, q{SELECT raw_rows > 0 FROM sessionize.erase_user('numbers', '4000000000')}), 't', 'a user is erased');
	app($node, q{SELECT sessionize.seal('web', '2026-01-05 18:00Z')});
	is_right($node, 'erased and sealed');
	app($node, q{SELECT sessionize.create_pipeline('fifth', 'raw.ids', key => 'visitor', event_time => 'at')}, "CALL sessionize.rebuild('fifth')");
	is($node->safe_psql('shop', q{SELECT count(*) FROM sessionize.verify('fifth')}), '0', 'a pipeline is made');
	app($node, map { "SELECT sessionize.drop_pipeline('$_')" } 'fifth', @pipelines);
	$node->safe_psql('shop', 'DROP EXTENSION pg_sessionize');
}

foreach my $install (@installs)
{
	my $versions = version("$install/bin") . ' to ' . version($bin);

	subtest "PostgreSQL $versions" => sub {
		my $name = $versions =~ s/\D+/_/gr;
		my $old = PostgreSQL::Test::Cluster->new("old_$name", install_path => $install);
		my $new = PostgreSQL::Test::Cluster->new("new_$name");

		foreach my $node ($old, $new)
		{
			# what initdb does about checksums has changed
			$node->init(extra => ['-k']);
			$node->append_conf('postgresql.conf', "log_statement = none\nsessionize.large_key_rows = 200\n$preload");
		}
		$old->start;
		fill($old);
		leave_work($old);
		my $before = $old->safe_psql('shop', 'SELECT * FROM contents()');
		restart_preloaded($old, undef);
		$old->append_conf('postgresql.conf', $preload);
		# it leaves its scripts where it runs
		chdir($PostgreSQL::Test::Utils::tmp_check) or die $!;
		command_ok([ 'pg_upgrade', '-d', $old->data_dir, '-D', $new->data_dir, '-b', "$install/bin", '-B', $bin, '-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade')
			or return diag(join('', map { "$_:\n" . join('', (split /^/m, slurp_file($_))[ -12 .. -1 ]) } glob($new->data_dir . '/pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log')));
		$new->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
		$new->start;
		arrives_as_it_was($new, $before);
		goes_on($new);
		$new->stop;
	};
}
done_testing();
