/*
 * retention_events.h
 *		The keys of retention_table where the times of events matter and not only their periods: the
 *		first event and a return are different events, or periods begin with a key's first event.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RETENTION_EVENTS_H
#define SESSIONIZE_RETENTION_EVENTS_H

#include "postgres.h"

#include "functions/retention_cohorts.h"
#include "functions/session_source.h"
#include "functions/step_table.h"

/*
 * Read the source and add its keys to the cohorts.  The conditions, which may be NULL for any
 * event, say which event makes a key part of a cohort, and which one is a return.
 */
extern void retention_events_read(RetentionCohorts *cohorts, SessionSource *source,
								  const KeyType *type, text *cohort_event, text *return_event);

#endif /* SESSIONIZE_RETENTION_EVENTS_H */
