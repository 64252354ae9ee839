/*
 * keyed_source.h
 *		SQL for the raw rows of some keys, which can use the raw table's index on the key.
 *
 * The view "source" gives the key in the C collation, which the index need not have. So the query
 * also compares the key's expression as the user wrote it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEYED_SOURCE_H
#define SESSIONIZE_KEYED_SOURCE_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Which raw rows, in the order of the enumerators: all rows; the rows of the keys in KEY_ROWS; the
 * rows of the windows in KEY_WINDOWS; the rows of windows that have a begin, before $1; the rows
 * without a key; the rows of the keys in the array $1; the rows of these keys with a time from $2
 * to $3.
 */
typedef enum KeyedRows
{
	ROWS_OF_ALL,
	ROWS_OF_KEYS,
	ROWS_OF_WINDOWS,
	ROWS_OF_EARLIER_WINDOWS,
	ROWS_WITHOUT_KEY,
	ROWS_OF_ARRAY,
	ROWS_OF_ARRAY_IN_TIME
} KeyedRows;

/* "raw AS t, KEY_ROWS AS k WHERE ...", with all conditions. */
extern char *keyed_from_sql(const Pipeline *pipeline, const SourceMapping *mapping, KeyedRows rows);

/* A statement that deletes the raw rows of the keys in KEY_ROWS. */
extern char *keyed_delete_sql(const Pipeline *pipeline, const SourceMapping *mapping);

/* A subquery, without an alias, with these raw rows as the view would give them. */
extern char *
keyed_source_sql(const Pipeline *pipeline, const SourceMapping *mapping, KeyedRows rows);

#endif /* SESSIONIZE_KEYED_SOURCE_H */
