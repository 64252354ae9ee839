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
	Size size;
	Datum copy = key_type_copy(type, key, &size);

	batch->bytes += size;
	MemoryContextSwitchTo(old);
	return copy;
}
