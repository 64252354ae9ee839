CREATE FUNCTION sessionize.dirty_begin(log regclass) RETURNS tid
AS 'MODULE_PATHNAME', 'sessionize_dirty_begin'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.dirty_begin(regclass) IS 'where in a pipeline''s dirty log a query may begin to read: before it, its snapshot sees no row that capture has logged';

CREATE FUNCTION sessionize.live_sessions(pipeline_id int, session_key anyelement) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_live_sessions'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sessionize.live_sessions(int, anyelement) IS 'the sessions of a key as its raw rows are now; what the views sessions_live are made of';

CREATE FUNCTION sessionize.live_events(pipeline_id int, session_key anyelement) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_live_events'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION sessionize.live_events(int, anyelement) IS 'the events of a key as its raw rows are now; what the views events_live are made of';

CREATE FUNCTION sessionize.pipeline_gap(pipeline_id int) RETURNS interval
AS 'MODULE_PATHNAME', 'sessionize_pipeline_gap'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sessionize.pipeline_gap(int) IS 'the gap of a pipeline as the snapshot at hand sees it; what expires_at in the view sessions_live is made with';
