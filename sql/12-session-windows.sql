CREATE FUNCTION sessionize.session_number(
	ts timestamptz,
	gap interval,
	max_duration interval DEFAULT NULL,
	restart boolean DEFAULT false
) RETURNS bigint
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_number';

COMMENT ON FUNCTION sessionize.session_number(timestamptz, interval, interval, boolean) IS
'The number, from 1, of the current row''s session in its window partition, which must be ordered by ts';

CREATE FUNCTION sessionize.session_start(
	ts timestamptz,
	gap interval,
	max_duration interval DEFAULT NULL,
	restart boolean DEFAULT false
) RETURNS timestamptz
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_start';

COMMENT ON FUNCTION sessionize.session_start(timestamptz, interval, interval, boolean) IS
'The time of the first event of the current row''s session in its window partition, which must be ordered by ts';
