/*
 * steps.h
 *		Work that is cut into steps, each done as the pipeline's owner and committed.
 *
 * The caller has a nonatomic connection to SPI and is at no deeper level than the transaction's own.
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
	void (*failed)(void *arg, const ErrorData *error); /* writes an error down; NULL: nobody does */
	void *arg;                                         /* of failed and of each step's work */
} Steps;

/* Error unless this is a CALL, outside a transaction block, that can commit and reads what is committed. */
extern void steps_check_call(FunctionCallInfo fcinfo, const char *call);

/*
 * Do work(arg) and commit.  Where it fails all it did is undone, what failed() writes is committed, and
 * the error goes on.
 */
extern void steps_run(Steps *steps, void (*work)(void *arg));

#endif /* SESSIONIZE_STEPS_H */
