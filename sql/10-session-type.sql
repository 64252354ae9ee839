CREATE TYPE sessionize.session AS (
	started_at timestamptz,
	ended_at timestamptz,
	events bigint
);

COMMENT ON TYPE sessionize.session IS 'A session: the times of its first and last event, and the number of its events';
