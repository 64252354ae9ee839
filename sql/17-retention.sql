CREATE FUNCTION sessionize.retention_transition(bigint, boolean[]) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE SUPPORT sessionize.session_transition_support
AS 'MODULE_PATHNAME', 'sz_retention_transition';

COMMENT ON FUNCTION sessionize.retention_transition(bigint, boolean[]) IS 'Internal: transition of retention';

CREATE FUNCTION sessionize.retention_combine(bigint, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_retention_combine';

COMMENT ON FUNCTION sessionize.retention_combine(bigint, bigint) IS 'Internal: combination of two states of retention';

CREATE FUNCTION sessionize.retention_final(bigint) RETURNS boolean[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_retention_final';

COMMENT ON FUNCTION sessionize.retention_final(bigint) IS 'Internal: result of retention';

CREATE AGGREGATE sessionize.retention(VARIADIC steps boolean[]) (
	SFUNC = sessionize.retention_transition,
	STYPE = bigint,
	FINALFUNC = sessionize.retention_final,
	COMBINEFUNC = sessionize.retention_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.retention(boolean[]) IS
'For the first step whether any row met it; for each other whether also some row met that one';
