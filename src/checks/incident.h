/*
 * incident.h
 *		Incidents: what failed checks open, join and close.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INCIDENT_H
#define SESSIONIZE_INCIDENT_H

#include "checks/check.h"

/*
 * A check has failed so often in a row that it counts: it goes on with its open incident, joins
 * another one of the pipeline that is about the same, or opens one.  Returns the incident's id.
 */
extern int64 incident_fail(const Pipeline *pipeline, const DataCheck *check,
						   const CheckOutcome *outcome, TimestampTz at);

/*
 * A check has succeeded so often in a row that it counts, or is dropped: it leaves its open
 * incident, if it has one, which closes with the last check.
 */
extern void
incident_recover(const Pipeline *pipeline, const char *check, const char *detail, TimestampTz at);

#endif /* SESSIONIZE_INCIDENT_H */
