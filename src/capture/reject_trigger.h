/*
 * reject_trigger.h
 *		The trigger on a raw table that rejects rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REJECT_TRIGGER_H
#define SESSIONIZE_REJECT_TRIGGER_H

#include "catalog/pipeline.h"

/*
 * After a change of a pipeline's contracts: have its raw table reject what the contracts of mode
 * "reject" say, and nothing if there are none. Nothing is done if no such contract has come, changed
 * or gone. Waits for transactions that have written to the table, and locks writers out until the
 * transaction ends, so it should be the last thing to do. Readers are not concerned.
 */
extern void reject_trigger_change(const Pipeline *before, const Pipeline *after);

/* The same for a raw table that may lack the trigger. */
extern void reject_trigger_ensure(const Pipeline *pipeline);

/* Error if the current user may not have a change done, which is not done. */
extern void reject_trigger_check(const Pipeline *after);

#endif /* SESSIONIZE_REJECT_TRIGGER_H */
