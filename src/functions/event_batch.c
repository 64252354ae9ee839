/*
 * event_batch.c
 *		A batch of rows on their way from a source to a table of keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "functions/event_batch.h"

/*
 * event_batch_keep_key copies a key into the batch's memory.
 */
Datum
event_batch_keep_key(EventBatch *batch, const KeyType *type, Datum key)
{
	MemoryContext old = MemoryContextSwitchTo(batch->cxt);
	Datum packed = key_type_pack(type, key);
	Size size = key_type_size(type, packed);

	if (packed == key)
	{
		packed = PointerGetDatum(palloc(size));
		memcpy(DatumGetPointer(packed), DatumGetPointer(key), size);
	}
	batch->bytes += size;
	MemoryContextSwitchTo(old);
	return packed;
}
