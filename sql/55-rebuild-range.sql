CREATE PROCEDURE rebuild(name text, since timestamptz, until timestamptz)
AS 'MODULE_PATHNAME', 'sessionize_rebuild_range'
LANGUAGE C;
COMMENT ON PROCEDURE rebuild(text, timestamptz, timestamptz) IS 'derive anew the keys that have events from since to until, NULL for no limit; goes on where it stopped with the next refresh';
