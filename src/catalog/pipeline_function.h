/*
 * pipeline_function.h
 *		Functions and procedures that SQL calls with a pipeline's name as the first argument.
 *
 * A pipeline whose raw table is distributed over several servers consists of one pipeline for each
 * shard.  A call for it is a call for each of these, which the folder distributed makes; no function
 * knows of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_FUNCTION_H
#define SESSIONIZE_PIPELINE_FUNCTION_H

#include "postgres.h"

#include "fmgr.h"

/*
 * Makes a call elsewhere, if that is where the pipeline is, and sets its result.  Returns false, and
 * has done nothing, if the pipeline is here.
 */
typedef bool (*PipelineCaller)(FunctionCallInfo fcinfo, Datum *result);

/* Set when the library is loaded. */
extern PGDLLIMPORT PipelineCaller pipeline_call_elsewhere;

/*
 * Begins the definition of such a function, in place of PG_FUNCTION_INFO_V1 and the function's head:
 *
 * PIPELINE_FUNCTION(sessionize_pause)
 * {
 *		...
 */
#define PIPELINE_FUNCTION(function)                                                                \
	PG_FUNCTION_INFO_V1(function);                                                                 \
	static Datum function##_here(PG_FUNCTION_ARGS);                                                \
	Datum function(PG_FUNCTION_ARGS)                                                               \
	{                                                                                              \
		Datum result;                                                                              \
                                                                                                   \
		return pipeline_call_elsewhere(fcinfo, &result) ? result : function##_here(fcinfo);        \
	}                                                                                              \
	static Datum function##_here(PG_FUNCTION_ARGS)

#endif /* SESSIONIZE_PIPELINE_FUNCTION_H */
