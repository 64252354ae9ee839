-- Aggregates whose state is a value of an ordinary type, so that Citus can combine on the coordinator
-- what workers have aggregated, which it does not do with a state of type internal.  In a query of
-- distributed tables the planner takes them in place of the aggregates of the same name without
-- _by_shard, and the other way round on the workers, where a query has no distributed table
-- (src/functions/by_shard.c).

CREATE FUNCTION sessionize.session_value_transition(bytea, timestamptz, interval) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_value_transition';

COMMENT ON FUNCTION sessionize.session_value_transition(bytea, timestamptz, interval) IS
'Internal: transition of session_agg_by_shard and session_count_by_shard';

CREATE FUNCTION sessionize.session_value_combine(bytea, bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_session_value_combine';

COMMENT ON FUNCTION sessionize.session_value_combine(bytea, bytea) IS
'Internal: combination of two states of session_agg_by_shard and session_count_by_shard';

CREATE FUNCTION sessionize.session_agg_value_final(bytea) RETURNS sessionize.session[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_agg_value_final';

COMMENT ON FUNCTION sessionize.session_agg_value_final(bytea) IS
'Internal: result of session_agg_by_shard';

CREATE FUNCTION sessionize.session_count_value_final(bytea) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_count_value_final';

COMMENT ON FUNCTION sessionize.session_count_value_final(bytea) IS
'Internal: result of session_count_by_shard';

CREATE AGGREGATE sessionize.session_agg_by_shard(ts timestamptz, gap interval) (
	SFUNC = sessionize.session_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.session_agg_value_final,
	COMBINEFUNC = sessionize.session_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_agg_by_shard(timestamptz, interval) IS
'Internal: session_agg, with a state that Citus combines';

CREATE AGGREGATE sessionize.session_count_by_shard(ts timestamptz, gap interval) (
	SFUNC = sessionize.session_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.session_count_value_final,
	COMBINEFUNC = sessionize.session_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_count_by_shard(timestamptz, interval) IS
'Internal: session_count, with a state that Citus combines';

CREATE FUNCTION sessionize.concurrency_value_transition(bytea, timestamptz, timestamptz, interval) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_value_transition';

COMMENT ON FUNCTION sessionize.concurrency_value_transition(bytea, timestamptz, timestamptz, interval) IS
'Internal: transition of session_concurrency_by_shard';

CREATE FUNCTION sessionize.concurrency_value_transition(bytea, timestamptz, timestamptz, interval, timestamptz) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_value_transition';

COMMENT ON FUNCTION sessionize.concurrency_value_transition(bytea, timestamptz, timestamptz, interval, timestamptz) IS
'Internal: transition of session_concurrency_by_shard';

CREATE FUNCTION sessionize.concurrency_value_transition(bytea, timestamptz, timestamptz) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_value_transition';

COMMENT ON FUNCTION sessionize.concurrency_value_transition(bytea, timestamptz, timestamptz) IS
'Internal: transition of session_concurrency_by_shard';

CREATE FUNCTION sessionize.concurrency_value_combine(bytea, bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_value_combine';

COMMENT ON FUNCTION sessionize.concurrency_value_combine(bytea, bytea) IS
'Internal: combination of two states of session_concurrency_by_shard';

CREATE FUNCTION sessionize.concurrency_value_final(bytea) RETURNS sessionize.concurrency[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_value_final';

COMMENT ON FUNCTION sessionize.concurrency_value_final(bytea) IS
'Internal: result of session_concurrency_by_shard with buckets';

CREATE FUNCTION sessionize.concurrency_changes_value_final(bytea) RETURNS sessionize.open_sessions[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_changes_value_final';

COMMENT ON FUNCTION sessionize.concurrency_changes_value_final(bytea) IS
'Internal: result of session_concurrency_by_shard without buckets';

CREATE AGGREGATE sessionize.session_concurrency_by_shard(started_at timestamptz, ended_at timestamptz, bucket interval) (
	SFUNC = sessionize.concurrency_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.concurrency_value_final,
	COMBINEFUNC = sessionize.concurrency_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_concurrency_by_shard(timestamptz, timestamptz, interval) IS
'Internal: session_concurrency, with a state that Citus combines';

CREATE AGGREGATE sessionize.session_concurrency_by_shard(started_at timestamptz, ended_at timestamptz, bucket interval, origin timestamptz) (
	SFUNC = sessionize.concurrency_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.concurrency_value_final,
	COMBINEFUNC = sessionize.concurrency_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_concurrency_by_shard(timestamptz, timestamptz, interval, timestamptz) IS
'Internal: session_concurrency, with a state that Citus combines';

CREATE AGGREGATE sessionize.session_concurrency_by_shard(started_at timestamptz, ended_at timestamptz) (
	SFUNC = sessionize.concurrency_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.concurrency_changes_value_final,
	COMBINEFUNC = sessionize.concurrency_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_concurrency_by_shard(timestamptz, timestamptz) IS
'Internal: session_concurrency, with a state that Citus combines';

CREATE FUNCTION sessionize.funnel_value_transition(bytea, timestamptz, interval, boolean[]) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_funnel_value_transition';

COMMENT ON FUNCTION sessionize.funnel_value_transition(bytea, timestamptz, interval, boolean[]) IS
'Internal: transition of funnel_by_shard and funnel_times_by_shard';

CREATE FUNCTION sessionize.funnel_value_transition(bytea, timestamptz, interval, text, boolean[]) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_funnel_mode_value_transition';

COMMENT ON FUNCTION sessionize.funnel_value_transition(bytea, timestamptz, interval, text, boolean[]) IS
'Internal: transition of funnel_by_shard and funnel_times_by_shard with a mode';

CREATE FUNCTION sessionize.funnel_value_combine(bytea, bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_funnel_value_combine';

COMMENT ON FUNCTION sessionize.funnel_value_combine(bytea, bytea) IS
'Internal: combination of two states of funnel_by_shard and funnel_times_by_shard';

CREATE FUNCTION sessionize.funnel_value_final(bytea) RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_funnel_value_final';

COMMENT ON FUNCTION sessionize.funnel_value_final(bytea) IS
'Internal: result of funnel_by_shard';

CREATE FUNCTION sessionize.funnel_times_value_final(bytea) RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_funnel_times_value_final';

COMMENT ON FUNCTION sessionize.funnel_times_value_final(bytea) IS
'Internal: result of funnel_times_by_shard';

CREATE AGGREGATE sessionize.funnel_by_shard(ts timestamptz, within interval, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.funnel_value_final,
	COMBINEFUNC = sessionize.funnel_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel_by_shard(timestamptz, interval, boolean[]) IS
'Internal: funnel, with a state that Citus combines';

CREATE AGGREGATE sessionize.funnel_by_shard(ts timestamptz, within interval, mode text, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.funnel_value_final,
	COMBINEFUNC = sessionize.funnel_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel_by_shard(timestamptz, interval, text, boolean[]) IS
'Internal: funnel, with a state that Citus combines';

CREATE AGGREGATE sessionize.funnel_times_by_shard(ts timestamptz, within interval, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.funnel_times_value_final,
	COMBINEFUNC = sessionize.funnel_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel_times_by_shard(timestamptz, interval, boolean[]) IS
'Internal: funnel_times, with a state that Citus combines';

CREATE AGGREGATE sessionize.funnel_times_by_shard(ts timestamptz, within interval, mode text, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.funnel_times_value_final,
	COMBINEFUNC = sessionize.funnel_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel_times_by_shard(timestamptz, interval, text, boolean[]) IS
'Internal: funnel_times, with a state that Citus combines';

CREATE FUNCTION sessionize.pace_value_transition(bytea, timestamptz) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_pace_value_transition';

COMMENT ON FUNCTION sessionize.pace_value_transition(bytea, timestamptz) IS
'Internal: transition of session_pace_by_shard';

CREATE FUNCTION sessionize.pace_value_combine(bytea, bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_value_combine';

COMMENT ON FUNCTION sessionize.pace_value_combine(bytea, bytea) IS
'Internal: combination of two states of session_pace_by_shard';

CREATE FUNCTION sessionize.pace_value_final(bytea) RETURNS sessionize.pace
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_pace_value_final';

COMMENT ON FUNCTION sessionize.pace_value_final(bytea) IS
'Internal: result of session_pace_by_shard';

CREATE AGGREGATE sessionize.session_pace_by_shard(ts timestamptz) (
	SFUNC = sessionize.pace_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.pace_value_final,
	COMBINEFUNC = sessionize.pace_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_pace_by_shard(timestamptz) IS
'Internal: session_pace, with a state that Citus combines';

CREATE FUNCTION sessionize.profile_value_transition(bytea, jsonb) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_profile_value_transition';

COMMENT ON FUNCTION sessionize.profile_value_transition(bytea, jsonb) IS
'Internal: transition of infer_schema_by_shard and property_statistics_by_shard';

CREATE FUNCTION sessionize.profile_value_combine(bytea, bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_profile_value_combine';

COMMENT ON FUNCTION sessionize.profile_value_combine(bytea, bytea) IS
'Internal: combination of two states of infer_schema_by_shard and property_statistics_by_shard';

CREATE FUNCTION sessionize.infer_schema_value_final(bytea) RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_infer_schema_value_final';

COMMENT ON FUNCTION sessionize.infer_schema_value_final(bytea) IS
'Internal: result of infer_schema_by_shard';

CREATE FUNCTION sessionize.property_statistics_value_final(bytea) RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_property_statistics_value_final';

COMMENT ON FUNCTION sessionize.property_statistics_value_final(bytea) IS
'Internal: result of property_statistics_by_shard';

CREATE AGGREGATE sessionize.infer_schema_by_shard(doc jsonb) (
	SFUNC = sessionize.profile_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.infer_schema_value_final,
	COMBINEFUNC = sessionize.profile_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.infer_schema_by_shard(jsonb) IS
'Internal: infer_schema, with a state that Citus combines';

CREATE AGGREGATE sessionize.property_statistics_by_shard(doc jsonb) (
	SFUNC = sessionize.profile_value_transition,
	STYPE = bytea,
	SSPACE = 1280,
	FINALFUNC = sessionize.property_statistics_value_final,
	COMBINEFUNC = sessionize.profile_value_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.property_statistics_by_shard(jsonb) IS
'Internal: property_statistics, with a state that Citus combines';
