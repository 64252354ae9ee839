/*
 * mapping.h
 *		Which of a raw table's columns and expressions make each of a pipeline's columns.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MAPPING_H
#define SESSIONIZE_MAPPING_H

#include "nodes/primnodes.h"
#include "utils/rel.h"

#include "catalog/pipeline.h"

typedef struct MappedColumn
{
	const char *text; /* what it is taken from, given or by default; NULL where it is not mapped */
	Node *expression; /* that as a tree; NULL where it is not mapped or is not the user's to write */
	Oid type;         /* of the view's column */
	char *sql;        /* the view's expression, columns prefixed by MAPPING_ALIAS */
} MappedColumn;

typedef struct Mapping
{
	MappedColumn columns[SRC_NCOLUMNS];
} Mapping;

/* The name of create_pipeline's argument that maps a column. */
extern const char *mapping_argname(SourceColumn column);

/*
 * Build the mapping from the arguments: a NULL one takes the column of the standard name where the raw
 * table has it, an empty one leaves the column out.
 */
extern Mapping *mapping_build(Relation raw, const char *const arguments[SRC_NCOLUMNS]);

/* The query of the view "source". */
extern char *mapping_view_query(const Mapping *mapping, Relation raw);

#endif /* SESSIONIZE_MAPPING_H */
