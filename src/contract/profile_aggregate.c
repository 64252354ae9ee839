/*
 * profile_aggregate.c
 *		The aggregates infer_schema and property_statistics: what documents look like.
 *
 * Both have the same transition function, so a query that calls both looks at each document once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "contract/profile.h"
#include "contract/profile_codec.h"
#include "contract/profile_schema.h"
#include "contract/profile_statistics.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_profile_transition);
PG_FUNCTION_INFO_V1(sz_profile_combine);
PG_FUNCTION_INFO_V1(sz_profile_serialize);
PG_FUNCTION_INFO_V1(sz_profile_deserialize);
PG_FUNCTION_INFO_V1(sz_infer_schema_final);
PG_FUNCTION_INFO_V1(sz_property_statistics_final);

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "infer_schema");
}

/*
 * sz_profile_transition adds a row's document.
 */
Datum
sz_profile_transition(PG_FUNCTION_ARGS)
{
	Profile *profile = PG_ARGISNULL(0) ? NULL : (Profile *) PG_GETARG_POINTER(0);
	MemoryContext aggregate = aggregate_context(fcinfo);

	if (!PG_ARGISNULL(1))
	{
		const Jsonb *document = PG_GETARG_JSONB_P(1);
		MemoryContext caller = MemoryContextSwitchTo(aggregate);

		if (profile == NULL)
			profile = profile_new();
		profile_add(profile, json_root(document), 0);
		MemoryContextSwitchTo(caller);
	}
	if (profile == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(profile);
}

/*
 * sz_profile_combine adds the second state's documents to the first.
 */
Datum
sz_profile_combine(PG_FUNCTION_ARGS)
{
	Profile *profile = PG_ARGISNULL(0) ? NULL : (Profile *) PG_GETARG_POINTER(0);
	const Profile *other = PG_ARGISNULL(1) ? NULL : (Profile *) PG_GETARG_POINTER(1);
	MemoryContext caller = MemoryContextSwitchTo(aggregate_context(fcinfo));

	if (other != NULL)
	{
		if (profile == NULL)
			profile = profile_new();
		profile_merge(profile, other, 0);
	}
	MemoryContextSwitchTo(caller);
	if (profile == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(profile);
}

/*
 * sz_profile_serialize writes a state.
 */
Datum
sz_profile_serialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	profile_put(&buf, (Profile *) PG_GETARG_POINTER(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_profile_deserialize reads what sz_profile_serialize wrote, and rejects all else.
 */
Datum
sz_profile_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(profile_get(&buf));
}

/*
 * final_result returns what a function makes of a state, as jsonb.
 */
static Datum
final_result(FunctionCallInfo fcinfo, char *(*describe)(const Profile *profile))
{
	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum(describe((Profile *) PG_GETARG_POINTER(0))));
}

/*
 * sz_infer_schema_final returns the schema of the documents.
 */
Datum
sz_infer_schema_final(PG_FUNCTION_ARGS)
{
	return final_result(fcinfo, profile_schema);
}

/*
 * sz_property_statistics_final returns how often each part of the schema occurred.
 */
Datum
sz_property_statistics_final(PG_FUNCTION_ARGS)
{
	return final_result(fcinfo, profile_statistics);
}

static const StateKind profile_kind = {
	.letter = 'j',
	.version = 1,
	.aggregates = "infer_schema and property_statistics",
	.combine = sz_profile_combine,
	.serialize = sz_profile_serialize,
	.deserialize = sz_profile_deserialize,
};

STATE_VALUE_FUNCTION(sz_profile_value_transition, transition, profile_kind, sz_profile_transition);
STATE_VALUE_FUNCTION(sz_profile_value_combine, combine, profile_kind, sz_profile_combine);
STATE_VALUE_FUNCTION(sz_infer_schema_value_final, final, profile_kind, sz_infer_schema_final);
STATE_VALUE_FUNCTION(sz_property_statistics_value_final, final, profile_kind,
					 sz_property_statistics_final);
