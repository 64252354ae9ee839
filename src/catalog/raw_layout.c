/*
 * raw_layout.c
 *		Reading the raw table and the star as of one snapshot, while partitions come and go.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/snapmgr.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/raw_layout.h"
#include "compat.h"
#include "spi/statement.h"

/* How often everything is read again because partitions have changed. */
#define MAX_TRIES 3

/*
 * read_layout returns a hash of the raw table's partitions and of their files, as the active
 * snapshot sees them.
 */
static int64
read_layout(const Pipeline *pipeline)
{
	int64 layout = 0;

	(void) extension_bigints(
		"WITH RECURSIVE t (relid, pending) AS (SELECT $1, false UNION ALL "
		"SELECT i.inhrelid, i.inhdetachpending FROM pg_inherits AS i JOIN t ON i.inhparent = "
		"t.relid) SELECT hashtextextended(string_agg(format('%s %s %s', c.oid, c.relfilenode, "
		"t.pending), "
		"',' ORDER BY c.oid), 0) FROM t JOIN pg_class AS c ON c.oid = t.relid",
		SQL_READ_ONLY, SQL_VALUES(SQL_OID(pipeline->source)), &layout, 1);
	return layout;
}

/*
 * layout_now returns the hash of the partitions as of now.
 */
static int64
layout_now(const Pipeline *pipeline)
{
	int64 layout;

	PushActiveSnapshot(GetLatestSnapshot());
	layout = read_layout(pipeline);
	PopActiveSnapshot();
	return layout;
}

/*
 * report_unsettled reports that partitions have changed after the snapshot that must be used.
 */
pg_noreturn static void
report_unsettled(const Pipeline *pipeline)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the raw table of pipeline \"%s\" has changed meanwhile", pipeline->name),
			 errdetail("A partition was attached or detached, or a table emptied or rewritten, "
					   "after the snapshot "
					   "of this transaction, which does not tell of that."),
			 errhint("Try again, in a new transaction.")));
}

/*
 * raw_layout_settled does work in a snapshot that agrees with the partitions that were read.
 */
void
raw_layout_settled(Pipeline *pipeline, void (*work)(Pipeline *pipeline, void *arg), void *arg)
{
	int64 layout = read_layout(pipeline);
	int64 now;

	work(pipeline, arg);
	now = layout_now(pipeline);
	for (int tries = 0; now != layout; tries++)
	{
		if (tries == MAX_TRIES || IsolationUsesXactSnapshot())
			report_unsettled(pipeline);
		PushActiveSnapshot(GetLatestSnapshot());
		layout = read_layout(pipeline);
		work(pipeline_as_seen(pipeline), arg);
		PopActiveSnapshot();
		now = layout_now(pipeline);
	}
}
