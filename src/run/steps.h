/*
 * steps.h
 *		Work that is cut into steps, each done as the pipeline's owner and committed.
 *
 * The caller has a nonatomic connection to SPI and is not inside a subtransaction.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STEPS_H
#define SESSIONIZE_STEPS_H

#include "fmgr.h"

#include "catalog/pipeline.h"

typedef struct Steps
{
	MemoryContext context; /* outlives the transactions; current in every step and after it */
	const Pipeline *pipeline;
	void (*failed)(void *arg, const ErrorData *error); /* notes an error; NULL: none is noted */
	void *arg;                                         /* of failed and of each step's work */
	bool undo; /* set by work that is to be rolled back without an error */
} Steps;

/* Report a call that is not a CALL outside a transaction block, or not at READ COMMITTED. */
extern void steps_check_call(FunctionCallInfo fcinfo, const char *call);

/*
 * Do work(arg) and commit, or roll back if it has set steps->undo.  After an error in it, the step is rolled back, steps->failed() is
 * called and its writes are committed, and the error is raised again.
 */
extern void steps_run(Steps *steps, void (*work)(void *arg));

#endif /* SESSIONIZE_STEPS_H */
