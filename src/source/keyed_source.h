/*
 * keyed_source.h
 *		SQL for the raw rows of some keys, so that an index of the raw table's on the key finds them.
 *
 * The view "source" has the key in the C collation, which such an index need not have.  So the key's own
 * expression is compared too, as the user wrote it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEYED_SOURCE_H
#define SESSIONIZE_KEYED_SOURCE_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Which rows: those of the keys in KEY_ROWS, those of the parts of keys in KEY_WINDOWS, or of these the ones that begin, but
 * before $1; those without a key; those of the keys in the array $1, or of these the ones from the time $2 to $3.
 */
typedef enum KeyedRows
{
	ROWS_OF_KEYS,
	ROWS_OF_WINDOWS,
	ROWS_OF_EARLIER_WINDOWS,
	ROWS_WITHOUT_KEY,
	ROWS_OF_ARRAY,
	ROWS_OF_ARRAY_IN_TIME
} KeyedRows;

/* "raw AS t, KEY_ROWS AS k WHERE ...", all of it. */
extern char *keyed_from_sql(const Pipeline *pipeline, const SourceMapping *mapping, KeyedRows rows);

/* A statement that deletes the raw rows of the keys in KEY_ROWS. */
extern char *keyed_delete_sql(const Pipeline *pipeline, const SourceMapping *mapping);

/* A subquery, without an alias, that gives those rows as the view would. */
extern char *keyed_source_sql(const Pipeline *pipeline, const SourceMapping *mapping, KeyedRows rows);

#endif /* SESSIONIZE_KEYED_SOURCE_H */
