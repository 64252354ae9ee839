/*
 * reconcile.c
 *		sessionize.reconcile(name): what has become of every raw row.
 *
 * Each number is counted on its own: raw rows in the raw table, events and duplicates in the facts,
 * quarantined rows in the quarantine, and pending ones as the raw rows there are less those the rebuilds
 * have noted as read when they read them.  So a row lost, or counted twice, anywhere between reading
 * and writing is a difference.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "pipeline/catalog.h"
#include "pipeline/reconcile.h"
#include "pipeline/star.h"
#include "utils/builtins.h"

/* The columns of the result. */
enum
{
	COL_RAW_ROWS,
	COL_EVENTS,
	COL_DUPLICATES,
	COL_QUARANTINED,
	COL_LATE,
	COL_PENDING,
	COL_DIFFERENCE,
	COL_EVENT_DIFFERENCE,
	COL_COUNT
};

/* What the star has. */
typedef struct StarCounts
{
	int64 raw_rows;
	int64 events;
	int64 duplicates;
	int64 quarantined;
	int64 event_rows; /* in fact_event; as events where those are not stored */
} StarCounts;

PG_FUNCTION_INFO_V1(sessionize_reconcile);

/*
 * query_bigints runs a query for one row of bigints, in the active snapshot; false where there is none.
 */
static bool
query_bigints(const char *sql, int64 *numbers, int count)
{
	bool found;
	int result;

	SPI_connect();
	result = SPI_execute(sql, true, 1);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	found = SPI_processed == 1;
	for (int i = 0; found && i < count; i++)
	{
		bool isnull;

		numbers[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
	}
	SPI_finish();
	return found;
}

/*
 * count_star counts what there is, in one snapshot, as the pipeline's owner; raw rows only if asked.
 */
static void
count_star(const Pipeline *pipeline, bool with_raw_rows, StarCounts *counts)
{
	const char *schema = quote_identifier(pipeline->name);
	OwnerScope scope;
	int64 numbers[5];

	owner_scope_enter(&scope, pipeline);
	(void) query_bigints(
		psprintf("SELECT %s, s.events, s.duplicates, "
				 "(SELECT count(*) FROM %s.quarantine), %s FROM (SELECT coalesce(sum(f.events), 0)::bigint "
				 "AS events, "
				 "coalesce(sum(f.duplicates), 0)::bigint AS duplicates FROM %s.fact_session AS f) AS s",
				 with_raw_rows ? psprintf("(SELECT count(*) FROM %s.source)", schema) : "0::bigint", schema,
				 pipeline->store_events ? psprintf("(SELECT count(*) FROM %s.fact_event)", schema)
										: "s.events",
				 schema),
		numbers, lengthof(numbers));
	owner_scope_leave(&scope);
	counts->raw_rows = numbers[0];
	counts->events = numbers[1];
	counts->duplicates = numbers[2];
	counts->quarantined = numbers[3];
	counts->event_rows = numbers[4];
}

/*
 * represented_rows returns how many raw rows the star stands for, as noted when they were read.
 */
static int64
represented_rows(const Pipeline *pipeline)
{
	OwnerScope scope;
	int64 rows = 0;

	extension_scope_enter(&scope);
	(void) query_bigints(
		psprintf("SELECT kept_rows + quarantined_rows FROM sessionize.ledger WHERE pipeline_id = %d",
				 pipeline->id),
		&rows, 1);
	owner_scope_leave(&scope);
	return rows;
}

/*
 * star_difference returns how many of the raw rows the star stands for it does not account for.
 */
static int64
star_difference(const StarCounts *counts, int64 represented)
{
	return represented - counts->events - counts->duplicates - counts->quarantined;
}

/*
 * reconcile_closes tells whether the star's counts are those that were noted.
 */
bool
reconcile_closes(const Pipeline *pipeline)
{
	StarCounts counts;

	count_star(pipeline, false, &counts);
	return star_difference(&counts, represented_rows(pipeline)) == 0 && counts.events == counts.event_rows;
}

/*
 * sessionize_reconcile accounts for every raw row.
 */
Datum
sessionize_reconcile(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline;
	StarCounts counts;
	TupleDesc desc;
	Datum values[COL_COUNT];
	bool isnull[COL_COUNT] = {false};
	int64 represented;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the pipeline's name must not be NULL"),
				 errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	pipeline_check_owner(pipeline);
	star_check(pipeline);
	count_star(pipeline, true, &counts);
	represented = represented_rows(pipeline);
	values[COL_RAW_ROWS] = Int64GetDatum(counts.raw_rows);
	values[COL_EVENTS] = Int64GetDatum(counts.events);
	values[COL_DUPLICATES] = Int64GetDatum(counts.duplicates);
	values[COL_QUARANTINED] = Int64GetDatum(counts.quarantined);
	/* There is no seal, so nothing can be behind it. */
	values[COL_LATE] = Int64GetDatum(0);
	values[COL_PENDING] = Int64GetDatum(counts.raw_rows - represented);
	values[COL_DIFFERENCE] = Int64GetDatum(star_difference(&counts, represented));
	values[COL_EVENT_DIFFERENCE] = Int64GetDatum(counts.events - counts.event_rows);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
