/*
 * star.h
 *		The star's tables: their columns, what identifies a row, and how a derived row becomes a row of theirs.
 *
 * The arrays of star.c are the only list of columns there is.  DDL, comments, views, live views, verify(), the
 * writer, and the check that a table is as it was made loop over them.  So a column of fact_session is added in
 * two places: the field of DerivedSession that a derivation fills, and the entry in star.c that names it.
 *
 * Columns are in an order of our own, those that identify a row first, and are found in the table by name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_H
#define SESSIONIZE_STAR_H

#include "storage/lockdefs.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "star/star_field.h"
#include "utils/rowset.h"

/* The dimension that a column's surrogate key leads to. */
typedef enum StarDimensionId
{
	DIMENSION_NONE,
	DIMENSION_DATE,
	DIMENSION_USER, /* a version of the key's user */
	DIMENSION_PAGE,
	DIMENSION_EVENT,
	DIMENSION_COUNT
} StarDimensionId;

typedef struct StarDimension
{
	StarRelationId relation;
	const char *key;    /* the column of the surrogate key */
	const char *member; /* the column by which people know a member */
	Oid type;           /* of that */
	bool is_dictionary; /* a member is one text, which gets its surrogate key when it is first met */
} StarDimension;

extern const StarDimension star_dimensions[DIMENSION_COUNT];

typedef struct StarColumn
{
	const char *name;
	Oid type;               /* InvalidOid: that of a column of the source */
	SourceColumn source;    /* which one */
	const char *definition; /* what follows the type in CREATE TABLE; NULL: nothing */
	const char *comment;    /* NULL: none */
	StarField field;        /* of a derived row; with a dimension its natural key: a time, or a text */
	StarDimensionId dimension;
	const char *natural; /* with a dictionary: the column's name when it has the text in place of the key */
	const char *sql;     /* what it is read from, over the table's row "f" and its joins; NULL: f.name */
	int place;           /* columns are created in the order of their places, then of the array */
	bool is_prose;       /* a text of the database's collation, not of "C" */
} StarColumn;

typedef struct StarTable
{
	StarRelationId relation;
	const char *surrogate; /* the identity column that numbers its rows for facts to refer to; else NULL */
	const StarColumn *columns;
	int ncolumns;      /* whose values are written */
	int ndefault;      /* so many more columns follow, which have a default */
	bool by_alignment; /* columns are created in the order of their types' alignment */
	bool is_unlogged;
	const char *constraint; /* of the table; NULL: none */
	const char *options;    /* storage parameters; NULL: none */
	const char
		*member_zero; /* columns and values of the member "unknown" of a dimension; NULL: there is none */

	/* how its rows are told apart, read and compared; not of tables that no derivation gives rows for */
	int identity;       /* the first so many columns identify a row */
	int session_key;    /* which column has it */
	bool in_pieces;     /* rows belong to the piece of their session key; else all to piece 0 */
	int budget_share;   /* how many quarters of the memory for stored rows it gets */
	const char *time;   /* the column by which a part of a key is meant; NULL: never only a part */
	const char *since;  /* the column of KEY_WINDOWS that it begins with */
	const char *moment; /* the column that says when a row happened; NULL: none */
	const char *extra;  /* SQL of the bigint carried along with a row; NULL: 0 */
	const char *joins;  /* SQL after "FROM table AS f", as for star_sql(); NULL: none */
	const char *where;  /* SQL of a condition; NULL: all rows */
	bool has_aliases;   /* ids that go are noted in session_alias */
} StarTable;

/* After a table's columns a row carries: */
#define ROW_EXTRA(table) ((table)->ncolumns)     /* bigint: see there */
#define ROW_AT(table)    ((table)->ncolumns + 1) /* tid: where the row lies */
#define ROW_XMIN(table)  ((table)->ncolumns + 2) /* xid: with the tid, which version of which row it is */
#define ROW_WIDTH(table) ((table)->ncolumns + 3)
#define ROW_MAX_WIDTH    32

/* The table of a relation, NULL for views and for tables that are made otherwise. */
extern const StarTable *star_table(StarRelationId relation);

/* Whether the table numbers its rows by the column. */
extern bool star_column_is_identity(const StarColumn *column);

/* The type of a column. */
extern Oid star_column_type(const StarColumn *column, const Pipeline *pipeline);

/* A view over a fact with its dimensions. */
typedef struct StarViewColumn
{
	const char *name;
	int column;          /* of the fact's; with a dimension its member is shown; -1: another value */
	const char *sql;     /* that value over "@.", the view's row, and "#", the gap; or over the join */
	bool is_computed;    /* of other columns of the view: nobody stores or derives it */
	StarField field;     /* else where a derived row has it */
	Oid type;            /* and its type */
	const char *comment; /* NULL: none */
} StarViewColumn;

typedef struct StarView
{
	StarRelationId relation;
	StarRelationId live; /* the view's live form */
	StarRelationId fact;
	const char *function; /* that derives the live rows of a session key */
	const StarViewColumn *columns;
	int ncolumns;
	const char *join; /* one more join of the fact "f", as for star_sql(); NULL: none */
} StarView;

typedef enum StarViewId
{
	VIEW_SESSIONS,
	VIEW_EVENTS,
	VIEW_COUNT
} StarViewId;

extern const StarView star_views[VIEW_COUNT];

/* The rows, raw or sealed, that some of the star stands for by its own account. */
typedef struct StarRows
{
	int64 kept; /* by the facts */
	int64 late;
	int64 quarantined;
} StarRows;

/* The shape of a table's rows, in CurrentMemoryContext. */
extern RowShape *star_row_shape(const StarTable *table, const Pipeline *pipeline);

/* "schema.table", quoted. */
extern char *star_table_name(const StarTable *table, const Pipeline *pipeline);

#endif /* SESSIONIZE_STAR_H */
