/*
 * session_array.c
 *		Islands as a value of type session[].
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "functions/session_array.h"

/*
 * session_template_create prepares to make sessions.
 */
RowTemplate *
session_template_create(Oid type, MemoryContext cxt)
{
	static const Oid columns[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};

	return row_template_create(type, columns, lengthof(columns), cxt);
}

/*
 * session_array returns islands as an array of sessions.
 */
ArrayType *
session_array(const RowTemplate *template, const SzInterval *items, uint32 count)
{
	ArrayType *array;

	if (count > row_array_limit(template))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an array of %u sessions is too large", count),
				 errhint("Group by the session key, or use session_count or session_table.")));
	array = row_array_create(template, count);
	for (uint32 i = 0; i < count; i++)
	{
		int64 *columns = row_array_columns(template, array, i);

		columns[0] = items[i].start;
		columns[1] = items[i].end;
		columns[2] = items[i].events;
	}
	return array;
}
