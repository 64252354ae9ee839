/*
 * pending_keys.h
 *		The dirty keys of the transaction at hand, until it commits.
 *
 * Entries are merged by key in memory, beyond work_mem kept in a temporary file, and appended to the pipelines'
 * dirty logs before the transaction commits or is prepared.  What a savepoint's rollback undoes stays in
 * them: the log may say more than has changed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PENDING_KEYS_H
#define SESSIONIZE_PENDING_KEYS_H

#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

/* Add an entry; its key may be in any form. */
extern void pending_keys_add(const DirtyLog *log, const DirtyKey *dirty);

/*
 * Forget a key's entries: none of its raw rows is left, nor what was derived of them.  Undone with the
 * subtransaction at hand, and by the next entry of the key, which is packed.
 */
extern void pending_keys_forget(const DirtyLog *log, Datum key);

/* Have the logs written at the transaction's end.  Once, when the library is loaded. */
extern void pending_keys_install(void);

#endif /* SESSIONIZE_PENDING_KEYS_H */
