/*
 * check_evaluate.h
 *		One run of a check, without any effect.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHECK_EVALUATE_H
#define SESSIONIZE_CHECK_EVALUATE_H

#include "checks/check.h"

/*
 * Run a check as of an instant, as the pipeline's owner, read only, within its timeout.  An error
 * is part of the outcome; only a cancel by a user, or a shutdown, is raised.
 */
extern CheckOutcome
check_evaluate(const Pipeline *pipeline, const DataCheck *check, TimestampTz at);

#endif /* SESSIONIZE_CHECK_EVALUATE_H */
