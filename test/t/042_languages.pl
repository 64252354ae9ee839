# What is wrong with a quarantined row is said in one language, whatever lc_messages a session or a database has: else what one
# refreshes another would rewrite, and verify would find a difference.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# glibc translates for LANGUAGE under any locale but C, so no other locale has to be on the machine
my $node = PostgreSQL::Test::Cluster->new('languages');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nlog_statement = none\n");
{
	local $ENV{LANGUAGE} = 'de';
	$node->start;
}
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE DATABASE shop OWNER app');
my (undef, undef, $german) = $node->psql('shop', "SET lc_messages = 'C.UTF-8'; SELECT 1 / 0");
plan skip_all => 'no German messages on this machine' if $german !~ /durch Null/;

$node->safe_psql('shop', q{
	CREATE EXTENSION pg_sessionize;
	SET ROLE app;
	CREATE SCHEMA raw;
	CREATE TABLE raw.hits (visitor text, at timestamptz, id text, page text);
	CREATE INDEX ON raw.hits (visitor, at);
	INSERT INTO raw.hits SELECT 'v' || n % 3, '2026-01-01Z'::timestamptz + n * interval '1 minute', 'e' || n, 1 + n % 5 FROM generate_series(1, 20) AS n;
	INSERT INTO raw.hits VALUES ('v1', '2026-01-02Z', 'bad', '0');
	SELECT sessionize.create_pipeline('web', 'raw.hits', key => 'visitor', event_time => 'at', event_id => 'id', page => '(60 / page::int)::text')});
$node->safe_psql('postgres', "ALTER DATABASE shop SET lc_messages = 'C.UTF-8'");

my $details = q{SELECT string_agg(detail, ', ' ORDER BY quarantine_id) FROM web.quarantine};
my $differences = q{SELECT count(*) FROM sessionize.verify('web')};
$node->safe_psql('shop', "CALL sessionize.refresh('web')", extra_params => [ '-U', 'app' ]);
is($node->safe_psql('shop', $details), 'page: division by zero', 'a refresh by one who reads German');
is($node->safe_psql('shop', "SET lc_messages = 'C'; $differences"), '0', 'verified by one who reads English');
is($node->safe_psql('shop', $differences), '0', '… and by one who reads German');
my (undef, undef, $after) = $node->psql('shop', "$differences; SELECT 1 / 0");
like($after, qr/durch Null/, 'to whom the server goes on speaking German');

# the first row of a key and rows of keys that have some, by the worker and by a rebuild
$node->safe_psql('shop', q{SELECT sessionize.schedule('web', '100 milliseconds'); INSERT INTO raw.hits VALUES ('new', '2026-01-02Z', 'bad', '0'), ('v2', '2026-01-03Z', 'bad', '0')},
	extra_params => [ '-U', 'app' ]);
ok($node->poll_query_until('shop', "SELECT count(*) = 3 AND min(detail) = max(detail) FROM web.quarantine"), 'the worker has quarantined two more, in the same words');
is($node->safe_psql('shop', "SET lc_messages = 'C'; $differences"), '0', '… verified in English');
$node->safe_psql('shop', $_, extra_params => [ '-U', 'app' ]) foreach "SELECT sessionize.unschedule('web')", "CALL sessionize.rebuild('web')";
is($node->safe_psql('shop', q{SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs WHERE kind = 'rebuild' ORDER BY run_id DESC LIMIT 1}), '0|0|0', 'a rebuild changes nothing');
$node->stop;
done_testing();
