/*
 * quarantine_writer.c
 *		Brings the table quarantine up to date.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/executor.h"

#include "apply/quarantine_writer.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "derive/derive.h"
#include "star/star.h"
#include "star/star_read.h"
#include "star/stored_rows.h"
#include "utils/pass_limit.h"

/*
 * end_request frees what a request was about.
 */
static void
end_request(const QuarantineRequest *request, TupleTableSlot *slot)
{
	ExecDropSingleTupleTableSlot(slot);
	derive_quarantine_end(request->derivation);
	stored_rows_free(request->stored);
}

/*
 * quarantine_write replaces the stored rows by those of a derivation.
 */
int64
quarantine_write(MemoryContext parent, const QuarantineRequest *request, WriteCounts *counts)
{
	const StarTable *table = star_table(request->pipeline, STAR_QUARANTINE);
	const StaleKeys *left_out = request->left_out;
	TupleDesc desc;
	Tuplestorestate *rows = derive_quarantine(request->derivation, &desc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	int64 put = 0;
	TableWriter *writer;

	if (tuplestore_tuple_count(rows) == 0 && stored_rows_count(request->stored, 0) == 0)
	{
		end_request(request, slot);
		return 0;
	}
	writer = table_writer_begin(parent, request->pipeline, table, request->stored, 0,
								star_sequence(request->pipeline, table), NULL, request->budget);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		Datum values[ROW_MAX_WIDTH];
		bool isnull[ROW_MAX_WIDTH];

		pass_progress();
		slot_getallattrs(slot);
		if (left_out != NULL && stale_keys_has(left_out, slot->tts_values[table->session_key],
											   slot->tts_isnull[table->session_key]))
			continue;
		put++;
		memcpy(values, slot->tts_values, table->ncolumns * sizeof(Datum));
		memcpy(isnull, slot->tts_isnull, table->ncolumns * sizeof(bool));
		(void) table_writer_put(writer, values, isnull);
	}
	table_writer_flush(writer);
	table_writer_end(writer, counts);
	end_request(request, slot);
	return put;
}
