/*
 * person_arguments.h
 *		What the functions about persons ask of their call.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PERSON_ARGUMENTS_H
#define SESSIONIZE_PERSON_ARGUMENTS_H

#include "fmgr.h"

#include "catalog/pipeline.h"

/* A text argument; an error if it is NULL. */
extern char *person_text_argument(FunctionCallInfo fcinfo, int argno, const char *argname);

/* Error in a transaction whose snapshot may miss pairs. */
extern void person_check_isolation(const char *function);

/* Error if the pipeline has no persons. */
extern void person_check_enabled(const Pipeline *pipeline);

/*
 * Keep drops, alterations and rebuilds without refreshes away until the transaction's end; an error
 * if one is at work.
 */
extern void person_lock_pipeline(const Pipeline *pipeline);

#endif /* SESSIONIZE_PERSON_ARGUMENTS_H */
