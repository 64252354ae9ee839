/*
 * session_array.c
 *		Islands as a value of type session[].
 *
 * All sessions have the same header and three columns that are eight bytes each and never NULL, so an
 * array of them is the header of the first copied over and over.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "functions/session_array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#define SESSION_COLUMNS 3

/* The columns of a session, as they lie in a tuple. */
typedef struct SessionColumns
{
	TimestampTz started_at;
	TimestampTz ended_at;
	int64 events;
} SessionColumns;

/*
 * session_template_create prepares to make values of the composite type.
 */
SessionTemplate *
session_template_create(Oid type, MemoryContext cxt)
{
	static const Oid expected[SESSION_COLUMNS] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};
	SessionTemplate *template;
	MemoryContext old = MemoryContextSwitchTo(cxt);
	TupleDesc desc = lookup_rowtype_tupdesc(type, -1);
	Datum values[SESSION_COLUMNS] = {0};
	bool nulls[SESSION_COLUMNS] = {false};
	HeapTuple tuple;

	if (desc->natts != SESSION_COLUMNS)
		elog(ERROR, "type session has %d columns", desc->natts);
	for (int i = 0; i < SESSION_COLUMNS; i++)
	{
		if (TupleDescAttr(desc, i)->atttypid != expected[i])
			elog(ERROR, "column %d of type session has an unexpected type", i + 1);
	}
	tuple = heap_form_tuple(desc, values, nulls);
	ReleaseTupleDesc(desc);

	template = palloc(sizeof(*template));
	template->type = type;
	template->length = tuple->t_len;
	template->data = tuple->t_data->t_hoff;
	template->header = tuple->t_data;
	if (template->length != template->data + sizeof(SessionColumns) ||
		template->length != MAXALIGN(template->length))
		elog(ERROR, "a value of type session has an unexpected size");
	MemoryContextSwitchTo(old);
	return template;
}

/*
 * session_array returns the islands as an array of sessions.
 */
ArrayType *
session_array(const SessionTemplate *template, const SzInterval *items, uint32 count)
{
	Size overhead = ARR_OVERHEAD_NONULLS(1);
	Size size;
	ArrayType *array;
	char *out;

	if (count > (MaxAllocSize - overhead) / template->length)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("an array of %u sessions is too large", count),
						errhint("Group by the session key, or use session_count or session_table.")));
	size = overhead + count * template->length;
	array = palloc(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = template->type;
	ARR_DIMS(array)[0] = (int) count;
	ARR_LBOUND(array)[0] = 1;

	out = ARR_DATA_PTR(array);
	for (uint32 i = 0; i < count; i++, out += template->length)
	{
		SessionColumns *columns = (SessionColumns *) (out + template->data);

		memcpy(out, template->header, template->data);
		columns->started_at = items[i].start;
		columns->ended_at = items[i].end;
		columns->events = items[i].events;
	}
	return array;
}
