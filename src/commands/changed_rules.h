/*
 * changed_rules.h
 *		A pipeline's rules with some of them changed, as the arguments of alter_pipeline and preview_pipeline say.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_RULES_H
#define SESSIONIZE_CHANGED_RULES_H

#include "fmgr.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_row.h"

/* The name of the pipeline, which both have first; an error where it is NULL. */
extern char *changed_rules_name(FunctionCallInfo fcinfo);

/*
 * The pipeline as it would be with the arguments' changes, in CurrentMemoryContext, and its rules as they are written
 * down.  Errors where a rule can't be as it is given.
 */
extern Pipeline *changed_rules(FunctionCallInfo fcinfo, const Pipeline *pipeline, PipelineRow *row);

#endif /* SESSIONIZE_CHANGED_RULES_H */
