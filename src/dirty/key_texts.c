/*
 * key_texts.c
 *		Session keys of any type as texts, and back.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/dirty_key.h"
#include "dirty/key_texts.h"
#include "spi/statement.h"
#include "utils/array_reserve.h"
#include "utils/subtransaction.h"

typedef struct KeyTexts
{
	char **texts;
	int64 count;
	int64 capacity;
	DirtyKey *keys; /* room for "count" keys */
	int64 nkeys;
	Oid input; /* the input function of the key's type */
	Oid parameter;
} KeyTexts;

/*
 * key_to_text returns a key's text form, as a Datum of type text.
 */
static Datum
key_to_text(const Pipeline *pipeline, Datum key)
{
	KeyType type;
	StringInfoData text;

	key_type_init_id(&type, pipeline->types[SRC_SESSION_KEY]);
	initStringInfo(&text);
	key_type_append_text(&type, key_type_pack(&type, key), &text);
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
}

/*
 * add_keys converts the texts into keys; an error if a text is not valid.
 */
static void
add_keys(void *arg)
{
	KeyTexts *keys = arg;

	for (int64 i = 0; i < keys->count; i++)
	{
		DirtyKey key = {0, keys->texts[i] == NULL, DT_NOBEGIN, DT_NOEND};

		if (!key.isnull)
			key.key = OidInputFunctionCall(keys->input, keys->texts[i], keys->parameter, -1);
		keys->keys[keys->nkeys++] = key;
	}
}

/*
 * add_valid_keys converts the texts that are valid into keys. Only if one of them fails is each of
 * them converted in a subtransaction of its own.
 */
static void
add_valid_keys(KeyTexts *keys)
{
	KeyTexts one = *keys;

	if (keys->count == 0 || try_in_subtransaction(add_keys, keys, NULL))
		return;
	one.count = 1;
	one.nkeys = 0;
	for (int64 i = 0; i < keys->count; i++)
	{
		one.texts = &keys->texts[i];
		(void) try_in_subtransaction(add_keys, &one, NULL);
	}
	keys->nkeys = one.nkeys;
}

/*
 * add_text adds the text in a row; NULL for the rows without a key.
 */
static void
add_text(void *arg, const SqlRow *row)
{
	KeyTexts *keys = arg;

	array_reserve(keys->texts, keys->count, keys->capacity, 64);
	keys->texts[keys->count++] = sql_row_text(row, 1);
}

/*
 * texts_in returns the texts of the pipeline's keys in a table, and how to convert them into keys.
 */
static KeyTexts
texts_in(const Pipeline *pipeline, const char *table, SqlAccess access)
{
	KeyTexts keys = {0};

	extension_visit(
		psprintf("SELECT k.session_key FROM sessionize.%s AS k WHERE k.pipeline_id = $1", table),
		access, SQL_VALUES(SQL_INT4(pipeline->id)), add_text, &keys);
	getTypeInputInfo(pipeline->types[SRC_SESSION_KEY], &keys.input, &keys.parameter);
	return keys;
}

/*
 * is_text_of tells whether a text is a text form of a key.
 */
static bool
is_text_of(const KeyType *type, Datum key, KeyTexts *keys, char *text)
{
	DirtyKey other;
	KeyTexts one = *keys;

	one.texts = &text;
	one.count = 1;
	one.keys = &other;
	one.nkeys = 0;
	return try_in_subtransaction(add_keys, &one, NULL) &&
		   key_type_compare(type, key_type_pack(type, key), key_type_pack(type, other.key)) == 0;
}

/*
 * key_text_in returns the text of a key in a table.
 */
Datum
key_text_in(const Pipeline *pipeline, const char *table, Datum key)
{
	KeyType type;
	KeyTexts keys;

	if (key_type_is_image(pipeline->types[SRC_SESSION_KEY]))
		return key_to_text(pipeline, key);
	key_type_init_id(&type, pipeline->types[SRC_SESSION_KEY]);
	keys = texts_in(pipeline, table, SQL_READ_WRITE);
	for (int64 i = 0; i < keys.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (keys.texts[i] != NULL && is_text_of(&type, key, &keys, keys.texts[i]))
			return CStringGetTextDatum(keys.texts[i]);
	}
	return key_to_text(pipeline, key);
}

/*
 * keys_in returns the pipeline's keys in a table.
 */
DirtyKey *
keys_in(const Pipeline *pipeline, const char *table, int64 *count)
{
	KeyTexts keys = texts_in(pipeline, table, SQL_READ_ONLY);

	keys.keys = MemoryContextAllocHuge(CurrentMemoryContext, Max(keys.count, 1) * sizeof(DirtyKey));
	add_valid_keys(&keys);
	*count = keys.nkeys;
	return keys.keys;
}
