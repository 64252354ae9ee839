/*
 * dirty_set.h
 *		Dirty keys, merged by key, in memory and beyond work_mem in a temporary file.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_SET_H
#define SESSIONIZE_DIRTY_SET_H

#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

typedef struct DirtySet DirtySet;

typedef void (*DirtyTaker)(const DirtyKey *dirty, void *arg);

/* An empty set, in CurrentMemoryContext, which lives until the transaction's end at most. */
extern DirtySet *dirty_set_create(Oid key_type);

/*
 * Add an entry, whose key is packed. An error does not remove former entries.
 */
extern void dirty_set_add(DirtySet *set, const DirtyKey *dirty);

/* A key in the form in which it can be added (key_type_pack). */
extern Datum dirty_set_pack(const DirtySet *set, Datum key);

/*
 * Pass all entries to take(): each key once, or if there was a file, perhaps several times. The set
 * can't be used afterwards.
 */
extern void dirty_set_give(DirtySet *set, DirtyTaker take, void *arg);

#endif /* SESSIONIZE_DIRTY_SET_H */
