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

/* The alias of the raw table in the expressions of the view "source". */
#define MAPPING_ALIAS "t"

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
 * The mapping that a pipeline's view "source" has; given has the texts as the catalog has them.  An
 * expression is the view's, without the collation that the view adds, over range table index 1.
 */
extern Mapping *
mapping_present(const Pipeline *pipeline, Relation raw, const char *const given[SRC_NCOLUMNS]);

/* Map a column to another expression; by an empty text, to nothing. */
extern void mapping_set(Mapping *mapping, Relation raw, SourceColumn column, const char *text);

/*
 * Like mapping_set, but the text is read under pinned settings, whatever the user's are.
 * mapping_read maps all columns in this way: NULL is nothing, and page views that are told by
 * default are told so again.
 */
extern void
mapping_set_pinned(Mapping *mapping, Relation raw, SourceColumn column, const char *text);
extern Mapping *mapping_read(Relation raw, const char *const texts[SRC_NCOLUMNS]);

/*
 * Whether page views are told as they are unless the user says how, which depends on the columns
 * that are mapped; have them told so.
 */
extern bool mapping_has_default_page_view(const Mapping *mapping);
extern void mapping_set_default_page_view(Mapping *mapping);

/* The name of the argument that maps a column. */
extern const char *mapping_argument(SourceColumn column);

/*
 * Tell the user, by a NOTICE, of a zone that was taken by its name although the raw table has a
 * column of this name: only of names such as zone1, which by accident are zones.
 */
extern void mapping_note_zone(Relation raw, SourceColumn column, const char *zone);

/* The query of the view "source". */
extern char *mapping_view_query(const Mapping *mapping, Relation raw);

#endif /* SESSIONIZE_MAPPING_H */
