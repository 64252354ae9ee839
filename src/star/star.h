/*
 * star.h
 *		The star's tables: their columns, what identifies a row, and how a derived row becomes a row
 *		of the table.
 *
 * The arrays of star.c are the only list of columns.  DDL, comments, views, live views, verify(),
 * the writer, and the check that a table is as it was made loop over them.  So a new column of
 * fact_session takes two changes: the field of DerivedSession that the derivation fills, and the
 * entry in star.c that names the field.
 *
 * The columns that identify a row come first in an array.  In the table, columns are found by name,
 * since their order there may be another one.
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

/* The dimension that a column's surrogate key refers to. */
typedef enum StarDimensionId
{
	DIMENSION_NONE,
	DIMENSION_DATE,
	DIMENSION_USER, /* a version of the session key's user */
	DIMENSION_PAGE,
	DIMENSION_EVENT,
	DIMENSION_OWN /* the first of the dimensions that the user has added */
} StarDimensionId;

typedef struct StarDimension
{
	StarRelationId relation;
	const char *key;    /* the column of the surrogate key */
	const char *member; /* the column that names a member to people */
	Oid type;           /* the type of the column "member" */
	/* the column "member" identifies a member, which gets its surrogate key when it first occurs */
	bool is_dictionary;
	const struct DimensionDefinition *own; /* as the user has added it; NULL: it is built in */
} StarDimension;

/* The surrogate key of the member "other", what finds it, and its attributes of type text. */
#define OTHER_KEY    (-1)
#define OTHER_MEMBER "other"
#define OTHER_TEXT   "(other)"

/* The dimensions of a pipeline, from DIMENSION_DATE on: how many ids there are, and one of them. */
extern int star_dimension_count(const Pipeline *pipeline);
extern const StarDimension *star_dimension(const Pipeline *pipeline, StarDimensionId id);

/* The expression over the JSON array "j.m" that gives an attribute of a member (member.h). */
extern char *
star_member_part_sql(const Pipeline *pipeline, const StarDimension *dimension, int part);

/* The column of facts, and of the views over them, that says when a row was written. */
#define STAR_LOADED_AT "loaded_at"

/* The column of the wide views that shows the person. */
#define STAR_PERSON_COLUMN "person_id"

typedef struct StarColumn
{
	const char *name;
	Oid type;               /* InvalidOid: the type of a column of the view "source" */
	SourceColumn source;    /* the column that gives the type */
	const char *definition; /* what follows the type in CREATE TABLE; NULL: nothing */
	const char *comment;    /* on the column, and on a view's column that shows its values */
	/*
	 * the field of a derived row with the value or, if there is a dimension, with its natural key:
	 * a time, or a text
	 */
	StarField field;
	StarDimensionId dimension;
	/* if the dimension is a dictionary: the column's name if it has the text in place of the key */
	const char *natural;
	/* the expression to read it by, over the table's row "f" and the joins; NULL: f.name */
	const char *sql;
	/* columns are created in the order of their places; of the same place, in that of the array */
	int place;
	bool is_prose;     /* a text with the database's default collation, not "C" */
	bool is_unplanned; /* no query looks for its values, so ANALYZE need not look at them */
} StarColumn;

typedef struct StarTable
{
	StarRelationId relation;
	const char *surrogate; /* the identity column by which facts refer to rows; NULL: none */
	const StarColumn *columns;
	int ncolumns; /* columns whose values are written */
	int ndefault; /* number of columns that follow, which are not derived */
	/* the one of these that is set to the transaction's start with each write; NULL: none */
	const char *stamp;
	bool stamp_stays; /* the stamp is set by the insert alone, and an update leaves it */
	/* the surrogate key only numbers the rows: no other row refers to it */
	bool is_numbered;
	bool by_alignment; /* columns are created in the order of their types' alignment */
	bool is_unlogged;
	const char *constraint; /* a table constraint; NULL: none */
	const char *options;    /* storage parameters; NULL: none */
	/* columns and VALUES of a dimension's members "unknown" and "other"; NULL: there is none */
	const char *member_zero;
	const char *member_other;

	/*
	 * The rest says how rows are identified, read and compared.  It is empty for tables whose rows
	 * are not derived.
	 */
	int identity;    /* number of columns, from the first, that identify a row */
	int session_key; /* which column has the session key */
	/* a row belongs to the piece of its session key; else all rows belong to piece 0 */
	bool in_pieces;
	int budget_share; /* how many quarters of the memory for stored rows the table gets */
	/*
	 * the column by whose time a part of a key's rows is found; NULL: a key's rows are always read
	 * as a whole
	 */
	const char *time;
	const char *since;  /* the column of KEY_WINDOWS with the begin of that part */
	const char *moment; /* the column that says when a row happened; NULL: none */
	const char *extra;  /* SQL of a bigint that is read with each row; NULL: 0 */
	const char *joins;  /* SQL after "FROM table AS f", as for star_sql(); NULL: none */
	const char *where;  /* SQL of a condition; NULL: all rows */
	bool has_aliases;   /* ids of sessions that disappear are noted in session_alias */
} StarTable;

/* The columns that follow a table's own in a row: */
#define ROW_EXTRA(table) ((table)->ncolumns)     /* bigint: StarTable.extra */
#define ROW_AT(table)    ((table)->ncolumns + 1) /* tid: where the row is stored */
/* xid: identifies, with the tid, a version of the row */
#define ROW_XMIN(table)  ((table)->ncolumns + 2)
#define ROW_WIDTH(table) ((table)->ncolumns + 3)
#define ROW_MAX_WIDTH    (32 + MEASURES_MAX + ATTRIBUTES_MAX)

/*
 * The table of a relation with the columns that it has in a pipeline; NULL for views, and for
 * tables that are not in star.c.
 */
extern const StarTable *star_table(const Pipeline *pipeline, StarRelationId relation);

/* Whether the column is the table's identity column. */
extern bool star_column_is_identity(const StarColumn *column);

/* The number of the table's column of a name, which it must have. */
extern int star_column_number(const StarTable *table, const char *name);

/* The type of a column. */
extern Oid star_column_type(const StarColumn *column, const Pipeline *pipeline);

/* A column of a view over a fact and its dimensions. */
typedef struct StarViewColumn
{
	const char *name;
	/* the column of the fact; if it has a dimension, its member is shown; -1: use sql */
	int column;
	const char *part; /* the column of the user's own dimension that is shown; NULL: the member */
	/*
	 * SQL of the value: if is_computed, over the view's row "@." and the gap "#"; else over the
	 * join, in the form of star_sql() with the operator that compares keys
	 */
	const char *sql;
	/* computed from other columns of the view, so neither stored nor derived */
	bool is_computed;
	/* a row's value may change when another session of its key comes or goes */
	bool of_neighbours;
	/*
	 * if not 0: a table with at most one row for each session key, whose column of the same name is
	 * shown; in place of column and sql
	 */
	StarRelationId keyed;
	bool is_stamp; /* only stored rows have a value; those that a live view derives have NULL */
	/* if not computed, and not a column of the fact, or a part: the field of a derived row */
	StarField field;
	Oid type;            /* and the type of the field */
	const char *comment; /* NULL: that of the column of the fact, or of the dimension */
} StarViewColumn;

typedef struct StarView
{
	StarRelationId relation;
	StarRelationId live; /* the view's live form */
	StarRelationId fact;
	const char *function; /* the SQL function that derives the live rows of a session key */
	const StarViewColumn *columns;
	int ncolumns;
	const char *join; /* one more join of the fact "f", in the form of star_sql(); NULL: none */
} StarView;

typedef enum StarViewId
{
	VIEW_SESSIONS,
	VIEW_EVENTS,
	VIEW_COUNT
} StarViewId;

/* A view with the columns that it has in a pipeline. */
extern const StarView *star_view(const Pipeline *pipeline, StarViewId id);

/* The comment on a view's column. */
extern const char *
star_view_comment(const Pipeline *pipeline, const StarView *view, const StarViewColumn *column);

/* How many raw or sealed rows the tables of the star account for. */
typedef struct StarRows
{
	int64 kept; /* events and duplicates */
	int64 late;
	int64 quarantined;
} StarRows;

/* The shape of a table's rows (columns and the three that follow), in CurrentMemoryContext. */
extern RowShape *star_row_shape(const StarTable *table, const Pipeline *pipeline);

/* "schema.table", quoted. */
extern char *star_table_name(const StarTable *table, const Pipeline *pipeline);

#endif /* SESSIONIZE_STAR_H */
