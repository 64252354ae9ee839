/*
 * mapping.h
 *		Maps the columns and expressions of a raw table to the columns of the view "source".
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
	const char *text; /* the user's or the default expression; NULL: not mapped */
	Node *expression; /* text, parsed; NULL: not mapped, or a default page_view */
	Node *value;      /* expression, converted to the type; NULL: as expression */
	Oid type;         /* of the column of the view */
	const char *sql;  /* expression of the view; columns have the prefix MAPPING_ALIAS */
} MappedColumn;

typedef struct Mapping
{
	MappedColumn columns[SRC_NCOLUMNS];
} Mapping;

/*
 * Build the mapping from the texts of the arguments.  For a NULL the column has its default, if the
 * raw table has the column for it; for an empty text the column is not mapped.
 */
extern Mapping *mapping_build(Relation raw, const char *const arguments[SRC_NCOLUMNS]);

/*
 * Parse the expression of a filter and convert it to boolean; an empty text, like NULL, is the
 * filter that every row passes.
 */
extern Node *mapping_filter(Relation raw, const char *text);

/* The query of the view "source". */
extern char *mapping_view_query(const Mapping *mapping, Relation raw);

#endif /* SESSIONIZE_MAPPING_H */
