/*
 * notify.h
 *		What a session tells the launcher and the workers.  Without shared_preload_libraries: nothing, to nobody.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NOTIFY_H
#define SESSIONIZE_NOTIFY_H

#include "postgres.h"

/*
 * A transaction of this session that changed raw rows of the pipeline has committed.  Cheap, raises no error, and may be
 * called at XACT_EVENT_COMMIT.
 */
extern void worker_notify(int32 pipeline_id);

/*
 * There is work for the pipeline's worker that no dirty row tells of, or one that was not logged by
 * the triggers' way: look when this transaction has committed.  A savepoint that is rolled back
 * leaves a look too many.
 */
extern void worker_notify_at_commit(int32 pipeline_id);

/* The same for all scheduled pipelines of this database: raw rows of any of them may have changed. */
extern void worker_notify_all(void);

/* Have the launcher look at this database's schedule anew when the transaction has committed. */
extern void survey_at_commit(void);

/* At load. */
extern void notify_install(void);

#endif /* SESSIONIZE_NOTIFY_H */
