/*
 * guc.c
 *		The extension's settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/guc.h"

#include "guc.h"

#define DEFAULT_MAX_GROUP_EVENTS 10000000
#define LEAST_MAX_GROUP_EVENTS   100
#define MOST_MAX_GROUP_EVENTS    1000000000

bool sz_enable_group_scan = true;
int sz_max_group_events = DEFAULT_MAX_GROUP_EVENTS;

/*
 * sz_define_settings defines the settings.
 */
void
sz_define_settings(void)
{
	DefineCustomBoolVariable("sessionize.enable_group_scan",
							 "Lets the planner group by a hash of the extension's own where session_count "
							 "and session_agg are all that is wanted.",
							 "Off leaves the grouping to the server. The results are the same.",
							 &sz_enable_group_scan, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sessionize.max_group_events",
		"How many events of one group funnels, sequences and the like may keep in memory.",
		"An event takes 16 bytes. Events that satisfy no step count only where they matter.",
		&sz_max_group_events, DEFAULT_MAX_GROUP_EVENTS, LEAST_MAX_GROUP_EVENTS, MOST_MAX_GROUP_EVENTS,
		PGC_USERSET, 0, NULL, NULL, NULL);
}
