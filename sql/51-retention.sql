CREATE FUNCTION retention_transition(bigint, boolean[]) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE SUPPORT session_transition_support
AS 'MODULE_PATHNAME', 'sz_retention_transition';

COMMENT ON FUNCTION retention_transition(bigint, boolean[]) IS 'Internal: transition of retention';

CREATE FUNCTION retention_combine(bigint, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_retention_combine';

COMMENT ON FUNCTION retention_combine(bigint, bigint) IS 'Internal: combination of two states of retention';

CREATE FUNCTION retention_final(bigint) RETURNS boolean[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_retention_final';

COMMENT ON FUNCTION retention_final(bigint) IS 'Internal: result of retention';

CREATE AGGREGATE retention(VARIADIC steps boolean[]) (
	SFUNC = retention_transition,
	STYPE = bigint,
	FINALFUNC = retention_final,
	COMBINEFUNC = retention_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE retention(boolean[]) IS
'For the first step whether any row met it; for each other whether also some row met that one';
