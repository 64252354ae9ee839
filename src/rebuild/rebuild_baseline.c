/*
 * rebuild_baseline.c
 *		What a rebuild's snapshot has seen of the news of a pipeline.
 *
 * A dirty row has no identity of its own.  But the rows of one transaction become visible together, so the
 * transactions that a snapshot saw are enough to know its rows by.  So are those of failed keys: one that fails again
 * is another version of its row.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "capture/capture_intact.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "dirty/dirty.h"
#include "dirty/rebuild_need.h"
#include "rebuild/rebuild_baseline.h"
#include "spi/scope.h"

struct RebuildBaseline
{
	Datum transactions; /* xid[] of those that wrote the dirty rows seen; 0: none */
	Datum failures;     /* xid[] of those that wrote the failed keys seen; 0: none */
	ArrayType *needs;   /* the notes seen that may be forgotten; NULL: none */
};

/*
 * read_array returns the only value of a query, an array, in the given context; 0 for NULL.
 */
static Datum
read_array(const char *sql, MemoryContext context)
{
	Datum array;
	bool isnull;

	SPI_connect();
	if (SPI_execute(sql, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read what a pipeline has to do");
	array = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		array = (Datum) 0;
	else
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		array = datumCopy(array, false, -1);
		MemoryContextSwitchTo(caller);
	}
	SPI_finish();
	return array;
}

/*
 * rebuild_baseline_read notes what the active snapshot sees.
 */
RebuildBaseline *
rebuild_baseline_read(const Pipeline *pipeline)
{
	MemoryContext context = CurrentMemoryContext;
	RebuildBaseline *seen = palloc0(sizeof(RebuildBaseline));
	OwnerScope scope;

	if (OidIsValid(dirty_table(pipeline)))
		seen->transactions =
			read_array(psprintf("SELECT array_agg(t.xmin) FROM (SELECT d.xmin FROM %s GROUP BY 1) AS t",
								dirty_rows_sql(pipeline)),
					   context);
	extension_scope_enter(&scope);
	seen->failures =
		read_array(psprintf("SELECT array_agg(t.xmin) FROM (SELECT e.xmin FROM sessionize.run_error AS e "
							"WHERE e.pipeline_id = %d GROUP BY 1) AS t",
							pipeline->id),
				   context);
	owner_scope_leave(&scope);
	seen->needs = capture_settled_needs(pipeline);
	return seen;
}

/*
 * delete_any runs a DELETE with an array as its parameter.
 */
static void
delete_any(const char *sql, Oid type, Datum array)
{
	SPI_connect();
	if (SPI_execute_with_args(sql, 1, &type, &array, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not delete what a pipeline had to do");
	SPI_finish();
}

/*
 * rebuild_baseline_forget deletes what was seen.
 */
void
rebuild_baseline_forget(const RebuildBaseline *seen, const Pipeline *pipeline, bool dirty_rows)
{
	OwnerScope scope;

	if (dirty_rows && seen->transactions != (Datum) 0)
		delete_any(
			psprintf("DELETE FROM ONLY %s AS d WHERE d.xmin = ANY ($1)", star_relation(pipeline, STAR_DIRTY)),
			XIDARRAYOID, seen->transactions);
	rebuild_need_forget(seen->needs);
	if (seen->failures == (Datum) 0)
		return;
	extension_scope_enter(&scope);
	delete_any(
		psprintf("DELETE FROM sessionize.run_error AS e WHERE e.pipeline_id = %d AND e.xmin = ANY ($1)",
				 pipeline->id),
		XIDARRAYOID, seen->failures);
	owner_scope_leave(&scope);
}
