/*
 * star.h
 *		The star's tables as the code that writes and compares them sees them: which columns, in which
 *		order, what identifies a row.
 *
 * Columns are in an order of our own, those that identify a row first, and are found in the table by
 * name: where a table has them physically is nobody's business here.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_H
#define SESSIONIZE_STAR_H

#include "storage/lockdefs.h"

#include "catalog/pipeline.h"
#include "derive/derived.h"
#include "utils/rowset.h"

typedef struct StarColumn
{
	const char *name;
	Oid type;            /* InvalidOid: that of a column of the source */
	SourceColumn source; /* which one */
	const char *sql;     /* what it is taken from when read; NULL: f.name */
} StarColumn;

/* A column of a type of its own, and one that has the type of a column of the source. */
#define STAR_FIXED(name, type)                                                                               \
	{                                                                                                        \
		name, type, SRC_NCOLUMNS, NULL                                                                       \
	}
#define STAR_TYPED(name, source)                                                                             \
	{                                                                                                        \
		name, InvalidOid, source, NULL                                                                       \
	}

typedef struct StarTable
{
	const char *name;
	const char *surrogate; /* the column of its surrogate key, if facts refer to it; else NULL */
	const StarColumn *columns;
	int ncolumns;
	int identity;      /* the first so many identify a row */
	int key_column;    /* the session key, or -1 */
	const char *time;  /* the column by which a part of a key is meant; NULL: never only a part */
	const char *since; /* the column of KEY_WINDOWS that it begins with */
	const char *extra; /* SQL of the bigint carried along with a row */
	const char *joins; /* SQL after "FROM table AS f", every %s in it the schema; "" for none */
	const char *where; /* SQL of a condition */
	bool has_aliases;  /* ids that go are noted in session_alias */
} StarTable;

/* After a table's columns a row carries: */
#define ROW_EXTRA(table) ((table)->ncolumns)     /* bigint: see there */
#define ROW_AT(table)    ((table)->ncolumns + 1) /* tid: where the row lies */
#define ROW_XMIN(table)  ((table)->ncolumns + 2) /* xid: with the tid, which version of which row it is */
#define ROW_WIDTH(table) ((table)->ncolumns + 3)
#define ROW_MAX_WIDTH    24

enum
{
	USER_SESSION_KEY,
	USER_VALID_FROM,
	USER_USER_ID,
	USER_VALID_TO,
	USER_IS_CURRENT
};

enum
{
	SESSION_ID,
	SESSION_SESSION_KEY,
	SESSION_USER,
	SESSION_DATE_KEY,
	SESSION_STARTED_AT,
	SESSION_ENDED_AT,
	SESSION_EVENTS,
	SESSION_PAGE_VIEWS,
	SESSION_DISTINCT_PAGES,
	SESSION_ENTRY_PAGE,
	SESSION_EXIT_PAGE,
	SESSION_IS_BOUNCE,
	SESSION_DUPLICATES,
	SESSION_CONFLICTS,
	SESSION_SHIFTED,
	SESSION_COPIES_UNTIL
};

enum
{
	EVENT_SESSION_KEY,
	EVENT_TIME,
	EVENT_ID,
	EVENT_RAW_ID,
	EVENT_SESSION_ID,
	EVENT_USER,
	EVENT_EVENT,
	EVENT_PAGE,
	EVENT_DATE_KEY,
	EVENT_PAGE_VIEW
};

enum
{
	LATE_SESSION_KEY,
	LATE_EVENT_TIME,
	LATE_EVENT_ID,
	LATE_RAW_ID,
	LATE_RECEIVED_AT,
	LATE_RAW_TABLE
};

/* In the order of derive_quarantine's columns. */
enum
{
	QUARANTINE_RAW_ID,
	QUARANTINE_SESSION_KEY,
	QUARANTINE_REASON,
	QUARANTINE_DETAIL,
	QUARANTINE_RECEIVED_AT,
	QUARANTINE_RAW_ROW
};

/* The rows, raw or sealed, that some of the star stands for by its own account. */
typedef struct StarRows
{
	int64 kept; /* by the facts */
	int64 late;
	int64 quarantined;
} StarRows;

/* The tables as they are; dim_user's extra is its surrogate key, fact_session's the rows it stands for. */
extern const StarTable star_dim_user;
extern const StarTable star_fact_session;
extern const StarTable star_fact_event;
extern const StarTable star_quarantine;
extern const StarTable star_late; /* of a pipeline that has a seal */

/* Set a row of it, with what a derivation found: in arrays of ROW_MAX_WIDTH. */
extern void star_late_row(const DerivedRow *row, Datum *values, bool *isnull);

/* The shape of a table's rows, in CurrentMemoryContext. */
extern RowShape *star_row_shape(const StarTable *table, const Pipeline *pipeline);

/* "schema.table", quoted. */
extern char *star_table_name(const StarTable *table, const Pipeline *pipeline);

/* An error with a hint unless all of the pipeline's tables are there with their columns and types. */
extern void star_check(const Pipeline *pipeline);

/* The same, and they stay so until the transaction's end: to be called before values of theirs are read or made. */
extern void star_lock(const Pipeline *pipeline);

/* The same for the table of sealed rows alone. */
extern void star_check_sealed(const Pipeline *pipeline, LOCKMODE lockmode);

#endif /* SESSIONIZE_STAR_H */
