/*
 * hold.h
 *		Keeps the extension's processes away from databases and pipelines that a statement needs for
 *		itself.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HOLD_H
#define SESSIONIZE_HOLD_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* To be called when the library is preloaded. */
extern void hold_install(void);

/*
 * Terminate the extension's processes that work on a pipeline of this database, which is about to
 * be dropped, and start no others until the transaction or subtransaction ends.  Does nothing
 * without shared memory, since there are no processes then.
 */
extern void hold_pipeline(int32 pipeline_id);

/*
 * Activate the holds whose time has come, and return when the next one is due.  For the launcher.
 */
extern TimestampTz hold_activate_due(TimestampTz now);

#endif /* SESSIONIZE_HOLD_H */
