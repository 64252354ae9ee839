CREATE PROCEDURE sessionize.rebuild(name text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, throttle double precision DEFAULT 1, newest_first boolean DEFAULT NULL)
AS 'MODULE_PATHNAME', 'sessionize_rebuild'
LANGUAGE C;
COMMENT ON PROCEDURE sessionize.rebuild IS 'bring the pipeline''s star to what its raw rows say now, piece by piece, each with its own commit, beside refreshes; resumes one that was interrupted; with since or until, only the keys that have events from then to then, through the dirty log; with newest_first, the keys with the latest events first';
