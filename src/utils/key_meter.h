/*
 * key_meter.h
 *		Which of many keys, that are derived one after the other, have more raw rows than a limit.
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
	int64 limit;      /* 0: nothing is over it */
	int64 rows;       /* of the key at hand */
	MeteredKey *keys; /* those over the limit */
	int count;
	int room;
} KeyMeter;

/* A meter, in context. */
extern KeyMeter *key_meter_create(MemoryContext context, Oid key_type, int64 limit);

/* The next key begins. */
extern void key_meter_next_key(KeyMeter *meter);

/* The key at hand has these rows as well. */
extern void key_meter_add(KeyMeter *meter, Datum key, int64 rows);

/* Forget all but the first of the keys over the limit: the others were not done after all. */
extern void key_meter_truncate(KeyMeter *meter, int count);

#endif /* SESSIONIZE_KEY_METER_H */
