/*
 * changed_rules.h
 *		A pipeline's rules with the changes that the arguments of alter_pipeline and
 *		preview_pipeline ask for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_RULES_H
#define SESSIONIZE_CHANGED_RULES_H

#include "fmgr.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_row.h"

/*
 * The pipeline with the changes, in CurrentMemoryContext, and in row its rules as the catalog
 * stores them.  Reports rules that are not valid.
 */
extern Pipeline *changed_rules(FunctionCallInfo fcinfo, const Pipeline *pipeline, PipelineRow *row);

#endif /* SESSIONIZE_CHANGED_RULES_H */
