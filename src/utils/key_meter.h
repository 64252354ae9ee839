/*
 * key_meter.h
 *		Finding the keys with more raw rows than a limit, among keys that are derived one after
 *		the other.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_METER_H
#define SESSIONIZE_KEY_METER_H

#include "postgres.h"

#include "utils/key_type.h"

typedef struct MeteredKey
{
	Datum key;
	int64 rows;
} MeteredKey;

typedef struct KeyMeter
{
	MemoryContext context;
	KeyType type;
	int64 limit;      /* 0: no key is over the limit */
	int64 rows;       /* of the current key */
	MeteredKey *keys; /* the keys over the limit */
	int count;
	int room;
} KeyMeter;

/* A new meter, in the given context. */
extern KeyMeter *key_meter_create(MemoryContext context, Oid key_type, int64 limit);

/* Begin the next key. */
extern void key_meter_next_key(KeyMeter *meter);

/* Add to the number of the current key's rows. */
extern void key_meter_add(KeyMeter *meter, Datum key, int64 rows);

/*
 * Forget all keys over the limit except for the first "count": the others were not derived after
 * all.
 */
extern void key_meter_truncate(KeyMeter *meter, int count);

#endif /* SESSIONIZE_KEY_METER_H */
