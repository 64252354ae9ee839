/*
 * large_keys.c
 *		Session keys whose refresh reads so many raw rows that others should not wait for it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/dirty_key.h"
#include "dirty/key_texts.h"
#include "dirty/large_keys.h"
#include "spi/key_relation.h"
#include "spi/scope.h"

StaticAssertDecl(LARGE_KEYS_LANE == DIRTY_LANES, "the large keys' lane comes after the others");

/*
 * query runs a statement over large_key with the parameters pipeline id, key and rows; the connection to SPI is left open.
 */
static void
query(const char *sql, bool read_only, int nargs, const Pipeline *pipeline, Datum key, int64 rows)
{
	Oid types[3] = {INT4OID, TEXTOID, INT8OID};
	Datum values[3] = {Int32GetDatum(pipeline->id), key, Int64GetDatum(rows)};
	OwnerScope scope;
	int result;

	extension_scope_enter(&scope);
	SPI_connect();
	result = SPI_execute_with_args(sql, nargs, types, values, NULL, read_only, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	owner_scope_leave(&scope);
}

/*
 * large_keys_load loads the keys.
 */
LargeKeys *
large_keys_load(const Pipeline *pipeline)
{
	MemoryContext context = CurrentMemoryContext;
	Oid type = pipeline->types[SRC_SESSION_KEY];
	LargeKeys *large = palloc0(sizeof(LargeKeys));
	DirtyKey *keys;
	int64 count;

	key_type_init_id(&large->type, type);
	key_hash_init(&large->keys, &large->type, 0, context);
	query("SELECT l.session_key FROM sessionize.large_key AS l WHERE l.pipeline_id = $1", true, 1, pipeline,
		  0, 0);
	keys = keys_of_result(pipeline, context, &count);
	for (int64 i = 0; i < count; i++)
	{
		bool found;

		(void) key_hash_add(&large->keys, key_type_pack(&large->type, keys[i].key), false, &found);
	}
	return large;
}

/*
 * large_keys_texts returns the keys' texts.
 */
List *
large_keys_texts(const Pipeline *pipeline)
{
	MemoryContext context = CurrentMemoryContext;
	List *texts = NIL;

	query("SELECT l.session_key FROM sessionize.large_key AS l WHERE l.pipeline_id = $1", true, 1, pipeline,
		  0, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *text = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		MemoryContext spi = MemoryContextSwitchTo(context);

		texts = lappend(texts, pstrdup(text));
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return texts;
}

/*
 * large_keys_has tells whether a key is large.
 */
bool
large_keys_has(const LargeKeys *large, Datum key)
{
	return large->keys.count > 0 && key_hash_lookup(&large->keys, key) != NULL;
}

/*
 * large_keys_table returns the keys as rows.
 */
KeyRelation *
large_keys_table(const LargeKeys *large, const Pipeline *pipeline)
{
	KeyRelation *table = key_relation_create(pipeline->types[SRC_SESSION_KEY]);

	for (uint32 i = 0; i < large->keys.count; i++)
		key_relation_add(table, key_hash_entry(&large->keys, i)->key, false);
	return table;
}

/*
 * large_keys_note notes that a key is large.
 */
void
large_keys_note(const Pipeline *pipeline, Datum key, int64 raw_rows)
{
	query("INSERT INTO sessionize.large_key AS l (pipeline_id, session_key, raw_rows) VALUES ($1, $2, $3) "
		  "ON CONFLICT (pipeline_id, md5(session_key)) DO UPDATE SET raw_rows = excluded.raw_rows, "
		  "refreshed_at = clock_timestamp()",
		  false, 3, pipeline, key_text_in(pipeline, "large_key", key), raw_rows);
	SPI_finish();
}

/*
 * large_keys_forget notes that a key is not large.
 */
void
large_keys_forget(const Pipeline *pipeline, Datum key)
{
	query("DELETE FROM sessionize.large_key WHERE pipeline_id = $1 AND md5(session_key) = md5($2)", false, 2,
		  pipeline, key_text_in(pipeline, "large_key", key), 0);
	SPI_finish();
}

/*
 * large_keys_note_metered notes the keys over a meter's limit.
 */
void
large_keys_note_metered(const Pipeline *pipeline, const KeyMeter *meter)
{
	for (int i = 0; i < meter->count; i++)
		large_keys_note(pipeline, meter->keys[i].key, meter->keys[i].rows);
}
