/*
 * capture_condition.h
 *		The WHEN condition of a trigger that captures inserted rows by some of their columns:
 *		sessionize.not_captured(N, new.a, new.b).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_CONDITION_H
#define SESSIONIZE_CAPTURE_CONDITION_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/nodes.h"
#include "utils/rel.h"

/*
 * The condition for these columns of the raw table, as a parse tree for CREATE TRIGGER. NULL if
 * there are no columns, or too many.
 */
extern Node *capture_condition_make(int32 pipeline, Relation raw, const Bitmapset *attributes);

/* Whether a trigger's condition (pg_trigger.tgqual) is such a condition for the pipeline. */
extern bool capture_condition_is_ours(const char *condition, int32 pipeline);

/* Whether all triggers of the raw table with such a condition have it for these columns. */
extern bool capture_condition_holds(Relation raw, int32 pipeline, const Bitmapset *attributes);

#endif /* SESSIONIZE_CAPTURE_CONDITION_H */
