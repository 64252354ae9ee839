/*
 * attribution_aggregate.c
 *		The aggregate attribution: shares out a conversion among the channels that were touched
 *		before it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "compat.h"
#include "core/attribution.h"
#include "functions/node_state.h"
#include "functions/step_state.h"
#include "utils/arguments.h"
#include "utils/memory.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_attribution_transition);
PG_FUNCTION_INFO_V1(sz_attribution_combine);
PG_FUNCTION_INFO_V1(sz_attribution_serialize);
PG_FUNCTION_INFO_V1(sz_attribution_deserialize);
PG_FUNCTION_INFO_V1(sz_attribution_final);

#define DEFAULT_HALF_LIFE (7 * USECS_PER_DAY)

typedef struct AttributionOptions
{
	SzAttributionModel model;
	uint64 half_life; /* in microseconds; 0 if the model uses none */
} AttributionOptions;

typedef struct AttributionState
{
	SzNodeLog log;
	AttributionOptions options;
} AttributionState;

/* A channel's result. */
typedef struct ChannelShare
{
	uint32 touch; /* the number of its first touch */
	int64 touches;
	uint64 share;
} ChannelShare;

/* In the order of SzAttributionModel. */
static const char *const model_names[] = {"first", "last", "linear", "position", "time_decay"};

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "attribution");
}

/*
 * model_argument returns the model that an argument names.
 */
static SzAttributionModel
model_argument(FunctionCallInfo fcinfo, int argno)
{
	text *name;

	if (PG_ARGISNULL(argno))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be null"),
						errhint("Write 'first', 'last', 'linear', 'position' or 'time_decay'.")));
	name = PG_GETARG_TEXT_PP(argno);
	for (int i = 0; i < (int) lengthof(model_names); i++)
	{
		if (VARSIZE_ANY_EXHDR(name) == strlen(model_names[i]) &&
			memcmp(VARDATA_ANY(name), model_names[i], VARSIZE_ANY_EXHDR(name)) == 0)
			return (SzAttributionModel) i;
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("there is no attribution model named \"%s\"", text_to_cstring(name)),
					errhint("Write 'first', 'last', 'linear', 'position' or 'time_decay'.")));
	pg_unreachable();
}

/*
 * options_argument returns the options of a row; the argument half_life may be missing.
 */
static AttributionOptions
options_argument(FunctionCallInfo fcinfo)
{
	AttributionOptions options = {model_argument(fcinfo, 3), 0};

	if (options.model != SZ_ATTRIBUTION_TIME_DECAY)
		return options;
	options.half_life = DEFAULT_HALF_LIFE;
	if (PG_NARGS() > 4)
		options.half_life =
			sz_interval_usecs(PG_ARGISNULL(4) ? NULL : PG_GETARG_INTERVAL_P(4), "half_life");
	if (options.half_life == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("half_life must not be zero"),
				 errhint("Give an interval such as '7 days'.")));
	return options;
}

/*
 * require_options reports an error if two rows have different options.
 */
static void
require_options(const AttributionOptions *a, const AttributionOptions *b)
{
	if (a->model != b->model || a->half_life != b->half_life)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("model and half_life must be the same for all rows of a group"),
						errhint("Use constants, or add the columns to GROUP BY.")));
}

/*
 * new_state returns a state without touches in cxt.
 */
static AttributionState *
new_state(AttributionOptions options, MemoryContext cxt)
{
	AttributionState *state = MemoryContextAlloc(cxt, sizeof(*state));

	sz_node_log_init(&state->log);
	state->options = options;
	return state;
}

/*
 * sz_attribution_transition adds a row's touch.
 */
Datum
sz_attribution_transition(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	AttributionState *state = PG_ARGISNULL(0) ? NULL : (AttributionState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(2);
		AttributionOptions options = options_argument(fcinfo);

		sz_require_finite(ts);
		if (state == NULL)
			state = new_state(options, cxt);
		require_options(&state->options, &options);
		node_state_add(&state->log, ts, 0, PG_GETARG_TEXT_PP(1), cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_attribution_combine adds the second state's touches to the first.
 */
Datum
sz_attribution_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	AttributionState *state = PG_ARGISNULL(0) ? NULL : (AttributionState *) PG_GETARG_POINTER(0);
	AttributionState *other = PG_ARGISNULL(1) ? NULL : (AttributionState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(other->options, cxt);
		require_options(&state->options, &other->options);
		node_state_merge(&state->log, &other->log, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_attribution_serialize writes a state: the options, then the touches.
 */
Datum
sz_attribution_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	AttributionState *state = (AttributionState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbyte(&buf, (uint8) state->options.model);
	pq_sendint64(&buf, (int64) state->options.half_life);
	node_state_put(&state->log, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_attribution_deserialize reads what sz_attribution_serialize wrote, and rejects all else.
 */
Datum
sz_attribution_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;
	AttributionState *state;
	int model;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(*state));
	model = pq_getmsgbyte(&buf);
	state->options.half_life = (uint64) pq_getmsgint64(&buf);
	if (model >= (int) lengthof(model_names) || state->options.half_life > PG_INT64_MAX ||
		(state->options.half_life == 0) == (model == SZ_ATTRIBUTION_TIME_DECAY))
		sz_check_status(SZ_BAD_STATE);
	state->options.model = (SzAttributionModel) model;
	node_state_get(&state->log, &buf, CurrentMemoryContext);
	if (!node_state_is_named(&state->log))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * share_out returns each channel's share, in the order of their first touches.
 */
static ChannelShare *
share_out(const AttributionState *state, uint32 *nchannels)
{
	const SzNodeLog *log = &state->log;
	uint32 *ids = node_state_number(log, nchannels);
	uint64 *shares = MemoryContextAllocHuge(CurrentMemoryContext, log->count * sizeof(uint64));
	ChannelShare *channels = MemoryContextAllocExtended(
		CurrentMemoryContext, *nchannels * sizeof(*channels), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	sz_attribution_shares(state->options.model, log->nodes, log->count, state->options.half_life,
						  shares);
	for (uint32 i = 0; i < log->count; i++)
	{
		ChannelShare *channel = &channels[ids[i]];

		if (channel->touches++ == 0)
			channel->touch = i;
		channel->share += shares[i];
	}
	pfree(shares);
	pfree(ids);
	return channels;
}

/*
 * channel_row returns a value of type channel_share.
 */
static Datum
channel_row(const SzNodeLog *log, const ChannelShare *channel, TupleDesc columns)
{
	Numeric share = int64_div_fast_to_numeric((int64) channel->share, SZ_SHARE_DIGITS);
	Datum values[3];
	bool nulls[3] = {false};

	values[0] = PointerGetDatum(node_state_name(log, channel->touch));
	values[1] = DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(share));
	values[2] = Int64GetDatum(channel->touches);
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

/*
 * sz_attribution_final returns each channel's share.
 */
Datum
sz_attribution_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	AttributionState *state;
	ChannelShare *channels;
	Oid type;
	TupleDesc columns;
	Datum *rows;
	uint32 n;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (AttributionState *) PG_GETARG_POINTER(0);
	node_state_sort(&state->log, cxt);
	channels = share_out(state, &n);
	type = get_element_type(sz_result_type(fcinfo));
	columns = lookup_rowtype_tupdesc(type, -1);
	rows = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(Datum));
	for (uint32 i = 0; i < n; i++)
		rows[i] = channel_row(&state->log, &channels[i], columns);
	ReleaseTupleDesc(columns);
	pfree(channels);
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, (int) n, type, -1, false, TYPALIGN_DOUBLE));
}
