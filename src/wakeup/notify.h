/*
 * notify.h
 *		What sessions tell the launcher and the workers.  Without shared_preload_libraries, there is
 *		nobody to tell.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NOTIFY_H
#define SESSIONIZE_NOTIFY_H

#include "postgres.h"

/*
 * Tell that a committed transaction of this session has changed raw rows of the pipeline.  Cheap,
 * raises no error, and may be called at XACT_EVENT_COMMIT.
 */
extern void worker_notify(int32 pipeline_id);

/*
 * When this transaction has committed, have the pipeline's worker look for work that the triggers
 * have not announced.  If a savepoint is rolled back, the worker may look in vain.
 */
extern void worker_notify_at_commit(int32 pipeline_id);

/*
 * Tell that raw rows of any scheduled pipeline of this database may have changed.  Only to be
 * called if there is shared memory (shared.h).
 */
extern void worker_notify_all(void);

/* When this transaction has committed, have the launcher read this database's schedule again. */
extern void survey_at_commit(void);

/* To be called when the library is loaded. */
extern void notify_install(void);

#endif /* SESSIONIZE_NOTIFY_H */
