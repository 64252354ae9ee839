/*
 * key_relation.h
 *		Session keys as rows that queries join with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_RELATION_H
#define SESSIONIZE_KEY_RELATION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

/* The name under which a query finds the keys as rows (session_key). */
#define KEY_ROWS "claimed_keys"

/* The same for keys of which only a part is meant: (session_key, since, until, read_since, read_until, users_since). */
#define KEY_WINDOWS "claimed_windows"

/* Which part: sessions and events in [since, until), raw rows in [read_since, read_until], user versions in [users_since, until). */
typedef struct KeyWindow
{
	TimestampTz since;
	TimestampTz until;
	TimestampTz read_since;
	TimestampTz read_until;
	TimestampTz users_since;
	TimestampTz changed_until; /* the last change that is known; not a column */
} KeyWindow;

/* Keys whose raw rows a query may ask for all at once, as an array. */
typedef struct KeyList
{
	Datum *keys;
	int64 count;
	int64 capacity;
} KeyList;

/* Windows that have a begin, and which of their raw rows are read. */
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
	Tuplestorestate *rows; /* belongs to the transaction */
	int64 count;
	bool has_null; /* the raw rows that have no key are meant, too */
	TupleDesc window_desc;
	Tuplestorestate *windows; /* likewise; NULL: none */
	int64 nwindows;
	bool has_lists;
	KeyList all_list;       /* those in rows, and those windows that are read from the begin */
	WindowList window_list; /* the other windows */
} KeyRelation;

/* An empty table of keys of a type, in CurrentMemoryContext. */
extern KeyRelation *key_relation_create(Oid type);

/* Before any is added: keep lists of them, too.  Keys that are by reference have to outlive the table. */
extern void key_relation_keep_lists(KeyRelation *table);

/* Add a key that is not there yet, or the rows without one. */
extern void key_relation_add(KeyRelation *table, Datum key, bool isnull);

/* Add a part of a key that is not there yet. */
extern void key_relation_add_window(KeyRelation *table, Datum key, const KeyWindow *window);
extern void key_relation_free(KeyRelation *table);

/* Add a key to a list. */
extern void key_list_append(KeyList *list, Datum key);

/* A list as an array of the keys' type. */
extern Datum key_relation_array(const KeyRelation *table, const KeyList *list);

/* Let the queries of the current connection to SPI find them under the name KEY_ROWS. */
extern void key_relation_register(const KeyRelation *table);

/* As sql_query_bigints (sql.h), for a query over KEY_ROWS. */
extern bool key_relation_query_bigints(const KeyRelation *keys, const char *sql, int64 *numbers, int count);

/* Run a statement over KEY_ROWS, with a new snapshot; returns the rows it processed. */
extern int64 key_relation_execute(const KeyRelation *keys, const char *sql);

/* SQL of the operator that tells whether two keys are equal, whatever the search_path. */
extern char *key_equals_sql(Oid type);

/* The same for the operator that orders them. */
extern char *key_less_sql(Oid type);

#endif /* SESSIONIZE_KEY_RELATION_H */
