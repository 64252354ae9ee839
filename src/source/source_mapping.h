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

struct RawScan;

/* A row of the view. What it points to is valid until the visitor returns. */
typedef struct SourceRow
{
	Datum values[SRC_MAX_COLUMNS];
	bool isnull[SRC_MAX_COLUMNS];
	Oid raw_table;
	ItemPointerData raw_ctid; /* invalid if the row has no place of its own */
	struct RawScan *scan;     /* the scan that is at the raw row (raw_scan.h); NULL: none is */
	const char *error;        /* an expression's error; its column and others may be NULL then */
	bool is_sealed;           /* a row of the table "sealed"; the place is in this table */
	bool is_filtered;         /* the filter is not true for it; its columns are not to be read */
} SourceRow;

typedef void (*SourceRowVisitor)(void *arg, const SourceRow *row);

/* The mapping of a pipeline's columns: the definition of its view. */
typedef struct SourceMapping
{
	List *targets; /* the view's TargetEntries, in order */
	int ncolumns;
	bool
		is_mapped[SRC_MAX_COLUMNS]; /* false: the column is NULL in every row, or the filter true */
	Index varno;                    /* the raw table's range table index in the targets */
	bool is_parallel_safe;          /* the targets are parallel safe */
	bool is_tried;                  /* the targets are not those of the view */
} SourceMapping;

/* What a preview reads in place of the view "source". */
typedef struct TriedSource
{
	const Pipeline *present; /* the pipeline as it is: with this view */
	List *targets;           /* TargetEntries as those of a view; the raw table has index 1 */
	/* for each column the SQL of its value in a row "s" of the table "sealed" */
	const char *sealed[SRC_MAX_COLUMNS];
} TriedSource;

/*
 * Whether the filter's value in a row, of a mapping with a filter, is not true.
 */
static inline bool
source_row_fails(const SourceRow *row)
{
	return row->isnull[SRC_FILTER] || !DatumGetBool(row->values[SRC_FILTER]);
}

/*
 * Set the row's place from columns "column" (tableoid) and "column" + 1 (ctid) of a query. Rows of
 * a foreign partition may have no place.
 */
extern void source_row_place(SourceRow *row, const TupleTableSlot *slot, int column);

/* The name of a column of the view. */
extern const char *source_column_name(const Pipeline *pipeline, SourceColumn column);

/* The expression of a column over the raw table. */
extern Node *source_expression(const SourceMapping *mapping, SourceColumn column);

/*
 * The column with a row's own time, before other clocks are considered: occurred_at, or received_at
 * if occurred_at is not mapped.
 */
extern SourceColumn source_time_column(const SourceMapping *mapping);

/*
 * Read the view's definition, into CurrentMemoryContext; an error if the view was changed. The lock
 * on the view is kept.
 */
extern SourceMapping *source_mapping(const Pipeline *pipeline);

/* Like source_mapping, but NULL if the view is gone or was changed. */
extern SourceMapping *source_mapping_find(const Pipeline *pipeline);

/* Set is_mapped from the targets. */
extern void source_mapping_find_mapped(SourceMapping *mapping);

/*
 * The column of the raw table that a column of the view is mapped to, perhaps with another type or
 * collation; 0 if it is an expression.
 */
extern AttrNumber source_plain_column(const SourceMapping *mapping, SourceColumn column);

#endif /* SESSIONIZE_SOURCE_MAPPING_H */
