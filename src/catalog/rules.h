/*
 * rules.h
 *		A pipeline's rules, from the user's values to the values that the derivation works by.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RULES_H
#define SESSIONIZE_RULES_H

#include "catalog/pipeline.h"
#include "catalog/pipeline_row.h"

/* The default of too_old. */
#define RULES_CLAMP "clamp"

/*
 * Set the zone of a rule in a row from an argument's text: the name of a time zone, or else an
 * expression over the raw row.  Whatever the server knows later on, it stays what it is taken for
 * here: the name in zones, or the expression in given.  With an expression, zones keeps the name
 * that there was, for rows that were sealed under it.
 */
extern void rules_read_zone(PipelineRow *row, ZoneRule rule, const char *text);

/*
 * An expression for the zone of a row as a text that rules_read_zone takes for one: in parentheses
 * if it is the name of a zone as well, as that of a column may be.
 */
extern const char *rules_zone_expression(const char *text);

/* Check a row's rules, with an error for each kind of violation, and set the pipeline's rules. */
extern void pipeline_set_rules(Pipeline *pipeline, const PipelineRow *row);

/*
 * Call this before pipeline_set_rules, with has_seal set, if unknown time zones are to be a
 * fault of the pipeline and not an error, which would hit the collectors that insert raw rows.
 */
extern void pipeline_forget_unknown_zones(Pipeline *pipeline, PipelineRow *row);

/*
 * All that a derivation depends on, except for the raw rows, as a text in CurrentMemoryContext: the
 * rules, the seal and the expressions of the view "source". Two definitions with equal texts derive
 * equal rows. A new rule has to be added to the text.
 */
extern char *pipeline_definition_text(const Pipeline *pipeline);

/*
 * The max_events in a PipelineRow for a user's value. In a PipelineRow 0 means "no limit"; a 0 that
 * the user gives is no valid limit, so it becomes -1, which pipeline_set_rules reports.
 */
extern int64 rules_max_events(int64 given);

#endif /* SESSIONIZE_RULES_H */
