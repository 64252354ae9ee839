/*
 * rules.h
 *		A pipeline's rules: from what the user gave to what the derivation goes by.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RULES_H
#define SESSIONIZE_RULES_H

#include "catalog/pipeline.h"
#include "catalog/pipeline_row.h"

/* Check a row's rules, each with an error of its own, and set the pipeline's from them. */
extern void pipeline_set_rules(Pipeline *pipeline, const PipelineRow *row);

/*
 * Before that: have time zones that the server does not know any more be a fault of the pipeline, not an error for
 * collectors and for those who look at it.
 */
extern void pipeline_forget_unknown_zones(Pipeline *pipeline, PipelineRow *row);

/*
 * All that a derivation depends on besides the raw rows, as a text in CurrentMemoryContext: the rules, the seal and the
 * expressions of the view "source".  Equal texts, equal derivations; whoever adds a rule adds it there.
 */
extern char *pipeline_definition_text(const Pipeline *pipeline);

/*
 * The catalog row's max_events for what a user gives: 0 says "no limit" in a row but is no number
 * of events, so it becomes -1, which pipeline_set_rules reports.
 */
extern int64 rules_max_events(int64 given);

#endif /* SESSIONIZE_RULES_H */
