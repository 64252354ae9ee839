/*
 * key_meter.c
 *		Finding the keys with more raw rows than a limit, among keys that are derived one after
 *		the other.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/datum.h"

#include "utils/array_reserve.h"
#include "utils/key_meter.h"

/*
 * key_meter_create returns a new meter.
 */
KeyMeter *
key_meter_create(MemoryContext context, Oid key_type, int64 limit)
{
	KeyMeter *meter = MemoryContextAllocZero(context, sizeof(KeyMeter));

	meter->context = context;
	meter->limit = limit;
	key_type_init_id(&meter->type, key_type);
	return meter;
}

/*
 * key_meter_next_key begins a key.
 */
void
key_meter_next_key(KeyMeter *meter)
{
	meter->rows = 0;
}

/*
 * note_key adds the current key to the keys over the limit.
 */
static void
note_key(KeyMeter *meter, Datum key)
{
	MemoryContext caller = MemoryContextSwitchTo(meter->context);

	array_reserve(meter->keys, meter->count, meter->room, 16);
	meter->keys[meter->count++].key = datumCopy(key, meter->type.typbyval, meter->type.typlen);
	MemoryContextSwitchTo(caller);
}

/*
 * key_meter_add adds to the number of the current key's rows.
 */
void
key_meter_add(KeyMeter *meter, Datum key, int64 rows)
{
	bool was_over = meter->rows > meter->limit;

	meter->rows += rows;
	if (meter->limit == 0 || meter->rows <= meter->limit)
		return;
	if (!was_over)
		note_key(meter, key);
	meter->keys[meter->count - 1].rows = meter->rows;
}

/*
 * key_meter_truncate forgets the last keys over the limit.
 */
void
key_meter_truncate(KeyMeter *meter, int count)
{
	meter->count = count;
}
