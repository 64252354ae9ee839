/*
 * check_query.h
 *		The queries of a check, made of the queries of its kind.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHECK_QUERY_H
#define SESSIONIZE_CHECK_QUERY_H

#include "checks/check.h"

/*
 * A query that judges and sums up; its parameters are the pipeline's name, the instant, parameters
 * and reference (jsonb as text).  An error if the check names something that is not there.
 */
extern char *check_query(const Pipeline *pipeline, const DataCheck *check);

/* The query, with the same parameters, for what the check is to remember; NULL: nothing. */
extern char *check_remember_query(const Pipeline *pipeline, const DataCheck *check);

/* Of which of the pipeline's columns the check is; "*": of no one in particular. */
extern char *check_concerns(const DataCheck *check);

/* Error unless the server can plan the queries.  Runs as the pipeline's owner. */
extern void check_query_test(const Pipeline *pipeline, const DataCheck *check);

#endif /* SESSIONIZE_CHECK_QUERY_H */
