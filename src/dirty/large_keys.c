/*
 * large_keys.c
 *		Session keys whose refresh reads so many raw rows that no other key should wait for it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/dirty_key.h"
#include "dirty/key_texts.h"
#include "dirty/large_keys.h"
#include "spi/statement.h"

StaticAssertDecl(LARGE_KEYS_LANE == DIRTY_LANES, "the large keys' lane comes after the others");

/*
 * large_keys_load loads the pipeline's large keys.
 */
LargeKeys *
large_keys_load(const Pipeline *pipeline)
{
	Oid type = pipeline->types[SRC_SESSION_KEY];
	LargeKeys *large = palloc0(sizeof(LargeKeys));
	DirtyKey *keys;
	int64 count;

	key_type_init_id(&large->type, type);
	key_hash_init(&large->keys, &large->type, 0, CurrentMemoryContext);
	keys = keys_in(pipeline, "large_key", &count);
	for (int64 i = 0; i < count; i++)
	{
		bool found;

		(void) key_hash_add(&large->keys, key_type_pack(&large->type, keys[i].key), false, &found);
	}
	return large;
}

/*
 * add_text adds the text in a row to a list.
 */
static void
add_text(void *arg, const SqlRow *row)
{
	List **texts = arg;

	*texts = lappend(*texts, sql_row_text(row, 1));
}

/*
 * large_keys_texts returns the texts of the pipeline's large keys.
 */
List *
large_keys_texts(const Pipeline *pipeline)
{
	List *texts = NIL;

	extension_visit("SELECT l.session_key FROM sessionize.large_key AS l WHERE l.pipeline_id = $1",
					SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), add_text, &texts);
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
 * key_value returns a key's text in large_key.
 */
static SqlValue
key_value(const Pipeline *pipeline, Datum key)
{
	return SQL_DATUM(TEXTOID, key_text_in(pipeline, "large_key", key), false);
}

/*
 * large_keys_note records that a key is large.
 */
void
large_keys_note(const Pipeline *pipeline, Datum key, int64 raw_rows)
{
	extension_run("INSERT INTO sessionize.large_key AS l (pipeline_id, session_key, raw_rows) "
				  "VALUES ($1, $2, $3) ON CONFLICT (pipeline_id, md5(session_key)) DO UPDATE SET "
				  "raw_rows = excluded.raw_rows, "
				  "refreshed_at = clock_timestamp()",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id), key_value(pipeline, key), SQL_INT8(raw_rows)));
}

/*
 * large_keys_forget records that a key is not large.
 */
void
large_keys_forget(const Pipeline *pipeline, Datum key)
{
	extension_run(
		"DELETE FROM sessionize.large_key WHERE pipeline_id = $1 AND md5(session_key) = md5($2)",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), key_value(pipeline, key)));
}

/*
 * large_keys_note_metered records the keys over a meter's limit as large.
 */
void
large_keys_note_metered(const Pipeline *pipeline, const KeyMeter *meter)
{
	for (int i = 0; i < meter->count; i++)
		large_keys_note(pipeline, meter->keys[i].key, meter->keys[i].rows);
}
