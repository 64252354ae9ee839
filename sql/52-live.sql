CREATE FUNCTION live_sessions(name text, session_key anyelement) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_live_sessions'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 10;
COMMENT ON FUNCTION live_sessions(text, anyelement) IS 'a key''s sessions as they would be, were it refreshed now; read them through the view sessions_live of a pipeline';

CREATE FUNCTION live_events(name text, session_key anyelement) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_live_events'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION live_events(text, anyelement) IS 'a key''s events as they would be, were it refreshed now; read them through the view events_live of a pipeline';
