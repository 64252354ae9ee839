/*
 * key_texts.c
 *		Session keys of any type as texts, and back.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "pipeline/key_texts.h"
#include "pipeline/subtransaction.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

typedef struct KeyTexts
{
	char **texts;
	int64 count;
	DirtyKey *keys; /* room for as many */
	int64 nkeys;
	Oid input; /* of the key's type */
	Oid parameter;
} KeyTexts;

/*
 * key_to_text returns a key's text form.
 */
Datum
key_to_text(const Pipeline *pipeline, Datum key)
{
	ValueType type;
	StringInfoData text;

	value_type_init(&type, pipeline->types[SRC_SESSION_KEY]);
	initStringInfo(&text);
	value_append_text(&type, value_flatten(&type, key), &text);
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
}

/*
 * add_keys makes keys of the texts.
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
 * add_valid_keys makes keys of those of the texts that can be made.
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
 * keys_of_result makes keys of the texts that a statement has returned.
 */
DirtyKey *
keys_of_result(const Pipeline *pipeline, MemoryContext context, int64 *count)
{
	KeyTexts keys = {.count = (int64) SPI_processed};
	MemoryContext caller;

	keys.keys = MemoryContextAllocHuge(context, Max(keys.count, 1) * sizeof(DirtyKey));
	keys.texts = MemoryContextAllocHuge(context, Max(keys.count, 1) * sizeof(char *));
	for (int64 i = 0; i < keys.count; i++)
	{
		char *text = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		keys.texts[i] = text == NULL ? NULL : MemoryContextStrdup(context, text);
	}
	SPI_finish();
	getTypeInputInfo(pipeline->types[SRC_SESSION_KEY], &keys.input, &keys.parameter);
	caller = MemoryContextSwitchTo(context);
	add_valid_keys(&keys);
	MemoryContextSwitchTo(caller);
	*count = keys.nkeys;
	return keys.keys;
}
