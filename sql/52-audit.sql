CREATE FUNCTION sessionize.verify(name text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, sample double precision DEFAULT NULL)
RETURNS TABLE (relation text, difference text, session_key text, stored jsonb, expected jsonb)
AS 'MODULE_PATHNAME', 'sessionize_verify'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION sessionize.verify IS 'derive the pipeline''s star anew and return every row that is missing, different or unexpected; no row: it is proven right';

CREATE FUNCTION sessionize.reconcile(
	name text,
	OUT raw_rows bigint, OUT sealed_only bigint, OUT events bigint, OUT duplicates bigint, OUT quarantined bigint, OUT filtered bigint, OUT late bigint,
	OUT pending bigint, OUT difference bigint, OUT event_difference bigint
)
AS 'MODULE_PATHNAME', 'sessionize_reconcile'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION sessionize.reconcile(text) IS 'account for every raw row: raw_rows + sealed_only = events + duplicates + quarantined + filtered + late + pending + difference, and difference must be 0';
