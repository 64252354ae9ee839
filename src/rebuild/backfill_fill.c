/*
 * backfill_fill.c
 *		Which session keys there are, and when each had its last event.
 *
 * The raw rows are read once, for their keys and clocks alone.  Keys are collected in memory up to
 * a budget, then spilled to a tuplestore.  The rest is SQL: the entries of each key are merged,
 * keys that only the star has are added, and all are sorted by the time of their last event.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "dirty/backfill.h"
#include "dirty/dirty_key.h"
#include "rebuild/backfill_fill.h"
#include "source/row_validate.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "source/source_read_safe.h"
#include "source/source_reader.h"
#include "spi/rows_kept.h"
#include "spi/sql.h"
#include "spi/sql_rows.h"
#include "spi/statement.h"
#include "utils/key_hash.h"
#include "utils/pass_limit.h"
#include "utils/subtransaction.h"

/* The name by which the statement reads the tuplestore. */
#define RAW_KEYS "raw_keys"

/* The cost of a key apart from its rows, as a number of raw rows. */
#define KEY_WEIGHT 4

/* The budget is checked, and progress called, once in so many rows. */
#define PROGRESS_ROWS 4096

/* What is known of a key. */
typedef struct KeySpan
{
	TimestampTz last; /* DT_NOBEGIN: none of its rows has a time */
	int64 rows;
} KeySpan;

typedef struct Fill
{
	const Pipeline *pipeline;
	const SourceMapping *mapping; /* of the session key, the clocks and the filter alone */
	KeyType type;
	MemoryContext context; /* of the keys in memory */
	KeyHash keys;
	Size budget;
	TupleDesc desc;
	Tuplestorestate *aside;
	int64 raw_rows;
	int64 filtered;
	void (*progress)(void *arg, int64 rows_read);
	void *arg;
} Fill;

/*
 * begin_keys forgets the keys in memory.
 */
static void
begin_keys(Fill *fill)
{
	MemoryContextReset(fill->context);
	key_hash_init(&fill->keys, &fill->type, sizeof(KeySpan), fill->context);
}

/*
 * put_aside adds what is known of a key to the tuplestore.
 */
static void
put_aside(Fill *fill, Datum key, bool isnull, const KeySpan *span)
{
	Datum values[] = {key, TimestampTzGetDatum(span->last), Int64GetDatum(span->rows)};
	bool nulls[] = {isnull, false, false};

	tuplestore_putvalues(fill->aside, fill->desc, values, nulls);
}

/*
 * put_keys_aside moves the keys in memory to the tuplestore.
 */
static void
put_keys_aside(Fill *fill)
{
	for (uint32 i = 0; i < fill->keys.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&fill->keys, i);

		put_aside(fill, entry->key, false, key_hash_payload(entry));
	}
	begin_keys(fill);
}

/*
 * count_row counts a raw row, and spills the keys if they exceed the budget.
 */
static void
count_row(Fill *fill)
{
	pass_progress();
	if (++fill->raw_rows % PROGRESS_ROWS != 0)
		return;
	fill->progress(fill->arg, fill->raw_rows);
	if (MemoryContextMemAllocated(fill->context, false) > fill->budget)
		put_keys_aside(fill);
}

/*
 * take_row adds a row to the span of its key.  Rows without a key, or filtered, are left out.
 */
static void
take_row(void *arg, const SourceRow *row)
{
	Fill *fill = arg;
	TimestampTz time;
	KeySpan *span;
	bool found;

	count_row(fill);
	fill->filtered += row->is_filtered;
	if (row->is_filtered || row->isnull[SRC_SESSION_KEY])
		return;
	span = key_hash_add(&fill->keys, key_type_pack(&fill->type, row->values[SRC_SESSION_KEY]),
						false, &found);
	if (!found)
		*span = (KeySpan){DT_NOBEGIN, 0};
	span->rows++;
	if (SZ_TIME_IS_VALID(row_event_time(row, &fill->pipeline->clock, &time)))
		span->last = Max(span->last, time);
}

/*
 * read_rows reads the raw rows fast, with an error if an expression of the view fails on one.
 */
static void
read_rows(void *arg)
{
	Fill *fill = arg;

	source_read(fill->pipeline, fill->mapping, NULL, take_row, fill);
}

/*
 * read_keys puts all keys of the raw rows and the sealed rows into the tuplestore.
 */
static void
read_keys(Fill *fill)
{
	if (!try_in_subtransaction(read_rows, fill, NULL))
	{
		tuplestore_clear(fill->aside);
		begin_keys(fill);
		fill->raw_rows = fill->filtered = 0;
		source_read_safe(fill->pipeline, fill->mapping, NULL, take_row, fill);
	}
	fill->progress(fill->arg, fill->raw_rows);
	if (fill->pipeline->has_seal)
	{
		int64 raw_rows = fill->raw_rows;

		sealed_rows_read(fill->pipeline, NULL, take_row, fill);
		fill->raw_rows = raw_rows;
	}
	put_keys_aside(fill);
	/* the rows without a key are the last ones to be done */
	put_aside(fill, (Datum) 0, true, &(KeySpan){DT_NOBEGIN, 0});
}

/*
 * narrow_mapping returns the pipeline's mapping reduced to the session key, the clocks and the
 * filter.
 */
static SourceMapping *
narrow_mapping(const Pipeline *pipeline)
{
	SourceMapping *mapping = source_mapping(pipeline);

	for (int column = 0; column < mapping->ncolumns; column++)
		if (column != SRC_SESSION_KEY && column != SRC_OCCURRED_AT && column != SRC_SENT_AT &&
			column != SRC_RECEIVED_AT && column != SRC_FILTER)
			mapping->is_mapped[column] = false;
	return mapping;
}

/*
 * aside_desc describes the rows of the tuplestore.
 */
static TupleDesc
aside_desc(const Pipeline *pipeline)
{
	Oid type = pipeline->types[SRC_SESSION_KEY];
	TupleDesc desc = CreateTemplateTupleDesc(3);

	TupleDescInitEntry(desc, 1, "session_key", type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(desc, 1, C_COLLATION_OID);
	TupleDescInitEntry(desc, 2, "last_at", TIMESTAMPTZOID, -1, 0);
	TupleDescInitEntry(desc, 3, "weight", INT8OID, -1, 0);
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * begin_fill prepares to read.
 */
static void
begin_fill(Fill *fill)
{
	Oid type = fill->pipeline->types[SRC_SESSION_KEY];

	fill->mapping = narrow_mapping(fill->pipeline);
	key_type_init_id(&fill->type, type);
	fill->context = AllocSetContextCreate(CurrentMemoryContext, "sessionize keys to rebuild",
										  ALLOCSET_DEFAULT_SIZES);
	begin_keys(fill);
	fill->desc = aside_desc(fill->pipeline);
	/* created outside the subtransaction that fills it, so it outlives a failure of that */
	fill->aside = tuplestore_begin_heap(true, false, maintenance_work_mem / 8);
}

/*
 * stored_keys_sql returns the part of a query that selects the keys of all rows of the star, since
 * their raw rows may be gone.
 */
static char *
stored_keys_sql(const Pipeline *pipeline)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_IS_DERIVED) && OidIsValid(star_relation_oid(pipeline, i)))
			appendStringInfo(&sql,
							 " UNION ALL SELECT s.session_key, %s, 0::bigint FROM ONLY %s AS s "
							 "WHERE s.session_key" SQL_IS_NOT_NULL,
							 star_relations[i].last_time ? star_relations[i].last_time
														 : "'-infinity'::timestamptz",
							 star_relation(pipeline, i));
	return sql.data;
}

/*
 * write_keys sorts the keys, writes them to the table, and returns into how many pieces they are
 * cut.
 */
static int
write_keys(const Fill *fill, bool stale, int64 piece_rows)
{
	NamedRows named = {RAW_KEYS, fill->desc, fill->aside};
	int64 numbers[3];
	char *sql = psprintf(
		"WITH k AS MATERIALIZED (SELECT dense_rank() OVER (ORDER BY p.part) - 1 AS piece, "
		"p.session_key, "
		"p.last_at FROM (SELECT div(sum(g.weight + %d) OVER (ORDER BY g.last_at DESC ROWS "
		"UNBOUNDED PRECEDING), " INT64_FORMAT ") AS part, g.session_key, g.last_at "
		"FROM (SELECT u.session_key, max(u.last_at) AS last_at, sum(u.weight) AS weight FROM "
		"(SELECT r.session_key, r.last_at, r.weight FROM " RAW_KEYS " AS r%s) AS u "
		"GROUP BY u.session_key) AS g) AS p), "
		"i AS (INSERT INTO %s (piece, session_key, last_at, stale) "
		"SELECT k.piece::int, k.session_key, k.last_at, %s FROM k RETURNING 1) "
		"SELECT (SELECT count(*) FROM k), (SELECT count(*) FROM i), (SELECT max(k.piece) + 1 FROM "
		"k)",
		KEY_WEIGHT, Max(piece_rows, 1), stored_keys_sql(fill->pipeline),
		star_relation(fill->pipeline, STAR_BACKFILL), stale ? "true" : "false");

	SPI_connect();
	sql_register_rows(&named);
	if (!sql_bigints_connected(sql, SQL_READ_WRITE, numbers, lengthof(numbers)))
		elog(ERROR, "could not write the keys to rebuild");
	SPI_finish();
	if (numbers[0] != numbers[1])
		report_rows_not_written(star_relation(fill->pipeline, STAR_BACKFILL));
	return (int) numbers[2];
}

/*
 * backfill_fill fills the table with all keys.
 */
BackfillCounts
backfill_fill(const Pipeline *pipeline, bool stale, int64 piece_rows, Size budget,
			  void (*progress)(void *arg, int64 rows_read), void *arg)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize backfill", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Fill fill = {.pipeline = pipeline, .budget = budget, .progress = progress, .arg = arg};
	BackfillCounts counts;

	begin_fill(&fill);
	read_keys(&fill);
	counts.raw_rows = fill.raw_rows;
	counts.filtered = fill.filtered;
	counts.pieces = write_keys(&fill, stale, piece_rows);
	tuplestore_end(fill.aside);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return counts;
}
