/*
 * key_relation.h
 *		Session keys as a relation that queries join with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_RELATION_H
#define SESSIONIZE_KEY_RELATION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "spi/statement.h"

/* The relation's name in queries. Its rows are (session_key). */
#define KEY_ROWS "claimed_keys"

/*
 * The name of the relation of windows, which are parts of keys. Its rows are (session_key, since,
 * until, read_since, read_until, users_since).
 */
#define KEY_WINDOWS "claimed_windows"

/*
 * A window: sessions and events in [since, until), raw rows in [read_since, read_until], user
 * versions in [users_since, until).
 */
typedef struct KeyWindow
{
	TimestampTz since;
	TimestampTz until;
	TimestampTz read_since;
	TimestampTz read_until;
	TimestampTz users_since;
	TimestampTz changed_until; /* the last known change; not a column */
} KeyWindow;

/* Keys as an array, to query the raw rows of all of them at once. */
typedef struct KeyList
{
	Datum *keys;
	int64 count;
	int64 capacity;
} KeyList;

/* A window that has a begin: the raw rows to read, and the last known change. */
typedef struct ListedWindow
{
	Datum key;
	TimestampTz read_since;
	TimestampTz read_until;
	TimestampTz changed_until;
} ListedWindow;

typedef struct WindowList
{
	ListedWindow *windows;
	int64 count;
	int64 capacity;
} WindowList;

typedef struct KeyRelation
{
	Oid type;
	TupleDesc desc;
	Tuplestorestate *rows; /* must not outlive the transaction */
	int64 count;
	bool has_null; /* the rows without a key are included */
	TupleDesc window_desc;
	Tuplestorestate *windows; /* must not outlive the transaction; NULL if there are none */
	int64 nwindows;
	bool has_lists;
	KeyList all_list;       /* all keys in rows, and the keys of windows without a begin */
	WindowList window_list; /* the other windows */
} KeyRelation;

/* An empty relation of keys of a type, in CurrentMemoryContext. */
extern KeyRelation *key_relation_create(Oid type);

/*
 * Keep lists of the keys and windows as well. To be called before any is added. Keys that are
 * passed by reference must stay valid as long as the relation.
 */
extern void key_relation_keep_lists(KeyRelation *table);

/* Add a key that is not in the relation yet, or for NULL the rows without a key. */
extern void key_relation_add(KeyRelation *table, Datum key, bool isnull);

/* Add a window of a key that is not in the relation yet. */
extern void key_relation_add_window(KeyRelation *table, Datum key, const KeyWindow *window);
extern void key_relation_free(KeyRelation *table);

/* Add a key to a list. */
extern void key_list_append(KeyList *list, Datum key);

/* A list as an array of the keys' type. */
extern Datum key_relation_array(const KeyRelation *table, const KeyList *list);

/*
 * Let the queries of the current SPI connection find the relation by the names KEY_ROWS and
 * KEY_WINDOWS.
 */
extern void key_relation_register(const KeyRelation *table);

/* The bigint that a query over KEY_ROWS returns in the active snapshot; 0 for no row or NULL. */
extern int64 key_relation_query_bigint(const KeyRelation *keys, const char *sql);

/* Pass the rows that a query over KEY_ROWS returns, in a new snapshot, to a visitor. */
extern void
key_relation_visit(const KeyRelation *keys, const char *sql, SqlRowVisitor visitor, void *arg);

/* Run a statement over KEY_ROWS in a new snapshot; returns the number of rows it processed. */
extern int64 key_relation_execute(const KeyRelation *keys, const char *sql);

/* The type's equality operator in SQL, valid under any search_path. */
extern char *key_equals_sql(Oid type);

/* The type's operator < in SQL, valid under any search_path. */
extern char *key_less_sql(Oid type);

#endif /* SESSIONIZE_KEY_RELATION_H */
