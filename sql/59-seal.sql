CREATE FUNCTION seal(
	name text, before timestamptz, take_late boolean DEFAULT false,
	OUT sealed bigint, OUT unsealed bigint
)
AS 'MODULE_PATHNAME', 'sessionize_seal'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION seal(text, timestamptz, boolean) IS 'move the pipeline''s seal: events before it count from now on as they are, whatever becomes of their raw rows; returns how many rows are sealed and are no more';
