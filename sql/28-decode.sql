CREATE TYPE sessionize.raw_event AS (
	occurred_at  timestamptz,
	sent_at      timestamptz,
	received_at  timestamptz,
	event_id     text,
	event_name   text,
	user_id      text,
	anonymous_id text,
	device_id    text,
	source       text,
	properties   jsonb,
	context      jsonb
);

COMMENT ON TYPE sessionize.raw_event IS
'An event of a request: the columns that create_events_table gives a table, without raw_id';

CREATE FUNCTION sessionize.decode(protocol text, body bytea, headers jsonb DEFAULT '{}',
	received_at timestamptz DEFAULT now())
RETURNS SETOF sessionize.raw_event
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'sz_decode';

COMMENT ON FUNCTION sessionize.decode(text, bytea, jsonb, timestamptz) IS
'The events of a request that a tracker sent, as rows for a raw events table';
