/*
 * rebuild_baseline.c
 *		What a rebuild's snapshot sees in the dirty log and in the notes about a pipeline.
 *
 * A dirty row has no identity of its own.  But the rows of one transaction become visible together,
 * so the xmin values that a snapshot sees identify its rows.  The same holds for failed keys: a key
 * that fails again has a new version of its row.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "capture/capture_intact.h"
#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "dirty/dirty.h"
#include "dirty/failed_keys.h"
#include "dirty/rebuild_need.h"
#include "rebuild/rebuild_baseline.h"
#include "spi/statement.h"

struct RebuildBaseline
{
	Datum transactions; /* xid[] of the writers of the dirty rows seen; 0: none */
	Datum failures;     /* xid[] of the writers of the failed keys seen; 0: none */
	ArrayType *needs;   /* the notes seen that may be forgotten; NULL: none */
};

/*
 * rebuild_baseline_read notes what the active snapshot sees.
 */
RebuildBaseline *
rebuild_baseline_read(const Pipeline *pipeline)
{
	RebuildBaseline *seen = palloc0(sizeof(RebuildBaseline));
	bool isnull;

	if (OidIsValid(dirty_table(pipeline)))
		seen->transactions = sql_value(
			psprintf("SELECT array_agg(t.xmin) FROM (SELECT d.xmin FROM %s GROUP BY 1) AS t",
					 dirty_rows_sql(pipeline)),
			SQL_READ_ONLY, SQL_NO_VALUES, &isnull);
	seen->failures = extension_value(
		"SELECT array_agg(t.xmin) FROM (SELECT e.xmin FROM sessionize.run_error AS e "
		"WHERE e.pipeline_id = $1 GROUP BY 1) AS t",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), &isnull);
	seen->needs = capture_settled_needs(pipeline);
	return seen;
}

/*
 * rebuild_baseline_forget deletes what was seen.
 */
void
rebuild_baseline_forget(const RebuildBaseline *seen, const Pipeline *pipeline, bool resumed)
{
	if (!resumed && seen->transactions != (Datum) 0)
		sql_run(psprintf("DELETE FROM ONLY %s AS d WHERE d.xmin = ANY ($1)",
						 star_relation(pipeline, STAR_DIRTY)),
				SQL_READ_WRITE, SQL_VALUES(SQL_DATUM(XIDARRAYOID, seen->transactions, false)));
	rebuild_need_forget(seen->needs);
	if (resumed)
		(void) failed_keys_retry_all(pipeline);
	else if (seen->failures != (Datum) 0)
		extension_run(
			"DELETE FROM sessionize.run_error AS e WHERE e.pipeline_id = $1 AND e.xmin = ANY ($2)",
			SQL_READ_WRITE,
			SQL_VALUES(SQL_INT4(pipeline->id), SQL_DATUM(XIDARRAYOID, seen->failures, false)));
}
