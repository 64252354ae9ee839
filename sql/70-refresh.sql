CREATE PROCEDURE sessionize.refresh(name text, max_runtime interval DEFAULT NULL, every interval DEFAULT NULL)
AS 'MODULE_PATHNAME', 'sessionize_refresh'
LANGUAGE C;
COMMENT ON PROCEDURE sessionize.refresh(text, interval, interval) IS 'derive anew what the dirty log says has changed; with every, again and again until max_runtime is over';
