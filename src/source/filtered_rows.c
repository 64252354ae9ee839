/*
 * filtered_rows.c
 *		How many raw rows a pipeline's filter leaves out.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "source/filtered_rows.h"
#include "source/source_read_safe.h"
#include "source/source_reader.h"
#include "utils/pass_limit.h"
#include "utils/subtransaction.h"

typedef struct Counting
{
	const Pipeline *pipeline;
	SourceMapping mapping; /* of the filter alone */
	const KeyRelation *keys;
	int64 filtered;
} Counting;

/*
 * count_row counts a row that is filtered.
 */
static void
count_row(void *arg, const SourceRow *row)
{
	pass_progress();
	((Counting *) arg)->filtered += row->is_filtered;
}

/*
 * count_fast counts the rows; it fails if the filter fails on one.
 */
static void
count_fast(void *arg)
{
	Counting *counting = arg;

	source_read(counting->pipeline, &counting->mapping, counting->keys, count_row, counting);
}

/*
 * filtered_rows counts the rows that are filtered.
 */
int64
filtered_rows(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys)
{
	Counting counting = {.pipeline = pipeline, .mapping = *mapping, .keys = keys};

	if (!mapping->is_mapped[SRC_FILTER])
		return 0;
	for (int column = 0; column < mapping->ncolumns; column++)
		counting.mapping.is_mapped[column] = column == SRC_FILTER;
	if (!try_in_subtransaction(count_fast, &counting, NULL))
	{
		counting.filtered = 0;
		source_read_safe(pipeline, &counting.mapping, keys, count_row, &counting);
	}
	return counting.filtered;
}
