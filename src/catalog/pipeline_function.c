/*
 * pipeline_function.c
 *		Functions and procedures that SQL calls with a pipeline's name as the first argument.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pipeline_function.h"

PipelineCaller pipeline_call_elsewhere = NULL;
