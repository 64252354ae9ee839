/*
 * changed_rules.h
 *		A pipeline with the changes that the arguments of alter_pipeline and preview_pipeline ask
 *		for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_RULES_H
#define SESSIONIZE_CHANGED_RULES_H

#include "fmgr.h"
#include "utils/jsonb.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_row.h"
#include "commands/changed_mapping.h"
#include "source/source_mapping.h"

typedef struct ChangedPipeline
{
	Pipeline *pipeline; /* with the changed rules, and the changed mapping to be tried */
	PipelineRow row;    /* its rules, and what is mapped, as the catalog stores them */
	ChangedMapping mapping;
} ChangedPipeline;

/*
 * The pipeline with the changes, in CurrentMemoryContext.  Reports rules and expressions that are
 * not valid.
 */
extern ChangedPipeline *changed_rules(FunctionCallInfo fcinfo, const Pipeline *pipeline);

/* How many arguments these functions share; others follow them. */
extern int changed_rules_arguments(void);

/*
 * The document among the arguments; NULL if there is none.  Reports others of the first arguments
 * besides it.
 */
extern Jsonb *changed_rules_document(FunctionCallInfo fcinfo, int nargs);

/*
 * For other code that makes a ChangedPipeline: have the pipeline derived by the changed mapping, if
 * it is another one; what it reads then, for more columns to be added.
 */
extern void changed_rules_try_mapping(ChangedPipeline *changed, const Pipeline *present);
extern TriedSource *changed_rules_tried(ChangedPipeline *changed, const Pipeline *present);

#endif /* SESSIONIZE_CHANGED_RULES_H */
