/*
 * source_mapping.h
 *		A pipeline's view "source": its columns, their expressions over the raw table, and its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_MAPPING_H
#define SESSIONIZE_SOURCE_MAPPING_H

#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "storage/itemptr.h"

#include "catalog/pipeline.h"

/* A row of the view; what is pointed to lives until the visitor returns. */
typedef struct SourceRow
{
	Datum values[SRC_NCOLUMNS];
	bool isnull[SRC_NCOLUMNS];
	Oid raw_table;
	ItemPointerData raw_ctid; /* invalid where the row has no place of its own */
	const char *error;        /* why an expression failed; its column and perhaps others are NULL then */
	bool is_sealed; /* a row of the table "sealed", which has the view's columns, and its place there */
} SourceRow;

typedef void (*SourceRowVisitor)(void *arg, const SourceRow *row);

/* The mapping of a pipeline's columns, as its view has it. */
typedef struct SourceMapping
{
	List *targets;                /* the view's TargetEntries, in its order */
	bool is_mapped[SRC_NCOLUMNS]; /* false: NULL in every row */
	Index varno;                  /* of the raw table in them */
	bool is_parallel_safe;        /* they are */
} SourceMapping;

/*
 * Note the row's place, from the query's columns tableoid, which is this one, and ctid, which comes next.  Rows of
 * a foreign partition may have none.
 */
extern void source_row_place(SourceRow *row, const TupleTableSlot *slot, int column);

/* The name of a column of the view. */
extern const char *source_column_name(SourceColumn column);

/* The column that gives an event's time, before other clocks are asked: occurred_at, or received_at where that is not mapped. */
extern SourceColumn source_time_column(const SourceMapping *mapping);

/* Read the view's definition, into CurrentMemoryContext. */
extern SourceMapping *source_mapping(const Pipeline *pipeline);

/* The same, but NULL where there is no view, or another than create_pipeline made. */
extern SourceMapping *source_mapping_find(const Pipeline *pipeline);

/* Set is_mapped, as the targets say. */
extern void source_mapping_find_mapped(SourceMapping *mapping);

/* The column of the raw table that a column of the view is, at most seen as another type or collation; 0 where it is none. */
extern AttrNumber source_plain_column(const SourceMapping *mapping, SourceColumn column);

#endif /* SESSIONIZE_SOURCE_MAPPING_H */
