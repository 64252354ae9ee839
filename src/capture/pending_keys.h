/*
 * pending_keys.h
 *		The dirty keys of the current transaction, until it commits.
 *
 * Entries are merged by key in memory, beyond work_mem in a temporary file, and appended to the
 * pipelines' dirty logs before the transaction commits or is prepared. Entries of a subtransaction
 * that is rolled back are kept: the log may cover more than has changed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PENDING_KEYS_H
#define SESSIONIZE_PENDING_KEYS_H

#include "dirty/changed_rows.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

/* Add an entry. Its key may be packed or not. */
extern void pending_keys_add(const DirtyLog *log, const DirtyKey *dirty);

/*
 * Forget the entries of a key, which is packed: no raw row of it is left, and nothing derived from
 * one. This is undone if the current subtransaction is rolled back, and by the next entry of the
 * key.
 */
extern void pending_keys_forget(const DirtyLog *log, Datum key);

/*
 * Count raw rows of a pipeline that were changed, for the fuse.  This is undone if the current
 * subtransaction is rolled back.
 */
extern void pending_keys_count(const DirtyLog *log, const ChangedRows *rows);

/*
 * Have the logs written at each transaction's end. To be called once, when the library is loaded.
 */
extern void pending_keys_install(void);

#endif /* SESSIONIZE_PENDING_KEYS_H */
