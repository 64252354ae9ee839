/*
 * ingest_position.c
 *		Up to where each partition of a source was read into an events table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "ingest/ingest_errors.h"
#include "ingest/ingest_position.h"
#include "spi/sql.h"
#include "spi/statement.h"

/* The row of a key, whose parts are $1, $2 and $3. */
#define OF_KEY          "p.events = $1 AND p.source = $2 AND p.partition = $3"
#define KEY_VALUES(key) SQL_OID((key)->events), SQL_TEXT((key)->source), SQL_TEXT((key)->partition)

/* A position as it is stored. */
typedef struct StoredPosition
{
	char *position;
	int64 fence;
} StoredPosition;

/*
 * take_position takes a row of position and fence.
 */
static void
take_position(void *arg, const SqlRow *row)
{
	StoredPosition *stored = arg;

	stored->position = sql_row_text(row, 1);
	stored->fence = sql_row_int8(row, 2);
}

/*
 * position_begin begins to read.
 */
char *
position_begin(const IngestKey *key, int64 *fence)
{
	StoredPosition stored = {.fence = 0};

	extension_visit("INSERT INTO sessionize.ingest_position AS p (events, source, partition) "
					"VALUES ($1, $2, $3) ON CONFLICT (events, source, partition) "
					"DO UPDATE SET fence = p.fence + 1 RETURNING p.position, p.fence",
					SQL_READ_WRITE, SQL_VALUES(KEY_VALUES(key)), take_position, &stored);
	*fence = stored.fence;
	return stored.position;
}

/*
 * report_not_begun reports a partition that nobody has begun to read.
 */
static void
report_not_begun(const IngestKey *key)
{
	ereport(ERROR, (errcode(ERRCODE_INGEST_NOT_BEGUN),
					errmsg("partition \"%s\" of source \"%s\" is not being loaded into %s",
						   key->partition, key->source, sql_qualified_name(key->events)),
					errhint("SELECT * FROM sessionize.ingest_begin(%s, %s, %s); begins.",
							quote_literal_cstr(sql_qualified_name(key->events)),
							quote_literal_cstr(key->source), quote_literal_cstr(key->partition))));
}

/*
 * position_lock locks the position and returns it.
 */
char *
position_lock(const IngestKey *key, int64 fence)
{
	StoredPosition stored;

	if (extension_visit("SELECT p.position, p.fence FROM sessionize.ingest_position AS p "
						"WHERE " OF_KEY " FOR NO KEY UPDATE",
						SQL_READ_WRITE, SQL_VALUES(KEY_VALUES(key)), take_position, &stored) == 0)
		report_not_begun(key);
	if (stored.fence != fence)
		ereport(ERROR,
				(errcode(ERRCODE_INGEST_FENCED),
				 errmsg("another loader has taken over partition \"%s\" of source \"%s\"",
						key->partition, key->source),
				 errdetail("Its fence is " INT64_FORMAT ", and this loader's is " INT64_FORMAT ".",
						   stored.fence, fence),
				 errhint("Only one loader may load a partition: stop this one.")));
	return stored.position;
}

/*
 * position_lock_at locks the position where it is expected.
 */
void
position_lock_at(const IngestKey *key, int64 fence, const char *expected)
{
	const char *position = position_lock(key, fence);

	if ((position == NULL) != (expected == NULL) ||
		(position != NULL && strcmp(position, expected) != 0))
		ereport(ERROR, (errcode(ERRCODE_INGEST_MOVED),
						errmsg("partition \"%s\" of source \"%s\" was read up to another position",
							   key->partition, key->source),
						errdetail("It is %s, not %s.", position == NULL ? "NULL" : position,
								  expected == NULL ? "NULL" : expected),
						errhint("Go on at the position that sessionize.ingest_resume returns.")));
}

/*
 * time_value returns a time as a parameter; NULL where there is none.
 */
static SqlValue
time_value(TimestampTz time)
{
	return TIMESTAMP_IS_NOBEGIN(time) ? SQL_NULL(TIMESTAMPTZOID) : SQL_TIMESTAMPTZ(time);
}

/*
 * position_move moves the position.
 */
void
position_move(const IngestKey *key, const char *next, const IngestCounts *counts)
{
	extension_run("UPDATE sessionize.ingest_position AS p SET position = $4, "
				  "requests = p.requests + $5, decoded = p.decoded + $6, "
				  "rows_decoded = p.rows_decoded + $7, rows_inserted = p.rows_inserted + $8, "
				  "received_at = greatest(p.received_at, $9), moved_at = clock_timestamp() "
				  "WHERE " OF_KEY,
				  SQL_READ_WRITE,
				  SQL_VALUES(KEY_VALUES(key), SQL_TEXT(next), SQL_INT8(counts->requests),
							 SQL_INT8(counts->requests - counts->rejected),
							 SQL_INT8(counts->rows_decoded), SQL_INT8(counts->rows_inserted),
							 time_value(counts->received_at)));
}

/*
 * position_note_retried notes that rejected requests were decoded.
 */
void
position_note_retried(const IngestKey *key, const IngestCounts *counts)
{
	extension_run("UPDATE sessionize.ingest_position AS p SET decoded = p.decoded + $4, "
				  "rows_decoded = p.rows_decoded + $5, rows_inserted = p.rows_inserted + $6 "
				  "WHERE " OF_KEY,
				  SQL_READ_WRITE,
				  SQL_VALUES(KEY_VALUES(key), SQL_INT8(counts->requests - counts->rejected),
							 SQL_INT8(counts->rows_decoded), SQL_INT8(counts->rows_inserted)));
}

/*
 * position_note_gap notes that a part of the source can't be read.
 */
void
position_note_gap(const IngestKey *key, const char *position, const char *next, const char *reason)
{
	extension_run(
		"INSERT INTO sessionize.ingest_gap "
		"(events, source, partition, position, next_position, reason) "
		"VALUES ($1, $2, $3, $4, $5, $6)",
		SQL_READ_WRITE,
		SQL_VALUES(KEY_VALUES(key), SQL_TEXT(position), SQL_TEXT(next), SQL_TEXT(reason)));
}
