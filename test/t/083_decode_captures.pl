# decode() of what four trackers sent from a real browser, against the same mapping in plain SQL over jsonb.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $captures = ($ENV{SESSIONIZE_SHARED} // '../shared/data') . '/trackers/captures.txt';
plan skip_all => "the trackers' requests are not in $captures" if !-f $captures;

# The requests: method and path, headers, body.
my @requests;
open(my $fh, '<', $captures) or die "$captures: $!";
while (my $line = <$fh>)
{
	chomp $line;
	if ($line =~ /^-- (\S+) (\S+) $/)
	{
		push @requests, { headers => { ':method' => $1, ':path' => $2 }, body => '' };
	}
	elsif ($line =~ /^  H (\{.*\}) raw \d+/)
	{
		my $headers = decode_json($1);
		$requests[-1]{headers}{$_} = $headers->{$_} foreach keys %$headers;
	}
	elsif ($line =~ /^  B (.*)$/)
	{
		$requests[-1]{body} = $1;
	}
}
cmp_ok(scalar @requests, '>', 50, 'there are requests');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '-E', 'UTF8', '--locale', 'C' ]);
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION pg_sessionize; CREATE TABLE requests (n int PRIMARY KEY, body bytea, headers jsonb)});
my $json = JSON::PP->new->canonical->ascii;
my $rows = '';
foreach my $n (0 .. $#requests)
{
	my $request = $requests[$n];
	my %headers = (%{ $request->{headers} }, ':address' => '192.0.2.7', 'user-agent' => 'a browser');
	# an OPTIONS asks whether a request may be sent
	next if $headers{':method'} eq 'OPTIONS';
	$headers{':source'} = 'shop-web' if $n % 2;
	$rows .= sprintf "INSERT INTO requests VALUES (%d, '\\x%s', \$H\$%s\$H\$);\n", $n, unpack('H*', $request->{body}), $json->encode(\%headers);
}
$node->safe_psql('postgres', $rows);

# The same mapping, in plain SQL.
$node->safe_psql('postgres', <<'SQL');
SET timezone = 'Asia/Kolkata';
-- %41 and plus signs
CREATE FUNCTION unescape(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN (
	SELECT convert_from(string_agg(CASE WHEN m[1] IS NOT NULL THEN decode(m[1], 'hex') WHEN m[2] = '+' THEN ' '::bytea ELSE convert_to(m[2], 'UTF8') END, '' ORDER BY i), 'UTF8')
	FROM regexp_matches(t, '%([0-9A-Fa-f]{2})|(.)', 'g') WITH ORDINALITY AS r (m, i));
CREATE FUNCTION parameters(query text) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN (
	SELECT jsonb_object_agg(split_part(p, '=', 1), unescape(substr(p, strpos(p, '=') + 1))) FROM regexp_split_to_table(query, '&') AS p);
CREATE FUNCTION from_base64(t text) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN
	convert_from(decode(rpad(translate(t, '-_ ', '+/+'), (length(t) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb;
CREATE FUNCTION milliseconds(t text) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN timestamptz 'epoch' + t::bigint * interval '1 millisecond';
CREATE FUNCTION utc(t text) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN t::timestamptz;
CREATE FUNCTION path_of(url text) RETURNS text LANGUAGE sql IMMUTABLE RETURN substring(url, '^[a-z]+://[^/?#]+([^?#]*)');
CREATE FUNCTION first_last(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN coalesce(b, '{}') || coalesce(a, '{}');

CREATE TABLE parsed AS
SELECT n, headers, split_part(headers ->> ':path', '?', 1) AS path, split_part(headers ->> ':path', '?', 2) AS query,
	CASE WHEN convert_from(body, 'UTF8') LIKE 'data=%' THEN from_base64(unescape(substr(convert_from(body, 'UTF8'), 6)))
	     WHEN length(body) > 0 THEN convert_from(body, 'UTF8')::jsonb END AS doc,
	jsonb_build_object('ip', '192.0.2.7', 'userAgent', 'a browser') AS request
FROM requests;

-- Segment and RudderStack
CREATE VIEW segment AS
SELECT p.n, i, coalesce(e ->> 'originalTimestamp', e ->> 'timestamp')::timestamptz AS occurred_at,
	coalesce(doc ->> 'sentAt', e ->> 'sentAt', headers ->> 'sentat')::timestamptz AS sent_at,
	e ->> 'messageId' AS event_id,
	CASE e ->> 'type' WHEN 'track' THEN e ->> 'event' WHEN 'page' THEN 'page_view' ELSE e ->> 'type' END AS event_name,
	nullif(e ->> 'userId', '') AS user_id, e ->> 'anonymousId' AS anonymous_id, NULL AS device_id,
	coalesce(headers ->> ':source', e #>> '{context,library,name}') AS source,
	coalesce(e -> 'properties', '{}')
		|| CASE e ->> 'type' WHEN 'identify' THEN coalesce(e -> 'traits', e #> '{context,traits}') WHEN 'group' THEN (e -> 'traits') || jsonb_build_object('groupId', e -> 'groupId')
		                     WHEN 'alias' THEN jsonb_build_object('previousId', e -> 'previousId') ELSE '{}' END
		|| jsonb_build_object('page', path_of(e #>> '{context,page,url}')) AS properties,
	request || (doc - '{batch,sentAt}'::text[] - e_keys - CASE WHEN headers ? ':source' THEN 'writeKey' ELSE '' END)
		|| (e - '{properties,context,messageId,userId,anonymousId,originalTimestamp,timestamp,sentAt}'::text[]
		      - CASE e ->> 'type' WHEN 'track' THEN '{event}'::text[] WHEN 'identify' THEN '{traits}' WHEN 'group' THEN '{traits,groupId}' WHEN 'alias' THEN '{previousId}'
		                          WHEN 'page' THEN '{name,category}' ELSE '{}' END
		      - CASE WHEN headers ? ':source' THEN 'writeKey' ELSE '' END)
		|| (e -> 'context') || '{"protocol": "segment"}' AS context
FROM parsed AS p,
	jsonb_array_elements(CASE WHEN doc ? 'batch' THEN doc -> 'batch' ELSE jsonb_build_array(doc) END) WITH ORDINALITY AS b (e, i),
	LATERAL (SELECT coalesce(array_agg(k), '{}') AS e_keys FROM jsonb_object_keys(CASE WHEN doc ? 'batch' THEN '{}' ELSE e END) AS k) AS k
WHERE doc IS NOT NULL AND path ~ '^(/beacon)?/v1/';

-- Snowplow
CREATE VIEW snowplow AS
SELECT p.n, i, milliseconds(coalesce(e ->> 'ttm', e ->> 'dtm')) AS occurred_at, CASE WHEN NOT e ? 'ttm' THEN milliseconds(e ->> 'stm') END AS sent_at, e ->> 'eid' AS event_id,
	CASE e ->> 'e' WHEN 'pv' THEN 'page_view' WHEN 'se' THEN e ->> 'se_ac' ELSE split_part(u #>> '{data,schema}', '/', 2) END AS event_name,
	e ->> 'uid' AS user_id, e ->> 'duid' AS anonymous_id, contexts #>> '{client_session,userId}' AS device_id, e ->> 'aid' AS source,
	jsonb_strip_nulls(jsonb_build_object('page', path_of(e ->> 'url'), 'title', e ->> 'page', 'url', e ->> 'url', 'refr', e ->> 'refr')) || coalesce(u #> '{data,data}', '{}')
		|| (SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM jsonb_each(e) AS x (k, v) WHERE k LIKE 'se\_%') AS properties,
	request || (e - ARRAY(SELECT k FROM jsonb_object_keys(e) AS k WHERE k LIKE 'se\_%')
		- '{e,eid,uid,duid,aid,cx,ue_px,url,refr,page,ttm,dtm}'::text[] - CASE WHEN e ? 'ttm' THEN '' ELSE 'stm' END)
		|| jsonb_build_object('protocol', 'snowplow', 'contexts', contexts, 'context_schemas', schemas)
		|| CASE WHEN u IS NULL THEN '{}' ELSE jsonb_build_object('event_schema', u #> '{data,schema}') END AS context
FROM parsed AS p,
	jsonb_array_elements(CASE WHEN doc IS NULL THEN jsonb_build_array(parameters(query)) ELSE doc -> 'data' END) WITH ORDINALITY AS b (e, i),
	LATERAL (SELECT from_base64(e ->> 'ue_px') AS u) AS u,
	LATERAL (SELECT jsonb_object_agg(split_part(c ->> 'schema', '/', 2), c -> 'data') AS contexts, jsonb_agg(c -> 'schema') AS schemas
	         FROM jsonb_array_elements(from_base64(e ->> 'cx') -> 'data') AS c) AS c
WHERE path IN ('/i', '/com.snowplowanalytics.snowplow/tp2');

-- PostHog
CREATE VIEW posthog AS
SELECT p.n, i, (e ->> 'timestamp')::timestamptz AS occurred_at, (doc ->> 'sent_at')::timestamptz AS sent_at, e ->> 'uuid' AS event_id,
	CASE e ->> 'event' WHEN '$pageview' THEN 'page_view' ELSE e ->> 'event' END AS event_name,
	CASE WHEN (q ->> '$is_identified')::boolean THEN q ->> 'distinct_id' END AS user_id,
	CASE e ->> 'event' WHEN '$identify' THEN q ->> '$anon_distinct_id' ELSE q ->> '$device_id' END AS anonymous_id, q ->> '$device_id' AS device_id,
	coalesce(headers ->> ':source', q ->> '$lib') AS source,
	(SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM jsonb_each(q) AS x (k, v) WHERE k NOT LIKE '$%' AND k NOT IN ('token', 'distinct_id'))
		|| jsonb_build_object('page', q -> '$pathname') AS properties,
	request || (SELECT jsonb_object_agg(k, v) FROM jsonb_each(q) AS x (k, v) WHERE k LIKE '$%') || (e - '{event,uuid,properties,timestamp}'::text[])
		|| jsonb_build_object('distinct_id', q -> 'distinct_id', 'protocol', 'posthog')
		|| CASE WHEN headers ? ':source' THEN '{}' ELSE jsonb_build_object('api_key', doc -> 'api_key') END AS context
FROM parsed AS p, jsonb_array_elements(doc -> 'batch') WITH ORDINALITY AS b (e, i), LATERAL (SELECT e -> 'properties' AS q) AS q
WHERE path = '/e/';

CREATE VIEW expected AS
SELECT n, i, occurred_at, sent_at, timestamptz '2026-12-01 05:00:00Z' AS received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context
FROM (SELECT * FROM segment UNION ALL SELECT * FROM snowplow UNION ALL SELECT * FROM posthog) AS e;
CREATE VIEW by_path AS
SELECT n, d.* FROM requests, sessionize.decode('auto', body, headers, '2026-12-01 05:00:00Z') WITH ORDINALITY AS d
	(occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context, i);
CREATE VIEW by_name AS
SELECT n, d.* FROM requests, LATERAL (SELECT CASE WHEN headers ->> ':path' ~ '^/(i\?|com)' THEN 'snowplow' WHEN headers ->> ':path' ~ '^/beacon|^/v1/(p|b)a' THEN 'rudderstack'
	WHEN headers ->> ':path' ~ '^/(v1|sourceConfig)' THEN 'segment' ELSE 'posthog' END AS protocol) AS p,
	sessionize.decode(protocol, body, headers, '2026-12-01 05:00:00Z') WITH ORDINALITY AS d
	(occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context, i);
SQL

sub differences
{
	my ($view) = @_;
	my $columns = 'n, i, occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context';
	return $node->safe_psql('postgres', qq{
		SELECT 'missing', e::text FROM (SELECT $columns FROM expected EXCEPT ALL SELECT $columns FROM $view) AS e
		UNION ALL SELECT 'not expected', d::text FROM (SELECT $columns FROM $view EXCEPT ALL SELECT $columns FROM expected) AS d ORDER BY 2});
}

is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT n) FROM expected'), '48|32', 'the events that there are');
is(differences('by_path'), '', 'decoded by path');
is(differences('by_name'), '', 'decoded by the name of the protocol');
is($node->safe_psql('postgres', q{SELECT count(*) FROM by_path WHERE context ? 'decode_notes'}), '0', 'nothing in them is odd');

# what the trackers say of sessions is there
is($node->safe_psql('postgres', q{SELECT count(*) FROM by_path WHERE coalesce(context ->> '$session_id', context ->> 'sid', context ->> 'sessionId') IS NOT NULL}),
	$node->safe_psql('postgres', q{SELECT count(*) FROM by_path WHERE context ->> 'protocol' <> 'segment' OR context #>> '{library,name}' LIKE 'Rudder%'}),
	'the session ids of the trackers that have them');

# the events are sessions, without anything in between
$node->safe_psql('postgres', q{
	SELECT sessionize.create_events_table('raw.events');
	INSERT INTO raw.events (occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context)
	SELECT d.* FROM requests, sessionize.decode('auto', body, headers, '2026-12-01 05:00:00Z') AS d;
	SELECT sessionize.create_pipeline('web', 'raw.events');
	CALL sessionize.rebuild('web')});
is($node->safe_psql('postgres', q{SELECT sum(events), count(DISTINCT session_key) FROM web.sessions WHERE started_at > '2026-01-01'}),
	$node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT anonymous_id) FROM expected WHERE occurred_at > '2026-01-01'}), 'the sessions of these events');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sessionize.verify('web')}), '0', 'and they are right');
$node->stop;
done_testing;
