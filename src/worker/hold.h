/*
 * hold.h
 *		Statements that no process of ours may stand in the way of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HOLD_H
#define SESSIONIZE_HOLD_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* At load, where there is shared memory. */
extern void hold_install(void);

/*
 * End our processes that are at work on a pipeline of this database, and begin no others on it
 * until the transaction, or the savepoint, ends: it is about to be dropped.  Without shared memory
 * there are none.
 */
extern void hold_pipeline(int32 pipeline_id);

/* Have the holds count whose time has come; returns when the next one's will.  For the launcher. */
extern TimestampTz hold_activate_due(TimestampTz now);

#endif /* SESSIONIZE_HOLD_H */
